/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_DYNAMIC_FILE_H
#define TURNPIKE_TOOLS_REMOTE_DYNAMIC_FILE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/jdoc.h"

#include <stddef.h>

/*
 * dynamic_file -- the file by which the housekeeper tells the workers of a machine the tools of MCP
 * servers: JSON texts, one a line, so that a worker reads it in pieces and its turns go on between.
 * The first is {"servers":N,"tools":M}; then for each server {"name","url","era","tools":K} and the
 * K definitions of its tools. Replaced by rename, so nobody sees a part of it; one that is cut all
 * the same is told by the counts.
 */
#define DYNAMIC_FILE "mcp-tools.json"
#define DYNAMIC_FILE_MAX ((size_t)8 << 20)

/* Housekeeper. list: [{"name","url","era","tools":[...]}]. Returns 0 or the buffer's error. */
MUST_CHECK int dynamic_file_put(struct buf *out, const jdoc *list);

/* Workers. A zeroed one has nothing. */
struct dynamic_file {
    char *text;
    size_t len, at;
};
/* Reads the file. why: out, on ERR_CONFIG. Returns 0, ERR_CONFIG, ERR_NOMEM. */
MUST_CHECK int dynamic_file_open(struct dynamic_file *f, const char *path, char *why,
    size_t why_size);
void dynamic_file_close(struct dynamic_file *f);
/* The next text; the caller frees it. Returns 0; ERR_INVALID (there is none); ERR_NOMEM. */
MUST_CHECK int dynamic_file_next(struct dynamic_file *f, jdoc **out);

#endif
