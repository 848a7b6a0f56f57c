/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_AGUI_H
#define TURNPIKE_WORKERS_STREAM_STREAM_AGUI_H

#include "workers/stream/stream_form.h"

/* stream_agui -- the form of AG-UI: each event of the log, with its cursor. Stream workers. */
extern const struct stream_form stream_agui_form;

#endif
