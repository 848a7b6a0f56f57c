/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/handlers.h"

#include "base/clock.h"
#include "base/err.h"
#include "fcgi-app/takeaway.h"
#include "store/userdata.h"
#include "tools/kit/export_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HANDLERS_ERASE_MS 20000 /* of one request; below the timeouts of nginx and of clients */
#define HANDLERS_ERASE_RETRY_MS 1000
#define HANDLERS_ERASE_RATE_MS 3600000

/* handlers -- what a user takes along, brings, and erases. Api workers. */

/* ?from and ?to, a day counts whole; without them everything. */
static int handlers_period(struct exchange *x, struct takeaway_period *period)
{
    int error = takeaway_zone(x, NULL, &period->zone);
    return error != 0 ? error :
                        takeaway_period(x, request_query(&x->request, "from"),
                            request_query(&x->request, "to"), period);
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

/* ---- the calendar ---- */

int handlers_calendar_export(struct exchange *x)
{
    const struct module_file *file;
    struct takeaway_period period;
    int error = takeaway_calendar(x, &file);
    if (error == 0)
        error = handlers_period(x, &period);
    if (error != 0)
        return error;
    handlers_file(x, TAKEAWAY_CALENDAR_TYPE "; charset=utf-8", "calendar.ics");
    if (x->request.head)
        return 0;
    return takeaway_put_calendar(x, &period, &x->reply.body, handlers_flush, x);
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
    int error = takeaway_calendar(x, &file);
    if (error == 0)
        error = takeaway_zone(x, NULL, &zone);
    if (error != 0)
        return error;
    if (!handlers_is_type(&x->request, TAKEAWAY_CALENDAR_TYPE))
        return problem_set(&x->problem, PROBLEM_MEDIA_TYPE, "Content-Type must be %s.",
            TAKEAWAY_CALENDAR_TYPE);
    error = exchange_long(x);
    if (error != 0)
        return error;
    takeaway_context(x, zone, &context);
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
    struct takeaway_period period;
    int error = handlers_period(x, &period);
    if (error != 0)
        return error;
    handlers_file(x, TAKEAWAY_EXPENSES_TYPE, "expenses.csv");
    if (x->request.head)
        return 0;
    return takeaway_put_expenses(x, &period, &x->reply.body, handlers_flush, x);
}

/* /trips/{id}.gpx: the table's {id} takes the ending too. */
int handlers_trip_export(struct exchange *x)
{
    static const char ending[] = ".gpx";
    const char *name = x->params[0];
    size_t len = strlen(name), end = strlen(ending);
    if (len <= end || strcmp(name + len - end, ending) != 0)
        return problem_set(&x->problem, PROBLEM_NOT_FOUND, "A trip is a file: /trips/ID.gpx.");
    const char *id = arena_memdup(x->arena, name, len - end);
    if (!id)
        return ERR_NOMEM;
    handlers_file(x, TAKEAWAY_TRIP_TYPE, "trip.gpx");
    return takeaway_put_trip(x, id, &x->reply.body);
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
    if (!confirmed || !ident_user_is(x->who.user, confirmed, strlen(confirmed))) {
        int refused = problem_field(&x->problem, "X-Confirm-Erase",
            "The header X-Confirm-Erase must be the user's own id. Nothing was erased; it cannot "
            "be undone.");
        snprintf(x->problem.expected, sizeof x->problem.expected, "%s", x->who.user);
        return refused;
    }
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
        "{\"success\":true,\"message\":\"Everything stored of this user is erased, but for counters of what was used.\",\"keys\":%" PRId64
        "}",
        keys);
    return 0;
}
