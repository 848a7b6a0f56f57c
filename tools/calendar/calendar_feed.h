/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_CALENDAR_CALENDAR_FEED_H
#define TURNPIKE_TOOLS_CALENDAR_CALENDAR_FEED_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/jdoc.h"
#include "store/feeds.h"
#include "tools/kit/module.h"

#include <stdint.h>

/*
 * calendar_feed -- calendars that a user has subscribed to: a file becomes parts of events
 * (store/feeds.h), and lists look through them. An event of one has the members
 *   id               "sub_", the subscription and a digest: the same after each refresh
 *   uid              always: so a result that holds one counts as written by others
 *   calendar         the subscription's name, subscription_id its id, and its colour; put in when
 *                    it is read from Redis
 * and none that rings.
 */
#define CALENDAR_FEED_EVENTS_MAX 2000
#define CALENDAR_FEED_COMPONENTS_MAX 5000
#define CALENDAR_FEED_PAST_DAYS 400 /* what is over for longer is not taken in */

/* The file as parts; struct module_feed (tools/kit/module.h). A child process. */
MUST_CHECK int calendar_feed_read(void *arg, const char *in, size_t len, struct buf *out);

/* The subscription of an event's id. Returns 0 or ERR_NOT_FOUND: it is no event of one. */
MUST_CHECK int calendar_feed_of(const char *event_id, char id[IDENT_UUID_SIZE]);
/* Fails the run when event_id is of a subscribed calendar, in words that name it. Returns 0;
 * ERR_NOT_FOUND: it is not; or a fault. */
MUST_CHECK int calendar_feed_refuse(struct tools_run *run, const char *event_id);

/*
 * calendar_feed_each -- the events of all subscriptions that may overlap the period from from_ms to
 * just before until_ms: those with one time, and those that repeat. fn returns 0 to go on,
 * ERR_LIMIT to leave the rest of this part (it is called again with the next one, as events that
 * repeat stand in parts of their own), else a fault. Events are the callee's only during the call.
 */
typedef int calendar_feed_fn(void *arg, const jdoc *event);
MUST_CHECK int calendar_feed_each(struct tools_run *run, int64_t from_ms, int64_t until_ms,
    calendar_feed_fn *fn, void *arg);

#endif
