/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/handlers.h"

#include "fcgi-app/dav.h"
#include "fcgi-app/takeaway.h"
#include "process/etag.h"
#include "tools/engine/modules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DAV_CHANGES_MAX 500 /* of one reply of sync-collection */

/* handlers -- the calendar for clients of CalDAV (fcgi-app/dav.h). Api workers. */

/* What every one of them needs. */
struct dav {
    struct exchange *x;
    const struct module_collection *calendar;
    struct tools_context context;
    struct dav_target target;
    struct dav_ask *ask;
    int64_t revision;
};

static int handlers_dav_missing(struct exchange *x)
{
    return problem_set(&x->problem, PROBLEM_NOT_FOUND, "There is no such resource.");
}

static int handlers_dav_begin(struct exchange *x, struct dav *d)
{
    const struct zone *zone;
    *d = (struct dav){.x = x, .calendar = modules_collection()};
    if (!d->calendar)
        return problem_set(&x->problem, PROBLEM_NOT_FOUND, "This service has no calendar.");
    const char *path = x->request.raw_path ? x->request.raw_path : x->request.path;
    int error = dav_target(x, path, &d->target);
    if (error == 0)
        error = takeaway_zone(x, NULL, &zone);
    if (error == 0)
        takeaway_context(x, zone, &d->context);
    return error == ERR_NOT_FOUND ? handlers_dav_missing(x) : error;
}

/* The body. Returns 0; ERR_INVALID with the problem set; a fault. */
static int handlers_dav_ask(struct dav *d)
{
    struct exchange *x = d->x;
    d->ask = arena_array(x->arena, 1, sizeof *d->ask);
    if (!d->ask)
        return ERR_NOMEM;
    int error = dav_ask_read_aside(x->app->conf, scoreboard_owner(x->who.user), x->request.body,
        x->request.body_len, x->arena, d->ask);
    if (error == ERR_INVALID || error == ERR_LIMIT)
        return problem_set(&x->problem, PROBLEM_BAD_REQUEST,
            "The body is no XML that is understood here: at most %d properties, %d addresses, and "
            "no DOCTYPE.",
            DAV_PROPS_MAX, DAV_HREFS_MAX);
    if (error == 0)
        error = d->calendar->state(&d->context, x->arena, &d->revision);
    return error;
}

static int handlers_dav_put_one(void *arg, const struct module_resource *resource,
    const struct buf *text)
{
    struct dav *d = arg;
    const struct dav_item item = {DAV_EVENT, resource, text};
    dav_put_item(d->x, d->ask, &item, d->revision);
    return exchange_pass(d->x);
}

/* ---- PROPFIND ---- */

static void handlers_dav_put_node(struct dav *d, enum dav_node node)
{
    const struct dav_item item = {.node = node};
    dav_put_item(d->x, d->ask, &item, d->revision);
}

static int handlers_dav_find_one(struct dav *d)
{
    struct module_resource found;
    int error = d->calendar->find(&d->context, d->target.name, d->x->arena, &found);
    if (error)
        return error == ERR_NOT_FOUND ? handlers_dav_missing(d->x) : error;
    dav_begin(d->x);
    error = handlers_dav_put_one(d, &found, NULL);
    dav_end(d->x, -1);
    return error;
}

int handlers_dav_propfind(struct exchange *x)
{
    struct dav d;
    const char *depth = request_header(&x->request, "HTTP_DEPTH");
    int error = handlers_dav_begin(x, &d);
    if (error == 0)
        error = handlers_dav_ask(&d);
    if (error)
        return error;
    if (d.ask->kind != DAV_PROPFIND)
        return problem_set(&x->problem, PROBLEM_BAD_REQUEST, "The body is no propfind.");
    if (depth && strcmp(depth, "0") != 0 && strcmp(depth, "1") != 0)
        return dav_refuse(x, 403, DAV_NS, "propfind-finite-depth", "Depth can be 0 or 1.");
    if (d.target.node == DAV_EVENT)
        return handlers_dav_find_one(&d);
    bool inside = !depth || strcmp(depth, "1") == 0;
    dav_begin(x);
    handlers_dav_put_node(&d, d.target.node);
    if (inside && d.target.node == DAV_ROOT) {
        handlers_dav_put_node(&d, DAV_PRINCIPAL);
        handlers_dav_put_node(&d, DAV_HOME);
    } else if (inside && d.target.node == DAV_HOME) {
        handlers_dav_put_node(&d, DAV_CALENDAR);
    } else if (inside && d.target.node == DAV_CALENDAR) {
        error = d.calendar->each(&d.context, NULL, false, handlers_dav_put_one, &d);
    }
    dav_end(x, -1);
    return error;
}

/* Programs set colours and orders of calendars. They keep their own when that is refused. */
int handlers_dav_proppatch(struct exchange *x)
{
    struct dav d;
    int error = handlers_dav_begin(x, &d);
    if (error == 0)
        error = handlers_dav_ask(&d);
    if (error)
        return error;
    if (d.ask->kind != DAV_UPDATE || d.target.node == DAV_EVENT)
        return dav_refuse(x, 403, DAV_NS, "cannot-modify-protected-property",
            "No property of an event can be set.");
    dav_begin(x);
    dav_put_unchanged(x, d.ask, d.target.node);
    dav_end(x, -1);
    return 0;
}

/* ---- REPORT ---- */

static int handlers_dav_query(struct dav *d)
{
    const struct dav_ask *ask = d->ask;
    bool bounded = ask->from_ms != INT64_MIN || ask->until_ms != INT64_MAX;
    const int64_t far = INT64_C(1) << 52;
    const struct module_period period = {ask->from_ms < -far ? -far : ask->from_ms,
        ask->until_ms > far ? far : ask->until_ms};
    if (ask->has_filter)
        return dav_refuse(d->x, 403, DAV_CALDAV, "supported-filter",
            "A filter can name VEVENT and a time-range.");
    dav_begin(d->x);
    int error = 0;
    if ((!*ask->component || strcmp(ask->component, "VEVENT") == 0 ||
            strcmp(ask->component, "VCALENDAR") == 0) &&
        period.from_ms < period.until_ms)
        error = d->calendar->each(&d->context, bounded ? &period : NULL,
            dav_wants(ask, DAV_CALDAV, "calendar-data"), handlers_dav_put_one, d);
    dav_end(d->x, -1);
    return error;
}

/* One address of a multiget, with its file when that is asked for. */
static int handlers_dav_get_href(struct dav *d, const char *href)
{
    struct exchange *x = d->x;
    struct module_resource found;
    struct dav_target target;
    struct arena *arena = arena_new(); /* a request can name many, and large ones */
    struct buf text = {0};
    bool wants = dav_wants(d->ask, DAV_CALDAV, "calendar-data");
    int error = arena ? dav_target(x, href, &target) : ERR_NOMEM;
    if (!error)
        error = target.node != DAV_EVENT ?
            ERR_NOT_FOUND :
            d->calendar->find(&d->context, target.name, arena, &found);
    if (!error && wants)
        error = d->calendar->text(&d->context, &found, arena, &text);
    if (!error)
        error = handlers_dav_put_one(d, &found, wants ? &text : NULL);
    else if (error == ERR_NOT_FOUND) {
        dav_put_status(x, href, NULL, 404);
        error = 0;
    }
    buf_free(&text);
    arena_free(arena);
    return error;
}

/* Was it named before? It is answered once. */
static bool handlers_dav_is_again(const struct dav_ask *ask, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(ask->hrefs[i], ask->hrefs[at]) == 0)
            return true;
    return false;
}

static int handlers_dav_multiget(struct dav *d)
{
    int error = 0;
    dav_begin(d->x);
    for (size_t i = 0; !error && i < d->ask->href_count; i++)
        if (!handlers_dav_is_again(d->ask, i))
            error = handlers_dav_get_href(d, d->ask->hrefs[i]);
    dav_end(d->x, -1);
    return error;
}

/* What has changed since the client's token, with the token of what it knows then. */
static int handlers_dav_changes(struct dav *d, int64_t since)
{
    struct exchange *x = d->x;
    struct module_resources changes;
    int64_t most =
        d->ask->limit > 0 && d->ask->limit < DAV_CHANGES_MAX ? d->ask->limit : DAV_CHANGES_MAX;
    int error = d->calendar->since(&d->context, since, (size_t)most, x->arena, &changes);
    if (error == ERR_INVALID)
        return dav_refuse(x, 403, DAV_NS, "valid-sync-token",
            "The token is too old, or none of this calendar.");
    if (error)
        return error;
    dav_begin(x);
    for (size_t i = 0; !error && i < changes.count; i++) {
        const struct module_resource *one = &changes.all[i];
        if (one->gone)
            dav_put_status(x, NULL, one->name, 404);
        else
            error = handlers_dav_put_one(d, one, NULL);
    }
    if (changes.more)
        dav_put_status(x, x->request.raw_path, NULL, 507);
    dav_end(x, changes.revision);
    return error;
}

static int handlers_dav_sync(struct dav *d)
{
    const char *token = d->ask->token;
    char *end = NULL;
    int64_t since = 0;
    if (*token) {
        bool ours = strncmp(token, DAV_TOKEN, sizeof DAV_TOKEN - 1) == 0;
        since = ours ? strtoll(token + sizeof DAV_TOKEN - 1, &end, 10) : -1;
        return handlers_dav_changes(d, ours && *end == '\0' ? since : -1);
    }
    /* The token is older than the walk: what changes meanwhile comes once more. */
    dav_begin(d->x);
    int error = d->calendar->each(&d->context, NULL, false, handlers_dav_put_one, d);
    dav_end(d->x, d->revision);
    return error;
}

int handlers_dav_report(struct exchange *x)
{
    struct dav d;
    int error = handlers_dav_begin(x, &d);
    if (error == 0)
        error = handlers_dav_ask(&d);
    if (error)
        return error;
    if (d.target.node != DAV_CALENDAR || d.ask->kind == DAV_PROPFIND || d.ask->kind == DAV_OTHER)
        return dav_refuse(x, 403, DAV_NS, "supported-report",
            "The calendar answers calendar-query, calendar-multiget and sync-collection.");
    return d.ask->kind == DAV_QUERY ? handlers_dav_query(&d) :
        d.ask->kind == DAV_MULTIGET ? handlers_dav_multiget(&d) :
                                      handlers_dav_sync(&d);
}

/* ---- one resource ---- */

/* Fulfils the request's If-Match and If-None-Match? old: NULL = there is none. */
static bool handlers_dav_may(struct exchange *x, const struct module_resource *old)
{
    const char *match = request_header(&x->request, "HTTP_IF_MATCH");
    const char *none = request_header(&x->request, "HTTP_IF_NONE_MATCH");
    char tag[DAV_TAG_SIZE] = "";
    if (old)
        dav_tag(old->revision, tag);
    if (match && (!old || !etag_matches(match, tag)))
        return false;
    return !none || !old || !etag_matches(none, tag);
}

static int handlers_dav_conflict(struct exchange *x)
{
    return dav_refuse(x, 412, DAV_NS, NULL,
        "The resource is another one by now, or is there already.");
}

int handlers_dav_get(struct exchange *x)
{
    struct dav d;
    struct module_resource found;
    char tag[DAV_TAG_SIZE];
    int error = handlers_dav_begin(x, &d);
    if (error)
        return error;
    if (d.target.node != DAV_EVENT)
        return handlers_dav_missing(x);
    error = d.calendar->find(&d.context, d.target.name, x->arena, &found);
    exchange_json(x, 200);
    if (!error)
        error = d.calendar->text(&d.context, &found, x->arena, &x->reply.body);
    if (error)
        return error == ERR_NOT_FOUND ? handlers_dav_missing(x) : error;
    x->reply.content_type = "text/calendar; charset=utf-8";
    x->reply.tagged = true;
    dav_tag(found.revision, tag);
    exchange_header(x, "ETag", tag);
    if (etag_matches(request_header(&x->request, "HTTP_IF_NONE_MATCH"), tag)) {
        x->reply.status = 304;
        x->reply.content_type = NULL;
        buf_reset(&x->reply.body);
    }
    return 0;
}

static int handlers_dav_put_refused(struct exchange *x, const struct module_put *put)
{
    static const char *const conditions[] = {[MODULE_REFUSED_DATA] = "valid-calendar-data",
        [MODULE_REFUSED_KIND] = "supported-calendar-component",
        [MODULE_REFUSED_OBJECT] = "valid-calendar-object-resource",
        [MODULE_REFUSED_ID] = "no-uid-conflict"};
    return dav_refuse(x, 403, DAV_CALDAV, conditions[put->refusal], put->why);
}

static int handlers_dav_write(struct dav *d, const struct module_resource *old)
{
    struct exchange *x = d->x;
    const char *type = request_header(&x->request, "CONTENT_TYPE");
    struct module_put put = {.name = d->target.name,
        .old = old,
        .text = x->request.body,
        .len = x->request.body_len};
    if (type && strncasecmp(type, TAKEAWAY_CALENDAR_TYPE, strlen(TAKEAWAY_CALENDAR_TYPE)) != 0)
        return dav_refuse(x, 403, DAV_CALDAV, "supported-calendar-data",
            "A resource of the calendar is text/calendar.");
    if (!handlers_dav_may(x, old))
        return handlers_dav_conflict(x);
    int error = d->calendar->put(&d->context, &put, x->arena);
    if (error == ERR_INVALID)
        return handlers_dav_put_refused(x, &put);
    if (error == ERR_CONFLICT)
        return handlers_dav_conflict(x);
    if (error)
        return error;
    /* No ETag: what is stored is not byte for byte what was sent (RFC 4791 5.3.4). */
    exchange_json(x, old ? 204 : 201);
    x->reply.content_type = NULL;
    return 0;
}

int handlers_dav_put(struct exchange *x)
{
    struct dav d;
    struct module_resource old;
    int error = handlers_dav_begin(x, &d);
    if (error)
        return error;
    if (d.target.node != DAV_EVENT)
        return problem_set(&x->problem, PROBLEM_METHOD,
            "Only a resource of the calendar can be written.");
    error = d.calendar->find(&d.context, d.target.name, x->arena, &old);
    if (error && error != ERR_NOT_FOUND)
        return error;
    return handlers_dav_write(&d, error ? NULL : &old);
}

int handlers_dav_delete(struct exchange *x)
{
    struct dav d;
    struct module_resource old;
    int error = handlers_dav_begin(x, &d);
    if (error)
        return error;
    if (d.target.node != DAV_EVENT)
        return dav_refuse(x, 403, DAV_NS, NULL, "The calendar itself cannot be deleted.");
    error = d.calendar->find(&d.context, d.target.name, x->arena, &old);
    if (!error && !handlers_dav_may(x, &old))
        return handlers_dav_conflict(x);
    if (!error)
        error = d.calendar->remove(&d.context, &old, x->arena);
    if (error == ERR_NOT_FOUND)
        return handlers_dav_missing(x);
    if (error == ERR_CONFLICT)
        return handlers_dav_conflict(x);
    if (error)
        return error;
    exchange_json(x, 204);
    x->reply.content_type = NULL;
    return 0;
}
