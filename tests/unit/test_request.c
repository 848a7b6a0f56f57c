/* SPDX-License-Identifier: BSD-2-Clause */
/* test_request -- what becomes of a request line, headers and a body, good and bad. */
#include "base/clock.h"
#include "tests/unit/request_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
    struct arena *arena;
    struct request_source source;
    struct request request;
    struct problem problem;
};

static void start(struct fixture *f, struct request_memory *m)
{
    memset(f, 0, sizeof *f);
    f->arena = arena_new();
    assert_non_null(f->arena);
    f->source = request_memory_source(m);
    request_start(&f->request, &f->source, f->arena);
}

static void finish(struct fixture *f)
{
    arena_free(f->arena);
}

static int target(struct fixture *f, const char *uri)
{
    static struct request_memory m;
    m = (struct request_memory){.params = {"REQUEST_METHOD", "GET", "REQUEST_URI", uri}};
    start(f, &m);
    return request_target(&f->request, &f->problem);
}

static void paths_are_decoded_strictly(void **state)
{
    (void)state;
    struct fixture f;
    assert_int_equal(target(&f, "/a%20b/c?x=1"), 0);
    assert_string_equal(f.request.path, "/a b/c");
    finish(&f);
    static const char *const bad[] = {"/%", "/%4", "/%zz", "/%00", "", "relative", "*",
        "http://host/x", "/ok?a=%", "/ok?%g0=1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(target(&f, bad[i]), ERR_INVALID);
        assert_int_equal(f.problem.code, PROBLEM_BAD_REQUEST);
        finish(&f);
    }
}

static void the_query_is_read_by_name(void **state)
{
    (void)state;
    struct fixture f;
    int64_t n = 0;
    assert_int_equal(target(&f, "/p?limit=5&&q=a+b%2B&empty&limit=9"), 0);
    assert_string_equal(request_query(&f.request, "limit"), "5");
    assert_string_equal(request_query(&f.request, "q"), "a b+");
    assert_string_equal(request_query(&f.request, "empty"), "");
    assert_null(request_query(&f.request, "none"));
    assert_int_equal(request_query_int(&f.request, "limit", &(struct request_bounds){1, 1, 10}, &n,
                         &f.problem),
        0);
    assert_int_equal(n, 5);
    assert_int_equal(request_query_int(&f.request, "none", &(struct request_bounds){7, 1, 10}, &n,
                         &f.problem),
        0);
    assert_int_equal(n, 7);
    finish(&f);
    static const char *const bad[] = {"/p?n=0", "/p?n=11", "/p?n=", "/p?n=1x", "/p?n=+ 1",
        "/p?n=99999999999999999999", "/p?n=%201"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(target(&f, bad[i]), 0);
        assert_int_equal(request_query_int(&f.request, "n", &(struct request_bounds){1, 1, 10}, &n,
                             &f.problem),
            ERR_INVALID);
        assert_string_equal(f.problem.field, "n");
        finish(&f);
    }
}

static void too_many_query_fields_are_refused(void **state)
{
    (void)state;
    char uri[400] = "/p?";
    struct fixture f;
    for (int i = 0; i < REQUEST_QUERY_MAX + 1; i++)
        strcat(uri, "a=1&");
    assert_int_equal(target(&f, uri), ERR_INVALID);
    finish(&f);
}

static void head_is_a_get_without_a_body(void **state)
{
    (void)state;
    struct fixture f;
    struct request_memory m = {.params = {"REQUEST_METHOD", "HEAD", "REQUEST_URI", "/"}};
    start(&f, &m);
    assert_int_equal(request_target(&f.request, &f.problem), 0);
    assert_string_equal(f.request.method, "GET");
    assert_true(f.request.head);
    finish(&f);
}

static void ids_come_from_the_front_or_are_made(void **state)
{
    (void)state;
    struct fixture f;
    struct request_memory given = {.params = {"HTTP_X_REQUEST_ID", "abc-1", "HTTP_TRACEPARENT",
                                       "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}};
    start(&f, &given);
    assert_string_equal(f.request.id, "abc-1");
    assert_string_equal(f.request.trace.trace_id, "0af7651916cd43dd8448eb211c80319c");
    assert_string_not_equal(f.request.trace.span_id, "b7ad6b7169203331");
    assert_memory_equal(f.request.traceparent, "00-0af7651916cd43dd8448eb211c80319c-", 36);
    finish(&f);
    struct request_memory bad = {
        .params = {"HTTP_X_REQUEST_ID", "a\r\nSet-Cookie: x", "HTTP_TRACEPARENT", "00-zz-1-1"}};
    start(&f, &bad);
    assert_int_equal(strlen(f.request.id), 32);
    assert_null(strpbrk(f.request.id, "\r\n:"));
    assert_int_equal(strlen(f.request.traceparent), 55);
    finish(&f);
}

static void waiting_time_is_measured_from_the_front(void **state)
{
    (void)state;
    struct fixture f;
    char started[32];
    snprintf(started, sizeof started, "%.3f", ((double)clock_real_ms() - 1500.0) / 1000.0);
    struct request_memory m = {.params = {"T_START", started}};
    start(&f, &m);
    assert_true(f.request.waited_ms >= 1499 && f.request.waited_ms < 20000);
    finish(&f);
    static const char *const bad[] = {"", "x", "-1", "nan", "inf", "1e300", "12 "};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        m.params[1] = bad[i];
        start(&f, &m);
        assert_int_equal(f.request.waited_ms, -1);
        finish(&f);
    }
    m.params[1] = "99999999999.5"; /* a clock ahead of ours */
    start(&f, &m);
    assert_int_equal(f.request.waited_ms, 0);
    finish(&f);
}

static int json(struct fixture *f, const char *type, const char *body, bool optional, size_t max)
{
    static struct request_memory m;
    jdoc *doc = NULL;
    m = (struct request_memory){.params = {"CONTENT_TYPE", type}, .body = body};
    if (!type)
        m.params[0] = NULL;
    start(f, &m);
    int result = request_body(&f->request, max, &f->problem);
    if (result == 0)
        result = request_json(&f->request, optional, &doc, &f->problem);
    assert_true(result < 0 || doc);
    return result;
}

static void bodies_are_bounded_and_strict(void **state)
{
    (void)state;
    static const struct {
        const char *type, *body;
        bool optional;
        int result;
        enum problem_code code;
    } cases[] = {
        {"application/json", "{}", false, 0, 0},
        {"application/json; charset=utf-8", "{\"a\":1}", false, 0, 0},
        {"Application/JSON", "{}", false, 0, 0},
        {"application/ld+json", "{}", false, 0, 0},
        {NULL, "", true, 0, 0},
        {NULL, "", false, ERR_INVALID, PROBLEM_BAD_JSON},
        {NULL, "{}", false, ERR_INVALID, PROBLEM_MEDIA_TYPE},
        {"text/plain", "{}", false, ERR_INVALID, PROBLEM_MEDIA_TYPE},
        {"application/jsonx", "{}", false, ERR_INVALID, PROBLEM_MEDIA_TYPE},
        {"multipart/form-data", "{}", false, ERR_INVALID, PROBLEM_MEDIA_TYPE},
        {"application/json", "[1]", false, ERR_INVALID, PROBLEM_BAD_JSON},
        {"application/json", "{\"a\":1", false, ERR_INVALID, PROBLEM_BAD_JSON},
        {"application/json", "{\"a\":1,\"a\":2}", false, ERR_INVALID, PROBLEM_BAD_JSON},
        {"application/json", "{\"a\":\"\xff\"}", false, ERR_INVALID, PROBLEM_BAD_JSON},
        {"application/json", "{\"a\":NaN}", false, ERR_INVALID, PROBLEM_BAD_JSON},
        {"application/json", "{\"0123456789012345678901234567890\":1}", false, ERR_INVALID,
            PROBLEM_TOO_LARGE},
    };
    struct fixture f;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(json(&f, cases[i].type, cases[i].body, cases[i].optional, 32),
            cases[i].result);
        if (cases[i].result < 0)
            assert_int_equal(f.problem.code, cases[i].code);
        if (cases[i].code == PROBLEM_TOO_LARGE)
            assert_int_equal(f.problem.limit, 32);
        finish(&f);
    }
}

static void a_client_that_left_is_no_problem(void **state)
{
    (void)state;
    struct fixture f;
    struct request_memory m = {.body_error = ERR_PEER_GONE};
    start(&f, &m);
    assert_int_equal(request_body(&f.request, 10, &f.problem), ERR_PEER_GONE);
    assert_false(f.problem.set);
    finish(&f);
}

static void accept_is_understood(void **state)
{
    (void)state;
    static const struct {
        const char *accept;
        bool accepts, streams, asked; /* asked: when the message asks for a stream */
    } cases[] = {
        {"", true, false, true},
        {"*/*", true, false, true},
        {"text/*", true, true, true},
        {"text/event-stream", true, true, true},
        {"Text/Event-Stream", true, true, true},
        {"application/json, text/event-stream", true, true, true},
        {"application/json, text/event-stream;q=0.5", true, false, true},
        {"text/event-stream;q=0.1, application/json", true, false, true},
        {"text/event-stream;q=0.9, application/json;q=0.2", true, true, true},
        {"text/event-stream;q=0.5, */*;q=0.1", true, true, true},
        {"application/json;q=0.5, */*", true, false, true},
        {"text/event-stream;q=0", false, false, false},
        {"text/event-stream; q=0.0, */*;q=0.1", false, false, false},
        {"*/*;q=0.1, text/*;q=0", false, false, false},
        {"application/json", false, false, false},
        {"application/json, text/plain, */*", true, false, true},
        {"text/event-stream ; Q=1, application/json;q=1", true, true, true},
        {"text/event-streams", false, false, false},
        {"application/*", false, false, false},
        {", ,;,", false, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f;
        struct request_memory m = {.params = {"HTTP_ACCEPT", cases[i].accept}};
        start(&f, &m);
        assert_int_equal(request_accepts(&f.request, "text/event-stream"), cases[i].accepts);
        assert_int_equal(request_wants_stream(&f.request, false), cases[i].streams);
        assert_int_equal(request_wants_stream(&f.request, true), cases[i].asked);
        finish(&f);
    }
}

static void bodies_come_as_they_are(void **state)
{
    (void)state;
    static const struct {
        const char *coding, *body;
        size_t len;
        int result;
        enum problem_code code;
    } cases[] = {
        {"gzip", "{}", 2, ERR_INVALID, PROBLEM_MEDIA_TYPE},
        {"br", "{}", 2, ERR_INVALID, PROBLEM_MEDIA_TYPE},
        {"identity", "{}", 2, 0, 0},
        {"", "\x1f\x8b\x08", 3, ERR_INVALID, PROBLEM_MEDIA_TYPE},
        {"", "\xef\xbb\xbf{}", 5, 0, 0},
        {"", "\xff\xfe{\0}\0", 6, ERR_INVALID, PROBLEM_BAD_JSON},
        {"", "\xfe\xff\0{\0}", 6, ERR_INVALID, PROBLEM_BAD_JSON},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f;
        jdoc *doc = NULL;
        struct request_memory m = {.params = {"HTTP_CONTENT_ENCODING", cases[i].coding,
                                       "CONTENT_TYPE", "application/json"},
            .body = cases[i].body,
            .body_len = cases[i].len};
        start(&f, &m);
        int result = request_body(&f.request, 100, &f.problem);
        if (result == 0)
            result = request_json(&f.request, false, &doc, &f.problem);
        assert_int_equal(result, cases[i].result);
        if (result < 0)
            assert_int_equal(f.problem.code, cases[i].code);
        else
            assert_string_equal(f.request.body, "{}"); /* what is stored of it has no mark */
        finish(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_decoded_strictly),
        cmocka_unit_test(the_query_is_read_by_name),
        cmocka_unit_test(too_many_query_fields_are_refused),
        cmocka_unit_test(head_is_a_get_without_a_body),
        cmocka_unit_test(ids_come_from_the_front_or_are_made),
        cmocka_unit_test(waiting_time_is_measured_from_the_front),
        cmocka_unit_test(bodies_are_bounded_and_strict),
        cmocka_unit_test(a_client_that_left_is_no_problem),
        cmocka_unit_test(accept_is_understood),
        cmocka_unit_test(bodies_come_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
