/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/hub_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "store/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A running turn that is silent for this long is compared with the log. */
#define CHECK_MS 5000

/* What the machine of a viewer asks for (hub_machine.c) is done here and above. */
static const struct hub_acts hub_does = {.locate = hub_locate,
    .ask_snapshot = hub_ask_snapshot,
    .read_page = hub_read_page};

static void hub_confirm(struct hub *h, struct hub_viewer *w)
{
    w->verify = w->v.located;
    if (w->topic->session)
        hub_event(h, w, w->v.located ? VIEWER_ON_CONFIRMED : VIEWER_ON_CONFIRMED_NEW);
}

static void hub_on_subscribed(void *arg)
{
    struct hub_topic *t = arg;
    struct hub_viewer *next;

    t->confirmed = true;
    for (struct hub_viewer *w = t->viewers; w; w = next) {
        next = w->next;
        hub_confirm(t->hub, w);
    }
}

static void hub_on_lost(void *arg)
{
    struct hub_topic *t = arg;

    t->confirmed = false;
    for (struct hub_viewer *w = t->viewers; w; w = w->next) {
        w->suspect = w->suspect || w->open;
        hub_event(t->hub, w, VIEWER_ON_LOST);
    }
}

static const struct listen_handlers hub_hears = {.message = hub_on_message,
    .subscribed = hub_on_subscribed,
    .lost = hub_on_lost};

static bool hub_is_due(const struct hub_topic *t, const struct hub_viewer *w, int64_t now_ms)
{
    return w->suspect ||
        ((t->running || w->until_final || w->open) && now_ms - w->quiet_since_ms >= CHECK_MS);
}

void hub_tick(struct hub *h, int64_t now_ms)
{
    struct listen_ear *ear = NULL;
    bool retry;

    if (h->retry)
        err_ignore(link_ensure(h->link)); /* else at the next tick */
    retry = h->retry && hub_is_up(h);
    if (retry)
        h->retry = false;
    while ((ear = listen_next(h->listen, ear))) {
        struct hub_topic *t = ear->arg;
        struct hub_viewer *next;
        if (!t->session)
            continue;
        for (struct hub_viewer *w = t->viewers; w; w = next) {
            next = w->next;
            if (retry && t->confirmed && w->v.state == VIEWER_WAITING) {
                hub_confirm(h, w);
                h->retry = true; /* a walk may skip some: until one finds none that waits */
            } else if (w->v.state == VIEWER_LIVE && hub_is_due(t, w, now_ms)) {
                hub_check_viewer(h, w);
            }
        }
    }
}

/* ---- life ---- */

int hub_new(struct hub **out, const struct conf *conf, struct reactor *reactor,
    const struct hub_sink *sink)
{
    struct hub *h = calloc(1, sizeof *h);
    int error;

    if (!h)
        return ERR_NOMEM;
    h->conf = conf;
    h->sink = *sink;
    h->acts = &hub_does;
    buf_init(&h->joined, (size_t)conf->stream_queue);
    error = link_new(&h->link, conf);
    if (error == 0) {
        link_attach(h->link, reactor);
        link_accept_replicas(h->link);
        error = listen_new(&h->listen, h->link);
    }
    if (error < 0) {
        hub_free(h);
        return error;
    }
    hub_hurry(h);
    *out = h;
    return 0;
}

void hub_free(struct hub *h)
{
    if (!h)
        return;
    listen_free(h->listen);
    link_free(h->link);
    buf_free(&h->joined);
    free(h);
}

struct link *hub_link(struct hub *h)
{
    return h->link;
}

bool hub_is_up(const struct hub *h)
{
    return link_fd(h->link) >= 0 && listen_is_up(h->listen);
}

bool hub_hurry(struct hub *h)
{
    bool subscriptions = listen_hurry(h->listen);

    link_hurry(h->link);
    err_ignore(link_ensure(h->link)); /* whether it comes: below */
    return subscriptions && link_is_coming(h->link);
}

static struct hub_topic *hub_topic_for(struct hub *h, const struct hub_start *start)
{
    char name[KEYS_MAX];
    struct listen_ear *ear;
    struct hub_topic *t;

    if (start->session)
        keys_session(name, start->user, start->session);
    else
        keys_user_channel(name, start->user);
    ear = listen_find(h->listen, name, strlen(name));
    if (ear)
        return ear->arg;
    t = calloc(1, sizeof *t + strlen(name) + 1);
    if (!t)
        return NULL;
    memcpy(t->name, name, strlen(name) + 1);
    t->hub = h;
    t->session = start->session != NULL;
    t->ear = (struct listen_ear){.channel = t->name, .on = &hub_hears, .arg = t};
    listen_add(h->listen, &t->ear);
    return t;
}

int hub_add(struct hub *h, const struct hub_start *start, void *owner, struct hub_viewer **out)
{
    struct hub_viewer *w = calloc(1, sizeof *w);

    if (!w)
        return ERR_NOMEM;
    w->owner = owner;
    w->run = start->run ? strdup(start->run) : NULL;
    w->v.cursor = start->cursor;
    w->v.origin = start->cursor;
    w->v.located = start->has_cursor && !start->named_cursor;
    w->named_cursor = start->has_cursor && start->named_cursor;
    w->until = start->until;
    w->until_final = start->until_final;
    w->snapshot = start->snapshot;
    w->topic = (start->run && !w->run) ? NULL : hub_topic_for(h, start);
    if (!w->topic) {
        free(w->run);
        free(w);
        return ERR_NOMEM;
    }
    w->quiet_since_ms = clock_mono_ms();
    w->next = w->topic->viewers;
    if (w->next)
        w->next->prev = w;
    w->topic->viewers = w;
    *out = w;
    if (w->topic->confirmed)
        hub_confirm(h, w);
    return 0;
}

void hub_remove(struct hub *h, struct hub_viewer *w)
{
    struct hub_topic *t = w->topic;

    hub_forget(w);
    if (w->prev)
        w->prev->next = w->next;
    else
        t->viewers = w->next;
    if (w->next)
        w->next->prev = w->prev;
    if (!t->viewers) {
        listen_remove(h->listen, &t->ear);
        free(t);
    }
    hub_runs_free(&w->open);
    free(w->run);
    free(w);
}

void hub_drained(struct hub *h, struct hub_viewer *w)
{
    if (w->v.state == VIEWER_BEHIND)
        hub_event(h, w, VIEWER_ON_DRAINED);
}
