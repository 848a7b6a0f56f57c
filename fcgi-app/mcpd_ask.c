/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/mcpd.h"

#include "agent/approval.h"
#include "base/clock.h"
#include "base/log.h"
#include "fcgi-app/guard.h"
#include "fcgi-app/mcpd_place.h"
#include "process/stage.h"
#include "store/approvals.h"
#include "tools/engine/tools.h"
#include "tools/kit/preview.h"

#include <stdio.h>
#include <string.h>

#define MCPD_ASK_NAME "approval:" /* of our requests' ids and of requestState: then the id */
#define MCPD_ASK_KEY "approval"   /* of inputRequests */
#define MCPD_ASK_ARGS 8192        /* bytes of the arguments that are shown */
#define MCPD_ASK_SOON 60          /* looks, one a second; then every MCPD_ASK_LATER_MS */
#define MCPD_ASK_SOON_MS 1000
#define MCPD_ASK_LATER_MS 3000
#define MCPD_ASK_HOLD_MS 25000 /* that a worker waits for an answer: below what a tool may take */
#define MCPD_ASK_LOOK_MS 250   /* between two looks then */

/*
 * mcpd_ask -- approvals by elicitation. What is asked stands in Redis as any direct call's approval
 * does (store/approvals.h); the client holds no more than its id, which nobody can guess and which
 * counts for its own user only. So no worker waits for an answer, and any worker takes it.
 *
 * The era with sessions, from 2025-11-25 on: the stream of the call gets the question and ends. Its
 * client comes back by GET with the id of the last event, as often as `retry` says (basic,
 * transports: "the server MAY close the connection ... the client SHOULD then poll"). The look that
 * finds the answer runs the call, under the approval's mark: two looks run it once.
 *
 * A client that does not come back (mcpd_era.h) gets both in one stream, while a worker can be
 * spared for MCPD_ASK_HOLD_MS; else it is told of the approval as a client without forms is.
 */

/* ---- the question, with what it is about word for word ---- */

static int mcpd_ask_put_params(struct buf *b, const struct approvals_ask *ask)
{
    struct buf words = {0};
    buf_printf(&words, "%s\n\nTool: %s\nArguments: ", ask->message, ask->tool);
    preview_json(&words, ask->args, MCPD_ASK_ARGS);
    buf_puts(b, "{\"mode\":\"form\",\"message\":");
    buf_json_text(b, buf_text(&words));
    buf_puts(b,
        ",\"requestedSchema\":{\"type\":\"object\",\"properties\":{\"approved\":{\"type\":"
        "\"boolean\",\"title\":\"Approve\",\"description\":\"true: it is done, once. false: nothing "
        "is done.\"}},\"required\":[\"approved\"]}}");
    int error = buf_error(&words);
    buf_free(&words);
    return error;
}

/* The result input_required (2026-07-28, basic/patterns/mrtr). */
static int mcpd_ask_modern(struct mcpd_call *c, const struct approvals_ask *ask)
{
    mcpd_begin_as(c, "input_required");
    struct buf *b = mcpd_member(c, "inputRequests");
    buf_puts(b, "{\"" MCPD_ASK_KEY "\":{\"method\":\"elicitation/create\",\"params\":");
    int error = mcpd_ask_put_params(b, ask);
    buf_puts(b, "}}");
    buf_printf(mcpd_member(c, "requestState"), "\"" MCPD_ASK_NAME "%s\"", ask->id);
    mcpd_end(c, NULL);
    return error;
}

/* ---- the stream that is resumed ---- */

static void mcpd_ask_put_place(struct buf *b, const struct mcpd_place *place, unsigned count)
{
    struct mcpd_place at = *place;
    at.count = count;
    buf_puts(b, "id: ");
    mcpd_place_put(b, &at);
    buf_putc(b, '\n');
}

/* No data, as a client has to come back with the id (2025-11-25: the priming event). */
static void mcpd_ask_put_wait(struct mcpd *m, const struct mcpd_place *p, unsigned count,
    int64_t wait_ms)
{
    struct buf *b = &m->x->reply.body;
    mcpd_ask_put_place(b, p, count);
    buf_printf(b, "retry: %lld\ndata:\n\n", (long long)wait_ms);
}

/* p: NULL = not to be resumed. */
static int mcpd_ask_put_question(struct mcpd *m, const struct mcpd_place *p,
    const struct approvals_ask *ask)
{
    struct buf *b = &m->x->reply.body;
    if (p)
        mcpd_ask_put_place(b, p, 1);
    b = mcpd_event(m);
    buf_printf(b,
        "{\"jsonrpc\":\"2.0\",\"id\":\"" MCPD_ASK_NAME "%s\",\"method\":\"elicitation/create\","
        "\"params\":",
        ask->id);
    int error = mcpd_ask_put_params(b, ask);
    buf_putc(b, '}');
    mcpd_event_end(m);
    return error;
}

static int mcpd_ask_stream(struct mcpd_call *c, const struct approvals_ask *ask)
{
    struct mcpd_place place = {.count = 0};
    struct buf id = {0};
    jdoc_write(c->id, &id);
    snprintf(place.call, sizeof place.call, "%s", buf_text(&id));
    snprintf(place.id, sizeof place.id, "%s", ask->id);
    int error = buf_error(&id);
    buf_free(&id);
    mcpd_events(c->m);
    mcpd_ask_put_wait(c->m, &place, 0, MCPD_ASK_SOON_MS);
    return error < 0 ? error : mcpd_ask_put_question(c->m, &place, ask);
}

/* ---- the answer ---- */

/* An approval of a direct call of this user. Returns 0; ERR_NOT_FOUND; or a fault. */
static int mcpd_ask_record(struct exchange *x, const char *id, struct approvals_record *out)
{
    int error = approvals_get(x->app->store, x->who.user, id, x->arena, out);
    return error == 0 && out->session[0] != '\0' ? ERR_NOT_FOUND : error;
}

/* said: {action, content} of the client; NULL = it could not ask. Only a plain yes is one. */
static int mcpd_ask_verdict(struct exchange *x, const char *tool, const jdoc *said,
    struct approvals_answer *out)
{
    const char *action = jdoc_text_or(said, "action", "cancel");
    struct tools_problem wrong;
    bool accepts = strcmp(action, "accept") == 0;
    if (!accepts && strcmp(action, "decline") != 0) {
        approval_decline(out);
        return 0;
    }
    jdoc *payload = jdoc_new_object();
    bool yes = accepts && jdoc_is_true(jdoc_get(said, "content"), "approved");
    int error = payload ? jdoc_set_bool(payload, "approved", yes) : ERR_NOMEM;
    if (error == 0)
        error = approval_answer(payload, "edited_args", tool, x->arena, out, &wrong);
    jdoc_free(payload);
    return error;
}

/* The first answer counts, whichever way it comes; what it was shows when the call is made. */
static int mcpd_ask_note(struct exchange *x, const char *id, const jdoc *said)
{
    struct approvals_record record;
    struct approvals_answer answer = {0};
    struct approvals_verdict verdict;
    char turn[IDENT_UUID_SIZE];
    if (!(x->who.scopes & SCOPE_APPROVE))
        return 0; /* not this client's to answer */
    int error = mcpd_ask_record(x, id, &record);
    if (error == 0)
        error = mcpd_ask_verdict(x, record.tool, said, &answer);
    if (error < 0)
        return error == ERR_NOT_FOUND ? 0 : error;
    answer.id = id;
    ident_uuid7(turn);
    error = approvals_answer(x->app->store, x->who.user,
        &(struct turns_request){.turn = turn, .first_event = "", .input = ""},
        &(struct approvals_answers){.all = &answer, .count = 1}, &verdict);
    if (error == 0 && verdict.outcome == APPROVALS_DONE)
        exchange_audit(x,
            (struct audit_act){.act = answer.event == APPROVALS_APPROVE ? "approval.granted" :
                                                                          "approval.refused",
                .object = id,
                .outcome = "done",
                .tool = record.tool});
    if (error == 0)
        log_info("approval %s of %s: %s by an MCP client", id, record.tool,
            verdict.outcome != APPROVALS_DONE     ? "not answered" :
                answer.event == APPROVALS_APPROVE ? "approved" :
                                                    "not approved");
    return error;
}

/* The approval that a text of ours names, or NULL. */
static const char *mcpd_ask_named(const char *text, size_t len)
{
    size_t prefix = strlen(MCPD_ASK_NAME);
    if (!text || len != prefix + APPROVALS_ID_SIZE - 1 || strlen(text) != len ||
        strncmp(text, MCPD_ASK_NAME, prefix) != 0 ||
        !ident_is_safe(text + prefix, len - prefix, APPROVALS_ID_SIZE))
        return NULL;
    return text + prefix;
}

int mcpd_ask_answered(struct mcpd *m, const struct mcp_wire_message *response)
{
    size_t len = 0;
    const char *text = jdoc_string(response->id_value, &len);
    const char *id = mcpd_ask_named(text, len);
    return id ? mcpd_ask_note(m->x, id, response->result) : 0;
}

int mcpd_ask_retry(struct mcpd_call *c, const char **id)
{
    const char *state = NULL;
    size_t len = 0;
    const jdoc *said = jdoc_get(jdoc_get(c->params, "inputResponses"), MCPD_ASK_KEY);
    *id = NULL;
    if (!jdoc_has(c->params, "requestState"))
        return 0;
    if (jdoc_get_string(c->params, "requestState", &state, &len) == 0)
        *id = mcpd_ask_named(state, len);
    if (!*id)
        return mcpd_fail(c, MCP_WIRE_BAD_PARAMS, "requestState is none of ours.");
    return jdoc_type(said) == JDOC_OBJECT ? mcpd_ask_note(c->m->x, *id, said) : 0;
}

static struct approvals_ask mcpd_ask_of(const char *id, const struct approvals_record *record)
{
    struct approvals_ask ask = {.tool = record->tool,
        .args = record->args,
        .message = record->message,
        .zone = record->zone};
    snprintf(ask.id, sizeof ask.id, "%s", id);
    return ask;
}

/* ---- going on ---- */

static void mcpd_ask_free(void *doc)
{
    jdoc_free(doc);
}

static int mcpd_ask_parse(struct exchange *x, const char *text, jdoc **out)
{
    int error = jdoc_parse(text, strlen(text), out, NULL, 0);
    return error < 0 ? error : arena_on_free(x->arena, mcpd_ask_free, *out);
}

static int mcpd_ask_run(struct mcpd_call *c, const char *id, const struct approvals_record *record,
    struct direct *d)
{
    struct exchange *x = c->m->x;
    const char *args = record->run_args[0] != '\0' ? record->run_args : record->args;
    *d = (struct direct){.spec = tools_find(record->tool),
        .args = args,
        .args_len = strlen(args),
        .approval = id,
        .zone = record->zone};
    if (!d->spec)
        return problem_set(&x->problem, PROBLEM_UNKNOWN_TOOL, "The tool %.64s is gone.",
            record->tool);
    int error = mcpd_ask_parse(x, args, &d->value);
    if (error < 0)
        return error;
    if (!tools_needs_approval(d->spec, d->value))
        return problem_set(&x->problem, PROBLEM_CONFLICT,
            "The tool has changed since the user was asked. Nothing was done.");
    return direct_call(x, d);
}

/* ---- the stream that stays open ---- */

static bool mcpd_ask_may_rest(const struct exchange *x)
{
    return exchange_may_rest(x->app) && guard_may_rest(x);
}

static bool mcpd_ask_is_open(const struct approvals_record *record)
{
    return record->open && clock_real_ms() < record->expires_ms;
}

/* One look of many: nothing of the record is kept. */
static int mcpd_ask_look(struct exchange *x, const char *id, bool *open)
{
    struct approvals_record record;
    struct arena *arena = arena_new();
    if (!arena)
        return ERR_NOMEM;
    int error = approvals_get(x->app->store, x->who.user, id, arena, &record);
    *open = error == 0 && mcpd_ask_is_open(&record);
    arena_free(arena);
    return error;
}

/* Looks until the question is answered or over. Returns 0; ERR_DEADLINE: it is time to end. */
static int mcpd_ask_await(struct exchange *x, const char *id)
{
    const struct request_source *source = x->request.source;
    struct worker *w = x->app->worker;
    int64_t now = clock_mono_ms(), until = now + MCPD_ASK_HOLD_MS;
    bool open = true;
    int error = 0;
    for (; error == 0 && open; now = clock_mono_ms()) {
        if (now >= until || w->abort_turn || !mcpd_ask_may_rest(x))
            return ERR_DEADLINE;
        if (source->gone && source->gone(source->arg))
            return ERR_PEER_GONE;
        worker_beat(w);
        error = reactor_step(x->app->reactor, now + MCPD_ASK_LOOK_MS, &w->wait_mask);
        if (error == 0 || error == ERR_CANCELLED)
            error = mcpd_ask_look(x, id, &open);
    }
    return error;
}

/* told: the problem of the call, which stands when nobody answers in time. */
static int mcpd_ask_hold(struct mcpd_call *c, const struct direct *asked,
    const struct problem *told)
{
    struct exchange *x = c->m->x;
    const char *id = asked->asked.id;
    struct approvals_record record;
    struct direct d = *asked;
    mcpd_events(c->m);
    int error = mcpd_ask_put_question(c->m, NULL, &asked->asked);
    if (error == 0)
        error = exchange_push(x);
    if (error == 0)
        error = mcpd_ask_await(x, id);
    if (error == 0)
        error = mcpd_ask_record(x, id, &record);
    if (error == 0)
        error = mcpd_ask_run(c, id, &record, &d);
    else if (error == ERR_DEADLINE)
        x->problem = *told;
    error = mcpd_tools_answer(c, &d, error);
    jdoc_free(d.result);
    return error;
}

static int mcpd_ask_spare(struct mcpd_call *c, const struct direct *asked,
    const struct problem *told)
{
    struct app *app = c->m->x->app;
    scoreboard_stage_set(app->seat, STAGE_TOOL);
    bool rests = mcpd_ask_may_rest(c->m->x);
    if (!rests)
        c->m->x->problem = *told;
    int error = rests ? mcpd_ask_hold(c, asked, told) : mcpd_tools_answer(c, asked, ERR_INVALID);
    worker_beat(app->worker);
    scoreboard_stage_set(app->seat, STAGE_REQUEST);
    return error;
}

int mcpd_ask(struct mcpd_call *c, const struct direct *asked)
{
    struct exchange *x = c->m->x;
    const struct problem told = x->problem;
    memset(&x->problem, 0, sizeof x->problem);
    if (c->m->terms.modern)
        return mcpd_ask_modern(c, &asked->asked);
    return c->m->terms.holds ? mcpd_ask_spare(c, asked, &told) : mcpd_ask_stream(c, &asked->asked);
}

int mcpd_ask_again(struct mcpd_call *c, const char *id)
{
    struct exchange *x = c->m->x;
    struct approvals_record record;
    memset(&x->problem, 0, sizeof x->problem);
    int error = mcpd_ask_record(x, id, &record);
    if (error < 0)
        return error;
    struct approvals_ask ask = mcpd_ask_of(id, &record);
    return mcpd_ask_modern(c, &ask);
}

/* Nobody has answered, or the call has to come later; its approval stands. */
static bool mcpd_ask_waits(const struct exchange *x, const struct direct *d, int error)
{
    enum problem_code code = x->problem.code;
    return error < 0 && x->problem.set &&
        ((code == PROBLEM_APPROVAL && d->asked.id[0] == '\0') || code == PROBLEM_RATE ||
            code == PROBLEM_USER_CALLS);
}

static int mcpd_ask_wait(struct mcpd *m, const struct mcpd_place *place)
{
    struct problem *p = &m->x->problem;
    int64_t wait_ms = place->count < MCPD_ASK_SOON ? MCPD_ASK_SOON_MS : MCPD_ASK_LATER_MS;
    if (p->set && p->retry_after_ms > wait_ms)
        wait_ms = p->retry_after_ms;
    memset(p, 0, sizeof *p);
    mcpd_events(m);
    mcpd_ask_put_wait(m, place, place->count + 1, wait_ms);
    return 0;
}

static int mcpd_ask_go_on(struct mcpd *m, const struct mcpd_place *place,
    const struct approvals_record *record)
{
    struct exchange *x = m->x;
    struct mcpd_call c = {.m = m, .method = "tools/call"};
    struct direct d = {.args = ""};
    jdoc *id = NULL;
    if (mcpd_ask_parse(x, place->call, &id) < 0 ||
        (jdoc_type(id) != JDOC_INT && jdoc_type(id) != JDOC_STRING))
        return problem_field(&x->problem, "Last-Event-ID", "It is none of our events' ids.");
    c.id = id;
    int error = mcpd_ask_run(&c, place->id, record, &d);
    if (mcpd_ask_waits(x, &d, error)) {
        error = mcpd_ask_wait(m, place);
    } else if (error == 0 || x->problem.set) {
        mcpd_events(m);
        error = mcpd_tools_answer(&c, &d, error);
    } /* else a fault: the client may come again, nothing is lost */
    jdoc_free(d.result);
    return error;
}

int mcpd_ask_resume(struct mcpd *m, const char *last_event)
{
    struct exchange *x = m->x;
    struct mcpd_place place = {.count = 0};
    struct approvals_record record;
    if (mcpd_place_read(last_event, &place) < 0)
        return problem_field(&x->problem, "Last-Event-ID", "It is none of our events' ids.");
    int error = mcpd_ask_record(x, place.id, &record);
    if (error == ERR_NOT_FOUND)
        return problem_set(&x->problem, PROBLEM_NOT_FOUND, "There is no such stream any more.");
    if (error < 0)
        return error;
    if (!mcpd_ask_is_open(&record))
        return mcpd_ask_go_on(m, &place, &record);
    if (place.count > 0)
        return mcpd_ask_wait(m, &place);
    struct approvals_ask ask = mcpd_ask_of(place.id, &record);
    mcpd_events(m);
    return mcpd_ask_put_question(m, &place, &ask);
}
