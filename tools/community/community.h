/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_COMMUNITY_COMMUNITY_H
#define TURNPIKE_TOOLS_COMMUNITY_COMMUNITY_H

#include "base/err.h"
#include "store/shared.h"
#include "tools/kit/run.h"
#include "tools/kit/word_set.h"

/*
 * community -- what the files of the family share. A write goes to the community's slot first, with
 * the call's mark, then to the user's: a record of family `community` (what the user did there, for
 * counters and the export) together with the result and the user's mark.
 */

/* Fence and mark, before the shared write. */
MUST_CHECK int community_begin(struct tools_run *run, struct shared_mark *mark);
/* run->result is set. kind: "post", "comment", ... ; ref: the id of what was written. */
MUST_CHECK int community_finish(struct tools_run *run, const char *kind, const char *ref,
    const char *text);
/* {id, author, created_at} and copies of the arguments named. NULL = out of memory. */
jdoc *community_document(struct tools_run *run, const char *const *keys);

/* A shared record with its words and its parent. */
struct community_write {
    const char *kind; /* also the family, unless one is given */
    const char *family;
    jdoc *document;      /* taken */
    const char *key;     /* of the entity in the result */
    const char *message; /* for the user; one %s = the title, may have none */
    const char *title;
    struct word_set *terms; /* NULL = not searched */
    int64_t time_ms;
    size_t keep;
    const char *parent_family, *parent;
};
/* Writes, answers and commits. Returns 0 (also when refused), or a fault. */
MUST_CHECK int community_write(struct tools_run *run, struct community_write *w);

/* Splits a search's words; what is beyond SHARED_TERMS_MAX does not count. */
MUST_CHECK int community_query(struct tools_run *run, const char *text, struct word_set *terms);
/*
 * community_list -- the records as a list, in order; long texts are cut so that the whole answer
 * stays readable. source: a label for each, may be NULL. Returns 0 or a fault.
 */
MUST_CHECK int community_list(const struct shared_list *found, size_t limit, const char *source,
    jdoc *list);
/* The limit argument, else the default. */
size_t community_limit(const struct tools_run *run, size_t standard);

#endif
