/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_ENGINE_TOOLS_ARGS_H
#define TURNPIKE_TOOLS_ENGINE_TOOLS_ARGS_H

#include "base/err.h"
#include "tools/kit/run.h"

#include <stddef.h>

/*
 * tools_args_read -- run->args from the text that the model wrote: parsed, coerced and checked.
 * Returns 0; ERR_INVALID with the refusal in run->result; ERR_NOMEM or another fault of ours.
 */
MUST_CHECK int tools_args_read(struct tools_run *run, const char *args_json, size_t len);

#endif
