/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_GUARD_H
#define TURNPIKE_WORKERS_STREAM_STREAM_GUARD_H

#include "process/worker.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * stream_guard -- what a stream worker dies in, and what is refused because others died in it
 * (process/blame.h). A stream worker holds thousands of connections, so it says before each piece
 * of work whose bytes it looks at: a request that has no user yet, what a user sent, and an event
 * of a user's session. Then a frame that ends its worker, or an entry of a log that does, ends a
 * few of them and not all. Without stream_guard_open (tests) nothing is said and nothing refused.
 */
enum stream_guard_kind {
    STREAM_GUARD_REQUEST, /* the request of a connection: has no user yet */
    STREAM_GUARD_BYTES,   /* bytes of a connection with a user; masked, so no two are the same */
    STREAM_GUARD_FRAME,   /* a whole message that a user sent */
    STREAM_GUARD_EVENT    /* an event of a session, which `text` names, or of the inbox ("") */
};

void stream_guard_open(struct worker *w);
/*
 * stream_guard_enter -- the worker works on this from now on. stream_guard_leave ends it. Work
 * within other work takes its place, and gives it back.
 *   user  NULL = not known yet
 *   text  what makes a second piece of work the same
 * Returns milliseconds for which it is refused, and then nothing is entered; 0 = it is not.
 */
int64_t stream_guard_enter(enum stream_guard_kind kind, const char *user, const char *text,
    size_t len);
void stream_guard_leave(void);
/* process/fault.h, place "event". */
void stream_guard_fault(const char *bytes, size_t len);
/* How often it has looked through the marks; for tests. */
unsigned stream_guard_looks(void);
/* The same look without the work. */
int64_t stream_guard_refused(enum stream_guard_kind kind, const char *user, const char *text,
    size_t len);

#endif
