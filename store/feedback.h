/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_FEEDBACK_H
#define TURNPIKE_STORE_FEEDBACK_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/ident.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * feedback -- what users say about answers. The user's own keys hold it by message; an index of the
 * whole site holds it by time, a key for each month, so that an operator can read it. The index has
 * at most feedback.max entries a month (the oldest leave first) for feedback.keep. Api workers and
 * the operator's command.
 */
#define FEEDBACK_GOOD 4 /* a rating from here on is a satisfied user's */
#define FEEDBACK_TYPE_SIZE 16

/*
 * feedback_give -- notes it for the user, then in the index; what the user said of this message
 * before is replaced in both. type, text: NULL or "" = none.
 * Returns 0; ERR_NOT_FOUND: the user has no such message; ERR_NOMEM; ERR_STORE*. When the index
 * alone cannot be written, that is logged and the result is 0.
 */
struct feedback_said {
    int rating; /* 1 to 5 */
    const char *type, *text;
};
MUST_CHECK int feedback_give(struct store *s, const char *uid, const char *message_id,
    const struct feedback_said *said);

/* The same. turn: out, "" when the message's turn is not known any more. */
MUST_CHECK int feedback_give_turn(struct store *s, const char *uid, const char *message_id,
    const struct feedback_said *said, char turn[IDENT_UUID_SIZE]);

/* One entry of the index. */
struct feedback_entry {
    char uid[IDENT_USER_MAX + 1], message[IDENT_CLIENT_MESSAGE_MAX + 1];
    char session[IDENT_SESSION_MAX + 1], turn[IDENT_UUID_SIZE]; /* "" = not known */
    char type[FEEDBACK_TYPE_SIZE];                              /* "" = none */
    const char *text;                                           /* "" = none; borrowed */
    int64_t at_ms;
    int rating;
};

/* Which entries. Zeroed but for rating_max and to_ms: all. */
struct feedback_query {
    int64_t from_ms, to_ms; /* both included */
    int rating_min, rating_max;
    bool with_text;
    const char *uid;    /* NULL = of all users */
    const char *cursor; /* NULL = from the newest on */
    size_t limit;       /* entries that are told */
};
#define FEEDBACK_CURSOR_SIZE 48
/*
 * feedback_read -- tells the entries, newest first. One call looks at FEEDBACK_LOOK_MAX of them at
 * most, whatever fits: it then ends with a cursor as if the page were full.
 *   next  out: where the next page begins; "" = there is none
 * Returns 0; what fn returned; ERR_INVALID: that is no cursor; ERR_NOMEM; ERR_STORE*.
 */
#define FEEDBACK_LOOK_MAX 5000
typedef int feedback_fn(void *arg, const struct feedback_entry *entry);
MUST_CHECK int feedback_read(struct store *s, const struct feedback_query *query,
    char next[FEEDBACK_CURSOR_SIZE], feedback_fn *fn, void *arg);
bool feedback_is_cursor(const char *cursor);

/* How many entries of the query there are, and how many of these are good. */
struct feedback_sums {
    int64_t count, good;
};
MUST_CHECK int feedback_count(struct store *s, const struct feedback_query *query,
    struct feedback_sums *out);

/* The keys of the index that may hold something, newest first: index from 0, false at the end. */
bool feedback_month(const struct store *s, size_t index, char key[64]);

#endif
