/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_OFFER_H
#define TURNPIKE_WORKERS_STREAM_STREAM_OFFER_H

#include "wire/http/stream_http.h"

#include <stdbool.h>
#include <stddef.h>

/* stream_offer -- the bearer token of a handshake, wherever the client put it. Pure. */
#define STREAM_OFFER_TOKEN_MAX 8192

struct stream_offer {   /* what Sec-WebSocket-Protocol says */
    const char *answer; /* the protocol without a secret, or NULL */
    char token[STREAM_OFFER_TOKEN_MAX];
    size_t token_len;
    bool unreadable; /* a token was there that is too long or badly encoded */
};

/* Reads a Sec-WebSocket-Protocol: "turnpike, bearer.TOKEN" or "bearer, TOKEN"; NULL = none. */
void stream_offer_read(const char *list, struct stream_offer *offer);
/*
 * The token of the offer, of Authorization or of `?token=`. Returns whether there is one. A token
 * that is there but cannot be read makes it `unreadable`: no reason to let its sender in without.
 */
bool stream_offer_find(const struct stream_request *r, struct stream_offer *offer);

#endif
