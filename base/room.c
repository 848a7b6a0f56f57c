/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/room.h"

static bool room_fits(const struct room *r, size_t bytes)
{
    return r->used == 0 || (r->used <= r->max && bytes <= r->max - r->used);
}

static void room_serve(struct room *r)
{
    while (r->first && room_fits(r, r->first->bytes)) {
        struct room_ticket *t = r->first;
        r->first = t->next;
        t->next = NULL;
        t->waits = false;
        t->granted = true;
        r->used += t->bytes;
        task_ref_wake(t->task);
    }
}

void room_ask(struct room *r, struct room_ticket *t, size_t bytes)
{
    struct room_ticket **at = &r->first;

    *t = (struct room_ticket){.bytes = bytes, .waits = true, .task = task_ref_self()};
    while (*at)
        at = &(*at)->next;
    *at = t;
    room_serve(r);
}

void room_shrink(struct room *r, struct room_ticket *t, size_t bytes)
{
    if (!t->granted || bytes >= t->bytes)
        return;
    r->used -= t->bytes - bytes;
    t->bytes = bytes;
    room_serve(r);
}

void room_leave(struct room *r, struct room_ticket *t)
{
    struct room_ticket **at = &r->first;

    if (t->granted)
        r->used -= t->bytes;
    while (t->waits && *at != t)
        at = &(*at)->next;
    if (t->waits)
        *at = t->next;
    *t = (struct room_ticket){0};
    room_serve(r);
}
