/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_FEEDBACK_TURN_H
#define TURNPIKE_STORE_FEEDBACK_TURN_H

#include "base/arena.h"
#include "base/err.h"
#include "store/feedback.h"

#include <stddef.h>
#include <stdint.h>

/*
 * feedback_turn -- the turn that an entry of feedback is about, as far as it is still stored: the
 * conversation holds question, answer and tools as long as the session lives; the turn's own record
 * holds model, usage and times for keep.turns. Api workers and the operator's command.
 */
#define FEEDBACK_TURN_TOOLS_MAX 64
struct feedback_tool {
    const char *name;
    const char *outcome; /* "success", "error", "unknown" */
    const char *error;   /* its code; "" = none */
};
struct feedback_turn {
    const char *question, *answer; /* "" = gone, or without text */
    struct feedback_tool tools[FEEDBACK_TURN_TOOLS_MAX];
    size_t tool_count;
    const char *state, *model;                /* "" = the record is gone */
    const char *usage;                        /* JSON array; "" = none */
    int64_t input, output;                    /* tokens of all models */
    int64_t created_ms, started_ms, ended_ms; /* 0 = not known */
};
/* Texts live in the arena. Returns 0, also when nothing is left of it; ERR_NOMEM; ERR_STORE*. */
MUST_CHECK int feedback_turn_read(struct store *s, const struct feedback_entry *entry,
    struct arena *arena, struct feedback_turn *out);

#endif
