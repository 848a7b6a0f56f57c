/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_ENGINE_FINDER_OTHER_H
#define TURNPIKE_TOOLS_ENGINE_FINDER_OTHER_H

#include <stddef.h>

/*
 * finder_other -- subjects that no tool is for, in the words that people use for them. They stand
 * in the ranking beside the tools: when one of them fits better than every tool, nothing fits.
 */
extern const char *const finder_other[];
extern const size_t finder_other_count;
/*
 * Words that stand in very many wishes. They help to choose among tools, but say little about
 * whether there is one at all.
 */
extern const char finder_weak[];

#endif
