/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_ENGINE_TOOLS_USUAL_H
#define TURNPIKE_TOOLS_ENGINE_TOOLS_USUAL_H

#include "base/err.h"
#include "base/jdoc.h"
#include "tools/schema/schema.h"

/*
 * tools_usual -- the arguments `currency` and `category`, which have the same meaning in all tools
 * of the registry. All processes that run tools.
 */

/* Before the schema's check: "usd" and "euro" become codes, "petrol" the category gas. What has
 * several meanings ("$") stays. Returns 0 or ERR_NOMEM. */
MUST_CHECK int tools_usual_coerce(const jdoc *schema, jdoc *args);
/* After it: is `currency` money that people pay with? Returns 0, or ERR_INVALID with the
 * problem. */
MUST_CHECK int tools_usual_check(const jdoc *args, struct tools_problem *problem);

#endif
