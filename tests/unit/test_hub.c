/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_hub -- viewers of session logs over a real Redis: subscribed before the log is read, then
 * live; what is missed is read, also after Redis was away.
 */
#include "base/clock.h"
#include "base/err.h"
#include "tests/unit/cm.h"
#include "tests/unit/loop_bench.h"
#include "wire/redis/link.h"
#include "workers/stream/hub_parts.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANY 3000 /* channels */
#define LONG_LOG 400

/* What a viewer was given: "N:FLAG|" for each event. */
struct seen {
    char text[8192];
    size_t len;
    unsigned events, located, inbox;
    bool full; /* its connection takes nothing */
};

static struct hub *hub;
static int last_n; /* of the log that append() writes */

static int on_event(struct hub_viewer *viewer, const struct logentry *e, bool force)
{
    struct seen *s = viewer->owner;

    if (s->full && !force)
        return ERR_FULL;
    s->events++;
    if (s->len + 64 < sizeof s->text)
        s->len += (size_t)snprintf(s->text + s->len, sizeof s->text - s->len, "%d:%c|",
            (int)e->id.n, e->flag);
    return 0;
}

static void on_located(struct hub_viewer *viewer)
{
    ((struct seen *)viewer->owner)->located++;
}

static void on_ended(struct hub_viewer *viewer)
{
    (void)viewer;
}

static bool takes_snapshots(const struct hub_viewer *viewer)
{
    (void)viewer;
    return true;
}

static bool is_drained(const struct hub_viewer *viewer)
{
    return !((const struct seen *)viewer->owner)->full;
}

static void on_inbox(struct hub_viewer *viewer, const char *bytes, size_t len)
{
    struct seen *s = viewer->owner;

    s->inbox++;
    snprintf(s->text, sizeof s->text, "%.*s", (int)len, bytes);
}

static int set_up(void **state)
{
    static const struct hub_sink sink = {on_event, on_located, on_ended, takes_snapshots,
        is_drained, on_inbox};

    last_n = 0;
    loop_bench_start(state);
    conf.redis_timeout_ms = 2000;
    assert_int_equal(hub_new(&hub, &conf, reactor, &sink), 0);
    return 0;
}

static void pass(void)
{
    static int64_t ticked_ms;

    loop_bench_pass();
    if (clock_mono_ms() >= ticked_ms + 100) {
        ticked_ms = clock_mono_ms();
        hub_tick(hub, ticked_ms);
    }
}

static int tear_down(void **state)
{
    loop_bench_drain();
    hub_free(hub);
    return loop_bench_stop(state);
}

static void until(const unsigned *counter, unsigned value)
{
    loop_bench_until(counter, value, pass);
}

static void until_up(bool up)
{
    int64_t end = clock_mono_ms() + LOOP_BENCH_PATIENCE_MS;

    while (hub_is_up(hub) != up && clock_mono_ms() < end)
        pass();
    assert_true(hub_is_up(hub) == up);
}

static struct hub_viewer *watch(const char *session, struct seen *s)
{
    struct hub_start start = {.user = "u", .session = session};
    struct hub_viewer *viewer;

    memset(s, 0, sizeof *s);
    assert_int_equal(hub_add(hub, &start, s, &viewer), 0);
    return viewer;
}

/* The same, and waits until it is located in the log. */
static struct hub_viewer *watch_located(const char *session, struct seen *s)
{
    struct hub_viewer *viewer = watch(session, s);

    until(&s->located, 1);
    return viewer;
}

static void store_entry(const char *session, int n, char flag)
{
    char value[] = "r - {\"a\":1}";

    value[2] = flag;
    while (link_command(other, NULL, "XADD tp:{u}:s:%s:log 5-%d e %b", session, n, value,
        strlen(value)))
        continue; /* Redis has just come back */
}

static void publish_entry(const char *session, int n, char flag)
{
    char message[96];

    snprintf(message, sizeof message, "5-%d 5-%d r %c {\"a\":1}", n, n - 1, flag);
    assert_int_equal(link_command(other, NULL, "PUBLISH tp:{u}:s:%s %s", session, message), 0);
}

static void append(char flag)
{
    store_entry("one", ++last_n, flag);
    publish_entry("one", last_n, flag);
}

static void a_viewer_reads_on_and_then_listens(void **state)
{
    struct hub_viewer *w;
    struct seen s;

    (void)state;
    append('-'); /* of an earlier turn: not shown */
    w = watch_located("one", &s);
    append('S');
    append('-');
    until(&s.events, 2);
    assert_string_equal(s.text, "2:S|3:-|");
    store_entry("one", ++last_n, '-'); /* its message is lost */
    append('F');
    until(&s.events, 4);
    assert_string_equal(s.text, "2:S|3:-|4:-|5:F|");
    assert_int_equal(s.located, 1);
    hub_remove(hub, w);
}

/*
 * Redis has lost the end of what a viewer saw. A page that was asked for before the next run began
 * shows nothing; that run, which is known when the page has come, must not be taken for what
 * follows.
 */
static void a_lost_end_is_noticed_with_the_next_run(void **state)
{
    static const char next[] = "6-1 5-2 q S {\"a\":1}";
    struct seen s;
    struct hub_viewer *w = watch_located("one", &s);

    (void)state;
    append('S');
    append('-');
    append('F');
    until(&s.events, 3);
    assert_int_equal(link_command(other, NULL, "XDEL tp:{u}:s:one:log 5-3"), 0);
    hub_event(hub, w, VIEWER_ON_LOST);
    w->verify = true; /* as when the subscription is confirmed again */
    hub_event(hub, w, VIEWER_ON_CONFIRMED);
    assert_true(w->asker.first);
    assert_int_equal(link_flush(hub_link(hub)), 0);
    hub_on_message(w->topic, next, sizeof next - 1);
    assert_int_equal(link_command(other, NULL, "PING"), 0); /* Redis has read the page by now */
    assert_int_equal(link_command(other, NULL, "XADD tp:{u}:s:one:log 6-1 e %b", "q S {}",
                         (size_t)6),
        0);
    until(&s.events, 6);
    assert_string_equal(s.text, "1:S|2:-|3:F|3:S|3:-|1:F|"); /* the last three: a snapshot */
    hub_remove(hub, w);
}

/* What stands in the log is not always ours, and a key may be of another type for a while. */
static void foreign_entries_are_passed_over(void **state)
{
    struct seen s;
    struct hub_viewer *w = watch_located("one", &s);

    (void)state;
    assert_int_equal(link_command(other, NULL, "XADD tp:{u}:s:one:log 5-1 other field"), 0);
    assert_int_equal(link_command(other, NULL, "XADD tp:{u}:s:one:log 5-2 x y e %b", "r - {}",
                         (size_t)6),
        0);
    assert_int_equal(link_command(other, NULL, "XADD tp:{u}:s:one:log 5-3 e nothing"), 0);
    store_entry("one", 4, '-');
    publish_entry("one", 4, '-');
    until(&s.events, 2);
    assert_string_equal(s.text, "2:-|4:-|");
    assert_int_equal(link_command(other, NULL, "RENAME tp:{u}:s:one:log aside"), 0);
    assert_int_equal(link_command(other, NULL, "SET tp:{u}:s:one:log plain"), 0);
    publish_entry("one", 6, '-'); /* it has missed one, and cannot read */
    for (int i = 0; i < 10; i++)
        pass();
    assert_int_equal(s.events, 2);
    assert_int_equal(link_command(other, NULL, "RENAME aside tp:{u}:s:one:log"), 0);
    store_entry("one", 5, '-');
    store_entry("one", 6, '-');
    publish_entry("one", 6, '-');
    until(&s.events, 4);
    assert_string_equal(s.text, "2:-|4:-|5:-|6:-|");
    hub_remove(hub, w);
}

static void what_redis_forgets_of_scripts_is_not_noticed(void **state)
{
    struct hub_viewer *w, *second;
    struct seen s, t;

    (void)state;
    w = watch_located("one", &s);
    assert_int_equal(link_command(other, NULL, "SCRIPT FLUSH"), 0);
    second = watch_located("two", &t);
    hub_remove(hub, w);
    hub_remove(hub, second);
}

static void after_a_restart_nothing_is_missed(void **state)
{
    struct seen s;
    struct hub_viewer *w = watch_located("one", &s);

    (void)state;
    append('S');
    until(&s.events, 1);
    for (int i = 0; i < 3; i++) {
        own_redis_kill(&redis);
        until_up(false);
        own_redis_again(&redis);
        append('-'); /* mostly before the viewer is there again */
        until(&s.events, (unsigned)last_n);
        append('-');
        until(&s.events, (unsigned)last_n);
    }
    assert_string_equal(s.text, "1:S|2:-|3:-|4:-|5:-|6:-|7:-|");
    hub_remove(hub, w);
}

/* One of the two connections alone, again and again. */
static void a_lost_connection_is_made_again(void **state)
{
    static const char *const types[] = {"pubsub", "normal"};
    struct seen s;
    struct hub_viewer *w = watch_located("one", &s);

    (void)state;
    append('S');
    for (int i = 0; i < 6; i++) {
        assert_int_equal(link_command(other, NULL, "CLIENT KILL TYPE %s SKIPME yes", types[i % 2]),
            0);
        append('-');
        store_entry("one", ++last_n, '-');
        append('-');
        until(&s.events, (unsigned)last_n);
    }
    hub_remove(hub, w);
}

static void a_hung_redis_is_left(void **state)
{
    struct hub_viewer *w;
    struct seen s;

    (void)state;
    conf.redis_timeout_ms = 1000;
    until_up(true);
    w = watch_located("one", &s);
    assert_int_equal(kill(redis.pid, SIGSTOP), 0);
    until_up(false);
    assert_int_equal(kill(redis.pid, SIGCONT), 0);
    append('S');
    until(&s.events, 1);
    hub_remove(hub, w);
}

/* A slow connection's log is read as it drains, no page more than that. */
static void a_full_viewer_reads_nothing(void **state)
{
    struct seen s;
    struct hub_viewer *w = watch_located("one", &s);

    (void)state;
    append('S');
    until(&s.events, 1);
    s.full = true;
    for (int i = 0; i < LONG_LOG; i++)
        append('-');
    for (int i = 0; i < 20; i++)
        pass();
    assert_int_equal(s.events, 1);
    assert_int_equal(link_outstanding(hub_link(hub)), 0);
    s.full = false;
    hub_drained(hub, w);
    until(&s.events, 1 + LONG_LOG);
    hub_remove(hub, w);
}

static void an_inbox_is_heard(void **state)
{
    struct hub_start start = {.user = "u"};
    struct hub_viewer *w;
    struct link_reply *r = NULL;
    struct seen s;
    bool heard = false;

    (void)state;
    memset(&s, 0, sizeof s);
    assert_int_equal(hub_add(hub, &start, &s, &w), 0);
    for (int64_t end = clock_mono_ms() + LOOP_BENCH_PATIENCE_MS; !heard; pass()) {
        assert_true(clock_mono_ms() < end);
        assert_int_equal(link_command(other, &r, "PUBLISH tp:{u} {}"), 0);
        heard = link_reply_int(r) == 1;
        link_reply_free(r);
    }
    until(&s.inbox, 1);
    assert_string_equal(s.text, "{}");
    hub_remove(hub, w);
}

static unsigned channels_of(void)
{
    struct link_reply *r = NULL;
    unsigned n;

    assert_int_equal(link_command(other, &r, "PUBSUB CHANNELS"), 0);
    n = (unsigned)link_reply_count(r);
    link_reply_free(r);
    return n;
}

/* All of them come back after a restart, and all are given up when their viewers go. */
static void many_sessions(void **state)
{
    static struct seen all[MANY];
    static struct hub_viewer *viewers[MANY];
    char session[16];

    (void)state;
    for (int i = 0; i < MANY; i++) {
        snprintf(session, sizeof session, "s%d", i);
        viewers[i] = watch(session, &all[i]);
    }
    for (int i = 0; i < MANY; i++)
        until(&all[i].located, 1);
    own_redis_kill(&redis);
    until_up(false);
    own_redis_again(&redis);
    for (int i = 0; i < MANY; i++) {
        snprintf(session, sizeof session, "s%d", i);
        store_entry(session, 1, '-');
    }
    for (int i = 0; i < MANY; i++)
        until(&all[i].events, 1);
    assert_int_equal(channels_of(), MANY);
    for (int i = 0; i < MANY; i++)
        hub_remove(hub, viewers[i]);
    for (int64_t end = clock_mono_ms() + LOOP_BENCH_PATIENCE_MS; channels_of(); pass())
        assert_true(clock_mono_ms() < end);
}

/* Who leaves and comes back at once is not taken for the one that was there before. */
static void a_session_is_left_and_taken_again(void **state)
{
    struct hub_viewer *w;
    struct seen s;

    (void)state;
    for (int i = 0; i < 20; i++) {
        w = watch("one", &s);
        hub_remove(hub, w);
        w = watch("one", &s);
        until(&s.located, 1);
        append('-');
        until(&s.events, 1);
        hub_remove(hub, w);
    }
    assert_int_equal(last_n, 20);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_viewer_reads_on_and_then_listens),
        TEST(a_lost_end_is_noticed_with_the_next_run),
        TEST(foreign_entries_are_passed_over),
        TEST(what_redis_forgets_of_scripts_is_not_noticed),
        TEST(after_a_restart_nothing_is_missed),
        TEST(a_lost_connection_is_made_again),
        TEST(a_hung_redis_is_left),
        TEST(a_full_viewer_reads_nothing),
        TEST(an_inbox_is_heard),
        TEST(a_session_is_left_and_taken_again),
        TEST(many_sessions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
