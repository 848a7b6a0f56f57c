/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_OFFLINE_OFFLINE_FRAME_H
#define TURNPIKE_AGENT_OFFLINE_OFFLINE_FRAME_H

#include "agent/offline/offline_talk.h"

/*
 * offline_frame -- sentences whose every word is given, but for slots of a known kind: conversions,
 * what is remembered, lists, documents, records, doses. A sentence that fits no frame to its last
 * word is left to the grammar, and to a question. Pure, and bounded.
 *
 *   words  items with a blank between: "a|b" (one of these; an underscore is a blank), "?a|b" (may
 *          be there), "$type:argument" (a slot). "??" first: only with a question mark; "!!": a
 *          fact is told, and the user is asked before anything is changed
 *   set    members of the arguments that do not depend on the words, as JSON without braces
 *
 * Types: value, unit, currency, list, items, kind, name, medicine, text (the rest, as it was
 * said); of offline_frame_more.c: phone, date, paper, code; person is a name of somebody.
 */
struct offline_frame {
    enum offline_language language;
    const char *tool, *words, *set;
};
extern const struct offline_frame offline_frames[];
extern const size_t offline_frame_count;
extern const struct offline_frame offline_frames_more[];
extern const size_t offline_frame_more_count;

/* Whether the message fits a frame; then out has its call, and the language. */
bool offline_frame_read(const char *text, const struct offline_world *world,
    struct offline_talk *out);

#endif
