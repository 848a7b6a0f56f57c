/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_DAYTIME_H
#define TURNPIKE_AGENT_DAYTIME_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* daytime -- the calendar and the clock of one place, by the system's zone database. */
struct daytime {
    int year, month, day; /* month and day from 1 */
    int hour, minute, second;
    int weekday;        /* 0 = Sunday */
    int offset_minutes; /* east of UTC */
};
/* Whether name is an IANA zone that this machine knows. */
bool daytime_zone_valid(const char *name);
/* Returns 0 or ERR_INVALID (no such zone; out is then in UTC). */
MUST_CHECK int daytime_local(int64_t real_ms, const char *zone, struct daytime *out);
/* Moves the date by whole days; the clock stays as it is. */
void daytime_add_days(struct daytime *t, int days);

#endif
