/* SPDX-License-Identifier: BSD-2-Clause */
/* usage: what turns use is counted once whatever becomes of their workers; limits refuse and
 * warn. */
#include "base/buf.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/money.h"
#include "store/keys.h"
#include "store/scripts.h"
#include "store/turns.h"
#include "store/usage.h"
#include "tests/unit/cm.h"
#include "tests/unit/store_bench.h"
#include "tests/unit/turn_actors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int number;

static void fresh(void)
{
    assert_int_equal(link_command(one->link, NULL, "FLUSHDB"), 0);
    conf.limit_user_tokens_day = conf.limit_user_tokens_month = 0;
    conf.limit_key_tokens_day = conf.limit_key_turns = conf.limit_site_tokens_day = 0;
    memset(one->site, 0, sizeof *one->site);
    memset(two->site, 0, sizeof *two->site);
    memset(three->site, 0, sizeof *three->site);
}

static struct turns_start begin_in(struct store *s, struct usage_account *a, const char *chat)
{
    static const char *message = "{\"id\":\"m\",\"role\":\"user\",\"content\":\"hi\"}";
    char turn[IDENT_UUID_SIZE];
    struct turns_start start;

    ident_uuid7(turn);
    const struct turns_request q = {.uid = ACTORS_USER,
        .session = chat,
        .turn = turn,
        .body_hash = "h",
        .messages = &message,
        .message_count = 1,
        .first_event = "{\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"r\"}",
        .input = "{\"text\":\"hi\"}",
        .may_run = true,
        .account = a,
        .counts = true};
    assert_int_equal(turns_begin(s, &q, arena, &start), 0);
    start.account = a;
    return start;
}

static struct turns_start begin(struct store *s, struct usage_account *a)
{
    return begin_in(s, a, arena_printf(arena, "u%d", ++number));
}

/* The text of a field of one of the day's or month's hashes. */
static int64_t used(const char *key, const char *field)
{
    struct link_reply *keys = NULL, *r = NULL;
    int64_t value = -1;

    assert_int_equal(link_command(one->link, &keys, "KEYS %s", key), 0);
    for (size_t i = 0; i < link_reply_count(keys); i++) {
        const char *name = link_reply_text(link_reply_at(keys, i), NULL);
        assert_int_equal(link_command(one->link, &r, "HGET %s %s", name, field), 0);
        value = link_reply_int(r);
        link_reply_free(r);
    }
    link_reply_free(keys);
    return value;
}
#define DAY "tp:{ann}:usage:2*-*-*"
#define MONTH "tp:{ann}:usage:2*-[01][0-9]"
#define SITE_DAY "tp:{community}:usage:2*-*-*"

static void spend(struct usage_account *a, int64_t tokens, int64_t micros)
{
    const struct usage_spent more = {.tokens = tokens, .micros = micros};

    usage_spent_add(&a->spent, &more);
}

static void step(struct store *s, const struct turns_start *t, const char *json)
{
    assert_int_equal(turns_checkpoint(s, t, json, strlen(json)), 0);
}

static void each_token_is_counted_once_across_a_takeover(void **state)
{
    struct usage_account a, b;
    struct turns_start t, claimed, next;
    char id[IDENT_UUID_SIZE];

    (void)state;
    fresh();
    usage_account_init(&a, one, "", "k1");
    t = begin(one, &a);
    spend(&a, 100, 2000);
    step(one, &t, "{\"n\":1}");
    step(one, &t, "{\"n\":1}"); /* its reply was lost */
    assert_int_equal(used(DAY, "tokens"), 100);
    assert_int_equal(used(DAY, "k1/tokens"), 100);
    assert_int_equal(used(MONTH, "micros"), 2000);

    /* Its worker dies behind a call that no checkpoint has; another one goes on from the step. */
    spend(&a, 7, 7);
    assert_int_equal(link_command(one->link, NULL, "HSET tp:{ann}:turn:%s lease 1", t.turn), 0);
    assert_int_equal(actors_abandon(keeper, t.turn, TURNS_EXPIRED, NULL, 0, id), 0);
    assert_int_equal(turns_claim(three, ACTORS_USER, t.turn, 5, arena, &claimed), 0);
    assert_false(claimed.looked);
    usage_account_init(&b, three, "", "k1");
    claimed.account = &b;
    spend(&b, 100, 2000); /* as the checkpoint says */
    b.told = b.spent;
    spend(&b, 50, 500);
    assert_int_equal(turns_checkpoint(one, &t, "{\"n\":2}", 7), ERR_FENCED);
    assert_int_equal(used(DAY, "tokens"), 100);
    step(three, &claimed, "{\"n\":2}");
    assert_int_equal(used(DAY, "tokens"), 150);
    spend(&b, 1, 1);
    assert_int_equal(actors_finish(three, arena, &claimed, 2, false, &next), 0);
    assert_int_equal(actors_finish(three, arena, &claimed, 2, false, &next), 0);
    assert_int_equal(used(DAY, "tokens"), 151);
    assert_int_equal(used(MONTH, "k1/micros"), 2501);

    /* The title behind its end. */
    spend(&b, 9, 9);
    assert_int_equal(turns_note_usage(three, ACTORS_USER, t.turn, "[]", &b), 0);
    assert_int_equal(turns_note_usage(three, ACTORS_USER, t.turn, "[]", &b), 0);
    assert_int_equal(used(DAY, "tokens"), 160);
}

static void a_limit_ends_a_turn_between_two_steps_and_refuses_the_next(void **state)
{
    struct usage_account a;
    struct turns_start t;

    (void)state;
    fresh();
    conf.limit_user_tokens_day = 1000;
    usage_account_init(&a, one, "", "");
    t = begin(one, &a);
    assert_int_equal(t.outcome, TURNS_STARTED);
    assert_true(t.looked);
    spend(&a, 999, 0);
    step(one, &t, "{\"n\":1}");
    assert_false(a.over.set);
    spend(&a, 1, 0);
    step(one, &t, "{\"n\":2}");
    assert_true(a.over.set);
    assert_int_equal(a.over.name, LIMITS_TOKENS_DAY);
    assert_int_equal(a.over.scope, USAGE_USER);
    assert_int_equal(a.over.limit, 1000);
    assert_int_equal(a.over.used, 1000);
    assert_in_range(a.over.left_ms, 1, 86400000);

    usage_account_init(&a, three, "", "");
    t = begin(three, &a); /* on another machine */
    assert_int_equal(t.outcome, TURNS_LIMIT);
    assert_int_equal(a.over.name, LIMITS_TOKENS_DAY);
    assert_int_equal(actors_number(one, "EXISTS tp:{ann}:s:u%s", "none"), 0);
    assert_int_equal(usage_look(two, ACTORS_USER, &a), 0);
    assert_true(a.over.set);
}

static void what_is_set_holds_at_once(void **state)
{
    const struct usage_change more = {"tokens_day", "2000"}, back = {"tokens_day", NULL},
                              key = {"k1/tokens_day", "10"}, turns = {"turns", "1"};
    struct usage_account a, b;
    struct turns_start t;

    (void)state;
    fresh();
    conf.limit_user_tokens_day = 1000;
    usage_account_init(&a, one, "", "k1");
    t = begin(one, &a);
    spend(&a, 1500, 0);
    step(one, &t, "{\"n\":1}");
    assert_true(a.over.set);
    assert_int_equal(usage_set(two, ACTORS_USER, &more, 1), 0);
    step(one, &t, "{\"n\":2}");
    assert_false(a.over.set);
    assert_int_equal(usage_set(two, ACTORS_USER, &key, 1), 0);
    step(one, &t, "{\"n\":3}");
    assert_true(a.over.set);
    assert_int_equal(a.over.scope, USAGE_KEY);
    assert_int_equal(usage_set(two, ACTORS_USER, &back, 1), 0);
    usage_account_init(&b, one, "", "");
    assert_int_equal(usage_look(one, ACTORS_USER, &b), 0);
    assert_int_equal(b.over.limit, 1000);
    /* turns at once, also where the setting allows any number */
    conf.limit_user_tokens_day = 0;
    assert_int_equal(usage_set(two, ACTORS_USER, &turns, 1), 0);
    usage_account_init(&b, one, "", "");
    assert_int_equal(begin(one, &b).outcome, TURNS_PENDING);
}

static void turns_of_a_key_are_counted_apart(void **state)
{
    struct usage_account a, b;

    (void)state;
    fresh();
    conf.limit_key_turns = 1;
    usage_account_init(&a, one, "", "k1");
    usage_account_init(&b, one, "", "k2");
    assert_int_equal(begin(one, &a).outcome, TURNS_STARTED);
    assert_int_equal(begin(one, &b).outcome, TURNS_STARTED);
    assert_int_equal(begin(one, &a).outcome, TURNS_LIMIT);
    assert_int_equal(a.over.name, LIMITS_TURNS);
    assert_int_equal(a.over.scope, USAGE_KEY);
}

/* It was accepted while its key had a place, behind a turn that came otherwise. */
static void a_turn_in_a_queue_waits_for_a_place_of_its_key(void **state)
{
    struct usage_account page, key;
    struct turns_start first, other, waits, next, claimed;
    char text[16];
    int64_t left;

    (void)state;
    fresh();
    conf.limit_key_turns = 1;
    usage_account_init(&page, one, "", "");
    usage_account_init(&key, one, "", "k1");
    first = begin_in(one, &page, "chat");
    waits = begin_in(one, &key, "chat");
    assert_int_equal(waits.outcome, TURNS_QUEUED);
    other = begin(three, &key);
    assert_int_equal(other.outcome, TURNS_STARTED);
    assert_int_equal(actors_finish(one, arena, &first, 2, true, &next), 0);
    assert_int_equal(turns_state(one, ACTORS_USER, waits.turn, text, &left), 0);
    assert_string_equal(text, "held");
    assert_int_equal(turns_claim(one, ACTORS_USER, waits.turn, 5, arena, &claimed), ERR_RATE);
    assert_int_equal(actors_finish(three, arena, &other, 2, true, &next), 0);
    assert_int_equal(turns_claim(one, ACTORS_USER, waits.turn, 5, arena, &claimed), 0);
    claimed.account = &key;
    assert_int_equal(actors_finish(one, arena, &claimed, 2, true, &next), 0);
}

static void a_message_counts_for_the_minute_of_user_and_key(void **state)
{
    struct usage_account a;
    struct usage_rate rate;

    (void)state;
    fresh();
    conf.rate_chat_user = 3;
    conf.limit_key_messages = 2;
    usage_account_init(&a, one, "", "k1");
    assert_int_equal(usage_rate(one, ACTORS_USER, &a, &rate), 0);
    assert_int_equal(rate.limit, 2);
    assert_int_equal(rate.left, 1);
    assert_int_equal(begin(one, &a).outcome, TURNS_STARTED);
    assert_int_equal(begin(one, &a).outcome, TURNS_LIMIT);
    assert_int_equal(a.over.name, LIMITS_MESSAGES);
    assert_in_range(a.over.left_ms, 1, 60000);
    assert_int_equal(usage_rate(one, ACTORS_USER, &a, &rate), ERR_RATE);
    conf.rate_chat_user = conf.limit_key_messages = 0;
    usage_account_init(&a, one, "", "k1");
    assert_int_equal(usage_rate(one, ACTORS_USER, &a, &rate), 0);
    assert_int_equal(rate.limit, 0);
}

static void the_user_is_warned_once(void **state)
{
    struct usage_account a;
    struct link_reply *r = NULL;
    char *no_push = conf.push_key;
    struct turns_start t;

    (void)state;
    fresh();
    conf.push_key = "key";
    usage_account_init(&a, one, "", "");
    t = begin(one, &a);
    spend(&a, 799, 0);
    step(one, &t, "{\"n\":1}"); /* without a limit there is no warning */
    assert_int_equal(actors_number(one, "EXISTS %s", KEYS_HINT_PUSHES), 0);
    conf.limit_user_tokens_month = 1000;
    usage_account_init(&a, one, "", "");
    t.account = &a;
    spend(&a, 799, 0);
    step(one, &t, "{\"n\":1}");
    assert_int_equal(actors_number(one, "ZCARD %s", KEYS_HINT_PUSHES), 1);
    conf.push_key = no_push;
    assert_int_equal(actors_number(one, "XLEN tp:{ann}:%s", "inbox"), 0);
    spend(&a, 1, 0);
    step(one, &t, "{\"n\":2}");
    spend(&a, 100, 0);
    step(one, &t, "{\"n\":3}");
    assert_int_equal(actors_number(one, "XLEN tp:{ann}:%s", "inbox"), 1);
    assert_int_equal(link_command(one->link, &r, "XRANGE tp:{ann}:inbox - +"), 0);
    const char *event =
        link_reply_text(link_reply_at(link_reply_at(link_reply_at(r, 0), 1), 1), NULL);
    assert_non_null(strstr(event, "\"type\":\"limit_warning\""));
    assert_non_null(strstr(event, "\"name\":\"tokens_month\""));
    assert_non_null(strstr(event, "\"used\":800"));
    link_reply_free(r);
}

static void a_warning_has_money_in_dollars(void **state)
{
    const struct usage_change limit = {"money_month", "2500000"};
    struct usage_account a;
    struct link_reply *r = NULL;
    struct turns_start t;

    (void)state;
    fresh();
    assert_int_equal(usage_set(one, ACTORS_USER, &limit, 1), 0);
    usage_account_init(&a, one, "", "");
    t = begin(one, &a);
    spend(&a, 1, 2100001);
    step(one, &t, "{\"n\":1}");
    assert_int_equal(link_command(one->link, &r, "XRANGE tp:{ann}:inbox - +"), 0);
    const char *event =
        link_reply_text(link_reply_at(link_reply_at(link_reply_at(r, 0), 1), 1), NULL);
    assert_non_null(strstr(event,
        "\"name\":\"money_month\",\"unit\":\"usd\",\"threshold\":80,\"limit\":2.50,"
        "\"used\":2.100001,"));
    link_reply_free(r);
}

/* usage_show.lua, at a moment of the test's choice. */
static void windows_at(const char *ms, const char *day, const char *month, int64_t day_left,
    int64_t month_left)
{
    static const char clock[] = "local now = now_ms()";
    const char *body = script_usage_show.body, *at = strstr(body, clock);
    struct link_reply *r = NULL;
    struct buf text = {0};

    assert_non_null(at);
    buf_put(&text, body, (size_t)(at - body));
    buf_puts(&text, "local now = tonumber(ARGV[1])");
    buf_puts(&text, at + sizeof clock - 1);
    assert_int_equal(link_command(one->link, &r, "EVAL %s 1 %s %s", buf_text(&text),
                         "tp:{ann}:", ms),
        0);
    assert_string_equal(link_reply_text(link_reply_at(r, 1), NULL), day);
    assert_string_equal(link_reply_text(link_reply_at(r, 4), NULL), month);
    assert_int_equal(link_reply_int(link_reply_at(r, 2)), day_left);
    assert_int_equal(link_reply_int(link_reply_at(r, 5)), month_left);
    link_reply_free(r);
    buf_free(&text);
}

static void days_and_months_end_where_they_do(void **state)
{
    const int64_t day = 86400000;

    (void)state;
    windows_at("0", "1970-01-01", "1970-01", day, 31 * day);
    windows_at("1796083199999", "2026-11-30", "2026-11", 1, 1);
    windows_at("1796083200000", "2026-12-01", "2026-12", day, 31 * day);
    windows_at("1798761599999", "2026-12-31", "2026-12", 1, 1);
    windows_at("1835308800000", "2028-02-28", "2028-02", day, 2 * day); /* a leap year */
    windows_at("1835395200001", "2028-02-29", "2028-02", day - 1, day - 1);
    windows_at("4107456000000", "2100-02-28", "2100-02", day, day); /* none */
}

static void no_sum_overflows(void **state)
{
    struct usage_account a;
    struct turns_start t;

    (void)state;
    fresh();
    usage_account_init(&a, one, "", "");
    for (int i = 0; i < 3; i++) {
        memset(&a.spent, 0, sizeof a.spent);
        t = begin(one, &a);
        spend(&a, INT64_MAX, INT64_MAX);
        assert_int_equal(a.spent.tokens, MONEY_MAX);
        step(one, &t, "{\"n\":1}");
        assert_int_equal(used(DAY, "tokens"), MONEY_MAX);
    }
    assert_int_equal(link_command(one->link, NULL, "FLUSHDB"), 0);
}

static void the_site_is_counted_by_all_and_once(void **state)
{
    struct usage_account a;
    struct usage_over over;

    (void)state;
    fresh();
    conf.limit_site_tokens_day = 1000;
    usage_account_init(&a, one, "", "");
    spend(&a, 600, 0);
    usage_site_add(one, &a);
    usage_site_add(one, &a); /* nothing since */
    usage_site_message(one);
    usage_site_ask(one);
    assert_int_equal(used(SITE_DAY, "tokens"), 600);
    assert_int_equal(used(SITE_DAY, "messages"), 1);
    usage_site_over(one, &over);
    assert_false(over.set);
    /* A call whose reply was lost is made again under its number. */
    one->site->sent.tokens = 600;
    one->site->known_ms = one->site->asked_ms = 0;
    usage_site_ask(one);
    assert_int_equal(used(SITE_DAY, "tokens"), 600);
    /* One that comes late, behind a later one, adds nothing either. */
    one->site->number += 5;
    usage_site_message(one);
    one->site->asked_ms = 0;
    usage_site_ask(one);
    assert_int_equal(used(SITE_DAY, "messages"), 2);
    one->site->number -= 2;
    one->site->sent_messages = 1;
    one->site->known_ms = one->site->asked_ms = 0;
    usage_site_ask(one);
    assert_int_equal(used(SITE_DAY, "messages"), 2);
    one->site->number += 2;

    memset(&a, 0, sizeof a);
    spend(&a, 400, 0);
    usage_site_add(three, &a);
    usage_site_ask(three);
    assert_int_equal(used(SITE_DAY, "tokens"), 1000);
    usage_site_over(three, &over);
    assert_true(over.set);
    assert_int_equal(over.scope, USAGE_SITE);
    assert_int_equal(over.name, LIMITS_TOKENS_DAY);
    usage_site_over(one, &over);
    assert_false(over.set); /* has not heard yet */
    one->site->known_ms = one->site->asked_ms = 0;
    usage_site_ask(one);
    usage_site_over(one, &over);
    assert_true(over.set);
    assert_int_equal(actors_number(one, "HEXISTS tp:{community}:usage:%s warned/site/tokens_day",
                         "none"),
        0);
}

static void what_is_set_for_the_site_and_for_classes_is_heard_by_all(void **state)
{
    const struct usage_change changes[] = {{"site/tokens_day", "5"}, {"class/gold/turns", "40"},
        {"class/gold/tokens_day", "77"}};
    struct usage_account a;
    struct usage_over over;
    struct limits limits;

    (void)state;
    fresh();
    assert_int_equal(usage_set(two, NULL, changes, 3), 0);
    usage_site_ask(one);
    memset(&limits, 0, sizeof limits);
    usage_site_apply(one, "gold", &limits);
    assert_int_equal(limits.of[LIMITS_TURNS], 40);
    assert_int_equal(limits.of[LIMITS_TOKENS_DAY], 77);
    memset(&limits, 0, sizeof limits);
    usage_site_apply(one, "gol", &limits);
    usage_site_apply(one, "", &limits);
    assert_int_equal(limits.of[LIMITS_TURNS], 0);
    memset(&a, 0, sizeof a);
    spend(&a, 5, 0);
    usage_site_add(one, &a);
    usage_site_over(one, &over); /* what it has counted itself counts before it is told */
    assert_true(over.set);
}

static void what_is_set_for_the_site_holds_however_many_classes_there_are(void **state)
{
    const struct usage_change of_site = {"site/tokens_day", "5"};
    struct limits limits = {0};
    char field[32];

    (void)state;
    fresh();
    for (int i = 0; i < 2 * USAGE_SET_MAX; i++) {
        snprintf(field, sizeof field, "class/c%d/turns", i);
        const struct usage_change of_class = {field, "1"};
        assert_int_equal(usage_set(two, NULL, &of_class, 1), 0);
    }
    assert_int_equal(usage_set(two, NULL, &of_site, 1), 0);
    usage_site_ask(one);
    assert_int_equal(one->site->set_count, USAGE_SET_MAX);
    usage_site_apply(one, NULL, &limits);
    assert_int_equal(limits.of[LIMITS_TOKENS_DAY], 5);
}

static void a_user_with_too_much_begins_nothing(void **state)
{
    struct usage_account a;
    struct turns_start t, next;
    char *text = malloc(200000);

    (void)state;
    fresh();
    memset(text, 'x', 199999);
    text[199999] = '\0';
    conf.limit_user_bytes = 100000;
    usage_account_init(&a, one, "", "");
    t = begin(one, &a);
    assert_int_equal(t.outcome, TURNS_STARTED);
    assert_int_equal(link_command(one->link, NULL, "RPUSH tp:{ann}:s:%s:msgs %s", t.session, text),
        0);
    assert_int_equal(actors_finish(one, arena, &t, 2, false, &next), 0);
    assert_int_equal(begin(one, &a).outcome, TURNS_STARTED); /* it is looked at now and then */
    assert_int_equal(link_command(one->link, NULL, "DEL tp:{ann}:stored"), 0);
    assert_int_equal(begin(one, &a).outcome, TURNS_LIMIT);
    assert_int_equal(a.over.name, LIMITS_BYTES);
    assert_true(a.over.used > 200000);
    assert_in_range(actors_number(one, "PTTL tp:{ann}:%s", "stored"), 1, 10000);
    conf.limit_user_bytes = 0;
    free(text);
}

static void people_see_it(void **state)
{
    const struct usage_asker asker = {.uid = ACTORS_USER, .cls = "", .key = "k1"},
                             admin = {.uid = ACTORS_USER, .cls = "", .key = "", .money = true},
                             site = {.cls = "", .key = "", .money = true};
    const struct usage_change change = {"money_day", "2500000"};
    struct usage_account a;
    struct turns_start t;
    struct buf json = {0};

    (void)state;
    fresh();
    conf.limit_user_tokens_day = 1000;
    conf.limit_key_tokens_day = 500;
    usage_account_init(&a, one, "", "k1");
    t = begin(one, &a);
    spend(&a, 100, 1230000);
    step(one, &t, "{\"n\":1}");
    assert_int_equal(usage_show(one, &asker, &json), 0);
    assert_non_null(strstr(buf_text(&json),
        "\"name\":\"tokens_day\",\"unit\":\"tokens\",\"limit\":1000"
        ",\"used\":100,\"left\":900,\"resets_at\":\""));
    assert_non_null(strstr(buf_text(&json), "{\"scope\":\"key\",\"name\":\"tokens_day\""));
    assert_null(strstr(buf_text(&json), "usd"));
    assert_int_equal(usage_set(one, ACTORS_USER, &change, 1), 0);
    buf_reset(&json);
    assert_int_equal(usage_show(one, &admin, &json), 0);
    assert_non_null(strstr(buf_text(&json), "\"money_usd\":1.23"));
    assert_non_null(
        strstr(buf_text(&json), "\"unit\":\"usd\",\"limit\":2.50,\"used\":1.23,\"left\":1.27"));
    assert_non_null(strstr(buf_text(&json), "\"set\":{\"money_day\":2.50}"));
    const char *of_key = strstr(buf_text(&json), "{\"scope\":\"key\",\"name\":\"tokens_day\"");
    assert_non_null(of_key); /* the operator sees all that have used something */
    assert_non_null(strstr(of_key, "\"used\":100"));
    assert_non_null(strstr(of_key, "\"key\":\"k1\"}"));
    assert_null(strstr(of_key + 2, "\"scope\":\"key\""));
    buf_reset(&json);
    assert_int_equal(usage_show(one, &site, &json), 0);
    assert_non_null(strstr(buf_text(&json), "{\"scope\":\"site\",\"day\":{\"window\":\"20"));
    buf_free(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST_(name) cmocka_unit_test_setup_teardown(name, store_bench_begin, store_bench_end)
        TEST_(each_token_is_counted_once_across_a_takeover),
        TEST_(a_limit_ends_a_turn_between_two_steps_and_refuses_the_next),
        TEST_(what_is_set_holds_at_once),
        TEST_(turns_of_a_key_are_counted_apart),
        TEST_(a_turn_in_a_queue_waits_for_a_place_of_its_key),
        TEST_(a_message_counts_for_the_minute_of_user_and_key),
        TEST_(the_user_is_warned_once),
        TEST_(a_warning_has_money_in_dollars),
        TEST_(days_and_months_end_where_they_do),
        TEST_(no_sum_overflows),
        TEST_(the_site_is_counted_by_all_and_once),
        TEST_(what_is_set_for_the_site_and_for_classes_is_heard_by_all),
        TEST_(what_is_set_for_the_site_holds_however_many_classes_there_are),
        TEST_(a_user_with_too_much_begins_nothing),
        TEST_(people_see_it),
    };

    return cmocka_run_group_tests(tests, store_bench_open, store_bench_close);
}
