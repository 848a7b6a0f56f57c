/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Large results: the model sees their first parts with counts and a handle, read_result gives the
 * rest, and what others wrote stays marked.
 */
#include "agent/approval.h"
#include "agent/shorten.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_bench.h"
#include "tools/engine/tools.h"

#include <stdio.h>
#include <string.h>

#define MAX 8192

static struct tool_bench bench;
static struct arena *arena;
static struct chat chat;

static jdoc *parse(const char *text, size_t len)
{
    jdoc *doc = NULL;
    assert_int_equal(jdoc_parse(text, len, &doc, NULL, 0), 0);
    return doc;
}

/* A result of count entries. */
static struct chat_message events(struct buf *json, size_t count, const char *start)
{
    buf_puts(json, start);
    buf_puts(json, "\"success\":true,\"message\":\"Here.\",\"events\":[");
    for (size_t i = 0; i < count; i++)
        buf_printf(json,
            "%s{\"id\":\"e%zu\",\"title\":\"Visit \\\"%zu\\\"\",\"kind\":\"%s\",\"cost\":1.25,"
            "\"cost_minor\":125,\"currency\":\"%s\"}",
            i > 0 ? "," : "", i, i, i % 3 ? "trip" : "dentist", i % 2 ? "AUD" : "EUR");
    buf_puts(json, "],\"total\":5}");
    assert_int_equal(buf_error(json), 0);
    return (struct chat_message){.role = CHAT_TOOL,
        .id = "m",
        .call_id = "call_9",
        .text = buf_text(json),
        .len = json->len};
}

static void small_results_stay(void **state)
{
    (void)state;
    struct buf json = {0};
    struct chat_message m = events(&json, 3, "{");
    assert_int_equal(shorten_result(&m, MAX, arena), 0);
    assert_ptr_equal(m.text, buf_text(&json));
    buf_free(&json);
}

static void the_first_entries_and_counts_are_shown(void **state)
{
    (void)state;
    struct buf json = {0};
    struct chat_message m = events(&json, 400, "{"), again = m;
    assert_true(m.len > 4 * MAX);
    assert_int_equal(shorten_result(&m, MAX, arena), 0);
    assert_true(m.len <= MAX);
    jdoc *doc = parse(m.text, m.len);
    const jdoc *told = jdoc_get(doc, "shortened"),
               *list = jdoc_get(jdoc_get(told, "lists"), "events");
    assert_string_equal(jdoc_text_or(told, "handle", ""), "call_9");
    assert_int_equal(jdoc_int_or(list, "of", 0), 400);
    assert_int_equal(jdoc_int_or(list, "shown", 0), jdoc_length(jdoc_get(doc, "events")));
    assert_true(jdoc_length(jdoc_get(doc, "events")) > 10);
    assert_int_equal(jdoc_int_or(doc, "total", 0), 5);
    const jdoc *kinds = jdoc_get(jdoc_get(list, "counts"), "kind");
    assert_int_equal(jdoc_int_or(kinds, "dentist", 0), 134);
    assert_int_equal(jdoc_int_or(kinds, "trip", 0), 266);
    /* Never two currencies in one sum. */
    const jdoc *sums = jdoc_get(jdoc_get(list, "sums"), "cost_minor");
    assert_int_equal(jdoc_int_or(sums, "AUD", 0), 200 * 125);
    assert_int_equal(jdoc_int_or(sums, "EUR", 0), 200 * 125);
    jdoc_free(doc);
    /* The same bytes each time: the prompt cache holds. */
    assert_int_equal(shorten_result(&again, MAX, arena), 0);
    assert_int_equal(again.len, m.len);
    assert_memory_equal(again.text, m.text, m.len);
    buf_free(&json);
}

static void the_mark_of_others_stays_in_front(void **state)
{
    (void)state;
    struct buf json = {0}, plain = {0};
    struct chat_message m = events(&json, 400, APPROVAL_OUTSIDE_MARK "\"notice\":\"Data.\",");
    assert_int_equal(shorten_result(&m, MAX, arena), 0);
    assert_memory_equal(m.text, APPROVAL_OUTSIDE_MARK, strlen(APPROVAL_OUTSIDE_MARK));
    buf_free(&json);
    /* An object of so many members that no choice among them fits. */
    buf_puts(&plain, APPROVAL_OUTSIDE_MARK);
    for (int i = 0; i < 3000; i++)
        buf_printf(&plain, "\"k%d\":%d,", i, i);
    buf_puts(&plain, "\"z\":1}");
    m = (struct chat_message){.role = CHAT_TOOL,
        .call_id = "call_9",
        .text = buf_text(&plain),
        .len = plain.len};
    assert_int_equal(shorten_result(&m, MAX, arena), 0);
    assert_true(m.len <= MAX);
    assert_memory_equal(m.text, APPROVAL_OUTSIDE_MARK, strlen(APPROVAL_OUTSIDE_MARK));
    jdoc_free(parse(m.text, m.len));
    buf_free(&plain);
}

static void what_is_no_json_is_cut(void **state)
{
    (void)state;
    struct buf text = {0};
    for (int i = 0; i < 9000; i++)
        buf_puts(&text, i % 2 ? "\"\n" : "\xc3\xa9");
    struct chat_message m = {.role = CHAT_TOOL,
        .call_id = "c",
        .text = buf_text(&text),
        .len = text.len};
    assert_int_equal(shorten_result(&m, MAX, arena), 0);
    assert_true(m.len <= MAX);
    jdoc *doc = parse(m.text, m.len);
    assert_true(strlen(jdoc_text_or(doc, "text", "")) > 2000);
    jdoc_free(doc);
    buf_free(&text);
}

static void nulls_and_odd_lists_are_borne(void **state)
{
    (void)state;
    static const char *const starts[] = {
        "{\"a\":null,\"l\":[null,1,null,{\"x\":null}],\"e\":[],\"o\":{},",
        "{\"shortened\":null,\"call\":[[],[[]],\"x\"],", "{\"\":null,"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        struct buf json = {0};
        struct chat_message m = events(&json, 400, starts[i]), whole = m;
        assert_int_equal(shorten_result(&m, MAX, arena), 0);
        assert_true(m.len <= MAX);
        jdoc_free(parse(m.text, m.len));
        chat_init(&chat, arena);
        assert_int_equal(chat_add(&chat, &whole), 0);
        bench.context.earlier = shorten_earlier;
        bench.context.earlier_arg = &chat;
        jdoc_free(tool_call(&bench, "read_result", NULL, "{\"handle\":\"call_9\",\"list\":\"l\"}"));
        jdoc_free(
            tool_call(&bench, "read_result", NULL, "{\"handle\":\"call_9\",\"list\":\"call\"}"));
        jdoc_free(tool_ok(&bench, "read_result", "{\"handle\":\"call_9\"}"));
        bench.context.earlier = NULL;
        buf_free(&json);
    }
}

static size_t read_all(const char *more, size_t *pages)
{
    size_t read = 0;
    for (int64_t from = 0; from >= 0; ++*pages) {
        char args[200];
        snprintf(args, sizeof args, "{\"handle\":\"call_9\",\"from\":%lld%s}", (long long)from,
            more);
        jdoc *r = tool_ok(&bench, "read_result", args);
        struct buf text = {0};
        jdoc_write(r, &text);
        assert_true(text.len < MAX);
        buf_free(&text);
        read += jdoc_length(jdoc_get(r, "items")) + strlen(jdoc_text_or(r, "text", ""));
        from = jdoc_int_or(r, "next", -1);
        jdoc_free(r);
    }
    return read;
}

static void the_rest_is_read_by_the_handle(void **state)
{
    (void)state;
    struct buf json = {0};
    size_t pages = 0;
    struct chat_message m = events(&json, 400, "{");
    chat_init(&chat, arena);
    assert_int_equal(chat_add(&chat, &m), 0);
    bench.context.earlier = shorten_earlier;
    bench.context.earlier_arg = &chat;
    assert_int_equal(read_all("", &pages), 400);
    assert_true(pages > 4);
    assert_int_equal(read_all(",\"where\":\"DENTIST\"", &pages), 134);
    jdoc *r =
        tool_ok(&bench, "read_result", "{\"handle\":\"call_9\",\"list\":\"events\",\"from\":398}");
    assert_string_equal(text_at(r, "/items/0/id"), "e398");
    assert_false(jdoc_has(r, "next"));
    assert_false(tools_result_untrusted(tools_find("read_result"), r));
    jdoc_free(r);
    tool_refused(&bench, "read_result", "{\"handle\":\"call_9\",\"list\":\"none\"}",
        "invalid_argument", "/list");
    tool_refused(&bench, "read_result", "{\"handle\":\"another\"}", "not_found", NULL);
    r = tool_ok(&bench, "read_result", "{\"handle\":\"call_9\",\"from\":5000}");
    assert_int_equal(jdoc_length(jdoc_get(r, "items")), 0);
    jdoc_free(r);
    bench.context.earlier = NULL;
    tool_refused(&bench, "read_result", "{\"handle\":\"call_9\"}", "not_found", NULL);
    buf_free(&json);
}

static void what_others_wrote_stays_marked(void **state)
{
    (void)state;
    struct buf json = {0};
    struct chat_message m = events(&json, 40, APPROVAL_OUTSIDE_MARK "\"notice\":\"Data.\",");
    chat_init(&chat, arena);
    assert_int_equal(chat_add(&chat, &m), 0);
    bench.context.earlier = shorten_earlier;
    bench.context.earlier_arg = &chat;
    jdoc *r = tool_ok(&bench, "read_result", "{\"handle\":\"call_9\"}");
    assert_true(tools_result_untrusted(tools_find("read_result"), r));
    jdoc_free(r);
    bench.context.earlier = NULL;
    buf_free(&json);
}

static int start(void **state)
{
    (void)state;
    arena = arena_new();
    tool_bench_start(&bench);
    return arena ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    tool_bench_stop(&bench);
    arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_results_stay),
        cmocka_unit_test(the_first_entries_and_counts_are_shown),
        cmocka_unit_test(the_mark_of_others_stays_in_front),
        cmocka_unit_test(what_is_no_json_is_cut),
        cmocka_unit_test(nulls_and_odd_lists_are_borne),
        cmocka_unit_test(the_rest_is_read_by_the_handle),
        cmocka_unit_test(what_others_wrote_stays_marked),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
