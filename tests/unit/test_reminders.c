/* SPDX-License-Identifier: BSD-2-Clause */
/* Timers, alarms, reminders of events: on time, once, moved, deleted, snoozed, late, at a change of
 * the clocks. */
#include "base/clock.h"
#include "base/err.h"
#include "store/inbox.h"
#include "store/reminders.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"
#include "tools/engine/modules.h"
#include "workers/housekeeper/reminders.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct reminders_desk *desk;
static int64_t mono;

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

/* A look at this time. Returns ms until the next one. */
static int64_t look_at(int64_t now_ms)
{
    reminders_desk_set_clock(desk, now_ms);
    reminders_desk_wake(desk);
    mono = clock_mono_ms();
    return reminders_desk_step(desk, mono) - mono;
}

static jdoc *inbox(const char *after)
{
    struct buf text = {0};
    jdoc *list = NULL;
    assert_int_equal(inbox_list(bench.context.store, "ann", after, 100, &text), 0);
    assert_int_equal(jdoc_parse(buf_text(&text), text.len, &list, NULL, 0), 0);
    buf_free(&text);
    return list;
}

static size_t inbox_length(void)
{
    jdoc *list = inbox(NULL);
    size_t n = jdoc_length(jdoc_get(list, "messages"));
    jdoc_free(list);
    return n;
}

static void set_timer(const char *args, char id[64])
{
    jdoc *r = tool_ok(&bench, "set_timer_or_alarm", args);
    snprintf(id, 64, "%s", text_at(r, "/timer/id"));
    jdoc_free(r);
}

static void add_event(const char *args, char id[64])
{
    jdoc *r = tool_ok(&bench, "create_calendar_event", args);
    snprintf(id, 64, "%s", text_at(r, "/event/id"));
    jdoc_free(r);
}

static void a_timer_fires_once(void **state)
{
    (void)state;
    char id[64];
    set_timer("{\"action\":\"create\",\"duration_seconds\":10,\"label\":\"eggs \\\"soft\\\"\"}",
        id);
    assert_int_equal(look_at(noon + 9500), 500); /* comes back when it is due */
    assert_int_equal(inbox_length(), 0);
    look_at(noon + 10000);
    for (int i = 0; i < 3; i++)
        look_at(noon + 10000 + i * 1000);
    jdoc *list = inbox(NULL);
    assert_int_equal(jdoc_length(at(list, "/messages")), 1);
    assert_string_equal(text_at(list, "/messages/0/type"), "timer_expired");
    assert_string_equal(text_at(list, "/messages/0/timer_id"), id);
    assert_string_equal(text_at(list, "/messages/0/label"), "eggs \"soft\"");
    assert_string_equal(text_at(list, "/messages/0/state"), "new");
    assert_string_equal(text_at(list, "/messages/0/id"), text_at(list, "/next_cursor"));
    assert_int_equal(number_at(list, "/messages/0/late_ms"), 0);
    jdoc_free(list);
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:timers"), 0);
    list = tool_ok(&bench, "set_timer_or_alarm", "{\"action\":\"list\"}");
    assert_int_equal(jdoc_length(at(list, "/timers")), 0);
    jdoc_free(list);
}

/* Many go out before the first reply; a Redis that has forgotten the script gets it again. */
static void many_fire_in_one_look(void **state)
{
    char id[64];

    (void)state;
    set_timer("{\"action\":\"create\",\"duration_seconds\":5,\"label\":\"first\"}", id);
    look_at(noon + 5000);
    assert_int_equal(inbox_length(), 1);
    for (int i = 0; i < 20; i++)
        set_timer("{\"action\":\"create\",\"duration_seconds\":10,\"label\":\"eggs\"}", id);
    assert_int_equal(link_command(bench.context.store->link, NULL, "SCRIPT FLUSH"), 0);
    look_at(noon + 10000);
    assert_int_equal(inbox_length(), 21);
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:timers"), 0);
}

static bool all_but_one(void *arg, const char *uid, const char *member)
{
    assert_true(!uid == !member);
    return !member || !strstr(member, arg);
}

/* One in which a housekeeper died waits; the others do not wait for it. */
static void what_is_guarded_holds_nobody_up(void **state)
{
    (void)state;
    char bad[64], good[64];
    set_timer("{\"action\":\"create\",\"duration_seconds\":10,\"label\":\"bad\"}", bad);
    set_timer("{\"action\":\"create\",\"duration_seconds\":10,\"label\":\"good\"}", good);
    reminders_desk_guard(desk, all_but_one, bad);
    look_at(noon + 10000);
    jdoc *list = inbox(NULL);
    assert_int_equal(jdoc_length(at(list, "/messages")), 1);
    assert_string_equal(text_at(list, "/messages/0/timer_id"), good);
    jdoc_free(list);
    reminders_desk_guard(desk, NULL, NULL);
    look_at(noon + 10000);
    assert_int_equal(inbox_length(), 1); /* it is not looked at again at once */
    look_at(noon + 10000 + 61000);
    assert_int_equal(inbox_length(), 2);
}

static void late_ones_say_so_and_cancelled_ones_are_silent(void **state)
{
    (void)state;
    char id[64], args[128];
    bool late = false;
    set_timer("{\"action\":\"create\",\"duration\":\"10 min\",\"label\":\"a\"}", id);
    snprintf(args, sizeof args, "{\"action\":\"cancel\",\"timer_id\":\"%s\"}", id);
    jdoc_free(tool_ok(&bench, "set_timer_or_alarm", args));
    /* The hint of a cancelled timer that was left over, and members that are none. */
    link_command(bench.context.store->link, NULL, "ZADD tp:hint:timers 1 %s", "ann x/1/2");
    link_command(bench.context.store->link, NULL, "ZADD tp:hint:timers 1 %s", "}{");
    snprintf(args, sizeof args, "ann %s", id);
    link_command(bench.context.store->link, NULL, "ZADD tp:hint:timers 1 %s", args);
    set_timer("{\"action\":\"create\",\"duration\":\"10 min\",\"label\":\"b\"}", id);
    look_at(noon + 3600000);
    jdoc *list = inbox(NULL);
    assert_int_equal(jdoc_length(at(list, "/messages")), 1);
    assert_string_equal(text_at(list, "/messages/0/label"), "b");
    assert_int_equal(jdoc_bool(at(list, "/messages/0/late"), &late), 0);
    assert_true(late);
    assert_int_equal(number_at(list, "/messages/0/late_ms"), 3000000);
    jdoc_free(list);
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:timers"), 0);
}

static void a_hint_waits_for_its_record(void **state)
{
    (void)state;
    char id[64], member[128];
    set_timer("{\"action\":\"create\",\"duration_seconds\":1}", id);
    snprintf(member, sizeof member, "ann %s", id);
    link_command(bench.context.store->link, NULL, "RENAME tp:{ann}:r:timer tp:{ann}:aside");
    int64_t now = clock_real_ms() + 2000; /* the id was made now; its worker has been stopped */
    look_at(now);
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:timers"), 1);
    link_command(bench.context.store->link, NULL, "RENAME tp:{ann}:aside tp:{ann}:r:timer");
    look_at(now + 1000);
    assert_int_equal(inbox_length(), 1);
    /* One without a record is given up in the end. */
    reminders_plan(bench.context.store,
        &(struct reminders_hint){.member = "ann 0192f0c1-2345-7abc-8def-0123456789ab", .due_ms = 1},
        1);
    look_at(now + 2000);
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:timers"), 0);
}

static void reminders_of_events_follow_them(void **state)
{
    (void)state;
    char id[64], args[256];
    add_event(
        "{\"title\":\"Dentist\",\"start_date\":\"2026-11-22T15:00\",\"reminder_minutes\":[60,10,300]}",
        id);
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:timers"), 2); /* the third is past */
    look_at(noon + 3600000);                                          /* 14:00 */
    jdoc *list = inbox(NULL);
    assert_int_equal(jdoc_length(at(list, "/messages")), 1);
    assert_string_equal(text_at(list, "/messages/0/type"), "reminder");
    assert_string_equal(text_at(list, "/messages/0/event_id"), id);
    assert_string_equal(text_at(list, "/messages/0/message"), "Dentist: in 1 hour");
    assert_int_equal(number_at(list, "/messages/0/minutes_before"), 60);
    jdoc_free(list);
    /* Moved by a day: what is left of the old time does nothing. */
    snprintf(args, sizeof args, "{\"event_id\":\"%s\",\"start_date\":\"2026-11-23T15:00\"}", id);
    jdoc_free(tool_ok(&bench, "update_calendar_event", args));
    struct reminders_hint stale;
    reminders_event_hint(&stale, "ann", id, 10, noon + 7200000 - 600000);
    reminders_plan(bench.context.store, &stale, 1);
    look_at(noon + 7200000);
    assert_int_equal(inbox_length(), 1);
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:timers"), 3);
    look_at(noon + 86400000 + 3600000);
    look_at(noon + 86400000 + 3600000 + 3000000);
    assert_int_equal(inbox_length(), 4); /* 300 minutes before, late, and both others */
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:timers"), 0);
    /* Deleted, with its hint left over. */
    add_event("{\"title\":\"Gone\",\"start_date\":\"2026-11-24T15:00\",\"reminder_minutes\":30}",
        id);
    snprintf(args, sizeof args, "{\"event_id\":\"%s\"}", id);
    jdoc_free(tool_ok(&bench, "delete_calendar_event", args));
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:timers"), 0);
    reminders_event_hint(&stale, "ann", id, 30, noon + 1000);
    reminders_plan(bench.context.store, &stale, 1);
    look_at(noon + 2000);
    look_at(noon + 120000);
    assert_int_equal(inbox_length(), 4);
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:timers"), 0);
}

static void days_before_keep_the_time_of_day(void **state)
{
    (void)state;
    char id[64];
    int64_t due = 0;
    struct link_reply *reply = NULL;
    /* The clocks go forward in the night of 4 October 2026. */
    assert_int_equal(clock_parse_rfc3339("2026-10-01T12:00:00+10:00", &bench.context.now_ms), 0);
    add_event(
        "{\"title\":\"Race\",\"start_date\":\"2026-10-04T09:00\",\"reminder_minutes\":[1440,600]}",
        id);
    add_event("{\"title\":\"Holiday\",\"start_date\":\"2026-10-05\",\"reminder_minutes\":[2880]}",
        id);
    static const char *const expected[] = {"2026-10-03T09:00:00+10:00", "2026-10-03T09:00:00+10:00",
        "2026-10-03T22:00:00+10:00"};
    assert_int_equal(link_command(bench.context.store->link, &reply,
                         "ZRANGE tp:hint:timers 0 -1 WITHSCORES"),
        0);
    assert_int_equal(link_reply_count(reply), 6);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(clock_parse_rfc3339(expected[i], &due), 0);
        assert_int_equal(link_reply_int(link_reply_at(reply, 2 * i + 1)), due);
    }
    link_reply_free(reply);
    look_at(due);
    assert_int_equal(inbox_length(), 3);
}

/* "2026-11-22T18:30:00+11:00" as ms. */
static int64_t ms_of(const char *text)
{
    int64_t ms;
    assert_int_equal(clock_parse_rfc3339(text, &ms), 0);
    return ms;
}

/* An event of the type reminder rings at its start, without being told so, and says when. */
static void a_reminder_rings_at_its_time(void **state)
{
    (void)state;
    jdoc *r = tool_ok(&bench, "create_calendar_event",
        "{\"title\":\"Turn off the stove\","
        "\"start_date\":\"2026-11-22T18:30\",\"event_type\":\"reminder\"}");
    assert_int_equal(number_at(r, "/event/reminder_minutes/0"), 0);
    assert_string_equal(text_at(r, "/rings_at/0"), "2026-11-22T18:30:00+11:00");
    assert_non_null(strstr(text_at(r, "/message"), "It rings on Sunday 22 November 2026, 18:30."));
    jdoc_free(r);
    look_at(ms_of("2026-11-22T18:29:59+11:00"));
    assert_int_equal(inbox_length(), 0);
    look_at(ms_of("2026-11-22T18:30:00+11:00"));
    jdoc *list = inbox(NULL);
    assert_string_equal(text_at(list, "/messages/0/message"), "Turn off the stove: now");
    jdoc_free(list);
}

/* Whatever makes it a reminder, or moves it, it rings; what cannot ring says so and why. */
static void every_way_to_a_reminder_rings_or_says_so(void **state)
{
    (void)state;
    static const struct {
        const char *args, *said, *rings;
    } cases[] = {
        {"\"start_date\":\"2026-11-22T18:30\"", "No reminder is set: it will not ring.", NULL},
        {"\"start_date\":\"2026-11-22T18:30\",\"event_type\":\"reminder\",\"reminder_minutes\":[]",
            "It rings on Sunday 22 November 2026, 18:30.", "2026-11-22T18:30:00+11:00"},
        {"\"start_date\":\"2026-11-22T11:30\",\"event_type\":\"reminder\"",
            "It will not ring: the time of its reminder is past (Sunday 22 November 2026, 11:30).",
            NULL},
        {"\"start_date\":\"2026-11-22T14:00\",\"reminder_minutes\":[30,120]",
            "It rings on Sunday 22 November 2026, 13:30. Of its other reminders the time is past "
            "(Sunday 22 November 2026, 12:00).",
            "2026-11-22T13:30:00+11:00"},
        {"\"start_date\":\"2026-11-24\",\"event_type\":\"reminder\"",
            "It rings on Tuesday 24 November 2026, 09:00.", "2026-11-24T09:00:00+11:00"},
        {"\"start_date\":\"2026-11-24\",\"reminder_minutes\":1440",
            "It rings on Monday 23 November 2026, 09:00.", "2026-11-23T09:00:00+11:00"},
        {"\"start_date\":\"2026-11-24\",\"reminder_minutes\":60",
            "It rings on Tuesday 24 November 2026, 08:00.", "2026-11-24T08:00:00+11:00"},
        {"\"start_date\":\"2026-11-22\",\"event_type\":\"reminder\",\"repeat\":\"daily\"",
            "It rings next on Monday 23 November 2026, 09:00.", "2026-11-23T09:00:00+11:00"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char args[256];
        snprintf(args, sizeof args, "{\"title\":\"x\",%s}", cases[i].args);
        jdoc *r = tool_ok(&bench, "create_calendar_event", args);
        if (!strstr(text_at(r, "/message"), cases[i].said))
            fail_msg("%s: %s", args, text_at(r, "/message"));
        if (cases[i].rings)
            assert_string_equal(text_at(r, "/rings_at/0"), cases[i].rings);
        else
            assert_int_equal(jdoc_length(at(r, "/rings_at")), 0);
        jdoc_free(r);
    }
}

/* Two times that are not the same, a number without a unit: nothing is set. The same twice is
 * once. */
static void what_is_said_twice_is_one_or_refused(void **state)
{
    (void)state;
    tool_refused(&bench, "set_timer_or_alarm", "{\"action\":\"create\",\"duration\":\"10\"}",
        "invalid_argument", "/duration");
    tool_refused(&bench, "set_timer_or_alarm",
        "{\"action\":\"create\",\"duration\":\"10 minutes\",\"duration_seconds\":60}",
        "invalid_argument", "/duration_seconds");
    tool_refused(&bench, "set_timer_or_alarm",
        "{\"action\":\"create\",\"alarm_time\":\"18:00\",\"duration\":\"10 minutes\"}",
        "invalid_argument", "/alarm_time");
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:timers"), 0);
    char id[64];
    set_timer("{\"action\":\"create\",\"duration\":\"10 minutes\",\"duration_seconds\":600}", id);
    jdoc *r = tool_ok(&bench, "create_calendar_event",
        "{\"title\":\"x\",\"start_date\":\"2026-11-22T18:30\","
        "\"event_type\":\"reminder\",\"reminder_minutes\":[0,10,0]}");
    assert_int_equal(jdoc_length(at(r, "/event/reminder_minutes")), 2);
    assert_int_equal(jdoc_length(at(r, "/rings_at")), 2);
    jdoc_free(r);
}

static void what_becomes_a_reminder_rings(void **state)
{
    (void)state;
    char id[64], args[256];
    add_event("{\"title\":\"Call\",\"start_date\":\"2026-11-22T15:00\"}", id);
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:timers"), 0);
    snprintf(args, sizeof args, "{\"event_id\":\"%s\",\"event_type\":\"reminder\"}", id);
    jdoc *r = tool_ok(&bench, "update_calendar_event", args);
    assert_string_equal(text_at(r, "/rings_at/0"), "2026-11-22T15:00:00+11:00");
    jdoc_free(r);
    snprintf(args, sizeof args, "{\"event_id\":\"%s\",\"start_date\":\"2026-11-22T16:00\"}", id);
    r = tool_ok(&bench, "update_calendar_event", args);
    assert_non_null(strstr(text_at(r, "/message"), "It rings on Sunday 22 November 2026, 16:00."));
    jdoc_free(r);
    look_at(ms_of("2026-11-22T15:00:00+11:00"));
    assert_int_equal(inbox_length(), 0);
    look_at(ms_of("2026-11-22T16:00:00+11:00"));
    assert_int_equal(inbox_length(), 1);
    /* The whole day: at nine. */
    snprintf(args, sizeof args, "{\"event_id\":\"%s\",\"start_date\":\"2026-11-25\"}", id);
    r = tool_ok(&bench, "update_calendar_event", args);
    assert_string_equal(text_at(r, "/rings_at/0"), "2026-11-25T09:00:00+11:00");
    jdoc_free(r);
    look_at(ms_of("2026-11-25T09:00:00+11:00"));
    jdoc *list = inbox(NULL);
    assert_string_equal(text_at(list, "/messages/1/message"), "Call: today");
    jdoc_free(list);
}

#define STORED(type, minutes, whole, start, ms) \
    "{\"id\":\"old\",\"title\":\"Old\",\"start_date\":\"" start "\"," \
    "\"all_day\":" whole ",\"timezone\":\"Australia/Sydney\",\"start_ms\":" ms \
    ",\"event_type\":\"" type "\",\"reminder_minutes\":" minutes \
    ",\"created_at\":\"2026-11-01T00:00:00Z\",\"updated_at\":\"2026-11-01T00:00:00Z\"}"

/* Stored before reminders rang by their type alone: planned when somebody sees it. */
static void an_old_reminder_rings_once_it_is_seen(void **state)
{
    (void)state;
    tool_seed(&bench, "event", "old", 1795332600000,
        STORED("reminder", "[]", "false", "2026-11-22T18:30:00+11:00", "1795332600000"));
    jdoc *r = tool_ok(&bench, "get_calendar_events", "{}");
    assert_int_equal(number_at(r, "/events/0/reminder_minutes/0"), 0);
    jdoc_free(r);
    look_at(ms_of("2026-11-22T18:30:00+11:00"));
    assert_int_equal(inbox_length(), 1);
}

/* Planned for midnight, when whole days were counted from there: it rings at nine, once. */
static void a_hint_of_midnight_becomes_one_of_the_morning(void **state)
{
    (void)state;
    struct reminders_hint hint;
    int64_t midnight = ms_of("2026-11-24T00:00:00+11:00");
    tool_seed(&bench, "event", "old", midnight,
        STORED("personal", "[0]", "true", "2026-11-24", "1795438800000"));
    reminders_event_hint(&hint, "ann", "old", 0, midnight);
    assert_int_equal(reminders_plan(bench.context.store, &hint, 1), 0);
    look_at(midnight);
    look_at(midnight + 120000);
    assert_int_equal(inbox_length(), 0);
    look_at(midnight + 9 * 3600000);
    look_at(midnight + 9 * 3600000 + 120000);
    assert_int_equal(inbox_length(), 1);
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:timers"), 0);
}

static void entries_are_acknowledged_and_snoozed(void **state)
{
    (void)state;
    struct store *s = bench.context.store;
    char id[64], entry[64];
    set_timer("{\"action\":\"create\",\"duration_seconds\":1,\"label\":\"tea\"}", id);
    look_at(noon + 1000);
    jdoc *list = inbox(NULL);
    snprintf(entry, sizeof entry, "%s", text_at(list, "/messages/0/id"));
    jdoc_free(list);
    assert_int_equal(inbox_snooze(s, "bob", entry, noon + 5000), ERR_NOT_FOUND);
    assert_int_equal(inbox_ack(s, "bob", entry), ERR_NOT_FOUND);
    assert_int_equal(inbox_ack(s, "ann", "1-1"), ERR_NOT_FOUND);
    assert_int_equal(inbox_ack(s, "ann", "x"), ERR_NOT_FOUND);
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:timers"), 0);
    assert_int_equal(inbox_snooze(s, "ann", entry, noon + 60000), 0);
    assert_int_equal(inbox_snooze(s, "ann", entry, noon + 120000), 0); /* instead */
    look_at(noon + 60000);
    assert_int_equal(inbox_length(), 1);
    look_at(noon + 120000);
    look_at(noon + 240000);
    list = inbox(entry);
    assert_int_equal(jdoc_length(at(list, "/messages")), 1);
    assert_string_equal(text_at(list, "/messages/0/type"), "timer_expired");
    assert_string_equal(text_at(list, "/messages/0/label"), "tea");
    assert_string_equal(text_at(list, "/messages/0/snoozed_from"), entry);
    snprintf(entry, sizeof entry, "%s", text_at(list, "/messages/0/id"));
    jdoc_free(list);
    /* Acknowledged while it sleeps: it does not come again. */
    assert_int_equal(inbox_snooze(s, "ann", entry, noon + 300000), 0);
    assert_int_equal(inbox_ack(s, "ann", entry), 0);
    assert_int_equal(inbox_ack(s, "ann", entry), 0);
    look_at(noon + 400000);
    assert_int_equal(inbox_length(), 2);
    list = inbox(NULL);
    assert_string_equal(text_at(list, "/messages/1/state"), "acknowledged");
    jdoc_free(list);
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:timers"), 0);
    assert_int_equal(tool_fixture_number("HLEN tp:{ann}:inbox:snoozed"), 0);
}

static void the_inbox_is_bounded(void **state)
{
    (void)state;
    struct store *s = bench.context.store;
    for (int i = 0; i < INBOX_MAX + 300; i++)
        assert_int_equal(link_command(s->link, NULL, "XADD tp:{ann}:inbox %d-1 e {\"type\":\"x\"}",
                             i + 1),
            0);
    char id[64];
    set_timer("{\"action\":\"create\",\"duration_seconds\":1}", id);
    look_at(noon + 1000);
    assert_int_equal(tool_fixture_number("XLEN tp:{ann}:inbox"),
        1); /* the rest is older than 30 days */
    assert_true(tool_fixture_number("PTTL tp:{ann}:inbox") > INBOX_KEEP_MS - 60000);
    jdoc_free(tool_ok(&bench, "send_proactive_message",
        "{\"type\":\"tip\",\"message\":\"Say \\\"hi\\\"\"}"));
    jdoc *list = inbox(NULL);
    assert_string_equal(text_at(list, "/messages/1/type"), "proactive_alert");
    assert_string_equal(text_at(list, "/messages/1/message"), "Say \"hi\"");
    assert_string_equal(text_at(list, "/messages/1/alert/type"), "tip");
    jdoc_free(list);
}

/* A housekeeper of another machine, until it is told to end. */
static pid_t other_desk(void)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    struct store *store;
    struct reminders_desk *own;
    if (store_open(&store, &bench.conf, bench.reactor, "other/housekeeper/1/1") != 0 ||
        reminders_desk_new(&own, store, modules_rings()) != 0)
        _exit(1);
    reminders_desk_set_clock(own, noon + 3600000);
    for (int i = 0; i < 20000; i++) {
        reminders_desk_wake(own);
        reminders_desk_step(own, clock_mono_ms());
        struct link_reply *reply = NULL;
        link_command(store->link, &reply, "ZCARD tp:hint:timers");
        int64_t left = link_reply_int(reply);
        link_reply_free(reply);
        if (left == 0)
            break;
    }
    int fired = reminders_desk_fired(own) > 0;
    reminders_desk_free(own);
    store_close(store);
    _exit(fired ? 0 : 2);
}

#define MANY 400
static void several_desks_fire_each_once(void **state)
{
    (void)state;
    pid_t pids[3];
    int worked = 0;
    for (int i = 0; i < MANY; i++) {
        struct reminders_hint hint;
        char id[40], json[300];
        snprintf(id, sizeof id, "t%d", i);
        snprintf(json, sizeof json,
            "{\"id\":\"%s\",\"type\":\"timer\",\"label\":\"%d\",\"state\":\"set\",\"due_ms\":%lld}",
            id, i, (long long)noon + i);
        reminders_timer_hint(&hint, "ann", id, noon + i);
        assert_int_equal(reminders_plan(bench.context.store, &hint, 1), 0);
        tool_seed(&bench, "timer", id, noon + i, json);
    }
    for (int i = 0; i < 3; i++)
        pids[i] = other_desk();
    for (int i = 0; i < 3; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 1);
        worked += WEXITSTATUS(status) == 0;
    }
    assert_true(worked >= 1);
    assert_int_equal(tool_fixture_number("XLEN tp:{ann}:inbox"), MANY);
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:timers"), 0);
}

/* The clock runs, from two seconds before the clocks go forward; the desk is asked when it wants to
 * be. */
static void an_alarm_at_the_change_of_the_clocks(void **state)
{
    (void)state;
    char id[64];
    size_t before = reminders_desk_fired(desk);
    int64_t from, begin = clock_mono_ms();
    assert_int_equal(clock_parse_rfc3339("2026-10-04T01:59:58+10:00", &from), 0);
    bench.context.now_ms = from;
    set_timer("{\"action\":\"create\",\"alarm_time\":\"02:30\",\"label\":\"gap\"}",
        id); /* becomes 03:30 */
    set_timer("{\"action\":\"create\",\"alarm_time\":\"03:00\",\"label\":\"first\"}",
        id); /* in 2 s, not in an hour */
    reminders_desk_wake(desk);
    while (reminders_desk_fired(desk) == before && clock_mono_ms() - begin < 8000) {
        reminders_desk_set_clock(desk, from + clock_mono_ms() - begin);
        int64_t wait = reminders_desk_step(desk, clock_mono_ms()) - clock_mono_ms();
        if (wait > 0)
            usleep((useconds_t)(wait * 1000));
    }
    jdoc *list = inbox(NULL);
    assert_int_equal(jdoc_length(at(list, "/messages")), 1);
    assert_string_equal(text_at(list, "/messages/0/label"), "first");
    assert_string_equal(text_at(list, "/messages/0/due_at"), "2026-10-04T03:00:00+11:00");
    assert_true(number_at(list, "/messages/0/late_ms") < 1000);
    jdoc_free(list);
    look_at(from + 2000 + 1799000);
    assert_int_equal(inbox_length(), 1);
    look_at(from + 2000 + 1800000);
    list = inbox(NULL);
    assert_string_equal(text_at(list, "/messages/1/due_at"), "2026-10-04T03:30:00+11:00");
    jdoc_free(list);
    /* Back again: 02:30 comes twice, the alarm goes off at the first. */
    assert_int_equal(clock_parse_rfc3339("2026-04-05T01:30:00+11:00", &bench.context.now_ms), 0);
    set_timer("{\"action\":\"create\",\"alarm_time\":\"02:30\"}", id);
    look_at(bench.context.now_ms + 3600000);
    look_at(bench.context.now_ms + 7200000);
    assert_int_equal(inbox_length(), 3);
}

static void a_redis_that_is_away_only_delays(void **state)
{
    (void)state;
    char id[64];
    size_t before = reminders_desk_fired(desk);
    set_timer("{\"action\":\"create\",\"duration_seconds\":1}", id);
    own_redis_kill(&bench.redis);
    assert_int_equal(look_at(noon + 5000), 1000);
    own_redis_again(&bench.redis);
    for (int i = 0; i < 500 && reminders_desk_fired(desk) == before; i++) {
        tool_bench_connect(&bench);
        look_at(noon + 5000);
        usleep(20000);
    }
    assert_int_equal(inbox_length(), 1);
}

/* A build may be without the calendar: what it cannot fire is there for one that can. */
static void without_a_calendar_nothing_is_fired_or_lost(void **state)
{
    (void)state;
    struct reminders_desk *bare;
    char id[64];
    set_timer("{\"action\":\"create\",\"duration_seconds\":10}", id);
    assert_int_equal(reminders_desk_new(&bare, bench.context.store, NULL), 0);
    reminders_desk_set_clock(bare, noon + 10000);
    reminders_desk_step(bare, clock_mono_ms());
    assert_int_equal(reminders_desk_fired(bare), 0);
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:timers"), 1);
    assert_int_equal(inbox_length(), 0);
    reminders_desk_free(bare);
    look_at(noon + 10000 + 60000); /* it was put off for that long */
    assert_int_equal(inbox_length(), 1);
}

/* Thousands of one user's that are due do not keep another's waiting, and none is lost. */
static void a_storm_of_one_user_passes_by(void **state)
{
    struct reminders_due due[REMINDERS_DESK_ONCE];
    struct reminders_hint hint;
    int64_t now = noon, wait;
    size_t count, looks = 0, storm = 0;
    bool found = false;
    char id[32];

    (void)state;
    for (int i = 0; i < 3000; i++) {
        snprintf(id, sizeof id, "t%d", i);
        reminders_timer_hint(&hint, "storm", id, noon - 60000);
        assert_int_equal(reminders_plan(bench.context.store, &hint, 1), 0);
    }
    reminders_timer_hint(&hint, "bob", "tea", noon - 1);
    assert_int_equal(reminders_plan(bench.context.store, &hint, 1), 0);
    for (; !found && looks < 100; looks++) {
        assert_int_equal(reminders_look(bench.context.store, &now, &wait, due, REMINDERS_DESK_ONCE,
                             &count),
            0);
        assert_in_range(count, 1, REMINDERS_DESK_ONCE);
        assert_in_range(wait, 0, 100); /* there is more */
        for (size_t i = 0; i < count; i++) {
            found |= strcmp(due[i].uid, "bob") == 0;
            storm += strcmp(due[i].uid, "storm") == 0;
            assert_int_equal(reminders_drop(bench.context.store, due[i].member), 0);
        }
    }
    assert_true(found);
    assert_in_range(looks, 1, 8);
    for (; storm < 3000 && looks < 1000; looks++) {
        now += 1000;
        assert_int_equal(reminders_look(bench.context.store, &now, &wait, due, REMINDERS_DESK_ONCE,
                             &count),
            0);
        for (size_t i = 0; i < count; i++, storm++)
            assert_int_equal(reminders_drop(bench.context.store, due[i].member), 0);
    }
    assert_int_equal(storm, 3000);
}

static size_t alarms_found(int64_t now)
{
    struct reminders_due due[REMINDERS_DESK_ONCE];
    int64_t wait;
    size_t count;

    assert_int_equal(reminders_look(bench.context.store, &now, &wait, due, REMINDERS_DESK_ONCE,
                         &count),
        0);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(due[i].kind, REMINDERS_ALARM);
        assert_string_equal(due[i].family, "medication");
        assert_int_equal(reminders_done(bench.context.store, &due[i]), 0);
    }
    return count;
}

/* A housekeeper of a release that knows no alarms drops what it finds due among the timers and does
 * not understand. */
static void drop_as_an_old_housekeeper(void)
{
    static const char script[] =
        "for _, m in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do "
        "local kind = string.match(m, '^%S+ (.)/') "
        "if kind and not string.find('ers', kind, 1, true) then redis.call('ZREM', KEYS[1], m) end "
        "end return 1";

    assert_int_equal(link_command(bench.context.store->link, NULL, "EVAL %s 1 tp:hint:timers",
                         script),
        0);
}

static void an_older_housekeeper_drops_no_alarm(void **state)
{
    struct store *s = bench.context.store;
    struct reminders_settling at = {0};
    struct reminders_hint hint;
    int error = 0;

    (void)state;
    reminders_alarm_hint(&hint, "ann", "medication", "m1", noon - 1);
    assert_int_equal(reminders_plan(s, &hint, 1), 0);
    drop_as_an_old_housekeeper();
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:timers"), 0);
    assert_int_equal(alarms_found(noon), 1);
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:alarms"), 0);

    /* One of before, among very many timers: it is moved long before it is due. */
    assert_int_equal(link_command(s->link, NULL, "ZADD tp:hint:timers 5 %s", hint.member), 0);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(link_command(s->link, NULL, "ZADD tp:hint:timers 9000000000000 bob%lld",
                             (long long)i),
            0);
    while (!error)
        error = reminders_settle_alarms(s, &at);
    assert_int_equal(error, ERR_NOT_FOUND);
    drop_as_an_old_housekeeper();
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:alarms"), 1);
    assert_int_equal(alarms_found(noon), 1);

    /* One that a look finds due there, as it was written a moment ago. */
    assert_int_equal(link_command(s->link, NULL, "ZADD tp:hint:timers 5 %s", hint.member), 0);
    assert_int_equal(alarms_found(noon) + alarms_found(noon), 1);
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:alarms"), 0);

    /* Its cancellation finds it in both. */
    assert_int_equal(link_command(s->link, NULL, "ZADD tp:hint:timers 5 %s", hint.member), 0);
    assert_int_equal(reminders_plan(s, &hint, 1), 0);
    assert_int_equal(reminders_drop(s, hint.member), 0);
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:alarms"), 0);
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:timers"), 1000);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, tool_fixture_empty)
    const struct CMUnitTest tests[] = {
        T(a_timer_fires_once),
        T(many_fire_in_one_look),
        T(late_ones_say_so_and_cancelled_ones_are_silent),
        T(a_hint_waits_for_its_record),
        T(reminders_of_events_follow_them),
        T(a_reminder_rings_at_its_time),
        T(every_way_to_a_reminder_rings_or_says_so),
        T(what_is_said_twice_is_one_or_refused),
        T(what_becomes_a_reminder_rings),
        T(an_old_reminder_rings_once_it_is_seen),
        T(a_hint_of_midnight_becomes_one_of_the_morning),
        T(days_before_keep_the_time_of_day),
        T(what_is_guarded_holds_nobody_up),
        T(entries_are_acknowledged_and_snoozed),
        T(the_inbox_is_bounded),
        T(several_desks_fire_each_once),
        T(an_alarm_at_the_change_of_the_clocks),
        T(without_a_calendar_nothing_is_fired_or_lost),
        T(a_storm_of_one_user_passes_by),
        T(an_older_housekeeper_drops_no_alarm),
        T(a_redis_that_is_away_only_delays),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
