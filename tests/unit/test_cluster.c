/* SPDX-License-Identifier: BSD-2-Clause */
/* A Redis Cluster: keys and channels by their slots, slots that move, primaries that die. */
#include "base/clock.h"
#include "base/err.h"
#include "base/task.h"
#include "own_cluster.h"
#include "store/args.h"
#include "store/eventlog.h"
#include "store/hints.h"
#include "store/scripts.h"
#include "store/store.h"
#include "store/userdata.h"
#include "tests/unit/turn_actors.h"
#include "wire/redis/link_parts.h"
#include "wire/redis/listen_parts.h"
#include "wire/redis/slots.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 60000

static struct own_cluster cluster;
static struct conf conf;
static struct link *plain;    /* unattached */
static struct link *attached; /* to the loop */
static struct reactor *reactor;

static int set_up(void **state)
{
    (void)state;
    own_cluster_start(&cluster, 1, 1000);
    own_cluster_conf(&cluster, &conf);
    assert_int_equal(reactor_new(&reactor), 0);
    assert_int_equal(tasks_open(reactor, &(struct tasks_settings){.stack_bytes = 131072}), 0);
    assert_int_equal(link_new(&plain, &conf), 0);
    assert_int_equal(link_new(&attached, &conf), 0);
    link_attach(attached, reactor);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    link_free(plain);
    link_free(attached);
    tasks_close();
    reactor_free(reactor);
    conf_fini(&conf);
    own_cluster_stop(&cluster);
    return 0;
}

/* ---- what can be told without a server ---- */

static void slots_are_those_of_the_specification(void **state)
{
    struct sentinel_address node;
    char guard[SLOTS_GUARD_MAX];
    unsigned slot = 0;

    (void)state;
    assert_int_equal(slots_of("123456789", 9), 0x31c3);
    assert_int_equal(slots_of("{user1000}.following", 20), slots_of("user1000", 8));
    assert_int_equal(slots_of("foo{}{bar}", 10), slots_of("foo{}{bar}", 10));
    assert_int_equal(slots_of("foo{{bar}}zap", 13), slots_of("{bar", 4));
    assert_int_equal(slots_guard("tp:{ann}:s:1", 12, guard), 5);
    assert_string_equal(guard, "{ann}");
    assert_int_equal(slots_guard("tp:ready", 8, guard), 10);
    assert_int_equal(slots_of(guard, 10), slots_of("tp:ready", 8));
    assert_int_equal(slots_read_error("MOVED 3999 127.0.0.1:6381", &slot, &node), SLOTS_MOVED);
    assert_int_equal(slot, 3999);
    assert_string_equal(node.host, "127.0.0.1");
    assert_int_equal(node.port, 6381);
    assert_int_equal(slots_read_error("ASK 1 ::1:7000", &slot, &node), SLOTS_ASK);
    assert_string_equal(node.host, "::1");
    assert_int_equal(slots_read_error("MOVED 1 :7000", &slot, &node), SLOTS_MOVED);
    assert_string_equal(node.host, "");
    assert_int_equal(slots_read_error("MOVED 16384 a:1", &slot, &node), SLOTS_WAIT);
    assert_int_equal(slots_read_error("MOVED x", &slot, &node), SLOTS_WAIT);
    assert_int_equal(slots_read_error("TRYAGAIN Multiple keys", &slot, &node), SLOTS_WAIT);
    assert_int_equal(slots_read_error("ERR no", &slot, &node), SLOTS_OTHER);
    assert_int_equal(slots_of_command("*2\r\n$3\r\nGET\r\n$3\r\nfoo\r\n", 22), slots_of("foo", 3));
    assert_int_equal(slots_of_command("*1\r\n$4\r\nPING\r\n", 14), SLOTS);
    assert_int_equal(slots_of_command("*2\r\n$3\r\nGET\r\n$9999\r\nf", 22), SLOTS);
}

static void the_setting_is_checked(void **state)
{
    static const char *const bad[] = {"host", "host:0", "/run/redis.sock", "a:1 b"};
    struct conf c;
    char why[CONF_WHY_SIZE] = "";

    (void)state;
    assert_int_equal(conf_init(&c), 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(conf_set(&c, "redis.cluster", bad[i], why), 0);
        assert_int_equal(conf_check(&c, why), ERR_CONFIG);
        assert_non_null(strstr(why, "redis.cluster"));
    }
    assert_int_equal(conf_set(&c, "redis.cluster", "a:1, [::1]:2", why), 0);
    if (conf_check(&c, why))
        assert_null(strstr(why, "redis."));
    assert_int_equal(conf_set(&c, "redis.database", "1", why), 0);
    assert_int_equal(conf_check(&c, why), ERR_CONFIG);
    assert_non_null(strstr(why, "excludes redis.database"));
    assert_int_equal(conf_set(&c, "redis.sentinels", "a:1", why), 0);
    assert_int_equal(conf_check(&c, why), ERR_CONFIG);
    assert_non_null(strstr(why, "excludes redis.sentinels"));
    conf_fini(&c);
}

/* ---- calls ---- */

static int64_t number(struct link *l, const char *format, const char *a)
{
    struct link_reply *r = NULL;
    int64_t value;

    assert_int_equal(link_command(l, &r, format, a), 0);
    value = link_reply_int(r);
    link_reply_free(r);
    return value;
}

static void users_are_split_over_the_nodes(void **state)
{
    char key[64], answer[64];

    (void)state;
    for (int i = 0; i < 60; i++) {
        snprintf(key, sizeof key, "tp:{split%d}:x", i);
        assert_int_equal(link_command(plain, NULL, "SET %s %d", key, i), 0);
        assert_int_equal(number(plain, "GET %s", key), i);
    }
    for (int i = 0; i < 3; i++) {
        own_cluster_say(&cluster, i, answer, sizeof answer, "DBSIZE");
        assert_true(atoi(answer + 1) > 5);
    }
}

/* Counts in a script, which is no reading of something twice. */
static int count_up(struct link *l, const char *key, int64_t *value)
{
    struct link_arg name = link_text(key), window = link_text("600000");
    struct link_reply *r = NULL;
    int error = link_script_call(l, &script_rate,
        &(struct link_words){.keys = &name, .nkeys = 1, .args = &window, .nargs = 1}, &r);

    *value = link_reply_int(link_reply_at(r, 0));
    link_reply_free(r);
    return error;
}

struct place {
    char key[64];
    unsigned slot;
    int from, to;
};

static struct place place_of(const char *uid)
{
    struct place p;

    snprintf(p.key, sizeof p.key, "tp:{%s}:n", uid);
    p.slot = slots_of(p.key, strlen(p.key));
    p.from = own_cluster_owner(&cluster, p.slot);
    assert_true(p.from >= 0);
    for (p.to = 0; p.to == p.from; p.to++)
        continue;
    return p;
}

static void move(const struct place *p)
{
    own_cluster_open_slot(&cluster, p->slot, p->from, p->to);
    while (own_cluster_move_keys(&cluster, p->slot, p->from, p->to, 100))
        continue;
    own_cluster_close_slot(&cluster, p->slot, p->to);
}

static void a_slot_that_has_moved_is_found(void **state)
{
    struct place p = place_of("moved");
    int64_t value = 0;
    unsigned version;

    (void)state;
    assert_int_equal(count_up(plain, p.key, &value), 0);
    version = link_map_version(plain);
    move(&p);
    assert_int_equal(count_up(plain, p.key, &value), 0); /* its node does not know the script */
    assert_int_equal(value, 2);
    assert_true(link_map_version(plain) > version);
    assert_int_equal(own_cluster_owner(&cluster, p.slot), p.to);
}

/* A script would see half of the user's keys: it does nothing until the slot is whole. */
static void no_script_runs_while_its_slot_moves(void **state)
{
    struct place p = place_of("moving");
    char other[80];
    int64_t value = 0;

    (void)state;
    snprintf(other, sizeof other, "%s:2", p.key);
    assert_int_equal(count_up(plain, p.key, &value), 0);
    assert_int_equal(link_command(plain, NULL, "SET %s 1", other), 0);
    own_cluster_open_slot(&cluster, p.slot, p.from, p.to);
    conf.redis_timeout_ms = 150;
    assert_int_equal(count_up(plain, p.key, &value), ERR_STORE); /* the key is there still */
    assert_int_equal(link_settled(plain, p.key), ERR_STORE);
    assert_int_equal(own_cluster_move_keys(&cluster, p.slot, p.from, p.to, 1), 1);
    assert_int_equal(count_up(plain, p.key, &value), ERR_STORE);
    conf.redis_timeout_ms = 2000;
    assert_int_equal(number(plain, "GET %s", p.key), 1); /* one key alone is found where it is */
    assert_int_equal(number(plain, "GET %s", other), 1);
    assert_int_equal(link_command(plain, NULL, "SET %s:3 7", p.key), 0);
    while (own_cluster_move_keys(&cluster, p.slot, p.from, p.to, 10))
        continue;
    own_cluster_close_slot(&cluster, p.slot, p.to);
    assert_int_equal(count_up(plain, p.key, &value), 0);
    assert_int_equal(value, 2);
    assert_int_equal(link_settled(plain, p.key), 0);
    snprintf(other, sizeof other, "%s:3", p.key);
    assert_int_equal(number(plain, "GET %s", other), 7);
}

/* Nodes that come back under other addresses, time and again. */
static void the_places_of_nodes_that_have_gone_are_used_again(void **state)
{
    struct link *fresh = NULL;
    char key[64];

    (void)state;
    assert_int_equal(link_new(&fresh, &conf), 0);
    assert_int_equal(number(fresh, "EXISTS %s", "tp:{a}:none"), 0);
    for (int i = 0; i < LINK_NODES_MAX + 200; i++) {
        struct sentinel_address address = {.port = 6379};
        const struct link *l;

        snprintf(address.host, sizeof address.host, "10.1.%d.%d", i / 250, i % 250 + 1);
        l = link_map_named(fresh, &address, "");
        assert_non_null(l);
        assert_string_equal(l->node->address.host, address.host);
    }
    assert_int_equal(fresh->map->count, LINK_NODES_MAX);
    for (int i = 0; i < 60; i++) { /* the cluster's own have theirs */
        snprintf(key, sizeof key, "tp:{places%d}:x", i);
        assert_int_equal(link_command(fresh, NULL, "SET %s %d", key, i), 0);
        assert_int_equal(number(plain, "GET %s", key), i);
    }
    link_free(fresh);
}

/* ---- questions of a loop ---- */

static unsigned answers;
static int answer_error;
static int64_t answer;

static void on_answer(void *arg, int error, struct link_reply *reply)
{
    (void)arg;
    answers++;
    answer_error = error;
    answer = link_reply_int(link_reply_at(reply, 0));
    link_reply_free(reply);
}

static void pass_until(const unsigned *counter, unsigned value)
{
    int64_t end = clock_mono_ms() + PATIENCE_MS;

    while (*counter < value && clock_mono_ms() < end)
        assert_true(task_wait(reactor, clock_mono_ms() + 20, NULL) >= 0);
    assert_true(*counter >= value);
}

/* A worker asks Redis before it has its loop; then no node's link may stay outside of it. */
static void a_link_that_was_used_before_goes_to_the_loop_whole(void **state)
{
    const struct place p = place_of("late");
    const struct link_arg get[2] = {link_text("MGET"), link_text(p.key)};
    const unsigned before = answers;
    const struct link *node;
    struct link *late = NULL;

    (void)state;
    assert_int_equal(link_new(&late, &conf), 0);
    assert_int_equal(link_command(late, NULL, "SET %s 7", p.key), 0);
    assert_int_equal(link_send(late, get, 2, on_answer, NULL), 0); /* is under way */
    link_attach(late, reactor);
    node = link_at(late, p.slot);
    assert_true(link_is_attached(node));
    assert_true(node->check.set && node->timeout.set && late->map->timer.set);
    pass_until(&answers, before + 1);
    assert_int_equal(answer_error, 0);
    assert_int_equal(answer, 7);
    assert_int_equal(link_send(late, get, 2, on_answer, NULL), 0);
    pass_until(&answers, before + 2);
    assert_int_equal(answer_error, 0);
    assert_int_equal(answer, 7);
    link_free(late);
}

static int ask_up(const char *key)
{
    const struct link_arg words[2] = {link_text(key), link_text("600000")};
    const struct link_question q = {.script = &script_rate,
        .nkeys = 1,
        .args = words,
        .nargs = 2,
        .on_reply = on_answer};

    return link_ask(attached, &q);
}

static void a_loops_questions_follow_a_slot(void **state)
{
    struct place p = place_of("asked");

    (void)state;
    answers = 0;
    assert_int_equal(ask_up(p.key), 0); /* the map is not known yet */
    pass_until(&answers, 1);
    assert_int_equal(answer_error, 0);
    move(&p);
    assert_int_equal(ask_up(p.key), 0);
    pass_until(&answers, 2);
    assert_int_equal(answer_error, 0);
    assert_int_equal(answer, 2);
}

static void a_loops_question_waits_for_a_slot(void **state)
{
    struct place p = place_of("waits");

    (void)state;
    answers = 0;
    assert_int_equal(ask_up(p.key), 0);
    pass_until(&answers, 1);
    own_cluster_open_slot(&cluster, p.slot, p.from, p.to);
    conf.redis_timeout_ms = 200;
    assert_int_equal(ask_up(p.key), 0);
    pass_until(&answers, 2); /* in the end it is told that it could not be asked */
    assert_int_equal(answer_error, ERR_STORE);
    conf.redis_timeout_ms = PATIENCE_MS;
    assert_int_equal(ask_up(p.key), 0);
    for (int i = 0; i < 5; i++)
        assert_true(task_wait(reactor, clock_mono_ms() + 20, NULL) >= 0);
    assert_int_equal(answers, 2);
    while (own_cluster_move_keys(&cluster, p.slot, p.from, p.to, 10))
        continue;
    own_cluster_close_slot(&cluster, p.slot, p.to);
    pass_until(&answers, 3);
    conf.redis_timeout_ms = 2000;
    assert_int_equal(answer_error, 0);
    assert_int_equal(answer, 2);
}

/* ---- channels ---- */

static unsigned subscribed, messages, lost;

static void on_message(void *arg, const char *bytes, size_t len)
{
    (void)arg;
    (void)bytes;
    (void)len;
    messages++;
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

static const struct listen_handlers hears = {.message = on_message,
    .subscribed = on_subscribed,
    .lost = on_lost};

static void a_channel_follows_its_slot(void **state)
{
    struct place p = place_of("channel");
    struct listen_ear ear = {.channel = p.key, .on = &hears}, same = ear,
                      wake = {.channel = "tp:wake", .on = &hears};
    struct listen *listener;
    char said[64];

    (void)state;
    subscribed = messages = lost = 0;
    assert_int_equal(listen_new(&listener, attached), 0);
    listen_add(listener, &ear);
    pass_until(&subscribed, 1);
    own_cluster_say(&cluster, p.from, said, sizeof said, "SPUBLISH %s a", p.key);
    pass_until(&messages, 1);
    move(&p);
    pass_until(&subscribed, 2);
    assert_true(lost >= 1); /* once more when it looked for its node too early */
    own_cluster_say(&cluster, p.to, said, sizeof said, "SPUBLISH %s b", p.key);
    pass_until(&messages, 2);
    listen_add(listener, &same); /* a second one to the same channel, and one that goes */
    pass_until(&subscribed, 3);
    listen_remove(listener, &ear);
    own_cluster_say(&cluster, p.to, said, sizeof said, "SPUBLISH %s c", p.key);
    pass_until(&messages, 3);
    listen_add(listener, &wake); /* published on any node, heard on any */
    subscribed = 0;
    pass_until(&subscribed, 1);
    assert_int_equal(link_command(plain, NULL, "PUBLISH %s x", "tp:wake"), 0);
    pass_until(&messages, 4);
    listen_remove(listener, &same);
    listen_remove(listener, &wake);
    listen_free(listener);
}

/* What went to another node in that place is of no use for this one. */
static void a_channel_leaves_a_node_whose_place_is_anothers(void **state)
{
    struct place p = place_of("lives");
    struct listen_ear ear = {.channel = p.key, .on = &hears};
    struct listen *listener;
    char said[64];

    (void)state;
    subscribed = messages = lost = 0;
    assert_int_equal(listen_new(&listener, attached), 0);
    listen_add(listener, &ear);
    pass_until(&subscribed, 1);
    link_map_node(attached, p.slot)->lives++;
    listen_on_routed(listener);
    pass_until(&subscribed, 2);
    assert_int_equal(lost, 1);
    own_cluster_say(&cluster, p.from, said, sizeof said, "SPUBLISH %s a", p.key);
    pass_until(&messages, 1);
    listen_remove(listener, &ear);
    listen_free(listener);
}

/* ---- the store ---- */

static void a_log_is_whole_across_a_move(void **state)
{
    struct place p = place_of(ACTORS_USER);
    struct arena *arena = arena_new();
    struct eventlog *log = NULL;
    struct turns_start t, next;
    struct store *s = NULL;
    char part[KEYS_MAX];

    (void)state;
    assert_int_equal(store_open(&s, &conf, NULL, "m/turn/1/1"), 0);
    t = actors_begin(s, arena, "main", "hello");
    assert_int_equal(t.outcome, TURNS_STARTED);
    hints_key(part, s, KEYS_HINT_LEASES, ACTORS_USER);
    assert_int_equal(number(s->link, "ZCARD %s", part), 1);
    assert_int_equal(eventlog_new(&log, s), 0);
    assert_int_equal(eventlog_begin(log, &t), 0);
    for (int i = 0; i < 60; i++) {
        char event[64];

        if (i == 20)
            own_cluster_open_slot(&cluster, p.slot, p.from, p.to);
        if (i >= 20 && i < 40)
            own_cluster_move_keys(&cluster, p.slot, p.from, p.to, 2);
        if (i == 40) {
            while (own_cluster_move_keys(&cluster, p.slot, p.from, p.to, 100))
                continue;
            own_cluster_close_slot(&cluster, p.slot, p.to);
        }
        snprintf(event, sizeof event, "{\"type\":\"E%d\"}", i);
        assert_int_equal(eventlog_event(log, '-', event, strlen(event)), 0);
    }
    assert_int_equal(eventlog_flush(log, clock_mono_ms() + PATIENCE_MS), 0);
    assert_int_equal(actors_finish(s, arena, &t, eventlog_next_n(log), false, &next), 0);
    char *said = actors_transcript(s, arena, "main"), *at = said;
    for (int i = 0; i < 60; i++) { /* each once, in their order */
        char line[32];

        snprintf(line, sizeof line, "- E%d\n", i);
        at = strstr(at, line);
        assert_non_null(at);
        assert_null(strstr(at + 1, line));
    }
    eventlog_free(log);
    store_close(s);
    arena_free(arena);
}

static void hints_of_one_server_go_to_their_parts(void **state)
{
    struct store *s = NULL;
    char part[KEYS_MAX];

    (void)state;
    assert_int_equal(store_open(&s, &conf, NULL, "m/housekeeper/1/1"), 0);
    assert_int_equal(link_command(s->link, NULL, "ZADD %s 5 %s", KEYS_HINT_TIMERS, "bob"), 0);
    assert_int_equal(hints_spread(s), 0);
    assert_int_equal(number(s->link, "EXISTS %s", KEYS_HINT_TIMERS), 0);
    hints_key(part, s, KEYS_HINT_TIMERS, "bob x");
    assert_int_equal(number(s->link, "ZSCORE %s bob", part), 5);
    store_close(s);
}

/* Also the first one of a process, which does not know the map yet. */
static void what_goes_into_the_pipeline_arrives(void **state)
{
    const struct link_arg set[3] = {link_text("SET"), link_text("tp:{first}:x"), link_text("4")};
    struct link *fresh = NULL;

    (void)state;
    assert_int_equal(link_new(&fresh, &conf), 0);
    assert_int_equal(link_send(fresh, set, 3, NULL, NULL), 0);
    assert_int_equal(number(fresh, "GET %s", "tp:{first}:x"), 4);
    link_free(fresh);
}

static void nothing_beat(void *arg)
{
    (void)arg;
}

static void erasure_walks_every_primary(void **state)
{
    struct store *s = NULL;
    int64_t keys = 0;

    (void)state;
    assert_int_equal(store_open(&s, &conf, NULL, "m/api/1/1"), 0);
    for (int i = 0; i < 9; i++) {
        char key[64];

        snprintf(key, sizeof key, "tp:{gone%d}:context", i % 3);
        assert_int_equal(link_command(s->link, NULL, "HSET %s a%d 1", key, i), 0);
        snprintf(key, sizeof key, "tp:ticket:%d", i);
        assert_int_equal(link_command(s->link, NULL, "SET %s %s", key, "gone1 user - 1"), 0);
    }
    assert_int_equal(userdata_erase(s, "gone1", 20000, nothing_beat, NULL, &keys), 0);
    assert_int_equal(number(s->link, "EXISTS %s", "tp:{gone1}:context"), 0);
    assert_int_equal(number(s->link, "EXISTS %s", "tp:{gone2}:context"), 1);
    for (int i = 0; i < 9; i++) {
        char key[64];

        snprintf(key, sizeof key, "tp:ticket:%d", i);
        assert_int_equal(number(s->link, "EXISTS %s", key), 0);
    }
    store_close(s);
}

/* ---- a primary dies ---- */

/* The users of other nodes do not notice; this one's come back with the replica. */
static void a_replica_takes_over(void **state)
{
    struct place p = place_of("dies"), q;
    int64_t value = 0, end = clock_mono_ms() + PATIENCE_MS;
    int error;

    (void)state;
    for (int i = 0;; i++) {
        char uid[32];

        snprintf(uid, sizeof uid, "lives%d", i);
        q = place_of(uid);
        if (q.from != p.from)
            break;
    }
    assert_int_equal(count_up(plain, p.key, &value), 0);
    assert_int_equal(count_up(plain, q.key, &value), 0);
    answers = 0;
    assert_int_equal(link_call(plain,
                         (const struct link_arg[]){link_text("WAIT"), link_text("1"),
                             link_text("1000")},
                         3, NULL),
        0);
    own_cluster_kill(&cluster, p.from);
    do {
        int64_t other = 0;

        assert_int_equal(count_up(plain, q.key, &other), 0);
        error = count_up(plain, p.key, &value);
        assert_true(!error || error == ERR_STORE);
    } while (error && clock_mono_ms() < end);
    assert_int_equal(error, 0);
    assert_true(own_cluster_owner(&cluster, p.slot) >= 3);
    assert_int_equal(ask_up(q.key), 0);
    pass_until(&answers, 1);
    assert_int_equal(answer_error, 0);
    own_cluster_again(&cluster, p.from); /* as a replica */
    own_cluster_whole(&cluster);
    assert_int_equal(count_up(plain, p.key, &value), 0);
}

/* A hint that its part could not take is found all the same, and brought there. */
static void a_hint_in_another_part_is_brought_home(void **state)
{
    struct turns_hint found[4];
    struct store *s = NULL;
    char home[KEYS_MAX], other[KEYS_MAX], member[HINTS_MEMBER_SIZE];
    size_t count = 0;
    bool there = false;

    (void)state;
    assert_int_equal(store_open(&s, &conf, NULL, "m/housekeeper/1/1"), 0);
    hints_member(member, "far", "0190a0a0-0000-7000-8000-000000000001");
    hints_key(home, s, KEYS_HINT_LEASES, member);
    for (unsigned i = 0; i < 2 && (!i || !strcmp(other, home)); i++)
        hints_part(other, s, KEYS_HINT_LEASES, i);
    assert_int_equal(link_command(s->link, NULL, "ZADD %s 1 %s", other, member), 0);
    assert_int_equal(turns_hints(s, 0, found, 4, &count), 0);
    for (size_t i = 0; i < count; i++)
        there = there || !strcmp(found[i].uid, "far");
    assert_true(there);
    assert_int_equal(number(s->link, "ZCARD %s", other), 0);
    assert_int_equal(number(s->link, "ZCARD %s", home), 1);
    assert_int_equal(turns_hint_remove(s, "far", "0190a0a0-0000-7000-8000-000000000001"), 0);
    store_close(s);
}

/* The walk leaves out the parts of a node once one of them has come to nothing, and goes on. */
static void no_look_waits_for_each_part(struct store *s, const char *hangs, const char *goes)
{
    struct hints_walk walk = {.at = 0};
    unsigned failed = 0, answered = 0;
    char part[KEYS_MAX];

    while (!hints_is_away(s, hangs)) {
        walk = (struct hints_walk){.at = 0};
        while (hints_next(s, KEYS_HINT_LEASES, &walk, part)) {
            int error = link_command(s->link, NULL, "ZCARD %s", part);

            failed += error != 0;
            hints_walked(s, &walk, part, error);
        }
        assert_int_equal(walk.error, failed ? ERR_STORE : 0);
    }
    assert_int_equal(failed, 1);
    assert_true(hints_has_failed(s, hangs, PATIENCE_MS));
    assert_false(hints_is_away(s, goes));
    assert_false(hints_has_failed(s, goes, PATIENCE_MS));
    walk = (struct hints_walk){.at = 0};
    conf.redis_timeout_ms = PATIENCE_MS;
    while (hints_next(s, KEYS_HINT_LEASES, &walk, part)) {
        hints_walked(s, &walk, part, link_command(s->link, NULL, "ZCARD %s", part));
        answered++;
    }
    conf.redis_timeout_ms = 300;
    assert_in_range(answered, 8, KEYS_HINT_PARTS - 1);
    assert_int_equal(walk.error, ERR_STORE);
    hints_told_user(s, hangs, 0);
    assert_false(hints_is_away(s, hangs));
    assert_true(hints_has_failed(s, hangs, PATIENCE_MS));
}

/* Calls to one that says nothing end with their time; others go on, and its replica takes over. */
static void a_primary_hangs(void **state)
{
    struct place p = place_of("hangs"), q;
    int64_t value = 0, end = clock_mono_ms() + PATIENCE_MS;
    struct turns_hint found[4];
    struct store *s = NULL;
    size_t count = 0;
    char uid[32];
    int error;

    (void)state;
    for (int i = 0;; i++) {
        snprintf(uid, sizeof uid, "goes%d", i);
        q = place_of(uid);
        if (q.from != p.from)
            break;
    }
    assert_int_equal(count_up(plain, p.key, &value), 0);
    assert_int_equal(count_up(plain, q.key, &value), 0);
    assert_int_equal(store_open(&s, &conf, NULL, "m/housekeeper/1/1"), 0);
    assert_int_equal(turns_hints(s, 0, found, 4, &count), 0);
    conf.redis_timeout_ms = 300;
    assert_int_equal(kill(cluster.pid[p.from], SIGSTOP), 0);
    assert_int_equal(count_up(plain, p.key, &value), ERR_STORE);
    no_look_waits_for_each_part(s, "hangs", uid);
    do {
        int64_t other = 0;

        assert_int_equal(count_up(plain, q.key, &other), 0);
        error = count_up(plain, p.key, &value);
    } while (error && clock_mono_ms() < end);
    assert_int_equal(error, 0);
    assert_int_equal(kill(cluster.pid[p.from], SIGCONT), 0);
    conf.redis_timeout_ms = 2000;
    own_cluster_whole(&cluster);
    assert_int_equal(count_up(plain, p.key, &value), 0);
    store_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_are_those_of_the_specification),
        cmocka_unit_test(the_setting_is_checked),
        cmocka_unit_test(users_are_split_over_the_nodes),
        cmocka_unit_test(a_slot_that_has_moved_is_found),
        cmocka_unit_test(no_script_runs_while_its_slot_moves),
        cmocka_unit_test(the_places_of_nodes_that_have_gone_are_used_again),
        cmocka_unit_test(a_link_that_was_used_before_goes_to_the_loop_whole),
        cmocka_unit_test(a_loops_questions_follow_a_slot),
        cmocka_unit_test(a_loops_question_waits_for_a_slot),
        cmocka_unit_test(a_channel_follows_its_slot),
        cmocka_unit_test(a_channel_leaves_a_node_whose_place_is_anothers),
        cmocka_unit_test(a_log_is_whole_across_a_move),
        cmocka_unit_test(hints_of_one_server_go_to_their_parts),
        cmocka_unit_test(what_goes_into_the_pipeline_arrives),
        cmocka_unit_test(a_hint_in_another_part_is_brought_home),
        cmocka_unit_test(erasure_walks_every_primary),
        cmocka_unit_test(a_replica_takes_over),
        cmocka_unit_test(a_primary_hangs),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
