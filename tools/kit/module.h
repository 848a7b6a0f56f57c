/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_MODULE_H
#define TURNPIKE_TOOLS_KIT_MODULE_H

#include "base/buf.h"
#include "base/jdoc.h"
#include "tools/kit/run.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODULE_WHY_SIZE 200 /* bytes of a sentence with its end */

/*
 * module -- what a family offers to the rest of the program beside its tools. The spec file says
 * `"module": true`, the family defines a `const struct module` named after it, and the build puts
 * it into a table. The API workers and the housekeeper ask the table (tools/engine/modules.h), so
 * that a family can be taken out of the build without a change elsewhere.
 */

/* Records that ring: timers, events and series (store/reminders.h has the hints). The
 * housekeeper. */
struct module_rings {
    int hour;          /* of the day, local: reminders of a whole-day event are counted from it */
    int64_t missed_ms; /* what was missed while nothing ran is made up for this long */
    /* When an event of one time rings. Returns 0 or ERR_INVALID (the event has no start). */
    int (*due)(const jdoc *event, int64_t minutes, int64_t *due_ms);
    /*
     * Does the event (still) have this reminder, at this time? occurrence: out, may be NULL; of a
     * series that occurrence, the caller's, else NULL.
     */
    bool (*has)(const jdoc *event, int64_t minutes, int64_t due_ms, jdoc **occurrence);
    /* The first reminder of a series that is due after `after_ms`. Returns 0 or ERR_NOT_FOUND. */
    int (*next)(const jdoc *series, int64_t minutes, int64_t after_ms, int64_t *due_ms);
    /*
     * Makes of a timer what it becomes when it goes off at now_ms.
     *   next_ms  out: when it rings again, 0 = it does not
     * Returns 0 or ERR_NOMEM.
     */
    int (*fired)(jdoc *timer, int64_t now_ms, int64_t *next_ms);
};

/*
 * Records of one family that tell their user something at times of their own: a dose of medicine,
 * a document that expires. tools/kit/alarm.h plans them. Tools and the housekeeper.
 */
struct module_alarm {
    const char *family; /* at most REMINDERS_FAMILY_MAX bytes */
    /* The first time after after_ms. Returns 0 or ERR_NOT_FOUND. */
    int (*next)(const jdoc *record, int64_t after_ms, int64_t *due_ms);
    /* What is said at due_ms, which is one of these times: {title, message, event_type, ...}, the
     * caller's. NULL: no memory. */
    jdoc *(*tell)(const jdoc *record, int64_t due_ms);
};

/* Called when `out` has grown enough to be sent on. Returns 0 or what ends the writing. */
typedef int module_flush(void *arg, struct buf *out);
/* A user's records as a file of one media type. API workers, outside of any tool's run. */
struct module_file {
    const char *type; /* the media type, without parameters */
    /*
     * Appends what overlaps the period from from_ms to just before until_ms.
     * Returns 0 or a fault; `out` then holds what was not flushed.
     */
    int (*write)(const struct tools_context *context, int64_t from_ms, int64_t until_ms,
        struct buf *out, module_flush *flush, void *arg);
    /*
     * Takes a text in; the same text twice changes nothing.
     *   answer  out: {success, message, created, updated, skipped, failed,
     *           errors: [{component, line, uid, message}], warnings: [...]}; the caller's
     *   why     a sentence, on ERR_INVALID and ERR_LIMIT
     * Returns 0 (also when components failed); ERR_INVALID (not of that type); ERR_LIMIT; or a
     * fault, and then part of it may have been taken in: the same text can be sent again.
     */
    int (*read)(const struct tools_context *context, struct arena *arena, const char *text,
        size_t len, jdoc **answer, char why[MODULE_WHY_SIZE]);
};

/* Records that the generic tools write (tools/records/): changed, restored, taken back. */
struct module_records {
    /*
     * Called before a record of any family is written there, for what the family keeps outside of
     * its records, as the hints of reminders. record: as it will be. Nothing for families of
     * others. Returns 0 or a fault.
     */
    int (*before)(const struct tools_context *context, const char *family, const jdoc *record);
};

/* One event, or one that repeats with its changed occurrences, as a client keeps it. */
struct module_resource {
    const char *id, *name; /* name: the last part of its address */
    int64_t revision;      /* of its last change */
    bool gone;             /* it was deleted: there is no more than its name */
};
struct module_resources {
    struct module_resource *all;
    size_t count;
    int64_t revision; /* that a copy with these changes has */
    bool more;        /* there are further changes after it */
};
struct module_period {
    int64_t from_ms, until_ms;
};
/* text: the resource as a file, when it was asked for. Returns 0 or what ends the walk. */
typedef int module_resource_fn(void *arg, const struct module_resource *resource,
    const struct buf *text);
enum module_refusal {
    MODULE_REFUSED_DATA,
    MODULE_REFUSED_KIND,
    MODULE_REFUSED_OBJECT,
    MODULE_REFUSED_ID
};
struct module_put {
    const char *name;
    const struct module_resource *old; /* what was there under this name; NULL = nothing */
    const char *text;
    size_t len;
    enum module_refusal refusal; /* out, on ERR_INVALID */
    const char *other; /* out, with MODULE_REFUSED_ID: the name that has this UID; or NULL */
    char why[MODULE_WHY_SIZE];
};
/*
 * A user's events as resources that a client keeps a copy of (CalDAV). API workers, outside of any
 * tool's run. Texts in the arena. All return 0 or a fault, and what is said.
 */
struct module_collection {
    /* The newest revision of all. */
    int (*state)(const struct tools_context *context, struct arena *arena, int64_t *revision);
    /* All, or those that overlap the period; texts: with their files. What fn returns ends it. */
    int (*each)(const struct tools_context *context, const struct module_period *period, bool texts,
        module_resource_fn *fn, void *arg);
    /* What has changed after a revision, at most max. ERR_INVALID: that is no revision any more. */
    int (*since)(const struct tools_context *context, int64_t since, size_t max,
        struct arena *arena, struct module_resources *out);
    /* ERR_NOT_FOUND. */
    int (*find)(const struct tools_context *context, const char *name, struct arena *arena,
        struct module_resource *out);
    /* Appends the file. ERR_NOT_FOUND: it was deleted meanwhile. */
    int (*text)(const struct tools_context *context, const struct module_resource *resource,
        struct arena *arena, struct buf *out);
    /* Writes one. ERR_INVALID; ERR_CONFLICT: it was changed meanwhile. */
    int (*put)(const struct tools_context *context, struct module_put *put, struct arena *arena);
    /* ERR_NOT_FOUND, ERR_CONFLICT: it was changed meanwhile. */
    int (*remove)(const struct tools_context *context, const struct module_resource *resource,
        struct arena *arena);
};

/*
 * A file at an address that a user has subscribed to (store/feeds.h). The housekeeper fetches it
 * and calls `read` in a child process (process/aside.h), as strangers wrote it.
 */
struct module_feed_ask {
    const char *id;   /* of the subscription */
    const char *zone; /* for times without one */
    int64_t now_ms;
};
struct module_feed {
    /*
     * arg: struct module_feed_ask. Appends "WAIT EVENTS LEFT" (ms that the file wants between two
     * refreshes, 0 = it says none; events taken in; events left out) and a line for each part,
     * "FROM UNTIL JSON"; or "!" and a sentence that says why it takes nothing.
     * Returns 0 or a fault.
     */
    int (*read)(void *arg, const char *in, size_t len, struct buf *out);
};

struct module {
    const struct module_records *records;       /* or NULL */
    const struct module_rings *rings;           /* or NULL */
    const struct module_file *file;             /* or NULL */
    const struct module_alarm *alarms;          /* or NULL; the last one's family is NULL */
    const struct module_collection *collection; /* or NULL */
    const struct module_feed *feed;             /* or NULL */
};

#endif
