/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_TERMINAL_TERMINAL_LINK_H
#define TURNPIKE_WORKERS_TERMINAL_TERMINAL_LINK_H

#include "base/buf.h"
#include "base/err.h"
#include "wire/sse.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * terminal_link -- requests of `turnpike chat` to its site, one after the other. While one runs,
 * the caller is asked ten times a second, and told of each Ctrl-C.
 */
struct reactor;
struct http_client;

#define TERMINAL_LINK_BASE 512
#define TERMINAL_LINK_REPLY 8388608 /* bytes of a reply that is kept whole */

struct terminal_link {
    struct reactor *reactor;
    struct http_client *http;
    char base[TERMINAL_LINK_BASE]; /* "https://site/api/v1/pam" */
    char *authorization;           /* "Authorization: Bearer ...", NULL = none */
};

/* Set by SIGINT. Each part clears it when it has acted on it. */
extern volatile sig_atomic_t terminal_link_stop;

/* id: that of the event or the last one before it, "" = none. */
typedef void terminal_link_event_fn(void *arg, const char *id, const struct sse_event *event);

struct terminal_link_request {
    const char *method, *path; /* path: behind the base, with its query */
    const char *body;          /* NULL = none */
    size_t body_len;
    const char *type;       /* of the body; NULL = JSON */
    const char *last_event; /* Last-Event-ID; NULL or "" = none */
    int64_t timeout_ms;     /* 0 = 30 s; of a stream: between two bytes, 0 = 60 s */
    /* Not NULL: a stream of events is asked for, and each is told. */
    terminal_link_event_fn *on_event;
    void (*on_tick)(void *arg); /* may be NULL */
    /* After a Ctrl-C. It may make other requests. true: this one is given up. NULL: it is. */
    bool (*on_stop)(void *arg);
    void *arg;
};

struct terminal_link_reply {
    /* 0 = a whole reply came; ERR_NET, ERR_DEADLINE, ERR_CANCELLED (given up), ERR_NOMEM ... */
    int error;
    long status;            /* 0 = none */
    int64_t retry_after_ms; /* -1 = not said */
    struct buf body;        /* of a reply that is no stream of events */
    char why[192];          /* of an error */
};

/*
 * terminal_link_open -- a site. SIGINT is blocked from now on but while something is waited for.
 *   url    "http://host:port" or with https, with or without a path
 *   token  NULL or "" = none; copied
 * Returns 0; ERR_INVALID (no URL, or a token that no header can carry); ERR_NOMEM; ERR_IO.
 */
MUST_CHECK int terminal_link_open(struct terminal_link *link, const char *url, const char *token);
void terminal_link_close(struct terminal_link *link);

/* Makes a request and waits for its end. The reply is the caller's: terminal_link_reply_fini. */
void terminal_link_ask(struct terminal_link *link, const struct terminal_link_request *request,
    struct terminal_link_reply *reply);
void terminal_link_reply_fini(struct terminal_link_reply *reply);

/* Waits for so long, or until a Ctrl-C (true). */
bool terminal_link_pause(struct terminal_link *link, int64_t ms,
    const struct terminal_link_request *request);

/* What a refusal says to the user, in out: the problem's detail, else the status or the error. */
void terminal_link_why(const struct terminal_link_reply *reply, char *out, size_t size);

#endif
