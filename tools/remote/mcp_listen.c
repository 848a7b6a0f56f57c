/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stream of a session (2025-06-18, basic/transports, "listening for messages"). Servers made
 * with some SDKs ask the user by it, with no word of the call that they ask for. So a question
 * counts only while one call is under way, and in a session that has carried the calls of one user
 * alone: another user must never get it. A server that asks so gets a new session when its user
 * changes.
 */
#include "tools/remote/mcp_peer_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "tools/remote/elicit.h"
#include "tools/remote/mcp_reader.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_MS 5        /* between two looks whether the stream is there */
#define PATIENCE_MS 1000 /* that a call waits for it, once a session */
#define BYTES_MAX ((size_t)4 << 20)

struct mcp_listen {
    struct mcp_peer *peer;
    struct http_transfer *get; /* NULL = it has ended */
    struct mcp_reader reader;
    int64_t until_ms; /* of the call that waits for it */
};

void mcp_listen_close(struct mcp_peer *p)
{
    struct mcp_listen *l = p->listen;
    p->listen = NULL;
    p->session_owner = 0;
    p->mixed = false;
    if (!l)
        return;
    if (l->get)
        http_cancel(l->get);
    mcp_reader_fini(&l->reader);
    free(l);
}

/* The one call that it can be for, or NULL. */
static struct mcp_op *mcp_listen_asker(const struct mcp_peer *p)
{
    struct mcp_op *found = NULL;
    for (struct mcp_op *op = p->ops; op; op = op->next) {
        if (op->state != MCP_OP_CALL || !op->exchange)
            continue;
        if (found)
            return NULL;
        found = op;
    }
    return p->mixed ? NULL : found;
}

static int mcp_listen_on_ask(void *arg, const struct mcp_wire_message *m)
{
    struct mcp_listen *l = arg;
    struct mcp_peer *p = l->peer;
    struct mcp_op *op = mcp_listen_asker(p);
    bool asks = m->kind == MCP_WIRE_REQUEST && strcmp(m->method, ELICIT_METHOD) == 0;
    p->asks_aside = p->asks_aside || asks;
    int error = op && !l->reader.full ? mcp_op_on_ask(op, m) : 0;
    if (!p->ops) /* nothing is answered, and nothing counts */
        mcp_reader_recount(&l->reader);
    if (error != 0)
        return error < 0 ? error : 0;
    if (asks)
        log_limited(LOG_LEVEL_WARN,
            "MCP server %s asks the user outside of a call, or in a session of several users: "
            "refused",
            p->settings.name);
    for (op = p->ops; op && !op->exchange;)
        op = op->next;
    if (m->kind == MCP_WIRE_REQUEST && op)
        mcp_op_refuse_request(op, m);
    return 0;
}

static int mcp_listen_on_body(void *arg, long status, const char *bytes, size_t len)
{
    struct mcp_listen *l = arg;
    if (status != 200)
        return ERR_REMOTE;
    return mcp_reader_feed(&l->reader, status, http_head(l->get)->content_type, bytes, len);
}

static void mcp_listen_on_done(void *arg, const struct http_result *http)
{
    struct mcp_listen *l = arg;
    (void)http; /* many servers have none: they answer 405 */
    l->get = NULL;
}

static int mcp_listen_open(struct mcp_op *op)
{
    struct mcp_listen *l = calloc(1, sizeof *l);
    if (!l)
        return ERR_NOMEM;
    l->peer = op->peer;
    l->until_ms = clock_mono_ms() + PATIENCE_MS;
    mcp_reader_init(&l->reader, -1, BYTES_MAX);
    l->reader.ask = mcp_listen_on_ask;
    l->reader.arg = l;
    struct http_request request = {.method = "GET",
        .max_bytes = BYTES_MAX,
        .on_body = mcp_listen_on_body,
        .on_done = mcp_listen_on_done,
        .arg = l};
    int error = mcp_peer_send_listen(op, &request, &l->get);
    if (error != 0) {
        mcp_reader_fini(&l->reader);
        free(l);
        return error;
    }
    op->peer->listen = l;
    return 0;
}

static void mcp_listen_go(struct mcp_op *op)
{
    struct mcp_peer *p = op->peer;
    if (p->session_owner == 0)
        p->session_owner = op->call.owner;
    p->mixed = p->mixed || p->session_owner != op->call.owner;
    if (p->listen)
        mcp_reader_recount(&p->listen->reader);
    mcp_op_go(op, MCP_OP_CALL);
    mcp_op_poke_waiting(p);
}

static void mcp_listen_on_look(struct reactor_timer *timer)
{
    struct mcp_op *op = timer->arg;
    const struct mcp_listen *l = op->peer->listen;
    int64_t now = clock_mono_ms();
    bool waits = l && l->get && http_head(l->get)->status == 0 && now < l->until_ms;
    if (waits)
        reactor_timer_set(op->call.reactor, &op->timer, now + LOOK_MS, mcp_listen_on_look, op);
    else if (mcp_op_is_ready(op->peer))
        mcp_listen_go(op);
    else { /* the session has ended meanwhile */
        op->listening = false;
        mcp_op_begin(op);
    }
}

void mcp_listen_call(struct mcp_op *op)
{
    struct mcp_peer *p = op->peer;
    bool ended = p->listen && !p->listen->get;
    bool wanted = op->call.ask && p->settings.asks && p->era == MCP_ERA_LEGACY && !op->stream;
    if (!wanted || (p->listen && (!ended || !p->asks_aside))) {
        mcp_listen_go(op);
        return;
    }
    if (ended) { /* it asks by it, and has closed it */
        unsigned long long owner = p->session_owner;
        bool mixed = p->mixed;
        mcp_listen_close(p);
        p->session_owner = owner;
        p->mixed = mixed;
    }
    if (mcp_listen_open(op) != 0) { /* the server's own streams carry questions as well */
        mcp_listen_go(op);
        return;
    }
    op->state = MCP_OP_WAIT; /* nothing comes for it until it calls */
    op->listening = true;
    reactor_timer_set(op->call.reactor, &op->timer, clock_mono_ms() + LOOK_MS, mcp_listen_on_look,
        op);
}
