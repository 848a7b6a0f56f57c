/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests of a user who is refused again and again wait before they get a seat: so a flood slows
 * itself down, and neither seats nor Redis are busy with it. */
#include "fcgi-app/seats_parts.h"

#include "base/clock.h"
#include "fcgi-app/pacing.h"

#include <sys/resource.h>

#define HELD_MOST 512
#define HELD_PART 4 /* or one of so many descriptors: each holds one */

size_t seats_held_most(void)
{
    struct rlimit most;

    if (getrlimit(RLIMIT_NOFILE, &most))
        return 0;
    return most.rlim_cur / HELD_PART < HELD_MOST ? (size_t)most.rlim_cur / HELD_PART : HELD_MOST;
}

void seats_forget(struct peer *p)
{
    if (!p->held.set)
        return;
    reactor_timer_clear(p->all->app.reactor, &p->held);
    p->all->held--;
}

void seats_release(struct peer *p)
{
    if (!p->held.set)
        return;
    seats_forget(p);
    seats_take(p);
    seats_listen(p->all);
}

static void seats_on_held(struct reactor_timer *timer)
{
    struct peer *p = timer->arg;

    p->all->held--;
    seats_take(p);
    seats_listen(p->all);
}

bool seats_hold(struct peer *p)
{
    struct seats *s = p->all;
    const struct request_source source = {.arg = p->inbound, .param = inbound_param};
    int64_t ms;

    if (s->held >= s->held_most || s->app.worker->drain)
        return false;
    ms = pacing_wait(&source);
    if (ms <= 0)
        return false;
    s->held++;
    reactor_timer_set(s->app.reactor, &p->held, clock_mono_ms() + ms, seats_on_held, p);
    return true;
}
