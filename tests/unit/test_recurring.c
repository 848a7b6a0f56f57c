/* SPDX-License-Identifier: BSD-2-Clause */
/* Events and alarms that repeat: rules, changes of the clocks, changes of one, some or all,
 * reminders. */
#include "base/clock.h"
#include "base/err.h"
#include "store/inbox.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"
#include "tools/calendar/calendar_event.h"
#include "tools/calendar/calendar_series.h"
#include "tools/calendar/recurrence.h"
#include "tools/calendar/rrule.h"
#include "tools/engine/modules.h"
#include "tools/kit/civil.h"
#include "workers/housekeeper/reminders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct reminders_desk *desk, *other_desk;

static int start(void **state)
{
    tool_fixture_start(state);
    assert_int_equal(reminders_desk_new(&other_desk, bench.context.store, modules_rings()), 0);
    return reminders_desk_new(&desk, bench.context.store, modules_rings());
}

static int stop(void **state)
{
    reminders_desk_free(desk);
    reminders_desk_free(other_desk);
    return tool_fixture_stop(state);
}

static const struct zone *sydney(void)
{
    const struct zone *z = NULL;
    assert_int_equal(zone_get("Australia/Sydney", &z), 0);
    return z;
}

static int64_t local(const char *text)
{
    struct civil c;
    assert_int_equal(civil_parse(text, &c), 0);
    return civil_seconds(&c);
}

static int64_t at_ms(const char *text)
{
    struct civil c;
    assert_int_equal(civil_parse(text, &c), 0);
    return (civil_seconds(&c) - c.offset) * 1000;
}

/* --- rules --- */

static void expect_starts(const char *rule, const char *start, const char *from,
    const char *const *days)
{
    struct recurrence *r;
    int64_t s;
    assert_int_equal(recurrence_open(&r, rule, local(start), sydney(), local(from), INT64_MAX), 0);
    for (; *days; days++) {
        if (!recurrence_next(r, &s) || s / 86400 != local(*days) / 86400)
            fail_msg("%s from %s: not %s", rule, from, *days);
    }
    recurrence_close(r);
}

static void rules_are_counted_out(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *start, *from, *days[4];
    } cases[] = {
        {"FREQ=MONTHLY;BYDAY=-1FR", "2026-11-27T09:00", "2026-12-01",
            {"2026-12-25", "2027-01-29", NULL}},
        {"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2024-02-29T09:00", "2026-12-01",
            {"2028-02-29", "2032-02-29", NULL}},
        {"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE", "2026-11-23T09:00", "2026-11-26",
            {"2026-12-07", "2026-12-09", "2026-12-21", NULL}},
        {"FREQ=MONTHLY;BYMONTHDAY=31", "2026-01-31T09:00", "2026-02-01",
            {"2026-03-31", "2026-05-31", NULL}},
        {"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2026-11-30T09:00", "2026-12-01",
            {"2026-12-31", "2027-01-29", NULL}},
        {"FREQ=MONTHLY;BYMONTHDAY=29;BYMONTH=2;BYDAY=5TU", "2028-02-29T09:00", "2028-03-01",
            {"2056-02-29", NULL}},
        {"FREQ=DAILY;INTERVAL=3;COUNT=5", "2026-11-22T09:00", "2026-11-29",
            {"2026-12-01", "2026-12-04", NULL}},
        {"FREQ=DAILY;INTERVAL=3", "2016-11-22T09:00", "2026-11-22",
            {"2026-11-24", "2026-11-27", NULL}},
        {"FREQ=YEARLY;BYWEEKNO=39,53", "2027-09-27T09:00", "2028-09-01",
            {"2028-09-25", "2028-09-26", NULL}},
        {"FREQ=YEARLY;BYWEEKNO=20", "1997-09-02T09:00", "1997-09-02",
            {"1998-05-11", "1998-05-12", NULL}},
        {"FREQ=YEARLY;BYWEEKNO=53;BYDAY=FR", "2020-01-01T09:00", "2020-12-31",
            {"2021-01-01", "2027-01-01", NULL}},
        {"FREQ=WEEKLY;INTERVAL=2;BYDAY=SU", "1997-09-02T09:00", "1997-09-02",
            {"1997-09-07", "1997-09-21", NULL}},
        {"FREQ=YEARLY;BYMONTHDAY=29", "1997-09-02T09:00", "1997-09-02",
            {"1997-09-29", "1997-10-29", NULL}},
        {"FREQ=YEARLY", "1952-07-04T09:00", "2026-12-01", {"2027-07-04", NULL}}, /* a birthday */
        {"FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "2026-05-11T09:00", "2026-05-12",
            {"2027-05-17", NULL}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_starts(cases[i].rule, cases[i].start, cases[i].from, cases[i].days);
}

/* Several starts on a day, in order, and none of them lost where the walk begins. */
static void a_day_can_have_several_starts(void **state)
{
    struct recurrence *r;
    int64_t s, start = local("2026-11-28T20:00");
    static const char *const want[] = {"2026-11-29T20:00", "2026-11-30T08:00", "2026-11-30T20:00"};

    (void)state;
    assert_int_equal(recurrence_open(&r, "FREQ=DAILY;BYHOUR=8,20", start, sydney(),
                         local("2026-11-29T09:00"), INT64_MAX),
        0);
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        assert_true(recurrence_next(r, &s));
        assert_int_equal(s, local(want[i]));
    }
    recurrence_close(r);
}

/* Whatever the numbers are, a walk ends: nothing here may look at every day up to the year 9999. */
static void no_rule_runs_long(void **state)
{
    static const char *const rules[] = {"FREQ=DAILY;INTERVAL=1000;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO;COUNT=1000",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6", "FREQ=YEARLY;INTERVAL=999;BYYEARDAY=366;BYDAY=SU",
        "FREQ=WEEKLY;INTERVAL=1000;BYMONTH=2;BYDAY=SU"};
    char rule[RECURRENCE_SIZE], why[RECURRENCE_WHY_SIZE];
    int64_t first, last;

    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        struct rrule parsed;
        struct rrule_walk *walk = test_malloc(sizeof *walk);
        int n = 0;
        assert_int_equal(rrule_parse(rules[i], &parsed, why), 0);
        assert_int_equal(rrule_walk_init(walk, &parsed, local("2027-01-03T09:00"), 0), 0);
        while (rrule_walk_next(walk, &first))
            n++;
        assert_true(n <= 1000);
        test_free(walk);
        (void)recurrence_check(rules[i],
            &(struct recurrence_from){local("2027-01-03T09:00"), false, sydney()}, rule, &first,
            &last, why);
    }
}

/* Nor does one look behind its UNTIL, nor day by day through months that it does not have. */
static void a_walk_stops_at_its_end(void **state)
{
    struct rrule rule;
    struct rrule_walk *walk = test_malloc(sizeof *walk);
    int64_t s;

    (void)state;
    assert_int_equal(rrule_parse("FREQ=DAILY;INTERVAL=7;BYDAY=MO;UNTIL=20270601T000000", &rule,
                         NULL),
        0);
    assert_int_equal(rrule_walk_init(walk, &rule, local("2027-01-05T09:00"), 0), 0);
    assert_false(rrule_walk_next(walk, &s));
    assert_true(walk->empty < 30);
    assert_int_equal(rrule_parse("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29", &rule, NULL), 0);
    assert_int_equal(rrule_walk_init(walk, &rule, local("2096-03-01T09:00"), 0), 0);
    assert_true(rrule_walk_next(walk, &s));
    assert_int_equal(s, local("2104-02-29T09:00"));
    assert_true(walk->empty < 400);
    test_free(walk);
}

static const struct zone *new_york(void)
{
    const struct zone *z;
    assert_int_equal(zone_get("America/New_York", &z), 0);
    return z;
}

static int count_starts(const char *rule, const char *start, const struct zone *z)
{
    struct recurrence *r;
    int64_t s;
    int n = 0;

    assert_int_equal(recurrence_open(&r, rule, local(start), z, 0, INT64_MAX), 0);
    while (n < 100 && recurrence_next(r, &s))
        n++;
    recurrence_close(r);
    return n;
}

/* New York skips 02:00 to 03:00 on 2027-03-14, and has 01:00 to 02:00 twice on 2027-11-07. */
static void until_is_an_instant(void **state)
{
    static const struct {
        const char *start, *before;
    } skipped[] = {{"2027-03-12T02:30", "2027-03-14T02:30"},
        {"2027-03-12T03:00", "2027-03-14T03:00"}};
    char out[RECURRENCE_SIZE], rest[RECURRENCE_SIZE], why[RECURRENCE_WHY_SIZE];
    int64_t first, last;

    (void)state;
    for (size_t i = 0; i < 2; i++) { /* a split there takes nothing twice */
        assert_int_equal(recurrence_split("FREQ=DAILY;COUNT=5",
                             &(struct recurrence_from){local(skipped[i].start), false, new_york()},
                             local(skipped[i].before), out, rest),
            0);
        assert_int_equal(count_starts(out, skipped[i].start, new_york()), 2);
        assert_string_equal(rest, "FREQ=DAILY;COUNT=3");
    }
    /* 02:30 is 03:30 that day, 07:30 in UTC; the first 01:30 is 05:30 in UTC. */
    assert_int_equal(count_starts("FREQ=DAILY;UNTIL=20270314T070000Z", "2027-03-12T02:30",
                         new_york()),
        2);
    assert_int_equal(count_starts("FREQ=DAILY;UNTIL=20270314T073000Z", "2027-03-12T02:30",
                         new_york()),
        3);
    assert_int_equal(count_starts("FREQ=DAILY;UNTIL=20271107T060000Z", "2027-11-05T01:30",
                         new_york()),
        3);
    assert_int_equal(count_starts("FREQ=DAILY;UNTIL=20271107T052900Z", "2027-11-05T01:30",
                         new_york()),
        2);
    /* What is written can be read again. */
    const struct recurrence_from from = {local("2027-11-05T01:30"), false, new_york()};
    assert_int_equal(recurrence_check("FREQ=DAILY;UNTIL=20271107T060000Z", &from, out, &first,
                         &last, why),
        0);
    assert_string_equal(out, "FREQ=DAILY;UNTIL=20271107T060000Z");
    assert_int_equal(recurrence_check("FREQ=DAILY;UNTIL=99991231", &from, out, &first, &last, why),
        0);
    assert_string_equal(out, "FREQ=DAILY;UNTIL=99991231T235959Z");
    assert_int_equal(count_starts(out, "2027-11-05T01:30", new_york()), 100);
}

static void rules_are_checked(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "often", "FREQ=SECONDLY", "FREQ=MINUTELY",
        "FREQ=HOURLY;BYMINUTE=0,30", "FREQ=HOURLY;INTERVAL=2;BYHOUR=8",
        "FREQ=HOURLY;BYHOUR=8;BYSETPOS=1", "FREQ=DAILY;BYHOUR=24",
        "FREQ=DAILY;BYMINUTE=0,5,10,15,20,25,30,35,40,45,50,55;BYHOUR=1,2,3",
        "FREQ=WEEKLY;BYDAY=1MO", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=1MO", "FREQ=MONTHLY;BYWEEKNO=20",
        "FREQ=WEEKLY;BYMONTHDAY=1", "FREQ=DAILY;FREQ=DAILY", "FREQ=MONTHLY;BYSETPOS=1",
        "FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=2", "FREQ=DAILY;BYHOUR=", "BYDAY=MO",
        "FREQ=DAILY;UNTIL=20270231", "FREQ=YEARLY;BYYEARDAY=0", "FREQ=DAILY;COUNT=-1",
        "FREQ=DAILY;COUNT=1001", "FREQ=DAILY;COUNT=2;UNTIL=20270101T000000Z",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "RSCALE=CHINESE;FREQ=YEARLY",
        "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;UNTIL=20200101T000000Z", "FREQ=WEEKLY;BYDAY=XX",
        "\xff\xfe", "FREQ=DAILY\r\nX:1",
        /* what other expanders look for through centuries */
        "FREQ=DAILY;BYDAY=-5SU,5TU", "FREQ=MONTHLY;BYMONTHDAY=30;BYSETPOS=-53",
        "FREQ=MONTHLY;BYMONTHDAY=31;BYDAY=1MO", "FREQ=MONTHLY;BYDAY=53SA",
        "FREQ=MONTHLY;BYMONTH=13", "FREQ=MONTHLY;BYMONTH=6;BYMONTHDAY=31"};
    static const struct {
        const char *text, *rule;
    } good[] = {{"weekdays", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"},
        {"RRULE:FREQ=WEEKLY", "FREQ=WEEKLY"},
        {"freq=daily;byhour=20,8", "FREQ=DAILY;BYHOUR=8,20"}, /* pills */
        {"FREQ=HOURLY;INTERVAL=6", "FREQ=HOURLY;INTERVAL=6"},
        {"FREQ=YEARLY;BYWEEKNO=-53,39,53", "FREQ=YEARLY;BYWEEKNO=39,53,-53"},
        {"FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU,MO;WKST=SU",
            "FREQ=YEARLY;BYDAY=MO,-1SU;BYMONTH=3;WKST=SU"},
        {"FREQ=DAILY;UNTIL=20261231",
            "FREQ=DAILY;UNTIL=20261231T125959Z"}, /* to the end of that day in Sydney */
        {"FREQ=DAILY;UNTIL=20261231T090000", "FREQ=DAILY;UNTIL=20261230T220000Z"}};
    char rule[RECURRENCE_SIZE], why[RECURRENCE_WHY_SIZE];
    const struct recurrence_from from = {local("2026-11-23T09:00"), false, sydney()};
    int64_t first, last;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        why[0] = '\0';
        if (recurrence_check(bad[i], &from, rule, &first, &last, why) != ERR_INVALID || !why[0])
            fail_msg("taken: %s", bad[i]);
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (recurrence_check(good[i].text, &from, rule, &first, &last, why) != 0)
            fail_msg("%s: %s", good[i].text, why);
        assert_string_equal(rule, good[i].rule);
    }
    assert_int_equal(recurrence_check("FREQ=WEEKLY;BYDAY=WE;COUNT=3", &from, rule, &first, &last,
                         why),
        0);
    assert_int_equal(first, local("2026-11-25T09:00"));
    assert_int_equal(last, local("2026-12-09T09:00"));
}

static int take_start(void *arg, const struct calendar_series_start *start)
{
    int64_t *ms = arg;

    *ms = *ms ? -1 : start->ms;
    return 0;
}

/* Of an older version, or of another program: the event is not lost with its rule. */
static void a_stored_rule_that_is_none_leaves_the_event(void **state)
{
    static const char *const rules[] = {"FREQ=YEARLY;BYWEEKNO=20;BYDAY=1MO", "nonsense",
        "FREQ=MINUTELY"};

    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        char text[512];
        jdoc *event = NULL;
        int64_t ms = 0;
        snprintf(text, sizeof text,
            "{\"id\":\"e\",\"title\":\"x\",\"timezone\":\"Australia/Sydney\",\"repeat\":\"%s\","
            "\"start_date\":\"2026-12-01T09:00:00+11:00\",\"start_ms\":%lld}",
            rules[i], (long long)at_ms("2026-12-01T09:00:00+11:00"));
        assert_int_equal(jdoc_parse(text, strlen(text), &event, NULL, 0), 0);
        assert_int_equal(calendar_series_each(event, at_ms("2026-11-01T00:00Z"),
                             at_ms("2028-11-01T00:00Z"), take_start, &ms),
            0);
        assert_int_equal(ms, at_ms("2026-12-01T09:00:00+11:00"));
        ms = 0;
        assert_int_equal(calendar_series_each(event, at_ms("2027-11-01T00:00Z"),
                             at_ms("2028-11-01T00:00Z"), take_start, &ms),
            0);
        assert_int_equal(ms, 0);
        jdoc_free(event);
    }
}

static int count_start(void *arg, const struct calendar_series_start *start)
{
    (void)start;
    ++*(int *)arg;
    return 0;
}

/* As many as may be, one more than that, in any order; and twice the same. */
static void what_is_left_out_stays_out(void **state)
{
    (void)state;
    for (int days = 366; days <= 440; days += 74) {
        struct buf text = {0};
        jdoc *event = NULL;
        int n = 0;
        buf_printf(&text,
            "{\"id\":\"e\",\"title\":\"x\",\"note\":null,\"timezone\":\"Australia/Sydney\",\"repeat\":"
            "\"FREQ=DAILY\",\"start_date\":\"2026-12-01T09:00:00+11:00\",\"start_ms\":%lld,\"changed\":[{\"occurrence\":"
            "\"2026-12-01T09:00:00\",\"id\":\"f\"}],\"excluded\":[\"2026-12-01T09:00:00\"",
            (long long)at_ms("2026-12-01T09:00:00+11:00"));
        for (int i = days; i > 0; i--) {
            char key[CALENDAR_SERIES_KEY_SIZE];
            calendar_series_key(local("2026-12-01T09:00") + i * INT64_C(86400), false, key);
            buf_printf(&text, ",\"%s\"", key);
        }
        buf_puts(&text, "]}");
        assert_int_equal(jdoc_parse(buf_text(&text), text.len, &event, NULL, 0), 0);
        assert_int_equal(calendar_series_each(event, at_ms("2026-11-01T00:00Z"),
                             at_ms("2026-12-01T09:00:00+11:00") + (days + 5) * INT64_C(86400000),
                             count_start, &n),
            0);
        assert_int_equal(n, 5);
        const struct calendar_series_start start = {at_ms("2026-12-09T09:00:00+11:00"),
            local("2026-12-09T09:00")};
        jdoc *one = calendar_series_occurrence(event, &start);
        assert_true(
            jdoc_has(one, "note") && !jdoc_has(one, "excluded") && !jdoc_has(one, "changed"));
        assert_string_equal(jdoc_text_or(one, "occurrence", ""), "2026-12-09T09:00:00");
        jdoc_free(one);
        jdoc_free(event);
        buf_free(&text);
    }
}

/* --- events --- */

static void add(const char *args, char id[64])
{
    jdoc *r = tool_ok(&bench, "create_calendar_event", args);
    snprintf(id, 64, "%s", text_at(r, "/event/id"));
    jdoc_free(r);
}

static jdoc *with_id(const char *tool, const char *id, const char *rest)
{
    char args[512];
    snprintf(args, sizeof args, "{\"event_id\":\"%s\"%s%s}", id, rest[0] != '\0' ? "," : "", rest);
    return tool_ok(&bench, tool, args);
}

/* Starts and titles of a period, as "02-03 09:00 Title|...". */
static void expect_list(const char *from, const char *to, const char *expected)
{
    char args[200], text[2048] = "";
    snprintf(args, sizeof args, "{\"start_date\":\"%s\",\"end_date\":\"%s\",\"include_past\":true}",
        from, to);
    jdoc *r = tool_ok(&bench, "get_calendar_events", args);
    const jdoc *events = at(r, "/events");
    for (size_t i = 0; i < jdoc_length(events); i++) {
        const char *start = jdoc_text_or(jdoc_at(events, i), "start_date", "");
        size_t n = strlen(text);
        snprintf(text + n, sizeof text - n, "%s%.5s%s%.5s %s", i > 0 ? "|" : "", start + 5,
            start[10] != '\0' ? " " : "", start[10] != '\0' ? start + 11 : "",
            jdoc_text_or(jdoc_at(events, i), "title", ""));
    }
    assert_string_equal(text, expected);
    jdoc_free(r);
}

static void local_time_stays_over_changes_of_the_clocks(void **state)
{
    (void)state;
    char id[64];
    add("{\"title\":\"Swim\",\"start_date\":\"2026-09-27T02:30\",\"end_date\":\"2026-09-27T03:00\",\"repeat\":\"weekly\"}",
        id);
    jdoc *r = tool_ok(&bench, "get_calendar_events",
        "{\"start_date\":\"2026-09-27\",\"end_date\":\"2026-10-12\",\"include_past\":true}");
    assert_string_equal(text_at(r, "/events/0/start_date"), "2026-09-27T02:30:00+10:00");
    assert_string_equal(text_at(r, "/events/1/start_date"),
        "2026-10-04T03:30:00+11:00"); /* 02:30 is skipped */
    assert_string_equal(text_at(r, "/events/1/occurrence"), "2026-10-04T02:30:00");
    assert_string_equal(text_at(r, "/events/2/start_date"), "2026-10-11T02:30:00+11:00");
    assert_string_equal(text_at(r, "/events/2/end_date"), "2026-10-11T03:00:00+11:00");
    assert_string_equal(text_at(r, "/events/2/id"), id);
    jdoc_free(r);
    add("{\"title\":\"Market\",\"start_date\":\"2027-03-06\",\"repeat\":\"FREQ=MONTHLY;BYDAY=1SA;COUNT=3\"}",
        id);
    r = tool_ok(&bench, "get_calendar_events",
        "{\"start_date\":\"2027-03-01\",\"end_date\":\"2027-12-31\",\"limit\":100}");
    size_t markets = 0;
    for (size_t i = 0; i < jdoc_length(at(r, "/events")); i++)
        markets += strcmp(jdoc_text_or(jdoc_at(at(r, "/events"), i), "title", ""), "Market") == 0;
    assert_int_equal(markets, 3);
    jdoc_free(r);
}

static void lists_are_bounded_and_in_order(void **state)
{
    (void)state;
    char id[64];
    add("{\"title\":\"Daily\",\"start_date\":\"2020-01-01T08:00\",\"repeat\":\"daily\"}", id);
    add("{\"title\":\"Once\",\"start_date\":\"2026-11-24T07:00\"}", id);
    jdoc *r = tool_ok(&bench, "get_calendar_events", "{\"limit\":4}");
    assert_int_equal(jdoc_length(at(r, "/events")), 4);
    assert_string_equal(text_at(r, "/events/0/start_date"), "2026-11-23T08:00:00+11:00");
    assert_string_equal(text_at(r, "/events/1/title"), "Once");
    assert_string_equal(text_at(r, "/events/3/start_date"), "2026-11-25T08:00:00+11:00");
    bool more = false;
    jdoc_get_bool(r, "more", &more);
    assert_true(more);
    jdoc_free(r);
    tool_refused(&bench, "create_calendar_event",
        "{\"title\":\"x\",\"start_date\":\"2026-12-01\",\"repeat\":\"FREQ=MINUTELY\"}",
        "invalid_argument", "/repeat");
    /* The rule's first day is not the one said. */
    r = tool_ok(&bench, "create_calendar_event",
        "{\"title\":\"Friday\",\"start_date\":\"2026-12-01T09:00\",\"repeat\":\"FREQ=WEEKLY;BYDAY=FR\"}");
    assert_string_equal(text_at(r, "/event/start_date"), "2026-12-04T09:00:00+11:00");
    jdoc_free(r);
}

static void one_occurrence_is_changed_or_removed(void **state)
{
    (void)state;
    char id[64], own[64];
    add("{\"title\":\"Bins\",\"start_date\":\"2026-12-01T19:00\",\"end_date\":\"2026-12-01T19:30\",\"repeat\":\"FREQ=WEEKLY;COUNT=5\"}",
        id);
    jdoc *r = with_id("update_calendar_event", id,
        "\"occurrence\":\"2026-12-08T19:00:00\",\"start_date\":\"2026-12-09T20:00\",\"title\":\"Late bins\"");
    snprintf(own, sizeof own, "%s", text_at(r, "/event/id"));
    assert_string_not_equal(own, id);
    assert_string_equal(text_at(r, "/event/series_id"), id);
    assert_string_equal(text_at(r, "/event/end_date"), "2026-12-09T20:30:00+11:00");
    jdoc_free(r);
    jdoc_free(with_id("delete_calendar_event", id, "\"occurrence\":\"2026-12-15\""));
    expect_list("2026-12-01", "2027-01-31",
        "12-01 19:00 Bins|12-09 20:00 Late bins|12-22 19:00 Bins|12-29 19:00 Bins");
    /* It is one by itself now: by its own id. */
    char args[256];
    snprintf(args, sizeof args,
        "{\"event_id\":\"%s\",\"occurrence\":\"2026-12-08\",\"title\":\"x\"}", id);
    tool_refused(&bench, "update_calendar_event", args, "invalid_argument", "/occurrence");
    jdoc_free(with_id("update_calendar_event", own, "\"title\":\"Later bins\""));
    /* All of them an hour later: what was left out stays so. */
    jdoc_free(with_id("update_calendar_event", id, "\"start_date\":\"2026-12-01T20:00\""));
    expect_list("2026-12-01", "2027-01-31",
        "12-01 20:00 Bins|12-09 20:00 Later bins|12-22 20:00 Bins|12-29 20:00 Bins");
    jdoc_free(with_id("delete_calendar_event", id, ""));
    expect_list("2026-12-01", "2027-01-31", "");
}

static void following_ones_are_split_off(void **state)
{
    (void)state;
    char id[64];
    add("{\"title\":\"Yoga\",\"start_date\":\"2026-12-01T09:00\",\"repeat\":\"FREQ=WEEKLY;COUNT=6\"}",
        id);
    jdoc_free(with_id("update_calendar_event", id,
        "\"occurrence\":\"2026-12-22\",\"title\":\"Christmas yoga\""));
    jdoc *r = with_id("update_calendar_event", id,
        "\"occurrence\":\"2026-12-15\",\"scope\":\"following\",\"start_date\":\"2026-12-16T10:00\"");
    assert_string_not_equal(text_at(r, "/event/id"), id);
    assert_string_equal(text_at(r, "/event/repeat"), "FREQ=WEEKLY;COUNT=4");
    jdoc_free(r);
    expect_list("2026-12-01", "2027-01-31",
        "12-01 09:00 Yoga|12-08 09:00 Yoga|12-16 10:00 Yoga|12-22 09:00 Christmas yoga|12-30 10:00 Yoga|01-06 10:00 Yoga");
    jdoc_free(with_id("delete_calendar_event", id,
        "\"occurrence\":\"2026-12-08\",\"scope\":\"following\""));
    expect_list("2026-12-01", "2026-12-20", "12-01 09:00 Yoga|12-16 10:00 Yoga");
    /* One that stops repeating, one that begins. */
    jdoc_free(with_id("update_calendar_event", id, "\"repeat\":\"none\""));
    expect_list("2026-12-01", "2026-12-14", "12-01 09:00 Yoga");
    jdoc_free(with_id("update_calendar_event", id, "\"repeat\":\"FREQ=DAILY;COUNT=3\""));
    expect_list("2026-12-01", "2026-12-14", "12-01 09:00 Yoga|12-02 09:00 Yoga|12-03 09:00 Yoga");
    char args[256];
    snprintf(args, sizeof args, "{\"event_id\":\"%s\",\"repeat\":\"FREQ=MINUTELY\"}", id);
    tool_refused(&bench, "update_calendar_event", args, "invalid_argument", "/repeat");
    snprintf(args, sizeof args, "{\"event_id\":\"%s\",\"scope\":\"following\",\"title\":\"x\"}",
        id);
    tool_refused(&bench, "update_calendar_event", args, "invalid_argument", "/occurrence");
}

static void seed_series(const char *id, const char *more)
{
    char text[1024];
    snprintf(text, sizeof text,
        "{\"id\":\"%s\",\"title\":\"Choir\",\"event_type\":\"personal\",\"all_day\":false,"
        "\"timezone\":\"Australia/Sydney\",\"reminder_minutes\":[],"
        "\"start_date\":\"2026-12-01T09:00:00+11:00\",\"start_ms\":%lld,"
        "\"created_at\":\"2026-11-01T00:00:00Z\",\"updated_at\":\"2026-11-01T00:00:00Z\",%s}",
        id, (long long)at_ms("2026-12-01T09:00:00+11:00"), more);
    tool_seed(&bench, CALENDAR_SERIES, id, at_ms("2027-12-01T09:00:00+11:00"), text);
}

/* Dates beside the rule, behind its end or between its days: a cut there makes no others. */
static void a_cut_at_a_date_beside_the_rule_adds_nothing(void **state)
{
    static const struct {
        const char *id, *more, *cut, *before, *changed;
    } cases[] = {
        {"until",
            "\"repeat\":\"FREQ=WEEKLY;UNTIL=20261208T120000Z\",\"added\":[\"2027-01-20T09:00:00\",\"2027-02-03T09:00:00\"]",
            "2027-01-20", "12-01 09:00 Choir|12-08 09:00 Choir",
            "01-20 10:00 Choir|02-03 10:00 Choir"},
        {"count",
            "\"repeat\":\"FREQ=WEEKLY;COUNT=2\",\"last_occurrence\":\"2026-12-08T09:00:00\",\"added\":[\"2027-01-20T09:00:00\"]",
            "2027-01-20", "12-01 09:00 Choir|12-08 09:00 Choir", "01-20 10:00 Choir"},
        {"dates",
            "\"repeat\":\"FREQ=DAILY;COUNT=1\",\"last_occurrence\":\"2026-12-01T09:00:00\",\"added\":[\"2026-12-10T09:00:00\",\"2027-01-20T09:00:00\"]",
            "2027-01-20", "12-01 09:00 Choir|12-10 09:00 Choir", "01-20 10:00 Choir"},
        {"between",
            "\"repeat\":\"FREQ=WEEKLY;COUNT=4\",\"last_occurrence\":\"2026-12-22T09:00:00\",\"added\":[\"2026-12-10T09:00:00\"]",
            "2026-12-10", "12-01 09:00 Choir|12-08 09:00 Choir",
            "12-10 10:00 Choir|12-15 10:00 Choir|12-22 10:00 Choir"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char more[128], both[256];
        tool_fixture_empty(state);
        seed_series(cases[i].id, cases[i].more);
        snprintf(more, sizeof more, "\"occurrence\":\"%s\",\"scope\":\"following\"", cases[i].cut);
        jdoc_free(with_id("delete_calendar_event", cases[i].id, more));
        expect_list("2026-12-01", "2027-03-01", cases[i].before);
        tool_fixture_empty(state);
        seed_series(cases[i].id, cases[i].more);
        snprintf(more, sizeof more,
            "\"occurrence\":\"%s\",\"scope\":\"following\",\"start_date\":\"%sT10:00\"",
            cases[i].cut, cases[i].cut);
        jdoc_free(with_id("update_calendar_event", cases[i].id, more));
        snprintf(both, sizeof both, "%s|%s", cases[i].before, cases[i].changed);
        expect_list("2026-12-01", "2027-03-01", both);
    }
}

/* --- reminders --- */

static void look_at(struct reminders_desk *d, int64_t now_ms)
{
    reminders_desk_set_clock(d, now_ms);
    reminders_desk_wake(d);
    reminders_desk_step(d, clock_mono_ms());
}

/* Looks of both housekeepers, every `step` from one time to the other. */
static void pass_time(int64_t from_ms, int64_t to_ms, int64_t step)
{
    for (int64_t t = from_ms; t <= to_ms; t += step) {
        look_at(desk, t);
        look_at(other_desk, t);
    }
}

static jdoc *inbox(void)
{
    struct buf text = {0};
    jdoc *list = NULL;
    assert_int_equal(inbox_list(bench.context.store, "ann", NULL, 100, &text), 0);
    assert_int_equal(jdoc_parse(buf_text(&text), text.len, &list, NULL, 0), 0);
    buf_free(&text);
    return list;
}

static int64_t hints(void)
{
    struct link_reply *reply = NULL;
    assert_int_equal(link_command(bench.context.store->link, &reply, "ZCARD tp:hint:timers"), 0);
    int64_t n = link_reply_int(reply);
    link_reply_free(reply);
    return n;
}

static void each_occurrence_reminds_once(void **state)
{
    (void)state;
    char id[64];
    bench.context.now_ms = at_ms("2026-10-01T12:00+10:00");
    add("{\"title\":\"Pills\",\"start_date\":\"2026-10-02T08:00\",\"repeat\":\"daily\",\"reminder_minutes\":[0,1440]}",
        id);
    assert_int_equal(hints(), 2);
    jdoc_free(with_id("delete_calendar_event", id, "\"occurrence\":\"2026-10-05\""));
    pass_time(at_ms("2026-10-01T12:00+10:00"), at_ms("2026-10-06T12:00+11:00"), 3600000);
    jdoc *list = inbox();
    static const char *const starts[] = {"2026-10-02T08:00:00+10:00",
        "2026-10-03T08:00:00+10:00", /* a day ahead, then at the time */
        "2026-10-02T08:00:00+10:00", "2026-10-04T08:00:00+11:00", "2026-10-03T08:00:00+10:00",
        "2026-10-04T08:00:00+11:00", "2026-10-06T08:00:00+11:00", "2026-10-07T08:00:00+11:00",
        "2026-10-06T08:00:00+11:00"};
    size_t now = 0, ahead = 0;
    for (size_t i = 0; i < jdoc_length(at(list, "/messages")); i++) {
        const jdoc *m = jdoc_at(at(list, "/messages"), i);
        int64_t minutes = -1;
        jdoc_get_int(m, "minutes_before", &minutes);
        now += minutes == 0;
        ahead += minutes == 1440;
        bool known = false;
        for (size_t k = 0; k < sizeof starts / sizeof *starts; k++)
            known |= strcmp(starts[k], jdoc_text_or(m, "start_date", "")) == 0;
        if (!known)
            fail_msg("reminded of %s", jdoc_text_or(m, "start_date", ""));
        assert_string_equal(jdoc_text_or(m, "event_id", ""), id);
    }
    assert_int_equal(now, 4);   /* 2, 3, 4, 6 October */
    assert_int_equal(ahead, 4); /* of 3, 4, 6, 7; the one for 2 October was past when it was made */
    jdoc_free(list);
    assert_int_equal(hints(), 2);
    jdoc_free(with_id("delete_calendar_event", id, ""));
    bench.context.now_ms = at_ms("2026-10-06T12:00+11:00");
    pass_time(at_ms("2026-10-06T12:00+11:00"), at_ms("2026-10-08T12:00+11:00"), 3600000);
    assert_int_equal(hints(), 0);
}

static void what_was_missed_is_made_up_for_a_day(void **state)
{
    (void)state;
    char id[64];
    add("{\"title\":\"Walk\",\"start_date\":\"2026-11-23T08:00\",\"repeat\":\"FREQ=DAILY;COUNT=20\",\"reminder_minutes\":[0]}",
        id);
    int64_t back = at_ms("2026-12-01T12:00+11:00"); /* nothing ran for eight days */
    for (int i = 0; i < 6; i++)
        look_at(desk, back + i * 1000);
    jdoc *list = inbox();
    assert_int_equal(jdoc_length(at(list, "/messages")), 2); /* the one that waited, and today's */
    assert_string_equal(text_at(list, "/messages/0/start_date"), "2026-11-23T08:00:00+11:00");
    assert_string_equal(text_at(list, "/messages/1/start_date"), "2026-12-01T08:00:00+11:00");
    jdoc_free(list);
    pass_time(back, at_ms("2026-12-20T12:00+11:00"), 4 * 3600000);
    list = inbox();
    assert_int_equal(jdoc_length(at(list, "/messages")), 2 + 11); /* to 12 December */
    jdoc_free(list);
    assert_int_equal(hints(), 0);
}

/* Who fires it dies before the next one is planned: who finds it fired plans it. */
static void a_housekeeper_that_dies_over_it_loses_nothing(void **state)
{
    (void)state;
    char id[64], member[200], mark[200];
    add("{\"title\":\"Walk\",\"start_date\":\"2026-11-23T08:00\",\"repeat\":\"daily\",\"reminder_minutes\":[0]}",
        id);
    int64_t due = at_ms("2026-11-23T08:00+11:00");
    snprintf(mark, sizeof mark, "tp:{ann}:inbox:seen:%s/0/%lld", id, (long long)due);
    link_command(bench.context.store->link, NULL, "SET %s 1", mark); /* fired, no more */
    pass_time(due, due + 2000, 1000);
    jdoc *list = inbox();
    assert_int_equal(jdoc_length(at(list, "/messages")), 0);
    jdoc_free(list);
    snprintf(member, sizeof member, "ann r/%s/0/%lld", id, (long long)(due + 86400000));
    struct link_reply *reply = NULL;
    link_command(bench.context.store->link, &reply, "ZSCORE tp:hint:timers %s", member);
    assert_int_equal(link_reply_int(reply), due + 86400000);
    link_reply_free(reply);
}

static void alarms_repeat(void **state)
{
    (void)state;
    bench.context.now_ms = at_ms("2026-10-02T12:00+10:00"); /* a Friday */
    jdoc *r = tool_ok(&bench, "set_timer_or_alarm",
        "{\"action\":\"create\",\"type\":\"alarm\",\"alarm_time\":\"07:00\",\"repeat\":\"weekdays\",\"label\":\"up\"}");
    assert_string_equal(text_at(r, "/timer/due_at"),
        "2026-10-05T07:00:00+11:00"); /* after the weekend and the change */
    assert_string_equal(text_at(r, "/timer/repeat"), "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR");
    jdoc_free(r);
    pass_time(at_ms("2026-10-02T12:00+10:00"), at_ms("2026-10-07T12:00+11:00"), 1800000);
    jdoc *list = inbox();
    assert_int_equal(jdoc_length(at(list, "/messages")), 3); /* Monday to Wednesday */
    assert_string_equal(text_at(list, "/messages/2/due_at"), "2026-10-07T07:00:00+11:00");
    jdoc_free(list);
    assert_int_equal(hints(), 1);
    bench.context.now_ms = at_ms("2026-10-07T12:00+11:00");
    r = tool_ok(&bench, "set_timer_or_alarm", "{\"action\":\"list\"}");
    assert_string_equal(text_at(r, "/timers/0/due_at"), "2026-10-08T07:00:00+11:00");
    jdoc_free(r);
    /* A week without housekeepers: one alarm, then the next on time. */
    look_at(desk, at_ms("2026-10-15T12:00+11:00"));
    look_at(desk, at_ms("2026-10-15T12:01+11:00"));
    list = inbox();
    assert_int_equal(jdoc_length(at(list, "/messages")), 4);
    jdoc_free(list);
    jdoc_free(tool_ok(&bench, "set_timer_or_alarm", "{\"action\":\"cancel\",\"label\":\"up\"}"));
    assert_int_equal(hints(), 0);
    tool_refused(&bench, "set_timer_or_alarm",
        "{\"action\":\"create\",\"type\":\"timer\",\"duration_seconds\":5,\"repeat\":\"daily\"}",
        "invalid_argument", "/repeat");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_counted_out),
        cmocka_unit_test(a_day_can_have_several_starts),
        cmocka_unit_test(no_rule_runs_long),
        cmocka_unit_test(a_walk_stops_at_its_end),
        cmocka_unit_test(until_is_an_instant),
        cmocka_unit_test(what_is_left_out_stays_out),
        cmocka_unit_test(rules_are_checked),
        cmocka_unit_test(a_stored_rule_that_is_none_leaves_the_event),
        cmocka_unit_test_setup(local_time_stays_over_changes_of_the_clocks, tool_fixture_empty),
        cmocka_unit_test_setup(lists_are_bounded_and_in_order, tool_fixture_empty),
        cmocka_unit_test_setup(one_occurrence_is_changed_or_removed, tool_fixture_empty),
        cmocka_unit_test_setup(following_ones_are_split_off, tool_fixture_empty),
        cmocka_unit_test_setup(a_cut_at_a_date_beside_the_rule_adds_nothing, tool_fixture_empty),
        cmocka_unit_test_setup(each_occurrence_reminds_once, tool_fixture_empty),
        cmocka_unit_test_setup(what_was_missed_is_made_up_for_a_day, tool_fixture_empty),
        cmocka_unit_test_setup(a_housekeeper_that_dies_over_it_loses_nothing, tool_fixture_empty),
        cmocka_unit_test_setup(alarms_repeat, tool_fixture_empty),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
