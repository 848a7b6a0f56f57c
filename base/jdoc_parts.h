/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_JDOC_PARTS_H
#define TURNPIKE_BASE_JDOC_PARTS_H

#include "base/err.h"
#include "base/jdoc.h"

/*
 * jdoc_parts -- what the files of jdoc share with each other: jdoc.c has the documents, which are
 * json-c's, jdoc_read.c reads text into them, jdoc_write.c writes them.
 */

/* Adds a member, which may be NULL, to an object that has none of this name. Takes the value, also
 * on error. Returns 0 or ERR_NOMEM. */
MUST_CHECK int jdoc_put_new(jdoc *object, const char *key, jdoc *value);
/* Adds an element, which may be NULL, to an array. The same. */
MUST_CHECK int jdoc_push_any(jdoc *array, jdoc *value);

#endif
