/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_SUPERVISOR_KEYFILE_H
#define TURNPIKE_WORKERS_SUPERVISOR_KEYFILE_H

#include "base/buf.h"
#include "base/err.h"
#include "process/apikey.h"

#include <stddef.h>

/*
 * keyfile -- api_keys.file as the `turnpike` command changes it: under a lock, so that of two
 * commands none loses its line; by a new file that is renamed, so that a worker reads the old one
 * or the whole new one; with the owner and mode that it had. Comments and the lines of other keys
 * stay as they are.
 */
#define KEYFILE_PATH_MAX 1024
struct keyfile {
    char path[KEYFILE_PATH_MAX]; /* where links lead */
    int lock;                    /* the file that was there, locked */
    struct buf fresh;
};

/*
 * keyfile_open -- locks the file; creates it (0640, the directory's group) when it is not there.
 * On failure it has said why on standard error.
 *   text  out: its content, the caller frees it
 */
MUST_CHECK int keyfile_open(struct keyfile *f, const char *path, char **text);
/* The content from now on is f->fresh. On failure it has said why, and the old one stands. */
MUST_CHECK int keyfile_replace(struct keyfile *f);
void keyfile_close(struct keyfile *f);

#endif
