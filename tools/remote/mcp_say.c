/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What goes to the server within a call that waits in a stream: the user's answer, and the request
 * that takes the stream up again. A person may think for longer than a token is good: the purse is
 * asked before each, and a 401 is answered by another token, once. The call ends at once when the
 * server cannot be told the answer: it would wait for it until its time is over.
 */
#include "tools/remote/mcp_peer_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "tools/remote/mcp_badge.h"

#include <stdio.h>

/* The operation is gone afterwards. What came of the call is not known: the server has it. */
static void mcp_say_fail(struct mcp_op *op, const char *words, const char *why)
{
    mcp_peer_tell_cancelled(op);
    op->sent = true;
    if (op->state == MCP_OP_CALL && *words)
        op->state = MCP_OP_BADGE; /* no fault of the server */
    mcp_op_finish(op,
        &(struct mcp_answer){.error = ERR_NET, .sent = true, .text = words, .why = why});
}

/* ---- the token ---- */

static void mcp_say_post(struct mcp_op *op);

static void mcp_say_go_on(struct mcp_op *op)
{
    bool takes_up = op->takes_up;
    int error = mcp_peer_headers(op, "", false);
    op->takes_up = false;
    if (error == 0 && op->exchange)
        error = mcp_exchange_renew(op->exchange, (const char *const *)op->headers);
    if (error != 0) {
        mcp_say_fail(op, "", "no headers");
        return;
    }
    if (takes_up && op->exchange && mcp_exchange_take_up(op->exchange) != 0) {
        mcp_say_fail(op, "", "the stream could not be taken up again");
        return;
    }
    if (op->says.len > 0 && !op->saying)
        mcp_say_post(op);
}

static void mcp_say_on_badge(void *arg, const struct oauth_badge *badge)
{
    struct mcp_op *op = arg;
    if (badge->error != 0)
        mcp_say_fail(op, badge->words, "no token for the answer");
    else if (mcp_badge_keep(op, badge->header) != 0)
        mcp_say_fail(op, "", "no memory");
    else
        mcp_say_go_on(op);
}

/* challenge: of a 401; NULL = none came. */
static void mcp_say_ask(struct mcp_op *op, const char *challenge)
{
    if (!op->peer->purse) {
        mcp_say_go_on(op);
        return;
    }
    if (op->wish.purse) /* it is on its way */
        return;
    op->wish.http = op->call.http;
    op->wish.reactor = op->call.reactor;
    op->wish.until_ms = op->call.until_ms;
    op->wish.refused = challenge ? op->bearer : NULL;
    op->wish.challenged = challenge != NULL;
    if (challenge)
        oauth_challenge_read(challenge, &op->wish.challenge);
    op->wish.challenge.insufficient = false;
    op->wish.done = mcp_say_on_badge;
    op->wish.arg = op;
    oauth_purse_ask(op->peer->purse, &op->wish);
}

/* ---- the answer ---- */

static void mcp_say_on_done(void *arg, const struct http_result *http)
{
    struct mcp_op *op = arg;
    char why[96];
    op->saying = NULL;
    if (http->status >= 200 && http->status < 300) {
        buf_free(&op->says);
    } else if (http->status == 401 && op->peer->purse && !op->said_twice) {
        op->said_twice = true;
        mcp_say_ask(op, http->challenge);
    } else if (http->status == 0 && http->error == ERR_DEADLINE && http->sent) {
        buf_free(&op->says); /* it has it, and lets us wait */
    } else {
        snprintf(why, sizeof why, "the user's answer could not be delivered: status %ld %s",
            http->status, http->error != 0 ? err_text(http->error) : "");
        mcp_say_fail(op, "", why);
    }
}

static void mcp_say_post(struct mcp_op *op)
{
    int error = mcp_exchange_post(op->exchange, buf_text(&op->says), op->says.len, mcp_say_on_done,
        op, &op->saying);
    if (error != 0)
        mcp_say_fail(op, "", "the user's answer could not be sent");
}

void mcp_say_answer(struct mcp_op *op, struct buf *body)
{
    if (!op->exchange || buf_error(body) != 0) {
        buf_free(body);
        return;
    }
    if (op->saying) /* an answer to an earlier question that nobody has taken */
        http_cancel(op->saying);
    op->saying = NULL;
    buf_free(&op->says);
    op->says = *body;
    op->said_twice = false;
    mcp_say_ask(op, NULL);
}

void mcp_say_take_up(void *arg, const char *challenge)
{
    struct mcp_op *op = arg;
    op->takes_up = true;
    mcp_say_ask(op, challenge);
}

void mcp_say_end(struct mcp_op *op)
{
    if (op->saying)
        http_cancel(op->saying);
    op->saying = NULL;
    op->takes_up = false;
    buf_free(&op->says);
    oauth_purse_leave(&op->wish);
}
