/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_CALENDAR_WINDOWS_ZONES_H
#define TURNPIKE_TOOLS_CALENDAR_WINDOWS_ZONES_H

#include <stddef.h>

/*
 * windows_zones -- the names that Windows has for time zones ("AUS Eastern Standard Time"), in order
 * of their bytes, each with its zone of the IANA database. The build makes the table
 * (windows_zones_make.c).
 */
struct windows_zone {
    const char *name, *zone;
};
extern const struct windows_zone windows_zones[];
extern const size_t windows_zones_count;

#endif
