/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_REFUSE_H
#define TURNPIKE_WORKERS_STREAM_STREAM_REFUSE_H

#include "base/ident.h"
#include "workers/stream/stream_conn.h"
#include "workers/stream/stream_handover.h"

/*
 * stream_refuse -- a failure as an HTTP reply, on connections that wait for one. Stream workers.
 */

/* The request that is refused. NULLs: not known. Borrowed. */
struct stream_asker {
    const char *id;           /* printable, without blanks */
    const char *origin;       /* of the page that asks */
    struct ident_trace trace; /* the reply's own */
    bool openai;              /* it is told in OpenAI's form of an error */
};

/*
 * Answers with application/problem+json, in words of the log too, and finishes the connection.
 *   status  400 to 599; 503 asks the client to come again
 *   code    stable, of lower-case letters and '_'
 */
void stream_refuse(struct stream_conn *c, const struct stream_asker *by, int status,
    const char *code, const char *detail);
/* The same for a request that a FastCGI worker has handed over; openai: in OpenAI's form. */
void stream_refuse_handed(struct stream_conn *c, const struct stream_handover *h, bool openai,
    int status, const char *code, const char *detail);

#endif
