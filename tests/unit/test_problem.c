/* SPDX-License-Identifier: BSD-2-Clause */
/* test_problem -- the one form of every error, and that each result of ours has one. */
#include "base/err.h"
#include "base/jdoc.h"
#include "process/problem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static jdoc *written(const struct problem *p)
{
    struct buf out;
    jdoc *doc = NULL;
    buf_init(&out, 0);
    problem_write(p, "0123456789abcdef0123456789abcdef", "req-1", &out);
    assert_int_equal(buf_error(&out), 0);
    assert_int_equal(jdoc_parse(out.data, out.len, &doc, NULL, 0), 0);
    buf_free(&out);
    return doc;
}

static void codes_are_unique_and_never_successes(void **state)
{
    (void)state;
    for (int i = 0; i < PROBLEM_COUNT; i++) {
        const struct problem_kind *kind = problem_kind((enum problem_code)i);
        assert_true(kind->status >= 400 && kind->status <= 599);
        assert_true(strlen(kind->title) > 0);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(kind->code, problem_kind((enum problem_code)k)->code);
    }
}

static void every_result_becomes_a_problem(void **state)
{
    (void)state;
    for (int error = ERR_TABLE_START_ + 1; error < ERR_TABLE_END_; error++) {
        struct problem p;
        problem_from_error(&p, error);
        assert_true(p.set);
        assert_true(strlen(p.detail) > 0);
        jdoc *doc = written(&p);
        int64_t status = 0;
        assert_int_equal(jdoc_get_int(doc, "status", &status), 0);
        assert_true(status >= 400);
        if (status == 503)
            assert_true(p.retry_after_ms > 0);
        jdoc_free(doc);
    }
    assert_int_equal(problem_code_of(ERR_STORE), PROBLEM_STORE);
    assert_int_equal(problem_code_of(ERR_NOMEM), PROBLEM_INTERNAL);
}

static void a_kind_of_the_callers_has_the_same_form(void **state)
{
    const struct problem_kind kind = {.status = 410,
        .code = "events_gone",
        .title = "Gone",
        .retryable = false};
    const struct problem p = {.detail = "They \"are\" gone."};
    struct buf out = {0};
    jdoc *doc;
    int64_t status;

    (void)state;
    problem_write_kind(&p, &kind, "trace", NULL, &out);
    assert_int_equal(jdoc_parse(out.data, out.len, &doc, NULL, 0), 0);
    assert_string_equal(jdoc_text_or(doc, "type", ""), "urn:turnpike:problem:events_gone");
    assert_string_equal(jdoc_text_or(doc, "code", ""), "events_gone");
    assert_string_equal(jdoc_text_or(doc, "title", ""), "Gone");
    assert_string_equal(jdoc_text_or(doc, "detail", ""), "They \"are\" gone.");
    assert_string_equal(jdoc_text_or(doc, "trace_id", ""), "trace");
    assert_int_equal(jdoc_get_int(doc, "status", &status), 0);
    assert_int_equal(status, 410);
    assert_null(jdoc_get(doc, "request_id"));
    jdoc_free(doc);
    buf_free(&out);
}

static void the_form_names_field_limit_and_ids(void **state)
{
    (void)state;
    struct problem p;
    int64_t limit = 0;
    assert_int_equal(problem_limit(&p, "message", 4000, "%d \"characters\"\n", 4001), ERR_INVALID);
    p.retry_after_ms = 1500;
    jdoc *doc = written(&p);
    assert_string_equal(jdoc_text_or(doc, "code", ""), "invalid_field");
    assert_string_equal(jdoc_text_or(doc, "field", ""), "message");
    assert_string_equal(jdoc_text_or(doc, "detail", ""), "4001 \"characters\"\n");
    assert_string_equal(jdoc_text_or(doc, "request_id", ""), "req-1");
    assert_string_equal(jdoc_text_or(doc, "trace_id", ""), "0123456789abcdef0123456789abcdef");
    assert_int_equal(jdoc_get_int(doc, "limit", &limit), 0);
    assert_int_equal(limit, 4000);
    assert_int_equal(jdoc_get_int(doc, "retry_after_ms", &limit), 0);
    assert_int_equal(limit, 1500);
    jdoc_free(doc);
    problem_set(&p, PROBLEM_FORBIDDEN, "no");
    doc = written(&p);
    assert_false(jdoc_has(doc, "field"));
    assert_false(jdoc_has(doc, "limit"));
    assert_false(jdoc_has(doc, "retry_after_ms"));
    assert_false(jdoc_has(doc, "expected"));
    assert_false(jdoc_has(doc, "reason"));
    jdoc_free(doc);
    problem_set(&p, PROBLEM_TOOL_FAILED, "no");
    snprintf(p.expected, sizeof p.expected, "an \"object\"");
    snprintf(p.reason, sizeof p.reason, "full_moon");
    doc = written(&p);
    assert_string_equal(jdoc_text_or(doc, "expected", ""), "an \"object\"");
    assert_string_equal(jdoc_text_or(doc, "reason", ""), "full_moon");
    jdoc_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_unique_and_never_successes),
        cmocka_unit_test(every_result_becomes_a_problem),
        cmocka_unit_test(a_kind_of_the_callers_has_the_same_form),
        cmocka_unit_test(the_form_names_field_limit_and_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
