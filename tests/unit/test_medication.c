/* SPDX-License-Identifier: BSD-2-Clause */
/* Medication: schedules, contradictions, reminders at each dose, what was taken. */
#include "base/err.h"
#include "store/inbox.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"
#include "tools/engine/modules.h"
#include "tools/kit/civil.h"
#include "tools/person/medication_schedule.h"
#include "workers/housekeeper/reminders.h"

#include <stdio.h>
#include <string.h>

static struct reminders_desk *desk;

static int start(void **state)
{
    tool_fixture_start(state);
    return reminders_desk_new(&desk, bench.context.store, modules_rings());
}

static int stop(void **state)
{
    reminders_desk_free(desk);
    return tool_fixture_stop(state);
}

static int64_t at_ms(const char *text)
{
    struct civil c;
    assert_int_equal(civil_parse(text, &c), 0);
    return (civil_seconds(&c) - c.offset) * 1000;
}

static void look_at(const char *when)
{
    reminders_desk_set_clock(desk, at_ms(when));
    reminders_desk_wake(desk);
    reminders_desk_step(desk, 0);
}

/* The messages of ann's inbox, one a line. */
static void expect_inbox(const char *expected)
{
    struct buf text = {0}, lines = {0};
    jdoc *list = NULL;
    assert_int_equal(inbox_list(bench.context.store, "ann", NULL, 100, &text), 0);
    assert_int_equal(jdoc_parse(buf_text(&text), text.len, &list, NULL, 0), 0);
    const jdoc *all = jdoc_get(list, "messages");
    for (size_t i = 0; i < jdoc_length(all); i++)
        buf_printf(&lines, "%s\n", jdoc_text_or(jdoc_at(all, i), "message", ""));
    assert_string_equal(buf_text(&lines), expected);
    jdoc_free(list);
    buf_free(&text);
    buf_free(&lines);
}

/* --- schedules --- */

static void expect_doses(const char *record, const char *after, const char *const *doses)
{
    struct medication_schedule s;
    jdoc *doc = NULL;
    int64_t due = at_ms(after), before;
    assert_int_equal(jdoc_parse(record, strlen(record), &doc, NULL, 0), 0);
    assert_true(medication_schedule_read(doc, &s));
    for (; *doses; doses++) {
        assert_int_equal(medication_schedule_next(&s, due, &due), 0);
        if (due != at_ms(*doses))
            fail_msg("%s: %lld is not %s", record, (long long)due, *doses);
        assert_int_equal(medication_schedule_before(&s, due + 1, &before), 0);
        assert_int_equal(before, due);
    }
    jdoc_free(doc);
}

#define ZONE "\"timezone\":\"Australia/Sydney\""
static void doses_follow_the_clocks(void **state)
{
    (void)state;
    /* The night of 4 October 2026 has no 02:30; the one of 5 April 2026 has it twice. */
    expect_doses("{\"times\":[\"02:30\",\"20:00\"]," ZONE "}", "2026-10-03T12:00:00+10:00",
        (const char *[]){"2026-10-03T20:00:00+10:00", "2026-10-04T03:30:00+11:00",
            "2026-10-04T20:00:00+11:00", "2026-10-05T02:30:00+11:00", NULL});
    expect_doses("{\"times\":[\"02:30\"]," ZONE "}", "2026-04-04T12:00:00+11:00",
        (const char *[]){"2026-04-05T02:30:00+11:00", "2026-04-06T02:30:00+10:00", NULL});
    expect_doses("{\"times\":[\"9\"],\"weekdays\":[\"mon\"]," ZONE "}", "2026-11-22T13:00:00+11:00",
        (const char *[]){"2026-11-23T09:00:00+11:00", "2026-11-30T09:00:00+11:00", NULL});
    expect_doses("{\"times\":[\"07:00\"],\"every_days\":3,\"start_date\":\"2026-11-20\"," ZONE "}",
        "2026-11-20T08:00:00+11:00",
        (const char *[]){"2026-11-23T07:00:00+11:00", "2026-11-26T07:00:00+11:00", NULL});
    /* Hours that do not divide a day pass in elapsed time. */
    expect_doses("{\"every_hours\":36,\"anchor_ms\":1790953200000," ZONE "}",
        "2026-10-03T12:00:00+10:00",
        (const char *[]){"2026-10-04T14:00:00+11:00", "2026-10-06T02:00:00+11:00", NULL});
}

static void schedules_of_strangers_do_no_harm(void **state)
{
    static const char *const odd[] = {"{}", "{\"times\":[]," ZONE "}",
        "{\"times\":[7,\"x\"]," ZONE "}", "{\"every_hours\":-1," ZONE "}",
        "{\"every_hours\":9000000000000000," ZONE "}",
        "{\"times\":[\"08:00\"],\"timezone\":\"Nowhere\"}", "{\"as_needed\":true," ZONE "}",
        "{\"times\":[\"08:00\"],\"active\":false," ZONE "}"};
    struct medication_schedule s;
    int64_t due;
    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        jdoc *doc = NULL;
        assert_int_equal(jdoc_parse(odd[i], strlen(odd[i]), &doc, NULL, 0), 0);
        assert_false(medication_schedule_read(doc, &s));
        jdoc_free(doc);
    }
    jdoc *doc = NULL;
    static const char ended[] = "{\"times\":[\"08:00\"],\"end_date\":\"2026-11-22\"," ZONE "}";
    assert_int_equal(jdoc_parse(ended, strlen(ended), &doc, NULL, 0), 0);
    assert_true(medication_schedule_read(doc, &s));
    assert_int_equal(medication_schedule_next(&s, at_ms("2026-11-22T09:00:00+11:00"), &due),
        ERR_NOT_FOUND);
    jdoc_free(doc);
}

static void times_are_read_as_people_write_them(void **state)
{
    static const struct {
        const char *text;
        int minutes;
    } cases[] = {{"8", 480}, {"8am", 480}, {"8 pm", 1200}, {"8:30pm", 1230}, {"20.15", 1215},
        {"noon", 720}, {"midnight", 0}, {"12am", 0}, {"12 pm", 720}, {"24:00", 0},
        {"08:00:00", 480}, {"25:00", -1}, {"8:60", -1}, {"13pm", -1}, {"0am", -1}, {"x", -1},
        {"", -1}, {"8:3", -1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int minutes = -1;
        int error = medication_schedule_time(cases[i].text, &minutes);
        if (error != 0 ? cases[i].minutes != -1 : minutes != cases[i].minutes)
            fail_msg("%s: %d", cases[i].text, minutes);
    }
}

/* --- adding and changing --- */

static void what_contradicts_itself_is_asked_about(void **state)
{
    static const char *const asked[][2] = {
        {"{\"name\":\"A\"}", "/times"},
        {"{\"name\":\"A\",\"times_per_day\":2}", "/times"},
        {"{\"name\":\"A\",\"times\":[\"08:00\"],\"every_hours\":6}", "/times"},
        {"{\"name\":\"A\",\"times\":[\"08:00\"],\"as_needed\":true}", "/times"},
        {"{\"name\":\"A\",\"times\":[\"8\",\"08:00\"]}", "/times"},
        {"{\"name\":\"A\",\"times\":[\"8\"],\"times_per_day\":2}", "/times"},
        {"{\"name\":\"A\",\"every_hours\":8,\"times_per_day\":4,\"first_dose\":\"6\"}",
            "/times_per_day"},
        {"{\"name\":\"A\",\"every_hours\":8}", "/first_dose"},
        {"{\"name\":\"A\",\"times\":[\"8\"],\"weekdays\":[\"mon\"],\"every_days\":2}", "/weekdays"},
        {"{\"name\":\"A\",\"times\":[\"8\"],\"dose_amount\":5}", "/dose_unit"},
        {"{\"name\":\"A\",\"times\":[\"8\"],\"days\":5,\"end_date\":\"2026-12-31\"}", "/days"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
        tool_refused(&bench, "add_medication", asked[i][0], "ambiguous", asked[i][1]);
    tool_refused(&bench, "add_medication", "{\"name\":\"A\",\"times\":[\"25:00\"]}",
        "invalid_argument", "/times");
    tool_refused(&bench, "add_medication",
        "{\"name\":\"A\",\"times\":[\"8\"],\"end_date\":\"2026-11-01\"}", "invalid_argument",
        "/end_date");
    jdoc *r = tool_ok(&bench, "get_medications", "{}");
    assert_int_equal(number_at(r, "/count"), 0);
    jdoc_free(r);
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:alarms"), 0);
}

static void two_of_one_name_are_asked_about(void **state)
{
    (void)state;
    jdoc_free(
        tool_ok(&bench, "add_medication", "{\"name\":\"Metformin\",\"times\":[\"8\",\"20\"]}"));
    tool_refused(&bench, "add_medication", "{\"name\":\"metformin 500\",\"times\":[\"9\"]}",
        "ambiguous", "/name");
    jdoc_free(tool_ok(&bench, "add_medication",
        "{\"name\":\"metformin 500\",\"times\":[\"9\"],\"another\":true}"));
    tool_refused(&bench, "stop_medication", "{\"medication\":\"metformi\"}", "ambiguous", NULL);
    jdoc_free(tool_ok(&bench, "stop_medication", "{\"medication\":\"metformin 500\"}"));
    jdoc *r = tool_ok(&bench, "get_medications", "{}");
    assert_int_equal(number_at(r, "/count"), 1);
    assert_string_equal(text_at(r, "/medications/0/frequency"), "at 08:00 and 20:00 every day");
    assert_string_equal(text_at(r, "/medications/0/next_dose_at"), "2026-11-22T20:00:00+11:00");
    jdoc_free(r);
}

static void every_six_hours_are_times_of_the_day(void **state)
{
    (void)state;
    jdoc *r = tool_ok(&bench, "add_medication",
        "{\"name\":\"A\",\"every_hours\":6,\"first_dose\":\"2026-11-23T06:00\",\"days\":2,"
        "\"start_date\":\"2026-11-23\"}");
    assert_string_equal(text_at(r, "/medication/frequency"),
        "at 00:00, 06:00, 12:00 and 18:00 every day");
    assert_string_equal(text_at(r, "/rings_at/0"), "2026-11-23T06:00:00+11:00");
    assert_string_equal(text_at(r, "/medication/end_date"), "2026-11-24");
    jdoc_free(r);
}

static void a_refill_is_warned_of(void **state)
{
    (void)state;
    jdoc_free(tool_ok(&bench, "add_medication",
        "{\"name\":\"A\",\"times\":[\"8\",\"20\"],\"stock\":9,\"units_per_dose\":1}"));
    jdoc *r = tool_ok(&bench, "get_medications", "{}");
    assert_int_equal(number_at(r, "/medications/0/stock_days"), 4);
    assert_string_equal(text_at(r, "/refill_warnings/0/status"), "running_out");
    assert_string_equal(text_at(r, "/refill_warnings/0/refill_date"), "2026-11-26");
    jdoc_free(r);
    jdoc_free(tool_ok(&bench, "update_medication", "{\"medication\":\"a\",\"stock\":90}"));
    r = tool_ok(&bench, "get_medications", "{}");
    assert_int_equal(jdoc_length(at(r, "/refill_warnings")), 0);
    jdoc_free(r);
}

/* Whoever travels is told that the doses are due by the clocks of home, and can move them. */
static void doses_can_move_with_the_traveller(void **state)
{
    (void)state;
    jdoc_free(tool_ok(&bench, "add_medication", "{\"name\":\"A\",\"times\":[\"20:00\"]}"));
    const char *home = bench.context.zone;
    bench.context.zone = "Australia/Perth";
    jdoc *r = tool_ok(&bench, "get_medications", "{}");
    assert_non_null(strstr(text_at(r, "/note"), "Australia/Sydney"));
    assert_string_equal(text_at(r, "/medications/0/next_dose_at"), "2026-11-22T20:00:00+11:00");
    jdoc_free(r);
    r = tool_ok(&bench, "update_medication", "{\"medication\":\"a\",\"use_my_zone\":true}");
    assert_string_equal(text_at(r, "/rings_at/0"), "2026-11-22T20:00:00+08:00");
    jdoc_free(r);
    r = tool_ok(&bench, "get_medications", "{}");
    assert_null(jdoc_get(r, "note"));
    jdoc_free(r);
    bench.context.zone = home;
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:alarms"), 1);
}

/* --- reminders --- */

static void each_dose_rings_once(void **state)
{
    (void)state;
    jdoc_free(tool_ok(&bench, "add_medication",
        "{\"name\":\"Metformin\",\"dosage\":\"500 mg\",\"times\":[\"8\",\"20\"],\"food\":\"with_food\"}"));
    look_at("2026-11-22T19:59:00+11:00");
    expect_inbox("");
    look_at("2026-11-22T20:00:01+11:00");
    look_at("2026-11-22T20:00:02+11:00");
    expect_inbox("Metformin: 500 mg, with food (20:00)\n");
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:alarms"), 1);
    look_at("2026-11-23T08:00:01+11:00");
    expect_inbox("Metformin: 500 mg, with food (20:00)\nMetformin: 500 mg, with food (08:00)\n");
}

static void a_changed_time_rings_then_only(void **state)
{
    (void)state;
    jdoc_free(tool_ok(&bench, "add_medication", "{\"name\":\"A\",\"times\":[\"20:00\"]}"));
    jdoc_free(tool_ok(&bench, "update_medication", "{\"medication\":\"a\",\"times\":[\"21:00\"]}"));
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:alarms"), 1);
    look_at("2026-11-22T20:30:00+11:00");
    expect_inbox("");
    look_at("2026-11-22T21:00:01+11:00");
    expect_inbox("A (21:00)\n");
    jdoc_free(tool_ok(&bench, "update_medication", "{\"medication\":\"a\",\"remind\":false}"));
    look_at("2026-11-23T21:00:01+11:00");
    expect_inbox("A (21:00)\n");
}

static void a_stopped_or_deleted_one_is_silent(void **state)
{
    (void)state;
    jdoc_free(tool_ok(&bench, "add_medication", "{\"name\":\"A\",\"times\":[\"20:00\"]}"));
    jdoc_free(tool_ok(&bench, "add_medication", "{\"name\":\"B\",\"times\":[\"20:00\"]}"));
    jdoc_free(tool_ok(&bench, "stop_medication", "{\"medication\":\"a\"}"));
    tool_refused(&bench, "delete_medication", "{\"medication\":\"b\"}", "invalid_argument",
        "/confirm");
    jdoc_free(tool_ok(&bench, "delete_medication", "{\"medication\":\"b\",\"confirm\":true}"));
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:alarms"), 0);
    look_at("2026-11-22T20:00:01+11:00");
    expect_inbox("");
    jdoc *r = tool_ok(&bench, "update_medication", "{\"medication\":\"a\",\"resume\":true}");
    assert_string_equal(text_at(r, "/rings_at/0"), "2026-11-22T20:00:00+11:00");
    jdoc_free(r);
}

static void one_that_comes_back_rings_again(void **state)
{
    (void)state;
    jdoc_free(tool_ok(&bench, "add_medication", "{\"name\":\"A\",\"times\":[\"20:00\"]}"));
    jdoc_free(tool_ok(&bench, "delete_medication", "{\"medication\":\"a\",\"confirm\":true}"));
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:alarms"), 0);
    jdoc_free(tool_ok(&bench, "undo_change", "{}"));
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:alarms"), 1);
    look_at("2026-11-22T20:00:01+11:00");
    expect_inbox("A (20:00)\n");
}

/* A hint whose record is gone is dropped, one of a family that nobody knows stays. */
static void hints_prove_nothing(void **state)
{
    struct link *link = bench.context.store->link;
    int64_t due = at_ms("2026-11-22T12:00:00+11:00");
    (void)state;
    assert_int_equal(link_command(link, NULL, "ZADD tp:hint:alarms %lld %s", (long long)due,
                         "ann a/nobody/medication/1795309200000"),
        0);
    assert_int_equal(link_command(link, NULL, "ZADD tp:hint:alarms %lld %s", (long long)due,
                         "ann a/x/../1795309200000"),
        0);
    look_at("2026-11-22T13:00:00+11:00");
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:alarms"), 0);
    expect_inbox("");
}

/* --- what was taken --- */

static void doses_are_noted_and_told(void **state)
{
    (void)state;
    jdoc_free(tool_ok(&bench, "add_medication",
        "{\"name\":\"Metformin\",\"times\":[\"8\",\"20\"],\"stock\":10}"));
    bench.context.now_ms = at_ms("2026-11-23T08:20:00+11:00");
    jdoc *r = tool_ok(&bench, "log_dose", "{}");
    assert_string_equal(text_at(r, "/doses/0/due_at"), "2026-11-23T08:00:00+11:00");
    jdoc_free(r);
    tool_refused(&bench, "log_dose", "{\"medication\":\"metformin\"}", "ambiguous", "/extra");
    tool_refused(&bench, "log_dose", "{}", "invalid_argument", "/medication");
    r = tool_ok(&bench, "log_dose",
        "{\"medication\":\"metformin\",\"status\":\"skipped\",\"change\":true}");
    jdoc_free(r);
    r = tool_ok(&bench, "get_dose_log", "{\"from\":\"2026-11-22\",\"to\":\"2026-11-23\"}");
    assert_int_equal(number_at(r, "/taken"), 0);
    assert_int_equal(number_at(r, "/skipped"), 1);
    assert_int_equal(number_at(r, "/not_noted"),
        1); /* 20:00 of the day before; 08:00 was earlier */
    assert_int_equal(number_at(r, "/upcoming"), 1);
    jdoc_free(r);
    r = tool_ok(&bench, "get_medications", "{}");
    assert_int_equal(number_at(r, "/medications/0/stock"), 10);
    jdoc_free(r);
    tool_refused(&bench, "log_dose", "{\"taken_at\":\"2027-01-01T08:00\"}", "invalid_argument",
        "/taken_at");
    tool_refused(&bench, "get_dose_log", "{\"from\":\"2026-01-01\",\"to\":\"2026-11-23\"}",
        "invalid_argument", "/to");
}

static void a_dose_that_is_said_twice_is_not_the_next_one(void **state)
{
    (void)state;
    jdoc_free(
        tool_ok(&bench, "add_medication", "{\"name\":\"Metformin\",\"times\":[\"8\",\"9\"]}"));
    bench.context.now_ms = at_ms("2026-11-23T08:05:00+11:00");
    jdoc_free(tool_ok(&bench, "log_dose", "{\"medication\":\"metformin\"}"));
    bench.context.now_ms = at_ms("2026-11-23T08:20:00+11:00");
    tool_refused(&bench, "log_dose", "{\"medication\":\"metformin\"}", "ambiguous", "/extra");
    jdoc *r = tool_ok(&bench, "log_dose",
        "{\"medication\":\"metformin\",\"status\":\"skipped\",\"change\":true}");
    assert_string_equal(text_at(r, "/doses/0/due_at"), "2026-11-23T08:00:00+11:00");
    jdoc_free(r);
}

static void names_that_look_alike_are_asked_about(void **state)
{
    (void)state;
    jdoc_free(tool_ok(&bench, "add_medication", "{\"name\":\"Prednisolone\",\"times\":[\"8\"]}"));
    tool_refused(&bench, "log_dose", "{\"medication\":\"prednisone\"}", "ambiguous", "/medication");
    jdoc_free(tool_ok(&bench, "log_dose", "{\"medication\":\"prednisol\"}"));
}

static void a_limit_of_the_user_is_asked_about(void **state)
{
    (void)state;
    jdoc_free(tool_ok(&bench, "add_medication",
        "{\"name\":\"Ibuprofen\",\"as_needed\":true,\"max_per_day\":2}"));
    jdoc_free(tool_ok(&bench, "log_dose", "{\"medication\":\"ibuprofen\"}"));
    jdoc_free(tool_ok(&bench, "log_dose", "{\"medication\":\"ibuprofen\"}"));
    tool_refused(&bench, "log_dose", "{\"medication\":\"ibuprofen\"}", "ambiguous", "/extra");
    jdoc_free(tool_ok(&bench, "log_dose", "{\"medication\":\"ibuprofen\",\"extra\":true}"));
    jdoc *r = tool_ok(&bench, "get_dose_log", "{}");
    assert_int_equal(number_at(r, "/taken"), 3);
    jdoc_free(r);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, tool_fixture_empty)
    const struct CMUnitTest tests[] = {
        T(doses_follow_the_clocks),
        T(schedules_of_strangers_do_no_harm),
        T(times_are_read_as_people_write_them),
        T(what_contradicts_itself_is_asked_about),
        T(two_of_one_name_are_asked_about),
        T(every_six_hours_are_times_of_the_day),
        T(a_refill_is_warned_of),
        T(doses_can_move_with_the_traveller),
        T(each_dose_rings_once),
        T(a_changed_time_rings_then_only),
        T(a_stopped_or_deleted_one_is_silent),
        T(one_that_comes_back_rings_again),
        T(hints_prove_nothing),
        T(doses_are_noted_and_told),
        T(a_limit_of_the_user_is_asked_about),
        T(a_dose_that_is_said_twice_is_not_the_next_one),
        T(names_that_look_alike_are_asked_about),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
