/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_FACADE_VIEW_H
#define TURNPIKE_FCGI_APP_FACADE_VIEW_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * facade_view -- what a stream worker is told of an answer in OpenAI's words: the `detail` of a
 * hand-over (fcgi-app/exchange.h). Pure. Turn and api workers write it, stream workers read it.
 */
#define FACADE_FORM_COMPLETION "openai.chat"    /* events of a chat completion */
#define FACADE_FORM_RESPONSE "openai.responses" /* events of a response */
#define FACADE_FORM_JSON "openai.json"          /* either, whole */
#define FACADE_FORM_PREFIX "openai."

struct facade_view {
    char model[101];
    char base[161]; /* public_base: where approvals are answered */
    bool response;  /* else a chat completion */
    bool usage;     /* the stream of a chat completion ends with a chunk of usage */
    int64_t after;  /* events of a response up to this number are left out; -1 = none */
};

void facade_view_write(const struct facade_view *view, struct buf *detail);
/* Returns 0 or ERR_INVALID. */
MUST_CHECK int facade_view_read(const char *detail, struct facade_view *out);

#endif
