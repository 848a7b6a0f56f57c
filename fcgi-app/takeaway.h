/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_TAKEAWAY_H
#define TURNPIKE_FCGI_APP_TAKEAWAY_H

#include "base/err.h"
#include "fcgi-app/exchange.h"
#include "tools/kit/module.h"
#include "tools/kit/zone.h"

#include <stdint.h>

/*
 * takeaway -- what a user takes along, by its name and its period: the calendar, expenses, a trip.
 * The one way of the export routes and of MCP's resources. Api workers. Problems name the field
 * that is wrong.
 */
#define TAKEAWAY_CALENDAR_TYPE "text/calendar"
#define TAKEAWAY_EXPENSES_TYPE "text/csv; charset=utf-8; header=present"
#define TAKEAWAY_TRIP_TYPE "application/gpx+xml"

/* The zone that days and floating times are read in. named: NULL = the request's, else the site's.
 * Returns 0 or ERR_INVALID with the problem set. */
MUST_CHECK int takeaway_zone(struct exchange *x, const char *named, const struct zone **zone);

struct takeaway_period {
    const struct zone *zone;
    int64_t from_ms, until_ms; /* until_ms is not part of it */
};
/* from, to: a date, which counts whole, or a time; NULL = without a bound. */
MUST_CHECK int takeaway_period(struct exchange *x, const char *from, const char *to,
    struct takeaway_period *out);

/* For the hooks of a module. */
void takeaway_context(struct exchange *x, const struct zone *zone, struct tools_context *context);
/* The family that knows calendars; a build may be without one (404). */
MUST_CHECK int takeaway_calendar(struct exchange *x, const struct module_file **file);
/* Appends the file to out; flush as in module.h. */
MUST_CHECK int takeaway_put_calendar(struct exchange *x, const struct takeaway_period *period,
    struct buf *out, module_flush *flush, void *arg);
MUST_CHECK int takeaway_put_expenses(struct exchange *x, const struct takeaway_period *period,
    struct buf *out, module_flush *flush, void *arg);
/* The record of plan_trip, as it is stored; arena. 404 with the problem set. */
MUST_CHECK int takeaway_trip(struct exchange *x, const char *id, const char **json);
/* The same as GPX. 409: a trip without places. */
MUST_CHECK int takeaway_put_trip(struct exchange *x, const char *id, struct buf *out);

#endif
