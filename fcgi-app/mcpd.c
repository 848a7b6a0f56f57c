/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/mcpd.h"

#include "base/clock.h"
#include "fcgi-app/handlers.h"
#include "process/origin.h"

#include <stdio.h>
#include <string.h>

/* mcpd -- one POST or GET of an MCP client, from its bytes to its reply. */

/* ---- what the server says of itself ---- */

static void mcpd_put_about(struct mcpd_call *c, const char *more)
{
    struct buf *b = mcpd_member(c, "capabilities");
    buf_printf(b, "{\"tools\":{},\"resources\":{},\"completions\":{}%s}", more);
    b = mcpd_member(c, "instructions");
    buf_puts(b,
        "\"PAM helps people who travel and live on the road: trips, calendar, expenses, "
        "vehicle, meals. Times without an offset are read in the time zone ");
    buf_json_escaped(b, c->m->x->app->conf->default_zone, strlen(c->m->x->app->conf->default_zone));
    buf_puts(b,
        ", unless the header X-Time-Zone names another. Deletions, and what other people "
        "see, need the user's approval.\"");
}

static int mcpd_initialize(struct mcpd_call *c)
{
    struct exchange *x = c->m->x;
    const jdoc *capabilities = jdoc_get(c->params, "capabilities");
    const char *wanted = jdoc_text_or(c->params, "protocolVersion", "");
    char session[MCPD_SESSION_SIZE];
    if (c->m->batch)
        return mcpd_fail(c, MCP_WIRE_BAD_REQUEST, "initialize stands alone, not in a batch.");
    if (wanted[0] == '\0' || jdoc_type(capabilities) != JDOC_OBJECT ||
        jdoc_type(jdoc_get(c->params, "clientInfo")) != JDOC_OBJECT)
        return mcpd_fail(c, MCP_WIRE_BAD_PARAMS,
            "protocolVersion must be a text, capabilities and clientInfo objects.");
    const char *version = mcpd_era_answer(wanted);
    mcpd_session_make(&(struct mcpd_agreed){version, mcpd_era_forms(capabilities),
                          mcpd_era_comes_back(jdoc_get(c->params, "clientInfo"))},
        x->who.user, session);
    exchange_header(x, "Mcp-Session-Id", session);
    mcpd_begin(c);
    buf_json_text(mcpd_member(c, "protocolVersion"), version);
    mcpd_put_about(c, ",\"logging\":{}");
    mcpd_put_server(mcpd_member(c, "serverInfo"));
    mcpd_end(c, NULL);
    return 0;
}

static int mcpd_discover(struct mcpd_call *c)
{
    const char *known;
    mcpd_begin(c);
    struct buf *b = mcpd_member(c, "supportedVersions");
    buf_puts(b, "[\"" MCP_WIRE_MODERN "\"");
    for (size_t i = 0; (known = mcp_wire_legacy_at(i)); i++)
        buf_printf(b, ",\"%s\"", known);
    buf_putc(b, ']');
    mcpd_put_about(c, "");
    mcpd_put_cache(c, MCPD_TTL_MS);
    mcpd_end(c, NULL);
    return 0;
}

static int mcpd_ping(struct mcpd_call *c)
{
    mcpd_begin(c);
    mcpd_end(c, NULL);
    return 0;
}

/* Nothing is logged to clients: no level is too low. */
static int mcpd_set_level(struct mcpd_call *c)
{
    static const char *const levels[] = {"debug", "info", "notice", "warning", "error", "critical",
        "alert", "emergency"};
    const char *level = jdoc_text_or(c->params, "level", "");
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        if (strcmp(levels[i], level) == 0)
            return mcpd_ping(c);
    return mcpd_fail(c, MCP_WIRE_BAD_PARAMS,
        "level must be debug, info, notice, warning, error, "
        "critical, alert or emergency.");
}

/* ---- one request ---- */

enum { MCPD_SESSIONS = 1, MCPD_MODERN = 2, MCPD_BOTH = 3 };
static const struct {
    const char *name;
    int eras;
    mcpd_method *fn;
} mcpd_methods[] = {
    {"initialize", MCPD_SESSIONS, mcpd_initialize},
    {"ping", MCPD_SESSIONS, mcpd_ping},
    {"logging/setLevel", MCPD_SESSIONS, mcpd_set_level},
    {"server/discover", MCPD_MODERN, mcpd_discover},
    {"tools/list", MCPD_BOTH, mcpd_tools_list},
    {"tools/call", MCPD_BOTH, mcpd_tools_call},
    {"resources/list", MCPD_BOTH, mcpd_resources_list},
    {"resources/templates/list", MCPD_BOTH, mcpd_resources_templates},
    {"resources/read", MCPD_BOTH, mcpd_resources_read},
    {"completion/complete", MCPD_BOTH, mcpd_complete},
};

static mcpd_method *mcpd_method_named(const struct mcpd *m, const char *name)
{
    int era = m->terms.modern ? MCPD_MODERN : MCPD_SESSIONS;
    for (size_t i = 0; i < sizeof mcpd_methods / sizeof mcpd_methods[0]; i++)
        if ((mcpd_methods[i].eras & era) != 0 && strcmp(mcpd_methods[i].name, name) == 0)
            return mcpd_methods[i].fn;
    return NULL;
}

/*
 * A problem of a method as an error of JSON-RPC. What is not the request's own fault, and stands
 * alone, stays a problem document: its status tells a proxy or a client to come again.
 */
static int mcpd_from_problem(struct mcpd_call *c, int error, struct problem *data)
{
    struct exchange *x = c->m->x;
    if (!x->problem.set)
        problem_from_error(&x->problem, error);
    int status = problem_kind(x->problem.code)->status;
    bool theirs = status < 500 && status != 429;
    if (!theirs && !c->m->batch)
        return error;
    *data = x->problem;
    memset(&x->problem, 0, sizeof x->problem);
    err_ignore(mcpd_fail(c, theirs ? MCP_WIRE_BAD_PARAMS : MCP_WIRE_FAULT, "%.300s", data->detail));
    return 0;
}

static int mcpd_refuse(struct mcpd_call *c, int error)
{
    struct mcpd *m = c->m;
    struct exchange *x = m->x;
    struct problem data = {.set = false};
    if (error == ERR_PEER_GONE || (x->reply.streamed && !m->events))
        return error;
    mcpd_forget(c);
    if (c->error.code == 0 && (error = mcpd_from_problem(c, error, &data)) < 0)
        return error;
    mcpd_put_error(m, c->id, &c->error, data.set ? &data : NULL);
    if (!m->batch && !m->events)
        x->reply.status = c->error.status;
    return 0;
}

static int mcpd_request(struct mcpd *m, const struct mcp_wire_message *message)
{
    mcpd_method *method = mcpd_method_named(m, message->method);
    struct mcpd_call c = {.m = m,
        .id = message->id_value,
        .params = message->params,
        .method = message->method,
        .at = m->x->reply.body.len};
    int error = 0;
    if (!method)
        error = mcpd_fail(&c, MCP_WIRE_NO_METHOD, "Method not found: %.100s", c.method);
    else if (m->batch && clock_mono_ms() >= m->until)
        error = mcpd_fail(&c, MCP_WIRE_FAULT,
            "The calls before this one of the batch took %d s. It did not begin.",
            MCPD_BATCH_MS / 1000);
    else
        error = method(&c);
    return error < 0 ? mcpd_refuse(&c, error) : 0;
}

/* ---- messages ---- */

static int mcpd_wrong(struct mcpd *m, const jdoc *id, const struct mcpd_error *error)
{
    struct exchange *x = m->x;
    if (error->code == 0)
        return problem_set(&x->problem, PROBLEM_NOT_FOUND, "%s", error->message);
    mcpd_put_error(m, id, error, NULL);
    if (!m->batch)
        x->reply.status = error->status;
    return 0;
}

static int mcpd_message(struct mcpd *m, const jdoc *doc)
{
    struct mcp_wire_message message;
    struct mcpd_error error = {.status = 400, .code = MCP_WIRE_BAD_REQUEST};
    mcp_wire_read(doc, &message);
    const char *wrong = mcpd_era_malformed(doc, &message);
    if (wrong) {
        snprintf(error.message, sizeof error.message, "%s", wrong);
        return mcpd_wrong(m, NULL, &error);
    }
    if (!m->batch && mcpd_era_judge(&m->said, m->x->who.user, &message, &m->terms, &error) < 0)
        return mcpd_wrong(m, message.id_value, &error);
    if (message.kind == MCP_WIRE_REQUEST)
        return mcpd_request(m, &message);
    return message.kind == MCP_WIRE_NOTIFICATION ? 0 : mcpd_ask_answered(m, &message);
}

static int mcpd_batch(struct mcpd *m, const jdoc *doc)
{
    struct mcpd_error error = {.status = 400, .code = MCP_WIRE_BAD_REQUEST};
    size_t count = jdoc_length(doc);
    if (mcpd_era_headers(&m->said, m->x->who.user, &m->terms, &error) < 0)
        return mcpd_wrong(m, NULL, &error);
    if (m->terms.modern || strcmp(m->terms.version, MCPD_ERA_BATCH) > 0)
        snprintf(error.message, sizeof error.message, "Protocol %.20s has no batches.",
            m->terms.modern ? MCP_WIRE_MODERN : m->terms.version);
    else if (count == 0 || count > MCPD_BATCH_MAX)
        snprintf(error.message, sizeof error.message, "A batch has 1 to %d messages, not %zu.",
            MCPD_BATCH_MAX, count);
    if (error.message[0] != '\0')
        return mcpd_wrong(m, NULL, &error);
    m->batch = true;
    m->until = clock_mono_ms() + MCPD_BATCH_MS;
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < count; i++)
        failed = mcpd_message(m, jdoc_at(doc, i));
    if (m->answered > 0)
        buf_putc(&m->x->reply.body, ']');
    return failed;
}

/* ---- the routes ---- */

static int mcpd_open(struct mcpd *m, struct exchange *x)
{
    const struct request *r = &x->request;
    *m = (struct mcpd){.x = x,
        .said = {request_header(r, "HTTP_MCP_PROTOCOL_VERSION"),
            request_header(r, "HTTP_MCP_METHOD"), request_header(r, "HTTP_MCP_NAME"),
            request_header(r, "HTTP_MCP_SESSION_ID")}};
    const char *origin = request_header(r, "HTTP_ORIGIN");
    if (origin_may_open(x->app->conf, origin, request_header(r, "HTTP_HOST")))
        return 0;
    return problem_set(&x->problem, PROBLEM_ORIGIN,
        "Pages of the origin %.200s may not use this. The setting `origins` names those that may.",
        origin);
}

/* Bytes that are no JSON are answered in JSON-RPC's own way. */
static int mcpd_unreadable(struct mcpd *m, int error)
{
    struct exchange *x = m->x;
    struct mcpd_error wrong = {.status = 400, .code = MCP_WIRE_BAD_JSON};
    if (!x->problem.set || x->problem.code != PROBLEM_BAD_JSON)
        return error;
    snprintf(wrong.message, sizeof wrong.message, "Parse error: %.300s", x->problem.detail);
    memset(&x->problem, 0, sizeof x->problem);
    return mcpd_wrong(m, NULL, &wrong);
}

int handlers_mcp_post(struct exchange *x)
{
    struct mcpd m;
    jdoc *doc = NULL;
    int error = mcpd_open(&m, x);
    if (error < 0)
        return error;
    if (!request_accepts(&x->request, "application/json") ||
        !request_accepts(&x->request, REQUEST_SSE))
        return problem_set(&x->problem, PROBLEM_NOT_ACCEPTABLE,
            "Accept must take both application/json and " REQUEST_SSE ".");
    exchange_json(x, 200);
    error = request_value(&x->request, false, &doc, &x->problem);
    if (error < 0)
        error = mcpd_unreadable(&m, error);
    else
        error = jdoc_type(doc) == JDOC_ARRAY ? mcpd_batch(&m, doc) : mcpd_message(&m, doc);
    if (error == 0 && m.answered == 0 && !m.events) {
        exchange_json(x, 202);
        x->reply.content_type = NULL;
    }
    return error;
}

int handlers_mcp_get(struct exchange *x)
{
    struct mcpd m;
    struct mcpd_error wrong;
    const char *last = request_header(&x->request, "HTTP_LAST_EVENT_ID");
    int error = mcpd_open(&m, x);
    if (error < 0)
        return error;
    if (!request_accepts(&x->request, REQUEST_SSE))
        return problem_set(&x->problem, PROBLEM_NOT_ACCEPTABLE,
            "Accept leaves out " REQUEST_SSE ".");
    if (!last || x->request.head) {
        problem_set(&x->problem, PROBLEM_METHOD,
            "There is no stream of its own. A stream of a POST is resumed with Last-Event-ID.");
        x->problem.allow = "POST";
        return ERR_INVALID;
    }
    exchange_json(x, 200);
    if (mcpd_era_headers(&m.said, x->who.user, &m.terms, &wrong) < 0)
        return mcpd_wrong(&m, NULL, &wrong);
    return mcpd_ask_resume(&m, last);
}
