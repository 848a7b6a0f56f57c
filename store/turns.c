/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/turns.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "base/log.h"
#include "store/args.h"
#include "store/hints.h"
#include "store/keys.h"
#include "store/pushes.h"
#include "store/scripts.h"
#include "store/sessions.h"
#include "store/turns_ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TURNS_HEAD 11 /* elements of a reply about any turn; one that runs has more */
#define TURNS_CONTEXT_MAX 100
#define CLOCKS_APART_MS 1000

/* ---- answers of the scripts (answer() in lib_turn.lua) ---- */

static const struct {
    const char *name;
    enum turns_outcome outcome;
} turns_outcomes[] = {
    {"started", TURNS_STARTED},
    {"queued", TURNS_QUEUED},
    {"pending", TURNS_PENDING},
    {"duplicate", TURNS_DUPLICATE},
    {"mismatch", TURNS_MISMATCH},
    {"busy", TURNS_BUSY},
    {"full", TURNS_QUEUE_FULL},
    {"user", TURNS_USER_FULL},
    {"limit", TURNS_LIMIT},
    {"refused", TURNS_REFUSED},
    {"gone", TURNS_GONE},
};

static void turns_copy_text(char *out, size_t size, const struct link_reply *r)
{
    snprintf(out, size, "%s", link_reply_text(r, NULL));
}

static int turns_copy_list(struct arena *arena, const struct link_reply *list, const char ***texts,
    size_t **lens, size_t *count)
{
    size_t n = link_reply_count(list);

    *count = 0;
    *texts = arena_array(arena, n + 1, sizeof **texts);
    if (!*texts)
        return ERR_NOMEM;
    if (lens) {
        *lens = arena_array(arena, n + 1, sizeof **lens);
        if (!*lens)
            return ERR_NOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        size_t len;
        const char *text = link_reply_text(link_reply_at(list, i), &len);

        (*texts)[i] = arena_memdup(arena, text, len);
        if (!(*texts)[i])
            return ERR_NOMEM;
        if (lens)
            (*lens)[i] = len;
    }
    *count = n;
    return 0;
}

static int turns_copy_context(struct arena *arena, const struct link_reply *pairs, const char **out)
{
    struct buf json = {0};
    int error = sessions_context_pairs(pairs, 0, &json);

    if (!error && !(*out = arena_memdup(arena, json.data, json.len)))
        error = ERR_NOMEM;
    buf_free(&json);
    return error;
}

static int turns_copy_summary(const struct link_reply *r, struct arena *arena,
    struct turns_start *out)
{
    size_t len;
    const char *text = link_reply_text(link_reply_at(r, 17), &len);
    int64_t behind = link_reply_int(link_reply_at(r, 18));

    out->summary = arena_memdup(arena, text, len);
    out->summary_behind = behind > 0 ? (size_t)behind : 0;
    out->summary_later = link_reply_int(link_reply_at(r, 19)) != 0;
    return out->summary ? 0 : ERR_NOMEM;
}

/* Takes the texts into the arena. Returns 0, ERR_NOMEM, ERR_INTERNAL. */
static int turns_read_answer(const struct link_reply *r, const char *uid, struct arena *arena,
    struct turns_start *out)
{
    const char *name = link_reply_text(link_reply_at(r, 0), NULL), *input;
    size_t i, count = sizeof turns_outcomes / sizeof *turns_outcomes, len;
    int error;

    for (i = 0; i < count && strcmp(turns_outcomes[i].name, name) != 0; i++)
        continue;
    if (i == count)
        return ERR_INTERNAL;
    memset(out, 0, sizeof *out);
    out->outcome = turns_outcomes[i].outcome;
    snprintf(out->uid, sizeof out->uid, "%s", uid);
    turns_copy_text(out->turn, sizeof out->turn, link_reply_at(r, 1));
    turns_copy_text(out->session, sizeof out->session, link_reply_at(r, 2));
    turns_copy_text(out->state, sizeof out->state, link_reply_at(r, 3));
    turns_copy_text(out->cursor, sizeof out->cursor, link_reply_at(r, 4));
    out->epoch = link_reply_int(link_reply_at(r, 5));
    out->next_n = 2;
    out->attempt = (unsigned)link_reply_int(link_reply_at(r, 6));
    out->position = (unsigned)link_reply_int(link_reply_at(r, 7));
    out->stopped = link_reply_int(link_reply_at(r, 8)) != 0;
    out->created_ms = link_reply_int(link_reply_at(r, 9));
    out->started_ms = link_reply_int(link_reply_at(r, 10));
    if (out->outcome != TURNS_STARTED)
        return 0;
    input = link_reply_text(link_reply_at(r, 11), &len);
    out->input = arena_memdup(arena, input, len);
    if (!out->input)
        return ERR_NOMEM;
    out->rewound = link_reply_int(link_reply_at(r, 15)) > 0;
    input = link_reply_text(link_reply_at(r, 16), &len);
    if (!(out->upstream = arena_memdup(arena, input, len)))
        return ERR_NOMEM;
    error = turns_copy_list(arena, link_reply_at(r, 12), &out->history, &out->history_len,
        &out->history_count);
    if (!error)
        error = turns_copy_list(arena, link_reply_at(r, 13), &out->steps, NULL, &out->step_count);
    if (!error)
        error =
            turns_copy_list(arena, link_reply_at(r, 20), &out->memories, NULL, &out->memory_count);
    if (!error)
        error = turns_copy_summary(r, arena, out);
    return error ? error : turns_copy_context(arena, link_reply_at(r, 14), &out->context);
}

/* ---- the life of a turn ---- */

static void turns_read_limit(const struct link_reply *r, const struct turns_request *q,
    struct turns_start *out)
{
    out->turn[0] = '\0';
    if (q->account)
        usage_read_over(r, 1, &q->account->over);
}

int turns_begin(struct store *s, const struct turns_request *q, struct arena *arena,
    struct turns_start *out)
{
    struct link_reply *r = NULL;

    int error = turns_ask(s, q, &r);
    if (!error)
        error = turns_read_answer(r, q->uid, arena, out);
    if (!error && out->outcome == TURNS_LIMIT)
        turns_read_limit(r, q, out);
    if (!error && out->outcome == TURNS_USER_FULL)
        out->user_max = link_reply_int(link_reply_at(r, 2));
    if (!error && out->outcome == TURNS_STARTED && !strcmp(out->turn, q->turn)) {
        hints_clock(s, out->started_ms);
        out->looked = !q->may_pend;
    }
    /* One that may_pend is recorded already: its hint stays until it has run. */
    if (!error && !q->may_pend &&
        (out->outcome == TURNS_BUSY || out->outcome == TURNS_QUEUE_FULL ||
            out->outcome == TURNS_LIMIT || strcmp(out->turn, q->turn) != 0))
        hints_drop(s, q->uid, q->turn);
    if (!error && out->outcome == TURNS_PENDING) {
        out->waits_for_own = out->position > 0;
        out->position = 0;
        hints_announce(s, q->uid, out->turn);
    }
    if (!error && out->outcome != TURNS_STARTED && out->outcome != TURNS_LIMIT &&
        link_reply_count(r) > TURNS_HEAD) /* a turn of this session that nobody runs */
        hints_announce(s, q->uid, link_reply_text(link_reply_at(r, TURNS_HEAD), NULL));
    link_reply_free(r);
    return error;
}

int turns_claim(struct store *s, const char *uid, const char *turn, size_t history_limit,
    struct arena *arena, struct turns_start *out)
{
    struct args args;
    struct link_reply *r = NULL;
    char token[IDENT_UUID_SIZE];
    int error;

    ident_uuid7(token); /* by which the script knows its own repetition */
    args_init(&args);
    args_common(&args, s, history_limit);
    args_text(&args, turn);
    args_text(&args, token);
    args_int(&args, s->conf->turn_user);
    error = args_call_hinted(&args, s, &script_turn_claim, uid, turn, &r);
    if (!error)
        error = link_reply_says(r, "missing") ? ERR_NOT_FOUND :
            link_reply_says(r, "conflict")    ? ERR_CONFLICT :
            link_reply_says(r, "held")        ? ERR_RATE :
                                                turns_read_answer(r, uid, arena, out);
    link_reply_free(r);
    return error;
}

static void turns_renew_args(struct args *args, struct store *s, const struct turns_start *turn)
{
    args_init(args);
    args_text(args, turn->turn);
    args_int(args, turn->epoch);
    args_int(args, s->conf->lease_ms);
}

int turns_renew(struct store *s, const struct turns_start *turn, bool *stop)
{
    struct args args;
    struct link_reply *r = NULL;
    int64_t result;
    int error;

    *stop = false;
    turns_renew_args(&args, s, turn);
    error = args_call_hinted(&args, s, &script_turn_renew, turn->uid, turn->turn, &r);
    if (error)
        return error;
    result = link_reply_int(r);
    link_reply_free(r);
    *stop = result == 1;
    return result < 0 ? ERR_FENCED : 0;
}

static void turns_on_renewed(void *arg, int error, struct link_reply *reply)
{
    const struct turns_renewal *renewal = arg;
    int64_t result = link_reply_int(reply);

    link_reply_free(reply);
    if (error == ERR_NOSCRIPT) /* scripts flushed: the next renewal loads them */
        error = ERR_STORE;
    if (!error)
        error = result < 0 ? ERR_FENCED : result == 1 ? ERR_CANCELLED : 0;
    renewal->fn(renewal->arg, error);
}

void turns_renew_forget(struct store *s, const struct turns_renewal *renewal)
{
    link_forget(s->link, renewal);
}

int turns_renew_send(struct store *s, const struct turns_start *turn, struct turns_renewal *renewal)
{
    char prefix[KEYS_MAX];
    struct link_arg key;
    struct args args;

    keys_prefix(prefix, turn->uid);
    key = link_text(prefix);
    turns_renew_args(&args, s, turn);
    /* Without it a housekeeper looks sooner, and sees the lease. */
    err_ignore(hints_set(s, turn->uid, turn->turn, s->conf->lease_ms));
    return link_send_script(s->link, &script_turn_renew,
        &(struct link_words){.keys = &key, .nkeys = 1, .args = args.v, .nargs = args.n},
        turns_on_renewed, renewal);
}

struct turns_step {
    const char *json;
    size_t len;
};

static void turns_checkpoint_args(struct args *args, struct store *s,
    const struct turns_start *turn, char *spent, struct turns_step step)
{
    args_init(args);
    args_text(args, turn->turn);
    args_int(args, turn->epoch);
    args_bytes(args, step.json, step.len);
    args_int(args, s->conf->session_keep_ms);
    usage_put_spent(args, turn->account, spent);
    usage_put_account(args, turn->account);
}

static int turns_checkpoint_call(struct args *args, struct store *s, const struct turns_start *turn)
{
    struct link_reply *r = NULL;
    int64_t result;
    int error;

    usage_expect(s, turn->uid, turn->account);
    error = args_call(args, s, &script_turn_checkpoint, turn->uid, &r);
    result = link_reply_int(link_reply_at(r, 0));
    if (!error && turn->account)
        usage_read_over(r, 1, &turn->account->over);
    link_reply_free(r);
    return error ? error : result < 0 ? ERR_FENCED : 0;
}

int turns_checkpoint(struct store *s, const struct turns_start *turn, const char *json, size_t len)
{
    char spent[USAGE_TEXT_SIZE];
    struct args args;

    turns_checkpoint_args(&args, s, turn, spent, (struct turns_step){json, len});
    return turns_checkpoint_call(&args, s, turn);
}

int turns_checkpoint_summary(struct store *s, const struct turns_start *turn, const char *json,
    size_t len, const struct turns_summary *summary)
{
    char spent[USAGE_TEXT_SIZE];
    struct buf members = {0};
    struct args args;
    int error;

    if (summary->text) {
        buf_printf(&members, "\"turn\":\"%s\",\"at\":%lld,\"text\":", turn->turn,
            (long long)clock_real_ms());
        buf_json_text(&members, summary->text);
    }
    if (!(error = buf_error(&members))) {
        turns_checkpoint_args(&args, s, turn, spent, (struct turns_step){json, len});
        args_int(&args, (int64_t)summary->behind);
        args_bytes(&args, buf_text(&members), members.len);
        args_int(&args, summary->wait_ms);
        error = turns_checkpoint_call(&args, s, turn);
    }
    buf_free(&members);
    return error;
}

/* Members of a JSON object as pairs of key and raw JSON; null as "". Texts live in the arena. */
static int turns_context_pairs(struct args *args, const char *json, struct arena *arena)
{
    jdoc *doc = NULL, *value;
    struct jdoc_iter it = {0};
    struct buf text = {0};
    const char *key, *name, *copy;
    int error = jdoc_parse(json, strlen(json), &doc, NULL, 0);

    if (!error && jdoc_type(doc) != JDOC_OBJECT)
        error = ERR_INVALID;
    while (!error && args->n < 2 * TURNS_CONTEXT_MAX && jdoc_next(doc, &it, &key, &value)) {
        buf_reset(&text);
        if (value)
            jdoc_write(value, &text);
        name = arena_strdup(arena, key);
        copy = arena_strdup(arena, buf_text(&text));
        error = buf_error(&text) || !name || !copy ? ERR_NOMEM : 0;
        args_text(args, name);
        args_text(args, copy);
    }
    buf_free(&text);
    jdoc_free(doc);
    return error;
}

/* Its script may push: a question, or an answer that took long by either clock. */
static void turns_expect_push(struct store *s, const struct turns_start *turn,
    const struct turns_end *end)
{
    int64_t took = clock_real_ms() - turn->created_ms + CLOCKS_APART_MS;

    if (strcmp(end->state, "interrupted") == 0 ||
        (strcmp(end->state, "done") == 0 && took >= s->conf->push_answers_ms))
        pushes_expect(s, turn->uid);
    else
        usage_expect(s, turn->uid, turn->account);
}

/* What the arguments borrow until the call. */
struct turns_finish_more {
    struct args context;
    char spent[USAGE_TEXT_SIZE];
};

static void turns_finish_args(struct args *args, struct store *s, const struct turns_start *turn,
    const struct turns_end *end, struct turns_finish_more *more)
{
    const struct args *context = &more->context;

    args_init(args);
    args_common(args, s, end->history_limit);
    args_text(args, turn->turn);
    args_int(args, turn->epoch);
    args_text(args, end->state);
    args_int(args, end->first_n);
    args_text(args, end->usage);
    args_text(args, end->error_code);
    args_int(args, end->http_status);
    args_text(args, end->reply);
    args_text(args, end->take_next ? "1" : "0");
    args_ints(args, (int64_t)end->event_count, (int64_t)end->message_count, (int64_t)context->n,
        TURNS_CONTEXT_MAX);
    args_text(args, end->untrusted ? "1" : "0");
    args_int(args, *s->conf->push_key ? s->conf->push_answers_ms : -1);
    usage_put_spent(args, turn->account, more->spent);
    usage_put_account(args, turn->account);
    for (size_t i = 0; i < end->event_count; i++)
        args_bytes(args, end->events[i], end->event_len[i]);
    for (size_t i = 0; i < end->message_count; i++)
        args_text(args, end->messages[i]);
    for (size_t i = 0; i < context->n; i++)
        args_bytes(args, context->v[i].data, context->v[i].len);
}

int turns_finish(struct store *s, const struct turns_start *turn, const struct turns_end *end,
    struct arena *arena, struct turns_start *next)
{
    struct turns_finish_more more;
    struct args args;
    struct link_reply *r = NULL;
    char uid[IDENT_USER_MAX + 1], id[IDENT_UUID_SIZE]; /* next may be the same struct as turn */
    int error;

    memcpy(uid, turn->uid, sizeof uid);
    memcpy(id, turn->turn, sizeof id);
    args_init(&more.context);
    if (end->context_updates && turns_context_pairs(&more.context, end->context_updates, arena)) {
        log_warn("turn %s: context updates are no JSON object, left out", id);
        args_fini(&more.context);
    }
    turns_finish_args(&args, s, turn, end, &more);
    turns_expect_push(s, turn, end);
    error = args_call(&args, s, &script_turn_finish, uid, &r);
    args_fini(&more.context);
    memset(next, 0, sizeof *next);
    next->outcome = TURNS_DUPLICATE;
    if (error)
        return error;
    if (link_reply_says(r, "fenced")) {
        error = ERR_FENCED;
    } else if (link_reply_says(r, "behind")) {
        error = ERR_BEHIND;
    } else {
        hints_drop(s, uid, id);
        if (link_reply_says(r, "pending")) {
            hints_announce(s, uid, link_reply_text(link_reply_at(r, 1), NULL));
        } else if (!link_reply_says(r, "done")) {
            error = turns_read_answer(r, uid, arena, next);
            err_ignore(hints_set(s, uid, next->turn, s->conf->lease_ms));
        }
    }
    link_reply_free(r);
    return error;
}

int turns_note_usage(struct store *s, const char *uid, const char *turn, const char *usage,
    const struct usage_account *account)
{
    char spent[USAGE_TEXT_SIZE];
    struct args args;

    args_init(&args);
    args_text(&args, turn);
    args_text(&args, usage);
    usage_put_spent(&args, account, spent);
    usage_put_account(&args, account);
    usage_expect(s, uid, account);
    return args_call(&args, s, &script_turn_usage, uid, NULL);
}
