/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools of the family shop over the operator's catalogue. See shop_web.c for searches outside. */
#include "tools/shop/shop.h"

#include "base/err.h"
#include "base/utf8.h"
#include "tools/engine/registry.h"
#include "tools/kit/amount.h"
#include "tools/kit/record.h"
#include "tools/kit/vehicle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TERMS_MAX 12
#define SHORT_TEXT 300
#define TRIP_AHEAD_MS (120LL * 86400000)

struct hit {
    const struct shop_product *product;
    int matched, score;
    const char *reason;
};

/* Returns 0, ERR_INVALID (said) or a fault. */
static int shop_open_catalogue(struct tools_run *run, const struct shop_catalogue **out)
{
    int error = shop_open(run->context->conf, out);
    if (error != ERR_NOT_CONFIGURED)
        return error;
    error = run_fail(run, "provider_not_configured",
        "The shop's catalogue cannot be read here (setting shop.catalogue).");
    return error != 0 ? error : ERR_INVALID;
}

static jdoc *shop_show(const struct shop_product *p, const char *currency, bool whole,
    const char *reason)
{
    jdoc *doc = jdoc_new_object();
    char text[SHORT_TEXT + 1];
    if (!doc)
        return NULL;
    snprintf(text, sizeof text, "%s", p->description);
    utf8_mend_end(text);
    int failed = jdoc_set_string(doc, "id", p->id);
    failed |= jdoc_set_string(doc, "name", p->name);
    failed |= jdoc_set_string(doc, "category", p->category);
    failed |= jdoc_set_double(doc, "price", amount_to_number(p->price_minor, currency));
    failed |= jdoc_set_int(doc, "price_minor", p->price_minor);
    failed |= jdoc_set_string(doc, "currency", currency);
    failed |= jdoc_set_bool(doc, "in_stock", p->in_stock);
    failed |= jdoc_set_string(doc, "description", whole ? p->description : text);
    failed |= jdoc_set_string(doc, "url", p->url);
    failed |= jdoc_set_string(doc, "reason", reason);
    if (whole && jdoc_type(p->tags) == JDOC_ARRAY)
        failed |= jdoc_set(doc, "tags", jdoc_dup(p->tags));
    if (whole && jdoc_type(p->vehicle_types) == JDOC_ARRAY)
        failed |= jdoc_set(doc, "vehicle_types", jdoc_dup(p->vehicle_types));
    if (failed == 0)
        return doc;
    jdoc_free(doc);
    return NULL;
}

/* More of the words, then where they stand, then what can be had, then the name. */
static int shop_compare_hits(const void *a, const void *b)
{
    const struct hit *x = a, *y = b;
    if (x->matched != y->matched)
        return y->matched - x->matched;
    if (x->score != y->score)
        return y->score - x->score;
    if (x->product->in_stock != y->product->in_stock)
        return x->product->in_stock ? -1 : 1;
    int order = strcmp(x->product->name, y->product->name);
    return order != 0 ? order : strcmp(x->product->id, y->product->id);
}

static int shop_answer(struct tools_run *run, const struct shop_catalogue *c, struct hit *hits,
    size_t count, const char *said)
{
    int64_t limit = jdoc_int_or(run->args, "limit", 20);
    qsort(hits, count, sizeof *hits, shop_compare_hits);
    size_t shown = count < (size_t)limit ? count : (size_t)limit;
    jdoc *list = jdoc_new_array();
    int error = list ? 0 : ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < shown; i++)
        error = jdoc_push(list, shop_show(hits[i].product, c->currency, false, hits[i].reason));
    if (error == 0 &&
        !run_succeed(run, "%zu product%s%s%s", shown, shown == 1 ? "" : "s",
            count > shown ? ", and there are more" : "", said))
        error = ERR_NOMEM;
    if (error != 0) {
        jdoc_free(list);
        return error;
    }
    int failed = jdoc_set(run->result, "products", list);
    failed |= jdoc_set_int(run->result, "count", (int64_t)shown);
    failed |= jdoc_set_int(run->result, "total", (int64_t)count);
    return failed != 0 ? ERR_NOMEM : 0;
}

static struct hit shop_rate(const struct shop_product *p, const struct word_set *query)
{
    struct hit hit = {.product = p};
    for (size_t i = 0; i < query->count; i++) {
        int score = word_set_has(&p->name_words, query->list[i]) ? 4 :
            word_set_has(&p->tag_words, query->list[i])          ? 2 :
            word_set_has(&p->text_words, query->list[i])         ? 1 :
                                                                   0;
        hit.matched += score > 0;
        hit.score += score;
    }
    return hit;
}

int shop_tool_search_products(struct tools_run *run)
{
    const struct shop_catalogue *c;
    struct word_set query;
    double least = 0, most = 1e12;
    size_t count = 0;
    const char *category = jdoc_string(jdoc_get(run->args, "category"), NULL);
    jdoc_get_double(run->args, "min_price", &least);
    jdoc_get_double(run->args, "max_price", &most);
    if (least > most)
        return run_fail_at(run, "/min_price", "a price that is not above max_price",
            "min_price is above max_price");
    int error = shop_open_catalogue(run, &c);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    struct hit *hits = arena_array(run->arena, c->count + 1, sizeof *hits);
    error = hits ? word_set_init(&query, run->arena, TERMS_MAX) : ERR_NOMEM;
    if (error != 0)
        return error;
    word_set_add(&query, "", jdoc_text_or(run->args, "query", ""));
    for (size_t i = 0; i < c->count; i++) {
        double price = amount_to_number(c->products[i].price_minor, c->currency);
        if ((category && strcmp(category, c->products[i].category) != 0) || price < least ||
            price > most)
            continue;
        hits[count] = shop_rate(&c->products[i], &query);
        count += hits[count].matched > 0;
    }
    return shop_answer(run, c, hits, count, " found.");
}

int shop_tool_get_product_details(struct tools_run *run)
{
    const struct shop_catalogue *c;
    const char *id = jdoc_text_or(run->args, "product_id", "");
    int error = shop_open_catalogue(run, &c);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    for (size_t i = 0; i < c->count; i++) {
        const struct shop_product *p = &c->products[i];
        char price[AMOUNT_TEXT_SIZE];
        if (strcmp(p->id, id) != 0)
            continue;
        amount_text(p->price_minor, c->currency, price);
        if (!run_succeed(run, "%s: %s%s.", p->name, price, p->in_stock ? "" : ", not in stock"))
            return ERR_NOMEM;
        return jdoc_set(run->result, "product", shop_show(p, c->currency, true, NULL));
    }
    return run_fail(run, "not_found",
        "There is no such product. search_products finds those there are.");
}

/* --- recommend_products --- */

struct traveller {            /* what is known that a product can fit */
    const char *vehicle_type; /* NULL = unknown */
    struct word_set trip;     /* words of the trips to come */
    const char *destination;
    int64_t from_ms;
};

static int shop_note_trip(void *arg, const jdoc *trip)
{
    struct traveller *t = arg;
    const jdoc *to = jdoc_get(trip, "destination");
    const char *name = jdoc_string(to, NULL) ? jdoc_string(to, NULL) : jdoc_text_or(to, "name", "");
    word_set_add(&t->trip, "", name);
    word_set_add(&t->trip, "", jdoc_string(jdoc_get(to, "region"), NULL));
    word_set_add(&t->trip, "", jdoc_string(jdoc_get(trip, "name"), NULL));
    word_set_add(&t->trip, "", jdoc_string(jdoc_get(trip, "notes"), NULL));
    if (!t->destination && name[0] != '\0')
        t->destination = arena_strdup(t->trip.arena, name);
    return t->trip.failed ? ERR_NOMEM : 0;
}

static int shop_read_traveller(struct tools_run *run, struct traveller *t)
{
    jdoc *vehicle = NULL;
    int64_t now = run->context->now_ms;
    int error = word_set_init(&t->trip, run->arena, 64);
    if (error == 0)
        error = vehicle_choose(run, &vehicle, NULL);
    if (error == 0)
        t->vehicle_type =
            arena_strdup(run->arena, jdoc_string(jdoc_get(vehicle, "vehicle_type"), NULL));
    jdoc_free(vehicle);
    if (error != 0 && error != ERR_NOT_FOUND)
        return error;
    return record_each(run, "trip", now - 30LL * 86400000, now + TRIP_AHEAD_MS, shop_note_trip, t);
}

static bool shop_lists(const jdoc *list, const char *text)
{
    for (size_t i = 0; i < jdoc_length(list); i++) {
        const char *one = jdoc_string(jdoc_at(list, i), NULL);
        if (one && strcmp(one, text) == 0)
            return true;
    }
    return false;
}

/* Returns false for a product that is made for other vehicles. */
static bool shop_fits(struct tools_run *run, const struct traveller *t, struct hit *hit)
{
    const struct shop_product *p = hit->product;
    const char *vehicle = "", *trip = "";
    if (jdoc_length(p->vehicle_types) > 0 && t->vehicle_type) {
        if (!shop_lists(p->vehicle_types, t->vehicle_type))
            return false;
        hit->score += 3;
        char *made_for = arena_printf(run->arena, "made for a %s", t->vehicle_type);
        for (char *c = made_for; c && *c != '\0'; c++)
            if (*c == '_')
                *c = ' ';
        vehicle = made_for;
    }
    for (size_t i = 0; i < p->tag_words.count && trip[0] == '\0'; i++)
        if (word_set_has(&t->trip, p->tag_words.list[i])) {
            hit->score += 2;
            trip = arena_printf(run->arena, "suits the trip to %s", t->destination);
        }
    if (!vehicle || !trip || !p->in_stock)
        return false;
    hit->reason = arena_printf(run->arena, "%s%s%s", vehicle,
        vehicle[0] != '\0' && trip[0] != '\0' ? ", " : "", trip);
    if (hit->score == 0)
        hit->reason = "in stock";
    return hit->reason != NULL;
}

int shop_tool_recommend_products(struct tools_run *run)
{
    const struct shop_catalogue *c;
    struct traveller t = {0};
    size_t count = 0;
    bool fitting = false;
    const char *category = jdoc_string(jdoc_get(run->args, "category"), NULL);
    int error = shop_read_traveller(run, &t);
    if (error == 0)
        error = shop_open_catalogue(run, &c);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    struct hit *hits = arena_array(run->arena, c->count + 1, sizeof *hits);
    if (!hits)
        return ERR_NOMEM;
    for (size_t i = 0; i < c->count; i++) {
        if (category && strcmp(category, c->products[i].category) != 0)
            continue;
        hits[count] = (struct hit){.product = &c->products[i]};
        if (!shop_fits(run, &t, &hits[count]))
            continue;
        fitting |= hits[count++].score > 0;
    }
    return shop_answer(run, c, hits, count,
        fitting ? ", those that fit best first." :
            t.vehicle_type || t.trip.count > 0 ?
                  " in stock; none is marked for the user's vehicle or trips." :
                  " in stock; no vehicle or trip of the user is known to choose by.");
}
