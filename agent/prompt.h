/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_PROMPT_H
#define TURNPIKE_AGENT_PROMPT_H

/* prompt -- the built-in system prompt. Constant, so that the provider's prompt cache holds. */
extern const char prompt_builtin[];

#endif
