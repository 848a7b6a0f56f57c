/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_HUB_PARTS_H
#define TURNPIKE_WORKERS_STREAM_HUB_PARTS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/ident.h"
#include "wire/redis/listen.h"
#include "workers/stream/hub.h"

/*
 * hub_parts -- what the files of hub share with each other. Stream workers.
 *
 * Each file knows those above it in this list only; hub, the last, gives the machine its acts.
 *
 *   hub_place    where a session's log is, as a script tells it
 *   hub_runs     the runs that a viewer saw begin and not end
 *   viewer       the table of a viewer's states
 *   hub_machine  the state of each viewer: what happens to it, and what that asks for
 *   hub_made     events of our own making
 *   hub_look     where a session's log is: at the start, instead of lost events, of a quiet viewer
 *   hub_deliver  published entries and pages of the log on their way to a viewer
 *   hub          viewers and their sessions, the subscriptions
 */

/* What the machine asks for. The first two return 0 or an error: nothing is asked. */
struct hub_acts {
    int (*locate)(struct hub *h, struct hub_viewer *w);
    int (*ask_snapshot)(struct hub *h, struct hub_viewer *w);
    void (*read_page)(struct hub *h, struct hub_viewer *w);
};

struct hub {
    const struct conf *conf;
    struct hub_sink sink;
    const struct hub_acts *acts;
    struct link *link;
    struct listen *listen;
    struct buf joined; /* one text event made of several */
    bool retry;        /* some viewer waits though its subscription stands */
};

struct hub_topic {
    struct listen_ear ear; /* its channel is `name`, its arg the topic */
    struct hub *hub;
    struct hub_viewer *viewers;
    int64_t seen_ms; /* monotonic, last message */
    bool confirmed;  /* Redis has confirmed the subscription */
    bool session;    /* else a user's inbox */
    bool running;    /* a turn runs, as far as seen */
    char name[];     /* keys_session or keys_user_channel */
};

/* ---- hub_machine.c ---- */
struct hub *hub_of(const struct hub_viewer *w);
/* What has happened to a viewer: the one place that changes its state. */
void hub_event(struct hub *h, struct hub_viewer *w, enum viewer_event event);
/* The cursor means something from now on. */
void hub_stand(struct hub *h, struct hub_viewer *w);
/* What Redis was asked for it is not told any more. */
void hub_forget(struct hub_viewer *w);

/* ---- hub_made.c ---- */
/* An event of our own making; empties json. run NULL = "-". */
void hub_send_made(struct hub *h, struct hub_viewer *w, const char *run, char flag,
    struct logentry_id id, struct buf *json);
/* Ends the runs but this one ("" = all) that the viewer saw begin: their log is gone. */
void hub_end_runs(struct hub *h, struct hub_viewer *w, const char *but, size_t but_len);

/* ---- hub_look.c ---- */
/* Both ask Redis, and tell the machine of the outcome. Return 0 or an error: nothing is asked. */
MUST_CHECK int hub_locate(struct hub *h, struct hub_viewer *w);
MUST_CHECK int hub_ask_snapshot(struct hub *h, struct hub_viewer *w);
/* Compares a live viewer with the log. */
void hub_check_viewer(struct hub *h, struct hub_viewer *w);

/* ---- hub_deliver.c ---- */
void hub_on_message(void *arg, const char *bytes, size_t len); /* of a topic */
/* Asks for the page above the cursor. */
void hub_read_page(struct hub *h, struct hub_viewer *w);

#endif
