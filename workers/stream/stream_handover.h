/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_HANDOVER_H
#define TURNPIKE_WORKERS_STREAM_STREAM_HANDOVER_H

#include "base/err.h"
#include "base/ident.h"
#include "process/auth_mark.h"
#include "process/limits.h"
#include "store/logentry.h"
#include "workers/stream/hub.h"
#include "workers/stream/stream_render.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * stream_handover -- the arguments of `/_stream/sse`: what a FastCGI worker's X-Accel-Redirect asks
 * of a stream worker (fcgi-app/exchange.h, exchange_handover). Pure. Stream workers.
 */
struct stream_handover {
    char user[IDENT_USER_MAX + 1], session[IDENT_SESSION_MAX + 1];
    char member[IDENT_USER_MAX + 1]; /* who looks, at the chat of that user's trip; "" = the user */
    char turn[IDENT_UUID_SIZE];      /* "" = the whole session */
    char cursor[LOGENTRY_ID_SIZE];   /* "" = live */
    char request[72];                /* id of the request; "" = none */
    char trace[IDENT_TRACEPARENT_SIZE]; /* "" = none */
    char cls[LIMITS_CLASS_MAX + 1];     /* the user's class; "" = none */
    char origin[520];                   /* of the page, when it may be told; "" = none */
    int64_t expires_ms;                 /* real time; 0 = never */
    struct auth_mark mark;              /* of the credential */
    bool whole_session, until_final;
    bool json;                              /* the turn's stored reply instead of its events */
    bool snapshot;                          /* the conversation first */
    bool stops;                             /* a client that leaves before the end stops the turn */
    const struct stream_render *render;     /* NULL = the events as the log has them, AG-UI's */
    char detail[STREAM_RENDER_DETAIL_SIZE]; /* for the dialect */
};

/* Returns 0 or ERR_INVALID. */
MUST_CHECK int stream_handover_read(const char *query, struct stream_handover *out);
/* Whose connection it is. */
const char *stream_handover_viewer(const struct stream_handover *h);
/* The viewer that it asks for. out borrows from h. */
void stream_handover_start(const struct stream_handover *h, struct hub_start *out);

#endif
