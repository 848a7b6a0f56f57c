/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/place_geocode.h"

#include "base/err.h"
#include "base/utf8.h"
#include "tools/kit/fetch.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REMEMBERED 64
#define REMEMBER_MS (24 * 3600 * 1000LL)
#define TEXT_SIZE 1208 /* 300 characters of UTF-8 */
/* Importance 0 to 1, or the place in the list, as a town's weight: ten times the people weigh 1. */
#define WEIGHT 7.0
#define RANK_STEP 1.0

struct memory {
    char text[TEXT_SIZE];
    int64_t until_ms;
    size_t count;
    struct memory_place {
        char name[96], region[96], country[64], country_code[3];
        double latitude, longitude, weight;
    } all[GAZETTEER_CANDIDATES];
};
static struct memory *memories; /* REMEMBERED of them, made when first needed; a ring */
static size_t next_memory;
static char memory_url[512]; /* the geocoder that they came from */

struct search { /* in the arena */
    const char *text;
    place_geocode_fn *done;
    void *arg;
};

/* --- remembering --- */

/* The ring, emptied when the setting has changed; NULL on no memory. */
static struct memory *place_geocode_ring(const struct tools_run *run)
{
    const char *url = run->context->conf->geocode_url;
    if (!memories)
        memories = calloc(REMEMBERED, sizeof *memories);
    if (memories && strncmp(memory_url, url, sizeof memory_url - 1) != 0) {
        memset(memories, 0, REMEMBERED * sizeof *memories);
        snprintf(memory_url, sizeof memory_url, "%s", url);
    }
    return memories;
}

static void place_geocode_take(const struct memory_place *from, const struct gazetteer_bias *bias,
    struct gazetteer_candidate *to)
{
    struct gazetteer_place *p = &to->place;
    memset(to, 0, sizeof *to);
    memcpy(p->name, from->name, sizeof p->name);
    memcpy(p->region, from->region, sizeof p->region);
    memcpy(p->country, from->country, sizeof p->country);
    memcpy(p->country_code, from->country_code, sizeof p->country_code);
    p->latitude = from->latitude;
    p->longitude = from->longitude;
    p->population = (int64_t)pow(10, from->weight);
    to->score = from->weight + gazetteer_bias_of(bias, p->country_code, p->latitude, p->longitude);
}

bool place_geocode_known(struct tools_run *run, const char *text, const struct gazetteer_bias *bias,
    struct gazetteer_candidates *out)
{
    struct memory *ring = place_geocode_ring(run);
    memset(out, 0, sizeof *out);
    for (size_t i = 0; ring && i < REMEMBERED; i++) {
        const struct memory *m = &ring[i];
        if (m->until_ms <= run->context->now_ms || strcmp(m->text, text) != 0)
            continue;
        for (; out->count < m->count; out->count++)
            place_geocode_take(&m->all[out->count], bias, &out->all[out->count]);
        return true;
    }
    return false;
}

/* --- the answer --- */

/* Nominatim gives numbers as text. */
static int place_geocode_number(const jdoc *object, const char *key, double *out)
{
    const char *text = jdoc_string(jdoc_get(object, key), NULL);
    char *end = NULL;
    if (!text)
        return jdoc_get_double(object, key, out);
    *out = strtod(text, &end);
    return end != text && *end == '\0' ? 0 : ERR_INVALID;
}

static void place_geocode_text(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from);
    utf8_mend_end(to);
    for (char *c = to; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7F)
            *c = ' ';
}

static void place_geocode_code(char to[3], const char *from)
{
    if (strlen(from) == 2)
        for (int i = 0; i < 2; i++)
            to[i] = (char)toupper((unsigned char)from[i]);
}

static int place_geocode_nominatim(const jdoc *from, struct memory_place *p)
{
    const jdoc *address = jdoc_get(from, "address");
    double importance;
    place_geocode_text(p->name, sizeof p->name, jdoc_text_or(from, "display_name", ""));
    place_geocode_code(p->country_code, jdoc_text_or(address, "country_code", ""));
    if (jdoc_get_double(from, "importance", &importance) == 0 && importance >= 0 && importance <= 1)
        p->weight = WEIGHT * importance;
    return place_geocode_number(from, "lat", &p->latitude) |
        place_geocode_number(from, "lon", &p->longitude);
}

static int place_geocode_photon(const jdoc *from, struct memory_place *p)
{
    const jdoc *properties = jdoc_get(from, "properties");
    const jdoc *point = jdoc_get(jdoc_get(from, "geometry"), "coordinates");
    place_geocode_text(p->name, sizeof p->name, jdoc_text_or(properties, "name", ""));
    place_geocode_text(p->region, sizeof p->region, jdoc_text_or(properties, "state", ""));
    place_geocode_text(p->country, sizeof p->country, jdoc_text_or(properties, "country", ""));
    place_geocode_code(p->country_code, jdoc_text_or(properties, "countrycode", ""));
    return jdoc_double(jdoc_at(point, 0), &p->longitude) |
        jdoc_double(jdoc_at(point, 1), &p->latitude);
}

static int place_geocode_came(struct tools_run *run, const jdoc *answer, void *arg)
{
    struct search *s = arg;
    struct memory *ring = place_geocode_ring(run);
    bool photon = jdoc_type(answer) == JDOC_OBJECT;
    const jdoc *list = photon ? jdoc_get(answer, "features") : answer;
    if (!ring)
        return ERR_NOMEM;
    if (jdoc_type(list) != JDOC_ARRAY)
        return ERR_PROTOCOL;
    struct memory *m = &ring[next_memory % REMEMBERED];
    memset(m, 0, sizeof *m); /* no text, no time: nothing is remembered until all of it is read */
    for (size_t i = 0; i < jdoc_length(list) && m->count < GAZETTEER_CANDIDATES; i++) {
        struct memory_place *p = &m->all[m->count];
        *p = (struct memory_place){.weight = WEIGHT - 2 - RANK_STEP * (double)i};
        int error = photon ? place_geocode_photon(jdoc_at(list, i), p) :
                             place_geocode_nominatim(jdoc_at(list, i), p);
        if (error != 0 || !(fabs(p->latitude) <= 90) || !(fabs(p->longitude) <= 180) ||
            p->name[0] == '\0')
            return ERR_PROTOCOL;
        m->count++;
    }
    snprintf(m->text, sizeof m->text, "%s", s->text);
    m->until_ms = run->context->now_ms + REMEMBER_MS;
    next_memory++;
    return s->done(run, s->arg);
}

int place_geocode(struct tools_run *run, const char *text, place_geocode_fn *done, void *arg)
{
    const struct conf *conf = run->context->conf;
    struct search *s = arena_alloc(run->arena, sizeof *s);
    const char *base = fetch_base(run, conf->geocode_url), *name = fetch_encoded(run, text);
    if (!s || !base || !name)
        return ERR_NOMEM;
    *s = (struct search){.text = text, .done = done, .arg = arg};
    bool photon = strcmp(conf->geocode_form, "photon") == 0;
    struct fetch ask = {.service = "geocoder",
        .url = arena_printf(run->arena,
            photon ? "%s/api?q=%s&limit=5" :
                     "%s/search?q=%s&format=jsonv2&limit=5&addressdetails=1",
            base, name)};
    return fetch_start(run, &ask, place_geocode_came, s);
}
