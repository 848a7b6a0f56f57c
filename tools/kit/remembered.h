/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_REMEMBERED_H
#define TURNPIKE_TOOLS_KIT_REMEMBERED_H

#include "base/arena.h"
#include "base/err.h"
#include "store/store.h"

#include <stddef.h>
#include <stdint.h>

/*
 * remembered -- what the assistant has been told to remember about a user: records of the family
 * "memory", which the tools of tools/memory/ write and a turn puts into the situation
 * (agent/memory.h). So few that all are read at once. Turn, api and tool processes.
 */
#define REMEMBERED_FAMILY "memory"
#define REMEMBERED_MAX 200      /* of a user */
#define REMEMBERED_TEXT_MAX 300 /* characters of one */

struct remembered {
    const char *id, *text, *topic;
    const char *json; /* the record as it was read */
    int64_t at_ms;    /* when it was told */
};
struct remembered_list {
    struct remembered *all; /* the newest first */
    size_t count;
};
/* From the records' texts, the newest first, which stay. Returns 0 or ERR_NOMEM. */
MUST_CHECK int remembered_take(const char *const *json, size_t count, struct arena *arena,
    struct remembered_list *out);
/* All of them, in the arena. Returns 0, ERR_STORE* or ERR_NOMEM. */
MUST_CHECK int remembered_read(struct store *s, const char *uid, struct arena *arena,
    struct remembered_list *out);

#endif
