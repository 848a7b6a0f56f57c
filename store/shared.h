/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_SHARED_H
#define TURNPIKE_STORE_SHARED_H

#include "base/arena.h"
#include "base/err.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * shared -- what users share with each other, outside any one user's slot: keys
 * `tp:{community}:...`. Used by turn and api workers.
 *
 * A tool that writes here takes two steps, since a script cannot reach two slots. First the shared
 * write: it carries a mark of its own for the effect, and answers a repeated call with the first
 * one's outcome. Then record_commit in the user's slot. After a death between the two, the
 * repetition finds the shared mark and goes on. Marks live as long as keep.turns.
 *
 * Search finds records by the words of their index. It looks at SHARED_DEPTH records, shared
 * between the words: the newest of each word, rare words first. Records with more of the words are
 * first, then the newer ones.
 */
#define SHARED_DEPTH 600
#define SHARED_TERMS_MAX 8 /* words of one query that count */

struct shared_mark { /* effect NULL: a call without id, nothing to recognise it by */
    const char *uid, *effect;
};

struct shared_record {
    const char *family, *id, *json;
    int64_t time_ms;
    const char *terms;                  /* separated by blanks; "" = not searched */
    size_t keep;                        /* most records of the family */
    bool refuse_when_full;              /* else the oldest goes */
    const char *parent_family, *parent; /* must be there; NULL = none */
    const char *author;
};
/* stored: out, the JSON written now or, for a repeated call, then (arena). Returns 0; ERR_NOT_FOUND
 * (the parent); ERR_FULL; ERR_INVALID (an id that cannot be one); ERR_STORE*. */
MUST_CHECK int shared_put(struct store *s, const struct shared_mark *mark,
    const struct shared_record *record, struct arena *arena, const char **stored);
/* Only its author's. Returns 0 or ERR_NOT_FOUND. */
MUST_CHECK int shared_drop(struct store *s, const char *family, const char *id, const char *author);

struct shared_query {
    const char *family, *viewer;
    const char *const *terms, *const *required;
    size_t term_count, required_count; /* of each at most SHARED_TERMS_MAX */
    size_t offset, limit;              /* limit at most 200 */
};
struct shared_item {
    const char *json;
    int64_t likes, comments;
    bool liked, followed; /* by the viewer: the post, its author */
};
struct shared_list {
    struct shared_item *items;
    size_t count, total;
};
MUST_CHECK int shared_search(struct store *s, const struct shared_query *query, struct arena *arena,
    struct shared_list *out);
/* Returns 0, ERR_NOT_FOUND or ERR_STORE*. */
MUST_CHECK int shared_get(struct store *s, const char *family, const char *id, struct arena *arena,
    const char **json);

struct shared_like {
    bool liked;
    int64_t likes;
};
MUST_CHECK int shared_like(struct store *s, const struct shared_mark *mark, const char *post,
    const char *uid, struct shared_like *out);

#define SHARED_FOLLOWS_MAX 5000
struct shared_follow {
    bool changed, friends;
    int64_t followers;
};
MUST_CHECK int shared_follow(struct store *s, const struct shared_mark *mark, const char *uid,
    const char *target, bool follow, struct shared_follow *out);
/* Friends follow each other. */
MUST_CHECK int shared_is_friend(struct store *s, const char *uid, const char *other, bool *out);
MUST_CHECK int shared_friends(struct store *s, const char *uid, size_t max, struct arena *arena,
    const char ***out, size_t *count);

/* Is there such a user? Whoever has a session, a setting or took part. Returns 0 or
 * ERR_NOT_FOUND. */
MUST_CHECK int shared_known(struct store *s, const char *uid);

#define SHARED_MESSAGES 10 /* from one user within SHARED_MESSAGES_MS */
#define SHARED_MESSAGES_MS 3600000
/*
 * shared_message -- admits a message of uid. id: in, the new id; out, that of an earlier execution.
 * Returns 0; ERR_RATE (wait_ms: until the next one may be sent).
 */
MUST_CHECK int shared_message(struct store *s, const struct shared_mark *mark, const char *uid,
    char id[64], int64_t *now_ms, int64_t *wait_ms);
/*
 * shared_inbox -- an event (JSON object) into the inbox of `uid` and onto its open connections,
 * once per id. store/inbox.h tells what becomes of it.
 */
MUST_CHECK int shared_inbox(struct store *s, const char *uid, const char *id, const char *event);

struct shared_place {
    const char *json; /* has the member is_public */
    double latitude, longitude;
    int64_t expires_ms, now_ms;
};
/* Latitude within 85.05 degrees. Returns 0, ERR_FULL, ERR_STORE*. */
MUST_CHECK int shared_place(struct store *s, const struct shared_mark *mark, const char *uid,
    const struct shared_place *place, struct arena *arena, const char **stored);
struct shared_near {
    const char *uid, *json;
    double metres;
};
struct shared_circle {
    double latitude, longitude, metres;
    int64_t now_ms; /* places that have expired by then are left out */
    size_t max;     /* how many places */
};
MUST_CHECK int shared_near(struct store *s, const char *viewer, const struct shared_circle *circle,
    struct arena *arena, struct shared_near **out, size_t *count);

#endif
