/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/direct_parts.h"

#include "agent/approval.h"
#include "agent/daytime.h"
#include "agent/wishes.h"
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

#define DIRECT_TOOL_GRACE_MS 1000 /* beyond the tool's own limit, for a tool that hangs */
#define DIRECT_TOOL_RETRY_MS 1000
#define DIRECT_LOCALE_MAX 35

/* ---- what a direct call brings beside its arguments ---- */

/* What the user has chosen. It is of no use to fail for want of it: then the site's counts. */
static int direct_wishes(struct exchange *x, const char *locale, struct wishes *out)
{
    struct buf stored;

    buf_init(&stored, 0);
    bool known = sessions_context_get(x->app->store, x->who.user, &stored) == 0;
    const struct wishes_from from = {.stored = known ? buf_text(&stored) : NULL,
        .locale = locale,
        .conf = x->app->conf};
    int error = wishes_read(&from, x->arena, out);
    buf_free(&stored);
    return error;
}

static int direct_zone(struct exchange *x, const struct wishes *wishes, const char **zone)
{
    const char *configured = *wishes->zone ? wishes->zone : x->app->conf->default_zone;
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

static int direct_locale(struct exchange *x, const char **locale)
{
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
    const char *named = request_query(&x->request, "locale");
    *locale = named ? named : request_language(&x->request);
    size_t len = strlen(*locale);
    if (len > DIRECT_LOCALE_MAX || strspn(*locale, good) != len)
        return problem_field(&x->problem, "locale",
            "locale must be a language tag, such as en-AU.");
    return 0;
}

int direct_check_key(struct exchange *x, const char *name, const char *key)
{
    if (key && !ident_is_safe(key, strlen(key), IDENT_CLIENT_MESSAGE_MAX))
        return problem_limit(&x->problem, name, IDENT_CLIENT_MESSAGE_MAX,
            "%s must have 1 to %d characters of A-Z a-z 0-9 _ . : @ -.", name,
            IDENT_CLIENT_MESSAGE_MAX);
    return 0;
}

int direct_check_approval(struct exchange *x, const char *name, const char *id)
{
    if (id && !ident_is_safe(id, strlen(id), APPROVALS_ID_SIZE))
        return problem_field(&x->problem, name, "%s is not the id of an approval.", name);
    return 0;
}

static int direct_context(struct exchange *x, const struct direct *d, struct tools_context *context)
{
    struct app *app = x->app;
    struct wishes wishes;
    const char *locale;
    int error = direct_locale(x, &locale);
    if (error == 0)
        error = direct_wishes(x, locale, &wishes);
    if (error != 0)
        return error;
    *context = (struct tools_context){.conf = app->conf,
        .store = app->store,
        .reactor = app->reactor,
        .uid = x->who.user,
        .locale = *locale ? locale : wishes.language,
        .currency = wishes.currency,
        .units = wishes.units,
        .memory_off = !wishes.memory,
        .now_ms = clock_real_ms(),
        .role = x->who.role};
    context->zone = d->zone;
    error = d->zone ? 0 : direct_zone(x, &wishes, &context->zone);
    if (error == 0 && !app->http)
        error = http_new(&app->http, app->reactor);
    context->http = app->http;
    return error;
}

/* ---- the checks before it runs ---- */

static void direct_wrong(struct exchange *x, enum problem_code code, const char *path,
    const char *expected, const char *message)
{
    problem_set(&x->problem, code, "%s", message);
    snprintf(x->problem.field, sizeof x->problem.field, "%s", path);
    snprintf(x->problem.expected, sizeof x->problem.expected, "%s", expected);
}

static int direct_arguments(struct exchange *x, const struct direct *d)
{
    struct tools_problem wrong = {.path = ""};
    if (jdoc_type(d->value) != JDOC_OBJECT) {
        direct_wrong(x, PROBLEM_ARGUMENT, "", "an object",
            "The body must be the tool's arguments as a JSON object.");
        return ERR_INVALID;
    }
    int error = tools_check(d->spec, d->value, &wrong);
    if (error == ERR_INVALID)
        direct_wrong(x, PROBLEM_ARGUMENT, wrong.path, wrong.expected, wrong.message);
    return error;
}

/* ---- refusals ---- */

/* What the refusals of tools are over HTTP; one that is not listed is PROBLEM_TOOL_FAILED. */
static const struct {
    const char *code;
    enum problem_code problem;
} direct_refusals[] = {
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
    {"busy", PROBLEM_POOL_FULL},
    {"provider_not_configured", PROBLEM_NO_PROVIDER},
    {"memory_off", PROBLEM_MEMORY_OFF},
    {"provider_failed", PROBLEM_PROVIDER},
    {"provider_unavailable", PROBLEM_PROVIDER_AWAY},
    {"unknown_outcome", PROBLEM_OUTCOME},
    {"timeout", PROBLEM_TOOL_TIMEOUT},
    {"internal_error", PROBLEM_INTERNAL},
};

int direct_refused(struct exchange *x, const struct tools_run *run)
{
    const jdoc *error = jdoc_get(run->result, "error");
    const char *code = jdoc_text_or(error, "code", "");
    enum problem_code problem = PROBLEM_TOOL_FAILED;
    for (size_t i = 0; i < sizeof direct_refusals / sizeof direct_refusals[0]; i++) {
        if (strcmp(direct_refusals[i].code, code) == 0)
            problem = direct_refusals[i].problem;
    }
    direct_wrong(x, problem, jdoc_text_or(error, "path", ""), jdoc_text_or(error, "expected", ""),
        jdoc_text_or(run->result, "message", ""));
    if (problem == PROBLEM_TOOL_FAILED)
        snprintf(x->problem.reason, sizeof x->problem.reason, "%s", code);
    if (problem == PROBLEM_RATE)
        x->problem.retry_after_ms =
            run->retry_after_ms > 0 ? run->retry_after_ms : DIRECT_TOOL_RETRY_MS;
    return ERR_INVALID;
}

/* ---- limits and keys ---- */

static int direct_check_rate(struct exchange *x)
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
static int direct_claim_key(struct exchange *x, const struct direct *d)
{
    char digest[IDENT_SHA256_SIZE];
    struct buf text;
    buf_init(&text, 0);
    buf_printf(&text, "%s\n", d->spec->name);
    jdoc_write_canonical(d->value, &text);
    int error = buf_error(&text);
    if (error == 0) {
        ident_sha256_hex(buf_text(&text), text.len, digest);
        error = sessions_tool_key(x->app->store, x->who.user, d->key, digest);
    }
    buf_free(&text);
    if (error == ERR_CONFLICT)
        problem_set(&x->problem, PROBLEM_KEY_MISMATCH,
            "This Idempotency-Key came before with another tool or other arguments.");
    return error;
}

/* ---- its end ---- */

/* A fault of ours. After a lost reply nobody knows whether a write was done. */
static int direct_fault(struct exchange *x, const struct tools_run *run, int error)
{
    if (error != ERR_STORE || run->spec->effect == TOOLS_READ)
        return error;
    problem_set(&x->problem, PROBLEM_STORE, "Whether it was done is not known%s.",
        run->call_id ? ": send it again with the same Idempotency-Key" : "");
    x->problem.retry_after_ms = DIRECT_TOOL_RETRY_MS;
    return error;
}

static int direct_conclude(struct exchange *x, struct direct *d, struct tools_run *run, int error)
{
    bool success = false;
    if (error == 0 && !run->result)
        error = ERR_INTERNAL;
    if (error != 0)
        return direct_fault(x, run, error);
    jdoc_get_bool(run->result, "success", &success);
    /* Another one with the same mark came through while this one looked: a deletion, say. */
    if (!success && run->call_id && run->spec->effect != TOOLS_READ && record_earlier(run) == 0)
        jdoc_get_bool(run->result, "success", &success);
    if (!success)
        return direct_refused(x, run);
    d->result = run->result;
    run->result = NULL;
    return 0;
}

/* ---- the wait ---- */

/* What may end a wait before its time. */
static int direct_check_wait(struct exchange *x, const struct direct *d)
{
    const struct request_source *source = x->request.source;
    if (x->app->worker->abort_turn)
        return ERR_DRAINING;
    if (guard_tool_waits(x) < 0)
        return ERR_RATE;
    /* What writes goes on: its result is there for whoever sends the call again. */
    if (d->spec->effect == TOOLS_READ && source->gone && source->gone(source->arg))
        return ERR_PEER_GONE;
    return 0;
}

/* For what the tool asked outside: at most its own time, then a second. */
static int direct_await(struct exchange *x, const struct direct *d, struct tools_run *run)
{
    struct worker *w = x->app->worker;
    int64_t now = clock_mono_ms(), told = now;
    int64_t until = now + run->spec->timeout_ms + DIRECT_TOOL_GRACE_MS;
    for (; !run->done; now = clock_mono_ms()) {
        int error = now < until ? direct_check_wait(x, d) : ERR_DEADLINE;
        if (error == 0 && d->on_wait && now - told >= GUARD_SLOW_MS) {
            told = now;
            error = d->on_wait(d->on_wait_arg);
        }
        if (error < 0)
            return error;
        worker_beat(w);
        error = reactor_step(x->app->reactor,
            until - now > GUARD_SLOW_MS ? now + GUARD_SLOW_MS : until, &w->wait_mask);
        if (error < 0 && error != ERR_CANCELLED)
            return error;
        tools_go_on(run);
    }
    return run->error;
}

/* Whether one more may wait. Asked after the own wait is marked. */
static int direct_check_place(struct exchange *x)
{
    if (exchange_may_wait(x->app))
        return 0;
    problem_set(&x->problem, PROBLEM_POOL_FULL,
        "Too many tools wait for services outside. The call was stopped; try it again.");
    x->problem.retry_after_ms = DIRECT_TOOL_RETRY_MS;
    return ERR_FULL;
}

static int direct_wait(struct exchange *x, const struct direct *d, struct tools_run *run)
{
    scoreboard_stage_set(x->app->seat, STAGE_TOOL);
    int error = direct_check_place(x);
    if (error == 0)
        error = direct_await(x, d, run);
    worker_beat(x->app->worker);
    scoreboard_stage_set(x->app->seat, STAGE_REQUEST);
    if (!run->done)
        tools_cancel(run);
    if (error == ERR_DEADLINE)
        problem_set(&x->problem, PROBLEM_TOOL_TIMEOUT,
            "The tool did not answer in time. Whether it had an effect is not known.");
    return error;
}

static int direct_run(struct exchange *x, struct direct *d, struct tools_run *run)
{
    int error = tools_start(run, d->args, d->args_len);
    if (error == ERR_PENDING) {
        error = direct_wait(x, d, run);
        if (x->problem.set || error == ERR_PEER_GONE)
            return error;
    }
    return direct_conclude(x, d, run, error);
}

/* The mark under which its effect happens once. The prefix keeps a client's keys apart from the
 * calls of the user's turns. */
static int direct_mark(struct exchange *x, const struct direct *d, struct tools_run *run)
{
    const char *name = d->key ? d->key : d->mark;
    if (run->call_id || !name)
        return 0;
    int error = d->key ? direct_claim_key(x, d) : 0;
    if (error < 0)
        return error;
    run->call_id = arena_printf(x->arena, "direct:%s", name);
    return !run->call_id ? ERR_NOMEM : 0;
}

int direct_call(struct exchange *x, struct direct *d)
{
    struct tools_context context;
    struct tools_run run = {.context = &context, .spec = d->spec, .arena = x->arena};
    int error;
    if ((error = guard_tool(x)) < 0 || (error = direct_context(x, d, &context)) < 0 ||
        (error = direct_arguments(x, d)) < 0 || (error = direct_check_rate(x)) < 0 ||
        (error = direct_approve(x, d, &run)) < 0 || (error = direct_mark(x, d, &run)) < 0)
        return error;
    error = direct_run(x, d, &run);
    tools_fini(&run);
    return error;
}
