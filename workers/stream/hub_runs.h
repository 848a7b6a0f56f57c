/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_WORKERS_STREAM_HUB_RUNS_H
#define TURNPIKE_WORKERS_STREAM_HUB_RUNS_H

#include "store/logentry.h"

/*
 * hub_runs -- the runs whose start a viewer was sent and whose end it was not: they are ended for
 * it when the log that held their events is gone. One or none in nearly every viewer. Stream
 * workers only.
 */
struct hub_run {
    struct hub_run *next;
    char id[];
};

/* An entry was delivered: its start adds the run, its final event removes it. Without memory the
 * run is not remembered. */
void hub_runs_track(struct hub_run **list, const struct logentry *e);
/* Takes a run other than `but` ("" = any) out of the list; the caller frees it. NULL: no such. */
struct hub_run *hub_runs_take(struct hub_run **list, const char *but, size_t but_len);
void hub_runs_free(struct hub_run **list);
/* The RUN_ERROR event of a run whose events are gone. */
void hub_runs_put_gone(struct buf *b);

#endif
