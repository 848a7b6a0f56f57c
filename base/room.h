/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_ROOM_H
#define TURNPIKE_BASE_ROOM_H

#include "base/task.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * room -- bounds the bytes that the tasks of one process hold together for large things on their
 * way. Whoever needs some asks first and is served in the order of asking. What is larger than the
 * whole is served when nothing else is held. One loop; nothing here waits.
 */
struct room_ticket; /* zeroed = holds nothing */
struct room {
    size_t max, used;
    struct room_ticket *first;
};
struct room_ticket {
    size_t bytes;
    bool granted;
    bool waits;
    struct task_ref task; /* that asked; it is woken when it is served */
    struct room_ticket *next;
};
/* t->granted tells, now or later. A ticket holds one piece of room at a time. */
void room_ask(struct room *r, struct room_ticket *t, size_t bytes);
/* Of what it holds it keeps so many bytes only. */
void room_shrink(struct room *r, struct room_ticket *t, size_t bytes);
/* Gives back what it holds, or asks no more. */
void room_leave(struct room *r, struct room_ticket *t);

#endif
