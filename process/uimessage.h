/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_PROCESS_UIMESSAGE_H
#define TURNPIKE_PROCESS_UIMESSAGE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/jdoc.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * uimessage -- how the AI SDK's UI messages (npm `ai` 7.0.173, src/ui/ui-messages.ts, November
 * 2026) stand for ours. All that a user's message led to, through every step, approval and tool of
 * the client, is one assistant UI message there; ours are several. Its id is UIMESSAGE_REPLY and
 * the id of the user's message, so that each of them leads to the other, whatever branch is shown.
 * Pure. Stream workers (chunks), api and turn workers (whole messages, and what clients send).
 */
#define UIMESSAGE_REPLY "reply:"
#define UIMESSAGE_ID_MAX (sizeof UIMESSAGE_REPLY - 1 + IDENT_CLIENT_MESSAGE_MAX)

/* What became of a tool call. */
enum uimessage_outcome { UIMESSAGE_OUTPUT, UIMESSAGE_FAILED, UIMESSAGE_DENIED };

struct uimessage_result {
    enum uimessage_outcome outcome;
    const char *why; /* UIMESSAGE_FAILED: for the user; borrowed */
    const jdoc *output;
    jdoc *parsed; /* owns what the others point into */
};
/*
 * Reads the content of a tool's message: text, which mostly is JSON of ours with `success`, or an
 * array of parts. failed: the message says that it is an error. uimessage_result_free afterwards,
 * whatever it returned: 0 or ERR_NOMEM.
 */
MUST_CHECK int uimessage_result_read(const jdoc *content, bool failed,
    struct uimessage_result *out);
void uimessage_result_free(struct uimessage_result *r);
/*
 * What the user is asked about, as the object `descriptor` of an approval: tool, arguments, reason,
 * and expiresAt. asked: has the first three as members. expires: RFC 3339, or NULL.
 */
void uimessage_put_descriptor(struct buf *out, const jdoc *asked, const char *expires);
/* Arguments of a call as a JSON value; false: they are no JSON, and are appended as a string. */
bool uimessage_put_input(struct buf *out, const char *arguments, size_t len);

#endif
