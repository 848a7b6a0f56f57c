/* SPDX-License-Identifier: BSD-2-Clause */
/* test_routes -- the table and the checks before every handler; no store is needed for these. */
#include "base/clock.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "fcgi-app/guard.h"
#include "fcgi-app/routes.h"
#include "fcgi-app/runner.h"
#include "tests/unit/request_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
    struct conf conf;
    struct worker worker;
    struct app app;
    struct runner runner;
    struct request_memory memory;
    struct request_source source;
    struct exchange x;
    size_t params;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    char why[256];
    assert_int_equal(conf_init(&f->conf), 0);
    f->conf.rate_api_user = 0; /* counted in the store */
    f->conf.rate_chat_user = 0;
    f->conf.rate_feedback_user = 0;
    f->conf.development = true;
    assert_int_equal(auth_new(&f->app.auth, &f->conf, why, sizeof why), 0);
    assert_int_equal(scoreboard_new(&f->worker.board, 1, 1), 0);
    f->worker.conf = &f->conf;
    f->worker.slot = &f->worker.board->slots[0];
    scoreboard_slot_reset(f->worker.board, f->worker.slot, 0, 1);
    f->app.conf = &f->conf;
    f->app.worker = &f->worker;
    f->app.seat = scoreboard_seat_take(f->worker.board, f->worker.slot);
    runner_begin(&f->runner, &f->app, NULL, NULL);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    auth_free(f->app.auth);
    scoreboard_free(f->worker.board);
    conf_fini(&f->conf);
    free(f);
    return 0;
}

static void with(struct fixture *f, const char *name, const char *value)
{
    f->memory.params[f->params++] = name;
    f->memory.params[f->params++] = value;
    f->memory.params[f->params] = NULL;
}

static void prepare(struct fixture *f, const char *method, const char *uri)
{
    memset(&f->memory, 0, sizeof f->memory);
    f->params = 0;
    with(f, "REQUEST_METHOD", method);
    with(f, "REQUEST_URI", uri);
}

/* Answers what was prepared; the status. The exchange is to be ended with done(). */
static int ask(struct fixture *f, int pool)
{
    f->source = request_memory_source(&f->memory);
    assert_int_equal(exchange_init(&f->x, &f->app, &f->source), 0);
    assert_int_equal(routes_answer(&f->x, pool), 0);
    if (f->x.reply.status >= 400) {
        jdoc *doc = NULL;
        assert_int_equal(jdoc_parse(f->x.reply.body.data, f->x.reply.body.len, &doc, NULL, 0), 0);
        bool facade = exchange_is_facade(&f->x);
        assert_string_equal(facade ? jdoc_text_or(jdoc_get(doc, "error"), "trace_id", "") :
                                     jdoc_text_or(doc, "request_id", ""),
            f->x.request.id);
        assert_string_equal(f->x.reply.content_type,
            facade ? "application/json" : "application/problem+json");
        jdoc_free(doc);
    }
    return f->x.reply.status;
}

static void done(struct fixture *f)
{
    exchange_fini(&f->x);
}

static void expect(struct fixture *f, int pool, int status, enum problem_code code)
{
    assert_int_equal(ask(f, pool), status);
    if (status >= 400)
        assert_int_equal(f->x.problem.code, code);
    done(f);
}

static void the_table_is_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < routes_count(); i++) {
        const struct routes_row *row = routes_at(i);
        assert_non_null(row->handler);
        assert_true(row->pattern[0] == '/');
        assert_true(row->rate == ROUTES_RATE_NONE || row->user != ROUTES_ANYONE);
        for (size_t k = 0; k < i; k++) {
            const struct routes_row *other = routes_at(k);
            assert_false(row->scope == other->scope && strcmp(row->method, other->method) == 0 &&
                strcmp(row->pattern, other->pattern) == 0);
        }
    }
}

static bool head_has(struct fixture *f, const char *line)
{
    struct buf head;
    buf_init(&head, 0);
    assert_int_equal(exchange_head(&f->x, &head), 0);
    bool has = strstr(buf_text(&head), line) != NULL;
    buf_free(&head);
    return has;
}

/* A path that the row's pattern fits. */
static const char *path_of(struct fixture *f, const struct routes_row *row)
{
    static char path[256];
    char *out = path +
        snprintf(path, sizeof path, "%s",
            row->scope == ROUTES_PUBLIC     ? f->conf.public_base :
                row->scope == ROUTES_FACADE ? "/v1" :
                                              "");
    for (const char *p = row->pattern; *p != '\0';) {
        *out++ = *p == '{' ? 'x' : *p;
        p = *p == '{' ? strchr(p, '}') + 1 : p + 1;
    }
    *out = '\0';
    return path;
}

static void every_path_answers_options(void **state)
{
    struct fixture *f = *state;
    conf_set(&f->conf, "origins", "https://a.example", (char[CONF_WHY_SIZE]){0});
    f->conf.development = false;
    for (size_t i = 0; i < routes_count(); i++) {
        const struct routes_row *row = routes_at(i);
        if (row->scope == ROUTES_INTERNAL)
            continue;
        for (int pool = ROUTES_API; pool <= ROUTES_TURN; pool++) {
            prepare(f, "OPTIONS", path_of(f, row));
            with(f, "HTTP_ORIGIN", "https://a.example");
            assert_int_equal(ask(f, pool), 204);
            assert_true(head_has(f, "Access-Control-Allow-Origin: https://a.example\r\n"));
            assert_true(head_has(f, "Authorization"));
            assert_true(head_has(f, row->method));
            assert_false(head_has(f, "Content-Length"));
            done(f);
        }
        prepare(f, "OPTIONS", path_of(f, row));
        with(f, "HTTP_ORIGIN", "https://b.example");
        assert_int_equal(ask(f, ROUTES_API), 204);
        assert_false(head_has(f, "Access-Control"));
        done(f);
    }
    prepare(f, "OPTIONS", "/internal/message");
    expect(f, ROUTES_BOTH, 404, PROBLEM_NOT_FOUND);
    prepare(f, "OPTIONS", "/api/v1/pam/nothing");
    with(f, "HTTP_ORIGIN", "https://a.example");
    assert_int_equal(ask(f, ROUTES_API), 404);
    assert_true(head_has(f, "Access-Control-Allow-Origin: https://a.example\r\n"));
    done(f);
}

static void allowed_pages_can_read_refusals(void **state)
{
    struct fixture *f = *state;
    conf_set(&f->conf, "origins", "https://a.example", (char[CONF_WHY_SIZE]){0});
    f->conf.development = false;
    for (int named = 0; named < 2; named++) {
        prepare(f, "GET", "/api/v1/pam/sessions");
        with(f, "HTTP_ORIGIN", named ? "https://a.example" : "https://b.example");
        assert_int_equal(ask(f, ROUTES_API), 401);
        assert_int_equal(head_has(f, "Access-Control-Allow-Origin: https://a.example\r\n"), named);
        assert_int_equal(head_has(f, "Access-Control"), named);
        assert_true(head_has(f, "Vary: Origin\r\n"));
        done(f);
    }
}

/* Whoever points a name at this machine, and whoever lets a browser send something to it. */
static void development_is_for_this_machine(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < routes_count(); i++) {
        const struct routes_row *row = routes_at(i);
        if (row->scope == ROUTES_INTERNAL)
            continue;
        prepare(f, row->method, path_of(f, row));
        with(f, "HTTP_HOST", "evil.example:8080");
        expect(f, row->pools, 421, PROBLEM_HOST);
        if (row->user == ROUTES_ANYONE || strcmp(row->method, "GET") == 0)
            continue;
        prepare(f, row->method, path_of(f, row));
        with(f, "HTTP_HOST", "localhost:8080");
        with(f, "HTTP_ORIGIN", "https://evil.example");
        expect(f, row->pools, 403, PROBLEM_ORIGIN);
        prepare(f, row->method, path_of(f, row));
        with(f, "HTTP_SEC_FETCH_SITE", "cross-site");
        expect(f, row->pools, 403, PROBLEM_ORIGIN);
    }
    prepare(f, "OPTIONS", "/api/v1/pam/chat");
    with(f, "HTTP_HOST", "evil.example");
    expect(f, ROUTES_TURN, 421, PROBLEM_HOST);
}

static void a_user_of_a_path_has_any_name(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *path, *id;
    } cases[] = {
        {"/api/v1/pam/inbox/bob", "bob"},
        {"/api/v1/pam/inbox/auth0%7C5f", "::auth0_7c5f"},
        {"/api/v1/pam/inbox/::auth0_7c5f", "::auth0_7c5f"},
        {"/api/v1/pam/inbox/https%3A%2F%2Fid%2Fack", "::https_3a_2f_2fid_2fack"},
        {"/api/v1/pam/inbox/%C3%A9", "::_c3_a9"},
        {"/api/v1/pam/inbox/%FF", NULL},
        {"/api/v1/pam/inbox/a/b", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct routes_row *row = NULL;
        prepare(f, "POST", cases[i].path);
        f->source = request_memory_source(&f->memory);
        assert_int_equal(exchange_init(&f->x, &f->app, &f->source), 0);
        assert_int_equal(request_target(&f->x.request, &f->x.problem), 0);
        assert_int_equal(routes_match(&f->x, ROUTES_API, &row), cases[i].id ? 0 : ERR_INVALID);
        if (cases[i].id)
            assert_string_equal(f->x.params[0], cases[i].id);
        done(f);
    }
}

static void unknown_paths_answer_404(void **state)
{
    struct fixture *f = *state;
    static const char *const paths[] = {"/", "/api/v1/pam", "/api/v1/pam/", "/api/v1/pam/chats",
        "/api/v1/pam/chat/", "/api/v1/pam/sessions/", "/api/v1/pam/sessions/a/b",
        "/api/v1/pam/sessions//messages", "/api/v1/pam/sessions/a%7Db", "/api/v1/pamx/chat",
        "/api/v1/pam/voice", "/api/v1/pam/savings/monthly", "/chat", "/internal/message"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        prepare(f, "POST", paths[i]);
        expect(f, ROUTES_BOTH, 404, PROBLEM_NOT_FOUND);
    }
}

static void another_method_names_the_right_ones(void **state)
{
    struct fixture *f = *state;
    prepare(f, "PUT", "/api/v1/pam/sessions/a");
    assert_int_equal(ask(f, ROUTES_API), 405);
    assert_string_equal(f->x.problem.allow, "GET, HEAD, PATCH, DELETE");
    assert_non_null(strstr(buf_text(&f->x.reply.head), "Allow: GET, HEAD, PATCH, DELETE\r\n"));
    done(f);
    prepare(f, "BREW", "/api/v1/pam/chat");
    expect(f, ROUTES_TURN, 405, PROBLEM_METHOD);
}

static void each_pool_answers_its_own(void **state)
{
    struct fixture *f = *state;
    prepare(f, "POST", "/api/v1/pam/chat");
    expect(f, ROUTES_API, 404, PROBLEM_NOT_FOUND);
    prepare(f, "GET", "/api/v1/pam/sessions");
    expect(f, ROUTES_TURN, 404, PROBLEM_NOT_FOUND);
    prepare(f, "GET", "/health/live");
    expect(f, ROUTES_TURN, 200, 0);
    prepare(f, "HEAD", "/api/v1/pam/health/live");
    expect(f, ROUTES_API, 200, 0);
}

static void internal_paths_are_ours_only(void **state)
{
    struct fixture *f = *state;
    prepare(f, "POST", "/internal/run");
    expect(f, ROUTES_TURN, 404, PROBLEM_NOT_FOUND);
    prepare(f, "POST", "/internal/run");
    with(f, "TP_INTERNAL", "housekeeper");
    expect(f, ROUTES_TURN, 400, PROBLEM_BAD_JSON);
    prepare(f, "POST", "/internal/message");
    with(f, "TP_INTERNAL", "stream");
    expect(f, ROUTES_TURN, 400, PROBLEM_BAD_REQUEST); /* no TP_USER */
    prepare(f, "POST", "/internal/message");
    with(f, "TP_INTERNAL", "stream");
    with(f, "TP_USER", "ada");
    with(f, "CONTENT_TYPE", "application/json");
    f->memory.body = "{\"session_id\":\"s\"}";
    expect(f, ROUTES_TURN, 422, PROBLEM_INVALID);
}

static void a_credential_is_needed(void **state)
{
    struct fixture *f = *state;
    f->conf.development = false;
    prepare(f, "GET", "/api/v1/pam/sessions");
    with(f, "HTTP_X_DEV_USER", "ada");
    assert_int_equal(ask(f, ROUTES_API), 401);
    assert_non_null(strstr(buf_text(&f->x.reply.head), "WWW-Authenticate: Bearer\r\n"));
    done(f);
    f->conf.development = true;
    static const char *const bad[] = {"Bearer x", "Bearer ", "Basic YTpi", "Bearer a.b.c"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        prepare(f, "GET", "/api/v1/pam/sessions");
        with(f, "HTTP_AUTHORIZATION", bad[i]);
        expect(f, ROUTES_API, 401, PROBLEM_UNAUTHENTICATED);
    }
}

static void a_body_may_not_name_another_user(void **state)
{
    struct fixture *f = *state;
    prepare(f, "POST", "/api/v1/pam/chat");
    with(f, "CONTENT_TYPE", "application/json");
    with(f, "HTTP_X_DEV_USER", "ada");
    f->memory.body = "{\"message\":\"hi\",\"user_id\":\"bob\"}";
    expect(f, ROUTES_TURN, 403, PROBLEM_FORBIDDEN);
}

static void stale_requests_are_refused(void **state)
{
    struct fixture *f = *state;
    char started[32];
    snprintf(started, sizeof started, "%.3f",
        (double)(clock_real_ms() - f->conf.queue_wait_ms - 1000) / 1000.0);
    prepare(f, "GET", "/api/v1/pam/health/live");
    with(f, "T_START", started);
    assert_int_equal(ask(f, ROUTES_API), 503);
    assert_int_equal(f->x.problem.code, PROBLEM_QUEUE_WAIT);
    assert_non_null(strstr(buf_text(&f->x.reply.head), "Retry-After: 1\r\n"));
    assert_int_equal(atomic_load(&f->worker.board->refused_stale), 1);
    done(f);
}

/* Our clock was set ahead of nginx': what its time says cannot be, as nothing waited just now. */
static void a_clock_that_was_set_refuses_nobody(void **state)
{
    struct fixture *f = *state;
    char started[32];
    snprintf(started, sizeof started, "%.3f", (double)(clock_real_ms() - 3600000) / 1000.0);
    atomic_store(&f->worker.board->empty_ms[SCOREBOARD_API], clock_mono_ms());
    prepare(f, "GET", "/api/v1/pam/health/live");
    with(f, "T_START", started);
    expect(f, ROUTES_API, 200, PROBLEM_COUNT);
    prepare(f, "GET", "/api/v1/pam/health/live");
    with(f, "T_START", started);
    atomic_store(&f->worker.slot->pool, SCOREBOARD_TURN);
    expect(f, ROUTES_TURN, 503, PROBLEM_QUEUE_WAIT); /* there, connections have waited */
    assert_int_equal(atomic_load(&f->worker.board->refused_stale), 1);
}

/* A request in which a worker died is refused for that user, before its handler sees it. */
static void what_a_worker_died_in_is_refused(void **state)
{
    struct fixture *f = *state;
    struct blame_mark marks[BLAME_SCOPES];
    struct blame_work work;
    const char *const users[] = {"ada", "bob"};
    prepare(f, "GET", "/api/v1/pam/tools");
    with(f, "HTTP_X_DEV_USER", "ada");
    expect(f, ROUTES_API, 200, PROBLEM_COUNT);
    assert_true(scoreboard_work_get(f->app.seat, &work));
    assert_string_equal(work.uid, "ada");
    assert_string_equal(work.route, "GET /tools");
    assert_int_equal(blame_death(&f->worker.board->blame, &work, BLAME_CRASHED, clock_mono_ms(),
                         marks),
        1);
    for (size_t i = 0; i < 2; i++) {
        prepare(f, "GET", "/api/v1/pam/tools");
        with(f, "HTTP_X_DEV_USER", users[i]);
        if (i > 0) {
            expect(f, ROUTES_API, 200, PROBLEM_COUNT);
            continue;
        }
        assert_int_equal(ask(f, ROUTES_API), 503);
        assert_int_equal(f->x.problem.code, PROBLEM_CRASHED);
        assert_non_null(strstr(buf_text(&f->x.reply.head), "Retry-After: 60\r\n"));
        done(f);
    }
    prepare(f, "GET", "/api/v1/pam/tools?x=1"); /* another request of hers */
    with(f, "HTTP_X_DEV_USER", "ada");
    expect(f, ROUTES_API, 200, PROBLEM_COUNT);
}

static void ask_for_a_hand_over(struct fixture *f, enum problem_code code)
{
    prepare(f, "POST", "/internal/run");
    with(f, "TP_INTERNAL", "housekeeper");
    with(f, "CONTENT_TYPE", "application/json");
    f->memory.body = "{\"user\":\"ada\",\"turn\":\"0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b\"}";
    expect(f, ROUTES_TURN, 503, code);
}

/* What the housekeeper is refused is nobody's who was told to come again; one user's poison
 * neither. */
static void refused_hand_overs_are_counted_apart(void **state)
{
    struct fixture *f = *state;
    struct scoreboard *board = f->worker.board;
    struct blame_mark marks[BLAME_SCOPES];
    struct blame_work work = {.uid = "ada", .route = "session s", .digest = "d", .turn = true};
    ask_for_a_hand_over(f, PROBLEM_POOL_FULL);
    assert_int_equal(atomic_load(&board->refused_full), 1);
    assert_int_equal(atomic_load(&board->refused_handovers), 1);
    for (int i = 0; i < 6; i++)
        blame_death(&board->blame, &work, BLAME_CRASHED, clock_mono_ms(), marks);
    ask_for_a_hand_over(f, PROBLEM_CRASHED);
    assert_int_equal(atomic_load(&board->refused_full), 1);
    assert_int_equal(atomic_load(&board->refused_handovers), 1);
}

/* A user whose slow calls hold half of the workers waits; another user does not. */
static void slow_calls_of_one_user_are_bounded(void **state)
{
    struct fixture *f = *state;
    struct scoreboard *board = NULL;
    struct blame_work work = {.uid = "ada", .route = "POST /tools/x", .digest = "d"};
    f->conf.api_workers = 4;
    assert_int_equal(scoreboard_new(&board, 4, 4), 0);
    scoreboard_free(f->worker.board);
    f->worker.board = board;
    f->worker.slot = &board->slots[3];
    for (size_t i = 0; i < 4; i++)
        scoreboard_slot_reset(board, &board->slots[i], i, 1);
    f->app.seat = scoreboard_seat_take(board, f->worker.slot);
    for (size_t i = 0; i < 2; i++) {
        atomic_store(&board->slots[i].pool, SCOREBOARD_API);
        atomic_store(&board->slots[i].pid, 1);
        scoreboard_work_set(scoreboard_seat_take(board, &board->slots[i]), &work);
    }
    const struct routes_row row = {.method = "POST", .pattern = "/x"};
    for (int i = 0; i < 3; i++) {
        prepare(f, "POST", "/x");
        f->source = request_memory_source(&f->memory);
        assert_int_equal(exchange_init(&f->x, &f->app, &f->source), 0);
        snprintf(f->x.who.user, sizeof f->x.who.user, "%s", i == 2 ? "bob" : "ada");
        if (i > 0) /* the same two, for longer */
            for (size_t k = 0; k < 2; k++)
                atomic_store(&board->seats[k].work_since_ms, clock_mono_ms() - GUARD_SLOW_MS - 1);
        assert_int_equal(guard_user(&f->x, &row), 0);
        assert_int_equal(guard_tool(&f->x), i == 1 ? ERR_RATE : 0);
        assert_int_equal(guard_tool_waits(&f->x), 0); /* it has only begun */
        atomic_store(&f->app.seat->work_since_ms, clock_mono_ms() - GUARD_SLOW_MS);
        assert_int_equal(guard_tool_waits(&f->x), i == 1 ? ERR_RATE : 0); /* the later one */
        if (i == 1)
            assert_int_equal(f->x.problem.code, PROBLEM_USER_CALLS);
        done(f);
    }
}

static void large_bodies_are_refused_before_anything_else(void **state)
{
    struct fixture *f = *state;
    f->conf.body_max = 4;
    prepare(f, "POST", "/nowhere");
    f->memory.body = "12345";
    expect(f, ROUTES_TURN, 413, PROBLEM_TOO_LARGE);
}

static void every_reply_carries_its_ids(void **state)
{
    struct fixture *f = *state;
    struct buf head;
    char line[128];
    buf_init(&head, 0);
    prepare(f, "GET", "/api/v1/pam/nothing");
    with(f, "HTTP_X_REQUEST_ID", "req-7");
    assert_int_equal(ask(f, ROUTES_API), 404);
    assert_int_equal(exchange_head(&f->x, &head), 0);
    assert_memory_equal(head.data, "Status: 404 Not Found\r\n", 23);
    assert_non_null(strstr(head.data, "X-Request-Id: req-7\r\n"));
    snprintf(line, sizeof line, "traceparent: %s\r\n", f->x.request.traceparent);
    assert_non_null(strstr(head.data, line));
    assert_string_equal(head.data + head.len - 4, "\r\n\r\n");
    buf_free(&head);
    done(f);
}

static void the_hand_over_escapes_what_it_passes(void **state)
{
    struct fixture *f = *state;
    prepare(f, "GET", "/");
    f->source = request_memory_source(&f->memory);
    assert_int_equal(exchange_init(&f->x, &f->app, &f->source), 0);
    strcpy(f->x.who.user, "a@b:c");
    struct exchange_view view = {.session = "s.1", .cursor = "5-1", .form = "agui"};
    assert_int_equal(exchange_handover(&f->x, &view), 0);
    const char *head = buf_text(&f->x.reply.head);
    assert_non_null(strstr(head, "X-Accel-Redirect: /_stream/sse?user=a%40b%3Ac&session=s.1"));
    assert_non_null(strstr(head, "&cursor=5-1&scope=session&until=ever&form=agui&trace="));
    assert_null(f->x.reply.content_type);
    view = (struct exchange_view){.session = "s.1",
        .turn = "T",
        .cursor = "5-1",
        .form = "other",
        .detail = "a=1&b\"\r\n"};
    assert_int_equal(exchange_handover(&f->x, &view), 0);
    assert_non_null(strstr(buf_text(&f->x.reply.head),
        "&scope=run&until=final&form=other&detail=a%3D1%26b%22%0D%0A&trace="));
    char long_one[EXCHANGE_DETAIL_MAX + 2] = "";
    memset(long_one, 'x', sizeof long_one - 1);
    view.detail = long_one;
    assert_int_equal(exchange_handover(&f->x, &view), ERR_LIMIT);
    done(f);
}

static void cursors_are_two_numbers(void **state)
{
    (void)state;
    assert_true(exchange_cursor_valid("0-0"));
    assert_true(exchange_cursor_valid("1795354953407-12"));
    static const char *const bad[] = {"", "-", "1", "1-", "-1", "a-1", "1-1 ", "1-1&x", "1--1",
        "123456789012345678901-1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(exchange_cursor_valid(bad[i]));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* A message that a stream worker takes fits into the request that it makes of it. */
static void our_own_may_send_a_whole_message(void **state)
{
    struct fixture *f = *state;

    f->conf.body_max = 4;
    f->conf.stream_frame_max = 100;
    assert_true(routes_body_max(&f->conf, false) == 4);
    assert_true(routes_body_max(&f->conf, true) > 100);
    f->conf.body_max = 1 << 20;
    assert_true(routes_body_max(&f->conf, true) == 1 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_table_is_sound),
        TEST(every_path_answers_options),
        TEST(allowed_pages_can_read_refusals),
        TEST(development_is_for_this_machine),
        TEST(a_user_of_a_path_has_any_name),
        TEST(unknown_paths_answer_404),
        TEST(another_method_names_the_right_ones),
        TEST(each_pool_answers_its_own),
        TEST(internal_paths_are_ours_only),
        TEST(a_credential_is_needed),
        TEST(a_body_may_not_name_another_user),
        TEST(stale_requests_are_refused),
        TEST(a_clock_that_was_set_refuses_nobody),
        TEST(what_a_worker_died_in_is_refused),
        TEST(refused_hand_overs_are_counted_apart),
        TEST(slow_calls_of_one_user_are_bounded),
        TEST(large_bodies_are_refused_before_anything_else),
        TEST(our_own_may_send_a_whole_message),
        TEST(every_reply_carries_its_ids),
        TEST(the_hand_over_escapes_what_it_passes),
        TEST(cursors_are_two_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
