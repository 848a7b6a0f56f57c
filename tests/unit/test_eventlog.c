/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/clock.h"
#include "base/err.h"
#include "base/task.h"
#include "store/eventlog.h"
#include "store/keys.h"
#include "store/sessions.h"
#include "store/turns.h"
#include "store_bench.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define USER "ann"

/* Worker one writes, worker two looks on; Redis may go away. */
static struct eventlog *events;
static struct turns_start turn;

static int set_up_all(void **state)
{
    store_bench_open(state);
    conf.redis_timeout_ms = 500;
    return eventlog_new(&events, one);
}

static int tear_down_all(void **state)
{
    eventlog_free(events);
    return store_bench_close(state);
}

static int set_up(void **state)
{
    char id[IDENT_UUID_SIZE];
    struct turns_request q = {.uid = USER,
        .session = session,
        .turn = id,
        .body_hash = "h",
        .first_event = "{\"type\":\"RUN_STARTED\"}",
        .input = "{}",
        .may_run = true};

    store_bench_begin(state);
    ident_uuid7(id);
    assert_int_equal(turns_begin(one, &q, arena, &turn), 0);
    assert_int_equal(turn.outcome, TURNS_STARTED);
    assert_int_equal(eventlog_begin(events, &turn), 0);
    return 0;
}

static int tear_down(void **state)
{
    eventlog_end(events);
    return store_bench_end(state);
}

/* "N RUN? FLAG JSON" of each entry after the first, one a line; checks ids and run. */
static char *transcript(void)
{
    char key[KEYS_MAX];
    struct link_reply *r = NULL;
    struct buf out = {0};
    char *text;

    keys_session_log(key, USER, session);
    assert_int_equal(link_command(two->link, &r, "XRANGE %s - +", key), 0);
    for (size_t i = 1; i < link_reply_count(r); i++) {
        const struct link_reply *entry = link_reply_at(r, i);
        const char *value = link_reply_text(link_reply_at(link_reply_at(entry, 1), 1), NULL);
        long long epoch = 0, entry_n = 0;

        assert_int_equal(sscanf(link_reply_text(link_reply_at(entry, 0), NULL), "%lld-%lld", &epoch,
                             &entry_n),
            2);
        assert_true(epoch == turn.epoch && entry_n == (long long)i + 1);
        assert_memory_equal(value, turn.turn, 36);
        buf_puts(&out, value + 37);
        buf_putc(&out, '\n');
    }
    link_reply_free(r);
    text = arena_strdup(arena, buf_text(&out));
    buf_free(&out);
    return text;
}

static int flush(void)
{
    return eventlog_flush(events, clock_mono_ms() + 5000);
}

static void text(const char *delta)
{
    assert_int_equal(eventlog_text(events, EVENTLOG_TEXT, "m1", delta, strlen(delta)), 0);
}

#define T(delta) \
    "T {\"type\":\"TEXT_MESSAGE_CONTENT\",\"messageId\":\"m1\",\"delta\":\"" delta "\"}\n"

static void events_and_text_arrive_in_order(void **state)
{
    (void)state;
    assert_int_equal(eventlog_event(events, '-', "{\"a\":1}", 7), 0);
    text("He\"l\n");
    assert_int_equal(flush(), 0);
    text("lo");
    assert_int_equal(flush(), 0);
    assert_int_equal(eventlog_text(events, EVENTLOG_TOOL_ARGS, "c1", "{}", 2), 0);
    assert_int_equal(eventlog_text(events, EVENTLOG_REASONING, "r1", "hm", 2), 0);
    assert_int_equal(eventlog_event(events, '-', "{\"b\":2}", 7), 0);
    assert_int_equal(flush(), 0);
    assert_string_equal(transcript(),
        "- {\"a\":1}\n" T("He\\\"l\\n") T(
            "lo") "- {\"type\":\"TOOL_CALL_ARGS\",\"toolCallId\":\"c1\",\"delta\":\"{}\"}\n"
                  "- {\"type\":\"REASONING_MESSAGE_CONTENT\",\"messageId\":\"r1\",\"delta\":\"hm\"}\n"
                  "- {\"b\":2}\n");
    assert_int_equal(eventlog_next_n(events), 8);
    assert_int_equal(eventlog_state(events), EVENTLOG_OK);
}

static void a_held_event_goes_out_with_the_next_text(void **state)
{
    (void)state;
    assert_int_equal(eventlog_hold(events, '-', "{\"start\":1}", 11), 0);
    assert_int_equal(link_outstanding(one->link), 0);
    assert_string_equal(transcript(), "");
    text("a");
    assert_int_equal(link_outstanding(one->link), 1); /* one append carries both */
    assert_int_equal(flush(), 0);
    assert_string_equal(transcript(), "- {\"start\":1}\n" T("a"));
}

static void text_is_joined_while_an_append_is_under_way(void **state)
{
    (void)state;
    assert_int_equal(kill(redis.pid, SIGSTOP), 0); /* no reply can come */
    text("a");
    text("b");
    text("c");
    assert_int_equal(eventlog_next_n(events), 4);
    assert_int_equal(kill(redis.pid, SIGCONT), 0);
    assert_int_equal(flush(), 0);
    assert_string_equal(transcript(), T("a") T("bc"));
}

static void published_entries_carry_the_one_before(void **state)
{
    char channel[KEYS_MAX], bytes[4096] = "", expected[256];
    long long epoch = (long long)turn.epoch;
    int fd;

    (void)state;
    keys_session(channel, USER, session);
    fd = own_redis_hear(&redis, channel);
    assert_int_equal(eventlog_event(events, '-', "{\"a\":1}", 7), 0);
    text("x");
    assert_int_equal(flush(), 0);
    snprintf(expected, sizeof expected, "\r\n%lld-2 %lld-1 %s - {\"a\":1}\r\n", epoch, epoch,
        turn.turn);
    own_redis_heard(fd, bytes, sizeof bytes, expected);
    snprintf(expected, sizeof expected, "\r\n%lld-3 %lld-2 %s T {", epoch, epoch, turn.turn);
    own_redis_heard(fd, bytes, sizeof bytes, expected);
    close(fd);
}

static void a_restart_of_redis_loses_nothing(void **state)
{
    (void)state;
    text("a");
    assert_int_equal(flush(), 0);
    own_redis_kill(&redis);
    text("b");
    text("c");
    assert_int_equal(eventlog_event(events, '-', "{\"x\":1}", 7), 0);
    assert_int_equal(eventlog_flush(events, clock_mono_ms() + 100), ERR_STORE);
    assert_int_equal(eventlog_state(events), EVENTLOG_AWAY);
    own_redis_again(&redis);
    text("d");
    assert_int_equal(flush(), 0);
    assert_int_equal(eventlog_state(events), EVENTLOG_OK);
    if (strcmp(transcript(), T("a") T("bc") "- {\"x\":1}\n" T("d")) != 0)
        assert_string_equal(transcript(), T("a") T("b") T("c") "- {\"x\":1}\n" T("d"));
}

/* The log took the append but its reply never came: nothing is there twice. */
static void a_lost_reply_doubles_nothing(void **state)
{
    struct link_reply *r = NULL;

    (void)state;
    text("a");
    assert_int_equal(flush(), 0);
    assert_int_equal(kill(redis.pid, SIGSTOP), 0);
    text("b");
    text("c");
    assert_int_equal(kill(redis.pid, SIGCONT), 0);
    while (strcmp(transcript(), T("a") T("b")) != 0)
        continue;
    assert_int_equal(link_command(two->link, &r, "CLIENT KILL TYPE normal SKIPME yes"), 0);
    link_reply_free(r);
    assert_int_equal(flush(), 0);
    assert_string_equal(transcript(), T("a") T("b") T("c"));
}

/* The log is as a server has it that lacks its newest entry, EPOCH-n. */
static void lose_entry(int n)
{
    static const char script[] =
        "local e = redis.call('XRANGE', KEYS[1], '-', '+'); redis.call('DEL', KEYS[1]); "
        "for i = 1, #e - 1 do redis.call('XADD', KEYS[1], e[i][1], unpack(e[i][2])) end "
        "return e[#e][1]";
    struct link_reply *r = NULL;
    char key[KEYS_MAX], newest[48];

    keys_session_log(key, USER, session);
    snprintf(newest, sizeof newest, "%lld-%d", (long long)turn.epoch, n);
    assert_int_equal(link_command(two->link, &r, "EVAL %s 1 %s", script, key), 0);
    assert_string_equal(link_reply_text(r, NULL), newest);
    link_reply_free(r);
}

/* After a fail-over the new master may lack the newest entries: they are appended again. */
static void entries_that_a_failover_lost_come_back(void **state)
{
    (void)state;
    text("a");
    assert_int_equal(flush(), 0);
    text("b");
    assert_int_equal(flush(), 0);
    lose_entry(3);
    assert_int_equal(link_command(two->link, NULL, "CLIENT KILL TYPE normal SKIPME yes"), 0);
    text("c");
    assert_int_equal(flush(), 0);
    assert_string_equal(transcript(), T("a") T("b") T("c"));
    lose_entry(4); /* with nothing more to say: whoever found that out tells it */
    assert_int_equal(flush(), 0);
    assert_string_equal(transcript(), T("a") T("b"));
    eventlog_doubt(events);
    assert_int_equal(flush(), 0);
    assert_string_equal(transcript(), T("a") T("b") T("c"));
}

static void flushed_scripts_are_loaded_again(void **state)
{
    (void)state;
    text("a");
    assert_int_equal(flush(), 0);
    assert_int_equal(link_command(two->link, NULL, "SCRIPT FLUSH"), 0);
    text("b");
    assert_int_equal(flush(), 0);
    assert_string_equal(transcript(), T("a") T("b"));
}

static void a_newer_epoch_fences(void **state)
{
    (void)state;
    text("a");
    assert_int_equal(flush(), 0);
    assert_int_equal(turns_fail(two, USER, turn.turn, false, "gone", "g"), 0);
    eventlog_text(events, EVENTLOG_TEXT, "m1", "b", 1);
    assert_int_equal(flush(), ERR_FENCED);
    assert_int_equal(eventlog_state(events), EVENTLOG_FENCED);
    assert_int_equal(eventlog_event(events, '-', "{}", 2), ERR_FENCED);
    assert_int_equal(eventlog_pump(events), ERR_FENCED);
}

static void a_deleted_session_fences(void **state)
{
    (void)state;
    text("a");
    assert_int_equal(flush(), 0);
    assert_int_equal(sessions_delete(two, USER, session, 0, NULL), 0);
    text("b");
    assert_int_equal(flush(), ERR_FENCED);
    assert_string_equal(transcript(), "");
}

static void a_lost_log_is_written_again(void **state)
{
    char *before;

    (void)state;
    text("a");
    assert_int_equal(flush(), 0);
    text("b");
    assert_int_equal(flush(), 0);
    before = transcript();
    assert_int_equal(link_command(two->link, NULL, "DEL tp:{" USER "}:s:%s:log", session), 0);
    text("c");
    assert_int_equal(flush(), 0);
    assert_int_equal(strncmp(transcript(), before, strlen(before)), 0);
    assert_int_equal(eventlog_state(events), EVENTLOG_OK);
}

static void the_bytes_of_a_turn_are_bounded(void **state)
{
    char chunk[1000];
    int64_t before = conf.log_turn_bytes;
    int error = 0;

    (void)state;
    memset(chunk, 'x', sizeof chunk);
    conf.log_turn_bytes = 65536;
    for (int i = 0; i < 200 && !error; i++)
        error = eventlog_text(events, EVENTLOG_TEXT, "m1", chunk, sizeof chunk);
    assert_int_equal(error, ERR_FULL);
    assert_int_equal(eventlog_state(events), EVENTLOG_FULL);
    assert_int_equal(flush(), 0);
    conf.log_turn_bytes = before;
}

static void a_refusing_redis_is_asked_again(void **state)
{
    (void)state;
    assert_int_equal(link_command(two->link, NULL, "CONFIG SET maxmemory 1"), 0);
    text("a");
    assert_int_equal(eventlog_flush(events, clock_mono_ms() + 100), ERR_STORE);
    assert_int_equal(eventlog_state(events), EVENTLOG_AWAY);
    assert_int_equal(link_command(two->link, NULL, "CONFIG SET maxmemory 0"), 0);
    assert_int_equal(flush(), 0);
    assert_string_equal(transcript(), T("a"));
}

static void many_events_at_once(void **state)
{
    const char *last;
    char json[64];

    (void)state;
    for (int i = 0; i < 5000; i++) {
        int len = snprintf(json, sizeof json, "{\"i\":%d}", i);

        assert_int_equal(eventlog_event(events, '-', json, (size_t)len), 0);
    }
    assert_int_equal(flush(), 0);
    last = transcript();
    assert_non_null(strstr(last, "- {\"i\":4999}\n"));
    assert_int_equal(eventlog_next_n(events), 5002);
}

/* Connections die at random moments: every token is there once and in order. */
static void connections_that_die_cost_nothing(void **state)
{
    struct buf expected = {0}, got = {0};
    const char *p;
    char token[16];

    (void)state;
    srandom(7);
    for (int i = 0; i < 2000; i++) {
        snprintf(token, sizeof token, "%d,", i);
        text(token);
        buf_puts(&expected, token);
        if (random() % 40 == 0)
            assert_int_equal(link_command(two->link, NULL, "CLIENT KILL TYPE normal SKIPME yes"),
                0);
        if (random() % 3 == 0)
            eventlog_pump(events);
        if (random() % 100 == 0)
            assert_int_equal(flush(), 0);
    }
    assert_int_equal(flush(), 0);
    for (p = transcript(); (p = strstr(p, "\"delta\":\"")); p += 9)
        buf_put(&got, p + 9, strcspn(p + 9, "\""));
    assert_string_equal(buf_text(&got), buf_text(&expected));
    buf_free(&got);
    buf_free(&expected);
}

static void a_least_interval_joins_text(void **state)
{
    int entries = 0;

    (void)state;
    conf.event_min_interval_ms = 1000;
    for (int i = 0; i < 100; i++)
        text("x");
    assert_int_equal(flush(), 0);
    conf.event_min_interval_ms = 0;
    for (const char *p = transcript(); (p = strchr(p, '\n')); p++)
        entries++;
    assert_int_equal(entries, 2);
}

/* ---- in a worker of many turns ---- */

static void connect_task(void *arg)
{
    assert_int_equal(link_ensure(arg), 0);
}

static void event_task(void *arg)
{
    assert_int_equal(eventlog_event(arg, LOGENTRY_NONE, "{\"n\":1}", 7), 0);
}

static void flush_task(void *arg)
{
    assert_int_equal(eventlog_flush(arg, clock_mono_ms() + 30000), 0);
}

static void pass(struct reactor *reactor)
{
    assert_true(task_wait(reactor, clock_mono_ms() + 30000, NULL) >= 0);
}

/*
 * The turn waits for a connection that another one makes. Before it goes on, its text has come in
 * the loop, which has asked for the log's top: the turn does not ask again, as one thing at a time
 * is under way.
 */
static void who_waits_for_a_connection_asks_no_second_time(void **state)
{
    struct store *shared;
    struct reactor *reactor;
    struct eventlog *log;
    uint64_t before;

    (void)state;
    assert_int_equal(reactor_new(&reactor), 0);
    assert_int_equal(tasks_open(reactor,
                         &(struct tasks_settings){.stack_bytes = 131072, .stacks_kept = 2}),
        0);
    assert_int_equal(store_open(&shared, &conf, reactor, "m/turn/1/1"), 0);
    link_attach(shared->link, reactor);
    assert_int_equal(eventlog_new(&log, shared), 0);
    assert_int_equal(eventlog_begin(log, &turn), 0);
    assert_int_equal(kill(redis.pid, SIGSTOP), 0); /* it takes the connection and says nothing */
    assert_int_equal(task_spawn(connect_task, shared->link, 0, NULL), 0);
    assert_int_equal(task_spawn(event_task, log, 0, NULL), 0);
    tasks_run();
    assert_int_equal(kill(redis.pid, SIGCONT), 0);
    while (link_fd(shared->link) < 0) {
        assert_true(reactor_step(reactor, clock_mono_ms() + 30000, NULL) >= 0);
        tasks_run();
    }
    assert_int_equal(tasks_count(), 1);
    before = link_raw_sent(shared->link);
    assert_int_equal(eventlog_pump(log), 0); /* as a token does */
    assert_int_equal(link_raw_sent(shared->link), before + 1);
    tasks_run();
    assert_int_equal(tasks_count(), 0);
    assert_int_equal(link_raw_sent(shared->link), before + 1);
    assert_int_equal(task_spawn(flush_task, log, 0, NULL), 0);
    while (tasks_count())
        pass(reactor);
    assert_string_equal(transcript(), "- {\"n\":1}\n");
    eventlog_free(log);
    store_close(shared);
    tasks_close();
    reactor_free(reactor);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(events_and_text_arrive_in_order),
        TEST(a_held_event_goes_out_with_the_next_text),
        TEST(text_is_joined_while_an_append_is_under_way),
        TEST(published_entries_carry_the_one_before),
        TEST(a_lost_reply_doubles_nothing),
        TEST(entries_that_a_failover_lost_come_back),
        TEST(flushed_scripts_are_loaded_again),
        TEST(a_newer_epoch_fences),
        TEST(a_deleted_session_fences),
        TEST(a_lost_log_is_written_again),
        TEST(the_bytes_of_a_turn_are_bounded),
        TEST(a_refusing_redis_is_asked_again),
        TEST(many_events_at_once),
        TEST(connections_that_die_cost_nothing),
        TEST(a_least_interval_joins_text),
        TEST(a_restart_of_redis_loses_nothing),
        TEST(who_waits_for_a_connection_asks_no_second_time),
    };

    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
