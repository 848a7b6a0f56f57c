/* SPDX-License-Identifier: BSD-2-Clause */
/* Timers, alarms and messages to the user: when they are due, once, and who may cancel them. */
#include "base/clock.h"
#include "base/err.h"
#include "store/records.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"

#include <stdio.h>
#include <string.h>

static void reads_durations(void **state)
{
    (void)state;
    static const struct {
        const char *duration;
        int64_t seconds;
    } cases[] = {
        {"10 minutes", 600},
        {"1h30m", 5400},
        {"1 hour and 15 min", 4500},
        {"half an hour", 1800},
        {"an hour", 3600},
        {"90", 0},
        {"90 s", 90},
        {"PT1H30M", 5400},
        {"1.5 hours", 5400},
        {"2 days", 172800},
        {"tomorrow", 0},
        {"-5 minutes", 0},
        {"10", 0},
        {"ten minutes", 600},
        {"5 5 minutes", 0},
        {"minutes", 0},
        {"999999 hours", 0},
        {"0 seconds", 0},
        {"nan", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char args[160];
        snprintf(args, sizeof args,
            "{\"action\":\"create\",\"type\":\"timer\",\"duration\":\"%s\"}", cases[i].duration);
        if (cases[i].seconds == 0) {
            tool_refused(&bench, "set_timer_or_alarm", args, "invalid_argument", "/duration");
            continue;
        }
        jdoc *r = tool_ok(&bench, "set_timer_or_alarm", args);
        if ((int64_t)number_at(r, "/timer/due_ms") - noon != cases[i].seconds * 1000)
            fail_msg("%s", cases[i].duration);
        jdoc_free(r);
    }
    tool_refused(&bench, "set_timer_or_alarm", "{\"action\":\"create\"}", "invalid_argument",
        "/duration");
    tool_refused(&bench, "set_timer_or_alarm", "{\"action\":\"create\",\"duration_seconds\":1e30}",
        "invalid_argument", "/duration_seconds");
}

static void sets_alarms_by_the_clock(void **state)
{
    (void)state;
    static const struct {
        const char *now, *time, *due;
    } cases[] = {
        {"2026-11-22T13:00:00+11:00", "18:30", "2026-11-22T18:30:00+11:00"},
        {"2026-11-22T13:00:00+11:00", "7 am", "2026-11-23T07:00:00+11:00"},
        {"2026-11-22T13:00:00+11:00", "12:15 PM", "2026-11-23T12:15:00+11:00"},
        {"2026-11-22T13:00:00+11:00", "2026-12-24T06:00", "2026-12-24T06:00:00+11:00"},
        /* The clocks go forward in the night of 4 October 2026, back in that of 5 April 2026. */
        {"2026-10-03T22:00:00+10:00", "06:00", "2026-10-04T06:00:00+11:00"},
        {"2026-10-03T22:00:00+10:00", "02:30", "2026-10-04T03:30:00+11:00"},
        {"2026-04-04T22:00:00+11:00", "02:30", "2026-04-05T02:30:00+11:00"},
        {"2026-04-04T22:00:00+11:00", "07:00", "2026-04-05T07:00:00+10:00"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char args[160];
        assert_int_equal(clock_parse_rfc3339(cases[i].now, &bench.context.now_ms), 0);
        snprintf(args, sizeof args,
            "{\"action\":\"create\",\"type\":\"alarm\",\"alarm_time\":\"%s\"}", cases[i].time);
        jdoc *r = tool_ok(&bench, "set_timer_or_alarm", args);
        assert_string_equal(text_at(r, "/timer/due_at"), cases[i].due);
        assert_string_equal(text_at(r, "/timer/timezone"), "Australia/Sydney");
        jdoc_free(r);
    }
    bench.context.now_ms = noon;
    static const char *const wrong[] = {"25:00", "7", "13 pm", "soon", "2026-11-22T12:00",
        "2026-02-30T07:00", "2026-12-01"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char args[160];
        snprintf(args, sizeof args, "{\"action\":\"create\",\"alarm_time\":\"%s\"}", wrong[i]);
        tool_refused(&bench, "set_timer_or_alarm", args, "invalid_argument", "/alarm_time");
    }
}

static void is_claimed_once(void **state)
{
    (void)state;
    static const char args[] = "{\"action\":\"create\",\"duration\":\"10 min\",\"label\":\"eggs\"}";
    jdoc *a = tool_call(&bench, "set_timer_or_alarm", "c1", args);
    jdoc *b = tool_call(&bench, "set_timer_or_alarm", "c1", args);
    assert_string_equal(text_at(a, "/timer/id"), text_at(b, "/timer/id"));
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:timers"), 1);
    assert_int_equal(tool_fixture_number("HLEN tp:{ann}:r:timer"), 1);
    struct link_reply *reply = NULL;
    char member[100];
    snprintf(member, sizeof member, "ann %s", text_at(a, "/timer/id"));
    assert_int_equal(link_command(bench.context.store->link, &reply, "ZSCORE tp:hint:timers %s",
                         member),
        0);
    assert_int_equal(link_reply_int(reply), noon + 600000);
    link_reply_free(reply);
    /* As two housekeepers would: both read, both claim with what they read, one wins. */
    struct arena *arena = arena_new();
    const char *seen, *prior;
    assert_int_equal(records_get(bench.context.store, "ann", "timer", text_at(a, "/timer/id"),
                         arena, &seen),
        0);
    struct records_fence fence = {.uid = "ann"};
    struct records_write w = {.family = "timer",
        .id = text_at(a, "/timer/id"),
        .json = "{\"state\":\"fired\",\"label\":\"eggs\"}",
        .time_ms = noon,
        .seen = seen};
    assert_int_equal(
        records_commit(bench.context.store, &fence,
            &(struct records_batch){.writes = &w, .count = 1, .must_exist = true, .result = "{}"},
            arena, &prior),
        0);
    assert_int_equal(
        records_commit(bench.context.store, &fence,
            &(struct records_batch){.writes = &w, .count = 1, .must_exist = true, .result = "{}"},
            arena, &prior),
        ERR_CONFLICT);
    arena_free(arena);
    snprintf(member, sizeof member, "{\"action\":\"cancel\",\"timer_id\":\"%s\"}",
        text_at(a, "/timer/id"));
    tool_refused(&bench, "set_timer_or_alarm", member, "conflict", NULL);
    jdoc_free(a);
    jdoc_free(b);
}

static void lists_and_cancels(void **state)
{
    (void)state;
    char args[120];
    jdoc_free(tool_ok(&bench, "set_timer_or_alarm",
        "{\"action\":\"create\",\"duration\":\"10 min\",\"label\":\"eggs\"}"));
    jdoc *r = tool_ok(&bench, "set_timer_or_alarm",
        "{\"action\":\"create\",\"alarm_time\":\"14:00\",\"label\":\"nap\"}");
    snprintf(args, sizeof args, "{\"action\":\"cancel\",\"timer_id\":\"%s\"}",
        text_at(r, "/timer/id"));
    jdoc_free(r);
    r = tool_ok(&bench, "set_timer_or_alarm", "{\"action\":\"list\"}");
    assert_int_equal(jdoc_length(at(r, "/timers")), 2);
    assert_string_equal(text_at(r, "/timers/0/label"), "eggs");
    jdoc_free(r);
    tool_refused(&bench, "set_timer_or_alarm", "{\"action\":\"cancel\"}", "invalid_argument",
        "/timer_id");
    bench.context.uid = "bob";
    tool_refused(&bench, "set_timer_or_alarm", args, "not_found", NULL);
    bench.context.uid = "ann";
    jdoc_free(tool_ok(&bench, "set_timer_or_alarm", args));
    tool_refused(&bench, "set_timer_or_alarm", args, "conflict", NULL);
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:timers"), 1);
    r = tool_ok(&bench, "set_timer_or_alarm", "{\"action\":\"cancel\",\"label\":\"EGGS\"}");
    assert_string_equal(text_at(r, "/timer/state"), "cancelled");
    jdoc_free(r);
    tool_refused(&bench, "set_timer_or_alarm", "{\"action\":\"cancel\"}", "not_found", NULL);
    tool_refused(&bench, "set_timer_or_alarm", "{\"action\":\"cancel\",\"timer_id\":\"a b{}\"}",
        "not_found", NULL);
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:timers"), 0);
}

static void has_a_limit(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++)
        jdoc_free(tool_ok(&bench, "set_timer_or_alarm",
            "{\"action\":\"create\",\"duration\":\"1 hour\"}"));
    tool_refused(&bench, "set_timer_or_alarm", "{\"action\":\"create\",\"duration\":\"1 hour\"}",
        "limit_reached", NULL);
}

static void tells_the_user_once(void **state)
{
    (void)state;
    static const char args[] =
        "{\"type\":\"low_fuel\",\"message\":\"Fill up \\\"now\\\"\",\"actions\":\"Find fuel\"}";
    jdoc *a = tool_call(&bench, "send_proactive_message", "c1", args);
    assert_string_equal(text_at(a, "/notification/priority"), "normal");
    assert_string_equal(text_at(a, "/notification/actions/0"), "Find fuel");
    /* Cut between inbox and record, the mark of the call gone: still told once. */
    struct link *link = bench.context.store->link;
    assert_int_equal(link_command(link, NULL, "DEL tp:{ann}:r:notice"), 0);
    assert_int_equal(link_command(link, NULL, "EVAL %s 0",
                         "for _, k in ipairs(redis.call('KEYS', "
                         "'tp:{ann}:effect:*')) do redis.call('DEL', k) end"),
        0);
    jdoc_free(tool_call(&bench, "send_proactive_message", "c1", args));
    assert_int_equal(tool_fixture_number("XLEN tp:{ann}:inbox"), 1);
    assert_int_equal(tool_fixture_number("HLEN tp:{ann}:r:notice"), 1);
    jdoc_free(a);
    tool_refused(&bench, "send_proactive_message", "{\"type\":\"low_fuel\"}", "invalid_argument",
        "/message");
    tool_refused(&bench, "send_proactive_message", "{\"type\":\"joke\",\"message\":\"x\"}",
        "invalid_argument", "/type");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, tool_fixture_empty)
    const struct CMUnitTest tests[] = {T(reads_durations), T(sets_alarms_by_the_clock),
        T(is_claimed_once), T(lists_and_cancels), T(has_a_limit), T(tells_the_user_once)};
    return cmocka_run_group_tests(tests, tool_fixture_start, tool_fixture_stop);
}
