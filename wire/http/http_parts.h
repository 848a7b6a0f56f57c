/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WIRE_HTTP_HTTP_PARTS_H
#define TURNPIKE_WIRE_HTTP_HTTP_PARTS_H

#include "base/err.h"
#include "base/task.h"
#include "wire/http/http.h"

#include <curl/curl.h>

/*
 * http_parts -- what the files of http share with each other:
 *
 *   http           life of a client; a transfer is begun or given up
 *   http_request   what is asked for: curl's options, headers, body, the guard of addresses
 *   http_loop      curl's descriptors and time on the reactor
 *   http_reply     status, headers and body that the server sends
 *   http_again     requests that are made once more: redirects, a page that is not compressed
 *   http_transfer  deadlines and ends of transfers
 *   http_url       URLs
 *
 * The path of a token is http_loop -> curl -> http_reply_on_body -> on_body of the request.
 */

struct http_client {
    CURLM *multi;
    struct reactor *reactor;
    struct reactor_timer timer;
    struct http_socket *sockets;
    struct http_transfer *transfers;
    CURL *spare;    /* http_prepare */
    bool in_curl;   /* a callback of curl may be running: handles must not be added or removed */
    bool unsettled; /* a transfer is dead or waits to be added */
};

struct http_transfer {
    struct http_client *client;
    CURL *easy;
    struct curl_slist *headers;
    char *body;
    size_t body_len;
    struct http_transfer *next, **back;
    struct reactor_timer deadline;
    int64_t first_byte_ms, idle_ms, total_ms;
    int64_t started_ms, last_ms; /* monotonic; last = of the body, 0 = none yet */
    size_t max_bytes, received;
    unsigned redirects_left;
    bool public_only, same_origin, same_host, added, dead, refused, has_location;
    unsigned layers; /* of compression of the reply */
    bool may_repeat; /* a GET whose reply has not been asked for undecoded */
    const char *wanted;
    int error; /* why a callback of ours ended it */
    http_body_fn *on_body;
    http_done_fn *on_done;
    void *arg;
    struct task_ref task; /* that began it: acted for, and woken by its end */
    struct http_result result;
    char curl_why[CURL_ERROR_SIZE];
};

/* ---- http_loop ---- */

/* Gives curl a descriptor that is ready, or CURL_SOCKET_TIMEOUT; then ends what is finished. */
void http_loop_act(struct http_client *client, curl_socket_t fd, int events);
/* Connects a new client's curl with its reactor. */
void http_loop_open(struct http_client *client);
/* Lets go of the reactor. After curl_multi_cleanup. */
void http_loop_close(struct http_client *client);

/* ---- http_request ---- */

/* A curl handle with all that is the same for every request. NULL without memory. */
CURL *http_request_handle(void);
/* Sets the transfer's handle to its request. Returns 0; ERR_INVALID (a header holds a line break);
 * ERR_NOMEM. */
MUST_CHECK int http_request_set(struct http_transfer *t, const struct http_request *request);
/* Whether "Name: value" or "Name;" is a header of this name. */
bool http_request_header_is(const char *header, const char *name);

/* ---- http_reply ---- */

/* curl's callbacks; arg is the transfer. */
size_t http_reply_on_header(char *bytes, size_t size, size_t count, void *arg);
size_t http_reply_on_body(char *bytes, size_t size, size_t count, void *arg);
/* Forgets the headers so far: a new reply begins. */
void http_reply_clear(struct http_transfer *t);
/* Whether the reply is a redirect that the transfer will follow. */
bool http_reply_redirects(const struct http_transfer *t);

/* ---- http_again ---- */

/*
 * Follows the redirect that the transfer has got: with all headers to the same origin (or host,
 * with same_host), else with those that are no secret.
 *   why  out, on error: static text for the log
 * Returns 0 (the transfer is under way again), ERR_FORBIDDEN, ERR_NET, ERR_NOMEM.
 */
MUST_CHECK int http_again_redirect(struct http_transfer *t, const char **why);

/*
 * A server's Content-Encoding may name an encoding that the body does not have ("utf-8", or gzip in
 * front of plain text). Then the page is asked for once more and taken as it comes: only a GET, and
 * only before its first byte was given on. Returns whether the transfer is under way again.
 */
bool http_again_plain(struct http_transfer *t, CURLcode code);

/* ---- http_transfer ---- */

/* Gives the transfer to curl. Not from within a callback of curl. Returns 0 or ERR_NOMEM. */
MUST_CHECK int http_transfer_add(struct http_transfer *t);
/* Sets the timer to the next deadline of the transfer, if it has one. */
void http_transfer_watch(struct http_transfer *t);

/* Frees the transfer first and then calls on_done, which may start or cancel others. why is for
 * the log and is not read when error is 0. */
void http_transfer_finish(struct http_transfer *t, int error, const char *why);

/* Takes the transfer out of its client, at once and without a word to anybody. */
void http_transfer_free(struct http_transfer *t);

/* Ends transfers that curl has finished, and does what its callbacks left undone. */
void http_transfer_settle(struct http_client *client);

#endif
