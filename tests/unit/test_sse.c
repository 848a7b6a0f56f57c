/* SPDX-License-Identifier: BSD-2-Clause */
/* sse: line ends, cuts at every place, limits, no copy on the usual path. */
#include "base/err.h"
#include "tests/unit/cm.h"
#include "wire/sse.h"

#include <string.h>

static struct buf seen;
static const char *fed, *fed_end;
static int in_place;

static int on_event(void *arg, const struct sse_event *event)
{
    (void)arg;
    in_place += event->data >= fed && event->data < fed_end;
    buf_printf(&seen, "[%s|%.*s]", event->name, (int)event->len, event->data);
    return event->len == 4 && memcmp(event->data, "stop", 4) == 0 ? 7 : 0;
}

static int feed(struct sse *parser, const char *bytes, size_t len)
{
    fed = bytes;
    fed_end = bytes + len;
    return sse_feed(parser, bytes, len, on_event, NULL);
}

static void any_cut_gives_the_same(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"data: a\n\n", "[|a]"},
        {"event: e\ndata: a\n\ndata: b\n\n", "[e|a][|b]"},
        {"event:e\r\ndata:a\r\n\r\n", "[e|a]"},
        {"event: e\rdata: a\r\rdata: b\r\r", "[e|a][|b]"},
        {"data: a\ndata:\ndata: c\n\n", "[|a\n\nc]"},
        {"data\n\n", "[|]"},
        {"data:\n\n", "[|]"},
        {": comment\n\nid: 5\nretry: 7\n\n", ""},
        {"event: lost\n\ndata: x\n\n", "[|x]"},
        {"\xef\xbb\xbf"
         "data: a\n\n",
            "[|a]"},
        {"data: a\n\n\xef\xbb\xbf"
         "data: b\n\n",
            "[|a]"},
        {"data:  two\n\n", "[| two]"},
        {"data: unfinished\n", ""},
        {"data: a\r\n\r\n\n\ndata: b\n\n", "[|a][|b]"},
        {"dat: a\ndataa: b\n\n", ""},
        {"data: Gr\xc3\xbc\xc3\x9f\n\n", "[|Gr\xc3\xbc\xc3\x9f]"},
    };
    struct sse parser;

    (void)state;
    sse_init(&parser, 1000);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = strlen(cases[i].in);
        for (size_t step = 1; step <= len; step++) {
            sse_reset(&parser);
            buf_reset(&seen);
            for (size_t at = 0; at < len; at += step) {
                char part[64];
                size_t n = len - at < step ? len - at : step;
                memcpy(part, cases[i].in + at, n);
                assert_int_equal(feed(&parser, part, n), 0);
                memset(part, '#', sizeof part);
            }
            assert_string_equal(buf_text(&seen), cases[i].out);
        }
    }
    sse_fini(&parser);
    buf_free(&seen);
}

static void whole_event_is_not_copied(void **state)
{
    static const char text[] = "event: x\ndata: {\"a\":1}\n\ndata: second\n\n";
    struct sse parser;

    (void)state;
    sse_init(&parser, 1000);
    in_place = 0;
    assert_int_equal(feed(&parser, text, sizeof text - 1), 0);
    assert_int_equal(in_place, 2);
    assert_null(parser.data.data); /* nothing was allocated */
    assert_null(parser.line.data);
    sse_fini(&parser);
    buf_free(&seen);
}

static void limits(void **state)
{
    char big[400];
    struct sse parser;

    (void)state;
    memset(big, 'x', sizeof big);
    memcpy(big, "data: ", 6);
    big[sizeof big - 2] = big[sizeof big - 1] = '\n';
    sse_init(&parser, 100);
    assert_int_equal(feed(&parser, big, sizeof big), ERR_LIMIT);
    sse_reset(&parser);
    assert_int_equal(feed(&parser, big, sizeof big - 2), ERR_LIMIT); /* a line that never ends */
    sse_reset(&parser);
    int error = 0;
    for (int i = 0; !error && i < 100; i++)
        error = feed(&parser, "data: 0123456789\n", 17); /* an event that never ends */
    assert_int_equal(error, ERR_LIMIT);
    sse_reset(&parser);
    assert_int_equal(feed(&parser, "data: ok\n\n", 10), 0);
    sse_fini(&parser);
    buf_free(&seen);
}

static void callback_stops_the_parse(void **state)
{
    struct sse parser;

    (void)state;
    sse_init(&parser, 100);
    assert_int_equal(feed(&parser, "data: stop\n\ndata: late\n\n", 24), 7);
    assert_string_equal(buf_text(&seen), "[|stop]");
    sse_fini(&parser);
    buf_free(&seen);
}

static int count_events(void *arg, const struct sse_event *event)
{
    (void)event;
    ++*(int *)arg;
    return 0;
}

static void feed_text(struct sse *parser, const char *text, int *events)
{
    assert_int_equal(sse_feed(parser, text, strlen(text), count_events, events), 0);
}

/* What a client needs to take a stream up again. */
static void id_and_retry_are_kept(void **state)
{
    struct sse parser;
    int events = 0;

    (void)state;
    sse_init(&parser, 1000);
    assert_int_equal(parser.retry_ms, -1);
    feed_text(&parser, "id: e1\nretry: 500\n", &events);
    assert_string_equal(parser.last_id, ""); /* its event is not whole yet */
    feed_text(&parser, "data: \n\n", &events);
    assert_string_equal(parser.last_id, "e1");
    assert_int_equal(parser.retry_ms, 500);
    feed_text(&parser, "data: x\n\nretry: soon\nretry: -1\nid: e2\n\n", &events);
    assert_string_equal(parser.last_id, "e2"); /* also of an event without data */
    assert_int_equal(parser.retry_ms, 500);
    assert_int_equal(events, 2);
    feed_text(&parser, "id: torn", &events);
    sse_reset(&parser);
    feed_text(&parser, "data: y\n\n", &events);
    assert_string_equal(parser.last_id, "e2");
    feed_text(&parser, "id\ndata: z\n\n", &events);
    assert_string_equal(parser.last_id, "");
    sse_fini(&parser);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_cut_gives_the_same),
        cmocka_unit_test(whole_event_is_not_copied),
        cmocka_unit_test(limits),
        cmocka_unit_test(callback_stops_the_parse),
        cmocka_unit_test(id_and_retry_are_kept),
    };
    return cmocka_run_group_tests_name("sse", tests, NULL, NULL);
}
