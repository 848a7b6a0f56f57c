/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WIRE_HTTP_STREAM_HTTP_H
#define TURNPIKE_WIRE_HTTP_STREAM_HTTP_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * stream_http -- reads the one HTTP/1.x request that a connection to a stream worker starts with.
 * The only file that includes http-parser. Bounded: STREAM_HTTP_MAX bytes in all. Pure.
 *
 * It refuses every form that two readers could understand differently (RFC 9112): a body, which no
 * request here has; more than one Host, or none in HTTP/1.1; a folded header line; a line that does
 * not end with CRLF; a blank in front of a colon; control characters.
 */
#define STREAM_HTTP_MAX 16384

/* X(FIELD, "lower-case name") */
#define STREAM_HTTP_HEADERS(X) \
    X(HTTP_HOST, "host") \
    X(HTTP_CONTENT_LENGTH, "content-length") \
    X(HTTP_TRANSFER_ENCODING, "transfer-encoding") \
    X(HTTP_UPGRADE, "upgrade") \
    X(HTTP_CONNECTION, "connection") \
    X(HTTP_WS_KEY, "sec-websocket-key") \
    X(HTTP_WS_VERSION, "sec-websocket-version") \
    X(HTTP_WS_PROTOCOL, "sec-websocket-protocol") \
    X(HTTP_WS_EXTENSIONS, "sec-websocket-extensions") \
    X(HTTP_ORIGIN, "origin") \
    X(HTTP_COOKIE, "cookie") \
    X(HTTP_AUTHORIZATION, "authorization") \
    X(HTTP_DEV_USER, "x-dev-user") \
    X(HTTP_REQUEST_ID, "x-request-id") \
    X(HTTP_TRACEPARENT, "traceparent")
enum stream_http_header {
#define STREAM_HTTP_ENUM_(name, text) STREAM_##name,
    STREAM_HTTP_HEADERS(STREAM_HTTP_ENUM_)
#undef STREAM_HTTP_ENUM_
        STREAM_HTTP_HEADER_COUNT
};

struct stream_request;
struct stream_request *stream_request_new(void); /* NULL = no memory */
void stream_request_free(struct stream_request *r);
/*
 * Returns 0 (more is due); 1 (complete: *used bytes belong to it, the rest follows the request);
 * ERR_INVALID; ERR_LIMIT.
 */
MUST_CHECK int stream_request_feed(struct stream_request *r, const char *bytes, size_t len,
    size_t *used);
bool stream_request_is_get(const struct stream_request *r);
bool stream_request_is_head(const struct stream_request *r);
bool stream_request_is_options(const struct stream_request *r);
bool stream_request_is_http11(const struct stream_request *r);
/* Path without query, as sent; query without '?', "" when none. Borrowed. */
const char *stream_request_path(const struct stream_request *r);
const char *stream_request_query(const struct stream_request *r);
/* NULL when absent; repeated fields are joined by ", ". Borrowed. */
const char *stream_request_header(const struct stream_request *r, enum stream_http_header header);

/*
 * One query parameter, percent-decoded ('+' is a blank). Returns its length; negative: absent, or
 * malformed, too long for out, or with a NUL byte.
 */
long stream_query_get(const char *query, const char *name, char *out, size_t size);
/* Whether a parameter of this name with any value is there, readable or not. */
bool stream_query_has(const char *query, const char *name);
/* Whether a comma-separated list holds the token, case-insensitive. */
bool stream_list_has(const char *list, const char *token);

#endif
