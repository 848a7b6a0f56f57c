/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of an operation of an MCP server: it waits for the one that greets, goes on, ends. */
#include "tools/remote/mcp_peer_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "tools/remote/mcp_badge.h"

#include <stdlib.h>
#include <string.h>

#define BREAKER_FAILURES 3
#define BREAKER_OPEN_MS 30000

static const struct breaker_settings mcp_op_breaker = {BREAKER_FAILURES, BREAKER_OPEN_MS};

static void mcp_op_unlink(struct mcp_op *op)
{
    for (struct mcp_op **at = &op->peer->ops; *at; at = &(*at)->next)
        if (*at == op) {
            *at = op->next;
            return;
        }
}

/* The next one that waits takes over what the greeter left, or goes on with what it found. */
static void mcp_op_wake_waiting(struct mcp_peer *p)
{
    struct mcp_op *op = p->ops;
    while (op && !p->greeter) {
        if (op->state == MCP_OP_WAIT && !op->listening) {
            mcp_op_begin(op); /* it, and by its callback any other one, may be gone now */
            op = p->ops;
        } else {
            op = op->next;
        }
    }
}

static void mcp_op_on_wake(struct reactor_timer *timer)
{
    struct mcp_op *op = timer->arg;
    mcp_op_wake_waiting(op->peer); /* op itself is one of them */
}

static void mcp_op_free(struct mcp_op *op)
{
    struct mcp_peer *p = op->peer;
    mcp_exchange_cancel(op->exchange);
    mcp_say_end(op);
    mcp_stream_free(op->stream);
    reactor_timer_clear(op->call.reactor, &op->timer);
    mcp_badge_wipe(&op->bearer);
    mcp_op_unlink(op);
    if (p->greeter == op) { /* it has not come through: what was known may not hold any more */
        p->greeter = NULL;
        mcp_peer_forget_era(p);
    }
    mcp_peer_drop_headers(op);
    jdoc_free(op->question);
    jdoc_free(op->call.params);
    free(op->name);
    free(op);
}

void mcp_op_poke_waiting(struct mcp_peer *p)
{
    for (struct mcp_op *op = p->ops; op && !p->greeter; op = op->next)
        if (op->state == MCP_OP_WAIT && !op->listening && !op->timer.set) {
            reactor_timer_set(op->call.reactor, &op->timer, clock_mono_ms(), mcp_op_on_wake, op);
            return;
        }
}

/* A call that the server has and does not answer in time may ask for too much: that is one user's
 * fault. */
static void mcp_op_count(const struct mcp_op *op, int error)
{
    struct breaker *b = op->peer->settings.breaker;
    if (op->state == MCP_OP_BADGE) /* it is no fault of the server that there is no token */
        return;
    if (!b || error == ERR_BUSY || error == ERR_NOMEM || error == ERR_LIMIT)
        return;
    if (error == 0 || error == ERR_REMOTE)
        breaker_success(b);
    else if (error == ERR_DEADLINE && op->sent)
        breaker_failure_of(b, &mcp_op_breaker, clock_mono_ms(), op->call.owner);
    else
        breaker_failure(b, &mcp_op_breaker, clock_mono_ms());
}

void mcp_op_finish(struct mcp_op *op, const struct mcp_answer *answer)
{
    struct mcp_peer *p = op->peer;
    mcp_op_done_fn *done = op->call.done;
    void *arg = op->call.arg;
    mcp_op_count(op, answer->error);
    done(arg, answer);
    mcp_op_free(op);
    mcp_op_poke_waiting(p);
}

void mcp_op_fail(struct mcp_op *op, int error, const char *why)
{
    mcp_op_finish(op,
        &(struct mcp_answer){.error = error, .sent = op->sent, .text = "", .why = why});
}

void mcp_op_go(struct mcp_op *op, enum mcp_op_state state)
{
    op->state = state;
    op->listening = false;
    op->session = op->peer->sessions;
    op->has_session = op->peer->session[0] != '\0';
    int error = mcp_peer_send(op);
    if (error != 0)
        mcp_op_fail(op, error, "the request could not be sent");
}

bool mcp_op_is_ready(const struct mcp_peer *p)
{
    return p->era == MCP_ERA_MODERN || (p->era == MCP_ERA_LEGACY && p->version[0] != '\0');
}

/* The server asks without saying for which call: then a session is one user's. */
static bool mcp_op_wants_own_session(const struct mcp_op *op)
{
    const struct mcp_peer *p = op->peer;
    if (!p->asks_aside || !op->call.ask || p->session_owner == 0 ||
        (p->session_owner == op->call.owner && !p->mixed))
        return false;
    for (const struct mcp_op *other = p->ops; other; other = other->next) {
        bool calls = other->state == MCP_OP_CALL ||
            (other->state == MCP_OP_BADGE && other->after == MCP_OP_CALL);
        if (other != op && (calls || other->listening))
            return false;
    }
    return true;
}

void mcp_op_begin(struct mcp_op *op)
{
    struct mcp_peer *p = op->peer;
    if (p->purse && !op->has_badge) {
        mcp_badge_ask(op, MCP_OP_WAIT);
        return;
    }
    if (mcp_op_is_ready(p) && mcp_op_wants_own_session(op))
        mcp_peer_leave(p, op->call.http);
    if (mcp_op_is_ready(p)) {
        mcp_listen_call(op);
    } else if (p->era == MCP_ERA_STREAM) { /* each operation has a stream of its own */
        mcp_op_go(op, MCP_OP_OPEN);
    } else if (p->greeter && p->greeter != op) {
        op->state = MCP_OP_WAIT;
    } else {
        p->greeter = op;
        mcp_op_go(op, p->era == MCP_ERA_UNKNOWN ? MCP_OP_PROBE : MCP_OP_HELLO);
    }
}

int mcp_op_start(struct mcp_op **out, struct mcp_peer *p, const struct mcp_call *call)
{
    struct mcp_op *op = calloc(1, sizeof *op);
    if (p->settings.breaker &&
        !breaker_allows(p->settings.breaker, &mcp_op_breaker, clock_mono_ms())) {
        free(op);
        jdoc_free(call->params);
        return ERR_BUSY;
    }
    if (op) {
        op->peer = p;
        op->call = *call;
        op->name = call->name ? strdup(call->name) : NULL;
        if (!op->call.params)
            op->call.params = jdoc_new_object();
    }
    if (!op || !op->call.params || (call->name && !op->name)) {
        if (op)
            free(op->name);
        free(op);
        jdoc_free(call->params);
        return ERR_NOMEM;
    }
    op->state = MCP_OP_WAIT;
    op->next = p->ops;
    p->ops = op;
    /* From the reactor: done is never called before this returns. */
    reactor_timer_set(op->call.reactor, &op->timer, clock_mono_ms(), mcp_op_on_wake, op);
    *out = op;
    return 0;
}

/* ---- the user is asked ---- */

static void mcp_op_say(const struct mcp_op *op, struct buf *body)
{
    if (op->exchange && buf_error(body) == 0)
        mcp_exchange_say(op->exchange, buf_text(body), body->len);
    buf_free(body);
}

/* Returns whether there is a question. */
static bool mcp_op_put_answer(struct mcp_op *op, const jdoc *result, struct buf *body)
{
    if (!op->question)
        return false;
    mcp_wire_put_answer(body, op->question, result);
    jdoc_free(op->question);
    op->question = NULL;
    return true;
}

void mcp_op_answer(struct mcp_op *op, const jdoc *result)
{
    struct buf body = {0};
    if (mcp_op_put_answer(op, result, &body))
        mcp_say_answer(op, &body);
}

static void mcp_op_refuse(const struct mcp_op *op, const jdoc *id, const char *why)
{
    struct buf body = {0};
    mcp_wire_put_refusal(&body, id, MCP_WIRE_BAD_PARAMS, why);
    mcp_op_say(op, &body);
}

void mcp_op_refuse_request(struct mcp_op *op, const struct mcp_wire_message *m)
{
    struct buf body = {0};
    jdoc *pong = strcmp(m->method, "ping") == 0 ? jdoc_new_object() : NULL;
    if (strcmp(m->method, "elicitation/create") == 0) {
        mcp_op_refuse(op, m->id_value, "not now: only within the one call of the session's user");
        return;
    }
    mcp_wire_put_answer(&body, m->id_value, pong);
    jdoc_free(pong);
    mcp_op_say(op, &body);
}

/* The server does not want to know any more. */
static int mcp_op_on_withdrawn(struct mcp_op *op, const jdoc *params)
{
    struct buf asked = {0}, named = {0};
    char why[8];
    if (op->question) {
        jdoc_write(op->question, &asked);
        jdoc_write(jdoc_get(params, "requestId"), &named);
        bool same = buf_error(&asked) == 0 && buf_error(&named) == 0 && asked.len == named.len &&
            memcmp(asked.data, named.data, asked.len) == 0;
        if (same) {
            jdoc_free(op->question);
            op->question = NULL;
            err_ignore(op->call.ask(op->call.arg, NULL, NULL, why, sizeof why));
        }
    }
    buf_free(&asked);
    buf_free(&named);
    return 1;
}

int mcp_op_on_ask(void *arg, const struct mcp_wire_message *m)
{
    struct mcp_op *op = arg;
    char why[160] = "not now: one question at a time, within a call of a tool";
    if (m->kind == MCP_WIRE_NOTIFICATION)
        return mcp_op_on_withdrawn(op, m->params);
    if (strcmp(m->method, "elicitation/create") != 0 || !op->peer->settings.asks)
        return 0;
    if (op->state != MCP_OP_CALL || !op->call.ask || op->question) {
        mcp_op_refuse(op, m->id_value, why);
        return 1;
    }
    op->question = jdoc_dup(m->id_value);
    if (!op->question)
        return ERR_NOMEM;
    int error = op->call.ask(op->call.arg, m->params, op->bearer, why, sizeof why);
    if (error == 0)
        return 1;
    jdoc_free(op->question);
    op->question = NULL;
    mcp_op_refuse(op, m->id_value, why);
    return error == ERR_NOMEM ? error : 1;
}

/* ---- its end from outside ---- */

static void mcp_op_tell_end(struct mcp_op *op)
{
    struct buf body = {0};
    jdoc *cancel = op->question ? jdoc_new_object() : NULL;
    if (cancel && jdoc_set_string(cancel, "action", "cancel") == 0 &&
        mcp_op_put_answer(op, cancel, &body))
        mcp_op_say(op, &body);
    jdoc_free(cancel);
    if (op->state == MCP_OP_CALL && op->peer->era == MCP_ERA_LEGACY && op->exchange)
        mcp_peer_tell_cancelled(op);
}

void mcp_op_expire(struct mcp_op *op)
{
    mcp_op_tell_end(op);
    op->sent = op->sent || (op->state == MCP_OP_CALL && op->exchange);
    mcp_op_fail(op, ERR_DEADLINE, "no answer in time");
}

void mcp_op_cancel(struct mcp_op *op)
{
    struct mcp_peer *p = op->peer;
    mcp_op_tell_end(op);
    mcp_op_free(op);
    mcp_op_poke_waiting(p);
}
