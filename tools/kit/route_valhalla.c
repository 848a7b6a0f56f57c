/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/route_valhalla.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

#define QUESTION_MAX (64 * 1024)
#define NO_PATH 442     /* Valhalla's error code */
#define FERRY_BEGINS 28 /* its kind of a manoeuvre */
#define USE_LITTLE 0.0  /* 0 avoids as far as possible, 1 seeks */
#define FERRY_NAME_SIZE 120

int route_valhalla_push_place(jdoc *list, double latitude, double longitude)
{
    jdoc *place = jdoc_new_object();
    int failed = !place || jdoc_set_double(place, "lat", latitude) != 0 ||
        jdoc_set_double(place, "lon", longitude) != 0;
    return jdoc_push_made(list, place, failed);
}

static int route_valhalla_set_size(jdoc *options, const struct vehicle_size *size)
{
    const struct {
        const char *name;
        double value;
    } parts[] = {{"height", size->height_m}, {"width", size->width_m}, {"length", size->length_m},
        {"weight", size->weight_t}, {"axle_load", size->axle_t}};
    int failed = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].value > 0)
            failed |= jdoc_set_double(options, parts[i].name, parts[i].value);
    if (size->propane)
        failed |= jdoc_set_bool(options, "hazmat", true);
    return failed != 0 ? ERR_NOMEM : 0;
}

int route_valhalla_set_costing(jdoc *question, const struct route_rules *rules)
{
    const char *costing = rules->sized ? "truck" : "auto";
    jdoc *all = jdoc_new_object(), *options = jdoc_new_object();
    if (!all || !options) {
        jdoc_free(all);
        jdoc_free(options);
        return ERR_NOMEM;
    }
    int failed = rules->sized ? route_valhalla_set_size(options, &rules->size) : 0;
    if (rules->tolls)
        failed |= jdoc_set_double(options, "use_tolls", USE_LITTLE);
    if (rules->ferries)
        failed |= jdoc_set_double(options, "use_ferry", USE_LITTLE);
    if (rules->highways)
        failed |= jdoc_set_double(options, "use_highways", USE_LITTLE);
    if (rules->unpaved)
        failed |= jdoc_set_bool(options, "exclude_unpaved", true);
    failed |= jdoc_set(all, costing, options);
    failed |= jdoc_set_string(question, "costing", costing);
    failed |= jdoc_set(question, "costing_options", all);
    return failed != 0 ? ERR_NOMEM : 0;
}

/* Kilometres, as a text in the arena. Frees the question. NULL on no memory. */
static const char *route_valhalla_text(struct tools_run *run, jdoc *question, int failed)
{
    struct buf text;
    const char *out = NULL;
    buf_init(&text, QUESTION_MAX);
    failed |= !question || jdoc_set_string(question, "units", "kilometers") != 0;
    if (failed == 0)
        jdoc_write(question, &text);
    if (failed == 0 && buf_error(&text) == 0)
        out = arena_strdup(run->arena, buf_text(&text));
    buf_free(&text);
    jdoc_free(question);
    return out;
}

static int route_valhalla_set_places(jdoc *question, const char *name, const struct place *places,
    size_t count)
{
    jdoc *list = jdoc_new_array();
    int failed = !question || !list;
    for (size_t i = 0; failed == 0 && i < count; i++)
        failed = route_valhalla_push_place(list, places[i].latitude, places[i].longitude);
    if (failed == 0)
        return jdoc_set(question, name, list);
    jdoc_free(list);
    return ERR_NOMEM;
}

const char *route_valhalla_question(struct tools_run *run, const struct route *r)
{
    jdoc *question = jdoc_new_object();
    int failed = route_valhalla_set_places(question, "locations", r->stops, r->stop_count);
    if (failed == 0)
        failed = route_valhalla_set_costing(question, &r->rules);
    return route_valhalla_text(run, question, failed);
}

const char *route_valhalla_table_question(struct tools_run *run, const struct place *places,
    size_t count, const struct route_rules *rules)
{
    jdoc *question = jdoc_new_object();
    int failed = route_valhalla_set_places(question, "sources", places, count);
    if (failed == 0)
        failed = route_valhalla_set_places(question, "targets", places, count);
    if (failed == 0)
        failed = route_valhalla_set_costing(question, rules);
    return route_valhalla_text(run, question, failed);
}

int route_valhalla_read_table(const jdoc *answer, struct route_table *out)
{
    const jdoc *rows = jdoc_get(answer, "sources_to_targets");
    size_t n = out->count;
    if (jdoc_length(rows) != n)
        return ERR_PROTOCOL;
    for (size_t i = 0; i < n; i++) {
        const jdoc *row = jdoc_at(rows, i);
        if (jdoc_length(row) != n)
            return ERR_PROTOCOL;
        for (size_t k = 0; k < n; k++) {
            const jdoc *km = jdoc_get(jdoc_at(row, k), "distance");
            double *metres = &out->metres[i * n + k], *seconds = &out->seconds[i * n + k];
            out->from = i;
            out->to = k;
            if (jdoc_type(km) == JDOC_NULL)
                return ERR_NOT_FOUND;
            if (jdoc_double(km, metres) != 0 ||
                jdoc_get_double(jdoc_at(row, k), "time", seconds) != 0 || !(*metres >= 0) ||
                !(*seconds >= 0))
                return ERR_PROTOCOL;
            *metres *= 1000;
        }
    }
    return 0;
}

/* The ferries that the service's manoeuvres name. */
static void route_valhalla_ferries(struct tools_run *run, const jdoc *leg, struct route *r)
{
    const jdoc *list = jdoc_get(leg, "maneuvers");
    size_t named = 0;
    char name[FERRY_NAME_SIZE];
    int64_t type;
    for (size_t i = 0; i < jdoc_length(list); i++) {
        const jdoc *one = jdoc_at(list, i);
        if (jdoc_get_int(one, "type", &type) != 0 || type != FERRY_BEGINS)
            continue;
        const char *text = jdoc_string(jdoc_at(jdoc_get(one, "street_names"), 0), NULL);
        snprintf(name, sizeof name, "%s",
            text ? text : jdoc_text_or(one, "instruction", "its name is not known"));
        utf8_mend_end(name);
        for (char *c = name; *c; c++)
            if ((unsigned char)*c < ' ' || *c == 0x7F)
                *c = ' ';
        route_note(r,
            arena_printf(run->arena,
                "By ferry: %s. Its crossing is part of the distance and the time; its waiting and "
                "its price are not. Ask whether it sails that day, and whether it takes the "
                "vehicle.",
                name));
        named++;
    }
    if (named > 0)
        r->service_ferries += named;
}

int route_valhalla_read(struct tools_run *run, const jdoc *answer, struct route *r)
{
    const jdoc *trip = jdoc_get(answer, "trip"), *legs = jdoc_get(trip, "legs");
    bool tolls = false;
    int64_t code;
    if (jdoc_get_int(answer, "error_code", &code) == 0)
        return code == NO_PATH ? ERR_NOT_FOUND : ERR_PROTOCOL;
    if (jdoc_length(legs) != r->stop_count - 1)
        return ERR_PROTOCOL;
    for (size_t i = 0; i < jdoc_length(legs); i++) {
        const jdoc *summary = jdoc_get(jdoc_at(legs, i), "summary");
        double km = -1, seconds = -1;
        bool toll = false;
        if (jdoc_get_double(summary, "length", &km) != 0 ||
            jdoc_get_double(summary, "time", &seconds) != 0 || !(km >= 0) || !(seconds >= 0))
            return ERR_PROTOCOL;
        r->metres[i] = km * 1000;
        r->seconds[i] = seconds;
        jdoc_get_bool(summary, "has_toll", &toll);
        tolls |= toll;
    }
    for (size_t i = 0; i < jdoc_length(legs); i++)
        route_valhalla_ferries(run, jdoc_at(legs, i), r);
    if (tolls)
        route_note(r, "There are tolls on the way; what they cost is not known here.");
    return 0;
}
