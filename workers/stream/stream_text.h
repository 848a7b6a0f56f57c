#ifndef TURNPIKE_WORKERS_STREAM_STREAM_TEXT_H
#define TURNPIKE_WORKERS_STREAM_STREAM_TEXT_H

#include "workers/stream/stream_form.h"

/* stream_text -- the form of nothing but what the assistant says, and of errors. Stream workers. */
extern const struct stream_form stream_text_form;

#endif
