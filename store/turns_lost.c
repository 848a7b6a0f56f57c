/* SPDX-License-Identifier: BSD-2-Clause */
/* Turns whose worker is gone: handed to another one, or ended. */
#include "store/turns.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "store/args.h"
#include "store/hints.h"
#include "store/keys.h"
#include "store/scripts.h"

#include <stdio.h>
#include <string.h>

#define LOST_PAGE 256 /* log entries read at once */
#define LOST_CODE "turn_attempts"
#define LOST_MESSAGE \
    "The assistant was interrupted too often while it worked on this. Please send the message again."

/* The final event, and the beginning of the problem for JSON clients, to which the script adds what
 * it knows of the turn. The caller frees both. */
static int turns_write_end(const char *code, const char *message, struct buf *event,
    struct buf *reply)
{
    logentry_put_run_error(event, message, code);
    buf_printf(reply, "{\"type\":\"urn:turnpike:problem:%s\"", code);
    buf_puts(reply, ",\"title\":\"The turn failed\",\"status\":500");
    buf_json_member(reply, "detail", message);
    buf_json_member(reply, "code", code);
    buf_puts(reply, ",\"retryable\":true");
    return buf_error(event) || buf_error(reply) ? ERR_NOMEM : 0;
}

int turns_fail(struct store *s, const char *uid, const char *turn, bool only_if_expired,
    const char *code, const char *message)
{
    struct buf event = {0}, reply = {0};
    struct link_reply *r = NULL;
    struct args args;
    int error = turns_write_end(code, message, &event, &reply);

    args_init(&args);
    args_common(&args, s, 0);
    args_text(&args, turn);
    args_text(&args, only_if_expired ? "1" : "0");
    args_text(&args, buf_text(&event));
    args_text(&args, code);
    args_text(&args, buf_text(&reply));
    if (error)
        args_fini(&args);
    else
        error = args_call(&args, s, &script_turn_fail, uid, &r);
    if (!error)
        error = link_reply_says(r, "missing") ? ERR_NOT_FOUND :
            link_reply_says(r, "lives")       ? ERR_CONFLICT :
                                                0;
    if (!error) /* the hint of an unknown one stays: its start may be on the way */
        hints_drop(s, uid, turn);
    if (!error && link_reply_says(r, "pending"))
        hints_announce(s, uid, link_reply_text(link_reply_at(r, 1), NULL));
    link_reply_free(r);
    buf_free(&event);
    buf_free(&reply);
    return error;
}

static const char *const lost_names[] = {[TURNS_DEAD] = "dead",
    [TURNS_EXPIRED] = "expired",
    [TURNS_RELEASED] = "released",
    [TURNS_SPARED] = "spared",
    [TURNS_STUCK] = "stuck",
    [TURNS_BESIDE] = "beside"};

static void turns_abandon_args(struct args *args, struct store *s, const char *turn,
    const struct turns_loss *loss, const struct buf *event, const struct buf *reply)
{
    args_init(args);
    args_common(args, s, 0);
    args_text(args, turn);
    args_text(args, lost_names[loss->how]);
    if (loss->how == TURNS_RELEASED)
        args_int(args, loss->epoch);
    else
        args_text(args, loss->owner);
    args_int(args, s->conf->turn_attempts);
    args_text(args, buf_text(event));
    args_text(args, LOST_CODE);
    args_text(args, buf_text(reply));
    args_int(args, TURNS_SPARED_MAX);
}

/* What the script said: hints and the id of the turn that a worker can claim now. */
static int turns_abandoned(struct store *s, const char *uid, const char *turn,
    const struct link_reply *r, char next[IDENT_UUID_SIZE], bool *suspect)
{
    bool failed = link_reply_says(r, "failed");

    if (link_reply_says(r, "missing"))
        return ERR_NOT_FOUND;
    if (link_reply_says(r, "log"))
        return turns_fail(s, uid, turn, false, "log_lost",
            "The record of this conversation was lost while the answer was written.");
    if (suspect)
        *suspect = link_reply_says(r, "suspect");
    if (!failed && !link_reply_says(r, "pending") && !link_reply_says(r, "suspect"))
        return ERR_CONFLICT;
    snprintf(next, IDENT_UUID_SIZE, "%s", link_reply_text(link_reply_at(r, 1), NULL));
    if (failed) {
        log_warn("turn %s of user %s ended: no attempt is left", turn, uid);
        hints_drop(s, uid, turn);
    }
    if (*next)
        hints_announce(s, uid, next);
    return 0;
}

int turns_abandon(struct store *s, const char *uid, const char *turn, const struct turns_loss *loss,
    char next[IDENT_UUID_SIZE], bool *suspect)
{
    struct buf event = {0}, reply = {0};
    struct link_reply *r = NULL;
    struct args args;
    int error = turns_write_end(LOST_CODE, LOST_MESSAGE, &event, &reply);

    *next = '\0';
    if (suspect)
        *suspect = false;
    if (!error) {
        turns_abandon_args(&args, s, turn, loss, &event, &reply);
        error = args_call(&args, s, &script_turn_abandon, uid, &r);
    }
    if (!error)
        error = turns_abandoned(s, uid, turn, r, next, suspect);
    link_reply_free(r);
    buf_free(&event);
    buf_free(&reply);
    return error;
}

/* One entry, when it is of this turn. */
static int turns_told(const struct turns_start *turn, const struct link_reply *entry,
    turns_entry_fn *fn, void *arg)
{
    struct logentry e;

    return logentry_read(entry, &e) || !logentry_is_run(&e, turn->turn) ? 0 : fn(arg, &e);
}

int turns_log_read(struct store *s, const struct turns_start *turn, turns_entry_fn *fn, void *arg)
{
    char key[KEYS_MAX], from[TURNS_CURSOR_SIZE + 1];
    struct link_reply *r = NULL;
    size_t count;
    int error;

    keys_session_log(key, turn->uid, turn->session);
    snprintf(from, sizeof from, "(%s", turn->cursor);
    do {
        error = link_command(s->link, &r, "XRANGE %s %s + COUNT %d", key, from, LOST_PAGE);
        count = link_reply_count(r);
        for (size_t i = 0; i < count && !error; i++) {
            const struct link_reply *entry = link_reply_at(r, i);

            error = turns_told(turn, entry, fn, arg);
            if (i + 1 == count)
                snprintf(from, sizeof from, "(%s", link_reply_text(link_reply_at(entry, 0), NULL));
        }
        link_reply_free(r);
        r = NULL;
    } while (!error && count == LOST_PAGE);
    return error;
}
