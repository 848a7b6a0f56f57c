/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_RECORDS_H
#define TURNPIKE_STORE_RECORDS_H

#include "base/arena.h"
#include "base/err.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * records -- the data of tools for a user: families of JSON records with a time index, in the
 * user's slot: tp:{uid}:r:FAMILY (hash id -> JSON), tp:{uid}:r:FAMILY:by-time (sorted set id ->
 * milliseconds), and the indexes that store/lua/lib_index.lua keeps beside them.
 *
 * One script checks the epoch of the session (the fence), looks for the effect's mark (tool call
 * id), and writes records and mark together. A repeated call finds the mark and gets the recorded
 * result, so nothing is written twice.
 */
struct records_fence { /* NULL fence fields: a direct call, no session to check */
    const char *uid, *session;
    int64_t epoch;
    const char *effect;                /* tool call id or idempotency key */
    const struct records_alert *alert; /* or NULL */
    const char *tool;                  /* for the history (store/changes.h); NULL: none */
};
/* An alert of a budget: the script that writes an expense compares the new sum with the limit. */
#define RECORDS_THRESHOLDS 2
struct records_alert {
    const char *currency, *category;
    const char *const *spans; /* of the period up to today, as records_sums has them */
    size_t span_count;
    int64_t limit_minor;
    const char *mark; /* "budget/food/monthly/2026-11-01": each threshold is told once per mark */
    struct {
        int64_t percent;   /* the highest first; 100: more than the limit, below: that and more */
        const char *event; /* for the inbox, up to `,"spent_minor":N}}`, which is added */
    } thresholds[RECORDS_THRESHOLDS];
};
struct records_write {
    const char *family, *id;
    const char *json; /* NULL = delete */
    int64_t time_ms;  /* of the by-time index */
    const char *seen; /* the JSON that was read before; another one there now = ERR_CONFLICT */
};
/* Instead of a JSON in `seen`: there must be none; one with the SHA-1 behind it. */
#define RECORDS_SEEN_NONE "#"
#define RECORDS_SEEN_SHA1 "#"
/* What one script writes. */
struct records_batch {
    const struct records_write *writes;
    size_t count; /* of writes: 1 to RECORDS_WRITES_MAX */
    bool must_exist;
    const char *result; /* JSON, recorded with the effect; NULL = "" */
    const char *undoes; /* the change (store/changes.h) that it takes back; NULL: none */
    bool redo;          /* with undoes: that was an undo itself */
    /* Commits of one group are one change for those who undo (store/changes.h); NULL: alone. */
    const char *group;
    bool purges; /* no history of these records stays, nor of this write */
};
#define RECORDS_WRITES_MAX 256
/*
 * records_commit -- writes records and result at once.
 *   prior  out: the recorded result of an earlier call with this effect (arena), else NULL
 * With fence->alert it puts the highest threshold that is reached and was not told into the user's
 * inbox, and tells the open connections.
 * Returns 0; ERR_FENCED; ERR_STORE*; with must_exist ERR_NOT_FOUND (a record to change or delete is
 * not there); ERR_CONFLICT (a record differs from `seen`, or what it undoes is undone). With
 * the last two nothing is written. The script also notes what the records were (store/changes.h).
 */
MUST_CHECK int records_commit(struct store *s, const struct records_fence *fence,
    const struct records_batch *batch, struct arena *arena, const char **prior);
/* An earlier result of the effect, before work is done again. Returns 0 or ERR_NOT_FOUND. */
MUST_CHECK int records_effect(struct store *s, const char *uid, const char *effect,
    struct arena *arena, const char **prior);
/* One record, in the arena. Returns 0, ERR_NOT_FOUND or ERR_STORE*. */
MUST_CHECK int records_get(struct store *s, const char *uid, const char *family, const char *id,
    struct arena *arena, const char **json);
/* A page of a family: scores in [from, to], the highest or lowest first, at most max (1,000), from
 * offset. */
struct records_page {
    const char *family, *tag; /* tag: for records_tagged only */
    int64_t from, to;         /* milliseconds; of a tag, what its rule says */
    bool highest_first;
    size_t offset, max;
};
struct records_list {
    const char **json;
    size_t count;
    bool more;
};
/* By time. Returns 0, ERR_INVALID, ERR_STORE* or ERR_NOMEM. */
MUST_CHECK int records_range(struct store *s, const char *uid, const struct records_page *page,
    struct arena *arena, struct records_list *out);
/* How many in [from_ms, to_ms]. Returns 0, ERR_INVALID or ERR_STORE*. */
MUST_CHECK int records_count(struct store *s, const char *uid, const char *family, int64_t from_ms,
    int64_t to_ms, int64_t *count);
/* Every family that the user has ever had a record of (tp:{uid}:families), by name, in the
 * arena. */
MUST_CHECK int records_families(struct store *s, const char *uid, struct arena *arena,
    const char ***names, size_t *count);

/*
 * The index of a family: tags (records by time, or by a value of theirs), words and sums. A look
 * costs the same at 100 and 100,000 records. The script that writes a record also changes its
 * index, by the family's rule (store/lua/lib_rules.lua).
 *
 * The functions below make the index first when it is not there, not finished, of an older rule, or
 * counts other than the records there are. They do so in pages that do not hold Redis up, while
 * writes go on. All return 0, ERR_INVALID, ERR_BUSY or a fault. ERR_BUSY: not made in 3 s (some
 * 50,000 records), or others keep making it anew; the next look goes on with it. Turn and api
 * workers.
 */
/* By a tag. */
MUST_CHECK int records_tagged(struct store *s, const char *uid, const struct records_page *page,
    struct arena *arena, struct records_list *out);
/* How many records the tags have in [from, to]; at most 100 tags. */
struct records_tag {
    const char *tag;
    int64_t from, to, count; /* count: out */
};
MUST_CHECK int records_tags(struct store *s, const char *uid, const char *family,
    struct records_tag *tags, size_t count, struct arena *arena);
/* Several texts of the caller. */
struct records_texts {
    const char *const *all;
    size_t count;
};
/* The sums of buckets; at most 800. */
struct records_number {
    const char *bucket, *field;
    int64_t value;
};
struct records_numbers {
    struct records_number *all;
    size_t count;
};
MUST_CHECK int records_numbers(struct store *s, const char *uid, const char *family,
    const struct records_texts *buckets, struct arena *arena, struct records_numbers *out);
/* Words of the family that those said (at most 24) may mean; some 300 at most. */
#define RECORDS_SAID_MAX 24
MUST_CHECK int records_words(struct store *s, const char *uid, const char *family,
    const struct records_texts *said, struct arena *arena, struct records_texts *words);
/* The records with most of the words. out->more: not all that have some of the words were looked
 * at. */
struct records_word { /* any of several */
    const char **forms;
    size_t count;
};
struct records_query {
    const char *family, *prefix; /* prefix: of the words' tags */
    const struct records_word *words;
    size_t count; /* of words */
    size_t max;   /* records, at most 1,000 */
};
MUST_CHECK int records_search(struct store *s, const char *uid, const struct records_query *query,
    struct arena *arena, struct records_list *out);
/* Drops the index; the next look makes it anew. */
MUST_CHECK int records_index_drop(struct store *s, const char *uid, const char *family,
    struct arena *arena);

#endif
