#include "tools/engine/tools.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "store/records.h"
#include "tools/engine/finder.h"
#include "tools/engine/registry.h"
#include "tools/engine/schema.h"
#include "tools/kit/gazetteer.h"
#include "tools/kit/keep.h"
#include "tools/kit/land.h"
#include "tools/kit/road.h"
#include "tools/remote/dynamic.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 30000 /* of a tool whose definition gives no time */

/* The schemas of one tool, parsed once per process (before the fork when turn_global_init asks). */
struct parsed {
    jdoc *arguments, *result;
};
static struct parsed *parsed;

/* Failures look the same for every tool. */
static const char failure_schema_text[] =
    "{\"type\":\"object\",\"properties\":{\"success\":{\"const\":false},"
    "\"message\":{\"type\":\"string\",\"minLength\":1},"
    "\"error\":{\"type\":\"object\",\"properties\":{\"code\":{\"type\":\"string\","
    "\"pattern\":\"^[a-z_]+$\"},\"message\":{\"type\":\"string\"},\"path\":{\"type\":\"string\"},"
    "\"expected\":{\"type\":\"string\"}},\"required\":[\"code\",\"message\"],"
    "\"additionalProperties\":false}},\"required\":[\"success\",\"message\",\"error\"],"
    "\"additionalProperties\":false}";
static jdoc *failure_schema;

struct waiting { /* a run that waits, and how long it may */
    struct reactor_timer timer;
    bool expired; /* while an answer was being worked on */
    struct tools_run *run;
};

int tools_configure(const struct conf *conf, char *why, size_t why_size)
{
    int error = dynamic_load(conf, why, why_size);
    gazetteer_open(conf->gazetteer_file); /* mapped once, for all workers; spot.c says what is wrong */
    road_open(conf);
    land_rest();
    if (error == 0)
        finder_forget();
    return error;
}

unsigned tools_enter(const struct conf *conf)
{
    return dynamic_enter(conf);
}

void tools_leave(unsigned ticket)
{
    dynamic_leave(ticket);
}

int tools_global_init(void)
{
    return finder_prepare();
}

size_t tools_count(void)
{
    return tools_registry_count + dynamic_count();
}

const struct tools_spec *tools_at(size_t index)
{
    return index < tools_registry_count ? &tools_registry[index]
                                        : dynamic_at(index - tools_registry_count);
}

bool tools_registered(const char *name)
{
    for (size_t i = 0; i < tools_registry_count; i++)
        if (strcmp(tools_registry[i].name, name) == 0)
            return true;
    return false;
}

const struct tools_spec *tools_find(const char *name)
{
    for (size_t i = 0; i < tools_count(); i++)
        if (strcmp(tools_at(i)->name, name) == 0)
            return tools_at(i);
    return NULL;
}

bool tools_needs_approval(const struct tools_spec *spec, const jdoc *args)
{
    if (spec->approval != TOOLS_APPROVAL_ALWAYS)
        return false;
    if (spec->approval_argument == NULL || args == NULL)
        return true;
    const char *value = jdoc_string(jdoc_get(args, spec->approval_argument), NULL);
    return value == NULL || strcmp(value, spec->approval_value) == 0;
}

static int parse_failure_schema(void)
{
    return failure_schema != NULL ? 0
        : jdoc_parse(failure_schema_text, sizeof failure_schema_text - 1, &failure_schema, NULL, 0);
}

static int parse_schemas(const struct tools_spec *spec, const jdoc **arguments, const jdoc **out)
{
    int result = parse_failure_schema();
    if (result != 0)
        return result;
    if (spec->dynamic != NULL)
        return dynamic_schemas(spec, arguments, out);
    size_t index = (size_t)(spec - tools_registry);
    if (index >= tools_registry_count)
        return ERR_INTERNAL;
    if (parsed == NULL)
        parsed = calloc(tools_registry_count, sizeof *parsed);
    if (parsed == NULL)
        return ERR_NOMEM;
    struct parsed *p = &parsed[index];
    if (p->arguments == NULL)
        result = jdoc_parse(spec->arguments_schema, strlen(spec->arguments_schema), &p->arguments,
            NULL, 0);
    if (result == 0 && p->result == NULL)
        result = jdoc_parse(spec->result_schema, strlen(spec->result_schema), &p->result, NULL, 0);
    *arguments = p->arguments;
    *out = p->result;
    return result;
}

int tools_check(const struct tools_spec *spec, jdoc *args, struct tools_problem *problem)
{
    const jdoc *schema = NULL, *unused;
    int result = parse_schemas(spec, &schema, &unused);
    if (result == 0)
        result = schema_coerce(schema, args);
    return result == 0 ? schema_validate(schema, args, problem) : result;
}

int tools_check_result(const struct tools_spec *spec, const jdoc *value,
    struct tools_problem *problem)
{
    const jdoc *unused, *schema = NULL;
    bool success = false;
    int result = parse_schemas(spec, &unused, &schema);
    if (result != 0)
        return result;
    jdoc_get_bool(value, "success", &success);
    return schema_validate(success ? schema : failure_schema, value, problem);
}

static int set_failure(struct tools_run *run, const char *code, const char *path,
    const char *expected, const char *message)
{
    jdoc *result = jdoc_new_object(), *error = jdoc_new_object();
    jdoc_free(run->result);
    run->result = NULL;
    int failed = result == NULL || error == NULL || jdoc_set_bool(result, "success", false) != 0
        || jdoc_set_string(result, "message", message) != 0
        || jdoc_set_string(error, "code", code) != 0
        || jdoc_set_string(error, "message", message) != 0
        || jdoc_set_string(error, "path", path) != 0
        || jdoc_set_string(error, "expected", expected) != 0;
    if (failed) {
        jdoc_free(error);
        jdoc_free(result);
        return ERR_NOMEM;
    }
    if (jdoc_set(result, "error", error) != 0) {
        jdoc_free(result);
        return ERR_NOMEM;
    }
    run->result = result;
    return 0;
}

int tools_fail(struct tools_run *run, const char *code, const char *format, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    keep_cut_utf8(text, sizeof text);
    return set_failure(run, code, NULL, NULL, text);
}

int tools_fail_at(struct tools_run *run, const char *path, const char *expected,
    const char *format, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    keep_cut_utf8(text, sizeof text);
    return set_failure(run, "invalid_argument", path, expected, text);
}

int tools_ask_back(struct tools_run *run, const char *path, const char *expected,
    const char *format, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    keep_cut_utf8(text, sizeof text);
    return set_failure(run, "ambiguous", path, expected, text);
}

jdoc *tools_succeed(struct tools_run *run, const char *format, ...)
{
    char text[2048];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    keep_cut_utf8(text, sizeof text);
    jdoc_free(run->result);
    run->result = jdoc_new_object();
    if (run->result == NULL)
        return NULL;
    if (jdoc_set_bool(run->result, "success", true) != 0
        || jdoc_set_string(run->result, "message", text) != 0) {
        jdoc_free(run->result);
        run->result = NULL;
    }
    return run->result;
}

/* What no handler has to think of: a result is there, it is right, and it is not too large. */
static int settle(struct tools_run *run, int result)
{
    struct tools_problem problem;
    struct buf text = { 0 };
    bool success = false;
    run->done = true;
    if (result != 0)
        return result;
    if (run->result == NULL)
        return ERR_NOMEM;
    jdoc_write(run->result, &text);
    size_t len = text.len;
    buf_free(&text);
    jdoc_get_bool(run->result, "success", &success);
    if (tools_check_result(run->spec, run->result, &problem) != 0) {
        log_error("the result of %s breaks its schema at %s: %s", run->spec->name, problem.path,
            problem.message);
        /* A write has happened and its result says what: better told than hidden. */
        if (run->spec->effect == TOOLS_READ)
            return tools_fail(run, "internal_error", "The tool could not answer.");
    }
    if (success && len > (size_t)run->context->conf->tool_result_max)
        return tools_fail(run, "result_too_large",
            run->spec->effect == TOOLS_READ
                ? "The answer is too long. Ask for fewer entries or a shorter period."
                : "It is done, but the answer is too long to show.");
    return 0;
}

static int parse_arguments(struct tools_run *run, const char *text, size_t len)
{
    char why[160];
    while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
        len--;
    jdoc_free(run->args);
    run->args = NULL;
    if (len == 0) {
        run->args = jdoc_new_object();
        return run->args != NULL ? 0 : ERR_NOMEM;
    }
    int result = jdoc_parse(text, len, &run->args, why, sizeof why);
    if (result == ERR_NOMEM)
        return result;
    if (result != 0) {
        tools_fail(run, "invalid_json", "The arguments are not valid JSON: %s", why);
        return ERR_INVALID;
    }
    /* Some models send the object as JSON text. */
    size_t inner_len = 0;
    const char *inner = jdoc_string(run->args, &inner_len);
    jdoc *object = NULL;
    if (inner != NULL && jdoc_parse(inner, inner_len, &object, NULL, 0) == 0) {
        jdoc_free(run->args);
        run->args = object;
    }
    if (jdoc_type(run->args) == JDOC_OBJECT)
        return 0;
    tools_fail_at(run, "", "an object", "The arguments must be a JSON object.");
    return ERR_INVALID;
}

static int check_arguments(struct tools_run *run)
{
    struct tools_problem problem;
    int result = tools_check(run->spec, run->args, &problem);
    if (result == ERR_INVALID)
        set_failure(run, "invalid_argument", problem.path, problem.expected, problem.message);
    return result;
}

/* Arguments as tools_start reads them; NULL when it would refuse them. The caller ends run. */
static const jdoc *read_arguments(struct tools_run *run, const char *args_json, size_t len,
    int *result)
{
    *result = parse_arguments(run, args_json, len);
    if (*result == 0)
        *result = check_arguments(run);
    return *result == 0 ? run->args : NULL;
}

bool tools_may_leave(const struct tools_spec *spec)
{
    return spec->reaches_others || spec->effect == TOOLS_OUTSIDE || spec->outside != NULL;
}

bool tools_call_leaves(const struct tools_spec *spec, const char *args_json, size_t len)
{
    struct tools_run run = { .spec = spec };
    int result;
    if (spec->outside == NULL || strcmp(spec->outside, "*") == 0 || spec->reaches_others
        || spec->effect == TOOLS_OUTSIDE)
        return tools_may_leave(spec);
    const jdoc *args = read_arguments(&run, args_json, len, &result);
    bool leaves = args != NULL ? jdoc_get(args, spec->outside) != NULL : result != ERR_INVALID;
    tools_fini(&run);
    return leaves;
}

/* Failures with these codes are worded here, whatever tool it is. */
static bool is_own_failure(const char *code)
{
    static const char *const codes[] = { "invalid_json", "invalid_argument", "provider_failed",
        "provider_not_configured", "provider_unavailable", "timeout", "cancelled", "not_found",
        "unknown_outcome", "result_too_large", "rate_limited", "limit_reached", "forbidden",
        "no_route", "internal_error", "busy", "tool_crashed" };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(codes[i], code) == 0)
            return true;
    return false;
}

/* Events that came by a calendar file have a uid (calendar_file.c): who sent the file wrote them. */
static bool has_imported(const jdoc *result)
{
    const jdoc *events = jdoc_get(result, "events");
    bool found = jdoc_has(jdoc_get(result, "event"), "uid");
    for (size_t i = 0; !found && i < jdoc_length(events); i++)
        found = jdoc_has(jdoc_at(events, i), "uid");
    return found;
}

bool tools_result_untrusted(const struct tools_spec *spec, const jdoc *result)
{
    bool success = false;
    if (spec->dynamic == NULL && strcmp(spec->family, "calendar") == 0)
        return has_imported(result);
    jdoc_get_bool(result, "success", &success);
    return spec->untrusted
        && (success || !is_own_failure(jdoc_text_or(jdoc_get(result, "error"), "code", "")));
}

bool tools_call_needs_approval(const struct tools_spec *spec, const char *args_json, size_t len)
{
    struct tools_run run = { .spec = spec };
    if (spec->approval_argument == NULL)
        return tools_needs_approval(spec, NULL);
    int result;
    const jdoc *args = read_arguments(&run, args_json, len, &result);
    bool needed = result != ERR_INVALID && tools_needs_approval(spec, args);
    tools_fini(&run);
    return needed;
}

struct setting {
    const char *name;
    bool present;
};

static void visit_setting(void *arg, const char *name, const char *value, const char *def,
    const char *help)
{
    struct setting *s = arg;
    (void)def, (void)help;
    if (strcmp(name, s->name) == 0)
        s->present = value[0] != '\0';
}

static bool is_set(const struct conf *conf, const char *name)
{
    struct setting s = { .name = name };
    conf_visit(conf, visit_setting, &s);
    return s.present;
}

static int check_provider(struct tools_run *run)
{
    if (run->spec->provider == NULL || is_set(run->context->conf, run->spec->provider))
        return 0;
    tools_fail(run, "provider_not_configured",
        "This needs an outside provider that is not configured here (setting %s).", run->spec->provider);
    return ERR_NOT_CONFIGURED;
}

static void time_out(struct tools_run *run)
{
    if (run->on_cancel != NULL)
        run->on_cancel(run);
    tools_fail(run, "timeout", "The service behind this tool did not answer in time.%s",
        run->spec->effect == TOOLS_OUTSIDE ? " Whether it had an effect is not known." : "");
    tools_finished(run);
}

/* An answer that has come in time counts, whatever its last steps take. */
static void on_timeout(struct reactor_timer *timer)
{
    struct waiting *w = timer->arg;
    w->expired = w->run->steps != NULL || w->run->going_on;
    if (!w->expired)
        time_out(w->run);
}

/* limited: by the tool's own time limit. */
static int start_waiting(struct tools_run *run, bool limited)
{
    struct waiting *w = arena_alloc(run->arena, sizeof *w);
    if (w == NULL) {
        if (run->on_cancel != NULL)
            run->on_cancel(run);
        return ERR_NOMEM;
    }
    w->run = run;
    run->waiting = w;
    if (limited)
        reactor_timer_set(run->context->reactor, &w->timer,
            clock_mono_ms() + run->spec->timeout_ms, on_timeout, w);
    return ERR_AGAIN;
}

static void stop_waiting(struct tools_run *run)
{
    struct waiting *w = run->waiting;
    run->waiting = NULL;
    run->on_cancel = NULL;
    if (w != NULL)
        reactor_timer_clear(run->context->reactor, &w->timer);
}

/*
 * The steps before a handler; the first that refuses has set the result. Returns 0 to go on, 1
 * when the result stands, else a fault of ours.
 */
static int prepare(struct tools_run *run, const char *text, size_t len)
{
    int result = parse_arguments(run, text, len);
    if (result == 0)
        result = check_arguments(run);
    if (result == 0)
        result = check_provider(run);
    if (result == ERR_INVALID || result == ERR_NOT_CONFIGURED)
        return 1;
    if (result != 0 || run->spec->effect == TOOLS_READ)
        return result;
    result = keep_earlier(run);
    return result == 0 ? 1 : result == ERR_NOT_FOUND ? 0 : result;
}

/* A question that was asked without a preview ends otherwise, and is not compared. */
static bool was_asked(const struct tools_run *run)
{
    const char *end = TOOLS_QUESTION_BARE;
    size_t len = strlen(run->approved), n = strlen(end);
    if (len >= n && strcmp(run->approved + len - n, end) == 0)
        return true;
    end = arena_printf(run->arena, "%s" TOOLS_QUESTION_END, run->preview);
    n = end != NULL ? strlen(end) : 0;
    return n > 0 && len >= n && strcmp(run->approved + len - n, end) == 0;
}

/* Is it still what the user was asked about? As prepare. */
static int compare_approved(struct tools_run *run)
{
    int result = run->spec->preview(run);
    if (result != 0 || run->result != NULL)
        return result != 0 ? result : 1;
    if (run->preview == NULL || was_asked(run))
        return 0;
    result = tools_fail(run, "conflict", "It has changed since the user was asked, and was not done. "
        "Now it would be to %s. Ask again.", run->preview);
    return result != 0 ? result : 1;
}

int tools_preview(struct tools_run *run, const char *args_json, size_t len)
{
    int result = prepare(run, args_json, len);
    if (result == 0 && run->spec->preview != NULL)
        result = run->spec->preview(run);
    return result == 1 ? 0 : result;
}

/* settings: with a blank between. */
static bool any_is_set(const struct conf *conf, const char *settings)
{
    char name[64];
    size_t len;
    for (; *settings != '\0'; settings += len + (settings[len] == ' ')) {
        len = strcspn(settings, " ");
        snprintf(name, sizeof name, "%.*s", (int)len, settings);
        if (is_set(conf, name))
            return true;
    }
    return false;
}

bool tools_is_apart(const struct conf *conf, const struct tools_spec *spec)
{
    return spec->process &&
        (spec->process_unless == NULL || !any_is_set(conf, spec->process_unless));
}

int64_t tools_patience(const struct tools_context *context, const struct tools_spec *spec)
{
    if (context->apart.start != NULL && tools_is_apart(context->conf, spec))
        return context->apart.patience_ms;
    return spec->timeout_ms > 0 ? spec->timeout_ms : PATIENCE_MS;
}

/* Everything, also the look at the arguments, is done there. */
static int start_apart(struct tools_run *run, const char *args_json, size_t len)
{
    const struct tools_apart *apart = &run->context->apart;
    int result = apart->start(apart->arg, run, args_json, len);
    if (result == ERR_AGAIN)
        result = start_waiting(run, false);
    run->done = result != ERR_AGAIN;
    return result;
}

int tools_start(struct tools_run *run, const char *args_json, size_t len)
{
    run->done = false;
    run->error = 0;
    run->waiting = NULL;
    run->fetches = NULL;
    run->steps = NULL;
    if (run->context->apart.start != NULL && tools_is_apart(run->context->conf, run->spec))
        return start_apart(run, args_json, len);
    int result = prepare(run, args_json, len);
    if (result == 0 && run->approved != NULL && run->approved[0] != '\0'
        && run->spec->preview != NULL)
        result = compare_approved(run);
    if (result == 1)
        return settle(run, 0);
    if (result != 0)
        return settle(run, result);
    result = run->spec->handler(run);
    if (result == ERR_AGAIN && run->done) /* it was answered before the handler returned */
        return run->error;
    return result == ERR_AGAIN ? start_waiting(run, true) : settle(run, result);
}

void tools_defer(struct tools_run *run, struct tools_step *step)
{
    struct tools_step **end = &run->steps;
    while (*end != NULL)
        end = &(*end)->next;
    step->next = NULL;
    *end = step;
    if (run->on_more != NULL)
        run->on_more(run);
}

void tools_go_on(struct tools_run *run)
{
    const struct waiting *w;
    run->going_on = true;
    while (run->steps != NULL && !run->done) {
        struct tools_step *step = run->steps;
        run->steps = step->next;
        step->fn(run, step->arg);
    }
    run->going_on = false;
    w = run->waiting;
    if (!run->done && w != NULL && w->expired)
        time_out(run);
}

void tools_finished(struct tools_run *run)
{
    if (run->done)
        return;
    stop_waiting(run);
    run->error = settle(run, run->error);
    if (run->on_done != NULL)
        run->on_done(run);
}

void tools_told(struct tools_run *run, int error)
{
    if (run->done)
        return;
    stop_waiting(run);
    run->error = error;
    run->done = true;
    if (run->on_done != NULL)
        run->on_done(run);
}

void tools_cancel(struct tools_run *run)
{
    if (run->done || run->waiting == NULL)
        return;
    if (run->on_cancel != NULL)
        run->on_cancel(run);
    stop_waiting(run);
    run->steps = NULL;
    tools_fail(run, "cancelled", "The call was stopped.");
    run->done = true;
}

void tools_fini(struct tools_run *run)
{
    tools_cancel(run);
    jdoc_free(run->args);
    jdoc_free(run->result);
    run->args = run->result = NULL;
}
