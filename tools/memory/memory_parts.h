/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_MEMORY_PARTS_H
#define TURNPIKE_TOOLS_MEMORY_PARTS_H

#include "base/err.h"
#include "base/jdoc.h"
#include "tools/kit/remembered.h"
#include "tools/kit/run.h"

#include <stdbool.h>

/* memory_parts -- shared by the files of tools/memory/. */

/* All that is remembered. Returns as remembered_read. */
MUST_CHECK int memory_list(struct tools_run *run, struct remembered_list *out);
/* Capitals and a full stop at the end do not count. */
bool memory_is_same(const char *a, const char *b);
/* How well the words or the id mean the fact; 0: not surely. */
MUST_CHECK int memory_score(const struct remembered *one, const char *said);
/* The fact that the words or the id mean. Returns 0; ERR_INVALID (the failure is set) or a
 * fault. */
MUST_CHECK int memory_pick(struct tools_run *run, const struct remembered_list *list,
    const char *path, const char *said, const struct remembered **out);
/* NULL on no memory. */
jdoc *memory_document(const struct remembered *one);
MUST_CHECK int memory_add(jdoc *list, const struct remembered *one);

#endif
