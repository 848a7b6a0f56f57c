/* SPDX-License-Identifier: BSD-2-Clause */
/* Web pushes over a real Redis: made due with the entry, claimed by one, tried again, given up,
 * bounded; and the desk that sends them. */
#include "base/clock.h"
#include "base/err.h"
#include "base/reactor.h"
#include "process/revoked.h"
#include "process/webpush.h"
#include "store/inbox.h"
#include "store/keys.h"
#include "store/pushes.h"
#include "store/shared.h"
#include "turn_actors.h"
#include "web_double.h"
#include "workers/housekeeper/push_desk.h"
#include "workers/housekeeper/push_letter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cm.h"
#include "tests/unit/store_bench.h"

#define USER ACTORS_USER
/* The example of RFC 8291. */
#define KEYS \
    "\"p256dh\":\"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNt" \
    "oIAiw4\",\"auth\":\"BTBZMqHH6r4Tts7J_aSIgg\""

static struct reactor *reactor;
static struct buf pem;
static char subject[] = "mailto:operator@example.org";
static char *key_before, *subject_before;

static int set_up_all(void **state)
{
    store_bench_open(state);
    assert_int_equal(reactor_new(&reactor), 0);
    assert_int_equal(webpush_key_make(&pem), 0);
    one->reactor = reactor;
    key_before = conf.push_key;
    subject_before = conf.push_subject;
    conf.push_key = pem.data;
    conf.push_subject = subject;
    conf.push_allow_private = true;
    return 0;
}

static int tear_down_all(void **state)
{
    conf.push_key = key_before;
    conf.push_subject = subject_before;
    store_bench_close(state);
    reactor_free(reactor);
    buf_free(&pem);
    return 0;
}

static int set_up(void **state)
{
    store_bench_begin(state);
    return link_command(one->link, NULL, "FLUSHALL");
}

static void subscribe(const char *uid, const char *endpoint, const char *events, int64_t at)
{
    char id[PUSHES_ID_SIZE], json[1024];

    pushes_id(uid, endpoint, id);
    snprintf(json, sizeof json,
        "{\"confirmed_ms\":%lld,\"endpoint\":\"%s\"," KEYS ",\"events\":[%s]}", (long long)at,
        endpoint, events);
    assert_int_equal(pushes_subscribe(one, uid, id, json), 0);
}

static void tell(const char *uid, const char *mark)
{
    assert_int_equal(shared_inbox(one, uid, mark,
                         "{\"type\":\"reminder\",\"message\":\"Dentist: in 1 hour\"}"),
        0);
}

static size_t claim(struct store *s, struct pushes_claimed *out, size_t max)
{
    out->max = max;
    assert_int_equal(pushes_claim(s, USER, arena, out), 0);
    return out->count;
}

static bool removed; /* by the last settle */

static int settle(struct store *s, const struct pushes_try *t, enum pushes_outcome outcome,
    int64_t wait_ms)
{
    return pushes_settle(s, t, outcome, wait_ms, &removed);
}

static int64_t number_of(const char *command, const char *key)
{
    struct link_reply *r = NULL;

    assert_int_equal(link_command(one->link, &r, "%s %s", command, key), 0);
    int64_t number = link_reply_int(r);
    link_reply_free(r);
    return number;
}

static size_t subscriptions(const char *uid)
{
    struct buf list = {0};
    size_t count;

    assert_int_equal(pushes_list(one, uid, &list, &count), 0);
    assert_null(strstr(buf_text(&list), "p256dh"));
    buf_free(&list);
    return count;
}

static void test_who_did_not_ask_is_not_told(void **state)
{
    struct pushes_claimed c;

    (void)state;
    tell(USER, "m1");
    assert_int_equal(claim(one, &c, 8), 0);
    assert_int_equal(c.wait_ms, -1);
    subscribe(USER, "https://push.example/a", "\"answers\"", 1);
    subscribe("other", "https://push.example/b", "\"reminders\"", 1);
    tell(USER, "m2");
    assert_int_equal(claim(one, &c, 8), 0);
    assert_int_equal(number_of("ZCARD", KEYS_HINT_PUSHES), 1); /* before the fact, for nothing */
}

static void test_an_entry_is_due_for_each_browser_and_of_two_claimers_one_gets_it(void **state)
{
    struct pushes_claimed first, second;

    (void)state;
    subscribe(USER, "https://push.example/a", "\"reminders\"", 1);
    subscribe(USER, "https://push.example/b", "\"reminders\",\"answers\"", 1);
    tell(USER, "m1");
    tell(USER, "m1"); /* once more: nothing happens */
    assert_int_equal(claim(one, &first, 1), 1);
    assert_int_equal(first.wait_ms, 0);
    assert_int_equal(claim(two, &second, 8), 1);
    assert_string_not_equal(first.tries[0].member, second.tries[0].member);
    assert_in_range(second.wait_ms, 1, PUSHES_LEASE_MS);
    assert_int_equal(claim(three, &second, 8), 0);
    assert_int_equal(settle(one, &first.tries[0], PUSHES_DONE, 0), 0);
    assert_int_equal(settle(one, &first.tries[0], PUSHES_DONE, 0), ERR_FENCED);
}

static void test_it_is_tried_again_until_it_is_given_up(void **state)
{
    struct pushes_claimed c;

    (void)state;
    subscribe(USER, "https://push.example/a", "\"reminders\"", 1);
    tell(USER, "m1");
    for (unsigned i = 1; i <= PUSHES_TRIES; i++) {
        assert_int_equal(claim(one, &c, 8), 1);
        assert_int_equal(c.tries[0].number, i);
        assert_int_equal(settle(one, &c.tries[0], PUSHES_AGAIN, 60000), 0);
        assert_int_equal(claim(two, &c, 8), 0);
        assert_in_range(c.wait_ms, 1, 60000);
        assert_int_equal(settle(one, &c.tries[0], PUSHES_AGAIN, 0), ERR_FENCED);
        /* Its time has come; nobody says what became of the try before. */
        assert_int_equal(link_command(one->link, NULL, "ZADD tp:{" USER "}:push:due 1 %s",
                             c.tries[0].member),
            0);
    }
    assert_int_equal(claim(one, &c, 8), 0);
    assert_int_equal(c.wait_ms, -1);
    assert_int_equal(number_of("EXISTS", "tp:{" USER "}:push:items"), 0);
    assert_int_equal(push_desk_back_off(1, -1), 30000);
    assert_int_equal(push_desk_back_off(2, -1), 120000);
    assert_int_equal(push_desk_back_off(5, -1), 3600000);
    assert_int_equal(push_desk_back_off(1, 90000), 90000);
    assert_int_equal(push_desk_back_off(1, 86400000), 3600000);
}

static void test_what_is_gone_takes_its_deliveries_along(void **state)
{
    struct pushes_claimed c;

    (void)state;
    subscribe(USER, "https://push.example/a", "\"reminders\"", 1);
    tell(USER, "m1");
    tell(USER, "m2");
    assert_int_equal(claim(one, &c, 1), 1);
    assert_int_equal(settle(one, &c.tries[0], PUSHES_GONE, 0), 0);
    assert_int_equal(subscriptions(USER), 0);
    assert_int_equal(claim(one, &c, 8), 0);
    assert_int_equal(number_of("EXISTS", "tp:{" USER "}:push:items"), 0);
    assert_int_equal(number_of("EXISTS", "tp:{" USER "}:push:due"), 0);
    assert_int_equal(number_of("EXISTS", "tp:{" USER "}:push:tries"), 0);
}

static void test_an_entry_that_was_answered_is_no_news(void **state)
{
    struct pushes_claimed c;
    char id[40];

    (void)state;
    subscribe(USER, "https://push.example/a", "\"reminders\"", 1);
    tell(USER, "m1");
    assert_int_equal(claim(one, &c, 8), 1);
    snprintf(id, sizeof id, "%.*s", (int)strcspn(c.tries[0].member, " "), c.tries[0].member);
    assert_int_equal(settle(one, &c.tries[0], PUSHES_AGAIN, 0), 0);
    assert_int_equal(inbox_ack(one, USER, id), 0);
    assert_int_equal(claim(one, &c, 8), 0);
    assert_int_equal(c.wait_ms, -1);
}

static void test_browsers_and_deliveries_are_bounded(void **state)
{
    struct pushes_claimed c;
    char text[64], id[PUSHES_ID_SIZE];

    (void)state;
    for (int i = 0; i < PUSHES_SUBSCRIPTIONS_MAX + 3; i++) {
        snprintf(text, sizeof text, "https://push.example/%d", i);
        subscribe(USER, text, i < PUSHES_SUBSCRIPTIONS_MAX ? "\"answers\"" : "\"reminders\"",
            1000 + i);
    }
    assert_int_equal(subscriptions(USER), PUSHES_SUBSCRIPTIONS_MAX);
    pushes_id(USER, "https://push.example/2", id);
    assert_int_equal(pushes_forget(one, USER, id), ERR_NOT_FOUND); /* made room */
    pushes_id(USER, "https://push.example/3", id);
    assert_int_equal(pushes_forget(one, USER, id), 0);
    for (int i = 0; i < 100; i++) {
        snprintf(text, sizeof text, "m%d", i);
        tell(USER, text);
    }
    assert_int_equal(number_of("ZCARD", "tp:{" USER "}:push:due"), 200);
    assert_int_equal(claim(one, &c, 8), 8);
}

static void test_a_hint_goes_only_when_nothing_came_after_it(void **state)
{
    struct hints_due hints[4];
    size_t count;

    (void)state;
    assert_int_equal(link_command(one->link, NULL, "ZADD %s 1 %s", KEYS_HINT_PUSHES, USER), 0);
    assert_int_equal(pushes_due(one, hints, 4, &count), 0);
    assert_int_equal(count, 1);
    assert_string_equal(hints[0].uid, USER);
    struct hints_due old = hints[0];
    assert_int_equal(pushes_due(two, hints, 4, &count), 0);
    assert_int_equal(count, 0); /* another one has it */
    pushes_expect(one, USER);   /* something new */
    pushes_later(one, &old, -1);
    assert_int_equal(number_of("ZCARD", KEYS_HINT_PUSHES), 1);
    assert_int_equal(link_command(one->link, NULL, "ZADD %s 1 %s", KEYS_HINT_PUSHES, USER), 0);
    assert_int_equal(pushes_due(one, hints, 4, &count), 0);
    pushes_later(one, &hints[0], -1);
    assert_int_equal(number_of("ZCARD", KEYS_HINT_PUSHES), 0);
}

/* Runs a desk until this user's deliveries are this many and none is on its way, at most 10 s. */
static void run_desk(struct push_desk *desk, int64_t left)
{
    int64_t until = clock_mono_ms() + 10000;

    push_desk_wake(desk, USER);
    do {
        assert_true(clock_mono_ms() < until);
        int64_t now = clock_mono_ms(), next = push_desk_step(desk, now);
        reactor_step(reactor, next < now + 100 ? next : now + 100, NULL);
    } while (push_desk_open(desk) > 0 || number_of("ZCARD", "tp:{" USER "}:push:due") != left);
}

static void test_a_desk_sends_and_minds_the_status(void **state)
{
    static const struct web_page pages[] = {
        {"POST /ok", "Content-Encoding: aes128gcm", "201 Created", ""},
        {"POST /gone", "TTL: 14400", "410 Gone", ""},
        {"POST /refused", "Urgency: high", "400 Bad Request", ""},
        {"POST /busy", "Authorization: vapid t=", "503 Service Unavailable\r\nRetry-After: 300",
            ""},
        {NULL, NULL, NULL, NULL},
    };
    static const struct {
        const char *path;
        size_t subscriptions;
        int64_t left;
    } cases[] = {{"/ok", 1, 0}, {"/gone", 0, 0}, {"/refused", 1, 0}, {"/busy", 1, 1}};
    struct push_desk *desk;
    struct web_double web;
    struct pushes_claimed c;
    char url[128];

    (void)state;
    web_double_start(&web, pages);
    assert_int_equal(push_desk_new(&desk, one, reactor), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(link_command(one->link, NULL, "FLUSHALL"), 0);
        snprintf(url, sizeof url, "%s%s", web.base, cases[i].path);
        subscribe(USER, url, "\"reminders\"", 1);
        tell(USER, "m1");
        run_desk(desk, cases[i].left);
        assert_int_equal(subscriptions(USER), cases[i].subscriptions);
    }
    assert_int_equal(claim(one, &c, 8), 0); /* Retry-After counts */
    assert_in_range(c.wait_ms, 200000, 300000);
    conf.push_allow_private = false; /* the connected address decides */
    assert_int_equal(link_command(one->link, NULL, "FLUSHALL"), 0);
    snprintf(url, sizeof url, "%s/ok", web.base);
    subscribe(USER, url, "\"reminders\"", 1);
    tell(USER, "m1");
    run_desk(desk, 0);
    assert_int_equal(subscriptions(USER), 0);
    conf.push_allow_private = true;
    push_desk_free(desk);
    web_double_stop(&web);
}

static void subscribe_by(const char *url, const char *by)
{
    char id[PUSHES_ID_SIZE], json[1024];

    pushes_id(USER, url, id);
    snprintf(json, sizeof json,
        "{\"confirmed_ms\":1,\"endpoint\":\"%s\"," KEYS ",\"events\":[\"reminders\"]%s}", url, by);
    assert_int_equal(pushes_subscribe(one, USER, id, json), 0);
}

static void test_a_revoked_credential_is_told_no_more(void **state)
{
    static const struct web_page pages[] = {{"POST /ok", "Content-Encoding: aes128gcm",
                                                "201 Created", ""},
        {NULL, NULL, NULL, NULL}};
    static const struct {
        const char *by;
        size_t subscriptions;
    } cases[] = {{",\"by\":\"k0000000000000007.500\"", 0}, /* by its id */
        {",\"by\":\"j0000000000000008.500\"", 0},          /* all of the user's before then */
        {"", 0}, {",\"by\":\"j0000000000000008.1000\"", 1}, {",\"by\":\"-\"", 1}};
    char dir[] = "/tmp/tp-pushes-XXXXXX", *before = conf.run_dir, path[64], url[128];
    char written[IDENT_SHA256_SIZE] = "";
    struct revoked list = {0};
    struct push_desk *desk;
    struct web_double web;

    (void)state;
    assert_non_null(mkdtemp(dir));
    conf.run_dir = dir;
    assert_int_equal(revoked_add(&list, "c:0000000000000007", "0 0"), 0);
    assert_int_equal(revoked_add(&list, "u:" USER, "1000 0"), 0);
    assert_int_equal(revoked_file_write(&conf, &list, written), 0);
    revoked_free(&list);
    web_double_start(&web, pages);
    snprintf(url, sizeof url, "%s/ok", web.base);
    assert_int_equal(push_desk_new(&desk, one, reactor), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(link_command(one->link, NULL, "FLUSHALL"), 0);
        subscribe_by(url, cases[i].by);
        tell(USER, "m1");
        run_desk(desk, 0);
        assert_int_equal(subscriptions(USER), cases[i].subscriptions);
    }
    push_desk_free(desk);
    web_double_stop(&web);
    conf.run_dir = before;
    snprintf(path, sizeof path, "%s/revoked", dir);
    unlink(path);
    assert_int_equal(rmdir(dir), 0);
}

static void test_a_subscription_whose_time_is_over_goes(void **state)
{
    static const struct web_page pages[] = {{"POST /ok", "Content-Encoding: aes128gcm",
                                                "201 Created", ""},
        {NULL, NULL, NULL, NULL}};
    char url[128], ends[64];
    struct push_desk *desk;
    struct web_double web;

    (void)state;
    web_double_start(&web, pages);
    snprintf(url, sizeof url, "%s/ok", web.base);
    assert_int_equal(push_desk_new(&desk, one, reactor), 0);
    for (int later = 0; later < 2; later++) {
        assert_int_equal(link_command(one->link, NULL, "FLUSHALL"), 0);
        snprintf(ends, sizeof ends, ",\"by\":\"-\",\"ends_ms\":%lld",
            (long long)clock_real_ms() + (later ? 600000 : 0));
        subscribe_by(url, ends);
        assert_int_equal(subscriptions(USER), later);
        tell(USER, "m1");
        run_desk(desk, 0);
        assert_int_equal(number_of("HLEN", "tp:{" USER "}:push"), later);
    }
    push_desk_free(desk);
    web_double_stop(&web);
}

/* A push of its own is given up, as if the first one of them was `days` ago. */
static void fail_one(const char *mark, int days)
{
    char since[64];
    struct pushes_claimed c;

    if (days) {
        snprintf(since, sizeof since, "%lld", (long long)clock_real_ms() - days * 86400000LL);
        assert_int_equal(link_command(one->link, NULL, "EVAL %s 1 %s %s",
                             "local k = KEYS[1] for _, s in ipairs(redis.call('HKEYS', k)) do "
                             "redis.call('HSET', k, s, (string.gsub(redis.call('HGET', k, s), "
                             "'^%d+', ARGV[1]))) end return 1",
                             "tp:{" USER "}:push:failing", since),
            0);
    }
    tell(USER, mark);
    assert_int_equal(claim(one, &c, 8), 1);
    assert_int_equal(settle(one, &c.tries[0], PUSHES_FAILED, 0), 0);
}

static void test_a_subscription_that_fails_for_a_week_goes(void **state)
{
    struct pushes_claimed c;

    (void)state;
    subscribe(USER, "https://push.example/a", "\"reminders\"", 1);
    for (int i = 0; i < 5; i++) { /* many in a short time: its push service may be away */
        char mark[16];
        snprintf(mark, sizeof mark, "a%d", i);
        fail_one(mark, 0);
        assert_false(removed);
    }
    fail_one("b", 6);
    assert_false(removed);
    tell(USER, "c"); /* one that is delivered ends the row */
    assert_int_equal(claim(one, &c, 8), 1);
    assert_int_equal(settle(one, &c.tries[0], PUSHES_DONE, 0), 0);
    assert_int_equal(number_of("EXISTS", "tp:{" USER "}:push:failing"), 0);
    fail_one("d", 0);
    fail_one("e", 30); /* two in a month may be two bad days */
    assert_false(removed);
    assert_int_equal(subscriptions(USER), 1);
    fail_one("f", 8);
    assert_true(removed);
    assert_int_equal(subscriptions(USER), 0);
    assert_int_equal(number_of("EXISTS", "tp:{" USER "}:push:failing"), 0);
    assert_int_equal(number_of("EXISTS", "tp:{" USER "}:push:items"), 0);
}

static void write_letter(struct webpush_key *key, const char *item, struct push_letter *out)
{
    const struct push_letter_of of = {key, USER, "1790000000000-0 abc", item, 1790000000000};

    assert_int_equal(push_letter_write(&of, out), 0);
}

static void test_a_letter_says_what_it_is_of(void **state)
{
    struct webpush_key *key;
    struct push_letter letter;
    struct buf long_item = {0};
    char first_topic[33];

    (void)state;
    assert_int_equal(webpush_key_read(conf.push_key, &key), 0);
    write_letter(key,
        "{\"kind\":\"inbox\",\"event\":{\"id\":\"5-1\",\"type\":\"timer_expired\","
        "\"message\":\"Time is up: tea\"}}",
        &letter);
    assert_non_null(strstr(letter.text.data, "\"to\":\"abc\""));
    assert_non_null(strstr(letter.text.data, "\"type\":\"timer\""));
    assert_non_null(strstr(letter.text.data, "\"body\":\"Time is up: tea\""));
    assert_non_null(strstr(letter.text.data, "\"act\":\""));
    assert_string_equal(letter.urgency, "high");
    assert_int_equal(strlen(letter.topic), 32);
    snprintf(first_topic, sizeof first_topic, "%s", letter.topic);
    push_letter_free(&letter);
    write_letter(key,
        "{\"kind\":\"answer\",\"session\":\"s1\",\"title\":\"Trip\",\"text\":\"Done.\"}", &letter);
    assert_non_null(strstr(letter.text.data, "\"url\":\"#/c/s1\""));
    assert_null(strstr(letter.text.data, "\"act\":"));
    assert_string_equal(letter.urgency, "normal");
    assert_string_not_equal(letter.topic, first_topic);
    push_letter_free(&letter);
    buf_puts(&long_item, "{\"kind\":\"inbox\",\"event\":{\"id\":\"5-1\",\"message\":\"");
    for (int i = 0; i < 2000; i++)
        buf_puts(&long_item, "\\u0001\xc3\xa4");
    buf_puts(&long_item, "\"}}");
    write_letter(key, buf_text(&long_item), &letter);
    assert_in_range(letter.text.len, 500, PUSH_LETTER_MAX);
    push_letter_free(&letter);
    buf_free(&long_item);
    webpush_key_free(key);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, store_bench_end)
    const struct CMUnitTest tests[] = {
        TEST(test_who_did_not_ask_is_not_told),
        TEST(test_an_entry_is_due_for_each_browser_and_of_two_claimers_one_gets_it),
        TEST(test_it_is_tried_again_until_it_is_given_up),
        TEST(test_what_is_gone_takes_its_deliveries_along),
        TEST(test_an_entry_that_was_answered_is_no_news),
        TEST(test_browsers_and_deliveries_are_bounded),
        TEST(test_a_hint_goes_only_when_nothing_came_after_it),
        TEST(test_a_desk_sends_and_minds_the_status),
        TEST(test_a_revoked_credential_is_told_no_more),
        TEST(test_a_subscription_whose_time_is_over_goes),
        TEST(test_a_subscription_that_fails_for_a_week_goes),
        TEST(test_a_letter_says_what_it_is_of),
    };
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
