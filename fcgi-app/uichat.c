/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/uichat.h"

#include "fcgi-app/uichat_parts.h"
#include "process/uimessage.h"
#include "store/approvals.h"
#include "store/sessions.h"

#include <stdlib.h>
#include <string.h>

static void uichat_free(void *doc)
{
    jdoc_free(doc);
}

static int uichat_parse(struct buf *json, int error, struct arena *arena, jdoc **out)
{
    if (error == 0)
        error = jdoc_parse(buf_text(json), json->len, out, NULL, 0);
    buf_free(json);
    if (error == 0)
        error = arena_on_free(arena, uichat_free, *out);
    return error;
}

bool uichat_is(const jdoc *message, const char *role)
{
    return strcmp(jdoc_text_or(message, "role", ""), role) == 0;
}

bool uichat_is_shown(const jdoc *message)
{
    static const char *const roles[] = {"user", "assistant", "reasoning", "tool"};
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        if (uichat_is(message, roles[i]))
            return true;
    }
    return false;
}

int uichat_read(struct store *s, const char *uid, const char *session, const char *before,
    struct arena *arena, struct uichat *out)
{
    struct buf json;
    int error;
    *out = (struct uichat){.user = "", .last = ""};
    buf_init(&json, 0);
    error = sessions_messages(s, uid, session, before, UICHAT_MESSAGES, &json);
    error = uichat_parse(&json, error, arena, &out->page);
    if (error < 0)
        return error;
    out->messages = jdoc_get(out->page, "messages");
    for (size_t i = 0; i < jdoc_length(out->messages); i++) {
        const jdoc *message = jdoc_at(out->messages, i);
        out->last = jdoc_text_or(message, "id", "");
        if (uichat_is(message, "user")) {
            out->user = out->last;
            out->replied = false;
        } else {
            out->replied = true;
        }
    }
    return 0;
}

int uichat_read_open(struct store *s, const char *uid, const char *session, struct arena *arena,
    struct uichat *chat)
{
    jdoc *page = NULL;
    struct buf json;
    buf_init(&json, 0);
    int error = approvals_list(s, uid, session, &json);
    error = uichat_parse(&json, error, arena, &page);
    if (error == 0)
        chat->approvals = jdoc_get(page, "approvals");
    return error;
}

/* From `from` on: the tool's message for a call; NULL: there is none. */
const jdoc *uichat_result(const jdoc *messages, size_t from, const char *call)
{
    for (size_t i = from; i < jdoc_length(messages); i++) {
        const jdoc *message = jdoc_at(messages, i);
        if (uichat_is(message, "tool") &&
            strcmp(jdoc_text_or(message, "toolCallId", ""), call) == 0)
            return message;
    }
    return NULL;
}

bool uichat_waits_for(const struct uichat *chat, const char *call)
{
    for (size_t i = jdoc_length(chat->messages); i-- > 0;) {
        const jdoc *message = jdoc_at(chat->messages, i), *calls;
        if (uichat_is(message, "user"))
            return false;
        calls = jdoc_get(message, "toolCalls");
        for (size_t k = 0; k < jdoc_length(calls); k++) {
            if (strcmp(jdoc_text_or(jdoc_at(calls, k), "id", ""), call) == 0)
                return !uichat_result(chat->messages, i + 1, call);
        }
    }
    return false;
}

/* ---- pages ---- */

/* A page begins with a message of the user, if it has one: what is in front of that belongs to one
 * of the page before. */
static size_t uichat_first(const struct uichat *chat)
{
    if (!jdoc_is_true(chat->page, "has_more"))
        return 0;
    for (size_t i = 0; i < jdoc_length(chat->messages); i++) {
        if (uichat_is(jdoc_at(chat->messages, i), "user"))
            return i;
    }
    return 0;
}

int uichat_write(const struct uichat *chat, struct buf *json)
{
    size_t i = uichat_first(chat), count = jdoc_length(chat->messages);
    long long cursor = atoll(jdoc_text_or(chat->page, "next_cursor", "0")) + (long long)i;
    bool comma = false;
    buf_puts(json, "{\"messages\":[");
    while (i < count) {
        if (!uichat_is_shown(jdoc_at(chat->messages, i))) {
            i++;
            continue;
        }
        if (comma)
            buf_putc(json, ',');
        comma = true;
        i = uichat_message_put(chat, i, json);
    }
    if (jdoc_is_true(chat->page, "has_more"))
        buf_printf(json, "],\"has_more\":true,\"next_cursor\":\"%lld\"}", cursor);
    else
        buf_puts(json, "],\"has_more\":false,\"next_cursor\":null}");
    return buf_error(json);
}
