/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_OAUTH_ASK_H
#define TURNPIKE_TOOLS_REMOTE_OAUTH_ASK_H

#include "base/err.h"
#include "base/jdoc.h"
#include "wire/http/http.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * oauth_ask -- one request to an authorization server, or for metadata, and the JSON that answers
 * it. No redirect is followed with a body, and none to another origin. Any process with a loop.
 */
#define OAUTH_ASK_MS 10000
struct oauth_question {
    struct http_client *http;
    const char *url;
    const char *body; /* NULL = GET */
    size_t len;
    bool json;            /* the body is JSON, else a form */
    bool streams;         /* an MCP server: it may answer by a stream */
    const char *header;   /* Authorization, or NULL */
    const char *protocol; /* MCP-Protocol-Version, or NULL */
    bool public_only;     /* https, and a public address */
};
struct oauth_answer { /* borrowed during done */
    /* 0 = a whole reply came, whatever its status; else as in http_result; ERR_FORBIDDEN also for
     * http where https is wanted */
    int error;
    long status;
    const jdoc *body;      /* an object, or NULL */
    const char *challenge; /* WWW-Authenticate */
    const char *why;       /* for the log and the operator */
};
struct oauth_ask;
typedef void oauth_answer_fn(void *arg, const struct oauth_answer *answer);
/* Returns 0 (done comes from within reactor_step) or what hindered it. */
MUST_CHECK int oauth_ask_start(struct oauth_ask **out, const struct oauth_question *question,
    oauth_answer_fn *done, void *arg);
void oauth_ask_cancel(struct oauth_ask *ask); /* NULL allowed; done is not called */

#endif
