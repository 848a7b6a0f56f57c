/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_CONVERTED_H
#define TURNPIKE_TOOLS_KIT_CONVERTED_H

#include "base/err.h"
#include "tools/kit/run.h"

#include <stdint.h>

/*
 * converted_put -- what an expense in foreign money is in the user's own, at the rate of its day:
 * converted, converted_minor, converted_currency, rate, rate_date, rate_source. Those of before go
 * away first; without a rate nothing is added.
 *   note  out: a sentence for the message, with a blank before it; "" when there is none
 * Returns 0 or a fault.
 */
MUST_CHECK int converted_put(struct tools_run *run, jdoc *expense, const char **note);
/* minor in `from` to minor in `to`. Returns 0 or ERR_LIMIT (too much). */
MUST_CHECK int converted_sum(int64_t minor, const char *from, const char *to, double rate,
    int64_t *out);

#endif
