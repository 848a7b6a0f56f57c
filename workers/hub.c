#include "workers/hub.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/log.h"
#include "store/listen.h"
#include "store/scripts.h"
#include "workers/hub_place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_ENTRIES 128
#define PAGE_TEXT "128"
#define SNAPSHOT_MESSAGES "200"
/* A running turn that is silent for this long is compared with the log. */
#define CHECK_MS 5000

#define KEY_SIZE (IDENT_USER_MAX + IDENT_SESSION_MAX + 32)

struct hub {
    const struct conf *conf;
    struct hub_sink sink;
    struct link *link;
    struct listen *listen;
    struct buf joined; /* one text event made of several */
    bool retry;        /* some viewer waits though its subscription stands */
};

struct hub_topic {
    struct listen_ear ear; /* its channel is `name`, its arg the topic */
    struct hub *hub;
    struct hub_viewer *viewers;
    int64_t seen_ms; /* monotonic, last message */
    bool confirmed;  /* Redis has confirmed the subscription */
    bool session;    /* else a user's inbox */
    bool running;    /* a turn runs, as far as seen */
    char name[];     /* tp:{UID}:s:SID or tp:{UID} */
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

static void on_message(void *arg, const char *bytes, size_t len)
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

/* One [id, [field, value, ...]] of a page, whose field "e" is the entry. */
static bool entry_from(const struct link_reply *pair, struct logentry *e)
{
    const struct link_reply *fields = link_reply_at(pair, 1);
    size_t id_len, len;
    const char *id = link_reply_text(link_reply_at(pair, 0), &id_len), *value;

    for (size_t i = 0; i + 1 < link_reply_count(fields); i += 2) {
        if (strcmp(link_reply_text(link_reply_at(fields, i), NULL), "e") != 0)
            continue;
        value = link_reply_text(link_reply_at(fields, i + 1), &len);
        return logentry_parse_value(id, id_len, value, len, e) == 0;
    }
    return false;
}

/* The page began at the cursor's own entry, which another one stands in the place of. */
static bool has_lost_cursor(const struct hub_viewer *w, const struct link_reply *page)
{
    struct logentry_id id;
    size_t len;
    const char *text = link_reply_text(link_reply_at(link_reply_at(page, 0), 0), &len);

    return !w->until_final && w->v.cursor.n > 0 && logentry_id_parse(text, len, &id) == 0 &&
           logentry_id_compare(id, w->v.cursor) > 0;
}

/* What the viewer has not had yet. Returns whether it goes on taking entries. */
static bool deliver_page(struct hub *h, struct hub_viewer *w, const struct link_reply *page,
    bool *progress)
{
    struct logentry held = {.json = NULL};
    bool go_on = true;

    for (size_t i = 0; i < link_reply_count(page) && go_on; i++) {
        struct logentry e;

        if (!entry_from(link_reply_at(page, i), &e) ||
            logentry_id_compare(e.id, w->v.cursor) <= 0)
            continue;
        *progress = true;
        track_run(w->topic, &e);
        go_on = w->catching_up ? deliver_joined(h, w, &e, &held) : deliver(h, w, &e);
    }
    return go_on && flush_joined(h, w, &held);
}

static void look_at_page(struct hub *h, struct hub_viewer *w, const struct link_reply *page)
{
    bool lost = w->verify && has_lost_cursor(w, page), progress = false;

    w->verify = false;
    if (lost) {
        end_runs(h, w, "", 0);
        viewer_event(h, w, VIEWER_ON_TOO_OLD);
        return;
    }
    if (!deliver_page(h, w, page, &progress))
        return;
    viewer_event(h, w,
        viewer_page_result(&w->v, link_reply_count(page) == PAGE_ENTRIES, progress));
    if (w->v.state == VIEWER_LIVE) {
        w->catching_up = false;
        if (w->until_final && (!progress || w->strikes))
            check_viewer(h, w);
    }
}

static void on_page(void *arg, int error, struct link_reply *page)
{
    struct hub_viewer *w = arg;
    struct hub *h = hub_of(w);

    w->in_flight = false;
    if (error || link_reply_type(page) != LINK_ARRAY)
        viewer_event(h, w, VIEWER_ON_FAILED);
    else
        look_at_page(h, w, page);
    link_reply_free(page);
}

static void read_page(struct hub *h, struct hub_viewer *w)
{
    char key[KEY_SIZE], from[LOGENTRY_ID_SIZE + 1] = "(";
    struct logentry_id behind = w->v.cursor;

    if (!h->sink.is_drained(w)) {
        w->catching_up = true;
        viewer_event(h, w, VIEWER_ON_FULL);
        return;
    }
    snprintf(key, sizeof(key), "%s:log", w->topic->name);
    if (w->verify && behind.n > 0)
        behind.n--;
    logentry_id_format(behind, from + 1);
    const struct link_arg args[] = {link_text("XRANGE"), link_text(key), link_text(from),
        link_text("+"), link_text("COUNT"), link_text(PAGE_TEXT)};
    const struct link_question page = {.args = args, .nargs = sizeof args / sizeof *args,
        .reads = true, .on_reply = on_page, .arg = w};
    if (link_ask(h->link, &page) < 0)
        viewer_event(h, w, VIEWER_ON_FAILED);
    else
        w->in_flight = true;
}

/* ---- where to start ---- */

static int locate(struct hub *h, struct hub_viewer *w, const char *messages, link_reply_fn *fn)
{
    char log[KEY_SIZE], msgs[KEY_SIZE], turns[KEY_SIZE], cursor[LOGENTRY_ID_SIZE];
    const char *name = w->topic->name;
    int user_end = (int)(strchr(name, '}') - name);
    int error;

    snprintf(log, sizeof(log), "%s:log", name);
    snprintf(msgs, sizeof(msgs), "%s:msgs", name);
    snprintf(turns, sizeof(turns), "%.*s}:turn:", user_end, name);
    w->asked = w->v.cursor;
    logentry_id_format(w->v.cursor, cursor);
    const struct link_arg args[] = {link_text(name), link_text(log), link_text(msgs),
        link_text(turns), link_text(messages), link_text(w->run ? w->run : ""),
        link_text(cursor)};
    const struct link_question question = {.script = &script_view_locate, .nkeys = 3,
        .args = args, .nargs = sizeof args / sizeof *args, .reads = true, .on_reply = fn,
        .arg = w};
    error = link_ask(h->link, &question);
    if (error == 0)
        w->in_flight = true;
    return error;
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

static void stand_at(struct hub *h, struct hub_viewer *w, const struct hub_place *p)
{
    w->topic->running = p->running;
    if (!w->v.located && !w->named_cursor) {
        start_at(w, p);
    } else if (cursor_too_old(w, p) || cursor_is_foreign(w, p)) {
        viewer_event(h, w, VIEWER_ON_TOO_OLD);
        return;
    } else {
        /* A cursor from another history, or an entry that was published and is gone. */
        if (log_is_gone(w, p))
            change_log(h, w, p);
        w->v.noted = p->top;
    }
    stand(h, w);
    viewer_note(&w->v, p->top);
    viewer_event(h, w,
        logentry_id_compare(w->v.cursor, w->v.noted) < 0 ? VIEWER_ON_LOCATED : VIEWER_ON_LEVEL);
}

static void on_located(void *arg, int error, struct link_reply *reply)
{
    struct hub_viewer *w = arg;
    struct hub_place p;

    w->in_flight = false;
    if (error || hub_place_read(reply, &p) < 0)
        viewer_event(hub_of(w), w, VIEWER_ON_FAILED);
    else
        stand_at(hub_of(w), w, &p);
    link_reply_free(reply);
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
    const struct link_reply *reply)
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
    for (size_t i = HUB_PLACE_MESSAGES; i < link_reply_count(reply); i++) {
        size_t len;
        const char *message = link_reply_text(link_reply_at(reply, i), &len);

        if (len < 2 || message[0] != '{')
            continue;
        if (!first)
            buf_putc(&b, ',');
        first = false;
        buf_put(&b, message, len);
    }
    buf_puts(&b, "]}");
    send_made(h, w, w->run, LOGENTRY_NONE, before, &b);
    start_at(w, p);
    put_end(&b, w, run, p->state);
    send_made(h, w, w->run, LOGENTRY_FINAL, w->v.cursor, &b);
    buf_free(&b);
}

static void show_snapshot(struct hub *h, struct hub_viewer *w, const struct hub_place *p,
    const struct link_reply *reply)
{
    w->topic->running = p->running;
    if (h->sink.takes_snapshots(w))
        send_snapshot(h, w, p, reply);
    else
        start_at(w, p);
    if (w->wants_snapshot_end) {
        viewer_event(h, w, VIEWER_ON_FINAL);
        return;
    }
    w->v.noted = w->v.cursor;
    viewer_note(&w->v, p->top);
    stand(h, w);
    viewer_event(
        h, w, logentry_id_compare(w->v.cursor, p->top) < 0 ? VIEWER_ON_LOCATED : VIEWER_ON_LEVEL);
}

static void on_snapshot(void *arg, int error, struct link_reply *reply)
{
    struct hub_viewer *w = arg;
    struct hub_place p;

    w->in_flight = false;
    if (error || hub_place_read(reply, &p) < 0)
        viewer_event(hub_of(w), w, VIEWER_ON_FAILED);
    else
        show_snapshot(hub_of(w), w, &p, reply);
    link_reply_free(reply);
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

static void compare(struct hub *h, struct hub_viewer *w, const struct hub_place *p)
{
    w->topic->running = p->running;
    if (log_is_gone(w, p) && !w->until_final)
        change_log(h, w, p);
    if (logentry_id_compare(w->v.cursor, p->top) < 0) {
        viewer_note(&w->v, p->top);
        viewer_event(h, w, VIEWER_ON_GAP);
    } else if (w->until_final && is_over(p->state)) {
        /* Its final event may have come between the page and this look: one more page. */
        if (w->strikes++ == 0) {
            viewer_event(h, w, VIEWER_ON_GAP);
        } else {
            w->wants_snapshot_end = true;
            viewer_event(h, w, VIEWER_ON_TOO_OLD);
        }
    }
}

static void on_check(void *arg, int error, struct link_reply *reply)
{
    struct hub_viewer *w = arg;
    struct hub_place p;

    w->in_flight = w->checking = false;
    if (!error && hub_place_read(reply, &p) == 0)
        compare(hub_of(w), w, &p);
    link_reply_free(reply);
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
        link_forget(h->link, w);
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

static void on_subscribed(void *arg)
{
    struct hub_topic *t = arg;
    struct hub_viewer *next;

    t->confirmed = true;
    for (struct hub_viewer *w = t->viewers; w; w = next) {
        next = w->next;
        confirm(t->hub, w);
    }
}

static void on_lost(void *arg)
{
    struct hub_topic *t = arg;

    t->confirmed = false;
    for (struct hub_viewer *w = t->viewers; w; w = w->next) {
        w->suspect = w->suspect || w->open;
        viewer_event(t->hub, w, VIEWER_ON_LOST);
    }
}

static const struct listen_handlers hub_hears = {
    .message = on_message, .subscribed = on_subscribed, .lost = on_lost};

static bool is_due(const struct hub_topic *t, const struct hub_viewer *w, int64_t now_ms)
{
    return w->suspect || ((t->running || w->until_final || w->open) &&
                             now_ms - w->quiet_since_ms >= CHECK_MS);
}

void hub_tick(struct hub *h, int64_t now_ms)
{
    struct listen_ear *ear = NULL;
    bool retry;

    if (h->retry)
        (void)link_ensure(h->link);
    retry = h->retry && hub_is_up(h);
    if (retry)
        h->retry = false;
    while ((ear = listen_next(h->listen, ear)) != NULL) {
        struct hub_topic *t = ear->arg;
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
    int error;

    if (!h)
        return ERR_NOMEM;
    h->conf = conf;
    h->sink = *sink;
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
    (void)link_ensure(h->link);
    return subscriptions && link_is_coming(h->link);
}

static struct hub_topic *topic_for(struct hub *h, const struct hub_start *start)
{
    char name[KEY_SIZE];
    int len = start->session
                  ? snprintf(name, sizeof(name), "tp:{%s}:s:%s", start->user, start->session)
                  : snprintf(name, sizeof(name), "tp:{%s}", start->user);
    struct listen_ear *ear = listen_find(h->listen, name, (size_t)len);
    struct hub_topic *t;

    if (ear)
        return ear->arg;
    t = calloc(1, sizeof *t + (size_t)len + 1);
    if (!t)
        return NULL;
    memcpy(t->name, name, (size_t)len);
    t->hub = h;
    t->session = start->session != NULL;
    t->ear = (struct listen_ear){.channel = t->name, .on = &hub_hears, .arg = t};
    listen_add(h->listen, &t->ear);
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
        viewer_event(h, w, VIEWER_ON_DRAINED);
}

const char *hub_session(const struct hub_viewer *w)
{
    const char *end = strchr(w->topic->name, '}');

    return w->topic->session ? end + strlen("}:s:") : "";
}
