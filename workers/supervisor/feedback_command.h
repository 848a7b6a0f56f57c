/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_FEEDBACK_COMMAND_H
#define TURNPIKE_WORKERS_SUPERVISOR_FEEDBACK_COMMAND_H

#include "base/conf.h"
#include "base/err.h"

#include <stdint.h>

/*
 * feedback_command -- `turnpike feedback [--rating good|bad|N|N-N] [--since WHEN] [--until WHEN]
 * [--user USER] [--text] [--limit N] [--json | --csv]`: what users say about answers, newest first,
 * each with its turn. Reads Redis itself. argv[0]: the command's name. Returns the exit status.
 */
MUST_CHECK int feedback_command(const struct conf *conf, int argc, char **argv);
/* WHEN: "7d", "12h", "30m" ago; "2026-11-30"; "2026-11-30T12:00:00Z". Returns 0 or ERR_INVALID. */
MUST_CHECK int feedback_command_when(const char *text, int64_t now_ms, int64_t *out);

#endif
