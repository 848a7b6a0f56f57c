#include "workers/hub.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "store/scripts.h"
#include "workers/hub_place.h"
#include "workers/hub_topics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_ENTRIES 128
#define SNAPSHOT_MESSAGES "200"
/* A running turn that is silent for this long is compared with the log. */
#define CHECK_MS 5000

struct hub {
    const struct conf *conf;
    struct hub_sink sink;
    struct channel *channel;
    struct hub_topics topics;
    struct buf joined; /* one text event made of several */
    bool retry;        /* some viewer waits though its subscription stands */
    bool subscriber;   /* the subscribing connection is there */
};

static void viewer_event(struct hub *h, struct hub_viewer *w, enum viewer_event event);

static struct hub *hub_of(const struct hub_viewer *w)
{
    return w->topic->hub;
}

/* ---- delivery ---- */

static bool wants(const struct hub_viewer *w, const struct logentry *e)
{
    if (w->until.epoch != 0 && logentry_id_compare(e->id, w->until) > 0)
        return false;
    return !w->run || logentry_is_run(e, w->run);
}

static void send_made(struct hub *h, struct hub_viewer *w, const char *run, char flag,
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
static void end_runs(struct hub *h, struct hub_viewer *w, const char *but, size_t but_len)
{
    struct hub_run *run;
    struct buf b;

    buf_init(&b, 0);
    while ((run = hub_runs_take(&w->open, but, but_len)) != NULL) {
        hub_runs_put_gone(&b);
        send_made(h, w, run->id, LOGENTRY_FINAL, w->v.cursor, &b);
        free(run);
    }
    buf_free(&b);
}

/* Hands one entry on and moves the cursor. Returns whether the viewer goes on taking entries. */
static bool deliver(struct hub *h, struct hub_viewer *w, const struct logentry *e)
{
    int rc = 0;

    if (wants(w, e)) {
        /* A session's runs follow each other: the one before has ended unseen. */
        if (w->open && e->flag == LOGENTRY_START)
            end_runs(h, w, e->run, e->run_len);
        rc = h->sink.event(w, e, false);
        w->strikes = 0;
        if (rc == 0)
            hub_runs_track(&w->open, e);
    }
    if (rc == ERR_FULL) {
        viewer_note(&w->v, e->id);
        w->catching_up = true;
        viewer_event(h, w, VIEWER_ON_FULL);
        return false;
    }
    w->v.cursor = e->id;
    if (rc < 0) {
        viewer_step(&w->v, VIEWER_ON_FINAL);
        return false;
    }
    if (w->until_final && e->flag == LOGENTRY_FINAL && w->run && logentry_is_run(e, w->run)) {
        viewer_event(h, w, VIEWER_ON_FINAL);
        return false;
    }
    return true;
}

static void track_run(struct hub_topic *t, const struct logentry *e)
{
    if (e->flag == LOGENTRY_START)
        t->running = true;
    else if (e->flag == LOGENTRY_FINAL)
        t->running = false;
}

/* What came before this entry lies below the cursor: Redis has lost what this viewer saw then. */
static bool is_foreign(const struct hub_viewer *w, const struct logentry *e)
{
    return w->v.cursor.n > 0 && e->prev.epoch > 0 && !w->until_final &&
           logentry_id_compare(e->prev, w->v.cursor) < 0;
}

static void on_entry(struct hub *h, struct hub_topic *t, const struct logentry *e)
{
    struct hub_viewer *w, *next;

    track_run(t, e);
    for (w = t->viewers; w; w = next) {
        next = w->next;
        enum viewer_event event = viewer_classify(&w->v, e);
        w->quiet_since_ms = t->seen_ms;
        if (event == VIEWER_ON_NEXT && w->v.state == VIEWER_LIVE && is_foreign(w, e)) {
            w->verify = true;
            event = VIEWER_ON_GAP;
        }
        switch (viewer_step(&w->v, event)) {
        case VIEWER_DELIVER:
            deliver(h, w, e);
            break;
        case VIEWER_NOTE:
            viewer_note(&w->v, e->id);
            break;
        case VIEWER_READ:
            viewer_note(&w->v, e->id);
            w->v.state = VIEWER_LIVE;
            viewer_event(h, w, VIEWER_ON_GAP);
            break;
        default:
            break;
        }
    }
}

static void on_message(void *arg, const char *name, size_t name_len, const char *bytes, size_t len)
{
    struct hub *h = arg;
    struct hub_topic *t = hub_topics_find(&h->topics, name, name_len);
    struct logentry e;

    if (!t)
        return;
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
        log_limited(
            LOG_LEVEL_WARN, "a message of %zu bytes on a session's channel has no header", len);
        return;
    }
    on_entry(h, t, &e);
}

/* ---- reading the log ---- */

/* Delivers the text event that was joined so far. */
static bool flush_joined(struct hub *h, struct hub_viewer *w, struct logentry *held)
{
    bool go_on;

    if (!held->json)
        return true;
    held->json = h->joined.data;
    held->json_len = h->joined.len;
    go_on = deliver(h, w, held);
    held->json = NULL;
    return go_on;
}

/* Like deliver, but neighbouring deltas of one message become one event. */
static bool deliver_joined(
    struct hub *h, struct hub_viewer *w, const struct logentry *e, struct logentry *held)
{
    if (held->json && e->flag == LOGENTRY_TEXT && wants(w, e) && logentry_join(&h->joined, e)) {
        held->id = e->id;
        held->id_text = e->id_text;
        held->id_len = e->id_len;
        return true;
    }
    if (!flush_joined(h, w, held))
        return false;
    if (e->flag != LOGENTRY_TEXT || !wants(w, e))
        return deliver(h, w, e);
    buf_reset(&h->joined);
    buf_put(&h->joined, e->json, e->json_len);
    if (buf_error(&h->joined))
        return deliver(h, w, e);
    *held = *e;
    return true;
}

static void check_viewer(struct hub *h, struct hub_viewer *w);

/* The page began at the cursor's own entry, which another one stands in the place of. */
static bool has_lost_cursor(const struct hub_viewer *w, const struct channel_entry *first)
{
    struct logentry_id id;

    return !w->until_final && w->v.cursor.n > 0 &&
           logentry_id_parse(first->id, first->id_len, &id) == 0 &&
           logentry_id_compare(id, w->v.cursor) > 0;
}

static void on_page(void *arg, int error, const struct channel_entry *entries, size_t count)
{
    struct hub_viewer *w = arg;
    struct hub *h = hub_of(w);
    struct logentry held = {.json = NULL};
    bool progress = false, go_on = true;

    w->in_flight = false;
    if (error) {
        viewer_event(h, w, VIEWER_ON_FAILED);
        return;
    }
    if (w->verify && count > 0 && has_lost_cursor(w, &entries[0])) {
        w->verify = false;
        end_runs(h, w, "", 0);
        viewer_event(h, w, VIEWER_ON_TOO_OLD);
        return;
    }
    w->verify = false;
    for (size_t i = 0; i < count && go_on; i++) {
        struct logentry e;
        if (logentry_parse_value(
                entries[i].id, entries[i].id_len, entries[i].value, entries[i].value_len, &e) < 0)
            continue;
        if (logentry_id_compare(e.id, w->v.cursor) <= 0)
            continue;
        progress = true;
        track_run(w->topic, &e);
        go_on = w->catching_up ? deliver_joined(h, w, &e, &held) : deliver(h, w, &e);
    }
    if (go_on)
        go_on = flush_joined(h, w, &held);
    if (!go_on)
        return;
    viewer_event(h, w, viewer_page_result(&w->v, count == PAGE_ENTRIES, progress));
    if (w->v.state == VIEWER_LIVE) {
        w->catching_up = false;
        if (w->until_final && (!progress || w->strikes))
            check_viewer(h, w);
    }
}

static void read_page(struct hub *h, struct hub_viewer *w)
{
    char key[HUB_KEY_SIZE], cursor[LOGENTRY_ID_SIZE];
    struct logentry_id behind = w->v.cursor;

    if (!h->sink.is_drained(w)) {
        w->catching_up = true;
        viewer_event(h, w, VIEWER_ON_FULL);
        return;
    }
    snprintf(key, sizeof(key), "%s:log", w->topic->name);
    if (w->verify && behind.n > 0)
        behind.n--;
    logentry_id_format(behind, cursor);
    if (channel_range(h->channel, key, cursor, PAGE_ENTRIES, on_page, w) < 0)
        viewer_event(h, w, VIEWER_ON_FAILED);
    else
        w->in_flight = true;
}

/* ---- where to start ---- */

static int locate(struct hub *h, struct hub_viewer *w, const char *messages, channel_text_fn *fn)
{
    char log[HUB_KEY_SIZE], msgs[HUB_KEY_SIZE], turns[HUB_KEY_SIZE];
    const char *name = w->topic->name;
    char cursor[LOGENTRY_ID_SIZE];
    const char *texts[7] = {name, log, msgs, turns, messages, w->run ? w->run : "", cursor};
    int user_end = (int)(strchr(name, '}') - name);
    int rc;

    snprintf(log, sizeof(log), "%s:log", name);
    snprintf(msgs, sizeof(msgs), "%s:msgs", name);
    snprintf(turns, sizeof(turns), "%.*s}:turn:", user_end, name);
    w->asked = w->v.cursor;
    logentry_id_format(w->v.cursor, cursor);
    rc = channel_script(h->channel, &script_view_locate, 3, texts, 7, fn, w);
    if (rc == 0)
        w->in_flight = true;
    return rc;
}

static bool cursor_too_old(const struct hub_viewer *w, const struct hub_place *p)
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
static bool cursor_is_foreign(const struct hub_viewer *w, const struct hub_place *p)
{
    return !w->v.located && p->has_log && !p->known &&
           logentry_id_compare(w->asked, p->oldest) > 0 &&
           logentry_id_compare(w->asked, p->top) < 0;
}

/* Start of the running turn, so that a new viewer sees all of it, else the log's end. */
static void start_at(struct hub_viewer *w, const struct hub_place *p)
{
    w->v.cursor = p->running && p->has_first ? p->first : p->top;
}

/*
 * The log that the cursor speaks of is gone: deleted, expired, or Redis has lost it. Not so when a
 * failover lost the last entries of the turn that runs: its worker puts them there again.
 */
static bool log_is_gone(const struct hub_viewer *w, const struct hub_place *p)
{
    return logentry_id_compare(p->top, w->asked) < 0 &&
           !(p->running && p->top.epoch == w->asked.epoch);
}

/* Goes on at the end of the log that there is now. What runs in it still ends by itself. */
static void change_log(struct hub *h, struct hub_viewer *w, const struct hub_place *p)
{
    w->v.cursor = w->v.noted = w->v.origin = p->top;
    if (!w->until_final)
        end_runs(h, w, p->run, strlen(p->run));
}

static void stand(struct hub *h, struct hub_viewer *w)
{
    if (!w->v.located)
        w->v.origin = w->v.cursor;
    w->v.located = true;
    if (!w->told) {
        w->told = true;
        h->sink.located(w);
    }
}

static void on_located(
    void *arg, int error, const char *const *texts, const size_t *lens, size_t count)
{
    struct hub_viewer *w = arg;
    struct hub *h = hub_of(w);
    struct hub_place p;

    w->in_flight = false;
    if (error || hub_place_read(texts, lens, count, &p) < 0) {
        viewer_event(h, w, VIEWER_ON_FAILED);
        return;
    }
    w->topic->running = p.running;
    if (!w->v.located && !w->named_cursor) {
        start_at(w, &p);
    } else if (cursor_too_old(w, &p) || cursor_is_foreign(w, &p)) {
        viewer_event(h, w, VIEWER_ON_TOO_OLD);
        return;
    } else {
        /* A cursor from another history, or an entry that was published and is gone. */
        if (log_is_gone(w, &p))
            change_log(h, w, &p);
        w->v.noted = p.top;
    }
    stand(h, w);
    viewer_note(&w->v, p.top);
    viewer_event(h, w,
        logentry_id_compare(w->v.cursor, w->v.noted) < 0 ? VIEWER_ON_LOCATED : VIEWER_ON_LEVEL);
}

/* ---- the conversation instead of its events ---- */

static void put_run(struct buf *b, const struct hub_viewer *w, const char *run)
{
    buf_puts(b, ",\"threadId\":");
    buf_json_string(b, hub_session(w), strlen(hub_session(w)));
    buf_puts(b, ",\"runId\":");
    buf_json_string(b, run, strlen(run));
}

static void put_end(struct buf *b, const struct hub_viewer *w, const char *run, const char *state)
{
    if (w->wants_snapshot_end && strcmp(state, "done") != 0 && strcmp(state, "cancelled") != 0 &&
        strcmp(state, "interrupted") != 0) {
        hub_runs_put_gone(b);
        return;
    }
    buf_puts(b, "{\"type\":\"RUN_FINISHED\"");
    put_run(b, w, run);
    if (strcmp(state, "cancelled") == 0)
        buf_puts(b, ",\"outcome\":{\"type\":\"cancelled\"}");
    buf_putc(b, '}');
}

/* The new cursor comes with the last of the three: who is cut between asks again. */
static void send_snapshot(struct hub *h, struct hub_viewer *w, const struct hub_place *p,
    const char *const *texts, const size_t *lens, size_t count)
{
    struct logentry_id before = w->v.cursor;
    char made[LOGENTRY_ID_SIZE + 16] = "snapshot-";
    const char *run = w->run ? w->run : made;
    struct buf b;
    bool first = true;

    logentry_id_format(p->top, made + strlen(made));
    buf_init(&b, 0);
    buf_puts(&b, "{\"type\":\"RUN_STARTED\"");
    put_run(&b, w, run);
    buf_putc(&b, '}');
    send_made(h, w, w->run, LOGENTRY_START, before, &b);
    buf_puts(&b, "{\"type\":\"MESSAGES_SNAPSHOT\",\"messages\":[");
    for (size_t i = HUB_PLACE_MESSAGES; i < count; i++) {
        if (!texts[i] || lens[i] < 2 || texts[i][0] != '{')
            continue;
        if (!first)
            buf_putc(&b, ',');
        first = false;
        buf_put(&b, texts[i], lens[i]);
    }
    buf_puts(&b, "]}");
    send_made(h, w, w->run, LOGENTRY_NONE, before, &b);
    start_at(w, p);
    put_end(&b, w, run, p->state);
    send_made(h, w, w->run, LOGENTRY_FINAL, w->v.cursor, &b);
    buf_free(&b);
}

static void on_snapshot(
    void *arg, int error, const char *const *texts, const size_t *lens, size_t count)
{
    struct hub_viewer *w = arg;
    struct hub *h = hub_of(w);
    struct hub_place p;

    w->in_flight = false;
    if (error || hub_place_read(texts, lens, count, &p) < 0) {
        viewer_event(h, w, VIEWER_ON_FAILED);
        return;
    }
    w->topic->running = p.running;
    if (h->sink.takes_snapshots(w))
        send_snapshot(h, w, &p, texts, lens, count);
    else
        start_at(w, &p);
    if (w->wants_snapshot_end) {
        viewer_event(h, w, VIEWER_ON_FINAL);
        return;
    }
    w->v.noted = w->v.cursor;
    viewer_note(&w->v, p.top);
    stand(h, w);
    viewer_event(
        h, w, logentry_id_compare(w->v.cursor, p.top) < 0 ? VIEWER_ON_LOCATED : VIEWER_ON_LEVEL);
}

/* ---- quiet viewers ---- */

static bool is_over(const char *state)
{
    static const char *const over[] = {"done", "cancelled", "interrupted", "failed", ""};

    for (size_t i = 0; i < sizeof(over) / sizeof(over[0]); i++) {
        if (strcmp(state, over[i]) == 0)
            return true;
    }
    return false;
}

static void on_check(
    void *arg, int error, const char *const *texts, const size_t *lens, size_t count)
{
    struct hub_viewer *w = arg;
    struct hub *h = hub_of(w);
    struct hub_place p;

    w->in_flight = w->checking = false;
    if (error || hub_place_read(texts, lens, count, &p) < 0)
        return;
    w->topic->running = p.running;
    if (log_is_gone(w, &p) && !w->until_final)
        change_log(h, w, &p);
    if (logentry_id_compare(w->v.cursor, p.top) < 0) {
        viewer_note(&w->v, p.top);
        viewer_event(h, w, VIEWER_ON_GAP);
    } else if (w->until_final && is_over(p.state)) {
        /* Its final event may have come between the page and this look: one more page. */
        if (w->strikes++ == 0) {
            viewer_event(h, w, VIEWER_ON_GAP);
        } else {
            w->wants_snapshot_end = true;
            viewer_event(h, w, VIEWER_ON_TOO_OLD);
        }
    }
}

static void check_viewer(struct hub *h, struct hub_viewer *w)
{
    if (w->in_flight || w->v.state != VIEWER_LIVE)
        return;
    w->quiet_since_ms = clock_mono_ms();
    if (locate(h, w, "0", on_check) == 0) {
        w->checking = true;
        w->suspect = false;
    }
}

/* ---- the machine ---- */

static void forget(struct hub *h, struct hub_viewer *w)
{
    if (w->in_flight)
        channel_forget(h->channel, w);
    w->in_flight = w->checking = false;
}

static void failed(struct hub *h, struct hub_viewer *w, int rc)
{
    if (rc < 0)
        viewer_event(h, w, VIEWER_ON_FAILED);
}

static void viewer_event(struct hub *h, struct hub_viewer *w, enum viewer_event event)
{
    enum viewer_action action;

    if (w->checking) /* what it would tell is out of date */
        forget(h, w);
    action = viewer_step(&w->v, event);
    if (event == VIEWER_ON_FAILED)
        h->retry = true;
    switch (action) {
    case VIEWER_LOCATE:
        failed(h, w, locate(h, w, "0", on_located));
        break;
    case VIEWER_ASK_SNAPSHOT:
        failed(h, w, locate(h, w, SNAPSHOT_MESSAGES, on_snapshot));
        break;
    case VIEWER_READ:
        if (!w->told)
            stand(h, w);
        read_page(h, w);
        break;
    case VIEWER_FORGET:
        forget(h, w);
        break;
    case VIEWER_END:
        forget(h, w);
        h->sink.ended(w);
        break;
    default:
        break;
    }
}

static void confirm(struct hub *h, struct hub_viewer *w)
{
    w->verify = w->v.located;
    if (w->topic->session)
        viewer_event(h, w, w->v.located ? VIEWER_ON_CONFIRMED : VIEWER_ON_CONFIRMED_NEW);
}

static void on_subscribed(void *arg, const char *name, size_t len)
{
    struct hub *h = arg;
    struct hub_topic *t = hub_topics_find(&h->topics, name, len);
    struct hub_viewer *next;

    if (!t)
        return;
    t->confirmed = true;
    if (!t->viewers) {
        channel_unsubscribe(h->channel, t->name);
        hub_topics_drop(&h->topics, t);
        return;
    }
    for (struct hub_viewer *w = t->viewers; w; w = next) {
        next = w->next;
        confirm(h, w);
    }
}

static void on_ready(void *arg)
{
    struct hub *h = arg;
    struct hub_topic *t = NULL;

    h->subscriber = true;
    while ((t = hub_topics_next(&h->topics, t)) != NULL)
        channel_subscribe(h->channel, t->name);
    if (h->sink.ready)
        h->sink.ready(h->sink.arg);
}

static void on_lost(void *arg)
{
    struct hub *h = arg;
    struct hub_topic *t = NULL, *next;

    h->subscriber = false;
    for (t = hub_topics_next(&h->topics, NULL); t; t = next) {
        next = hub_topics_next(&h->topics, t);
        t->confirmed = false;
        if (!t->viewers)
            hub_topics_drop(&h->topics, t);
        else
            for (struct hub_viewer *w = t->viewers; w; w = w->next) {
                w->suspect = w->suspect || w->open;
                viewer_event(h, w, VIEWER_ON_LOST);
            }
    }
}

static bool is_due(const struct hub_topic *t, const struct hub_viewer *w, int64_t now_ms)
{
    return w->suspect || ((t->running || w->until_final || w->open) &&
                             now_ms - w->quiet_since_ms >= CHECK_MS);
}

void hub_tick(struct hub *h, int64_t now_ms)
{
    bool retry = h->retry && channel_is_up(h->channel);
    struct hub_topic *t = NULL;

    if (retry)
        h->retry = false;
    while ((t = hub_topics_next(&h->topics, t)) != NULL) {
        struct hub_viewer *next;
        if (!t->session)
            continue;
        for (struct hub_viewer *w = t->viewers; w; w = next) {
            next = w->next;
            if (retry && t->confirmed && w->v.state == VIEWER_WAITING)
                confirm(h, w);
            else if (w->v.state == VIEWER_LIVE && is_due(t, w, now_ms))
                check_viewer(h, w);
        }
    }
}

/* ---- life ---- */

int hub_new(struct hub **out, const struct conf *conf, struct reactor *reactor,
    const struct hub_sink *sink)
{
    struct hub *h = calloc(1, sizeof(*h));
    struct channel_handlers handlers = {h, on_message, on_subscribed, on_ready, on_lost};
    int rc;

    if (!h)
        return ERR_NOMEM;
    h->conf = conf;
    h->sink = *sink;
    buf_init(&h->joined, (size_t)conf->stream_queue);
    rc = hub_topics_init(&h->topics, h);
    if (rc == 0)
        rc = channel_new(&h->channel, conf, reactor, &handlers);
    if (rc < 0) {
        hub_free(h);
        return rc;
    }
    *out = h;
    return 0;
}

void hub_free(struct hub *h)
{
    if (!h)
        return;
    channel_free(h->channel);
    hub_topics_fini(&h->topics);
    buf_free(&h->joined);
    free(h);
}

struct channel *hub_channel(struct hub *h)
{
    return h->channel;
}

static struct hub_topic *topic_for(struct hub *h, const struct hub_start *start)
{
    char name[HUB_KEY_SIZE];
    int len = start->session
                  ? snprintf(name, sizeof(name), "tp:{%s}:s:%s", start->user, start->session)
                  : snprintf(name, sizeof(name), "tp:{%s}", start->user);
    struct hub_topic *t = hub_topics_find(&h->topics, name, (size_t)len);

    if (t)
        return t;
    t = hub_topics_add(&h->topics, name, (size_t)len, start->session != NULL);
    if (t)
        channel_subscribe(h->channel, t->name); /* or later, in on_ready */
    return t;
}

int hub_add(struct hub *h, const struct hub_start *start, void *owner, struct hub_viewer **out)
{
    struct hub_viewer *w = calloc(1, sizeof(*w));

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
    w->topic = (start->run && !w->run) ? NULL : topic_for(h, start);
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
        confirm(h, w);
    return 0;
}

void hub_remove(struct hub *h, struct hub_viewer *w)
{
    struct hub_topic *t = w->topic;

    forget(h, w);
    if (w->prev)
        w->prev->next = w->next;
    else
        t->viewers = w->next;
    if (w->next)
        w->next->prev = w->prev;
    /* An unconfirmed one waits for its confirmation: it must not be taken for a later one. */
    if (!t->viewers && (t->confirmed || !h->subscriber)) {
        channel_unsubscribe(h->channel, t->name);
        hub_topics_drop(&h->topics, t);
    }
    hub_runs_free(&w->open);
    free(w->run);
    free(w);
}

void hub_drained(struct hub *h, struct hub_viewer *w)
{
    if (w->v.state == VIEWER_BEHIND)
        viewer_event(h, w, VIEWER_ON_DRAINED);
}

const char *hub_session(const struct hub_viewer *w)
{
    const char *end = strchr(w->topic->name, '}');

    return w->topic->session ? end + strlen("}:s:") : "";
}
