/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_TOOL_PROGRAM_H
#define TURNPIKE_WORKERS_TOOL_PROGRAM_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * program -- runs a program of this machine on bytes and takes what it writes. It gets no more
 * than that: standard input and output are files in memory, standard error leads nowhere, no other
 * descriptor and no environment of ours is there; its processor time, memory and output are
 * bounded. It dies with the process that runs it. Tool processes alone: the call blocks.
 */
struct program {
    const char *const *argv; /* [0]: its path; ended by NULL */
    const void *input;
    size_t len;
    size_t output_max;
    int64_t until_ms; /* monotonic; then it is killed */
};
/*
 * program_run -- appends what the program wrote to standard output.
 * Returns 0; ERR_DEADLINE; ERR_LIMIT (it wrote more); ERR_REMOTE (it ended with another status than
 * 0, or by a signal; logged); ERR_IO (it could not be started; logged); ERR_NOMEM.
 */
MUST_CHECK int program_run(const struct program *p, struct buf *out);

#endif
