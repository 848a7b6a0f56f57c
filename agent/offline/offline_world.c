/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/offline/offline.h"

#include "base/err.h"
#include "base/jdoc.h"
#include "tools/kit/amount.h"
#include "tools/kit/currency.h"
#include "tools/kit/gazetteer.h"
#include "tools/kit/numeral.h"

#include <stdio.h>
#include <string.h>

/* {city, region} or {lat, lng} or a text, as a place that tools take. */
static bool offline_world_place(const jdoc *location, char *out, size_t size)
{
    const char *city = jdoc_text_or(location, "city", ""),
               *region = jdoc_text_or(location, "region", "");
    const char *whole = jdoc_string(location, NULL);
    double lat, lng;

    if (whole && *whole && strlen(whole) < size)
        snprintf(out, size, "%s", whole);
    else if (jdoc_type(location) != JDOC_OBJECT)
        return false;
    else if (!jdoc_get_double(location, "lat", &lat) && !jdoc_get_double(location, "lng", &lng) &&
        lat >= -90 && lat <= 90 && lng >= -180 && lng <= 180)
        snprintf(out, size, "%.5f,%.5f", lat, lng);
    else if (*city)
        snprintf(out, size, "%.120s%s%.120s", city, *region ? ", " : "", region);
    else
        return false;
    return true;
}

static const char *offline_world_currency(const jdoc *stored, const char *site)
{
    const char *own = jdoc_text_or(stored, "currency", "");
    char code[4];

    return currency_named(own, code) && !strcmp(code, own) ? own : site;
}

void offline_world_read(const struct context_frame *frame, struct offline_scratch *scratch,
    struct offline_world *out)
{
    static const char *const keys[] = {"user_location", "location", "home"};
    const char *stored = frame->stored ? frame->stored : "{}";

    *scratch = (struct offline_scratch){0};
    if (jdoc_parse(stored, strlen(stored), &scratch->stored, NULL, 0))
        scratch->stored = NULL;
    if (!offline_world_place(jdoc_get(frame->input->context, "user_location"), scratch->place,
            sizeof scratch->place))
        for (size_t i = 0; i < sizeof keys / sizeof *keys && !*scratch->place; i++)
            (void)offline_world_place(jdoc_get(scratch->stored, keys[i]), scratch->place,
                sizeof scratch->place);
    *out = (struct offline_world){
        .now_ms = frame->now_ms,
        .zone = frame->zone,
        .currency = offline_world_currency(scratch->stored, frame->currency),
        .site_currency = frame->currency,
        .place = scratch->place,
        .language = offline_language_of(frame->input->locale),
        .decimal_comma = numeral_decimal_comma(frame->input->locale ? frame->input->locale : ""),
    };
    err_ignore(gazetteer_open(frame->conf->gazetteer_file)); /* each search says so */
}

void offline_scratch_fini(struct offline_scratch *scratch)
{
    jdoc_free(scratch->stored);
}
