/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TESTS_UNIT_RECORD_SEEDS_H
#define TURNPIKE_TESTS_UNIT_RECORD_SEEDS_H

#include "tests/unit/tool_bench.h"

#include <stdint.h>

/* record_seeds -- records of each family that tools keep, made up from a number. */
#define RECORD_SEEDS_FIRST INT64_C(1483228800000) /* 2017-01-01T00:00:00Z, of number 0 */
/* JSON of record n of about `all` (they are spread over ten years); *id and *time_ms: out. In the
 * arena. NULL when the family is not known. */
const char *record_seeds_make(struct arena *arena, const char *family, int n, int all,
    const char **id, int64_t *time_ms);
/* Writes records 0 to all - 1 of the bench's user, through records_commit. */
void record_seeds_fill(struct tool_bench *b, const char *family, int all);

#endif
