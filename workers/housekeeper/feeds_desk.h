/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_HOUSEKEEPER_FEEDS_DESK_H
#define TURNPIKE_WORKERS_HOUSEKEEPER_FEEDS_DESK_H

#include "base/err.h"
#include "base/reactor.h"
#include "store/feeds.h"
#include "tools/kit/module.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * feeds_desk -- refreshes the calendars that users have subscribed to (store/feeds.h): each by one
 * housekeeper of all, so many at once, of one user and of one host only some. A file is fetched
 * with the ETag of the last one, read in a child process, and written in parts, one a step. A desk
 * that dies leaves what was shown; another one begins anew when the claim has run out. Used by the
 * housekeeper.
 */
#define FEEDS_DESK_MAX 32
#define FEEDS_DESK_HOST_MAX 8
#define FEEDS_DESK_USER_MAX 4
#define FEEDS_DESK_BYTES_MAX ((size_t)2 << 20) /* of a file */
struct feeds_desk;

/* reader: modules_feed(); NULL: it does nothing. Returns 0 or ERR_NOMEM. */
MUST_CHECK int feeds_desk_new(struct feeds_desk **out, struct store *store, struct reactor *reactor,
    const struct module_feed *reader);
void feeds_desk_free(struct feeds_desk *d); /* NULL allowed */
/* Begins what is due, and goes on with what is on its way. mono_ms: clock_mono_ms. Returns when to
 * come again. */
int64_t feeds_desk_step(struct feeds_desk *d, int64_t mono_ms);
/* Refreshes on their way. */
size_t feeds_desk_open(const struct feeds_desk *d);

/* ---- pure, for tests too ---- */

/* What an answer means for the subscription. */
enum feeds_verdict {
    FEEDS_TAKE,  /* a file: it is read */
    FEEDS_SAME,  /* 304 */
    FEEDS_ENDED, /* 410 */
    FEEDS_FAILED,
    FEEDS_REFUSED /* by us: no public address, no calendar, too large */
};
struct feeds_answer {
    int error; /* as struct http_result */
    long status;
    const char *type; /* media type */
    const char *body;
    size_t len;
};
/* why: out, a sentence for the user; "" when it is FEEDS_TAKE or FEEDS_SAME. */
enum feeds_verdict feeds_desk_judge(const struct feeds_answer *answer, char *why, size_t size);
/*
 * From the end of a refresh to the next one: hourly, or as the file wants but once a day; spread by
 * the subscription's id. After failures it doubles up to a day; one that never came is tried again
 * after 5 minutes first. retry_after_ms: the server's wish, or -1.
 */
int64_t feeds_desk_wait(const struct feed *feed, int64_t retry_after_ms);

#endif
