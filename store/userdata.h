/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_USERDATA_H
#define TURNPIKE_STORE_USERDATA_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "store/records.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * userdata -- reads all data of one user page by page, and erases it. Api workers.
 */

struct userdata_page { /* of a list of the session: from element `from` on, at most max */
    const char *session;
    size_t from, max;
};
/* Messages of a session as they are stored, oldest first. */
MUST_CHECK int userdata_messages(struct store *s, const char *uid, const struct userdata_page *page,
    struct arena *arena, struct records_list *out);
/* The same of the branches that left the conversation (docs/design/keys.md). */
MUST_CHECK int userdata_branches(struct store *s, const char *uid, const struct userdata_page *page,
    struct arena *arena, struct records_list *out);
/* The same of the summaries of how the conversation begins. */
MUST_CHECK int userdata_summaries(struct store *s, const char *uid,
    const struct userdata_page *page, struct arena *arena, struct records_list *out);
/* Feedback that the user gave: message ids and JSON texts in turn. */
MUST_CHECK int userdata_feedback(struct store *s, const char *uid, struct arena *arena,
    struct records_list *out);

/* The families of what users write for each other, by index; NULL at the end. */
const char *userdata_shared_family(size_t index);
/*
 * userdata_written -- a part of what the user wrote in a shared family; comments come with posts.
 * walk: where it is; userdata_walk_init for the beginning, then `done` at the end.
 */
#define USERDATA_CURSOR_SIZE 32
struct userdata_walk {
    char page[USERDATA_CURSOR_SIZE], next[USERDATA_CURSOR_SIZE]; /* cursors: of `left`, behind it */
    struct buf left; /* of a page, what a script of its own has to look at */
    bool done;
};
void userdata_walk_init(struct userdata_walk *walk);
void userdata_walk_free(struct userdata_walk *walk);
MUST_CHECK int userdata_written(struct store *s, const char *uid, const char *family,
    struct userdata_walk *walk, struct arena *arena, struct records_list *out);

/*
 * userdata_erased -- how often the user was erased in the last day. done: once more, now. An
 * erasure removes the user's counters of minutes; this count keeps a user from undoing them again
 * and again. Its key holds a digest. Returns 0 or ERR_STORE*.
 */
MUST_CHECK int userdata_erased(struct store *s, const char *uid, bool done, int64_t *count);

/*
 * userdata_erase -- removes everything of the user: sessions (it ends their turns and tells their
 * viewers), tickets, the part in shared trips (the user's own end; members are told), records,
 * inbox, marks, hints of leases, timers, webhooks, pushes and trips; also all that the user wrote
 * for others, likes, follows and the shared place. Messages that others have received stay theirs.
 * It walks through the key space, so its time grows with the size of the whole Redis. What was
 * used, and the limits over that, stay for as long as they count: docs/limits.md.
 *   budget_ms  after that it stops, to be called again: the next call goes on there
 *   beat       called at least every second or so; may be NULL
 *   keys       out: keys removed by this call
 * Returns 0 (nothing else of the user is left), ERR_MORE (stopped by the budget), ERR_INVALID (no
 * user's id), ERR_STORE* or ERR_NOMEM.
 */
MUST_CHECK int userdata_erase(struct store *s, const char *uid, int64_t budget_ms,
    void (*beat)(void *arg), void *arg, int64_t *keys);

#endif
