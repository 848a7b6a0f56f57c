/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_ENGINE_TOOLS_ABOUT_H
#define TURNPIKE_TOOLS_ENGINE_TOOLS_ABOUT_H

#include "base/err.h"
#include "tools/kit/run.h"

/*
 * tools_about -- completes run->about (tools/kit/about.h) by what the tool's entry tells: the
 * arguments when its preview named no changes, and the effects that it did not name: a deletion,
 * other people, the host outside. Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int tools_about(struct tools_run *run);

#endif
