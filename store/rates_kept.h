/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_RATES_KEPT_H
#define TURNPIKE_STORE_RATES_KEPT_H

#include "base/arena.h"
#include "base/err.h"
#include "store/store.h"

#include <stddef.h>
#include <stdint.h>

/*
 * rates_kept -- the exchange rates that the site has fetched: `tp:{+rates}`, a hash of days and
 * their rates as one text (tools/kit/rates.h), the newest day, the source, and when it was asked.
 * The housekeeper writes it; turn and api workers read it. Days are kept: a year takes some 100 KB.
 */
struct rates_line {
    const char *date, *line; /* "2026-11-27", "USD 1.1572 JPY 180.9 ..." */
};
#define RATES_LINES_MAX 400
struct rates_fetched {
    const struct rates_line *lines; /* at most RATES_LINES_MAX */
    size_t count;
    const char *latest, *source;
    int64_t at_ms;
};
/* Days that are there already are written over. Returns 0, ERR_LIMIT or ERR_STORE*. */
MUST_CHECK int rates_kept_put(struct store *s, const struct rates_fetched *fetched);
/* When they were last fetched, real time; 0 = never. Returns 0 or ERR_STORE*. */
MUST_CHECK int rates_kept_at(struct store *s, int64_t *at_ms);

#define RATES_FIELDS_MAX 16
/* The texts of fields ("latest", "source", days), NULL where there is none; in the arena. Returns
 * 0, ERR_LIMIT, ERR_NOMEM or ERR_STORE*. */
MUST_CHECK int rates_kept_get(struct store *s, const char *const *fields, size_t count,
    struct arena *arena, const char **out);

#endif
