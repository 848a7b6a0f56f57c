/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_LOG_PARTS_H
#define TURNPIKE_BASE_LOG_PARTS_H

#include "base/log.h"

/*
 * log_parts -- what the files of log share with each other: log.c has the file, the levels and the
 * contexts, log_form.c writes a line.
 */
#define LOG_LINE_SIZE 4096

struct log_facts {
    const char *when;  /* RFC 3339 */
    const char *level; /* "INFO" */
    const char *process;
    long pid;
    const char *context; /* "" = none; "name=value name=value" where it may become fields */
    const char *message;
};
/*
 * The line with its end, cut where it gets too long: it is whole in its form all the same. Returns
 * its length.
 */
size_t log_form_line(enum log_form form, const struct log_facts *facts, char out[LOG_LINE_SIZE]);
/* A message as it stands in a plain line, cut; `size` bytes that end with a NUL at any moment. */
void log_form_escape(const char *message, char *out, size_t size);

#endif
