#include "tools/spot.h"

#include "base/err.h"
#include "base/log.h"
#include "tools/ask.h"
#include "tools/keep.h"
#include "tools/zone.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct search { /* a place that the geocoder is asked for */
    const char *key, *text;
    spot_done_fn *done;
    void *arg;
};

static void take_place(const struct gazetteer_place *p, struct spot *out)
{
    memset(out, 0, sizeof *out);
    snprintf(out->name, sizeof out->name, "%s%s%s%s%s", p->name, p->region[0] != '\0' ? ", " : "",
        p->region, p->country[0] != '\0' ? ", " : "", p->country);
    keep_cut_utf8(out->name, sizeof out->name);
    out->latitude = p->latitude;
    out->longitude = p->longitude;
    snprintf(out->zone, sizeof out->zone, "%s", p->zone);
    snprintf(out->country_code, sizeof out->country_code, "%s", p->country_code);
}

static void read_bias(const struct tools_context *context, struct gazetteer_bias *bias)
{
    *bias = (struct gazetteer_bias){ .has_location = context->has_location,
        .latitude = context->latitude, .longitude = context->longitude };
    if (context->zone == NULL || !zone_country(context->zone, bias->country_code))
        bias->country_code[0] = '\0';
}

int spot_find(struct tools_run *run, const char *text, struct spot *out)
{
    struct gazetteer_bias bias;
    struct gazetteer_match match;
    read_bias(run->context, &bias);
    if (gazetteer_open(run->context->conf->gazetteer_file) == ERR_INVALID)
        log_limited(LOG_LEVEL_ERROR, "gazetteer.file is not a place-name file");
    int result = gazetteer_find(text, &bias, &match);
    if (result == 0) {
        take_place(&match.best, out);
        if (match.other_count > 0)
            out->note = arena_printf(run->arena, "\"%.80s\" was taken as %s; there are others.",
                text, out->name);
    } else if (result == ERR_NOT_FOUND && gazetteer_region(text, &bias, &match.best) == 0) {
        take_place(&match.best, out);
        out->note = arena_printf(run->arena, "\"%.80s\" was taken by its largest town, %s.", text,
            out->name);
        result = 0;
    }
    return result;
}

int spot_refuse(struct tools_run *run, const char *path, const char *text, int why)
{
    if (why == ERR_NOT_CONFIGURED)
        return tools_fail(run, "provider_not_configured", "Place names cannot be looked up here "
            "(settings gazetteer.file and geocode.url). Give \"latitude,longitude\".");
    if (why == ERR_INVALID)
        return tools_fail_at(run, path, "latitude -90 to 90, longitude -180 to 180",
            "\"%.100s\" is not on the globe", text);
    return tools_fail_at(run, path, "a town with its state or country, or \"latitude,longitude\"",
        "no place named \"%.100s\" is known", text);
}

/* --- the geocoder --- */

/* Nominatim gives numbers as text. */
static int number_of(const jdoc *object, const char *key, double *out)
{
    const char *text = jdoc_string(jdoc_get(object, key), NULL);
    char *end = NULL;
    if (text == NULL)
        return jdoc_get_double(object, key, out);
    *out = strtod(text, &end);
    return end != text && *end == '\0' ? 0 : ERR_INVALID;
}

static int read_nominatim(const jdoc *first, struct spot *out)
{
    snprintf(out->name, sizeof out->name, "%s", jdoc_text_or(first, "display_name", ""));
    return number_of(first, "lat", &out->latitude) | number_of(first, "lon", &out->longitude);
}

static int read_photon(const jdoc *first, struct spot *out)
{
    const jdoc *p = jdoc_get(first, "properties");
    const jdoc *point = jdoc_get(jdoc_get(first, "geometry"), "coordinates");
    const char *state = jdoc_text_or(p, "state", ""), *country = jdoc_text_or(p, "country", "");
    snprintf(out->name, sizeof out->name, "%s%s%s%s%s", jdoc_text_or(p, "name", ""),
        state[0] != '\0' ? ", " : "", state, country[0] != '\0' ? ", " : "", country);
    return jdoc_double(jdoc_at(point, 0), &out->longitude)
        | jdoc_double(jdoc_at(point, 1), &out->latitude);
}

static int geocoded(struct tools_run *run, const jdoc *answer, void *arg)
{
    struct search *s = arg;
    struct spot spot = { .note = "The place was found by the geocoder." };
    char path[64];
    bool photon = jdoc_type(answer) == JDOC_OBJECT;
    const jdoc *list = photon ? jdoc_get(answer, "features") : answer;
    if (jdoc_type(list) != JDOC_ARRAY)
        return ERR_PROTOCOL;
    if (jdoc_length(list) == 0) {
        snprintf(path, sizeof path, "/%s", s->key);
        return spot_refuse(run, path, s->text, ERR_NOT_FOUND);
    }
    int result = photon ? read_photon(jdoc_at(list, 0), &spot)
                        : read_nominatim(jdoc_at(list, 0), &spot);
    if (result != 0 || !(fabs(spot.latitude) <= 90) || !(fabs(spot.longitude) <= 180)
        || spot.name[0] == '\0')
        return ERR_PROTOCOL;
    keep_cut_utf8(spot.name, sizeof spot.name);
    return s->done(run, &spot, s->arg);
}

static int ask_geocoder(struct tools_run *run, const char *key, const char *text,
    spot_done_fn *done, void *arg)
{
    const struct conf *conf = run->context->conf;
    struct search *s = arena_alloc(run->arena, sizeof *s);
    const char *base = ask_base(run, conf->geocode_url), *name = ask_encoded(run, text);
    if (s == NULL || base == NULL || name == NULL)
        return ERR_NOMEM;
    *s = (struct search){ .key = key, .text = text, .done = done, .arg = arg };
    bool photon = strcmp(conf->geocode_form, "photon") == 0;
    struct ask ask = { .service = "geocoder", .url = arena_printf(run->arena,
        photon ? "%s/api?q=%s&limit=1" : "%s/search?q=%s&format=jsonv2&limit=1", base, name) };
    return ask_start(run, &ask, geocoded, s);
}

/* --- --- */

static int by_name(struct tools_run *run, const char *key, const char *text, spot_done_fn *done,
    void *arg)
{
    struct spot spot;
    char path[64];
    int result = spot_find(run, text, &spot);
    if (result == 0)
        return done(run, &spot, arg);
    if (result != ERR_INVALID && run->context->conf->geocode_url[0] != '\0')
        return ask_geocoder(run, key, text, done, arg);
    snprintf(path, sizeof path, "/%s", key);
    return spot_refuse(run, path, text, result);
}

int spot_start(struct tools_run *run, const char *key, spot_done_fn *done, void *arg)
{
    const struct tools_context *context = run->context;
    const char *text = jdoc_string(jdoc_get(run->args, key), NULL);
    struct spot spot = { .note = NULL };
    char path[64];
    bool latitude = jdoc_get_double(run->args, "latitude", &spot.latitude) == 0;
    bool longitude = jdoc_get_double(run->args, "longitude", &spot.longitude) == 0;
    if (latitude != longitude)
        return tools_fail_at(run, latitude ? "/longitude" : "/latitude",
            "latitude and longitude together", "latitude and longitude belong together");
    if (latitude) {
        snprintf(spot.name, sizeof spot.name, "%s", text != NULL ? text : "the given coordinates");
        return done(run, &spot, arg);
    }
    if (text != NULL)
        return by_name(run, key, text, done, arg);
    if (context->has_location) {
        spot.latitude = context->latitude;
        spot.longitude = context->longitude;
        spot.note = "The user's own location was taken.";
        snprintf(spot.name, sizeof spot.name, "%s",
            context->location_text != NULL ? context->location_text : "the user's location");
        keep_cut_utf8(spot.name, sizeof spot.name);
        return done(run, &spot, arg);
    }
    if (context->location_text != NULL && context->location_text[0] != '\0')
        return by_name(run, key, context->location_text, done, arg);
    snprintf(path, sizeof path, "/%s", key);
    return tools_fail_at(run, path, "a town with its state or country, or \"latitude,longitude\"",
        "the user's own location is not known: name a place");
}

jdoc *spot_json(const struct spot *spot)
{
    jdoc *place = jdoc_new_object();
    if (place == NULL)
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
