/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TESTS_UNIT_TURN_ACTORS_H
#define TURNPIKE_TESTS_UNIT_TURN_ACTORS_H

#include "base/arena.h"
#include "store/turns.h"

#include <stdbool.h>

/* turn_actors -- what workers and housekeepers do to a turn, in short words, for user "ann". */
#define ACTORS_USER "ann"

/* A message arrives: its turn is started, or queued when the session is busy. */
struct turns_start actors_begin(struct store *s, struct arena *arena, const char *session,
    const char *message);
/* Ends it with one assistant message, "a-TURN-OWNER" whose id tells which worker wrote it. */
int actors_finish(struct store *s, struct arena *arena, const struct turns_start *t,
    int64_t first_n, bool take, struct turns_start *next);
/* One entry `RUN - JSON` in the log: the last N, or ERR_FENCED. */
int actors_append(struct store *s, struct arena *arena, const struct turns_start *t, int64_t n,
    const char *type);
/* A tool that writes record `id`, with the mark `effect`. prior: whether it had been done. */
int actors_effect(struct store *s, struct arena *arena, const struct turns_start *t, const char *id,
    const char *effect, bool *prior);
int actors_abandon(struct store *s, const char *turn, enum turns_loss_kind how, const char *owner,
    int64_t epoch, char next[IDENT_UUID_SIZE]);

/* "FLAG TYPE" of each entry of the session's log, one a line, in the arena. */
char *actors_transcript(struct store *s, struct arena *arena, const char *session);
/* An integer reply, or the length of an array. */
int64_t actors_number(struct store *s, const char *format, const char *a);

#endif
