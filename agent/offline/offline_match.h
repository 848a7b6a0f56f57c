/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_OFFLINE_OFFLINE_MATCH_H
#define TURNPIKE_AGENT_OFFLINE_OFFLINE_MATCH_H

#include "agent/offline/offline_token.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * offline_match -- sentence patterns. A pattern is matched against all tokens of a message, from
 * the first to the last: what a sentence holds and the pattern does not, makes it fail. So nothing
 * that was said is ever passed over.
 *
 * A pattern is elements with blanks between: "one|two" a word, "one|two?" or "{slot}?" may be
 * missing, "{slot}" a part that is taken out, "^" the point behind which the message is taken to
 * be of this kind, though it may fail further on.
 */
#define OFFLINE_SLOT_TABLE(X) \
    X(OFFLINE_AMOUNT, "amount") /* a number */ \
    X(OFFLINE_WHAT, "what")     /* what money went to: words without any figure */ \
    X(OFFLINE_GOODS, "goods")   /* the same, behind a count: "3 tyres" */ \
    X(OFFLINE_TITLE, "title")   /* of an event or a reminder */ \
    X(OFFLINE_EVENT, "event")   /* the same, with the word appointment, meeting, event, ... */ \
    X(OFFLINE_FROM, "from")     /* places */ \
    X(OFFLINE_TO, "to") \
    X(OFFLINE_LENGTH, "duration") \
    X(OFFLINE_PERIOD, "period") /* "a month", "weekly" */ \
    X(OFFLINE_HERE, "when")     /* no token: the date or time that was taken stood here */
enum offline_slot {
#define OFFLINE_SLOT_ENUM_(name, text) name,
    OFFLINE_SLOT_TABLE(OFFLINE_SLOT_ENUM_)
#undef OFFLINE_SLOT_ENUM_
        OFFLINE_SLOT_COUNT
};

struct offline_part {
    size_t at, count;
}; /* tokens; count 0 = not there */
struct offline_match {
    struct offline_part parts[OFFLINE_SLOT_COUNT];
    bool headed;    /* the pattern's ^ was reached, or its end */
    size_t reached; /* tokens understood at most, behind ^ */
};
/* Returns whether the whole message is of this pattern; out is filled in either way. */
bool offline_match(const struct offline_tokens *t, const char *pattern, struct offline_match *out);

/*
 * Whether token i can be part of such a text, the one from `first`: no figures, dates, units,
 * currencies; no words that repeat, deny, doubt, ask, correct, or begin another sentence.
 */
bool offline_plain(const struct offline_tokens *t, size_t first, size_t i, enum offline_slot slot);
/* Whether a text can end with token i: not with "and", "for", "the". */
bool offline_ends(const struct offline_tokens *t, size_t i);
/* How many words of German, Spanish, French, ... are in it. */
size_t offline_foreign(const struct offline_tokens *t);

#endif
