/* SPDX-License-Identifier: BSD-2-Clause */
/* tools_call -- a call from its start to its end, also one that waits. */
#include "tools/engine/tools.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "process/measure.h"
#include "tools/engine/tools_about.h"
#include "tools/engine/tools_args.h"
#include "tools/kit/record.h"

#include <stdio.h>
#include <string.h>

#define PATIENCE_MS 30000 /* of a tool whose definition gives no time */

struct tools_waiting { /* a run that waits, and how long it may */
    struct reactor_timer timer;
    bool expired; /* while an answer was being worked on */
    struct tools_run *run;
};

/* What no handler has to think of: a result is there, it is right, and it is not too large. */
static int tools_call_settle(struct tools_run *run, int error)
{
    struct tools_problem problem;
    struct buf text = {0};
    bool success = false;
    run->done = true;
    if (error == ERR_BUSY) /* records_index.c: older records, more than one call's worth */
        error = run_fail(run, "busy",
            "There are so many records that their index is still being made. Ask again in some "
            "seconds.");
    if (error != 0)
        return error;
    if (!run->result)
        return run->parked ? 0 : ERR_NOMEM;
    jdoc_write(run->result, &text);
    size_t len = text.len;
    buf_free(&text);
    jdoc_get_bool(run->result, "success", &success);
    if (tools_check_result(run->spec, run->result, &problem) != 0) {
        log_error("the result of %s breaks its schema at %s: %s", run->spec->name, problem.path,
            problem.message);
        /* A write has happened and its result says what: better told than hidden. */
        if (run->spec->effect == TOOLS_READ)
            return run_fail(run, "internal_error", "The tool could not answer.");
    }
    if (success && len > (size_t)run->context->conf->tool_result_max)
        return run_fail(run, "result_too_large",
            run->spec->effect == TOOLS_READ ?
                "The answer is too long. Ask for fewer entries or a shorter period." :
                "It is done, but the answer is too long to show.");
    return 0;
}

static int tools_call_check_memory(struct tools_run *run)
{
    const struct tools_context *c = run->context;
    if (!tools_is_memory(run->spec) || tools_is_offered(c, run->spec))
        return 0;
    int error = run_fail(run, "memory_off", "%s",
        c->conf->memory ? "You have turned off that facts about you are remembered. Your settings "
                          "turn it on again." :
                          "Facts about users are not remembered here.");
    return error ? error : ERR_NOT_CONFIGURED;
}

static int tools_call_check_provider(struct tools_run *run)
{
    int off = tools_call_check_memory(run);
    if (off)
        return off;
    if (tools_is_provided(run->context->conf, run->spec))
        return 0;
    bool setting = tools_shows_settings(run->context);
    int error = run_fail(run, "provider_not_configured",
        "This needs %s, which is not set up here%s%s%s.", tools_provider_words(run->spec),
        setting ? " (setting " : "", setting ? run->spec->provider : "", setting ? ")" : "");
    return error ? error : ERR_NOT_CONFIGURED;
}

static void tools_call_time_out(struct tools_run *run)
{
    if (run->on_cancel)
        run->on_cancel(run);
    run->error = run_fail(run, "timeout", "The service behind this tool did not answer in time.%s",
        run->spec->effect == TOOLS_OUTSIDE ? " Whether it had an effect is not known." : "");
    run_finished(run);
}

/* An answer that has come in time counts, whatever its last steps take. */
static void tools_call_on_timeout(struct reactor_timer *timer)
{
    struct tools_waiting *w = timer->arg;
    if (w->run->asking)
        return; /* the time goes on with the user's answer */
    w->expired = w->run->steps || w->run->going_on;
    if (!w->expired)
        tools_call_time_out(w->run);
}

/* limited: by the tool's own time limit. */
static int tools_call_start_waiting(struct tools_run *run, bool limited)
{
    struct tools_waiting *w = arena_alloc(run->arena, sizeof *w);
    if (!w) {
        if (run->on_cancel)
            run->on_cancel(run);
        return ERR_NOMEM;
    }
    w->run = run;
    run->waiting = w;
    if (limited)
        reactor_timer_set(run->context->reactor, &w->timer, clock_mono_ms() + run->spec->timeout_ms,
            tools_call_on_timeout, w);
    return ERR_PENDING;
}

static void tools_call_stop_waiting(struct tools_run *run)
{
    struct tools_waiting *w = run->waiting;
    run->waiting = NULL;
    run->on_cancel = NULL;
    if (w)
        reactor_timer_clear(run->context->reactor, &w->timer);
}

/* The code of the failure that the run ends with, or NULL. */
static const char *tools_call_failure(const struct tools_run *run, int error)
{
    bool success = false;
    if (error != 0)
        return "internal_error";
    if (run->parked && !run->result)
        return NULL;
    (void)jdoc_get_bool(run->result, "success", &success);
    return success ? NULL : jdoc_text_or(jdoc_get(run->result, "error"), "code", "unknown");
}

static void tools_call_trace(struct tools_run *run, const char *failure)
{
    const struct span_attribute attributes[] = {{"gen_ai.operation.name", "execute_tool", 0},
        {"gen_ai.tool.name", run->spec->name, 0}};
    char name[128];
    snprintf(name, sizeof name, "execute_tool %s", run->spec->name);
    spans_end(&run->span,
        &(struct span_end){.name = name,
            .kind = run->spec->effect == TOOLS_OUTSIDE ? SPAN_CLIENT : SPAN_INTERNAL,
            .attributes = attributes,
            .count = sizeof attributes / sizeof attributes[0],
            .error = failure});
}

/* The call has come to its end, well or not. */
static void tools_call_measure(struct tools_run *run, int error)
{
    const char *failure, *name = run->spec->name;
    if (run->began_us == 0)
        return;
    measure_count(MEASURE_TOOL_CALLS, name);
    int64_t us = clock_mono_us() - run->began_us, limit_ms = run->context->conf->slow_tool_ms;
    measure_time_us(MEASURE_TOOL_TIME, name, us);
    run->began_us = 0;
    failure = tools_call_failure(run, error);
    tools_call_trace(run, failure);
    if (limit_ms > 0 && us >= limit_ms * 1000)
        log_limited(LOG_LEVEL_WARN, "slow tool: %s %.1f s, %s, user %s, call %s", name,
            (double)us / 1e6, failure ? failure : "well", run->context->uid,
            run->call_id ? run->call_id : "-");
    if (failure)
        measure_add(MEASURE_TOOL_ERRORS, &(struct measure_labels){{name, failure}}, 1);
}

/* What run_finished and run_told call. */
static void tools_call_answered(struct tools_run *run, bool settled)
{
    tools_call_stop_waiting(run);
    if (!settled)
        run->error = tools_call_settle(run, run->error);
    run->done = true;
    tools_call_measure(run, run->error);
    if (run->on_done)
        run->on_done(run);
}

/* All members of a trip read what stands in its chat. */
static int tools_call_check_chat(struct tools_run *run)
{
    if (!run->context->chat_trip || run->spec->shared)
        return 0;
    int error = run_fail(run, "not_in_shared_chat",
        "%s works with what is the user's alone, and others read this chat. The user may ask for "
        "it in a chat of their own.",
        run->spec->name);
    return error != 0 ? error : 1;
}

/* Other trips of whoever asks are not for the members of this one. */
static int tools_call_check_trip(struct tools_run *run)
{
    const char *trip = run->context->chat_trip;
    if (!trip || strcmp(jdoc_text_or(run->args, "trip_id", trip), trip) == 0)
        return 0;
    int error = run_fail_at(run, "/trip_id", trip, "this chat is about that trip alone");
    return error != 0 ? error : 1;
}

/*
 * The steps before a handler; the first that refuses has set the result. Returns 0 to go on, 1
 * when the result stands, else a fault of ours.
 */
static int tools_call_prepare(struct tools_run *run, const char *text, size_t len)
{
    int error = tools_call_check_chat(run);
    if (error == 0)
        error = tools_args_read(run, text, len);
    if (error == 0)
        error = tools_call_check_trip(run);
    if (error == 0)
        error = tools_call_check_provider(run);
    if (error == ERR_INVALID || error == ERR_NOT_CONFIGURED)
        return 1;
    if (error != 0 || run->spec->effect == TOOLS_READ)
        return error;
    error = record_earlier(run);
    return error == 0 ? 1 : error == ERR_NOT_FOUND ? 0 : error;
}

/* A question that was asked without a preview ends otherwise, and is not compared. */
static bool tools_call_was_asked(const struct tools_run *run)
{
    const char *end = TOOLS_QUESTION_BARE;
    size_t len = strlen(run->approved), n = strlen(end);
    if (len >= n && strcmp(run->approved + len - n, end) == 0)
        return true;
    end = arena_printf(run->arena, "%s" TOOLS_QUESTION_END, run->preview);
    n = end ? strlen(end) : 0;
    return n > 0 && len >= n && strcmp(run->approved + len - n, end) == 0;
}

/* Is it still what the user was asked about? As prepare. */
static int tools_call_compare_approved(struct tools_run *run)
{
    int error = run->spec->preview(run);
    if (error != 0 || run->result)
        return error != 0 ? error : 1;
    if (!run->preview || tools_call_was_asked(run))
        return 0;
    error = run_fail(run, "conflict",
        "It has changed since the user was asked, and was not done. "
        "Now it would be to %s. Ask again.",
        run->preview);
    return error != 0 ? error : 1;
}

int tools_preview(struct tools_run *run, const char *args_json, size_t len)
{
    int error = tools_call_prepare(run, args_json, len);
    if (error == 0 && run->spec->preview)
        error = run->spec->preview(run);
    if (error == 0 && !run->result)
        error = tools_about(run);
    return error == 1 ? 0 : error;
}

/* settings: with a blank between. */
static bool tools_call_any_is_set(const struct conf *conf, const char *settings)
{
    char name[64];
    size_t len;
    for (; *settings != '\0'; settings += len + (settings[len] == ' ')) {
        len = strcspn(settings, " ");
        snprintf(name, sizeof name, "%.*s", (int)len, settings);
        if (conf_has(conf, name))
            return true;
    }
    return false;
}

bool tools_is_apart(const struct conf *conf, const struct tools_spec *spec)
{
    return spec->process &&
        (!spec->process_unless || !tools_call_any_is_set(conf, spec->process_unless));
}

int64_t tools_patience(const struct tools_context *context, const struct tools_spec *spec)
{
    if (context->apart.start && tools_is_apart(context->conf, spec))
        return context->apart.patience_ms;
    return spec->timeout_ms > 0 ? spec->timeout_ms : PATIENCE_MS;
}

/* Everything, also the look at the arguments, is done there. */
static int tools_call_start_apart(struct tools_run *run, const char *args_json, size_t len)
{
    const struct tools_apart *apart = &run->context->apart;
    int error = apart->start(apart->arg, run, args_json, len);
    if (error == ERR_PENDING)
        error = tools_call_start_waiting(run, false);
    run->done = error != ERR_PENDING;
    return error;
}

static int tools_call_begin(struct tools_run *run, const char *args_json, size_t len)
{
    run->done = false;
    run->error = 0;
    run->waiting = NULL;
    run->fetches = NULL;
    run->steps = NULL;
    run->answered = tools_call_answered;
    if (run->context->apart.start && tools_is_apart(run->context->conf, run->spec))
        return tools_call_start_apart(run, args_json, len);
    int error = tools_call_prepare(run, args_json, len);
    if (error == 0 && run->approved && run->approved[0] != '\0' && run->spec->preview)
        error = tools_call_compare_approved(run);
    if (error == 1)
        return tools_call_settle(run, 0);
    if (error != 0)
        return tools_call_settle(run, error);
    error = run->spec->handler(run);
    if (error == ERR_PENDING && run->done) /* it was answered before the handler returned */
        return run->error;
    return error == ERR_PENDING ? tools_call_start_waiting(run, true) :
                                  tools_call_settle(run, error);
}

int tools_start(struct tools_run *run, const char *args_json, size_t len)
{
    run->began_us = run->context->is_apart ? 0 : clock_mono_us();
    spans_begin(&run->span, run->context->span);
    int error = tools_call_begin(run, args_json, len);
    if (error != ERR_PENDING)
        tools_call_measure(run, error);
    return error;
}

void tools_go_on(struct tools_run *run)
{
    const struct tools_waiting *w;
    run->going_on = true;
    while (run->steps && !run->done) {
        struct tools_step *step = run->steps;
        run->steps = step->next;
        step->fn(run, step->arg);
    }
    run->going_on = false;
    w = run->waiting;
    if (!run->done && w && w->expired)
        tools_call_time_out(run);
}

void tools_reply(struct tools_run *run, const struct tools_reply *reply)
{
    struct tools_waiting *w = run->waiting;
    if (run->done || !run->asking || run->asking != reply->to) /* another one by now */
        return;
    run->asking = NULL;
    if (w)
        reactor_timer_set(run->context->reactor, &w->timer, clock_mono_ms() + run->spec->timeout_ms,
            tools_call_on_timeout, w);
    run->on_reply(run, reply);
}

void tools_cancel(struct tools_run *run)
{
    if (run->done || !run->waiting)
        return;
    if (run->on_cancel)
        run->on_cancel(run);
    tools_call_stop_waiting(run);
    run->steps = NULL;
    run->error = run_fail(run, "cancelled", "The call was stopped.");
    run->done = true;
    tools_call_measure(run, run->error);
}

void tools_fini(struct tools_run *run)
{
    tools_cancel(run);
    jdoc_free(run->args);
    jdoc_free(run->result);
    jdoc_free(run->about);
    run->args = run->result = run->about = NULL;
}
