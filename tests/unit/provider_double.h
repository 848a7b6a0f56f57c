/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TESTS_UNIT_PROVIDER_DOUBLE_H
#define TURNPIKE_TESTS_UNIT_PROVIDER_DOUBLE_H

#include "tests/unit/tool_bench.h"

#include <sys/types.h>

/*
 * provider_double -- an outside service that gives one answer to every request and remembers the
 * last one, for `setting` (its URL, with the path /base).
 */
struct provider_double {
    pid_t pid;
    const char *setting;
    char *seen; /* the last request, shared */
    struct tool_bench *bench;
};
/* status: "200 OK"; answer "" = silent until the client gives up. */
void provider_double_start(struct provider_double *d, struct tool_bench *b, const char *setting,
    const char *status, const char *answer);
void provider_double_stop(struct provider_double *d);

#endif
