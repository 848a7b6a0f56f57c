/* SPDX-License-Identifier: BSD-2-Clause */
/* What a turn has used when its model does not come to tell it, or told it in vain. */
#include "tests/unit/cm.h"
#include "tests/unit/turn_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct turn_bench bench;

#define FIFTY "One, two, three, four, five, six, seven, and eight"
#define LONG FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY /* 400 bytes */
#define LONG_TOKENS (400 / 4)
#define HEAD(model) \
    "data: {\"type\":\"message_start\",\"message\":{\"model\":\"" model "\",\"content\":[]," \
    "\"usage\":{\"input_tokens\":10,\"output_tokens\":1}}}\n\n" \
    "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":" \
    "{\"type\":\"text\",\"text\":\"\"}}\n\n"
#define TEXT(text) \
    "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\"," \
    "\"text\":\"" text "\"}}\n\n"
#define END(reason, tokens) \
    "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"" reason "\"}," \
    "\"usage\":{\"output_tokens\":" tokens "}}\n\ndata: {\"type\":\"message_stop\"}\n\n"
#define OPENAI(text) \
    "data: {\"model\":\"gpt-t\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" text \
    "\"}}]}\n\n"

static int tear_down(void **state)
{
    (void)state;
    model_double_stop(&model);
    bench.on_stage = NULL;
    turn_bench_set(&bench, "model.retries", "2");
    return 0;
}

static void stop_it(struct turn_bench *b, enum stage stage)
{
    char turn[IDENT_UUID_SIZE], state[16];

    if (stage == STAGE_MODEL_TEXT)
        assert_int_equal(turns_stop(b->onlooker, "ann",
                             &(struct turns_target){.turn = b->start.turn}, turn, state),
            0);
}

/* "anthropic 10 7, openai 3 1": each model's input and output, of the turn's last event. */
static char *used(void)
{
    jdoc *events = turn_bench_events(&bench);
    const jdoc *rows = jdoc_get(jdoc_at(events, jdoc_length(events) - 1), "usage");
    struct buf text = {0};

    for (size_t i = 0; i < jdoc_length(rows); i++)
        buf_printf(&text, "%s%s %lld %lld", i ? ", " : "",
            jdoc_text_or(jdoc_at(rows, i), "provider", ""),
            (long long)jdoc_int_or(jdoc_at(rows, i), "inputTokens", -1),
            (long long)jdoc_int_or(jdoc_at(rows, i), "outputTokens", -1));
    jdoc_free(events);
    return buf_take(&text, &(size_t){0});
}

static void expect_used(const char *want)
{
    char *text = used();

    assert_string_equal(text ? text : "", want);
    free(text);
}

static void test_a_stopped_answer_costs_what_was_said(void **state)
{
    char want[64];

    (void)state;
    USE({.body = HEAD("claude-test") TEXT(LONG), .hang = true});
    bench.on_stage = stop_it;
    assert_int_equal(turn_bench_run(&bench, "hi"), 0);
    assert_int_equal(bench.result.http_status, 409);
    snprintf(want, sizeof want, "anthropic 10 %d", LONG_TOKENS + 1);
    expect_used(want);
}

/* One that tells its bill at the end tells nothing: the whole request counts, tools and all. */
static void test_a_stopped_answer_without_a_bill(void **state)
{
    char want[64];

    (void)state;
    USE({.body = OPENAI(LONG), .hang = true});
    turn_bench_model(&bench, &model, "openai");
    bench.on_stage = stop_it;
    assert_int_equal(turn_bench_run(&bench, "hi"), 0);
    assert_int_equal(bench.result.http_status, 409);
    char *request = model_double_request(&model, 0);
    size_t bytes = strlen(strstr(request, "\r\n\r\n") + 4);
    assert_true(bytes > 10000);
    snprintf(want, sizeof want, "openai %zu %d", bytes / 4, LONG_TOKENS + 1);
    expect_used(want);
    free(request);
}

static void test_an_answer_that_breaks_costs_what_was_said(void **state)
{
    char want[64];

    (void)state;
    USE({.body = HEAD("claude-test") TEXT(LONG), .cut = true});
    assert_int_equal(turn_bench_run(&bench, "hi"), 0);
    assert_int_equal(bench.result.http_status, 502);
    snprintf(want, sizeof want, "anthropic 10 %d", LONG_TOKENS + 1);
    expect_used(want);
}

static void test_a_request_that_fails_costs_nothing(void **state)
{
    static const int statuses[] = {400, 401, 429, 500, 529};

    (void)state;
    turn_bench_set(&bench, "model.retries", "0");
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        USE({.status = statuses[i], .body = "{}"});
        turn_bench_new_session(&bench);
        assert_int_equal(turn_bench_run(&bench, "hi"), 0);
        assert_int_equal(bench.result.http_status, 502);
        expect_used("");
        model_double_stop(&model);
    }
    turn_bench_new_session(&bench);
    assert_int_equal(turn_bench_run(&bench, "hi"), 0); /* nobody listens there any more */
    assert_int_equal(bench.result.http_status, 502);
    expect_used("");
    USE({.body = "data: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}\n\n"});
    turn_bench_new_session(&bench);
    assert_int_equal(turn_bench_run(&bench, "hi"), 0);
    expect_used("");
}

static void test_an_answer_that_nobody_got_is_paid(void **state)
{
    (void)state;
    USE({.body = HEAD("claude-test") END("end_turn", "0")},
        {.body = HEAD("claude-test") TEXT("At last") END("end_turn", "7")});
    assert_int_equal(turn_bench_run(&bench, "hi"), 0);
    assert_int_equal(bench.result.http_status, 200);
    expect_used("anthropic 20 7");
}

/* The next one of the chain may have other prices. */
static void test_a_declined_answer_is_paid_to_who_declined(void **state)
{
    char text[64];

    (void)state;
    USE({.body = HEAD("claude-test") "data: {\"type\":\"error\",\"error\":{\"type\":"
                                     "\"content_policy\",\"message\":\"no\"}}\n\n"});
    const struct model_reply says = {
        .body = OPENAI("Yes") "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":"
                              "\"stop\"}],\"usage\":{\"prompt_tokens\":3,"
                              "\"completion_tokens\":1}}\n\ndata: [DONE]\n\n"};
    struct model_double other;
    model_double_start(&other, &says, 1);
    turn_bench_model(&bench, &other, "openai");
    turn_bench_set(&bench, "model.chain", "anthropic openai");
    assert_int_equal(turn_bench_run(&bench, "hi"), 0);
    assert_int_equal(bench.result.http_status, 200);
    int tries = model_double_requests(&model);
    snprintf(text, sizeof text, "anthropic %d %d, openai 3 1", 10 * tries, tries);
    expect_used(text);
    model_double_stop(&other);
}

int main(void)
{
#define TEST_(f) cmocka_unit_test_setup_teardown(f, turn_fixture_new_session, tear_down)
    const struct CMUnitTest tests[] = {
        TEST_(test_a_stopped_answer_costs_what_was_said),
        TEST_(test_a_stopped_answer_without_a_bill),
        TEST_(test_an_answer_that_breaks_costs_what_was_said),
        TEST_(test_a_request_that_fails_costs_nothing),
        TEST_(test_an_answer_that_nobody_got_is_paid),
        TEST_(test_a_declined_answer_is_paid_to_who_declined),
    };
    return cmocka_run_group_tests(tests, turn_fixture_start, turn_fixture_stop);
}
