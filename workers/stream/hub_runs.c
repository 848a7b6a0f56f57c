/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/hub_runs.h"

#include <stdlib.h>
#include <string.h>

static struct hub_run **hub_runs_find(struct hub_run **list, const struct logentry *e)
{
    while (*list && !logentry_is_run(e, (*list)->id))
        list = &(*list)->next;
    return list;
}

void hub_runs_track(struct hub_run **list, const struct logentry *e)
{
    struct hub_run **at, *run;

    if (e->flag != LOGENTRY_START && e->flag != LOGENTRY_FINAL)
        return;
    at = hub_runs_find(list, e);
    run = *at;
    if (e->flag == LOGENTRY_FINAL && run) {
        *at = run->next;
        free(run);
    } else if (e->flag == LOGENTRY_START && !run) {
        run = malloc(sizeof *run + e->run_len + 1);
        if (!run)
            return;
        memcpy(run->id, e->run, e->run_len);
        run->id[e->run_len] = '\0';
        run->next = *list;
        *list = run;
    }
}

struct hub_run *hub_runs_take(struct hub_run **list, const char *but, size_t but_len)
{
    struct hub_run *run;

    while (*list && strlen((*list)->id) == but_len && memcmp((*list)->id, but, but_len) == 0)
        list = &(*list)->next;
    run = *list;
    if (run)
        *list = run->next;
    return run;
}

void hub_runs_free(struct hub_run **list)
{
    struct hub_run *run;

    while ((run = hub_runs_take(list, "", 0)))
        free(run);
}

void hub_runs_put_gone(struct buf *b)
{
    logentry_put_run_error(b, "The run has ended and its events are gone.", "events_gone");
}
