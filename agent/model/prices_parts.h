/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_MODEL_PRICES_PARTS_H
#define TURNPIKE_AGENT_MODEL_PRICES_PARTS_H

#include "agent/model/prices.h"

/* prices_parts -- what the files of prices share: prices.c has the table, prices_file.c the rows of
 * the operator's file. */

/* Of the file; NULL = none fits. */
const struct price *prices_own(const char *provider, const char *model);
/* The row of a list that says most about the model; NULL = none fits. */
const struct price *prices_best(const struct price *list, size_t count, const char *provider,
    const char *model);

#endif
