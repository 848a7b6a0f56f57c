/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_RECORD_H
#define TURNPIKE_TOOLS_KIT_RECORD_H

#include "base/err.h"
#include "store/changes.h"
#include "store/records.h"
#include "tools/kit/run.h"

/*
 * record -- how handlers read and write a user's records: JSON documents, effect marks and fences
 * of the run filled in. The mark of a call is its tool, its id and its arguments. So a model server
 * that numbers its calls from 1 in each answer never gets an older call's result.
 */

/* The result of an earlier execution of this very call. Returns 0 (run->result is set),
 * ERR_NOT_FOUND, or a fault. */
MUST_CHECK int record_earlier(struct tools_run *run);

/* What the call is recognised by, for a mark outside the user's slot (store/shared.h); NULL when it
 * has no id. Returns 0 or ERR_NOMEM. */
MUST_CHECK int record_effect(struct tools_run *run, const char **effect);
/* Is the session still this worker's? Asked before a write that no script can fence. Returns 0,
 * ERR_FENCED or ERR_STORE*. */
MUST_CHECK int record_fence(struct tools_run *run);

/* One record to write; document NULL deletes. Documents stay the caller's. */
struct record_item {
    const char *family, *id;
    const jdoc *document;
    int64_t time_ms;
    /* the text read before, when the change depends on it; NULL = whatever is there */
    const char *seen;
};
/*
 * record_commit -- the items and run->result, in one script. Returns 0 (run->result may have become
 * that of an earlier execution); ERR_NOT_FOUND (must_exist, and one is not there); ERR_CONFLICT
 * (changed since it was read: read again); ERR_FENCED, ERR_STORE*, ERR_NOMEM.
 */
MUST_CHECK int record_commit(struct tools_run *run, const struct record_item *items, size_t count,
    bool must_exist);

/* The same with an alert of a budget (store/records.h); NULL = none. */
MUST_CHECK int record_commit_alert(struct tools_run *run, const struct record_item *items,
    size_t count, bool must_exist, const struct records_alert *alert);

/*
 * The same, and the history of these records goes (changes_purge, which is told what besides, and
 * gets the ids of the items from here): nothing brings back what they were. All are of the family
 * of `what`.
 */
MUST_CHECK int record_commit_for_good(struct tools_run *run, const struct record_item *items,
    size_t count, const struct changes_purge *what);

/*
 * record_group -- the name of a group of commits, which are one change for those who undo: the mark
 * of the call, so that a repeated call goes on with it. Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int record_group(struct tools_run *run, const char **group);
/*
 * record_commit_part -- record_commit of one commit of a group. last: with run->result and the
 * call's mark; before it neither is written.
 */
MUST_CHECK int record_commit_part(struct tools_run *run, const struct record_item *items,
    size_t count, const char *group, bool last);

/*
 * record_take_back -- the records as they were before the change, in one script (store/changes.h);
 * last: with run->result and the call's mark. Returns as record_commit; ERR_CONFLICT: a record has
 * changed since, or the change is taken back already; ERR_FULL: what the records were was too large
 * to be kept.
 */
MUST_CHECK int record_take_back(struct tools_run *run, const struct changes_one *change, bool last);

/* document: owned by the caller; text: in the arena, for record_item.seen; may be NULL. Returns 0,
 * ERR_NOT_FOUND or a fault. */
MUST_CHECK int record_get(struct tools_run *run, const char *family, const char *id,
    jdoc **document, const char **text);

/*
 * record_each -- every record of the family with a time in [from, to], oldest first, in pages that
 * do not hold Redis up. fn returns 0 to go on, ERR_LIMIT to stop well, else a fault. The document
 * is the callee's only during the call. Returns 0 or a fault.
 */
typedef int record_each_fn(void *arg, const jdoc *document);
MUST_CHECK int record_each(struct tools_run *run, const char *family, int64_t from_ms,
    int64_t to_ms, record_each_fn *fn, void *arg);

/* The same, newest first, in pages that begin small: for those who stop soon. */
MUST_CHECK int record_newest(struct tools_run *run, const char *family, int64_t from_ms,
    int64_t to_ms, record_each_fn *fn, void *arg);
/* The same for one page of a tag (store/records.h); more: out, there are further ones; may be
 * NULL. */
MUST_CHECK int record_tagged(struct tools_run *run, const struct records_page *page,
    record_each_fn *fn, void *arg, bool *more);
/* The same for records that are read already. */
MUST_CHECK int record_list(const struct records_list *list, record_each_fn *fn, void *arg);
/* The record with the latest time, as record_get. */
MUST_CHECK int record_latest(struct tools_run *run, const char *family, jdoc **document,
    const char **text);

#define RECORD_FOREVER (INT64_C(1) << 52) /* later than any time of a record */

/*
 * record_retry -- change(run, arg), again while it answers ERR_CONFLICT: it reads, changes and
 * commits. ERR_INVALID (it has set a failure) becomes 0; a conflict that stays becomes a failure.
 */
typedef int record_change_fn(struct tools_run *run, void *arg);
MUST_CHECK int record_retry(struct tools_run *run, record_change_fn *change, void *arg);

/* record_stamp -- updated_at, and created_at when it is not there. Returns 0 or ERR_NOMEM. */
MUST_CHECK int record_stamp(const struct tools_run *run, jdoc *document);

/* Copies the members named (NULL-terminated list) that are there. Returns 0 or ERR_NOMEM. */
MUST_CHECK int record_copy(jdoc *to, const jdoc *from, const char *const *keys);

/*
 * record_confirmed -- of a tool that deletes: has the model said `confirm`, once the user agreed?
 * Returns 0; ERR_INVALID (run->result says that nothing is removed); ERR_NOMEM.
 */
MUST_CHECK int record_confirmed(struct tools_run *run);
/*
 * record_remove -- the end of a tool that deletes: the record is removed and is in the result.
 *   seen    its text as it was read
 *   key     of the result
 *   record  taken, also on errors; its `id` is a text or an integer
 * The message is set before (run_succeed); run->result may be NULL, as after a lack of memory.
 * Returns as record_commit.
 */
MUST_CHECK int record_remove(struct tools_run *run, const char *family, const char *seen,
    const char *key, jdoc *record);

#endif
