/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every order of the steps of two workers over one turn, on the real scripts: the first may be
 * frozen between any two of them, a housekeeper gives its turn to the second, replies are lost.
 * For each of these runs every moment at which a viewer may lose its connection, subscribe again
 * and read the log, through the stream worker's own state machine.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/reactor.h"
#include "base/task.h"
#include "loop_bench.h"
#include "store/args.h"
#include "store/logentry.h"
#include "store/scripts.h"
#include "store_bench.h"
#include "turn_actors.h"
#include "wire/redis/listen.h"
#include "workers/stream/viewer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SESSION "s"
#define ACTORS_MAX 3
#define STEPS_MAX 64
#define ENTRIES_MAX 64
#define DONE (-1)

static struct store *store_of[ACTORS_MAX];
static struct listen *listener;
static struct listen_ear ear;

/* ---- what is said on the session's channel ---- */

static struct {
    struct logentry_id id, prev;
    int step; /* in which it was published */
    bool final;
} said[ENTRIES_MAX];
static size_t said_count;
static int heard_step, subscribed;

static void on_message(void *arg, const char *bytes, size_t len)
{
    struct logentry e;

    (void)arg;
    if (bytes[0] == '#') {
        heard_step++;
        return;
    }
    assert_true(said_count < ENTRIES_MAX);
    assert_int_equal(logentry_parse_message(bytes, len, &e), 0);
    said[said_count].id = e.id;
    said[said_count].prev = e.prev;
    said[said_count].final = e.flag == LOGENTRY_FINAL;
    said[said_count++].step = heard_step;
}

static void on_subscribed(void *arg)
{
    (void)arg;
    subscribed = 1;
}

static void hear_until(const int *value, int at_least)
{
    int64_t until = clock_mono_ms() + 10000;

    while (*value < at_least) {
        assert_true(clock_mono_ms() < until);
        assert_true(task_wait(reactor, until, NULL) >= 0);
    }
}

/* ---- the steps ---- */

struct actor {
    int at; /* next step of its list, or DONE */
    struct turns_start turn;
    bool checkpointed, finished, shut_out;
    int64_t n; /* of its next entry */
    char token[IDENT_UUID_SIZE], next[IDENT_UUID_SIZE];
};
static struct actor actors[ACTORS_MAX];
static struct turns_start first; /* the turn as the first worker began it */
static const struct actor *holder;
static bool with_queue;
static int losses; /* replies that are lost in a run, at most */

typedef int step_fn(struct actor *a, struct store *s);

static int step_append(struct actor *a, struct store *s)
{
    return actors_append(s, arena, &a->turn, a->n, "X");
}

static int step_checkpoint(struct actor *a, struct store *s)
{
    if (a->checkpointed)
        return 0;
    return turns_checkpoint(s, &a->turn, "{\"messages\":[]}", 15);
}

/* The call stands in the checkpoint, so its mark is the same for whoever goes on from there. */
static int step_effect(struct actor *a, struct store *s)
{
    bool prior;
    const char *mark = a->checkpointed || a == &actors[0] ? "call-1" : a->token;

    return actors_effect(s, arena, &a->turn, a->token, mark, &prior);
}

static int step_renew(struct actor *a, struct store *s)
{
    bool stop;

    return turns_renew(s, &a->turn, &stop);
}

static int step_finish(struct actor *a, struct store *s)
{
    struct turns_start then;
    int error = actors_finish(s, arena, &a->turn, a->n, with_queue, &then);

    if (!error && with_queue) {
        assert_int_equal(then.outcome, TURNS_STARTED);
        a->turn = then;
        a->n = then.next_n;
    }
    return error;
}

static int step_finish_next(struct actor *a, struct store *s)
{
    struct turns_start then;
    int error = actors_finish(s, arena, &a->turn, a->n, true, &then);

    if (!error)
        assert_int_equal(then.outcome, TURNS_DUPLICATE);
    return error;
}

static int step_abandon(struct actor *a, struct store *s)
{
    (void)s;
    return actors_abandon(keeper, first.turn, TURNS_DEAD, "m/turn/1/", 0, a->next) == ERR_CONFLICT ?
        ERR_CONFLICT :
        0;
}

static int step_claim(struct actor *a, struct store *s)
{
    struct link_reply *r = NULL;
    struct args args;
    int error = ERR_CONFLICT;

    args_init(&args);
    args_common(&args, s, 50);
    args_text(&args, first.turn);
    args_text(&args, a->token);
    assert_int_equal(args_call(&args, s, &script_turn_claim, ACTORS_USER, &r), 0);
    if (!strcmp(link_reply_text(link_reply_at(r, 0), NULL), "started")) {
        a->turn = first;
        a->turn.epoch = link_reply_int(link_reply_at(r, 5));
        a->n = 2;
        holder = a;
        a->checkpointed = link_reply_count(link_reply_at(r, 13)) > 0;
        error = 0;
    }
    link_reply_free(r);
    return error;
}

static const struct step {
    step_fn *run;
    bool appends;
} worker[] = {{step_append, true}, {step_checkpoint, false}, {step_effect, false},
    {step_renew, false}, {step_finish, false}, {NULL, false}},
  heir[] = {{step_abandon, false}, {step_claim, false}, {step_checkpoint, false},
      {step_effect, false}, {step_append, true}, {step_finish, false}, {NULL, false}},
  brief_worker[] = {{step_finish, false}, {step_finish_next, false}, {NULL, false}},
  brief_heir[] = {{step_abandon, false}, {step_claim, false}, {step_finish, false},
      {step_finish_next, false}, {NULL, false}};

static const struct step *list_of[ACTORS_MAX];

/* lost: it is done, but its answer does not arrive; the actor will do it again. */
static void act(int who, bool lost)
{
    struct actor *a = &actors[who], before = *a;
    const struct step *step = &list_of[who][a->at];
    int error = step->run(a, store_of[who]);

    assert_true(error == 0 || error == ERR_FENCED || error == ERR_CONFLICT);
    /* Nothing of a worker that has lost its turn gets through. */
    assert_true(error || a == holder || step->run == step_abandon);
    if (lost) {
        *a = before;
        return;
    }
    assert_false(a->shut_out && !error);
    if (error) {
        a->shut_out = error == ERR_FENCED;
        /* Who has been shut out once is so for good: it may try the end all the same. */
        if (error == ERR_FENCED)
            assert_int_equal(step_renew(a, store_of[who]), ERR_FENCED);
        a->at = DONE;
        return;
    }
    if (step->appends)
        a->n++;
    a->at++;
    if (!list_of[who][a->at].run) {
        a->finished = true;
        a->at = DONE;
    }
}

/* ---- what must be true in the end ---- */

static void start_over(void)
{
    struct turns_start queued;

    arena_reset(arena);
    memset(actors, 0, sizeof actors);
    said_count = 0;
    heard_step = 0;
    assert_int_equal(link_command(keeper->link, NULL, "FLUSHALL"), 0);
    first = actors_begin(store_of[0], arena, SESSION, "{\"id\":\"m1\",\"role\":\"user\"}");
    if (with_queue) {
        queued = actors_begin(store_of[0], arena, SESSION, NULL);
        assert_int_equal(queued.outcome, TURNS_QUEUED);
    }
    holder = &actors[0];
    actors[0].turn = first;
    actors[0].n = 2;
    for (int i = 0; i < ACTORS_MAX; i++)
        snprintf(actors[i].token, sizeof actors[i].token, "token-%d", i);
    assert_int_equal(link_command(keeper->link, NULL, "PUBLISH %s #", "tp:{ann}:s:" SESSION), 0);
}

static void check_turn(void)
{
    int finished = 0;

    for (int i = 0; i < ACTORS_MAX; i++)
        finished += actors[i].finished;
    assert_int_equal(finished, 1);
    assert_int_equal(actors_number(keeper, "HEXISTS tp:{ann}:s:%s run", SESSION), 0);
    assert_int_equal(actors_number(keeper, "EXISTS tp:{ann}:s:%s:queue", SESSION), 0);
    assert_int_equal(actors_number(keeper, "LLEN tp:{ann}:s:%s:msgs", SESSION), with_queue ? 3 : 2);
    if (!with_queue)
        assert_int_equal(actors_number(keeper, "HLEN tp:{ann}:r:%s", "ledger"), 1);
}

/* The log as it stands in the end holds what was said, in order, each once; one final event a
 * turn. */
static size_t check_log(struct logentry_id *log)
{
    struct link_reply *r = NULL;
    size_t count, finals = 0;
    int seen;

    assert_int_equal(link_command(keeper->link, &r, "XRANGE %s - +", "tp:{ann}:s:" SESSION ":log"),
        0);
    count = link_reply_count(r);
    assert_true(count <= ENTRIES_MAX);
    for (size_t i = 0; i < count; i++) {
        size_t len;
        const char *id = link_reply_text(link_reply_at(link_reply_at(r, i), 0), &len);

        assert_int_equal(logentry_id_parse(id, len, &log[i]), 0);
        seen = 0;
        for (size_t k = 0; k < said_count; k++)
            if (!logentry_id_compare(said[k].id, log[i])) {
                finals += !seen && said[k].final;
                seen = 1;
            }
        assert_int_equal(seen, 1);
    }
    link_reply_free(r);
    assert_int_equal(finals, with_queue ? 2 : 1);
    return count;
}

/* ---- the viewer ---- */

struct watcher {
    struct viewer v;
    const struct logentry_id *log;
    size_t log_count, got;
    bool reading;
};

static void look_deliver(struct watcher *w, struct logentry_id id)
{
    /* In order, none twice, none left out. */
    assert_true(w->got < w->log_count);
    assert_int_equal(logentry_id_compare(id, w->log[w->got]), 0);
    w->got++;
    w->v.cursor = id;
}

/* The log at the end of this step. */
static bool written(struct logentry_id id, int step)
{
    for (size_t i = 0; i < said_count; i++)
        if (said[i].step <= step && !logentry_id_compare(said[i].id, id))
            return true;
    return false;
}

static void look_read(struct watcher *w, int step)
{
    enum viewer_action action;

    w->reading = false;
    for (int pages = 0; pages < 4; pages++) {
        bool progress = false;

        for (size_t i = w->got; i < w->log_count && written(w->log[i], step); i++) {
            look_deliver(w, w->log[i]);
            progress = true;
        }
        action = viewer_step(&w->v, viewer_page_result(&w->v, false, progress));
        if (action == VIEWER_NOTHING)
            return;
        assert_int_equal(action, VIEWER_READ);
    }
    fail_msg("the viewer reads for ever");
}

static void look_hear(struct watcher *w, size_t i, int step)
{
    const struct logentry e = {.id = said[i].id, .prev = said[i].prev};

    switch (viewer_step(&w->v, viewer_classify(&w->v, &e))) {
    case VIEWER_DELIVER:
        look_deliver(w, e.id);
        break;
    case VIEWER_NOTE:
        viewer_note(&w->v, e.id);
        break;
    case VIEWER_READ:
        viewer_note(&w->v, e.id);
        look_read(w, step);
        break;
    default:
        break;
    }
}

/* Connected from the start; gone after `lost`, subscribed again at `back`, reads at `read`. */
static void look(const struct logentry_id *log, size_t count, int steps, int lost, int back,
    int read)
{
    struct watcher w = {.log = log, .log_count = count};
    bool connected = true;
    size_t i = 0;

    w.v.located = true;
    assert_int_equal(viewer_step(&w.v, VIEWER_ON_CONFIRMED), VIEWER_READ);
    look_read(&w, -1);
    for (int step = 0; step <= steps; step++) {
        for (; i < said_count && said[i].step <= step; i++)
            if (connected)
                look_hear(&w, i, step);
        if (step == lost) {
            assert_int_equal(viewer_step(&w.v, VIEWER_ON_LOST), VIEWER_FORGET);
            connected = false;
        }
        if (step == back) {
            assert_int_equal(viewer_step(&w.v, VIEWER_ON_CONFIRMED), VIEWER_READ);
            connected = true;
        }
        if (step == read)
            look_read(&w, step);
    }
    assert_int_equal(w.got, count);
}

static void check_viewers(const struct logentry_id *log, size_t count, int steps)
{
    for (int lost = 0; lost <= steps; lost++)
        for (int back = lost; back <= steps; back++)
            for (int read = back; read <= steps; read++)
                look(log, count, steps, lost, back, read);
}

/* ---- all orders ---- */

struct choice {
    int taken, count;
};

/* One run along the choices made so far; new ones take their first way. Returns its length. */
static int run_once(struct choice *choices, int known)
{
    struct logentry_id log[ENTRIES_MAX];
    int depth = 0, lost = 0;
    size_t count;

    start_over();
    for (;;) {
        int ways[2 * ACTORS_MAX], n = 0;

        for (int i = 0; i < ACTORS_MAX; i++)
            if (list_of[i] && actors[i].at != DONE)
                ways[n++] = i;
        if (!n)
            break;
        for (int i = 0, live = n; i < live && lost < losses; i++)
            ways[n++] = ways[i] + ACTORS_MAX;
        assert_true(depth < STEPS_MAX);
        if (depth >= known)
            choices[depth].taken = 0;
        choices[depth].count = n;
        int way = ways[choices[depth++].taken];
        lost += way >= ACTORS_MAX;
        act(way % ACTORS_MAX, way >= ACTORS_MAX);
        assert_int_equal(link_command(keeper->link, NULL, "PUBLISH %s #", "tp:{ann}:s:" SESSION),
            0);
    }
    hear_until(&heard_step, depth + 1);
    check_turn();
    count = check_log(log);
    check_viewers(log, count, depth + 1);
    return depth;
}

static int all_orders(void)
{
    struct choice choices[STEPS_MAX];
    int known = 0, runs = 0;

    for (;;) {
        int depth = run_once(choices, known);

        runs++;
        while (depth > 0 && choices[depth - 1].taken + 1 == choices[depth - 1].count)
            depth--;
        if (!depth)
            return runs;
        choices[depth - 1].taken++;
        known = depth;
    }
}

static void measure(const char *what)
{
    int64_t began = clock_mono_ms();
    int runs = all_orders();

    printf("%s: %d orders in %lld ms\n", what, runs, (long long)(clock_mono_ms() - began));
    assert_true(runs > 100);
}

/* Two lost replies are nine times as many orders: for the long run. */
static int replies_lost(void)
{
    const char *text = getenv("TURNPIKE_ORDERS_LOSSES");

    return text ? atoi(text) : 1;
}

static void two_workers_and_one_turn(void **state)
{
    (void)state;
    with_queue = false;
    losses = replies_lost();
    list_of[0] = worker;
    list_of[1] = heir;
    list_of[2] = NULL;
    measure("two workers");
}

static void two_housekeepers_and_a_queue(void **state)
{
    (void)state;
    with_queue = true;
    losses = 1;
    list_of[0] = brief_worker;
    list_of[1] = list_of[2] = brief_heir;
    measure("three workers");
}

static const struct listen_handlers hears = {.message = on_message, .subscribed = on_subscribed};

static int set_up_all(void **state)
{
    store_bench_open(state);
    store_bench_begin(state);
    store_of[0] = one;
    store_of[1] = two;
    store_of[2] = three;
    assert_int_equal(link_command(keeper->link, NULL, "CONFIG SET appendonly no"), 0);
    loop_bench_open();
    assert_int_equal(listen_new(&listener, asked), 0);
    ear = (struct listen_ear){.channel = "tp:{ann}:s:" SESSION, .on = &hears};
    listen_add(listener, &ear);
    hear_until(&subscribed, 1);
    return 0;
}

static int tear_down_all(void **state)
{
    listen_free(listener);
    loop_bench_close();
    store_bench_end(state);
    return store_bench_close(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_workers_and_one_turn),
        cmocka_unit_test(two_housekeepers_and_a_queue),
    };

    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
