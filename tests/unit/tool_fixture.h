/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TESTS_UNIT_TOOL_FIXTURE_H
#define TURNPIKE_TESTS_UNIT_TOOL_FIXTURE_H

#include "tests/unit/tool_bench.h"

/* tool_fixture -- one bench for a whole test program; each test begins without records, as ann. */
extern struct tool_bench bench;
extern int64_t noon; /* the time at which each test begins, UTC ms */
int tool_fixture_start(void **state);
int tool_fixture_stop(void **state);
int tool_fixture_empty(void **state);
/* The integer that Redis replies to the command. */
int64_t tool_fixture_number(const char *command);

#endif
