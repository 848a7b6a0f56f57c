/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_OFFLINE_OFFLINE_READING_H
#define TURNPIKE_AGENT_OFFLINE_OFFLINE_READING_H

#include "agent/offline/offline.h"
#include "agent/offline/offline_match.h"
#include "agent/offline/offline_rules.h"

#include <stdbool.h>
#include <stddef.h>

/* offline_reading -- between a pattern that matched and a call: used by offline_ask.c and
 * offline_money.c alone. What a reader cannot be sure of, it asks; the call is then not made. */

/* A message on its way to being understood. */
struct offline_reading {
    const struct offline_world *world;
    struct offline_ask *ask;
    struct offline_tokens tokens; /* without date and time */
    struct offline_when when;
    struct offline_match match;
    const struct offline_rule *rule;
    bool polite; /* "can you ...?" asks nothing */
};

/*
 * offline_ask_user -- sets the question and its kind's example. awaits: the next message may bring
 * the answer alone.
 */
__attribute__((format(printf, 3, 4))) void offline_ask_user(struct offline_reading *r, bool awaits,
    const char *format, ...);

bool offline_has(const struct offline_reading *r, enum offline_slot slot);
/* The slot's text, "" when it is not there. */
void offline_get(const struct offline_reading *r, enum offline_slot slot, char *out, size_t size);
/* Whether a title says nothing: "it", "event". */
bool offline_vague(const char *text);
/* Both return false when they have asked. */
bool offline_work_out(struct offline_reading *r, enum offline_tense tense);
bool offline_no_when(struct offline_reading *r);

void offline_read_expense(struct offline_reading *r);
void offline_read_budget(struct offline_reading *r);
/* Spending, and how the budget is. */
void offline_read_spending(struct offline_reading *r);

#endif
