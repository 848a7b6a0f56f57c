/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_ABOUT_H
#define TURNPIKE_TOOLS_KIT_ABOUT_H

#include "base/err.h"
#include "tools/kit/run.h"
#include "tools/kit/zone.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * about -- what a call would do, as data for a screen (run->about), beside the words of preview.h.
 * A preview adds what it knows:
 *
 *   {"kind", "title", "when": {"start", "end", "all_day", "timezone"}, "amount": {"value",
 *    "currency"}, "changes": [{"field", "label", "old", "new"}], "changes_more", "effects":
 *    [{"type", "text", ...}]}
 *
 * Values are bounded and are no part of a sentence. A change without `new` goes away, one without
 * `old` is added; `field` is a JSON pointer into the arguments when the arguments have it. Pure
 * computation. Each function returns 0 or ERR_NOMEM.
 */
#define ABOUT_TEXT 1000 /* bytes of a value */
#define ABOUT_CHANGES 40
#define ABOUT_PEOPLE 20

/* kind: "event", "post" and so on. The title is the member `key` of the arguments or a record. */
MUST_CHECK int about_title(struct tools_run *run, const char *kind, const jdoc *from,
    const char *key);
/* end_ms: the first moment after it; below 0: it has none. Without has_time: whole days of z. */
struct about_when {
    int64_t start_ms, end_ms;
    bool has_time;
};
MUST_CHECK int about_when(struct tools_run *run, const struct about_when *when,
    const struct zone *z);
/* A day by itself, as a record has it: the member `key`. Nothing without it. */
MUST_CHECK int about_day(struct tools_run *run, const jdoc *from, const char *key);
MUST_CHECK int about_amount(struct tools_run *run, int64_t minor, const char *currency);

/* The members of a record that go away with it; those that it lacks are left out. fields: ends with
 * NULL. */
MUST_CHECK int about_lost(struct tools_run *run, const jdoc *record, const char *const *fields);
/*
 * about_change -- the argument `key` and what is in its place now.
 *   old  borrowed; NULL: nothing
 */
MUST_CHECK int about_change(struct tools_run *run, const char *key, const jdoc *old);
/* The arguments as what is added, but for `confirm` and, with a title, ids. */
MUST_CHECK int about_arguments(struct tools_run *run);

/* Effects. scope: of a deletion, "this", "following" or "all" of a series; NULL: no series. */
MUST_CHECK int about_deletion(struct tools_run *run, const char *scope);
/* audience: "everyone", "friends", "others" (it depends on what they may see), "you". */
MUST_CHECK int about_audience(struct tools_run *run, const char *audience);
/* The people by name; beyond ABOUT_PEOPLE they are counted. */
MUST_CHECK int about_people(struct tools_run *run, const char *const *names, size_t count);
/* The host of the URL sees the call; nothing when it is no URL. */
MUST_CHECK int about_host(struct tools_run *run, const char *url);
/* Is there an effect of this type ("audience")? */
bool about_has(const struct tools_run *run, const char *type);

#endif
