/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_CALENDAR_CALENDAR_FILE_H
#define TURNPIKE_TOOLS_CALENDAR_CALENDAR_FILE_H

#include "base/buf.h"
#include "base/err.h"
#include "tools/kit/module.h"

#include <stddef.h>
#include <stdint.h>

/*
 * calendar_file -- a user's calendar as an iCalendar file, and one put into it. Api workers,
 * outside of any tool's run.
 */

/*
 * calendar_file_write -- events and series that overlap the period from from_ms to just before
 * until_ms (calendar_event_overlaps), page by page.
 * Returns 0 or a fault; `out` then holds what was not flushed.
 */
MUST_CHECK int calendar_file_write(const struct tools_context *context, int64_t from_ms,
    int64_t until_ms, struct buf *out, module_flush *flush, void *arg);

#define CALENDAR_FILE_EVENTS_MAX 20000 /* of one user: with more an import makes no new ones */
#define CALENDAR_FILE_TOLD_MAX 100     /* components that are told one by one */

/*
 * calendar_file_read -- takes a text in. Events are recognised by their UID: one that is there is
 * replaced, so that the same file twice changes nothing. A series is written with its changed
 * occurrences in one step.
 *   answer  out: {success, message, created, updated, skipped, failed,
 *           errors: [{component, line, uid, message}], warnings: [...]}; the caller's
 *   why     a sentence, on ERR_INVALID and ERR_LIMIT
 * Returns 0 (also when components failed); ERR_INVALID (no calendar); ERR_LIMIT; a fault, and then
 * part of it may have been taken in: the same text can be sent again.
 */
MUST_CHECK int calendar_file_read(const struct tools_context *context, struct arena *arena,
    const char *text, size_t len, jdoc **answer, char why[MODULE_WHY_SIZE]);

#endif
