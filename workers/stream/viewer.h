/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_VIEWER_H
#define TURNPIKE_WORKERS_STREAM_VIEWER_H

#include "store/logentry.h"

#include <stdbool.h>

/*
 * viewer -- one reader of one session log: a cursor and the machine that keeps it complete. Pure;
 * workers/stream/hub performs the actions. The promise: every entry above the cursor is delivered
 * once and in order, whatever is lost on the publish side.
 */
#define VIEWER_STATE_TABLE(X) \
    X(VIEWER_WAITING, "waiting")   /* for the confirmed subscription, or for Redis */ \
    X(VIEWER_LOCATING, "locating") /* asks where to start */ \
    X(VIEWER_SNAPSHOT, "snapshot") /* cursor older than the log: asks for the conversation */ \
    X(VIEWER_READING, "reading")   /* a page of the log is due */ \
    X(VIEWER_LIVE, "live") \
    X(VIEWER_BEHIND, "behind") /* the connection is full; reads on when it has drained */ \
    X(VIEWER_ENDED, "ended")
enum viewer_state {
#define VIEWER_ENUM_(name, text) name,
    VIEWER_STATE_TABLE(VIEWER_ENUM_) VIEWER_STATES
};

#define VIEWER_EVENT_TABLE(X) \
    X(VIEWER_ON_CONFIRMED_NEW, "confirmed-new") /* subscribed, and it is not located yet */ \
    X(VIEWER_ON_CONFIRMED, "confirmed")         /* subscribed (again), the cursor stands */ \
    X(VIEWER_ON_LOST, "lost")                   /* subscriptions are gone */ \
    X(VIEWER_ON_FAILED, "failed")               /* a command failed */ \
    X(VIEWER_ON_LOCATED, "located")             /* cursor set, something may stand above it */ \
    X(VIEWER_ON_LEVEL, "level")                 /* cursor set to the log's end */ \
    X(VIEWER_ON_TOO_OLD, "too-old")             /* entries above the cursor are gone */ \
    X(VIEWER_ON_PAGE_MORE, "page-more")         /* delivered, there is more */ \
    X(VIEWER_ON_PAGE_END, "page-end")           /* delivered, nothing known above the cursor */ \
    X(VIEWER_ON_PAGE_STUCK, "page-stuck")       /* more is known, but the log does not have it */ \
    X(VIEWER_ON_NEXT, "next")                   /* published: follows the cursor */ \
    X(VIEWER_ON_OLD, "old")                     /* published: not above the cursor */ \
    X(VIEWER_ON_GAP, "gap")                     /* published or seen: something is missing */ \
    X(VIEWER_ON_FULL, "full")                   /* the connection takes no more */ \
    X(VIEWER_ON_DRAINED, "drained")             /* the connection has taken all */ \
    X(VIEWER_ON_FINAL, "final")                 /* what it waited for has been delivered */
enum viewer_event {
    VIEWER_EVENT_TABLE(VIEWER_ENUM_)
#undef VIEWER_ENUM_
        VIEWER_EVENTS
};

enum viewer_action {
    VIEWER_NOTHING,
    VIEWER_LOCATE,       /* ask where to start */
    VIEWER_ASK_SNAPSHOT, /* ask for the conversation */
    VIEWER_READ,         /* ask for the page above the cursor */
    VIEWER_DELIVER,      /* hand the published entry on */
    VIEWER_NOTE,         /* remember its id: it must be read later */
    VIEWER_FORGET,       /* drop what is in flight */
    VIEWER_END
};

struct viewer {
    struct logentry_id cursor;
    struct logentry_id noted;  /* highest id known to exist */
    struct logentry_id origin; /* the cursor when it was located */
    enum viewer_state state;
    bool located; /* the cursor means something */
};

/* Changes the state and says what to do. */
enum viewer_action viewer_step(struct viewer *v, enum viewer_event event);
/* VIEWER_ON_NEXT, _OLD or _GAP. */
enum viewer_event viewer_classify(const struct viewer *v, const struct logentry *e);
void viewer_note(struct viewer *v, struct logentry_id id);
/* After a page: VIEWER_ON_PAGE_MORE, _END or _STUCK. */
enum viewer_event viewer_page_result(const struct viewer *v, bool page_was_full, bool progress);
const char *viewer_state_name(enum viewer_state state);
const char *viewer_event_name(enum viewer_event event);

#endif
