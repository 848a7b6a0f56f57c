/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_CALENDAR_CALENDAR_FILE_PARTS_H
#define TURNPIKE_TOOLS_CALENDAR_CALENDAR_FILE_PARTS_H

#include "tools/calendar/calendar_file.h"
#include "tools/calendar/interchange.h"

/* calendar_file -- shared with calendar_collection.c. Api workers. */

/* An event or a series. out: the caller's; seen: its text, may be NULL. Returns 0, ERR_NOT_FOUND or
 * a fault. */
MUST_CHECK int calendar_file_load(const struct tools_context *context, const char *family,
    const char *id, struct arena *arena, jdoc **out, const char **seen);

/* From from_ms to just before until_ms. */
struct calendar_file_period {
    const struct tools_context *context;
    int64_t from_ms, until_ms;
};
/* Does the event, the series or a changed occurrence of it overlap the period? Returns 0 or a
 * fault. */
MUST_CHECK int calendar_file_is_in(const struct calendar_file_period *period, const jdoc *event,
    struct arena *arena, bool *is);

/* The id of the event with this UID: our own ids stay. occurrence: of a changed one, else NULL.
 * NULL on no memory. */
const char *calendar_file_id_of(struct arena *arena, const char *uid, const char *occurrence);

/* RECURRENCE-ID of an item in local time of its series. */
int64_t calendar_file_occurrence(const struct interchange_item *item, const jdoc *series);

/*
 * calendar_file_take_one -- writes the one event of a list, with its changed occurrences: all of it
 * or nothing.
 *   name  of the resource (calendar_collection.h); NULL = that of the event
 *   seen  the record's text when it was looked at; NULL = it was not there
 *   why   on ERR_INVALID: a sentence
 * Returns 0; ERR_INVALID; ERR_CONFLICT (it was changed meanwhile); a fault.
 */
struct calendar_file_one {
    struct interchange_list list;
    const char *name, *seen;
};
MUST_CHECK int calendar_file_take_one(const struct tools_context *context, struct arena *arena,
    const struct calendar_file_one *one, char why[MODULE_WHY_SIZE]);

#endif
