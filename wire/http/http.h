/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WIRE_HTTP_HTTP_H
#define TURNPIKE_WIRE_HTTP_HTTP_H

#include "base/buf.h"
#include "base/err.h"
#include "base/reactor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * http -- the one HTTP client for all outside calls (models, tools, webhooks). The files of http
 * alone include curl. Transfers run inside reactor_step, through curl's socket interface, so a
 * token costs no second poll. Connections are kept and reused within the process.
 */
struct http_client;
struct http_transfer;

/* Supervisor, once, before the first fork: shares TLS and curl's global state between workers. */
MUST_CHECK int http_global_init(void);
/* After fork only. */
MUST_CHECK int http_new(struct http_client **out, struct reactor *reactor);
/* So many connections are kept for later calls; 8 unless this is called. */
void http_keep(struct http_client *client, size_t connections);
void http_free(struct http_client *client); /* cancels what runs; no callback is called */

struct http_result {
    /* 0 = a whole reply came, whatever its status; ERR_NET, ERR_DEADLINE, ERR_LIMIT (max_bytes),
     * ERR_FORBIDDEN (an address that is not public, a redirect that is not allowed), ERR_NOMEM, or
     * what on_body returned. */
    int error;
    long status; /* 0 = none */
    /* retry-after-ms, else retry-after in seconds or as a date; -1 = none */
    int64_t retry_after_ms;
    int should_retry; /* x-should-retry: 1, 0, -1 = absent */
    bool sent;        /* request bytes went out: the peer may have acted, whatever error says */
    char content_type[96];
    char request_id[96]; /* request-id or x-request-id */
    char wanted[512];    /* the header that http_request.wanted names; "" = absent or too long */
    char modified[64];   /* last-modified, "" = absent or too long */
    /* www-authenticate of a 401 or 403, several lines joined by ", "; "" = absent or too long */
    char challenge[768];
    char why[192]; /* for the log, never for a user */
};

/* Non-zero ends the transfer with that error. Called for the bodies of all statuses but of a
 * redirect that is followed. */
typedef int http_body_fn(void *arg, long status, const char *bytes, size_t len);
/* Both act for the task that started the transfer; it is woken after this one.
 * Called exactly once per started transfer unless it is cancelled; the transfer is gone after. */
typedef void http_done_fn(void *arg, const struct http_result *result);

struct http_request {
    const char *method;            /* "GET", "POST", ... */
    const char *url;               /* copied */
    const char *const *headers;    /* NULL-terminated "Name: value"; copied; may be NULL */
    const char *body;              /* copied; NULL = none */
    char *own_body;                /* in place of body: malloc's, freed by http_start if it fails,
                                     else as soon as it has been sent and answered */
    size_t body_len;               /* of either */
    int64_t connect_timeout_ms;    /* 0 = 5,000 */
    int64_t first_byte_timeout_ms; /* from the start to the first body byte; 0 = none */
    int64_t idle_timeout_ms;       /* between bytes; 0 = none */
    int64_t total_timeout_ms;      /* 0 = none */
    size_t max_bytes;              /* of the body; 0 = 64 MiB */
    /* refuse private, loopback, link-local and mapped addresses, checked on the connected peer */
    bool public_only;
    unsigned max_redirects; /* 0 = none followed */
    bool same_origin;       /* a redirect to another origin is ERR_FORBIDDEN */
    /* The same for another host. Headers go along, also to https; so does the body, but for 303. */
    bool same_host;
    /* name of a response header for the result; stays the caller's; NULL = none */
    const char *wanted;
    http_body_fn *on_body;
    http_done_fn *on_done;
    void *arg;
};
/* Makes what the next http_start needs in any case, for a moment in which there is nothing else to
 * do. Without memory nothing happens. */
void http_prepare(struct http_client *client);
/*
 * http_start -- begins a transfer; its callbacks run from within reactor_step, never before this
 * returns.
 *   out  may be NULL; valid until on_done, or http_cancel
 * Returns 0; ERR_INVALID (no http or https URL, or a header with a line break); ERR_NOMEM.
 */
MUST_CHECK int http_start(struct http_client *client, const struct http_request *request,
    struct http_transfer **out);
/* Status and headers so far, for on_body: borrowed, its error is not set yet. */
const struct http_result *http_head(const struct http_transfer *transfer);
/* Is no transfer under way? */
bool http_is_idle(const struct http_client *client);
/* Closes the connection of a running transfer at once, or, from within a callback of a transfer,
 * behind it. None of its callbacks is called any more. */
void http_cancel(struct http_transfer *transfer);

/* "scheme://host:port" in out; false when it is no URL, or too long. Any process. */
bool http_url_origin(const char *url, char *out, size_t size);
/* Is it an http or https URL? Any process. */
bool http_url_usable(const char *url);
/* Scheme, host and port are the same; false also when one is no URL. Any process. */
bool http_same_origin(const char *a, const char *b);
/* The host is the same, whatever scheme and port; false also when one is no URL. Any process. */
bool http_same_host(const char *a, const char *b);
/* `relative` as seen from `base`, absolute, in out. Returns 0 or ERR_INVALID. Any process. */
MUST_CHECK int http_url_join(const char *base, const char *relative, char *out, size_t size);
/* The host of an http or https URL, brackets of IPv6 removed. Returns 0 or ERR_INVALID. */
MUST_CHECK int http_url_host(const char *url, char *out, size_t size);

/* The reason phrase of a status line; "Status" for one that is never sent. Any process. */
const char *http_reason(int status);

#endif
