/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_OFFLINE_OFFLINE_FRAME_SLOT_H
#define TURNPIKE_AGENT_OFFLINE_OFFLINE_FRAME_SLOT_H

#include "agent/offline/offline_frame.h"

/* offline_frame_slot -- the words of a message between the fixed words of a frame. Used by
 * offline_frame.c alone. */
#define OFFLINE_FRAME_WORDS 60
struct offline_frame_word {
    const char *at; /* in the message, without the marks around it */
    size_t len;
    char low[OFFLINE_WORD_SIZE]; /* folded */
    bool comma;                  /* one follows */
};
struct offline_frame_words {
    struct offline_frame_word list[OFFLINE_FRAME_WORDS];
    size_t count;
    bool question; /* ends with a question mark */
    bool broken;   /* has several sentences, or too many words */
};
void offline_frame_split(const char *text, struct offline_frame_words *out);

/* Where a slot stands: n words from `at` on. */
struct offline_frame_slot {
    const char *type, *argument; /* in the frame: they end with ':' and a blank or 0 */
    size_t at, n;
};
/* Is the word one of "one|two|three"? */
bool offline_frame_slot_in(const char *word, const char *list);
/* The most words that a slot of this type takes. */
size_t offline_frame_slot_most(const char *type);
/* Whether the words are one of the type; args: when not NULL, the argument is put there. */
bool offline_frame_slot_take(const struct offline_frame_words *words,
    const struct offline_frame_slot *slot, const struct offline_world *world,
    enum offline_language language, jdoc *args);
/* The same for telephone numbers, days, papers and codes; 0 = none of these types. */
size_t offline_frame_more_most(const char *type);
bool offline_frame_more_take(const struct offline_frame_words *words,
    const struct offline_frame_slot *slot, const struct offline_world *world,
    enum offline_language language, jdoc *args);
/* Whether the words can be somebody's name: no "gate code", no "kontonummer". */
bool offline_frame_more_person(const struct offline_frame_words *w,
    const struct offline_frame_slot *s);
/* Whether "the" word is a medicine by its look; behind "my" any word may be one. */
bool offline_frame_more_medicine(const struct offline_frame_words *w, size_t at);

#endif
