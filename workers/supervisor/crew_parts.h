/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_CREW_PARTS_H
#define TURNPIKE_WORKERS_SUPERVISOR_CREW_PARTS_H

#include "base/err.h"
#include "workers/supervisor/crew.h"

/*
 * crew_parts -- what the files of crew share with each other. Process: supervisor.
 *
 *   crew             generations, slots, signals to all
 *   crew_step        the one place where a slot changes its state: an action for each cell
 *   (slots.h)
 *   crew_fork        a process for a slot
 *   crew_seats       which seats of the scoreboard a slot has; how many processes there are
 *   crew_watch       workers that are late, starved, silent or due to be recycled
 *   crew_deaths      what a dead worker leaves: its turns, what is to blame
 *   crew_lines       lines to the housekeeper
 *   crew_quarantine  workers for turns in which others died
 */

/* The one place where a slot changes its state. */
void crew_step(struct crew *c, size_t index, enum slots_event event);
/* Forks a process for the slot. Returns 0 or ERR_IO. */
MUST_CHECK int crew_fork(struct crew *c, size_t index);
/* The slot is empty, its seats are for others. Its generation is the caller's business. */
void crew_slot_forget(struct crew *c, size_t index);
/* One slot less; the last one of a generation that has been replaced frees it. */
void crew_generation_release(struct crew *c, struct crew_generation *g);
bool crew_slot_serves(const struct crew_slot *s);
/* A slot with its seats for a process of the pool; NULL when there is no room for either. */
struct crew_slot *crew_slot_take(struct crew *c, struct crew_generation *g,
    enum scoreboard_pool pool, unsigned position, int replaces);
/* "api/3[4711]" */
const char *crew_label(const struct crew *c, size_t index, char out[64]);
/* " user U session S turn T: stages ..., N other turns": what executes, and how many wait beside
 * it; " in its loop, N turns" when none executes; "" for a worker without a turn. */
void crew_turn_text(const struct crew *c, size_t index, char *out, size_t size);

/* Lines to the housekeeper wait here while none listens: crew_lines.c. */
void crew_lines_flush(struct crew *c);
void crew_lines_blame(struct crew *c, const struct blame_mark *mark);
/* A turn of a dead worker. executed: the worker died in it; else beside it. */
void crew_lines_lost(struct crew *c, const char *uid, const char *turn, pid_t pid, bool executed);

/* A process of the slot has ended, and how: crew_failed.c keeps it when it had not served. */
void crew_failed_note(struct crew *c, size_t index, const char *how);

/* The seats of a dead worker are free again, and the housekeeper is told about their turns. */
void crew_deaths_seats(struct crew *c, size_t index, pid_t pid);

#endif
