/* listen: messages, a server that freezes or restarts, a master that is the master no more. */
#include "base/clock.h"
#include "base/err.h"
#include "base/task.h"
#include "own_redis.h"
#include "store/link.h"
#include "store/listen.h"
#include "store/resp.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 60000

/* A Sentinel that names the port that stands in shared memory; 0: it says nothing. */
struct fake {
    char path[96];
    pid_t pid;
    volatile int *port;
};

static struct own_redis redis_a, redis_b;
static struct conf conf_a, conf_b, conf;
static struct link *link_a, *link_b;
static struct reactor *reactor;
static struct listen *listener;
static struct listen_ear ear, other;
static struct fake sentinel;
static int port_a, port_b;
static unsigned subscribed, messages;
static char last[64];

static void on_message(void *arg, const char *bytes, size_t len)
{
    (void)arg;
    messages++;
    snprintf(last, sizeof(last), "%.*s", (int)len, bytes);
}

static void on_subscribed(void *arg)
{
    (void)arg;
    subscribed++;
}

static void until(const unsigned *counter, unsigned value)
{
    int64_t end = clock_mono_ms() + PATIENCE_MS;

    while (*counter < value && clock_mono_ms() < end)
        (void)task_wait(reactor, clock_mono_ms() + 100, NULL);
    assert_true(*counter >= value);
}

static void fake_answer(int fd, int port)
{
    char in[512], out[64], digits[16];

    if (read(fd, in, sizeof(in)) > 0 && port > 0) {
        snprintf(digits, sizeof(digits), "%d", port);
        int n = snprintf(out, sizeof(out), "*2\r\n$9\r\n127.0.0.1\r\n$%zu\r\n%s\r\n",
            strlen(digits), digits);
        if (write(fd, out, (size_t)n) != n)
            _exit(1);
    }
    close(fd);
}

static void fake_start(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(sentinel.path, sizeof(sentinel.path), "%s/sentinel", redis_a.dir);
    strcpy(address.sun_path, sentinel.path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 8), 0);
    sentinel.port =
        mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(sentinel.port != MAP_FAILED);
    *sentinel.port = port_a;
    sentinel.pid = fork();
    assert_true(sentinel.pid >= 0);
    for (int one = 0; !sentinel.pid && one >= 0;)
        if ((one = accept(fd, NULL, NULL)) >= 0)
            fake_answer(one, *sentinel.port);
    close(fd);
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
    fake_start();
    assert_int_equal(reactor_new(&reactor), 0);
    assert_int_equal(tasks_open(reactor, &(struct tasks_settings){.stack_bytes = 131072}), 0);
    return 0;
}

static int tear_down_all(void **state)
{
    (void)state;
    kill(sentinel.pid, SIGKILL);
    waitpid(sentinel.pid, NULL, 0);
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
    *e = (struct listen_ear){.message = on_message, .subscribed = on_subscribed};
    strcpy(e->channel, channel);
    listen_add(listener, e);
}

static void end(void)
{
    listen_remove(listener, &ear);
    listen_remove(listener, &other);
    listen_free(listener);
}

static void begin(void)
{
    subscribed = messages = 0;
    assert_int_equal(listen_new(&listener, &conf, reactor, false), 0);
    hear(&ear, "tp:{u}:ctl");
    until(&subscribed, 1);
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
    (void)state;
    use_sentinel(false);
    begin();
    hears(link_a, "one");
    listen_remove(listener, &ear);
    hear(&ear, "tp:{u}:other");
    until(&subscribed, 2);
    assert_int_equal(link_command(link_a, NULL, "PUBLISH tp:{u}:ctl no"), 0);
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

    (void)state;
    use_sentinel(false);
    begin();
    for (int i = 0; i < MANY; i++) {
        char channel[32];
        snprintf(channel, sizeof channel, "tp:{u}:%d", i);
        hear(&many[i], channel);
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
    }
    assert_int_equal(kill(redis_a.pid, SIGCONT), 0);
    until(&subscribed, 2);
    hears(link_a, "again");
    end();
}

static void another_master_is_found(void **state)
{
    (void)state;
    use_sentinel(true);
    begin();
    hears(link_a, "at a");
    *sentinel.port = 0; /* no answer: it stays, and its role is asked for */
    until(&subscribed, 2);
    hears(link_a, "still at a");
    *sentinel.port = port_b; /* a is as alive as before */
    unsigned before = subscribed;
    for (bool moved = false; !moved;) {
        until(&subscribed, ++before);
        assert_int_equal(link_command(link_b, NULL, "PUBLISH tp:{u}:ctl b"), 0);
        for (int i = 0; i < 5 && !moved; i++) {
            (void)task_wait(reactor, clock_mono_ms() + 50, NULL);
            moved = !strcmp(last, "b");
        }
    }
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

static void replies_are_measured(void **state)
{
    static const struct {
        const char *bytes;
        long length;
    } cases[] = {
        {"+OK\r\n+", 5}, {"-ERR x\r\n", 8}, {":-12\r\n", 6}, {"$3\r\nabc\r\n:", 9}, {"$-1\r\n", 5},
        {"*0\r\n", 4}, {"*-1\r\n", 5}, {"*2\r\n:1\r\n$1\r\na\r\n", 15},
        {"*3\r\n$6\r\nmaster\r\n:0\r\n*1\r\n*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n", 49},
        {"", 0}, {"+OK\r", 0}, {"$3\r\nabc", 0}, {"$3\r\nabc\r", 0}, {"*2\r\n:1\r\n", 0}, {"*1", 0},
        {"$99999999999999999999\r\n", 0}, {"x", -1}, {"$a\r\n", -1}, {":1\n", -1}, {"*1\r\n?", -1},
        {":123456789012345678901234567890123456", -1},
        {"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_int_equal(resp_length(cases[i].bytes, strlen(cases[i].bytes)), cases[i].length);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_are_measured),
        cmocka_unit_test(messages_come),
        cmocka_unit_test(two_ears_of_one_channel),
        cmocka_unit_test(many_channels_survive_a_lost_connection),
        cmocka_unit_test(a_server_that_freezes_is_left),
        cmocka_unit_test(another_master_is_found),
        cmocka_unit_test(a_master_that_became_a_replica_is_left),
    };

    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
