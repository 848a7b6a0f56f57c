/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_CHANGES_H
#define TURNPIKE_STORE_CHANGES_H

#include "base/arena.h"
#include "base/err.h"
#include "store/records.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * changes -- what records were before each commit, for undo and history. records_commit notes a
 * change in the script that makes it (store/lua/lib_changes.lua). A user keeps the last 1,000
 * changes, some 4 MiB of them, for 30 days, and none of a group goes while it is written or taken
 * back. They are records of the family "change", and so part
 * of the user's export and erasure. Of the families "community" and "notice" it notes only that
 * there was a change: others have seen it. Turn, api and tool processes.
 */
#define CHANGES_FAMILY "change"
#define CHANGES_KEEP_MS INT64_C(2592000000)

enum changes_act { CHANGES_DO, CHANGES_UNDO, CHANGES_REDO };
struct changes_write {
    const char *family, *id;
    const char *was; /* the JSON before; NULL: there was none */
    int64_t was_ms;  /* its time */
    const char *now; /* SHA-1 of the JSON after it; "": it was deleted */
};
struct changes_one {
    const char *id, *tool, *session; /* tool, session: "" when there was none */
    int64_t at_ms;
    enum changes_act act;
    const char *of;        /* the change that it takes back; "" */
    const char *group;     /* of several commits that are taken back together; "" */
    int64_t part;          /* of a group: the how manieth, from 1; 0: not known */
    bool undone;           /* or, of an undo, done again */
    const char *undone_by; /* that change; "" */
    bool lost;             /* too large: what the records were is not known */
    struct changes_write *writes;
    size_t count;
};
struct changes_list {
    struct changes_one *all;
    size_t count;
    bool more;
};
/* All texts are in the arena. Returns 0, ERR_NOT_FOUND (also: older than 30 days), ERR_STORE*,
 * ERR_NOMEM. */
MUST_CHECK int changes_get(struct store *s, const char *uid, const char *id, struct arena *arena,
    struct changes_one *out);
/* Which changes; at most max (50). */
struct changes_look {
    enum changes_act act;    /* of changes_open: CHANGES_UNDO for what can be done again */
    const char *session;     /* of changes_open: only its changes; NULL: of all */
    const char *family, *id; /* of changes_of; the family also of changes_deleted_from */
    size_t from, max;        /* from: of changes_deleted_from: without the newest so many */
};
/* What can be taken back, the newest first. Returns 0, ERR_INVALID or as records_tagged. */
MUST_CHECK int changes_open(struct store *s, const char *uid, const struct changes_look *look,
    struct arena *arena, struct changes_list *out);
/* The history of one record, the newest first. As changes_open. */
MUST_CHECK int changes_of(struct store *s, const char *uid, const struct changes_look *look,
    struct arena *arena, struct changes_list *out);
/* Changes in which records of the family were deleted, the newest first. As changes_open. */
MUST_CHECK int changes_deleted(struct store *s, const char *uid, const char *family, size_t max,
    struct arena *arena, struct changes_list *out);
/* The same, a page of them. */
MUST_CHECK int changes_deleted_from(struct store *s, const char *uid,
    const struct changes_look *look, struct arena *arena, struct changes_list *out);

/*
 * changes_group -- all changes of the group that can be taken back, the newest first; act as that
 * of changes_open. When the `part` of the last one is above 1, older ones are no longer kept.
 * Returns as changes_open.
 */
MUST_CHECK int changes_group(struct store *s, const char *uid, enum changes_act act,
    const char *group, struct arena *arena, struct changes_list *out);

/*
 * changes_reverse -- the writes that take the change back, each on the condition that the record is
 * as the change has left it.
 *   out  change->count of the caller's
 * Returns 0, ERR_NOMEM; ERR_FULL: the change is `lost`.
 */
MUST_CHECK int changes_reverse(const struct changes_one *change, struct arena *arena,
    struct records_write *out);

/*
 * changes_purge -- takes records out of the history, so that nobody learns from it what they were:
 * with each also those whose place it took (a change that sets it deletes them), and theirs. In
 * several short scripts; done again it finds nothing. Called before records_commit with `purges`:
 * when the process dies between the two, no text is left behind a record that is gone.
 * Returns 0, ERR_FENCED, ERR_INVALID or as records_tagged.
 */
struct changes_purge {
    const char *family;
    bool all; /* every record of it that was deleted, too */
    const char *const *ids;
    size_t count;
};
MUST_CHECK int changes_purge(struct store *s, const struct records_fence *fence,
    const struct changes_purge *what, struct arena *arena);

#endif
