/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* strcasestr */
#endif
#include "fcgi-app/admit.h"

#include "agent/daytime.h"
#include "agent/events.h"
#include "agent/input.h"
#include "base/err.h"
#include "base/log.h"
#include "fcgi-app/guard.h"
#include "fcgi-app/limited.h"
#include "fcgi-app/runner.h"
#include "store/sessions.h"
#include "store/webhooks.h"

#include <stdio.h>
#include <string.h>

#define ADMIT_RETRY_MS 1000
#define ADMIT_BUSY_RETRY_MS 2000
#define ADMIT_WEBHOOKS_RETRY_MS 30000

struct admit {
    struct exchange *x;
    const struct submit *submit;
    char turn[IDENT_UUID_SIZE];
    struct turns_start *start; /* in the exchange's arena */
    const struct input *input; /* what it says, without reading it again; or NULL */
    struct blame_work work;
};

/* What a client's headers say where its message says nothing. */
static const char *admit_zone(const struct exchange *x, const struct submit *s)
{
    const char *named = request_header(&x->request, "HTTP_X_TIME_ZONE");
    return *s->zone == '\0' && named && daytime_zone_valid(named) ? named : s->zone;
}

/* What it asks for is the model's own answer, now. */
static bool admit_is_fresh(const struct exchange *x, const struct submit *s)
{
    const char *control = request_header(&x->request, "HTTP_CACHE_CONTROL");
    return s->fresh || s->naming == TURNS_ANEW ||
        (control && (strcasestr(control, "no-cache") || strcasestr(control, "no-store")));
}

static struct input admit_form(const struct exchange *x, const struct submit *s, const char *turn)
{
    return (struct input){
        .run_id = s->run_id ? s->run_id : turn,
        .text = s->text,
        .message_id = s->message_id,
        .zone = admit_zone(x, s),
        .locale = *s->locale != '\0' ? s->locale : request_language(&x->request),
        .source = s->source,
        .resume = s->resume_count > 0,
        .fresh = admit_is_fresh(x, s),
        .whole = s->whole,
        .cls = x->who.class,
        .key = x->who.key,
        .role = x->who.role,
        .context = s->context,
        .agui = s->agui,
        .echo = s->echo,
        .trip = s->trip,
        .actor = s->trip ? x->who.user : NULL,
        .actor_name = s->author,
        .said = s->trip                               ? s->messages[0] :
            s->said && !strcmp(s->said->role, "user") ? s->messages[s->said->at] :
                                                        NULL,
        .traceparent = x->request.traceparent,
        .span_parent = x->request.span_parent,
        .tracestate = x->request.tracestate,
    };
}

static const char *admit_keep(struct exchange *x, int error, struct buf *b)
{
    const char *text = error == 0 ? arena_memdup(x->arena, b->data, b->len) : NULL;
    buf_free(b);
    return text;
}

/*
 * A client that goes back while approvals are open cancels them in the same run (AG-UI). With one
 * that is given the conversation must not go back: what was approved stands behind that message.
 */
static bool admit_rewinds(const struct submit *s)
{
    for (size_t i = 0; i < s->resume_count; i++) {
        if (!s->resume[i].cancelled)
            return false;
    }
    return s->message_count > 0 && !s->message_id_made;
}

int admit_request(struct exchange *x, const struct submit *s, const char *turn,
    struct turns_request *out)
{
    const struct input in = admit_form(x, s, turn);
    struct buf first, input;
    buf_init(&first, 0);
    buf_init(&input, 0);
    *out = (struct turns_request){
        .uid = exchange_owner(x),
        .session = s->session,
        .turn = turn,
        .client_message_id = s->client_message_id,
        .body_hash = s->body_hash,
        .messages = s->messages,
        .message_count = s->message_count,
        .rewinds = admit_rewinds(s),
        .naming = s->naming,
        .first_event = admit_keep(x, events_run_started(&in, s->session, &first), &first),
        .input = admit_keep(x, input_write(&in, &input), &input),
        .title = s->title,
        .webhook = s->webhook,
        .on_busy = s->on_busy,
        .may_pend = s->resume_count > 0, /* an answer is recorded: its turn must come */
        .history_limit = TURN_HISTORY,
    };
    return !out->first_event || !out->input ? ERR_NOMEM : 0;
}

/*
 * A turn that starts here does what was just written: nobody reads that again. The store's word
 * counts: a turn that was recorded before (an answer to an approval) has the input of then.
 */
static void admit_keep_input(struct admit *a, const char *written)
{
    if (a->start->outcome != TURNS_STARTED || strcmp(a->start->input, written) != 0)
        return;
    struct input in = admit_form(a->x, a->submit, a->start->turn);
    input_complete(&in);
    a->input = (const void *)arena_memdup(a->x->arena, &in, sizeof in);
}

/* Where a housekeeper looks stands before the turn does; without the turn it is dropped there. */
static int admit_expect(struct admit *a)
{
    struct exchange *x = a->x;
    int error = webhooks_expect(x->app->store, exchange_owner(x), a->turn);
    if (error != ERR_FULL)
        return error;
    problem_set(&x->problem, PROBLEM_WEBHOOKS_FULL,
        "%lld webhooks have not been delivered yet. Nothing was accepted.",
        (long long)x->app->conf->webhook_queue_max);
    x->problem.retry_after_ms = ADMIT_WEBHOOKS_RETRY_MS;
    return error;
}

/* Whether it may wait for a worker, and whether as many wait already as there are places. */
static void admit_places(const struct app *app, bool may_run, struct turns_request *request)
{
    const struct scoreboard *board = app->worker->board;
    int waiting = atomic_load(&board->turns_waiting), limit = atomic_load(&board->turn_limit);
    request->others_wait =
        may_run && waiting > 0 && waiting + atomic_load(&board->running_turns) > limit;
    request->may_wait = !app->worker->drain && waiting < limit;
}

static int admit_begin(struct admit *a, bool may_run)
{
    const struct submit *s = a->submit;
    struct app *app = a->x->app;
    struct turns_request request;
    a->start = arena_alloc(a->x->arena, sizeof *a->start);
    if (!a->start || admit_request(a->x, s, a->turn, &request) < 0)
        return ERR_NOMEM;
    guard_turn(request.uid, s->session, request.input, &a->work);
    request.account = a->x->owner ? NULL : limited_account(a->x); /* a member's is not there */
    request.counts = !a->x->owner && !limited_has_counted(a->x);
    request.only_known = guard_refused(a->x, &a->work) > 0 || s->only_known ||
        (!request.may_pend && limited_by_site(a->x));
    request.may_run = may_run;
    admit_places(app, may_run, &request);
    if (s->webhook) {
        int result = admit_expect(a);
        if (result < 0)
            return result;
    }
    /* Named before the script runs: a death at any later moment tells which turn died. */
    if (may_run)
        runner_name(app, exchange_owner(a->x), s->session, a->turn);
    runner_on_stage(app->runner, STAGE_STARTING);
    int error = turns_begin(app->store, &request, a->x->arena, a->start);
    if (error < 0)
        a->x->problem.set = false; /* what keeps it from being looked up comes first */
    else
        admit_keep_input(a, request.input);
    return error;
}

static int admit_refused(struct exchange *x)
{
    struct scoreboard *board = x->app->worker->board;
    atomic_fetch_add_explicit(&board->refused_full, 1, memory_order_relaxed);
    if (x->app->worker->drain)
        problem_set(&x->problem, PROBLEM_DRAINING, "Nothing was accepted. Try again.");
    else
        problem_set(&x->problem, PROBLEM_POOL_FULL,
            "%d turns are running, as many as this machine runs at once. Nothing was accepted.",
            atomic_load(&board->turn_limit));
    x->problem.retry_after_ms = ADMIT_RETRY_MS;
    return ERR_FULL;
}

/* most: what holds for the user, by class or `turnpike limits`. */
static int admit_user_full(struct exchange *x, int64_t most)
{
    problem_set(&x->problem, PROBLEM_USER_TURNS,
        "%lld turns of this user run at once, as many as one user may have, and %lld wait for that. "
        "Nothing was accepted.",
        (long long)most, (long long)x->app->conf->queue_max);
    x->problem.has_limit = true;
    x->problem.limit = most;
    x->problem.retry_after_ms = ADMIT_BUSY_RETRY_MS;
    return ERR_RATE;
}

static int admit_outcome_problem(struct exchange *x, const struct turns_start *start)
{
    switch (start->outcome) {
    case TURNS_MISMATCH:
        problem_set(&x->problem, PROBLEM_MISMATCH,
            "An earlier message with this client message id said something else.");
        return ERR_CONFLICT;
    case TURNS_BUSY:
        problem_set(&x->problem, PROBLEM_BUSY, "A turn is running and on_busy is reject.");
        x->problem.retry_after_ms = ADMIT_BUSY_RETRY_MS;
        return ERR_BUSY;
    case TURNS_QUEUE_FULL:
        problem_set(&x->problem, PROBLEM_QUEUE_FULL, "%lld messages wait in this session already.",
            (long long)x->app->conf->queue_max);
        x->problem.has_limit = true;
        x->problem.limit = x->app->conf->queue_max;
        x->problem.retry_after_ms = ADMIT_BUSY_RETRY_MS;
        return ERR_FULL;
    case TURNS_USER_FULL:
        return admit_user_full(x, start->user_max);
    case TURNS_LIMIT:
        return limited_problem(x, &x->account->over);
    case TURNS_GONE:
        return problem_set(&x->problem, PROBLEM_NOT_FOUND, "No such session.");
    case TURNS_REFUSED:
        return x->problem.set ? ERR_BUSY : admit_refused(x); /* set: workers died in it */
    default:
        return ERR_INTERNAL;
    }
}

/* A cursor for the viewer: the client's own (it comes back), the turn's, or the log's end. */
static int admit_cursor(struct admit *a, const char **out)
{
    struct exchange *x = a->x;
    const char *last = request_header(&x->request, "HTTP_LAST_EVENT_ID");
    if (last && exchange_cursor_valid(last)) {
        *out = last;
        return 0;
    }
    *out = a->start->cursor;
    if (a->start->cursor[0] != '\0')
        return 0;
    char cursor[TURNS_CURSOR_SIZE] = "0-0";
    int error = sessions_cursor(x->app->store, exchange_owner(x), a->start->session, cursor);
    if (error < 0 && error != ERR_NOT_FOUND)
        return error;
    *out = arena_strdup(x->arena, cursor);
    return !*out ? ERR_NOMEM : 0;
}

static int admit_reply_stream(struct admit *a, const char *form)
{
    const char *cursor = NULL;
    int error = admit_cursor(a, &cursor);
    if (error < 0)
        return error;
    const struct exchange_view view = {.session = a->start->session,
        .turn = a->start->turn,
        .cursor = cursor,
        .form = form,
        .stops = a->submit->stops,
        .detail = a->submit->detail};
    return exchange_handover(a->x, &view);
}

static const char *admit_state(const struct turns_start *start)
{
    switch (start->outcome) {
    case TURNS_STARTED:
        return "running";
    case TURNS_QUEUED:
        return "queued";
    case TURNS_PENDING:
        return "pending";
    default:
        return "duplicate";
    }
}

static int admit_reply_accepted(struct admit *a)
{
    const struct turns_start *start = a->start;
    const char *cursor = NULL;
    int error = admit_cursor(a, &cursor);
    if (error < 0)
        return error;
    char *location =
        arena_printf(a->x->arena, "%s/turns/%s", a->x->app->conf->public_base, start->turn);
    if (!location)
        return ERR_NOMEM;
    exchange_json(a->x, 202);
    exchange_header(a->x, "Location", location);
    struct buf *b = &a->x->reply.body;
    buf_puts(b, "{\"turn_id\":");
    buf_json_string(b, start->turn, strlen(start->turn));
    buf_json_member(b, "session_id", start->session);
    buf_json_member(b, "run_id", a->submit->run_id ? a->submit->run_id : start->turn);
    buf_json_member(b, "state", admit_state(start));
    if (start->outcome == TURNS_DUPLICATE)
        buf_json_member(b, "turn_state", start->state);
    buf_json_member(b, "cursor", cursor);
    buf_printf(b, ",\"position\":%u}", start->position);
    return 0;
}

/* A reply as the turn's end left it. */
static void admit_reply_stored(struct exchange *x, int status, const struct buf *reply)
{
    exchange_json(x, status);
    buf_put(&x->reply.body, reply->data, reply->len);
}

/* JSON for a turn that does not run here: the stored reply, or let a stream worker wait for it. */
static int admit_reply_elsewhere(struct admit *a)
{
    struct buf reply;
    int status = 0;
    buf_init(&reply, 0);
    int error = ERR_NOT_YET;
    if (a->start->outcome == TURNS_DUPLICATE)
        error =
            turns_reply(a->x->app->store, exchange_owner(a->x), a->start->turn, &reply, &status);
    if (error == 0)
        admit_reply_stored(a->x, status, &reply);
    buf_free(&reply);
    if (error == ERR_NOT_YET || error == ERR_NOT_FOUND)
        error = admit_reply_stream(a, "json");
    return error;
}

/* Runs the turn while the client waits. Its session's next turn runs behind the reply. */
static int admit_reply_turn(struct admit *a)
{
    struct exchange *x = a->x;
    struct turn_result result;
    int error = runner_run(x->app->runner, a->start, a->input, &result);
    runner_on_stage(x->app->runner, STAGE_REPLY);
    if (error == 0) {
        admit_reply_stored(x, result.http_status, &result.reply);
    } else if (error == ERR_FENCED) {
        error = admit_reply_stream(a, "json");
    } else {
        problem_set(&x->problem, PROBLEM_STORE,
            "The message was accepted as turn %s, but its end could not be stored.",
            a->start->turn);
    }
    buf_free(&result.reply);
    return error;
}

static int admit_reply(struct admit *a, enum admit_style style)
{
    bool started = a->start->outcome == TURNS_STARTED;
    switch (style) {
    case ADMIT_STREAM:
        return admit_reply_stream(a, a->submit->form ? a->submit->form : "agui");
    case ADMIT_ACCEPTED:
        return admit_reply_accepted(a);
    case ADMIT_JSON:
        return started ? admit_reply_turn(a) : admit_reply_elsewhere(a);
    }
    return ERR_INTERNAL;
}

int admit_submit(struct exchange *x, const struct submit *submit, enum admit_style style)
{
    struct admit a = {.x = x, .submit = submit};
    if (submit->turn[0] != '\0')
        memcpy(a.turn, submit->turn, sizeof a.turn);
    else
        ident_uuid7(a.turn);
    int error = admit_begin(&a, runner_take(x->app->runner));
    if (error < 0)
        return error;
    /* Until the housekeeper counts: a burst has an end. Those of a user who has all that one may
     * have take no place from others. */
    if (a.start->outcome == TURNS_PENDING && !a.start->waits_for_own)
        atomic_fetch_add_explicit(&x->app->worker->board->turns_waiting, 1, memory_order_relaxed);
    switch (a.start->outcome) {
    case TURNS_STARTED:
    case TURNS_QUEUED:
    case TURNS_PENDING:
        atomic_fetch_add_explicit(&x->app->worker->board->accepted, 1, memory_order_relaxed);
        usage_site_message(x->app->store);
        break;
    case TURNS_DUPLICATE:
        break;
    default:
        return admit_outcome_problem(x, a.start);
    }
    x->problem.set = false; /* it had come before, whatever became of that */
    /* A started turn runs whatever becomes of its reply. */
    if (a.start->outcome == TURNS_STARTED && style != ADMIT_JSON)
        runner_behind(x->app->runner, a.start, a.input);
    return admit_reply(&a, style);
}

/* A message that waited while the same one ended workers is not tried again; it is told so. */
static int admit_drop(struct exchange *x, const struct turns_start *start)
{
    log_warn("turn %s of user %s is ended: workers died in the same message", start->turn,
        start->uid);
    runner_name(x->app, NULL, NULL, NULL);
    return turns_fail(x->app->store, start->uid, start->turn, false, "request_crashed_worker",
        "The same message has failed several times. It is not tried again for a while.");
}

int admit_claim(struct exchange *x, const char *uid, const char *turn)
{
    struct blame_work work = {.turn = true};
    snprintf(work.uid, sizeof work.uid, "%s", uid);
    if (guard_refused(x, &work) > 0) /* all turns of the user: it waits */
        return ERR_BUSY;
    if (!runner_take(x->app->runner)) {
        atomic_fetch_add(&x->app->worker->board->refused_handovers, 1);
        return admit_refused(x);
    }
    struct turns_start *start = arena_alloc(x->arena, sizeof *start);
    if (!start)
        return ERR_NOMEM;
    /* Its name stands in the scoreboard before it is ours: whoever dies holding it is told of. */
    runner_name(x->app, uid, "-", turn);
    int error = turns_claim(x->app->store, uid, turn, TURN_HISTORY, x->arena, start);
    if (error == ERR_RATE) /* read by a housekeeper only */
        admit_user_full(x, x->app->conf->turn_user);
    if (error < 0) {
        runner_name(x->app, NULL, NULL, NULL);
        return error;
    }
    guard_turn(uid, start->session, start->input, &work);
    if (start->attempt <= 1 && guard_refused(x, &work) > 0) {
        error = admit_drop(x, start);
        return error != 0 ? error : ERR_CONFLICT;
    }
    runner_behind(x->app->runner, start, NULL);
    exchange_json(x, 202);
    buf_puts(&x->reply.body, "{\"turn_id\":");
    buf_json_string(&x->reply.body, start->turn, strlen(start->turn));
    buf_puts(&x->reply.body, ",\"state\":\"running\"}");
    return 0;
}
