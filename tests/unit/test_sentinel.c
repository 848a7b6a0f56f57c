#include "base/clock.h"
#include "base/err.h"
#include "base/task.h"
#include "own_redis.h"
#include "store/link.h"
#include "store/sentinel.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A Sentinel that says what it is told to, after it has read something. NULL: nothing, ever. */
struct fake {
    char path[96];
    pid_t pid;
};

static struct own_redis redis;
static struct conf conf;

static void fake_start(struct fake *f, int number, const char *answer)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(f->path, sizeof(f->path), "%s/sentinel%d", redis.dir, number);
    strcpy(address.sun_path, f->path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 8), 0);
    f->pid = fork();
    assert_true(f->pid >= 0);
    if (!f->pid) {
        char in[512];

        for (;;) {
            int one = accept(fd, NULL, NULL);

            if (one < 0 || read(one, in, sizeof(in)) < 0)
                _exit(1);
            if (!answer)
                for (;;)
                    pause();
            for (const char *c = answer; *c; c++) /* in pieces */
                if (write(one, c, 1) != 1)
                    break;
            close(one);
        }
    }
    close(fd);
}

static void fake_stop(struct fake *f)
{
    assert_int_equal(kill(f->pid, SIGKILL), 0);
    assert_int_equal(waitpid(f->pid, NULL, 0), f->pid);
    unlink(f->path);
}

static void use(const char *list)
{
    char why[CONF_WHY_SIZE];

    assert_int_equal(conf_set(&conf, "redis.sentinels", list, why), 0);
}

static int set_up_all(void **state)
{
    (void)state;
    own_redis_start(&redis);
    own_redis_conf(&redis, &conf);
    conf.redis_timeout_ms = 20000;
    return 0;
}

static int tear_down_all(void **state)
{
    (void)state;
    conf_fini(&conf);
    own_redis_stop(&redis);
    return 0;
}

static void the_master_is_named(void **state)
{
    struct sentinel_address a, b;
    struct fake one;
    char why[CONF_WHY_SIZE];

    (void)state;
    fake_start(&one, 1, "*2\r\n$9\r\n127.0.0.7\r\n$4\r\n6380\r\n");
    use(one.path);
    assert_int_equal(sentinel_master(&conf, 1000, &a), 0);
    assert_string_equal(a.host, "127.0.0.7");
    assert_int_equal(a.port, 6380);
    b = a;
    assert_true(sentinel_same(&a, &b));
    b.port++;
    assert_false(sentinel_same(&a, &b));
    fake_stop(&one);
    fake_start(&one, 1, "+OK\r\n*2\r\n$3\r\n::1\r\n$2\r\n80\r\n");
    assert_int_equal(conf_set(&conf, "redis.sentinel_password", "secret", why), 0);
    assert_int_equal(sentinel_master(&conf, 1000, &a), 0);
    assert_string_equal(a.host, "::1");
    assert_int_equal(conf_set(&conf, "redis.sentinel_password", "", why), 0);
    fake_stop(&one);
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
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct sentinel_address a;
        struct fake one;

        fake_start(&one, 1, cases[i].answer);
        use(one.path);
        assert_int_equal(sentinel_master(&conf, 1000, &a), cases[i].error);
        fake_stop(&one);
    }
}

static void the_next_one_is_asked_within_the_budget(void **state)
{
    struct sentinel_address a;
    struct fake silent, good;
    char list[256];
    int64_t before;

    (void)state;
    fake_start(&silent, 1, NULL);
    fake_start(&good, 2, "*2\r\n$9\r\n127.0.0.7\r\n$4\r\n6380\r\n");
    snprintf(list, sizeof(list), "127.0.0.1:1, %s %s", silent.path, good.path);
    use(list);
    before = clock_mono_ms();
    assert_int_equal(sentinel_master(&conf, 2000, &a), 0);
    assert_in_range(clock_mono_ms() - before, 500, 60000);
    before = clock_mono_ms(); /* it is asked first from now on: the silent one would take a third */
    assert_int_equal(sentinel_master(&conf, 90000, &a), 0);
    assert_true(clock_mono_ms() - before < 25000);
    fake_stop(&good);
    before = clock_mono_ms();
    assert_int_equal(sentinel_master(&conf, 200, &a), ERR_STORE);
    assert_true(clock_mono_ms() - before < 25000);
    fake_stop(&silent);
}

static void ask_task(void *arg)
{
    struct sentinel_address a;

    *(int *)arg = sentinel_master(&conf, 2000, &a);
}

/* Two tasks wait for the same silent one at the same time: each then asks the other one. */
static void those_who_ask_at_once_pass_none_over(void **state)
{
    struct reactor *reactor;
    struct fake silent, good;
    char list[200];

    (void)state;
    assert_int_equal(reactor_new(&reactor), 0);
    assert_int_equal(
        tasks_open(reactor, &(struct tasks_settings){.stack_bytes = 131072, .stacks_kept = 2}), 0);
    fake_start(&silent, 1, NULL);
    fake_start(&good, 2, "*2\r\n$9\r\n127.0.0.7\r\n$4\r\n6380\r\n");
    for (int order = 0; order < 2; order++) { /* one of them begins with the silent one */
        int results[2] = {1, 1};

        snprintf(list, sizeof list, "%s %s", order ? good.path : silent.path,
            order ? silent.path : good.path);
        use(list);
        for (int i = 0; i < 2; i++)
            assert_int_equal(task_spawn(ask_task, &results[i], 0, NULL), 0);
        while (tasks_count())
            assert_true(task_wait(reactor, clock_mono_ms() + 30000, NULL) >= 0);
        assert_int_equal(results[0], 0);
        assert_int_equal(results[1], 0);
    }
    fake_stop(&silent);
    fake_stop(&good);
    tasks_close();
    reactor_free(reactor);
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
        struct fake one;

        fake_start(&one, 1, cases[i].answer);
        use(one.path);
        assert_int_equal(sentinel_failover(&conf, 1000, why), cases[i].error);
        assert_string_equal(why, cases[i].why);
        fake_stop(&one);
    }
}

static void all_are_asked_who_the_master_is(void **state)
{
    struct sentinel_address old = {"127.0.0.7", 6380}, other = {"", 0};
    struct fake stale, fresh;
    char list[256];
    unsigned others;

    (void)state;
    fake_start(&stale, 1, "*2\r\n$9\r\n127.0.0.7\r\n$4\r\n6380\r\n");
    fake_start(&fresh, 2, "*2\r\n$9\r\n127.0.0.8\r\n$4\r\n6381\r\n");
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
    fake_stop(&stale);
    assert_int_equal(sentinel_count(&conf, &old, 20000, &others, &other), 1);
    fake_stop(&fresh);
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
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        use(bad[i]);
        assert_int_equal(conf_check(&conf, why), ERR_CONFIG);
        assert_non_null(strstr(why, "redis.sentinels"));
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
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
        cmocka_unit_test(those_who_ask_at_once_pass_none_over),
        cmocka_unit_test(a_replica_is_left),
        cmocka_unit_test(a_failover_is_asked_for),
        cmocka_unit_test(all_are_asked_who_the_master_is),
        cmocka_unit_test(the_setting_is_checked),
    };

    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
