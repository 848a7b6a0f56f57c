/* SPDX-License-Identifier: BSD-2-Clause */
/* The calendar as resources for clients that keep a copy: names, conditions, what is written at
 * once, and what is given back. */
#include "base/arena.h"
#include "base/err.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_series_keeps_its_name_when_it_is_split, begin, end),
        cmocka_unit_test_setup_teardown(a_name_is_not_lost_with_another_one_that_had_it, begin,
            end),
    };
    return cmocka_run_group_tests(tests, tool_fixture_start, tool_fixture_stop);
}
