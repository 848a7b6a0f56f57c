/* SPDX-License-Identifier: BSD-2-Clause */
/* Asks Redis where a log is: at the start, for lost events, of a quiet viewer. Writes snapshots. */
#include "workers/stream/hub_parts.h"

#include "base/clock.h"
#include "process/measure.h"
#include "store/scripts.h"
#include "workers/stream/hub_place.h"

#include <stdio.h>
#include <string.h>

#define SNAPSHOT_MESSAGES "200"

/* ---- where to start ---- */

static int hub_ask_place(struct hub *h, struct hub_viewer *w, const char *messages,
    link_reply_fn *fn)
{
    char cursor[LOGENTRY_ID_SIZE];

    w->asked = w->v.cursor;
    logentry_id_format(w->v.cursor, cursor);
    const struct link_arg args[] = {link_text(w->topic->name), link_text(messages),
        link_text(w->run ? w->run : ""), link_text(cursor)};
    const struct link_question question = {.script = &script_view_locate,
        .nkeys = 1,
        .args = args,
        .nargs = sizeof args / sizeof *args,
        .reads = true,
        .on_reply = fn,
        .arg = w,
        .asker = &w->asker};
    return link_ask(h->link, &question);
}

static bool hub_cursor_too_old(const struct hub_viewer *w, const struct hub_place *p)
{
    struct logentry_id c = w->v.cursor;

    if (!p->has_log)
        return p->exists && c.epoch != 0;
    if (!p->trimmed || logentry_id_compare(c, p->oldest) >= 0)
        return false;
    return !(c.epoch == p->oldest.epoch && c.n + 1 == p->oldest.n);
}

/*
 * Redis has lost the end of what this client has seen, and the log has gone on without it: what
 * comes behind the cursor does not follow what is shown.
 */
static bool hub_cursor_is_foreign(const struct hub_viewer *w, const struct hub_place *p)
{
    return !w->v.located && p->has_log && !p->known &&
        logentry_id_compare(w->asked, p->oldest) > 0 && logentry_id_compare(w->asked, p->top) < 0;
}

/* Start of the running turn, so that a new viewer sees all of it, else the log's end. */
static void hub_start_at(struct hub_viewer *w, const struct hub_place *p)
{
    w->v.cursor = p->running && p->has_first ? p->first : p->top;
}

/*
 * The log that the cursor speaks of is gone: deleted, expired, or Redis has lost it. Not so when a
 * failover lost the last entries of the turn that runs: its worker puts them there again.
 */
static bool hub_log_is_gone(const struct hub_viewer *w, const struct hub_place *p)
{
    return logentry_id_compare(p->top, w->asked) < 0 &&
        !(p->running && p->top.epoch == w->asked.epoch);
}

/* Goes on at the end of the log that there is now. What runs in it still ends by itself. */
static void hub_change_log(struct hub *h, struct hub_viewer *w, const struct hub_place *p)
{
    w->v.cursor = w->v.noted = w->v.origin = p->top;
    if (!w->until_final)
        hub_end_runs(h, w, p->run, strlen(p->run));
}

static void hub_stand_at(struct hub *h, struct hub_viewer *w, const struct hub_place *p)
{
    w->topic->running = p->running;
    if (w->snapshot) {
        hub_event(h, w, VIEWER_ON_TOO_OLD);
        return;
    }
    if (!w->v.located && !w->named_cursor) {
        hub_start_at(w, p);
    } else if (hub_cursor_too_old(w, p) || hub_cursor_is_foreign(w, p)) {
        hub_event(h, w, VIEWER_ON_TOO_OLD);
        return;
    } else {
        /* A cursor from another history, or an entry that was published and is gone. */
        if (hub_log_is_gone(w, p))
            hub_change_log(h, w, p);
        w->v.noted = p->top;
    }
    hub_stand(h, w);
    viewer_note(&w->v, p->top);
    hub_event(h, w,
        logentry_id_compare(w->v.cursor, w->v.noted) < 0 ? VIEWER_ON_LOCATED : VIEWER_ON_LEVEL);
}

static void hub_on_located(void *arg, int error, struct link_reply *reply)
{
    struct hub_viewer *w = arg;
    struct hub_place p;

    if (error || hub_place_read(reply, &p) < 0)
        hub_event(hub_of(w), w, VIEWER_ON_FAILED);
    else
        hub_stand_at(hub_of(w), w, &p);
    link_reply_free(reply);
}

int hub_locate(struct hub *h, struct hub_viewer *w)
{
    return hub_ask_place(h, w, "0", hub_on_located);
}

/* ---- the conversation instead of its events ---- */

static void hub_put_run(struct buf *b, const struct hub_viewer *w, const char *run)
{
    buf_puts(b, ",\"threadId\":");
    buf_json_string(b, hub_session(w), strlen(hub_session(w)));
    buf_puts(b, ",\"runId\":");
    buf_json_string(b, run, strlen(run));
}

static void hub_put_end(struct buf *b, const struct hub_viewer *w, const char *run,
    const char *state)
{
    if (w->wants_snapshot_end && strcmp(state, "done") != 0 && strcmp(state, "cancelled") != 0 &&
        strcmp(state, "interrupted") != 0) {
        hub_runs_put_gone(b);
        return;
    }
    buf_puts(b, "{\"type\":\"RUN_FINISHED\"");
    hub_put_run(b, w, run);
    if (strcmp(state, "cancelled") == 0)
        buf_puts(b, ",\"outcome\":{\"type\":\"cancelled\"}");
    buf_putc(b, '}');
}

static void hub_put_messages(struct buf *b, const struct link_reply *reply)
{
    bool first = true;

    buf_puts(b, "{\"type\":\"MESSAGES_SNAPSHOT\",\"messages\":[");
    for (size_t i = HUB_PLACE_MESSAGES; i < link_reply_count(reply); i++) {
        size_t len;
        const char *message = link_reply_text(link_reply_at(reply, i), &len);

        if (len < 2 || message[0] != '{')
            continue;
        if (!first)
            buf_putc(b, ',');
        first = false;
        buf_put(b, message, len);
    }
    buf_puts(b, "]}");
}

/* The new cursor comes with the last of the three: who is cut between asks again. */
static void hub_send_snapshot(struct hub *h, struct hub_viewer *w, const struct hub_place *p,
    const struct link_reply *reply)
{
    struct logentry_id before = w->v.cursor;
    char made[LOGENTRY_ID_SIZE + 16] = "snapshot-";
    const char *run = w->run ? w->run : made;
    struct buf b;

    logentry_id_format(p->top, made + strlen(made));
    buf_init(&b, 0);
    buf_puts(&b, "{\"type\":\"RUN_STARTED\"");
    hub_put_run(&b, w, run);
    buf_putc(&b, '}');
    hub_send_made(h, w, w->run, LOGENTRY_START, before, &b);
    hub_put_messages(&b, reply);
    hub_send_made(h, w, w->run, LOGENTRY_NONE, before, &b);
    hub_start_at(w, p);
    hub_put_end(&b, w, run, p->state);
    hub_send_made(h, w, w->run, LOGENTRY_FINAL, w->v.cursor, &b);
    buf_free(&b);
}

/* In front of the events that it has asked for. */
static void hub_show_before(struct hub *h, struct hub_viewer *w, const struct hub_place *p,
    const struct link_reply *reply)
{
    struct buf b;

    w->snapshot = false;
    buf_init(&b, 0);
    hub_put_messages(&b, reply);
    hub_send_made(h, w, w->run, LOGENTRY_NONE, w->v.cursor, &b);
    buf_free(&b);
    viewer_note(&w->v, p->top);
    hub_stand(h, w);
    hub_event(h, w,
        logentry_id_compare(w->v.cursor, p->top) < 0 ? VIEWER_ON_LOCATED : VIEWER_ON_LEVEL);
}

static void hub_show_snapshot(struct hub *h, struct hub_viewer *w, const struct hub_place *p,
    const struct link_reply *reply)
{
    w->topic->running = p->running;
    if (h->sink.takes_snapshots(w)) {
        measure_add(MEASURE_SNAPSHOTS, NULL, 1);
        hub_send_snapshot(h, w, p, reply);
    } else {
        hub_start_at(w, p);
    }
    if (w->wants_snapshot_end) {
        hub_event(h, w, VIEWER_ON_FINAL);
        return;
    }
    w->v.noted = w->v.cursor;
    viewer_note(&w->v, p->top);
    hub_stand(h, w);
    hub_event(h, w,
        logentry_id_compare(w->v.cursor, p->top) < 0 ? VIEWER_ON_LOCATED : VIEWER_ON_LEVEL);
}

static void hub_on_snapshot(void *arg, int error, struct link_reply *reply)
{
    struct hub_viewer *w = arg;
    struct hub_place p;

    if (error || hub_place_read(reply, &p) < 0)
        hub_event(hub_of(w), w, VIEWER_ON_FAILED);
    else if (w->snapshot)
        hub_show_before(hub_of(w), w, &p, reply);
    else
        hub_show_snapshot(hub_of(w), w, &p, reply);
    link_reply_free(reply);
}

int hub_ask_snapshot(struct hub *h, struct hub_viewer *w)
{
    return hub_ask_place(h, w, SNAPSHOT_MESSAGES, hub_on_snapshot);
}

/* ---- quiet viewers ---- */

static bool hub_is_over(const char *state)
{
    static const char *const over[] = {"done", "cancelled", "interrupted", "failed", ""};

    for (size_t i = 0; i < sizeof over / sizeof over[0]; i++) {
        if (strcmp(state, over[i]) == 0)
            return true;
    }
    return false;
}

static void hub_compare(struct hub *h, struct hub_viewer *w, const struct hub_place *p)
{
    w->topic->running = p->running;
    if (hub_log_is_gone(w, p) && !w->until_final)
        hub_change_log(h, w, p);
    if (logentry_id_compare(w->v.cursor, p->top) < 0) {
        viewer_note(&w->v, p->top);
        hub_event(h, w, VIEWER_ON_GAP);
    } else if (w->until_final && hub_is_over(p->state)) {
        /* Its final event may have come between the page and this look: one more page. */
        if (w->strikes++ == 0) {
            hub_event(h, w, VIEWER_ON_GAP);
        } else {
            w->wants_snapshot_end = true;
            hub_event(h, w, VIEWER_ON_TOO_OLD);
        }
    }
}

static void hub_on_check(void *arg, int error, struct link_reply *reply)
{
    struct hub_viewer *w = arg;
    struct hub_place p;

    w->checking = false;
    if (!error && hub_place_read(reply, &p) == 0)
        hub_compare(hub_of(w), w, &p);
    link_reply_free(reply);
}

void hub_check_viewer(struct hub *h, struct hub_viewer *w)
{
    if (w->asker.first || w->v.state != VIEWER_LIVE)
        return;
    w->quiet_since_ms = clock_mono_ms();
    if (hub_ask_place(h, w, "0", hub_on_check) == 0) {
        w->checking = true;
        w->suspect = false;
    }
}
