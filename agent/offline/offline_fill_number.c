/* SPDX-License-Identifier: BSD-2-Clause */
/* Slots of numbers: money, measures, counts. */
#include "agent/offline/offline_fill.h"

#include "tools/kit/amount.h"
#include "tools/kit/currency.h"
#include "tools/kit/zone.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define OFFLINE_UNITS \
    "km|mile|litre|gallon|kg|g|ml|can|pack|bottle|lb|piece|mpg|per100|odometer|stars"

/* A number that can be money: none that counts what stands behind it ("6 eggs"). */
static bool offline_fill_bare(const struct offline_fill *f, size_t i)
{
    const struct offline_token *k = &f->speech->tokens.list[i];
    bool counts = i + 1 < f->speech->tokens.count && !f->used[i + 1] && !k[1].gap &&
        k[1].kind == OFFLINE_WORD && k[1].mark != OFFLINE_MARK_LIGHT;

    return offline_fill_free(f, i) && k->kind == OFFLINE_NUMBER && !*k->currency && !counts &&
        !offline_fill_is(f, i + 1, OFFLINE_UNITS);
}

/* A number with one of the units behind it, or before it as in "odo 84000". */
static size_t offline_fill_measured(struct offline_fill *f, const char *units)
{
    for (size_t i = 0; i < f->speech->tokens.count; i++) {
        const struct offline_token *k = &f->speech->tokens.list[i];
        if (!offline_fill_free(f, i) || k->kind != OFFLINE_NUMBER || *k->currency)
            continue;
        if (offline_fill_is(f, i + 1, units)) {
            f->used[i] = f->used[i + 1] = true;
            return i;
        }
    }
    return SIZE_MAX;
}

static void offline_fill_units(const struct offline_slot_spec *slot, char out[32])
{
    snprintf(out, 32, "%s", slot->unit);
}

static double offline_fill_value(const struct offline_fill *f, size_t i)
{
    return f->speech->tokens.list[i].value;
}

bool offline_fill_foreign(const struct offline_world *world, const char *said, const char *own)
{
    char country[3];
    const char *there = zone_country(world->zone, country) ? currency_there(said, country) : NULL;

    return !currency_is(said, own) || (there && strcmp(there, own) != 0);
}

static void offline_fill_money(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    size_t at = SIZE_MAX, bare = 0;
    int64_t minor;

    for (size_t i = 0; i < f->speech->tokens.count; i++) {
        const struct offline_token *k = &f->speech->tokens.list[i];
        if (offline_fill_free(f, i) && k->kind == OFFLINE_NUMBER && *k->currency && at == SIZE_MAX)
            at = i;
    }
    for (size_t i = 0; i < f->speech->tokens.count && at == SIZE_MAX; i++)
        if (offline_fill_bare(f, i) && (!slot->very_strict || f->speech->tokens.count <= 6) &&
            (!slot->optional || (i && offline_fill_is(f, i - 1, "for|cost|with|spent")))) {
            at = i;
            for (size_t j = i + 1; j < f->speech->tokens.count; j++)
                bare += offline_fill_bare(f, j);
        }
    if (at == SIZE_MAX) {
        f->no_money |= slot->strict;
        return;
    }
    const struct offline_token *k = &f->speech->tokens.list[at];
    if (bare && strcmp(f->intent->tool, "add_fuel_entry") != 0)
        f->vague = true;
    f->used[at] = true;
    f->strict_money = slot->strict && !*k->currency;
    if (*k->currency && offline_fill_foreign(f->world, k->currency, f->world->currency)) {
        if (!offline_fill_property(f, "currency") || strlen(k->currency) != 3 ||
            *k->currency == '$' || !strcmp(slot->name, "nothing")) {
            snprintf(f->problem, sizeof f->problem,
                "Your money is kept in %s. How much was it in %s?", f->world->currency,
                f->world->currency);
            return;
        }
        snprintf(f->problem, sizeof f->problem,
            "You said %s, and your money is kept in %s. How much was it in %s?", k->currency,
            f->world->currency, f->world->currency);
        return;
    }
    if (k->value <= 0 || amount_from_number(k->value, f->world->currency, &minor)) {
        snprintf(f->problem, sizeof f->problem, "I cannot take %.10g as an amount of %s.", k->value,
            f->world->currency);
        return;
    }
    offline_fill_put(f, slot->name, jdoc_new_double(k->value));
}

static void offline_fill_odometer(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    size_t at = offline_fill_measured(f, "km|odometer"), word;

    if (at == SIZE_MAX) {
        word = offline_fill_find(f, "odometer");
        if (word == SIZE_MAX)
            return;
        for (size_t i = word + 1; i < f->speech->tokens.count && i < word + 4; i++)
            if (offline_fill_free(f, i) && f->speech->tokens.list[i].kind == OFFLINE_NUMBER) {
                at = i;
                break;
            }
        if (at == SIZE_MAX)
            return;
        f->used[at] = f->used[word] = true;
        if (offline_fill_is(f, at + 1, "km"))
            f->used[at + 1] = true;
    }
    if (offline_fill_is(f, at + 1, "km") && offline_fill_property(f, "odometer_unit"))
        offline_fill_put_text(f, "odometer_unit", "km");
    word = offline_fill_find(f, "odometer");
    if (word != SIZE_MAX)
        f->used[word] = true;
    offline_fill_put(f, slot->name, jdoc_new_int((int64_t)offline_fill_value(f, at)));
}

static void offline_fill_unit_price(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    size_t unit = offline_fill_find(f, "perunit");

    if (unit == SIZE_MAX || !unit || f->speech->tokens.list[unit - 1].kind != OFFLINE_NUMBER ||
        f->used[unit - 1])
        return;
    const struct offline_token *k = &f->speech->tokens.list[unit - 1];
    if (*k->currency && offline_fill_foreign(f->world, k->currency, f->world->currency)) {
        snprintf(f->problem, sizeof f->problem,
            "You said %s, and your money is kept in %s. How much was it in %s?", k->currency,
            f->world->currency, f->world->currency);
        return;
    }
    f->used[unit] = f->used[unit - 1] = true;
    offline_fill_put(f, slot->name, jdoc_new_double(offline_fill_value(f, unit - 1)));
}

static void offline_fill_num(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    char units[32];
    size_t at = SIZE_MAX;

    offline_fill_units(slot, units);
    for (char *p = units; (p = strchr(p, ',')); p++)
        *p = '|';
    if (*units) {
        at = offline_fill_measured(f, units);
        if (at == SIZE_MAX)
            return;
        if (!strcmp(slot->name, "volume") && offline_fill_is(f, at + 1, "gallon")) {
            snprintf(f->problem, sizeof f->problem, "How many litres was it?");
            return;
        }
        double value = offline_fill_value(f, at);
        offline_fill_put(f, slot->name, jdoc_new_double(value));
        /* Said, so it counts over the user's usual unit. */
        if (!strcmp(slot->name, "volume") && offline_fill_property(f, "volume_unit"))
            offline_fill_put_text(f, "volume_unit", "l");
        return;
    }
    for (size_t i = 0; i < f->speech->tokens.count; i++)
        if (offline_fill_free(f, i) && f->speech->tokens.list[i].kind == OFFLINE_NUMBER &&
            !*f->speech->tokens.list[i].currency && !offline_fill_is(f, i, OFFLINE_UNITS)) {
            if (at != SIZE_MAX)
                f->vague = true;
            at = i;
        }
    if (at == SIZE_MAX)
        return;
    f->used[at] = true;
    double value = offline_fill_value(f, at);
    offline_fill_put(f, slot->name,
        !strcmp(slot->type, "int") ? jdoc_new_int((int64_t)value) : jdoc_new_double(value));
}

/* "2 kilos of flour": the unit is one of ours, or none. */
static void offline_fill_quantity(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    static const char *const names[][2] = {{"kg", "kg"}, {"g", "g"}, {"litre", "l"}, {"ml", "ml"},
        {"can", "can"}, {"pack", "pack"}, {"bottle", "bottle"}, {"lb", "lb"}, {"piece", "piece"}};
    size_t at = SIZE_MAX;

    for (size_t i = 0; i < f->speech->tokens.count; i++)
        if (offline_fill_free(f, i) && f->speech->tokens.list[i].kind == OFFLINE_NUMBER &&
            !*f->speech->tokens.list[i].currency) {
            f->vague |= at != SIZE_MAX;
            at = at == SIZE_MAX ? i : at;
        }
    if (at == SIZE_MAX)
        return;
    f->used[at] = true;
    offline_fill_put(f, slot->name, jdoc_new_double(offline_fill_value(f, at)));
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (offline_fill_is(f, at + 1, names[k][0])) {
            offline_fill_put_text(f, "unit", names[k][1]);
            f->used[at + 1] = true;
        }
}

static void offline_fill_duration(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    size_t at = SIZE_MAX;
    const struct offline_when *when = &f->speech->when;

    for (size_t i = 0; i < f->speech->tokens.count; i++)
        if (offline_fill_free(f, i) && f->speech->tokens.list[i].kind == OFFLINE_DURATION) {
            f->vague |= at != SIZE_MAX;
            at = i;
        }
    if (at != SIZE_MAX) {
        f->used[at] = true;
        offline_fill_put(f, slot->name, jdoc_new_double(offline_fill_value(f, at)));
    } else if (when->date == OFFLINE_DATE_MINUTES && when->dates == 1) { /* "a timer in 5 min" */
        f->when_used = true;
        offline_fill_put(f, slot->name, jdoc_new_int(when->value * 60));
    } else {
        snprintf(f->missing, sizeof f->missing, "%s", slot->name);
        snprintf(f->problem, sizeof f->problem, "For how long?");
    }
}

/* A whole number of days, weeks or minutes. */
static void offline_fill_stretch(struct offline_fill *f, const struct offline_slot_spec *slot,
    double unit)
{
    for (size_t i = 0; i < f->speech->tokens.count; i++) {
        const struct offline_token *k = &f->speech->tokens.list[i];
        if (!offline_fill_free(f, i) || k->kind != OFFLINE_DURATION || fmod(k->value, unit) != 0)
            continue;
        f->used[i] = true;
        offline_fill_put(f, slot->name, jdoc_new_int((int64_t)(k->value / unit)));
        return;
    }
}

static void offline_fill_count(struct offline_fill *f, const struct offline_slot_spec *slot,
    const char *unit)
{
    for (size_t i = 0; i < f->speech->tokens.count; i++)
        if (offline_fill_free(f, i) && f->speech->tokens.list[i].kind == OFFLINE_NUMBER &&
            !*f->speech->tokens.list[i].currency && (!unit || offline_fill_is(f, i + 1, unit))) {
            f->used[i] = true;
            if (unit)
                f->used[i + 1] = true;
            offline_fill_put(f, slot->name, jdoc_new_int((int64_t)offline_fill_value(f, i)));
            return;
        }
}

/* A forecast from now on: today, tomorrow, this week, so many days. */
static void offline_fill_weather_days(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    const struct offline_when *when = &f->speech->when;

    offline_fill_stretch(f, slot, 86400);
    if (when->dates != 1)
        f->when_used |= when->part && !when->dates && !when->times;
    else if (when->date == OFFLINE_DATE_DAYS && when->value >= 0 && when->value < 7)
        f->when_used = true;
    else if (when->date == OFFLINE_DATE_WEEKDAY && when->which != OFFLINE_LAST &&
        when->which != OFFLINE_NEXT)
        f->when_used = true;
    else if (when->date == OFFLINE_DATE_SPAN && when->which == OFFLINE_THIS &&
        (when->unit == 'w' || when->unit == 'e'))
        f->when_used = true;
}

bool offline_fill_number(struct offline_fill *f, const struct offline_slot_spec *slot)
{
    const char *type = slot->type;

    if (!strcmp(type, "money"))
        offline_fill_money(f, slot);
    else if (!strcmp(type, "distance")) /* without one there is nothing to count */
        f->vague |= !jdoc_has(f->args, "distance_km") && !jdoc_has(f->args, "distance_miles");
    else if (!strcmp(type, "currency"))
        ; /* the user's own: other ones are asked about */
    else if (!strcmp(type, "odometer"))
        offline_fill_odometer(f, slot);
    else if (!strcmp(type, "unitprice"))
        offline_fill_unit_price(f, slot);
    else if (!strcmp(type, "num") || !strcmp(type, "int"))
        offline_fill_num(f, slot);
    else if (!strcmp(type, "quantity"))
        offline_fill_quantity(f, slot);
    else if (!strcmp(type, "duration"))
        offline_fill_duration(f, slot);
    else if (!strcmp(type, "days"))
        offline_fill_stretch(f, slot, 86400);
    else if (!strcmp(type, "weeks"))
        offline_fill_stretch(f, slot, 7 * 86400);
    else if (!strcmp(type, "minutes"))
        offline_fill_stretch(f, slot, 60);
    else if (!strcmp(type, "count"))
        offline_fill_count(f, slot, NULL);
    else if (!strcmp(type, "stars"))
        offline_fill_count(f, slot, "stars");
    else if (!strcmp(type, "weatherdays"))
        offline_fill_weather_days(f, slot);
    else
        return false;
    return true;
}
