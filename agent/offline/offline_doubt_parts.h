/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_OFFLINE_OFFLINE_DOUBT_PARTS_H
#define TURNPIKE_AGENT_OFFLINE_OFFLINE_DOUBT_PARTS_H

#include "agent/offline/offline.h"
#include "agent/offline/offline_lexicon.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * offline_doubt_parts -- a message as folded words, with blanks between and at both ends, so that
 * phrases can be looked for. Pure.
 */
#define OFFLINE_DOUBT_WORDS 80
struct offline_doubt_line {
    char text[1200];
    const char *word[OFFLINE_DOUBT_WORDS]; /* in `text` */
    bool opens[OFFLINE_DOUBT_WORDS];       /* a clause may begin with it */
    bool money[OFFLINE_DOUBT_WORDS];       /* a currency's sign stands beside it */
    size_t count;
};
void offline_doubt_split(const char *text, struct offline_doubt_line *out);
/* Whether word i is one of the list, with bars between. False behind the end. */
bool offline_doubt_is(const struct offline_doubt_line *l, size_t i, const char *list);
bool offline_doubt_number(const struct offline_doubt_line *l, size_t i);
/* The phrase of the list, with bars between, that the line has; false = none. */
bool offline_doubt_phrase(const struct offline_doubt_line *l, const char *list, char phrase[64]);

/* Whether an expense of the calls is money that came back or in, or a number that is no amount. */
bool offline_doubt_no_spending(const struct offline_doubt_line *l, const struct offline_step *step);
/* Whether a clause begins with somebody by name who paid. */
bool offline_doubt_payer(const struct offline_doubt_line *l, enum offline_language language);
/* Whether a part of an hour was taken for a part of the title. */
bool offline_doubt_fraction(const struct offline_doubt_line *l, const struct offline_step *step);

/*
 * Whether a clause that has no verb of its own says what its money went to: by a preposition or a
 * currency.
 */
bool offline_doubt_spends(const char *clause);

#endif
