/* SPDX-License-Identifier: BSD-2-Clause */
/* What a reader of a durable stream asks for, and the parts of its answer that need no Redis. */
#include "base/conf.h"
#include "process/etag.h"
#include "store/logentry.h"
#include "tests/unit/cm.h"
#include "workers/stream/stream_durable_ask.h"
#include "workers/stream/stream_durable_reply.h"

#include <string.h>

#define WHO "user=u&session=s"
#define TURN "&scope=run&turn=01234567-89ab-7def-8123-456789abcdef"

static void the_hand_over_says_what_is_asked(void **state)
{
    struct stream_durable_ask ask;

    (void)state;
    assert_int_equal(stream_durable_ask_read(WHO "&offset=-1", false, &ask), 0);
    assert_int_equal(ask.where, STREAM_DURABLE_START);
    assert_int_equal(ask.live, STREAM_DURABLE_CATCH_UP);
    assert_false(ask.text || ask.head || ask.h.turn[0]);
    assert_int_equal(ask.seen, 0);
    assert_int_equal(
        stream_durable_ask_read(WHO TURN
            "&offset=0000000000000012-0000000003&live=sse&seen=77&as=text&match=%22a%22",
            false, &ask),
        0);
    assert_int_equal(ask.where, STREAM_DURABLE_AT);
    assert_int_equal(ask.at.epoch, 12);
    assert_int_equal(ask.at.n, 3);
    assert_int_equal(ask.live, STREAM_DURABLE_SSE);
    assert_true(ask.text);
    assert_int_equal(ask.seen, 77);
    assert_string_equal(ask.match, "\"a\"");
    assert_false(ask.h.whole_session);
    assert_int_equal(stream_durable_ask_read(WHO "&offset=12-3&live=long-poll", true, &ask), 0);
    assert_int_equal(ask.where, STREAM_DURABLE_NOW); /* HEAD tells the tail */
    assert_int_equal(ask.live, STREAM_DURABLE_CATCH_UP);
    assert_true(ask.head);
}

static void what_the_hand_over_cannot_say_is_refused(void **state)
{
    static const char *const bad[] = {WHO, WHO "&offset=", WHO "&offset=12", WHO "&offset=-2",
        WHO "&offset=-1&live=poll", "session=s&offset=-1", "user=u&offset=-1",
        WHO "&scope=run&offset=-1", WHO "&offset=1234567890123456789-1"};
    struct stream_durable_ask ask;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_not_equal(stream_durable_ask_read(bad[i], false, &ask), 0);
}

static void offsets_sort_as_their_ids(void **state)
{
    static const struct logentry_id ids[] = {{0, 0}, {0, 9}, {0, 10}, {9, 1}, {1790000000000, 9},
        {1790000000000, 10}, {1790000000000, 9999999999}, {9999999999999999, 1}};
    char before[LOGENTRY_ID_SIZE] = "", text[LOGENTRY_ID_SIZE];
    struct logentry_id back;

    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        size_t len = logentry_id_format_sorted(ids[i], text);
        assert_int_equal(len, 27);
        assert_true(strcmp(before, text) < 0);
        assert_int_equal(logentry_id_parse(text, len, &back), 0);
        assert_int_equal(logentry_id_compare(back, ids[i]), 0);
        strcpy(before, text);
    }
}

static void a_cursor_never_goes_back(void **state)
{
    const int64_t now = 1796000000000, at = (now / 1000 - 1728432000) / 20;

    (void)state;
    assert_int_equal(stream_durable_reply_cursor(0, now), at);
    assert_int_equal(stream_durable_reply_cursor(at - 1, now), at);
    for (int64_t seen = at; seen < at + 1000; seen += 7) {
        int64_t next = stream_durable_reply_cursor(seen, now + seen);
        assert_true(next > seen && next <= seen + 180);
    }
    /* one that the next request may name */
    assert_int_equal(stream_durable_reply_cursor(999999999999999999, now), 999999999999999999);
    assert_int_equal(stream_durable_reply_cursor(999999999999999990, now), 999999999999999999);
}

static void a_tag_is_found_in_the_list_of_a_client(void **state)
{
    static const struct {
        const char *list;
        bool found;
    } cases[] = {{NULL, false}, {"", false}, {"*", true}, {" * ", true}, {"*x", false},
        {"\"a\"", true}, {"W/\"a\"", true}, {"\"b\", W/\"a\"", true}, {"\"b\",\"a\"", true},
        {"a", false}, {"\"a", false}, {"\"ab\"", false}, {"\"b\" \"a\"", true}, {"W/", false},
        {"\"b,\"a\"", false}, {"\"", false}, {",,\"a\",", true}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(etag_matches(cases[i].list, "\"a\""), cases[i].found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hand_over_says_what_is_asked),
        cmocka_unit_test(what_the_hand_over_cannot_say_is_refused),
        cmocka_unit_test(offsets_sort_as_their_ids),
        cmocka_unit_test(a_cursor_never_goes_back),
        cmocka_unit_test(a_tag_is_found_in_the_list_of_a_client),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
