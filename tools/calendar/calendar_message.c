/* send_proactive_message. Records: "notice", by time; and an event in the user's inbox. */
#include "tools/engine/registry.h"
#include "tools/kit/keep.h"

#include "base/err.h"
#include "base/ident.h"
#include "store/shared.h"

#include <stdio.h>
#include <string.h>

static jdoc *new_notice(struct tools_run *run, const char *id)
{
    static const char *const fields[] = { "type", "message", "category", "priority", "actions",
        NULL };
    jdoc *notice = jdoc_new_object();
    if (notice == NULL)
        return NULL;
    int failed = jdoc_set_string(notice, "id", id);
    failed |= keep_copy(notice, run->args, fields);
    failed |= keep_stamp(run, notice);
    if (failed == 0)
        return notice;
    jdoc_free(notice);
    return NULL;
}

/* {"type":"proactive_alert","message":...,"timestamp":...,"alert":{...}}: today's name for it. */
static int tell(struct tools_run *run, const char *mark, const jdoc *notice)
{
    struct buf event = { 0 };
    const char *message = jdoc_text_or(notice, "message", "");
    buf_puts(&event, "{\"type\":\"proactive_alert\",\"message\":");
    buf_json_string(&event, message, strlen(message));
    buf_printf(&event, ",\"timestamp\":%lld,\"alert\":", (long long)run->context->now_ms);
    jdoc_write(notice, &event);
    buf_putc(&event, '}');
    int result = buf_error(&event);
    if (result == 0)
        result = shared_inbox(run->context->store, run->context->uid, mark, buf_text(&event));
    buf_free(&event);
    return result;
}

/* The inbox knows the call by its mark: cut between the two writes, the repetition tells nobody
 * twice. */
int calendar_tool_send_proactive_message(struct tools_run *run)
{
    char id[IDENT_UUID_SIZE];
    const char *mark = NULL;
    int result = keep_effect(run, &mark);
    if (result == 0)
        result = keep_fence(run);
    if (result != 0)
        return result;
    ident_uuid7(id);
    jdoc *notice = new_notice(run, id);
    if (notice == NULL || run_succeed(run, "The user was told.") == NULL) {
        jdoc_free(notice);
        return ERR_NOMEM;
    }
    result = jdoc_set(run->result, "notification", notice);
    if (result == 0)
        result = tell(run, mark != NULL ? mark : id, notice);
    if (result != 0)
        return result;
    struct keep_item item = { .family = "notice", .id = id, .document = notice,
        .time_ms = run->context->now_ms };
    return keep_commit(run, &item, 1, false);
}
