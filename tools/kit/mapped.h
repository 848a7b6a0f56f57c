/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_KIT_MAPPED_H
#define TURNPIKE_TOOLS_KIT_MAPPED_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/*
 * mapped -- a data file, mapped read-only and shared by all workers. A zeroed one is closed. The
 * file is to be replaced by rename: a process that reads behind the end of one cut in place dies.
 */
struct mapped {
    const void *data; /* NULL = closed */
    size_t size;
    char path[640];
    struct stat seen;
};

/*
 * mapped_open -- *out is overwritten, not closed. Returns 0, ERR_NOT_CONFIGURED (no file, or an
 * empty one), ERR_INVALID (no file of min to max bytes).
 */
MUST_CHECK int mapped_open(struct mapped *out, const char *path, size_t min, size_t max);
/* Its pages leave this process' memory, not the system's: after a look at all of it, when others
 * use it next. */
void mapped_rest(const struct mapped *m);
void mapped_close(struct mapped *m);
/* Is another file at its path by now? No file at all: false. */
bool mapped_replaced(const struct mapped *m);

#endif
