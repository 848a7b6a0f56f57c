/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TESTS_UNIT_SENTINEL_DOUBLE_H
#define TURNPIKE_TESTS_UNIT_SENTINEL_DOUBLE_H

#include <sys/types.h>

/* sentinel_double -- a process that answers as a Sentinel; its socket is FOLDER/sentinelNUMBER. */
struct sentinel_double {
    char path[96];
    pid_t pid;
    volatile int *port; /* shared with the process; NULL when it says a fixed answer */
};
/* Says `answer` in pieces after it has read something. NULL: nothing, ever. */
void sentinel_double_start(struct sentinel_double *d, const char *folder, int number,
    const char *answer);
/* Names 127.0.0.1 and *d->port, which the test may change; 0: it closes without an answer. */
void sentinel_double_start_naming(struct sentinel_double *d, const char *folder, int number,
    int port);
void sentinel_double_stop(struct sentinel_double *d);

#endif
