/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_OFFLINE_OFFLINE_FILL_H
#define TURNPIKE_AGENT_OFFLINE_OFFLINE_FILL_H

#include "agent/offline/offline_intent.h"
#include "agent/offline/offline_speech.h"
#include "base/jdoc.h"
#include "tools/engine/tools.h"

/*
 * offline_fill -- one intent against one clause: are its concepts there, and does every other word
 * of the clause belong to a slot? What is left over makes a question, never a call.
 */
enum offline_verdict {
    OFFLINE_OTHER,    /* the concepts are not there */
    OFFLINE_LEFT,     /* they are, and words are left that belong to no slot */
    OFFLINE_MISSING,  /* an argument is not there that the tool must have */
    OFFLINE_DOUBTFUL, /* a date or a number has two readings */
    OFFLINE_WHOLE
};
struct offline_fill {
    const struct offline_speech *speech;
    const struct offline_world *world;
    const struct offline_intent *intent;
    const struct tools_spec *spec;
    jdoc *schema;                  /* of the arguments */
    jdoc *args;                    /* what is filled in */
    jdoc *more[OFFLINE_TIMES_MAX]; /* further calls, one for each further time of day */
    size_t more_count;
    bool used[OFFLINE_TOKENS_MAX + 1];
    bool when_used, strict_money, no_money, slipped, vague;
    int score;
    char missing[40];            /* the argument */
    char problem[400];           /* what to ask */
    struct offline_moment moved; /* of "=move" and "=delete" */
    char title[OFFLINE_TEXT_MAX];
};
/* One slot: how it is written in offline_intent.c. */
struct offline_slot_spec {
    char name[32], type[24], unit[24];
    bool optional, strict, very_strict;
};

/* Is what was said other money than `own`? "A $ in New York" is not an Australian's. */
bool offline_fill_foreign(const struct offline_world *world, const char *said, const char *own);

/* Fills f from the clause. Nothing to be freed when OFFLINE_OTHER. */
enum offline_verdict offline_fill(struct offline_fill *f, const struct offline_speech *speech,
    const struct offline_world *world, const struct offline_intent *intent);
void offline_fill_fini(struct offline_fill *f);

/* Used between the files of offline_fill. */
bool offline_fill_is(const struct offline_fill *f, size_t i, const char *words);
bool offline_fill_free(const struct offline_fill *f, size_t i);            /* not used yet */
size_t offline_fill_find(const struct offline_fill *f, const char *words); /* SIZE_MAX = none */
void offline_fill_put(struct offline_fill *f, const char *name, jdoc *value);
void offline_fill_put_text(struct offline_fill *f, const char *name, const char *text);
/* The argument's schema. */
const jdoc *offline_fill_property(const struct offline_fill *f, const char *name);
/* Each returns whether it knows the type. */
bool offline_fill_when(struct offline_fill *f, const struct offline_slot_spec *slot);
bool offline_fill_number(struct offline_fill *f, const struct offline_slot_spec *slot);
bool offline_fill_choice(struct offline_fill *f, const struct offline_slot_spec *slot);
bool offline_fill_text(struct offline_fill *f, const struct offline_slot_spec *slot);
bool offline_fill_place(struct offline_fill *f, const struct offline_slot_spec *slot);

#endif
