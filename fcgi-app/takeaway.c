/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/takeaway.h"

#include "agent/daytime.h"
#include "base/clock.h"
#include "store/records.h"
#include "tools/engine/modules.h"
#include "tools/kit/export_file.h"
#include "tools/kit/record.h"
#include "tools/kit/timestamp.h"

#include <string.h>

int takeaway_zone(struct exchange *x, const char *named, const struct zone **zone)
{
    *zone = NULL;
    const char *configured = x->app->conf->default_zone;
    if (!named)
        named = request_query(&x->request, "timezone");
    if (!named)
        named = request_header(&x->request, "HTTP_X_TIME_ZONE");
    if (named && (!daytime_zone_valid(named) || zone_get(named, zone) != 0))
        return problem_field(&x->problem, "timezone",
            "timezone must be a zone of the IANA database, such as Australia/Sydney.");
    if (!named && zone_get(configured, zone) != 0)
        return zone_get("UTC", zone);
    return 0;
}

static int takeaway_moment(struct exchange *x, const char *name, const char *text,
    const struct zone *zone, struct timestamp *out)
{
    if (!text)
        return ERR_NOT_FOUND;
    if (timestamp_parse(text, zone, out) != 0)
        return problem_field(&x->problem, name,
            "%s must be a date or a time, such as 2026-12-01 or 2026-12-01T09:30.", name);
    return 0;
}

int takeaway_period(struct exchange *x, const char *from, const char *to,
    struct takeaway_period *out)
{
    struct timestamp m = {.has_time = true};
    out->from_ms = -RECORD_FOREVER;
    out->until_ms = RECORD_FOREVER;
    int error = takeaway_moment(x, "from", from, out->zone, &m);
    if (error == 0)
        out->from_ms = m.ms;
    else if (error != ERR_NOT_FOUND)
        return error;
    error = takeaway_moment(x, "to", to, out->zone, &m);
    if (error == 0)
        out->until_ms = m.has_time ? m.ms : timestamp_day(m.ms, 1, out->zone);
    else if (error != ERR_NOT_FOUND)
        return error;
    if (out->until_ms < out->from_ms + !m.has_time)
        return problem_field(&x->problem, "to", "to is before from.");
    if (out->until_ms == out->from_ms) /* what is at that moment */
        ++out->until_ms;
    return 0;
}

void takeaway_context(struct exchange *x, const struct zone *zone, struct tools_context *context)
{
    struct app *app = x->app;
    *context = (struct tools_context){.conf = app->conf,
        .store = app->store,
        .reactor = app->reactor,
        .uid = x->who.user,
        .zone = zone_name(zone),
        .locale = "",
        .currency = app->conf->default_currency,
        .now_ms = clock_real_ms(),
        .role = x->who.role};
}

int takeaway_calendar(struct exchange *x, const struct module_file **file)
{
    *file = modules_file(TAKEAWAY_CALENDAR_TYPE);
    if (*file)
        return 0;
    return problem_set(&x->problem, PROBLEM_NOT_FOUND, "This service has no calendar.");
}

int takeaway_put_calendar(struct exchange *x, const struct takeaway_period *period, struct buf *out,
    module_flush *flush, void *arg)
{
    const struct module_file *file;
    struct tools_context context;
    int error = takeaway_calendar(x, &file);
    if (error != 0)
        return error;
    takeaway_context(x, period->zone, &context);
    return file->write(&context, period->from_ms, period->until_ms, out, flush, arg);
}

int takeaway_put_expenses(struct exchange *x, const struct takeaway_period *period, struct buf *out,
    module_flush *flush, void *arg)
{
    return export_file_expenses(x->app->store,
        &(struct export_file_period){x->who.user, period->from_ms, period->until_ms - 1}, out,
        flush, arg);
}

int takeaway_trip(struct exchange *x, const char *id, const char **json)
{
    int error = records_get(x->app->store, x->who.user, "trip", id, x->arena, json);
    return error == ERR_NOT_FOUND ? problem_set(&x->problem, PROBLEM_NOT_FOUND, "No such trip.") :
                                    error;
}

int takeaway_put_trip(struct exchange *x, const char *id, struct buf *out)
{
    const char *json;
    jdoc *trip = NULL;
    int error = takeaway_trip(x, id, &json);
    if (error != 0)
        return error;
    error = jdoc_parse(json, strlen(json), &trip, NULL, 0);
    if (error == 0)
        error = export_file_trip(trip, out);
    jdoc_free(trip);
    return error == ERR_INVALID ?
        problem_set(&x->problem, PROBLEM_CONFLICT, "This trip has no places.") :
        error;
}
