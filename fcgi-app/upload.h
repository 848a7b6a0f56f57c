/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_UPLOAD_H
#define TURNPIKE_FCGI_APP_UPLOAD_H

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "process/problem.h"
#include "store/attachments.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * upload -- bytes that a client or a host outside says are a file: checked, told what they are, and
 * kept. Api and turn workers.
 */
struct upload {
    const char *field;    /* of the request, for problems */
    const char *declared; /* MIME type, "" = none */
    const char *name;     /* of the file, "" = none */
    bool image;           /* it must be an image */
    const void *bytes;
    size_t len;
};
/*
 * upload_check -- size, kind, declared type, dimensions; sets all of *out but its times. Computes a
 * digest of the bytes. Returns 0; ERR_INVALID with the problem set (413, 422).
 */
MUST_CHECK int upload_check(const struct upload *u, const struct conf *conf, struct attachment *out,
    struct problem *problem);
/*
 * upload_recode -- tables and cards (media_is_table) in UTF-16 or Windows-1252 as UTF-8, so that a
 * model can read them, too: u->bytes are those of own then, which the caller frees.
 * Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int upload_recode(struct upload *u, const struct conf *conf, struct buf *own);
/* More bytes than one file may have: sets the problem (413), returns ERR_INVALID. */
MUST_CHECK int upload_too_large(const char *field, const struct conf *conf,
    struct problem *problem);
/*
 * upload_keep -- stores what upload_check has passed.
 * Returns 0; ERR_INVALID with the problem set (413: the user's quota); ERR_STORE*; ERR_NOMEM.
 */
MUST_CHECK int upload_keep(const struct upload *u, struct store *store, const char *uid,
    struct attachment *a, struct problem *problem);

#endif
