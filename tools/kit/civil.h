/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_CIVIL_H
#define TURNPIKE_TOOLS_KIT_CIVIL_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* civil -- dates and times as people write them, in the proleptic Gregorian calendar, without a
 * zone. Pure arithmetic. */
struct civil {
    int year, month, day, hour, minute, second; /* month and day from 1 */
    bool has_time, has_offset;
    int offset; /* seconds east of UTC */
};

/*
 * civil_parse -- ISO 8601 as models write it: YYYY-MM-DD, then optionally T or a blank, HH:MM,
 * :SS, a fraction (dropped), and Z or +HH:MM or +HHMM. Years 1900 to 2200. A leap second is
 * refused. Returns 0 or ERR_INVALID.
 */
MUST_CHECK int civil_parse(const char *text, struct civil *out);

MUST_CHECK int civil_month_days(int year, int month);
int64_t civil_days(int year, int month, int day); /* since 1970-01-01; day may be out of range */
int64_t civil_seconds(const struct civil *c);     /* since the epoch as if it were UTC */
void civil_from_seconds(int64_t seconds, struct civil *out); /* has_time set, no offset */
MUST_CHECK int civil_weekday(int64_t days);                  /* 0 = Sunday */
/* The English names; "" for a number that is none. month from 1. */
const char *civil_weekday_name(int weekday);
const char *civil_month_name(int month);

#endif
