#include "tools/remote/mcp_peer.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "tools/remote/mcp_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADERS_MAX 32
#define BREAKER_FAILURES 3
#define BREAKER_OPEN_MS 30000

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0.1.0"
#endif

struct mcp_peer {
    struct mcp_peer_settings settings;
    enum mcp_era era;
    bool found;              /* by this process, so that a catalogue's hint is of no interest */
    char version[16];        /* legacy: what initialize agreed on; "" = no session yet */
    char session[512];       /* "" = the server wants none */
    unsigned sessions;       /* begun so far */
    int64_t last_id;
    struct mcp_op *ops;      /* all under way */
    struct mcp_op *greeter;  /* the one that finds the era out or begins the session */
};

/* What the operation waits for. */
enum state { WAIT, PROBE, OPEN, HELLO, READY, CALL, STATES };
/* What came of it. */
enum event { RESULT, REFUSED, STATUS, FAULT, EVENTS };

struct mcp_op {
    struct mcp_peer *peer;
    struct mcp_call call;
    char *name;
    enum state state;
    bool probe_answered;     /* a server that answered the probe without naming a resultType */
    bool again;              /* it has been begun anew once */
    bool sent;               /* the request itself */
    unsigned session;        /* CALL: of the peer's sessions, the one that it was sent in */
    bool has_session;        /* CALL: with an id */
    int64_t id;
    struct mcp_exchange *exchange;
    struct mcp_stream *stream;
    struct reactor_timer timer;
    struct mcp_op *next;
    char *headers[HEADERS_MAX + 1];
    size_t header_count;
    int header_error;
};

static const char *const era_names[] = { "auto", "modern", "legacy", "sse" };

int mcp_era_of(const char *name)
{
    for (int i = 0; i < 4; i++)
        if (strcmp(name, era_names[i]) == 0)
            return i;
    return -1;
}

const char *mcp_era_name(enum mcp_era era)
{
    return era_names[era];
}

int mcp_peer_new(struct mcp_peer **out, const struct mcp_peer_settings *settings)
{
    struct mcp_peer *p = calloc(1, sizeof *p);
    if (p == NULL)
        return ERR_NOMEM;
    p->settings = *settings;
    p->era = settings->era;
    *out = p;
    return 0;
}

void mcp_peer_free(struct mcp_peer *p)
{
    if (p == NULL)
        return;
    while (p->ops != NULL)
        mcp_op_cancel(p->ops);
    free(p);
}

enum mcp_era mcp_peer_era(const struct mcp_peer *p)
{
    return p->era;
}

void mcp_peer_hint(struct mcp_peer *p, enum mcp_era era)
{
    if (!p->found && era != MCP_ERA_UNKNOWN && p->settings.era == MCP_ERA_UNKNOWN)
        p->era = era;
}

/* ---- requests ---- */

static void drop_headers(struct mcp_op *op)
{
    for (size_t i = 0; i < op->header_count; i++)
        free(op->headers[i]);
    op->header_count = 0;
    op->header_error = 0;
    op->headers[0] = NULL;
}

static int add_header(void *arg, const char *header)
{
    struct mcp_op *op = arg;
    if (op->header_count == HEADERS_MAX)
        return op->header_error = ERR_LIMIT;
    if ((op->headers[op->header_count] = strdup(header)) == NULL)
        return op->header_error = ERR_NOMEM;
    op->headers[++op->header_count] = NULL;
    return 0;
}

static void add_header_value(struct mcp_op *op, const char *name, const char *value)
{
    struct buf line = { 0 };
    buf_printf(&line, "%s: ", name);
    mcp_wire_header_value(&line, value, strlen(value));
    if (buf_error(&line) != 0)
        op->header_error = ERR_NOMEM;
    else
        add_header(op, buf_text(&line));
    buf_free(&line);
}

/* The headers that the state's request has; what only the modern era knows stands apart. */
static int make_headers(struct mcp_op *op, const char *method, bool modern)
{
    const struct mcp_peer *p = op->peer;
    drop_headers(op);
    if (p->settings.header != NULL)
        add_header(op, p->settings.header);
    if (modern) {
        add_header_value(op, "MCP-Protocol-Version", MCP_WIRE_MODERN);
        add_header_value(op, "Mcp-Method", method);
        if (op->state == CALL && op->name != NULL)
            add_header_value(op, "Mcp-Name", op->name);
        if (op->state == CALL && op->call.schema != NULL)
            mcp_wire_headers(op->call.schema, jdoc_get(op->call.params, "arguments"), add_header,
                op);
    } else if (p->version[0] != '\0') {
        add_header_value(op, "MCP-Protocol-Version", p->version);
        if (p->session[0] != '\0')
            add_header_value(op, "Mcp-Session-Id", p->session);
    }
    return op->header_error;
}

static int add_client(jdoc *object, const char *key)
{
    jdoc *client = jdoc_new_object();
    if (client == NULL || jdoc_set_string(client, "name", "turnpike") != 0
        || jdoc_set_string(client, "version", PACKAGE_VERSION) != 0) {
        jdoc_free(client);
        return ERR_NOMEM;
    }
    return jdoc_set(object, key, client);
}

/* params with what the modern era wants in each request. */
static int add_meta(jdoc *params)
{
    jdoc *meta = jdoc_new_object();
    if (meta == NULL)
        return ERR_NOMEM;
    int error = jdoc_set_string(meta, "io.modelcontextprotocol/protocolVersion", MCP_WIRE_MODERN);
    if (error == 0)
        error = jdoc_set(meta, "io.modelcontextprotocol/clientCapabilities", jdoc_new_object());
    if (error == 0)
        error = add_client(meta, "io.modelcontextprotocol/clientInfo");
    if (error != 0) {
        jdoc_free(meta);
        return error;
    }
    return jdoc_set(params, "_meta", meta);
}

static int make_hello(const struct mcp_peer *p, jdoc *params)
{
    const char *version = p->era == MCP_ERA_STREAM ? "2024-11-05" : MCP_WIRE_LEGACY;
    int error = jdoc_set_string(params, "protocolVersion", version);
    if (error == 0)
        error = jdoc_set(params, "capabilities", jdoc_new_object());
    return error == 0 ? add_client(params, "clientInfo") : error;
}

static void on_reply(void *arg, const struct mcp_reply *reply);
static void on_open(void *arg, int error, const char *why);

static struct mcp_exchange_what what_of(struct mcp_op *op)
{
    const struct mcp_peer *p = op->peer;
    return (struct mcp_exchange_what){ .http = op->call.http, .reactor = op->call.reactor,
        .url = p->settings.url, .headers = (const char *const *)op->headers,
        .until_ms = op->call.until_ms, .max_bytes = p->settings.max_bytes,
        .public_only = p->settings.public_only, .done = on_reply, .arg = op };
}

static int put_body(struct mcp_op *op, const char *method, bool modern, struct buf *body)
{
    jdoc *params = op->state == CALL ? jdoc_dup(op->call.params) : jdoc_new_object();
    int error = params != NULL ? 0 : ERR_NOMEM;
    if (error == 0 && op->state == HELLO)
        error = make_hello(op->peer, params);
    if (error == 0 && modern)
        error = add_meta(params);
    op->id = op->state == READY ? -1 : ++op->peer->last_id;
    if (error == 0)
        mcp_wire_put(body, op->id, method, op->state == READY ? NULL : params);
    jdoc_free(params);
    return error != 0 ? error : buf_error(body);
}

/* Sends what the state says. */
static int send_state(struct mcp_op *op)
{
    static const char *const methods[STATES] = { [PROBE] = "tools/list", [HELLO] = "initialize",
        [READY] = "notifications/initialized" };
    const char *method = op->state == CALL ? op->call.method : methods[op->state];
    bool modern = op->state == PROBE || (op->state == CALL && op->peer->era == MCP_ERA_MODERN);
    struct buf body = { 0 };
    int error = make_headers(op, op->state == OPEN ? "" : method, modern);
    struct mcp_exchange_what what = what_of(op);
    if (error == 0 && op->state == OPEN)
        return mcp_stream_open(&op->stream, &what, on_open);
    if (error == 0)
        error = put_body(op, method, modern, &body);
    what.body = buf_text(&body);
    what.body_len = body.len;
    what.id = op->id;
    what.resumable = !modern;
    if (error == 0)
        error = op->stream != NULL
            ? mcp_stream_send(op->stream, what.body, what.body_len, what.id, on_reply)
            : mcp_exchange_start(&op->exchange, &what);
    buf_free(&body);
    return error;
}

/* ---- the life of an operation ---- */

static void unlink_op(struct mcp_op *op)
{
    for (struct mcp_op **at = &op->peer->ops; *at != NULL; at = &(*at)->next)
        if (*at == op) {
            *at = op->next;
            return;
        }
}

static void begin(struct mcp_op *op);

/* The next one that waits takes over what the greeter left, or goes on with what it found. */
static void wake_waiting(struct mcp_peer *p)
{
    struct mcp_op *op = p->ops;
    while (op != NULL && p->greeter == NULL) {
        if (op->state == WAIT) {
            begin(op); /* it, and by its callback any other one, may be gone now */
            op = p->ops;
        } else {
            op = op->next;
        }
    }
}

static void on_wake(struct reactor_timer *timer)
{
    struct mcp_op *op = timer->arg;
    wake_waiting(op->peer); /* op itself is one of them */
}

static void forget_era(struct mcp_peer *p)
{
    p->era = p->settings.era;
    p->found = false;
    p->version[0] = p->session[0] = '\0';
}

static void free_op(struct mcp_op *op)
{
    struct mcp_peer *p = op->peer;
    mcp_exchange_cancel(op->exchange);
    mcp_stream_free(op->stream);
    reactor_timer_clear(op->call.reactor, &op->timer);
    unlink_op(op);
    if (p->greeter == op) { /* it has not come through: what was known may not hold any more */
        p->greeter = NULL;
        forget_era(p);
    }
    drop_headers(op);
    jdoc_free(op->call.params);
    free(op->name);
    free(op);
}

/* Those that wait go on by a timer of their own, never from within another's callback. */
static void poke_waiting(struct mcp_peer *p)
{
    for (struct mcp_op *op = p->ops; op != NULL && p->greeter == NULL; op = op->next)
        if (op->state == WAIT && !op->timer.set) {
            reactor_timer_set(op->call.reactor, &op->timer, clock_mono_ms(), on_wake, op);
            return;
        }
}

static const struct breaker_settings breaker_settings = { BREAKER_FAILURES, BREAKER_OPEN_MS };

static void count(struct mcp_peer *p, int error)
{
    struct breaker *b = p->settings.breaker;
    if (b == NULL || error == ERR_BUSY || error == ERR_NOMEM || error == ERR_LIMIT)
        return;
    if (error == 0 || error == ERR_REMOTE)
        breaker_success(b);
    else
        breaker_failure(b, &breaker_settings, clock_mono_ms());
}

static void finish(struct mcp_op *op, const struct mcp_answer *answer)
{
    struct mcp_peer *p = op->peer;
    mcp_op_done_fn *done = op->call.done;
    void *arg = op->call.arg;
    count(p, answer->error);
    done(arg, answer);
    free_op(op);
    poke_waiting(p);
}

static void fail(struct mcp_op *op, int error, const char *why)
{
    finish(op, &(struct mcp_answer){ .error = error, .sent = op->sent, .text = "", .why = why });
}

static void go(struct mcp_op *op, enum state state)
{
    op->state = state;
    op->session = op->peer->sessions;
    op->has_session = op->peer->session[0] != '\0';
    int error = send_state(op);
    if (error != 0)
        fail(op, error, "the request could not be sent");
}

/* The era is known and, if it has sessions, there is one. */
static bool is_ready(const struct mcp_peer *p)
{
    return p->era == MCP_ERA_MODERN || (p->era == MCP_ERA_LEGACY && p->version[0] != '\0');
}

static void begin(struct mcp_op *op)
{
    struct mcp_peer *p = op->peer;
    if (is_ready(p)) {
        go(op, CALL);
    } else if (p->era == MCP_ERA_STREAM) { /* each operation has a stream of its own */
        go(op, OPEN);
    } else if (p->greeter != NULL && p->greeter != op) {
        op->state = WAIT;
    } else {
        p->greeter = op;
        go(op, p->era == MCP_ERA_UNKNOWN ? PROBE : HELLO);
    }
}

/* ---- what came: the cells of the table ---- */

typedef void cell_fn(struct mcp_op *op, const struct mcp_reply *reply);

static void settle_era(struct mcp_op *op, enum mcp_era era)
{
    struct mcp_peer *p = op->peer;
    if (p->era != era)
        log_info("MCP server %s speaks %s", p->settings.name, mcp_era_name(era));
    p->era = era;
    p->found = true;
}

static void go_on(struct mcp_op *op)
{
    struct mcp_peer *p = op->peer;
    if (p->greeter == op)
        p->greeter = NULL;
    op->exchange = NULL;
    go(op, CALL);
    poke_waiting(p);
}

static void cell_impossible(struct mcp_op *op, const struct mcp_reply *reply)
{
    (void)reply;
    fail(op, ERR_INTERNAL, "an event that cannot be");
}

static void cell_fault(struct mcp_op *op, const struct mcp_reply *reply)
{
    fail(op, reply->error, reply->why);
}

static void cell_status(struct mcp_op *op, const struct mcp_reply *reply)
{
    char why[96];
    snprintf(why, sizeof why, "status %ld %s", reply->status, http_reason((int)reply->status));
    fail(op, reply->status == 401 || reply->status == 403 ? ERR_AUTH : ERR_NET, why);
}

static void cell_probe_result(struct mcp_op *op, const struct mcp_reply *reply)
{
    if (jdoc_has(reply->message.result, "resultType")) {
        settle_era(op, MCP_ERA_MODERN);
        go_on(op);
        return;
    }
    op->probe_answered = true;
    op->peer->era = MCP_ERA_LEGACY;
    go(op, HELLO);
}

/* Is there a version among those it supports that we speak in the other era? */
static bool offers_legacy(const jdoc *data)
{
    const jdoc *supported = jdoc_get(data, "supported");
    for (size_t i = 0; i < jdoc_length(supported); i++) {
        const char *version = jdoc_string(jdoc_at(supported, i), NULL);
        if (version != NULL && mcp_wire_legacy_version(version))
            return true;
    }
    return false;
}

static void cell_probe_refused(struct mcp_op *op, const struct mcp_reply *reply)
{
    int64_t code = reply->message.code;
    if (reply->status == 401 || reply->status == 403 || reply->status >= 500) {
        cell_status(op, reply);
    } else if (code == MCP_WIRE_HEADER_MISMATCH || code == MCP_WIRE_CAPABILITY
        || (code == MCP_WIRE_VERSION && !offers_legacy(reply->message.data))) {
        fail(op, ERR_PROTOCOL, "a modern server that refuses how we ask");
    } else {
        op->peer->era = MCP_ERA_LEGACY;
        go(op, HELLO);
    }
}

static void cell_probe_status(struct mcp_op *op, const struct mcp_reply *reply)
{
    if (reply->status < 400 || reply->status > 499 || reply->status == 401
        || reply->status == 403 || reply->status == 408 || reply->status == 429) {
        cell_status(op, reply);
        return;
    }
    op->peer->era = MCP_ERA_LEGACY;
    go(op, HELLO);
}

static void cell_hello_result(struct mcp_op *op, const struct mcp_reply *reply)
{
    struct mcp_peer *p = op->peer;
    const char *version = jdoc_text_or(reply->message.result, "protocolVersion", "");
    if (!mcp_wire_legacy_version(version)) {
        fail(op, ERR_PROTOCOL, "initialize names a version that is not known");
        return;
    }
    if (op->stream == NULL) {
        snprintf(p->version, sizeof p->version, "%s", version);
        snprintf(p->session, sizeof p->session, "%s", reply->session);
        p->sessions++;
        settle_era(op, MCP_ERA_LEGACY);
    } else {
        settle_era(op, MCP_ERA_STREAM);
    }
    go(op, READY);
}

/* A server that answers requests but knows no initialize is a modern one that is lax. */
static bool is_lax_modern(struct mcp_op *op)
{
    if (!op->probe_answered)
        return false;
    settle_era(op, MCP_ERA_MODERN);
    go_on(op);
    return true;
}

static void cell_hello_refused(struct mcp_op *op, const struct mcp_reply *reply)
{
    if (is_lax_modern(op))
        return;
    if (reply->status == 401 || reply->status == 403)
        cell_status(op, reply);
    else
        fail(op, ERR_PROTOCOL, "initialize was refused");
}

static void cell_hello_status(struct mcp_op *op, const struct mcp_reply *reply)
{
    if (is_lax_modern(op))
        return;
    bool older = reply->status == 400 || reply->status == 404 || reply->status == 405
        || reply->status == 406 || reply->status == 415;
    if (op->stream == NULL && older && op->peer->settings.era == MCP_ERA_UNKNOWN) {
        op->peer->era = MCP_ERA_STREAM;
        go(op, OPEN);
        return;
    }
    cell_status(op, reply);
}

static void cell_open_failed(struct mcp_op *op, const struct mcp_reply *reply)
{
    forget_era(op->peer);
    if (reply->error == ERR_REMOTE)
        cell_status(op, reply);
    else
        cell_fault(op, reply);
}

static void cell_opened(struct mcp_op *op, const struct mcp_reply *reply)
{
    (void)reply;
    go(op, HELLO);
}

static void cell_ready(struct mcp_op *op, const struct mcp_reply *reply)
{
    (void)reply;
    go_on(op);
}

static void cell_ready_failed(struct mcp_op *op, const struct mcp_reply *reply)
{
    op->peer->version[0] = op->peer->session[0] = '\0';
    if (reply->error == ERR_REMOTE || reply->error == 0)
        cell_status(op, reply);
    else
        cell_fault(op, reply);
}

static void cell_call_result(struct mcp_op *op, const struct mcp_reply *reply)
{
    const char *type = jdoc_text_or(reply->message.result, "resultType", "complete");
    if (strcmp(type, "complete") != 0) {
        fail(op, ERR_PROTOCOL, strcmp(type, "input_required") == 0
            ? "the server asks for input, which nobody here gives" : "unknown resultType");
        return;
    }
    finish(op, &(struct mcp_answer){ .sent = true, .result = reply->message.result, .text = "",
        .why = "" });
}

/* The server did not take the request, for a reason that a new beginning mends. Once. */
static bool begins_again(struct mcp_op *op, const struct mcp_reply *reply)
{
    struct mcp_peer *p = op->peer;
    bool stale = p->era == MCP_ERA_LEGACY
        && (reply->status == 404 || (reply->status == 400 && op->has_session));
    bool other_era = p->era == MCP_ERA_MODERN && p->settings.era == MCP_ERA_UNKNOWN
        && (reply->status == 400 || reply->status == 404 || reply->status == 405
            || reply->status == 406) && reply->message.code != MCP_WIRE_NO_METHOD
        && reply->message.code != MCP_WIRE_HEADER_MISMATCH
        && reply->message.code != MCP_WIRE_CAPABILITY;
    if (op->again || (!stale && !other_era))
        return false;
    op->again = true;
    op->sent = false;
    if (other_era)
        forget_era(p);
    else if (op->session == p->sessions) /* nobody has begun a new one meanwhile */
        p->version[0] = p->session[0] = '\0';
    log_info("MCP server %s has forgotten us: begun again", p->settings.name);
    begin(op);
    return true;
}

static void cell_call_refused(struct mcp_op *op, const struct mcp_reply *reply)
{
    if (begins_again(op, reply))
        return;
    if (reply->status == 401 || reply->status == 403 || reply->status >= 500) {
        cell_status(op, reply);
        return;
    }
    finish(op, &(struct mcp_answer){ .error = ERR_REMOTE, .sent = true,
        .code = reply->message.code, .text = reply->message.text, .why = "" });
}

static void cell_call_status(struct mcp_op *op, const struct mcp_reply *reply)
{
    if (!begins_again(op, reply))
        cell_status(op, reply);
}

/* RESULT, REFUSED (a JSON-RPC error), STATUS (of HTTP, without one), FAULT. */
static cell_fn *const table[STATES][EVENTS] = {
    [WAIT] = { cell_impossible, cell_impossible, cell_impossible, cell_impossible },
    [PROBE] = { cell_probe_result, cell_probe_refused, cell_probe_status, cell_fault },
    [OPEN] = { cell_opened, cell_impossible, cell_open_failed, cell_open_failed },
    [HELLO] = { cell_hello_result, cell_hello_refused, cell_hello_status, cell_fault },
    [READY] = { cell_ready, cell_ready_failed, cell_ready_failed, cell_ready_failed },
    [CALL] = { cell_call_result, cell_call_refused, cell_call_status, cell_fault },
};

static void on_reply(void *arg, const struct mcp_reply *reply)
{
    struct mcp_op *op = arg;
    enum event event = reply->error == ERR_REMOTE ? STATUS : reply->error != 0 ? FAULT
        : reply->message.kind == MCP_WIRE_ERROR ? REFUSED : RESULT;
    op->exchange = NULL;
    op->sent = op->sent || (op->state == CALL && reply->sent);
    table[op->state][event](op, reply);
}

static void on_open(void *arg, int error, const char *why)
{
    struct mcp_op *op = arg;
    const struct mcp_reply reply = { .error = error, .message.id = -1, .session = "", .why = why };
    table[op->state][error == 0 ? RESULT : FAULT](op, &reply);
}

/* ---- from outside ---- */

int mcp_op_start(struct mcp_op **out, struct mcp_peer *p, const struct mcp_call *call)
{
    struct mcp_op *op = calloc(1, sizeof *op);
    if (p->settings.breaker != NULL
        && !breaker_allows(p->settings.breaker, &breaker_settings, clock_mono_ms())) {
        free(op);
        jdoc_free(call->params);
        return ERR_BUSY;
    }
    if (op != NULL) {
        op->peer = p;
        op->call = *call;
        op->name = call->name != NULL ? strdup(call->name) : NULL;
        if (op->call.params == NULL)
            op->call.params = jdoc_new_object();
    }
    if (op == NULL || op->call.params == NULL || (call->name != NULL && op->name == NULL)) {
        if (op != NULL)
            free(op->name);
        free(op);
        jdoc_free(call->params);
        return ERR_NOMEM;
    }
    op->state = WAIT;
    op->next = p->ops;
    p->ops = op;
    /* From the reactor: done is never called before this returns. */
    reactor_timer_set(op->call.reactor, &op->timer, clock_mono_ms(), on_wake, op);
    *out = op;
    return 0;
}

static void tell_cancelled(struct mcp_op *op)
{
    struct mcp_exchange_what what = what_of(op);
    struct buf body = { 0 };
    jdoc *params = jdoc_new_object();
    if (params != NULL && jdoc_set_int(params, "requestId", op->id) == 0
        && jdoc_set_string(params, "reason", "no longer wanted") == 0
        && make_headers(op, "", false) == 0) {
        mcp_wire_put(&body, -1, "notifications/cancelled", params);
        what.headers = (const char *const *)op->headers;
        if (buf_error(&body) == 0)
            mcp_exchange_tell(&what, buf_text(&body), body.len);
    }
    jdoc_free(params);
    buf_free(&body);
}

void mcp_op_cancel(struct mcp_op *op)
{
    struct mcp_peer *p = op->peer;
    if (op->state == CALL && p->era == MCP_ERA_LEGACY && op->exchange != NULL)
        tell_cancelled(op);
    free_op(op);
    poke_waiting(p);
}

bool mcp_peer_leave(struct mcp_peer *p, struct http_client *http)
{
    char session[600], version[64];
    const char *headers[] = { session, version, p->settings.header, NULL };
    if (p->era != MCP_ERA_LEGACY || p->session[0] == '\0')
        return false;
    snprintf(session, sizeof session, "Mcp-Session-Id: %s", p->session);
    snprintf(version, sizeof version, "MCP-Protocol-Version: %s", p->version);
    struct http_request request = { .method = "DELETE", .url = p->settings.url, .headers = headers,
        .connect_timeout_ms = 1000, .total_timeout_ms = 2000, .max_bytes = 65536,
        .public_only = p->settings.public_only };
    p->version[0] = p->session[0] = '\0';
    return http_start(http, &request, NULL) == 0;
}
