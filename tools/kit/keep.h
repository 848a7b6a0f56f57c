#ifndef TURNPIKE_TOOLS_KIT_KEEP_H
#define TURNPIKE_TOOLS_KIT_KEEP_H

#include "store/records.h"
#include "tools/kit/run.h"

/*
 * keep -- how handlers read and write a user's records: JSON documents, effect marks and fences of
 * the run filled in. The mark of a call is its tool, its id and its arguments, so that a model
 * server that numbers its calls from 1 in each answer cannot be given an older call's result.
 */

/* The result of an earlier execution of this very call. Returns 0 (run->result is set),
 * ERR_NOT_FOUND, or a fault. */
int keep_earlier(struct tools_run *run);

/* What the call is recognised by, for a mark outside the user's slot (store/shared.h); NULL when it
 * has no id. Returns 0 or ERR_NOMEM. */
int keep_effect(struct tools_run *run, const char **effect);
/* Is the session still this worker's? Asked before a write that no script can fence. Returns 0,
 * ERR_FENCED or ERR_STORE*. */
int keep_fence(struct tools_run *run);

/* One record to write; document NULL deletes. Documents stay the caller's. */
struct keep_item {
    const char *family, *id;
    const jdoc *document;
    int64_t time_ms;
    const char *seen; /* the text read before, when the change depends on it; NULL = whatever is there */
};
/*
 * keep_commit -- the items and run->result, in one script. Returns 0 (run->result may have become
 * that of an earlier execution); ERR_NOT_FOUND (must_exist, and one is not there); ERR_CONFLICT
 * (changed since it was read: read again); ERR_FENCED, ERR_STORE*, ERR_NOMEM.
 */
int keep_commit(struct tools_run *run, const struct keep_item *items, size_t count,
    bool must_exist);

/* The same with an alert of a budget (store/records.h); NULL = none. */
int keep_commit_alert(struct tools_run *run, const struct keep_item *items, size_t count,
    bool must_exist, const struct records_alert *alert);

/* document: owned by the caller; text: in the arena, for keep_item.seen; may be NULL. Returns 0,
 * ERR_NOT_FOUND or a fault. */
int keep_get(struct tools_run *run, const char *family, const char *id, jdoc **document,
    const char **text);

/*
 * keep_each -- every record of the family with a time in [from, to], oldest first, in pages that do
 * not hold Redis up. fn returns 0 to go on, ERR_LIMIT to stop well, else a fault. The document is
 * the callee's only during the call. Returns 0 or a fault.
 */
typedef int keep_each_fn(void *arg, const jdoc *document);
int keep_each(struct tools_run *run, const char *family, int64_t from_ms, int64_t to_ms,
    keep_each_fn *fn, void *arg);

/* The same, newest first, in pages that begin small: for those who stop soon. */
int keep_newest(struct tools_run *run, const char *family, int64_t from_ms, int64_t to_ms,
    keep_each_fn *fn, void *arg);
/* The same for one page of a tag (store/records.h); more: out, there are further ones; may be NULL. */
int keep_tagged(struct tools_run *run, const struct records_page *page, keep_each_fn *fn, void *arg,
    bool *more);
/* The same for records that are read already. */
int keep_list(const struct records_list *list, keep_each_fn *fn, void *arg);
/* The record with the latest time, as keep_get. */
int keep_latest(struct tools_run *run, const char *family, jdoc **document, const char **text);

#define KEEP_FOREVER (INT64_C(1) << 52) /* later than any time of a record */

/*
 * keep_retry -- change(run, arg), again while it answers ERR_CONFLICT: it reads, changes and
 * commits. ERR_INVALID (it has set a failure) becomes 0; a conflict that stays becomes a failure.
 */
typedef int keep_change_fn(struct tools_run *run, void *arg);
int keep_retry(struct tools_run *run, keep_change_fn *change, void *arg);

/* keep_stamp -- updated_at, and created_at when it is not there. Returns 0 or ERR_NOMEM. */
int keep_stamp(const struct tools_run *run, jdoc *document);

/* Copies the members named (NULL-terminated list) that are there. Returns 0 or ERR_NOMEM. */
int keep_copy(jdoc *to, const jdoc *from, const char *const *keys);

/*
 * keep_confirmed -- of a tool that deletes: has the model said `confirm`, once the user agreed?
 * Returns 0; ERR_INVALID (run->result says that nothing is removed); ERR_NOMEM.
 */
int keep_confirmed(struct tools_run *run);
/*
 * keep_remove -- the end of a tool that deletes: the record is removed and is in the result.
 *   seen    its text as it was read
 *   key     of the result
 *   record  taken, also on errors; its `id` is a text or an integer
 * The message is set before (run_succeed); run->result may be NULL, as after a lack of memory.
 * Returns as keep_commit.
 */
int keep_remove(struct tools_run *run, const char *family, const char *seen, const char *key,
    jdoc *record);

#endif
