/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_IDENT_H
#define TURNPIKE_BASE_IDENT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ident -- identifiers and digests. Random bytes come from getrandom(2), some ahead; failure
 * aborts. */
#define IDENT_UUID_SIZE 37
/* UUID version 7 (RFC 9562): ordered by time, for turns, messages, tool calls, records. */
void ident_uuid7(char out[IDENT_UUID_SIZE]);
/* When such an id was made, real time in milliseconds; 0 when the text is none. */
int64_t ident_uuid7_ms(const char *id);
bool ident_is_uuid(const char *s);
/* 2*n hexadecimal digits and a NUL: tickets, request ids. */
void ident_token(size_t bytes, char *out);
#define IDENT_SHA256_SIZE 65
void ident_sha256_hex(const void *data, size_t len, char out[IDENT_SHA256_SIZE]);
/* As Redis' sha1hex writes it: to tell whether a text is the same, never for secrets. */
#define IDENT_SHA1_SIZE 41
void ident_sha1_hex(const void *data, size_t len, char out[IDENT_SHA1_SIZE]);
void ident_hmac_sha256_hex(const void *key, size_t key_len, const void *data, size_t len,
    char out[IDENT_SHA256_SIZE]);
/* Constant-time comparison of two strings of any length. */
bool ident_equal_secret(const char *a, const char *b);
/* User, session and client message ids: [A-Za-z0-9_.:@-]{1,max}; "{" and "}" can never pass. */
bool ident_is_safe(const char *s, size_t len, size_t max);
/* The id of a user who may come in: safe, at most IDENT_USER_MAX, and not "community", which names
 * the keys that users share (docs/design/keys.md). */
bool ident_is_user(const char *s, size_t len);
#define IDENT_USER_MAX 128
/*
 * ident_user_of -- the user id of a name from outside (the `sub` of a token: any text, RFC 7519
 * section 4.1.2). A name that ident_is_user takes and that does not begin with "::" is its own id.
 * All others become "::" and the name, every byte but A-Z a-z 0-9 . @ - written as _HH; where that
 * is longer than IDENT_USER_MAX, "::sha256:" and the digest. So two names never share an id, and no
 * name can be chosen that has another one's. Names are compared byte by byte; case counts.
 * Returns 0; ERR_INVALID (empty; no UTF-8; holds U+FFFD, which readers put in the place of what
 * they cannot read); ERR_LIMIT (longer than IDENT_NAME_MAX bytes).
 */
#define IDENT_NAME_MAX 1024
MUST_CHECK int ident_user_of(const char *name, size_t len, char out[IDENT_USER_MAX + 1]);
/* The same for a text that may also be an id, as logs and replies show it. Never for a token. */
MUST_CHECK int ident_user_named(const char *text, size_t len, char out[IDENT_USER_MAX + 1]);
/* Does the text name this user, by id or by name? */
bool ident_user_is(const char *uid, const char *text, size_t len);
#define IDENT_SESSION_MAX 100
#define IDENT_CLIENT_MESSAGE_MAX 128
/*
 * A session's id: safe, at most IDENT_SESSION_MAX, and not ending like a key below a session's own
 * (":msgs", ":log", ...): session "a:msgs" would be the message list of session "a".
 */
bool ident_is_session(const char *s, size_t len);
/*
 * The chat of a shared trip: IDENT_CHAT and the trip's id (store/chats.h). No session has such an
 * id, so whatever takes sessions alone takes no chat. A release before chats takes none either.
 */
#define IDENT_CHAT "trip~"
bool ident_is_chat(const char *s, size_t len);
const char *ident_chat_trip(const char *chat); /* of one that is; borrowed */
/* W3C traceparent (level 1): parses or makes one; child gets a new span id. */
struct ident_trace {
    char trace_id[33], span_id[17];
    unsigned flags;
};
bool ident_trace_parse(const char *header, struct ident_trace *trace);
void ident_trace_new(struct ident_trace *trace);
void ident_trace_child(const struct ident_trace *parent, struct ident_trace *child);
#define IDENT_TRACEPARENT_SIZE 56
void ident_trace_format(const struct ident_trace *trace, char out[IDENT_TRACEPARENT_SIZE]);

#endif
