/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_OFFLINE_OFFLINE_INTENT_H
#define TURNPIKE_AGENT_OFFLINE_OFFLINE_INTENT_H

#include <stddef.h>

/*
 * offline_intent -- what can be meant: for each tool the concepts (offline_lexicon.h) that lead to
 * it in any language, and the slots of its arguments.
 *
 *   need   groups of concepts, a blank between; each has to be there: "add|log pantry". "?a|b" may
 *          be there, "-a|b" must not
 *   set    members of the arguments that do not depend on the words, as JSON without braces
 *   slots  "argument=type", a blank between, in the order of reading; types: offline_fill.c
 */
struct offline_intent {
    const char *tool; /* or "=move", "=delete": an event that is looked for first */
    const char *need, *set, *slots;
};
extern const struct offline_intent offline_intents[];
extern const size_t offline_intent_count;

#endif
