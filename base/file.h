/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_FILE_H
#define TURNPIKE_BASE_FILE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

/* file -- small files that are read or written whole. Any process. */

/*
 * file_read -- a regular file as text with a NUL behind it; the caller frees it. A FIFO is refused:
 * it would block the start for ever.
 *   dir  of a relative path, or AT_FDCWD
 *   max  bytes
 * Returns 0; ERR_IO (errno says why); ERR_INVALID (no regular file); ERR_LIMIT (longer than max);
 * ERR_NOMEM.
 */
MUST_CHECK int file_read(int dir, const char *path, size_t max, char **text, size_t *len);
/* What an error of file_read means, for messages: call it before errno changes. Never NULL. */
const char *file_why(int error);

/*
 * file_replace -- writes a file of mode 0600 beside the path and renames it, so that a reader sees
 * the old one or the whole new one.
 *   inode  out, of the new file; may be NULL
 * Returns 0 or ERR_IO; then the old one stands.
 */
MUST_CHECK int file_replace(const char *path, const char *bytes, size_t len, ino_t *inode);

/* What a file looked like. Zeroed = it has never been there. */
struct file_seen {
    struct timespec changed;
    ino_t inode;
    off_t size;
};
/* Whether it looks other than it did; seen is set to how it looks now. A file that is not there has
 * not changed. One stat. */
bool file_has_changed(const char *path, struct file_seen *seen);

#endif
