/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_UNIT_TABLE_H
#define TURNPIKE_TOOLS_KIT_UNIT_TABLE_H

#include "base/err.h"
#include "tools/kit/units.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * unit_table -- units that people convert, by the names that they have in English, German, Spanish
 * and French. Pure.
 *
 * Factors are exact by definition (international yard and pound 1959; US gallon 231 cubic inches;
 * imperial gallon 4.54609 L; calorie 4.184 J; standard gravity 9.80665 m/s2; NIST SP 811), but for
 * inches and millimetres of mercury, whose density is conventional.
 */
enum unit_kind {
    UNIT_LENGTH,
    UNIT_AREA,
    UNIT_VOLUME,
    UNIT_MASS,
    UNIT_TEMPERATURE,
    UNIT_SPEED,
    UNIT_PRESSURE,
    UNIT_FUEL,
    UNIT_ENERGY,
    UNIT_POWER,
    UNIT_TIME,
    UNIT_DATA
};
struct unit {
    const char *name;   /* "mile", as it is in results */
    const char *symbol; /* "mi", as it is in messages */
    enum unit_kind kind;
    double factor;       /* of the kind's base: m, m2, L, kg, m/s, Pa, J, W, s, byte */
    double offset;       /* of temperatures, kelvin; of fuel economy: not 0 = distance by volume */
    const char *aliases; /* normalised, with '|' at both ends and between */
};
extern const struct unit unit_table[];
extern const size_t unit_table_count;

/*
 * unit_find -- a unit by what people write: "MPH", "litros", "sq ft", "Grad Celsius".
 *   own   the user's units decide what a gallon, pint, cup, ton and mpg is
 *   kind  when not NULL: the one that is wanted where a word has two ("oz")
 *   why   out, on ERR_CONFLICT: the names of the units that it can be
 * Returns 0; ERR_NOT_FOUND; ERR_CONFLICT (it can be several).
 */
#define UNIT_WHY_SIZE 128
MUST_CHECK int unit_find(const char *text, const struct units *own, const enum unit_kind *kind,
    const struct unit **out, char why[UNIT_WHY_SIZE]);
/* Whether it has any meaning among units, several included. */
const char *unit_kind_name(enum unit_kind kind);
/* Returns 0; ERR_INVALID (different kinds); ERR_LIMIT (no such value: below absolute zero, or no
 * fuel economy of 0). */
MUST_CHECK int unit_convert(double value, const struct unit *from, const struct unit *to,
    double *out);
/* A number for people: six figures that count, "1,234,567", "0.000123", no trailing zeros. */
#define UNIT_NUMBER_SIZE 48
void unit_number(double value, char out[UNIT_NUMBER_SIZE]);

#endif
