/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/inbox.h"

#include "base/err.h"
#include "store/args.h"
#include "store/reminders.h"
#include "store/scripts.h"

#include <string.h>

bool inbox_is_id(const char *id)
{
    size_t ms = strspn(id, "0123456789");
    size_t n = id[ms] == '-' ? strspn(id + ms + 1, "0123456789") : 0;

    return ms > 0 && ms < 16 && n > 0 && n < 12 && id[ms + 1 + n] == '\0';
}

static int inbox_outcome(const struct link_reply *r)
{
    const char *word = link_reply_text(link_reply_at(r, 0), NULL);

    if (strcmp(word, "OK") == 0)
        return 0;
    if (strcmp(word, "MISSING") == 0)
        return ERR_NOT_FOUND;
    return strcmp(word, "FULL") == 0 ? ERR_FULL : ERR_INTERNAL;
}

int inbox_list(struct store *s, const char *uid, const char *after, size_t limit, struct buf *out)
{
    struct link_reply *r = NULL;
    struct args a;
    const char *last = after;

    if (after && !inbox_is_id(after))
        return ERR_INVALID;
    args_init(&a);
    args_text(&a, after);
    args_int(&a, (int64_t)limit);
    int error = args_call(&a, s, &script_inbox_list, uid, &r);
    if (error)
        return error;
    buf_puts(out, "{\"messages\":[");
    for (size_t i = 1; i + 1 < link_reply_count(r); i += 2) {
        size_t len;
        const char *text = link_reply_text(link_reply_at(r, i + 1), &len);
        last = link_reply_text(link_reply_at(r, i), NULL);
        if (i > 1)
            buf_putc(out, ',');
        buf_put(out, text, len);
    }
    buf_printf(out, "],\"has_more\":%s,\"next_cursor\":",
        link_reply_int(link_reply_at(r, 0)) == 1 ? "true" : "false");
    if (last)
        buf_json_string(out, last, strlen(last));
    else
        buf_puts(out, "null");
    buf_putc(out, '}');
    link_reply_free(r);
    return buf_error(out);
}

int inbox_ack(struct store *s, const char *uid, const char *id)
{
    struct link_reply *r = NULL;
    struct args a;

    if (!inbox_is_id(id))
        return ERR_NOT_FOUND;
    args_init(&a);
    args_text(&a, id);
    args_int(&a, INBOX_MAX);
    args_int(&a, INBOX_KEEP_MS);
    int error = args_call(&a, s, &script_inbox_ack, uid, &r);
    if (error == 0)
        error = inbox_outcome(r);
    link_reply_free(r);
    return error;
}

int inbox_snooze(struct store *s, const char *uid, const char *id, int64_t due_ms)
{
    struct reminders_hint hint;
    struct link_reply *r = NULL;
    struct args a;

    if (!inbox_is_id(id))
        return ERR_NOT_FOUND;
    reminders_snooze_hint(&hint, uid, id, due_ms);
    int error = reminders_plan(s, &hint, 1);
    if (error)
        return error;
    args_init(&a);
    args_text(&a, id);
    args_int(&a, due_ms);
    args_int(&a, INBOX_SNOOZED_MAX);
    args_int(&a, INBOX_MAX);
    args_int(&a, INBOX_KEEP_MS);
    error = args_call(&a, s, &script_inbox_snooze, uid, &r);
    if (error == 0)
        error = inbox_outcome(r);
    link_reply_free(r);
    if (error == ERR_NOT_FOUND || error == ERR_FULL)
        err_ignore(reminders_drop(s, hint.member)); /* the firing would find no entry */
    return error;
}
