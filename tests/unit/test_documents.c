/* SPDX-License-Identifier: BSD-2-Clause */
/* Documents that expire: what is near, masked numbers, reminders. */
#include "base/err.h"
#include "store/inbox.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"
#include "tools/engine/modules.h"
#include "tools/kit/civil.h"
#include "tools/person/documents.h"
#include "workers/housekeeper/reminders.h"

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

static size_t inbox_count(const char *last)
{
    struct buf text = {0};
    jdoc *list = NULL;
    assert_int_equal(inbox_list(bench.context.store, "ann", NULL, 100, &text), 0);
    assert_int_equal(jdoc_parse(buf_text(&text), text.len, &list, NULL, 0), 0);
    const jdoc *all = jdoc_get(list, "messages");
    size_t count = jdoc_length(all);
    if (last)
        assert_string_equal(jdoc_text_or(jdoc_at(all, count - 1), "message", ""), last);
    jdoc_free(list);
    buf_free(&text);
    return count;
}

static void ok(const char *tool, const char *args)
{
    jdoc_free(tool_ok(&bench, tool, args));
}

static void what_expires_soon_is_first(void **state)
{
    (void)state;
    ok("add_document",
        "{\"name\":\"Passport\",\"number\":\"N1234567\",\"expiry_date\":\"2031-06-01\"}");
    ok("add_document",
        "{\"name\":\"Van rego\",\"kind\":\"registration\",\"expiry_date\":\"2027-01-10\"}");
    ok("add_document",
        "{\"name\":\"Club card\",\"kind\":\"membership\",\"expiry_date\":\"2026-11-20\"}");
    ok("add_document", "{\"name\":\"Library card\"}");
    jdoc *r = tool_ok(&bench, "get_documents", "{\"within_days\":92}");
    assert_int_equal(number_at(r, "/count"), 2);
    assert_string_equal(text_at(r, "/documents/0/name"), "Club card");
    assert_string_equal(text_at(r, "/documents/0/status"), "expired");
    assert_int_equal(number_at(r, "/documents/0/days_left"), -2);
    assert_string_equal(text_at(r, "/documents/1/status"), "expires_soon");
    jdoc_free(r);
    r = tool_ok(&bench, "get_documents", "{\"kind\":\"registration\"}");
    assert_int_equal(number_at(r, "/count"), 1);
    jdoc_free(r);
    ok("delete_document", "{\"document\":\"library\",\"confirm\":true}");
    tool_refused(&bench, "delete_document", "{\"document\":\"rego\"}", "invalid_argument",
        "/confirm");
    tool_refused(&bench, "get_documents", "{\"document\":\"zebra\"}", "not_found", NULL);
    tool_refused(&bench, "add_document",
        "{\"name\":\"X\",\"issue_date\":\"2026-05-01\",\"expiry_date\":\"2026-04-01\"}",
        "invalid_argument", "/expiry_date");
    tool_refused(&bench, "update_document", "{\"document\":\"rego\"}", "invalid_argument", NULL);
    tool_refused(&bench, "update_document", "{\"number\":\"1\"}", "invalid_argument", "/document");
}

/* The number leaves the record only when the user asks for it. */
static void numbers_are_masked(void **state)
{
    char masked[DOCUMENTS_MASK_SIZE];
    struct buf text = {0};
    (void)state;
    ok("add_document",
        "{\"name\":\"Passport\",\"number\":\"N1234567\",\"expiry_date\":\"2031-06-01\"}");
    static const char *const calls[][2] = {{"get_documents", "{}"},
        {"get_documents", "{\"document\":\"passport\"}"},
        {"update_document", "{\"document\":\"passport\",\"holder\":\"Ann\"}"}};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        jdoc *r = tool_ok(&bench, calls[i][0], calls[i][1]);
        jdoc_write(r, &text);
        assert_null(strstr(buf_text(&text), "N123"));
        assert_non_null(strstr(buf_text(&text), "...4567"));
        buf_reset(&text);
        jdoc_free(r);
    }
    jdoc *r = tool_ok(&bench, "get_documents", "{\"document\":\"passport\",\"show_number\":true}");
    assert_string_equal(text_at(r, "/documents/0/number"), "N1234567");
    jdoc_free(r);
    documents_mask("12345", masked);
    assert_string_equal(masked, "...");
    documents_mask("abcdef", masked);
    assert_string_equal(masked, "...ef");
    documents_mask("abcd\xc3\xa9\xc3\xa9\xc3\xa9", masked);
    assert_string_equal(masked, "...\xc3\xa9\xc3\xa9");
    buf_free(&text);
}

static void it_reminds_before_it_expires(void **state)
{
    (void)state;
    jdoc *r = tool_ok(&bench, "add_document", "{\"name\":\"Visa\",\"expiry_date\":\"2027-01-12\"}");
    assert_non_null(strstr(text_at(r, "/message"), "Sunday 13 December 2026, 09:00"));
    jdoc_free(r);
    look_at("2026-12-13T08:59:00+11:00");
    assert_int_equal(inbox_count(NULL), 0);
    look_at("2026-12-13T09:00:01+11:00");
    assert_int_equal(inbox_count("Visa: expires in 30 days, on Tuesday 12 January 2027"), 1);
    look_at("2027-01-05T09:00:01+11:00");
    assert_int_equal(inbox_count("Visa: expires in 7 days, on Tuesday 12 January 2027"), 2);
    ok("update_document",
        "{\"document\":\"visa\",\"expiry_date\":\"2028-01-12\",\"remind_days\":[0]}");
    look_at("2027-01-11T09:00:01+11:00");
    assert_int_equal(inbox_count(NULL), 2);
    look_at("2028-01-12T09:00:01+11:00");
    assert_int_equal(inbox_count("Visa: expires today"), 3);
    assert_int_equal(tool_fixture_number("ZCARD tp:hint:timers"), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, tool_fixture_empty)
    const struct CMUnitTest tests[] = {
        T(what_expires_soon_is_first),
        T(numbers_are_masked),
        T(it_reminds_before_it_expires),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
