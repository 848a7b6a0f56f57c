/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_VOICE_QUEUE_H
#define TURNPIKE_PROCESS_VOICE_QUEUE_H

#include "base/err.h"
#include "process/scoreboard.h"

#include <stdbool.h>

/*
 * voice_queue -- the calls of speech on a machine, in the seats of its turn workers: how many there
 * are, and which of them may use a tool process now. They use half of the tool processes at most,
 * so that tools always find one, and a user has one call there at a time, speech or tool. Users
 * take turns: who has waited longest is next, and a call waits from when its user has no other one
 * there. A dead worker's places are free with its seats. Two workers that look at the same moment
 * may both hear no. Turn workers.
 */
enum voice_place { VOICE_NOWHERE, VOICE_WAITS, VOICE_RUNS };

#define VOICE_QUEUE_USER 4 /* calls of one user that wait or run */

/*
 * voice_queue_enter -- a place among those that wait, until voice_queue_leave or the seat's end.
 *   owner  scoreboard_owner of the user whose work the seat holds
 *   most   calls of the machine that may wait or run
 * Returns 0; ERR_RATE (the user has VOICE_QUEUE_USER already); ERR_FULL.
 */
MUST_CHECK int voice_queue_enter(const struct scoreboard *b, struct scoreboard_seat *seat,
    unsigned long long owner, int most);
/* Whether the call may be sent to a tool process now. */
bool voice_queue_run(const struct scoreboard *b, struct scoreboard_seat *seat,
    unsigned long long owner);
void voice_queue_leave(struct scoreboard_seat *seat);

#endif
