/* SPDX-License-Identifier: BSD-2-Clause */
/* The side of turns that others than its worker use: housekeeper, api workers. */
#include "store/turns.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "store/args.h"
#include "store/hints.h"
#include "store/keys.h"
#include "store/scripts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int turns_stop(struct store *s, const char *uid, const struct turns_target *target,
    char turn_out[IDENT_UUID_SIZE], char state[16])
{
    const char *id = target->turn ? target->turn : target->session;
    struct link_reply *r = NULL;
    struct args args;
    int error;

    args_init(&args);
    args_common(&args, s, 0);
    args_text(&args, target->turn ? "turn" : target->session ? "session" : "cmid");
    args_text(&args, id ? id : target->client_message_id);
    args_text(&args, target->take_back ? "1" : "");
    error = args_call(&args, s, &script_turn_stop, uid, &r);
    if (!error && link_reply_says(r, "missing"))
        error = ERR_NOT_FOUND;
    if (!error) {
        snprintf(state, 16, "%s", link_reply_text(link_reply_at(r, 0), NULL));
        snprintf(turn_out, IDENT_UUID_SIZE, "%s", link_reply_text(link_reply_at(r, 1), NULL));
    }
    link_reply_free(r);
    return error;
}

int turns_is_known(struct store *s, const char *uid, const char *client_message_id, bool *known)
{
    struct link_reply *r = NULL;
    char key[KEYS_MAX];

    keys_seen(key, uid, client_message_id);
    int error = link_command(s->link, &r, "EXISTS %s", key);
    *known = !error && link_reply_int(r) == 1;
    link_reply_free(r);
    return error;
}

/* ---- what can be asked about a turn ---- */

enum turns_field {
    F_SESSION,
    F_STATE,
    F_FIRST_EVENT,
    F_CREATED,
    F_STARTED,
    F_ENDED,
    F_ATTEMPT,
    F_FIRST,
    F_LAST,
    F_USAGE,
    F_ERROR,
    F_STATUS,
    F_REPLY,
    F_EPOCH,
    F_COUNT
};

static const char *const turns_fields[F_COUNT] = {"session", "state", "first_event", "created",
    "started", "ended", "attempt", "first", "last", "usage", "error", "status", "reply", "epoch"};

static int turns_fields_of(struct store *s, const char *uid, const char *turn,
    const char *const *names, size_t count, struct link_reply **r)
{
    char key[KEYS_MAX];
    struct args args;
    int error;

    keys_turn(key, uid, turn);
    args_init(&args);
    args_text(&args, "HMGET");
    args_text(&args, key);
    for (size_t i = 0; i < count; i++)
        args_text(&args, names[i]);
    error = args.error ? args.error : link_call(s->link, args.v, args.n, r);
    args_fini(&args);
    return error;
}

int turns_session(struct store *s, const char *uid, const char *turn,
    char session[IDENT_SESSION_MAX + 1])
{
    static const char *const names[] = {"session"};
    struct link_reply *r = NULL;
    int error = turns_fields_of(s, uid, turn, names, 1, &r);
    const struct link_reply *field = link_reply_at(r, 0);

    if (!error && link_reply_type(field) != LINK_STRING)
        error = ERR_NOT_FOUND;
    if (!error)
        snprintf(session, IDENT_SESSION_MAX + 1, "%s", link_reply_text(field, NULL));
    link_reply_free(r);
    return error;
}

static void turns_put_member(struct buf *json, const char *name, const char *text, size_t len)
{
    buf_putc(json, ',');
    buf_json_string(json, name, strlen(name));
    buf_putc(json, ':');
    buf_json_string(json, text, len);
}

static void turns_put_time(struct buf *json, const char *name, int64_t ms)
{
    char text[CLOCK_RFC3339_SIZE];

    if (ms <= 0)
        return;
    clock_rfc3339(ms, text);
    turns_put_member(json, name, text, strlen(text));
}

/* runId and the user's message that it answers stand only in the turn's first event. */
static void turns_put_run(struct buf *json, const char *event, size_t len)
{
    jdoc *doc = NULL;

    if (!jdoc_parse(event, len, &doc, NULL, 0)) {
        const char *run = jdoc_text_or(doc, "runId", "");

        const jdoc *said = jdoc_at(jdoc_get(jdoc_get(doc, "input"), "messages"), 0);
        const char *message = jdoc_text_or(said, "id", "");

        if (*run)
            turns_put_member(json, "run_id", run, strlen(run));
        if (*message)
            turns_put_member(json, "message_id", message, strlen(message));
    }
    jdoc_free(doc);
}

int turns_describe(struct store *s, const char *uid, const char *turn, struct buf *json)
{
    static const struct {
        enum turns_field field;
        const char *name;
    } texts[] = {{F_SESSION, "session_id"}, {F_STATE, "state"}, {F_FIRST, "cursor"},
        {F_LAST, "last_event_id"}, {F_ERROR, "error_code"}},
      times[] = {{F_CREATED, "created_at"}, {F_STARTED, "started_at"}, {F_ENDED, "ended_at"}};
    struct link_reply *r = NULL;
    size_t len;
    const char *text;
    int error = turns_fields_of(s, uid, turn, turns_fields, F_COUNT, &r);

    if (!error && link_reply_type(link_reply_at(r, F_STATE)) == LINK_NIL)
        error = ERR_NOT_FOUND;
    if (error)
        goto out;
    buf_puts(json, "{\"turn_id\":");
    buf_json_string(json, turn, strlen(turn));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        text = link_reply_text(link_reply_at(r, texts[i].field), &len);
        if (len)
            turns_put_member(json, texts[i].name, text, len);
    }
    text = link_reply_text(link_reply_at(r, F_FIRST_EVENT), &len);
    turns_put_run(json, text, len);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        turns_put_time(json, times[i].name, link_reply_int(link_reply_at(r, times[i].field)));
    buf_puts(json, ",\"attempt\":");
    buf_put_int(json, link_reply_int(link_reply_at(r, F_ATTEMPT)));
    if (link_reply_int(link_reply_at(r, F_STATUS))) {
        buf_puts(json, ",\"http_status\":");
        buf_put_int(json, link_reply_int(link_reply_at(r, F_STATUS)));
    }
    text = link_reply_text(link_reply_at(r, F_USAGE), &len);
    if (len) {
        buf_puts(json, ",\"usage\":");
        buf_put(json, text, len);
    }
    text = link_reply_text(link_reply_at(r, F_REPLY), &len);
    if (len > 1 && *text == '{') {
        buf_puts(json, ",\"reply\":");
        buf_put(json, text, len);
    }
    buf_putc(json, '}');
    error = buf_error(json);
out:
    link_reply_free(r);
    return error;
}

int turns_reply(struct store *s, const char *uid, const char *turn, struct buf *json,
    int *http_status)
{
    static const char *const names[] = {"state", "ended", "status", "reply"};
    struct link_reply *r = NULL;
    const char *text;
    size_t len;
    int error = turns_fields_of(s, uid, turn, names, 4, &r);

    *http_status = 0;
    if (!error && link_reply_type(link_reply_at(r, 0)) == LINK_NIL)
        error = ERR_NOT_FOUND;
    else if (!error && !link_reply_int(link_reply_at(r, 1)))
        error = ERR_NOT_YET;
    if (!error) {
        *http_status = (int)link_reply_int(link_reply_at(r, 2));
        text = link_reply_text(link_reply_at(r, 3), &len);
        buf_put(json, text, len);
        error = buf_error(json);
    }
    link_reply_free(r);
    return error;
}

static const char *turns_keep_text(const struct link_reply *r, enum turns_field field,
    struct arena *arena)
{
    size_t len;
    const char *text = link_reply_text(link_reply_at(r, field), &len);

    return arena_memdup(arena, text, len);
}

int turns_read(struct store *s, const char *uid, const char *turn, struct arena *arena,
    struct turns_record *out)
{
    struct link_reply *r = NULL;
    int error = turns_fields_of(s, uid, turn, turns_fields, F_COUNT, &r);

    memset(out, 0, sizeof *out);
    if (!error && link_reply_type(link_reply_at(r, F_STATE)) == LINK_NIL)
        error = ERR_NOT_FOUND;
    if (!error) {
        snprintf(out->session, sizeof out->session, "%s",
            link_reply_text(link_reply_at(r, F_SESSION), NULL));
        out->state = turns_keep_text(r, F_STATE, arena);
        out->first_event = turns_keep_text(r, F_FIRST_EVENT, arena);
        out->first = turns_keep_text(r, F_FIRST, arena);
        out->error_code = turns_keep_text(r, F_ERROR, arena);
        out->reply = turns_keep_text(r, F_REPLY, arena);
        (void)link_reply_text(link_reply_at(r, F_REPLY), &out->reply_len);
        out->created_ms = link_reply_int(link_reply_at(r, F_CREATED));
        out->started_ms = link_reply_int(link_reply_at(r, F_STARTED));
        out->ended_ms = link_reply_int(link_reply_at(r, F_ENDED));
        out->epoch = link_reply_int(link_reply_at(r, F_EPOCH));
        out->http_status = (int)link_reply_int(link_reply_at(r, F_STATUS));
        if (!out->state || !out->first_event || !out->first || !out->error_code || !out->reply)
            error = ERR_NOMEM;
    }
    link_reply_free(r);
    return error;
}

int turns_forget(struct store *s, const char *uid, const char *turn)
{
    static const char *const names[] = {"state", "ended"};
    char key[KEYS_MAX];
    struct link_reply *r = NULL;
    int error = turns_fields_of(s, uid, turn, names, 2, &r);

    if (!error && link_reply_type(link_reply_at(r, 0)) == LINK_NIL)
        error = ERR_NOT_FOUND;
    else if (!error && !link_reply_int(link_reply_at(r, 1)))
        error = ERR_CONFLICT;
    link_reply_free(r);
    keys_turn(key, uid, turn);
    return error ? error : link_command(s->link, NULL, "UNLINK %s", key);
}

/* ---- for the housekeeper ---- */

int turns_state(struct store *s, const char *uid, const char *turn, char state[16],
    int64_t *lease_left_ms)
{
    struct link_reply *r = NULL;
    struct args args;
    int error;

    args_init(&args);
    args_text(&args, turn);
    args_int(&args, s->conf->turn_user);
    error = args_call(&args, s, &script_turn_state, uid, &r);
    if (!error && link_reply_says(r, "gone"))
        error = ERR_NOT_FOUND;
    else if (!error && link_reply_count(r) != 2)
        error = ERR_INTERNAL; /* it says nothing: what is known of the turn stays */
    if (!error) {
        snprintf(state, 16, "%s", link_reply_text(link_reply_at(r, 0), NULL));
        *lease_left_ms = link_reply_int(link_reply_at(r, 1));
        /* Nothing to do now: look again when there may be. */
        if (!strcmp(state, "running") && *lease_left_ms > 0)
            err_ignore(hints_set(s, uid, turn, *lease_left_ms));
        else if (!strcmp(state, "queued") || !strcmp(state, "held") || !strcmp(state, "waiting"))
            err_ignore(hints_set(s, uid, turn, s->conf->lease_ms));
    }
    link_reply_free(r);
    return error;
}

struct turns_hints {
    struct turns_hint *hints;
    size_t max, count;
};

/* Scores are in Redis' time, the caller's times in its own: only differences cross over. */
static int turns_hints_of(struct store *s, const char *hints, int64_t until_ms,
    struct turns_hints *list)
{
    char ahead[24], most[24];
    struct link_arg key = link_text(hints), args[2];
    struct link_reply *r = NULL;
    int64_t now = clock_real_ms();
    int error;

    snprintf(ahead, sizeof ahead, "%lld", until_ms ? (long long)(until_ms - now) : 0LL);
    snprintf(most, sizeof most, "%zu", list->max - list->count);
    args[0] = link_text(ahead);
    args[1] = link_text(most);
    error = link_script_call(s->link, &script_hints_due,
        &(struct link_words){.keys = &key, .nkeys = 1, .args = args, .nargs = 2}, &r);
    if (error)
        return error;
    for (size_t i = 0; i + 1 < link_reply_count(r) && list->count < list->max; i += 2) {
        struct turns_hint *h = &list->hints[list->count];
        size_t len;
        const char *member = link_reply_text(link_reply_at(r, i), &len);

        if (hints_member_read(member, len, h->uid, h->turn)) { /* not ours: out of the way */
            err_ignore(link_command(s->link, NULL, "ZREM %s %b", hints, member, len));
            continue;
        }
        h->due_ms = now + link_reply_int(link_reply_at(r, i + 1));
        snprintf(h->part, sizeof h->part, "%s", hints);
        hints_bring_home(s, KEYS_HINT_LEASES, hints, member);
        list->count++;
    }
    link_reply_free(r);
    return 0;
}

int turns_hints(struct store *s, int64_t until_ms, struct turns_hint *out, size_t max,
    size_t *count)
{
    struct turns_hints list = {.hints = out, .max = max};
    struct hints_walk walk = {.at = 0};
    char key[KEYS_MAX];

    while (list.count < max && hints_next(s, KEYS_HINT_LEASES, &walk, key))
        hints_walked(s, &walk, key, turns_hints_of(s, key, until_ms, &list));
    *count = list.count;
    return list.count ? 0 : walk.error;
}

int turns_hint_remove(struct store *s, const char *uid, const char *turn)
{
    char member[HINTS_MEMBER_SIZE], key[KEYS_MAX];

    hints_member(member, uid, turn);
    hints_key(key, s, KEYS_HINT_LEASES, uid);
    return link_command(s->link, NULL, "ZREM %s %s", key, member);
}
