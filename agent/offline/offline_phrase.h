/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_OFFLINE_OFFLINE_PHRASE_H
#define TURNPIKE_AGENT_OFFLINE_OFFLINE_PHRASE_H

#include "agent/offline/offline_fill.h"
#include "agent/offline/offline_lexicon.h"

/* offline_phrase -- what the offline mode says of itself, in the language of the message. */

/* The problems that are said in more than one place: English, and the key of the others. */
#define OFFLINE_PHRASE_IS_QUESTION \
    "Is that a question, or shall I write it down? Please say it without the question mark if I " \
    "shall."
#define OFFLINE_PHRASE_WHICH \
    "Several things were done there, and I do not know which of them you mean. Please name it."
#define OFFLINE_PHRASE_TOO_MUCH "That is more than I can do at once. Please say it in parts."
const char *offline_phrase_problem(const char *english, enum offline_language language);
/* "I understood ..., but not ...". */
void offline_phrase_left(const struct offline_fill *f, char *out, size_t size);
/* What is asked for the argument that is missing. */
void offline_phrase_missing(const struct offline_fill *f, char *out, size_t size);
/* "I understood: ... Shall I?" */
void offline_phrase_meant(const struct offline_fill *f, char *out, size_t size);
/* Behind an answer. */
const char *offline_phrase_signature(enum offline_language language);
const char *offline_phrase_unknown(enum offline_language language);
/* "Done.", and a failure. */
const char *offline_phrase_done(enum offline_language language);
const char *offline_phrase_failed(enum offline_language language);
/* A member's label, as "amount"; NULL = it is not told. */
const char *offline_phrase_label(const char *member, enum offline_language language);
/* The answer to a greeting, to thanks, or to "never mind"; NULL = the message is none of them. */
const char *offline_courtesy(const char *text, enum offline_language usual);

#endif
