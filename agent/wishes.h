/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_WISHES_H
#define TURNPIKE_AGENT_WISHES_H

#include "base/arena.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "tools/kit/units.h"

#include <stdbool.h>

/*
 * wishes -- what users have chosen for themselves: the members `timezone`, `currency`, `units`,
 * `language`, `week_start`, `date_order` and `memory` of the stored context (PUT /context), which
 * the page's settings and the tool update_settings write. The model and the tools get this one
 * value. Turn and api workers.
 */
struct wishes {
    const char *zone;     /* a valid IANA name; "" = none was chosen */
    const char *currency; /* ISO 4217, three capitals; never "" */
    const char *language; /* BCP 47; "" = none was chosen */
    struct units units;
    bool memory; /* facts about the user may be remembered: of the site, and not turned off */
};

struct wishes_from {
    const char *stored; /* the stored context as JSON text; NULL = none */
    const jdoc *said;   /* the request's own context, which comes first; NULL = none */
    const char *locale; /* of the request, BCP 47; NULL or "" = not known */
    const struct conf *conf;
};
/*
 * wishes_read -- what cannot be used counts as not chosen. Currency and units that were not chosen
 * are those of the locale's country, else default_currency and default_units of the site. The zone
 * never decides them: travellers keep their money when they cross a border.
 *   out  its texts live in the arena, or as long as conf
 * Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int wishes_read(const struct wishes_from *from, struct arena *arena, struct wishes *out);

/*
 * wishes_check -- may these members be stored? Null removes one and is right.
 *   patch  an object; members that are no wishes are not looked at
 *   field  out, on ERR_INVALID: which one is wrong, "units/fuel"
 *   why    out: what would be right
 */
#define WISHES_FIELD_SIZE 48
#define WISHES_WHY_SIZE 256
MUST_CHECK int wishes_check(const jdoc *patch, char field[WISHES_FIELD_SIZE],
    char why[WISHES_WHY_SIZE]);

#endif
