/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_WEBPUSH_H
#define TURNPIKE_PROCESS_WEBPUSH_H

#include "base/buf.h"
#include "base/err.h"
#include "base/ident.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * webpush -- what a message to a push service (RFC 8030) is made of: its encryption for the browser
 * that subscribed (RFC 8291 with the content coding of RFC 8188), the site's signature (VAPID, RFC
 * 8292), and the tokens by which a notification answers. By OpenSSL; pure but for random bytes. Api
 * workers and the housekeeper.
 */

/* ---- the browser ---- */

#define WEBPUSH_POINT 65 /* bytes of an uncompressed point of P-256 */
#define WEBPUSH_SCALAR 32
#define WEBPUSH_AUTH 16
#define WEBPUSH_SALT 16
struct webpush_receiver {
    unsigned char point[WEBPUSH_POINT], auth[WEBPUSH_AUTH];
};
/*
 * webpush_receiver_read -- the keys of a PushSubscription, in base64url without padding.
 * Returns 0 or ERR_INVALID: of another length, or no point of the curve.
 */
MUST_CHECK int webpush_receiver_read(const char *p256dh, const char *auth,
    struct webpush_receiver *out);

/* What is new in each message: a pair of keys and a salt. Only tests choose them. */
struct webpush_once {
    unsigned char scalar[WEBPUSH_SCALAR], point[WEBPUSH_POINT], salt[WEBPUSH_SALT];
};
/* Returns 0 or ERR_NOMEM. */
MUST_CHECK int webpush_once_make(struct webpush_once *out);

/*
 * webpush_encrypt -- appends the body of the request: one record, `Content-Encoding: aes128gcm`.
 *   len  at most WEBPUSH_TEXT_MAX, so that the body has at most 4,096 bytes, which every push
 *        service takes
 * Returns 0; ERR_LIMIT; ERR_INVALID (the receiver's point); ERR_NOMEM.
 */
#define WEBPUSH_TEXT_MAX 3993
MUST_CHECK int webpush_encrypt(const struct webpush_receiver *to, const struct webpush_once *once,
    const char *text, size_t len, struct buf *out);

/* ---- the site ---- */

struct webpush_key;
/* A private key of P-256 in PEM (setting push.key). Returns 0, ERR_INVALID or ERR_NOMEM. */
MUST_CHECK int webpush_key_read(const char *pem, struct webpush_key **out);
void webpush_key_free(struct webpush_key *key); /* NULL allowed */
/* Appends a new one in PEM. Returns 0 or ERR_NOMEM. */
MUST_CHECK int webpush_key_make(struct buf *pem);
/* The public half as browsers want it (applicationServerKey): base64url. Borrowed. */
const char *webpush_key_public(const struct webpush_key *key);

/*
 * webpush_vapid -- appends the value of the header Authorization for this push service: a token of
 * 12 h. subject: "mailto:" or "https:" address of the operator. Returns 0, ERR_INVALID (no https or
 * http address) or ERR_NOMEM.
 */
MUST_CHECK int webpush_vapid(const struct webpush_key *key, const char *endpoint,
    const char *subject, int64_t now_ms, struct buf *out);

/* ---- what a notification may do ---- */

#define WEBPUSH_ENTRY_SIZE 32
/*
 * webpush_act_make -- appends a token that allows its holder to acknowledge and snooze one entry of
 * one user's inbox until expires_ms, and nothing else. Nothing is stored: a secret that is derived
 * from the key signs it. Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int webpush_act_make(const struct webpush_key *key, const char *uid, const char *entry,
    int64_t expires_ms, struct buf *out);
/* Returns 0, or ERR_AUTH: not ours, or its time is over. */
MUST_CHECK int webpush_act_read(const struct webpush_key *key, const char *token, int64_t now_ms,
    char uid[IDENT_USER_MAX + 1], char entry[WEBPUSH_ENTRY_SIZE]);

/* Appends bytes in base64url without padding. */
void webpush_put_base64url(struct buf *out, const void *bytes, size_t len);

#endif
