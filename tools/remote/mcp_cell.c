/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of what each event does to an operation of an MCP server, in each of its states. */
#include "tools/remote/mcp_peer_parts.h"

#include "base/err.h"
#include "base/log.h"
#include "tools/remote/mcp_badge.h"

#include <stdio.h>
#include <string.h>

typedef void mcp_cell_fn(struct mcp_op *op, const struct mcp_reply *reply);

static void mcp_cell_settle_era(struct mcp_op *op, enum mcp_era era)
{
    struct mcp_peer *p = op->peer;
    if (p->era != era)
        log_info("MCP server %s speaks %s", p->settings.name, mcp_era_name(era));
    p->era = era;
    p->found = true;
}

static void mcp_cell_go_on(struct mcp_op *op)
{
    struct mcp_peer *p = op->peer;
    if (p->greeter == op)
        p->greeter = NULL;
    op->exchange = NULL;
    mcp_listen_call(op);
    mcp_op_poke_waiting(p);
}

static void mcp_cell_impossible(struct mcp_op *op, const struct mcp_reply *reply)
{
    (void)reply;
    mcp_op_fail(op, ERR_INTERNAL, "an event that cannot be");
}

static void mcp_cell_fault(struct mcp_op *op, const struct mcp_reply *reply)
{
    mcp_op_fail(op, reply->error, reply->why);
}

static void mcp_cell_status(struct mcp_op *op, const struct mcp_reply *reply)
{
    char why[96];
    if (mcp_badge_denied(op, reply))
        return;
    snprintf(why, sizeof why, "status %ld %s", reply->status, http_reason((int)reply->status));
    mcp_op_fail(op, reply->status == 401 || reply->status == 403 ? ERR_AUTH : ERR_NET, why);
}

static void mcp_cell_probe_result(struct mcp_op *op, const struct mcp_reply *reply)
{
    if (jdoc_has(reply->message.result, "resultType")) {
        mcp_cell_settle_era(op, MCP_ERA_MODERN);
        mcp_cell_go_on(op);
        return;
    }
    op->probe_answered = true;
    op->peer->era = MCP_ERA_LEGACY;
    mcp_op_go(op, MCP_OP_HELLO);
}

/* Is there a version among those it supports that we speak in the other era? */
static bool mcp_cell_offers_legacy(const jdoc *data)
{
    const jdoc *supported = jdoc_get(data, "supported");
    for (size_t i = 0; i < jdoc_length(supported); i++) {
        const char *version = jdoc_string(jdoc_at(supported, i), NULL);
        if (version && mcp_wire_legacy_version(version))
            return true;
    }
    return false;
}

static void mcp_cell_probe_refused(struct mcp_op *op, const struct mcp_reply *reply)
{
    int64_t code = reply->message.code;
    if (reply->status == 401 || reply->status == 403 || reply->status >= 500) {
        mcp_cell_status(op, reply);
    } else if (code == MCP_WIRE_HEADER_MISMATCH || code == MCP_WIRE_CAPABILITY ||
        (code == MCP_WIRE_VERSION && !mcp_cell_offers_legacy(reply->message.data))) {
        mcp_op_fail(op, ERR_PROTOCOL, "a modern server that refuses how we ask");
    } else {
        op->peer->era = MCP_ERA_LEGACY;
        mcp_op_go(op, MCP_OP_HELLO);
    }
}

static void mcp_cell_probe_status(struct mcp_op *op, const struct mcp_reply *reply)
{
    if (reply->status < 400 || reply->status > 499 || reply->status == 401 ||
        reply->status == 403 || reply->status == 408 || reply->status == 429) {
        mcp_cell_status(op, reply);
        return;
    }
    op->peer->era = MCP_ERA_LEGACY;
    mcp_op_go(op, MCP_OP_HELLO);
}

static void mcp_cell_hello_result(struct mcp_op *op, const struct mcp_reply *reply)
{
    struct mcp_peer *p = op->peer;
    const char *version = jdoc_text_or(reply->message.result, "protocolVersion", "");
    if (!mcp_wire_legacy_version(version)) {
        mcp_op_fail(op, ERR_PROTOCOL, "initialize names a version that is not known");
        return;
    }
    if (!op->stream) {
        snprintf(p->version, sizeof p->version, "%s", version);
        snprintf(p->session, sizeof p->session, "%s", reply->session);
        p->sessions++;
        mcp_listen_close(p);
        mcp_cell_settle_era(op, MCP_ERA_LEGACY);
    } else {
        mcp_cell_settle_era(op, MCP_ERA_STREAM);
    }
    mcp_op_go(op, MCP_OP_READY);
}

/* A server that answers requests but knows no initialize is a modern one that is lax. */
static bool mcp_cell_is_lax_modern(struct mcp_op *op)
{
    if (!op->probe_answered)
        return false;
    mcp_cell_settle_era(op, MCP_ERA_MODERN);
    mcp_cell_go_on(op);
    return true;
}

static void mcp_cell_hello_refused(struct mcp_op *op, const struct mcp_reply *reply)
{
    if (mcp_cell_is_lax_modern(op))
        return;
    if (reply->status == 401 || reply->status == 403)
        mcp_cell_status(op, reply);
    else
        mcp_op_fail(op, ERR_PROTOCOL, "initialize was refused");
}

static void mcp_cell_hello_status(struct mcp_op *op, const struct mcp_reply *reply)
{
    if (mcp_cell_is_lax_modern(op))
        return;
    bool older = reply->status == 400 || reply->status == 404 || reply->status == 405 ||
        reply->status == 406 || reply->status == 415;
    if (!op->stream && older && op->peer->settings.era == MCP_ERA_UNKNOWN) {
        op->peer->era = MCP_ERA_STREAM;
        mcp_op_go(op, MCP_OP_OPEN);
        return;
    }
    mcp_cell_status(op, reply);
}

static void mcp_cell_open_failed(struct mcp_op *op, const struct mcp_reply *reply)
{
    mcp_peer_forget_era(op->peer);
    if (reply->error == ERR_REMOTE)
        mcp_cell_status(op, reply);
    else
        mcp_cell_fault(op, reply);
}

static void mcp_cell_opened(struct mcp_op *op, const struct mcp_reply *reply)
{
    (void)reply;
    mcp_op_go(op, MCP_OP_HELLO);
}

static void mcp_cell_ready(struct mcp_op *op, const struct mcp_reply *reply)
{
    (void)reply;
    mcp_cell_go_on(op);
}

static void mcp_cell_ready_failed(struct mcp_op *op, const struct mcp_reply *reply)
{
    if (mcp_badge_denied(op, reply))
        return;
    op->peer->version[0] = op->peer->session[0] = '\0';
    if (reply->error == ERR_REMOTE || reply->error == 0)
        mcp_cell_status(op, reply);
    else
        mcp_cell_fault(op, reply);
}

static void mcp_cell_call_result(struct mcp_op *op, const struct mcp_reply *reply)
{
    const char *type = jdoc_text_or(reply->message.result, "resultType", "complete");
    bool asks = strcmp(type, "input_required") == 0 && op->peer->settings.asks &&
        op->peer->era == MCP_ERA_MODERN;
    if (strcmp(type, "complete") != 0 && !asks) {
        mcp_op_fail(op, ERR_PROTOCOL,
            strcmp(type, "input_required") == 0 ?
                "the server asks for input, which nobody here gives" :
                "unknown resultType");
        return;
    }
    mcp_op_finish(op,
        &(struct mcp_answer){.sent = true,
            .result = reply->message.result,
            .asks = asks,
            .text = "",
            .why = "",
            .bearer = op->bearer});
}

/* The server did not take the request, for a reason that a new beginning mends. Once. */
static bool mcp_cell_begins_again(struct mcp_op *op, const struct mcp_reply *reply)
{
    struct mcp_peer *p = op->peer;
    bool stale = p->era == MCP_ERA_LEGACY &&
        (reply->status == 404 || (reply->status == 400 && op->has_session));
    bool other_era = p->era == MCP_ERA_MODERN && p->settings.era == MCP_ERA_UNKNOWN &&
        (reply->status == 400 || reply->status == 404 || reply->status == 405 ||
            reply->status == 406) &&
        reply->message.code != MCP_WIRE_NO_METHOD &&
        reply->message.code != MCP_WIRE_HEADER_MISMATCH &&
        reply->message.code != MCP_WIRE_CAPABILITY;
    if (op->again || (!stale && !other_era))
        return false;
    op->again = true;
    op->sent = false;
    if (other_era)
        mcp_peer_forget_era(p);
    else if (op->session == p->sessions) /* nobody has begun a new one meanwhile */
        p->version[0] = p->session[0] = '\0';
    log_info("MCP server %s has forgotten us: begun again", p->settings.name);
    mcp_op_begin(op);
    return true;
}

static void mcp_cell_call_refused(struct mcp_op *op, const struct mcp_reply *reply)
{
    if (mcp_cell_begins_again(op, reply))
        return;
    if (reply->status == 401 || reply->status == 403 || reply->status >= 500) {
        mcp_cell_status(op, reply);
        return;
    }
    mcp_op_finish(op,
        &(struct mcp_answer){.error = ERR_REMOTE,
            .sent = true,
            .code = reply->message.code,
            .text = reply->message.text,
            .why = "",
            .bearer = op->bearer});
}

static void mcp_cell_call_status(struct mcp_op *op, const struct mcp_reply *reply)
{
    if (!mcp_cell_begins_again(op, reply))
        mcp_cell_status(op, reply);
}

/* The columns: MCP_OP_RESULT, _REFUSED (a JSON-RPC error), _STATUS (of HTTP, without one),
 * _FAULT. */
static mcp_cell_fn *const mcp_cell_table[MCP_OP_STATES][MCP_OP_EVENTS] = {
    [MCP_OP_WAIT] = {mcp_cell_impossible, mcp_cell_impossible, mcp_cell_impossible,
        mcp_cell_impossible},
    [MCP_OP_BADGE] = {mcp_cell_impossible, mcp_cell_impossible, mcp_cell_impossible,
        mcp_cell_impossible},
    [MCP_OP_PROBE] = {mcp_cell_probe_result, mcp_cell_probe_refused, mcp_cell_probe_status,
        mcp_cell_fault},
    [MCP_OP_OPEN] = {mcp_cell_opened, mcp_cell_impossible, mcp_cell_open_failed,
        mcp_cell_open_failed},
    [MCP_OP_HELLO] = {mcp_cell_hello_result, mcp_cell_hello_refused, mcp_cell_hello_status,
        mcp_cell_fault},
    [MCP_OP_READY] = {mcp_cell_ready, mcp_cell_ready_failed, mcp_cell_ready_failed,
        mcp_cell_ready_failed},
    [MCP_OP_CALL] = {mcp_cell_call_result, mcp_cell_call_refused, mcp_cell_call_status,
        mcp_cell_fault},
};

void mcp_cell_on_reply(void *arg, const struct mcp_reply *reply)
{
    struct mcp_op *op = arg;
    enum mcp_op_event event = reply->error == ERR_REMOTE ? MCP_OP_STATUS :
        reply->error != 0                                ? MCP_OP_FAULT :
        reply->message.kind == MCP_WIRE_ERROR            ? MCP_OP_REFUSED :
                                                           MCP_OP_RESULT;
    op->exchange = NULL;
    mcp_say_end(op);
    op->sent = op->sent || (op->state == MCP_OP_CALL && reply->sent);
    mcp_cell_table[op->state][event](op, reply);
}

void mcp_cell_on_open(void *arg, int error, const char *why)
{
    struct mcp_op *op = arg;
    const struct mcp_reply reply = {.error = error, .message.id = -1, .session = "", .why = why};
    mcp_cell_table[op->state][error == 0 ? MCP_OP_RESULT : MCP_OP_FAULT](op, &reply);
}
