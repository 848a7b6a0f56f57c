#ifndef TURNPIKE_BASE_CONF_PARTS_H
#define TURNPIKE_BASE_CONF_PARTS_H

#include "base/conf.h"
#include "base/err.h"

/*
 * conf_parts -- what the files of conf share with each other: conf.c has the table and sets a
 * value, conf_load.c reads files, conf_check.c looks at settings that depend on each other.
 */

/* A regular file of at most max bytes: a FIFO would block the start for ever. out: malloc's, with a
 * NUL behind it. Returns 0; ERR_INVALID (not
 * a regular file); ERR_LIMIT; ERR_IO (errno says why); ERR_NOMEM. */
MUST_CHECK int conf_read_file(const char *path, size_t max, char **out, size_t *len);
/* The text of such an error, directly after it. */
const char *conf_file_problem(int error);
/* Returns ERR_NOMEM with its text in why. */
MUST_CHECK int conf_out_of_memory(char why[CONF_WHY_SIZE]);

#endif
