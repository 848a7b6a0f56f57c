/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_ENGINE_KINDS_H
#define TURNPIKE_TOOLS_ENGINE_KINDS_H

#include "tools/kit/kind.h"

#include <stddef.h>

/* kinds -- the kinds of records of this build's families. All processes; pure. */
size_t kinds_count(void);
const struct kind *kinds_at(size_t index); /* NULL at the end */
const struct kind *kinds_find(const char *name);
/* By the store's family; NULL: no family declares it. */
const struct kind *kinds_of_family(const char *family);

#endif
