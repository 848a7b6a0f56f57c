#include "fcgi-app/handlers.h"

#include "agent/daytime.h"
#include "base/clock.h"
#include "base/err.h"
#include "store/records.h"
#include "store/userdata.h"
#include "tools/engine/modules.h"
#include "tools/kit/export_file.h"
#include "tools/kit/record.h"
#include "tools/kit/timestamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HANDLERS_ERASE_MS 20000 /* of one request; below the timeouts of nginx and of clients */
#define HANDLERS_ERASE_RETRY_MS 1000
#define HANDLERS_ERASE_RATE_MS 3600000
#define HANDLERS_CALENDAR_TYPE "text/calendar"

/* handlers -- what a user takes along, brings, and erases. Api workers. */

/* The zone that days and floating times are read in. */
static int handlers_user_zone(struct exchange *x, const struct zone **zone)
{
    *zone = NULL;
    const char *configured = x->app->conf->default_zone;
    const char *named = request_query(&x->request, "timezone");
    if (!named)
        named = request_header(&x->request, "HTTP_X_TIME_ZONE");
    if (named && (!daytime_zone_valid(named) || zone_get(named, zone) != 0))
        return problem_field(&x->problem, "timezone",
            "timezone must be a zone of the IANA database, such as Australia/Sydney.");
    if (!named && zone_get(configured, zone) != 0)
        return zone_get("UTC", zone);
    return 0;
}

static int handlers_moment(struct exchange *x, const char *name, const struct zone *zone,
    struct timestamp *out)
{
    const char *text = request_query(&x->request, name);
    if (!text)
        return ERR_NOT_FOUND;
    if (timestamp_parse(text, zone, out) != 0)
        return problem_field(&x->problem, name,
            "%s must be a date or a time, such as 2026-12-01 or 2026-12-01T09:30.", name);
    return 0;
}

/* ?from and ?to, a day counts whole; without them everything. until_ms is not part of it. */
static int handlers_period(struct exchange *x, int64_t *from_ms, int64_t *until_ms)
{
    const struct zone *zone;
    struct timestamp m = {.has_time = true};
    *from_ms = -RECORD_FOREVER;
    *until_ms = RECORD_FOREVER;
    int error = handlers_user_zone(x, &zone);
    if (error != 0)
        return error;
    error = handlers_moment(x, "from", zone, &m);
    if (error == 0)
        *from_ms = m.ms;
    else if (error != ERR_NOT_FOUND)
        return error;
    error = handlers_moment(x, "to", zone, &m);
    if (error == 0)
        *until_ms = m.has_time ? m.ms : timestamp_day(m.ms, 1, zone);
    else if (error != ERR_NOT_FOUND)
        return error;
    if (*until_ms < *from_ms + !m.has_time)
        return problem_field(&x->problem, "to", "to is before from.");
    if (*until_ms == *from_ms) /* what is at that moment */
        ++*until_ms;
    return 0;
}

static int handlers_flush(void *arg, struct buf *out)
{
    (void)out; /* it is the exchange's own */
    return exchange_pass(arg);
}

static void handlers_file(struct exchange *x, const char *type, const char *name)
{
    char disposition[160];
    exchange_stream(x, type);
    snprintf(disposition, sizeof disposition, "attachment; filename=\"%s\"", name);
    exchange_header(x, "Content-Disposition", disposition);
}

static void handlers_context(struct exchange *x, const struct zone *zone,
    struct tools_context *context)
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

/* ---- the calendar ---- */

/* A build may be without the family that knows calendars. */
static int handlers_calendar(struct exchange *x, const struct module_file **file)
{
    *file = modules_file(HANDLERS_CALENDAR_TYPE);
    if (*file)
        return 0;
    return problem_set(&x->problem, PROBLEM_NOT_FOUND, "This service has no calendar.");
}

int handlers_calendar_export(struct exchange *x)
{
    const struct zone *zone;
    const struct module_file *file;
    struct tools_context context;
    int64_t from_ms, until_ms;
    int error = handlers_calendar(x, &file);
    if (error == 0)
        error = handlers_period(x, &from_ms, &until_ms);
    if (error == 0)
        error = handlers_user_zone(x, &zone);
    if (error != 0)
        return error;
    handlers_context(x, zone, &context);
    handlers_file(x, HANDLERS_CALENDAR_TYPE "; charset=utf-8", "calendar.ics");
    if (x->request.head)
        return 0;
    return file->write(&context, from_ms, until_ms, &x->reply.body, handlers_flush, x);
}

static bool handlers_is_type(const struct request *r, const char *type)
{
    const char *sent = request_header(r, "CONTENT_TYPE");
    size_t len = strlen(type);
    return sent && strncasecmp(sent, type, len) == 0 &&
        (sent[len] == '\0' || sent[len] == ';' || sent[len] == ' ');
}

int handlers_calendar_import(struct exchange *x)
{
    const struct zone *zone;
    const struct module_file *file;
    struct tools_context context;
    char why[MODULE_WHY_SIZE] = "";
    jdoc *answer = NULL;
    int error = handlers_calendar(x, &file);
    if (error == 0)
        error = handlers_user_zone(x, &zone);
    if (error != 0)
        return error;
    if (!handlers_is_type(&x->request, HANDLERS_CALENDAR_TYPE))
        return problem_set(&x->problem, PROBLEM_MEDIA_TYPE, "Content-Type must be %s.",
            HANDLERS_CALENDAR_TYPE);
    error = exchange_long(x);
    if (error != 0)
        return error;
    handlers_context(x, zone, &context);
    error = file->read(&context, x->arena, x->request.body, x->request.body_len, &answer, why);
    if (error == ERR_INVALID)
        return problem_field(&x->problem, "body", "This is no iCalendar text. %s", why);
    if (error == ERR_LIMIT)
        return problem_limit(&x->problem, "body", 1000, "%s", why);
    if (error != 0)
        return error;
    int64_t failed = 0, created = 0, updated = 0;
    jdoc_get_int(answer, "failed", &failed);
    jdoc_get_int(answer, "created", &created);
    jdoc_get_int(answer, "updated", &updated);
    if (failed > 0 && created + updated == 0) {
        const jdoc *first = jdoc_at(jdoc_get(answer, "errors"), 0);
        int64_t line = 0;
        jdoc_get_int(first, "line", &line);
        problem_field(&x->problem, "body",
            "No component could be taken in. Line %" PRId64 ", %s: %s.", line,
            jdoc_text_or(first, "component", ""), jdoc_text_or(first, "message", ""));
        error = ERR_INVALID;
    } else {
        exchange_json(x, 200);
        jdoc_write(answer, &x->reply.body);
    }
    jdoc_free(answer);
    return error;
}

/* ---- expenses, trips ---- */

int handlers_expenses_export(struct exchange *x)
{
    int64_t from_ms, until_ms;
    int error = handlers_period(x, &from_ms, &until_ms);
    if (error != 0)
        return error;
    handlers_file(x, "text/csv; charset=utf-8; header=present", "expenses.csv");
    if (x->request.head)
        return 0;
    return export_file_expenses(x->app->store,
        &(struct export_file_period){x->who.user, from_ms, until_ms - 1}, &x->reply.body,
        handlers_flush, x);
}

/* /trips/{id}.gpx: the table's {id} takes the ending too. */
int handlers_trip_export(struct exchange *x)
{
    static const char ending[] = ".gpx";
    const char *json, *name = x->params[0];
    size_t len = strlen(name), end = strlen(ending);
    jdoc *trip = NULL;
    if (len <= end || strcmp(name + len - end, ending) != 0)
        return problem_set(&x->problem, PROBLEM_NOT_FOUND, "A trip is a file: /trips/ID.gpx.");
    const char *id = arena_memdup(x->arena, name, len - end);
    if (!id)
        return ERR_NOMEM;
    int error = records_get(x->app->store, x->who.user, "trip", id, x->arena, &json);
    if (error == ERR_NOT_FOUND)
        return problem_set(&x->problem, PROBLEM_NOT_FOUND, "No such trip.");
    if (error == 0)
        error = jdoc_parse(json, strlen(json), &trip, NULL, 0);
    if (error == 0) {
        handlers_file(x, "application/gpx+xml", "trip.gpx");
        error = export_file_trip(trip, &x->reply.body);
    }
    jdoc_free(trip);
    return error == ERR_INVALID ?
        problem_set(&x->problem, PROBLEM_CONFLICT, "This trip has no places.") :
        error;
}

/* ---- everything ---- */

int handlers_user_export(struct exchange *x)
{
    handlers_file(x, "application/json", "turnpike-export.json");
    if (x->request.head)
        return 0;
    return export_file_user(x->app->store, x->who.user, clock_real_ms(), &x->reply.body,
        handlers_flush, x);
}

static void handlers_beat(void *arg)
{
    worker_beat(arg);
}

/* Those that came to their end count: one that has to be sent again goes on. */
static int handlers_check_erasures(struct exchange *x)
{
    int64_t done = 0, most = x->app->conf->rate_erasures_day;
    int error = most > 0 ? userdata_erased(x->app->store, x->who.user, false, &done) : 0;
    if (most == 0 || error != 0 || done < most)
        return error;
    problem_set(&x->problem, PROBLEM_RATE, "%" PRId64 " erasures a day are allowed.", most);
    x->problem.has_limit = true;
    x->problem.limit = most;
    x->problem.retry_after_ms = HANDLERS_ERASE_RATE_MS;
    return ERR_RATE;
}

int handlers_user_erase(struct exchange *x)
{
    const char *confirmed = request_header(&x->request, "HTTP_X_CONFIRM_ERASE");
    int64_t keys = 0, done;
    if (!confirmed || !ident_user_is(x->who.user, confirmed, strlen(confirmed)))
        return problem_field(&x->problem, "X-Confirm-Erase",
            "The header X-Confirm-Erase must be the user's own id. Nothing was erased; it cannot "
            "be undone.");
    int error = handlers_check_erasures(x);
    if (error == 0)
        error = exchange_long(x);
    if (error != 0)
        return error;
    error = userdata_erase(x->app->store, x->who.user, HANDLERS_ERASE_MS,
        x->app->worker ? handlers_beat : NULL, x->app->worker, &keys);
    if (error == ERR_MORE) {
        problem_set(&x->problem, PROBLEM_UNFINISHED,
            "%" PRId64 " keys are erased so far. Send the request again to go on.", keys);
        x->problem.retry_after_ms = HANDLERS_ERASE_RETRY_MS;
        return ERR_INVALID;
    }
    if (error == 0)
        error = userdata_erased(x->app->store, x->who.user, true, &done);
    if (error != 0)
        return error;
    exchange_json(x, 200);
    buf_printf(&x->reply.body,
        "{\"success\":true,\"message\":\"Everything stored of this user is erased.\",\"keys\":%" PRId64
        "}",
        keys);
    return 0;
}
