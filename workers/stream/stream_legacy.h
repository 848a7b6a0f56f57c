/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_LEGACY_H
#define TURNPIKE_WORKERS_STREAM_STREAM_LEGACY_H

#include "workers/stream/stream_form.h"

/*
 * stream_legacy -- the form that today's clients know: no events, but one chat_response, or an
 * error, at the end of a run. The reply is that of the turn's hash. Stream workers.
 */
extern const struct stream_form stream_legacy_form;

#endif
