/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_TOOL_CALL_H
#define TURNPIKE_TOOLS_REMOTE_TOOL_CALL_H

#include "base/err.h"
#include "process/worker.h"
#include "tools/kit/run.h"

#include <stddef.h>

/*
 * tool_call -- has tools that compute for long run in a tool process (workers/tool/tool_process.c):
 * one FastCGI request over a connection of its own, whose reply ends the call. Process: turn
 * worker. (An api worker has one request at a time and runs its tools itself.) No call blocks.
 *
 * A user has one call in the tool processes of a machine at a time; the next one is sent when that
 * has ended. The calls of different users wait in the socket's queue, first come, first served: a
 * user with many calls costs another one the wait for one of them. A call that has not begun
 * tool.process_wait after it was made fails with the code `busy`; one whose process was killed by
 * tool.process_ms fails with `timeout`. One whose process died otherwise is sent once more, unless
 * it may have had an effect outside; then it fails with `tool_crashed`. One that ended its process
 * by itself is refused by the next process (process/blame.h), with the same code; only a process
 * that was killed from outside is replaced without a trace.
 */
struct tool_calls;

/*
 * What the calls of one worker share. The caller frees; calls that are under way then are dropped
 * without a word.
 *   w  borrowed; w->tool_socket is set
 * Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int tool_calls_new(struct tool_calls **out, struct worker *w, struct reactor *reactor);
void tool_calls_free(struct tool_calls *c); /* NULL allowed */

/*
 * What struct tools_context needs for the calls of one request or turn.
 *   calls  NULL: there are no tool processes, the tools run here
 *   seat   the request's; valid as long as its calls
 */
struct tool_place {
    struct tool_calls *calls;
    struct scoreboard_seat *seat;
};
/* place: borrowed, valid as long as what is returned. */
struct tools_apart tool_calls_apart(struct tool_place *place);

#endif
