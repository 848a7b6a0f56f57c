/* channel: a real Redis, confirmations, messages, pages, scripts, a Redis that dies. */
#include "base/clock.h"
#include "base/err.h"
#include "base/reactor.h"
#include "store/channel.h"
#include "store/scripts.h"
#include "tests/unit/cm.h"
#include "tests/unit/own_redis.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 60000

static struct own_redis redis_process;
static struct conf conf;
static struct reactor *reactor;
static struct channel *channel;
static unsigned ready, lost, subscribed, messages, replies;
static int last_error;
static char text[4096];

static void on_message(void *arg, const char *name, size_t name_len, const char *bytes, size_t len)
{
    (void)arg;
    messages++;
    snprintf(text, sizeof(text), "%.*s=%.*s", (int)name_len, name, (int)len, bytes);
}

static void on_subscribed(void *arg, const char *name, size_t len)
{
    (void)arg;
    (void)name;
    (void)len;
    subscribed++;
}

static void on_ready(void *arg)
{
    (void)arg;
    ready++;
}

static void on_lost(void *arg)
{
    (void)arg;
    lost++;
}

static void on_texts(
    void *arg, int error, const char *const *texts, const size_t *lens, size_t count)
{
    size_t at = 0;

    (void)arg;
    replies++;
    last_error = error;
    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%.*s|", texts[i] ? (int)lens[i] : 3,
            texts[i] ? texts[i] : "nil");
}

static void on_range(void *arg, int error, const struct channel_entry *entries, size_t count)
{
    size_t at = 0;

    (void)arg;
    replies++;
    last_error = error;
    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%.*s:%.*s|", (int)entries[i].id_len,
            entries[i].id, (int)entries[i].value_len, entries[i].value);
}

/* Runs the loop until *counter has reached `value`. */
static void until(const unsigned *counter, unsigned value)
{
    int64_t deadline = clock_mono_ms() + PATIENCE_MS;

    while (*counter < value && clock_mono_ms() < deadline)
        assert_true(reactor_step(reactor, deadline, NULL) >= 0);
    assert_true(*counter >= value);
}

/* Until both connections are there; up false: until the loop has seen that one is not. */
static void until_is(bool up)
{
    int64_t deadline = clock_mono_ms() + PATIENCE_MS;

    while (channel_is_up(channel) != up && clock_mono_ms() < deadline)
        assert_true(reactor_step(reactor, deadline, NULL) >= 0);
    assert_true(channel_is_up(channel) == up);
}

static int command(size_t argc, const char *const *argv)
{
    size_t lens[8];
    unsigned before = replies;
    int rc;

    for (size_t i = 0; i < argc; i++)
        lens[i] = strlen(argv[i]);
    rc = channel_command(channel, argv, lens, argc, on_texts, NULL);
    if (rc == 0)
        until(&replies, before + 1);
    return rc;
}
#define COMMAND(...)                                                                               \
    command(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), (const char *[]){__VA_ARGS__})

static int setup(void **state)
{
    static const struct channel_handlers handlers = {
        NULL, on_message, on_subscribed, on_ready, on_lost};

    (void)state;
    ready = lost = subscribed = messages = replies = 0;
    own_redis_start(&redis_process);
    own_redis_conf(&redis_process, &conf);
    assert_int_equal(reactor_new(&reactor), 0);
    assert_int_equal(channel_new(&channel, &conf, reactor, &handlers), 0);
    until_is(true);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    channel_free(channel);
    reactor_free(reactor);
    own_redis_stop(&redis_process);
    conf_fini(&conf);
    return 0;
}

static void messages_come_after_the_confirmation(void **state)
{
    (void)state;
    assert_int_equal(channel_subscribe(channel, "tp:{u}:s:one"), 0);
    until(&subscribed, 1);
    COMMAND("PUBLISH", "tp:{u}:s:one", "hello world");
    until(&messages, 1);
    assert_int_equal(channel_unsubscribe(channel, "tp:{u}:s:one"), 0);
    assert_int_equal(channel_subscribe(channel, "tp:{u}:s:two"), 0);
    until(&subscribed, 2);
    COMMAND("PUBLISH", "tp:{u}:s:one", "nobody");
    assert_string_equal(text, "0|");
    COMMAND("PUBLISH", "tp:{u}:s:two", "again");
    until(&messages, 2);
}

static void pages_of_a_log(void **state)
{
    (void)state;
    COMMAND("XADD", "log", "5-1", "e", "r - {}");
    COMMAND("XADD", "log", "5-2", "x", "y", "e", "r T {1}");
    COMMAND("XADD", "log", "6-1", "other", "field");
    COMMAND("XADD", "log", "6-2", "e", "r F {2}");
    assert_int_equal(channel_range(channel, "log", "0-0", 10, on_range, NULL), 0);
    until(&replies, 5);
    assert_string_equal(text, "5-1:r - {}|5-2:r T {1}|6-2:r F {2}|");
    assert_int_equal(channel_range(channel, "log", "5-1", 1, on_range, NULL), 0);
    until(&replies, 6);
    assert_string_equal(text, "5-2:r T {1}|");
    assert_int_equal(channel_range(channel, "nothing", "5-1", 1, on_range, NULL), 0);
    until(&replies, 7);
    assert_string_equal(text, "");
    COMMAND("SET", "plain", "x");
    assert_int_equal(channel_range(channel, "plain", "0-0", 1, on_range, NULL), 0);
    until(&replies, 9);
    assert_int_equal(last_error, ERR_INTERNAL);
}

/* More than the socket takes at once goes out as Redis reads it; what is asked behind it, too. */
static void a_command_that_the_socket_does_not_take_at_once(void **state)
{
    size_t len = 16 << 20;
    char *value = malloc(len + 1);
    const char *set[] = {"SET", "large", value};
    const char *strlen_of[] = {"STRLEN", "large"};
    size_t set_lens[] = {3, 5, len}, strlen_lens[] = {6, 5};

    (void)state;
    assert_non_null(value);
    memset(value, 'x', len);
    assert_int_equal(channel_command(channel, set, set_lens, 3, on_texts, NULL), 0);
    assert_int_equal(channel_subscribe(channel, "c"), 0);
    assert_int_equal(channel_command(channel, strlen_of, strlen_lens, 2, on_texts, NULL), 0);
    free(value);
    until(&replies, 2);
    assert_string_equal(text, "16777216|");
    until(&subscribed, 1);
    COMMAND("PING"); /* and all is as before */
    assert_string_equal(text, "PONG|");
}

/* Nothing is sent from within the call; the loop does not wait before it sends. */
static void what_is_asked_outside_the_loop_goes_out_with_its_next_pass(void **state)
{
    const char *argv[] = {"PING"};
    size_t lens[] = {4};

    (void)state;
    assert_true(reactor_next_due(reactor, INT64_MAX) > 0);
    for (int i = 0; i < 100; i++)
        assert_int_equal(channel_command(channel, argv, lens, 1, on_texts, NULL), 0);
    assert_int_equal(replies, 0);
    assert_int_equal(reactor_next_due(reactor, INT64_MAX), 0);
    until(&replies, 100);
    assert_true(reactor_next_due(reactor, INT64_MAX) > 0);
}

static void nested_replies_become_a_list(void **state)
{
    (void)state;
    COMMAND("EVAL", "return {'a', {1, {'b', false}}, 'c'}", "0");
    assert_string_equal(text, "a|1|b|nil|c|");
    assert_int_equal(COMMAND("HMGET", "none", "x", "y"), 0);
    assert_string_equal(text, "nil|nil|");
    COMMAND("NOSUCH");
    assert_int_equal(last_error, ERR_INTERNAL);
}

static void locate(void)
{
    const char *texts[] = {"s", "s:log", "s:msgs", "t:", "0", "", "0-0"};
    unsigned before = replies;

    assert_int_equal(channel_script(channel, &script_view_locate, 3, texts, 7, on_texts, NULL), 0);
    until(&replies, before + 1);
}

static void a_forgotten_script_is_loaded_again(void **state)
{
    (void)state;
    locate();
    assert_int_equal(last_error, 0);
    assert_string_equal(text, "||0-0||0|0|||0|");
    COMMAND("SCRIPT", "FLUSH");
    locate();
    assert_int_equal(last_error, ERR_AGAIN);
    COMMAND("HSET", "s", "run", "r1");
    COMMAND("HSET", "t:r1", "first", "4-9");
    COMMAND("XADD", "s:log", "5-1", "e", "x");
    COMMAND("XADD", "s:log", "5-2", "e", "x");
    COMMAND("XTRIM", "s:log", "MAXLEN", "1");
    locate();
    assert_int_equal(last_error, 0);
    assert_string_equal(text, "r1|4-9|5-2|5-2|1|1|||0|");
}

static void who_has_gone_is_not_called(void **state)
{
    const char *argv[] = {"PING"};
    size_t lens[] = {4};
    int owner, other;

    (void)state;
    assert_int_equal(channel_command(channel, argv, lens, 1, on_texts, &owner), 0);
    assert_int_equal(channel_command(channel, argv, lens, 1, on_texts, &other), 0);
    channel_forget(channel, &owner);
    until(&replies, 1);
    COMMAND("PING");
    assert_int_equal(replies, 2);
}

static void a_redis_that_dies_comes_back(void **state)
{
    const char *argv[] = {"DEBUG", "SLEEP", "30"};
    size_t lens[] = {5, 5, 2};

    (void)state;
    assert_int_equal(channel_subscribe(channel, "c"), 0);
    until(&subscribed, 1);
    assert_int_equal(channel_command(channel, argv, lens, 3, on_texts, NULL), 0);
    own_redis_kill(&redis_process);
    until(&lost, 1);
    until(&replies, 1);
    assert_int_equal(last_error, ERR_STORE);
    assert_int_equal(channel_subscribe(channel, "c"), ERR_STORE);
    assert_int_equal(COMMAND("PING"), ERR_STORE);
    own_redis_again(&redis_process);
    until(&ready, 2);
    until_is(true);
    assert_int_equal(channel_subscribe(channel, "c"), 0);
    until(&subscribed, 2);
    COMMAND("PUBLISH", "c", "back");
    until(&messages, 1);
}

static void who_asks_of_a_closed_connection_waits_for_the_next(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        COMMAND("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no");
        until_is(false);
        assert_int_equal(COMMAND("SET", "after", "it"), 0);
        assert_int_equal(last_error, 0);
        assert_string_equal(text, "OK|");
        assert_true(channel_hurry(channel));
        until_is(true);
    }
}

static void who_asks_of_a_redis_that_is_back_does_not_wait_for_the_back_off(void **state)
{
    (void)state;
    own_redis_kill(&redis_process);
    until_is(false);
    for (int i = 0; i < 2000; i++)
        assert_int_equal(COMMAND("PING"), ERR_STORE);
    assert_false(channel_hurry(channel));
    own_redis_again(&redis_process);
    /* The last attempt may have failed slowly. The back-off cannot help: no loop runs here. */
    for (int i = 0; i < PATIENCE_MS && COMMAND("PING") == ERR_STORE; i++)
        poll(NULL, 0, 1);
    assert_int_equal(replies, 1);
    assert_int_equal(last_error, 0);
    for (int i = 0; i < PATIENCE_MS && !channel_hurry(channel); i++)
        poll(NULL, 0, 1);
    assert_true(channel_hurry(channel));
    until_is(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(messages_come_after_the_confirmation, setup, teardown),
        cmocka_unit_test_setup_teardown(pages_of_a_log, setup, teardown),
        cmocka_unit_test_setup_teardown(nested_replies_become_a_list, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_command_that_the_socket_does_not_take_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(
            what_is_asked_outside_the_loop_goes_out_with_its_next_pass, setup, teardown),
        cmocka_unit_test_setup_teardown(a_forgotten_script_is_loaded_again, setup, teardown),
        cmocka_unit_test_setup_teardown(who_has_gone_is_not_called, setup, teardown),
        cmocka_unit_test_setup_teardown(a_redis_that_dies_comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(
            who_asks_of_a_closed_connection_waits_for_the_next, setup, teardown),
        cmocka_unit_test_setup_teardown(
            who_asks_of_a_redis_that_is_back_does_not_wait_for_the_back_off, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
