/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_MODEL_PRICES_H
#define TURNPIKE_AGENT_MODEL_PRICES_H

#include "agent/model/provider.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * prices -- what a call of a model costs, by the name of the model. A table that is built in, each
 * row with the day on which it was read at the vendor's; a file of the operator's rows in front of
 * it (model.prices_file, docs/limits.md). Loaded by the supervisor before the fork; read by turn
 * workers.
 */
struct price {
    const char *provider; /* of model.chain; "" = any */
    const char *stem;     /* as in agent/model/family.h; "*" = every model of that provider */
    /* Micro-dollars per million tokens. */
    int64_t input, cached, cache_write, output;
    /* A call with more tokens of input costs so many percent of that, as a whole; 0 = none does. */
    int64_t long_over, long_input, long_output;
    const char *known; /* "2026-11-05": when; "" = the file does not say */
};

/*
 * prices_load -- reads the file; "" = the built-in table alone. What was loaded before stays when
 * it cannot be read.
 *   why  "FILE:LINE: ..." on ERR_CONFIG
 * Returns 0, ERR_CONFIG, ERR_NOMEM.
 */
MUST_CHECK int prices_load(const char *path, char *why, size_t why_size);
/* Tells each problem of the file; keeps nothing. */
typedef void prices_problem_fn(void *arg, const char *why);
void prices_check(const char *path, prices_problem_fn *fn, void *arg);

/* The row of a model: the file's before the table's, there the longest stem. NULL = unknown. */
const struct price *prices_find(const char *provider, const char *model);
/*
 * prices_of -- the price of one call, rounded up to a micro-dollar, at most MONEY_MAX. Returns 0,
 * or ERR_NOT_FOUND: the price of this model is not known.
 */
MUST_CHECK int prices_of(const char *provider, const char *model, const struct provider_usage *u,
    int64_t *micros);
/* So many tokens at one price for all kinds, as prices_of. */
int64_t prices_flat(int64_t per_million, int64_t tokens);
/* The built-in rows, for tests and lists. */
const struct price *prices_table(size_t *count);

#endif
