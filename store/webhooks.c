/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/webhooks.h"

#include "base/clock.h"
#include "base/err.h"
#include "store/args.h"
#include "store/hints.h"
#include "store/keys.h"
#include "store/scripts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FIRST_LOOK_MS 5000

int webhooks_expect(struct store *s, const char *uid, const char *turn)
{
    struct link_arg key, args[3];
    struct link_reply *r = NULL;
    char member[HINTS_MEMBER_SIZE], most[24], look[24], name[KEYS_MAX];

    hints_key(name, s, KEYS_HINT_WEBHOOKS, uid);
    key = link_text(name);
    hints_member(member, uid, turn);
    snprintf(most, sizeof most, "%" PRId64, s->conf->webhook_queue_max);
    snprintf(look, sizeof look, "%d", FIRST_LOOK_MS);
    args[0] = link_text(most);
    args[1] = link_text(member);
    args[2] = link_text(look);
    int error = link_script_call(s->link, &script_webhook_expect,
        &(struct link_words){.keys = &key, .nkeys = 1, .args = args, .nargs = 3}, &r);
    if (error == 0 && link_reply_int(r) == 0)
        error = ERR_FULL;
    link_reply_free(r);
    return error;
}

static int webhooks_due_of(struct store *s, const char *hints, const struct webhooks_look *look,
    struct webhooks_hint *out, size_t *count)
{
    struct link_arg key = link_text(hints), args[2 + WEBHOOKS_FULL_MAX];
    struct link_reply *r = NULL;
    char most[24], lease[24];
    size_t n = 2;

    snprintf(most, sizeof most, "%zu", look->max - *count);
    snprintf(lease, sizeof lease, "%d", WEBHOOKS_LEASE_MS);
    args[0] = link_text(most);
    args[1] = link_text(lease);
    for (size_t i = 0; i < look->full_count && i < WEBHOOKS_FULL_MAX; i++)
        args[n++] = link_text(look->full[i]);
    int error = link_script_call(s->link, &script_webhook_due,
        &(struct link_words){.keys = &key, .nkeys = 1, .args = args, .nargs = n}, &r);
    for (size_t i = 0; error == 0 && i < link_reply_count(r) && *count < look->max; i++) {
        size_t len;
        const char *member = link_reply_text(link_reply_at(r, i), &len);

        if (hints_member_read(member, len, out[*count].uid, out[*count].turn)) {
            error = link_command(s->link, NULL, "ZREM %s %b", hints, member, len);
            continue;
        }
        hints_bring_home(s, KEYS_HINT_WEBHOOKS, hints, member);
        ++*count;
    }
    link_reply_free(r);
    return error;
}

int webhooks_due(struct store *s, const struct webhooks_look *look, struct webhooks_hint *out,
    size_t *count)
{
    struct hints_walk walk = {.at = 0};
    char key[KEYS_MAX];

    *count = 0;
    while (*count < look->max && hints_next(s, KEYS_HINT_WEBHOOKS, &walk, key))
        hints_walked(s, &walk, key, webhooks_due_of(s, key, look, out, count));
    return *count ? 0 : walk.error;
}

void webhooks_later(struct store *s, const struct webhooks_hint *hint, int64_t wait_ms)
{
    struct link_arg key, args[2];
    char member[HINTS_MEMBER_SIZE], wait[24], name[KEYS_MAX];

    hints_key(name, s, KEYS_HINT_WEBHOOKS, hint->uid);
    key = link_text(name);
    hints_member(member, hint->uid, hint->turn);
    snprintf(wait, sizeof wait, "%" PRId64, wait_ms);
    args[0] = link_text(member);
    args[1] = link_text(wait);
    /* Without it the hint is due at once, and is put off again. */
    err_ignore(link_send_script(s->link, &script_webhook_later,
        &(struct link_words){.keys = &key, .nkeys = 1, .args = args, .nargs = 2}, NULL, NULL));
}

/* One of a turn from before an upgrade, or one that is none, is left out. */
static void webhooks_read_trace(struct webhooks_try *out, const char *traceparent)
{
    struct ident_trace trace;

    if (traceparent && ident_trace_parse(traceparent, &trace))
        ident_trace_format(&trace, out->traceparent);
}

int webhooks_claim(struct store *s, const struct webhooks_hint *hint, struct webhooks_try *out,
    int64_t *wait_ms)
{
    struct link_reply *r = NULL;
    struct args args;
    const char *word;

    *wait_ms = 0;
    memset(out, 0, sizeof *out);
    out->of = *hint;
    ident_uuid7(out->token);
    args_init(&args);
    args_text(&args, hint->turn);
    args_text(&args, out->token);
    args_int(&args, WEBHOOKS_LEASE_MS);
    args_int(&args, WEBHOOKS_TRIES);
    int error = args_call(&args, s, &script_webhook_claim, hint->uid, &r);
    if (error != 0)
        return error;
    word = link_reply_text(link_reply_at(r, 0), NULL);
    if (strcmp(word, "send") == 0) {
        snprintf(out->url, sizeof out->url, "%s", link_reply_text(link_reply_at(r, 1), NULL));
        out->number = (unsigned)link_reply_int(link_reply_at(r, 2));
        webhooks_read_trace(out, link_reply_text(link_reply_at(r, 3), NULL));
    } else if (strcmp(word, "wait") == 0) {
        *wait_ms = link_reply_int(link_reply_at(r, 1));
        error = ERR_NOT_YET;
    } else {
        error = ERR_NOT_FOUND;
    }
    link_reply_free(r);
    return error;
}

int webhooks_settle(struct store *s, const struct webhooks_try *t, enum webhooks_outcome outcome,
    int64_t wait_ms)
{
    static const char *const names[] = {[WEBHOOKS_AGAIN] = "again",
        [WEBHOOKS_DELIVERED] = "delivered",
        [WEBHOOKS_GONE] = "gone",
        [WEBHOOKS_FAILED] = "failed"};
    struct link_reply *r = NULL;
    struct args args;

    args_init(&args);
    args_text(&args, t->of.turn);
    args_text(&args, t->token);
    args_text(&args, names[outcome]);
    args_int(&args, wait_ms);
    args_int(&args, t->status);
    int error = args_call(&args, s, &script_webhook_settle, t->of.uid, &r);
    if (error == 0 && link_reply_int(r) == 0)
        error = ERR_FENCED;
    if (error == 0)
        webhooks_later(s, &t->of, outcome == WEBHOOKS_AGAIN ? wait_ms : -1);
    link_reply_free(r);
    return error;
}

/* ---- what a client is told of it ---- */

static void webhooks_put_time(struct buf *json, const char *name, int64_t ms)
{
    char text[CLOCK_RFC3339_SIZE];

    if (ms <= 0)
        return;
    clock_rfc3339(ms, text);
    buf_printf(json, ",\"%s\":\"%s\"", name, text);
}

int webhooks_describe(struct store *s, const char *uid, const char *turn, struct buf *json)
{
    enum { URL, STATE, TRIES, STATUS, DUE, SETTLED, ENDED };
    struct link_reply *r = NULL;
    char key[KEYS_MAX];

    keys_turn(key, uid, turn);
    int error = link_command(s->link, &r,
        "HMGET %s webhook hook hook_tries hook_status hook_due hook_at ended", key);
    if (error == 0 && link_reply_text(link_reply_at(r, URL), NULL)[0] != '\0') {
        const char *state = link_reply_text(link_reply_at(r, STATE), NULL);
        int64_t status = link_reply_int(link_reply_at(r, STATUS));
        int64_t due = link_reply_int(link_reply_at(r, DUE));

        buf_printf(json, "{\"state\":\"%s\",\"tries\":%" PRId64, *state ? state : "pending",
            link_reply_int(link_reply_at(r, TRIES)));
        if (status != 0)
            buf_printf(json, ",\"last_status\":%" PRId64, status);
        if (*state == '\0')
            webhooks_put_time(json, "next_try_at",
                due != 0 ? due : link_reply_int(link_reply_at(r, ENDED)));
        webhooks_put_time(json, "settled_at", link_reply_int(link_reply_at(r, SETTLED)));
        buf_putc(json, '}');
        error = buf_error(json);
    }
    link_reply_free(r);
    return error;
}
