/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_RECORD_MATCH_H
#define TURNPIKE_TOOLS_KIT_RECORD_MATCH_H

#include "base/err.h"
#include "store/records.h"
#include "tools/kit/run.h"

#include <stdbool.h>

/*
 * record_match -- finds a record by the name that people say: blind to case and punctuation, whole
 * words, beginnings of words, a slip of the finger in longer words.
 */

/* 100: the same; 60 and more: every word said is in the name; below: only some of them; 0: none. */
#define RECORD_MATCH_SURE 60
MUST_CHECK int record_match_score(const char *name, const char *said);

/*
 * record_match_named -- is each word said a word of the name, or, of three letters and more, its
 * beginning? Without a slip of the finger: for names of which one letter makes another.
 */
bool record_match_named(const char *name, const char *said);

/* For longer texts of any length: how many of the words said are in it, exactly or as a
 * beginning. */
MUST_CHECK int record_match_words(const char *text, const char *said);

struct record_match_query {
    const char *family, *name_key;
    const char *date_key;                  /* shown with a match; may be NULL */
    bool (*is_wanted)(const jdoc *record); /* NULL = all */
    const char *argument, *id_argument;    /* where the name came from; what takes an id */
    const char *noun, *list_tool;          /* for messages: "maintenance record", its tool */
};
/*
 * record_match_find -- the records with most of the words said, the newest first among equals, at
 * most max; by the family's index of words (store/lua/lib_rules.lua) with this prefix. Of longer
 * texts the first 24 words. out->more: there are others with some of the words. Returns 0 or a
 * fault.
 */
MUST_CHECK int record_match_find(struct tools_run *run, const char *family, const char *prefix,
    const char *said, size_t max, struct records_list *out);

#define RECORD_MATCH_SHOWN 5
/*
 * record_match_pick -- the one record meant by `said`, of the 100 with most of its words. Returns 0
 * and its id (arena); ERR_INVALID: none or several, the failure (`not_found`, or `ambiguous` with
 * up to 5 of them) is set; a fault.
 */
MUST_CHECK int record_match_pick(struct tools_run *run, const struct record_match_query *query,
    const char *said, const char **id);

/*
 * record_match_choose -- the record that the arguments `id_argument` or `argument` mean.
 *   record  out: the caller's; NULL unless 0 is returned
 *   seen    out: its text as it was read, in the arena
 * Returns 0; ERR_INVALID: neither was said, or it means none or several, and the failure is set; a
 * fault.
 */
MUST_CHECK int record_match_choose(struct tools_run *run, const struct record_match_query *query,
    jdoc **record, const char **seen);

#endif
