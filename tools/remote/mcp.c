/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/mcp.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "process/scoreboard.h"
#include "tools/remote/dynamic.h"
#include "tools/remote/outside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLY_MAX ((size_t)2 << 20) /* bytes of one reply; what the model gets is result_max */
#define WORDS_MAX 600               /* of a server's error */

struct peer {
    const struct mcp_server *server;
    struct mcp_peer *peer;
};
static struct peer peers[MCP_SERVERS_MAX]; /* of this process */

struct waiting { /* in the run's arena */
    struct tools_run *run;
    struct mcp_op *op;
    jdoc *schema; /* freed with the arena */
    struct tools_step step;
    bool unsent, settled; /* what is known of its effect */
};

struct mcp_peer_settings mcp_settings(const struct mcp_server *server, struct store *store)
{
    return (struct mcp_peer_settings){.name = server->name,
        .url = server->url,
        .header = server->header,
        .public_only = server->public_only,
        .max_bytes = REPLY_MAX,
        .era = server->era,
        .breaker = server->breaker,
        .oauth = server->oauth,
        .store = store};
}

static int mcp_peer_of(const struct mcp_server *server, struct store *store, struct mcp_peer **out)
{
    size_t i = 0;
    while (i < MCP_SERVERS_MAX && peers[i].server && peers[i].server != server)
        i++;
    if (i == MCP_SERVERS_MAX)
        return ERR_LIMIT;
    if (!peers[i].peer) {
        struct mcp_peer_settings settings = mcp_settings(server, store);
        int error = mcp_peer_new(&peers[i].peer, &settings);
        if (error != 0)
            return error;
        peers[i].server = server;
    }
    *out = peers[i].peer;
    return 0;
}

void mcp_leave(struct http_client *http, struct reactor *reactor, int64_t wait_ms)
{
    int64_t until = clock_mono_ms() + wait_ms;
    bool said = false;
    for (size_t i = 0; i < MCP_SERVERS_MAX && peers[i].peer; i++) {
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

/* The answer is in run->result: its mark says the same. */
static void mcp_mark(struct tools_run *run, void *arg)
{
    const struct waiting *w = arg;
    if (run->error == 0 && w->unsent)
        outside_undo(run);
    else if (run->error == 0 && w->settled)
        outside_end(run);
    run_finished(run);
}

static void mcp_on_answer(void *arg, const struct mcp_answer *a)
{
    struct waiting *w = arg;
    struct tools_run *run = w->run;
    const struct mcp_server *server = run->spec->dynamic->server;
    w->op = NULL;
    run->error = a->error != 0 ?
        mcp_on_failure(run, a) :
        mcp_result(run, server->name, a->result, (size_t)server->result_max);
    if (run->error == 0)
        run->error = outside_hide(run, a->bearer ? a->bearer : server->header);
    w->unsent = a->error != 0 && !a->sent;
    w->settled = a->error == 0 || a->error == ERR_REMOTE;
    w->step = (struct tools_step){.fn = mcp_mark, .arg = w};
    run_defer(run, &w->step);
}

static void mcp_on_cancel(struct tools_run *run)
{
    struct waiting *w = run->state;
    if (w->op)
        mcp_op_cancel(w->op);
    w->op = NULL;
}

static void mcp_free_schema(void *arg)
{
    struct waiting *w = arg;
    jdoc_free(w->schema);
    w->schema = NULL;
}

static jdoc *mcp_make_params(const struct tools_run *run, const char *name)
{
    jdoc *params = jdoc_new_object(), *arguments = jdoc_dup(run->args);
    if (!params || !arguments || jdoc_set_string(params, "name", name) != 0) {
        jdoc_free(arguments);
        jdoc_free(params);
        return NULL;
    }
    if (jdoc_set(params, "arguments", arguments) == 0)
        return params;
    jdoc_free(params);
    return NULL;
}

static int mcp_prepare(struct tools_run *run, const struct dynamic_tool *tool, struct waiting **out)
{
    struct waiting *w = arena_alloc(run->arena, sizeof *w);
    if (!w || arena_on_free(run->arena, mcp_free_schema, w) != 0)
        return ERR_NOMEM;
    w->run = run;
    *out = w;
    return !tool->has_headers ? 0 :
                                jdoc_parse(tool->schema, strlen(tool->schema), &w->schema, NULL, 0);
}

int mcp_tool(struct tools_run *run)
{
    const struct dynamic_tool *tool = run->spec->dynamic;
    struct mcp_peer *peer = NULL;
    struct waiting *w = NULL;
    if (!run->context->http)
        return run_fail(run, "provider_unavailable", "%s cannot be asked from here.",
            tool->server->name);
    int error = mcp_peer_of(tool->server, run->context->store, &peer);
    if (error == 0)
        error = mcp_prepare(run, tool, &w);
    if (error == 0)
        error = outside_begin(run);
    if (error != 0)
        return error == 1 ? 0 : error;
    mcp_peer_hint(peer, tool->era);
    /* Its own limit comes before that of tools.c, which knows nothing of what was sent. */
    struct mcp_call call = {.http = run->context->http,
        .span = &run->span,
        .reactor = run->context->reactor,
        .method = "tools/call",
        .params = mcp_make_params(run, tool->remote_name),
        .name = tool->remote_name,
        .schema = w->schema,
        .until_ms = clock_mono_ms() + run->spec->timeout_ms * 9 / 10,
        .owner = scoreboard_owner(run->context->uid),
        .done = mcp_on_answer,
        .arg = w};
    error = call.params ? mcp_op_start(&w->op, peer, &call) : ERR_NOMEM;
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
