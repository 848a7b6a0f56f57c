/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/housekeeper/feeds_desk.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/jdoc.h"
#include "base/log.h"
#include "process/aside.h"
#include "process/fault.h"
#include "process/measure.h"
#include "process/scoreboard.h"
#include "store/hints.h"
#include "wire/http/http.h"
#include "workers/housekeeper/desk_guard.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEEDS_DESK_LOOK_MS 1000
#define FEEDS_DESK_MORE_MS 50
#define FEEDS_DESK_FULL_MS 2000   /* until a user who found no room is looked at again */
#define FEEDS_DESK_CROWD_MS 30000 /* the same of a host that has its share; doubled by spreading */
#define FEEDS_DESK_CRASHED_MS 60000
#define FEEDS_DESK_CONNECT_MS 8000
#define FEEDS_DESK_TOTAL_MS 20000
#define FEEDS_DESK_REDIRECTS 4
#define FEEDS_DESK_PARSE_MS 5000
#define FEEDS_DESK_MEMORY ((size_t)256 << 20)
#define FEEDS_DESK_OUT_MAX ((size_t)8 << 20)
#define FEEDS_DESK_TELL_MS INT64_C(604800000) /* a week of failures: the user is told */
#define FEEDS_DESK_ETAG_MAX 400
#define FEEDS_DESK_WHY_SIZE 200

/* A child waits for those of the other refreshes, and for the others of its user. */
_Static_assert(FEEDS_LEASE_MS > 2 * FEEDS_DESK_TOTAL_MS +
            FEEDS_DESK_PARSE_MS * (FEEDS_DESK_MAX / ASIDE_MAX + FEEDS_DESK_USER_MAX + 1),
    "a claim outlives its refresh");

enum feeds_stage { FEEDS_FREE, FEEDS_FETCH, FEEDS_FETCHED, FEEDS_PARSE, FEEDS_PARSED, FEEDS_WRITE };

struct feeds_desk_slot {
    struct feeds_desk *desk;
    enum feeds_stage stage;
    struct arena *arena; /* of this refresh */
    char uid[IDENT_USER_MAX + 1], host[256];
    struct feed feed;
    struct http_transfer *transfer;
    struct desk_guard_mark guard;
    struct buf body, parts; /* parts: what the child said */
    int error;
    long status;
    int64_t retry_after_ms, began_ms;
    char etag[FEEDS_DESK_ETAG_MAX + 1], modified[64], type[96];
    struct aside *aside;
    struct aside_work work;
    struct module_feed_ask ask;
    /* FEEDS_WRITE */
    char gen[IDENT_UUID_SIZE];
    const char *at; /* the next part */
    size_t number;
    struct buf index;
    int64_t wish_ms, events, left, bytes;
};

struct feeds_desk {
    struct store *store;
    struct reactor *reactor;
    const struct module_feed *reader;
    struct http_client *http; /* made with the first refresh */
    struct feeds_desk_slot slots[FEEDS_DESK_MAX];
    int64_t look_ms;
};

int feeds_desk_new(struct feeds_desk **out, struct store *store, struct reactor *reactor,
    const struct module_feed *reader)
{
    struct feeds_desk *d = calloc(1, sizeof *d);

    *out = d;
    if (!d)
        return ERR_NOMEM;
    d->store = store;
    d->reactor = reactor;
    d->reader = reader;
    for (size_t i = 0; i < FEEDS_DESK_MAX; i++)
        d->slots[i].desk = d;
    return 0;
}

/* The slot is free; its claim runs out unless it was settled. */
static void feeds_desk_clear(struct feeds_desk_slot *s)
{
    struct feeds_desk *d = s->desk;

    desk_guard_settle(&s->guard);
    if (s->transfer)
        http_cancel(s->transfer);
    if (s->aside)
        aside_cancel(s->aside);
    buf_free(&s->body);
    buf_free(&s->parts);
    buf_free(&s->index);
    if (s->arena)
        arena_free(s->arena);
    memset(s, 0, sizeof *s);
    s->desk = d;
}

void feeds_desk_free(struct feeds_desk *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < FEEDS_DESK_MAX; i++)
        feeds_desk_clear(&d->slots[i]);
    http_free(d->http);
    free(d);
}

size_t feeds_desk_open(const struct feeds_desk *d)
{
    size_t count = 0;

    for (size_t i = 0; i < FEEDS_DESK_MAX; i++)
        count += d->slots[i].stage != FEEDS_FREE;
    return count;
}

/* ---- the end of a refresh ---- */

/* What the user is told: in words of ours, but for the name, which the user gave. */
static const char *feeds_desk_event(struct feeds_desk_slot *s, const char *message)
{
    struct buf b = {0};
    const char *text = NULL;

    buf_puts(&b, "{\"type\":\"calendar_subscription\",\"subscription_id\":");
    buf_json_text(&b, s->feed.id);
    buf_json_member(&b, "name", s->feed.name);
    buf_json_member(&b, "state", s->feed.state);
    buf_json_member(&b, "reason", s->feed.why);
    buf_puts(&b, ",\"message\":\"The calendar ");
    buf_json_escaped(&b, s->feed.name, strlen(s->feed.name));
    buf_putc(&b, ' ');
    buf_json_escaped(&b, message, strlen(message));
    buf_puts(&b, "\"}");
    if (!buf_error(&b))
        text = arena_memdup(s->arena, buf_text(&b), b.len);
    buf_free(&b);
    return text;
}

static int feeds_desk_settle(struct feeds_desk_slot *s, const struct feeds_end *end,
    const char *outcome)
{
    int error = feeds_settle(s->desk->store, s->uid, &s->feed, end);

    if (error == ERR_FULL || error == ERR_CONFLICT)
        return error;
    measure_count(MEASURE_FEEDS, error ? "lost" : outcome);
    if (error && error != ERR_FENCED) /* the claim runs out, then it is fetched once more */
        log_limited(LOG_LEVEL_WARN, "a calendar of user %s: its refresh could not be stored: %s",
            s->uid, err_text(error));
    feeds_desk_clear(s);
    return 0;
}

/* What was shown stays. why: for the user. */
static void feeds_desk_fail(struct feeds_desk_slot *s, const char *why, const char *outcome)
{
    const int64_t now = clock_real_ms();
    struct feeds_end end = {0};

    s->feed.state = "failing";
    s->feed.why = why;
    s->feed.failures++;
    if (!s->feed.failing_ms || s->feed.failing_ms > now)
        s->feed.failing_ms = now;
    if (!s->feed.told && now - s->feed.failing_ms >= FEEDS_DESK_TELL_MS) {
        end.event = feeds_desk_event(s,
            "could not be refreshed for a week. Its events are shown as they were.");
        s->feed.told = true;
    }
    end.wait_ms = feeds_desk_wait(&s->feed, s->retry_after_ms);
    log_debug("calendar %s of user %s: %s", s->feed.id, s->uid, why);
    if (feeds_desk_settle(s, &end, outcome))
        feeds_desk_clear(s);
}

static void feeds_desk_good(struct feeds_desk_slot *s)
{
    s->feed.state = "ok";
    s->feed.why = "";
    s->feed.failures = s->feed.failing_ms = 0;
    s->feed.told = false;
    s->feed.fetched_ms = clock_real_ms();
}

static void feeds_desk_same(struct feeds_desk_slot *s)
{
    feeds_desk_good(s);
    const struct feeds_end end = {.wait_ms = feeds_desk_wait(&s->feed, -1)};
    if (feeds_desk_settle(s, &end, "unchanged"))
        feeds_desk_clear(s);
}

static void feeds_desk_ended(struct feeds_desk_slot *s, const char *why)
{
    struct feeds_end end = {.gen = "", .wait_ms = FEEDS_DAY_MS};

    s->feed.state = "ended";
    s->feed.why = why;
    s->feed.index = s->feed.etag = s->feed.modified = "";
    s->feed.events = s->feed.left = s->feed.bytes = 0;
    end.event = feeds_desk_event(s, "has ended: its server says that it is gone for good.");
    if (feeds_desk_settle(s, &end, "ended"))
        feeds_desk_clear(s);
}

/* ---- fetching ---- */

static int feeds_desk_on_body(void *arg, long status, const char *bytes, size_t len)
{
    struct feeds_desk_slot *s = arg;

    if (status != 200)
        return 0; /* a page that says why */
    buf_put(&s->body, bytes, len);
    return buf_error(&s->body);
}

static void feeds_desk_on_done(void *arg, const struct http_result *result)
{
    struct feeds_desk_slot *s = arg;

    s->transfer = NULL;
    desk_guard_settle(&s->guard);
    s->error = result->error;
    s->status = result->status;
    s->retry_after_ms = result->retry_after_ms;
    snprintf(s->type, sizeof s->type, "%s", result->content_type);
    snprintf(s->modified, sizeof s->modified, "%s", result->modified);
    if (strlen(result->wanted) <= FEEDS_DESK_ETAG_MAX)
        snprintf(s->etag, sizeof s->etag, "%.*s", FEEDS_DESK_ETAG_MAX, result->wanted);
    if (result->error)
        log_debug("calendar %s of user %s: %s", s->feed.id, s->uid, result->why);
    s->stage = FEEDS_FETCHED; /* callbacks of the loop do not wait for Redis */
    s->desk->look_ms = 0;
}

static int feeds_desk_fetch(struct feeds_desk_slot *s)
{
    struct feeds_desk *d = s->desk;
    const char *match = "", *since = "";

    if (*s->feed.gen && *s->feed.etag)
        match = arena_printf(s->arena, "If-None-Match: %s", s->feed.etag);
    if (*s->feed.gen && *s->feed.modified)
        since = arena_printf(s->arena, "If-Modified-Since: %s", s->feed.modified);
    if (!match || !since)
        return ERR_NOMEM;
    const char *headers[5] = {"Accept: text/calendar, text/plain;q=0.5, */*;q=0.1",
        "User-Agent: Turnpike-Calendar"};
    size_t n = 2;
    if (*match)
        headers[n++] = match;
    if (*since)
        headers[n++] = since;
    const struct http_request request = {.method = "GET",
        .url = s->feed.url,
        .headers = headers,
        .connect_timeout_ms = FEEDS_DESK_CONNECT_MS,
        .total_timeout_ms = FEEDS_DESK_TOTAL_MS,
        .max_bytes = FEEDS_DESK_BYTES_MAX,
        .public_only = !d->store->conf->tools_allow_private,
        .max_redirects = FEEDS_DESK_REDIRECTS,
        .wanted = "ETag",
        .on_body = feeds_desk_on_body,
        .on_done = feeds_desk_on_done,
        .arg = s};
    int error = d->http ? 0 : http_new(&d->http, d->reactor);

    buf_init(&s->body, FEEDS_DESK_BYTES_MAX + 1);
    return error ? error : http_start(d->http, &request, &s->transfer);
}

/* ---- reading ---- */

static void feeds_desk_on_read(void *arg, int error, const struct buf *out)
{
    struct feeds_desk_slot *s = arg;

    s->aside = NULL;
    s->error = error;
    buf_init(&s->parts, FEEDS_DESK_OUT_MAX + 1);
    if (!error)
        buf_put(&s->parts, buf_text(out), out->len);
    if (!error)
        s->error = buf_error(&s->parts);
    s->stage = FEEDS_PARSED;
    s->desk->look_ms = 0;
}

static void feeds_desk_fetched(struct feeds_desk_slot *s)
{
    const struct feeds_answer answer = {.error = s->error,
        .status = s->status,
        .type = s->type,
        .body = buf_text(&s->body),
        .len = s->body.len};
    char text[FEEDS_DESK_WHY_SIZE];
    const struct conf *conf = s->desk->store->conf;
    enum feeds_verdict verdict = feeds_desk_judge(&answer, text, sizeof text);
    const char *why = arena_strdup(s->arena, text);

    if (!why)
        return feeds_desk_clear(s);
    if (verdict == FEEDS_SAME)
        return feeds_desk_same(s);
    if (verdict == FEEDS_ENDED)
        return feeds_desk_ended(s, why);
    if (verdict != FEEDS_TAKE)
        return feeds_desk_fail(s, why, verdict == FEEDS_REFUSED ? "refused" : "failed");
    s->ask = (struct module_feed_ask){.id = s->feed.id,
        .zone = conf->default_zone,
        .now_ms = clock_real_ms()};
    s->work = (struct aside_work){.name = "a subscribed calendar",
        .read = s->desk->reader->read,
        .arg = &s->ask,
        .in = buf_text(&s->body),
        .len = s->body.len,
        .time_ms = FEEDS_DESK_PARSE_MS,
        .memory = FEEDS_DESK_MEMORY,
        .out_max = FEEDS_DESK_OUT_MAX,
        .conf = conf,
        .owner = scoreboard_owner(s->uid)};
    s->stage = FEEDS_PARSE;
    if (aside_start(&s->aside, s->desk->reactor, &s->work, feeds_desk_on_read, s))
        feeds_desk_clear(s);
}

/* ---- writing ---- */

/* The head of what the child said. */
static void feeds_desk_parsed(struct feeds_desk_slot *s)
{
    const char *text = buf_text(&s->parts);
    int used = 0;

    buf_free(&s->body);
    if (s->error == ERR_NOMEM || s->error == ERR_IO)
        return feeds_desk_clear(s);
    if (s->error)
        return feeds_desk_fail(s,
            s->error == ERR_DEADLINE  ? "To read the file takes too long." :
                s->error == ERR_LIMIT ? "The file holds too much." :
                                        "The process that read the file ended over it.",
            "refused");
    if (*text == '!') {
        const char *why = arena_strdup(s->arena, text + 1);
        return why ? feeds_desk_fail(s, why, "refused") : feeds_desk_clear(s);
    }
    if (sscanf(text, "%" SCNd64 " %" SCNd64 " %" SCNd64 "\n%n", &s->wish_ms, &s->events, &s->left,
            &used) < 3 ||
        used == 0)
        return feeds_desk_fail(s, "The process that read the file ended over it.", "refused");
    s->at = text + used;
    ident_uuid7(s->gen);
    s->stage = FEEDS_WRITE;
}

static void feeds_desk_show(struct feeds_desk_slot *s)
{
    const struct feed before = s->feed;
    struct feeds_end end = {.gen = s->number > 0 ? s->gen : "", .parts = s->number};

    feeds_desk_good(s);
    s->feed.etag = s->etag;
    s->feed.modified = s->modified;
    s->feed.index = buf_text(&s->index);
    s->feed.events = s->events;
    s->feed.left = s->left;
    s->feed.bytes = s->bytes;
    s->feed.refresh_ms = s->wish_ms;
    end.wait_ms = feeds_desk_wait(&s->feed, -1);
    int error = feeds_desk_settle(s, &end, "changed");
    if (!error)
        return;
    s->feed = before;
    if (error == ERR_FULL)
        feeds_desk_fail(s, "The events of all subscribed calendars together are too large.",
            "refused");
    else
        feeds_desk_clear(s); /* a part has expired: the claim runs out, and it begins anew */
}

/* One part a step. */
static void feeds_desk_write(struct feeds_desk_slot *s)
{
    long long from, until;
    int used = 0, error;
    jdoc *events = NULL;

    if (!*s->at)
        return feeds_desk_show(s);
    const char *stop = strchr(s->at, '\n');
    if (!stop || sscanf(s->at, "%lld %lld %n", &from, &until, &used) < 2 || used == 0 ||
        s->at + used >= stop || s->at[used] != '[')
        return feeds_desk_fail(s, "The process that read the file ended over it.", "refused");
    const struct feeds_put part = {.gen = s->gen,
        .number = s->number,
        .text = s->at + used,
        .len = (size_t)(stop - s->at - used)};
    error = jdoc_parse(part.text, part.len, &events, NULL, 0);
    jdoc_free(events);
    if (error)
        return error == ERR_NOMEM ?
            feeds_desk_clear(s) :
            feeds_desk_fail(s, "The process that read the file ended over it.", "refused");
    fault_in(s->desk->store->conf, "feed", part.text, part.len);
    error = feeds_put_part(s->desk->store, s->uid, &s->feed, &part);
    if (error)
        return feeds_desk_clear(s);
    buf_printf(&s->index, "%lld %lld\n", from, until);
    s->bytes += (int64_t)part.len;
    s->number++;
    s->at = stop + 1;
    if (buf_error(&s->index))
        feeds_desk_clear(s);
}

/* ---- what is due ---- */

static bool feeds_desk_host_is_full(const struct feeds_desk *d, const char *host)
{
    size_t count = 0;

    for (size_t i = 0; i < FEEDS_DESK_MAX; i++)
        count += d->slots[i].stage != FEEDS_FREE && strcmp(d->slots[i].host, host) == 0;
    return count >= FEEDS_DESK_HOST_MAX;
}

static bool feeds_desk_user_is_full(const struct feeds_desk *d, const char *uid)
{
    size_t count = 0;

    for (size_t i = 0; i < FEEDS_DESK_MAX; i++)
        count += d->slots[i].stage != FEEDS_FREE && strcmp(d->slots[i].uid, uid) == 0;
    return count >= FEEDS_DESK_USER_MAX;
}

static struct feeds_desk_slot *feeds_desk_free_slot(struct feeds_desk *d)
{
    for (size_t i = 0; i < FEEDS_DESK_MAX; i++)
        if (d->slots[i].stage == FEEDS_FREE)
            return &d->slots[i];
    return NULL;
}

/* Its host, or its user, has its share: it comes later, and nothing is said of it. */
static void feeds_desk_put_off(struct feeds_desk *d, const char *uid, const struct feed *feed)
{
    struct feeds_end end = {.wait_ms = FEEDS_DESK_CROWD_MS +
            (int64_t)(scoreboard_owner(feed->id) % FEEDS_DESK_CROWD_MS)};
    int error = feeds_settle(d->store, uid, feed, &end);

    if (error)
        log_debug("calendar %s of user %s: %s", feed->id, uid, err_text(error));
}

static void feeds_desk_begin(struct feeds_desk *d, const char *uid, const struct feed *feed,
    struct arena *arena)
{
    struct feeds_desk_slot *s = feeds_desk_free_slot(d);
    char host[sizeof s->host] = "";

    if (http_url_host(feed->url, host, sizeof host) || !s || feeds_desk_host_is_full(d, host) ||
        feeds_desk_user_is_full(d, uid)) {
        feeds_desk_put_off(d, uid, feed);
        arena_free(arena);
        return;
    }
    s->arena = arena;
    s->feed = *feed;
    s->retry_after_ms = -1;
    snprintf(s->uid, sizeof s->uid, "%.*s", IDENT_USER_MAX, uid);
    memcpy(s->host, host, sizeof host);
    if (!desk_guard_await(&s->guard, "a subscribed calendar", feed->url))
        return feeds_desk_fail(s, "To fetch it has ended a process of ours.", "refused");
    s->stage = FEEDS_FETCH;
    if (feeds_desk_fetch(s))
        feeds_desk_fail(s, "The server could not be asked.", "failed");
}

/* One after the other, so that each has memory of its own. wait_ms: out, until the user is worth
 * another look; -1 = never. */
static int feeds_desk_attempt(struct feeds_desk *d, const char *uid, int64_t *wait_ms)
{
    int error = 0;

    *wait_ms = FEEDS_DESK_FULL_MS;
    for (size_t i = 0; i < FEEDS_CLAIM_MAX && feeds_desk_free_slot(d); i++) {
        struct arena *arena = arena_new();
        struct feeds claimed = {0};

        error = arena ? feeds_claim(d->store, uid, 1, arena, &claimed, wait_ms) : ERR_NOMEM;
        if (!error && claimed.count > 0) {
            feeds_desk_begin(d, uid, &claimed.all[0], arena);
            continue;
        }
        if (arena)
            arena_free(arena);
        break;
    }
    if (!error && *wait_ms == 0)
        *wait_ms = FEEDS_DESK_FULL_MS;
    return error;
}

static int feeds_desk_attempt_near(struct feeds_desk *d, const char *uid, int64_t *wait_ms)
{
    int error = 0;

    *wait_ms = FEEDS_DESK_FULL_MS;
    if (hints_is_away(d->store, uid))
        return 0;
    if (!desk_guard_enter("subscribed calendars", uid, uid)) {
        *wait_ms = FEEDS_DESK_CRASHED_MS;
        return 0;
    }
    error = feeds_desk_attempt(d, uid, wait_ms);
    desk_guard_leave();
    hints_told_user(d->store, uid, error);
    return hints_is_away(d->store, uid) ? 0 : error;
}

static int feeds_desk_look(struct feeds_desk *d, bool *more)
{
    struct hints_due hints[FEEDS_DESK_MAX];
    size_t room = FEEDS_DESK_MAX - feeds_desk_open(d), count = 0;
    int error = room == 0 ? 0 : feeds_due(d->store, hints, room, &count);
    int64_t wait;

    *more = count > 0 && count == room;
    for (size_t i = 0; !error && i < count; i++) {
        error = feeds_desk_attempt_near(d, hints[i].uid, &wait);
        if (!error)
            feeds_later(d->store, &hints[i], wait);
    }
    return error;
}

/* Goes on with one. Returns whether it has more to do at once. */
static bool feeds_desk_go_on(struct feeds_desk_slot *s)
{
    if (s->stage == FEEDS_FETCHED)
        feeds_desk_fetched(s);
    else if (s->stage == FEEDS_PARSED)
        feeds_desk_parsed(s);
    else if (s->stage == FEEDS_WRITE &&
        !desk_guard_enter("a subscribed calendar", s->uid, s->feed.id))
        feeds_desk_fail(s, "To read it has ended a process of ours.", "refused");
    else if (s->stage == FEEDS_WRITE)
        feeds_desk_write(s);
    desk_guard_leave();
    return s->stage == FEEDS_WRITE;
}

int64_t feeds_desk_step(struct feeds_desk *d, int64_t mono_ms)
{
    bool more = false, busy = false;

    if (!d->reader)
        return INT64_MAX;
    for (size_t i = 0; i < FEEDS_DESK_MAX; i++)
        busy |= feeds_desk_go_on(&d->slots[i]);
    if (mono_ms >= d->look_ms) {
        int error = feeds_desk_look(d, &more);

        d->look_ms = mono_ms + (more && !error ? FEEDS_DESK_MORE_MS : FEEDS_DESK_LOOK_MS);
        if (error)
            log_limited(LOG_LEVEL_WARN, "cannot look for subscribed calendars: %s",
                err_text(error));
    }
    return busy ? mono_ms : d->look_ms;
}
