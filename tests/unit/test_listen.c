/* SPDX-License-Identifier: BSD-2-Clause */
/* listen: messages, a server that freezes or restarts, a master that is the master no more. */
#include "base/clock.h"
#include "base/err.h"
#include "base/task.h"
#include "own_redis.h"
#include "sentinel_double.h"
#include "wire/redis/link.h"
#include "wire/redis/listen.h"
#include "wire/redis/sentinel.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 60000

static struct own_redis redis_a, redis_b;
static struct conf conf_a, conf_b, conf;
static struct link *link_a, *link_b, *shared; /* shared: whose server the listener follows */
static struct reactor *reactor;
static struct listen *listener;
static struct listen_ear ear, other, third;
static struct sentinel_double sentinel;
static int port_a, port_b;
static unsigned subscribed, messages, lost;
static char last[64];

static void on_message(void *arg, const char *bytes, size_t len)
{
    (void)arg;
    messages++;
    snprintf(last, sizeof last, "%.*s", (int)len, bytes);
}

static void on_subscribed(void *arg)
{
    (void)arg;
    subscribed++;
}

static void on_lost(void *arg)
{
    (void)arg;
    lost++;
}

static const struct listen_handlers hears_all = {.message = on_message,
    .subscribed = on_subscribed,
    .lost = on_lost};

static void until(const unsigned *counter, unsigned value)
{
    int64_t end = clock_mono_ms() + PATIENCE_MS;

    while (*counter < value && clock_mono_ms() < end)
        (void)task_wait(reactor, clock_mono_ms() + 100, NULL);
    assert_true(*counter >= value);
}

/* Opens a port of a server that listens on a unix socket only. */
static int open_port(struct link *link)
{
    struct link_reply *reply = NULL;

    for (int port = 20000 + (int)getpid() % 20000; port < 60000; port++) {
        if (link_command(link, NULL, "CONFIG SET port %d bind 127.0.0.1", port))
            continue;
        assert_int_equal(link_command(link, &reply, "PING"), 0);
        link_reply_free(reply);
        return port;
    }
    fail_msg("no port is free");
    return 0;
}

static int set_up_all(void **state)
{
    (void)state;
    own_redis_start(&redis_a);
    own_redis_start(&redis_b);
    own_redis_conf(&redis_a, &conf_a);
    own_redis_conf(&redis_b, &conf_b);
    own_redis_conf(&redis_a, &conf);
    conf.redis_timeout_ms = 2000;
    assert_int_equal(link_new(&link_a, &conf_a), 0);
    assert_int_equal(link_new(&link_b, &conf_b), 0);
    port_a = open_port(link_a);
    port_b = open_port(link_b);
    sentinel_double_start_naming(&sentinel, redis_a.dir, 1, port_a);
    assert_int_equal(reactor_new(&reactor), 0);
    assert_int_equal(tasks_open(reactor, &(struct tasks_settings){.stack_bytes = 131072}), 0);
    return 0;
}

static int tear_down_all(void **state)
{
    (void)state;
    sentinel_double_stop(&sentinel);
    link_free(link_a);
    link_free(link_b);
    conf_fini(&conf);
    conf_fini(&conf_a);
    conf_fini(&conf_b);
    tasks_close();
    reactor_free(reactor);
    own_redis_stop(&redis_a);
    own_redis_stop(&redis_b);
    return 0;
}

static void use_sentinel(bool yes)
{
    char why[CONF_WHY_SIZE];

    assert_int_equal(conf_set(&conf, "redis.sentinels", yes ? sentinel.path : "", why), 0);
}

static void hear(struct listen_ear *e, const char *channel)
{
    *e = (struct listen_ear){.channel = channel, .on = &hears_all};
    listen_add(listener, e);
}

static void end(void)
{
    listen_remove(listener, &ear);
    listen_remove(listener, &other);
    listen_free(listener);
    for (int64_t end = clock_mono_ms() + PATIENCE_MS; tasks_count();) { /* of a connection */
        assert_true(clock_mono_ms() < end);
        (void)task_wait(reactor, clock_mono_ms() + 5, NULL);
    }
    link_free(shared);
}

static void begin(void)
{
    subscribed = messages = lost = 0;
    assert_int_equal(link_new(&shared, &conf), 0);
    link_attach(shared, reactor);
    assert_int_equal(listen_new(&listener, shared), 0);
    hear(&ear, "tp:{u}:ctl");
    until(&subscribed, 1);
    /* With Sentinels the link follows, and is the one that asks a server for its role. */
    for (int64_t end = clock_mono_ms() + PATIENCE_MS;
         sentinel_used(&conf) && link_fd(shared) < 0;) {
        assert_true(clock_mono_ms() < end);
        (void)task_wait(reactor, clock_mono_ms() + 100, NULL);
    }
}

static void hears(struct link *link, const char *text)
{
    unsigned before = messages;

    assert_int_equal(link_command(link, NULL, "PUBLISH tp:{u}:ctl %s", text), 0);
    until(&messages, before + 1);
    assert_string_equal(last, text);
}

static void messages_come(void **state)
{
    struct link_reply *r = NULL;

    (void)state;
    use_sentinel(false);
    begin();
    hears(link_a, "one");
    listen_remove(listener, &ear);
    hear(&ear, "tp:{u}:other");
    until(&subscribed, 2);
    assert_int_equal(link_command(link_a, &r, "PUBLISH tp:{u}:ctl no"), 0);
    assert_int_equal(link_reply_int(r), 0); /* nobody */
    link_reply_free(r);
    assert_int_equal(link_command(link_a, NULL, "PUBLISH tp:{u}:other yes"), 0);
    until(&messages, 2);
    assert_string_equal(last, "yes");
    end();
}

static unsigned count_of(const char *channel)
{
    struct link_reply *r = NULL;

    assert_int_equal(link_command(link_a, &r, "PUBSUB NUMSUB %s", channel), 0);
    unsigned n = (unsigned)link_reply_int(link_reply_at(r, 1));
    link_reply_free(r);
    return n;
}

/* A turn and its successor, or the same session taken back: both hear until each has left. */
static void two_ears_of_one_channel(void **state)
{
    (void)state;
    use_sentinel(false);
    begin();
    hear(&other, "tp:{u}:ctl");
    until(&subscribed, 3); /* the confirmation of the second is told to both */
    assert_int_equal(link_command(link_a, NULL, "PUBLISH tp:{u}:ctl both"), 0);
    until(&messages, 2);
    listen_remove(listener, &ear);
    hears(link_a, "one");
    listen_remove(listener, &other);
    for (int64_t stop = clock_mono_ms() + PATIENCE_MS; count_of("tp:{u}:ctl");) {
        assert_true(clock_mono_ms() < stop);
        (void)task_wait(reactor, clock_mono_ms() + 5, NULL);
    }
    assert_int_equal(messages, 3);
    end();
}

#define MANY 300
static void many_channels_survive_a_lost_connection(void **state)
{
    static struct listen_ear many[MANY];
    static char channels[MANY][32];

    (void)state;
    use_sentinel(false);
    begin();
    for (int i = 0; i < MANY; i++) {
        snprintf(channels[i], sizeof channels[i], "tp:{u}:%d", i);
        hear(&many[i], channels[i]);
    }
    until(&subscribed, 1 + MANY);
    assert_int_equal(link_command(link_a, NULL, "CLIENT KILL TYPE pubsub"), 0);
    until(&subscribed, 2 * (1 + MANY)); /* all were told that something may have been missed */
    for (int i = 0; i < MANY; i++)
        assert_int_equal(link_command(link_a, NULL, "PUBLISH tp:{u}:%d x", i), 0);
    until(&messages, MANY);
    for (int i = 0; i < MANY; i++)
        listen_remove(listener, &many[i]);
    end();
}

/* Also when the connection has been there for a moment only. */
static void who_hurries_does_not_wait_for_the_back_off(void **state)
{
    (void)state;
    use_sentinel(false);
    begin();
    for (unsigned i = 1; i <= 5; i++) {
        assert_int_equal(link_command(link_a, NULL, "CLIENT KILL TYPE pubsub"), 0);
        until(&lost, i);
        assert_true(listen_hurry(listener));
        until(&subscribed, 1 + i);
    }
    end();
}

/* Counts for one ear. */
static void confirmed_once(void *arg)
{
    ++*(unsigned *)arg;
}

/* A confirmation of an earlier subscription to the channel says nothing about the present one. */
static void who_comes_again_is_told_of_his_own_subscription(void **state)
{
    static const struct listen_handlers counts = {.message = on_message,
        .subscribed = confirmed_once};
    unsigned again = 0;

    (void)state;
    use_sentinel(false);
    begin();
    hear(&other, "tp:{u}:again");
    listen_remove(listener, &other);
    other = (struct listen_ear){.channel = "tp:{u}:again", .on = &counts, .arg = &again};
    listen_add(listener, &other);
    hear(&third, "tp:{u}:third"); /* behind them all */
    until(&subscribed, 2);
    assert_int_equal(again, 1);
    listen_remove(listener, &third);
    end();
}

/* The link and the subscriptions go to one server: whichever finds another one takes the other. */
static void both_connections_go_to_one_server(void **state)
{
    (void)state;
    use_sentinel(true);
    begin();
    while (link_fd(shared) < 0)
        (void)task_wait(reactor, clock_mono_ms() + 5, NULL);
    *sentinel.port = port_b;
    assert_int_equal(link_command(link_a, NULL, "CLIENT KILL TYPE pubsub"), 0);
    until(&lost, 1);
    until(&subscribed, 2); /* the subscriptions find b first */
    for (int64_t end = clock_mono_ms() + PATIENCE_MS; link_ensure(shared);) {
        assert_true(clock_mono_ms() < end);
        (void)task_wait(reactor, clock_mono_ms() + 5, NULL);
    }
    assert_int_equal(link_generation(shared), 2);
    hears(link_b, "at b");
    *sentinel.port = port_a;
    assert_int_equal(link_command(link_b, NULL, "CLIENT KILL TYPE normal SKIPME yes"), 0);
    while (link_fd(shared) >= 0 && link_generation(shared) == 2)
        (void)task_wait(reactor, clock_mono_ms() + 5, NULL);
    for (int64_t end = clock_mono_ms() + PATIENCE_MS; link_ensure(shared);) {
        assert_true(clock_mono_ms() < end);
        (void)task_wait(reactor, clock_mono_ms() + 5, NULL);
    }
    until(&subscribed, 3); /* and the link finds a */
    assert_int_equal(lost, 2);
    hears(link_a, "at a");
    end();
}

/* Without Sentinels a server that is a replica, for now, is better than none to a reader. */
static void a_replica_is_a_server_to_a_reader(void **state)
{
    (void)state;
    use_sentinel(false);
    assert_int_equal(link_command(link_a, NULL, "REPLICAOF 127.0.0.1 1"), 0);
    assert_int_equal(link_new(&shared, &conf), 0);
    link_attach(shared, reactor);
    assert_int_equal(listen_new(&listener, shared), 0);
    assert_true(listen_hurry(listener));
    while (tasks_count())
        (void)task_wait(reactor, clock_mono_ms() + 5, NULL);
    assert_false(listen_is_up(listener));
    link_accept_replicas(shared);
    subscribed = 0;
    hear(&ear, "tp:{u}:ctl");
    until(&subscribed, 1);
    assert_int_equal(link_command(link_a, NULL, "REPLICAOF NO ONE"), 0);
    end();
}

/* What does not answer is left, so that a connection into nowhere does not stay for ever. */
static void a_server_that_freezes_is_left(void **state)
{
    (void)state;
    use_sentinel(false);
    begin();
    assert_int_equal(kill(redis_a.pid, SIGSTOP), 0);
    hear(&other, "tp:{u}:other");
    for (int64_t end = clock_mono_ms() + PATIENCE_MS; listen_is_up(listener);) {
        assert_true(clock_mono_ms() < end);
        (void)task_wait(reactor, clock_mono_ms() + 100, NULL);
        listen_remove(listener, &other); /* what is new gives it no more time */
        hear(&other, "tp:{u}:other");
    }
    assert_int_equal(kill(redis_a.pid, SIGCONT), 0);
    until(&subscribed, 2);
    hears(link_a, "again");
    end();
}

/* How often link_a's server has been asked for its role. */
static unsigned roles_asked(void)
{
    struct link_reply *r = NULL;
    const char *at;
    unsigned n = 0;

    assert_int_equal(link_command(link_a, &r, "INFO commandstats"), 0);
    at = strstr(link_reply_text(r, NULL), "cmdstat_role:calls=");
    if (at)
        n = (unsigned)atoi(at + strlen("cmdstat_role:calls="));
    link_reply_free(r);
    return n;
}

static void another_master_is_found(void **state)
{
    unsigned roles;

    (void)state;
    use_sentinel(true);
    begin();
    hears(link_a, "at a");
    *sentinel.port = 0; /* no answer: it stays, and its role is asked for */
    roles = roles_asked();
    for (int64_t end = clock_mono_ms() + PATIENCE_MS; roles_asked() < roles + 2;) {
        assert_true(clock_mono_ms() < end);
        (void)task_wait(reactor, clock_mono_ms() + 100, NULL);
    }
    hears(link_a, "still at a");
    assert_int_equal(lost, 0);
    *sentinel.port = port_b; /* a is as alive as before */
    until(&subscribed, 2);
    assert_int_equal(lost, 1);
    hears(link_b, "b");
    *sentinel.port = port_a;
    end();
}

/* Also when no Sentinel can be asked, and nobody closes the connection. */
static void a_master_that_became_a_replica_is_left(void **state)
{
    (void)state;
    use_sentinel(true);
    begin();
    *sentinel.port = 0;
    assert_int_equal(link_command(link_a, NULL, "REPLICAOF 127.0.0.1 1"), 0);
    for (int64_t end = clock_mono_ms() + PATIENCE_MS; listen_is_up(listener);) {
        assert_true(clock_mono_ms() < end);
        (void)task_wait(reactor, clock_mono_ms() + 100, NULL);
    }
    *sentinel.port = port_b;
    unsigned before = subscribed;
    until(&subscribed, before + 1);
    hears(link_b, "at b");
    assert_int_equal(link_command(link_a, NULL, "REPLICAOF NO ONE"), 0);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_come),
        cmocka_unit_test(two_ears_of_one_channel),
        cmocka_unit_test(who_comes_again_is_told_of_his_own_subscription),
        cmocka_unit_test(who_hurries_does_not_wait_for_the_back_off),
        cmocka_unit_test(many_channels_survive_a_lost_connection),
        cmocka_unit_test(a_replica_is_a_server_to_a_reader),
        cmocka_unit_test(both_connections_go_to_one_server),
        cmocka_unit_test(a_server_that_freezes_is_left),
        cmocka_unit_test(another_master_is_found),
        cmocka_unit_test(a_master_that_became_a_replica_is_left),
    };

    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
