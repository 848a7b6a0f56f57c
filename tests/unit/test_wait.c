/* test_wait -- how a turn waits while its text is held back, with the processors full. */
#include "agent/wait.h"
#include "base/clock.h"
#include "base/err.h"
#include "store/listen.h"
#include "tests/unit/cm.h"
#include "tests/unit/turn_bench.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define PATIENCE_MS 30000
#define NEVER_MS 600000 /* a pace that no test waits out */

static struct turn_bench bench;
static struct wait waiting;
static atomic_int pace;

static int set_up_all(void **state)
{
    (void)state;
    turn_bench_start(&bench);
    return 0;
}

static int tear_down_all(void **state)
{
    (void)state;
    turn_bench_stop(&bench);
    return 0;
}

static void say(void)
{
    assert_int_equal(eventlog_text(bench.log, EVENTLOG_TEXT, "m1", "word ", 5), 0);
}

/* Says words until one is held back: the next but one, unless this process was stopped meanwhile.
 * Returns their number. */
static int say_until_held(int pace_ms)
{
    int said = 0;

    atomic_store(&pace, pace_ms);
    do {
        assert_int_equal(eventlog_flush(bench.log, clock_mono_ms() + PATIENCE_MS), 0);
        say();
        said++;
    } while (!eventlog_held_until(bench.log));
    return said;
}

static bool is_heard(const char *channel)
{
    struct link_reply *r = NULL;
    assert_int_equal(link_command(bench.onlooker->link, &r, "PUBSUB NUMSUB %s", channel), 0);
    bool heard = link_reply_int(link_reply_at(r, 1)) > 0;
    link_reply_free(r);
    return heard;
}

/* A turn that waits, its ears on the control channel. */
static int set_up(void **state)
{
    const bool never = false;
    char channel[STORE_KEY_MAX];

    (void)state;
    bench.abort_now = 0;
    turn_bench_new_session(&bench);
    turn_bench_begin(&bench, "hello", NULL, NULL, 0);
    assert_int_equal(eventlog_begin(bench.log, &bench.start), 0);
    eventlog_pace(bench.log, &pace);
    atomic_store(&pace, 0);
    int64_t now = clock_mono_ms();
    assert_int_equal(wait_begin(&waiting, &bench.env, &bench.start, now + 20 * PATIENCE_MS), 0);
    store_key_session_part(channel, bench.start.uid, bench.start.session, "ctl");
    for (int64_t until = now + PATIENCE_MS; !is_heard(channel);) {
        assert_true(clock_mono_ms() < until);
        assert_int_equal(wait_until(&waiting, &never, clock_mono_ms() + 5), ERR_AGAIN);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    wait_end(&waiting);
    eventlog_end(bench.log);
    return 0;
}

/* ---- tokens of the model: bytes in a pipe ---- */

struct tokens {
    struct reactor_source source;
    int pipe[2];
    int64_t came_ms; /* when the first was looked at */
    bool done;
};

static void on_token(struct reactor_source *source, uint32_t events)
{
    struct tokens *t = source->arg;
    char bytes[16];

    (void)events;
    t->came_ms = clock_mono_ms();
    t->done = read(source->fd, bytes, sizeof bytes) > 0;
}

static void tokens_do_not_wake_a_turn_whose_text_is_held(void **state)
{
    struct tokens t = {.done = false};
    char key[STORE_KEY_MAX];
    struct link_reply *r = NULL;

    (void)state;
    assert_int_equal(pipe(t.pipe), 0);
    assert_int_equal(
        reactor_watch(bench.reactor, &t.source, t.pipe[0], EPOLLIN, on_token, &t), 0);
    assert_int_equal(write(t.pipe[1], "xyz", 3), 3);
    int said = say_until_held(500);
    int64_t held = eventlog_held_until(bench.log);
    assert_int_equal(wait_until(&waiting, &t.done, clock_mono_ms() + PATIENCE_MS), 0);
    assert_true(t.came_ms >= held);
    /* The pause over, the text has been sent without being asked to. */
    assert_int_equal(eventlog_held_until(bench.log), 0);
    assert_int_equal(eventlog_flush(bench.log, clock_mono_ms() + PATIENCE_MS), 0);
    store_key_session_part(key, bench.start.uid, bench.start.session, "log");
    assert_int_equal(link_command(bench.onlooker->link, &r, "XLEN %s", key), 0);
    assert_int_equal(link_reply_int(r), 1 + said); /* RUN_STARTED before */
    link_reply_free(r);
    reactor_unwatch(bench.reactor, &t.source);
    close(t.pipe[0]);
    close(t.pipe[1]);
}

static void a_stop_ends_the_pause(void **state)
{
    const bool never = false;
    char channel[STORE_KEY_MAX], stop[64];
    struct link_reply *r = NULL;

    (void)state;
    say_until_held(NEVER_MS);
    assert_true(eventlog_held_until(bench.log) > clock_mono_ms() + PATIENCE_MS);
    store_key_session_part(channel, bench.start.uid, bench.start.session, "ctl");
    snprintf(stop, sizeof stop, "stop %s", bench.start.turn);
    assert_int_equal(link_command(bench.onlooker->link, &r, "PUBLISH %s %s", channel, stop), 0);
    link_reply_free(r);
    int64_t began = clock_mono_ms();
    assert_int_equal(wait_until(&waiting, &never, 0), ERR_CANCELLED);
    assert_true(clock_mono_ms() - began < PATIENCE_MS);
}

static void on_term(int number)
{
    (void)number;
    bench.abort_now = 1;
}

static void a_signal_ends_the_pause(void **state)
{
    const struct sigaction action = {.sa_handler = on_term};
    const bool never = false;
    struct sigaction before;
    sigset_t term, mask;

    (void)state;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, &mask);
    sigaction(SIGTERM, &action, &before);
    say_until_held(NEVER_MS);
    raise(SIGTERM); /* waits for the next pause, which lets it in */
    assert_int_equal(bench.abort_now, 0);
    int64_t began = clock_mono_ms();
    assert_int_equal(wait_until(&waiting, &never, 0), ERR_DRAINING);
    assert_true(clock_mono_ms() - began < PATIENCE_MS);
    sigaction(SIGTERM, &before, NULL);
    sigprocmask(SIG_SETMASK, &mask, NULL);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(tokens_do_not_wake_a_turn_whose_text_is_held),
        TEST(a_stop_ends_the_pause),
        TEST(a_signal_ends_the_pause),
    };
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
