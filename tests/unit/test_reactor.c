/* reactor: readiness, timers, signals only inside the wait, changes made by callbacks. */
#include "base/clock.h"
#include "base/err.h"
#include "base/reactor.h"
#include "tests/unit/cm.h"

#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define FAR (clock_mono_ms() + 20000)

static struct reactor *r;
static int calls;
static char order[32];

static int setup(void **state)
{
    (void)state;
    calls = 0;
    order[0] = 0;
    return reactor_new(&r);
}

static int teardown(void **state)
{
    (void)state;
    reactor_free(r);
    return 0;
}

static void drain(struct reactor_source *source, uint32_t events)
{
    char byte[16];

    (void)events;
    calls++;
    assert_true(read(source->fd, byte, sizeof byte) >= 0);
}

static void readiness(void **state)
{
    struct reactor_source source = { 0 };
    int p[2];

    (void)state;
    assert_int_equal(pipe(p), 0);
    assert_int_equal(reactor_watch(r, &source, p[0], EPOLLIN, drain, NULL), 0);
    assert_int_equal(reactor_step(r, clock_mono_ms() - 5, NULL), 0); /* polls */
    int64_t before = clock_mono_ms();
    assert_int_equal(reactor_step(r, before + 30, NULL), 0); /* waits to the deadline */
    assert_true(clock_mono_ms() >= before + 30);
    assert_int_equal(write(p[1], "x", 1), 1);
    assert_int_equal(reactor_step(r, FAR, NULL), 1);
    assert_int_equal(calls, 1);
    assert_int_equal(reactor_change(r, &source, 0), 0);
    assert_int_equal(write(p[1], "x", 1), 1);
    assert_int_equal(reactor_step(r, 0, NULL), 0);
    assert_int_equal(reactor_change(r, &source, EPOLLIN | EPOLLRDHUP), 0);
    assert_int_equal(reactor_step(r, FAR, NULL), 1);
    reactor_unwatch(r, &source);
    reactor_unwatch(r, &source);
    assert_int_equal(reactor_change(r, &source, EPOLLIN), ERR_INVALID);
    assert_int_equal(reactor_watch(r, &source, -1, EPOLLIN, drain, NULL), ERR_IO);
    assert_false(source.watched);
    close(p[0]);
    close(p[1]);
}

static void exclusive_can_be_changed(void **state)
{
    struct reactor_source source = { 0 };
    int p[2];

    (void)state;
    assert_int_equal(pipe(p), 0);
    assert_int_equal(reactor_watch(r, &source, p[0], EPOLLIN | EPOLLEXCLUSIVE, drain, NULL), 0);
    assert_int_equal(reactor_change(r, &source, EPOLLIN), 0);
    assert_int_equal(reactor_change(r, &source, EPOLLIN | EPOLLEXCLUSIVE), 0);
    assert_int_equal(write(p[1], "x", 1), 1);
    assert_int_equal(reactor_step(r, FAR, NULL), 1);
    reactor_unwatch(r, &source);
    close(p[0]);
    close(p[1]);
}

/* Two sources are ready in one step; whichever runs first takes the other away. */
static struct reactor_source pair[2];

static void unwatch_both(struct reactor_source *source, uint32_t events)
{
    (void)source;
    (void)events;
    calls++;
    for (int i = 0; i < 2; i++) {
        reactor_unwatch(r, &pair[i]);
        memset(&pair[i], 0xee, sizeof pair[i]); /* its owner may have freed it */
    }
}

static void callback_unwatches_others(void **state)
{
    int p[2][2];

    (void)state;
    memset(pair, 0, sizeof pair);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pipe(p[i]), 0);
        assert_int_equal(write(p[i][1], "x", 1), 1);
        assert_int_equal(reactor_watch(r, &pair[i], p[i][0], EPOLLIN, unwatch_both, NULL), 0);
    }
    assert_int_equal(reactor_step(r, FAR, NULL), 1);
    assert_int_equal(calls, 1);
    assert_int_equal(reactor_step(r, 0, NULL), 0);
    for (int i = 0; i < 2; i++) {
        close(p[i][0]);
        close(p[i][1]);
    }
}

static void note(struct reactor_timer *timer)
{
    strcat(order, timer->arg);
}

static void set_again(struct reactor_timer *timer)
{
    calls++;
    reactor_timer_set(r, timer, clock_mono_ms() - 1, set_again, NULL);
}

static void clear_other(struct reactor_timer *timer)
{
    calls++;
    reactor_timer_clear(r, timer->arg);
}

static void timers_in_order(void **state)
{
    struct reactor_timer a = { 0 }, b = { 0 }, c = { 0 };
    int64_t now = clock_mono_ms();

    (void)state;
    reactor_timer_set(r, &c, now + 20, note, "c");
    reactor_timer_set(r, &a, now + 1, note, "a");
    reactor_timer_set(r, &b, now + 50000, note, "-");
    reactor_timer_set(r, &b, now + 1, note, "b"); /* replaces */
    while (c.set) {
        int ran = reactor_step(r, FAR, NULL);
        assert_true(ran >= 0);
    }
    assert_string_equal(order, "abc");
    assert_true(clock_mono_ms() >= now + 20);
    reactor_timer_clear(r, &c);
}

static void timer_callbacks_change_timers(void **state)
{
    struct reactor_timer a = { 0 }, b = { 0 };

    (void)state;
    reactor_timer_set(r, &a, 0, set_again, NULL);
    assert_int_equal(reactor_step(r, FAR, NULL), 1); /* once a step, not for ever */
    reactor_timer_clear(r, &a);
    calls = 0;
    reactor_timer_set(r, &a, 1, clear_other, &b);
    reactor_timer_set(r, &b, 1, clear_other, &a);
    assert_int_equal(reactor_step(r, FAR, NULL), 1);
    assert_int_equal(calls, 1);
    assert_int_equal(reactor_step(r, 0, NULL), 0);
}

static volatile sig_atomic_t signalled;

static void on_signal(int number)
{
    signalled = number;
}

static void signals_come_only_in_the_wait(void **state)
{
    struct sigaction action = { .sa_handler = on_signal }, old;
    sigset_t block, saved, open;

    (void)state;
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    assert_int_equal(sigprocmask(SIG_BLOCK, &block, &saved), 0);
    assert_int_equal(sigaction(SIGUSR1, &action, &old), 0);
    sigemptyset(&open);
    raise(SIGUSR1);
    assert_int_equal(signalled, 0);
    assert_int_equal(reactor_step(r, 0, NULL), 0); /* NULL: still blocked */
    assert_int_equal(signalled, 0);
    assert_int_equal(reactor_step(r, FAR, &open), ERR_CANCELLED);
    assert_int_equal(signalled, SIGUSR1);
    sigaction(SIGUSR1, &old, NULL);
    sigprocmask(SIG_SETMASK, &saved, NULL);
}

static void many_at_once(void **state)
{
    struct reactor_source sources[100];
    int p[100][2];

    (void)state;
    memset(sources, 0, sizeof sources);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, p[i]), 0);
        assert_int_equal(reactor_watch(r, &sources[i], p[i][0], EPOLLIN, drain, NULL), 0);
        assert_int_equal(write(p[i][1], "x", 1), 1);
    }
    while (calls < 100)
        assert_true(reactor_step(r, FAR, NULL) > 0);
    assert_int_equal(reactor_step(r, 0, NULL), 0);
    for (int i = 0; i < 100; i++) {
        reactor_unwatch(r, &sources[i]);
        close(p[i][0]);
        close(p[i][1]);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(readiness),
        TEST(exclusive_can_be_changed),
        TEST(callback_unwatches_others),
        TEST(timers_in_order),
        TEST(timer_callbacks_change_timers),
        TEST(signals_come_only_in_the_wait),
        TEST(many_at_once),
    };
    return cmocka_run_group_tests_name("reactor", tests, NULL, NULL);
}
