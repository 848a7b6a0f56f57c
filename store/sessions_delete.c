/* SPDX-License-Identifier: BSD-2-Clause */
/* A session is deleted: at once, or so that it can be had back for a while. */
#include "store/sessions_parts.h"

#include "base/err.h"
#include "store/args.h"
#include "store/hints.h"
#include "store/keys.h"
#include "store/logentry.h"
#include "store/scripts.h"

#include <stdio.h>
#include <string.h>

#define HINT_SIZE (IDENT_USER_MAX + 1 + IDENT_SESSION_MAX + 1)
#define HINT_SPARE_MS 1000 /* by then it is over */
#define AWAY_MS 10000      /* until the next attempt, when the user's node is away */
#define APPROVAL_SPARE_MS 3600000
#define STEPS_MAX 20 /* of a deleted session, before others are looked at */
#define STEP_MS 50
#define LONG 100 /* messages; of what is longer, a deletion may leave something for later */

/* Before the fact: a housekeeper looks there then. */
static int sessions_hint(struct store *s, const char *uid, const char *session, int64_t due_ms)
{
    char member[HINT_SIZE], due[24], name[KEYS_MAX];
    struct link_arg key, args[2];

    hints_key(name, s, KEYS_HINT_GONE, uid);
    key = link_text(name);
    snprintf(member, sizeof member, "%s %s", uid, session);
    snprintf(due, sizeof due, "%lld", (long long)due_ms);
    args[0] = link_text(due);
    args[1] = link_text(member);
    return link_script_call(s->link, &script_hint,
        &(struct link_words){.keys = &key, .nkeys = 1, .args = args, .nargs = 2}, NULL);
}

/*
 * A step of what a deleted session has left. left: out, -1 = there is more, else in how many ms it
 * may go.
 */
static int sessions_purge_step(struct store *s, const char *uid, const char *session, int64_t *left)
{
    struct link_reply *r = NULL;
    struct args args;

    args_init(&args);
    args_common(&args, s, 0);
    args_text(&args, session);
    int error = args_call(&args, s, &script_session_purge, uid, &r);
    *left = link_reply_int(r);
    link_reply_free(r);
    return error;
}

/* Of a long conversation, which is gone for the user already. What an error leaves is a
 * housekeeper's. */
static void sessions_purge_all(struct store *s, const char *uid, const char *session)
{
    int64_t left = -1;

    while (left < 0 && sessions_purge_step(s, uid, session, &left) == 0) {
    }
}

/* A hint stands before the fact, where something is left for later. hinted: out. */
static int sessions_delete_hint(struct store *s, const char *uid, const char *session,
    int64_t undo_ms, bool *hinted)
{
    struct link_reply *r = NULL;
    char key[KEYS_MAX];
    int error = 0;

    *hinted = undo_ms > 0;
    if (!*hinted && !keys_is_unlisted(session)) {
        keys_session_messages(key, uid, session);
        error = link_command(s->link, &r, "LLEN %s", key);
        *hinted = link_reply_int(r) > LONG;
        link_reply_free(r);
    }
    if (!error && *hinted)
        error = sessions_hint(s, uid, session, undo_ms + HINT_SPARE_MS);
    return error;
}

int sessions_delete(struct store *s, const char *uid, const char *session, int64_t undo_ms,
    int64_t *until_ms)
{
    struct link_reply *r = NULL;
    struct buf event = {0};
    struct args args;
    int64_t until = 0;
    bool hinted;
    int error;

    logentry_put_run_error(&event, "The session was deleted", "session_deleted");
    if ((error = buf_error(&event)))
        goto out;
    if ((error = sessions_delete_hint(s, uid, session, undo_ms, &hinted)))
        goto out;
    args_init(&args);
    args_common(&args, s, 0);
    args_text(&args, session);
    args_text(&args, buf_text(&event));
    args_text(&args, "session_deleted");
    args_text(&args,
        "{\"type\":\"urn:turnpike:problem:session_deleted\","
        "\"title\":\"The session was deleted\",\"status\":410,"
        "\"code\":\"session_deleted\""); /* the script ends it */
    args_int(&args, undo_ms);
    args_text(&args, hinted ? "1" : "");
    if ((error = args_call(&args, s, &script_session_delete, uid, &r)))
        goto out;
    until = link_reply_int(link_reply_at(r, 0));
    if (until < 0)
        error = ERR_NOT_FOUND;
    else if (link_reply_int(link_reply_at(r, 1)))
        sessions_purge_all(s, uid, session);
    link_reply_free(r);
    if (!error && until_ms)
        *until_ms = until;
out:
    buf_free(&event);
    return error;
}

int sessions_restore(struct store *s, const char *uid, const char *session)
{
    struct link_reply *r = NULL;
    const char *said;
    struct args args;
    int error;

    args_init(&args);
    args_common(&args, s, 0);
    args_text(&args, session);
    args_int(&args, s->conf->turn_keep_ms);
    if ((error = args_call(&args, s, &script_session_restore, uid, &r)))
        return error;
    said = link_reply_text(r, NULL);
    error = strcmp(said, "OK") == 0 ? 0 : strcmp(said, "TAKEN") == 0 ? ERR_CONFLICT : ERR_NOT_FOUND;
    link_reply_free(r);
    return error;
}

/* ---- for good ---- */

/* "UID SESSION"; a hint that is none is dropped. What its user's node has not done is put off in the
 * part where the hint is: others there do not wait for it. */
static int sessions_purge_one(struct store *s, const char *hints, const char *member, size_t len)
{
    const char *blank = memchr(member, ' ', len);
    char uid[IDENT_USER_MAX + 1], session[IDENT_SESSION_MAX + 1], home[KEYS_MAX];
    size_t user = blank ? (size_t)(blank - member) : 0;
    int64_t left = 0;
    int error = 0;

    snprintf(home, sizeof home, "%s", hints);
    if (ident_is_safe(member, user, IDENT_USER_MAX) &&
        (ident_is_session(member + user + 1, len - user - 1) ||
            ident_is_chat(member + user + 1, len - user - 1))) {
        hints_bring_home(s, KEYS_HINT_GONE, hints, member);
        hints_key(home, s, KEYS_HINT_GONE, member);
        snprintf(uid, sizeof uid, "%.*s", (int)user, member);
        snprintf(session, sizeof session, "%.*s", (int)(len - user - 1), member + user + 1);
        if (hints_is_away(s, uid)) /* others do not wait for its node */
            return hints_put_off(s, hints, member, AWAY_MS);
        for (int i = 0; !error && (i == 0 || left < 0) && i < STEPS_MAX; i++)
            error = sessions_purge_step(s, uid, session, &left);
        if (!error && left)
            error = sessions_hint(s, uid, session, left < 0 ? STEP_MS : left + HINT_SPARE_MS);
        hints_told_user(s, uid, error);
        if (hints_is_away(s, uid) || (error && strcmp(home, hints) != 0))
            return hints_put_off(s, hints, member, AWAY_MS);
        if (left)
            return error;
    }
    if (!error && strcmp(home, hints) != 0)
        error = link_command(s->link, NULL, "ZREM %s %b", home, member, len);
    return error ? error : link_command(s->link, NULL, "ZREM %s %b", hints, member, len);
}

static int sessions_purge_of(struct store *s, const char *hints, size_t max, size_t *count)
{
    struct link_arg key = link_text(hints), args[2];
    struct link_reply *r = NULL;
    char most[24];
    int error;

    snprintf(most, sizeof most, "%zu", max - *count);
    args[0] = link_text("0");
    args[1] = link_text(most);
    error = link_script_call(s->link, &script_hints_due,
        &(struct link_words){.keys = &key, .nkeys = 1, .args = args, .nargs = 2}, &r);
    for (size_t i = 0; !error && i + 1 < link_reply_count(r); i += 2) {
        size_t len;
        const char *member = link_reply_text(link_reply_at(r, i), &len);

        error = sessions_purge_one(s, hints, member, len);
        ++*count;
    }
    link_reply_free(r);
    return error;
}

int sessions_purge_due(struct store *s, size_t max, size_t *count)
{
    struct hints_walk walk = {.at = 0};
    char key[KEYS_MAX];

    *count = 0;
    while (*count < max && hints_next(s, KEYS_HINT_GONE, &walk, key))
        hints_walked(s, &walk, key, sessions_purge_of(s, key, max, count));
    return walk.error;
}
