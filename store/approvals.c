/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/approvals.h"

#include "base/clock.h"
#include "base/err.h"
#include "store/args.h"
#include "store/hints.h"
#include "store/keys.h"
#include "store/pushes.h"
#include "store/scripts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIRECT_KEEP_MS 3600000 /* how long the outcome of a direct call's approval can be told */
#define MINUTE_MS 60000
#define DAY_MS 86400000

static const char *approvals_word(const struct link_reply *r, size_t i)
{
    return link_reply_text(link_reply_at(r, i), NULL);
}

/* ---- asking ---- */

int approvals_open(struct store *s, const char *uid, const struct turns_start *turn,
    const char *input, struct approvals_ask *asks, size_t count)
{
    struct link_reply *r = NULL;
    struct args args;
    int error;

    args_init(&args);
    args_text(&args, turn ? turn->session : "");
    args_text(&args, turn ? turn->turn : "");
    args_int(&args, turn ? turn->epoch : 0);
    args_int(&args, s->conf->approval_ms);
    args_int(&args, turn ? s->conf->turn_keep_ms : DIRECT_KEEP_MS);
    args_int(&args, APPROVALS_DIRECT_MAX);
    args_text(&args, input);
    args_int(&args, turn && *s->conf->push_key ? 1 : 0);
    if (turn && count > 0 && asks->live_ms && *s->conf->push_key)
        pushes_expect(s, uid);
    for (size_t i = 0; i < count; i++) {
        const struct approvals_ask *a = &asks[i];
        const char *const texts[] = {a->id, a->call, a->tool, a->args, a->hash, a->message, a->why,
            a->zone, a->preview, a->form, a->resume};
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
            args_text(&args, texts[k]);
        if (a->live_ms)
            args_int(&args, a->live_ms);
        else
            args_text(&args, "");
    }
    error = args_call(&args, s, &script_approval_open, uid, &r);
    if (!error && !strcmp(approvals_word(r, 0), "fenced"))
        error = ERR_FENCED;
    if (!error && !strcmp(approvals_word(r, 0), "full"))
        error = ERR_FULL;
    for (size_t i = 0; i < count && !error; i++) {
        snprintf(asks[i].id, sizeof asks[i].id, "%s", approvals_word(r, 1 + 2 * i));
        asks[i].expires_ms = link_reply_int(link_reply_at(r, 2 + 2 * i));
    }
    link_reply_free(r);
    return error;
}

/* ---- answering ---- */

static const char *const event_names[] =
    {[APPROVALS_APPROVE] = "approve", [APPROVALS_DENY] = "deny", [APPROVALS_DECLINE] = "decline"};

static const struct {
    const char *name;
    enum approvals_outcome outcome;
} outcomes[] = {{"done", APPROVALS_DONE}, {"missing", APPROVALS_MISSING},
    {"expired", APPROVALS_EXPIRED}, {"used", APPROVALS_USED}, {"cancelled", APPROVALS_CANCELLED},
    {"uncovered", APPROVALS_UNCOVERED}};

static int approvals_read_verdict(const struct link_reply *r, struct approvals_verdict *verdict)
{
    size_t i = 0, count = sizeof outcomes / sizeof *outcomes;

    while (i < count && strcmp(outcomes[i].name, approvals_word(r, 0)) != 0)
        i++;
    if (i == count)
        return ERR_INTERNAL;
    verdict->outcome = outcomes[i].outcome;
    if (verdict->outcome != APPROVALS_DONE) {
        snprintf(verdict->id, sizeof verdict->id, "%s", approvals_word(r, 1));
        return 0;
    }
    snprintf(verdict->turn, sizeof verdict->turn, "%s", approvals_word(r, 1));
    verdict->left = link_reply_int(link_reply_at(r, 2));
    snprintf(verdict->session, sizeof verdict->session, "%s", approvals_word(r, 3));
    verdict->live = !strcmp(approvals_word(r, 4), "1");
    return 0;
}

int approvals_answer(struct store *s, const char *uid, const struct turns_request *turn,
    const struct approvals_answers *answers, struct approvals_verdict *verdict)
{
    struct link_reply *r = NULL;
    struct args args;
    int error;

    memset(verdict, 0, sizeof *verdict);
    args_init(&args);
    args_text(&args, answers->session ? "all" : "one");
    args_text(&args, answers->session);
    args_text(&args, turn->turn);
    args_int(&args, s->conf->approval_ms);
    args_int(&args, s->conf->turn_keep_ms);
    args_text(&args, turn->first_event);
    args_text(&args, turn->input);
    args_text(&args, turn->webhook);
    args_int(&args, (int64_t)turn->message_count);
    for (size_t i = 0; i < turn->message_count; i++)
        args_text(&args, turn->messages[i]);
    for (size_t i = 0; i < answers->count; i++) {
        const struct approvals_answer *answer = &answers->all[i];
        args_text(&args, answer->id);
        args_text(&args, event_names[answer->event]);
        args_text(&args, answer->digest);
        args_text(&args, answer->args);
        args_text(&args, answer->args ? answer->hash : "");
        args_text(&args, answer->content);
    }
    error = args_call_hinted(&args, s, &script_approval_answer, uid, turn->turn, &r);
    if (!error)
        error = approvals_read_verdict(r, verdict);
    if (!error && strcmp(verdict->turn, turn->turn) != 0)
        hints_drop(s, uid, turn->turn);
    link_reply_free(r);
    return error;
}

/* ---- using ---- */

static const char *const decision_names[] = {[APPROVALS_RUN] = "approved",
    [APPROVALS_DENIED] = "denied",
    [APPROVALS_ABANDONED] = "cancelled",
    [APPROVALS_LAPSED] = "expired",
    [APPROVALS_DISMISSED] = "dismissed"};

#define TAKEN_FIELDS 11

static int approvals_read_taken(const struct link_reply *r, size_t at, struct arena *arena,
    struct approvals_taken *out)
{
    size_t i = 0, count = sizeof decision_names / sizeof *decision_names;

    while (i < count && strcmp(decision_names[i], approvals_word(r, at + 3)) != 0)
        i++;
    if (i == count)
        return ERR_INTERNAL;
    *out = (struct approvals_taken){.id = arena_strdup(arena, approvals_word(r, at)),
        .call = arena_strdup(arena, approvals_word(r, at + 1)),
        .tool = arena_strdup(arena, approvals_word(r, at + 2)),
        .decision = (enum approvals_decision)i,
        .args = arena_strdup(arena, approvals_word(r, at + 4)),
        .hash = arena_strdup(arena, approvals_word(r, at + 5)),
        .edited = link_reply_int(link_reply_at(r, at + 6)) != 0,
        .zone = arena_strdup(arena, approvals_word(r, at + 7)),
        .message = arena_strdup(arena, approvals_word(r, at + 8)),
        .resume = arena_strdup(arena, approvals_word(r, at + 9)),
        .content = arena_strdup(arena, approvals_word(r, at + 10))};
    return out->id && out->call && out->tool && out->args && out->hash && out->zone &&
            out->message && out->resume && out->content ?
        0 :
        ERR_NOMEM;
}

int approvals_take(struct store *s, const struct turns_start *turn, struct arena *arena,
    struct approvals_taken **out, size_t *count)
{
    struct link_reply *r = NULL;
    struct args args;
    int error;

    *count = 0;
    *out = NULL;
    args_init(&args);
    args_text(&args, turn->session);
    args_text(&args, turn->turn);
    args_int(&args, turn->epoch);
    error = args_call(&args, s, &script_approval_take, turn->uid, &r);
    if (!error && !strcmp(approvals_word(r, 0), "fenced"))
        error = ERR_FENCED;
    if (!error)
        *out = arena_array(arena, link_reply_count(r) / TAKEN_FIELDS + 1, sizeof **out);
    if (!error && !*out)
        error = ERR_NOMEM;
    for (size_t at = 1; !error && at + TAKEN_FIELDS <= link_reply_count(r); at += TAKEN_FIELDS) {
        error = approvals_read_taken(r, at, arena, *out + *count);
        ++*count;
    }
    link_reply_free(r);
    return error;
}

int approvals_use(struct store *s, const char *uid, const struct approvals_use *use, bool *again)
{
    static const struct {
        const char *name;
        int error;
    } results[] = {{"done", 0}, {"same", 0}, {"missing", ERR_NOT_FOUND}, {"open", ERR_NOT_YET},
        {"other", ERR_CONFLICT}, {"denied", ERR_FORBIDDEN}, {"expired", ERR_DEADLINE}};
    struct link_reply *r = NULL;
    struct args args;
    int error;

    args_init(&args);
    args_text(&args, use->id);
    args_text(&args, use->tool);
    args_text(&args, use->hash);
    args_text(&args, use->zone);
    error = args_call(&args, s, &script_approval_use, uid, &r);
    if (!error) {
        const char *name = link_reply_text(r, NULL);
        *again = !strcmp(name, "same");
        error = ERR_INTERNAL;
        for (size_t i = 0; i < sizeof results / sizeof *results; i++)
            if (!strcmp(results[i].name, name))
                error = results[i].error;
    }
    link_reply_free(r);
    return error;
}

/* ---- a call that waits ---- */

int approvals_live(struct store *s, const char *uid, const char *id, bool close,
    struct arena *arena, struct approvals_state *out)
{
    static const struct {
        const char *name;
        enum approvals_look look;
    } states[] = {{"open", APPROVALS_LOOK_OPEN}, {"approved", APPROVALS_LOOK_ACCEPTED},
        {"denied", APPROVALS_LOOK_DECLINED}, {"declined", APPROVALS_LOOK_DISMISSED}};
    struct link_reply *r = NULL;
    struct args args;
    int error;

    *out = (struct approvals_state){APPROVALS_LOOK_OVER, ""};
    args_init(&args);
    args_text(&args, id);
    args_text(&args, close ? "1" : "0");
    error = args_call(&args, s, &script_approval_live, uid, &r);
    for (size_t i = 0; !error && i < sizeof states / sizeof *states; i++)
        if (!strcmp(states[i].name, approvals_word(r, 0)))
            out->look = states[i].look;
    if (!error && !(out->content = arena_strdup(arena, approvals_word(r, 1))))
        error = ERR_NOMEM;
    link_reply_free(r);
    return error;
}

/* ---- looking ---- */

static void approvals_put_approval(const struct link_reply *r, size_t at, struct buf *json)
{
    static const char *const names[] = {"session_id", "turn_id", "tool_call_id", "message",
        "reason"};
    char time[CLOCK_RFC3339_SIZE];

    buf_puts(json, "{\"id\":");
    buf_json_string(json, approvals_word(r, at), strlen(approvals_word(r, at)));
    buf_json_member(json, "tool", approvals_word(r, at + 1));
    buf_printf(json, ",\"arguments\":%s", approvals_word(r, at + 2)); /* JSON of our own writing */
    buf_json_member(json, "arguments_hash", approvals_word(r, at + 3));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (*approvals_word(r, at + 4 + i))
            buf_json_member(json, names[i], approvals_word(r, at + 4 + i));
    if (*approvals_word(r, at + 11)) /* so is this */
        buf_printf(json, ",\"preview\":%s", approvals_word(r, at + 11));
    if (*approvals_word(r, at + 12)) /* and this */
        buf_printf(json, ",\"form\":%s", approvals_word(r, at + 12));
    if (*approvals_word(r, at + 13))
        buf_puts(json, ",\"live\":true");
    clock_rfc3339(link_reply_int(link_reply_at(r, at + 9)), time);
    buf_json_member(json, "created_at", time);
    clock_rfc3339(link_reply_int(link_reply_at(r, at + 10)), time);
    buf_json_member(json, "expires_at", time);
    buf_putc(json, '}');
}

#define LIST_FIELDS 14

/* live: also those that a running call waits for. */
static int approvals_call_list(struct store *s, const char *uid, const char *session, bool live,
    struct link_reply **r)
{
    struct args args;

    args_init(&args);
    args_text(&args, session);
    args_int(&args, APPROVALS_LIST_MAX);
    args_text(&args, live ? "1" : "0");
    return args_call(&args, s, &script_approval_list, uid, r);
}

int approvals_list(struct store *s, const char *uid, const char *session, struct buf *json)
{
    struct link_reply *r = NULL;
    int error = approvals_call_list(s, uid, session, true, &r);

    if (!error) {
        buf_puts(json, "{\"approvals\":[");
        for (size_t at = 0; at + LIST_FIELDS <= link_reply_count(r); at += LIST_FIELDS) {
            if (at)
                buf_putc(json, ',');
            approvals_put_approval(r, at, json);
        }
        buf_puts(json, "]}");
        error = buf_error(json);
    }
    link_reply_free(r);
    return error;
}

int approvals_waiting(struct store *s, const char *uid, const char *session, bool *waiting)
{
    char key[KEYS_MAX];
    struct link_reply *r = NULL;
    int error;

    *waiting = false;
    keys_approvals(key, uid, session);
    error = link_command(s->link, &r, "HLEN %s", key);
    bool any = !error && link_reply_int(r) > 0;
    link_reply_free(r);
    if (error || !any)
        return error;
    error = approvals_call_list(s, uid, session, false, &r);
    *waiting = !error && link_reply_count(r) >= LIST_FIELDS;
    link_reply_free(r);
    return error;
}

int approvals_untrusted(struct store *s, const char *uid, const char *session, bool *untrusted)
{
    char key[KEYS_MAX];
    struct link_reply *r = NULL;
    int error;

    keys_session(key, uid, session);
    error = link_command(s->link, &r, "HEXISTS %s untrusted", key);
    *untrusted = !error && link_reply_int(r) == 1;
    link_reply_free(r);
    return error;
}

int approvals_get(struct store *s, const char *uid, const char *id, struct arena *arena,
    struct approvals_record *out)
{
    char key[KEYS_MAX];
    struct link_reply *r = NULL;
    int error;

    if (strlen(id) >= APPROVALS_ID_SIZE)
        return ERR_NOT_FOUND;
    keys_approval(key, uid, id);
    error = link_command(s->link, &r,
        "HMGET %s tool args session input message zone state "
        "expires run_args form",
        key);
    if (!error && link_reply_type(link_reply_at(r, 0)) == LINK_NIL)
        error = ERR_NOT_FOUND;
    if (!error) {
        *out = (struct approvals_record){.tool = arena_strdup(arena, approvals_word(r, 0)),
            .args = arena_strdup(arena, approvals_word(r, 1)),
            .session = arena_strdup(arena, approvals_word(r, 2)),
            .input = arena_strdup(arena, approvals_word(r, 3)),
            .message = arena_strdup(arena, approvals_word(r, 4)),
            .zone = arena_strdup(arena, approvals_word(r, 5)),
            .run_args = arena_strdup(arena, approvals_word(r, 8)),
            .form = arena_strdup(arena, approvals_word(r, 9)),
            .open = strcmp(approvals_word(r, 6), "open") == 0,
            .expires_ms = strtoll(approvals_word(r, 7), NULL, 10)};
        if (!out->tool || !out->args || !out->session || !out->input || !out->message ||
            !out->zone || !out->run_args || !out->form)
            error = ERR_NOMEM;
    }
    link_reply_free(r);
    return error;
}

/* ---- how many calls ---- */

int approvals_tool_rate(struct store *s, const char *uid, int64_t *limit, int64_t *retry_ms)
{
    const struct conf *c = s->conf;
    struct link_reply *r = NULL;
    struct args args;
    int error;

    if (!c->rate_tools_minute && !c->rate_tools_day)
        return 0;
    args_init(&args);
    args_text(&args, "tools:minute");
    args_int(&args, c->rate_tools_minute);
    args_int(&args, MINUTE_MS);
    args_text(&args, "tools:day");
    args_int(&args, c->rate_tools_day);
    args_int(&args, DAY_MS);
    error = args_call(&args, s, &script_tool_rate, uid, &r);
    if (!error && link_reply_int(link_reply_at(r, 0))) {
        bool minute = link_reply_int(link_reply_at(r, 0)) == 1;
        *limit = minute ? c->rate_tools_minute : c->rate_tools_day;
        *retry_ms = link_reply_int(link_reply_at(r, 1));
        error = ERR_RATE;
    }
    link_reply_free(r);
    return error;
}
