/* SPDX-License-Identifier: BSD-2-Clause */
/* What a turn worker says of a call is what the tool process hears. */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tools/engine/tools.h"
#include "tools/remote/tool_words.h"
#include "wire/fastcgi/fastcgi_record.h"

#include <stdio.h>
#include <string.h>

#define TOOL "optimize_route"
#define ARGS "{\"waypoints\":[\"Sydney\",\"Brisbane\"]}"

struct sent {
    struct buf params, body;
};

static void read_request(const struct buf *bytes, struct sent *out)
{
    const char *at = bytes->data, *end = at + bytes->len, *part;
    struct fastcgi_record record = {0};
    size_t len;
    int step;

    *out = (struct sent){{0}, {0}};
    while ((step = fastcgi_record_step(&record, &at, end, &part, &len)) != FASTCGI_RECORD_MORE) {
        assert_true(step > 0);
        if (step == FASTCGI_RECORD_CONTENT && record.type == FASTCGI_PARAMS)
            buf_put(&out->params, part, len);
        if (step == FASTCGI_RECORD_CONTENT && record.type == FASTCGI_STDIN)
            buf_put(&out->body, part, len);
    }
}

/* As inbound_param; the texts live as long as the test. */
static const char *sent_param(void *arg, const char *name)
{
    static char values[32][512];
    static size_t next;
    const struct sent *sent = arg;
    const char *at = sent->params.data, *end = at + sent->params.len;
    struct fastcgi_record_pair pair;

    while (fastcgi_record_get_pair(&at, end, &pair) == 1)
        if (pair.name_len == strlen(name) && !memcmp(pair.name, name, pair.name_len)) {
            char *value = values[next++ % 32];
            snprintf(value, 512, "%.*s", (int)pair.value_len, pair.value);
            return value;
        }
    return NULL;
}

static void all_of_a_call_arrives(void **state)
{
    const struct tools_context sent_context = {.uid = "ann",
        .session = "s1",
        .epoch = INT64_C(1900000000123),
        .zone = "Australia/Sydney",
        .locale = "",
        .currency = "AUD",
        .now_ms = INT64_C(1800000000456),
        .has_location = true,
        .latitude = -33.867849999999997,
        .longitude = 151.20731999999998,
        .location_text = "K\xc3\xb6ln",
        .role = "admin",
        .chat_trip = "t1",
        .chat_session = "trip~t1"};
    const struct tools_run sent_run = {.context = &sent_context,
        .spec = tools_find(TOOL),
        .call_id = "turn:call",
        .approved = ""};
    struct tools_context context = {0};
    struct tools_run run = {0};
    struct arena *arena = arena_new();
    struct buf bytes = {0};
    struct sent sent;

    (void)state;
    assert_int_equal(tool_words_ask(&bytes, &sent_run, ARGS, strlen(ARGS)), 0);
    read_request(&bytes, &sent);
    assert_string_equal(buf_text(&sent.body), ARGS);
    assert_int_equal(tool_words_read(sent_param, &sent, tools_find, arena, &context, &run), 0);
    assert_ptr_equal(run.spec, sent_run.spec);
    assert_string_equal(run.call_id, "turn:call");
    assert_string_equal(run.approved, "");
    assert_string_equal(context.uid, "ann");
    assert_string_equal(context.session, "s1");
    assert_true(context.epoch == sent_context.epoch && context.now_ms == sent_context.now_ms);
    assert_string_equal(context.zone, "Australia/Sydney");
    assert_string_equal(context.locale, "");
    assert_string_equal(context.currency, "AUD");
    assert_true(context.has_location && context.latitude == sent_context.latitude);
    assert_true(context.longitude == sent_context.longitude);
    assert_string_equal(context.location_text, "K\xc3\xb6ln");
    assert_string_equal(context.role, "admin");
    assert_string_equal(context.chat_session, "trip~t1");
    assert_string_equal(context.chat_trip, "t1");
    buf_free(&sent.params);
    buf_free(&sent.body);
    buf_free(&bytes);
    arena_free(arena);
}

static void what_nobody_of_ours_wrote_is_refused(void **state)
{
    struct tools_context context = {0};
    struct tools_run run = {0};
    struct arena *arena = arena_new();
    struct sent sent = {{0}, {0}};

    (void)state;
    assert_int_equal(tool_words_read(sent_param, &sent, tools_find, arena, &context, &run),
        ERR_PROTOCOL);
    fastcgi_record_put_pair(&sent.params, "TP_INTERNAL", "stream");
    fastcgi_record_put_pair(&sent.params, "TP_TOOL", TOOL);
    assert_int_equal(tool_words_read(sent_param, &sent, tools_find, arena, &context, &run),
        ERR_PROTOCOL);
    buf_reset(&sent.params);
    fastcgi_record_put_pair(&sent.params, "TP_INTERNAL", "tool");
    fastcgi_record_put_pair(&sent.params, "TP_TOOL", "no_such_tool");
    assert_int_equal(tool_words_read(sent_param, &sent, tools_find, arena, &context, &run),
        ERR_NOT_FOUND);
    buf_reset(&sent.params);
    fastcgi_record_put_pair(&sent.params, "TP_INTERNAL", "tool");
    fastcgi_record_put_pair(&sent.params, "TP_TOOL", TOOL);
    fastcgi_record_put_pair(&sent.params, "TP_ZONE", "UTC"); /* and no user */
    assert_int_equal(tool_words_read(sent_param, &sent, tools_find, arena, &context, &run),
        ERR_PROTOCOL);
    buf_free(&sent.params);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_of_a_call_arrives),
        cmocka_unit_test(what_nobody_of_ours_wrote_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
