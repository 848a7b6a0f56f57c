/* SPDX-License-Identifier: BSD-2-Clause */
/* Subscribed calendars: what an answer means, when the next refresh is, what becomes of a file. */
#include "base/err.h"
#include "store/feeds.h"
#include "tests/unit/cm.h"
#include "tools/calendar/calendar_feed.h"
#include "workers/housekeeper/feeds_desk.h"

#include <string.h>

#define ID "0192f0c1-2345-7abc-8def-0123456789ab"
#define HOUR FEEDS_HOUR_MS

static void an_answer_is_judged(void **state)
{
    static const struct {
        struct feeds_answer answer;
        enum feeds_verdict verdict;
        const char *why;
    } cases[] = {
        {{.status = 200, .type = "text/calendar", .body = "BEGIN"}, FEEDS_TAKE, ""},
        {{.status = 200, .type = "", .body = "BEGIN"}, FEEDS_TAKE, ""},
        {{.status = 200, .type = "text/html; charset=utf-8", .body = "BEGIN"}, FEEDS_REFUSED,
            "web page"},
        {{.status = 200, .type = "text/calendar", .body = "\xef\xbb\xbf\r\n <html>"}, FEEDS_REFUSED,
            "web page"},
        {{.status = 304, .type = "", .body = ""}, FEEDS_SAME, ""},
        {{.status = 410, .type = "", .body = ""}, FEEDS_ENDED, "410"},
        {{.status = 410, .error = ERR_LIMIT, .type = "", .body = ""}, FEEDS_ENDED, "410"},
        {{.status = 401, .type = "", .body = ""}, FEEDS_FAILED, "401"},
        {{.status = 404, .type = "", .body = ""}, FEEDS_FAILED, "404"},
        {{.status = 302, .type = "", .body = ""}, FEEDS_FAILED, "302"},
        {{.status = 500, .type = "", .body = ""}, FEEDS_FAILED, "500"},
        {{.error = ERR_NET, .type = "", .body = ""}, FEEDS_FAILED, "reached"},
        {{.error = ERR_DEADLINE, .type = "", .body = ""}, FEEDS_FAILED, "in time"},
        {{.error = ERR_FORBIDDEN, .type = "", .body = ""}, FEEDS_REFUSED, "public"},
        {{.error = ERR_LIMIT, .status = 200, .type = "", .body = ""}, FEEDS_REFUSED, "2 MiB"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct feeds_answer a = cases[i].answer;
        char why[200];

        a.len = strlen(a.body);
        assert_int_equal(feeds_desk_judge(&a, why, sizeof why), cases[i].verdict);
        assert_non_null(strstr(why, cases[i].why));
        assert_int_equal(*why != '\0', *cases[i].why != '\0');
    }
}

static int64_t waits(int64_t wish, int64_t failures, int64_t fetched, int64_t retry_after)
{
    struct feed f = {.id = ID, .refresh_ms = wish, .failures = failures, .fetched_ms = fetched};
    int64_t wait = feeds_desk_wait(&f, retry_after);

    assert_int_equal(wait, feeds_desk_wait(&f, retry_after)); /* by its id: always the same */
    return wait;
}

static void the_next_refresh_is_between_an_hour_and_a_day(void **state)
{
    (void)state;
    assert_in_range(waits(0, 0, 1, -1), HOUR, HOUR + HOUR / 10);
    assert_in_range(waits(1000, 0, 1, -1), HOUR, HOUR + HOUR / 10);
    assert_in_range(waits(6 * HOUR, 0, 1, -1), 6 * HOUR, 6 * HOUR + 6 * HOUR / 10);
    assert_in_range(waits(INT64_MAX, 0, 1, -1), 24 * HOUR, FEEDS_WAIT_MAX_MS);
    assert_in_range(waits(0, 1, 0, -1), 300000, 330000); /* it never came */
    assert_in_range(waits(0, 1, 1, -1), HOUR, HOUR + HOUR / 10);
    assert_in_range(waits(0, 2, 1, -1), 2 * HOUR, 2 * HOUR + HOUR / 5);
    assert_in_range(waits(0, 40, 1, -1), 24 * HOUR, FEEDS_WAIT_MAX_MS);
    assert_in_range(waits(0, 1, 1, 3 * HOUR), 3 * HOUR, 3 * HOUR + 3 * HOUR / 10);
    assert_in_range(waits(0, 1, 1, 1000), HOUR, HOUR + HOUR / 10);
    assert_in_range(waits(0, 1, 1, INT64_MAX), 24 * HOUR, FEEDS_WAIT_MAX_MS);
}

static void reads(const char *text, struct buf *out)
{
    struct module_feed_ask ask = {.id = ID,
        .zone = "Australia/Sydney",
        .now_ms = INT64_C(1796094000000)}; /* December 2026 */

    buf_reset(out);
    assert_int_equal(calendar_feed_read(&ask, text, strlen(text), out), 0);
}

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
#define EVENT(uid, start, more) \
    "BEGIN:VEVENT\r\nUID:" uid "\r\nDTSTART:" start "\r\nSUMMARY:S\r\n" more "END:VEVENT\r\n"
#define TAIL "END:VCALENDAR\r\n"

static void a_file_becomes_parts(void **state)
{
    struct buf out = {0};

    (void)state;
    reads(HEAD "X-PUBLISHED-TTL:PT3H\r\n" EVENT("a", "20270101T000000Z", "") TAIL, &out);
    assert_non_null(strstr(buf_text(&out), "10800000 1 0\n1798761600000 1798761600001 [{"));
    assert_non_null(strstr(buf_text(&out), "\"id\":\"sub_" ID "_"));
    assert_non_null(strstr(buf_text(&out), "\"uid\":\"a\""));
    /* What is long over is not kept; a part has those of one time, another those that repeat. */
    reads(HEAD EVENT("old", "20200101T000000Z", "") EVENT("b", "20270101T000000Z", "")
              EVENT("c", "20270102T000000Z", "RRULE:FREQ=DAILY;COUNT=2\r\n") TAIL,
        &out);
    assert_non_null(strstr(buf_text(&out), "0 2 0\n"));
    assert_null(strstr(buf_text(&out), "\"old\""));
    assert_non_null(strstr(buf_text(&out), "]\n1798848000000 "));
    /* One that is cancelled is none; one whose rule is none is counted. */
    reads(HEAD EVENT("d", "20270101T000000Z", "STATUS:CANCELLED\r\n")
              EVENT("e", "20270101T000000Z", "RRULE:FREQ=NEVER\r\n") TAIL,
        &out);
    assert_non_null(strstr(buf_text(&out), "0 0 1\n"));
    /* None of them rings. */
    reads(HEAD EVENT("f", "20270101T000000Z",
              "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n") TAIL,
        &out);
    assert_non_null(strstr(buf_text(&out), "\"reminder_minutes\":[]"));
    reads("no calendar", &out);
    assert_int_equal(buf_text(&out)[0], '!');
    buf_free(&out);
}

static void an_event_tells_its_subscription(void **state)
{
    char id[IDENT_UUID_SIZE];

    (void)state;
    assert_int_equal(calendar_feed_of("sub_" ID "_0123", id), 0);
    assert_string_equal(id, ID);
    assert_int_equal(calendar_feed_of(ID, id), ERR_NOT_FOUND);
    assert_int_equal(calendar_feed_of("sub_" ID, id), ERR_NOT_FOUND);
    assert_int_equal(calendar_feed_of("sub_", id), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_judged),
        cmocka_unit_test(the_next_refresh_is_between_an_hour_and_a_day),
        cmocka_unit_test(a_file_becomes_parts),
        cmocka_unit_test(an_event_tells_its_subscription),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
