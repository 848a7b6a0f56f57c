/* SPDX-License-Identifier: BSD-2-Clause */
/* The move onto the road: checklist, practice trips, equipment, launch week. */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"

#include <stdio.h>
#include <string.h>

static void create(const char *tool, const char *entity, const char *args, char id[64])
{
    char path[64];
    jdoc *r = tool_ok(&bench, tool, args);
    snprintf(path, sizeof path, "/%s/id", entity);
    snprintf(id, 64, "%s", text_at(r, path));
    jdoc_free(r);
}

static void starts_empty(void **state)
{
    (void)state;
    jdoc *r = tool_ok(&bench, "get_transition_progress", "{}");
    assert_null(jdoc_get(at(r, "/progress"), "score"));
    jdoc_free(r);
    r = tool_ok(&bench, "get_transition_tasks", "{}");
    assert_int_equal(number_at(r, "/total"), 0);
    jdoc_free(r);
    r = tool_ok(&bench, "get_launch_week_status", "{}");
    assert_null(jdoc_get(at(r, "/launch"), "days_to_departure"));
    jdoc_free(r);
    r = tool_ok(&bench, "get_shakedown_summary", "{}");
    assert_int_equal(number_at(r, "/summary/trips"), 0);
    jdoc_free(r);
    r = tool_ok(&bench, "get_equipment_list", "{}");
    assert_int_equal(number_at(r, "/total"), 0);
    jdoc_free(r);
}

static void tasks_are_due_before_departure(void **state)
{
    (void)state;
    char id[64];
    create("create_transition_task", "task",
        "{\"title\":\"Cancel the lease\",\"category\":\"legal\","
        "\"priority\":\"critical\",\"days_before_departure\":30,\"departure_date\":\"2026-12-12\"}",
        id);
    create("create_transition_task", "task",
        "{\"title\":\"Sell sofa\",\"category\":\"downsizing\","
        "\"days_before_departure\":5,\"subtasks\":\"Photograph it\"}",
        id);
    jdoc *r = tool_ok(&bench, "get_transition_tasks", "{}");
    assert_int_equal(number_at(r, "/total"), 2);
    assert_string_equal(text_at(r, "/tasks/0/title"), "Cancel the lease");
    assert_string_equal(text_at(r, "/tasks/0/due_date"), "2026-11-12");
    assert_string_equal(text_at(r, "/tasks/0/status"), "overdue");
    assert_string_equal(text_at(r, "/tasks/1/subtasks/0/title"), "Photograph it");
    assert_int_equal(number_at(r, "/tasks/1/days_left"), 15);
    jdoc_free(r);
    r = tool_ok(&bench, "get_transition_tasks", "{\"status\":\"pending\"}");
    assert_int_equal(number_at(r, "/total"), 1);
    jdoc_free(r);
    r = tool_ok(&bench, "complete_transition_task",
        "{\"task_title\":\"cancel lease\",\"notes\":\"by mail\"}");
    assert_string_equal(text_at(r, "/task/status"), "completed");
    jdoc_free(r);
    r = tool_ok(&bench, "get_transition_progress", "{}");
    assert_int_equal(number_at(r, "/progress/score"), 66); /* 4 of 6 by priority */
    assert_int_equal(number_at(r, "/progress/days_to_departure"), 20);
    jdoc_free(r);
    tool_refused(&bench, "complete_transition_task", "{\"task_title\":\"cancel lease\"}",
        "not_found", NULL);
    tool_refused(&bench, "complete_transition_task", "{}", "invalid_argument", "");
    tool_refused(&bench, "complete_transition_task", "{\"task_id\":\"nope\"}", "not_found", NULL);
}

static void refuses_what_cannot_be(void **state)
{
    (void)state;
    static const char *const wrong[][3] = {
        {"create_transition_task", "{\"title\":\"x\"}", "/category"},
        {"create_transition_task", "{\"title\":\"x\",\"category\":\"fun\"}", "/category"},
        {"create_transition_task",
            "{\"title\":\"x\",\"category\":\"life\",\"days_before_departure\":-1}",
            "/days_before_departure"},
        {"create_transition_task",
            "{\"title\":\"x\",\"category\":\"life\",\"departure_date\":\"2026-02-30\"}",
            "/departure_date"},
        {"log_shakedown_trip", "{\"trip_type\":\"week\",\"start_date\":\"2026-11-02\"}",
            "/end_date"},
        {"log_shakedown_trip",
            "{\"trip_type\":\"week\",\"start_date\":\"2026-11-02\",\"end_date\":"
            "\"2026-11-01\"}",
            "/end_date"},
        {"log_shakedown_trip",
            "{\"trip_type\":\"week\",\"start_date\":\"2026-11-01\",\"end_date\":"
            "\"2026-11-02\",\"confidence_rating\":11}",
            "/confidence_rating"},
        {"add_shakedown_issue",
            "{\"category\":\"water\",\"severity\":\"bad\",\"description\":\"x\"}", "/severity"},
        {"add_equipment_item", "{\"name\":\"x\",\"category\":\"other\",\"estimated_cost\":1e9}",
            "/estimated_cost"},
        {"add_equipment_item", "{\"name\":\"x\",\"category\":\"other\",\"vendor_url\":\"ftp://x\"}",
            "/vendor_url"},
        {"mark_equipment_purchased", "{}", ""},
        {"complete_launch_task", "{}", "/task_id"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        tool_refused(&bench, wrong[i][0], wrong[i][1], "invalid_argument", wrong[i][2]);
    tool_refused(&bench, "complete_launch_task", "{\"task_id\":\"day9_x\"}", "not_found", NULL);
}

static void practice_trips(void **state)
{
    (void)state;
    char trip[64], id[64], args[200];
    create("log_shakedown_trip", "trip",
        "{\"trip_type\":\"weekend\",\"start_date\":\"2026-11-07\","
        "\"end_date\":\"2026-11-09\",\"confidence_rating\":5}",
        trip);
    create("log_shakedown_trip", "trip",
        "{\"trip_type\":\"weekend\",\"start_date\":\"2026-11-14\","
        "\"end_date\":\"2026-11-14\",\"confidence_rating\":8}",
        id);
    jdoc *r = tool_ok(&bench, "add_shakedown_issue",
        "{\"category\":\"water\",\"severity\":\"critical\",\"description\":\"Leak\"}");
    assert_string_equal(text_at(r, "/issue/trip_id"), id);
    jdoc_free(r);
    snprintf(args, sizeof args,
        "{\"category\":\"power\",\"severity\":\"minor\",\"description\":\"Fuse\","
        "\"trip_id\":\"%s\",\"solution\":\"New fuse\",\"cost\":4.5}",
        trip);
    r = tool_ok(&bench, "add_shakedown_issue", args);
    assert_int_equal(number_at(r, "/issue/cost_minor"), 450);
    jdoc_free(r);
    r = tool_ok(&bench, "get_shakedown_summary", "{}");
    assert_int_equal(number_at(r, "/summary/nights"), 2);
    assert_true(number_at(r, "/summary/average_confidence") == 6.5);
    assert_int_equal(number_at(r, "/summary/latest_confidence"), 8);
    assert_int_equal(number_at(r, "/summary/open_critical_issues"), 1);
    assert_int_equal(number_at(r, "/summary/issues_resolved"), 1);
    assert_string_equal(text_at(r, "/summary/open_issues/0/description"), "Leak");
    jdoc_free(r);
    bench.context.uid = "bob";
    tool_refused(&bench, "add_shakedown_issue", args, "not_found", NULL);
}

static void equipment_is_bought_once(void **state)
{
    (void)state;
    char id[64];
    create("add_equipment_item", "item",
        "{\"name\":\"Recovery tracks\",\"category\":\"recovery\","
        "\"is_essential\":true,\"estimated_cost\":300}",
        id);
    create("add_equipment_item", "item",
        "{\"name\":\"12 V fridge\",\"category\":\"kitchen\","
        "\"estimated_cost\":900,\"currency\":\"USD\"}",
        id);
    for (int i = 0; i < 2; i++) {
        jdoc *r = tool_call(&bench, "mark_equipment_purchased", "call-1",
            "{\"item_name\":\"recovery tracks\",\"actual_cost\":279}");
        assert_int_equal(number_at(r, "/item/actual_cost_minor"), 27900);
        assert_string_equal(text_at(r, "/item/purchase_date"), "2026-11-22");
        jdoc_free(r);
    }
    tool_refused(&bench, "mark_equipment_purchased", "{\"item_name\":\"recovery tracks\"}",
        "not_found", NULL);
    tool_refused(&bench, "mark_equipment_purchased",
        "{\"item_name\":\"fridge\",\"purchase_date\":\"2026-11-23\"}", "invalid_argument",
        "/purchase_date");
    jdoc *r = tool_ok(&bench, "mark_equipment_purchased",
        "{\"item_name\":\"fridge\",\"actual_cost\":950}");
    assert_string_equal(text_at(r, "/item/currency"), "USD");
    jdoc_free(r);
    r = tool_ok(&bench, "get_equipment_list", "{\"show_purchased\":false}");
    assert_int_equal(number_at(r, "/total"), 0);
    assert_int_equal(number_at(r, "/budget/purchased"), 2);
    assert_int_equal(jdoc_length(at(r, "/budget/spent")), 2);
    jdoc_free(r);
}

static void launch_week(void **state)
{
    (void)state;
    char id[64];
    create("create_transition_task", "task",
        "{\"title\":\"Keys to Jo\",\"category\":\"life\","
        "\"days_before_departure\":1,\"departure_date\":\"2026-11-26\"}",
        id);
    jdoc *r =
        tool_ok(&bench, "complete_launch_task", "{\"task_id\":\"day3_tanks\",\"notes\":\"ok\"}");
    assert_string_equal(text_at(r, "/task/status"), "completed");
    jdoc_free(r);
    r = tool_ok(&bench, "complete_launch_task", "{\"task_id\":\"day3_tanks\"}");
    assert_non_null(strstr(text_at(r, "/message"), "already"));
    jdoc_free(r);
    r = tool_ok(&bench, "get_launch_week_status", "{}");
    assert_int_equal(number_at(r, "/launch/days_to_departure"), 4);
    assert_int_equal(number_at(r, "/launch/completed"), 1);
    assert_string_equal(text_at(r, "/launch/tasks/0/status"), "overdue");
    assert_string_equal(text_at(r, "/launch/tasks/0/due_date"), "2026-11-19");
    assert_string_equal(text_at(r, "/launch/own_tasks/0/title"), "Keys to Jo");
    jdoc_free(r);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, tool_fixture_empty)
    const struct CMUnitTest tests[] = {
        T(starts_empty),
        T(tasks_are_due_before_departure),
        T(refuses_what_cannot_be),
        T(practice_trips),
        T(equipment_is_bought_once),
        T(launch_week),
    };
    return cmocka_run_group_tests(tests, tool_fixture_start, tool_fixture_stop);
}
