/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_OFFLINE_OFFLINE_TALK_H
#define TURNPIKE_AGENT_OFFLINE_OFFLINE_TALK_H

#include "agent/offline/offline.h"
#include "agent/offline/offline_lexicon.h"

/*
 * offline_talk -- what a message asks for, in any of the four languages: calls of any tool, or a
 * question. A message of several clauses is understood when each clause is; then all are called.
 */
enum offline_outcome {
    OFFLINE_NOTHING,  /* not understood at all */
    OFFLINE_QUESTION, /* question says what is missing or doubtful */
    OFFLINE_CALLS,
    OFFLINE_EVENT /* ask: an event is to be found, then moved or deleted */
};
struct offline_talk {
    enum offline_outcome outcome;
    enum offline_language language;
    struct offline_step step; /* its calls alone; of the same life as offline_step_fini's */
    char question[1200];
    bool awaits;  /* the next message may bring what is missing */
    bool ranged;  /* an event with its end, which no pattern takes */
    bool confirm; /* step has the calls that a "yes" to the question makes */
    struct offline_ask ask;
};
/* One clause by the sentence patterns; false when they do not take it whole (offline_step.c). */
bool offline_step_clause(const char *text, const struct offline_world *world,
    struct offline_step *out);

/* The calls of an understood sentence; false: none is made, something is said. */
bool offline_first_calls(struct offline_step *step, const struct offline_ask *ask,
    const struct offline_world *world);
/* Moving and deleting take two steps: the list, then the call on the event found in it. False: the
 * results are to be told. */
bool offline_second_calls(struct offline_step *step, const struct offline_ask *ask,
    const struct offline_world *world, const struct offline_result *results, size_t count);

/* A longer message is not read: nothing here may compute for more than some milliseconds. */
#define OFFLINE_TALK_MAX 300
void offline_talk_read(const char *text, const struct offline_world *world,
    struct offline_talk *out);
/* Whether the message is an example of a tool that reads; then out has its call. */
bool offline_example(const char *text, struct offline_talk *out);
/*
 * "Dinner on Friday 7 to 9pm": out is the text with its beginning alone, end the minutes of the
 * day. False when there is no such stretch, or not clearly. offline_until_put puts the end to the
 * one event of the step; false when there is none.
 */
bool offline_until_split(const char *text, char *out, size_t size, int *end);
bool offline_until_put(struct offline_step *step, int end);
void offline_talk_fini(struct offline_talk *talk);

#endif
