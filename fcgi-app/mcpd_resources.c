/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/mcpd.h"

#include "base/ident.h"
#include "fcgi-app/takeaway.h"
#include "store/records.h"
#include "tools/engine/modules.h"
#include "tools/kit/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MCPD_SCHEME "turnpike://"
#define MCPD_TRIPS "trips/"
#define MCPD_GPX ".gpx"
#define MCPD_CALENDAR_TOOL "get_calendar_events" /* whose result calendar.json is */
#define MCPD_URI_MAX 1024
#define MCPD_QUERY "{?from,to,timezone}"
#define MCPD_COMPLETE_MAX 100 /* values; 2025-11-25, server/utilities/completion */

/* mcpd_resources -- what a user takes along (takeaway.h), as resources to be read. */

enum mcpd_kind { MCPD_CALENDAR, MCPD_EVENTS, MCPD_EXPENSES, MCPD_TRIP, MCPD_TRIP_GPX, MCPD_KINDS };

/* name, "" for trips, which have ids; media type; title; description. */
static const struct mcpd_resource {
    const char *name, *type, *title, *about;
} mcpd_resources[MCPD_KINDS] = {
    [MCPD_CALENDAR] = {"calendar.ics", TAKEAWAY_CALENDAR_TYPE, "Calendar",
        "All events, or those of the period from..to, as iCalendar"},
    [MCPD_EVENTS] = {"calendar.json", "application/json", "Calendar events",
        "Up to 100 events of the period from..to, else the coming ones, as JSON"},
    [MCPD_EXPENSES] = {"expenses.csv", "text/csv", "Expenses",
        "All expenses, or those of the period from..to, as CSV"},
    [MCPD_TRIP] = {"trip", "application/json", "Trip", "One planned trip as JSON"},
    [MCPD_TRIP_GPX] = {"trip.gpx", TAKEAWAY_TRIP_TYPE, "Trip as GPX",
        "The stops of one planned trip as waypoints and route"},
};

/* A build may be without the family that knows calendars. */
static bool mcpd_resources_here(enum mcpd_kind kind)
{
    return (kind != MCPD_CALENDAR || modules_file(TAKEAWAY_CALENDAR_TYPE)) &&
        (kind != MCPD_EVENTS || tools_find(MCPD_CALENDAR_TOOL));
}

/* ---- lists ---- */

static void mcpd_resources_words(struct buf *b, enum mcpd_kind kind, const char *title)
{
    buf_json_member(b, "name", mcpd_resources[kind].name);
    buf_json_member(b, "title", title);
    buf_json_member(b, "description", mcpd_resources[kind].about);
    buf_json_member(b, "mimeType", mcpd_resources[kind].type);
    buf_putc(b, '}');
}

static void mcpd_resources_put_trip(struct buf *b, const char *json)
{
    jdoc *trip = NULL;
    if (jdoc_parse(json, strlen(json), &trip, NULL, 0) < 0)
        return; /* it cannot be read either */
    const char *id = jdoc_text_or(trip, "id", "");
    char title[300];
    snprintf(title, sizeof title, "%.100s to %.100s",
        jdoc_text_or(jdoc_get(trip, "origin"), "name", "?"),
        jdoc_text_or(jdoc_get(trip, "destination"), "name", "?"));
    for (int kind = MCPD_TRIP; kind <= MCPD_TRIP_GPX; kind++) {
        buf_printf(b, ",{\"uri\":\"" MCPD_SCHEME MCPD_TRIPS "%s%s\"", id,
            kind == MCPD_TRIP_GPX ? MCPD_GPX : "");
        mcpd_resources_words(b, (enum mcpd_kind)kind, title);
    }
    jdoc_free(trip);
}

static int mcpd_resources_trips(struct mcpd_call *c, size_t offset, struct records_list *out)
{
    struct exchange *x = c->m->x;
    return records_range(x->app->store, x->who.user,
        &(struct records_page){.family = "trip",
            .from = -RECORD_FOREVER,
            .to = RECORD_FOREVER,
            .highest_first = true,
            .offset = offset,
            .max = MCPD_PAGE / 2},
        x->arena, out);
}

/* The cursor is the number of trips that came before. */
static int mcpd_resources_offset(struct mcpd_call *c, size_t *offset)
{
    const char *cursor;
    char *end;
    *offset = 0;
    int error = mcpd_cursor(c, &cursor);
    if (error < 0 || !cursor)
        return error;
    size_t digits = strspn(cursor, "0123456789");
    if (digits == 0 || digits > 9 || cursor[digits] != '\0')
        return mcpd_fail(c, MCP_WIRE_BAD_PARAMS, "cursor is not one of this list.");
    *offset = (size_t)strtoul(cursor, &end, 10);
    return 0;
}

int mcpd_resources_list(struct mcpd_call *c)
{
    struct records_list trips = {.count = 0};
    size_t offset;
    int error = mcpd_resources_offset(c, &offset);
    if (error == 0)
        error = mcpd_resources_trips(c, offset, &trips);
    if (error < 0)
        return error;
    mcpd_begin(c);
    struct buf *b = mcpd_member(c, "resources");
    size_t open = b->len;
    for (int kind = 0; offset == 0 && kind < MCPD_TRIP; kind++) {
        if (!mcpd_resources_here((enum mcpd_kind)kind))
            continue;
        buf_printf(b, ",{\"uri\":\"" MCPD_SCHEME "%s\"", mcpd_resources[kind].name);
        mcpd_resources_words(b, (enum mcpd_kind)kind, mcpd_resources[kind].title);
    }
    for (size_t i = 0; i < trips.count; i++)
        mcpd_resources_put_trip(b, trips.json[i]);
    if (b->len == open)
        buf_putc(b, '[');
    else if (buf_error(b) == 0)
        b->data[open] = '['; /* the first comma */
    buf_putc(b, ']');
    if (trips.more)
        buf_printf(mcpd_member(c, "nextCursor"), "\"%zu\"", offset + trips.count);
    mcpd_put_cache(c, 0);
    mcpd_end(c, NULL);
    return 0;
}

int mcpd_resources_templates(struct mcpd_call *c)
{
    const char *cursor, *first = "";
    int error = mcpd_cursor(c, &cursor);
    if (error == 0 && cursor)
        error = mcpd_fail(c, MCP_WIRE_BAD_PARAMS, "cursor is not one of this list.");
    if (error < 0)
        return error;
    mcpd_begin(c);
    struct buf *b = mcpd_member(c, "resourceTemplates");
    buf_putc(b, '[');
    for (int kind = 0; kind < MCPD_KINDS; kind++) {
        if (!mcpd_resources_here((enum mcpd_kind)kind))
            continue;
        buf_printf(b, "%s{\"uriTemplate\":\"" MCPD_SCHEME "%s%s%s\"", first,
            kind < MCPD_TRIP ? mcpd_resources[kind].name : MCPD_TRIPS "{id}",
            kind < MCPD_TRIP ? MCPD_QUERY : "", kind == MCPD_TRIP_GPX ? MCPD_GPX : "");
        mcpd_resources_words(b, (enum mcpd_kind)kind, mcpd_resources[kind].title);
        first = ",";
    }
    buf_putc(b, ']');
    mcpd_put_cache(c, MCPD_TTL_MS);
    mcpd_end(c, NULL);
    return 0;
}

/* ---- what is asked for ---- */

struct mcpd_wanted {
    const char *uri, *id; /* id: of a trip */
    const char *from, *to, *timezone;
    enum mcpd_kind kind;
};

static int mcpd_resources_missing(struct mcpd_call *c, const char *uri)
{
    int error = mcpd_fail(c, c->m->terms.modern ? MCP_WIRE_BAD_PARAMS : MCP_WIRE_NO_RESOURCE,
        "There is no such resource: %.200s", uri);
    c->error.uri = uri;
    return error;
}

/* ?from=...&to=...&timezone=..., each at most once. query: changed. */
static int mcpd_resources_query(struct mcpd_call *c, char *query, struct mcpd_wanted *w)
{
    const struct {
        const char *name;
        const char **value;
    } fields[] = {{"from", &w->from}, {"to", &w->to}, {"timezone", &w->timezone}};
    char *rest = query, *field;
    while ((field = strsep(&rest, "&"))) {
        char *value = strchr(field, '=');
        size_t i = 0, count = sizeof fields / sizeof fields[0];
        if (value)
            *value++ = '\0';
        while (i < count && strcmp(fields[i].name, field) != 0)
            i++;
        if (i == count || !value || *fields[i].value || request_decode(value, true) < 0)
            return mcpd_fail(c, MCP_WIRE_BAD_PARAMS,
                "The query of this resource has from, to and timezone, each once; not \"%.60s\".",
                field);
        if (*value != '\0') /* as `?from=` of a template without a value */
            *fields[i].value = value;
    }
    return 0;
}

static int mcpd_resources_trip_named(struct mcpd_call *c, char *name, struct mcpd_wanted *w)
{
    size_t len = strlen(name), end = strlen(MCPD_GPX);
    w->kind = MCPD_TRIP;
    if (len > end && strcmp(name + len - end, MCPD_GPX) == 0) {
        w->kind = MCPD_TRIP_GPX;
        len -= end;
        name[len] = '\0';
    }
    w->id = name;
    return ident_is_safe(name, len, IDENT_USER_MAX) ? 0 : mcpd_resources_missing(c, w->uri);
}

static int mcpd_resources_wanted(struct mcpd_call *c, struct mcpd_wanted *w)
{
    const char *uri = NULL;
    size_t len = 0, scheme = strlen(MCPD_SCHEME), trips = strlen(MCPD_TRIPS);
    int error = jdoc_get_string(c->params, "uri", &uri, &len);
    if (error != 0 || len == 0 || strlen(uri) != len || len > MCPD_URI_MAX)
        return mcpd_fail(c, MCP_WIRE_BAD_PARAMS, "uri must be a text of 1 to %d bytes.",
            MCPD_URI_MAX);
    *w = (struct mcpd_wanted){.uri = uri};
    if (strncmp(uri, MCPD_SCHEME, scheme) != 0)
        return mcpd_resources_missing(c, uri);
    char *path = arena_strdup(c->m->x->arena, uri + scheme);
    if (!path)
        return ERR_NOMEM;
    if (strncmp(path, MCPD_TRIPS, trips) == 0)
        return mcpd_resources_trip_named(c, path + trips, w);
    char *query = strchr(path, '?');
    if (query)
        *query++ = '\0';
    for (int kind = 0; kind < MCPD_TRIP; kind++) {
        if (strcmp(path, mcpd_resources[kind].name) != 0)
            continue;
        w->kind = (enum mcpd_kind)kind;
        if (!mcpd_resources_here(w->kind))
            break;
        return query ? mcpd_resources_query(c, query, w) : 0;
    }
    return mcpd_resources_missing(c, uri);
}

/* ---- reading ---- */

struct mcpd_text { /* of a resource, escaped piece by piece into the reply */
    struct mcpd_call *c;
    struct buf piece;
};

static int mcpd_resources_flush(void *arg, struct buf *out)
{
    struct mcpd_text *t = arg;
    struct exchange *x = t->c->m->x;
    int error = buf_error(out);
    if (out->len > 0)
        buf_json_escaped(&x->reply.body, out->data, out->len);
    buf_reset(out);
    if (error < 0 || !t->c->m->batch)
        return error < 0 ? error : exchange_pass(x);
    /* The parts of a batch are of several calls: it is sent whole. */
    return x->reply.body.len <= MCPD_BATCH_BYTES ?
        0 :
        problem_set(&x->problem, PROBLEM_RESULT_SIZE,
            "It is too long for a batch. Read it by a request of its own.");
}

/* The events of a period by the assistant's own tool. */
static int mcpd_resources_events(struct mcpd_call *c, const struct mcpd_wanted *w, struct buf *out)
{
    struct exchange *x = c->m->x;
    const struct zone *zone;
    struct buf args = {0};
    jdoc *value = jdoc_new_object();
    int error = takeaway_zone(x, w->timezone, &zone);
    if (error == 0)
        error = !value || jdoc_set_string(value, "start_date", w->from) != 0 ||
                jdoc_set_string(value, "end_date", w->to) != 0 ?
            ERR_NOMEM :
            0;
    if (error == 0) {
        jdoc_write(value, &args);
        struct direct d = {.spec = tools_find(MCPD_CALENDAR_TOOL),
            .value = value,
            .args = buf_text(&args),
            .args_len = args.len,
            .zone = zone_name(zone)};
        error = buf_error(&args);
        if (error == 0)
            error = direct_call(x, &d);
        if (error == 0)
            jdoc_write(d.result, out);
        jdoc_free(d.result);
    }
    buf_free(&args);
    jdoc_free(value);
    return error;
}

static int mcpd_resources_put(struct mcpd_call *c, const struct mcpd_wanted *w, struct mcpd_text *t)
{
    struct exchange *x = c->m->x;
    struct takeaway_period period;
    const char *json = "";
    int error;
    switch (w->kind) {
    case MCPD_TRIP:
        error = takeaway_trip(x, w->id, &json);
        buf_puts(&t->piece, error == 0 ? json : "");
        return error;
    case MCPD_TRIP_GPX:
        return takeaway_put_trip(x, w->id, &t->piece);
    case MCPD_EVENTS:
        return mcpd_resources_events(c, w, &t->piece);
    default:
        error = takeaway_zone(x, w->timezone, &period.zone);
        if (error == 0)
            error = takeaway_period(x, w->from, w->to, &period);
        if (error != 0)
            return error;
        return w->kind == MCPD_CALENDAR ?
            takeaway_put_calendar(x, &period, &t->piece, mcpd_resources_flush, t) :
            takeaway_put_expenses(x, &period, &t->piece, mcpd_resources_flush, t);
    }
}

int mcpd_resources_read(struct mcpd_call *c)
{
    struct exchange *x = c->m->x;
    struct mcpd_text text = {.c = c};
    struct mcpd_wanted w;
    int error = mcpd_resources_wanted(c, &w);
    if (error)
        return error;
    mcpd_begin(c);
    struct buf *b = mcpd_member(c, "contents");
    buf_puts(b, "[{\"uri\":");
    buf_json_text(b, w.uri);
    buf_json_member(b, "mimeType", mcpd_resources[w.kind].type);
    buf_puts(b, ",\"text\":\"");
    error = mcpd_resources_put(c, &w, &text);
    if (error == 0)
        error = mcpd_resources_flush(&text, &text.piece);
    buf_free(&text.piece);
    if (error < 0 && x->problem.set && x->problem.code == PROBLEM_NOT_FOUND && !x->reply.streamed)
        return mcpd_resources_missing(c, w.uri);
    if (error < 0)
        return error;
    buf_puts(b, "\"}]");
    mcpd_put_cache(c, 0);
    mcpd_end(c, NULL);
    return 0;
}

/* ---- completion: ids of trips ---- */

static bool mcpd_resources_completes(const struct mcpd_call *c)
{
    const char *uri = jdoc_text_or(jdoc_get(c->params, "ref"), "uri", "");
    return strcmp(jdoc_text_or(jdoc_get(c->params, "argument"), "name", ""), "id") == 0 &&
        strncmp(uri, MCPD_SCHEME MCPD_TRIPS "{id}", strlen(MCPD_SCHEME MCPD_TRIPS "{id}")) == 0;
}

static size_t mcpd_resources_put_ids(struct buf *b, const struct records_list *trips,
    const char *prefix)
{
    size_t count = 0;
    for (size_t i = 0; i < trips->count && count < MCPD_COMPLETE_MAX; i++) {
        jdoc *trip = NULL;
        if (jdoc_parse(trips->json[i], strlen(trips->json[i]), &trip, NULL, 0) < 0)
            continue;
        const char *id = jdoc_text_or(trip, "id", "");
        if (strncmp(id, prefix, strlen(prefix)) == 0) {
            buf_puts(b, count++ > 0 ? "," : "");
            buf_json_text(b, id);
        }
        jdoc_free(trip);
    }
    return count;
}

int mcpd_complete(struct mcpd_call *c)
{
    const jdoc *argument = jdoc_get(c->params, "argument");
    struct records_list trips = {.count = 0};
    if (jdoc_type(jdoc_get(c->params, "ref")) != JDOC_OBJECT ||
        jdoc_type(argument) != JDOC_OBJECT || !jdoc_string(jdoc_get(argument, "name"), NULL) ||
        !jdoc_string(jdoc_get(argument, "value"), NULL))
        return mcpd_fail(c, MCP_WIRE_BAD_PARAMS,
            "ref must be an object, and argument an object with the texts name and value.");
    int error = mcpd_resources_completes(c) ? mcpd_resources_trips(c, 0, &trips) : 0;
    if (error < 0)
        return error;
    mcpd_begin(c);
    struct buf *b = mcpd_member(c, "completion");
    buf_puts(b, "{\"values\":[");
    mcpd_resources_put_ids(b, &trips, jdoc_text_or(argument, "value", ""));
    buf_printf(b, "],\"hasMore\":%s}", trips.more ? "true" : "false");
    mcpd_end(c, NULL);
    return 0;
}
