/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests with files: where they stand, and which of them go along. */
#include "tests/unit/request_bench.h"

#define FILE_PART(kind, id, type, about) \
    "{\"type\":\"" kind "\",\"source\":{\"type\":\"file\",\"value\":\"" id \
    "\",\"mimeType\":\"" type "\"},\"metadata\":{" about "}}"

/* As attached_load does with those that go along. */
static void give_bytes(const char *bytes)
{
    for (size_t i = 0; i < f.context.count; i++)
        for (size_t k = 0; k < f.context.items[i].file_count; k++) {
            f.context.items[i].files[k].data = bytes;
            f.context.items[i].files[k].len = strlen(bytes);
        }
}

/* The request again, with the bytes of the files that its context chose. */
static const char *ask_with(const struct provider *p, const char *bytes)
{
    struct provider_request q = {.conf = &f.conf, .context = &f.context, .max_tokens = 100};

    ask(p, false);
    give_bytes(bytes);
    buf_reset(&f.http.url);
    buf_reset(&f.http.body);
    buf_reset(&f.http.header_text);
    f.http.file_bytes = f.http.file_tokens = 0;
    assert_int_equal(p->request(&q, provider_tools(p), &f.http), 0);
    return buf_text(&f.http.body);
}

static void test_files_stand_where_they_were_sent(void **state)
{
    (void)state;
    add("{\"id\":\"1\",\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"before\"}," FILE_PART(
        "image", "att-1", "image/png",
        "\"bytes\":3,\"width\":30,\"height\":20,\"name\":\"a.png\"") "," FILE_PART("document",
        "att-2", "application/pdf",
        "\"bytes\":3,\"pages\":2,\"name\":\"b.pdf\"") ",{\"type\":\"text\",\"text\":\"behind\"}]}");
    const char *body = ask_with(&provider_anthropic, "Zm9v");
    has(body,
        "{\"type\":\"text\",\"text\":\"before\\n[Attachment att-1: \\\"a.png\\\", image/png, 30 x 20 pixels, 3 bytes]\"},"
        "{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"Zm9v\"}},"
        "{\"type\":\"text\",\"text\":\"\\n[Attachment att-2: \\\"b.pdf\\\", application/pdf, 3 bytes]\"},"
        "{\"type\":\"document\",\"source\":{\"type\":\"base64\",\"media_type\":\"application/pdf\",\"data\":\"Zm9v\"},"
        "\"title\":\"b.pdf\"},{\"type\":\"text\",\"text\":\"\\nbehind\"");
    assert_int_equal(f.http.file_bytes, 8);
    assert_int_equal(f.http.file_tokens, 85 + 6000);
    body = ask_with(&provider_openai, "Zm9v");
    has(body, "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,Zm9v\"}}");
    has(body,
        "{\"type\":\"file\",\"file\":{\"filename\":\"b.pdf\",\"file_data\":\"data:application/pdf;base64,Zm9v\"}}");
    has(body, "{\"type\":\"text\",\"text\":\"\\nbehind\"}");
    body = ask_with(&provider_responses, "Zm9v");
    has(body,
        "{\"type\":\"input_image\",\"detail\":\"auto\",\"image_url\":\"data:image/png;base64,Zm9v\"}");
    has(body,
        "{\"type\":\"input_file\",\"filename\":\"b.pdf\",\"file_data\":\"data:application/pdf;base64,Zm9v\"}");
    has(body, "{\"type\":\"input_text\",\"text\":\"\\nbehind\"}");
    assert_int_equal(f.http.file_bytes, 8);
}

/* One of a result stands behind all results; the result names it. */
static void test_files_of_results(void **state)
{
    (void)state;
    user("go");
    add("{\"id\":\"2\",\"role\":\"assistant\",\"content\":\"\",\"toolCalls\":[{\"id\":\"c1\",\"type\":\"function\",\"function\":"
        "{\"name\":\"x\",\"arguments\":\"{}\"}},{\"id\":\"c2\",\"type\":\"function\",\"function\":{\"name\":\"y\",\"arguments\":\"{}\"}}]}");
    add("{\"id\":\"3\",\"role\":\"tool\",\"toolCallId\":\"c1\",\"content\":[" FILE_PART("image",
        "att-1", "image/png", "\"bytes\":3,\"width\":30,\"height\":20") "]}");
    add("{\"id\":\"4\",\"role\":\"tool\",\"toolCallId\":\"c2\",\"content\":\"second\"}");
    const char *body = ask_with(&provider_anthropic, "Zm9v");
    has(body,
        "\"tool_use_id\":\"c2\",\"content\":\"second\"},{\"type\":\"image\",\"source\":{\"type\":\"base64\"");
    has(body, "\"content\":\"[Attachment att-1: image/png, 30 x 20 pixels, 3 bytes]\"");
    body = ask_with(&provider_openai, "Zm9v");
    has(body, "{\"role\":\"user\",\"content\":[{\"type\":\"image_url\"");
    body = ask_with(&provider_responses, "Zm9v");
    has(body,
        "\"output\":\"second\"},{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_image\"");
}

static void test_files_that_do_not_go_along(void **state)
{
    (void)state;
    add("{\"id\":\"1\",\"role\":\"user\",\"content\":[" FILE_PART("image", "att-1", "image/png",
        "\"bytes\":3,\"width\":30,\"height\":20") "]}");
    f.limits.reduced = true;
    has(ask(&provider_anthropic, false),
        "[Attachment att-1 cannot be shown: the model's server did not accept the request with it.]");
    has(ask(&provider_openai, false), "[Attachment att-1 cannot be shown");
    has(ask(&provider_responses, false), "[Attachment att-1 cannot be shown");
    assert_false(context_sends_files(&f.context));
    f.limits.reduced = false;
    ask(&provider_openai, false);
    assert_true(context_sends_files(&f.context));
}

/* The newest of earlier messages go along, as far as a quarter of the budget goes. */
static void test_files_are_chosen_by_their_cost(void **state)
{
    char message[400];

    (void)state;
    set("model.context_tokens", "16000");
    for (int i = 0; i < 6; i++) {
        snprintf(message, sizeof message,
            "{\"id\":\"%d\",\"role\":\"user\",\"content\":[" FILE_PART("image", "att-%d",
                "image/png", "\"bytes\":3,\"width\":4000,\"height\":3000") "]}",
            i, i);
        add(message);
    }
    ask(&provider_anthropic, false);
    assert_int_equal(f.context.count, 6);
    for (size_t i = 0; i < 6; i++) /* 1,600 each: two of 4,000, and the last one in any case */
        assert_int_equal(!f.context.items[i].files[0].why, i >= 3);
    assert_true(f.context.tokens > 3 * 1600 && f.context.tokens < 4 * 1600);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_files_stand_where_they_were_sent),
        TEST(test_files_of_results),
        TEST(test_files_that_do_not_go_along),
        TEST(test_files_are_chosen_by_their_cost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
