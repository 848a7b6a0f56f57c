/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/mcp_badge.h"

#include "base/clock.h"
#include "base/err.h"

#include <stdlib.h>
#include <string.h>

#define BADGE_DENIALS 2 /* of one operation: a token that has ended, one with too little scope */

void mcp_badge_wipe(char **secret)
{
    if (*secret)
        explicit_bzero(*secret, strlen(*secret));
    free(*secret);
    *secret = NULL;
}

static void mcp_badge_fail(struct mcp_op *op, int error, const char *words)
{
    mcp_op_finish(op,
        &(struct mcp_answer){.error = error, .sent = op->sent, .text = words, .why = "no token"});
}

int mcp_badge_keep(struct mcp_op *op, const char *header)
{
    struct mcp_peer *p = op->peer;

    op->has_badge = true;
    mcp_badge_wipe(&op->bearer);
    mcp_badge_wipe(&p->bearer);
    if (!header)
        return 0;
    op->bearer = strdup(header);
    p->bearer = strdup(header);
    return op->bearer && p->bearer ? 0 : ERR_NOMEM;
}

static void mcp_badge_on_badge(void *arg, const struct oauth_badge *badge)
{
    struct mcp_op *op = arg;
    int error = badge->error;

    reactor_timer_clear(op->call.reactor, &op->timer);
    if (!error)
        error = mcp_badge_keep(op, badge->header);
    if (error) {
        mcp_badge_fail(op, error, badge->words);
        return;
    }
    bool anew = op->after == MCP_OP_CALL && !op->stream; /* the session may be another one now */
    op->state = anew ? MCP_OP_WAIT : op->after;
    if (op->state == MCP_OP_WAIT)
        mcp_op_begin(op);
    else
        mcp_op_go(op, op->after);
}

static void mcp_badge_on_late(struct reactor_timer *timer)
{
    mcp_badge_fail(timer->arg, ERR_DEADLINE, "");
}

void mcp_badge_ask(struct mcp_op *op, enum mcp_op_state after)
{
    op->state = MCP_OP_BADGE;
    op->after = after;
    op->wish.http = op->call.http;
    op->wish.reactor = op->call.reactor;
    op->wish.until_ms = op->call.until_ms;
    op->wish.refused = op->bearer;
    op->wish.done = mcp_badge_on_badge;
    op->wish.arg = op;
    reactor_timer_set(op->call.reactor, &op->timer, op->call.until_ms, mcp_badge_on_late, op);
    oauth_purse_ask(op->peer->purse, &op->wish);
}

bool mcp_badge_denied(struct mcp_op *op, const struct mcp_reply *reply)
{
    struct oauth_challenge *challenge = &op->wish.challenge;
    const char *header = reply->challenge ? reply->challenge : "";

    if (!op->peer->purse || (reply->status != 401 && reply->status != 403))
        return false;
    oauth_challenge_read(header, challenge);
    challenge->insufficient = reply->status == 403 && challenge->insufficient;
    if ((reply->status == 403 && !challenge->insufficient) || op->denials == BADGE_DENIALS)
        return false;
    op->denials++;
    op->sent = false; /* the server has not acted on it */
    op->wish.challenged = true;
    mcp_badge_ask(op, op->state);
    return true;
}
