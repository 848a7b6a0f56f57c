/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_DURABLE_ASK_H
#define TURNPIKE_WORKERS_STREAM_STREAM_DURABLE_ASK_H

#include "base/err.h"
#include "store/logentry.h"
#include "workers/stream/stream_handover.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * stream_durable_ask -- the arguments of `/_stream/durable`: what a reader of a Durable Stream asks
 * for, as fcgi-app/handlers_streams.c hands it over. Pure. Stream workers.
 */
enum stream_durable_live {
    STREAM_DURABLE_CATCH_UP, /* what is there */
    STREAM_DURABLE_POLL,     /* waits for something when nothing is there */
    STREAM_DURABLE_SSE       /* server-sent events until the reader leaves */
};

enum stream_durable_where {
    STREAM_DURABLE_START, /* offset -1, or none */
    STREAM_DURABLE_NOW,   /* offset now */
    STREAM_DURABLE_AT     /* behind an entry */
};

#define STREAM_DURABLE_MATCH_SIZE 512

struct stream_durable_ask {
    struct stream_handover h; /* a turn: that run alone, which has an end */
    enum stream_durable_live live;
    enum stream_durable_where where;
    struct logentry_id at; /* of STREAM_DURABLE_AT */
    int64_t seen;          /* the Stream-Cursor that the reader sends back; 0 = none */
    bool text;             /* only the assistant's words */
    bool head;             /* the reply's header alone */
    char match[STREAM_DURABLE_MATCH_SIZE]; /* If-None-Match; "" = none */
};

/* Returns 0 or ERR_INVALID. */
MUST_CHECK int stream_durable_ask_read(const char *query, bool head,
    struct stream_durable_ask *out);

#endif
