/* SPDX-License-Identifier: BSD-2-Clause */
/* The queue of webhooks over a real Redis: claimed by one, tried again, given up, bounded. */
#include "base/clock.h"
#include "base/err.h"
#include "base/reactor.h"
#include "store/keys.h"
#include "store/webhooks.h"
#include "turn_actors.h"
#include "web_double.h"
#include "workers/housekeeper/webhooks.h"

#include <stdio.h>
#include <string.h>

#include "cm.h"
#include "tests/unit/store_bench.h"

#define USER ACTORS_USER
#define URL "https://example.com/hook"

static struct reactor *reactor;

static int set_up_all(void **state)
{
    store_bench_open(state);
    assert_int_equal(reactor_new(&reactor), 0);
    one->reactor = reactor;
    return 0;
}

static int tear_down_all(void **state)
{
    store_bench_close(state);
    reactor_free(reactor);
    return 0;
}

static int set_up(void **state)
{
    store_bench_begin(state);
    return link_command(one->link, NULL, "DEL %s", KEYS_HINT_WEBHOOKS);
}

/* A running turn with a webhook. */
static struct turns_start begin(const char *url)
{
    const char *messages[] = {"{\"id\":\"m1\",\"role\":\"user\",\"content\":\"hi\"}"};
    struct turns_start start;
    char turn[IDENT_UUID_SIZE];

    ident_uuid7(turn);
    const struct turns_request request = {.uid = USER,
        .session = session,
        .turn = turn,
        .body_hash = "",
        .messages = messages,
        .message_count = 1,
        .first_event = "{\"type\":\"RUN_STARTED\"}",
        .input = "{}",
        .webhook = url,
        .may_run = true};
    assert_int_equal(webhooks_expect(one, USER, turn), 0);
    assert_int_equal(turns_begin(one, &request, arena, &start), 0);
    assert_int_equal(start.outcome, TURNS_STARTED);
    return start;
}

static struct webhooks_hint hint_of(const struct turns_start *t)
{
    struct webhooks_hint hint;

    snprintf(hint.uid, sizeof hint.uid, "%s", t->uid);
    snprintf(hint.turn, sizeof hint.turn, "%s", t->turn);
    return hint;
}

static struct webhooks_hint ended_turn(const char *url)
{
    struct turns_start start = begin(url);

    assert_int_equal(turns_fail(one, USER, start.turn, false, "internal_error", "It broke."), 0);
    return hint_of(&start);
}

static void field_set(const struct webhooks_hint *hint, const char *field, const char *value)
{
    char key[KEYS_MAX];

    keys_turn(key, hint->uid, hint->turn);
    assert_int_equal(link_command(one->link, NULL, "HSET %s %s %s", key, field, value), 0);
}

static bool field_is(const struct webhooks_hint *hint, const char *field, const char *value)
{
    struct link_reply *r = NULL;
    char key[KEYS_MAX];

    keys_turn(key, hint->uid, hint->turn);
    assert_int_equal(link_command(one->link, &r, "HGET %s %s", key, field), 0);
    bool same = strcmp(link_reply_text(r, NULL), value) == 0;
    link_reply_free(r);
    return same;
}

static int64_t hints(void)
{
    struct link_reply *r = NULL;

    assert_int_equal(link_command(one->link, &r, "ZCARD %s", KEYS_HINT_WEBHOOKS), 0);
    int64_t count = link_reply_int(r);
    link_reply_free(r);
    return count;
}

static void test_nothing_is_sent_before_the_end(void **state)
{
    struct turns_start start = begin(URL);
    struct webhooks_hint hint = hint_of(&start);
    struct webhooks_try try;
    int64_t wait;

    (void)state;
    assert_int_equal(webhooks_claim(one, &hint, &try, &wait), ERR_NOT_YET);
    assert_true(wait > 0);
    assert_int_equal(turns_fail(one, USER, start.turn, false, "internal_error", "It broke."), 0);
    assert_int_equal(webhooks_claim(one, &hint, &try, &wait), 0);
    assert_string_equal(try.url, URL);
    assert_int_equal(try.number, 1);
}

static void test_of_two_claimers_one_gets_it(void **state)
{
    struct webhooks_hint hint = ended_turn(URL);
    struct webhooks_try first, second, late;
    int64_t wait;

    (void)state;
    assert_int_equal(webhooks_claim(one, &hint, &first, &wait), 0);
    assert_int_equal(webhooks_claim(two, &hint, &second, &wait), ERR_NOT_YET);
    assert_in_range(wait, 1, WEBHOOKS_LEASE_MS);
    field_set(&hint, "hook_lease", "1"); /* the first one has gone silent */
    assert_int_equal(webhooks_claim(two, &hint, &late, &wait), 0);
    assert_int_equal(late.number, 2);
    assert_int_equal(webhooks_settle(one, &first, WEBHOOKS_DELIVERED, 0), ERR_FENCED);
    assert_int_equal(webhooks_settle(two, &late, WEBHOOKS_DELIVERED, 0), 0);
    assert_int_equal(webhooks_settle(two, &late, WEBHOOKS_DELIVERED, 0), 0); /* a lost reply */
    assert_int_equal(webhooks_claim(one, &hint, &first, &wait), ERR_NOT_FOUND);
    assert_int_equal(hints(), 0);
}

static void test_a_failed_try_comes_again_until_it_is_given_up(void **state)
{
    struct webhooks_hint hint = ended_turn(URL);
    struct webhooks_try try;
    int64_t wait, sum = 0;

    (void)state;
    for (unsigned i = 1; i <= WEBHOOKS_TRIES; i++) {
        assert_int_equal(webhooks_claim(one, &hint, &try, &wait), 0);
        assert_int_equal(try.number, i);
        if (i < WEBHOOKS_TRIES)
            sum += webhooks_back_off(i, -1);
        assert_int_equal(webhooks_settle(one, &try, WEBHOOKS_AGAIN, 3000), 0);
        assert_int_equal(webhooks_settle(one, &try, WEBHOOKS_AGAIN, 3000), 0); /* a lost reply */
        assert_int_equal(hints(), 1);
        assert_int_equal(webhooks_claim(two, &hint, &try, &wait), ERR_NOT_YET);
        assert_in_range(wait, 1, 3000);
        field_set(&hint, "hook_due", "1");
    }
    /* Also when the last one's housekeeper never said what became of it. */
    assert_int_equal(webhooks_claim(two, &hint, &try, &wait), ERR_NOT_FOUND);
    assert_true(field_is(&hint, "hook", "failed"));
    assert_in_range(sum, 4 * 3600000, 8 * 3600000 - 1);
    assert_int_equal(webhooks_back_off(1, -1), 5000);
    assert_int_equal(webhooks_back_off(1, 60000), 60000);
    assert_int_equal(webhooks_back_off(1, 86400000), 3600000);
}

static void test_one_housekeeper_is_told_of_a_hint(void **state)
{
    struct webhooks_hint hint = ended_turn(URL), seen[4];
    struct webhooks_look look = {.max = 4};
    size_t count;

    (void)state;
    webhooks_later(one, &hint, 0);
    assert_int_equal(webhooks_due(one, &look, seen, &count), 0);
    assert_int_equal(count, 1);
    assert_string_equal(seen[0].turn, hint.turn);
    assert_int_equal(webhooks_due(two, &look, seen, &count), 0);
    assert_int_equal(count, 0);
}

/* So many hints of a user, due long ago. */
static void hints_of(const char *uid, int count, int score)
{
    assert_int_equal(
        link_command(keeper->link, NULL, "EVAL %s 1 tp:hint:webhooks %s %d %d",
            "for i = 1, ARGV[2] do redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1] .. ' ' .. "
            "string.format('00000000-0000-7000-8000-%012d', i)) end",
            uid, count, score),
        0);
}

/* A desk that others' stalled deliveries fill has one place at a time. */
static void test_one_free_place_is_divided_too(void **state)
{
    static const char *const full[] = {"greedy"};
    struct webhooks_look look = {.max = 1};
    struct webhooks_hint seen[1];
    size_t count;
    int looks = 0;

    (void)state;
    assert_int_equal(link_command(keeper->link, NULL, "DEL tp:hint:webhooks"), 0);
    hints_of("greedy", 400, 1);
    hints_of("modest", 1, 2);
    do {
        assert_int_equal(webhooks_due(keeper, &look, seen, &count), 0);
        assert_int_equal(count, 1);
    } while (strcmp(seen[0].uid, "modest") != 0 && ++looks < 60);
    assert_in_range(looks, 0, 59); /* by chance more than that: once in 2^60 */
    /* Users who can have no more are out of the way, however many theirs are; and wait. */
    hints_of("greedy", 1100, 1);
    hints_of("modest", 1, 2);
    look.full = full;
    look.full_count = 1;
    for (looks = 0; looks < 3; looks++) {
        assert_int_equal(webhooks_due(keeper, &look, seen, &count), 0);
        if (count > 0)
            break;
    }
    assert_int_equal(count, 1);
    assert_string_equal(seen[0].uid, "modest");
    assert_int_equal(webhooks_due(keeper, &look, seen, &count), 0);
    assert_int_equal(count, 0);
    look.full_count = 0;
    assert_int_equal(webhooks_due(keeper, &look, seen, &count), 0);
    assert_string_equal(seen[0].uid, "greedy");
    assert_int_equal(link_command(keeper->link, NULL, "DEL tp:hint:webhooks"), 0);
}

static void test_the_queue_is_bounded(void **state)
{
    char turn[IDENT_UUID_SIZE];
    int64_t most = conf.webhook_queue_max;

    (void)state;
    conf.webhook_queue_max = 2;
    ident_uuid7(turn);
    assert_int_equal(webhooks_expect(one, USER, turn), 0);
    assert_int_equal(webhooks_expect(one, USER, turn), 0); /* the same once more */
    assert_int_equal(webhooks_expect(one, "other", turn), 0);
    ident_uuid7(turn);
    assert_int_equal(webhooks_expect(one, USER, turn), ERR_FULL);
    conf.webhook_queue_max = most;
}

static void test_a_hint_without_a_turn_is_dropped(void **state)
{
    struct webhooks_hint hint = {.uid = USER};
    struct webhooks_try try;
    int64_t wait;

    (void)state;
    ident_uuid7(hint.turn);
    assert_int_equal(webhooks_expect(one, hint.uid, hint.turn), 0);
    assert_int_equal(webhooks_claim(one, &hint, &try, &wait), ERR_NOT_FOUND);
}

/* Runs a desk until `done`, at most 10 s. */
static void run_desk(struct webhooks_desk *desk, const struct webhooks_hint *hint,
    const char *field, const char *value)
{
    int64_t until = clock_mono_ms() + 10000;

    while (!field_is(hint, field, value)) {
        assert_true(clock_mono_ms() < until);
        int64_t now = clock_mono_ms(), next = webhooks_desk_step(desk, now);
        reactor_step(reactor, next < now + 100 ? next : now + 100, NULL);
    }
}

static void test_a_desk_delivers_and_minds_the_status(void **state)
{
    static const struct web_page pages[] = {
        {"POST /ok", "Turnpike-Signature: v1=", "204 No Content", ""},
        {"POST /gone", NULL, "410 Gone\r\nContent-Type: text/plain", "no"},
        {"POST /moved", NULL, "302 Found\r\nLocation: $BASE/ok", ""},
        {"POST /bad", NULL, "500 Internal Server Error", "no"},
        {NULL, NULL, NULL, NULL},
    };
    static const struct {
        const char *path, *field, *value;
    } cases[] = {{"/ok", "hook", "delivered"}, {"/gone", "hook", "gone"},
        {"/moved", "hook_lease", "0"}, {"/bad", "hook_lease", "0"}};
    static char secret[] = "0123456789abcdef0123456789abcdef";
    char *before = conf.webhook_secret, url[128];
    struct webhooks_desk *desk;
    struct web_double web;

    (void)state;
    web_double_start(&web, pages);
    conf.webhook_secret = secret;
    conf.webhook_allow_private = true;
    assert_int_equal(webhooks_desk_new(&desk, one, reactor), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(url, sizeof url, "%s%s", web.base, cases[i].path);
        struct webhooks_hint hint = ended_turn(url);
        webhooks_later(one, &hint, 0);
        run_desk(desk, &hint, cases[i].field, cases[i].value);
        assert_true(field_is(&hint, "hook_tries", "1"));
    }
    conf.webhook_allow_private = false; /* the connected address decides */
    snprintf(url, sizeof url, "%s/ok", web.base);
    struct webhooks_hint hint = ended_turn(url);
    webhooks_later(one, &hint, 0);
    run_desk(desk, &hint, "hook", "failed");
    assert_int_equal(webhooks_desk_open(desk), 0);
    webhooks_desk_free(desk);
    web_double_stop(&web);
    conf.webhook_secret = before;
}

/* The example of docs/http-api.md. */
static void test_the_signature_is_that_of_the_documentation(void **state)
{
    static const char id[] = "0190a7a0-1111-7abc-8def-0123456789ab";
    static const char body[] = "{\"turn_id\":\"0190a7a0-1111-7abc-8def-0123456789ab\"}";
    char signature[WEBHOOKS_SIGNATURE_SIZE];

    (void)state;
    assert_int_equal(webhooks_sign("a secret of the documentation", id, 1790000000, body,
                         strlen(body), signature),
        0);
    assert_string_equal(signature,
        "v1=846ff1c44f8d73523d0f171c09af8cd6"
        "75bad956565da1d513dce6b338879959");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, store_bench_end)
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_is_sent_before_the_end),
        TEST(test_of_two_claimers_one_gets_it),
        TEST(test_a_failed_try_comes_again_until_it_is_given_up),
        TEST(test_one_housekeeper_is_told_of_a_hint),
        TEST(test_one_free_place_is_divided_too),
        TEST(test_the_queue_is_bounded),
        TEST(test_a_hint_without_a_turn_is_dropped),
        TEST(test_a_desk_delivers_and_minds_the_status),
        cmocka_unit_test(test_the_signature_is_that_of_the_documentation),
    };
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
