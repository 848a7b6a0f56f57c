/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_MCPD_ERA_H
#define TURNPIKE_FCGI_APP_MCPD_ERA_H

#include "base/err.h"
#include "base/jdoc.h"
#include "tools/remote/mcp_wire.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * mcpd_era -- which protocol a message of an MCP client is of, and whether headers, `_meta` and
 * session say the same. Pure computation; api workers. The rules of 2026-07-28 are those of its
 * basic/transports page and of @modelcontextprotocol/server 2.x (read in November 2026).
 */
#define MCPD_ERA_ASSUMED "2025-03-26" /* without the header; 2025-11-25, basic/transports */
#define MCPD_ERA_ASKS "2025-06-18"    /* from it on there is elicitation */
#define MCPD_ERA_POLLS "2025-11-25"   /* from it on a client comes back to a closed stream */
#define MCPD_ERA_BATCH "2025-03-26"   /* up to it there are batches */

struct mcpd_said { /* headers; NULL = absent */
    const char *version, *method, *name, *session;
};
struct mcpd_error {
    int status;   /* of HTTP, when the error is the whole reply */
    int64_t code; /* of JSON-RPC; 0 = none: then the reply is a problem document */
    char message[320];
    bool lists_versions; /* data has the supported versions */
    char requested[64];  /* of data then */
    const char *uri;     /* of data, when a resource is not there; borrowed; or NULL */
};
struct mcpd_terms {
    bool modern;
    const char *version; /* static or of the header; at least as far as features depend on it */
    bool elicits;        /* the client can show a form, and this protocol can ask for it here */
    bool holds;          /* but its stream has to stay open for that: it does not come back */
};

/* What keeps doc from being a message of ours, in a sentence, or NULL. message: what mcp_wire_read
 * made of it. */
const char *mcpd_era_malformed(const jdoc *doc, const struct mcp_wire_message *message);
/*
 * mcpd_era_judge -- the terms of one message.
 *   uid  of the credential: a session belongs to one user
 * Returns 0; ERR_INVALID with the error.
 */
MUST_CHECK int mcpd_era_judge(const struct mcpd_said *said, const char *uid,
    const struct mcp_wire_message *message, struct mcpd_terms *out, struct mcpd_error *error);
/* The same for what has no body, or several messages: by headers alone. */
MUST_CHECK int mcpd_era_headers(const struct mcpd_said *said, const char *uid,
    struct mcpd_terms *out, struct mcpd_error *error);
/* The version that initialize answers with. */
const char *mcpd_era_answer(const char *wanted);
/* Can the client show a form (a bare `elicitation: {}` means that)? */
bool mcpd_era_forms(const jdoc *capabilities);
/* Does this client come back to a stream that ends before the response? */
bool mcpd_era_comes_back(const jdoc *client_info);

/*
 * A session is no more than its id: it says what initialize has agreed on, so any worker of any
 * machine knows it, and nothing is lost by a restart. It is no credential. The digest in it keeps
 * one user's id from being taken for another's.
 */
#define MCPD_SESSION_SIZE 96
struct mcpd_agreed {
    const char *version; /* static when read */
    bool forms, comes_back;
};
void mcpd_session_make(const struct mcpd_agreed *agreed, const char *uid,
    char out[MCPD_SESSION_SIZE]);
/* Returns 0 or ERR_INVALID. */
MUST_CHECK int mcpd_session_read(const char *id, const char *uid, struct mcpd_agreed *out);

#endif
