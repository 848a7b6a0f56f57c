/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_FAULT_H
#define TURNPIKE_PROCESS_FAULT_H

#include "base/conf.h"
#include "process/stage.h"

#include <stddef.h>

/*
 * fault -- faults on request, for tests of what they must not harm. Process: turn worker, tool
 * process, stream worker, housekeeper, and the children of process/aside.h.
 *
 * Only with the setting development.fault_word. conf_check refuses it without development mode, and
 * refuses that mode when nginx listens to the world. A turn whose input contains
 * `WORD ACTION STAGE` takes that action when it reaches the stage (STAGE_TABLE's text). In an
 * address _ separates them.
 *   crash  aborts its worker
 *   loop   computes for ever
 *   slow   computes for FAULT_SLOW_MS, once
 */
#define FAULT_SLOW_MS 60
enum fault_action { FAULT_NONE, FAULT_CRASH, FAULT_LOOP, FAULT_SLOW };
struct fault {
    enum fault_action action;
    int stage; /* enum stage */
};

/* The fault that the input of a turn asks for; nearly always FAULT_NONE. */
struct fault fault_of(const struct conf *conf, const char *input);
/* The same for a tool process: `WORD ACTION process` in the arguments of the call that begins. */
void fault_in_tool(const struct conf *conf, const char *args);
/*
 * The same for other places that have bytes of a user: `WORD ACTION PLACE` in them. Places:
 * "parser" (a child of process/aside.h), "frame" and "event" (stream worker: what a client sent,
 * what it is sent), "reminder", "webhook" (housekeeper), "trip" (a shared trip's title: its owner's
 * slot is written, its members are not told).
 */
void fault_in(const struct conf *conf, const char *place, const char *bytes, size_t len);
/* At every stage of the turn. */
void fault_at(struct fault *f, enum stage stage);

#endif
