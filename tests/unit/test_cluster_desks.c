/* SPDX-License-Identifier: BSD-2-Clause */
/* What a housekeeper does for users while the node of some of them is away: it puts them off, and
 * serves the others. That the node is away is told by hand: all nodes run. */
#include "base/clock.h"
#include "base/err.h"
#include "base/task.h"
#include "process/webpush.h"
#include "store/hints.h"
#include "store/keys.h"
#include "store/pushes.h"
#include "store/reminders.h"
#include "store/sessions.h"
#include "store/usage.h"
#include "store/webhooks.h"
#include "tests/unit/own_cluster.h"
#include "tests/unit/turn_actors.h"
#include "workers/housekeeper/housekeeper_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TURN_ID "0190a0a0-0000-7000-8000-000000000001"

static struct own_cluster cluster;
static struct conf conf;
static struct store *s; /* the housekeeper's */
static struct reactor *reactor;
static struct arena *arena;
static char near[32]; /* a user of another node than "far" */

static struct link *node_of(const char *uid)
{
    char prefix[KEYS_MAX];

    keys_prefix(prefix, uid);
    return link_at(s->link, link_slot(s->link, prefix));
}

static int set_up(void **state)
{
    (void)state;
    own_cluster_start(&cluster, 0, 5000);
    own_cluster_conf(&cluster, &conf);
    assert_int_equal(reactor_new(&reactor), 0);
    assert_int_equal(tasks_open(reactor, &(struct tasks_settings){.stack_bytes = 131072}), 0);
    assert_int_equal(store_open(&s, &conf, reactor, "m/housekeeper/3/1"), 0);
    assert_int_equal(store_writable(s), 0); /* the map is known */
    for (int i = 0; !i || node_of(near) == node_of("far"); i++)
        snprintf(near, sizeof near, "near%d", i);
    arena = arena_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    store_close(s);
    tasks_close();
    reactor_free(reactor);
    conf_fini(&conf);
    own_cluster_stop(&cluster);
    return 0;
}

static int begin(void **state)
{
    (void)state;
    memset(s->part, 0, sizeof s->part);
    hints_open(s);
    hints_told_user(s, "far", ERR_STORE);
    return 0;
}

/* A hint that is due now, in the part of the user who is near: it is found there. */
static void hint(const char *hints, const char *uid, const char *more)
{
    char part[KEYS_MAX], member[128];

    hints_key(part, s, hints, near);
    snprintf(member, sizeof member, "%s%s", uid, more);
    assert_int_equal(link_command(s->link, NULL, "ZADD %s 1 %s", part, member), 0);
}

/* The time of a hint in the user's own part; 0 = there is none. */
static int64_t hinted(const char *hints, const char *uid, const char *more)
{
    struct link_reply *r = NULL;
    char part[KEYS_MAX], member[128];
    int64_t due;

    hints_key(part, s, hints, uid);
    snprintf(member, sizeof member, "%s%s", uid, more);
    assert_int_equal(link_command(s->link, &r, "ZSCORE %s %s", part, member), 0);
    due = link_reply_int(r);
    link_reply_free(r);
    return due;
}

/* ---- what is known of nodes ---- */

static void a_users_node_is_away_until_it_answers(void **state)
{
    struct store_part *all = s->part;
    unsigned away = 0;

    (void)state;
    assert_true(hints_is_away(s, "far"));
    assert_true(hints_has_failed(s, "far", 60000));
    assert_false(hints_is_away(s, near));
    assert_false(hints_has_failed(s, near, 60000));
    for (int i = 0; i < KEYS_HINT_PARTS; i++)
        away += all[i].away;
    assert_in_range(away, 4, 7);             /* the parts of that node, of three, and no others */
    hints_told_user(s, near, ERR_NOT_FOUND); /* an answer */
    assert_false(hints_is_away(s, near));
    for (int i = 0; i < KEYS_HINT_PARTS; i++)
        if (all[i].away)
            all[i].failed_ms -= HINTS_AWAY_MS;
    assert_false(hints_is_away(s, "far")); /* it may be asked again */
    hints_told_user(s, "far", ERR_STORE);
    assert_true(hints_is_away(s, "far"));
    hints_told_user(s, "far", 0);
    for (int i = 0; i < KEYS_HINT_PARTS; i++)
        assert_false(all[i].away);
    assert_true(hints_has_failed(s, "far", 60000)); /* its workers may not have reached it */
}

/* So what a replica has of a user comes along with the hint that was written before it. */
static void a_users_hints_are_on_the_users_node(void **state)
{
    unsigned moved = 0;

    (void)state;
    for (int i = 0; i < 300; i++) {
        char uid[32], part[KEYS_MAX], prefix[KEYS_MAX], by_slot[KEYS_MAX];
        unsigned slot;

        snprintf(uid, sizeof uid, "user%d", i);
        keys_prefix(prefix, uid);
        slot = link_slot(s->link, prefix);
        hints_key(part, s, KEYS_HINT_LEASES, uid);
        assert_ptr_equal(link_at(s->link, link_slot(s->link, part)), link_at(s->link, slot));
        keys_hint_part(by_slot, KEYS_HINT_LEASES, slot / (LINK_SLOTS / KEYS_HINT_PARTS));
        moved += strcmp(part, by_slot) != 0;
    }
    assert_in_range(moved, 1, 60); /* those of the two parts that two nodes share */
}

/* Slots have moved: a hint is due in a part that is not the user's any more. */
static void a_hint_comes_home_with_its_time(void **state)
{
    struct reminders_due due[4];
    struct hints_due pushes[4];
    struct webhooks_hint hooks[4];
    int64_t now_ms = 0, wait_ms = 0;
    size_t count = 0;

    (void)state;
    hints_told_user(s, "far", 0);
    hint(KEYS_HINT_TIMERS, "far", " 0190a0a0-0000-7000-8000-000000000002");
    assert_int_equal(reminders_look(s, &now_ms, &wait_ms, due, 4, &count), 0);
    assert_in_range(count, 1, 2); /* the walk may come to its home later */
    assert_int_equal(hinted(KEYS_HINT_TIMERS, "far", " 0190a0a0-0000-7000-8000-000000000002"), 1);
    assert_int_equal(reminders_drop(s, due[0].member), 0);
    assert_int_equal(reminders_look(s, &now_ms, &wait_ms, due, 4, &count), 0);
    assert_int_equal(count, 0); /* nothing has stayed where it was */

    hint(KEYS_HINT_WEBHOOKS, "far", " " TURN_ID);
    assert_int_equal(webhooks_due(s, &(struct webhooks_look){.max = 4}, hooks, &count), 0);
    assert_in_range(count, 1, 2);
    assert_true(hinted(KEYS_HINT_WEBHOOKS, "far", " " TURN_ID) > 1);
    webhooks_later(s, &hooks[0], -1);

    hint(KEYS_HINT_PUSHES, "far", "");
    assert_int_equal(pushes_due(s, pushes, 4, &count), 0);
    assert_in_range(count, 1, 2);
    assert_int_equal(hinted(KEYS_HINT_PUSHES, "far", ""), pushes[0].score);
    pushes_later(s, &pushes[0], -1);
    assert_int_equal(hinted(KEYS_HINT_PUSHES, "far", ""), 0);
    assert_int_equal(hinted(KEYS_HINT_WEBHOOKS, "far", " " TURN_ID), 0);
}

/* The time of a hint in the part of who is near; 0 = there is none. */
static int64_t near_hinted(const char *hints, const char *member)
{
    struct link_reply *r = NULL;
    char part[KEYS_MAX];
    int64_t due;

    hints_key(part, s, hints, near);
    assert_int_equal(link_command(s->link, &r, "ZSCORE %s %s", part, member), 0);
    due = link_reply_int(r);
    link_reply_free(r);
    return due;
}

/* Two that disagree about its home carry it apart, or somebody writes it again meanwhile. */
static void a_hint_that_is_moved_is_not_lost(void **state)
{
    const char *const member = "far s/1-1/1";
    char part[KEYS_MAX], home[KEYS_MAX];

    (void)state;
    hints_told_user(s, "far", 0);
    hints_key(part, s, KEYS_HINT_TIMERS, near);
    hints_key(home, s, KEYS_HINT_TIMERS, "far");
    hint(KEYS_HINT_TIMERS, "far", " s/1-1/1");
    hints_leave(s, part, home, member, "2"); /* it was 2 when it was seen: 1 is of somebody else */
    assert_int_equal(near_hinted(KEYS_HINT_TIMERS, member), 1);
    hints_leave(s, part, home, member, "1"); /* the other one has carried it away from home */
    assert_int_equal(near_hinted(KEYS_HINT_TIMERS, member), 0);
    assert_int_equal(hinted(KEYS_HINT_TIMERS, "far", " s/1-1/1"), 1);
    hint(KEYS_HINT_TIMERS, "far", " s/1-1/1");
    hints_leave(s, part, home, member, "1");
    assert_int_equal(near_hinted(KEYS_HINT_TIMERS, member), 0);
    assert_int_equal(link_command(s->link, NULL, "ZREM %s %s", home, member), 0);
    hints_leave(s, part, home, member, "1"); /* it was not here any more: the other one looks */
    assert_int_equal(hinted(KEYS_HINT_TIMERS, "far", " s/1-1/1"), 0);
}

/* Of a user whose node is away, in a part whose node answers: put off there, or it would be the
 * first of that part for as long as the outage lasts. */
static void a_hint_is_put_off_where_it_lies(void **state)
{
    const char *const there = "far s/1-1/1";
    struct reminders_due due[4];
    struct turns_hint turns[4];
    int64_t now_ms = 0, wait_ms = 0;
    size_t count = 0, purged = 0;

    (void)state;
    hint(KEYS_HINT_TIMERS, "far", " s/1-1/1");
    assert_int_equal(reminders_look(s, &now_ms, &wait_ms, due, 4, &count), 0);
    assert_int_equal(count, 1);
    assert_int_equal(near_hinted(KEYS_HINT_TIMERS, there), 1);
    assert_int_equal(reminders_later(s, &due[0], 17), 0);
    assert_int_equal(near_hinted(KEYS_HINT_TIMERS, there), 17);
    assert_int_equal(hinted(KEYS_HINT_TIMERS, "far", " s/1-1/1"), 0); /* nobody asked the node */
    assert_int_equal(reminders_done(s, &due[0]), 0);
    assert_int_equal(near_hinted(KEYS_HINT_TIMERS, there), 0);

    hint(KEYS_HINT_LEASES, "far", " " TURN_ID);
    assert_int_equal(turns_hints(s, 0, turns, 4, &count), 0);
    assert_int_equal(count, 1);
    assert_int_equal(hints_put_off(s, turns[0].part, "far " TURN_ID, 60000), 0);
    assert_true(near_hinted(KEYS_HINT_LEASES, "far " TURN_ID) > clock_real_ms() + 1000);
    hint(KEYS_HINT_GONE, "far", " s1");
    hint(KEYS_HINT_GONE, near, " s1");
    err_ignore(sessions_purge_due(s, 10, &purged));
    assert_int_equal(purged, 2);
    assert_true(near_hinted(KEYS_HINT_GONE, "far s1") > clock_real_ms() + 1000);
    assert_int_equal(hinted(KEYS_HINT_GONE, near, " s1"), 0);
    hints_told_user(s, "far", 0);
    hint(KEYS_HINT_LEASES, "far", " " TURN_ID);
    assert_int_equal(turns_hints(s, 0, turns, 4, &count), 0);
    assert_int_equal(turns_hint_remove(s, "far", TURN_ID), 0);
}

/* ---- desks ---- */

static void a_turn_is_looked_at_later(void **state)
{
    static struct housekeeper k;
    struct worker w = {.conf = &conf};
    struct notice n = {.kind = NOTICE_TURN, .uid = "far", .turn = TURN_ID};

    (void)state;
    memset(&k, 0, sizeof k);
    k.store = s;
    k.worker = &w;
    hint(KEYS_HINT_LEASES, near, " " TURN_ID);
    job_look_note(&k, &n);
    snprintf(n.uid, sizeof n.uid, "%s", near);
    job_look_note(&k, &n);
    job_look_woken(&k, clock_mono_ms());
    assert_int_equal(link_command(s->link, NULL, "PING"), 0); /* what was sent has arrived */
    assert_true(hinted(KEYS_HINT_LEASES, "far", " " TURN_ID) > clock_real_ms() + 1000);
    assert_int_equal(hinted(KEYS_HINT_LEASES, near, " " TURN_ID), 0); /* there is no such turn */
    assert_int_equal(turns_hint_remove(s, "far", TURN_ID), 0);
}

/* A worker that cannot reach the node has not died: its turn waits for a lease more. */
static void nobody_is_given_up_for_a_node_that_was_away(void **state)
{
    static struct housekeeper k;
    struct scoreboard *board = NULL;
    struct worker w = {.conf = &conf};
    struct turns_start t;
    char turn_state[16];
    int64_t left;

    (void)state;
    memset(&k, 0, sizeof k);
    assert_int_equal(scoreboard_new(&board, 1, 1), 0);
    w.board = board;
    w.slot = &board->slots[0];
    k.store = s;
    k.worker = &w;
    conf.lease_ms = 1;
    t = actors_begin(s, arena, "main", "hello");
    assert_int_equal(t.outcome, TURNS_STARTED);
    struct notice n = {.kind = NOTICE_TURN, .uid = ACTORS_USER};
    snprintf(n.turn, sizeof n.turn, "%s", t.turn);
    do {
        assert_int_equal(turns_state(s, ACTORS_USER, t.turn, turn_state, &left), 0);
    } while (left > 0);
    conf.lease_ms = 60000;
    hints_told_user(s, ACTORS_USER, ERR_STORE);
    hints_told_user(s, ACTORS_USER, 0);
    job_look_note(&k, &n);
    job_look_woken(&k, clock_mono_ms());
    assert_int_equal(turns_state(s, ACTORS_USER, t.turn, turn_state, &left), 0);
    assert_string_equal(turn_state, "running");
    for (int i = 0; i < KEYS_HINT_PARTS; i++)
        s->part[i].failed_ms -= conf.lease_ms;
    job_look_note(&k, &n);
    job_look_woken(&k, clock_mono_ms());
    assert_int_equal(turns_state(s, ACTORS_USER, t.turn, turn_state, &left), 0);
    assert_string_equal(turn_state, "pending");
    scoreboard_free(board);
}

static unsigned rung_far, rung_near;

static bool on_ring(void *arg, const char *uid, const char *member)
{
    (void)arg;
    (void)member;
    rung_far += uid && !strcmp(uid, "far");
    rung_near += uid && !strcmp(uid, near);
    return true;
}

static void a_reminder_rings_later(void **state)
{
    struct reminders_desk *desk = NULL;

    (void)state;
    rung_far = rung_near = 0;
    assert_int_equal(reminders_desk_new(&desk, s, NULL), 0);
    reminders_desk_guard(desk, on_ring, NULL);
    hint(KEYS_HINT_TIMERS, "far", " s/1-1/1");
    hint(KEYS_HINT_TIMERS, near, " s/1-1/1");
    reminders_desk_wake(desk);
    reminders_desk_step(desk, clock_mono_ms());
    assert_int_equal(rung_far, 0);
    assert_true(rung_near > 0);
    hints_told_user(s, "far", 0);
    reminders_desk_wake(desk);
    reminders_desk_set_clock(desk, clock_real_ms() + 10000);
    reminders_desk_step(desk, clock_mono_ms());
    assert_true(rung_far > 0);
    reminders_desk_free(desk);
}

static void a_webhook_is_sent_later(void **state)
{
    static char secret[] = "0123456789abcdef0123456789abcdef";
    struct webhooks_desk *desk = NULL;
    char *before = conf.webhook_secret;

    (void)state;
    conf.webhook_secret = secret;
    assert_int_equal(webhooks_desk_new(&desk, s, reactor), 0);
    for (int i = 0; i < 2; i++) { /* their ends are announced */
        const char *uid = i ? near : "far";
        char part[KEYS_MAX], member[HINTS_MEMBER_SIZE];

        snprintf(member, sizeof member, "%s " TURN_ID, uid);
        hints_key(part, s, KEYS_HINT_WEBHOOKS, uid);
        assert_int_equal(link_command(s->link, NULL, "ZADD %s 1 %s", part, member), 0);
        webhooks_desk_wake(desk, uid, TURN_ID);
    }
    webhooks_desk_step(desk, clock_mono_ms());
    assert_int_equal(link_command(s->link, NULL, "PING"), 0);
    assert_true(hinted(KEYS_HINT_WEBHOOKS, "far", " " TURN_ID) > 1);
    assert_int_equal(hinted(KEYS_HINT_WEBHOOKS, near, " " TURN_ID), 0); /* there is no such turn */
    webhooks_desk_free(desk);
    conf.webhook_secret = before;
}

static void a_push_is_sent_later(void **state)
{
    char *key = conf.push_key, *subject = conf.push_subject, ours[] = "mailto:o@example.org";
    struct push_desk *desk = NULL;
    struct buf pem = {0};

    (void)state;
    assert_int_equal(webpush_key_make(&pem), 0);
    conf.push_key = pem.data;
    conf.push_subject = ours;
    assert_int_equal(push_desk_new(&desk, s, reactor), 0);
    for (int i = 0; i < 2; i++) { /* a try would drop it, as there is no such subscription */
        hint(KEYS_HINT_PUSHES, i ? near : "far", "");
        assert_int_equal(link_command(s->link, NULL, "ZADD tp:{%s}:push:due 1 %s", i ? near : "far",
                             "1-1 none"),
            0);
    }
    push_desk_step(desk, clock_mono_ms());
    assert_int_equal(link_command(s->link, NULL, "PING"), 0);
    assert_true(near_hinted(KEYS_HINT_PUSHES, "far") > 1);   /* where it lies */
    assert_int_equal(hinted(KEYS_HINT_PUSHES, near, ""), 0); /* nothing waits any more */
    assert_int_equal(actors_number(s, "ZCARD tp:{%s}:push:due", "far"), 1);
    assert_int_equal(actors_number(s, "ZCARD tp:{%s}:push:due", near), 0);
    push_desk_free(desk);
    conf.push_key = key;
    conf.push_subject = subject;
    buf_free(&pem);
}

/* ---- claims and sums of all ---- */

static void a_self_test_leaves_the_claim_of_the_next_one(void **state)
{
    struct selftest_desk *desk = NULL;
    struct link_reply *r = NULL;
    char why[CONF_WHY_SIZE], url[64];

    (void)state;
    snprintf(url, sizeof url, "http://127.0.0.1:%d", cluster.port[0]); /* hangs up on it */
    assert_int_equal(conf_set(&conf, "osrm.url", url, why), 0);
    for (int ends = 0; ends < 2; ends++) { /* its housekeeper leaves; it ends by itself */
        assert_int_equal(selftest_desk_new(&desk, s, reactor), 0);
        selftest_desk_wake(desk);
        selftest_desk_step(desk, clock_mono_ms());
        assert_int_equal(link_command(s->link, &r, "GET %s", KEYS_SELFTEST_RUNNING), 0);
        assert_string_equal(link_reply_text(r, NULL), s->owner);
        link_reply_free(r);
        assert_int_equal(link_command(s->link, NULL, "SET %s other", KEYS_SELFTEST_RUNNING), 0);
        for (int i = 0; ends && i < 2000; i++) {
            int64_t next = selftest_desk_step(desk, clock_mono_ms());
            if (next == INT64_MAX)
                break;
            assert_true(task_wait(reactor, clock_mono_ms() + 10, NULL) >= 0);
        }
        selftest_desk_free(desk);
        assert_int_equal(link_command(s->link, &r, "GET %s", KEYS_SELFTEST_RUNNING), 0);
        assert_string_equal(link_reply_text(r, NULL), "other");
        link_reply_free(r);
        assert_int_equal(link_command(s->link, NULL, "DEL %s", KEYS_SELFTEST_RUNNING), 0);
    }
}

static int64_t messages_of_the_site(void)
{
    struct link_reply *r = NULL;
    char key[KEYS_MAX];
    int64_t sum = 0, now = clock_real_ms();

    for (int64_t day = -1; day <= 1; day++) { /* midnight may come in between */
        char text[CLOCK_RFC3339_SIZE];

        clock_rfc3339(now + day * 86400000, text);
        snprintf(key, sizeof key, "%susage:%.10s", KEYS_SHARED, text);
        assert_int_equal(link_command(s->link, &r, "HGET %s messages", key), 0);
        sum += link_reply_int(r);
        link_reply_free(r);
    }
    return sum;
}

/* A process that ends says what it has counted, and what was on its way, once. */
static void a_process_that_ends_tells_its_sums(void **state)
{
    struct store *turn = NULL;

    (void)state;
    for (int attached = 0; attached < 2; attached++) {
        int64_t before = messages_of_the_site();

        assert_int_equal(store_open(&turn, &conf, reactor, attached ? "m/turn/1/1" : "m/turn/2/1"),
            0);
        if (attached)
            link_attach(turn->link, reactor);
        usage_site_message(turn);
        usage_site_end(turn);
        assert_int_equal(messages_of_the_site(), before + 1);
        assert_int_equal(turn->site->sent_messages, 0);
        turn->site->sent_messages = 1; /* a call whose answer has not come */
        turn->site->number++;
        usage_site_end(turn);
        assert_int_equal(messages_of_the_site(), before + 2);
        assert_int_equal(turn->site->sent_messages, 0);
        usage_site_end(turn);
        assert_int_equal(messages_of_the_site(), before + 2);
        store_close(turn);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, begin)
    const struct CMUnitTest tests[] = {
        TEST(a_users_node_is_away_until_it_answers),
        TEST(a_users_hints_are_on_the_users_node),
        TEST(a_hint_comes_home_with_its_time),
        TEST(a_hint_that_is_moved_is_not_lost),
        TEST(a_hint_is_put_off_where_it_lies),
        TEST(a_turn_is_looked_at_later),
        TEST(nobody_is_given_up_for_a_node_that_was_away),
        TEST(a_reminder_rings_later),
        TEST(a_webhook_is_sent_later),
        TEST(a_push_is_sent_later),
        TEST(a_self_test_leaves_the_claim_of_the_next_one),
        TEST(a_process_that_ends_tells_its_sums),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
