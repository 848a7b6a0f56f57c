#ifndef TURNPIKE_WORKERS_STREAM_STREAM_LEAVE_H
#define TURNPIKE_WORKERS_STREAM_STREAM_LEAVE_H

#include "workers/stream/stream_conn.h"
#include "workers/stream/stream_handover.h"

/*
 * stream_leave -- the client of a stateless request in OpenAI's words has left before its answer
 * was whole: nobody can ask for that any more, so the turn is stopped and costs nothing further.
 * Asked of the api workers; nobody waits for what they say. Stream workers.
 */
void stream_leave(const struct stream_conn *c, const char *turn);
/* Whether this hand-over's client ends its turn by leaving. */
bool stream_leave_ends(const struct stream_handover *h);

#endif
