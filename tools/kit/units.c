/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/units.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define UNITS_MPG_FACTOR 235.214583 /* US miles per gallon times litres per 100 km */
#define UNITS_MPG_UK_FACTOR 282.480936

static const struct units units_metric;
static const struct units units_us = {UNITS_MI, UNITS_FAHRENHEIT, UNITS_GALLON_US, UNITS_MPG_US,
    UNITS_LB, UNITS_SUNDAY, UNITS_MDY};
static const struct units units_imperial = {UNITS_MI, UNITS_FAHRENHEIT, UNITS_GALLON_UK,
    UNITS_MPG_UK, UNITS_LB, UNITS_MONDAY, UNITS_DMY};

static const char *const units_distances[] = {"km", "mi", NULL};
static const char *const units_temperatures[] = {"C", "F", NULL};
static const char *const units_volumes[] = {"l", "gal_us", "gal_uk", NULL};
static const char *const units_fuels[] = {"l_per_100km", "km_per_l", "mpg_us", "mpg_uk", NULL};
static const char *const units_weights[] = {"kg", "lb", NULL};
static const char *const units_weeks[] = {"monday", "sunday", "saturday", NULL};
static const char *const units_dates[] = {"dmy", "mdy", "ymd", NULL};

/* ---- by country ---- */

static bool units_in(const char *list, const char *country)
{
    return strlen(country) == 2 && strstr(list, country);
}

void units_of_country(const char *country, struct units *out)
{
    *out = units_metric;
    if (units_in("US PR GU VI AS MP", country))
        *out = units_us;
    if (units_in("GB IM JE GG", country)) {
        out->distance = UNITS_MI;
        out->fuel = UNITS_MPG_UK;
    }
    if (units_in("LR MM", country))
        out->distance = UNITS_MI;
    if (units_in("BS BZ KY LR PW FM MH", country))
        out->temperature = UNITS_FAHRENHEIT;
    if (units_in("JP IN BR DO SV GT", country))
        out->fuel = UNITS_KM_PER_L;
    if (units_in("US CA MX BR JP KR IL IN PH CO PE TH TW HK ZA PR GU", country))
        out->week_start = UNITS_SUNDAY;
    if (units_in("EG SA AE JO KW DZ IQ LY OM QA BH YE SD AF IR", country))
        out->week_start = UNITS_SATURDAY;
    if (units_in("CN JP KR TW HU LT MN SE CA", country))
        out->date_order = UNITS_YMD;
}

/* ---- choices ---- */

static int units_index(const char *const *names, const char *text)
{
    for (int i = 0; names[i]; i++)
        if (strcasecmp(names[i], text) == 0)
            return i;
    return -1;
}

/* One of them by name into *choice; absent: untouched. */
static int units_pick(const jdoc *value, const char *key, const char *const *names, int *choice,
    char why[UNITS_WHY_SIZE])
{
    const jdoc *member = jdoc_get(value, key);
    if (!member || jdoc_type(member) == JDOC_NULL)
        return 0;
    const char *text = jdoc_string(member, NULL);
    int i = text ? units_index(names, text) : -1;
    if (i >= 0) {
        *choice = i;
        return 0;
    }
    int len = snprintf(why, UNITS_WHY_SIZE, "/%s must be one of", key);
    for (i = 0; names[i]; i++)
        len +=
            snprintf(why + len, UNITS_WHY_SIZE - (size_t)len, "%s %s", i > 0 ? "," : "", names[i]);
    return ERR_INVALID;
}

static int units_choose_system(const char *name, struct units *out, char why[UNITS_WHY_SIZE])
{
    static const struct {
        const char *name;
        const struct units *units;
    } systems[] = {{"metric", &units_metric}, {"us", &units_us}, {"imperial", &units_imperial}};
    enum units_week week = out->week_start;
    enum units_date dates = out->date_order;
    for (size_t i = 0; name && i < sizeof systems / sizeof *systems; i++)
        if (strcasecmp(systems[i].name, name) == 0) {
            *out = *systems[i].units;
            out->week_start = week;
            out->date_order = dates;
            return 0;
        }
    snprintf(why, UNITS_WHY_SIZE, " must be metric, us, imperial, or an object of single units");
    return ERR_INVALID;
}

/* Miles that nobody said a gallon with. */
static void units_guess_fuel(const jdoc *value, struct units *u)
{
    bool miles = jdoc_has(value, "distance") && u->distance == UNITS_MI;
    bool km = jdoc_has(value, "distance") && u->distance == UNITS_KM;
    bool us = u->temperature == UNITS_FAHRENHEIT;
    if (jdoc_has(value, "system"))
        return;
    if (!jdoc_has(value, "fuel") && miles)
        u->fuel = us ? UNITS_MPG_US : UNITS_MPG_UK;
    else if (!jdoc_has(value, "fuel") && km && u->fuel >= UNITS_MPG_US)
        u->fuel = UNITS_L_PER_100KM;
    if (!jdoc_has(value, "volume") && miles && us)
        u->volume = UNITS_GALLON_US;
    else if (!jdoc_has(value, "volume") && km)
        u->volume = UNITS_LITRE;
}

int units_choose(const jdoc *value, struct units *out, char why[UNITS_WHY_SIZE])
{
    struct units u = *out;
    int picked[] = {(int)u.distance, (int)u.temperature, (int)u.volume, (int)u.fuel, (int)u.weight};
    if (jdoc_type(value) != JDOC_OBJECT)
        return units_choose_system(jdoc_string(value, NULL), out, why);
    if (jdoc_has(value, "system")) {
        int error = units_choose_system(jdoc_text_or(value, "system", ""), &u, why);
        if (error != 0)
            return error;
        const int all[] = {(int)u.distance, (int)u.temperature, (int)u.volume, (int)u.fuel,
            (int)u.weight};
        memcpy(picked, all, sizeof picked);
    }
    int error = units_pick(value, "distance", units_distances, &picked[0], why);
    if (error == 0)
        error = units_pick(value, "temperature", units_temperatures, &picked[1], why);
    if (error == 0)
        error = units_pick(value, "volume", units_volumes, &picked[2], why);
    if (error == 0)
        error = units_pick(value, "fuel", units_fuels, &picked[3], why);
    if (error == 0)
        error = units_pick(value, "weight", units_weights, &picked[4], why);
    if (error != 0)
        return error;
    u.distance = (enum units_distance)picked[0];
    u.temperature = (enum units_temperature)picked[1];
    u.volume = (enum units_volume)picked[2];
    u.fuel = (enum units_fuel)picked[3];
    u.weight = (enum units_weight)picked[4];
    units_guess_fuel(value, &u);
    *out = u;
    return 0;
}

int units_choose_week(const char *text, struct units *out)
{
    int i = units_index(units_weeks, text);
    if (i < 0)
        return ERR_INVALID;
    out->week_start = (enum units_week)i;
    return 0;
}

int units_choose_dates(const char *text, struct units *out)
{
    int i = units_index(units_dates, text);
    if (i < 0)
        return ERR_INVALID;
    out->date_order = (enum units_date)i;
    return 0;
}

/* ---- as data ---- */

jdoc *units_json(const struct units *u)
{
    jdoc *object = jdoc_new_object();
    if (!object)
        return NULL;
    int failed = jdoc_set_string(object, "distance", units_distances[u->distance]);
    failed |= jdoc_set_string(object, "temperature", units_temperatures[u->temperature]);
    failed |= jdoc_set_string(object, "volume", units_volumes[u->volume]);
    failed |= jdoc_set_string(object, "fuel", units_fuels[u->fuel]);
    failed |= jdoc_set_string(object, "weight", units_weights[u->weight]);
    if (failed == 0)
        return object;
    jdoc_free(object);
    return NULL;
}

const char *units_week_name(const struct units *u)
{
    return units_weeks[u->week_start];
}

const char *units_dates_name(const struct units *u)
{
    return units_dates[u->date_order];
}

void units_pack(const struct units *u, char out[UNITS_PACKED_SIZE])
{
    const int all[] = {(int)u->distance, (int)u->temperature, (int)u->volume, (int)u->fuel,
        (int)u->weight, (int)u->week_start, (int)u->date_order};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        out[i] = (char)('0' + all[i]);
    out[UNITS_PACKED_SIZE - 1] = '\0';
}

void units_unpack(const char *text, struct units *out)
{
    static const char most[] = "1123122";
    *out = units_metric;
    if (!text || strlen(text) != UNITS_PACKED_SIZE - 1)
        return;
    for (size_t i = 0; i < UNITS_PACKED_SIZE - 1; i++)
        if (text[i] < '0' || text[i] > most[i])
            return;
    out->distance = (enum units_distance)(text[0] - '0');
    out->temperature = (enum units_temperature)(text[1] - '0');
    out->volume = (enum units_volume)(text[2] - '0');
    out->fuel = (enum units_fuel)(text[3] - '0');
    out->weight = (enum units_weight)(text[4] - '0');
    out->week_start = (enum units_week)(text[5] - '0');
    out->date_order = (enum units_date)(text[6] - '0');
}

/* ---- as texts ---- */

void units_words(const struct units *u, char out[UNITS_WORDS_SIZE])
{
    static const char *const distances[] = {"kilometres", "miles"};
    static const char *const temperatures[] = {"degrees Celsius", "degrees Fahrenheit"};
    static const char *const volumes[] = {"litres", "US gallons", "imperial gallons"};
    static const char *const fuels[] = {"L/100 km", "km per litre", "miles per US gallon",
        "miles per imperial gallon"};
    static const char *const weights[] = {"kilograms", "pounds"};
    static const char *const weeks[] = {"Monday", "Sunday", "Saturday"};
    snprintf(out, UNITS_WORDS_SIZE, "%s, %s, %s, %s, %s; weeks begin on %s", distances[u->distance],
        temperatures[u->temperature], volumes[u->volume], fuels[u->fuel], weights[u->weight],
        weeks[u->week_start]);
}

double units_distance(const struct units *u, double km)
{
    return u->distance == UNITS_MI ? km / UNITS_KM_PER_MILE : km;
}

double units_litres(enum units_volume volume)
{
    return volume == UNITS_GALLON_US ? UNITS_LITRES_PER_GALLON_US :
        volume == UNITS_GALLON_UK    ? UNITS_LITRES_PER_GALLON_UK :
                                       1;
}

double units_volume(const struct units *u, double litres)
{
    return litres / units_litres(u->volume);
}

void units_distance_text(const struct units *u, double km, char out[UNITS_TEXT_SIZE])
{
    double value = units_distance(u, km);
    snprintf(out, UNITS_TEXT_SIZE, "%.*f %s", value >= 9.95 ? 0 : 1, value,
        units_distances[u->distance]);
}

void units_temperature_text(const struct units *u, double celsius, char out[UNITS_TEXT_SIZE])
{
    bool fahrenheit = u->temperature == UNITS_FAHRENHEIT;
    snprintf(out, UNITS_TEXT_SIZE, "%.0f \xc2\xb0%s", fahrenheit ? celsius * 1.8 + 32 : celsius,
        fahrenheit ? "F" : "C");
}

void units_volume_text(const struct units *u, double litres, char out[UNITS_TEXT_SIZE])
{
    static const char *const names[] = {"L", "US gal", "imperial gal"};
    snprintf(out, UNITS_TEXT_SIZE, "%.2f %s", units_volume(u, litres), names[u->volume]);
}

void units_fuel_text(const struct units *u, double l_per_100km, char out[UNITS_TEXT_SIZE])
{
    switch (u->fuel) {
    case UNITS_KM_PER_L:
        snprintf(out, UNITS_TEXT_SIZE, "%.1f km/L", 100 / l_per_100km);
        break;
    case UNITS_MPG_US:
        snprintf(out, UNITS_TEXT_SIZE, "%.1f mpg (US)", UNITS_MPG_FACTOR / l_per_100km);
        break;
    case UNITS_MPG_UK:
        snprintf(out, UNITS_TEXT_SIZE, "%.1f mpg (imperial)", UNITS_MPG_UK_FACTOR / l_per_100km);
        break;
    default:
        snprintf(out, UNITS_TEXT_SIZE, "%.1f L/100 km", l_per_100km);
    }
}

void units_weight_text(const struct units *u, double kg, char out[UNITS_TEXT_SIZE])
{
    double value = u->weight == UNITS_LB ? kg / UNITS_KG_PER_LB : kg;
    snprintf(out, UNITS_TEXT_SIZE, "%.*f %s", value >= 99.95 ? 0 : 1, value,
        units_weights[u->weight]);
}
