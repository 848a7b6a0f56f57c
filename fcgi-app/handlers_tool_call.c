#include "fcgi-app/handlers.h"

#include "agent/approval.h"
#include "agent/daytime.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "fcgi-app/guard.h"
#include "process/stage.h"
#include "store/sessions.h"
#include "tools/engine/tools.h"
#include "tools/kit/record.h"
#include "wire/http/http.h"

#include <stdio.h>
#include <string.h>

#define HANDLERS_TOOL_GRACE_MS 1000 /* beyond the tool's own limit, for a tool that hangs */
#define HANDLERS_TOOL_RETRY_MS 1000
#define HANDLERS_LOCALE_MAX 35

/* handlers -- a tool called directly. Api workers. */

/* ---- what a direct call brings beside its arguments ---- */

static int handlers_zone(struct exchange *x, const char **zone)
{
    const char *configured = x->app->conf->default_zone;
    const char *named = request_query(&x->request, "timezone");
    const char *field = named ? "timezone" : "X-Time-Zone";
    if (!named)
        named = request_header(&x->request, "HTTP_X_TIME_ZONE");
    *zone = named;
    if (!named)
        *zone = daytime_zone_valid(configured) ? configured : "UTC";
    else if (!daytime_zone_valid(named))
        return problem_field(&x->problem, field,
            "%s must be a zone of the IANA database, such as "
            "Australia/Sydney.",
            field);
    return 0;
}

static int handlers_locale(struct exchange *x, const char **locale)
{
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
    const char *named = request_query(&x->request, "locale");
    *locale = named ? named : "";
    size_t len = strlen(*locale);
    if (len > HANDLERS_LOCALE_MAX || strspn(*locale, good) != len)
        return problem_field(&x->problem, "locale",
            "locale must be a language tag, such as en-AU.");
    return 0;
}

static int handlers_tool_key(struct exchange *x, const char **key)
{
    *key = request_header(&x->request, "HTTP_IDEMPOTENCY_KEY");
    if (*key && !ident_is_safe(*key, strlen(*key), IDENT_CLIENT_MESSAGE_MAX))
        return problem_limit(&x->problem, "Idempotency-Key", IDENT_CLIENT_MESSAGE_MAX,
            "Idempotency-Key must have 1 to %d characters of A-Z a-z 0-9 _ . : @ -.",
            IDENT_CLIENT_MESSAGE_MAX);
    return 0;
}

static int handlers_tool_context(struct exchange *x, struct tools_context *context)
{
    struct app *app = x->app;
    *context = (struct tools_context){.conf = app->conf,
        .store = app->store,
        .reactor = app->reactor,
        .uid = x->who.user,
        .currency = app->conf->default_currency,
        .now_ms = clock_real_ms(),
        .role = x->who.role};
    int error = handlers_zone(x, &context->zone);
    if (error == 0)
        error = handlers_locale(x, &context->locale);
    if (error == 0 && !app->http)
        error = http_new(&app->http, app->reactor);
    context->http = app->http;
    return error;
}

/* ---- the checks before it runs ---- */

static void handlers_wrong(struct exchange *x, enum problem_code code, const char *path,
    const char *expected, const char *message)
{
    problem_set(&x->problem, code, "%s", message);
    snprintf(x->problem.field, sizeof x->problem.field, "%s", path);
    snprintf(x->problem.expected, sizeof x->problem.expected, "%s", expected);
}

static int handlers_arguments(struct exchange *x, const struct tools_spec *spec, jdoc **out)
{
    struct tools_problem wrong = {.path = ""};
    int error = request_value(&x->request, true, out, &x->problem);
    if (error < 0)
        return error;
    if (jdoc_type(*out) != JDOC_OBJECT) {
        handlers_wrong(x, PROBLEM_ARGUMENT, "", "an object",
            "The body must be the tool's arguments as a JSON object.");
        return ERR_INVALID;
    }
    error = tools_check(spec, *out, &wrong);
    if (error == ERR_INVALID)
        handlers_wrong(x, PROBLEM_ARGUMENT, wrong.path, wrong.expected, wrong.message);
    return error;
}

/* ---- refusals ---- */

/* What the refusals of tools are over HTTP; one that is not listed is PROBLEM_TOOL_FAILED. */
static const struct {
    const char *code;
    enum problem_code problem;
} handlers_refusals[] = {
    {"invalid_argument", PROBLEM_ARGUMENT},
    {"invalid_json", PROBLEM_BAD_JSON},
    {"not_found", PROBLEM_NOT_FOUND},
    {"forbidden", PROBLEM_FORBIDDEN},
    {"conflict", PROBLEM_CONFLICT},
    {"ambiguous", PROBLEM_AMBIGUOUS},
    {"limit_reached", PROBLEM_LIMIT_REACHED},
    {"no_route", PROBLEM_NO_ROUTE},
    {"result_too_large", PROBLEM_RESULT_SIZE},
    {"rate_limited", PROBLEM_RATE},
    {"provider_not_configured", PROBLEM_NO_PROVIDER},
    {"provider_failed", PROBLEM_PROVIDER},
    {"provider_unavailable", PROBLEM_PROVIDER_AWAY},
    {"unknown_outcome", PROBLEM_OUTCOME},
    {"timeout", PROBLEM_TOOL_TIMEOUT},
    {"internal_error", PROBLEM_INTERNAL},
};

static int handlers_refused(struct exchange *x, const struct tools_run *run)
{
    const jdoc *error = jdoc_get(run->result, "error");
    const char *code = jdoc_text_or(error, "code", "");
    enum problem_code problem = PROBLEM_TOOL_FAILED;
    for (size_t i = 0; i < sizeof handlers_refusals / sizeof handlers_refusals[0]; i++) {
        if (strcmp(handlers_refusals[i].code, code) == 0)
            problem = handlers_refusals[i].problem;
    }
    handlers_wrong(x, problem, jdoc_text_or(error, "path", ""), jdoc_text_or(error, "expected", ""),
        jdoc_text_or(run->result, "message", ""));
    if (problem == PROBLEM_TOOL_FAILED)
        snprintf(x->problem.reason, sizeof x->problem.reason, "%s", code);
    if (problem == PROBLEM_RATE)
        x->problem.retry_after_ms =
            run->retry_after_ms > 0 ? run->retry_after_ms : HANDLERS_TOOL_RETRY_MS;
    return ERR_INVALID;
}

/* ---- approval ---- */

/* Asks for it: the same call with the header Approval-Id runs once the user has said yes. */
static int handlers_ask(struct exchange *x, struct approvals_ask *ask)
{
    char ends[CLOCK_RFC3339_SIZE];
    int error = approvals_open(x->app->store, x->who.user, NULL, NULL, ask, 1);
    if (error == ERR_FULL)
        return problem_set(&x->problem, PROBLEM_LIMIT_REACHED,
            "%d approvals are open already; answer some.", APPROVALS_DIRECT_MAX);
    if (error < 0)
        return error;
    clock_rfc3339(ask->expires_ms, ends);
    problem_set(&x->problem, PROBLEM_APPROVAL,
        "Nothing was done. POST %s/approvals/%s {\"approved\":true}, then repeat this call with "
        "the header Approval-Id: %s.",
        x->app->conf->public_base, ask->id, ask->id);
    struct buf members = {0};
    buf_printf(&members,
        ",\"approval_id\":\"%s\",\"tool\":\"%s\",\"arguments\":%s,\"expires_at\":\"%s\"", ask->id,
        ask->tool, ask->args, ends);
    buf_json_member(&members, "message", ask->message);
    x->problem.members = buf_error(&members) ? NULL : arena_strdup(x->arena, buf_text(&members));
    buf_free(&members);
    return !x->problem.members ? ERR_NOMEM : ERR_INVALID;
}

static int handlers_use(struct exchange *x, const struct tools_spec *spec, const char *id,
    const struct approvals_ask *ask)
{
    bool again = false;
    int error = approvals_use(x->app->store, x->who.user,
        &(struct approvals_use){.id = id, .tool = spec->name, .hash = ask->hash, .zone = ask->zone},
        &again);
    switch (error) {
    case 0:
        if (again && spec->effect == TOOLS_OUTSIDE)
            return problem_set(&x->problem, PROBLEM_APPROVAL_USED, "It was used for this call.");
        return 0;
    case ERR_NOT_FOUND:
        return problem_set(&x->problem, PROBLEM_NOT_FOUND, "No such approval of a direct call.");
    case ERR_NOT_YET:
        return problem_set(&x->problem, PROBLEM_APPROVAL, "The user has not answered yet.");
    case ERR_CONFLICT:
        return problem_set(&x->problem, PROBLEM_APPROVAL_MISMATCH,
            "The approval is for another tool, other arguments or another zone.");
    case ERR_FORBIDDEN:
        return problem_set(&x->problem, PROBLEM_APPROVAL_DENIED, "Nothing was done.");
    case ERR_DEADLINE:
        return problem_set(&x->problem, PROBLEM_APPROVAL_EXPIRED, "Nothing was done.");
    default:
        return error;
    }
}

/* What the user is asked; a call that cannot succeed is refused, and nobody is asked. */
static int handlers_preview(struct exchange *x, const struct tools_context *context,
    const struct tools_spec *spec, struct approvals_ask *ask)
{
    struct tools_run run = {.context = context, .spec = spec, .arena = x->arena};
    int error = tools_preview(&run, x->request.body, x->request.body_len);
    if (error == 0)
        error =
            run.result ? handlers_refused(x, &run) : approval_question(ask, run.preview, x->arena);
    tools_fini(&run);
    return error;
}

/* What the user said yes to; NULL when the arguments are the user's own. */
static int handlers_approved(struct exchange *x, const char *id, const char *args,
    const char **approved)
{
    struct approvals_record record = {.message = ""};
    int error = approvals_get(x->app->store, x->who.user, id, x->arena, &record);
    if (error == 0 && strcmp(record.args, args) == 0)
        *approved = record.message;
    return error == ERR_NOT_FOUND ? 0 : error;
}

/* run: call_id becomes the mark of an approved call, and stays when none is needed. */
static int handlers_approve(struct exchange *x, struct tools_run *run, const jdoc *args)
{
    const struct tools_spec *spec = run->spec;
    const char *id = request_header(&x->request, "HTTP_APPROVAL_ID");
    struct approval_form form = {0};
    struct tools_problem wrong;
    struct approvals_ask ask = {.call = "",
        .tool = spec->name,
        .hash = form.hash,
        .message = "",
        .why = "policy",
        .zone = run->context->zone};
    if (!tools_needs_approval(spec, args))
        return 0;
    int error =
        approval_canonical(spec, x->request.body, x->request.body_len, x->arena, &form, &wrong);
    if (error < 0)
        return error;
    ask.args = form.args;
    if (!id) {
        ident_token(APPROVALS_ID_BYTES, ask.id);
        error = handlers_preview(x, run->context, spec, &ask);
        return error < 0 ? error : handlers_ask(x, &ask);
    }
    if (!ident_is_safe(id, strlen(id), APPROVALS_ID_SIZE))
        return problem_field(&x->problem, "Approval-Id",
            "Approval-Id is not the id of an approval.");
    error = handlers_use(x, spec, id, &ask);
    if (error == 0)
        error = handlers_approved(x, id, ask.args, &run->approved);
    if (error < 0)
        return error;
    run->call_id = arena_printf(x->arena, "approval:%s", id);
    return !run->call_id ? ERR_NOMEM : 0;
}

static int handlers_check_rate(struct exchange *x)
{
    int64_t limit = 0, retry_ms = 0;
    int error = approvals_tool_rate(x->app->store, x->who.user, &limit, &retry_ms);
    if (error != ERR_RATE)
        return error;
    problem_set(&x->problem, PROBLEM_RATE, "%lld calls of tools are allowed in this time.",
        (long long)limit);
    x->problem.has_limit = true;
    x->problem.limit = limit;
    x->problem.retry_after_ms = retry_ms;
    return error;
}

/* A key belongs to one tool and one set of arguments, for as long as a call's mark is kept. */
static int handlers_claim_key(struct exchange *x, const struct tools_spec *spec, const char *key,
    const jdoc *args)
{
    char digest[IDENT_SHA256_SIZE];
    struct buf text;
    buf_init(&text, 0);
    buf_printf(&text, "%s\n", spec->name);
    jdoc_write_canonical(args, &text);
    int error = buf_error(&text);
    if (error == 0) {
        ident_sha256_hex(buf_text(&text), text.len, digest);
        error = sessions_tool_key(x->app->store, x->who.user, key, digest);
    }
    buf_free(&text);
    if (error == ERR_CONFLICT)
        problem_set(&x->problem, PROBLEM_KEY_MISMATCH,
            "This Idempotency-Key came before with another tool or other arguments.");
    return error;
}

/* ---- its end ---- */

/* A fault of ours. After a lost reply nobody knows whether a write was done. */
static int handlers_fault(struct exchange *x, const struct tools_run *run, int error)
{
    if (error != ERR_STORE || run->spec->effect == TOOLS_READ)
        return error;
    problem_set(&x->problem, PROBLEM_STORE, "Whether it was done is not known%s.",
        run->call_id ? ": send it again with the same Idempotency-Key" : "");
    x->problem.retry_after_ms = HANDLERS_TOOL_RETRY_MS;
    return error;
}

static int handlers_conclude(struct exchange *x, struct tools_run *run, int error)
{
    bool success = false;
    if (error == 0 && !run->result)
        error = ERR_INTERNAL;
    if (error != 0)
        return handlers_fault(x, run, error);
    jdoc_get_bool(run->result, "success", &success);
    /* Another one with the same mark came through while this one looked: a deletion, say. */
    if (!success && run->call_id && run->spec->effect != TOOLS_READ && record_earlier(run) == 0)
        jdoc_get_bool(run->result, "success", &success);
    if (!success)
        return handlers_refused(x, run);
    exchange_json(x, 200);
    jdoc_write(run->result, &x->reply.body);
    return 0;
}

/* ---- the wait ---- */

/* For what the tool asked outside: at most its own time, then a second. */
static int handlers_await(struct exchange *x, struct tools_run *run)
{
    struct worker *w = x->app->worker;
    int64_t until = clock_mono_ms() + run->spec->timeout_ms + HANDLERS_TOOL_GRACE_MS;
    while (!run->done) {
        int64_t now = clock_mono_ms();
        if (w->abort_turn)
            return ERR_DRAINING;
        if (now >= until)
            return ERR_DEADLINE;
        if (guard_tool_waits(x) < 0)
            return ERR_RATE;
        worker_beat(w);
        int error = reactor_step(x->app->reactor,
            until - now > GUARD_SLOW_MS ? now + GUARD_SLOW_MS : until, &w->wait_mask);
        if (error < 0 && error != ERR_CANCELLED)
            return error;
        tools_go_on(run);
    }
    return run->error;
}

/* Whether one more may wait. Asked after the own wait is marked. */
static int handlers_check_place(struct exchange *x)
{
    if (exchange_may_wait(x->app))
        return 0;
    problem_set(&x->problem, PROBLEM_POOL_FULL,
        "Too many tools wait for services outside. The call was stopped; try it again.");
    x->problem.retry_after_ms = HANDLERS_TOOL_RETRY_MS;
    return ERR_FULL;
}

static int handlers_wait(struct exchange *x, struct tools_run *run)
{
    scoreboard_stage_set(x->app->seat, STAGE_TOOL);
    int error = handlers_check_place(x);
    if (error == 0)
        error = handlers_await(x, run);
    worker_beat(x->app->worker);
    scoreboard_stage_set(x->app->seat, STAGE_REQUEST);
    if (!run->done)
        tools_cancel(run);
    if (error == ERR_DEADLINE)
        problem_set(&x->problem, PROBLEM_TOOL_TIMEOUT,
            "The tool did not answer in time. Whether it had an effect is not known.");
    return error;
}

static int handlers_run(struct exchange *x, struct tools_run *run)
{
    int error = tools_start(run, x->request.body, x->request.body_len);
    if (error == ERR_PENDING) {
        error = handlers_wait(x, run);
        if (x->problem.set)
            return error;
    }
    return handlers_conclude(x, run, error);
}

int handlers_tool_call(struct exchange *x)
{
    const struct tools_spec *spec = handlers_tool_named(x);
    struct tools_context context;
    struct tools_run run = {.context = &context, .spec = spec, .arena = x->arena};
    const char *key = NULL;
    jdoc *args = NULL;
    int error;
    if (!spec)
        return ERR_NOT_FOUND;
    if ((error = guard_tool(x)) < 0 || (error = handlers_tool_key(x, &key)) < 0 ||
        (error = handlers_tool_context(x, &context)) < 0 ||
        (error = handlers_arguments(x, spec, &args)) < 0)
        return error;
    if ((error = handlers_check_rate(x)) < 0 || (error = handlers_approve(x, &run, args)) < 0)
        return error;
    if (key && !run.call_id) {
        if ((error = handlers_claim_key(x, spec, key, args)) < 0)
            return error;
        /* The prefix keeps a client's keys apart from the calls of the user's turns. */
        run.call_id = arena_printf(x->arena, "direct:%s", key);
        if (!run.call_id)
            return ERR_NOMEM;
    }
    error = handlers_run(x, &run);
    tools_fini(&run);
    return error;
}
