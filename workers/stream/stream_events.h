/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_STREAM_EVENTS_H
#define TURNPIKE_WORKERS_STREAM_STREAM_EVENTS_H

#include "workers/stream/hub.h"

/*
 * stream_events -- what the hub has for a viewer, on its way to the viewer's connection, whatever
 * kind that is. The owner of each viewer is a struct stream_conn. Stream workers.
 */
extern const struct hub_sink stream_events_sink;

#endif
