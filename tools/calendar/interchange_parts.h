/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_CALENDAR_INTERCHANGE_PARTS_H
#define TURNPIKE_TOOLS_CALENDAR_INTERCHANGE_PARTS_H

#include "tools/calendar/interchange.h"

#include <libical/ical.h>

/* interchange -- shared by the files that read a text (interchange.h). The process that reads. */
#define INTERCHANGE_NAME_MAX 40
#define INTERCHANGE_DESCRIPTION_MAX 2000 /* code points; a longer one is cut */
#define DAY_S 86400

/* A component of the text, before libical sees it. */
struct span {
    const char *start;
    size_t len, line, properties;
    char name[INTERCHANGE_NAME_MAX + 1];
    bool too_deep, closed, odd;
};

/* A zone that the text defines, or only names. */
struct own_zone {
    const char *id;
    icaltimezone *zone;       /* NULL: named only */
    const struct zone *meant; /* of the database; NULL = none agrees */
    bool compared;
};

struct reader {
    struct arena *arena;
    const struct zone *zone; /* the user's */
    struct interchange_list *out;
    struct own_zone zones[INTERCHANGE_ZONES_MAX];
    size_t zone_count;
};

/* Where the reading of the outline is. */
struct outline {
    const char *at, *end;
    size_t line;
};

/* A time as it is read. */
struct when {
    bool is_date;
    int64_t local_s; /* in `z` */
    int64_t ms;
    const struct zone *z;
    bool fixed; /* z is only how it is shown: its own zone is none of the database */
};

/* An event that is being read. */
struct draft {
    struct reader *r;
    icalcomponent *from;
    struct interchange_item *item;
    jdoc *event;
    struct when start;
    uint64_t kept_alarms; /* bits: of those that are no reminders here, and are given back */
    bool cut_description;
};

/* interchange_text.c */

/*
 * The text as UTF-8 without a mark of its order: of UTF-16 with or without one, else of
 * Windows-1252 when it is not UTF-8 (guessed: out). text, len: in and out; in the arena when it was
 * another.
 * Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int interchange_decode(struct arena *arena, const char **text, size_t *len,
    bool *guessed);

/* interchange_outline.c */

/* The next component below VCALENDAR. Returns false at the end of the text. */
bool interchange_next_component(struct outline *o, struct span *out);
/* NULL when libical cannot read it; else the caller's. */
icalcomponent *interchange_parse(struct reader *r, const struct span *span);
/* Why libical is not to see it; NULL = it may. */
const char *interchange_refusal(const struct span *span);

/* interchange_zones.c */

/* A VTIMEZONE into r->zones; one that cannot be used is left out. */
void interchange_take_zone(struct reader *r, const struct span *span);
/* Returns what is wrong with the time, or NULL. */
const char *interchange_read_when(struct reader *r, icalproperty *property, struct icaltimetype t,
    struct when *out);
int64_t interchange_to_local(int64_t utc_s, const struct zone *z);

/* interchange_event.c */

/* Is it a type of event here, as CATEGORIES has it? */
bool interchange_is_type(const char *text, size_t len);
/* from: the VEVENT that libical read from the span. Returns 0 (item->event, or item->wrong) or
 * ERR_NOMEM. */
MUST_CHECK int interchange_read_event(struct reader *r, icalcomponent *from,
    const struct span *span, struct interchange_item *item);
icalproperty *interchange_first(const struct draft *d, icalproperty_kind kind);
/* Adds a sentence to what was left out. Returns 0 or ERR_NOMEM. */
MUST_CHECK int interchange_warn(struct draft *d, const char *text);
int64_t interchange_duration_seconds(struct icaldurationtype t);
/* Cut at max code points. Returns 0 or ERR_NOMEM. */
MUST_CHECK int interchange_put_text(struct draft *d, const char *key, const char *text, size_t max);

/* interchange_alarms.c */

/* reminder_minutes of the alarms; what cannot be one is told. Returns 0 or ERR_NOMEM. */
MUST_CHECK int interchange_read_alarms(struct draft *d);

/* interchange_rule.c */

/* RRULE, RDATE and EXDATE. Returns what is wrong, or NULL; *failed: no memory. */
const char *interchange_read_rule(struct draft *d, bool *failed);

/* interchange_about.c */

/* Who takes part, addresses, the state, the place on earth. Returns 0 or ERR_NOMEM. */
MUST_CHECK int interchange_read_about(struct draft *d);

/* interchange_todo.c */

/* A VTODO with a time as a VEVENT, the caller's; NULL: wrong says why. */
icalcomponent *interchange_todo_event(struct reader *r, icalcomponent *todo, const char **wrong);

/* interchange_kept.c */

/* The member `kept`. Returns 0 or ERR_NOMEM. */
MUST_CHECK int interchange_read_kept(struct draft *d, const struct span *span);
/* Can it be a line of a file, unfolded? */
bool interchange_is_line(const char *line, size_t len);
/* A component as libical writes it, with the lines that are kept. */
void interchange_put_kept(struct buf *out, const jdoc *event, const char *text);
/* The first kept line of this name, borrowed; or NULL. */
const char *interchange_kept_line(const jdoc *event, const char *name, size_t *len);

#endif
