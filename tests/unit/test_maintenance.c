/* SPDX-License-Identifier: BSD-2-Clause */
/* Services: done and due, by id and by name, what they cost. */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"

#include <stdio.h>
#include <string.h>

static double create(const char *args)
{
    jdoc *r = tool_ok(&bench, "create_maintenance_record", args);
    double id = number_at(r, "/record/id");
    jdoc_free(r);
    return id;
}

static void done_or_due(void **state)
{
    (void)state;
    jdoc *r = tool_ok(&bench, "create_maintenance_record",
        "{\"task\":\"Oil change\",\"service_date\":\"2026-11-22\",\"cost\":\"189.50\",\"mileage\":84000.0}");
    assert_string_equal(text_at(r, "/record/status"), "completed");
    assert_int_equal(number_at(r, "/record/cost_minor"), 18950);
    assert_null(jdoc_get(r, "suggestion"));
    jdoc_free(r);
    r = tool_ok(&bench, "create_maintenance_record",
        "{\"task\":\"Tyres\",\"service_date\":\"2026-11-23\"}");
    assert_string_equal(text_at(r, "/record/status"), "scheduled");
    assert_string_equal(text_at(r, "/suggestion/tool"), "create_calendar_event");
    assert_string_equal(text_at(r, "/suggestion/arguments/start_date"), "2026-11-23");
    jdoc_free(r);
    tool_refused(&bench, "create_maintenance_record", "{\"task\":\"x\"}", "invalid_argument",
        "/service_date");
    tool_refused(&bench, "create_maintenance_record",
        "{\"task\":\"x\",\"service_date\":\"2026-02-30\"}", "invalid_argument", "/service_date");
    tool_refused(&bench, "create_maintenance_record",
        "{\"task\":\"x\",\"service_date\":\"2026-11-01\",\"cost\":1000000}", "invalid_argument",
        "/cost");
    tool_refused(&bench, "create_maintenance_record",
        "{\"task\":\"x\",\"service_date\":\"2026-11-01\",\"mileage\":1e15}", "invalid_argument",
        "/mileage");
    tool_refused(&bench, "create_maintenance_record",
        "{\"task\":{},\"service_date\":\"2026-11-01\"}", "invalid_argument", "/task");
}

static void lists_due_and_done(void **state)
{
    (void)state;
    create("{\"task\":\"Tyres\",\"service_date\":\"2026-12-10\"}");
    create("{\"task\":\"Brakes\",\"service_date\":\"2026-11-24\"}");
    create("{\"task\":\"Oil change\",\"service_date\":\"2026-05-01\",\"cost\":100}");
    create(
        "{\"task\":\"Oil filter\",\"service_date\":\"2026-06-01\",\"cost\":30,\"currency\":\"USD\"}");
    jdoc *r = tool_ok(&bench, "get_maintenance_schedule", "{}");
    assert_int_equal(number_at(r, "/count"), 2);
    assert_string_equal(text_at(r, "/records/0/task"), "Brakes");
    assert_int_equal(number_at(r, "/records/0/days_until"), 2);
    jdoc_free(r);
    bench.context.now_ms += 3 * 86400000LL; /* Brakes are late now */
    r = tool_ok(&bench, "get_maintenance_schedule", "{\"status\":\"overdue\"}");
    assert_int_equal(number_at(r, "/count"), 1);
    assert_string_equal(text_at(r, "/records/0/status"), "overdue");
    assert_int_equal(number_at(r, "/records/0/days_until"), -1);
    jdoc_free(r);
    bench.context.now_ms -= 3 * 86400000LL;
    r = tool_ok(&bench, "get_maintenance_history", "{\"task_type\":\"oil\",\"limit\":1}");
    assert_int_equal(number_at(r, "/count"), 1);
    assert_int_equal(number_at(r, "/total"), 2);
    assert_string_equal(text_at(r, "/records/0/task"), "Oil filter");
    assert_int_equal(jdoc_length(at(r, "/total_cost")), 2);
    jdoc_free(r);
    tool_refused(&bench, "get_maintenance_history", "{\"limit\":101}", "invalid_argument",
        "/limit");
    bench.context.uid = "bob";
    r = tool_ok(&bench, "get_maintenance_history", "{}");
    assert_int_equal(number_at(r, "/total"), 0);
    jdoc_free(r);
}

static void finds_by_name(void **state)
{
    (void)state;
    char args[128];
    double id = create("{\"task\":\"Brake service\",\"service_date\":\"2026-12-10\"}");
    for (int i = 1; i <= 7; i++) {
        snprintf(args, sizeof args, "{\"task\":\"Oil change %d\",\"service_date\":\"2026-0%d-01\"}",
            i, i);
        create(args);
    }
    jdoc *r = tool_ok(&bench, "update_maintenance_record",
        "{\"task_name\":\"brakes servise\",\"new_date\":\"2026-11-22\",\"cost\":420}");
    assert_true(number_at(r, "/record/id") == id);
    assert_string_equal(text_at(r, "/record/status"), "completed");
    jdoc_free(r);
    r = tool_call(&bench, "update_maintenance_record", NULL,
        "{\"task_name\":\"oil\",\"notes\":\"x\"}");
    assert_string_equal(text_at(r, "/error/code"), "ambiguous");
    int shown = 0;
    for (const char *p = text_at(r, "/message"); (p = strstr(p, "record_id ")); p++)
        shown++;
    assert_int_equal(shown, 5);
    jdoc_free(r);
    r = tool_ok(&bench, "update_maintenance_record",
        "{\"task_name\":\"OIL CHANGE 3\",\"new_task\":\"Oil, big\"}");
    assert_string_equal(text_at(r, "/record/task"), "Oil, big");
    assert_string_equal(text_at(r, "/record/service_date"), "2026-03-01");
    jdoc_free(r);
    tool_refused(&bench, "update_maintenance_record",
        "{\"task_name\":\"windscreen\",\"notes\":\"x\"}", "not_found", NULL);
    tool_refused(&bench, "update_maintenance_record", "{\"record_id\":12345,\"notes\":\"x\"}",
        "not_found", NULL);
    tool_refused(&bench, "update_maintenance_record", "{\"record_id\":\"abc\",\"notes\":\"x\"}",
        "invalid_argument", "/record_id");
    tool_refused(&bench, "update_maintenance_record", "{\"notes\":\"x\"}", "invalid_argument", "");
    snprintf(args, sizeof args, "{\"record_id\":%.0f}", id);
    tool_refused(&bench, "update_maintenance_record", args, "invalid_argument", "");
}

static void removes_once(void **state)
{
    (void)state;
    char args[128];
    double id = create("{\"task\":\"Brake service\",\"service_date\":\"2026-12-10\"}");
    snprintf(args, sizeof args, "{\"record_id\":%.0f,\"confirm\":true}", id);
    tool_refused(&bench, "delete_maintenance_record",
        "{\"task_name\":\"brake service\",\"confirm\":false}", "invalid_argument", "/confirm");
    bench.context.uid = "bob";
    tool_refused(&bench, "delete_maintenance_record", args, "not_found", NULL);
    bench.context.uid = "ann";
    for (int i = 0; i < 2; i++) {
        jdoc *r = tool_call(&bench, "delete_maintenance_record", "call-1", args);
        assert_string_equal(text_at(r, "/record/task"), "Brake service");
        jdoc_free(r);
    }
    tool_refused(&bench, "delete_maintenance_record", args, "not_found", NULL);
    assert_int_equal(tools_find("delete_maintenance_record")->approval, TOOLS_APPROVAL_ALWAYS);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, tool_fixture_empty)
    const struct CMUnitTest tests[] = {
        T(done_or_due),
        T(lists_due_and_done),
        T(finds_by_name),
        T(removes_once),
    };
    return cmocka_run_group_tests(tests, tool_fixture_start, tool_fixture_stop);
}
