/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_link_asks -- what a loop asks of Redis, which never waits: outcomes come from the loop, each
 * once, whatever happens to the connection meanwhile.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/task.h"
#include "store/scripts.h"
#include "tests/unit/cm.h"
#include "tests/unit/loop_bench.h"
#include "wire/redis/link.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANY 2000

static unsigned outcomes, failures;
static int last_error;
static char text[256];

static int set_up(void **state)
{
    outcomes = failures = 0;
    return loop_bench_start(state);
}

/* Outcomes are told by the loop: what a task would have to wait for may be done there. */
static void on_reply(void *arg, int error, struct link_reply *reply)
{
    (void)arg;
    assert_null(task_self());
    outcomes++;
    failures += error != 0;
    last_error = error;
    snprintf(text, sizeof text, "%s", link_reply_text(reply, NULL));
    if (link_reply_type(reply) == LINK_INT)
        snprintf(text, sizeof text, "%lld", (long long)link_reply_int(reply));
    link_reply_free(reply);
}

static void until(unsigned value)
{
    loop_bench_until(&outcomes, value, loop_bench_pass);
}

static int ask_for(bool reads, struct link_asker *asker, size_t n, const char *const *words)
{
    struct link_arg args[8];

    for (size_t i = 0; i < n; i++)
        args[i] = link_text(words[i]);
    return link_ask(asked,
        &(struct link_question){.args = args,
            .nargs = n,
            .reads = reads,
            .on_reply = on_reply,
            .asker = asker});
}
#define WORDS(...) \
    sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), (const char *[]) \
    { \
        __VA_ARGS__ \
    }
#define ASK(...) ask_for(false, NULL, WORDS(__VA_ARGS__))

/* Asks and waits for the outcome, which is what link_ask returns if it fails. */
static int outcome(size_t n, const char *const *words)
{
    unsigned before = outcomes;
    int error = ask_for(false, NULL, n, words);

    if (error)
        return error;
    until(before + 1);
    assert_int_equal(outcomes, before + 1);
    return last_error;
}
#define OUTCOME(...) outcome(WORDS(__VA_ARGS__))

static void the_first_question_makes_the_connection(void **state)
{
    (void)state;
    assert_int_equal(link_fd(asked), -1);
    assert_int_equal(OUTCOME("ECHO", "one"), 0);
    assert_string_equal(text, "one");
    assert_int_equal(OUTCOME("NOSUCH"), ERR_INTERNAL);
    assert_int_equal(link_generation(asked), 1);
}

/* Nothing is sent from within the call; the loop does not wait before it sends. */
static void what_a_pass_asks_goes_out_together(void **state)
{
    (void)state;
    assert_int_equal(OUTCOME("PING"), 0);
    for (int i = 0; i < 100; i++)
        assert_int_equal(ASK("PING"), 0);
    assert_int_equal(outcomes, 1);
    assert_int_equal(link_outstanding(asked), 100);
    until(101);
    assert_int_equal(failures, 0);
}

/* More than the socket takes at once goes out as Redis reads it; what is asked behind it, too. */
static void a_command_that_the_socket_does_not_take_at_once(void **state)
{
    size_t len = 16 << 20;
    char *value = malloc(len + 1);

    (void)state;
    assert_non_null(value);
    memset(value, 'x', len);
    value[len] = '\0';
    assert_int_equal(ASK("SET", "large", value), 0);
    free(value); /* it is not kept */
    assert_int_equal(ASK("STRLEN", "large"), 0);
    until(2);
    assert_string_equal(text, "16777216");
    assert_int_equal(OUTCOME("PING"), 0); /* and all is as before */
    assert_string_equal(text, "PONG");
}

static int locate(void)
{
    struct link_arg args[] = {link_text("tp:{u}:s:s"), link_text("0"), link_text(""),
        link_text("0-0")};
    unsigned before = outcomes;
    int error = link_ask(asked,
        &(struct link_question){.script = &script_view_locate,
            .nkeys = 1,
            .args = args,
            .nargs = 4,
            .reads = true,
            .on_reply = on_reply});

    assert_int_equal(error, 0);
    until(before + 1);
    return last_error;
}

static void a_forgotten_script_is_loaded_again(void **state)
{
    (void)state;
    assert_int_equal(locate(), 0);
    assert_int_equal(OUTCOME("SCRIPT", "FLUSH"), 0);
    assert_int_equal(locate(), 0); /* whoever asks does not notice */
    assert_int_equal(locate(), 0);
    assert_int_equal(failures, 0);
}

static void who_has_gone_is_not_called(void **state)
{
    struct link_asker gone = {NULL}, here = {NULL};

    (void)state;
    assert_int_equal(ask_for(true, &gone, WORDS("PING")), 0); /* it waits for the connection */
    assert_int_equal(ask_for(true, &here, WORDS("PING")), 0);
    link_asker_leave(&gone);
    until(1);
    assert_int_equal(ask_for(true, &gone, WORDS("PING")), 0); /* it is on its way */
    assert_int_equal(ask_for(true, &here, WORDS("PING")), 0);
    tasks_run();
    link_asker_leave(&gone);
    until(2);
    assert_int_equal(OUTCOME("PING"), 0);
    assert_int_equal(outcomes, 3);
}

/* What one asks is dropped without what others ask, of which there may be much. */
static void one_leaves_with_all_that_it_asks(void **state)
{
    struct link_asker gone = {NULL}, here = {NULL};

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask_for(true, &gone, WORDS("ECHO", "gone")), 0);
        assert_int_equal(ask_for(true, &here, WORDS("ECHO", "here")), 0);
    }
    link_asker_leave(&gone);
    assert_null(gone.first);
    assert_int_equal(ask_for(true, &gone, WORDS("ECHO", "back")), 0); /* it may ask again */
    until(4);
    assert_string_equal(text, "back");
    assert_int_equal(OUTCOME("PING"), 0);
    assert_int_equal(outcomes, 5);
    assert_null(here.first);
    assert_null(gone.first);
}

#define CROWD 20000
static struct crowd {
    struct link_asker asker;
    unsigned told;
} crowd[CROWD];
static size_t crowd_next; /* those before it have been told, or will not be */

static int ask_for_one(struct crowd *one);

/* Of four of the crowd, two have left; the second tells the fourth to leave, too. */
static void on_one(void *arg, int error, struct link_reply *reply)
{
    struct crowd *one = arg;
    size_t i = (size_t)(one - crowd);

    link_reply_free(reply);
    outcomes++;
    failures += error != 0;
    assert_true(i >= crowd_next); /* in the order of the questions */
    crowd_next = i + 1;
    one->told++;
    assert_null(one->asker.first);
    link_asker_leave(&crowd[i + 2].asker);
    assert_int_equal(ask_for_one(one), 0); /* and it leaves before that is answered */
    link_asker_leave(&one->asker);
}

static int ask_for_one(struct crowd *one)
{
    const struct link_arg ping = link_text("PING");

    return link_ask(asked,
        &(struct link_question){.args = &ping,
            .nargs = 1,
            .reads = true,
            .on_reply = on_one,
            .arg = one,
            .asker = &one->asker});
}

static void crowd_asks_and_leaves(void)
{
    memset(crowd, 0, sizeof crowd);
    crowd_next = outcomes = 0;
    for (size_t i = 0; i < CROWD; i++)
        assert_int_equal(ask_for_one(&crowd[i]), 0);
    for (size_t i = CROWD; i > 0; i -= 2) /* the last first: it is nowhere at the front */
        link_asker_leave(&crowd[i - 2].asker);
    until(CROWD / 4);
    assert_int_equal(OUTCOME("PING"), 0);
    for (size_t i = 0; i < CROWD; i++) {
        assert_int_equal(crowd[i].told, i % 4 == 1);
        assert_null(crowd[i].asker.first);
    }
    assert_int_equal(failures, 0);
}

static void many_leave_while_as_many_wait(void **state)
{
    (void)state;
    assert_int_equal(link_fd(asked), -1);
    crowd_asks_and_leaves(); /* before there is a connection */
    assert_true(link_fd(asked) >= 0);
    crowd_asks_and_leaves();
    for (size_t i = 0; i < CROWD; i++) /* the link goes before them */
        assert_int_equal(ask_for_one(&crowd[i]), 0);
    link_free(asked);
    for (size_t i = 0; i < CROWD; i++)
        assert_null(crowd[i].asker.first);
    assert_int_equal(link_new(&asked, &conf), 0);
    link_attach(asked, reactor);
}

static void a_redis_that_dies_comes_back(void **state)
{
    (void)state;
    assert_int_equal(OUTCOME("PING"), 0);
    assert_int_equal(kill(redis.pid, SIGSTOP), 0);
    assert_int_equal(ASK("SET", "a", "b"), 0);
    loop_bench_pass();
    own_redis_kill(&redis);
    until(2); /* it was tried once more */
    assert_int_equal(last_error, ERR_STORE);
    assert_int_equal(OUTCOME("PING"), ERR_STORE);
    own_redis_again(&redis);
    for (int64_t end = clock_mono_ms() + LOOP_BENCH_PATIENCE_MS; OUTCOME("PING");)
        assert_true(clock_mono_ms() < end);
    assert_string_equal(text, "PONG");
}

static void kill_connections(void)
{
    assert_int_equal(link_command(other, NULL, "CLIENT KILL TYPE normal SKIPME yes"), 0);
}

static void who_asks_of_a_closed_connection_waits_for_the_next(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(OUTCOME("PING"), 0);
        kill_connections();
        for (int64_t end = clock_mono_ms() + LOOP_BENCH_PATIENCE_MS; link_fd(asked) >= 0;
             loop_bench_pass())
            assert_true(clock_mono_ms() < end);
        assert_int_equal(OUTCOME("SET", "after", "it"), 0);
        assert_string_equal(text, "OK");
    }
}

/* What Redis has taken and not answered when it closes the connection is made once more, all. */
static void what_was_under_way_is_made_again(void **state)
{
    (void)state;
    assert_int_equal(OUTCOME("PING"), 0);
    assert_int_equal(link_command(other, NULL, "CLIENT PAUSE 60000 WRITE"), 0);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(ASK("INCR", "n"), 0);
    loop_bench_pass();
    assert_int_equal(outcomes, 1);
    kill_connections();
    assert_int_equal(link_command(other, NULL, "CLIENT UNPAUSE"), 0);
    until(1 + MANY);
    assert_int_equal(failures, 0);
    assert_int_equal(atoi(text), MANY); /* in their order, and held back writes had no effect */
}

static void who_asks_of_a_redis_that_is_back_does_not_wait_for_the_back_off(void **state)
{
    int64_t end;

    (void)state;
    own_redis_kill(&redis);
    for (int i = 0; i < 200; i++)
        assert_int_equal(OUTCOME("PING"), ERR_STORE);
    own_redis_again(&redis);
    /* The last attempt may have failed slowly; no loop runs between two of them. */
    for (end = clock_mono_ms() + LOOP_BENCH_PATIENCE_MS; ASK("PING"); poll(NULL, 0, 1))
        assert_true(clock_mono_ms() < end);
    until(1);
    assert_true(link_is_coming(asked));
}

/* Others who ask something now and then say nothing about whether Redis answers. */
static void new_questions_give_a_silent_redis_no_more_time(void **state)
{
    unsigned sent = 0;

    (void)state;
    conf.redis_timeout_ms = 2000;
    assert_int_equal(OUTCOME("PING"), 0);
    assert_int_equal(kill(redis.pid, SIGSTOP), 0);
    outcomes = 0;
    for (; !outcomes && sent < 4000; sent++) {
        (void)ask_for(true, NULL, WORDS("PING"));
        assert_true(task_wait(reactor, clock_mono_ms() + 25, NULL) >= 0);
    }
    assert_int_equal(kill(redis.pid, SIGCONT), 0);
    assert_true(outcomes > 0);
    assert_int_equal(last_error, ERR_STORE); /* and not made again: it would not help */
}

/* A connection into nowhere is left before somebody needs it. */
static void a_silent_redis_is_noticed_though_nobody_asks(void **state)
{
    (void)state;
    conf.redis_timeout_ms = 2000;
    assert_int_equal(OUTCOME("PING"), 0);
    assert_int_equal(kill(redis.pid, SIGSTOP), 0);
    for (int64_t end = clock_mono_ms() + LOOP_BENCH_PATIENCE_MS; link_fd(asked) >= 0;
         loop_bench_pass())
        assert_true(clock_mono_ms() < end);
    assert_int_equal(kill(redis.pid, SIGCONT), 0);
}

static unsigned asked_again;

static void on_failed(void *arg, int error, struct link_reply *reply)
{
    (void)arg;
    assert_int_not_equal(error, 0);
    assert_null(reply);
    outcomes++;
    if (asked_again++ < 3)
        assert_int_equal(ASK("PING"), 0);
}

/* A handler may ask anew: that waits for the next attempt, so nothing goes round in circles. */
static void what_a_failure_asks_is_of_the_next_attempt(void **state)
{
    struct link_arg ping = link_text("PING");

    (void)state;
    asked_again = 0;
    own_redis_kill(&redis);
    for (int i = 0; i < 3; i++)
        assert_int_equal(
            link_ask(asked,
                &(struct link_question){.args = &ping, .nargs = 1, .on_reply = on_failed}),
            0);
    until(6);
    assert_int_equal(failures, 3);
    own_redis_again(&redis);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, loop_bench_stop)
    const struct CMUnitTest tests[] = {
        TEST(the_first_question_makes_the_connection),
        TEST(what_a_pass_asks_goes_out_together),
        TEST(a_command_that_the_socket_does_not_take_at_once),
        TEST(a_forgotten_script_is_loaded_again),
        TEST(who_has_gone_is_not_called),
        TEST(one_leaves_with_all_that_it_asks),
        TEST(many_leave_while_as_many_wait),
        TEST(a_redis_that_dies_comes_back),
        TEST(who_asks_of_a_closed_connection_waits_for_the_next),
        TEST(what_was_under_way_is_made_again),
        TEST(who_asks_of_a_redis_that_is_back_does_not_wait_for_the_back_off),
        TEST(new_questions_give_a_silent_redis_no_more_time),
        TEST(a_silent_redis_is_noticed_though_nobody_asks),
        TEST(what_a_failure_asks_is_of_the_next_attempt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
