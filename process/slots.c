/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/slots.h"

#include <stddef.h>

#define CELL(event, next, action) [SLOTS_ON_##event] = {SLOTS_##next, SLOTS_##action}

static const struct slots_cell table[SLOTS_STATES][SLOTS_EVENTS] =
    {
        [SLOTS_EMPTY] =
            {
                CELL(SPAWN, STARTING, FORK),
                CELL(FORK_FAILED, EMPTY, FAULT),
                CELL(READY, EMPTY, FAULT),
                CELL(LATE, EMPTY, FAULT),
                CELL(DUE, EMPTY, FAULT),
                CELL(REPLACED, EMPTY, FAULT),
                CELL(EXIT_CLEAN, EMPTY, FAULT),
                CELL(EXIT_CRASH, EMPTY, FAULT),
                CELL(EXIT_AT_WORK, EMPTY, FAULT),
                CELL(EXIT_IDLE, EMPTY, FAULT),
                CELL(STUCK, EMPTY, FAULT),
                CELL(GRACE_OVER, EMPTY, FAULT),
                CELL(RETIRE, EMPTY, IGNORE),
                CELL(DRAIN_OVER, EMPTY, FAULT),
                CELL(HURRY, EMPTY, IGNORE),
                CELL(BACKOFF_OVER, EMPTY, FAULT),
            },
        [SLOTS_BACKOFF] =
            {
                CELL(SPAWN, BACKOFF, FAULT),
                CELL(FORK_FAILED, BACKOFF, FAULT),
                CELL(READY, BACKOFF, FAULT),
                CELL(LATE, BACKOFF, FAULT),
                CELL(DUE, BACKOFF, FAULT),
                CELL(REPLACED, BACKOFF, FAULT),
                CELL(EXIT_CLEAN, BACKOFF, FAULT),
                CELL(EXIT_CRASH, BACKOFF, FAULT),
                CELL(EXIT_AT_WORK, BACKOFF, FAULT),
                CELL(EXIT_IDLE, BACKOFF, FAULT),
                CELL(STUCK, BACKOFF, FAULT),
                CELL(GRACE_OVER, BACKOFF, FAULT),
                CELL(RETIRE, EMPTY, CANCEL),
                CELL(DRAIN_OVER, BACKOFF, FAULT),
                CELL(HURRY, EMPTY, CANCEL),
                CELL(BACKOFF_OVER, STARTING, FORK),
            },
        [SLOTS_STARTING] =
            {
                CELL(SPAWN, STARTING, FAULT),
                CELL(FORK_FAILED, BACKOFF, AGAIN),
                CELL(READY, READY, SERVE),
                CELL(LATE, KILLING, KILL),
                CELL(DUE, STARTING, FAULT),
                CELL(REPLACED, STARTING, FAULT),
                CELL(EXIT_CLEAN, BACKOFF, AGAIN),
                CELL(EXIT_CRASH, BACKOFF, AGAIN),
                CELL(EXIT_AT_WORK, STARTING, RESPAWN),
                CELL(EXIT_IDLE, EMPTY, FREE),
                CELL(STUCK, STARTING, FAULT),
                CELL(GRACE_OVER, STARTING, FAULT),
                CELL(RETIRE, RETIRING, TERM),
                CELL(DRAIN_OVER, STARTING, FAULT),
                CELL(HURRY, TERMINATING, ABORT),
                CELL(BACKOFF_OVER, STARTING, FAULT),
            },
        [SLOTS_READY] =
            {
                CELL(SPAWN, READY, FAULT),
                CELL(FORK_FAILED, READY, FAULT),
                CELL(READY, READY, IGNORE),
                CELL(LATE, READY, FAULT),
                CELL(DUE, REPLACING, REPLACE),
                CELL(REPLACED, READY, FAULT),
                CELL(EXIT_CLEAN, BACKOFF, AGAIN),
                CELL(EXIT_CRASH, BACKOFF, AGAIN),
                CELL(EXIT_AT_WORK, STARTING, RESPAWN),
                CELL(EXIT_IDLE, EMPTY, FREE),
                CELL(STUCK, ABORTING, ABORT),
                CELL(GRACE_OVER, READY, FAULT),
                CELL(RETIRE, RETIRING, TERM),
                CELL(DRAIN_OVER, READY, FAULT),
                CELL(HURRY, TERMINATING, ABORT),
                CELL(BACKOFF_OVER, READY, FAULT),
            },
        [SLOTS_REPLACING] =
            {
                CELL(SPAWN, REPLACING, FAULT),
                CELL(FORK_FAILED, REPLACING, FAULT),
                CELL(READY, REPLACING, IGNORE),
                CELL(LATE, REPLACING, FAULT),
                CELL(DUE, REPLACING, IGNORE),
                CELL(REPLACED, RETIRING, TERM),
                CELL(EXIT_CLEAN, EMPTY, FREE),
                CELL(EXIT_CRASH, EMPTY, FREE),
                CELL(EXIT_AT_WORK, EMPTY, FREE),
                CELL(EXIT_IDLE, EMPTY, FREE),
                CELL(STUCK, TERMINATING, ABORT),
                CELL(GRACE_OVER, REPLACING, FAULT),
                CELL(RETIRE, RETIRING, TERM),
                CELL(DRAIN_OVER, REPLACING, FAULT),
                CELL(HURRY, TERMINATING, ABORT),
                CELL(BACKOFF_OVER, REPLACING, FAULT),
            },
        [SLOTS_ABORTING] =
            {
                CELL(SPAWN, ABORTING, FAULT),
                CELL(FORK_FAILED, ABORTING, FAULT),
                CELL(READY, ABORTING, IGNORE),
                CELL(LATE, ABORTING, FAULT),
                CELL(DUE, ABORTING, IGNORE),
                CELL(REPLACED, ABORTING, FAULT),
                CELL(EXIT_CLEAN, BACKOFF, AGAIN),
                CELL(EXIT_CRASH, BACKOFF, AGAIN),
                CELL(EXIT_AT_WORK, STARTING, RESPAWN),
                CELL(EXIT_IDLE, EMPTY, FREE),
                CELL(STUCK, ABORTING, IGNORE),
                CELL(GRACE_OVER, KILLING, KILL),
                CELL(RETIRE, TERMINATING, IGNORE),
                CELL(DRAIN_OVER, ABORTING, FAULT),
                CELL(HURRY, DYING, KILL),
                CELL(BACKOFF_OVER, ABORTING, FAULT),
            },
        [SLOTS_KILLING] =
            {
                CELL(SPAWN, KILLING, FAULT),
                CELL(FORK_FAILED, KILLING, FAULT),
                CELL(READY, KILLING, IGNORE),
                CELL(LATE, KILLING, FAULT),
                CELL(DUE, KILLING, IGNORE),
                CELL(REPLACED, KILLING, FAULT),
                CELL(EXIT_CLEAN, BACKOFF, AGAIN),
                CELL(EXIT_CRASH, BACKOFF, AGAIN),
                CELL(EXIT_AT_WORK, STARTING, RESPAWN),
                CELL(EXIT_IDLE, EMPTY, FREE),
                CELL(STUCK, KILLING, IGNORE),
                CELL(GRACE_OVER, KILLING, KILL),
                CELL(RETIRE, DYING, IGNORE),
                CELL(DRAIN_OVER, KILLING, FAULT),
                CELL(HURRY, DYING, IGNORE),
                CELL(BACKOFF_OVER, KILLING, FAULT),
            },
        [SLOTS_RETIRING] =
            {
                CELL(SPAWN, RETIRING, FAULT),
                CELL(FORK_FAILED, RETIRING, FAULT),
                CELL(READY, RETIRING, IGNORE),
                CELL(LATE, RETIRING, FAULT),
                CELL(DUE, RETIRING, IGNORE),
                CELL(REPLACED, RETIRING, IGNORE),
                CELL(EXIT_CLEAN, EMPTY, FREE),
                CELL(EXIT_CRASH, EMPTY, FREE),
                CELL(EXIT_AT_WORK, EMPTY, FREE),
                CELL(EXIT_IDLE, EMPTY, FREE),
                CELL(STUCK, TERMINATING, ABORT),
                CELL(GRACE_OVER, RETIRING, FAULT),
                CELL(RETIRE, RETIRING, IGNORE),
                CELL(DRAIN_OVER, TERMINATING, ABORT),
                CELL(HURRY, TERMINATING, ABORT),
                CELL(BACKOFF_OVER, RETIRING, FAULT),
            },
        [SLOTS_TERMINATING] =
            {
                CELL(SPAWN, TERMINATING, FAULT),
                CELL(FORK_FAILED, TERMINATING, FAULT),
                CELL(READY, TERMINATING, IGNORE),
                CELL(LATE, TERMINATING, FAULT),
                CELL(DUE, TERMINATING, IGNORE),
                CELL(REPLACED, TERMINATING, IGNORE),
                CELL(EXIT_CLEAN, EMPTY, FREE),
                CELL(EXIT_CRASH, EMPTY, FREE),
                CELL(EXIT_AT_WORK, EMPTY, FREE),
                CELL(EXIT_IDLE, EMPTY, FREE),
                CELL(STUCK, TERMINATING, IGNORE),
                CELL(GRACE_OVER, DYING, KILL),
                CELL(RETIRE, TERMINATING, IGNORE),
                CELL(DRAIN_OVER, TERMINATING, IGNORE),
                CELL(HURRY, DYING, KILL),
                CELL(BACKOFF_OVER, TERMINATING, FAULT),
            },
        [SLOTS_DYING] =
            {
                CELL(SPAWN, DYING, FAULT),
                CELL(FORK_FAILED, DYING, FAULT),
                CELL(READY, DYING, IGNORE),
                CELL(LATE, DYING, FAULT),
                CELL(DUE, DYING, IGNORE),
                CELL(REPLACED, DYING, IGNORE),
                CELL(EXIT_CLEAN, EMPTY, FREE),
                CELL(EXIT_CRASH, EMPTY, FREE),
                CELL(EXIT_AT_WORK, EMPTY, FREE),
                CELL(EXIT_IDLE, EMPTY, FREE),
                CELL(STUCK, DYING, IGNORE),
                CELL(GRACE_OVER, DYING, KILL),
                CELL(RETIRE, DYING, IGNORE),
                CELL(DRAIN_OVER, DYING, IGNORE),
                CELL(HURRY, DYING, IGNORE),
                CELL(BACKOFF_OVER, DYING, FAULT),
            },
};

struct slots_cell slots_step(enum slots_state state, enum slots_event event)
{
    return table[state][event];
}

#define NAME_(name, text) text,

const char *slots_state_name(enum slots_state state)
{
    static const char *const names[] = {SLOTS_STATE_TABLE(NAME_)};
    return (unsigned)state < SLOTS_STATES ? names[state] : "unknown";
}

const char *slots_event_name(enum slots_event event)
{
    static const char *const names[] = {SLOTS_EVENT_TABLE(NAME_)};
    return (unsigned)event < SLOTS_EVENTS ? names[event] : "unknown";
}

const char *slots_action_name(enum slots_action action)
{
    static const char *const names[] = {"unset", SLOTS_ACTION_TABLE(NAME_)};
    return (unsigned)action < SLOTS_ACTIONS ? names[action] : "unknown";
}
