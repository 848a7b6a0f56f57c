/* SPDX-License-Identifier: BSD-2-Clause */
/* One pass of a turn worker's loop. */
#include "fcgi-app/seats_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/task.h"
#include "wire/http/http.h"

#include <sched.h>
#include <time.h>

#define BEAT_MS 1000      /* an idle worker comes round so often, so that others count on it */
#define REST_US 1000      /* from one pass with several tokens to the next ... */
#define REST_FULL_US 3000 /* ... above FULL_PERMILLE of a processor */
#define FULL_PERMILLE 800
#define LOAD_EVERY_US 100000
#define LOOK_US 300

static int64_t seats_cpu_us(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t))
        return 0;
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void seats_look_at_load(struct seats *s, int64_t now_us)
{
    int64_t cpu_us;

    if (now_us - s->load_us < LOAD_EVERY_US)
        return;
    cpu_us = seats_cpu_us();
    s->permille = (int)((cpu_us - s->cpu_us) * 1000 / (now_us - s->load_us));
    s->load_us = now_us;
    s->cpu_us = cpu_us;
}

/*
 * When the last pass had several turns' text for Redis: the next one begins a
 * little later and finds more, which costs a token less. A single turn never waits.
 */
static void seats_rest(struct seats *s, int64_t began_us, uint64_t appends)
{
    int64_t now_us, left_us;
    struct timespec rest;

    if (appends < 2)
        return;
    now_us = clock_mono_us();
    seats_look_at_load(s, now_us);
    left_us = began_us + (s->permille > FULL_PERMILLE ? REST_FULL_US : REST_US) - now_us;
    if (left_us <= 0)
        return;
    rest = (struct timespec){.tv_nsec = left_us * 1000};
    nanosleep(&rest, NULL);
}

bool seats_has_work(const struct seats *s)
{
    return s->busy || s->peers; /* they go when their reply has gone */
}

static int64_t seats_idle_wait(const struct seats *s)
{
    int64_t idle = s->app.conf->turn_quarantine_idle_ms;

    return worker_is_quarantine(s->app.worker) && idle < BEAT_MS ? idle : BEAT_MS;
}

/*
 * The only turn of the machine waits for Redis: to be woken on a processor that has gone to sleep
 * costs more than to look for the reply for a moment. Others that want the processor get it.
 */
static int seats_look_for_reply(struct seats *s)
{
    const struct scoreboard *board = s->app.worker->board;
    int64_t until_us;
    int ran = 0;

    if (tasks_ready() || !link_calls(s->app.store->link) || s->busy > 1 ||
        atomic_load_explicit(&board->running_turns, memory_order_relaxed) > 1)
        return 0;
    http_prepare(s->env.http); /* what its model's request needs, while Redis works */
    until_us = clock_mono_us() + LOOK_US;
    while (!ran && clock_mono_us() < until_us) {
        sched_yield();
        ran = reactor_step(s->app.reactor, 0, &s->app.worker->wait_mask);
    }
    return ran;
}

int seats_pass(struct seats *s)
{
    struct worker *w = s->app.worker;
    int64_t until = clock_mono_ms() + seats_idle_wait(s);
    uint64_t before = link_raw_sent(s->app.store->link);
    int64_t began_us;
    int ran = seats_look_for_reply(s);

    if (!ran)
        ran = reactor_step(s->app.reactor, tasks_ready() ? 0 : until, &w->wait_mask);
    began_us = clock_mono_us();
    worker_beat(w);
    if (w->abort_turn && !s->looks_again)
        tasks_wake_all();
    s->looks_again = w->abort_turn;
    tasks_run();
    lag_on_pass(&s->lag, clock_mono_us() - reactor_woke_us(s->app.reactor));
    seats_rest(s, began_us, link_raw_sent(s->app.store->link) - before);
    return ran < 0 && ran != ERR_CANCELLED ? ran : 0;
}
