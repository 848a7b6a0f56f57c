/* SPDX-License-Identifier: BSD-2-Clause */
/* Events that the hub makes itself: of runs whose log is gone. */
#include "workers/stream/hub_parts.h"

#include <stdlib.h>
#include <string.h>

void hub_send_made(struct hub *h, struct hub_viewer *w, const char *run, char flag,
    struct logentry_id id, struct buf *json)
{
    char text[LOGENTRY_ID_SIZE];
    struct logentry e = {.id = id,
        .id_text = text,
        .flag = flag,
        .json = json->data,
        .json_len = json->len,
        .run = run ? run : "-"};

    e.run_len = strlen(e.run);
    e.id_len = logentry_id_format(id, text);
    if (buf_error(json) == 0)
        h->sink.event(w, &e, true);
    buf_reset(json);
}

/* The log with the ends of these runs is gone. */
void hub_end_runs(struct hub *h, struct hub_viewer *w, const char *but, size_t but_len)
{
    struct hub_run *run;
    struct buf b;

    buf_init(&b, 0);
    while ((run = hub_runs_take(&w->open, but, but_len))) {
        hub_runs_put_gone(&b);
        hub_send_made(h, w, run->id, LOGENTRY_FINAL, w->v.cursor, &b);
        free(run);
    }
    buf_free(&b);
}
