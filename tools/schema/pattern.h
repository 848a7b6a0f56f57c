/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_SCHEMA_PATTERN_H
#define TURNPIKE_TOOLS_SCHEMA_PATTERN_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* pattern -- the regular expressions of schemas, each compiled once per process. */

/* False also when the pattern does not compile (the build refuses such a one), and for a text of
 * more than PATTERN_TEXT_MAX bytes, at which it does not look. */
#define PATTERN_TEXT_MAX 4096
bool pattern_matches(const char *pattern, const char *text);
/* Is it in the part that ERE and ECMA 262 read alike? Returns 0 or ERR_INVALID and why. */
MUST_CHECK int pattern_check(const char *pattern, char *why, size_t why_size);

#endif
