/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_DIRECT_H
#define TURNPIKE_FCGI_APP_DIRECT_H

#include "base/err.h"
#include "base/jdoc.h"
#include "fcgi-app/exchange.h"
#include "store/approvals.h"
#include "tools/engine/tools.h"

#include <stddef.h>

/*
 * direct -- one tool called by the user's own program, not by a model: its checks, its approval,
 * its run, its mark. The one way of POST /tools/{name} and of MCP's tools/call. Api workers.
 */
typedef int direct_wait_fn(void *arg);

struct direct {
    const struct tools_spec *spec;
    jdoc *value;      /* the arguments; the check coerces them. Borrowed */
    const char *args; /* the same as text, from before the check; "" = {} */
    size_t args_len;
    const char *key;      /* idempotency key, safe (IDENT_CLIENT_MESSAGE_MAX); or NULL */
    const char *mark;     /* instead: a name that only the same arguments can have; or NULL */
    const char *approval; /* its id, safe; or NULL */
    const char *zone;     /* IANA name; NULL = by the request, else the site's */
    /* Once a second while the tool waits for a service; or NULL. An error ends the call. */
    direct_wait_fn *on_wait;
    void *on_wait_arg;
    jdoc *result;               /* out, when done; the caller frees it */
    struct approvals_ask asked; /* out, when the user is asked now: its id is set; arena */
};

/*
 * direct_call -- Returns 0 with the result; or an error with the problem set, as docs/http-api.md
 * lists them (approval_required: see `asked`), or not set: then the error's own counts.
 * ERR_PEER_GONE: the client left a call that only reads.
 */
MUST_CHECK int direct_call(struct exchange *x, struct direct *d);
/* The key as a client says it. name: of the header or member. Returns 0, or ERR_INVALID with the
 * problem set. */
MUST_CHECK int direct_check_key(struct exchange *x, const char *name, const char *key);
MUST_CHECK int direct_check_approval(struct exchange *x, const char *name, const char *id);

#endif
