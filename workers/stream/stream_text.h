/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_TEXT_H
#define TURNPIKE_WORKERS_STREAM_STREAM_TEXT_H

#include "base/buf.h"
#include "store/logentry.h"
#include "workers/stream/stream_form.h"

/* stream_text -- the form of nothing but what the assistant says, and of errors. Stream workers. */
extern const struct stream_form stream_text_form;
/* Appends what an event says to its reader: words, or a line about a failure; or nothing. */
void stream_text_put(struct buf *b, const struct logentry *e);

#endif
