/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists: items by what people say, order, copies, what rings. */
#include "base/err.h"
#include "store/inbox.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"
#include "tools/engine/modules.h"
#include "tools/kit/civil.h"
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

static void look_at(const char *when)
{
    struct civil c;
    assert_int_equal(civil_parse(when, &c), 0);
    reminders_desk_set_clock(desk, (civil_seconds(&c) - c.offset) * 1000);
    reminders_desk_wake(desk);
    reminders_desk_step(desk, 0);
}

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

/* The items in order, one letter before each: x done, - open. */
static void expect_items(const char *name, const char *expected)
{
    char args[100];
    struct buf text = {0};
    snprintf(args, sizeof args, "{\"list\":\"%s\"}", name);
    jdoc *r = tool_ok(&bench, "get_list", args);
    const jdoc *items = at(r, "/list/items");
    for (size_t i = 0; i < jdoc_length(items); i++)
        buf_printf(&text, "%s%s%s", i > 0 ? " " : "",
            jdoc_is_true(jdoc_at(items, i), "done") ? "x" : "-",
            jdoc_text_or(jdoc_at(items, i), "text", ""));
    assert_string_equal(buf_text(&text), expected);
    buf_free(&text);
    jdoc_free(r);
}

static void ok(const char *tool, const char *args)
{
    jdoc_free(tool_ok(&bench, tool, args));
}

static void a_list_is_made_filled_and_worked_off(void **state)
{
    (void)state;
    ok("add_to_list",
        "{\"list\":\"packing list\",\"kind\":\"packing\",\"items\":[\"wool socks\",\"toothbrush\",\"hat\"]}");
    ok("add_to_list", "{\"list\":\"my packing\",\"items\":[\"stove\"]}");
    expect_items("packing list", "-wool socks -toothbrush -hat -stove");
    ok("check_list_items", "{\"items\":[\"socks\",\"the stove\"]}");
    expect_items("packing", "xwool socks -toothbrush -hat xstove");
    jdoc *r = tool_ok(&bench, "get_list", "{\"open_only\":true}");
    assert_string_equal(text_at(r, "/message"), "\"packing list\": 2 of 4 open: toothbrush, hat.");
    assert_int_equal(jdoc_length(at(r, "/list/items")), 2);
    jdoc_free(r);
    ok("check_list_items", "{\"items\":[\"stove\"],\"done\":false}");
    ok("change_list_item", "{\"item\":\"stove\",\"position\":1}");
    expect_items("packing", "-stove xwool socks -toothbrush -hat");
    ok("change_list_item", "{\"item\":\"stove\",\"position\":3,\"new_text\":\"gas stove\"}");
    expect_items("packing", "xwool socks -toothbrush -gas stove -hat");
    ok("remove_list_items", "{\"checked\":true}");
    expect_items("packing", "-toothbrush -gas stove -hat");
    ok("rename_list", "{\"new_name\":\"Tasmania\"}");
    ok("check_list_items", "{\"all\":true}");
    expect_items("tasmania", "xtoothbrush xgas stove xhat");
    ok("delete_list", "{\"list\":\"tasmania\",\"confirm\":true}");
    r = tool_ok(&bench, "get_lists", "{}");
    assert_int_equal(number_at(r, "/count"), 0);
    jdoc_free(r);
}

static void what_could_be_two_things_is_asked_about(void **state)
{
    (void)state;
    ok("create_list", "{\"name\":\"Camping\",\"items\":[\"red towel\",\"blue towel\",\"tent\"]}");
    ok("create_list", "{\"name\":\"House\",\"items\":[\"hoover\"]}");
    tool_refused(&bench, "check_list_items",
        "{\"list\":\"camping\",\"items\":[\"tent\",\"towel\"]}", "ambiguous", "/items");
    tool_refused(&bench, "check_list_items",
        "{\"list\":\"camping\",\"items\":[\"tent\",\"xylophone\"]}", "invalid_argument", "/items");
    expect_items("camping", "-red towel -blue towel -tent"); /* nothing half done */
    tool_refused(&bench, "add_to_list", "{\"items\":[\"x\"]}", "ambiguous", "/list");
    ok("check_list_items", "{\"items\":[\"hoover\"]}"); /* one list only has it */
    expect_items("house", "xhoover");
    tool_refused(&bench, "create_list", "{\"name\":\"camping\"}", "ambiguous", "/name");
    tool_refused(&bench, "get_list", "{\"list\":\"zebra\"}", "not_found", NULL);
    tool_refused(&bench, "get_list", "{\"list_id\":\"nope\"}", "not_found", NULL);
    tool_refused(&bench, "remove_list_items", "{\"list\":\"camping\"}", "invalid_argument",
        "/items");
    tool_refused(&bench, "delete_list", "{\"list\":\"camping\"}", "invalid_argument", "/confirm");
    tool_refused(&bench, "change_list_item", "{\"item\":\"tent\"}", "invalid_argument", NULL);
    bench.context.uid = "bob";
    tool_refused(&bench, "get_list", "{\"list\":\"camping\"}", "not_found", NULL);
}

static void a_template_is_copied_whole_and_open(void **state)
{
    (void)state;
    ok("create_list",
        "{\"name\":\"Template\",\"kind\":\"packing\",\"items\":[\"tent\",\"stove\"]}");
    ok("check_list_items", "{\"list\":\"template\",\"items\":[\"tent\"]}");
    jdoc *r = tool_ok(&bench, "create_list",
        "{\"name\":\"Easter\",\"copy_from\":\"template\",\"items\":[\"eggs\"]}");
    assert_string_equal(text_at(r, "/list/kind"), "packing");
    jdoc_free(r);
    expect_items("easter", "-tent -stove -eggs");
    ok("create_list", "{\"name\":\"Temple\"}");
    tool_refused(&bench, "create_list", "{\"name\":\"New\",\"copy_from\":\"tem\"}", "ambiguous",
        "/copy_from");
    tool_refused(&bench, "create_list", "{\"name\":\"New\",\"copy_from\":\"zebra\"}", "not_found",
        NULL);
}

static void a_full_list_takes_no_more(void **state)
{
    struct buf args = {0};
    (void)state;
    for (int round = 0; round < 4; round++) {
        buf_reset(&args);
        buf_puts(&args, "{\"list\":\"big\",\"items\":[");
        for (int i = 0; i < 50; i++)
            buf_printf(&args, "%s\"item %d\"", i > 0 ? "," : "", round * 50 + i);
        buf_puts(&args, "]}");
        ok("add_to_list", buf_text(&args));
    }
    tool_refused(&bench, "add_to_list", "{\"list\":\"big\",\"items\":[\"one more\"]}",
        "limit_reached", NULL);
    buf_free(&args);
}

static void a_task_rings_when_it_is_due(void **state)
{
    (void)state;
    ok("add_to_list",
        "{\"list\":\"To do\",\"items\":[\"call the bank\",\"pay the rego\"],\"due\":\"2026-11-23T10:00\"}");
    ok("add_to_list", "{\"list\":\"To do\",\"items\":[\"wash the van\"],\"due\":\"2026-11-24\"}");
    ok("add_to_list",
        "{\"list\":\"To do\",\"items\":[\"pack\"],\"due\":\"2026-11-24T12:00\",\"remind_minutes\":60}");
    ok("add_to_list",
        "{\"list\":\"To do\",\"items\":[\"quiet\"],\"due\":\"2026-11-24T13:00\",\"remind_minutes\":-1}");
    ok("check_list_items", "{\"items\":[\"rego\"]}");
    look_at("2026-11-23T09:59:00+11:00");
    expect_inbox("");
    look_at("2026-11-23T10:00:01+11:00");
    expect_inbox("To do: call the bank\n");
    look_at("2026-11-24T09:00:01+11:00");
    ok("change_list_item", "{\"item\":\"pack\",\"no_due\":true}");
    look_at("2026-11-24T14:00:00+11:00");
    expect_inbox("To do: call the bank\nTo do: wash the van\n");
    tool_refused(&bench, "add_to_list",
        "{\"list\":\"To do\",\"items\":[\"x\"],\"remind_minutes\":5}", "invalid_argument", "/due");
    /* one that lies in the past would never ring */
    tool_refused(&bench, "add_to_list",
        "{\"list\":\"To do\",\"items\":[\"x\"],\"due\":\"2020-01-02T10:00\"}", "invalid_argument",
        "/due");
    ok("add_to_list",
        "{\"list\":\"To do\",\"items\":[\"late\"],\"due\":\"2020-01-02T10:00\","
        "\"remind_minutes\":-1}");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, tool_fixture_empty)
    const struct CMUnitTest tests[] = {
        T(a_list_is_made_filled_and_worked_off),
        T(what_could_be_two_things_is_asked_about),
        T(a_template_is_copied_whole_and_open),
        T(a_full_list_takes_no_more),
        T(a_task_rings_when_it_is_due),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
