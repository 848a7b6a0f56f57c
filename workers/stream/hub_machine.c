/* SPDX-License-Identifier: BSD-2-Clause */
/* What happens to a viewer changes its state here alone, and may ask Redis for something. */
#include "workers/stream/hub_parts.h"

#include "store/keys.h"

#include <string.h>

struct hub *hub_of(const struct hub_viewer *w)
{
    return w->topic->hub;
}

const char *hub_session(const struct hub_viewer *w)
{
    return w->topic->session ? keys_session_id(w->topic->name) : "";
}

void hub_stand(struct hub *h, struct hub_viewer *w)
{
    if (!w->v.located)
        w->v.origin = w->v.cursor;
    w->v.located = true;
    if (!w->told) {
        w->told = true;
        h->sink.located(w);
    }
}

void hub_forget(struct hub_viewer *w)
{
    link_asker_leave(&w->asker);
    w->checking = false;
}

static void hub_failed(struct hub *h, struct hub_viewer *w, int error)
{
    if (error < 0)
        hub_event(h, w, VIEWER_ON_FAILED);
}

void hub_event(struct hub *h, struct hub_viewer *w, enum viewer_event event)
{
    enum viewer_action action;

    if (w->checking) /* what it would tell is out of date */
        hub_forget(w);
    action = viewer_step(&w->v, event);
    if (event == VIEWER_ON_FAILED)
        h->retry = true;
    switch (action) {
    case VIEWER_LOCATE:
        hub_failed(h, w, h->acts->locate(h, w));
        break;
    case VIEWER_ASK_SNAPSHOT:
        hub_failed(h, w, h->acts->ask_snapshot(h, w));
        break;
    case VIEWER_READ:
        if (!w->told)
            hub_stand(h, w);
        h->acts->read_page(h, w);
        break;
    case VIEWER_FORGET:
        hub_forget(w);
        break;
    case VIEWER_END:
        hub_forget(w);
        h->sink.ended(w);
        break;
    default:
        break;
    }
}
