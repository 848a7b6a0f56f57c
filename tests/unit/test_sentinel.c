/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/clock.h"
#include "base/err.h"
#include "base/task.h"
#include "redis_bench.h"
#include "sentinel_double.h"
#include "wire/redis/link.h"
#include "wire/redis/sentinel.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void use(const char *list)
{
    char why[CONF_WHY_SIZE];

    assert_int_equal(conf_set(&conf, "redis.sentinels", list, why), 0);
}

static int set_up_all(void **state)
{
    redis_bench_start(state);
    conf.redis_timeout_ms = 20000;
    return 0;
}

static void the_master_is_named(void **state)
{
    struct sentinel_address a, b;
    struct sentinel_double one;
    char why[CONF_WHY_SIZE];

    (void)state;
    sentinel_double_start(&one, redis.dir, 1, "*2\r\n$9\r\n127.0.0.7\r\n$4\r\n6380\r\n");
    use(one.path);
    assert_int_equal(sentinel_master(&conf, 1000, &a), 0);
    assert_string_equal(a.host, "127.0.0.7");
    assert_int_equal(a.port, 6380);
    b = a;
    assert_true(sentinel_same(&a, &b));
    b.port++;
    assert_false(sentinel_same(&a, &b));
    sentinel_double_stop(&one);
    sentinel_double_start(&one, redis.dir, 1, "+OK\r\n*2\r\n$3\r\n::1\r\n$2\r\n80\r\n");
    assert_int_equal(conf_set(&conf, "redis.sentinel_password", "secret", why), 0);
    assert_int_equal(sentinel_master(&conf, 1000, &a), 0);
    assert_string_equal(a.host, "::1");
    assert_int_equal(conf_set(&conf, "redis.sentinel_password", "", why), 0);
    sentinel_double_stop(&one);
}

static void answers_that_are_none(void **state)
{
    static const struct {
        const char *answer;
        int error;
    } cases[] = {
        {"*-1\r\n", ERR_NOT_FOUND},
        {"-NOAUTH Authentication required.\r\n", ERR_STORE},
        {"-IDONTKNOW\r\n", ERR_STORE},
        {"*2\r\n$9\r\n127.0.0.7\r\n", ERR_STORE},
        {"*2\r\n$-1\r\n$4\r\n6380\r\n", ERR_STORE},
        {"*2\r\n$999\r\n", ERR_STORE},
        {"*2\r\n$1\r\na\r\n$6\r\n123456\r\n", ERR_STORE},
        {"*3\r\n", ERR_STORE},
        {"HTTP/1.1 400 Bad Request\r\n\r\n", ERR_STORE},
        {"", ERR_STORE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sentinel_address a;
        struct sentinel_double one;

        sentinel_double_start(&one, redis.dir, 1, cases[i].answer);
        use(one.path);
        assert_int_equal(sentinel_master(&conf, 1000, &a), cases[i].error);
        sentinel_double_stop(&one);
    }
}

static void the_next_one_is_asked_within_the_budget(void **state)
{
    struct sentinel_address a;
    struct sentinel_double silent, good;
    char list[256];
    int64_t before;

    (void)state;
    sentinel_double_start(&silent, redis.dir, 1, NULL);
    sentinel_double_start(&good, redis.dir, 2, "*2\r\n$9\r\n127.0.0.7\r\n$4\r\n6380\r\n");
    snprintf(list, sizeof list, "127.0.0.1:1, %s %s", silent.path, good.path);
    use(list);
    before = clock_mono_ms();
    assert_int_equal(sentinel_master(&conf, 2000, &a), 0);
    assert_in_range(clock_mono_ms() - before, 500, 60000);
    before = clock_mono_ms(); /* it is asked first from now on: the silent one would take a third */
    assert_int_equal(sentinel_master(&conf, 90000, &a), 0);
    assert_true(clock_mono_ms() - before < 25000);
    sentinel_double_stop(&good);
    before = clock_mono_ms();
    assert_int_equal(sentinel_master(&conf, 200, &a), ERR_STORE);
    assert_true(clock_mono_ms() - before < 25000);
    sentinel_double_stop(&silent);
}

struct asker {
    struct sentinel_address master;
    int error;
};

static void ask_in_task(void *arg)
{
    struct asker *a = arg;

    a->error = sentinel_master(&conf, 20000, &a->master);
}

/* Each finds the one that answers, though the others of the list fail for both at once. */
static void tasks_that_ask_at_once_ask_each(void **state)
{
    struct asker askers[2];
    struct sentinel_double bad, good, worse;
    struct reactor *reactor;
    int64_t until = clock_mono_ms() + 60000;
    char list[400];

    (void)state;
    sentinel_double_start(&bad, redis.dir, 1, "");
    sentinel_double_start(&good, redis.dir, 2, "*2\r\n$9\r\n127.0.0.7\r\n$4\r\n6380\r\n");
    sentinel_double_start(&worse, redis.dir, 3, "");
    snprintf(list, sizeof list, "%s %s %s", good.path, bad.path, worse.path);
    use(bad.path); /* after the failure of one alone the second is asked first */
    assert_int_equal(sentinel_master(&conf, 1000, &askers[0].master), ERR_STORE);
    use(list);
    assert_int_equal(reactor_new(&reactor), 0);
    assert_int_equal(tasks_open(reactor, &(struct tasks_settings){.stack_bytes = 131072}), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(task_spawn(ask_in_task, &askers[i], -1, NULL), 0);
    tasks_run();
    while (tasks_count()) {
        assert_true(clock_mono_ms() < until);
        assert_true(reactor_step(reactor, tasks_ready() ? 0 : until, NULL) >= 0);
        tasks_run();
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(askers[i].error, 0);
        assert_string_equal(askers[i].master.host, "127.0.0.7");
    }
    tasks_close();
    reactor_free(reactor);
    sentinel_double_stop(&bad);
    sentinel_double_stop(&good);
    sentinel_double_stop(&worse);
}

static void a_replica_is_left(void **state)
{
    struct link *l = NULL, *other = NULL;

    (void)state;
    use("");
    assert_int_equal(link_new(&l, &conf), 0);
    assert_int_equal(link_new(&other, &conf), 0);
    assert_int_equal(link_command(l, NULL, "REPLICAOF 127.0.0.1 1"), 0);
    assert_int_equal(link_command(l, NULL, "SET a b"), ERR_STORE_READONLY);
    assert_int_equal(link_command(other, NULL, "PING"), ERR_STORE_READONLY);
    assert_int_equal(link_fd(other), -1);
    assert_int_equal(link_command(other, NULL, "PING"), ERR_STORE_READONLY); /* in the back-off */
    assert_int_equal(link_command(l, NULL, "REPLICAOF NO ONE"), 0);
    for (int64_t before = clock_mono_ms(); link_command(other, NULL, "SET a b");)
        assert_true(clock_mono_ms() - before < 60000);
    link_free(l);
    link_free(other);
}

/* Opens a port of a server that listens on a unix socket only. */
static int open_port(struct link *link)
{
    for (int port = 20000 + (int)getpid() % 20000; port < 60000; port++)
        if (!link_command(link, NULL, "CONFIG SET port %d bind 127.0.0.1", port))
            return port;
    fail_msg("no port is free");
    return 0;
}

static bool stands(struct link *server)
{
    struct link_reply *reply = NULL;
    bool yes;

    assert_int_equal(link_command(server, &reply, "EXISTS doubted"), 0);
    yes = link_reply_int(reply) == 1;
    link_reply_free(reply);
    return yes;
}

/* Writes until it is accepted, which is soon. */
static void write_doubted(struct link *l)
{
    for (int64_t before = clock_mono_ms(); link_command(l, NULL, "SET doubted x");)
        assert_true(clock_mono_ms() - before < 60000);
}

/* Two servers that are reached directly too, and a link that a Sentinel leads to the first. */
struct doubt {
    struct own_redis redis[2];
    struct conf conf[2];
    struct link *server[2], *link;
    struct sentinel_double sentinel;
    int port[2];
};

static void doubt_begin(struct doubt *d)
{
    for (int i = 0; i < 2; i++) {
        own_redis_start(&d->redis[i]);
        own_redis_conf(&d->redis[i], &d->conf[i]);
        assert_int_equal(link_new(&d->server[i], &d->conf[i]), 0);
        d->port[i] = open_port(d->server[i]);
    }
    sentinel_double_start_naming(&d->sentinel, redis.dir, 1, d->port[0]);
    use(d->sentinel.path);
    assert_int_equal(link_new(&d->link, &conf), 0);
}

static void doubt_end(struct doubt *d)
{
    sentinel_double_stop(&d->sentinel);
    use("");
    link_free(d->link);
    for (int i = 0; i < 2; i++) {
        link_free(d->server[i]);
        conf_fini(&d->conf[i]);
        own_redis_stop(&d->redis[i]);
    }
}

static void on_doubted(void *arg, int error, int64_t value)
{
    (void)arg;
    (void)error;
    (void)value;
}

/* It loses its replicas, and accepts again before anybody has said who the master is now. */
static void doubt(struct doubt *d)
{
    static const char incr[] = "*2\r\n$4\r\nINCR\r\n$7\r\ndoubted\r\n";

    assert_int_equal(link_command(d->link, NULL, "PING"), 0);
    assert_int_equal(link_command(d->server[0], NULL, "CONFIG SET min-replicas-to-write 1"), 0);
    assert_int_equal(link_command(d->link, NULL, "SET doubted x"), ERR_STORE_READONLY);
    assert_int_equal(link_command(d->server[0], NULL, "CONFIG SET min-replicas-to-write 0"), 0);
    *d->sentinel.port = 0;
    for (int i = 0; i < 3; i++)
        assert_int_equal(link_command(d->link, NULL, "SET doubted x"), ERR_STORE_READONLY);
    assert_int_equal(link_send_raw(d->link, (struct link_arg){incr, sizeof incr - 1},
                         (struct link_arg){0}, on_doubted, NULL),
        ERR_STORE_READONLY);
    assert_false(stands(d->server[0]));
    *d->sentinel.port = d->port[1];
    write_doubted(d->link);
    assert_true(stands(d->server[1]));
    assert_false(stands(d->server[0]));
}

static void who_lacks_its_replicas_is_doubted(void **state)
{
    struct doubt d = {0};

    (void)state;
    doubt_begin(&d);
    doubt(&d);
    doubt_end(&d);
}

static void who_is_named_again_is_believed(void **state)
{
    struct doubt d = {0};

    (void)state;
    doubt_begin(&d);
    assert_int_equal(link_command(d.server[0], NULL, "CONFIG SET min-replicas-to-write 1"), 0);
    assert_int_equal(link_command(d.link, NULL, "SET doubted x"), ERR_STORE_READONLY);
    assert_int_equal(link_command(d.server[0], NULL, "CONFIG SET min-replicas-to-write 0"), 0);
    write_doubted(d.link);
    assert_true(stands(d.server[0]));
    doubt_end(&d);
}

static void doubt_in_task(void *arg)
{
    doubt(arg);
}

static void a_task_doubts_as_well(void **state)
{
    struct doubt d = {0};
    struct reactor *reactor;
    int64_t until = clock_mono_ms() + 60000;

    (void)state;
    doubt_begin(&d);
    assert_int_equal(reactor_new(&reactor), 0);
    assert_int_equal(tasks_open(reactor, &(struct tasks_settings){.stack_bytes = 131072}), 0);
    link_attach(d.link, reactor);
    for (int i = 0; i < 2; i++) { /* a task waits for them as well */
        link_free(d.server[i]);
        assert_int_equal(link_new(&d.server[i], &d.conf[i]), 0);
        link_attach(d.server[i], reactor);
    }
    assert_int_equal(task_spawn(doubt_in_task, &d, -1, NULL), 0);
    tasks_run();
    while (tasks_count()) {
        assert_true(clock_mono_ms() < until);
        assert_true(reactor_step(reactor, tasks_ready() ? 0 : until, NULL) >= 0);
        tasks_run();
    }
    doubt_end(&d);
    tasks_close();
    reactor_free(reactor);
}

struct outcome {
    bool told;
    int error;
    int64_t value;
};

static void on_outcome(void *arg, int error, struct link_reply *reply)
{
    *(struct outcome *)arg = (struct outcome){true, error, link_reply_int(reply)};
    link_reply_free(reply);
}

/* EXISTS doubted, or a write of it. */
static struct outcome ask_doubted(struct link *l, struct reactor *reactor, bool reads)
{
    struct link_arg read[] = {link_text("EXISTS"), link_text("doubted")};
    struct link_arg write[] = {link_text("SET"), link_text("doubted"), link_text("x")};
    struct outcome o = {.told = false};
    int64_t until = clock_mono_ms() + 60000;
    int error = link_ask(l,
        &(struct link_question){.args = reads ? read : write,
            .nargs = reads ? 2 : 3,
            .reads = reads,
            .on_reply = on_outcome,
            .arg = &o});

    if (error)
        return (struct outcome){.error = error};
    while (!o.told) {
        assert_true(clock_mono_ms() < until);
        assert_true(task_wait(reactor, until, NULL) >= 0);
    }
    return o;
}

/* What a viewer asks is answered by a server in doubt, and by the other one as soon as that is
 * named. */
static void who_only_reads_goes_on(void **state)
{
    struct doubt d = {0};
    struct reactor *reactor;
    struct outcome o;
    int64_t until = clock_mono_ms() + 60000;

    (void)state;
    doubt_begin(&d);
    assert_int_equal(reactor_new(&reactor), 0);
    assert_int_equal(tasks_open(reactor, &(struct tasks_settings){.stack_bytes = 131072}), 0);
    link_attach(d.link, reactor);
    assert_int_equal(ask_doubted(d.link, reactor, true).error, 0);
    assert_int_equal(link_command(d.server[0], NULL, "CONFIG SET min-replicas-to-write 1"), 0);
    assert_int_equal(ask_doubted(d.link, reactor, false).error, ERR_STORE_READONLY);
    assert_int_equal(link_command(d.server[0], NULL, "CONFIG SET min-replicas-to-write 0"), 0);
    *d.sentinel.port = 0;
    for (int i = 0; i < 3; i++) {
        o = ask_doubted(d.link, reactor, false);
        assert_int_equal(o.error, ERR_STORE_READONLY);
        assert_false(o.told); /* it was not even sent */
        o = ask_doubted(d.link, reactor, true);
        assert_int_equal(o.error, 0);
        assert_int_equal(o.value, 0);
    }
    *d.sentinel.port = d.port[1];
    while ((o = ask_doubted(d.link, reactor, false)).error) {
        assert_true(clock_mono_ms() < until);
        (void)task_wait(reactor, clock_mono_ms() + 5, NULL);
    }
    assert_true(stands(d.server[1]));
    assert_false(stands(d.server[0]));
    assert_int_equal(ask_doubted(d.link, reactor, true).value, 1);
    while (tasks_count())
        (void)task_wait(reactor, clock_mono_ms() + 5, NULL);
    doubt_end(&d);
    tasks_close();
    reactor_free(reactor);
}

static void a_failover_is_asked_for(void **state)
{
    static const struct {
        const char *answer, *why;
        int error;
    } cases[] = {
        {"+OK\r\n", "OK", 0},
        {"-NOGOODSLAVE No suitable replica to promote\r\n",
            "NOGOODSLAVE No suitable replica to promote", ERR_CONFLICT},
        {"-INPROG", "", ERR_STORE}, /* ends in the middle */
        {":1\r\n", "", ERR_STORE},
        {"\r\n", "", ERR_STORE},
        {"", "", ERR_STORE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char why[SENTINEL_WORD_SIZE];
        struct sentinel_double one;

        sentinel_double_start(&one, redis.dir, 1, cases[i].answer);
        use(one.path);
        assert_int_equal(sentinel_failover(&conf, 1000, why), cases[i].error);
        assert_string_equal(why, cases[i].why);
        sentinel_double_stop(&one);
    }
}

static void all_are_asked_who_the_master_is(void **state)
{
    struct sentinel_address old = {"127.0.0.7", 6380}, other = {"", 0};
    struct sentinel_double stale, fresh;
    char list[256];
    unsigned others;

    (void)state;
    sentinel_double_start(&stale, redis.dir, 1, "*2\r\n$9\r\n127.0.0.7\r\n$4\r\n6380\r\n");
    sentinel_double_start(&fresh, redis.dir, 2, "*2\r\n$9\r\n127.0.0.8\r\n$4\r\n6381\r\n");
    snprintf(list, sizeof list, "127.0.0.1:1 %s %s", stale.path, fresh.path);
    use(list);
    assert_int_equal(sentinel_known(&conf), 3);
    assert_int_equal(sentinel_count(&conf, &old, 20000, &others, &other), 2);
    assert_int_equal(others, 1);
    assert_string_equal(other.host, "127.0.0.8");
    assert_int_equal(other.port, 6381);
    /* One after the other comes first, as often as that is asked for. */
    for (int i = 0; i < 7; i++) {
        bool seen[2] = {false, false};

        for (int k = 0; k < 3; k++) {
            assert_int_equal(sentinel_master(&conf, 20000, &other), 0);
            seen[other.port - 6380] = true;
            sentinel_next();
        }
        assert_true(seen[0] && seen[1]);
    }
    sentinel_double_stop(&stale);
    assert_int_equal(sentinel_count(&conf, &old, 20000, &others, &other), 1);
    sentinel_double_stop(&fresh);
    assert_int_equal(sentinel_count(&conf, &old, 20000, &others, &other), 0);
    assert_int_equal(others, 0);
}

static void the_setting_is_checked(void **state)
{
    static const char *const bad[] = {"host", "host:", "host:0", "host:65536", "host:12a", ":26379",
        "a:1 b", "host:123456"};
    static const char *const good[] = {"host:26379", "[::1]:26379", "/run/s.sock", "a:1 b:2,c:3"};
    char why[CONF_WHY_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        use(bad[i]);
        assert_int_equal(conf_check(&conf, why), ERR_CONFIG);
        assert_non_null(strstr(why, "redis.sentinels"));
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        use(good[i]);
        if (conf_check(&conf, why))
            assert_null(strstr(why, "redis.sentinels"));
    }
    assert_int_equal(conf_set(&conf, "redis.master", "", why), 0);
    assert_int_equal(conf_check(&conf, why), ERR_CONFIG);
    assert_non_null(strstr(why, "redis.master"));
    use("");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_master_is_named),
        cmocka_unit_test(answers_that_are_none),
        cmocka_unit_test(the_next_one_is_asked_within_the_budget),
        cmocka_unit_test(tasks_that_ask_at_once_ask_each),
        cmocka_unit_test(a_replica_is_left),
        cmocka_unit_test(who_lacks_its_replicas_is_doubted),
        cmocka_unit_test(who_is_named_again_is_believed),
        cmocka_unit_test(a_task_doubts_as_well),
        cmocka_unit_test(who_only_reads_goes_on),
        cmocka_unit_test(a_failover_is_asked_for),
        cmocka_unit_test(all_are_asked_who_the_master_is),
        cmocka_unit_test(the_setting_is_checked),
    };

    return cmocka_run_group_tests(tests, set_up_all, redis_bench_stop);
}
