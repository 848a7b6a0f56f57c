/* SPDX-License-Identifier: BSD-2-Clause */
/* reactor: readiness, timers, hooks, signals only inside the wait, changes made by callbacks. */
#include "base/clock.h"
#include "base/err.h"
#include "base/reactor.h"
#include "tests/unit/cm.h"

#include <fcntl.h>
#include <stdlib.h>
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
    struct reactor_source source = {0};
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
    struct reactor_source source = {0};
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
    struct reactor_timer a = {0}, b = {0}, c = {0};
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
    struct reactor_timer a = {0}, b = {0};

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
    struct sigaction action = {.sa_handler = on_signal}, old;
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

/* More than a batch: all are told within a few passes, though each pass tells a part. */
#define MANY 700

static void many_at_once(void **state)
{
    static struct reactor_source sources[MANY];
    static int p[MANY][2];
    int passes = 0;

    (void)state;
    memset(sources, 0, sizeof sources);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, p[i]), 0);
        assert_int_equal(reactor_watch(r, &sources[i], p[i][0], EPOLLIN, drain, NULL), 0);
        assert_int_equal(write(p[i][1], "x", 1), 1);
    }
    for (; calls < MANY; passes++)
        assert_true(reactor_step(r, FAR, NULL) > 0);
    assert_true(passes <= 2); /* 256, then the batch has grown */
    assert_int_equal(reactor_step(r, 0, NULL), 0);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(write(p[i][1], "x", 1), 1);
    assert_true(reactor_step(r, FAR, NULL) > 256);
    for (int i = 0; i < MANY; i++) {
        reactor_unwatch(r, &sources[i]);
        close(p[i][0]);
        close(p[i][1]);
    }
}

/* ---- what a pass tells ---- */

static int wide[2][2];

/* Both are ready to be read and written; the first to run asks less of the other. */
static void narrow_other(struct reactor_source *source, uint32_t events)
{
    struct reactor_source *other = source == &pair[0] ? &pair[1] : &pair[0];

    calls++;
    if (calls == 1) {
        assert_int_equal(events, EPOLLIN | EPOLLOUT);
        assert_int_equal(reactor_change(r, other, EPOLLOUT), 0);
    } else {
        assert_int_equal(events, EPOLLOUT);
    }
}

static void open_wide(uint32_t events, reactor_ready_fn *fn)
{
    memset(pair, 0, sizeof pair);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, wide[i]), 0);
        assert_int_equal(write(wide[i][1], "x", 1), 1);
        assert_int_equal(reactor_watch(r, &pair[i], wide[i][0], events, fn, NULL), 0);
    }
}

static void close_wide(void)
{
    for (int i = 0; i < 2; i++) {
        reactor_unwatch(r, &pair[i]);
        close(wide[i][0]);
        close(wide[i][1]);
    }
}

static void what_is_not_asked_for_any_more_is_not_told(void **state)
{
    (void)state;
    open_wide(EPOLLIN | EPOLLOUT, narrow_other);
    assert_int_equal(reactor_step(r, FAR, NULL), 2);
    close_wide();
}

static void ask_nothing_of_other(struct reactor_source *source, uint32_t events)
{
    (void)events;
    calls++;
    assert_int_equal(reactor_change(r, source == &pair[0] ? &pair[1] : &pair[0], 0), 0);
}

static void a_source_that_asks_nothing_is_not_called(void **state)
{
    (void)state;
    open_wide(EPOLLIN, ask_nothing_of_other);
    assert_int_equal(reactor_step(r, FAR, NULL), 1);
    assert_int_equal(calls, 1);
    close_wide();
}

static void on_end(struct reactor_source *source, uint32_t events)
{
    calls++;
    assert_true(events & EPOLLHUP);
    reactor_unwatch(r, source);
}

static void the_end_of_a_peer_is_told_unasked(void **state)
{
    struct reactor_source source = {0};
    int p[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, p), 0);
    assert_int_equal(reactor_watch(r, &source, p[0], 0, on_end, NULL), 0);
    close(p[1]);
    assert_int_equal(reactor_step(r, FAR, NULL), 1);
    assert_int_equal(calls, 1);
    close(p[0]);
}

/* The other is taken away and watched again in one callback: its old event is not told. */
static void watch_other_anew(struct reactor_source *source, uint32_t events)
{
    struct reactor_source *other = source == &pair[0] ? &pair[1] : &pair[0];
    int fd = other->fd;

    (void)events;
    calls++;
    reactor_unwatch(r, other);
    reactor_unwatch(r, source);
    assert_int_equal(reactor_watch(r, other, fd, EPOLLIN, drain, NULL), 0);
}

static void a_source_watched_anew_waits_for_the_next_pass(void **state)
{
    (void)state;
    open_wide(EPOLLIN, watch_other_anew);
    assert_int_equal(reactor_step(r, FAR, NULL), 1);
    assert_int_equal(reactor_step(r, FAR, NULL), 1);
    assert_int_equal(calls, 2);
    close_wide();
}

static void step_within(struct reactor_source *source, uint32_t events)
{
    drain(source, events);
    if (calls == 1)
        assert_true(reactor_step(r, 0, NULL) >= 1);
}

static void a_callback_may_step(void **state)
{
    (void)state;
    open_wide(EPOLLIN, step_within);
    assert_true(reactor_step(r, FAR, NULL) >= 1);
    assert_int_equal(calls, 2);
    assert_int_equal(reactor_step(r, 0, NULL), 0);
    close_wide();
}

/* ---- timers against a model ---- */

#define MODEL_TIMERS 3000

struct model {
    struct reactor_timer timer;
    int64_t due_ms;
    unsigned order;
    bool set;
};
static struct model models[MODEL_TIMERS];
static unsigned model_orders, model_left, model_seed;
static int64_t model_due_before;
static unsigned model_order_before;

static unsigned model_random(unsigned below)
{
    return (unsigned)rand_r(&model_seed) % below;
}

static void model_expired(struct reactor_timer *timer);

static void model_set(struct model *m, int64_t due_ms)
{
    if (!m->set)
        model_left++;
    m->due_ms = due_ms;
    m->order = model_orders++;
    m->set = true;
    reactor_timer_set(r, &m->timer, due_ms, model_expired, m);
}

static void model_clear(struct model *m)
{
    if (m->set)
        model_left--;
    m->set = false;
    reactor_timer_clear(r, &m->timer);
}

/* Set, set again or clear one of all timers; few times, so that many are equal. */
static void model_change(int64_t from_ms)
{
    struct model *m = &models[model_random(MODEL_TIMERS)];

    if (model_random(3) == 0)
        model_clear(m);
    else
        model_set(m, from_ms + model_random(50));
}

static int64_t model_first(void)
{
    int64_t first = INT64_MAX;

    for (int i = 0; i < MODEL_TIMERS; i++)
        if (models[i].set && models[i].due_ms < first)
            first = models[i].due_ms;
    return first;
}

/* Runs only what is set, by time, then by age; some callbacks change others, far in the future. */
static void model_expired(struct reactor_timer *timer)
{
    struct model *m = timer->arg;

    assert_true(m->set && !timer->set);
    assert_true(m->due_ms > model_due_before ||
        (m->due_ms == model_due_before && m->order > model_order_before));
    model_due_before = m->due_ms;
    model_order_before = m->order;
    m->set = false;
    model_left--;
    if (model_random(4) == 0)
        model_clear(&models[model_random(MODEL_TIMERS)]);
    if (model_random(4) == 0)
        model_set(&models[model_random(MODEL_TIMERS)], INT64_MAX - model_random(50));
}

static void model_run(int64_t now)
{
    /* All up to `now` lie in the past, so one step runs them. */
    model_due_before = INT64_MIN;
    assert_true(reactor_step(r, 0, NULL) >= 0);
    for (int i = 0; i < MODEL_TIMERS; i++) {
        assert_int_equal(models[i].timer.set, models[i].set);
        assert_true(!models[i].set || models[i].due_ms > now);
    }
}

static void timers_agree_with_a_model(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 40; seed++) {
        int64_t now = clock_mono_ms(), past = 1;
        memset(models, 0, sizeof models);
        model_left = 0;
        model_seed = seed;
        for (int i = 0; i < 2 * MODEL_TIMERS; i++)
            model_change(model_random(2) ? past : now + 1000000);
        assert_int_equal(reactor_next_due(r, INT64_MAX), model_first());
        for (int round = 0; round < 20; round++) {
            model_run(now);
            for (int i = 0; i < 200; i++)
                model_change(model_random(2) ? past : now + 1000000);
            assert_int_equal(reactor_next_due(r, INT64_MAX), model_first());
        }
        for (int i = 0; i < MODEL_TIMERS; i++)
            model_clear(&models[i]);
        assert_int_equal(model_left, 0);
        assert_int_equal(reactor_next_due(r, INT64_MAX), INT64_MAX);
    }
}

static void equal_times_run_as_they_were_set(void **state)
{
    struct reactor_timer t[5];
    static char *const names[] = {"a", "b", "c", "d", "e"};

    (void)state;
    memset(t, 0, sizeof t);
    for (int i = 0; i < 5; i++)
        reactor_timer_set(r, &t[i], 7, note, names[i]);
    reactor_timer_set(r, &t[1], 7, note, names[1]); /* now the last */
    reactor_timer_clear(r, &t[3]);
    assert_int_equal(reactor_next_due(r, 100), 7);
    assert_int_equal(reactor_step(r, FAR, NULL), 4);
    assert_string_equal(order, "aceb");
}

/* One that sets itself again, earlier than all, does not hold up those that were due. */
static void a_restless_timer_does_not_starve_others(void **state)
{
    struct reactor_timer restless = {0}, other = {0};

    (void)state;
    reactor_timer_set(r, &restless, -5, set_again, NULL);
    reactor_timer_set(r, &other, 1, note, "x");
    assert_int_equal(reactor_step(r, FAR, NULL), 2);
    assert_int_equal(calls, 1);
    assert_string_equal(order, "x");
    reactor_timer_clear(r, &restless);
}

static void free_it(struct reactor_timer *timer)
{
    calls++;
    free(timer);
}

static void clear_and_free(struct reactor_timer *timer)
{
    calls++;
    reactor_timer_clear(r, timer->arg);
    free(timer->arg);
    free(timer);
}

static void a_timer_may_be_freed_by_a_callback(void **state)
{
    struct reactor_timer *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b),
                         *c = calloc(1, sizeof *c);

    (void)state;
    assert_true(a && b && c);
    reactor_timer_set(r, a, 1, clear_and_free, b);
    reactor_timer_set(r, b, 2, free_it, NULL);
    reactor_timer_set(r, c, 3, free_it, NULL);
    assert_int_equal(reactor_step(r, FAR, NULL), 2);
    assert_int_equal(calls, 2);
}

/* ---- hooks ---- */

static struct reactor_hook hooks[3];

static void hook_note(struct reactor_hook *hook)
{
    strcat(order, hook->arg);
}

static void source_note(struct reactor_source *source, uint32_t events)
{
    drain(source, events);
    strcat(order, "s");
    reactor_after(r, &hooks[0], hook_note, "A");
}

static void timer_note(struct reactor_timer *timer)
{
    note(timer);
    reactor_after(r, &hooks[0], hook_note, "A");
    reactor_after(r, &hooks[1], hook_note, "B");
}

static void hooks_run_once_after_all_callbacks(void **state)
{
    struct reactor_timer timer = {0};

    (void)state;
    memset(hooks, 0, sizeof hooks);
    open_wide(EPOLLIN, source_note);
    reactor_timer_set(r, &timer, 1, timer_note, "t");
    assert_int_equal(reactor_step(r, FAR, NULL), 3);
    assert_string_equal(order, "sstAB");
    assert_int_equal(reactor_step(r, 0, NULL), 0);
    assert_string_equal(order, "sstAB");
    close_wide();
}

static void hook_asks_again(struct reactor_hook *hook)
{
    hook_note(hook);
    reactor_after(r, &hooks[0], hook_asks_again, "A"); /* itself: in the next pass */
    reactor_after(r, &hooks[1], hook_note, "B");
    reactor_after_clear(r, &hooks[2]);
}

static void hooks_set_hooks(void **state)
{
    (void)state;
    memset(hooks, 0, sizeof hooks);
    reactor_after(r, &hooks[0], hook_asks_again, "A");
    reactor_after(r, &hooks[2], hook_note, "C");
    assert_int_equal(reactor_next_due(r, FAR), 0);
    assert_int_equal(reactor_step(r, FAR, NULL), 0); /* does not wait */
    assert_string_equal(order, "AB");
    assert_int_equal(reactor_step(r, FAR, NULL), 0);
    assert_string_equal(order, "ABAB");
    reactor_after_clear(r, &hooks[0]);
    reactor_after_clear(r, &hooks[0]);
    assert_int_equal(reactor_next_due(r, 5), 5);
    assert_int_equal(reactor_step(r, 0, NULL), 0);
    assert_string_equal(order, "ABAB");
}

static void hook_frees_itself(struct reactor_hook *hook)
{
    calls++;
    free(hook);
}

static void a_hook_may_be_freed_by_itself(void **state)
{
    struct reactor_hook *hook = calloc(1, sizeof *hook);

    (void)state;
    assert_non_null(hook);
    reactor_after(r, hook, hook_frees_itself, NULL);
    assert_int_equal(reactor_step(r, FAR, NULL), 0);
    assert_int_equal(calls, 1);
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
        TEST(what_is_not_asked_for_any_more_is_not_told),
        TEST(a_source_that_asks_nothing_is_not_called),
        TEST(the_end_of_a_peer_is_told_unasked),
        TEST(a_source_watched_anew_waits_for_the_next_pass),
        TEST(a_callback_may_step),
        TEST(timers_agree_with_a_model),
        TEST(equal_times_run_as_they_were_set),
        TEST(a_restless_timer_does_not_starve_others),
        TEST(a_timer_may_be_freed_by_a_callback),
        TEST(hooks_run_once_after_all_callbacks),
        TEST(hooks_set_hooks),
        TEST(a_hook_may_be_freed_by_itself),
    };
    return cmocka_run_group_tests_name("reactor", tests, NULL, NULL);
}
