/* SPDX-License-Identifier: BSD-2-Clause */
/* A request takes a seat of a turn worker, and leaves it. */
#include "fcgi-app/seats_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/task.h"

#include <stdlib.h>

static bool seats_peer_gone(void *inbound)
{
    return inbound_peer_gone(inbound);
}

static int seats_peer_finish(void *inbound, const char *head, size_t head_len, const char *body,
    size_t body_len)
{
    return inbound_finish(inbound, head, head_len, body, body_len);
}

static void seats_peer_break(void *inbound)
{
    inbound_break(inbound);
}

static const struct serve_peer seats_peer = {seats_peer_gone, seats_peer_finish, seats_peer_break};

static struct seat *seats_blank(struct seats *s)
{
    struct seat *seat = s->free;

    if (seat) {
        s->free = seat->next_free;
        return seat;
    }
    seat = calloc(1, sizeof *seat);
    if (seat && eventlog_new(&seat->log, s->app.store)) {
        free(seat);
        return NULL;
    }
    return seat;
}

static void seats_leave(struct seat *seat)
{
    struct seats *s = seat->all;
    struct worker *w = s->app.worker;

    task_act(NULL);
    scoreboard_seat_give(w->board, w->slot, seat->app.seat);
    seat->app.seat = NULL;
    seat->next_free = s->free;
    s->free = seat;
    s->busy--;
    seats_next(s);
    seats_listen(s);
}

static void seats_task(void *arg)
{
    struct seat *seat = arg;

    serve_request(&seat->serving);
    seats_leave(seat);
}

int seats_sit(struct seats *s, struct inbound *inbound)
{
    struct worker *w = s->app.worker;
    struct scoreboard_seat *taken = scoreboard_seat_take(w->board, w->slot);
    struct seat *seat = taken ? seats_blank(s) : NULL;

    if (!seat) {
        if (taken)
            scoreboard_seat_give(w->board, w->slot, taken);
        return taken ? ERR_NOMEM : ERR_FULL;
    }
    seat->all = s;
    seat->app = s->app;
    seat->app.seat = taken;
    seat->app.turns = &seat->env;
    seat->env = s->env;
    seat->env.eventlog = seat->log;
    seat->env.arg = &seat->serving.runner;
    seat->place = (struct tool_place){s->tools, taken};
    seat->env.apart = tool_calls_apart(&seat->place);
    seat->source = (struct request_source){.arg = inbound,
        .param = inbound_param,
        .body = inbound_body,
        .write = inbound_write,
        .body_done = inbound_body_done,
        .gone = seats_peer_gone};
    seat->serving = (struct serving){.app = &seat->app,
        .pool = ROUTES_TURN,
        .source = &seat->source,
        .peer = &seats_peer,
        .began_us = clock_mono_us()};
    if (task_spawn(seats_task, seat, (int)(taken - w->board->seats), NULL)) {
        scoreboard_seat_give(w->board, w->slot, taken);
        seat->next_free = s->free;
        s->free = seat;
        return ERR_NOMEM;
    }
    s->busy++;
    return 0;
}
