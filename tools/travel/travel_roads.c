/* SPDX-License-Identifier: BSD-2-Clause */
/* get_road_conditions: events from a service in Open511 form. */
#include "tools/engine/registry.h"
#include "tools/kit/fetch.h"
#include "tools/kit/place.h"
#include "tools/kit/route.h"

#include "base/err.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define EVENTS_SHOWN 15
#define AROUND_DEGREES 0.5 /* beside the way, or about one place */

/* --- the answer --- */

static const char *travel_road_of(const jdoc *event)
{
    return jdoc_text_or(jdoc_at(jdoc_get(event, "roads"), 0), "name", "");
}

static bool travel_mentions(const char *text, const char *word)
{
    size_t len = strlen(word);
    for (; *text != '\0'; text++) {
        size_t i = 0;
        while (i < len && tolower((unsigned char)text[i]) == tolower((unsigned char)word[i]))
            i++;
        if (i == len)
            return true;
    }
    return len == 0;
}

static int travel_push_event(jdoc *list, const jdoc *event)
{
    static const char *const fields[][2] = {{"id", "id"}, {"headline", "headline"},
        {"severity", "severity"}, {"event_type", "event_type"}, {"status", "status"},
        {"updated", "updated_at"}};
    jdoc *one = jdoc_new_object();
    if (!one)
        return ERR_NOMEM;
    int failed = 0;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        failed |= fetch_set_text(one, fields[i][1], jdoc_text_or(event, fields[i][0], ""), 200);
    failed |= fetch_set_text(one, "road", travel_road_of(event), 100);
    failed |= fetch_set_text(one, "description", jdoc_text_or(event, "description", ""), 600);
    return jdoc_push_made(list, one, failed);
}

static int travel_events_came(struct tools_run *run, const jdoc *answer, void *arg)
{
    const jdoc *events = jdoc_get(answer, "events");
    const char *route = jdoc_text_or(run->args, "route", "");
    size_t count = 0;
    (void)arg;
    if (jdoc_type(events) != JDOC_ARRAY)
        return ERR_PROTOCOL;
    jdoc *list = jdoc_new_array();
    int error = !list ? ERR_NOMEM : 0;
    for (size_t i = 0; error == 0 && i < jdoc_length(events); i++) {
        const jdoc *event = jdoc_at(events, i);
        if (!travel_mentions(travel_road_of(event), route) &&
            !travel_mentions(jdoc_text_or(event, "headline", ""), route))
            continue;
        if (count++ < EVENTS_SHOWN)
            error = travel_push_event(list, event);
    }
    jdoc *done = error != 0 ? NULL :
        count == 0 ? run_succeed(run, "The road service reports nothing there at the moment.") :
                     run_succeed(run, "The road service reports %zu event%s%s.", count,
                         count == 1 ? "" : "s",
                         count > EVENTS_SHOWN ? "; the first are shown" : "");
    if (done && jdoc_set(done, "road_conditions", list) == 0)
        return jdoc_set_int(done, "found", (int64_t)count) |
                fetch_label(run, done, run->context->conf->roads_url) ?
            ERR_NOMEM :
            0;
    if (!done)
        jdoc_free(list);
    return error != 0 ? error : ERR_NOMEM;
}

/* --- the question --- */

static int travel_ask_roads(struct tools_run *run, const char *box)
{
    const struct conf *conf = run->context->conf;
    const char *base = fetch_base(run, conf->roads_url), *key = fetch_encoded(run, conf->roads_key);
    const char *road = fetch_encoded(run, jdoc_text_or(run->args, "route", ""));
    if (!base || !key || !road)
        return ERR_NOMEM;
    struct fetch ask = {.service = "road service",
        .url = arena_printf(run->arena, "%s/events?format=json&status=ACTIVE&limit=100%s%s%s%s%s%s",
            base, box ? "&bbox=" : "", box ? box : "", !box ? "&road_name=" : "", !box ? road : "",
            key[0] != '\0' ? "&apiKey=" : "", key)};
    return fetch_start(run, &ask, travel_events_came, NULL);
}

static int travel_ask_between(struct tools_run *run, double lat1, double lon1, double lat2,
    double lon2)
{
    const char *box = arena_printf(run->arena, "%.4f,%.4f,%.4f,%.4f",
        fmax(fmin(lon1, lon2) - AROUND_DEGREES, -180), fmax(fmin(lat1, lat2) - AROUND_DEGREES, -90),
        fmin(fmax(lon1, lon2) + AROUND_DEGREES, 180), fmin(fmax(lat1, lat2) + AROUND_DEGREES, 90));
    return box ? travel_ask_roads(run, box) : ERR_NOMEM;
}

static int travel_roads_ends_found(struct tools_run *run, const struct place *spots, size_t count,
    void *arg)
{
    (void)arg;
    return travel_ask_between(run, spots[0].latitude, spots[0].longitude, spots[count - 1].latitude,
        spots[count - 1].longitude);
}

int travel_tool_get_road_conditions(struct tools_run *run)
{
    static const char *const keys[] = {"origin", "destination"};
    struct place_wish wishes[2];
    size_t count = 0;
    for (size_t i = 0; i < 2; i++) {
        wishes[count].text = jdoc_string(jdoc_get(run->args, keys[i]), NULL);
        snprintf(wishes[count].path, sizeof wishes[count].path, "/%s", keys[i]);
        count += wishes[count].text != NULL;
    }
    if (count > 0)
        return place_start_all(run, wishes, count, travel_roads_ends_found, NULL);
    if (jdoc_has(run->args, "route"))
        return travel_ask_roads(run, NULL);
    if (run->context->has_location)
        return travel_ask_between(run, run->context->latitude, run->context->longitude,
            run->context->latitude, run->context->longitude);
    return run_fail_at(run, "/route", "a road, or origin and destination",
        "which road? Say route, or origin and destination");
}
