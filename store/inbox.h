/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_INBOX_H
#define TURNPIKE_STORE_INBOX_H

#include "base/buf.h"
#include "base/err.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * inbox -- messages of the service to a user of its own accord: stream tp:{UID}:inbox, at most
 * about INBOX_MAX entries of the last INBOX_KEEP_MS. The script that writes an entry also publishes
 * it. An entry's id is its stream id, and the first member of the event that clients see. Used by
 * api and turn workers and the housekeeper.
 */
#define INBOX_MAX 1000
#define INBOX_KEEP_MS (30 * INT64_C(86400000))
#define INBOX_SNOOZED_MAX 100 /* of one user at once */
#define INBOX_SNOOZE_MINUTES_MAX 1440

/* Is it an id of an entry (MS-N)? */
bool inbox_is_id(const char *id);
/*
 * inbox_list -- entries behind `after`, or the newest when it is NULL, oldest first:
 * {"messages":[...],"has_more":...,"next_cursor":...}. limit: 1 to 100. Returns 0, ERR_INVALID
 * (after is no id) or ERR_STORE*.
 */
MUST_CHECK int inbox_list(struct store *s, const char *uid, const char *after, size_t limit,
    struct buf *out);
/* Returns 0 (also when it was acknowledged before), ERR_NOT_FOUND, ERR_STORE*. */
MUST_CHECK int inbox_ack(struct store *s, const char *uid, const char *id);
/* It comes again at due_ms. Returns 0, ERR_NOT_FOUND, ERR_FULL (INBOX_SNOOZED_MAX), ERR_STORE*. */
MUST_CHECK int inbox_snooze(struct store *s, const char *uid, const char *id, int64_t due_ms);

#endif
