#ifndef TURNPIKE_BASE_IDENT_H
#define TURNPIKE_BASE_IDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ident -- identifiers and digests. Random bytes come from getrandom(2); failure aborts. */
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
void ident_hmac_sha256_hex(const void *key, size_t key_len, const void *data, size_t len,
    char out[IDENT_SHA256_SIZE]);
/* Constant-time comparison of two strings of any length. */
bool ident_equal_secret(const char *a, const char *b);
/* User, session and client message ids: [A-Za-z0-9_.:@-]{1,max}; "{" and "}" can never pass. */
bool ident_is_safe(const char *s, size_t len, size_t max);
/* The id of a user who may come in: safe, at most IDENT_USER_MAX, and not "community", under which
 * stands what users share (docs/design.md, keys). */
bool ident_is_user(const char *s, size_t len);
#define IDENT_USER_MAX 128
#define IDENT_SESSION_MAX 100
#define IDENT_CLIENT_MESSAGE_MAX 128
/*
 * A session's id: safe, at most IDENT_SESSION_MAX, and not ending like a key below a session's own
 * (":msgs", ":log", ...): session "a:msgs" would be the message list of session "a".
 */
bool ident_is_session(const char *s, size_t len);
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
