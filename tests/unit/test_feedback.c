/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/clock.h"
#include "base/err.h"
#include "fcgi-app/feedback_view.h"
#include "redis_bench.h"
#include "store/feedback.h"
#include "store/turns.h"
#include "store/userdata.h"

#include <inttypes.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct store *store;
static struct arena *arena;
static struct buf told;

static int set_up_all(void **state)
{
    redis_bench_start(state);
    assert_int_equal(store_open(&store, &conf, NULL, "m/api/1/1"), 0);
    return 0;
}

static int tear_down_all(void **state)
{
    store_close(store);
    return redis_bench_stop(state);
}

static int fresh(void **state)
{
    (void)state;
    conf.feedback_max = 10000;
    arena = arena_new();
    buf_reset(&told);
    return link_command(store->link, NULL, "FLUSHALL");
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    buf_free(&told);
    return 0;
}

/* The order of entries is that of milliseconds. */
static void next_millisecond(void)
{
    for (int64_t now = clock_real_ms(); clock_real_ms() <= now;)
        sched_yield();
}

/* A whole turn: a question, a call of a tool that fails, an answer; its message is `answer`. */
static void talk(const char *uid, const char *session, const char *answer, char turn[])
{
    const char *question = "{\"id\":\"q\",\"role\":\"user\",\"content\":\"Will it rain?\"}";
    const char *said[] = {"{\"id\":\"c1\",\"role\":\"assistant\",\"toolCalls\":[{\"id\":\"t1\","
                          "\"type\":\"function\",\"function\":{\"name\":\"get_weather_forecast\","
                          "\"arguments\":\"{}\"}}]}",
        "{\"id\":\"r1\",\"role\":\"tool\",\"toolCallId\":\"t1\",\"content\":"
        "\"{\\\"success\\\":false,"
        "\\\"error\\\":{\\\"code\\\":\\\"provider_failed\\\"}}\"}",
        arena_printf(arena,
            "{\"id\":\"%s\",\"role\":\"assistant\",\"content\":\"=Perhaps, \\\"so\\\"\"}", answer)};
    const char *events[1];
    struct turns_start t, next;
    struct turns_request q = {.uid = uid,
        .session = session,
        .turn = turn,
        .body_hash = "",
        .messages = &question,
        .message_count = 1,
        .first_event = "{\"type\":\"RUN_STARTED\"}",
        .input = "{}",
        .title = "First words",
        .may_run = true};
    size_t len;
    struct turns_end over = {.state = "done",
        .messages = said,
        .message_count = 3,
        .events = events,
        .event_len = &len,
        .event_count = 1,
        .first_n = 2,
        .http_status = 200,
        .reply = "{\"model\":\"m-1\",\"usage\":[{\"inputTokens\":7,\"outputTokens\":3}]}"};

    ident_uuid7(turn);
    assert_int_equal(turns_begin(store, &q, arena, &t), 0);
    next_millisecond(); /* a turn takes longer: two never end in one */
    events[0] = arena_printf(arena, "%s F {\"type\":\"RUN_FINISHED\"}", turn);
    len = strlen(events[0]);
    assert_int_equal(turns_finish(store, &t, &over, arena, &next), 0);
}

static void give(const char *uid, const char *message, int rating, const char *text)
{
    assert_int_equal(feedback_give(store, uid, message,
                         &(struct feedback_said){rating, NULL, text}),
        0);
}

static int tell(void *arg, const struct feedback_entry *e)
{
    (void)arg;
    buf_printf(&told, "%s/%s=%d%s%s ", e->uid, e->message, e->rating, *e->text ? ":" : "", e->text);
    return 0;
}

static struct feedback_query all(void)
{
    return (struct feedback_query){.to_ms = clock_real_ms() + 60000,
        .rating_min = 1,
        .rating_max = 5,
        .limit = 100};
}

static const char *list(const struct feedback_query *q, char next[FEEDBACK_CURSOR_SIZE])
{
    buf_reset(&told);
    assert_int_equal(feedback_read(store, q, next, tell, NULL), 0);
    return buf_text(&told);
}

static void what_users_say_is_listed_newest_first_and_filtered(void **state)
{
    char turn[IDENT_UUID_SIZE], next[FEEDBACK_CURSOR_SIZE];
    struct feedback_query q = all();
    struct feedback_sums sums;

    (void)state;
    talk("ann", "main", "a1", turn);
    talk("ann", "main", "a2", turn);
    talk("bob", "main", "b1", turn);
    give("ann", "a1", 5, NULL);
    next_millisecond();
    give("bob", "b1", 2, "Wrong town");
    next_millisecond();
    give("ann", "a2", 4, "Good");
    assert_string_equal(list(&q, next), "ann/a2=4:Good bob/b1=2:Wrong town ann/a1=5 ");
    assert_string_equal(next, "");
    q.with_text = true;
    assert_string_equal(list(&q, next), "ann/a2=4:Good bob/b1=2:Wrong town ");
    q.uid = "bob";
    assert_string_equal(list(&q, next), "bob/b1=2:Wrong town ");
    q = all();
    q.rating_max = 3;
    assert_string_equal(list(&q, next), "bob/b1=2:Wrong town ");
    q = all();
    q.to_ms = clock_real_ms() - 3600000;
    assert_string_equal(list(&q, next), "");
    q = all();
    assert_int_equal(feedback_count(store, &q, &sums), 0);
    assert_int_equal(sums.count, 3);
    assert_int_equal(sums.good, 2);
}

static void pages_follow_each_other_without_a_gap(void **state)
{
    char turn[IDENT_UUID_SIZE], next[FEEDBACK_CURSOR_SIZE], id[16];
    struct feedback_query q = all();
    int seen = 0;

    (void)state;
    for (int i = 0; i < 7; i++) { /* several in one millisecond */
        snprintf(id, sizeof id, "a%d", i);
        talk("ann", "main", id, turn);
        give("ann", id, 1 + i % 5, NULL);
    }
    q.limit = 2;
    do {
        char here[FEEDBACK_CURSOR_SIZE];
        for (const char *p = list(&q, next); (p = strchr(p, '=')); p++)
            seen++;
        memcpy(here, next, sizeof here);
        q.cursor = arena_strdup(arena, here);
    } while (*next);
    assert_int_equal(seen, 7);
    q.cursor = "no cursor";
    assert_int_equal(feedback_read(store, &q, next, tell, NULL), ERR_INVALID);
}

static void another_opinion_of_a_message_replaces_the_first(void **state)
{
    char turn[IDENT_UUID_SIZE], next[FEEDBACK_CURSOR_SIZE];
    struct feedback_query q = all();

    (void)state;
    talk("ann", "main", "a1", turn);
    give("ann", "a1", 1, "No");
    give("ann", "a1", 5, NULL);
    assert_string_equal(list(&q, next), "ann/a1=5 ");
}

static void an_old_month_is_read_and_an_opinion_leaves_it(void **state)
{
    char turn[IDENT_UUID_SIZE], next[FEEDBACK_CURSOR_SIZE], at[CLOCK_RFC3339_SIZE], key[64];
    struct feedback_query q = all();
    int64_t old = clock_real_ms() - INT64_C(70) * 86400000;
    size_t i = 0;

    (void)state;
    talk("ann", "main", "a1", turn);
    clock_rfc3339(old, at);
    assert_int_equal(link_command(store->link, NULL,
                         "HSET tp:{ann}:feedback a1 {\"rating\":2,\"at\":\"%s\"}", at),
        0);
    snprintf(key, sizeof key, "tp:feedback:%.4s%.2s", at, at + 5);
    assert_int_equal(link_command(store->link, NULL, "ZADD %s %lld %s", key, (long long)old,
                         "ann a1 {\"rating\":2}"),
        0);
    assert_string_equal(list(&q, next), "ann/a1=2 ");
    give("ann", "a1", 4, NULL);
    assert_string_equal(list(&q, next), "ann/a1=4 ");
    for (char one[64]; feedback_month(store, i, one); i++)
        if (strcmp(one, key) == 0)
            break;
    assert_in_range(i, 2, 4); /* the next month, this one, the one before, that one */
}

static void no_entry_is_lost_between_two_months(void **state)
{
    char key[64], next[FEEDBACK_CURSOR_SIZE], here[FEEDBACK_CURSOR_SIZE];
    struct feedback_query q = all();
    int64_t now = clock_real_ms();
    time_t seconds = (time_t)(now / 1000);
    struct tm tm;

    (void)state;
    assert_non_null(gmtime_r(&seconds, &tm));
    for (int i = 0; i < 6; i++) { /* three of this month and three of the one before, in pairs */
        int64_t at = i < 3 ? now : now - tm.tm_mday * INT64_C(86400000);

        assert_true(feedback_month(store, i < 3 ? 1 : 2, key));
        assert_int_equal(link_command(store->link, NULL, "ZADD %s %lld %b", key,
                             (long long)(at - (i % 3 == 2)),
                             arena_printf(arena, "ann a%d {\"rating\":3}", i),
                             strlen("ann a0 {\"rating\":3}")),
            0);
    }
    assert_string_equal(list(&q, next), "ann/a1=3 ann/a0=3 ann/a2=3 ann/a4=3 ann/a3=3 ann/a5=3 ");
    q.limit = 3; /* a page ends where the month does */
    assert_string_equal(list(&q, next), "ann/a1=3 ann/a0=3 ann/a2=3 ");
    memcpy(here, next, sizeof here);
    q.cursor = here;
    assert_string_equal(list(&q, next), "ann/a4=3 ann/a3=3 ann/a5=3 ");
}

static void the_oldest_of_a_month_leave_when_it_is_full(void **state)
{
    char turn[IDENT_UUID_SIZE], next[FEEDBACK_CURSOR_SIZE], id[16];
    struct feedback_query q = all();

    (void)state;
    conf.feedback_max = 2;
    for (int i = 0; i < 4; i++) {
        snprintf(id, sizeof id, "a%d", i);
        talk("ann", "main", id, turn);
        next_millisecond();
        give("ann", id, 3, NULL);
    }
    assert_string_equal(list(&q, next), "ann/a3=3 ann/a2=3 ");
    conf.feedback_max = 0;
    talk("ann", "main", "a9", turn);
    give("ann", "a9", 3, NULL);
    assert_string_equal(list(&q, next), "ann/a3=3 ann/a2=3 ");
}

static struct feedback_entry kept;
static struct feedback_turn its_turn;

static int keep(void *arg, const struct feedback_entry *e)
{
    (void)arg;
    kept = *e;
    kept.text = arena_strdup(arena, e->text);
    return feedback_turn_read(store, e, arena, &its_turn);
}

static void the_turn_comes_along(void **state)
{
    char turn[IDENT_UUID_SIZE], other[IDENT_UUID_SIZE], next[FEEDBACK_CURSOR_SIZE];
    struct feedback_query q = all();

    (void)state;
    talk("ann", "main", "a1", turn);
    talk("ann", "main", "a2", other); /* perhaps in the same millisecond */
    give("ann", "a1", 1, "=1+1");
    assert_int_equal(feedback_read(store, &q, next, keep, NULL), 0);
    assert_string_equal(kept.session, "main");
    assert_string_equal(kept.turn, turn);
    assert_string_equal(its_turn.question, "Will it rain?");
    assert_string_equal(its_turn.answer, "=Perhaps, \"so\"");
    assert_int_equal(its_turn.tool_count, 1);
    assert_string_equal(its_turn.tools[0].name, "get_weather_forecast");
    assert_string_equal(its_turn.tools[0].outcome, "error");
    assert_string_equal(its_turn.tools[0].error, "provider_failed");
    assert_string_equal(its_turn.model, "m-1");
    assert_int_equal(its_turn.input, 7);
    assert_int_equal(its_turn.output, 3);
    assert_string_equal(its_turn.state, "done");
    assert_true(its_turn.ended_ms >= its_turn.created_ms && its_turn.created_ms > 0);
    buf_reset(&told);
    feedback_view_csv(&kept, &its_turn, &told);
    /* No cell is a formula. */
    assert_non_null(strstr(buf_text(&told),
        ",\"ann\",1,\"\",\"'=1+1\",\"Will it rain?\",\"'=Perhaps, "
        "\"\"so\"\"\",\"get_weather_forecast: error "
        "provider_failed\",\"done\",\"m-1\",7,3,"));
    buf_reset(&told);
    feedback_view_json(&kept, &its_turn, &told);
    assert_non_null(strstr(buf_text(&told),
        "\"tools\":[{\"name\":\"get_weather_forecast\","
        "\"outcome\":\"error\",\"error\":\"provider_failed\"}]"));
}

static void a_turn_that_is_gone_leaves_the_opinion(void **state)
{
    char turn[IDENT_UUID_SIZE], next[FEEDBACK_CURSOR_SIZE];
    struct feedback_query q = all();

    (void)state;
    talk("ann", "main", "a1", turn);
    give("ann", "a1", 5, NULL);
    assert_int_equal(link_command(store->link, NULL, "DEL tp:{ann}:s:main:msgs"), 0);
    assert_int_equal(link_command(store->link, NULL, "DEL tp:{ann}:turn:%s", turn), 0);
    assert_int_equal(feedback_read(store, &q, next, keep, NULL), 0);
    assert_int_equal(kept.rating, 5);
    assert_string_equal(its_turn.question, "");
    assert_string_equal(its_turn.state, "");
}

static void an_erased_user_leaves_months_that_were_kept_before(void **state)
{
    char key[64];
    int64_t keep = conf.feedback_keep_ms, keys;
    struct link_reply *r = NULL;

    (void)state;
    (void)feedback_month(store, 10, key);
    assert_int_equal(link_command(store->link, NULL, "ZADD %s 1 %s", key, "ann a1 {\"rating\":2}"),
        0);
    conf.feedback_keep_ms = 86400000; /* it was a year */
    assert_int_equal(userdata_erase(store, "ann", 10000, NULL, NULL, &keys), 0);
    conf.feedback_keep_ms = keep;
    assert_int_equal(link_command(store->link, &r, "EXISTS %s", key), 0);
    assert_int_equal(link_reply_int(r), 0);
    link_reply_free(r);
}

static void an_erased_user_is_in_the_index_no_more(void **state)
{
    char turn[IDENT_UUID_SIZE], next[FEEDBACK_CURSOR_SIZE];
    struct feedback_query q = all();
    int64_t keys;

    (void)state;
    talk("ann", "main", "a1", turn);
    talk("joann", "main", "a1", turn);
    give("ann", "a1", 5, "My name is Ann");
    give("joann", "a1", 4, NULL);
    assert_int_equal(userdata_erase(store, "ann", 10000, NULL, NULL, &keys), 0);
    assert_string_equal(list(&q, next), "joann/a1=4 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_users_say_is_listed_newest_first_and_filtered, fresh,
            end),
        cmocka_unit_test_setup_teardown(pages_follow_each_other_without_a_gap, fresh, end),
        cmocka_unit_test_setup_teardown(another_opinion_of_a_message_replaces_the_first, fresh,
            end),
        cmocka_unit_test_setup_teardown(an_old_month_is_read_and_an_opinion_leaves_it, fresh, end),
        cmocka_unit_test_setup_teardown(no_entry_is_lost_between_two_months, fresh, end),
        cmocka_unit_test_setup_teardown(the_oldest_of_a_month_leave_when_it_is_full, fresh, end),
        cmocka_unit_test_setup_teardown(the_turn_comes_along, fresh, end),
        cmocka_unit_test_setup_teardown(an_erased_user_leaves_months_that_were_kept_before, fresh,
            end),
        cmocka_unit_test_setup_teardown(a_turn_that_is_gone_leaves_the_opinion, fresh, end),
        cmocka_unit_test_setup_teardown(an_erased_user_is_in_the_index_no_more, fresh, end),
    };
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
