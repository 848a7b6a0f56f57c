/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/housekeeper/desk_guard.h"

#include "base/clock.h"
#include "process/scoreboard.h"

#include <stdio.h>
#include <string.h>

static struct {
    struct worker *worker;
    struct scoreboard_seat *now, *awaited; /* awaited: NULL = nothing is */
    struct desk_guard_mark *last;          /* of those that are awaited */
} desk_guard;

void desk_guard_open(struct worker *w)
{
    memset(&desk_guard, 0, sizeof desk_guard);
    if (w->board && w->slot)
        desk_guard.worker = w;
}

static void desk_guard_say(struct scoreboard_seat *seat)
{
    scoreboard_enter(desk_guard.worker->board, desk_guard.worker->slot, seat);
}

/* Takes the seat, if it is not taken, and says the work there. False: it is put off. */
static bool desk_guard_work(struct scoreboard_seat **seat, const struct blame_work *work)
{
    struct worker *w = desk_guard.worker;

    if (blame_left(&w->board->blame, work, clock_mono_ms(), NULL) > 0)
        return false;
    if (!*seat)
        *seat = scoreboard_seat_take(w->board, w->slot);
    if (*seat)
        scoreboard_work_set(*seat, work);
    return true;
}

static void desk_guard_give(struct scoreboard_seat **seat)
{
    if (*seat)
        scoreboard_seat_give(desk_guard.worker->board, desk_guard.worker->slot, *seat);
    *seat = NULL;
}

static void desk_guard_describe(struct blame_work *work, const char *route, const char *uid,
    const char *text)
{
    memset(work, 0, sizeof *work);
    snprintf(work->uid, sizeof work->uid, "%s", uid);
    snprintf(work->route, sizeof work->route, "%s", route);
    ident_sha256_hex(text, strlen(text), work->digest);
}

bool desk_guard_enter(const char *route, const char *uid, const char *text)
{
    struct blame_work work;

    if (!desk_guard.worker)
        return true;
    desk_guard_leave();
    desk_guard_describe(&work, route, uid, text);
    if (!desk_guard_work(&desk_guard.now, &work))
        return false;
    desk_guard_say(desk_guard.now);
    return true;
}

void desk_guard_leave(void)
{
    if (!desk_guard.worker)
        return;
    desk_guard_say(desk_guard.awaited);
    desk_guard_give(&desk_guard.now);
}

bool desk_guard_await(struct desk_guard_mark *m, const char *route, const char *text)
{
    if (!desk_guard.worker)
        return true;
    desk_guard_settle(m);
    desk_guard_describe(&m->work, route, "", text);
    if (!desk_guard_work(&desk_guard.awaited, &m->work))
        return false;
    m->awaited = true;
    m->before = desk_guard.last;
    desk_guard.last = m;
    desk_guard_say(desk_guard.now ? desk_guard.now : desk_guard.awaited);
    return true;
}

void desk_guard_settle(struct desk_guard_mark *m)
{
    struct desk_guard_mark **at = &desk_guard.last;

    if (!m->awaited)
        return;
    m->awaited = false;
    while (*at && *at != m)
        at = &(*at)->before;
    if (*at)
        *at = m->before;
    if (desk_guard.last) {
        if (desk_guard.awaited)
            scoreboard_work_set(desk_guard.awaited, &desk_guard.last->work);
        return;
    }
    desk_guard_say(desk_guard.now);
    desk_guard_give(&desk_guard.awaited);
}
