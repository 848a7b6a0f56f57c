/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/eventlog.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/task.h"
#include "process/measure.h"
#include "store/keys.h"
#include "store/scripts.h"
#include "wire/redis/resp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENTLOG_JOIN_MAX 32768     /* bytes of one joined delta */
#define EVENTLOG_BATCH_BYTES 262144 /* of one append call */
#define EVENTLOG_BATCH_ENTRIES 256
#define EVENTLOG_KEEP_MEMORY 32768
#define EVENTLOG_ID_MAX 128
#define EVENTLOG_LOST (-2) /* of append.lua */

static const struct backoff_pace eventlog_pace = {.first_ms = 20,
    .most_ms = 1000,
    .quick_most_ms = 1000};

/* What is under way in Redis. At most one thing is, so that entries cannot leave holes. */
enum eventlog_phase {
    EVENTLOG_IDLE,
    EVENTLOG_APPENDING,
    EVENTLOG_ASKING /* for the log's top, after a reconnect or a refusal */
};

struct eventlog {
    struct store *store;
    struct link *link; /* to where the log is */
    unsigned slot;
    char guard[LINK_GUARD_MAX];
    size_t guard_len; /* 0: none */
    char run[IDENT_UUID_SIZE];
    char log_key[KEYS_MAX], channel[KEYS_MAX], epoch[24];
    int64_t turn_epoch;
    int64_t base; /* N of entry 0 */
    enum eventlog_phase phase;
    bool active, fenced, full, flushing;
    bool ask;               /* the log's top must be asked before the next append */
    bool reload;            /* Redis forgot the scripts */
    unsigned generation;    /* of the connection on which the scripts are loaded */
    struct backoff backoff; /* nothing is tried before its end; zeroed = Redis is there */
    int64_t send_ms;        /* monotonic; earliest next append of joined text */
    struct buf kept;        /* entries as they go over the wire: "$LEN\r\nRUN FLAG JSON\r\n" */
    uint32_t *ends;         /* of each entry in kept */
    size_t count, cap;      /* entries, room in ends */
    size_t acked, flying;   /* entries acknowledged; entries of the append under way behind them */
    size_t sent;            /* entries that have ever been on their way */
    struct buf open;        /* the delta that still grows: "RUN FLAG JSON" without its end */
    enum eventlog_delta open_kind;
    struct buf prefix; /* what such an entry begins with, for prefix_kind and prefix_id */
    enum eventlog_delta prefix_kind;
    char prefix_id[EVENTLOG_ID_MAX];
    struct buf fixed, head; /* the append command: unchanging part; all before the entries */
    eventlog_mark_fn *mark_fn;
    void *mark_arg;
    struct buf mark; /* "N MARK" of the append under way */
    bool together;   /* nothing leaves for now */
    struct reactor_timer timer;
    struct task *owner; /* the turn's; NULL outside of tasks */
};

static void eventlog_advance(struct eventlog *l, bool now);

/* ---- entries ---- */

static const struct {
    char flag;
    const char *type, *id_field;
} eventlog_deltas[] = {
    [EVENTLOG_TEXT] = {LOGENTRY_TEXT, "TEXT_MESSAGE_CONTENT", "messageId"},
    [EVENTLOG_TOOL_ARGS] = {LOGENTRY_NONE, "TOOL_CALL_ARGS", "toolCallId"},
    [EVENTLOG_REASONING] = {LOGENTRY_NONE, "REASONING_MESSAGE_CONTENT", "messageId"},
};

int64_t eventlog_next_n(const struct eventlog *l)
{
    return l->base + (int64_t)l->count + (l->open.len ? 1 : 0);
}

/* Room for one entry more. Returns 0, ERR_FULL, ERR_NOMEM. */
static int eventlog_room(struct eventlog *l, size_t bytes)
{
    if (l->full || l->kept.len + l->open.len + bytes > (size_t)l->store->conf->log_turn_bytes) {
        l->full = true;
        return ERR_FULL;
    }
    if (l->count + 1 >= l->cap) { /* one spare: the open entry must always find its place */
        size_t cap = l->cap ? l->cap * 2 : 64;
        uint32_t *ends = realloc(l->ends, cap * sizeof *ends);

        if (!ends)
            return ERR_NOMEM;
        l->ends = ends;
        l->cap = cap;
    }
    return 0;
}

static void eventlog_close_entry(struct eventlog *l)
{
    l->ends[l->count++] = (uint32_t)l->kept.len;
}

static int eventlog_close_open(struct eventlog *l)
{
    if (!l->open.len)
        return 0;
    buf_put(&l->open, "\"}", 2);
    resp_arg(&l->kept, l->open.data, l->open.len);
    if (buf_error(&l->open) || buf_error(&l->kept))
        return ERR_NOMEM;
    buf_reset(&l->open);
    eventlog_close_entry(l);
    return 0;
}

/* ---- talking to Redis ---- */

static void eventlog_on_timer(struct reactor_timer *timer)
{
    struct eventlog *l = timer->arg;
    struct task *acted = task_act(l->owner);

    err_ignore(eventlog_pump(l)); /* the task that was woken asks for the state */
    task_act(acted);
}

static void eventlog_wake_at(struct eventlog *l, int64_t due_ms)
{
    if (l->store->reactor)
        reactor_timer_set(l->store->reactor, &l->timer, due_ms, eventlog_on_timer, l);
}

static void eventlog_come_back_later(struct eventlog *l)
{
    backoff_failed(&l->backoff, &eventlog_pace, 0);
    l->ask = true;
    eventlog_wake_at(l, l->backoff.retry_ms);
}

static void eventlog_on_fenced(struct eventlog *l)
{
    l->fenced = true;
    task_wake(l->owner);
    log_info("event log: fenced at epoch %s", l->epoch);
}

/*
 * An outcome, in every phase the same but for success: no reply (ERR_STORE) and refusals lead to
 * a later question for the log's top, an unknown script to loading it. True when it succeeded.
 */
static bool eventlog_settled(struct eventlog *l, int error, int64_t value)
{
    l->phase = EVENTLOG_IDLE;
    l->flying = 0;
    if (error == ERR_NOSCRIPT) {
        l->reload = true;
        l->ask = true;
        return false;
    }
    if (error) {
        eventlog_come_back_later(l);
        return false;
    }
    if (value == EVENTLOG_LOST) {
        log_warn("event log: it was lost; what this turn has written is put there again");
        l->acked = 0;
    } else if (value < 0) {
        eventlog_on_fenced(l);
    }
    return value >= 0;
}

/* Entries in the log when this is its last N. */
static size_t eventlog_known(const struct eventlog *l, int64_t value)
{
    return value < l->base ? 0 : (size_t)(value - l->base) + 1;
}

/*
 * Whether Redis can have said so of this log: an append ends with its last entry, and the top is
 * none that has not been sent, but for the final event, which is behind all of them. Else it is the
 * reply to another command, or a lie, and believing it would leave a hole.
 */
static bool eventlog_is_possible(const struct eventlog *l, int64_t value)
{
    size_t known = eventlog_known(l, value);

    if (value < 0)
        return value >= EVENTLOG_LOST;
    if (l->phase == EVENTLOG_APPENDING)
        return known == l->acked + l->flying;
    return known <= l->sent || known == l->count + 1;
}

static void eventlog_on_reply(void *arg, int error, int64_t value)
{
    struct eventlog *l = arg;
    struct task *acted = task_act(l->owner);
    enum eventlog_phase phase = l->phase;
    size_t known;

    if (!error && !eventlog_is_possible(l, value)) {
        error = ERR_STORE;
        link_leave(l->link, "a log has another end than it can have");
    }
    if (eventlog_settled(l, error, value)) {
        known = eventlog_known(l, value);
        if (known > l->count)
            known = l->count;
        if (phase == EVENTLOG_ASKING || known > l->acked)
            l->acked = known;
        if (phase == EVENTLOG_ASKING)
            l->ask = false;
        if (phase == EVENTLOG_APPENDING || l->acked == l->count)
            backoff_reset(&l->backoff);
    }
    if (error != ERR_STORE)
        eventlog_advance(l, false);
    if (l->flushing)
        task_wake(l->owner);
    task_act(acted);
}

/* A script with the log as its key. */
static void eventlog_put_script(const struct eventlog *l, struct buf *out,
    const struct link_script *script)
{
    resp_text(out, "EVALSHA");
    resp_text(out, script->sha1);
    resp_text(out, l->guard_len ? "2" : "1");
    resp_text(out, l->log_key);
    if (l->guard_len)
        resp_arg(out, l->guard, l->guard_len);
}

static void eventlog_send_ask(struct eventlog *l)
{
    const struct link_script *s = &script_log_top;

    buf_reset(&l->head);
    resp_count(&l->head, '*', 6 + (l->guard_len != 0));
    eventlog_put_script(l, &l->head, s);
    resp_text(&l->head, l->epoch);
    resp_text(&l->head, l->channel);
    l->phase = EVENTLOG_ASKING;
    if (buf_error(&l->head) ||
        link_send_raw(l->link, (struct link_arg){l->head.data, l->head.len}, (struct link_arg){0},
            eventlog_on_reply, l)) {
        l->phase = EVENTLOG_IDLE;
        eventlog_come_back_later(l);
    }
}

/* The N of the first entry, and with it what the caller says of those up to the last one. */
static void eventlog_put_n(struct eventlog *l, const char *n, size_t len, bool whole)
{
    if (!l->mark_fn) {
        resp_arg(&l->head, n, len);
        return;
    }
    buf_reset(&l->mark);
    buf_put(&l->mark, n, len);
    buf_putc(&l->mark, ' ');
    l->mark_fn(l->mark_arg, whole, &l->mark);
    resp_arg(&l->head, buf_text(&l->mark), l->mark.len);
}

static void eventlog_send_entries(struct eventlog *l)
{
    size_t from = l->acked ? l->ends[l->acked - 1] : 0;
    size_t last = l->acked + 1, entries;
    char n[24], *p = n + sizeof n;
    int64_t first = l->base + (int64_t)l->acked, interval = l->store->conf->event_min_interval_ms;

    while (last < l->count && last - l->acked < EVENTLOG_BATCH_ENTRIES &&
        l->ends[last] - from < EVENTLOG_BATCH_BYTES)
        last++;
    entries = last - l->acked;
    for (size_t i = 0; i < entries; i++)
        measure_stamp((uint64_t)l->turn_epoch, (uint64_t)first + i);
    do
        *--p = (char)('0' + first % 10);
    while (first /= 10);
    buf_reset(&l->head);
    resp_count(&l->head, '*', 7 + (l->guard_len != 0) + entries);
    buf_put(&l->head, l->fixed.data, l->fixed.len);
    eventlog_put_n(l, p, (size_t)(n + sizeof n - p), last == l->count && !l->open.len);
    l->phase = EVENTLOG_APPENDING;
    l->flying = entries;
    if (l->sent < last)
        l->sent = last;
    l->send_ms = interval ? clock_mono_ms() + interval : 0;
    if (buf_error(&l->head) || buf_error(&l->mark) ||
        link_send_raw(l->link, (struct link_arg){l->head.data, l->head.len},
            (struct link_arg){l->kept.data + from, l->ends[last - 1] - from}, eventlog_on_reply,
            l)) {
        l->phase = EVENTLOG_IDLE;
        l->flying = 0;
        eventlog_come_back_later(l);
    }
}

/* Connected, scripts known, log's top known: true. Else it has started what leads there. */
static bool eventlog_ready(struct eventlog *l)
{
    struct link *link = link_at(l->store->link, l->slot);

    if (link == l->link && link_fd(link) >= 0 && l->generation == link_generation(link) && !l->ask)
        return true;
    if (!backoff_is_over(&l->backoff))
        return false;
    if (link_ensure(link) || link_load(link, &script_append, l->reload) ||
        link_load(link, &script_log_top, l->reload)) {
        eventlog_come_back_later(l);
        return false;
    }
    if (l->phase != EVENTLOG_IDLE || !l->active) /* the loop has asked while this task waited */
        return false;
    l->reload = false;
    l->link = link;
    l->generation = link_generation(link);
    eventlog_send_ask(l);
    return false;
}

/* The one place that decides what is sent. now: the least interval does not count. */
static void eventlog_advance(struct eventlog *l, bool now)
{
    if (l->phase != EVENTLOG_IDLE || !l->active || l->fenced || l->together ||
        (l->acked == l->count && !l->open.len && !l->ask))
        return;
    if (!eventlog_ready(l) || (l->acked == l->count && !l->open.len))
        return;
    if (!now && l->send_ms && l->acked == l->count && clock_mono_ms() < l->send_ms) {
        eventlog_wake_at(l, l->send_ms);
        return;
    }
    if (!eventlog_close_open(l))
        eventlog_send_entries(l);
}

/* ---- interface ---- */

int eventlog_new(struct eventlog **out, struct store *store)
{
    struct eventlog *l = calloc(1, sizeof *l);

    *out = l;
    if (!l)
        return ERR_NOMEM;
    l->store = store;
    l->link = store->link;
    return 0;
}

static void eventlog_drop_memory(struct eventlog *l, size_t keep)
{
    struct buf *all[] = {&l->kept, &l->open, &l->prefix, &l->fixed, &l->head, &l->mark};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        buf_reset(all[i]);
        if (all[i]->cap > keep)
            buf_free(all[i]);
    }
    if (l->cap * sizeof *l->ends > keep) {
        free(l->ends);
        l->ends = NULL;
        l->cap = 0;
    }
}

void eventlog_end(struct eventlog *l)
{
    if (l->store->reactor)
        reactor_timer_clear(l->store->reactor, &l->timer);
    link_forget(l->link, l);
    l->phase = EVENTLOG_IDLE;
    l->active = false;
    l->owner = NULL;
    l->mark_fn = NULL;
    l->together = false;
    l->count = l->acked = l->flying = l->sent = 0;
    *l->prefix_id = '\0';
    eventlog_drop_memory(l, EVENTLOG_KEEP_MEMORY);
}

void eventlog_free(struct eventlog *l)
{
    if (!l)
        return;
    eventlog_end(l);
    eventlog_drop_memory(l, 0);
    free(l->ends);
    free(l);
}

int eventlog_begin(struct eventlog *l, const struct turns_start *turn)
{
    eventlog_end(l);
    keys_session_log(l->log_key, turn->uid, turn->session);
    keys_session(l->channel, turn->uid, turn->session);
    memcpy(l->run, turn->turn, sizeof l->run);
    snprintf(l->epoch, sizeof l->epoch, "%lld", (long long)turn->epoch);
    l->turn_epoch = turn->epoch;
    l->base = turn->next_n;
    l->fenced = l->full = l->ask = l->reload = false;
    backoff_reset(&l->backoff);
    l->send_ms = 0;
    l->active = true;
    l->owner = task_self();
    /* The start script's answer came over this connection: the log's top is known. */
    l->slot = link_slot(l->store->link, l->log_key);
    l->guard_len = link_guard(l->store->link, l->log_key, l->guard);
    l->link = link_at(l->store->link, l->slot);
    l->generation = link_generation(l->link);
    if (link_fd(l->link) < 0 || link_load(l->link, &script_append, false) ||
        link_load(l->link, &script_log_top, false))
        l->ask = true;
    eventlog_put_script(l, &l->fixed, &script_append);
    resp_text(&l->fixed, l->channel);
    resp_text(&l->fixed, l->epoch);
    return buf_error(&l->fixed);
}

int eventlog_hold(struct eventlog *l, char flag, const char *json, size_t len)
{
    size_t bytes = logentry_head_len(l->run) + len;
    int error;

    if (l->fenced)
        return ERR_FENCED;
    error = eventlog_room(l, bytes + 16);
    if (!error)
        error = eventlog_close_open(l);
    if (!error)
        error = eventlog_room(l, bytes + 16);
    if (error)
        return error;
    resp_count(&l->kept, '$', bytes);
    logentry_put(&l->kept, l->run, flag, json, len);
    buf_put(&l->kept, "\r\n", 2);
    if (buf_error(&l->kept))
        return ERR_NOMEM;
    eventlog_close_entry(l);
    return 0;
}

int eventlog_event(struct eventlog *l, char flag, const char *json, size_t len)
{
    int error = eventlog_hold(l, flag, json, len);

    return error ? error : eventlog_pump(l);
}

static int eventlog_make_prefix(struct eventlog *l, enum eventlog_delta kind, const char *id)
{
    buf_reset(&l->prefix);
    logentry_put_head(&l->prefix, l->run, eventlog_deltas[kind].flag);
    buf_puts(&l->prefix, "{\"type\":\"");
    buf_puts(&l->prefix, eventlog_deltas[kind].type);
    buf_puts(&l->prefix, "\",\"");
    buf_puts(&l->prefix, eventlog_deltas[kind].id_field);
    buf_puts(&l->prefix, "\":");
    buf_json_string(&l->prefix, id, strlen(id));
    buf_puts(&l->prefix, ",\"delta\":\"");
    if (buf_error(&l->prefix))
        return ERR_NOMEM;
    l->prefix_kind = kind;
    *l->prefix_id = '\0';
    if (strlen(id) < sizeof l->prefix_id)
        memcpy(l->prefix_id, id, strlen(id) + 1);
    return 0;
}

int eventlog_text(struct eventlog *l, enum eventlog_delta kind, const char *id, const char *delta,
    size_t len)
{
    bool same = l->prefix_kind == kind && *l->prefix_id && !strcmp(l->prefix_id, id);
    int error;

    if (l->fenced)
        return ERR_FENCED;
    if (!len)
        return eventlog_pump(l);
    error = eventlog_room(l, l->prefix.len + 6 * len + 32);
    if (!error && l->open.len && (!same || l->open.len + len > EVENTLOG_JOIN_MAX)) {
        error = eventlog_close_open(l);
        if (!error)
            error = eventlog_room(l, l->prefix.len + 6 * len + 32);
    }
    if (!error && !same)
        error = eventlog_make_prefix(l, kind, id);
    if (error)
        return error;
    if (!l->open.len)
        buf_put(&l->open, l->prefix.data, l->prefix.len);
    buf_json_escaped(&l->open, delta, len);
    if (buf_error(&l->open))
        return ERR_NOMEM;
    return eventlog_pump(l);
}

int eventlog_pump(struct eventlog *l)
{
    if (l->phase != EVENTLOG_IDLE || link_outstanding(l->link))
        err_ignore(link_pump(l->link)); /* what was under way has been told the error */
    eventlog_advance(l, false);
    return l->fenced ? ERR_FENCED : 0;
}

void eventlog_mark(struct eventlog *l, eventlog_mark_fn *fn, void *arg)
{
    l->mark_fn = fn;
    l->mark_arg = arg;
}

void eventlog_together(struct eventlog *l, bool on)
{
    l->together = on;
    if (!on)
        err_ignore(eventlog_pump(l)); /* fenced: the next event is told so */
}

enum eventlog_state eventlog_state(const struct eventlog *l)
{
    if (l->fenced)
        return EVENTLOG_FENCED;
    if (l->full)
        return EVENTLOG_FULL;
    return l->backoff.retry_ms ? EVENTLOG_AWAY : EVENTLOG_OK;
}

void eventlog_doubt(struct eventlog *l)
{
    l->ask = true;
}

/* For a reply, or for the time of the next attempt. */
static void eventlog_wait_for_reply(struct eventlog *l, int64_t now, int64_t until_ms)
{
    int64_t wake = l->phase == EVENTLOG_IDLE ? l->backoff.retry_ms :
                                               now + l->store->conf->redis_timeout_ms + 1;

    if (wake <= now)
        wake = now + 1;
    if (wake > until_ms)
        wake = until_ms;
    if (!task_self()) {
        err_ignore(link_flush(l->link)); /* as in eventlog_pump */
        link_wait(l->link, wake);
        return;
    }
    l->flushing = true;
    err_ignore(task_wait(l->store->reactor, wake, NULL));
    l->flushing = false;
}

int eventlog_flush(struct eventlog *l, int64_t until_ms)
{
    for (;;) {
        int64_t now;

        err_ignore(eventlog_pump(l)); /* fenced: below */
        eventlog_advance(l, true);
        if (l->fenced)
            return ERR_FENCED;
        if (buf_error(&l->kept) || buf_error(&l->open))
            return ERR_NOMEM;
        if (l->acked == l->count && !l->open.len && l->phase == EVENTLOG_IDLE && !l->ask)
            return 0;
        now = clock_mono_ms();
        if (now >= until_ms)
            return l->backoff.retry_ms ? ERR_STORE : ERR_DEADLINE;
        eventlog_wait_for_reply(l, now, until_ms);
    }
}
