#ifndef TURNPIKE_STORE_RECORDS_H
#define TURNPIKE_STORE_RECORDS_H

#include "base/arena.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * records -- what the tools keep for a user: families of JSON records with a time index, in the
 * user's slot: tp:{uid}:r:FAMILY (hash id -> JSON), tp:{uid}:r:FAMILY:by-time (sorted set id ->
 * milliseconds), further indexes tp:{uid}:r:FAMILY:by-FIELD:VALUE as families need them.
 *
 * A write is one script: checks the epoch of the session (the fence), looks for the effect's mark
 * (tool call id), writes records and mark together. A repeated call finds the mark and gets the
 * recorded result; nothing is written twice.
 */
struct records_fence { /* NULL fence fields: a direct call, no session to check */
    const char *uid, *session;
    int64_t epoch;
    const char *effect; /* tool call id or idempotency key */
};
struct records_write {
    const char *family, *id;
    const char *json;   /* NULL = delete */
    int64_t time_ms;    /* of the by-time index */
    const char *seen;   /* the JSON that was read before; another one there now = ERR_CONFLICT */
};
/*
 * records_commit -- writes and result at once. prior: out, the recorded result of an earlier call
 * with this effect (arena), else NULL. Returns 0; ERR_FENCED; ERR_STORE*; ERR_NOT_FOUND (a record
 * to change or delete is not there: nothing is written) when must_exist; ERR_CONFLICT (a record is
 * not what `seen` says: nothing is written).
 */
int records_commit(struct store *s, const struct records_fence *fence, const struct records_write *writes, size_t count, bool must_exist, const char *result_json, struct arena *arena, const char **prior);
/* An earlier result of the effect, before work is done again. Returns 0 or ERR_NOT_FOUND. */
#define RECORDS_WRITES_MAX 64
int records_effect(struct store *s, const char *uid, const char *effect, struct arena *arena, const char **prior);
/* One record, in the arena. Returns 0, ERR_NOT_FOUND or ERR_STORE*. */
int records_get(struct store *s, const char *uid, const char *family, const char *id, struct arena *arena, const char **json);
/* By time in [from_ms, to_ms], newest or oldest first; at most max (1,000), from offset. */
struct records_list { const char **json; size_t count; bool more; };
int records_range(struct store *s, const char *uid, const char *family, int64_t from_ms, int64_t to_ms, bool newest_first, size_t offset, size_t max, struct arena *arena, struct records_list *out);
/* How many in [from_ms, to_ms]. Returns 0 or ERR_STORE*. */
int records_count(struct store *s, const char *uid, const char *family, int64_t from_ms, int64_t to_ms, struct arena *arena, int64_t *count);
/* Every family that the user has ever had a record of (tp:{uid}:families), by name, in the arena. */
int records_families(struct store *s, const char *uid, struct arena *arena, const char ***names, size_t *count);

/*
 * Families of money (expense, saving) keep sums beside their records, changed in the same script as
 * the record: per day and per month, by currency and category, from the record's date ("2026-11-22"),
 * currency, category and amount_minor. Keys tp:{uid}:r:FAMILY:sums (how far they reach) and
 * ...:sums:DAY, ...:sums:MONTH, ...:sums:keys.
 */
struct records_sum {
    const char *day, *currency, *category; /* day: that of the span */
    int64_t minor, count;
};
struct records_sums { struct records_sum *all; size_t count; };
bool records_has_sums(const char *family);
/*
 * records_sums -- what the spans hold ("2026-11" a month, "2026-11-22" a day; at most 400), one entry
 * per span, currency and category. Sums that were never made or not finished are made first, in
 * pages that do not hold Redis up. Returns 0, ERR_BUSY (others keep remaking them) or a fault.
 */
int records_sums(struct store *s, const char *uid, const char *family, const char *const *spans,
    size_t count, struct arena *arena, struct records_sums *out);
/* Drops the sums; the next look makes them anew from the records. */
int records_sums_drop(struct store *s, const char *uid, const char *family, struct arena *arena);

#endif
