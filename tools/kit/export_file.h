/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_EXPORT_FILE_H
#define TURNPIKE_TOOLS_KIT_EXPORT_FILE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "store/store.h"

#include <stdint.h>

/*
 * export_file -- what a user takes along, written piece by piece: expenses as CSV, a trip as GPX,
 * all that is stored as one JSON document. Api workers.
 *
 * flush is called after each piece; it may empty `out`. So no more is held than one page of records
 * (EXPORT_FILE_PAGE) and what flush lets stand.
 */
#define EXPORT_FILE_PAGE 200
typedef int export_file_flush(void *arg, struct buf *out);

struct export_file_period {
    const char *uid;
    int64_t from_ms, to_ms; /* both included */
};
/*
 * Expenses with a time in the period, oldest first: RFC 4180, UTF-8, with a line of names.
 * A text that a spreadsheet would take for a formula gets an apostrophe in front. Returns 0 or a
 * fault.
 */
MUST_CHECK int export_file_expenses(struct store *s, const struct export_file_period *period,
    struct buf *out, export_file_flush *flush, void *arg);
/* A field of CSV in quotes, then `end`; a text that a spreadsheet would take for a formula gets an
 * apostrophe in front. */
void export_file_text(struct buf *out, const char *text, const char *end);
/* The line of one expense, and the names. */
void export_file_expense_names(struct buf *out);
void export_file_expense(struct buf *out, const jdoc *expense);

/* A trip (record of plan_trip) as GPX 1.1: its stops as waypoints and as a route. Returns 0,
 * ERR_INVALID (it has no places) or ERR_NOMEM. */
MUST_CHECK int export_file_trip(const jdoc *trip, struct buf *out);

/*
 * All of the user: {user, exported_at, context, records: {FAMILY: [...]},
 * sessions: [{..., messages}], attachments: [{..., data}], inbox, feedback,
 * community: {FAMILY: [...]}, counts, complete: true}. `complete` stands last: a document without
 * it was broken off. Returns 0 or a
 * fault.
 */
MUST_CHECK int export_file_user(struct store *s, const char *uid, int64_t now_ms, struct buf *out,
    export_file_flush *flush, void *arg);
/* The elements of its attachments, one file in memory at a time; count: out. Returns 0 or a
 * fault. */
MUST_CHECK int export_file_attachments(struct store *s, const char *uid, struct buf *out,
    export_file_flush *flush, void *arg, int64_t *count);

#endif
