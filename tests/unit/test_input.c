/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/events.h"
#include "agent/input.h"
#include "base/err.h"
#include "tests/unit/cm.h"

#include <string.h>

static void test_round_trip(void **state)
{
    jdoc *context = NULL, *agui = NULL;
    struct arena *arena = arena_new();
    struct input in = {.run_id = "r1",
                     .text = "hi \"you\"\n",
                     .message_id = "m1",
                     .zone = "UTC",
                     .locale = "en",
                     .source = "ws",
                     .role = "admin",
                     .traceparent = "00-x",
                     .whole = true},
                 out;
    struct buf json = {0}, again = {0};

    (void)state;
    assert_int_equal(jdoc_parse("{\"user_location\":{\"lat\":1.5}}", 29, &context, NULL, 0), 0);
    assert_int_equal(jdoc_parse("{\"tools\":[]}", 12, &agui, NULL, 0), 0);
    in.context = context;
    in.agui = agui;
    assert_int_equal(input_write(&in, &json), 0);
    assert_int_equal(input_parse(buf_text(&json), arena, &out), 0);
    assert_string_equal(out.text, in.text);
    assert_string_equal(out.source, "ws");
    assert_string_equal(out.role, "admin");
    assert_true(out.whole);
    assert_non_null(jdoc_get(out.agui, "tools"));
    assert_int_equal(input_write(&out, &again), 0);
    assert_string_equal(buf_text(&again), buf_text(&json));
    buf_free(&json);
    buf_free(&again);
    jdoc_free(context);
    jdoc_free(agui);
    arena_free(arena);
}

/* Field by field: what is used without being read again is what a reader of it gets. */
static void test_a_completed_form_is_what_is_read(void **state)
{
    struct input forms[] = {{.run_id = "r"},
        {.run_id = "r1",
            .text = "hi \"you\"\n\xc3\xa9",
            .message_id = "m1",
            .zone = "UTC",
            .locale = "en",
            .source = "ws",
            .role = "admin",
            .traceparent = "00-x",
            .whole = true},
        {.run_id = "r", .text = "", .zone = "", .source = "agui", .resume = true}};

    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct arena *arena = arena_new();
        struct input *in = &forms[i], out;
        struct buf json = {0};

        assert_int_equal(input_write(in, &json), 0);
        assert_int_equal(input_parse(buf_text(&json), arena, &out), 0);
        input_complete(in);
        assert_string_equal(in->run_id, out.run_id);
        assert_string_equal(in->text, out.text);
        assert_string_equal(in->message_id, out.message_id);
        assert_string_equal(in->zone, out.zone);
        assert_string_equal(in->locale, out.locale);
        assert_string_equal(in->source, out.source);
        assert_string_equal(in->role, out.role);
        assert_string_equal(in->traceparent, out.traceparent);
        assert_int_equal(in->resume, out.resume);
        assert_int_equal(in->whole, out.whole);
        buf_free(&json);
        arena_free(arena);
    }
}

static void test_bad_input_is_refused(void **state)
{
    static const char *const bad[] = {"", "[]", "{}", "{\"run_id\":1}", "{\"run_id\":\"a\"",
        "{} x"};
    struct arena *arena = arena_new();
    struct input out;

    (void)state;
    assert_int_equal(input_parse("{\"run_id\":\"a\"}", arena, &out), 0);
    assert_string_equal(out.role, "user"); /* written before roles were kept */
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(input_parse(bad[i], arena, &out), ERR_INVALID);
    arena_free(arena);
}

/* The same words are the same, whatever else differs; other words are not. */
static void test_digest_is_of_the_text(void **state)
{
    const struct input one = {.run_id = "r1", .text = "say \"hi\"", .message_id = "m1"},
                       two = {.run_id = "r2", .text = "say \"hi\"", .zone = "UTC"},
                       other = {.run_id = "r1", .text = "say \"ho\"", .message_id = "m1"},
                       empty = {.run_id = "r1", .text = ""},
                       empty_too = {.run_id = "r2", .text = ""};
    const struct input *const all[] = {&one, &two, &other, &empty, &empty_too};
    char digest[5][IDENT_SHA256_SIZE];

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct buf json = {0};
        assert_int_equal(input_write(all[i], &json), 0);
        input_digest(buf_text(&json), digest[i]);
        buf_free(&json);
    }
    assert_string_equal(digest[0], digest[1]);
    assert_string_not_equal(digest[0], digest[2]);
    assert_string_not_equal(digest[3], digest[4]); /* without a text nothing is the same */
    input_digest(",\"text\":\"unended\\", digest[0]);
    input_digest("", digest[0]);
}

static void test_first_event(void **state)
{
    struct input in = {.run_id = "r1", .text = "Hi \xc3\xa9", .message_id = "m1"};
    struct buf json = {0};

    (void)state;
    assert_int_equal(events_run_started(&in, "s1", &json), 0);
    assert_string_equal(buf_text(&json),
        "{\"type\":\"RUN_STARTED\",\"threadId\":\"s1\",\"runId\":\"r1\",\"protocolVersion\":\"1.0\","
        "\"input\":{\"threadId\":\"s1\",\"runId\":\"r1\",\"messages\":[{\"id\":\"m1\",\"role\":\"user\","
        "\"content\":\"Hi \xc3\xa9\"}],\"tools\":[],\"context\":[]}}");
    buf_reset(&json);
    in.text = "";
    assert_int_equal(events_run_started(&in, "s1", &json), 0);
    assert_non_null(strstr(buf_text(&json), "\"messages\":[]"));
    buf_reset(&json);
    in.said = "{\"id\":\"m1\",\"role\":\"user\",\"content\":[]}";
    assert_int_equal(events_run_started(&in, "s1", &json), 0);
    assert_non_null(
        strstr(buf_text(&json), "\"messages\":[{\"id\":\"m1\",\"role\":\"user\",\"content\":[]}]"));
    buf_free(&json);
}

/* A release before chats looks for the run's id at the top, and refuses an input without one: else
 * it would run a member's turn with what the owner alone may see. */
static void test_a_chats_input_is_refused_by_older_releases(void **state)
{
    struct arena *arena = arena_new();
    struct buf json = {0};
    struct input in = {.run_id = "r1",
                     .text = "hi \"actor\":\"eve\",",
                     .trip = "t1",
                     .actor = "bob",
                     .actor_name = "Bob"},
                 out;
    jdoc *doc = NULL;

    (void)state;
    assert_int_equal(input_write(&in, &json), 0);
    assert_int_equal(jdoc_parse(buf_text(&json), json.len, &doc, NULL, 0), 0);
    assert_false(jdoc_has(doc, "run_id"));
    assert_int_equal(input_parse(buf_text(&json), arena, &out), 0);
    assert_string_equal(out.run_id, "r1");
    assert_string_equal(out.trip, "t1");
    assert_string_equal(out.actor, "bob");
    assert_string_equal(out.actor_name, "Bob");
    assert_null(strstr(buf_text(&json), "\"actor\":\"eve\",")); /* as chat_forget.lua looks */
    assert_int_equal(input_parse("{\"chat\":{\"trip\":\"t\",\"actor\":\"a b\",\"run_id\":\"r\"}}",
                         arena, &out),
        ERR_INVALID);
    assert_int_equal(input_parse("{\"run_id\":\"r\",\"chat\":{\"trip\":\"t\",\"actor\":\"ann\"}}",
                         arena, &out),
        ERR_INVALID);
    jdoc_free(doc);
    buf_free(&json);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_a_completed_form_is_what_is_read),
        cmocka_unit_test(test_bad_input_is_refused),
        cmocka_unit_test(test_digest_is_of_the_text),
        cmocka_unit_test(test_first_event),
        cmocka_unit_test(test_a_chats_input_is_refused_by_older_releases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
