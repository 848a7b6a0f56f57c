/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/context.h"
#include "base/err.h"
#include "tests/unit/cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
    struct conf conf;
    struct arena *arena;
    struct input input;
    struct context_frame frame;
    struct chat chat;
    struct context out;
    const char *stored;
};
static struct fixture f;

static int set_up(void **state)
{
    (void)state;
    memset(&f, 0, sizeof f);
    assert_int_equal(conf_init(&f.conf), 0);
    f.arena = arena_new();
    f.input = (struct input){.run_id = "r", .text = "", .zone = "", .locale = ""};
    chat_init(&f.chat, f.arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    conf_fini(&f.conf);
    arena_free(f.arena);
    return 0;
}

static void add(const char *json)
{
    assert_int_equal(chat_parse(&f.chat, json, strlen(json)), 0);
}

static void add_text(const char *role, size_t bytes)
{
    struct buf json = {0};
    buf_printf(&json, "{\"id\":\"m%zu\",\"role\":\"%s\",\"content\":\"", f.chat.count, role);
    for (size_t i = 0; i < bytes; i++)
        buf_putc(&json, 'x');
    buf_puts(&json, "\"}");
    add(buf_text(&json));
    buf_free(&json);
}

static void build(void)
{
    /* 2026-11-22T02:05:00Z is 13:05 in Sydney */
    assert_int_equal(context_frame_init(&f.frame, &f.conf, &f.input, f.stored, 1795313100000,
                         f.arena),
        0);
    assert_int_equal(context_build(&f.frame, &f.chat, NULL, f.arena, &f.out), 0);
}

static void test_all_fits(void **state)
{
    (void)state;
    add("{\"id\":\"1\",\"role\":\"user\",\"content\":\"hello\"}");
    add("{\"id\":\"2\",\"role\":\"assistant\",\"content\":\"hi\"}");
    add("{\"id\":\"3\",\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"look\"},"
        "{\"type\":\"image\",\"source\":{\"type\":\"url\",\"value\":\"http://x/\"}}]}");
    build();
    assert_int_equal(f.out.count, 3);
    assert_int_equal(f.out.late_at, 2);
    assert_int_equal(f.out.dropped, 0);
    assert_non_null(strstr(f.out.items[2].text, "look\n[The user attached"));
    assert_null(strstr(f.out.items[2].text, "http://x/"));
}

static void test_the_late_block(void **state)
{
    static const char context[] =
        "{\"user_location\":{\"lat\":-33.87,\"lng\":151.21,\"city\":\"Sydney\"},"
        "\"page\":\"/budget\",\"none\":null}";
    jdoc *doc = NULL;

    (void)state;
    assert_int_equal(jdoc_parse(context, strlen(context), &doc, NULL, 0), 0);
    f.input.context = doc;
    f.input.zone = "Australia/Sydney";
    f.input.locale = "en-AU";
    build();
    assert_non_null(
        strstr(f.frame.late, "Now: Sunday 2026-11-22 13:05, zone Australia/Sydney (UTC+11:00)"));
    assert_non_null(
        strstr(f.frame.late, "User's place: Sydney (latitude -33.8700, longitude 151.2100)"));
    assert_non_null(strstr(f.frame.late, "page: \"/budget\""));
    assert_null(strstr(f.frame.late, "none"));
    /* The cached part has nothing that changes. */
    assert_null(strstr(f.out.system, "2026"));
    assert_null(strstr(f.frame.late, "Stored"));
    f.stored = "{\"vehicle_info\":{\"type\":\"van\"}}";
    f.input.zone = "No/Such";
    build();
    assert_string_equal(f.frame.zone, "UTC");
    assert_non_null(strstr(f.frame.late, "Stored about the user: {\"vehicle_info\""));
    jdoc_free(doc);
}

static void test_what_the_user_has_chosen_counts_before_the_site(void **state)
{
    static const struct {
        const char *stored, *zone, *currency;
    } rows[] = {
        {"{\"timezone\":\"Europe/Berlin\",\"currency\":\"EUR\"}", "Europe/Berlin", "EUR"},
        {"{\"timezone\":\"No/Such\",\"currency\":\"euros\"}", "UTC", "AUD"},
        {"{\"timezone\":5,\"currency\":{}}", "UTC", "AUD"},
        {"{}", "UTC", "AUD"},
    };

    (void)state;
    f.input.zone = "";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        f.stored = rows[i].stored;
        build();
        assert_string_equal(f.frame.zone, rows[i].zone);
        assert_string_equal(f.frame.currency, rows[i].currency);
        assert_non_null(strstr(f.frame.late, rows[i].currency));
    }
    f.stored = rows[0].stored;
    f.input.zone = "Australia/Perth"; /* where the device says that the user is */
    build();
    assert_string_equal(f.frame.zone, "Australia/Perth");
}

static void test_oldest_go_first_and_pairs_stay(void **state)
{
    (void)state;
    f.conf.model_context_tokens = 1000;
    add("{\"id\":\"u1\",\"role\":\"user\",\"content\":\"Plan the trip to Perth\"}");
    add("{\"id\":\"a1\",\"role\":\"assistant\",\"toolCalls\":[{\"id\":\"c1\",\"type\":\"function\","
        "\"function\":{\"name\":\"plan_trip\",\"arguments\":\"{}\"}}]}");
    add("{\"id\":\"t1\",\"role\":\"tool\",\"toolCallId\":\"c1\",\"content\":\"{}\"}");
    add_text("assistant", 3000);
    add_text("user", 400);
    add_text("assistant", 400);
    add("{\"id\":\"u2\",\"role\":\"user\",\"content\":\"and now?\"}");
    build();
    assert_true(f.out.dropped > 0);
    assert_int_equal(f.out.items[0].role, CHAT_USER);
    assert_non_null(strstr(f.out.items[0].text, "4 earlier messages"));
    assert_non_null(strstr(f.out.items[0].text, "\"Plan the trip to Perth\""));
    for (size_t i = 0; i < f.out.count; i++)
        assert_int_not_equal(f.out.items[i].role, CHAT_TOOL);
    assert_string_equal(f.out.items[f.out.count - 1].text, "and now?");
}

static void test_every_cut_keeps_pairs(void **state)
{
    (void)state;
    for (int i = 0; i < 12; i++) {
        char json[400];
        add_text("user", 100);
        snprintf(json, sizeof json,
            "{\"id\":\"a%d\",\"role\":\"assistant\",\"toolCalls\":[{\"id\":\"c%d\","
            "\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}},{\"id\":\"d%d\","
            "\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}",
            i, i, i);
        add(json);
        snprintf(json, sizeof json,
            "{\"id\":\"t%d\",\"role\":\"tool\",\"toolCallId\":\"c%d\",\"content\":\"r\"}", i, i);
        add(json);
        add_text("assistant", 50);
    }
    add_text("user", 10);
    for (f.conf.model_context_tokens = 20; f.conf.model_context_tokens < 3000;
         f.conf.model_context_tokens += 37) {
        build();
        assert_int_equal(f.out.items[0].role, CHAT_USER);
        assert_int_equal(f.out.late_at, f.out.count - 1);
        for (size_t i = 0; i < f.out.count; i++) {
            const struct chat_message *m = &f.out.items[i];
            if (m->role == CHAT_TOOL)
                assert_true(f.out.items[i - 1].role == CHAT_TOOL || f.out.items[i - 1].call_count);
            for (size_t k = 0; k < m->call_count; k++) {
                assert_int_equal(f.out.items[i + 1 + k].role, CHAT_TOOL);
                assert_string_equal(f.out.items[i + 1 + k].call_id, m->calls[k].id);
            }
        }
    }
}

/* ---- random conversations ---- */

static uint64_t dice = 1;

static unsigned roll(unsigned below)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return (unsigned)(dice >> 33) % below;
}

static const char *some_text(size_t longest)
{
    size_t len = roll(4) ? roll(60) : roll((unsigned)longest);
    char *text = arena_alloc(f.arena, len + 1);
    assert_non_null(text);
    memset(text, 'a' + (int)roll(26), len);
    text[len] = '\0';
    return text;
}

static const char *some_call(void)
{
    char id[8];
    snprintf(id, sizeof id, "c%u", roll(12));
    return arena_strdup(f.arena, id);
}

/* Anything that a store or a client may hold: results that miss, come late, twice or for nobody. */
static void add_random(void)
{
    static const enum chat_role roles[] = {CHAT_USER, CHAT_USER, CHAT_ASSISTANT, CHAT_ASSISTANT,
        CHAT_TOOL, CHAT_TOOL, CHAT_REASONING};
    struct chat_message m = {.role = roles[roll(7)], .id = "m", .text = some_text(1500)};

    m.len = strlen(m.text);
    if (m.role == CHAT_TOOL)
        m.call_id = some_call();
    if (m.role == CHAT_ASSISTANT && roll(2)) {
        m.call_count = 1 + roll(3);
        m.calls = arena_array(f.arena, m.call_count, sizeof *m.calls);
        assert_non_null(m.calls);
        for (size_t k = 0; k < m.call_count; k++) {
            m.calls[k] = (struct chat_call){.id = some_call(), .name = "f", .args = some_text(300)};
            m.calls[k].args_len = strlen(m.calls[k].args);
        }
    }
    assert_int_equal(chat_add(&f.chat, &m), 0);
    for (size_t k = 0; k < m.call_count && roll(4); k++) {
        struct chat_message result = {.role = CHAT_TOOL,
            .id = "r",
            .call_id = m.calls[k].id,
            .text = some_text(1500)};
        result.len = strlen(result.text);
        assert_int_equal(chat_add(&f.chat, &result), 0);
    }
}

/* Each call is directly followed by its results, in order, and no result stands elsewhere. */
static void pairs_are_whole(void)
{
    for (size_t i = 0; i < f.out.count;) {
        const struct chat_message *m = &f.out.items[i++];
        assert_int_not_equal(m->role, CHAT_TOOL);
        for (size_t k = 0; k < m->call_count; k++, i++) {
            assert_true(i < f.out.count);
            assert_int_equal(f.out.items[i].role, CHAT_TOOL);
            assert_string_equal(f.out.items[i].call_id, m->calls[k].id);
        }
    }
}

/* Nothing is shortened but results behind the last user message, and that message is there. */
static void what_stays_is_whole(void)
{
    const struct chat_message *user = NULL;
    size_t shown = 0;
    bool noted = f.out.count && !strcmp(f.out.items[0].id, "note");

    for (size_t i = 0; i < f.chat.count; i++)
        if (f.chat.items[i].role == CHAT_USER)
            user = &f.chat.items[i];
    for (size_t i = noted; i < f.out.count; i++) {
        const struct chat_message *m = &f.out.items[i];
        bool found = m->role == CHAT_TOOL;
        for (size_t k = 0; k < f.chat.count && !found; k++)
            found = f.chat.items[k].text == m->text && f.chat.items[k].len == m->len;
        assert_true(found);
        shown += user && m->text == user->text;
    }
    assert_true(!user || shown == 1);
    assert_true(!f.out.count || f.out.items[0].role == CHAT_USER);
}

static void test_random_conversations_and_budgets(void **state)
{
    (void)state;
    for (int round = 0; round < 400; round++) {
        arena_reset(f.arena);
        chat_init(&f.chat, f.arena);
        for (unsigned n = roll(40); n > 0; n--)
            add_random();
        for (int cut = 0; cut < 8; cut++) {
            f.conf.model_context_tokens = 1 + roll(roll(2) ? 400 : 6000);
            build();
            pairs_are_whole();
            what_stays_is_whole();
        }
    }
}

static void test_dangling_calls_and_results(void **state)
{
    (void)state;
    add("{\"id\":\"t0\",\"role\":\"tool\",\"toolCallId\":\"nobody\",\"content\":\"lone\"}");
    add("{\"id\":\"u1\",\"role\":\"user\",\"content\":\"go\"}");
    add("{\"id\":\"a1\",\"role\":\"assistant\",\"content\":\"\",\"toolCalls\":[{\"id\":\"c1\",\"type\":"
        "\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}");
    add("{\"id\":\"u2\",\"role\":\"user\",\"content\":\"again\"}");
    add("{\"id\":\"x\",\"role\":\"activity\",\"activityType\":\"a\",\"content\":{}}");
    build();
    assert_int_equal(f.out.count, 4);
    assert_int_equal(f.out.items[2].role, CHAT_TOOL);
    assert_true(f.out.items[2].failed);
    assert_non_null(strstr(f.out.items[2].text, "unknown_outcome"));
}

static void test_too_much_after_the_last_message(void **state)
{
    (void)state;
    f.conf.model_context_tokens = 1000;
    add("{\"id\":\"u1\",\"role\":\"user\",\"content\":\"go\"}");
    add("{\"id\":\"a1\",\"role\":\"assistant\",\"toolCalls\":[{\"id\":\"c1\",\"type\":\"function\","
        "\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}},{\"id\":\"c2\",\"type\":\"function\","
        "\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}");
    struct buf big = {0};
    for (int i = 1; i <= 2; i++) {
        buf_reset(&big);
        buf_printf(&big, "{\"id\":\"t%d\",\"role\":\"tool\",\"toolCallId\":\"c%d\",\"content\":\"",
            i, i);
        for (int k = 0; k < 3000; k++)
            buf_putc(&big, 'y');
        buf_puts(&big, "\"}");
        add(buf_text(&big));
    }
    buf_free(&big);
    build();
    assert_int_equal(f.out.count, 4);
    assert_non_null(strstr(f.out.items[2].text, "left out"));
    assert_int_equal(f.out.items[3].len, 3000);
}

static void test_thoughts_of_earlier_turns_go(void **state)
{
    (void)state;
    add("{\"id\":\"u1\",\"role\":\"user\",\"content\":\"go\"}");
    add("{\"id\":\"r1\",\"role\":\"reasoning\",\"content\":\"old\",\"encryptedValue\":\"anthropic:signature:a\"}");
    add("{\"id\":\"a1\",\"role\":\"assistant\",\"content\":\"done\"}");
    add("{\"id\":\"u2\",\"role\":\"user\",\"content\":\"more\"}");
    add("{\"id\":\"r2\",\"role\":\"reasoning\",\"content\":\"new\",\"encryptedValue\":\"anthropic:signature:b\"}");
    add("{\"id\":\"a2\",\"role\":\"assistant\",\"content\":\"so\"}");
    build();
    assert_int_equal(f.out.count, 5);
    assert_string_equal(f.out.items[3].text, "new");
}

static void test_messages_write_as_they_were(void **state)
{
    static const char *const texts[] = {
        "{\"id\":\"a\",\"role\":\"user\",\"content\":\"x\\n\"}",
        ("{\"id\":\"b\",\"role\":\"assistant\",\"toolCalls\":[{\"id\":\"c\","
         "\"type\":\"function\",\"function\":{\"name\":\"n\","
         "\"arguments\":\"{\\\"k\\\":1}\"}}]}"),
        "{\"id\":\"d\",\"role\":\"tool\",\"content\":\"r\",\"toolCallId\":\"c\"}",
        "{\"id\":\"g\",\"role\":\"assistant\",\"content\":\"ab\",\"toolCalls\":[{\"id\":\"c\",\"type\":\"function\","
        "\"function\":{\"name\":\"ui.map\",\"arguments\":\"{}\"},\"encryptedValue\":\"openai-1:call:{}\",\"metadata\":{\"alias\":\"ui_map\"}}],"
        "\"metadata\":{\"order\":\"t1 c t1 \"}}",
        "{\"id\":\"e\",\"role\":\"reasoning\",\"content\":\"t\",\"encryptedValue\":\"p:s:v\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct buf json = {0};
        add(texts[i]);
        chat_write(&f.chat.items[i], &json);
        assert_string_equal(buf_text(&json), texts[i]);
        buf_free(&json);
    }
    assert_int_equal(chat_parse(&f.chat, "{\"role\":1}", 10), ERR_INVALID);
    assert_int_equal(chat_parse(&f.chat, "{\"role\":\"tool\",\"content\":\"x\"}", 29), ERR_INVALID);
    assert_true(chat_has_call(&f.chat, "c"));
    assert_false(chat_has_call(&f.chat, "z"));
}

static void test_client_tools(void **state)
{
    static const char agui[] =
        "{\"tools\":[{\"name\":\"a\",\"description\":\"d\"},{\"x\":1},"
        "{\"name\":\"a\"},{\"name\":\"bad name\"},{\"name\":\"plan_trip\"},{\"name\":\"ui.showMap.of.everything.that.is.near.the.place.where.you.are.now.or.not\","
        "\"parameters\":{\"properties\":{\"ok\":{\"type\":\"array\"},\"naÃ¯ve key\":{\"type\":\"string\"}},\"required\":[\"naÃ¯ve key\"]}}],\"context\":"
        "[{\"description\":\"Open page\",\"value\":\"Budget\"}]}";
    jdoc *doc = NULL;

    (void)state;
    assert_int_equal(jdoc_parse(agui, strlen(agui), &doc, NULL, 0), 0);
    f.input.agui = doc;
    build();
    assert_int_equal(f.frame.client_tool_count, 5);
    assert_null(context_client_tool(&f.frame, "a")->own);
    assert_null(context_client_tool(&f.frame, "b"));
    /* A model may call it by the client's name, too, but not by one of ours. */
    assert_string_equal(context_called_tool(&f.frame, "bad name")->name, "bad_name");
    assert_string_equal(context_called_tool(&f.frame, "bad_name")->name, "bad_name");
    assert_null(context_called_tool(&f.frame, "plan_trip"));
    /* Models get another name; the client's is kept. */
    assert_string_equal(context_client_tool(&f.frame, "a_2")->own, "a");
    assert_string_equal(context_client_tool(&f.frame, "bad_name")->own, "bad name");
    assert_string_equal(context_client_tool(&f.frame, "plan_trip_2")->own, "plan_trip");
    assert_string_equal(f.frame.client_tools[4].own,
        "ui.showMap.of.everything.that.is.near.the.place.where.you.are.now.or.not");
    assert_int_equal(strlen(f.frame.client_tools[4].name), 64);
    assert_string_equal(f.frame.client_tools[4].schema,
        "{\"properties\":{\"ok\":{\"type\":\"array\",\"items\":{}}},\"type\":\"object\"}");
    assert_non_null(strstr(f.frame.client_tools[4].description,
        "the argument \"naÃ¯ve key\", by this JSON Schema: {\"type\":\"string\"}"));
    assert_non_null(strstr(f.frame.late, "Open page: Budget"));
    jdoc_free(doc);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_all_fits),
        TEST(test_the_late_block),
        TEST(test_what_the_user_has_chosen_counts_before_the_site),
        TEST(test_oldest_go_first_and_pairs_stay),
        TEST(test_every_cut_keeps_pairs),
        TEST(test_random_conversations_and_budgets),
        TEST(test_dangling_calls_and_results),
        TEST(test_too_much_after_the_last_message),
        TEST(test_thoughts_of_earlier_turns_go),
        TEST(test_messages_write_as_they_were),
        TEST(test_client_tools),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
