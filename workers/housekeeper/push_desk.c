/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/housekeeper/push_desk.h"

#include "base/arena.h"
#include "base/backoff.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "base/log.h"
#include "process/auth_mark.h"
#include "process/measure.h"
#include "process/revoked.h"
#include "process/webpush.h"
#include "store/hints.h"
#include "store/pushes.h"
#include "wire/http/http.h"
#include "workers/housekeeper/desk_guard.h"
#include "workers/housekeeper/push_letter.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PUSH_DESK_LOOK_MS 1000
#define PUSH_DESK_MORE_MS 50
#define PUSH_DESK_FULL_MS 200 /* until a user who found no room is looked at again */
#define PUSH_DESK_CRASHED_MS 60000
#define PUSH_DESK_MAX 32       /* on their way at once */
#define PUSH_DESK_USER_MAX 4   /* of one user, whose push service may stall every one of them */
#define PUSH_DESK_ASKED_MAX 64 /* users of whom a notice came; more are found by their hints */
#define PUSH_DESK_CONNECT_MS 5000
#define PUSH_DESK_TOTAL_MS 10000
#define PUSH_DESK_ANSWER_MAX 65536 /* bytes of an answer, which nobody reads */
#define PUSH_DESK_FIRST_MS 30000
#define PUSH_DESK_BACK_OFF_MAX_MS 3600000

_Static_assert(PUSHES_LEASE_MS > PUSH_DESK_TOTAL_MS + 5000, "a claim outlives its try");
_Static_assert(PUSH_DESK_USER_MAX <= PUSHES_CLAIM_MAX, "a claim has room for a user's share");

struct push_desk_transfer {
    struct push_desk *desk;
    struct http_transfer *transfer; /* NULL = free */
    struct pushes_try try;          /* without its texts */
};

struct push_desk {
    struct store *store;
    struct reactor *reactor;
    struct webpush_key *key;  /* NULL = the desk is shut */
    struct http_client *http; /* made with the first push */
    struct arena *arena;      /* of one look */
    struct revoked_watch revoked;
    struct push_desk_transfer transfers[PUSH_DESK_MAX];
    char asked[PUSH_DESK_ASKED_MAX][IDENT_USER_MAX + 1];
    size_t asked_count;
    int64_t look_ms;
};

int push_desk_new(struct push_desk **out, struct store *store, struct reactor *reactor)
{
    struct push_desk *d = calloc(1, sizeof *d);

    *out = d;
    if (!d)
        return ERR_NOMEM;
    d->store = store;
    d->reactor = reactor;
    d->revoked.conf = store->conf;
    d->arena = arena_new();
    if (!d->arena)
        return ERR_NOMEM;
    if (*store->conf->push_key && webpush_key_read(store->conf->push_key, &d->key) != 0)
        log_error("push.key is no private key of P-256 in PEM: nothing is pushed");
    return 0;
}

void push_desk_free(struct push_desk *d)
{
    if (!d)
        return;
    http_free(d->http);
    webpush_key_free(d->key);
    revoked_watch_fini(&d->revoked);
    if (d->arena)
        arena_free(d->arena);
    free(d);
}

void push_desk_wake(struct push_desk *d, const char *uid)
{
    for (size_t i = 0; i < d->asked_count; i++)
        if (strcmp(d->asked[i], uid) == 0)
            return;
    if (d->key && d->asked_count < PUSH_DESK_ASKED_MAX)
        snprintf(d->asked[d->asked_count++], sizeof *d->asked, "%s", uid);
}

size_t push_desk_open(const struct push_desk *d)
{
    size_t count = 0;

    for (size_t i = 0; i < PUSH_DESK_MAX; i++)
        count += d->transfers[i].transfer != NULL;
    return count;
}

int64_t push_desk_back_off(unsigned number, int64_t retry_after_ms)
{
    /* Four times as long each time. */
    int64_t delay = backoff_delay(PUSH_DESK_FIRST_MS, PUSH_DESK_BACK_OFF_MAX_MS,
        number > 0 ? 2 * number - 1 : 0);

    if (retry_after_ms > delay)
        delay =
            retry_after_ms < PUSH_DESK_BACK_OFF_MAX_MS ? retry_after_ms : PUSH_DESK_BACK_OFF_MAX_MS;
    return delay;
}

/* ---- one push ---- */

struct push_desk_reason {
    const char *word; /* how the try is counted, when it is not the last one in vain */
    const char *why;
    int64_t retry_after_ms; /* the service's wish, or -1 */
};
/* Of what the push service answered. */
static const char *const push_desk_words[] = {[PUSHES_AGAIN] = "retried",
    [PUSHES_DONE] = "delivered",
    [PUSHES_FAILED] = "refused",
    [PUSHES_GONE] = "gone"};

static void push_desk_conclude(struct push_desk *d, const struct pushes_try *try,
    enum pushes_outcome outcome, const struct push_desk_reason *reason)
{
    int64_t wait = push_desk_back_off(try->number, reason->retry_after_ms);
    bool over = outcome == PUSHES_AGAIN && try->number >= PUSHES_TRIES, removed = false;

    measure_count(MEASURE_PUSHES, over ? "failed" : reason->word);
    if (over) {
        log_warn("push %s to user %s: given up after try %u: %s", try->member, try->uid,
            try->number, reason->why);
        outcome = PUSHES_FAILED;
    } else {
        log_debug("push %s to user %s: try %u: %s", try->member, try->uid, try->number,
            reason->why);
    }
    int error = pushes_settle(d->store, try, outcome, wait, &removed);
    if (error != 0) /* the claim runs out, then it is sent once more */
        log_limited(LOG_LEVEL_WARN, "push to user %s: its outcome could not be stored: %s",
            try->uid, err_text(error));
    if (!removed)
        return;
    measure_count(MEASURE_PUSHES, "removed");
    log_warn("push %s to user %s: nothing was delivered for a week: the subscription is removed",
        try->member, try->uid);
}

/* RFC 8030, section 7.3: 404 and 410 end a subscription. Other refusals are of this push alone. */
static enum pushes_outcome push_desk_outcome(const struct http_result *result)
{
    long status = result->status;

    if (status >= 200 && status < 300)
        return PUSHES_DONE;
    if (status == 404 || status == 410 || result->error == ERR_FORBIDDEN)
        return PUSHES_GONE;
    return status >= 400 && status < 500 && status != 408 && status != 429 ? PUSHES_FAILED :
                                                                             PUSHES_AGAIN;
}

static int push_desk_on_body(void *arg, long status, const char *bytes, size_t len)
{
    (void)arg;
    (void)status;
    (void)bytes;
    (void)len;
    return 0;
}

static void push_desk_on_done(void *arg, const struct http_result *result)
{
    struct push_desk_transfer *t = arg;
    enum pushes_outcome outcome = push_desk_outcome(result);
    char why[256];
    const struct push_desk_reason reason = {push_desk_words[outcome], why, result->retry_after_ms};

    t->transfer = NULL;
    if (result->status == 0)
        snprintf(why, sizeof why, "%s", result->why[0] ? result->why : err_text(result->error));
    else
        snprintf(why, sizeof why, "status %ld", result->status);
    if (outcome == PUSHES_FAILED)
        log_limited(LOG_LEVEL_WARN, "a push service refuses what we send: %s", why);
    push_desk_conclude(t->desk, &t->try, outcome, &reason);
    push_desk_wake(t->desk, t->try.uid); /* there is room for the user's next one */
    t->desk->look_ms = 0;
}

/* Headers that live until http_start has copied them. */
struct push_desk_headers {
    char ttl[32], topic[64], urgency[32];
    struct buf authorization;
};

static int push_desk_post(struct push_desk_transfer *t, const char *endpoint,
    const struct push_letter *letter, const struct buf *body)
{
    struct push_desk *d = t->desk;
    const struct conf *conf = d->store->conf;
    struct push_desk_headers h = {.ttl = ""};
    int error = 0;

    snprintf(h.ttl, sizeof h.ttl, "TTL: %d", letter->ttl_s);
    snprintf(h.topic, sizeof h.topic, "Topic: %s", letter->topic);
    snprintf(h.urgency, sizeof h.urgency, "Urgency: %s", letter->urgency);
    buf_puts(&h.authorization, "Authorization: ");
    error = webpush_vapid(d->key, endpoint, conf->push_subject, clock_real_ms(), &h.authorization);
    const char *const headers[] = {"Content-Type: application/octet-stream",
        "Content-Encoding: aes128gcm", "User-Agent: Turnpike-Push", h.ttl, h.topic, h.urgency,
        buf_text(&h.authorization), NULL};
    const struct http_request request = {
        .method = "POST",
        .url = endpoint,
        .headers = headers,
        .body = body->data,
        .body_len = body->len,
        .connect_timeout_ms = PUSH_DESK_CONNECT_MS,
        .total_timeout_ms = PUSH_DESK_TOTAL_MS,
        .max_bytes = PUSH_DESK_ANSWER_MAX,
        .public_only = !conf->push_allow_private,
        .on_body = push_desk_on_body,
        .on_done = push_desk_on_done,
        .arg = t,
    };
    if (error == 0 && !d->http)
        error = http_new(&d->http, d->reactor);
    if (error == 0)
        error = http_start(d->http, &request, &t->transfer);
    buf_free(&h.authorization);
    return error;
}

static int push_desk_seal(const jdoc *subscription, const struct buf *text, struct buf *body)
{
    struct webpush_receiver to;
    struct webpush_once once;
    int error = webpush_receiver_read(jdoc_text_or(subscription, "p256dh", ""),
        jdoc_text_or(subscription, "auth", ""), &to);

    if (error == 0)
        error = webpush_once_make(&once);
    return error ? error : webpush_encrypt(&to, &once, text->data, text->len, body);
}

/* Whether the credential that subscribed has been revoked. One that names none is older than every
 * credential. */
static bool push_desk_is_revoked(struct push_desk *d, const char *uid, const jdoc *subscription)
{
    const char *by = jdoc_text_or(subscription, "by", "");
    struct auth_mark mark = {0};

    if (*by && (!auth_mark_read(by, &mark) || !mark.kind))
        return false;
    revoked_watch_look(&d->revoked);
    return revoked_has(&d->revoked, uid, mark.id, mark.issued_ms);
}

static int push_desk_write(struct push_desk_transfer *t, const struct pushes_try *try)
{
    const struct push_letter_of of = {t->desk->key, try->uid, try->member, try->item,
        clock_real_ms()};
    struct push_letter letter;
    struct buf body = {0};
    jdoc *subscription = NULL;
    int error = push_letter_write(&of, &letter);

    if (error == 0)
        error = jdoc_parse(try->subscription, strlen(try->subscription), &subscription, NULL, 0);
    if (error == 0 && push_desk_is_revoked(t->desk, try->uid, subscription))
        error = ERR_AUTH;
    if (error == 0 && jdoc_has(subscription, "ends_ms") &&
        jdoc_int_or(subscription, "ends_ms", 0) <= clock_real_ms())
        error = ERR_ELAPSED;
    if (error == 0)
        error = push_desk_seal(subscription, &letter.text, &body);
    if (error == 0)
        error = push_desk_post(t, jdoc_text_or(subscription, "endpoint", ""), &letter, &body);
    jdoc_free(subscription);
    buf_free(&body);
    push_letter_free(&letter);
    return error;
}

static void push_desk_deliver(struct push_desk_transfer *t, const struct pushes_try *try)
{
    t->try = *try;
    t->try.item = t->try.subscription = NULL;
    int error = push_desk_write(t, try);
    if (error == 0)
        return;
    t->transfer = NULL;
    const enum pushes_outcome outcome = error == ERR_AUTH || error == ERR_ELAPSED ? PUSHES_GONE :
        error == ERR_INVALID                                                      ? PUSHES_FAILED :
                                                                                    PUSHES_AGAIN;
    const struct push_desk_reason reason = {error == ERR_ELAPSED ? "expired" :
                                                                   push_desk_words[outcome],
        err_text(error), -1};
    push_desk_conclude(t->desk, try, outcome, &reason);
}

/* ---- what is due ---- */

/* How many this user may have on their way beside those that are. */
static size_t push_desk_room(const struct push_desk *d, const char *uid)
{
    size_t own = 0, left = PUSH_DESK_MAX - push_desk_open(d);

    for (size_t i = 0; i < PUSH_DESK_MAX; i++)
        own += d->transfers[i].transfer && strcmp(d->transfers[i].try.uid, uid) == 0;
    if (own >= PUSH_DESK_USER_MAX)
        return 0;
    return left < PUSH_DESK_USER_MAX - own ? left : PUSH_DESK_USER_MAX - own;
}

static struct push_desk_transfer *push_desk_free_transfer(struct push_desk *d)
{
    size_t i = 0;

    while (d->transfers[i].transfer)
        i++; /* there is room: pushes_claim was told how much */
    d->transfers[i].desk = d;
    return &d->transfers[i];
}

/* wait_ms: out, until the user is worth another look; -1 = nothing waits. */
static int push_desk_attempt(struct push_desk *d, const char *uid, int64_t *wait_ms)
{
    struct pushes_claimed claimed = {.max = push_desk_room(d, uid)};

    *wait_ms = PUSH_DESK_FULL_MS;
    if (claimed.max == 0)
        return 0;
    if (!desk_guard_enter("a push", uid, uid)) {
        *wait_ms = PUSH_DESK_CRASHED_MS;
        return 0;
    }
    int error = pushes_claim(d->store, uid, d->arena, &claimed);
    for (size_t i = 0; error == 0 && i < claimed.count; i++)
        push_desk_deliver(push_desk_free_transfer(d), &claimed.tries[i]);
    *wait_ms = claimed.wait_ms == 0 ? PUSH_DESK_FULL_MS : claimed.wait_ms;
    arena_reset(d->arena);
    desk_guard_leave();
    return error;
}

/* The same; nobody waits for the node of another user that is away. */
static int push_desk_attempt_near(struct push_desk *d, const char *uid, int64_t *wait_ms)
{
    int error = 0;

    if (!hints_is_away(d->store, uid)) {
        error = push_desk_attempt(d, uid, wait_ms);
        hints_told_user(d->store, uid, error);
    }
    if (!hints_is_away(d->store, uid))
        return error;
    *wait_ms = PUSH_DESK_FULL_MS;
    return 0;
}

static int push_desk_attempt_asked(struct push_desk *d)
{
    int error = 0;
    int64_t wait;

    for (size_t i = 0; i < d->asked_count && error == 0; i++)
        error = push_desk_attempt_near(d, d->asked[i], &wait);
    d->asked_count = 0; /* what was not begun is found by its hint */
    return error;
}

/* more: out, whether there may be others that are due. */
static int push_desk_attempt_due(struct push_desk *d, bool *more)
{
    struct hints_due hints[PUSH_DESK_MAX];
    size_t room = PUSH_DESK_MAX - push_desk_open(d), count = 0;
    int error = room == 0 ? 0 : pushes_due(d->store, hints, room, &count);
    int64_t wait = PUSH_DESK_FULL_MS;

    *more = count > 0 && count == room;
    for (size_t i = 0; i < count && error == 0; i++) {
        error = push_desk_attempt_near(d, hints[i].uid, &wait);
        if (error == 0)
            pushes_later(d->store, &hints[i], wait);
    }
    return error;
}

int64_t push_desk_step(struct push_desk *d, int64_t mono_ms)
{
    bool more = false;

    if (!d->key)
        return mono_ms + PUSH_DESK_LOOK_MS;
    int error = push_desk_attempt_asked(d);
    if (mono_ms < d->look_ms && error == 0)
        return d->look_ms;
    if (error == 0)
        error = push_desk_attempt_due(d, &more);
    d->look_ms = mono_ms + (more && error == 0 ? PUSH_DESK_MORE_MS : PUSH_DESK_LOOK_MS);
    if (error != 0)
        log_limited(LOG_LEVEL_WARN, "cannot look for pushes: %s", err_text(error));
    return d->look_ms;
}
