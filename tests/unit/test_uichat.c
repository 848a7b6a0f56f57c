/* SPDX-License-Identifier: BSD-2-Clause */
/* Bodies of the AI SDK's client as messages of ours, and stored conversations as its messages. */
#include "base/err.h"
#include "fcgi-app/submit.h"
#include "fcgi-app/uichat.h"
#include "tests/unit/cm.h"

#include <stdio.h>
#include <string.h>

struct fixture {
    struct conf conf;
    struct arena *arena;
    struct submit submit;
    struct problem problem;
};

static int setup(void **state)
{
    static struct fixture f;

    assert_int_equal(conf_init(&f.conf), 0);
    f.arena = arena_new();
    *state = &f;
    return f.arena ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    arena_free(f->arena);
    conf_fini(&f->conf);
    return 0;
}

static void free_doc(void *doc)
{
    jdoc_free(doc);
}

/* The body lives as long as the arena. */
static int submit(struct fixture *f, const char *body)
{
    jdoc *doc = NULL;

    assert_int_equal(jdoc_parse(body, strlen(body), &doc, NULL, 0), 0);
    assert_int_equal(arena_on_free(f->arena, free_doc, doc), 0);
    memset(&f->problem, 0, sizeof f->problem);
    const struct submit_source from = {.kind = SUBMIT_AISDK, .body = doc};
    return submit_parse(&from, &f->conf, f->arena, &f->submit, &f->problem);
}

#define USER(id, text) \
    "{\"id\":\"" id "\",\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"text\":\"" text "\"}]}"
#define ASSISTANT(parts) \
    "{\"id\":\"reply:u1\",\"role\":\"assistant\",\"parts\":[{\"type\":\"step-start\"}," parts "]}"
#define TOOL(call, more) "{\"type\":\"tool-x\",\"toolCallId\":\"" call "\",\"input\":{}," more "}"
#define BODY(messages, more) "{\"id\":\"chat\",\"messages\":[" messages "]" more "}"

static void a_new_message_is_one_by_its_id(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(submit(f, BODY(USER("u0", "a") "," USER("u1", "b"), "")), 0);
    assert_string_equal(f->submit.session, "chat");
    assert_int_equal(f->submit.message_count, 1);
    assert_string_equal(f->submit.messages[0],
        "{\"id\":\"u1\",\"role\":\"user\",\"content\":\"b\"}");
    assert_string_equal(f->submit.client_message_id, "u1");
    assert_int_equal(f->submit.on_busy, TURNS_ENQUEUE);
    assert_null(f->submit.goes_on);
    assert_false(f->submit.resume_all); /* a plain message leaves open approvals behind */
}

/* It leads back to the message, and replaces what runs for it: no two of them are one. */
static void a_message_that_comes_again_has_no_key(void **state)
{
    static const char *const bodies[] = {
        BODY(USER("u1", "b"), ",\"trigger\":\"regenerate-message\",\"messageId\":\"reply:u1\""),
        BODY(USER("u1", "b"), ",\"trigger\":\"regenerate-message\""),
        BODY(USER("u1", "b"), ",\"trigger\":\"submit-message\",\"messageId\":\"u1\"")};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        assert_int_equal(submit(f, bodies[i]), 0);
        assert_null(f->submit.client_message_id);
        assert_int_equal(f->submit.on_busy, TURNS_INTERRUPT);
        assert_string_equal(f->submit.message_id, "u1");
        assert_false(f->submit.message_id_made);
    }
    assert_int_equal(submit(f,
                         BODY(USER("u1", "b"),
                             ",\"messageId\":\"u1\",\"on_busy\":\"reject\","
                             "\"client_message_id\":\"k\"")),
        0);
    assert_int_equal(f->submit.on_busy, TURNS_REJECT);
    assert_string_equal(f->submit.client_message_id, "k");
}

static void answers_and_outputs_of_the_last_step_are_taken(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(
        submit(f,
            BODY(
                USER("u1", "b") "," ASSISTANT(TOOL("c0",
                    "\"state\":\"output-available\",\"output\":0") ",{\"type\":\"step-start\"}," TOOL("c1",
                    "\"state\":\"approval-responded\",\"approval\":{\"id\":\"i1\",\"approved\":true}") "," TOOL("c2",
                    "\"state\":\"approval-responded\",\"approval\":{\"id\":\"i2\",\"approved\":false}") "," TOOL("c3",
                    "\"state\":\"output-available\",\"output\":{\"a\":[1]}") "," TOOL("c4",
                    "\"state\":\"output-error\",\"errorText\":\"no\"") "," TOOL("c5",
                    "\"state\":\"output-available\",\"output\":\"s\"") "," TOOL("c6",
                    "\"state\":\"output-available\",\"preliminary\":true,\"output\":1") "," TOOL("c7",
                    "\"state\":\"input-available\"")),
                ",\"messageId\":\"reply:u1\",\"approvals\":{\"i1\":{\"editedArgs\":{\"z\":2}}}")),
        0);
    assert_string_equal(f->submit.goes_on, "reply:u1");
    assert_true(f->submit.resume_all);
    assert_int_equal(f->submit.resume_count, 2);
    assert_string_equal(f->submit.resume[0].id, "i1");
    assert_true(jdoc_is_true(f->submit.resume[0].payload, "approved"));
    assert_int_equal(jdoc_int_or(jdoc_get(f->submit.resume[0].payload, "editedArgs"), "z", 0), 2);
    assert_false(jdoc_is_true(f->submit.resume[1].payload, "approved"));
    assert_int_equal(f->submit.message_count, 3);
    assert_string_equal(f->submit.results[0], "c3");
    assert_non_null(strstr(f->submit.messages[0], "\"content\":\"{\\\"a\\\":[1]}\""));
    assert_non_null(
        strstr(f->submit.messages[1], "\\\"success\\\":false,\\\"message\\\":\\\"no\\\""));
    assert_non_null(strstr(f->submit.messages[2], "\"content\":\"s\""));
    assert_true(f->submit.message_id_made); /* the conversation does not go back */
}

static void what_is_wrong_is_named(void **state)
{
    static const struct {
        const char *body, *field;
    } rows[] = {
        {"{}", "messages"},
        {"[]", "messages"},
        {"{\"messages\":[]}", "messages"},
        {"{\"messages\":[" USER("u", "x") "]}", "id"},
        {"{\"id\":\"a b\",\"messages\":[" USER("u", "x") "]}", "id"},
        {"{\"id\":\"a:msgs\",\"messages\":[" USER("u", "x") "]}", "id"},
        {BODY(USER("u", "x"), ",\"trigger\":\"other\""), "trigger"},
        {BODY(USER("u", "x"), ",\"trigger\":1"), "trigger"},
        {BODY(USER("u", "x"), ",\"messageId\":\"a b\""), "messageId"},
        {BODY(USER("u", " "), ""), "messages"},
        {BODY(USER("a b", "x"), ""), "id"},
        {BODY("1", ""), "messages"},
        {BODY("{\"role\":\"system\",\"parts\":[]}", ""), "messages"},
        {BODY("{\"role\":\"user\",\"content\":\"x\"}", ""), "messages"},
        {BODY("{\"role\":\"user\",\"parts\":[{\"type\":\"text\"}]}", ""), "text"},
        {BODY("{\"role\":\"user\",\"parts\":[{\"type\":\"file\",\"url\":\"data:,x\"}]}", ""),
            "messages"},
        {BODY(
             "{\"role\":\"user\",\"parts\":[{\"type\":\"file\",\"mediaType\":\"a/b\",\"url\":\"data:,x\"}]}",
             ""),
            "url"},
        {BODY(
             "{\"role\":\"user\",\"parts\":[{\"type\":\"file\",\"mediaType\":\"a/b\",\"url\":\"http://x\"}]}",
             ""),
            "url"},
        {BODY(USER("u", "x") "," ASSISTANT("1"), ",\"trigger\":\"regenerate-message\""),
            "messages"},
        {BODY("{\"role\":\"assistant\",\"parts\":[]}", ""), "id"},
        {BODY(ASSISTANT(TOOL("c", "\"state\":\"approval-responded\"")), ""), "approval"},
        {BODY(ASSISTANT("{\"type\":\"tool-x\",\"state\":\"output-error\"}"), ""), "toolCallId"},
        {BODY(USER("u", "x"), ",\"tools\":1"), "tools"},
        {BODY(USER("u", "x"), ",\"tools\":[{}]"), "tools"},
        {BODY(USER("u", "x"), ",\"context\":1"), "context"},
        {BODY(USER("u", "x"), ",\"on_busy\":\"wait\""), "on_busy"},
        {BODY(USER("u", "x"), ",\"stop_on_abort\":1"), "stop_on_abort"},
        {BODY(USER("u", "x"), ",\"timezone\":\"a b\""), "timezone"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (submit(f, rows[i].body) != ERR_INVALID || strcmp(f->problem.field, rows[i].field) != 0)
            print_error("%s: %s\n", rows[i].body, f->problem.field);
        assert_true(f->problem.set);
        assert_string_equal(f->problem.field, rows[i].field);
    }
}

static void files_become_parts(void **state)
{
    struct fixture *f = *state;
    static const char image[] = BODY(
        "{\"id\":\"u\",\"role\":\"user\",\"parts\":[{\"type\":\"file\",\"mediaType\":\"image/png\","
        "\"url\":\"data:image/png;base64,AAAA\"},{\"type\":\"text\",\"text\":\"x\"}]}",
        "");
    int error = submit(f, image);

    /* What the assistant takes is decided where all forms of messages meet. */
    assert_true(error == 0 || (error == ERR_INVALID && f->problem.set));
}

static void page_is(const char *page, const char *expected)
{
    jdoc *doc = NULL;
    struct buf json = {0};

    assert_int_equal(jdoc_parse(page, strlen(page), &doc, NULL, 0), 0);
    const struct uichat chat = {.page = doc,
        .messages = jdoc_get(doc, "messages"),
        .approvals = jdoc_get(doc, "approvals")};
    assert_int_equal(uichat_write(&chat, &json), 0);
    assert_string_equal(buf_text(&json), expected);
    buf_free(&json);
    jdoc_free(doc);
}

#define M_USER(id) "{\"id\":\"" id "\",\"role\":\"user\",\"content\":\"hi\"}"
#define M_TEXT(id) "{\"id\":\"" id "\",\"role\":\"assistant\",\"content\":\"yes\"}"
#define UI_USER(id) \
    "{\"id\":\"" id \
    "\",\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"text\":\"hi\",\"state\":\"done\"}]}"
#define UI_TEXT(id) \
    "{\"id\":\"" id "\",\"role\":\"assistant\",\"parts\":[{\"type\":\"step-start\"}," \
    "{\"type\":\"text\",\"text\":\"yes\",\"state\":\"done\"}]}"
#define END "],\"has_more\":false,\"next_cursor\":null}"

static void pages_begin_with_a_user(void **state)
{
    (void)state;
    page_is("{}", "{\"messages\":[" END);
    page_is("{\"messages\":[" M_USER("u") "," M_TEXT("a") "," M_USER("v") "]}",
        "{\"messages\":[" UI_USER("u") "," UI_TEXT("reply:u") "," UI_USER("v") END);
    page_is("{\"messages\":[" M_TEXT("a") "]}", "{\"messages\":[" UI_TEXT("a") END);
    page_is("{\"has_more\":true,\"next_cursor\":\"7\",\"messages\":[" M_TEXT("a") "," M_USER(
                "u") "]}",
        "{\"messages\":[" UI_USER("u") "],\"has_more\":true,\"next_cursor\":\"8\"}");
    page_is("{\"has_more\":true,\"next_cursor\":\"7\",\"messages\":[" M_TEXT("a") "]}",
        "{\"messages\":[" UI_TEXT("a") "],\"has_more\":true,\"next_cursor\":\"7\"}");
    page_is("{\"messages\":[{\"id\":\"s\",\"role\":\"system\",\"content\":\"x\"}," M_USER("u") "]}",
        "{\"messages\":[" UI_USER("u") END);
}

static void files_have_an_address(void **state)
{
#define FILE_HEAD "{\"type\":\"image\",\"source\":{\"mimeType\":\"image/png\",\"type\":"
#define UI_HEAD "{\"type\":\"file\",\"mediaType\":\"image/png\","
    static const struct {
        const char *part, *file;
    } rows[] = {
        {FILE_HEAD "\"data\",\"value\":\"AAAA\"}}",
            UI_HEAD "\"url\":\"data:image/png;base64,AAAA\"}"},
        {FILE_HEAD "\"url\",\"value\":\"https://x/y\"},\"metadata\":{\"filename\":\"y.png\"}}",
            UI_HEAD "\"filename\":\"y.png\",\"url\":\"https://x/y\"}"},
        {FILE_HEAD
            "\"file\",\"value\":\"att-1\"},\"metadata\":{\"name\":\"z\",\"url\":\"/a/att-1\"}}",
            UI_HEAD "\"filename\":\"z\",\"url\":\"/a/att-1\"}"},
        {FILE_HEAD "\"file\",\"value\":\"att-2\"}}", ""},
    };
    char page[512], expected[512];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(page, sizeof page,
            "{\"messages\":[{\"id\":\"u\",\"role\":\"user\",\"content\":[%s]}]}", rows[i].part);
        snprintf(expected, sizeof expected,
            "{\"messages\":[{\"id\":\"u\",\"role\":\"user\",\"parts\":[%s]}" END, rows[i].file);
        page_is(page, expected);
    }
}

static void calls_have_their_state(void **state)
{
#define CALLS \
    "{\"id\":\"a\",\"role\":\"assistant\",\"toolCalls\":[" \
    "{\"id\":\"c1\",\"function\":{\"name\":\"x\",\"arguments\":\"{}\"}}," \
    "{\"id\":\"c2\",\"function\":{\"name\":\"x\",\"arguments\":\"{\"}}," \
    "{\"id\":\"c3\",\"function\":{\"name\":\"x\",\"arguments\":\"\"}}," \
    "{\"id\":\"c4\",\"function\":{\"name\":\"x\",\"arguments\":\"[1]\"}}," \
    "{\"id\":\"c5\",\"function\":{\"name\":\"x\",\"arguments\":\"{}\"}}]}"
#define RESULT(call, content) \
    "{\"id\":\"r\",\"role\":\"tool\",\"toolCallId\":\"" call "\",\"content\":\"" content "\"}"
#define PART(call, input, rest) \
    "{\"type\":\"tool-x\",\"toolCallId\":\"" call "\",\"input\":" input ",\"state\":\"" rest "}"
    (void)state;
    page_is(
        "{\"messages\":[" M_USER(
            "u") "," CALLS "," RESULT("c1", "{\\\"success\\\":true}") "," RESULT("c2",
            "{\\\"success\\\":false,\\\"message\\\":\\\"no\\\"}") "," RESULT("c3",
            "{\\\"success\\\":false,\\\"error\\\":{\\\"code\\\":\\\"denied\\\"}}") "],\"approvals\":[{\"id\":\"i\","
                                                                                   "\"tool_call_id\":\"c4\",\"tool\":\"x\",\"arguments\":{\"a\":1},\"message\":\"May I?\",\"expires_at\":\"T\"}]}",
        "{\"messages\":[" UI_USER(
            "u") ",{\"id\":\"reply:u\",\"role\":\"assistant\",\"parts\":[{\"type\":\"step-start\"}," PART("c1",
            "{}", "output-available\",\"output\":{\"success\":true}") "," PART("c2", "\"{\"",
            "output-error\",\"errorText\":\"no\"") "," PART("c3", "{}",
            "output-denied\",\"approval\":{\"id\":\"c3\",\"approved\":false}") "," PART("c4", "[1]",
            "approval-requested\",\"approval\":{\"id\":\"i\",\"requestReason\":\"May I?\",\"descriptor\":{\"tool\":\"x\","
            "\"arguments\":{\"a\":1},\"expiresAt\":\"T\"}}") "," PART("c5", "{}",
            "input-available\"") "]}" END);
}

static void a_call_waits_until_it_has_a_result(void **state)
{
    static const char page[] = "{\"messages\":[" M_USER("u") "," CALLS "," RESULT("c1", "x") "]}";
    jdoc *doc = NULL;

    (void)state;
    assert_int_equal(jdoc_parse(page, sizeof page - 1, &doc, NULL, 0), 0);
    const struct uichat chat = {.page = doc, .messages = jdoc_get(doc, "messages")};
    assert_false(uichat_waits_for(&chat, "c1"));
    assert_true(uichat_waits_for(&chat, "c2"));
    assert_false(uichat_waits_for(&chat, "c9"));
    jdoc_free(doc);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_new_message_is_one_by_its_id),
        TEST(a_message_that_comes_again_has_no_key),
        TEST(answers_and_outputs_of_the_last_step_are_taken),
        TEST(what_is_wrong_is_named),
        TEST(files_become_parts),
        TEST(pages_begin_with_a_user),
        TEST(files_have_an_address),
        TEST(calls_have_their_state),
        TEST(a_call_waits_until_it_has_a_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
