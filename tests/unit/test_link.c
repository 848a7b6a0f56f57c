/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* POLLRDHUP */
#endif

#include "base/clock.h"
#include "base/err.h"
#include "redis_bench.h"
#include "wire/redis/link.h"
#include "wire/redis/link_reply.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 20000 /* of a machine that is busy */

static struct link *link_a, *link_b;

static const struct link_script echo = {"echo", "", "return {KEYS[1], ARGV[1], 7, false}"};

static const struct link_script count_up = {"count_up", "", "return redis.call('INCR', KEYS[1])"};

static int set_up_all(void **state)
{
    redis_bench_start(state);
    conf.redis_timeout_ms = PATIENCE_MS;
    assert_int_equal(link_new(&link_a, &conf), 0);
    assert_int_equal(link_new(&link_b, &conf), 0);
    return 0;
}

static int tear_down_all(void **state)
{
    link_free(link_a);
    link_free(link_b);
    return redis_bench_stop(state);
}

static struct link_script with_sha1(const struct link_script *script)
{
    static char sha1[41];
    struct link_script s = *script;
    struct link_reply *r = NULL;

    assert_int_equal(link_command(link_b, &r, "SCRIPT LOAD %s", script->body), 0);
    snprintf(sha1, sizeof sha1, "%s", link_reply_text(r, NULL));
    link_reply_free(r);
    assert_int_equal(link_command(link_b, NULL, "SCRIPT FLUSH"), 0);
    s.sha1 = sha1;
    return s;
}

static void replies_of_every_type(void **state)
{
    static struct link_script script; /* the link knows loaded scripts by address */
    struct link_arg key = link_text("k"), arg = {"a\0b", 3};
    struct link_reply *r = NULL;
    size_t len;

    (void)state;
    script = with_sha1(&echo);
    assert_int_equal(link_script_call(link_a, &script,
                         &(struct link_words){.keys = &key, .nkeys = 1, .args = &arg, .nargs = 1},
                         &r),
        0);
    assert_int_equal(link_reply_type(r), LINK_ARRAY);
    assert_int_equal(link_reply_count(r), 4);
    assert_string_equal(link_reply_text(link_reply_at(r, 0), &len), "k");
    assert_memory_equal(link_reply_text(link_reply_at(r, 1), &len), "a\0b", 3);
    assert_int_equal(len, 3);
    assert_int_equal(link_reply_int(link_reply_at(r, 2)), 7);
    assert_int_equal(link_reply_type(link_reply_at(r, 3)), LINK_NIL);
    assert_null(link_reply_at(r, 4));
    assert_string_equal(link_reply_text(NULL, &len), "");
    assert_int_equal(link_reply_count(link_reply_at(r, 0)), 0);
    link_reply_free(r);
    assert_int_equal(link_command(link_a, &r, "SET %s %b", "n", "-42", (size_t)3), 0);
    assert_int_equal(link_reply_type(r), LINK_STATUS);
    link_reply_free(r);
    assert_int_equal(link_command(link_a, &r, "GET %s", "n"), 0);
    assert_int_equal(link_reply_int(r), -42);
    link_reply_free(r);
    assert_true(fcntl(link_fd(link_a), F_GETFD) & FD_CLOEXEC);
}

static struct link_reader *fed(const char *bytes, size_t piece)
{
    struct link_reader *reader = link_reader_new();
    size_t len = strlen(bytes);

    assert_non_null(reader);
    for (size_t at = 0; at < len; at += piece)
        if (link_reader_feed(reader, bytes + at, at + piece < len ? piece : len - at))
            break;
    return reader;
}

/* However it arrives, and what is none. */
static void replies_come_in_pieces(void **state)
{
    static const char nested[] = "*3\r\n$6\r\nmaster\r\n:-12\r\n*2\r\n$-1\r\n*-1\r\n+OK\r\n$3\r\na";
    static const char *const none[] = {"x", "HTTP/1.1 400\r\n", "*1\r\n?\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"};
    struct link_reader *reader;
    struct link_reply *r;

    (void)state;
    for (size_t piece = 1; piece <= sizeof nested; piece++) {
        reader = fed(nested, piece);
        assert_int_equal(link_reader_next(reader, &r), 0);
        assert_int_equal(link_reply_count(r), 3);
        assert_string_equal(link_reply_text(link_reply_at(r, 0), NULL), "master");
        assert_int_equal(link_reply_int(link_reply_at(r, 1)), -12);
        assert_int_equal(link_reply_type(link_reply_at(link_reply_at(r, 2), 1)), LINK_NIL);
        link_reply_free(r);
        assert_int_equal(link_reader_next(reader, &r), 0);
        assert_int_equal(link_reply_type(r), LINK_STATUS);
        link_reply_free(r);
        assert_int_equal(link_reader_next(reader, &r), 0); /* the last has not come whole */
        assert_null(r);
        assert_false(link_reader_is_idle(reader));
        assert_int_equal(link_reader_feed(reader, "bc\r\n", 4), 0);
        assert_int_equal(link_reader_next(reader, &r), 0);
        assert_string_equal(link_reply_text(r, NULL), "abc");
        assert_true(link_reader_is_idle(reader));
        link_reply_free(r);
        link_reader_free(reader);
    }
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        reader = fed(none[i], strlen(none[i]));
        assert_int_equal(link_reader_next(reader, &r), ERR_STORE);
        assert_null(r);
        assert_int_equal(link_reader_feed(reader, ":1\r\n", 4), ERR_STORE);
        link_reader_free(reader);
    }
}

static void errors_are_told_apart(void **state)
{
    struct link_reply *r = (struct link_reply *)1;

    (void)state;
    assert_int_equal(link_command(link_a, &r, "NOSUCH"), ERR_INTERNAL);
    assert_null(r);
    assert_int_equal(link_command(link_b, NULL, "CONFIG SET maxmemory 1"), 0);
    assert_int_equal(link_command(link_a, NULL, "SET a b"), ERR_STORE_FULL);
    assert_int_equal(link_command(link_a, NULL, "EVAL %s 0", "redis.call('SET','a','b')"),
        ERR_STORE_FULL);
    assert_int_equal(link_command(link_b, NULL, "CONFIG SET maxmemory 0"), 0);
    assert_int_equal(link_command(link_b, NULL, "REPLICAOF 127.0.0.1 1"), 0);
    assert_int_equal(link_command(link_a, NULL, "SET a b"), ERR_STORE_READONLY);
    assert_int_equal(link_command(link_b, NULL, "REPLICAOF NO ONE"), 0);
    assert_int_equal(link_command(link_a, NULL, "SET a b"), 0);
}

static struct order {
    int got[16], count, errors;
} order;

static void on_reply(void *arg, int error, struct link_reply *reply)
{
    order.got[order.count++] = (int)link_reply_int(reply);
    order.errors += error != 0;
    link_reply_free(reply);
    (void)arg;
}

static void on_int(void *arg, int error, int64_t value)
{
    order.got[order.count++] = (int)value;
    order.errors += error != 0;
    (void)arg;
}

static void incr(bool raw)
{
    struct link_arg args[] = {link_text("INCR"), link_text("counter")};

    if (raw)
        assert_int_equal(link_send_raw(link_a,
                             (struct link_arg){"*2\r\n$4\r\nINCR\r\n$7\r\ncoun", 22},
                             (struct link_arg){"ter\r\n", 5}, on_int, &order),
            0);
    else
        assert_int_equal(link_send(link_a, args, 2, on_reply, &order), 0);
}

static void the_pipeline_keeps_its_order(void **state)
{
    struct link_reply *r = NULL;

    (void)state;
    memset(&order, 0, sizeof order);
    incr(true);
    incr(false);
    incr(true);
    incr(true);
    assert_int_equal(link_outstanding(link_a), 4);
    assert_int_equal(link_command(link_a, &r, "INCR counter"), 0); /* reads the others first */
    assert_int_equal(link_reply_int(r), 5);
    link_reply_free(r);
    assert_int_equal(order.count, 4);
    for (int i = 0; i < 4; i++)
        assert_int_equal(order.got[i], i + 1);
    incr(true);
    incr(true);
    link_forget(link_a, &order);
    assert_int_equal(link_command(link_a, NULL, "PING"), 0);
    assert_int_equal(order.count, 4);
}

static void a_long_pipeline_and_large_values(void **state)
{
    size_t size = 3 << 20;
    char *big = malloc(size), *value;
    struct link_reply *r = NULL;
    size_t len;

    (void)state;
    memset(&order, 0, sizeof order);
    memset(big, 'x', size);
    assert_int_equal(link_command(link_a, NULL, "SET big %b", big, size), 0);
    for (int i = 0; i < 10000; i++) {
        struct link_arg args[] = {link_text("GETRANGE"), link_text("big"), link_text("0"),
            link_text("20000")};

        assert_int_equal(link_send(link_a, args, 4, NULL, NULL), 0);
        if (i % 100 == 99)
            assert_int_equal(link_pump(link_a), 0);
    }
    assert_int_equal(link_command(link_a, &r, "GET big"), 0);
    value = (char *)(uintptr_t)link_reply_text(r, &len);
    assert_int_equal(len, size);
    assert_memory_equal(value, big, size);
    link_reply_free(r);
    assert_int_equal(link_outstanding(link_a), 0);
    free(big);
}

static void scripts_in_the_pipeline_are_loaded_again(void **state)
{
    static struct link_script script;
    struct link_arg key = link_text("counter");

    (void)state;
    script = with_sha1(&count_up);
    assert_int_equal(link_command(link_a, NULL, "DEL counter"), 0);
    for (int i = 0; i < 3; i++) {
        memset(&order, 0, sizeof order);
        assert_int_equal(link_send_script(link_a, &script,
                             &(struct link_words){.keys = &key, .nkeys = 1}, on_reply, &order),
            0);
        assert_int_equal(link_command(link_a, NULL, "PING"), 0);
        if (i == 0)
            assert_int_equal(link_command(link_b, NULL, "SCRIPT FLUSH"), 0);
        assert_int_equal(order.errors, i == 1); /* the flushed one fails, the next does not */
    }
    assert_int_equal(order.got[0], 2);
}

static void a_silent_redis_costs_one_timeout(void **state)
{
    int64_t before;
    unsigned generation = link_generation(link_a);

    (void)state;
    memset(&order, 0, sizeof order);
    assert_int_equal(link_command(link_a, NULL, "DEL counter"), 0);
    assert_int_equal(kill(redis.pid, SIGSTOP), 0);
    conf.redis_timeout_ms = 300;
    incr(true);
    before = clock_mono_ms();
    assert_int_equal(link_command(link_a, NULL, "PING"), ERR_STORE);
    assert_in_range(clock_mono_ms() - before, 250, PATIENCE_MS);
    assert_int_equal(order.errors, 1);
    assert_int_equal(link_fd(link_a), -1);
    conf.redis_timeout_ms = PATIENCE_MS;
    assert_int_equal(kill(redis.pid, SIGCONT), 0);
    while (link_command(link_a, NULL, "PING"))
        continue;
    assert_true(link_generation(link_a) > generation);
}

static void a_call_during_the_back_off_fails_at_once(void **state)
{
    int64_t before;

    (void)state;
    own_redis_kill(&redis);
    assert_int_equal(link_command(link_a, NULL, "PING"), ERR_STORE);
    before = clock_mono_ms();
    for (int i = 0; i < 100; i++)
        assert_int_equal(link_command(link_a, NULL, "PING"), ERR_STORE);
    assert_true(clock_mono_ms() - before < PATIENCE_MS / 2);
    own_redis_again(&redis);
    before = clock_mono_ms();
    while (link_command(link_a, NULL, "PING"))
        assert_true(clock_mono_ms() - before < PATIENCE_MS);
    /* Redis ended while nobody asked: noticed before the next command, which is not lost. */
    assert_int_equal(link_command(link_b, NULL, "CLIENT KILL TYPE normal SKIPME yes"), 0);
    assert_int_equal(link_command(link_a, NULL, "PING"), 0);
}

static void who_hurries_does_not_wait_for_the_back_off(void **state)
{
    (void)state;
    own_redis_kill(&redis);
    for (int i = 0; i < 2000; i++)
        assert_int_equal(link_command(link_a, NULL, "PING"), ERR_STORE);
    own_redis_again(&redis);
    poll(NULL, 0, 60); /* it may have failed slowly */
    link_hurry(link_a);
    assert_int_equal(link_command(link_a, NULL, "PING"), 0);
}

static void password_and_database(void **state)
{
    struct conf other;
    struct link *l = NULL;
    struct link_reply *r = NULL;
    char why[CONF_WHY_SIZE];

    (void)state;
    own_redis_conf(&redis, &other);
    assert_int_equal(conf_set(&other, "redis.database", "3", why), 0);
    assert_int_equal(conf_set(&other, "redis.user", "pool", why), 0);
    assert_int_equal(conf_set(&other, "redis.password", "wrong", why), 0);
    assert_int_equal(link_command(link_b, NULL, "ACL SETUSER pool on >right ~* &* +@all"), 0);
    assert_int_equal(link_new(&l, &other), 0);
    assert_int_equal(link_command(l, NULL, "PING"), ERR_STORE);
    link_free(l);
    assert_int_equal(conf_set(&other, "redis.password", "right", why), 0);
    assert_int_equal(link_new(&l, &other), 0);
    assert_int_equal(link_command(l, &r, "ACL WHOAMI"), 0);
    assert_string_equal(link_reply_text(r, NULL), "pool");
    link_reply_free(r);
    assert_int_equal(link_command(l, NULL, "SET only_in_three 1"), 0);
    assert_int_equal(link_command(link_b, &r, "EXISTS only_in_three"), 0);
    assert_int_equal(link_reply_int(r), 0);
    link_reply_free(r);
    link_free(l);
    conf_fini(&other);
}

static int64_t number_of(struct link *l, const char *key)
{
    struct link_reply *r = NULL;
    int64_t value;

    assert_int_equal(link_command(l, &r, "GET %s", key), 0);
    value = link_reply_int(r);
    link_reply_free(r);
    return value;
}

/* A replica without its master refuses PING, so the mark; what ran in front of it has an answer. */
static void a_state_that_refuses_the_mark_hides_no_answer(void **state)
{
    struct link_reply *r = NULL;

    (void)state;
    assert_int_equal(link_command(link_a, NULL, "CONFIG SET replica-serve-stale-data no"), 0);
    const unsigned before = link_generation(link_a);
    assert_int_equal(link_send(link_a, (struct link_arg[]){link_text("MULTI")}, 1, NULL, NULL), 0);
    link_hold(link_a);
    assert_int_equal(link_send(link_a,
                         (struct link_arg[]){link_text("REPLICAOF"), link_text("127.0.0.1"),
                             link_text("1")},
                         3, NULL, NULL),
        0);
    assert_int_equal(link_command(link_a, &r, "EXEC"), 0);
    assert_int_equal(link_reply_count(r), 1);
    assert_string_equal(link_reply_text(link_reply_at(r, 0), NULL), "OK");
    link_reply_free(r);
    assert_int_equal(link_command(link_a, &r, "ROLE"), 0);
    assert_string_equal(link_reply_text(link_reply_at(r, 0), NULL), "slave");
    link_reply_free(r);
    assert_int_equal(link_command(link_a, NULL, "REPLICAOF NO ONE"), 0);
    assert_int_equal(link_command(link_a, NULL, "CONFIG SET replica-serve-stale-data yes"), 0);
    assert_int_equal(link_generation(link_a), before);
}

static void saved(const char *status)
{
    const int64_t until = clock_mono_ms() + PATIENCE_MS;
    char line[64];

    snprintf(line, sizeof line, "rdb_last_bgsave_status:%s", status);
    for (bool is = false; !is;) {
        struct link_reply *r = NULL;

        assert_true(clock_mono_ms() < until);
        assert_int_equal(link_command(link_b, &r, "INFO persistence"), 0);
        is = strstr(link_reply_text(r, NULL), line) &&
            strstr(link_reply_text(r, NULL), "rdb_bgsave_in_progress:0");
        link_reply_free(r);
        poll(NULL, 0, is ? 0 : 5);
    }
}

/* It refuses PING, so the mark. Reads are served, and still every reply is proved. */
static void a_redis_that_cannot_save_serves_reads(void **state)
{
    struct link_reply *r = NULL;
    char path[512];
    unsigned before;

    (void)state;
    assert_int_equal(link_command(link_a, NULL, "SET a_value 42"), 0);
    assert_int_equal(link_command(link_b, NULL, "CONFIG SET save %s", "3600 1000000"), 0);
    assert_int_equal(link_command(link_b, &r, "CONFIG GET dir"), 0);
    snprintf(path, sizeof path, "%s/dump.rdb", link_reply_text(link_reply_at(r, 1), NULL));
    link_reply_free(r);
    assert_int_equal(mkdir(path, 0700), 0); /* nothing can be put in its place */
    assert_int_equal(link_command(link_b, NULL, "BGSAVE"), 0);
    saved("err");
    assert_int_equal(number_of(link_a, "a_value"), 42); /* perhaps over another connection */
    before = link_generation(link_a);
    assert_int_equal(number_of(link_a, "a_value"), 42);
    assert_int_not_equal(link_command(link_a, NULL, "SET a_value 43"), 0);
    assert_int_equal(number_of(link_a, "a_value"), 42);
    assert_int_equal(link_generation(link_a), before);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(link_command(link_b, NULL, "CONFIG SET save %s", ""), 0);
    assert_int_equal(link_command(link_b, NULL, "BGSAVE"), 0);
    saved("ok");
    assert_int_equal(link_command(link_a, NULL, "SET a_value 43"), 0);
    assert_int_equal(link_generation(link_a), before);
}

static void on_counted(void *arg, int error, struct link_reply *reply)
{
    int *result = arg;

    *result = error ? error : (int)link_reply_int(reply);
    link_reply_free(reply);
}

static void a_held_command_travels_with_the_next(void **state)
{
    struct link_arg set[3] = {link_text("SET"), link_text("held"), link_text("1")};
    struct link_arg incr[2] = {link_text("INCR"), link_text("held")};
    struct link_reply *r = NULL;
    int first = 0;

    (void)state;
    assert_int_equal(link_command(link_a, NULL, "DEL held"), 0);
    link_hold(link_a);
    assert_int_equal(link_send(link_a, set, 3, NULL, NULL), 0);
    assert_int_equal(number_of(link_b, "held"), 0); /* it has not gone */
    assert_int_equal(link_call(link_a, incr, 2, &r), 0);
    assert_int_equal(link_reply_int(r), 2); /* both, in this order */
    link_reply_free(r);

    link_hold(link_a); /* nothing follows: whoever looks for replies sends it */
    assert_int_equal(link_send(link_a, incr, 2, on_counted, &first), 0);
    assert_int_equal(number_of(link_b, "held"), 2);
    while (link_outstanding(link_a)) {
        assert_int_equal(link_pump(link_a), 0);
        link_wait(link_a, clock_mono_ms() + 1000);
    }
    assert_int_equal(first, 3);
}

static void a_held_command_is_told_of_the_loss_of_its_connection(void **state)
{
    struct link_arg incr[2] = {link_text("INCR"), link_text("lost")};
    struct link_reply *id = NULL;
    int result = 0;

    (void)state;
    assert_int_equal(link_command(link_b, NULL, "DEL lost"), 0);
    assert_int_equal(link_command(link_a, &id, "CLIENT ID"), 0);
    link_hold(link_a);
    assert_int_equal(link_send(link_a, incr, 2, on_counted, &result), 0);
    assert_int_equal(link_command(link_b, NULL, "CLIENT KILL ID %lld",
                         (long long)link_reply_int(id)),
        0);
    link_reply_free(id);
    assert_int_not_equal(link_call(link_a, incr, 2, NULL), 0);
    assert_int_equal(result, ERR_STORE);
    assert_int_equal(number_of(link_b, "lost"), 0);
    assert_int_equal(link_call(link_a, incr, 2, NULL), 0); /* on a new connection, by itself */
    assert_int_equal(number_of(link_b, "lost"), 1);
}

/* Ends link_a's connection and returns when its socket shows that. */
static void end_of_a(int64_t id)
{
    struct pollfd p = {.fd = link_fd(link_a), .events = POLLRDHUP};

    assert_int_equal(link_command(link_b, NULL, "CLIENT KILL ID %lld", (long long)id), 0);
    assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
}

static int64_t id_of_a(void)
{
    struct link_reply *r = NULL;
    int64_t id;

    assert_int_equal(link_command(link_a, &r, "CLIENT ID"), 0);
    id = link_reply_int(r);
    link_reply_free(r);
    return id;
}

static void a_closed_connection_is_left_before_its_next_use(void **state)
{
    static struct link_script script;
    struct link_arg key = link_text("closed"), ping[1] = {link_text("PING")};
    struct link_reply *r = NULL;

    (void)state;
    script = with_sha1(&count_up);
    assert_int_equal(link_command(link_a, NULL, "DEL closed"), 0);
    for (int waiting = 0; waiting < 3; waiting++) { /* replies that nobody has read are in front */
        int64_t id = id_of_a();

        memset(&order, 0, sizeof order);
        for (int i = 0; i < waiting; i++)
            assert_int_equal(link_send(link_a, ping, 1, on_reply, &order), 0);
        assert_int_equal(link_command(link_b, NULL, "PING"), 0);
        end_of_a(id);
        /* Not by a repetition: this call has none. */
        assert_int_equal(link_script_once(link_a, &script,
                             &(struct link_words){.keys = &key, .nkeys = 1}, &r, NULL),
            0);
        assert_int_equal(link_reply_int(r), waiting + 1);
        link_reply_free(r);
        assert_int_equal(order.count + order.errors, waiting);
    }
}

/* Another process, which ends link_a's connection when Redis holds a command of it back. */
static pid_t break_the_next_call(void)
{
    int64_t id = id_of_a();
    struct link_reply *r = NULL;
    struct link *l = NULL;
    pid_t pid;

    assert_int_equal(link_command(link_b, NULL, "CLIENT PAUSE 60000 WRITE"), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid)
        return pid;
    if (link_new(&l, &conf))
        _exit(1);
    while (!strstr(link_reply_text(r, NULL), "flags=b")) {
        link_reply_free(r);
        if (link_command(l, &r, "CLIENT LIST ID %lld", (long long)id))
            _exit(1);
    }
    _exit(link_command(l, NULL, "CLIENT KILL ID %lld", (long long)id) ||
        link_command(l, NULL, "CLIENT UNPAUSE"));
}

static void was_broken(pid_t pid)
{
    int status = 0;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void a_call_whose_connection_breaks_is_made_again(void **state)
{
    static struct link_script script;
    struct link_arg key = link_text("broken");
    struct link_reply *r = NULL;
    bool broke = false;
    pid_t breaker;

    (void)state;
    script = with_sha1(&count_up);
    assert_int_equal(link_command(link_a, NULL, "DEL broken"), 0);
    breaker = break_the_next_call();
    assert_int_equal(link_command(link_a, &r, "INCR broken"), 0);
    assert_int_equal(link_reply_int(r), 1);
    link_reply_free(r);
    was_broken(breaker);
    breaker = break_the_next_call();
    assert_int_equal(link_script_call(link_a, &script,
                         &(struct link_words){.keys = &key, .nkeys = 1}, &r),
        0);
    assert_int_equal(link_reply_int(r), 2);
    link_reply_free(r);
    was_broken(breaker);
    breaker = break_the_next_call();
    assert_int_equal(link_script_once(link_a, &script,
                         &(struct link_words){.keys = &key, .nkeys = 1}, &r, &broke),
        ERR_STORE);
    assert_true(broke);
    was_broken(breaker);
    assert_int_equal(number_of(link_b, "broken"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_of_every_type),
        cmocka_unit_test(replies_come_in_pieces),
        cmocka_unit_test(a_state_that_refuses_the_mark_hides_no_answer),
        cmocka_unit_test(a_redis_that_cannot_save_serves_reads),
        cmocka_unit_test(errors_are_told_apart),
        cmocka_unit_test(the_pipeline_keeps_its_order),
        cmocka_unit_test(a_long_pipeline_and_large_values),
        cmocka_unit_test(scripts_in_the_pipeline_are_loaded_again),
        cmocka_unit_test(a_held_command_travels_with_the_next),
        cmocka_unit_test(a_held_command_is_told_of_the_loss_of_its_connection),
        cmocka_unit_test(a_closed_connection_is_left_before_its_next_use),
        cmocka_unit_test(a_call_whose_connection_breaks_is_made_again),
        cmocka_unit_test(a_silent_redis_costs_one_timeout),
        cmocka_unit_test(a_call_during_the_back_off_fails_at_once),
        cmocka_unit_test(who_hurries_does_not_wait_for_the_back_off),
        cmocka_unit_test(password_and_database),
    };

    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
