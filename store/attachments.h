/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_STORE_ATTACHMENTS_H
#define TURNPIKE_STORE_ATTACHMENTS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/media.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * attachments -- files that users send with their messages: each once for its user, by its SHA-256.
 * A message holds the id alone. A file leaves attachments.keep after its last use, by its user's
 * order, or with its user. Api and turn workers.
 */
#define ATTACHMENTS_ID_SIZE 37     /* "att-" and 32 hexadecimal digits */
#define ATTACHMENTS_NAME_SIZE 201  /* of a file's name, bytes */
#define ATTACHMENTS_COUNT_MAX 1000 /* of one user */

struct attachment {
    char id[ATTACHMENTS_ID_SIZE];
    char sha256[IDENT_SHA256_SIZE];
    char type[MEDIA_TYPE_SIZE];
    char name[ATTACHMENTS_NAME_SIZE]; /* "" = none was given */
    struct media media;               /* its type: see above */
    int64_t bytes, created_ms, expires_ms;
};

/* The id that a file has, by its digest. The same bytes have the same id with every user. */
void attachments_id(const char sha256[IDENT_SHA256_SIZE], char id[ATTACHMENTS_ID_SIZE]);
bool attachments_is_id(const char *id);
/* The name that a client gave: the last part of a path, without control characters and quotes, cut
 * at a character. */
void attachments_name(const char *given, char out[ATTACHMENTS_NAME_SIZE]);

/*
 * attachments_put -- stores the file, or renews it when the user has it already; one script.
 *   a      all but its times, which are set; bytes: of the file
 *   held   out: after ERR_FULL the bytes of the user's other files, after ERR_LIMIT their number
 * Returns 0; ERR_FULL (over attachments.quota); ERR_LIMIT (ATTACHMENTS_COUNT_MAX); ERR_STORE*.
 */
MUST_CHECK int attachments_put(struct store *s, const char *uid, struct attachment *a,
    const void *bytes, int64_t *held);
/* renew: its life begins anew. Returns 0; ERR_NOT_FOUND (none, another user's, or expired). */
MUST_CHECK int attachments_find(struct store *s, const char *uid, const char *id, bool renew,
    struct attachment *out);
/* The bytes: the text of *out, which the caller frees (link_reply_free). 0; ERR_NOT_FOUND. */
MUST_CHECK int attachments_read(struct store *s, const char *uid, const char *id,
    struct link_reply **out);
/* All, oldest first; in the arena. */
struct attachments_list {
    struct attachment *items;
    size_t count;
};
MUST_CHECK int attachments_list(struct store *s, const char *uid, struct arena *arena,
    struct attachments_list *out);
MUST_CHECK int attachments_drop(struct store *s, const char *uid, const char *id);

/* Appends {id, mime_type, name, bytes, sha256, width, height, pages, created_at, expires_at}; what
 * does not apply is left out. */
void attachments_write(const struct attachment *a, struct buf *json);

#endif
