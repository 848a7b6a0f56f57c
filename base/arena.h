/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_ARENA_H
#define TURNPIKE_BASE_ARENA_H

#include "base/err.h"

#include <stddef.h>

/*
 * arena -- memory that lives as long as one request or one turn. Nothing is freed singly, and the
 * arena itself sets no limit: what is put into it is bounded before. Allocation failure returns
 * NULL. Clean-up actions run at arena_free and arena_reset, last added first.
 */
struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a);
/* Keeps the first block for reuse, runs the clean-ups. */
void arena_reset(struct arena *a);
/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *a, size_t n);
/* count * size with an overflow check. */
void *arena_array(struct arena *a, size_t count, size_t size);
char *arena_strdup(struct arena *a, const char *s);           /* NULL stays NULL */
char *arena_memdup(struct arena *a, const void *p, size_t n); /* adds a NUL */
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Returns 0 or ERR_NOMEM; on ERR_NOMEM the clean-up has been run at once. */
MUST_CHECK int arena_on_free(struct arena *a, void (*cleanup)(void *), void *arg);

#endif
