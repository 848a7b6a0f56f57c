/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/routes.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "fcgi-app/dav.h"
#include "fcgi-app/facade.h"
#include "fcgi-app/guard.h"
#include "fcgi-app/handlers.h"
#include "fcgi-app/identify.h"
#include "fcgi-app/limited.h"
#include "fcgi-app/needs.h"
#include "fcgi-app/pacing.h"
#include "fcgi-app/ticket.h"
#include "process/measure.h"
#include "process/origin.h"
#include "store/sessions.h"

#include <stdio.h>
#include <string.h>

#define ROUTES_AROUND_MESSAGE 4096 /* bytes of JSON around a message: ids, session */

#define ROUTES_MINUTE_MS 60000
#define ROUTES_DEAR_UNCOUNTED 6 /* a minute and worker */
#define ROUTES_STALE_RETRY_MS 1000
#define ROUTES_ALLOW_SIZE 96

/* Columns: method, pattern, scope, pools, who may ask, rate, handler. */
static const struct routes_row routes_rows[] = {
    {"POST", "/chat", ROUTES_PUBLIC, ROUTES_TURN | ROUTES_FILES, ROUTES_USER, ROUTES_RATE_CHAT,
        handlers_chat},
    {"POST", "/agui", ROUTES_PUBLIC, ROUTES_TURN | ROUTES_FILES, ROUTES_USER, ROUTES_RATE_CHAT,
        handlers_agui},
    {"GET", "/agui/capabilities", ROUTES_PUBLIC, ROUTES_BOTH, ROUTES_ANYONE, ROUTES_RATE_NONE,
        handlers_agui_capabilities},
    {"POST", "/attachments", ROUTES_PUBLIC, ROUTES_API | ROUTES_FILES, ROUTES_USER, ROUTES_RATE_API,
        handlers_attachment_put},
    {"GET", "/attachments", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_attachments_list},
    {"GET", "/attachments/{id}", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_attachment_get},
    {"DELETE", "/attachments/{id}", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_attachment_delete},
    {"POST", "/ai/chat", ROUTES_PUBLIC, ROUTES_TURN | ROUTES_FILES, ROUTES_USER, ROUTES_RATE_CHAT,
        handlers_aisdk_chat},
    {"GET", "/ai/chat/{id}/stream", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_aisdk_stream},
    {"GET", "/ai/chat/{id}/messages", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_aisdk_messages},
    {"GET", "/sessions", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_sessions_list},
    {"GET", "/sessions/{id}", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_session_get},
    {"PATCH", "/sessions/{id}", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_session_patch},
    {"DELETE", "/sessions/{id}", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_session_delete},
    {"POST", "/sessions/{id}/restore", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_session_restore},
    {"GET", "/sessions/{id}/export", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_DEAR,
        handlers_session_export},
    {"GET", "/sessions/{id}/messages", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_session_messages},
    {"GET", "/sessions/{id}/events", ROUTES_PUBLIC, ROUTES_API, ROUTES_TICKET, ROUTES_RATE_API,
        handlers_session_events},
    {"GET", "/streams/sessions/{id}", ROUTES_PUBLIC, ROUTES_API, ROUTES_TICKET, ROUTES_RATE_STREAM,
        handlers_stream_session},
    {"GET", "/streams/turns/{id}", ROUTES_PUBLIC, ROUTES_API, ROUTES_TICKET, ROUTES_RATE_STREAM,
        handlers_stream_turn},
    {"POST", "/sessions/{id}/cancel", ROUTES_PUBLIC, ROUTES_BOTH, ROUTES_USER, ROUTES_RATE_NONE,
        handlers_session_cancel},
    {"GET", "/turns/{id}", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_turn_get},
    {"POST", "/turns/{id}/cancel", ROUTES_PUBLIC, ROUTES_BOTH, ROUTES_USER, ROUTES_RATE_NONE,
        handlers_turn_cancel},
    {"POST", "/cancel", ROUTES_PUBLIC, ROUTES_BOTH, ROUTES_USER, ROUTES_RATE_NONE, handlers_cancel},
    {"GET", "/history", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_history_get},
    {"DELETE", "/history", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_history_delete},
    {"GET", "/usage", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API, handlers_usage},
    {"GET", "/context", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_context_get},
    {"PUT", "/context", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_context_put},
    {"POST", "/ws-ticket", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_ticket},
    {"POST", "/sign-in", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API, handlers_sign_in},
    {"DELETE", "/sign-in", ROUTES_PUBLIC, ROUTES_API, ROUTES_ANYONE, ROUTES_RATE_NONE,
        handlers_sign_out},
    {"POST", "/feedback", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_FEEDBACK,
        handlers_feedback},
    {"GET", "/admin/feedback", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_admin_feedback},
    {"GET", "/admin/report", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_admin_report},
    {"GET", "/admin/selftest", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_DEAR,
        handlers_admin_selftest_get},
    {"POST", "/admin/selftest", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_admin_selftest},
    {"GET", "/tools", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API, handlers_tools},
    {"GET", "/tools/{id}", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_tool_get},
    {"POST", "/tools/{id}", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_tool_call},
    {"POST", "/mcp", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API, handlers_mcp_post},
    {"GET", "/mcp", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API, handlers_mcp_get},
    {"GET", "/.well-known/oauth-protected-resource", ROUTES_ROOT, ROUTES_API, ROUTES_ANYONE,
        ROUTES_RATE_NONE, handlers_mcp_metadata},
    {"GET", "/.well-known/oauth-protected-resource{path}", ROUTES_ROOT, ROUTES_API, ROUTES_ANYONE,
        ROUTES_RATE_NONE, handlers_mcp_metadata},
    {"GET", "/approvals", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_approvals_list},
    {"POST", "/approvals/{id}", ROUTES_PUBLIC, ROUTES_TURN, ROUTES_USER, ROUTES_RATE_CHAT,
        handlers_approval_answer},
    {"GET", "/inbox", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API, handlers_inbox_list},
    {"POST", "/inbox/{user}", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_inbox_push},
    {"POST", "/inbox/{id}/ack", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_inbox_ack},
    {"POST", "/inbox/{id}/snooze", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_inbox_snooze},
    {"POST", "/push/subscriptions", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_push_subscribe},
    {"GET", "/push/subscriptions", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_push_list},
    {"DELETE", "/push/subscriptions/{id}", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_push_unsubscribe},
    {"POST", "/push/act", ROUTES_PUBLIC, ROUTES_API, ROUTES_ANYONE, ROUTES_RATE_NONE,
        handlers_push_act},
    {"GET", "/calendar.ics", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_DEAR,
        handlers_calendar_export},
    {"POST", "/calendar/import", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_calendar_import},
    {"GET", "/calendar/subscriptions", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_subscriptions_list},
    {"POST", "/calendar/subscriptions", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_subscriptions_add},
    {"DELETE", "/calendar/subscriptions/{id}", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER,
        ROUTES_RATE_API, handlers_subscriptions_drop},
    {"PROPFIND", DAV_PATTERN, ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_dav_propfind},
    {"PROPPATCH", DAV_PATTERN, ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_dav_proppatch},
    {"REPORT", DAV_PATTERN, ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_dav_report},
    {"GET", DAV_PATTERN, ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API, handlers_dav_get},
    {"PUT", DAV_PATTERN, ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API, handlers_dav_put},
    {"DELETE", DAV_PATTERN, ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_dav_delete},
    {"GET", "/expenses.csv", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_DEAR,
        handlers_expenses_export},
    {"GET", "/trips/{id}", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_DEAR,
        handlers_trip_export},
    {"POST", "/trips/{id}/position", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_trip_position},
    {"GET", "/trip-chats", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_DEAR,
        handlers_trip_chats},
    {"GET", "/trips/{id}/chat", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_trip_chat_get},
    {"POST", "/trips/{id}/chat", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_trip_chat_open},
    {"GET", "/trips/{id}/live", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_trip_live},
    {"GET", "/export", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_DEAR,
        handlers_user_export},
    {"DELETE", "/user-data", ROUTES_PUBLIC, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_user_erase},
    {"POST", "/voice/transcribe", ROUTES_PUBLIC, ROUTES_TURN | ROUTES_SOUND, ROUTES_USER,
        ROUTES_RATE_TRANSCRIBE, handlers_voice_transcribe},
    {"POST", "/voice/speak", ROUTES_PUBLIC, ROUTES_TURN, ROUTES_USER, ROUTES_RATE_SPEAK,
        handlers_voice_speak},
    {"GET", "/openapi.json", ROUTES_PUBLIC, ROUTES_API, ROUTES_ANYONE, ROUTES_RATE_NONE,
        handlers_openapi},
    {"GET", "/page", ROUTES_PUBLIC, ROUTES_API, ROUTES_ANYONE, ROUTES_RATE_NONE, handlers_page},
    {"GET", "/health", ROUTES_PUBLIC, ROUTES_BOTH, ROUTES_ANYONE, ROUTES_RATE_NONE,
        handlers_health},
    {"GET", "/health/live", ROUTES_PUBLIC, ROUTES_BOTH, ROUTES_ANYONE, ROUTES_RATE_NONE,
        handlers_health_live},
    {"GET", "/health/ready", ROUTES_PUBLIC, ROUTES_BOTH, ROUTES_ANYONE, ROUTES_RATE_NONE,
        handlers_health_ready},
    {"GET", "/health", ROUTES_ROOT, ROUTES_BOTH, ROUTES_ANYONE, ROUTES_RATE_NONE, handlers_health},
    {"GET", "/health/live", ROUTES_ROOT, ROUTES_BOTH, ROUTES_ANYONE, ROUTES_RATE_NONE,
        handlers_health_live},
    {"GET", "/health/ready", ROUTES_ROOT, ROUTES_BOTH, ROUTES_ANYONE, ROUTES_RATE_NONE,
        handlers_health_ready},
    {"GET", "/models", ROUTES_FACADE, ROUTES_API, ROUTES_USER, ROUTES_RATE_API, handlers_models},
    {"GET", "/models/{id}", ROUTES_FACADE, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_model},
    {"POST", "/chat/completions", ROUTES_FACADE, ROUTES_TURN | ROUTES_FILES, ROUTES_USER,
        ROUTES_RATE_CHAT, handlers_completion},
    {"POST", "/responses", ROUTES_FACADE, ROUTES_TURN | ROUTES_FILES, ROUTES_USER, ROUTES_RATE_CHAT,
        handlers_response},
    {"GET", "/responses/{id}", ROUTES_FACADE, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_response_get},
    {"DELETE", "/responses/{id}", ROUTES_FACADE, ROUTES_API, ROUTES_USER, ROUTES_RATE_API,
        handlers_response_delete},
    {"POST", "/responses/{id}/cancel", ROUTES_FACADE, ROUTES_BOTH, ROUTES_USER, ROUTES_RATE_NONE,
        handlers_response_cancel},
    {"POST", "/internal/message", ROUTES_INTERNAL, ROUTES_TURN, ROUTES_USER, ROUTES_RATE_NONE,
        handlers_internal_message},
    {"POST", "/internal/run", ROUTES_INTERNAL, ROUTES_TURN, ROUTES_ANYONE, ROUTES_RATE_NONE,
        handlers_internal_run},
};
#define ROUTES_COUNT (sizeof routes_rows / sizeof routes_rows[0])

size_t routes_count(void)
{
    return ROUTES_COUNT;
}

const struct routes_row *routes_at(size_t index)
{
    return &routes_rows[index];
}

/*
 * One segment of a path for "{id}", or, still percent-encoded, for "{user}"; the rest of the path
 * for "{path}". 1, 0, ERR_NOMEM.
 */
static int routes_param(struct exchange *x, char kind, const char *text, size_t len,
    const char **out)
{
    bool user = kind == 'u';
    if (kind == 'i' && !ident_is_safe(text, len, IDENT_USER_MAX) && !ident_is_chat(text, len))
        return 0;
    char *copy = arena_memdup(x->arena, text, len);
    char *id = user ? arena_alloc(x->arena, IDENT_USER_MAX + 1) : copy;
    *out = id;
    if (!copy || !id)
        return ERR_NOMEM;
    if (!user)
        return 1;
    long name = request_decode(copy, false);
    return name > 0 && ident_user_named(copy, (size_t)name, id) == 0;
}

/* Whether path fits the pattern; ids are cut out into params. 1, 0, or ERR_NOMEM. */
static int routes_fit(struct exchange *x, const char *pattern, const char *path,
    const char *params[EXCHANGE_PARAMS])
{
    size_t count = 0;
    while (*pattern != '\0') {
        if (*pattern == '{') {
            size_t len = pattern[1] == 'p' ? strlen(path) : strcspn(path, "/");
            if (count == EXCHANGE_PARAMS)
                return 0;
            int fit = routes_param(x, pattern[1], path, len, &params[count++]);
            if (fit != 1)
                return fit;
            path += len;
            pattern = strchr(pattern, '}') + 1;
        } else if (*pattern++ != *path++) {
            return 0;
        }
    }
    return *path == '\0';
}

/* The path below the row's root, or NULL when the row cannot be meant. */
static const char *routes_below(const struct exchange *x, const struct routes_row *row)
{
    const char *path = strstr(row->pattern, "{user}") ? x->request.raw_path : x->request.path;
    if (row->scope == ROUTES_INTERNAL)
        return x->request.internal ? path : NULL;
    if (row->scope == ROUTES_ROOT)
        return path;
    if (row->scope == ROUTES_FACADE)
        return path ? facade_path(x->app->conf, path) : NULL;
    size_t base = strlen(x->app->conf->public_base);
    return path && strncmp(path, x->app->conf->public_base, base) == 0 ? path + base : NULL;
}

static int routes_wrong_method(struct exchange *x, const char *allow)
{
    problem_set(&x->problem, PROBLEM_METHOD, "Allowed here: %s.", allow);
    x->problem.allow = arena_strdup(x->arena, allow);
    return !x->problem.allow ? ERR_NOMEM : ERR_INVALID;
}

static void routes_add_method(char *allow, size_t size, const char *method)
{
    size_t len = strlen(allow);
    snprintf(allow + len, size - len, "%s%s%s", len > 0 ? ", " : "", method,
        strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

int routes_match(struct exchange *x, int pool, const struct routes_row **row)
{
    char allow[ROUTES_ALLOW_SIZE] = "";
    for (size_t i = 0; i < ROUTES_COUNT; i++) {
        const char *params[EXCHANGE_PARAMS] = {NULL};
        const char *path = routes_below(x, &routes_rows[i]);
        if (!path || (routes_rows[i].pools & pool) == 0)
            continue;
        int fit = routes_fit(x, routes_rows[i].pattern, path, params);
        if (fit < 0)
            return fit;
        if (fit == 0)
            continue;
        if (strcmp(routes_rows[i].method, x->request.method) == 0) {
            memcpy(x->params, params, sizeof x->params);
            x->route = routes_rows[i].pattern;
            *row = &routes_rows[i];
            return 0;
        }
        routes_add_method(allow, sizeof allow, routes_rows[i].method);
    }
    if (allow[0] != '\0')
        return routes_wrong_method(x, allow);
    return problem_set(&x->problem, PROBLEM_NOT_FOUND, "No such route.");
}

/* OPTIONS: what the path takes, and for a page of an allowed origin what it may send. */
static int routes_options(struct exchange *x)
{
    char allow[ROUTES_ALLOW_SIZE] = "";
    bool is_dav = false;
    for (size_t i = 0; i < ROUTES_COUNT; i++) {
        const char *params[EXCHANGE_PARAMS] = {NULL};
        const char *path = routes_below(x, &routes_rows[i]);
        int fit = !path ? 0 : routes_fit(x, routes_rows[i].pattern, path, params);
        if (fit < 0)
            return fit;
        if (fit == 1)
            routes_add_method(allow, sizeof allow, routes_rows[i].method);
        is_dav |= fit == 1 && strcmp(routes_rows[i].pattern, DAV_PATTERN) == 0;
    }
    const char *origin = request_header(&x->request, "HTTP_ORIGIN");
    /* A browser that gets no leave to ask cannot tell its page that there is nothing. */
    bool preflight = request_header(&x->request, "HTTP_ACCESS_CONTROL_REQUEST_METHOD") &&
        origin_is_told(x->app->conf, origin);
    if (allow[0] == '\0' && !preflight)
        return problem_set(&x->problem, PROBLEM_NOT_FOUND, "No such route.");
    exchange_json(x, 204);
    x->reply.content_type = NULL;
    origin_preflight(x->app->conf, origin,
        allow[0] != '\0' ? allow : "GET, HEAD, POST, PUT, PATCH, DELETE", &x->reply.head);
    if (is_dav)
        exchange_header(x, "DAV", DAV_FEATURES);
    return 0;
}

static bool routes_reads(const struct exchange *x)
{
    return strcmp(x->request.method, "GET") == 0 || strcmp(x->request.method, "HEAD") == 0;
}

/* A Redis that takes no writes cannot count. What only reads is served all the same; of what costs
 * much, few in a minute, of all users. */
static bool routes_uncounted(struct exchange *x, enum routes_rate rate)
{
    struct worker *w = x->app->worker;
    const int64_t now_ms = clock_mono_ms();

    if (rate != ROUTES_RATE_DEAR || !routes_reads(x))
        return routes_reads(x);
    if (!w->uncounted || now_ms - w->uncounted_ms >= ROUTES_MINUTE_MS) {
        w->uncounted_ms = now_ms;
        w->uncounted = 0;
    }
    if (w->uncounted >= ROUTES_DEAR_UNCOUNTED)
        return false;
    w->uncounted++;
    return true;
}

static int routes_check_rate(struct exchange *x, enum routes_rate rate)
{
    const struct conf *conf = x->app->conf;
    const struct sessions_limit classes[] = {
        [ROUTES_RATE_API] = {"api", conf->rate_api_user, ROUTES_MINUTE_MS},
        [ROUTES_RATE_DEAR] = {"api", conf->rate_api_user, ROUTES_MINUTE_MS},
        [ROUTES_RATE_STREAM] = {"stream", conf->rate_stream_user, ROUTES_MINUTE_MS},
        [ROUTES_RATE_FEEDBACK] = {"feedback", conf->rate_feedback_user, ROUTES_MINUTE_MS},
        [ROUTES_RATE_TRANSCRIBE] = {"voice", conf->rate_voice_minute, ROUTES_MINUTE_MS},
        [ROUTES_RATE_SPEAK] = {"speak", conf->rate_speak_minute, ROUTES_MINUTE_MS},
    };
    if (rate == ROUTES_RATE_CHAT)
        return limited_door(x);
    if (rate == ROUTES_RATE_NONE || classes[rate].limit == 0)
        return 0;
    int64_t left = 0, retry_ms = 0;
    int error = sessions_rate(x->app->store, x->who.user, &classes[rate], &left, &retry_ms);
    if (error == 0 || error == ERR_RATE)
        x->met = (struct exchange_limit){.policy = classes[rate].name,
            .name = LIMITS_MESSAGES,
            .limit = classes[rate].limit,
            .left = left,
            .left_ms = retry_ms};
    if ((error == ERR_STORE_READONLY || error == ERR_STORE_FULL) && routes_uncounted(x, rate))
        return 0;
    if (error != ERR_RATE)
        return error;
    problem_set(&x->problem, PROBLEM_RATE, "%lld %s requests a minute are allowed.",
        (long long)classes[rate].limit, classes[rate].name);
    x->problem.has_limit = true;
    x->problem.limit = classes[rate].limit;
    x->problem.retry_after_ms = retry_ms > 0 ? retry_ms : 1000;
    return ERR_RATE;
}

/*
 * What nginx's clock and ours say, but at most the time for which connections may have waited at
 * all: the two clocks may differ, as when one of them was set between the two looks.
 */
static int64_t routes_waited(const struct exchange *x)
{
    const struct worker *w = x->app->worker;
    int64_t empty = atomic_load_explicit(&w->board->empty_ms[atomic_load(&w->slot->pool)],
        memory_order_relaxed);
    int64_t most = clock_mono_ms() - empty;
    return x->request.waited_ms > most ? most : x->request.waited_ms;
}

static int routes_check_wait(struct exchange *x)
{
    const struct conf *conf = x->app->conf;
    const enum scoreboard_pool pool =
        (enum scoreboard_pool)atomic_load(&x->app->worker->slot->pool);
    int64_t waited = routes_waited(x);
    if (waited >= 0)
        measure_time_us(MEASURE_QUEUE_WAIT, scoreboard_pool_name(pool), waited * 1000);
    if (waited <= conf->queue_wait_ms)
        return 0;
    atomic_fetch_add_explicit(&x->app->worker->board->refused_stale, 1, memory_order_relaxed);
    problem_set(&x->problem, PROBLEM_QUEUE_WAIT,
        "It waited %lld ms for a worker; the limit is %lld.", (long long)waited,
        (long long)conf->queue_wait_ms);
    x->problem.retry_after_ms = ROUTES_STALE_RETRY_MS;
    return ERR_BUSY;
}

static int routes_check_host(struct exchange *x)
{
    const char *host = request_header(&x->request, "HTTP_HOST");
    if (x->request.internal || origin_host_answered(x->app->conf, host))
        return 0;
    return problem_set(&x->problem, PROBLEM_HOST,
        "Development mode answers localhost, 127.0.0.1, [::1] and the names in the setting "
        "`development.hosts` only, not \"%.100s\".",
        host);
}

size_t routes_body_max(const struct conf *conf, bool internal)
{
    const int64_t message = conf->stream_frame_max + ROUTES_AROUND_MESSAGE;

    return (size_t)(internal && message > conf->body_max ? message : conf->body_max);
}

static size_t routes_body_files(const struct conf *conf)
{
    size_t plain = routes_body_max(conf, true), files = (size_t)conf->attachments_body;

    return files > plain ? files : plain;
}

size_t routes_body_most(const struct conf *conf)
{
    size_t files = routes_body_files(conf), sound = (size_t)conf->voice_bytes;

    return sound > files ? sound : files;
}

/* What this request may have, which its path decides. */
static size_t routes_body_of(struct exchange *x, int pool)
{
    for (size_t i = 0; i < ROUTES_COUNT; i++) {
        const struct routes_row *row = &routes_rows[i];
        const char *params[EXCHANGE_PARAMS] = {NULL};
        const char *path = routes_below(x, row);
        if (path && (row->pools & pool) && (row->pools & (ROUTES_FILES | ROUTES_SOUND)) &&
            strcmp(row->method, x->request.method) == 0 &&
            routes_fit(x, row->pattern, path, params) == 1)
            return row->pools & ROUTES_FILES ? routes_body_files(x->app->conf) :
                                               (size_t)x->app->conf->voice_bytes;
    }
    return routes_body_max(x->app->conf, x->request.internal != NULL);
}

static int routes_handle(struct exchange *x, int pool)
{
    const struct routes_row *row = NULL;
    int target = request_target(&x->request, &x->problem);
    if (target == ERR_NOMEM)
        return target;
    /* OpenAI's clients show that header with an error: it names the trace, as our log does. */
    if (exchange_is_facade(x))
        snprintf(x->request.id, sizeof x->request.id, "%s", x->request.trace.trace_id);
    /* The body first: its end must be read before any reply, also a refusal. */
    int error = request_body(&x->request, routes_body_of(x, pool), &x->problem);
    if (error == 0)
        error = target;
    if (error == 0)
        error = routes_check_host(x);
    if (error == 0)
        error = routes_check_wait(x);
    if (error == 0 && strcmp(x->request.method, "OPTIONS") == 0)
        return routes_options(x);
    if (error == 0)
        error = guard_request(x);
    if (error == 0)
        error = routes_match(x, pool, &row);
    if (error == 0 && row->user != ROUTES_ANYONE)
        error = identify(x, row->user);
    if (error == 0 && row->user != ROUTES_ANYONE)
        error = needs_check(x, needs_of(row));
    if (error == 0 && row->user != ROUTES_ANYONE)
        error = guard_user(x, row);
    if (error == 0 && row->user != ROUTES_ANYONE)
        error = pacing_check(x, row);
    if (error == 0)
        error = routes_check_rate(x, row->rate);
    return error == 0 ? row->handler(x) : error;
}

static void routes_measure_limit(const struct exchange *x)
{
    const enum problem_code code = x->problem.code;
    if (x->reply.status == 429 || x->reply.status == 413 || code == PROBLEM_POOL_FULL ||
        code == PROBLEM_QUEUE_WAIT || code == PROBLEM_LIMIT_REACHED)
        measure_count(MEASURE_LIMITS, problem_kind(code)->code);
}

int routes_answer(struct exchange *x, int pool)
{
    int error = routes_handle(x, pool);
    if (error == ERR_PEER_GONE && !x->reply.streamed)
        return error;
    if (error == 0 && (buf_error(&x->reply.body) != 0 || buf_error(&x->reply.head) != 0))
        error = ERR_NOMEM;
    if (error == 0)
        exchange_tag(x);
    if (error < 0 && x->reply.streamed) {
        x->reply.broken = true;
        log_limited(LOG_LEVEL_WARN, "%s %s: broken off after its first part: %s", x->request.method,
            x->request.path, err_text(error));
    } else if (error < 0) {
        if (!x->problem.set)
            problem_from_error(&x->problem, error);
        pacing_answered(x);
        exchange_problem(x);
        routes_measure_limit(x);
        if (x->reply.status >= 500)
            log_limited(LOG_LEVEL_WARN, "%s %s: %d %s (%s)", x->request.method, x->request.path,
                x->reply.status, problem_kind(x->problem.code)->code, err_name(error));
    }
    return 0;
}
