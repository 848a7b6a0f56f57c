/* SPDX-License-Identifier: BSD-2-Clause */
/* send_proactive_message. Records: "notice", by time; and an event in the user's inbox. */
#include "tools/engine/registry.h"
#include "tools/kit/record.h"

#include "base/err.h"
#include "base/ident.h"
#include "store/shared.h"

#include <stdio.h>
#include <string.h>

static jdoc *calendar_message_new_notice(struct tools_run *run, const char *id)
{
    static const char *const fields[] = {"type", "message", "category", "priority", "actions",
        NULL};
    jdoc *notice = jdoc_new_object();
    if (!notice)
        return NULL;
    int failed = jdoc_set_string(notice, "id", id);
    failed |= record_copy(notice, run->args, fields);
    failed |= record_stamp(run, notice);
    if (failed == 0)
        return notice;
    jdoc_free(notice);
    return NULL;
}

/* {"type":"proactive_alert","message":...,"timestamp":...,"alert":{...}}: today's name for it. */
static int calendar_message_tell(struct tools_run *run, const char *mark, const jdoc *notice)
{
    struct buf event = {0};
    const char *message = jdoc_text_or(notice, "message", "");
    buf_puts(&event, "{\"type\":\"proactive_alert\",\"message\":");
    buf_json_string(&event, message, strlen(message));
    buf_printf(&event, ",\"timestamp\":%lld,\"alert\":", (long long)run->context->now_ms);
    jdoc_write(notice, &event);
    buf_putc(&event, '}');
    int error = buf_error(&event);
    if (error == 0)
        error = shared_inbox(run->context->store, run->context->uid, mark, buf_text(&event));
    buf_free(&event);
    return error;
}

/* The inbox knows the call by its mark: cut between the two writes, the repetition tells nobody
 * twice. */
int calendar_tool_send_proactive_message(struct tools_run *run)
{
    char id[IDENT_UUID_SIZE];
    const char *mark = NULL;
    int error = record_effect(run, &mark);
    if (error == 0)
        error = record_fence(run);
    if (error != 0)
        return error;
    ident_uuid7(id);
    jdoc *notice = calendar_message_new_notice(run, id);
    if (!notice || !run_succeed(run, "The user was told.")) {
        jdoc_free(notice);
        return ERR_NOMEM;
    }
    error = jdoc_set(run->result, "notification", notice);
    if (error == 0)
        error = calendar_message_tell(run, mark ? mark : id, notice);
    if (error != 0)
        return error;
    struct record_item item = {.family = "notice",
        .id = id,
        .document = notice,
        .time_ms = run->context->now_ms};
    return record_commit(run, &item, 1, false);
}
