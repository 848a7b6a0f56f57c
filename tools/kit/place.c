/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/place.h"

#include "base/err.h"
#include "base/log.h"
#include "base/utf8.h"
#include "tools/kit/place_geocode.h"
#include "tools/kit/zone.h"

#include <stdio.h>
#include <string.h>

#define CHOICES_MAX 5
#define REMOTE_PEOPLE 100000
#define REMOTE_METRES 1000000.0
#define OTHERS_MAX 3
#define ZONE_METRES 200000.0
#define OTHER_SHARE 0.05 /* of the chosen one's people, from which a namesake is worth a word */
#define LABEL_SIZE 264

static const char *const wanted = "a town with its state or country, or \"latitude,longitude\"";

struct search { /* in the arena: places under way */
    struct place_wish wishes[PLACE_STOPS_MAX];
    struct gazetteer_candidates lists[PLACE_STOPS_MAX];
    bool asked[PLACE_STOPS_MAX]; /* the geocoder was */
    bool geocoded[PLACE_STOPS_MAX];
    int why[PLACE_STOPS_MAX];
    size_t count;
    struct gazetteer_bias bias;
    place_all_fn *done;
    void *arg;
};

/* --- words --- */

static void place_label(const struct gazetteer_place *p, char out[LABEL_SIZE])
{
    if (p->region_itself && p->country[0] == '\0')
        snprintf(out, LABEL_SIZE, "%s (the country)", p->name);
    else
        snprintf(out, LABEL_SIZE, "%s%s%s%s%s", p->name, p->region[0] ? ", " : "", p->region,
            p->country[0] ? ", " : "", p->country);
    utf8_mend_end(out);
}

/* "A, B or C" of the list's choices, in the arena; NULL on no memory. */
static const char *place_name_choices(struct tools_run *run,
    const struct gazetteer_candidates *list, const size_t *choices, size_t count)
{
    char label[LABEL_SIZE];
    const char *text = "";
    for (size_t i = 0; text && i < count; i++) {
        place_label(&list->all[choices[i]].place, label);
        text = arena_printf(run->arena, "%s%s%s", text,
            i == 0            ? "" :
                i + 1 < count ? "; " :
                                " or ",
            label);
    }
    return text;
}

static int place_ask_back(struct tools_run *run, const struct place_wish *wish,
    const struct gazetteer_candidates *list)
{
    size_t choices[CHOICES_MAX];
    size_t count = place_choices(list, choices, CHOICES_MAX);
    const char *names = place_name_choices(run, list, choices, count);
    const char *expected =
        arena_printf(run->arena, "the place with its state or country: %.180s", names ? names : "");
    if (!names || !expected)
        return ERR_NOMEM;
    return run_ask_back(run, wish->path, expected,
        "Which \"%.80s\" is meant: %.700s? Say it with its state or country.", wish->text, names);
}

static int place_refuse(struct tools_run *run, const struct place_wish *wish,
    const struct gazetteer_bias *bias, int why)
{
    struct gazetteer_place like;
    char label[LABEL_SIZE];
    if (why == ERR_NOT_CONFIGURED)
        return run_fail(run, "provider_not_configured",
            "Place names cannot be looked up here "
            "(settings gazetteer.file and geocode.url). Give \"latitude,longitude\".");
    if (why == ERR_INVALID)
        return run_fail_at(run, wish->path, "latitude -90 to 90, longitude -180 to 180",
            "\"%.100s\" is not on the globe", wish->text);
    if (gazetteer_spelled_like(wish->text, bias, &like) != 0)
        return run_fail_at(run, wish->path, wanted, "no place named \"%.100s\" is known",
            wish->text);
    place_label(&like, label);
    return run_fail_at(run, wish->path, wanted,
        "no place named \"%.100s\" is known; is %.200s meant?", wish->text, label);
}

/* What is worth a word about the choice, or NULL. */
static const char *place_note(struct tools_run *run, const char *text,
    const struct gazetteer_candidates *list, size_t chosen, const char *name)
{
    const struct gazetteer_place *best = &list->all[chosen].place;
    size_t others[OTHERS_MAX], count = 0;
    for (size_t i = 0; i < list->count && count < OTHERS_MAX; i++)
        if (i != chosen &&
            (double)list->all[i].place.population >= OTHER_SHARE * (double)best->population)
            others[count++] = i;
    const char *names = count > 0 ? place_name_choices(run, list, others, count) : NULL;
    if (best->region_itself)
        return arena_printf(run->arena, "\"%.80s\" was taken by its largest town, %s.%s%s%s", text,
            best->town, names ? " There is also: " : "", names ? names : "", names ? "." : "");
    return !names ? NULL :
                    arena_printf(run->arena, "\"%.80s\" was taken as %s. There is also: %s.", text,
                        name, names);
}

static void place_take(struct tools_run *run, const char *text,
    const struct gazetteer_candidates *list, size_t chosen, struct place *out)
{
    const struct gazetteer_place *p = &list->all[chosen].place;
    memset(out, 0, sizeof *out);
    place_label(p, out->name);
    out->place = *p;
    out->latitude = p->latitude;
    out->longitude = p->longitude;
    snprintf(out->zone, sizeof out->zone, "%s", p->zone);
    snprintf(out->country_code, sizeof out->country_code, "%s", p->country_code);
    out->note = place_note(run, text, list, chosen, out->name);
}

/* --- looking up --- */

static void place_read_bias(const struct tools_context *context, struct gazetteer_bias *bias)
{
    *bias = (struct gazetteer_bias){.has_location = context->has_location,
        .latitude = context->latitude,
        .longitude = context->longitude};
    if (!context->zone || !zone_country(context->zone, bias->country_code))
        bias->country_code[0] = '\0';
}

static int place_look(struct tools_run *run, const char *text, const struct gazetteer_bias *bias,
    struct gazetteer_candidates *out)
{
    if (gazetteer_open(run->context->conf->gazetteer_file) == ERR_INVALID)
        log_limited(LOG_LEVEL_ERROR,
            "gazetteer.file is no place-name file of this version: build-aux/make-gazetteer makes "
            "one");
    return gazetteer_candidates(text, bias, out);
}

static bool place_may_ask(const struct tools_run *run, const struct search *s, size_t i)
{
    return !s->asked[i] && run->context->conf->geocode_url[0] != '\0' && s->why[i] != ERR_INVALID &&
        !s->lists[i].coordinates;
}

static int place_step(struct tools_run *run, struct search *s);

static int place_came(struct tools_run *run, void *arg)
{
    return place_step(run, arg);
}

/* The geocoder's places for stop i into its list. Returns 0; 1 (a failure is set); ERR_PENDING; a
 * fault. */
static int place_geocode_stop(struct tools_run *run, struct search *s, size_t i)
{
    struct gazetteer_candidates *found = arena_alloc(run->arena, sizeof *found);
    if (!found)
        return ERR_NOMEM;
    if (!place_geocode_known(run, s->wishes[i].text, &s->bias, found)) {
        if (s->asked[i])
            return 0;
        s->asked[i] = true;
        int error = place_geocode(run, s->wishes[i].text, place_came, s);
        if (error == ERR_BUSY && s->why[i] == 0) { /* the gazetteer's candidates are asked about */
            s->geocoded[i] = true;
            return 0;
        }
        if (error == ERR_BUSY)
            error = run_fail(run, "provider_unavailable",
                "The geocoder is asked too often just now. Say the place with its state or country, "
                "or try again in a few seconds.");
        return error == 0 ? 1 : error; /* it has said why it cannot ask */
    }
    s->asked[i] = s->geocoded[i] = true;
    if (found->count > 0) {
        s->lists[i] = *found;
        s->why[i] = 0;
    }
    return 0;
}

/* Fails for the first place that nobody knows. Returns 0 when all are known, else 1 or a fault. */
static int place_check_known(struct tools_run *run, struct search *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->why[i] != 0) {
            int error = place_refuse(run, &s->wishes[i], &s->bias, s->why[i]);
            return error != 0 ? error : 1;
        }
    return 0;
}

/* A small place, abroad and far from all others of the request, is hardly known by its name alone:
 * "Fano" on the way from Denmark. */
static bool place_is_remote(const struct place *spots, size_t count, size_t at)
{
    if (count < 2 || spots[at].place.population >= REMOTE_PEOPLE)
        return false;
    for (size_t i = 0; i < count; i++)
        if (i != at &&
            (!strcmp(spots[i].country_code, spots[at].country_code) ||
                gazetteer_distance(spots[i].latitude, spots[i].longitude, spots[at].latitude,
                    spots[at].longitude) < REMOTE_METRES))
            return false;
    return spots[at].country_code[0] != '\0';
}

/* The geocoder tells no time zone: that of the nearest town. */
static void place_fill_zone(struct place *spot)
{
    const struct gazetteer_point point = {spot->latitude, spot->longitude};
    struct gazetteer_place near;
    if (gazetteer_near(&point, 1, ZONE_METRES, &near) == 0)
        memcpy(spot->zone, near.zone, sizeof spot->zone);
}

static int place_finish(struct tools_run *run, struct search *s, const size_t *chosen)
{
    struct place *spots = arena_array(run->arena, s->count, sizeof *spots);
    if (!spots)
        return ERR_NOMEM;
    for (size_t i = 0; i < s->count; i++) {
        place_take(run, s->wishes[i].text, &s->lists[i], chosen[i], &spots[i]);
        if (s->geocoded[i] && spots[i].zone[0] == '\0')
            place_fill_zone(&spots[i]);
        if (s->geocoded[i] && !spots[i].note)
            spots[i].note = "The place was found by the geocoder.";
    }
    for (size_t i = 0; i < s->count; i++)
        if (!spots[i].note && place_is_remote(spots, s->count, i))
            spots[i].note = arena_printf(run->arena,
                "\"%.80s\" was taken as %s, far from the "
                "other places: ask whether it is meant.",
                s->wishes[i].text, spots[i].name);
    return s->done(run, spots, s->count, s->arg);
}

/* As far as it goes without waiting; called again when the geocoder has answered. */
static int place_step(struct tools_run *run, struct search *s)
{
    const struct gazetteer_candidates *lists[PLACE_STOPS_MAX];
    size_t chosen[PLACE_STOPS_MAX];
    int unclear, error = 0;
    for (size_t i = 0; error == 0 && i < s->count; i++)
        if ((s->why[i] != 0 && place_may_ask(run, s, i)) || (s->asked[i] && !s->geocoded[i]))
            error = place_geocode_stop(run, s, i);
    if (error == 0)
        error = place_check_known(run, s);
    if (error != 0)
        return error == 1 ? 0 : error;
    for (size_t i = 0; i < s->count; i++)
        lists[i] = &s->lists[i];
    place_choose(lists, s->count, chosen, &unclear);
    if (unclear < 0)
        return place_finish(run, s, chosen);
    if (!place_may_ask(run, s, (size_t)unclear))
        return place_ask_back(run, &s->wishes[unclear], lists[unclear]);
    error = place_geocode_stop(run, s, (size_t)unclear);
    return error == 1 ? 0 : error != 0 ? error : place_step(run, s);
}

int place_start_all(struct tools_run *run, const struct place_wish *wishes, size_t count,
    place_all_fn *done, void *arg)
{
    struct search *s = arena_alloc(run->arena, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    s->count = count < PLACE_STOPS_MAX ? count : PLACE_STOPS_MAX;
    s->done = done;
    s->arg = arg;
    place_read_bias(run->context, &s->bias);
    for (size_t i = 0; i < s->count; i++) {
        s->wishes[i] = wishes[i];
        s->why[i] = place_look(run, wishes[i].text, &s->bias, &s->lists[i]);
    }
    return place_step(run, s);
}

bool place_try(struct tools_run *run, const char *text, struct place *out)
{
    struct gazetteer_candidates *list = arena_alloc(run->arena, sizeof *list);
    struct gazetteer_bias bias;
    size_t chosen;
    int unclear;
    place_read_bias(run->context, &bias);
    if (!list || place_look(run, text, &bias, list) != 0)
        return false;
    place_choose((const struct gazetteer_candidates *const[]){list}, 1, &chosen, &unclear);
    if (unclear >= 0)
        return false;
    place_take(run, text, list, chosen, out);
    return true;
}

/* --- one place --- */

struct single {
    place_done_fn *done;
    void *arg;
};

static int place_single(struct tools_run *run, const struct place *spots, size_t count, void *arg)
{
    const struct single *s = arg;
    (void)count;
    return s->done(run, &spots[0], s->arg);
}

static int place_by_name(struct tools_run *run, const char *key, const char *text,
    place_done_fn *done, void *arg)
{
    struct place_wish wish = {.text = text};
    struct single *s = arena_alloc(run->arena, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    *s = (struct single){.done = done, .arg = arg};
    snprintf(wish.path, sizeof wish.path, "/%s", key);
    return place_start_all(run, &wish, 1, place_single, s);
}

static int place_of_user(struct tools_run *run, const char *key, place_done_fn *done, void *arg)
{
    const struct tools_context *context = run->context;
    struct place spot = {.note = "The user's own location was taken."};
    char path[64];
    if (context->has_location) {
        spot.latitude = context->latitude;
        spot.longitude = context->longitude;
        snprintf(spot.name, sizeof spot.name, "%s",
            context->location_text ? context->location_text : "the user's location");
        utf8_mend_end(spot.name);
        return done(run, &spot, arg);
    }
    if (context->location_text && context->location_text[0] != '\0')
        return place_by_name(run, key, context->location_text, done, arg);
    snprintf(path, sizeof path, "/%s", key);
    return run_fail_at(run, path, wanted, "the user's own location is not known: name a place");
}

int place_start(struct tools_run *run, const char *key, place_done_fn *done, void *arg)
{
    const char *text = jdoc_string(jdoc_get(run->args, key), NULL);
    struct place spot = {.note = NULL};
    bool latitude = jdoc_get_double(run->args, "latitude", &spot.latitude) == 0;
    bool longitude = jdoc_get_double(run->args, "longitude", &spot.longitude) == 0;
    if (latitude != longitude)
        return run_fail_at(run, latitude ? "/longitude" : "/latitude",
            "latitude and longitude together", "latitude and longitude belong together");
    if (latitude) {
        snprintf(spot.name, sizeof spot.name, "%s", text ? text : "the given coordinates");
        return done(run, &spot, arg);
    }
    return text ? place_by_name(run, key, text, done, arg) : place_of_user(run, key, done, arg);
}

jdoc *place_json(const struct place *spot)
{
    jdoc *place = jdoc_new_object();
    if (!place)
        return NULL;
    int failed = jdoc_set_string(place, "name", spot->name);
    failed |= jdoc_set_double(place, "latitude", spot->latitude);
    failed |= jdoc_set_double(place, "longitude", spot->longitude);
    failed |= jdoc_set_string(place, "timezone", spot->zone[0] != '\0' ? spot->zone : NULL);
    failed |= jdoc_set_string(place, "note", spot->note);
    if (failed == 0)
        return place;
    jdoc_free(place);
    return NULL;
}
