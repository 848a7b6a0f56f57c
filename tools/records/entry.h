/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_RECORDS_ENTRY_H
#define TURNPIKE_TOOLS_RECORDS_ENTRY_H

#include "base/err.h"
#include "base/jdoc.h"
#include "store/records_walk.h"
#include "tools/kit/kind.h"
#include "tools/kit/run.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * entry -- one record of any kind as the tools of this folder show and find it. Texts are in the
 * arena of the run.
 */
#define ENTRY_PAGE 100      /* records read at once */
#define ENTRY_LOOK_MAX 2000 /* records that one call looks at */

/* A member, or one within a member ("destination/name"). NULL: it is not there. */
const jdoc *entry_member(const jdoc *record, const char *path);
/* What people call it. NULL: no memory. */
const char *entry_title(struct tools_run *run, const struct kind *kind, const jdoc *record);
/* Its day, "2026-11-21"; "" when it has none. */
const char *entry_day(struct tools_run *run, const struct kind *kind, const jdoc *record);
/* Its amount. Returns false when it has none. */
bool entry_amount(const struct kind *kind, const jdoc *record, int64_t *minor,
    const char **currency);
/* "Coffee", 4.50 AUD, 2026-11-21; with the kind's details behind the name */
const char *entry_line(struct tools_run *run, const struct kind *kind, const jdoc *record);
/* {kind, id, title, date?, amount?, currency?}. NULL: no memory. */
jdoc *entry_brief(struct tools_run *run, const struct kind *kind, const char *id,
    const jdoc *record);

/* Takes away what is for the program alone: before a record is shown. */
void entry_hide(const struct kind *kind, jdoc *record);

/*
 * entry_score -- how well it fits what was said: 0 not at all, RECORD_MATCH_SURE and more every
 * word. Words that only name the kind, or nothing ("the", "one"), do not count. Of a kind that is
 * `exact` each word has to be one of its name, without a slip of the finger, to be sure.
 */
MUST_CHECK int entry_score(struct tools_run *run, const struct kind *kind, const jdoc *record,
    const char *said);

/* Goes through a kind, at most ENTRY_LOOK_MAX records. */
struct entry_walk {
    const struct kind *kind;
    struct records_walk at;
    size_t looked;
    bool more; /* out: it stopped before the end */
};
/* fn returns 0 to go on, ERR_LIMIT to stop behind this record, else a fault. */
typedef int entry_fn(void *arg, const char *id, const jdoc *record);
MUST_CHECK int entry_each(struct tools_run *run, struct entry_walk *walk, entry_fn *fn, void *arg);

/* `from` and `to` of the arguments, whole days of the user. Returns 0; ERR_INVALID (said); a
 * fault. */
MUST_CHECK int entry_span(struct tools_run *run, struct entry_walk *walk);

/* The record that a call means: `kind`, and `id` or `name` of the arguments. */
struct entry {
    const struct kind *kind;
    const char *id, *seen; /* seen: its JSON */
    jdoc *record;          /* the caller's */
};
/*
 * entry_pick -- returns 0; ERR_INVALID: the failure is set (`not_found`, or `ambiguous` with up to
 * five of them); a fault.
 */
MUST_CHECK int entry_pick(struct tools_run *run, struct entry *out);
/* The kind of the arguments; never NULL, as the schema has checked it. */
const struct kind *entry_kind(const struct tools_run *run);
/*
 * entry_refuse_several -- the failure `ambiguous` with these records, or `not_found` without any.
 * Returns ERR_INVALID or a fault.
 */
#define ENTRY_SHOWN 5
struct entry_found {
    const char *id, *line;
    int score;
};
struct entry_matches {
    struct entry_found all[ENTRY_SHOWN + 1]; /* the best first; the last one is spare */
    size_t count, sure, same;
};
MUST_CHECK int entry_refuse_several(struct tools_run *run, const struct kind *kind,
    const struct entry_matches *matches);
/* Keeps the best. Returns 0 or ERR_NOMEM. */
MUST_CHECK int entry_match(struct tools_run *run, struct entry_matches *matches,
    const struct kind *kind, const char *id, const jdoc *record, int score);
/* The one that is meant among the matches; NULL: none, or several. */
const struct entry_found *entry_meant(const struct entry_matches *matches);

/*
 * entry_delegate -- another tool does the work of this call, with its mark; what it would record
 * becomes a result {record, kind}.
 *   args  of that tool; taken
 * Returns as a handler.
 */
MUST_CHECK int entry_delegate(struct tools_run *run, const struct kind *kind, const char *tool,
    jdoc *args, bool preview);

#endif
