/* The calendar's tools: zones, whole days, changes, removal, other users. */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"

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
        "{\"start_date\":\"2026-12-02\",\"end_date\":\"2026-12-01\"}", "invalid_argument", "/end_date");
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

static void changes_only_what_is_named(void **state)
{
    (void)state;
    char id[64];
    create("{\"title\":\"Dentist\",\"start_date\":\"2026-12-01T09:30\",\"end_date\":\"2026-12-01T10:30\","
           "\"description\":\"bring card\"}", id);
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
    tool_refused(&bench, "update_calendar_event", "{\"event_id\":\"nope\",\"title\":\"x\"}", "not_found",
        NULL);
    tool_refused(&bench, "update_calendar_event", "{\"event_id\":\"nope\"}", "invalid_argument", NULL);
    tool_refused(&bench, "update_calendar_event", "{\"event_id\":\"}{\",\"title\":\"x\"}", "not_found",
        NULL);
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
    jdoc_free(tool_ok(&bench, "create_calendar_event", "{\"title\":\"x\",\"start_date\":\"2026-12-01\"}"));
    bench.context.session = NULL;
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, tool_fixture_empty)
    const struct CMUnitTest tests[] = {
        T(keeps_local_time_and_zone), T(refuses_impossible_times), T(lists_what_comes), T(lists_what_is_still_on),
        T(changes_only_what_is_named), T(removes_once), T(writes_once_per_call), T(obeys_the_fence),
    };
    return cmocka_run_group_tests(tests, tool_fixture_start, tool_fixture_stop);
}
