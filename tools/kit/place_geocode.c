/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/place_geocode.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/task.h"
#include "base/utf8.h"
#include "store/geocodes.h"
#include "tools/kit/fetch.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REMEMBERED 64
#define REMEMBER_MS (24 * 3600 * 1000LL)
#define TURNS_WAITED 4 /* for the site's turn to ask, in geocode.interval */
#define TEXT_SIZE 1208 /* 300 characters of UTF-8 */
#define KEY_SIZE 1536
/* Importance 0 to 1, or the place in the list, as a town's weight: ten times the people weigh 1. */
#define WEIGHT 7.0
#define RANK_STEP 1.0

struct memory {
    char text[KEY_SIZE];
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
    const char *key;
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

/* "de" of "de-AT"; "" = the geocoder's own choice. */
static void place_geocode_language(const struct tools_run *run, char out[3])
{
    const char *locale = run->context->locale ? run->context->locale : "";
    out[0] = '\0';
    if (strlen(locale) >= 2 && isalpha((unsigned char)locale[0]) &&
        isalpha((unsigned char)locale[1]) && !isalnum((unsigned char)locale[2]))
        snprintf(out, 3, "%.2s", locale);
}

/* Folding loses no letter: Latin ones, up to U+017F. Of other scripts nothing would be left. */
static bool place_geocode_is_latin(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (*c > 0xC5)
            return false;
    return true;
}

/* Who answers, in which form and language, and the name folded: one for all ways of writing it. */
static const char *place_geocode_key(struct tools_run *run, const char *text)
{
    char folded[TEXT_SIZE], language[3];
    place_geocode_language(run, language);
    bool fold = place_geocode_is_latin(text) && gazetteer_fold(text, folded, sizeof folded);
    return arena_printf(run->arena, "%.200s %s %s %s", run->context->conf->geocode_url,
        run->context->conf->geocode_form, language, fold ? folded : text);
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

/* --- what Redis keeps for the site --- */

static int place_geocode_pack(const struct memory *m, struct buf *out)
{
    jdoc *list = jdoc_new_array();
    int failed = !list;
    for (size_t i = 0; failed == 0 && i < m->count; i++) {
        const struct memory_place *p = &m->all[i];
        jdoc *one = jdoc_new_object();
        failed = !one || jdoc_set_string(one, "n", p->name) != 0 ||
            jdoc_set_string(one, "r", p->region) != 0 ||
            jdoc_set_string(one, "c", p->country) != 0 ||
            jdoc_set_string(one, "k", p->country_code) != 0 ||
            jdoc_set_double(one, "y", p->latitude) != 0 ||
            jdoc_set_double(one, "x", p->longitude) != 0 ||
            jdoc_set_double(one, "w", p->weight) != 0;
        failed = jdoc_push_made(list, one, failed);
    }
    if (failed == 0)
        jdoc_write(list, out);
    jdoc_free(list);
    return failed != 0 ? ERR_NOMEM : buf_error(out);
}

/* What stands in Redis may have been written by another release: only what is whole counts. */
static bool place_geocode_unpack(const char *text, struct memory *m)
{
    jdoc *list = NULL;
    bool whole = jdoc_parse(text, strlen(text), &list, NULL, 0) == 0 &&
        jdoc_type(list) == JDOC_ARRAY && jdoc_length(list) <= GAZETTEER_CANDIDATES;
    for (size_t i = 0; whole && i < jdoc_length(list); i++) {
        const jdoc *one = jdoc_at(list, i);
        struct memory_place *p = &m->all[i];
        whole = jdoc_get_double(one, "y", &p->latitude) == 0 &&
            jdoc_get_double(one, "x", &p->longitude) == 0 &&
            jdoc_get_double(one, "w", &p->weight) == 0 && fabs(p->latitude) <= 90 &&
            fabs(p->longitude) <= 180 && fabs(p->weight) <= WEIGHT + GAZETTEER_CANDIDATES;
        place_geocode_text(p->name, sizeof p->name, jdoc_text_or(one, "n", ""));
        place_geocode_text(p->region, sizeof p->region, jdoc_text_or(one, "r", ""));
        place_geocode_text(p->country, sizeof p->country, jdoc_text_or(one, "c", ""));
        place_geocode_code(p->country_code, jdoc_text_or(one, "k", ""));
        m->count = i + 1;
    }
    jdoc_free(list);
    return whole;
}

/* From Redis into the ring. Without Redis the geocoder is asked. */
static bool place_geocode_fetch(struct tools_run *run, const char *key)
{
    struct memory *ring = place_geocode_ring(run), *m;
    const char *packed = NULL;
    if (!ring || !run->context->store ||
        geocodes_get(run->context->store, key, run->arena, &packed) != 0)
        return false;
    m = &ring[next_memory % REMEMBERED];
    memset(m, 0, sizeof *m);
    if (!place_geocode_unpack(packed, m)) {
        memset(m, 0, sizeof *m);
        return false;
    }
    snprintf(m->text, sizeof m->text, "%s", key);
    m->until_ms = run->context->now_ms + REMEMBER_MS;
    next_memory++;
    return true;
}

static bool place_geocode_remembered(struct tools_run *run, const char *key,
    const struct gazetteer_bias *bias, struct gazetteer_candidates *out)
{
    struct memory *ring = place_geocode_ring(run);
    for (size_t i = 0; ring && i < REMEMBERED; i++) {
        const struct memory *m = &ring[i];
        if (m->until_ms <= run->context->now_ms || strcmp(m->text, key) != 0)
            continue;
        for (; out->count < m->count; out->count++)
            place_geocode_take(&m->all[out->count], bias, &out->all[out->count]);
        return true;
    }
    return false;
}

bool place_geocode_known(struct tools_run *run, const char *text, const struct gazetteer_bias *bias,
    struct gazetteer_candidates *out)
{
    const char *key = place_geocode_key(run, text);
    memset(out, 0, sizeof *out);
    return key &&
        (place_geocode_remembered(run, key, bias, out) ||
            (place_geocode_fetch(run, key) && place_geocode_remembered(run, key, bias, out)));
}

static void place_geocode_store(struct tools_run *run, const struct memory *m)
{
    struct buf packed;
    buf_init(&packed, GEOCODES_BYTES);
    if (run->context->store && place_geocode_pack(m, &packed) == 0)
        err_ignore(geocodes_put(run->context->store, m->text, buf_text(&packed),
            run->context->conf->geocode_keep_ms));
    buf_free(&packed);
}

/* The site's turn to ask. Returns 0; ERR_BUSY; a fault. Without Redis everybody may. */
static int place_geocode_turn(struct tools_run *run)
{
    int64_t interval = run->context->conf->geocode_interval_ms;
    int64_t most = run->spec->timeout_ms / 3, now = clock_mono_ms();
    int64_t until = now + (TURNS_WAITED * interval < most ? TURNS_WAITED * interval : most);
    struct store *store = run->context->store;
    int error = store ? geocodes_turn(store, interval) : 0;
    while (error == ERR_BUSY && (now = clock_mono_ms()) < until) {
        int64_t wake = now + interval / 4 + 1;
        if (task_self()) /* the other turns of the worker go on */
            err_ignore(task_wait(run->context->reactor, wake < until ? wake : until, NULL));
        else
            link_wait(store->link, wake < until ? wake : until);
        error = geocodes_turn(store, interval);
    }
    return error == ERR_BUSY ? error : 0;
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
    snprintf(m->text, sizeof m->text, "%s", s->key);
    m->until_ms = run->context->now_ms + REMEMBER_MS;
    next_memory++;
    place_geocode_store(run, m);
    return s->done(run, s->arg);
}

int place_geocode(struct tools_run *run, const char *text, place_geocode_fn *done, void *arg)
{
    const struct conf *conf = run->context->conf;
    struct search *s = arena_alloc(run->arena, sizeof *s);
    const char *base = fetch_base(run, conf->geocode_url), *name = fetch_encoded(run, text);
    const char *key = place_geocode_key(run, text);
    char language[3];
    if (!s || !base || !name || !key)
        return ERR_NOMEM;
    place_geocode_language(run, language);
    *s = (struct search){.key = key, .done = done, .arg = arg};
    if (place_geocode_turn(run) == ERR_BUSY)
        return ERR_BUSY;
    bool photon = strcmp(conf->geocode_form, "photon") == 0;
    struct fetch ask = {.service = "geocoder",
        .url = arena_printf(run->arena,
            photon ? "%s/api?q=%s&limit=5%s%s" :
                     "%s/search?q=%s&format=jsonv2&limit=5&addressdetails=1%s%s",
            base, name,
            language[0] == '\0' ? "" :
                photon          ? "&lang=" :
                                  "&accept-language=",
            language)};
    return fetch_start(run, &ask, place_geocode_came, s);
}
