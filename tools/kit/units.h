/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_UNITS_H
#define TURNPIKE_TOOLS_KIT_UNITS_H

#include "base/err.h"
#include "base/jdoc.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * units -- in which units a user counts, and values as texts in them. Data of results stays in
 * kilometres, litres, degrees Celsius; only messages are in the user's units. Pure.
 *
 * The value zero is metric, with weeks that begin on Monday.
 */
enum units_distance { UNITS_KM, UNITS_MI };
enum units_temperature { UNITS_CELSIUS, UNITS_FAHRENHEIT };
enum units_volume { UNITS_LITRE, UNITS_GALLON_US, UNITS_GALLON_UK };
enum units_fuel { UNITS_L_PER_100KM, UNITS_KM_PER_L, UNITS_MPG_US, UNITS_MPG_UK };
enum units_weight { UNITS_KG, UNITS_LB };
enum units_week { UNITS_MONDAY, UNITS_SUNDAY, UNITS_SATURDAY };
enum units_date { UNITS_DMY, UNITS_MDY, UNITS_YMD };
struct units {
    enum units_distance distance;
    enum units_temperature temperature;
    enum units_volume volume;
    enum units_fuel fuel;
    enum units_weight weight;
    enum units_week week_start;
    enum units_date date_order;
};

#define UNITS_KM_PER_MILE 1.609344
#define UNITS_LITRES_PER_GALLON_US 3.785411784
#define UNITS_LITRES_PER_GALLON_UK 4.54609
#define UNITS_KG_PER_LB 0.45359237

/* What people of a country (ISO 3166 code) use; metric for one that is not known. */
void units_of_country(const char *country, struct units *out);
/*
 * units_choose -- a choice over what `out` has, which stays as it was on an error.
 *   value  "metric", "us", "imperial", or an object of `system` (one of these), `distance` (km,
 *          mi), `temperature` (C, F), `volume` (l, gal_us, gal_uk), `fuel` (l_per_100km, km_per_l,
 *          mpg_us, mpg_uk), `weight` (kg, lb); other members are ignored. An object with miles that
 *          says nothing of fuel means US gallons with degrees Fahrenheit, else imperial ones
 *   why    out, on ERR_INVALID: "/fuel must be one of ..."
 */
#define UNITS_WHY_SIZE 128
MUST_CHECK int units_choose(const jdoc *value, struct units *out, char why[UNITS_WHY_SIZE]);
/* "monday", "sunday", "saturday"; "dmy", "mdy", "ymd". Returns 0 or ERR_INVALID. */
MUST_CHECK int units_choose_week(const char *text, struct units *out);
MUST_CHECK int units_choose_dates(const char *text, struct units *out);

/* {"distance", "temperature", "volume", "fuel", "weight"}: what units_choose takes. NULL on no
 * memory. */
jdoc *units_json(const struct units *u);
const char *units_week_name(const struct units *u);
const char *units_dates_name(const struct units *u);
/* For another process: a short text and back. What is no such text is metric. */
#define UNITS_PACKED_SIZE 8
void units_pack(const struct units *u, char out[UNITS_PACKED_SIZE]);
void units_unpack(const char *text, struct units *out);

/* "miles, degrees Fahrenheit, US gallons, miles per US gallon, pounds; weeks begin on Sunday" */
#define UNITS_WORDS_SIZE 160
void units_words(const struct units *u, char out[UNITS_WORDS_SIZE]);
#define UNITS_TEXT_SIZE 48
/* "8.3 km" or "5.2 mi"; without decimals from 10 on. */
void units_distance_text(const struct units *u, double km, char out[UNITS_TEXT_SIZE]);
/* "21 °C" */
void units_temperature_text(const struct units *u, double celsius, char out[UNITS_TEXT_SIZE]);
/* "45.00 L", "11.89 US gal" */
void units_volume_text(const struct units *u, double litres, char out[UNITS_TEXT_SIZE]);
/* "11.8 L/100 km", "20.0 mpg (US)" */
void units_fuel_text(const struct units *u, double l_per_100km, char out[UNITS_TEXT_SIZE]);
void units_weight_text(const struct units *u, double kg, char out[UNITS_TEXT_SIZE]);
/* The same as numbers. */
double units_distance(const struct units *u, double km);
double units_volume(const struct units *u, double litres);
/* Litres in the gallon of these units; 1 when they count in litres. */
double units_litres(enum units_volume volume);

#endif
