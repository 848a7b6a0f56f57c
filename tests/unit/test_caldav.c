/* SPDX-License-Identifier: BSD-2-Clause */
/* The calendar as resources for clients that keep a copy: names, conditions, what is written at
 * once, and what is given back. */
#include "base/arena.h"
#include "base/err.h"
#include "fcgi-app/dav.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"
#include "tools/calendar/calendar_file_parts.h"
#include "tools/engine/modules.h"

#include <stdio.h>
#include <string.h>

static struct arena *arena;

static int begin(void **state)
{
    arena = arena_new();
    return arena ? tool_fixture_empty(state) : -1;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static int find(const char *name, struct module_resource *out)
{
    return modules_collection()->find(&bench.context, name, arena, out);
}

static int put_over(const char *name, const struct module_resource *old, const char *lines)
{
    struct module_put put = {.name = name, .old = old};
    put.text = arena_printf(arena,
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\n%sEND:VCALENDAR\r\n", lines);
    put.len = strlen(put.text);
    return modules_collection()->put(&bench.context, &put, arena);
}

static void put(const char *name, const char *lines)
{
    struct module_resource old;
    bool is = find(name, &old) == 0;
    assert_int_equal(put_over(name, is ? &old : NULL, lines), 0);
}

static const char *get(const char *name)
{
    struct module_resource found;
    struct buf text = {0};
    assert_int_equal(find(name, &found), 0);
    assert_int_equal(modules_collection()->text(&bench.context, &found, arena, &text), 0);
    const char *copy = arena_memdup(arena, buf_text(&text), text.len);
    buf_free(&text);
    return copy;
}

#define EVENT(uid, lines) \
    "BEGIN:VEVENT\r\nUID:" uid "\r\nDTSTAMP:20261101T000000Z\r\n" lines "END:VEVENT\r\n"
#define START "DTSTART;TZID=Australia/Sydney:20261201T090000\r\nSUMMARY:Yoga\r\n"

static jdoc *events(void)
{
    return tool_ok(&bench, "get_calendar_events",
        "{\"start_date\":\"2026-11-30\",\"end_date\":\"2027-12-31\",\"limit\":100}");
}

static void change(const char *format, const char *id)
{
    char args[256];
    snprintf(args, sizeof args, format, id);
    jdoc_free(tool_ok(&bench, "update_calendar_event", args));
}

/* --- names --- */

static void a_series_keeps_its_name_when_it_is_split(void **state)
{
    (void)state;
    struct module_resource before, after;
    put("phone", EVENT("p1", START "RRULE:FREQ=WEEKLY;COUNT=4\r\n"));
    assert_int_equal(find("phone", &before), 0);
    change(
        "{\"event_id\":\"%s\",\"occurrence\":\"2026-12-15\",\"scope\":\"following\",\"title\":\"x\"}",
        before.id);
    assert_int_equal(find("phone", &after), 0);
    assert_string_equal(after.id, before.id);
    /* Both are there, and lead to themselves by their names. */
    jdoc *all = events();
    assert_int_equal(jdoc_length(at(all, "/events")), 4);
    const char *rest = text_at(all, "/events/3/id");
    assert_string_not_equal(rest, before.id);
    assert_int_equal(find(rest, &after), 0);
    jdoc_free(all);
    change("{\"event_id\":\"%s\",\"title\":\"again\"}", before.id);
    assert_int_equal(find("phone", &after), 0);
}

/* As versions before left it: two have one name. Who has it last keeps it. */
static void a_name_is_not_lost_with_another_one_that_had_it(void **state)
{
    (void)state;
    struct module_resource found;
    put("phone", EVENT("p1", START "RRULE:FREQ=WEEKLY;COUNT=4\r\n"));
    assert_int_equal(link_command(bench.context.store->link, NULL,
                         "HSET tp:{ann}:r:event:revs:names phone another"),
        0);
    jdoc *all = events();
    jdoc_free(tool_ok(&bench, "delete_calendar_event",
        arena_printf(arena, "{\"event_id\":\"%s\"}", text_at(all, "/events/0/id"))));
    jdoc_free(all);
    assert_int_equal(tool_fixture_number("HEXISTS tp:{ann}:r:event:revs:names phone"), 1);
    assert_int_equal(find("phone", &found), ERR_NOT_FOUND); /* "another" is none */
}

/* --- conditions --- */

static void what_changed_meanwhile_is_not_overwritten(void **state)
{
    (void)state;
    struct module_resource old;
    put("phone", EVENT("p1", START));
    assert_int_equal(find("phone", &old), 0);
    change("{\"event_id\":\"%s\",\"title\":\"By the assistant\"}", old.id);
    assert_int_equal(put_over("phone", &old, EVENT("p1", START "LOCATION:Hall\r\n")), ERR_CONFLICT);
    assert_int_equal(modules_collection()->remove(&bench.context, &old, arena), ERR_CONFLICT);
    assert_non_null(strstr(get("phone"), "SUMMARY:By the assistant\r\n"));
    assert_int_equal(find("phone", &old), 0);
    assert_int_equal(put_over("phone", &old, EVENT("p1", START "LOCATION:Hall\r\n")), 0);
    assert_int_equal(find("phone", &old), 0);
    assert_int_equal(modules_collection()->remove(&bench.context, &old, arena), 0);
    assert_int_equal(put_over("phone", &old, EVENT("p1", START)), ERR_CONFLICT); /* it is gone */
}

/* Both have looked before either has written: the other's request is between its look and its
 * write. */
static void of_two_that_make_it_one_does(void **state)
{
    (void)state;
    static const char *const bodies[] = {EVENT("n1", START),
        EVENT("n1", START "RRULE:FREQ=DAILY;COUNT=3\r\n")};
    for (size_t i = 0; i < 4; i++) {
        const struct tools_context *context = &bench.context;
        struct calendar_file_one one = {.name = "new"};
        char why[MODULE_WHY_SIZE];
        const struct zone *z;
        tool_fixture_empty(state);
        put("new", bodies[i / 2]);
        assert_int_equal(put_over("new", NULL, bodies[i % 2]), ERR_CONFLICT);
        assert_int_equal(zone_get(context->zone, &z), 0);
        const char *text =
            arena_printf(arena, "BEGIN:VCALENDAR\r\n%sEND:VCALENDAR\r\n", bodies[i % 2]);
        assert_int_equal(interchange_read(text, strlen(text), z, arena, &one.list, why), 0);
        assert_int_equal(calendar_file_take_one(context, arena, &one, why), ERR_CONFLICT);
        interchange_free(&one.list);
    }
}

/* --- written at once --- */

/* Forty changed occurrences that become forty others: nothing is written before the conditions
 * are looked at, and then all of it. */
static void a_series_with_many_changes_is_written_at_once(void **state)
{
    (void)state;
    struct module_resource old;
    const char *bodies[2];
    for (int i = 0; i < 2; i++) {
        struct buf b = {0};
        buf_puts(&b, EVENT("s1", START "RRULE:FREQ=DAILY;COUNT=90\r\n"));
        for (int day = 1 + 40 * i; day <= 40 + 40 * i; day++) {
            char when[40];
            int of = day < 31 ? day + 1 : day < 62 ? day - 30 : day - 61;
            snprintf(when, sizeof when, "%d%02d%02d", day < 31 ? 2026 : 2027,
                day < 31     ? 12 :
                    day < 62 ? 1 :
                               2,
                of);
            buf_printf(&b,
                EVENT("s1",
                    "RECURRENCE-ID;TZID=Australia/Sydney:%sT090000\r\n"
                    "DTSTART;TZID=Australia/Sydney:%sT100000\r\nSUMMARY:Late\r\n"),
                when, when);
        }
        bodies[i] = arena_strdup(arena, buf_text(&b));
        buf_free(&b);
    }
    put("s", bodies[0]);
    assert_int_equal(tool_fixture_number("HLEN tp:{ann}:r:event"), 40);
    assert_int_equal(find("s", &old), 0);
    /* One that has seen another state deletes nothing. */
    struct calendar_file_one one = {.name = "s", .seen = "{}"};
    char why[MODULE_WHY_SIZE];
    const struct zone *z;
    assert_int_equal(zone_get(bench.context.zone, &z), 0);
    const char *text = arena_printf(arena, "BEGIN:VCALENDAR\r\n%sEND:VCALENDAR\r\n", bodies[1]);
    assert_int_equal(interchange_read(text, strlen(text), z, arena, &one.list, why), 0);
    assert_int_equal(calendar_file_take_one(&bench.context, arena, &one, why), ERR_CONFLICT);
    interchange_free(&one.list);
    assert_int_equal(tool_fixture_number("HLEN tp:{ann}:r:event"), 40);
    assert_int_equal(put_over("s", &old, bodies[1]), 0);
    assert_int_equal(tool_fixture_number("HLEN tp:{ann}:r:event"), 40);
}

/* --- what comes, and what is given back --- */

static void minutes_of(const char *lines, const char *expected)
{
    struct interchange_list list;
    char why[INTERCHANGE_WHY_SIZE], got[80] = "";
    const struct zone *z;
    assert_int_equal(zone_get("Australia/Sydney", &z), 0);
    const char *text = arena_printf(arena,
        "BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:t\r\nSUMMARY:Tax\r\n%sEND:VTODO\r\nEND:VCALENDAR\r\n",
        lines);
    assert_int_equal(interchange_read(text, strlen(text), z, arena, &list, why), 0);
    assert_null(list.items[0].wrong);
    const jdoc *all = jdoc_get(list.items[0].event, "reminder_minutes");
    for (size_t i = 0; i < jdoc_length(all); i++) {
        int64_t minutes = -1;
        assert_int_equal(jdoc_int(jdoc_at(all, i), &minutes), 0);
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s%d", i > 0 ? " " : "",
            (int)minutes);
    }
    assert_string_equal(got, expected);
    interchange_free(&list);
}

#define ALARM(trigger) "BEGIN:VALARM\r\nACTION:DISPLAY\r\n" trigger "\r\nEND:VALARM\r\n"
#define TODO "DTSTART:20261201T090000Z\r\nDUE:20261201T170000Z\r\n"
#define OFTEN "RRULE:FREQ=DAILY\r\n"

static void alarms_of_a_to_do_ring_when_they_say(void **state)
{
    (void)state;
    minutes_of(TODO ALARM("TRIGGER:-PT30M"),
        "510"); /* before it begins, 8 hours before it is due */
    minutes_of(TODO ALARM("TRIGGER;RELATED=START:PT0S"), "480");
    minutes_of(TODO ALARM("TRIGGER;RELATED=END:-PT30M"), "30");
    minutes_of(TODO ALARM("TRIGGER;VALUE=DATE-TIME:20261201T160000Z"), "60");
    minutes_of("DUE:20261201T170000Z\r\n" ALARM("TRIGGER:-PT30M"), "30");
    minutes_of(TODO OFTEN ALARM("TRIGGER:-PT30M"), "30");
    minutes_of(TODO OFTEN ALARM("TRIGGER;RELATED=END:-PT9H"), "60");
    /* After the time from which it repeats: it rings at that, as each reminder without one. */
    minutes_of(TODO OFTEN ALARM("TRIGGER;RELATED=END:-PT30M"), "0");
    minutes_of("DTSTART:20261201T090000Z\r\nDURATION:PT2H\r\n" ALARM("TRIGGER;RELATED=END:-PT3H"),
        "60");
    minutes_of("DTSTART:19000101T090000Z\r\nDUE:21991201T170000Z\r\n" ALARM("TRIGGER:-PT30M"), "0");
}

static void a_cancelled_event_does_not_ring(void **state)
{
    (void)state;
    static const char *const lines[] = {"", "RRULE:FREQ=DAILY;COUNT=3\r\n",
        "CATEGORIES:reminder\r\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct module_resource found;
        tool_fixture_empty(state);
        put("c",
            arena_printf(arena, EVENT("c1", START "STATUS:CANCELLED\r\n%s" ALARM("TRIGGER:-PT30M")),
                lines[i]));
        assert_int_equal(tool_fixture_number("ZCARD tp:hint:timers"), 0);
        jdoc *all = events();
        assert_string_equal(text_at(all, "/events/0/status"), "cancelled");
        jdoc_free(all);
        assert_int_equal(tool_fixture_number("ZCARD tp:hint:timers"), 0);
        assert_non_null(strstr(get("c"), "STATUS:CANCELLED\r\n"));
        assert_non_null(strstr(get("c"), "TRIGGER:-PT30M\r\n"));
        /* It takes place after all. */
        put("c", arena_printf(arena, EVENT("c1", START "%s" ALARM("TRIGGER:-PT30M")), lines[i]));
        assert_int_equal(tool_fixture_number("ZCARD tp:hint:timers"), 1);
        assert_int_equal(find("c", &found), 0);
    }
}

static void only_a_cut_description_comes_back_whole(void **state)
{
    (void)state;
    struct module_resource found;
    struct buf lines = {0};
    buf_puts(&lines, "BEGIN:VEVENT\r\nUID:d1\r\nDTSTAMP:20261101T000000Z\r\n" START "DESCRIPTION:");
    for (int i = 0; i < 300; i++)
        buf_puts(&lines, "long text ");
    buf_puts(&lines, "END\r\nEND:VEVENT\r\n");
    put("d", buf_text(&lines));
    buf_free(&lines);
    assert_int_equal(find("d", &found), 0);
    assert_true(strlen(get("d")) > 3000);
    change("{\"event_id\":\"%s\",\"title\":\"Other\"}", found.id);
    assert_true(strlen(get("d")) > 3000);
    change("{\"event_id\":\"%s\",\"description\":\"long text\"}", found.id);
    assert_non_null(strstr(get("d"), "DESCRIPTION:long text\r\n"));
    change("{\"event_id\":\"%s\",\"description\":\"\"}", found.id);
    assert_null(strstr(get("d"), "DESCRIPTION:long"));
}

/* --- XML --- */

static void what_xml_has_not_is_shown_as_unknown(void **state)
{
    (void)state;
    struct exchange x = {0};
    dav_put_status(&x,
        "/a\xEF\xBF\xBF-\xEF\xBF\xBE-\x01-\xED\xA0\x80-\xC3\xA4-\xEF\xBF\xBD-\xF0\x9F\x98\x80<\x80",
        NULL, 404);
    assert_non_null(
        strstr(buf_text(&x.reply.body), "<d:href>/a\xEF\xBF\xBD-\xEF\xBF\xBD-\xEF\xBF\xBD-"));
    assert_non_null(strstr(buf_text(&x.reply.body),
        "-\xC3\xA4-\xEF\xBF\xBD-\xF0\x9F\x98\x80&lt;\xEF\xBF\xBD</d:href>"));
    assert_null(strstr(buf_text(&x.reply.body), "\xED\xA0"));
    buf_free(&x.reply.body);
}

static void a_filter_of_alarms_is_none_that_is_kept(void **state)
{
    (void)state;
    struct dav_ask *ask = arena_alloc(arena, sizeof *ask);
    static const char *const inner[] = {"<c:comp-filter name='VALARM'/>",
        "<c:time-range start='20261201T000000Z'/>", ""};
    for (size_t i = 0; i < 3; i++) {
        const char *text = arena_printf(arena,
            "<c:calendar-query xmlns:c='urn:ietf:params:xml:ns:caldav'><c:filter><c:comp-filter name='VCALENDAR'>"
            "<c:comp-filter name='VEVENT'>%s</c:comp-filter></c:comp-filter></c:filter></c:calendar-query>",
            inner[i]);
        assert_int_equal(dav_ask_read(text, strlen(text), arena, ask), 0);
        assert_int_equal(ask->has_filter, i == 0);
        assert_string_equal(ask->component, "VEVENT");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_series_keeps_its_name_when_it_is_split, begin, end),
        cmocka_unit_test_setup_teardown(a_name_is_not_lost_with_another_one_that_had_it, begin,
            end),
        cmocka_unit_test_setup_teardown(what_changed_meanwhile_is_not_overwritten, begin, end),
        cmocka_unit_test_setup_teardown(of_two_that_make_it_one_does, begin, end),
        cmocka_unit_test_setup_teardown(a_series_with_many_changes_is_written_at_once, begin, end),
        cmocka_unit_test_setup_teardown(alarms_of_a_to_do_ring_when_they_say, begin, end),
        cmocka_unit_test_setup_teardown(a_cancelled_event_does_not_ring, begin, end),
        cmocka_unit_test_setup_teardown(only_a_cut_description_comes_back_whole, begin, end),
        cmocka_unit_test_setup_teardown(what_xml_has_not_is_shown_as_unknown, begin, end),
        cmocka_unit_test_setup_teardown(a_filter_of_alarms_is_none_that_is_kept, begin, end),
    };
    return cmocka_run_group_tests(tests, tool_fixture_start, tool_fixture_stop);
}
