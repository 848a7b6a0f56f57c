/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_ENGINE_FINDER_H
#define TURNPIKE_TOOLS_ENGINE_FINDER_H

#include "base/err.h"
#include "tools/engine/tools.h"

#include <stddef.h>

/*
 * finder -- ranks the registry's tools by how well they fit what somebody says in English, German,
 * Spanish or French (speech.h): a small text index over names, keywords, examples, descriptions and
 * arguments (BM25F: rare words and short, telling fields count more), blind to endings, forgiving a
 * slip of the finger. Subjects that no tool is for stand in it too: when nothing fits, nothing is
 * found. Made once per process, before the fork by tools_global_init; read only afterwards, so that
 * workers share it. The tools of MCP servers, which change, have a small index of their own beside
 * it, weighed by the large one's measure; a worker makes it at the first search after a change.
 */
#define FINDER_MAX 20 /* tools of one answer */

/* Returns 0 or ERR_NOMEM. Again: nothing. */
MUST_CHECK int finder_prepare(void);
/* What the operator declared has changed: made anew by the next finder_prepare. */
void finder_forget(void);
/* The best first, at most limit (and FINDER_MAX) in out, also those without their provider; none
 * when nothing fits. Returns 0 or ERR_NOMEM. */
MUST_CHECK int finder_search(const char *query, size_t limit, const struct tools_spec **out,
    size_t *count);

#endif
