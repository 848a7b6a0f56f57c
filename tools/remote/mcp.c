/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/mcp.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "process/scoreboard.h"
#include "tools/remote/dynamic.h"
#include "tools/remote/elicit.h"
#include "tools/remote/mcp_ask.h"
#include "tools/remote/outside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLY_MAX ((size_t)2 << 20) /* bytes of one reply; what the model gets is result_max */
#define WORDS_MAX 600               /* of a server's error */

struct peer {
    const struct mcp_server *server;
    bool asks; /* a session in which the server may ask, apart from those in which nobody answers */
    struct mcp_peer *peer;
};
#define PEERS_MAX (2 * MCP_SERVERS_MAX)
static struct peer peers[PEERS_MAX]; /* of this process */

struct waiting { /* in the run's arena */
    struct tools_run *run;
    struct mcp_op *op;
    jdoc *schema; /* freed with the arena */
    struct tools_step step;
    jdoc *state;                /* of questions (mcp_ask.h); freed with the arena */
    struct reactor_timer limit; /* of the call, which stands still while the user is asked */
    int64_t asked;
    bool asks, again;
    bool unsent, settled; /* what is known of its effect */
};

struct mcp_peer_settings mcp_settings(const struct mcp_server *server, struct store *store)
{
    return (struct mcp_peer_settings){.name = server->name,
        .url = server->url,
        .header = server->header,
        .public_only = server->public_only,
        .asks = server->asks,
        .max_bytes = REPLY_MAX,
        .era = server->era,
        .breaker = server->breaker,
        .oauth = server->oauth,
        .store = store};
}

static int mcp_peer_of(const struct mcp_server *server, bool asks, struct store *store,
    struct mcp_peer **out)
{
    size_t i = 0;
    while (i < PEERS_MAX && peers[i].server && (peers[i].server != server || peers[i].asks != asks))
        i++;
    if (i == PEERS_MAX)
        return ERR_LIMIT;
    if (!peers[i].peer) {
        struct mcp_peer_settings settings = mcp_settings(server, store);
        settings.asks = asks;
        int error = mcp_peer_new(&peers[i].peer, &settings);
        if (error != 0)
            return error;
        peers[i].server = server;
        peers[i].asks = asks;
    }
    *out = peers[i].peer;
    return 0;
}

void mcp_leave(struct http_client *http, struct reactor *reactor, int64_t wait_ms)
{
    int64_t until = clock_mono_ms() + wait_ms;
    bool said = false;
    for (size_t i = 0; i < PEERS_MAX && peers[i].peer; i++) {
        if (http)
            said = mcp_peer_leave(peers[i].peer, http) || said;
        mcp_peer_free(peers[i].peer);
        peers[i] = (struct peer){0};
    }
    while (said && clock_mono_ms() < until && !http_is_idle(http))
        if (reactor_step(reactor, until, NULL) < 0)
            break;
}

/* ---- what the model is told ---- */

static void mcp_put_part(struct buf *out, const jdoc *part)
{
    const char *type = jdoc_text_or(part, "type", ""), *data = jdoc_text_or(part, "data", "");
    const jdoc *resource = jdoc_get(part, "resource");
    if (out->len > 0)
        buf_putc(out, '\n');
    if (strcmp(type, "text") == 0) {
        buf_puts(out, jdoc_text_or(part, "text", ""));
    } else if (strcmp(type, "image") == 0 || strcmp(type, "audio") == 0) {
        buf_printf(out, "[%s, %.80s, %zu bytes, not shown]", type,
            jdoc_text_or(part, "mimeType", "unknown type"), strlen(data) / 4 * 3);
    } else if (strcmp(type, "resource_link") == 0) {
        buf_printf(out, "[link: %.200s %.500s]", jdoc_text_or(part, "name", ""),
            jdoc_text_or(part, "uri", ""));
    } else if (strcmp(type, "resource") == 0) {
        const char *text = jdoc_text_or(resource, "text", "");
        buf_printf(out, "[resource %.500s, %.80s%s]%s%s", jdoc_text_or(resource, "uri", ""),
            jdoc_text_or(resource, "mimeType", "unknown type"),
            jdoc_get(resource, "blob") ? ", not shown" : "", *text != '\0' ? "\n" : "", text);
    } else {
        buf_printf(out, "[%.40s, not shown]", type);
    }
}

static bool mcp_says_the_same(const struct buf *text, const jdoc *structured)
{
    struct buf a = {0}, b = {0};
    jdoc *doc = NULL;
    bool same = false;
    if (jdoc_parse(buf_text(text), text->len, &doc, NULL, 0) == 0) {
        jdoc_write_canonical(doc, &a);
        jdoc_write_canonical(structured, &b);
        same = buf_error(&a) == 0 && a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
    }
    jdoc_free(doc);
    buf_free(&a);
    buf_free(&b);
    return same;
}

static size_t mcp_json_size(const jdoc *value)
{
    struct buf text = {0};
    jdoc_write(value, &text);
    size_t len = buf_error(&text) == 0 ? text.len : SIZE_MAX;
    buf_free(&text);
    return len;
}

/* Bytes of text that take at most max as JSON, ending with a whole character. */
static size_t mcp_fitting(const char *text, size_t len, size_t max)
{
    size_t cost = 0, at = 0, whole = 0;
    for (; at < len && cost <= max; at++) {
        unsigned char c = (unsigned char)text[at];
        if ((c & 0xC0) != 0x80)
            whole = at;
        cost += c < 0x20 ? 6 : c == '"' || c == '\\' ? 2 : 1;
    }
    return at == len && cost <= max ? len : whole;
}

static int mcp_set_content(jdoc *result, const char *text, size_t len, size_t max)
{
    size_t fits = mcp_fitting(text, len, max);
    jdoc *content = jdoc_new_string(text, fits);
    int error = content ? jdoc_set(result, "content", content) : ERR_NOMEM;
    if (error == 0 && fits < len)
        error = jdoc_set_bool(result, "truncated", true);
    return error;
}

static int mcp_set_success(struct tools_run *run, const char *server, const struct buf *text,
    const jdoc *structured, size_t max)
{
    struct buf whole = {0};
    size_t size = structured ? mcp_json_size(structured) : 0;
    jdoc *result = run_succeed(run, "%s answered.", server);
    int error = result ? 0 : ERR_NOMEM;
    if (error != 0)
        return error;
    if (structured && size <= max) {
        jdoc *copy = jdoc_dup(structured);
        error = copy ? jdoc_set(result, "structured", copy) : ERR_NOMEM;
        if (error == 0 && text->len > 0 && !mcp_says_the_same(text, structured))
            error = mcp_set_content(result, buf_text(text), text->len, max - size);
        return error;
    }
    buf_put(&whole, buf_text(text), text->len);
    if (structured && text->len == 0)
        jdoc_write(structured, &whole);
    error = buf_error(&whole);
    if (error == 0)
        error = mcp_set_content(result, buf_text(&whole), whole.len, max);
    buf_free(&whole);
    return error;
}

int mcp_result(struct tools_run *run, const char *server, const jdoc *answer, size_t max)
{
    const jdoc *content = jdoc_get(answer, "content"), *structured;
    size_t room = (size_t)run->context->conf->tool_result_max;
    struct buf text = {0};
    bool failed = false;
    structured = jdoc_get(answer, "structuredContent");
    if (jdoc_type(content) == JDOC_ARRAY)
        for (size_t i = 0; i < jdoc_length(content); i++)
            mcp_put_part(&text, jdoc_at(content, i));
    if (jdoc_type(structured) != JDOC_OBJECT)
        structured = NULL;
    jdoc_get_bool(answer, "isError", &failed);
    room = room > 1024 ? room - 512 : room / 2; /* for what stands around it */
    int error = buf_error(&text);
    if (error == 0 && failed)
        error = run_fail(run, "tool_failed", "%s says: %.*s", server, WORDS_MAX,
            text.len > 0 ? buf_text(&text) : "the tool failed");
    else if (error == 0)
        error = mcp_set_success(run, server, &text, structured, max < room ? max : room);
    buf_free(&text);
    return error;
}

/* ---- the call ---- */

static int mcp_on_failure(struct tools_run *run, const struct mcp_answer *a)
{
    const char *server = run->spec->dynamic->server->name;
    if (a->error == ERR_NOMEM)
        return a->error;
    if (a->error == ERR_REMOTE)
        return run_fail(run, "refused", "%s refused the call (%lld): %.*s", server,
            (long long)a->code, WORDS_MAX, a->text);
    log_limited(LOG_LEVEL_WARN, "MCP server %s, %s: %s %s", server, run->spec->name,
        err_text(a->error), a->why);
    if (a->sent && run->spec->effect != TOOLS_READ && a->error != ERR_AUTH)
        return outside_unknown(run, server);
    if (a->error == ERR_LIMIT)
        return run_fail(run, "result_too_large", "%s answered more than can be read.", server);
    if (a->error == ERR_PROTOCOL)
        return run_fail(run, "provider_failed", "%s gave an answer that cannot be understood.",
            server);
    if ((a->error == ERR_AUTH || a->error == ERR_NET) && *a->text)
        return run_fail(run, "provider_unavailable", "%s", a->text);
    return run_fail(run, "provider_unavailable",
        a->error == ERR_AUTH ? "%s does not accept the credential that is configured for it." :
                               "%s cannot be reached at the moment. Try again later.",
        server);
}

static int mcp_send(struct waiting *w);

/* The answer is in run->result: its mark says the same. */
static void mcp_mark(struct tools_run *run, void *arg)
{
    struct waiting *w = arg;
    if (run->error == 0 && w->unsent)
        outside_undo(run);
    else if (run->error == 0 && w->settled)
        outside_end(run);
    run_finished(run);
}

/* The server only wanted to see its state again. */
static void mcp_send_again(struct tools_run *run, void *arg)
{
    struct waiting *w = arg;
    run->error = mcp_send(w);
    if (run->error == 0)
        return;
    w->unsent = true;
    if (run->error != ERR_NOMEM)
        run->error = mcp_on_failure(run,
            &(struct mcp_answer){.error = run->error, .text = "", .why = "not tried again"});
    mcp_mark(run, w);
}

/* A question ends the call here: nothing of it has been done, by the protocol. */
static void mcp_on_required(struct waiting *w, const jdoc *result, const char *bearer)
{
    struct tools_run *run = w->run;
    int error = mcp_ask_required(run, run->spec->dynamic->server, result, bearer, &w->state);
    w->again = error == 0;
    w->unsent = error == 1;
    run->error = error < 0 ? error : 0;
}

static void mcp_on_answer(void *arg, const struct mcp_answer *a)
{
    struct waiting *w = arg;
    struct tools_run *run = w->run;
    const struct mcp_server *server = run->spec->dynamic->server;
    w->op = NULL;
    reactor_timer_clear(run->context->reactor, &w->limit);
    run->asking = NULL;
    w->again = false;
    w->unsent = a->error != 0 && !a->sent;
    w->settled = a->error == 0 || a->error == ERR_REMOTE;
    if (a->error == 0 && a->asks)
        mcp_on_required(w, a->result, a->bearer);
    else
        run->error = a->error != 0 ?
            mcp_on_failure(run, a) :
            mcp_result(run, server->name, a->result, (size_t)server->result_max);
    if (run->error == 0)
        run->error = outside_hide(run, a->bearer ? a->bearer : server->header);
    w->step = (struct tools_step){.fn = w->again ? mcp_send_again : mcp_mark, .arg = w};
    run_defer(run, &w->step);
}

static void mcp_on_cancel(struct tools_run *run)
{
    struct waiting *w = run->state;
    reactor_timer_clear(run->context->reactor, &w->limit);
    run->asking = NULL;
    if (w->op)
        mcp_op_cancel(w->op);
    w->op = NULL;
}

static void mcp_on_limit(struct reactor_timer *timer)
{
    struct waiting *w = timer->arg;
    if (w->op)
        mcp_op_expire(w->op);
}

/* Its own limit comes before that of tools.c, which knows nothing of what was sent. */
static int64_t mcp_own_limit(const struct waiting *w)
{
    return clock_mono_ms() + w->run->spec->timeout_ms * 9 / 10;
}

static void mcp_set_limit(struct waiting *w)
{
    if (w->asks)
        reactor_timer_set(w->run->context->reactor, &w->limit, mcp_own_limit(w), mcp_on_limit, w);
}

/* ---- a question within the call (the era with sessions) ---- */

static void mcp_on_reply(struct tools_run *run, const struct tools_reply *reply)
{
    struct waiting *w = run->state;
    jdoc *result = elicit_result(reply->action, reply->content);
    mcp_set_limit(w);
    if (result && w->op)
        mcp_op_answer(w->op, result);
    jdoc_free(result);
}

static int mcp_on_ask(void *arg, const jdoc *params, const char *bearer, char *why, size_t why_size)
{
    struct waiting *w = arg;
    struct tools_run *run = w->run;
    struct tools_question *q = NULL;
    if (!params) { /* withdrawn */
        run->asking = NULL;
        mcp_set_limit(w);
        if (run->on_more)
            run->on_more(run);
        return 0;
    }
    if (!run->context->tells) {
        snprintf(why, why_size, "this user cannot be asked while the call waits");
        return ERR_INVALID;
    }
    int error = mcp_ask_question(run, params, &w->asked, &q, why, why_size);
    if (error != 0)
        return error;
    if (outside_repeats(bearer, q->message) || outside_repeats(bearer, q->schema)) {
        snprintf(why, why_size, "the question repeats a credential");
        return ERR_INVALID;
    }
    reactor_timer_clear(run->context->reactor, &w->limit);
    run_asks(run, q, mcp_on_reply);
    return 0;
}

/* ---- its beginning ---- */

static void mcp_free_waiting(void *arg)
{
    struct waiting *w = arg;
    jdoc_free(w->schema);
    jdoc_free(w->state);
    w->schema = w->state = NULL;
}

static jdoc *mcp_make_params(const struct waiting *w, const char *name)
{
    jdoc *params = jdoc_new_object(), *arguments = jdoc_dup(w->run->args);
    if (!params || !arguments || jdoc_set_string(params, "name", name) != 0) {
        jdoc_free(arguments);
        jdoc_free(params);
        return NULL;
    }
    if (jdoc_set(params, "arguments", arguments) == 0 && mcp_ask_params(w->state, params) == 0)
        return params;
    jdoc_free(params);
    return NULL;
}

static int mcp_prepare(struct tools_run *run, const struct dynamic_tool *tool, struct waiting **out)
{
    struct waiting *w = arena_alloc(run->arena, sizeof *w);
    if (!w || arena_on_free(run->arena, mcp_free_waiting, w) != 0)
        return ERR_NOMEM;
    w->run = run;
    w->asks = run->context->asks && tool->server->asks;
    *out = w;
    return !tool->has_headers ? 0 :
                                jdoc_parse(tool->schema, strlen(tool->schema), &w->schema, NULL, 0);
}

/* Returns 0 (mcp_on_answer comes) or what hindered it. */
static int mcp_send(struct waiting *w)
{
    struct tools_run *run = w->run;
    const struct dynamic_tool *tool = run->spec->dynamic;
    const int64_t patience = run->spec->timeout_ms + tool->server->ask_ms;
    struct mcp_peer *peer = NULL;
    int error = mcp_peer_of(tool->server, w->asks, run->context->store, &peer);
    if (error != 0)
        return error;
    mcp_peer_hint(peer, tool->era);
    struct mcp_call call = {.http = run->context->http,
        .span = &run->span,
        .reactor = run->context->reactor,
        .method = "tools/call",
        .params = mcp_make_params(w, tool->remote_name),
        .name = tool->remote_name,
        .schema = w->schema,
        .until_ms = mcp_own_limit(w) + (w->asks ? patience * ELICIT_QUESTIONS_MAX : 0),
        .owner = scoreboard_owner(run->context->uid),
        .done = mcp_on_answer,
        .ask = w->asks ? mcp_on_ask : NULL,
        .arg = w};
    error = call.params ? mcp_op_start(&w->op, peer, &call) : ERR_NOMEM;
    if (error == 0)
        mcp_set_limit(w);
    return error;
}

int mcp_tool(struct tools_run *run)
{
    const struct dynamic_tool *tool = run->spec->dynamic;
    struct waiting *w = NULL;
    if (!run->context->http)
        return run_fail(run, "provider_unavailable", "%s cannot be asked from here.",
            tool->server->name);
    int error = mcp_prepare(run, tool, &w);
    if (error == 0 && run->reply)
        error = mcp_ask_go_on(run, tool->server, &w->state);
    if (error == 0)
        error = outside_begin(run);
    if (error != 0)
        return error == 1 ? 0 : error;
    error = mcp_send(w);
    if (error == 0) {
        run->state = w;
        run->on_cancel = mcp_on_cancel;
        return ERR_PENDING;
    }
    outside_undo(run);
    return error == ERR_NOMEM ?
        error :
        mcp_on_failure(run, &(struct mcp_answer){.error = error, .text = "", .why = "not tried"});
}
