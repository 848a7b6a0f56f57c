/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/mcpd.h"

#include "base/ident.h"
#include "tools/engine/tools.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* mcpd_tools -- the tools of the assistant: listed as the registry has them, called by direct.h. */

int mcpd_cursor(struct mcpd_call *c, const char **cursor)
{
    *cursor = NULL;
    if (jdoc_get_string(c->params, "cursor", cursor, NULL) == ERR_INVALID)
        return mcpd_fail(c, MCP_WIRE_BAD_PARAMS, "cursor must be a text.");
    return 0;
}

/* ---- the list ---- */

/* "create_expense" is "Create expense". */
static void mcpd_tools_title(struct buf *b, const char *name)
{
    char title[IDENT_CLIENT_MESSAGE_MAX];
    size_t n = 0;
    for (; name[n] != '\0' && n + 1 < sizeof title; n++)
        title[n] = name[n] == '_' ? ' ' : name[n];
    title[n] = '\0';
    title[0] = (char)toupper((unsigned char)title[0]);
    buf_json_member(b, "title", title);
}

/*
 * Hints of the schema of 2025-06-18 and later. A tool that the user is asked about can destroy or
 * reach others; one that knows a service, or brings in what others wrote, looks at an open world.
 */
static void mcpd_tools_hints(struct buf *b, const struct tools_spec *spec)
{
    bool reads = spec->effect == TOOLS_READ;
    bool destroys =
        !reads && (spec->effect != TOOLS_WRITE || spec->approval == TOOLS_APPROVAL_ALWAYS);
    bool open = spec->untrusted || spec->reaches_others || spec->effect == TOOLS_OUTSIDE ||
        spec->outside || spec->dynamic || spec->provider;
    buf_printf(b,
        ",\"annotations\":{\"readOnlyHint\":%s,\"destructiveHint\":%s,\"idempotentHint\":%s,"
        "\"openWorldHint\":%s}",
        reads ? "true" : "false", destroys ? "true" : "false", spec->idempotent ? "true" : "false",
        open ? "true" : "false");
}

static void mcpd_tools_one(struct buf *b, const struct tools_spec *spec)
{
    buf_puts(b, "{\"name\":");
    buf_json_text(b, spec->name);
    mcpd_tools_title(b, spec->name);
    buf_json_member(b, "description", spec->description);
    buf_printf(b, ",\"inputSchema\":%s", spec->arguments_schema);
    if (spec->result_schema)
        buf_printf(b, ",\"outputSchema\":%s", spec->result_schema);
    mcpd_tools_hints(b, spec);
    buf_printf(b, ",\"_meta\":{\"" MCPD_META_EFFECT "\":\"%s\",\"" MCPD_META_ASKS "\":\"%s\"}}",
        tools_effect_name(spec),
        spec->approval != TOOLS_APPROVAL_ALWAYS ? "never" :
            spec->approval_argument             ? "sometimes" :
                                                  "always");
}

/* The place behind the tool that the cursor names. */
static int mcpd_tools_from(struct mcpd_call *c, const char *cursor, size_t *from)
{
    *from = 0;
    if (!cursor)
        return 0;
    while (*from < tools_count())
        if (strcmp(tools_at((*from)++)->name, cursor) == 0)
            return 0;
    return mcpd_fail(c, MCP_WIRE_BAD_PARAMS, "cursor is not one of this list. Begin anew.");
}

int mcpd_tools_list(struct mcpd_call *c)
{
    const struct conf *conf = c->m->x->app->conf;
    const char *cursor, *last = NULL;
    size_t at, count = 0;
    int error = mcpd_cursor(c, &cursor);
    if (error == 0)
        error = mcpd_tools_from(c, cursor, &at);
    if (error != 0)
        return error;
    mcpd_begin(c);
    struct buf *b = mcpd_member(c, "tools");
    buf_putc(b, '[');
    for (; at < tools_count() && count < MCPD_PAGE; at++) {
        const struct tools_spec *spec = tools_at(at);
        if (!tools_is_provided(conf, spec) || (!conf->memory && tools_is_memory(spec)))
            continue;
        buf_puts(b, count++ > 0 ? "," : "");
        mcpd_tools_one(b, spec);
        last = spec->name;
    }
    buf_putc(b, ']');
    if (at < tools_count() && last)
        buf_json_text(mcpd_member(c, "nextCursor"), last);
    mcpd_put_cache(c, MCPD_TTL_MS);
    mcpd_end(c, NULL);
    return 0;
}

/* ---- a call ---- */

/* What the user's program says of the call beside its arguments. */
static int mcpd_tools_meta(struct mcpd_call *c, const char *name, const char *header,
    const char **out)
{
    const jdoc *meta = jdoc_get(c->params, "_meta");
    size_t len = 0;
    *out = NULL;
    int error = jdoc_get_string(meta, name, out, &len);
    if (error == ERR_INVALID || (error == 0 && strlen(*out) != len))
        return mcpd_fail(c, MCP_WIRE_BAD_PARAMS, "params._meta[\"%s\"] must be a text.", name);
    if (!*out && !c->m->batch)
        *out = request_header(&c->m->x->request, header);
    return 0;
}

static void mcpd_tools_free(void *doc)
{
    jdoc_free(doc);
}

static int mcpd_tools_arguments(struct mcpd_call *c, struct direct *d)
{
    struct arena *arena = c->m->x->arena;
    struct buf text = {0};
    jdoc *value = jdoc_get(c->params, "arguments");
    if (value && jdoc_type(value) != JDOC_OBJECT)
        return mcpd_fail(c, MCP_WIRE_BAD_PARAMS, "params.arguments must be an object, not %s.",
            jdoc_type_name(jdoc_type(value)));
    if (!value &&
        (!(value = jdoc_new_object()) || arena_on_free(arena, mcpd_tools_free, value) < 0))
        return ERR_NOMEM;
    jdoc_write(value, &text);
    d->value = value;
    d->args = buf_error(&text) ? NULL : arena_memdup(arena, buf_text(&text), text.len);
    d->args_len = text.len;
    buf_free(&text);
    return !d->args ? ERR_NOMEM : 0;
}

/*
 * Within a session an id is used for one request only (2025-11-25, basic: "MUST NOT have been
 * previously used"). So the same id with the same call is that request again, whose response was
 * lost: what it wrote is not written twice.
 */
static int mcpd_tools_mark(struct mcpd_call *c, struct direct *d)
{
    struct exchange *x = c->m->x;
    char digest[IDENT_SHA256_SIZE];
    struct buf text = {0};
    if (!c->m->said.session || c->m->terms.modern || d->key)
        return 0;
    buf_printf(&text, "%s\n", c->m->said.session);
    jdoc_write(c->id, &text);
    buf_printf(&text, "\n%s\n", d->spec->name);
    buf_put(&text, d->args, d->args_len);
    int error = buf_error(&text);
    if (error == 0) {
        ident_sha256_hex(buf_text(&text), text.len, digest);
        d->mark = arena_printf(x->arena, "mcp:%s", digest);
        error = d->mark ? 0 : ERR_NOMEM;
    }
    buf_free(&text);
    return error;
}

/* ---- progress ---- */

struct mcpd_progress {
    struct mcpd_call *c;
    const jdoc *token;
    int64_t seconds;
    bool reads, unheard;
};

/*
 * No tool knows how far it is: the seconds grow, and no total is promised. A client that does not
 * listen any more ends a call that only reads.
 */
static int mcpd_tools_progress(void *arg)
{
    struct mcpd_progress *p = arg;
    struct mcpd *m = p->c->m;
    if (p->unheard)
        return 0;
    mcpd_events(m);
    struct buf *b = mcpd_event(m);
    buf_puts(b,
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":"
        "{\"progressToken\":");
    jdoc_write(p->token, b);
    buf_printf(b, ",\"progress\":%lld,\"message\":\"The tool waits for a service.\"}}",
        (long long)++p->seconds);
    mcpd_event_end(m);
    p->unheard = exchange_push(m->x) < 0;
    return p->unheard && p->reads ? ERR_PEER_GONE : 0;
}

static void mcpd_tools_watch(struct mcpd_call *c, struct mcpd_progress *p, struct direct *d)
{
    const jdoc *token = jdoc_get(jdoc_get(c->params, "_meta"), "progressToken");
    bool right = jdoc_type(token) == JDOC_INT || jdoc_type(token) == JDOC_STRING;
    *p = (struct mcpd_progress){.c = c, .token = token, .reads = d->spec->effect == TOOLS_READ};
    if (!right || c->m->batch)
        return;
    d->on_wait = mcpd_tools_progress;
    d->on_wait_arg = p;
}

/* ---- its end ---- */

static void mcpd_tools_content(struct mcpd_call *c, const char *text)
{
    struct buf *b = mcpd_member(c, "content");
    buf_puts(b, "[{\"type\":\"text\",\"text\":");
    buf_json_text(b, text);
    buf_puts(b, "}]");
}

/* What the client's model reads of a refusal: what is wrong, where, and what to do. */
static void mcpd_tools_words(const struct problem *p, const struct direct *d, struct buf *b)
{
    if (p->code == PROBLEM_APPROVAL && d->asked.id[0] != '\0') {
        buf_printf(b,
            "Nothing was done: the user has to approve this call. %s\nAsk the user. Approval %s is "
            "answered by POST .../approvals/%s {\"approved\":true}. Then make the same call again "
            "with _meta {\"" MCPD_META_APPROVAL "\":\"%s\"}.",
            d->asked.message, d->asked.id, d->asked.id, d->asked.id);
        return;
    }
    buf_printf(b, "%s: %s\ncode: %s", problem_kind(p->code)->title, p->detail,
        problem_kind(p->code)->code);
    if (p->field[0] != '\0')
        buf_printf(b, "\nat: %s", p->field);
    if (p->expected[0] != '\0')
        buf_printf(b, "\nexpected: %s", p->expected);
    if (p->retry_after_ms > 0)
        buf_printf(b, "\ntry again in: %lld s", (long long)(p->retry_after_ms + 999) / 1000);
}

static int mcpd_tools_refused(struct mcpd_call *c, const struct direct *d, int error)
{
    struct exchange *x = c->m->x;
    struct buf words = {0}, meta = {0};
    if (!x->problem.set)
        problem_from_error(&x->problem, error);
    mcpd_tools_words(&x->problem, d, &words);
    buf_puts(&meta, ",\"" MCPD_META_PROBLEM "\":");
    problem_write(&x->problem, x->request.trace.trace_id, x->request.id, &meta);
    mcpd_begin(c);
    mcpd_tools_content(c, buf_text(&words));
    buf_puts(mcpd_member(c, "isError"), "true");
    mcpd_end(c, buf_text(&meta));
    error = buf_error(&words) != 0 ? buf_error(&words) : buf_error(&meta);
    buf_free(&words);
    buf_free(&meta);
    memset(&x->problem, 0, sizeof x->problem);
    return error;
}

int mcpd_tools_answer(struct mcpd_call *c, const struct direct *d, int error)
{
    static const char untrusted[] = ",\"" MCPD_META_UNTRUSTED "\":true";
    struct buf text = {0};
    if (error == ERR_PEER_GONE)
        return error;
    if (error != 0)
        return mcpd_tools_refused(c, d, error);
    jdoc_write(d->result, &text);
    mcpd_begin(c);
    mcpd_tools_content(c, buf_text(&text));
    /* Since 2025-06-18. */
    if (strcmp(c->m->terms.version, "2025-06-18") >= 0)
        buf_puts(mcpd_member(c, "structuredContent"), buf_text(&text));
    mcpd_end(c, tools_result_untrusted(d->spec, d->result) ? untrusted : NULL);
    error = buf_error(&text);
    buf_free(&text);
    return error;
}

static int mcpd_tools_prepare(struct mcpd_call *c, struct direct *d)
{
    const char *name = "";
    struct exchange *x = c->m->x;
    size_t len = 0;
    int error = jdoc_get_string(c->params, "name", &name, &len);
    d->spec = error == 0 && strlen(name) == len ? tools_find(name) : NULL;
    if (!d->spec)
        return mcpd_fail(c, MCP_WIRE_BAD_PARAMS, "Unknown tool: %.100s", name);
    if ((error = mcpd_tools_meta(c, MCPD_META_KEY, "HTTP_IDEMPOTENCY_KEY", &d->key)) < 0 ||
        (error = mcpd_tools_meta(c, MCPD_META_APPROVAL, "HTTP_APPROVAL_ID", &d->approval)) < 0 ||
        (error = direct_check_key(x, MCPD_META_KEY, d->key)) < 0 ||
        (error = direct_check_approval(x, MCPD_META_APPROVAL, d->approval)) < 0 ||
        (error = mcpd_tools_arguments(c, d)) < 0)
        return error;
    return mcpd_tools_mark(c, d);
}

int mcpd_tools_call(struct mcpd_call *c)
{
    struct exchange *x = c->m->x;
    struct mcpd_progress progress;
    struct direct d = {.args = ""};
    const char *asked = NULL;
    int error = mcpd_tools_prepare(c, &d);
    if (error == 0 && c->m->terms.modern)
        error = mcpd_ask_retry(c, &asked);
    if (error)
        return error;
    if (asked)
        d.approval = asked;
    mcpd_tools_watch(c, &progress, &d);
    error = direct_call(x, &d);
    bool asks = error < 0 && x->problem.set && x->problem.code == PROBLEM_APPROVAL &&
        c->m->terms.elicits && !c->m->batch && x->who.scopes & SCOPE_APPROVE;
    if (asks && d.asked.id[0] != '\0')
        error = mcpd_ask(c, &d);
    else if (asks && asked)
        error = mcpd_ask_again(c, asked);
    else
        error = mcpd_tools_answer(c, &d, error);
    jdoc_free(d.result);
    return error;
}
