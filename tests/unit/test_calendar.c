/* SPDX-License-Identifier: BSD-2-Clause */
/* The calendar's tools: zones, whole days, changes, removal, other users. */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"
#include "tools/calendar/calendar_event.h"

#include <stdio.h>
#include <string.h>

static void create(const char *args, char id[64])
{
    jdoc *r = tool_ok(&bench, "create_calendar_event", args);
    snprintf(id, 64, "%s", text_at(r, "/event/id"));
    jdoc_free(r);
}

static void keeps_local_time_and_zone(void **state)
{
    (void)state;
    jdoc *r = tool_ok(&bench, "create_calendar_event",
        "{\"title\":\"Dentist\",\"start_date\":\"2026-12-01T09:30\",\"reminder_minutes\":\"30\"}");
    assert_string_equal(text_at(r, "/event/start_date"), "2026-12-01T09:30:00+11:00");
    assert_string_equal(text_at(r, "/event/timezone"), "Australia/Sydney");
    assert_int_equal(number_at(r, "/event/reminder_minutes/0"), 30);
    jdoc_free(r);
    r = tool_ok(&bench, "create_calendar_event",
        "{\"title\":\"Call\",\"start_date\":\"2026-12-01T09:30Z\"}");
    assert_string_equal(text_at(r, "/event/start_date"), "2026-12-01T20:30:00+11:00");
    jdoc_free(r);
    r = tool_ok(&bench, "create_calendar_event",
        "{\"title\":\"Gap\",\"start_date\":\"2026-10-04T02:30\"}");
    assert_string_equal(text_at(r, "/event/start_date"), "2026-10-04T03:30:00+11:00");
    assert_non_null(strstr(text_at(r, "/note"), "forward"));
    jdoc_free(r);
    r = tool_ok(&bench, "create_calendar_event",
        "{\"title\":\"Camp\",\"start_date\":\"2026-12-04\",\"end_date\":\"2026-12-06\"}");
    assert_string_equal(text_at(r, "/event/start_date"), "2026-12-04");
    assert_string_equal(text_at(r, "/event/end_date"), "2026-12-06");
    assert_true(number_at(r, "/event/end_ms") - number_at(r, "/event/start_ms") == 3 * 86400000.0);
    jdoc_free(r);
}

static void refuses_impossible_times(void **state)
{
    (void)state;
    tool_refused(&bench, "create_calendar_event",
        "{\"title\":\"x\",\"start_date\":\"2026-02-30T10:00\"}", "invalid_argument", "/start_date");
    tool_refused(&bench, "create_calendar_event",
        "{\"title\":\"x\",\"start_date\":\"2026-12-02T10:00\",\"end_date\":\"2026-12-01T10:00\"}",
        "invalid_argument", "/end_date");
    tool_refused(&bench, "create_calendar_event", "{\"title\":\"\",\"start_date\":\"2026-12-01\"}",
        "invalid_argument", "/title");
    tool_refused(&bench, "create_calendar_event", "{\"title\":", "invalid_json", NULL);
    tool_refused(&bench, "create_calendar_event", "[1]", "invalid_argument", "");
    /* A last day before the first one, by one day too. */
    tool_refused(&bench, "create_calendar_event",
        "{\"title\":\"x\",\"start_date\":\"2026-12-02\",\"end_date\":\"2026-12-01\"}",
        "invalid_argument", "/end_date");
    tool_refused(&bench, "create_calendar_event",
        "{\"title\":\"x\",\"start_date\":\"2026-12-02T00:00\",\"end_date\":\"2026-12-01\"}",
        "invalid_argument", "/end_date");
    jdoc_free(tool_ok(&bench, "create_calendar_event",
        "{\"title\":\"x\",\"start_date\":\"2026-12-02\",\"end_date\":\"2026-12-02\"}"));
}

static void lists_what_comes(void **state)
{
    (void)state;
    char id[64];
    create("{\"title\":\"past\",\"start_date\":\"2026-11-20T10:00\"}", id);
    create("{\"title\":\"running\",\"start_date\":\"2026-11-21\",\"end_date\":\"2026-11-23\"}", id);
    create("{\"title\":\"later\",\"start_date\":\"2026-12-24T18:00\",\"event_type\":\"trip\"}", id);
    create("{\"title\":\"soon\",\"start_date\":\"2026-11-22T18:00\"}", id);
    jdoc *r = tool_ok(&bench, "get_calendar_events", "{}");
    assert_int_equal(number_at(r, "/count"), 3);
    assert_string_equal(text_at(r, "/events/0/title"), "running");
    assert_string_equal(text_at(r, "/events/1/title"), "soon");
    jdoc_free(r);
    r = tool_ok(&bench, "get_calendar_events", "{\"include_past\":true,\"limit\":2}");
    assert_string_equal(text_at(r, "/events/0/title"), "past");
    assert_int_equal(number_at(r, "/count"), 2);
    jdoc_free(r);
    r = tool_ok(&bench, "get_calendar_events",
        "{\"start_date\":\"2026-11-20\",\"end_date\":\"2026-11-20\"}");
    assert_int_equal(number_at(r, "/count"), 1);
    jdoc_free(r);
    r = tool_ok(&bench, "get_calendar_events", "{\"event_type\":\"trip\"}");
    assert_string_equal(text_at(r, "/events/0/title"), "later");
    jdoc_free(r);
    tool_refused(&bench, "get_calendar_events",
        "{\"start_date\":\"2026-12-02\",\"end_date\":\"2026-12-01\"}", "invalid_argument",
        "/end_date");
    bench.context.uid = "bob";
    r = tool_ok(&bench, "get_calendar_events", "{}");
    assert_int_equal(number_at(r, "/count"), 0);
    jdoc_free(r);
}

static jdoc *update(const char *id, const char *more)
{
    char args[512];
    snprintf(args, sizeof args, "{\"event_id\":\"%s\",%s}", id, more);
    return tool_ok(&bench, "update_calendar_event", args);
}

/* Also when it began weeks ago, and only for as long as it is long. */
static void lists_what_is_still_on(void **state)
{
    (void)state;
    char camp[64], day[64], args[160];
    create("{\"title\":\"Camp\",\"start_date\":\"2026-11-05\",\"end_date\":\"2026-12-20\"}", camp);
    create("{\"title\":\"Days\",\"start_date\":\"2026-11-10\",\"end_date\":\"2026-11-12\"}", day);
    create("{\"title\":\"Next\",\"start_date\":\"2026-12-03T10:00\"}", day);
    jdoc *r = tool_ok(&bench, "get_calendar_events", "{\"start_date\":\"2026-12-01\"}");
    assert_int_equal(number_at(r, "/count"), 2);
    assert_string_equal(text_at(r, "/events/0/title"), "Camp");
    assert_string_equal(text_at(r, "/events/1/title"), "Next");
    jdoc_free(r);
    snprintf(args, sizeof args, "{\"event_id\":\"%s\",\"end_date\":\"2026-11-06\"}", camp);
    jdoc_free(tool_ok(&bench, "update_calendar_event", args));
    r = tool_ok(&bench, "get_calendar_events", "{\"start_date\":\"2026-12-01\"}");
    assert_int_equal(number_at(r, "/count"), 1);
    jdoc_free(r);
}

#define HOUR INT64_C(3600000)

/* The rows of RFC 4791 9.9 for VEVENT, each at its edges; the period is from 10 to 12 h. */
static void overlaps_by_the_table_of_rfc_4791(void **state)
{
    (void)state;
    static const struct {
        int64_t start, end;
        bool all_day, is;
    } rows[] = {
        {8, 10, false, false},
        {8, 11, false, true},
        {10, 11, false, true},
        {11, 13, false, true},
        {12, 13, false, false},
        {8, 13, false, true},
        {13, 14, false, false},
        {8, 9, false, false},
        /* without length */
        {9, 9, false, false},
        {10, 10, false, true},
        {11, 11, false, true},
        {12, 12, false, false},
        /* without an end */
        {9, -1, false, false},
        {10, -1, false, true},
        {11, -1, false, true},
        {12, -1, false, false},
        /* whole days, also without an end of their own */
        {-14, 10, true, false},
        {-13, 11, true, true},
        {-14, -99, true, false},
        {-13, -99, true, true},
        {12, -99, true, false},
        {11, -99, true, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        jdoc *event = jdoc_new_object();
        struct calendar_span s;
        assert_int_equal(jdoc_set_int(event, "start_ms", (rows[i].start + 48) * HOUR), 0);
        if (rows[i].end >= 0)
            assert_int_equal(jdoc_set_int(event, "end_ms", (rows[i].end + 48) * HOUR), 0);
        assert_int_equal(jdoc_set_bool(event, "all_day", rows[i].all_day), 0);
        calendar_event_span(event, &s);
        if (calendar_event_overlaps(&s, 58 * HOUR, 60 * HOUR) != rows[i].is)
            fail_msg("row %zu", i);
        jdoc_free(event);
    }
}

static void listed(const char *args, const char *titles)
{
    char found[256] = "";
    jdoc *r = tool_ok(&bench, "get_calendar_events", args);
    const jdoc *events = at(r, "/events");
    for (size_t i = 0; i < jdoc_length(events); i++) {
        strcat(found, i > 0 ? " " : "");
        strcat(found, jdoc_text_or(jdoc_at(events, i), "title", "?"));
    }
    jdoc_free(r);
    if (strcmp(found, titles) != 0)
        fail_msg("%s: \"%s\", not \"%s\"", args, found, titles);
}

/* Nothing is on the day after its last, nor at the moment at which it ends. */
static void what_has_ended_is_not_listed(void **state)
{
    (void)state;
    char id[64];
    create("{\"title\":\"day\",\"start_date\":\"2026-12-01\"}", id);
    create("{\"title\":\"days\",\"start_date\":\"2026-11-30\",\"end_date\":\"2026-12-02\"}", id);
    create(
        "{\"title\":\"night\",\"start_date\":\"2026-12-02T20:00\",\"end_date\":\"2026-12-03T00:00\"}",
        id);
    create("{\"title\":\"daily\",\"start_date\":\"2026-12-05\",\"repeat\":\"FREQ=DAILY;COUNT=2\"}",
        id);
    create(
        "{\"title\":\"weekly\",\"start_date\":\"2026-12-07T22:00\",\"end_date\":\"2026-12-08T00:00\","
        "\"repeat\":\"weekly\"}",
        id);
    create("{\"title\":\"bell\",\"start_date\":\"2026-12-10T12:00\"}", id);
    listed("{\"start_date\":\"2026-12-01\",\"end_date\":\"2026-12-01\"}", "days day");
    listed("{\"start_date\":\"2026-12-02\",\"end_date\":\"2026-12-02\"}", "days night");
    listed("{\"start_date\":\"2026-12-03\",\"end_date\":\"2026-12-03\"}", "");
    listed("{\"start_date\":\"2026-12-06\",\"end_date\":\"2026-12-06\"}", "daily");
    listed("{\"start_date\":\"2026-12-07\",\"end_date\":\"2026-12-07\"}", "weekly");
    listed("{\"start_date\":\"2026-12-08\",\"end_date\":\"2026-12-08\"}", "");
    listed("{\"start_date\":\"2026-12-10T12:00\",\"end_date\":\"2026-12-10T13:00\"}", "bell");
    listed("{\"start_date\":\"2026-12-10T11:00\",\"end_date\":\"2026-12-10T12:00\"}", "");
    listed("{\"start_date\":\"2026-12-10T12:00\",\"end_date\":\"2026-12-10T12:00\"}", "bell");
    /* Now: one that ends at this very moment is over. */
    create(
        "{\"title\":\"over\",\"start_date\":\"2026-11-22T12:00\",\"end_date\":\"2026-11-22T13:00\"}",
        id);
    listed("{\"end_date\":\"2026-11-22\"}", "");
}

static void changes_only_what_is_named(void **state)
{
    (void)state;
    char id[64];
    create(
        "{\"title\":\"Dentist\",\"start_date\":\"2026-12-01T09:30\",\"end_date\":\"2026-12-01T10:30\","
        "\"description\":\"bring card\"}",
        id);
    jdoc *r = update(id, "\"start_date\":\"2026-12-02T15:00\"");
    assert_string_equal(text_at(r, "/event/start_date"), "2026-12-02T15:00:00+11:00");
    assert_string_equal(text_at(r, "/event/end_date"), "2026-12-02T16:00:00+11:00");
    assert_string_equal(text_at(r, "/event/description"), "bring card");
    jdoc_free(r);
    r = update(id, "\"title\":\"X-ray\",\"reminder_minutes\":[60,10]");
    assert_string_equal(text_at(r, "/event/title"), "X-ray");
    assert_int_equal(number_at(r, "/event/reminder_minutes/1"), 10);
    jdoc_free(r);
    r = update(id, "\"all_day\":true");
    assert_string_equal(text_at(r, "/event/start_date"), "2026-12-02");
    assert_string_equal(text_at(r, "/event/end_date"), "2026-12-02");
    jdoc_free(r);
    r = update(id, "\"start_date\":\"2026-12-05T08:00\"");
    assert_string_equal(text_at(r, "/event/start_date"), "2026-12-05T08:00:00+11:00");
    assert_null(jdoc_get(at(r, "/event"), "end_date"));
    jdoc_free(r);
    r = tool_ok(&bench, "get_calendar_events", "{}");
    assert_int_equal(number_at(r, "/count"), 1);
    assert_string_equal(text_at(r, "/events/0/start_date"), "2026-12-05T08:00:00+11:00");
    jdoc_free(r);
    tool_refused(&bench, "update_calendar_event", "{\"event_id\":\"nope\",\"title\":\"x\"}",
        "not_found", NULL);
    tool_refused(&bench, "update_calendar_event", "{\"event_id\":\"nope\"}", "invalid_argument",
        NULL);
    tool_refused(&bench, "update_calendar_event", "{\"event_id\":\"}{\",\"title\":\"x\"}",
        "not_found", NULL);
}

static void removes_once(void **state)
{
    (void)state;
    char id[64], args[128];
    bool success = false;
    create("{\"title\":\"Dentist\",\"start_date\":\"2026-12-01T09:30\"}", id);
    snprintf(args, sizeof args, "{\"event_id\":\"%s\"}", id);
    bench.context.uid = "bob";
    tool_refused(&bench, "delete_calendar_event", args, "not_found", NULL);
    bench.context.uid = "ann";
    for (int i = 0; i < 2; i++) { /* the same call again: the same result */
        jdoc *r = tool_call(&bench, "delete_calendar_event", "call-7", args);
        assert_int_equal(jdoc_get_bool(r, "success", &success), 0);
        assert_true(success);
        assert_string_equal(text_at(r, "/event/title"), "Dentist");
        jdoc_free(r);
    }
    tool_refused(&bench, "delete_calendar_event", args, "not_found", NULL);
    assert_int_equal(tools_find("delete_calendar_event")->approval, TOOLS_APPROVAL_ALWAYS);
}

static void writes_once_per_call(void **state)
{
    (void)state;
    static const char args[] = "{\"title\":\"Dentist\",\"start_date\":\"2026-12-01T09:30\"}";
    jdoc *a = tool_call(&bench, "create_calendar_event", "call-1", args);
    jdoc *b = tool_call(&bench, "create_calendar_event", "call-1", args);
    assert_string_equal(text_at(a, "/event/id"), text_at(b, "/event/id"));
    jdoc_free(b);
    /* The same id with other arguments is another call: some servers number from 1 each time. */
    b = tool_call(&bench, "create_calendar_event", "call-1",
        "{\"title\":\"Other\",\"start_date\":\"2026-12-01T09:30\"}");
    assert_string_not_equal(text_at(a, "/event/id"), text_at(b, "/event/id"));
    jdoc_free(a);
    jdoc_free(b);
    b = tool_ok(&bench, "get_calendar_events", "{}");
    assert_int_equal(number_at(b, "/count"), 2);
    jdoc_free(b);
}

static void obeys_the_fence(void **state)
{
    (void)state;
    int error;
    bench.context.session = "main";
    bench.context.epoch = 5;
    link_command(bench.context.store->link, NULL, "HSET tp:{ann}:s:main epoch 6");
    jdoc *r = tool_call_error(&bench, "create_calendar_event", "call-1",
        "{\"title\":\"x\",\"start_date\":\"2026-12-01\"}", &error);
    assert_null(r);
    assert_int_equal(error, ERR_FENCED);
    bench.context.epoch = 6;
    jdoc_free(tool_ok(&bench, "create_calendar_event",
        "{\"title\":\"x\",\"start_date\":\"2026-12-01\"}"));
    bench.context.session = NULL;
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, tool_fixture_empty)
    const struct CMUnitTest tests[] = {
        T(keeps_local_time_and_zone),
        T(refuses_impossible_times),
        T(lists_what_comes),
        T(lists_what_is_still_on),
        T(overlaps_by_the_table_of_rfc_4791),
        T(what_has_ended_is_not_listed),
        T(changes_only_what_is_named),
        T(removes_once),
        T(writes_once_per_call),
        T(obeys_the_fence),
    };
    return cmocka_run_group_tests(tests, tool_fixture_start, tool_fixture_stop);
}
