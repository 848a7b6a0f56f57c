/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_MEALS_INGREDIENT_H
#define TURNPIKE_TOOLS_MEALS_INGREDIENT_H

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>

/*
 * ingredient -- "1 1/2 cups plain flour, sifted" as an amount, a unit and a name. Masses become
 * grams and volumes millilitres (a cup is 250 ml, a tablespoon 15 ml), so that they can be added;
 * what is counted keeps its unit ("clove", "can", "" = pieces).
 */
struct ingredient {
    bool has_amount;
    double amount;    /* of a range the upper end */
    char unit[16];    /* "g", "ml", "clove", ..., "" */
    const char *name; /* arena: small letters, without remarks in brackets or after a comma */
};
/* Returns 0 or ERR_NOMEM. */
MUST_CHECK int ingredient_read(const char *text, struct arena *arena, struct ingredient *out);
/* An amount with a unit as people write it: "kg" -> grams. False: an unknown unit, kept as it
 * is. */
bool ingredient_convert(double *amount, const char *unit, char out[16]);
/* The other way: 1500 g -> 1.5 kg. */
void ingredient_show(double *amount, char unit[16]);

#endif
