/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_WISHES_H
#define TURNPIKE_AGENT_WISHES_H

#include "base/arena.h"
#include "base/err.h"

/*
 * wishes -- what users have chosen for themselves: the members `timezone` and `currency` of the
 * stored context (PUT /context), which the page's settings write. Turn and api workers.
 */
struct wishes {
    const char *zone;     /* a valid IANA name; "" = none was chosen */
    const char *currency; /* ISO 4217, three capitals; "" = none was chosen */
};

/*
 * wishes_read -- what cannot be used counts as not chosen.
 *   stored  the stored context as JSON text; NULL = none
 *   out     its texts live in the arena
 * Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int wishes_read(const char *stored, struct arena *arena, struct wishes *out);

#endif
