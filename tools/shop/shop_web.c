/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tools of the family shop that ask services outside.
 *
 *   search.url  GET ?q=TEXT&type=product|local|news|how-to&count=N[&location=TEXT]
 *               -> {"results": [{"title", "url", "snippet"?, "source"?, "published"?}...]}
 *   prices.url  GET ?q=TEXT&country=au|us|uk|ca|nz
 *               -> {"offers": [{"shop", "price", "currency", "title"?, "url"?, "in_stock"?}...]}
 *
 * An entry that has not what it needs is left out and counted; an answer of another form is none.
 */
#include "tools/kit/fetch.h"

#include "base/err.h"
#include "base/log.h"
#include "base/url.h"
#include "base/utf8.h"
#include "tools/engine/registry.h"
#include "tools/kit/amount.h"
#include "tools/kit/vehicle.h"
#include "tools/kit/zone.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESULTS_MAX 20
#define BYTES_MAX (512 * 1024)
#define OFFERS_MAX 40
#define TEXT_MAX 600
#define URL_MAX 2000

struct web {     /* run->state */
    int waiting; /* questions not yet answered */
    int left_out;
    int64_t wanted; /* results */
    jdoc *results, *offers;
    int results_error, offers_error;
    bool wants_results, wants_offers;
    const char *query, *country, *note;
    jdoc *context; /* of enhanced_search: what was added */
};

static void shop_free_web(void *arg)
{
    struct web *w = arg;
    jdoc_free(w->results);
    jdoc_free(w->offers);
    jdoc_free(w->context);
}

static struct web *shop_new_web(struct tools_run *run)
{
    struct web *w = arena_alloc(run->arena, sizeof *w);
    if (!w || arena_on_free(run->arena, shop_free_web, w) != 0)
        return NULL;
    w->query = "";
    run->state = w;
    return w;
}

/* A text of the service, cut at `max` bytes. Returns 0 also when there is none. */
static int shop_copy_text(jdoc *to, const char *name, const jdoc *from, size_t max)
{
    char text[URL_MAX + 1];
    size_t len = 0;
    const char *value = jdoc_string(jdoc_get(from, name), &len);
    if (!value || len == 0)
        return 0;
    snprintf(text, max + 1, "%s", value);
    utf8_mend_end(text);
    return jdoc_set_string(to, name, text);
}

static bool shop_is_web_url(const char *url)
{
    char why[URL_WHY_SIZE];
    size_t len = url ? strlen(url) : 0;
    return len <= URL_MAX && url_check(url, len, URL_INTERNATIONAL, NULL, why) == 0;
}

/* NULL: left out, or out of memory. */
static jdoc *shop_read_result(const jdoc *from)
{
    static const char *const keys[] = {"title", "snippet", "source", "published"};
    const char *url = jdoc_string(jdoc_get(from, "url"), NULL);
    jdoc *to = shop_is_web_url(url) && jdoc_string(jdoc_get(from, "title"), NULL) ?
        jdoc_new_object() :
        NULL;
    if (!to)
        return NULL;
    int failed = jdoc_set_string(to, "title", "");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        failed |= shop_copy_text(to, keys[i], from, TEXT_MAX);
    failed |= jdoc_set_string(to, "url", url);
    if (failed == 0)
        return to;
    jdoc_free(to);
    return NULL;
}

static jdoc *shop_read_offer(const jdoc *from)
{
    double price = 0;
    int64_t minor;
    const char *currency = jdoc_text_or(from, "currency", "");
    const char *url = jdoc_string(jdoc_get(from, "url"), NULL);
    bool in_stock = true;
    if (!jdoc_string(jdoc_get(from, "shop"), NULL) || strlen(currency) != 3 ||
        !isupper((unsigned char)currency[0]) || !isupper((unsigned char)currency[1]) ||
        !isupper((unsigned char)currency[2]) || jdoc_get_double(from, "price", &price) != 0 ||
        !isfinite(price) || price < 0 || price > 1e9 ||
        amount_from_number(price, currency, &minor) != 0)
        return NULL;
    jdoc *to = jdoc_new_object();
    if (!to)
        return NULL;
    int failed =
        shop_copy_text(to, "shop", from, TEXT_MAX) | shop_copy_text(to, "title", from, TEXT_MAX);
    failed |= jdoc_set_double(to, "price", amount_to_number(minor, currency));
    failed |= jdoc_set_int(to, "price_minor", minor);
    failed |= jdoc_set_string(to, "currency", currency);
    failed |= jdoc_set_string(to, "url", shop_is_web_url(url) ? url : NULL);
    if (jdoc_get_bool(from, "in_stock", &in_stock) == 0)
        failed |= jdoc_set_bool(to, "in_stock", in_stock);
    if (failed == 0)
        return to;
    jdoc_free(to);
    return NULL;
}

struct wanted_list {
    const char *key;
    size_t max;
    jdoc *(*read)(const jdoc *);
};

/* A list of an answer. Returns 0, ERR_PROTOCOL or ERR_NOMEM. */
static int shop_web_read_list(struct web *w, const char *body, size_t len,
    const struct wanted_list *wanted, jdoc **out)
{
    jdoc *answer = NULL, *list = jdoc_new_array();
    int error = list ? jdoc_parse(body, len, &answer, NULL, 0) : ERR_NOMEM;
    const jdoc *from = jdoc_get(answer, wanted->key);
    if (error == 0 && jdoc_type(from) != JDOC_ARRAY)
        error = ERR_PROTOCOL;
    for (size_t i = 0; !error && i < jdoc_length(from) && jdoc_length(list) < wanted->max; i++) {
        jdoc *one = wanted->read(jdoc_at(from, i));
        if (one)
            error = jdoc_push(list, one);
        else
            w->left_out++;
    }
    jdoc_free(answer);
    if (error == 0)
        *out = list;
    else
        jdoc_free(list);
    return error == ERR_INVALID || error == ERR_LIMIT ? ERR_PROTOCOL : error;
}

/* --- what comes together --- */

static int shop_by_price(const void *a, const void *b)
{
    const jdoc *x = *(jdoc *const *)a, *y = *(jdoc *const *)b;
    int64_t p = 0, q = 0;
    int order = strcmp(jdoc_text_or(x, "currency", ""), jdoc_text_or(y, "currency", ""));
    jdoc_get_int(x, "price_minor", &p);
    jdoc_get_int(y, "price_minor", &q);
    return order != 0 ? order : (p > q) - (p < q);
}

/* Cheapest first; different currencies are never compared, but stand apart. */
static jdoc *shop_sorted_offers(const jdoc *offers)
{
    jdoc *all[OFFERS_MAX], *list = jdoc_new_array();
    size_t count = 0;
    for (; count < jdoc_length(offers) && count < OFFERS_MAX; count++)
        all[count] = jdoc_at(offers, count);
    qsort(all, count, sizeof *all, shop_by_price);
    for (size_t i = 0; list && i < count; i++)
        if (jdoc_push(list, jdoc_dup(all[i])) != 0) {
            jdoc_free(list);
            return NULL;
        }
    return list;
}

static int shop_add_offers(struct tools_run *run, struct web *w)
{
    jdoc *list = shop_sorted_offers(w->offers);
    return list ? jdoc_set(run->result, "offers", list) : ERR_NOMEM;
}

static int shop_write_answer(struct tools_run *run, struct web *w)
{
    size_t found = jdoc_length(w->results), offers = jdoc_length(w->offers);
    const char *note = w->note;
    if (w->wants_results &&
        !run_succeed(run, "%zu result%s for \"%.120s\"%s.", found, found == 1 ? "" : "s", w->query,
            offers > 0 ? ", and prices" : ""))
        return ERR_NOMEM;
    if (!w->wants_results &&
        !run_succeed(run, "%zu offer%s for \"%.120s\".", offers, offers == 1 ? "" : "s", w->query))
        return ERR_NOMEM;
    int failed = 0;
    if (w->wants_results) {
        failed |= jdoc_set(run->result, "results", w->results);
        w->results = NULL;
        failed |= jdoc_set_int(run->result, "count", (int64_t)found);
        failed |= jdoc_set_string(run->result, "query", w->query);
    }
    if (w->wants_offers && w->offers_error == 0)
        failed |= shop_add_offers(run, w);
    else if (w->wants_offers)
        note = "The price service could not be asked.";
    if (w->context) {
        failed |= jdoc_set(run->result, "context", w->context);
        w->context = NULL;
    }
    if (!w->wants_results) {
        failed |= jdoc_set_int(run->result, "count", (int64_t)offers);
        failed |= jdoc_set_string(run->result, "country", w->country);
    }
    failed |= jdoc_set_int(run->result, "left_out", w->left_out);
    failed |= jdoc_set_string(run->result, "note", note);
    return failed != 0 ? ERR_NOMEM : 0;
}

/* One answer came; when it was the last one, the tool is done. */
static void shop_arrived(struct tools_run *run, struct web *w)
{
    if (--w->waiting > 0)
        return;
    if (w->results_error == ERR_NOMEM || w->offers_error == ERR_NOMEM)
        run->error = ERR_NOMEM;
    else if (w->wants_results && w->results_error != 0)
        run->error = fetch_failed(run, "search service");
    else if (!w->wants_results && w->offers_error != 0)
        run->error = fetch_failed(run, "price service");
    else
        run->error = shop_write_answer(run, w);
    run_finished(run);
}

static void shop_results_came(struct tools_run *run, void *arg, int error, const char *body,
    size_t len)
{
    struct web *w = arg;
    const struct wanted_list wanted = {"results", (size_t)w->wanted, shop_read_result};
    w->results_error = error ? error : shop_web_read_list(w, body, len, &wanted, &w->results);
    if (w->results_error == ERR_PROTOCOL)
        log_limited(LOG_LEVEL_WARN, "search.url: the answer has not the form of results");
    shop_arrived(run, w);
}

static void shop_offers_came(struct tools_run *run, void *arg, int error, const char *body,
    size_t len)
{
    struct web *w = arg;
    const struct wanted_list wanted = {"offers", OFFERS_MAX, shop_read_offer};
    w->offers_error = error ? error : shop_web_read_list(w, body, len, &wanted, &w->offers);
    if (w->offers_error == ERR_PROTOCOL)
        log_limited(LOG_LEVEL_WARN, "prices.url: the answer has not the form of offers");
    shop_arrived(run, w);
}

static int shop_ask_search(struct tools_run *run, struct web *w, const char *type,
    const char *location)
{
    char count[24];
    snprintf(count, sizeof count, "%lld", (long long)w->wanted);
    const struct fetch_parameter parameters[] = {{"q", w->query}, {"type", type}, {"count", count},
        {"location", location}, {NULL, NULL}};
    const struct conf *conf = run->context->conf;
    w->wants_results = true;
    return fetch_bytes(run,
        &(struct fetch){.url = conf->search_url,
            .bearer = conf->search_key,
            .parameters = parameters,
            .service = "search.url",
            .max_bytes = BYTES_MAX},
        shop_results_came, w);
}

static int shop_ask_prices(struct tools_run *run, struct web *w, const char *query)
{
    const struct fetch_parameter parameters[] = {{"q", query}, {"country", w->country},
        {NULL, NULL}};
    const struct conf *conf = run->context->conf;
    w->wants_offers = true;
    return fetch_bytes(run,
        &(struct fetch){.url = conf->prices_url,
            .bearer = conf->prices_key,
            .parameters = parameters,
            .service = "prices.url",
            .max_bytes = BYTES_MAX},
        shop_offers_came, w);
}

/* What could not even be asked is told like what did not answer. */
static int shop_begun(struct tools_run *run, struct web *w, int error, const char *service)
{
    if (error == ERR_PENDING) {
        w->waiting++;
        return ERR_PENDING;
    }
    return error == ERR_NOMEM ? error : fetch_failed(run, service);
}

int shop_tool_web_search(struct tools_run *run)
{
    struct web *w = shop_new_web(run);
    if (!w)
        return ERR_NOMEM;
    w->wanted = 10;
    jdoc_get_int(run->args, "num_results", &w->wanted);
    w->query = jdoc_text_or(run->args, "query", "");
    return shop_begun(run, w,
        shop_ask_search(run, w, jdoc_text_or(run->args, "search_type", ""),
            jdoc_text_or(run->args, "location", "")),
        "search service");
}

/* The user's country, when prices are known there. */
static const char *shop_country_of(struct tools_run *run)
{
    static const char *const known[][2] = {{"AU", "au"}, {"US", "us"}, {"GB", "uk"}, {"CA", "ca"},
        {"NZ", "nz"}};
    char code[3];
    if (run->context->zone && zone_country(run->context->zone, code))
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            if (strcmp(known[i][0], code) == 0)
                return known[i][1];
    return "au";
}

int shop_tool_compare_prices(struct tools_run *run)
{
    struct web *w = shop_new_web(run);
    if (!w)
        return ERR_NOMEM;
    w->query = jdoc_text_or(run->args, "product_name", "");
    w->country = jdoc_text_or(run->args, "country", shop_country_of(run));
    return shop_begun(run, w, shop_ask_prices(run, w, w->query), "price service");
}

/* --- enhanced_search --- */

/* "2019 Toyota HiAce" of the primary vehicle; NULL when none is known. Returns 0 or a fault. */
static int shop_vehicle_name(struct tools_run *run, const char **name)
{
    jdoc *vehicle = NULL;
    int64_t year = 0;
    char text[24] = "";
    *name = NULL;
    int error = vehicle_choose(run, &vehicle, NULL);
    if (error == ERR_NOT_FOUND)
        return 0;
    if (error != 0)
        return error;
    if (jdoc_get_int(vehicle, "year", &year) == 0)
        snprintf(text, sizeof text, "%lld ", (long long)year);
    const char *make = jdoc_text_or(vehicle, "make", ""),
               *model = jdoc_text_or(vehicle, "model", "");
    if (make[0] != '\0' || model[0] != '\0')
        *name = arena_printf(run->arena, "%s%s%s%s", text, make,
            make[0] != '\0' && model[0] != '\0' ? " " : "", model);
    jdoc_free(vehicle);
    return 0;
}

static int shop_set_context(struct web *w, const char *vehicle, const char *location)
{
    w->context = jdoc_new_object();
    if (!w->context)
        return ERR_NOMEM;
    int failed = jdoc_set_string(w->context, "vehicle", vehicle);
    failed |=
        jdoc_set_string(w->context, "location", location && location[0] != '\0' ? location : NULL);
    return failed != 0 ? ERR_NOMEM : 0;
}

int shop_tool_enhanced_search(struct tools_run *run)
{
    bool prices = true;
    struct web *w = shop_new_web(run);
    const char *vehicle = NULL, *asked = jdoc_text_or(run->args, "query", "");
    const char *type = jdoc_text_or(run->args, "search_type", "product");
    const char *location = jdoc_text_or(run->args, "location", run->context->location_text);
    bool product = strcmp(type, "product") == 0;
    int error = w ? 0 : ERR_NOMEM;
    if (error == 0 && (product || strcmp(type, "how-to") == 0))
        error = shop_vehicle_name(run, &vehicle);
    if (error == 0)
        error = shop_set_context(w, vehicle, location);
    if (error != 0)
        return error;
    w->query = vehicle ? arena_printf(run->arena, "%s for %s", asked, vehicle) : asked;
    if (!w->query)
        return ERR_NOMEM;
    w->wanted = 8;
    w->country = shop_country_of(run);
    jdoc_get_int(run->args, "num_results", &w->wanted);
    jdoc_get_bool(run->args, "include_price_comparison", &prices);
    error = shop_begun(run, w, shop_ask_search(run, w, type, location ? location : ""),
        "search service");
    if (error != ERR_PENDING || !prices || !product)
        return error;
    if (run->context->conf->prices_url[0] == '\0') {
        w->note = "Prices were not compared: no price service is configured (setting prices.url).";
        return ERR_PENDING;
    }
    error = shop_ask_prices(run, w, asked);
    if (error == ERR_PENDING)
        w->waiting++;
    else
        w->offers_error = error;
    return ERR_PENDING;
}
