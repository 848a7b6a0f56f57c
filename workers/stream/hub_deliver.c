/* SPDX-License-Identifier: BSD-2-Clause */
/* Brings published entries and pages of the log to a viewer. */
#include "workers/stream/hub_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "process/measure.h"
#include "store/keys.h"

#include <stdio.h>
#include <string.h>

#define PAGE_ENTRIES 128
#define PAGE_TEXT "128"

static bool hub_wants(const struct hub_viewer *w, const struct logentry *e)
{
    if (w->until.epoch != 0 && logentry_id_compare(e->id, w->until) > 0)
        return false;
    return !w->run || logentry_is_run(e, w->run);
}

/* The sink has written it to the client's socket, unless that is slow. */
static void hub_measure(const struct logentry *e)
{
    static struct measure_row *row;
    int64_t age = measure_stamp_age_us(e->id.epoch, e->id.n);

    if (age < 0)
        return;
    if (!row)
        row = measure_row(MEASURE_STREAM_LAG, NULL);
    measure_row_observe_us(row, age);
}

/* Hands one entry on and moves the cursor. Returns whether the viewer goes on taking entries. */
static bool hub_deliver(struct hub *h, struct hub_viewer *w, const struct logentry *e)
{
    int error = 0;

    if (hub_wants(w, e)) {
        /* A session's runs follow each other: the one before has ended unseen. */
        if (w->open && e->flag == LOGENTRY_START)
            hub_end_runs(h, w, e->run, e->run_len);
        error = h->sink.event(w, e, false);
        w->strikes = 0;
        if (error == 0)
            hub_runs_track(&w->open, e);
        if (error == 0 && !w->catching_up && MEASURE_STAMPED(e->id.n))
            hub_measure(e);
    }
    if (error == ERR_FULL) {
        viewer_note(&w->v, e->id);
        w->catching_up = true;
        hub_event(h, w, VIEWER_ON_FULL);
        return false;
    }
    w->v.cursor = e->id;
    if (error < 0) {
        viewer_step(&w->v, VIEWER_ON_FINAL);
        return false;
    }
    if (w->until_final && e->flag == LOGENTRY_FINAL && w->run && logentry_is_run(e, w->run)) {
        hub_event(h, w, VIEWER_ON_FINAL);
        return false;
    }
    return true;
}

static void hub_track_run(struct hub_topic *t, const struct logentry *e)
{
    if (e->flag == LOGENTRY_START)
        t->running = true;
    else if (e->flag == LOGENTRY_FINAL)
        t->running = false;
}

/* What came before this entry lies below the cursor: Redis has lost what this viewer saw then. */
static bool hub_is_foreign(const struct hub_viewer *w, const struct logentry *e)
{
    return w->v.cursor.n > 0 && e->prev.epoch > 0 && !w->until_final &&
        logentry_id_compare(e->prev, w->v.cursor) < 0;
}

static void hub_on_entry(struct hub *h, struct hub_topic *t, const struct logentry *e)
{
    struct hub_viewer *w, *next;

    hub_track_run(t, e);
    for (w = t->viewers; w; w = next) {
        next = w->next;
        enum viewer_event event = viewer_classify(&w->v, e);
        w->quiet_since_ms = t->seen_ms;
        if (event == VIEWER_ON_NEXT && w->v.state == VIEWER_LIVE && hub_is_foreign(w, e)) {
            w->verify = true;
            event = VIEWER_ON_GAP;
        }
        switch (viewer_step(&w->v, event)) {
        case VIEWER_DELIVER:
            hub_deliver(h, w, e);
            break;
        case VIEWER_NOTE:
            viewer_note(&w->v, e->id);
            break;
        case VIEWER_READ:
            viewer_note(&w->v, e->id);
            w->v.state = VIEWER_LIVE;
            hub_event(h, w, VIEWER_ON_GAP);
            break;
        default:
            break;
        }
    }
}

void hub_on_message(void *arg, const char *bytes, size_t len)
{
    struct hub_topic *t = arg;
    struct hub *h = t->hub;
    struct logentry e;

    t->seen_ms = clock_mono_ms();
    if (!t->session) {
        struct hub_viewer *next;
        for (struct hub_viewer *w = t->viewers; w; w = next) {
            next = w->next;
            h->sink.inbox(w, bytes, len);
        }
        return;
    }
    if (logentry_parse_message(bytes, len, &e) < 0) {
        log_limited(LOG_LEVEL_WARN, "a message of %zu bytes on a session's channel has no header",
            len);
        return;
    }
    hub_on_entry(h, t, &e);
}

/* ---- reading the log ---- */

/* Delivers the text event that was joined so far. */
static bool hub_flush_joined(struct hub *h, struct hub_viewer *w, struct logentry *held)
{
    bool go_on;

    if (!held->json)
        return true;
    held->json = h->joined.data;
    held->json_len = h->joined.len;
    go_on = hub_deliver(h, w, held);
    held->json = NULL;
    return go_on;
}

/* Like deliver, but neighbouring deltas of one message become one event. */
static bool hub_deliver_joined(struct hub *h, struct hub_viewer *w, const struct logentry *e,
    struct logentry *held)
{
    if (held->json && e->flag == LOGENTRY_TEXT && hub_wants(w, e) && logentry_join(&h->joined, e)) {
        held->id = e->id;
        held->id_text = e->id_text;
        held->id_len = e->id_len;
        return true;
    }
    if (!hub_flush_joined(h, w, held))
        return false;
    if (e->flag != LOGENTRY_TEXT || !hub_wants(w, e))
        return hub_deliver(h, w, e);
    buf_reset(&h->joined);
    buf_put(&h->joined, e->json, e->json_len);
    if (buf_error(&h->joined))
        return hub_deliver(h, w, e);
    *held = *e;
    return true;
}

/* The page began at the cursor's own entry, which another one stands in the place of. */
static bool hub_has_lost_cursor(const struct hub_viewer *w, const struct link_reply *page)
{
    struct logentry_id id;
    size_t len;
    const char *text = link_reply_text(link_reply_at(link_reply_at(page, 0), 0), &len);

    return !w->until_final && w->v.cursor.n > 0 && logentry_id_parse(text, len, &id) == 0 &&
        logentry_id_compare(id, w->v.cursor) > 0;
}

/* What the viewer has not had yet. Returns whether it goes on taking entries. */
static bool hub_deliver_page(struct hub *h, struct hub_viewer *w, const struct link_reply *page,
    bool *progress)
{
    struct logentry held = {.json = NULL};
    bool go_on = true;

    for (size_t i = 0; i < link_reply_count(page) && go_on; i++) {
        struct logentry e;

        if (logentry_read(link_reply_at(page, i), &e) ||
            logentry_id_compare(e.id, w->v.cursor) <= 0)
            continue;
        *progress = true;
        hub_track_run(w->topic, &e);
        go_on = w->catching_up ? hub_deliver_joined(h, w, &e, &held) : hub_deliver(h, w, &e);
    }
    return go_on && hub_flush_joined(h, w, &held);
}

static void hub_take_page(struct hub *h, struct hub_viewer *w, const struct link_reply *page)
{
    bool lost = w->verify && hub_has_lost_cursor(w, page), progress = false;

    if (link_reply_count(page) > 0) /* an empty one shows nothing: what comes next may be foreign */
        w->verify = false;
    if (lost) {
        hub_end_runs(h, w, "", 0);
        hub_event(h, w, VIEWER_ON_TOO_OLD);
        return;
    }
    if (!hub_deliver_page(h, w, page, &progress))
        return;
    hub_event(h, w, viewer_page_result(&w->v, link_reply_count(page) == PAGE_ENTRIES, progress));
    if (w->v.state == VIEWER_LIVE) {
        w->catching_up = false;
        if (w->until_final && (!progress || w->strikes))
            hub_check_viewer(h, w);
    }
}

static void hub_on_page(void *arg, int error, struct link_reply *page)
{
    struct hub_viewer *w = arg;
    struct hub *h = hub_of(w);

    if (error || link_reply_type(page) != LINK_ARRAY)
        hub_event(h, w, VIEWER_ON_FAILED);
    else
        hub_take_page(h, w, page);
    link_reply_free(page);
}

void hub_read_page(struct hub *h, struct hub_viewer *w)
{
    char key[KEYS_MAX], from[LOGENTRY_ID_SIZE + 1] = "(";
    struct logentry_id behind = w->v.cursor;

    if (!h->sink.is_drained(w)) {
        w->catching_up = true;
        hub_event(h, w, VIEWER_ON_FULL);
        return;
    }
    keys_log_of(key, w->topic->name);
    if (w->verify && behind.n > 0)
        behind.n--;
    logentry_id_format(behind, from + 1);
    const struct link_arg args[] = {link_text("XRANGE"), link_text(key), link_text(from),
        link_text("+"), link_text("COUNT"), link_text(PAGE_TEXT)};
    const struct link_question page = {.args = args,
        .nargs = sizeof args / sizeof *args,
        .reads = true,
        .on_reply = hub_on_page,
        .arg = w,
        .asker = &w->asker};
    if (link_ask(h->link, &page) < 0)
        hub_event(h, w, VIEWER_ON_FAILED);
}
