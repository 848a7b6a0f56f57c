/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_SHARED_H
#define TURNPIKE_BASE_SHARED_H

#include "base/err.h"

#include <stddef.h>

/*
 * shared -- memory that the supervisor maps before the first fork and that every process writes.
 * It is listed here, so that a child which reads strangers' bytes can be rid of all of it.
 */
#define SHARED_MAX 16 /* mappings at once */

/* Zeroed; pages are taken when first touched. NULL = no memory, or too many mappings. */
MUST_CHECK void *shared_new(size_t bytes);
void shared_free(void *memory); /* NULL allowed */
/*
 * shared_leave -- this process alone has zeroed memory of its own in place of all of it from now
 * on, at the same addresses: what it writes there reaches nobody, and nothing leads back. Returns 0
 * or ERR_NOMEM (some of it may still be shared).
 */
MUST_CHECK int shared_leave(void);

#endif
