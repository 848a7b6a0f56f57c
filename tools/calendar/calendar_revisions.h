/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_CALENDAR_CALENDAR_REVISIONS_H
#define TURNPIKE_TOOLS_CALENDAR_CALENDAR_REVISIONS_H

#include "base/arena.h"
#include "base/err.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * calendar_revisions -- when an event, or a series with its changed occurrences, was changed last:
 * for clients that keep a copy. The script that writes the record writes its revision
 * (tools/calendar/lua/lib_revisions.lua). Api workers. All return 0 or a fault.
 */
#define CALENDAR_REVISIONS_MAX 500 /* ids at once */

/* Revisions of ids; 0 = not changed since there are revisions. */
struct calendar_revisions_look {
    const char *const *ids;
    size_t count;
    int64_t *revisions; /* out, one for each id */
    int64_t last;       /* out: the newest of all */
};
MUST_CHECK int calendar_revisions_of(struct store *s, const char *uid,
    struct calendar_revisions_look *look, struct arena *arena);

/* One change: of an id; or, gone, of the name of one that was deleted. */
struct calendar_revision {
    const char *text;
    bool gone;
};
struct calendar_revisions {
    struct calendar_revision *all;
    size_t count;
    int64_t reached;
    bool more;
};
/* Also ERR_INVALID: there was no such revision, or what was deleted since then is forgotten. */
MUST_CHECK int calendar_revisions_since(struct store *s, const char *uid, int64_t since, size_t max,
    struct arena *arena, struct calendar_revisions *out);
/* The id of the resource to which a client has given this name; "" = none. */
MUST_CHECK int calendar_revisions_named(struct store *s, const char *uid, const char *name,
    struct arena *arena, const char **id);

#endif
