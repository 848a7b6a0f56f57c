/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_CLOCK_H
#define TURNPIKE_BASE_CLOCK_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* clock -- monotonic time for deadlines, real time for what people and other machines read. */
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);
int64_t clock_real_ms(void);
/* "2026-11-22T13:05:00.123Z"; out takes 25 bytes at least. */
#define CLOCK_RFC3339_SIZE 32
void clock_rfc3339(int64_t real_ms, char out[CLOCK_RFC3339_SIZE]);
/*
 * clock_parse_rfc3339 -- date-time with offset or Z. Returns 0 and milliseconds since the epoch,
 * ERR_INVALID otherwise.
 */
MUST_CHECK int clock_parse_rfc3339(const char *text, int64_t *real_ms);

#endif
