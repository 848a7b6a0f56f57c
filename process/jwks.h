/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_JWKS_H
#define TURNPIKE_PROCESS_JWKS_H

#include "base/conf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/jdoc.h"
#include "process/jws.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * jwks -- the public keys that tokens may be signed with: those of a JSON Web Key Set (RFC 7517),
 * which the housekeeper fetches from jwt.jwks_url, and those of files. The housekeeper writes what
 * it has fetched into run_dir/jwks.json, and workers read that when it changes. So all workers of a
 * machine have the same keys, and a worker that starts while the issuer is away has them too.
 */
#define JWKS_KEYS_MAX 64
#define JWKS_KID_MAX 256
#define JWKS_BYTES_MAX ((size_t)256 * 1024) /* of a set */

struct jwks_key {
    char *kid;     /* NULL = it has none */
    char *pem;     /* parsed at each use: a parsed key costs each worker more than its text */
    unsigned fits; /* bits 1 << JWS_...: the algorithms of tokens that it may check */
};
struct jwks { /* zeroed = none */
    struct jwks_key *keys;
    size_t count;
};
void jwks_free(struct jwks *set);
/*
 * jwks_add -- a key in PEM. fits: what it may be used for at most; what it is no key for is taken
 * out. kid: NULL = none. Returns 0; ERR_INVALID (nothing of it is left); ERR_LIMIT (JWKS_KEYS_MAX);
 * ERR_NOMEM.
 */
MUST_CHECK int jwks_add(struct jwks *set, const char *kid, const char *pem, unsigned fits);
/*
 * jwks_read -- adds the keys of a JWK Set. Keys that cannot check tokens here are passed over, as
 * RFC 7517 section 5 wants.
 *   passed  out: how many of those
 *   why     out: of the last of them, a literal; or what is wrong with the set
 * Returns 0; ERR_INVALID (no set, or no key is left); ERR_NOMEM.
 */
MUST_CHECK int jwks_read(struct jwks *set, const jdoc *doc, size_t *passed, const char **why);
/*
 * jwks_find -- the next key for a token, behind *at (0 = the first). kid NULL: the token names
 * none; then the only key that fits, as nobody else could be meant. NULL: no more.
 */
const struct jwks_key *jwks_find(const struct jwks *set, const char *kid,
    enum jws_algorithm algorithm, size_t *at);

/* ---- the file ---- */

/* Housekeeper: what the file says. set: the JWK Set as fetched, borrowed; NULL = there is none. */
struct jwks_news {
    const jdoc *set;
    int64_t fetched_ms, tried_ms; /* real time: of the last success, of the last try */
};
/* Returns 0, ERR_IO, ERR_NOMEM or ERR_LIMIT. */
MUST_CHECK int jwks_file_write(const struct conf *conf, const struct jwks_news *news);
/*
 * jwks_file_read -- what the file has of this jwt.jwks_url; *doc is the caller's to free, and
 * news->set stands in it. Returns 0; ERR_NOT_FOUND (no such file, or of another URL); ERR_INVALID;
 * ERR_NOMEM.
 */
MUST_CHECK int jwks_file_read(const struct conf *conf, jdoc **doc, struct jwks_news *news);

/* A worker's view of the file. Zeroed, but for conf. */
struct jwks_watch {
    const struct conf *conf;
    struct jwks set; /* as read last; a file that is gone or broken takes nothing away */
    int64_t tried_ms;
    struct file_seen seen;
    int64_t look_ms; /* monotonic: the next look */
};
/* Looks whether the file has changed, at most once a second. Does nothing without jwt.jwks_url. */
void jwks_watch_look(struct jwks_watch *w);
/* The same at once. */
void jwks_watch_look_now(struct jwks_watch *w);
/*
 * Whether the housekeeper would ask the issuer again for a key that is not there. False: it has
 * done so within jwt.jwks_pause, so that unknown names of keys do not make it ask all the time.
 */
bool jwks_watch_may_ask(const struct jwks_watch *w);
void jwks_watch_fini(struct jwks_watch *w);

#endif
