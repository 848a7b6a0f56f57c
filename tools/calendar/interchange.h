/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_CALENDAR_INTERCHANGE_H
#define TURNPIKE_TOOLS_CALENDAR_INTERCHANGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "tools/kit/zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * interchange -- calendars as iCalendar (RFC 5545), over libical. Documents are those of
 * calendar_event.h and calendar_series.h. interchange*.c and recurrence.c are the only files that
 * include libical. Children of api workers read with it (interchange_aside.c), api workers write;
 * the tests and the fuzzer do both. Knows no store.
 */

/* --- reading --- */

#define INTERCHANGE_EVENTS_MAX 1000
#define INTERCHANGE_PROPERTIES_MAX 500 /* of one component: more libical does not see */
#define INTERCHANGE_ZONES_MAX 50

/* One VEVENT, or what is wrong with a component. */
struct interchange_item {
    size_t line;           /* of the text, from 1: where the component begins */
    const char *component; /* "VEVENT", ... */
    const char *uid;       /* "" when there is none */
    const char *wrong;     /* why it was not read, or NULL */
    const char *warning;   /* what of it was left out, or NULL */
    jdoc *event;           /* without an id; until interchange_free; NULL when wrong */
    bool cancelled;
    bool is_override;      /* of the occurrence `occurrence` */
    int64_t occurrence_ms; /* its start; of a date its seconds of local time are occurrence_s */
    int64_t occurrence_s;
    const struct zone *occurrence_zone; /* in which it is local */
    bool occurrence_is_date;
};
struct interchange_list {
    struct interchange_item *items;
    size_t count;
};
#define INTERCHANGE_WHY_SIZE 160
/*
 * interchange_read -- a whole text. Each component stands alone: what is wrong with one is said in
 * its item. Times in zones of the text's own (VTIMEZONE) get the zone of the database that agrees
 * with it; when none does, an event of one time keeps its instant and is shown in `zone`.
 *   zone    the user's: for times without one
 *   out     items in the arena; to be freed with interchange_free also after an error
 *   why     a sentence, on ERR_INVALID and ERR_LIMIT
 * Returns 0; ERR_INVALID (no iCalendar text at all); ERR_LIMIT (more than INTERCHANGE_EVENTS_MAX);
 * ERR_NOMEM.
 */
MUST_CHECK int interchange_read(const char *text, size_t len, const struct zone *zone,
    struct arena *arena, struct interchange_list *out, char why[INTERCHANGE_WHY_SIZE]);
/* The same with another number of components. */
struct interchange_how {
    const struct zone *zone;
    size_t most;
};
MUST_CHECK int interchange_read_most(const char *text, size_t len,
    const struct interchange_how *how, struct arena *arena, struct interchange_list *out,
    char why[INTERCHANGE_WHY_SIZE]);
void interchange_free(struct interchange_list *list);

/*
 * interchange_read_aside -- the same in a child process (process/aside.h), as libical reads what
 * users and their other programs send. Waits: api workers alone. A text over which the child died
 * or computed for too long is ERR_INVALID, and why says so.
 *   owner  whose text it is, scoreboard_owner
 */
struct interchange_ask {
    const struct conf *conf;
    const char *text;
    size_t len;
    const struct zone *zone;
    unsigned long long owner;
};
MUST_CHECK int interchange_read_aside(const struct interchange_ask *ask, struct arena *arena,
    struct interchange_list *out, char why[INTERCHANGE_WHY_SIZE]);
/*
 * What the child says: the list as JSON, appended; and the other way round, items and texts in the
 * arena. Return 0; ERR_PROTOCOL (_told); ERR_NOMEM.
 */
MUST_CHECK int interchange_tell(const struct interchange_list *list, struct buf *out);
MUST_CHECK int interchange_told(const char *json, size_t len, struct arena *arena,
    struct interchange_list *out);

/* --- writing --- */

/* One text being written. Zeroed before use; the arena keeps the names of zones already told. */
struct interchange_writer {
    struct arena *arena;
    struct buf *out;
    const char **zones;
    size_t zone_count;
};
MUST_CHECK int interchange_begin(struct interchange_writer *w);
/*
 * interchange_event -- a VEVENT, before it the VTIMEZONE of a zone that was not told yet.
 *   series  when the event is a changed occurrence: its series; else NULL
 * Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int interchange_event(struct interchange_writer *w, const jdoc *event,
    const jdoc *series);
MUST_CHECK int interchange_end(struct interchange_writer *w);

#endif
