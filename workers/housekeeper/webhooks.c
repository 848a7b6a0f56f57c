/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/housekeeper/webhooks.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "process/fault.h"
#include "process/measure.h"
#include "store/hints.h"
#include "store/turns.h"
#include "store/webhooks.h"
#include "wire/http/http.h"
#include "workers/housekeeper/desk_guard.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MS 1000
#define MORE_MS 50
#define FULL_MS 200           /* until a delivery that found no room is looked at again */
#define DELIVERIES_MAX 32     /* on their way at once */
#define DELIVERIES_USER_MAX 8 /* of one user, whose receiver may stall every one of them */
#define ASKED_MAX 64          /* turns whose end was announced; more are found by their hints */
#define ASKED_USER_MAX 16     /* of one user */
#define CONNECT_MS 5000
#define TOTAL_MS 10000
#define ANSWER_MAX 65536 /* bytes of an answer, which nobody reads */
#define BACK_OFF_MAX_MS 3600000

_Static_assert(WEBHOOKS_LEASE_MS > TOTAL_MS + 5000, "a claim outlives its try");

struct delivery {
    struct webhooks_desk *desk;
    struct http_transfer *transfer; /* NULL = free */
    struct webhooks_try try;
};

struct webhooks_desk {
    struct store *store;
    struct reactor *reactor;
    struct http_client *http; /* made with the first delivery */
    struct delivery deliveries[DELIVERIES_MAX];
    struct webhooks_hint asked[ASKED_MAX];
    size_t asked_count;
    int64_t look_ms;
};

int webhooks_desk_new(struct webhooks_desk **out, struct store *store, struct reactor *reactor)
{
    struct webhooks_desk *d = calloc(1, sizeof *d);

    *out = d;
    if (!d)
        return ERR_NOMEM;
    d->store = store;
    d->reactor = reactor;
    return 0;
}

void webhooks_desk_free(struct webhooks_desk *d)
{
    if (!d)
        return;
    http_free(d->http);
    free(d);
}

void webhooks_desk_wake(struct webhooks_desk *d, const char *uid, const char *turn)
{
    struct webhooks_hint *hint = &d->asked[d->asked_count];
    size_t own = 0;

    for (size_t i = 0; i < d->asked_count; i++)
        own += strcmp(d->asked[i].uid, uid) == 0;
    if (d->asked_count == ASKED_MAX || own == ASKED_USER_MAX)
        return; /* its hint is found by itself */
    snprintf(hint->uid, sizeof hint->uid, "%s", uid);
    snprintf(hint->turn, sizeof hint->turn, "%s", turn);
    d->asked_count++;
}

size_t webhooks_desk_open(const struct webhooks_desk *d)
{
    size_t count = 0;

    for (size_t i = 0; i < DELIVERIES_MAX; i++)
        count += d->deliveries[i].transfer != NULL;
    return count;
}

int64_t webhooks_back_off(unsigned number, int64_t retry_after_ms)
{
    static const int64_t delays[WEBHOOKS_TRIES - 1] = {5000, 300000, 3600000, 3600000, 3600000,
        3600000, 3600000};
    int64_t delay = delays[number == 0 ? 0 :
            number < WEBHOOKS_TRIES    ? number - 1 :
                                         WEBHOOKS_TRIES - 2];

    if (retry_after_ms > delay)
        delay = retry_after_ms < BACK_OFF_MAX_MS ? retry_after_ms : BACK_OFF_MAX_MS;
    return delay;
}

int webhooks_sign(const char *secret, const char *id, int64_t seconds, const char *body, size_t len,
    char out[WEBHOOKS_SIGNATURE_SIZE])
{
    struct buf text = {0};

    buf_printf(&text, "%s.%" PRId64 ".", id, seconds);
    buf_put(&text, body, len);
    int error = buf_error(&text);
    if (error == 0) {
        memcpy(out, "v1=", 3);
        ident_hmac_sha256_hex(secret, strlen(secret), text.data, text.len, out + 3);
    }
    buf_free(&text);
    return error;
}

/* --- one delivery --- */

static const char *webhooks_outcome_name(enum webhooks_outcome outcome)
{
    switch (outcome) {
    case WEBHOOKS_DELIVERED:
        return "delivered";
    case WEBHOOKS_GONE:
        return "gone";
    case WEBHOOKS_AGAIN:
        return "retried";
    default:
        return "failed";
    }
}

static void webhooks_conclude(struct webhooks_desk *d, const struct webhooks_try *try,
    enum webhooks_outcome outcome, int64_t retry_after_ms, const char *why)
{
    int64_t wait = webhooks_back_off(try->number, retry_after_ms);

    if (outcome == WEBHOOKS_AGAIN && try->number >= WEBHOOKS_TRIES)
        outcome = WEBHOOKS_FAILED;
    if (outcome == WEBHOOKS_FAILED)
        log_warn("webhook of turn %s of user %s: given up after try %u: %s", try->of.turn,
            try->of.uid, try->number, why);
    else if (outcome == WEBHOOKS_AGAIN)
        log_info("webhook of turn %s: try %u failed, again in %" PRId64 " s: %s", try->of.turn,
            try->number, wait / 1000, why);
    else
        log_debug("webhook of turn %s: %s at try %u", try->of.turn, why, try->number);
    measure_count(MEASURE_WEBHOOKS, webhooks_outcome_name(outcome));
    int error = webhooks_settle(d->store, try, outcome, wait);
    if (error != 0) /* the claim runs out, then it is sent once more */
        log_limited(LOG_LEVEL_WARN, "webhook of turn %s: its outcome could not be stored: %s",
            try->of.turn, err_text(error));
}

static int webhooks_on_body(void *arg, long status, const char *bytes, size_t len)
{
    (void)arg;
    (void)status;
    (void)bytes;
    (void)len;
    return 0;
}

static void webhooks_on_done(void *arg, const struct http_result *result)
{
    struct delivery *delivery = arg;
    char why[256];

    delivery->transfer = NULL;
    delivery->try.status = (int)result->status;
    /* The status counts, also when what follows it is too long or breaks off. */
    if (result->status == 0)
        snprintf(why, sizeof why, "%s", result->why[0] ? result->why : err_text(result->error));
    else
        snprintf(why, sizeof why, "status %ld", result->status);
    if (result->status >= 200 && result->status < 300)
        webhooks_conclude(delivery->desk, &delivery->try, WEBHOOKS_DELIVERED, -1, why);
    else if (result->status == 410)
        webhooks_conclude(delivery->desk, &delivery->try, WEBHOOKS_GONE, -1, why);
    else if (result->error == ERR_FORBIDDEN)
        webhooks_conclude(delivery->desk, &delivery->try, WEBHOOKS_FAILED, -1, why);
    else
        webhooks_conclude(delivery->desk, &delivery->try, WEBHOOKS_AGAIN, result->retry_after_ms,
            why);
    delivery->desk->look_ms = 0; /* there is room for another one */
}

static int webhooks_send_signed(struct delivery *delivery, const char *body, size_t len)
{
    struct webhooks_desk *d = delivery->desk;
    const struct conf *conf = d->store->conf;
    char id[64], timestamp[64], signature[32 + WEBHOOKS_SIGNATURE_SIZE];
    char value[WEBHOOKS_SIGNATURE_SIZE], trace[16 + IDENT_TRACEPARENT_SIZE];
    int64_t seconds = clock_real_ms() / 1000;
    int error =
        webhooks_sign(conf->webhook_secret, delivery->try.of.turn, seconds, body, len, value);

    if (error == 0 && !d->http)
        error = http_new(&d->http, d->reactor);
    if (error != 0)
        return error;
    snprintf(id, sizeof id, "Turnpike-Id: %s", delivery->try.of.turn);
    snprintf(timestamp, sizeof timestamp, "Turnpike-Timestamp: %" PRId64, seconds);
    snprintf(signature, sizeof signature, "Turnpike-Signature: %s", value);
    snprintf(trace, sizeof trace, "traceparent: %s", delivery->try.traceparent);
    const char *const headers[] = {"Content-Type: application/json", "User-Agent: Turnpike-Webhook",
        id, timestamp, signature, *delivery->try.traceparent ? trace : NULL, NULL};
    const struct http_request request = {
        .method = "POST",
        .url = delivery->try.url,
        .headers = headers,
        .body = body,
        .body_len = len,
        .connect_timeout_ms = CONNECT_MS,
        .total_timeout_ms = TOTAL_MS,
        .max_bytes = ANSWER_MAX,
        .public_only = !conf->webhook_allow_private,
        .on_body = webhooks_on_body,
        .on_done = webhooks_on_done,
        .arg = delivery,
    };
    return http_start(d->http, &request, &delivery->transfer);
}

static void webhooks_deliver(struct delivery *delivery)
{
    struct webhooks_desk *d = delivery->desk;
    const struct webhooks_try *try = &delivery->try;
    struct buf body = {0};
    int error = turns_describe(d->store, try->of.uid, try->of.turn, &body);

    fault_in(d->store->conf, "webhook", try->url, strlen(try->url));
    if (error == 0)
        error = webhooks_send_signed(delivery, body.data, body.len);
    buf_free(&body);
    if (error == 0)
        return;
    delivery->transfer = NULL;
    webhooks_conclude(d, try,
        error == ERR_NOT_FOUND || error == ERR_INVALID ? WEBHOOKS_FAILED : WEBHOOKS_AGAIN, -1,
        err_text(error));
}

/* The claim counts as a try, so a turn's webhook ends this process WEBHOOKS_TRIES times at most. */
static void webhooks_deliver_guarded(struct delivery *delivery)
{
    const struct webhooks_try *try = &delivery->try;

    if (!desk_guard_enter("a webhook", try->of.uid, try->of.turn)) {
        webhooks_conclude(delivery->desk, try, WEBHOOKS_AGAIN, -1, "processes died in such work");
        return;
    }
    webhooks_deliver(delivery);
    desk_guard_leave();
}

/* --- what is due --- */

static bool webhooks_is_full_for(const struct webhooks_desk *d, const char *uid)
{
    size_t own = 0;

    for (size_t i = 0; i < DELIVERIES_MAX; i++)
        own += d->deliveries[i].transfer && !strcmp(d->deliveries[i].try.of.uid, uid);
    return own >= DELIVERIES_USER_MAX;
}

/* NULL when the desk, or this user's share of it, is full. */
static struct delivery *webhooks_free_delivery(struct webhooks_desk *d, const char *uid)
{
    if (webhooks_is_full_for(d, uid))
        return NULL;
    for (size_t i = 0; i < DELIVERIES_MAX; i++)
        if (!d->deliveries[i].transfer)
            return &d->deliveries[i];
    return NULL;
}

/* Returns an ERR_STORE* error, else 0. */
static int webhooks_attempt(struct webhooks_desk *d, const struct webhooks_hint *hint)
{
    struct delivery *delivery = webhooks_free_delivery(d, hint->uid);
    int64_t wait;

    if (!delivery) {
        webhooks_later(d->store, hint, FULL_MS);
        return 0;
    }
    delivery->desk = d;
    int error = webhooks_claim(d->store, hint, &delivery->try, &wait);
    if (error == 0) {
        webhooks_deliver_guarded(delivery);
    } else if (error == ERR_NOT_FOUND) {
        webhooks_later(d->store, hint, -1);
        error = 0;
    } else if (error == ERR_NOT_YET) {
        webhooks_later(d->store, hint, wait);
        error = 0;
    }
    return error;
}

/* The same; nobody waits for the node of another user that is away. */
static int webhooks_attempt_near(struct webhooks_desk *d, const struct webhooks_hint *hint)
{
    int error = 0;

    if (!hints_is_away(d->store, hint->uid)) {
        error = webhooks_attempt(d, hint);
        hints_told_user(d->store, hint->uid, error);
    }
    if (!hints_is_away(d->store, hint->uid))
        return error;
    webhooks_later(d->store, hint, FULL_MS);
    return 0;
}

static int webhooks_attempt_asked(struct webhooks_desk *d)
{
    int error = 0;

    for (size_t i = 0; i < d->asked_count && error == 0; i++)
        error = webhooks_attempt_near(d, &d->asked[i]);
    d->asked_count = 0; /* what was not begun is found by its hint */
    return error;
}

/* Users who have their share of the desk: each of them once. */
static size_t webhooks_full_users(const struct webhooks_desk *d,
    const char *full[WEBHOOKS_FULL_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < DELIVERIES_MAX && count < WEBHOOKS_FULL_MAX; i++) {
        const char *uid = d->deliveries[i].try.of.uid;
        bool known = false;

        for (size_t k = 0; k < count; k++)
            known = known || strcmp(full[k], uid) == 0;
        if (!known && d->deliveries[i].transfer && webhooks_is_full_for(d, uid))
            full[count++] = uid;
    }
    return count;
}

/* more: out, whether there may be others that are due. */
static int webhooks_attempt_due(struct webhooks_desk *d, bool *more)
{
    struct webhooks_hint hints[DELIVERIES_MAX];
    const char *full[WEBHOOKS_FULL_MAX];
    struct webhooks_look look = {.max = DELIVERIES_MAX - webhooks_desk_open(d),
        .full = full,
        .full_count = webhooks_full_users(d, full)};
    size_t count = 0;
    int error = look.max == 0 ? 0 : webhooks_due(d->store, &look, hints, &count);

    *more = count > 0 && count == look.max;
    for (size_t i = 0; i < count && error == 0; i++)
        error = webhooks_attempt_near(d, &hints[i]);
    return error;
}

int64_t webhooks_desk_step(struct webhooks_desk *d, int64_t mono_ms)
{
    /* Without the secret nothing can be signed; the hints wait for a configuration that has it. */
    if (d->store->conf->webhook_secret[0] == '\0') {
        d->asked_count = 0;
        return mono_ms + LOOK_MS;
    }
    bool more = false;
    int error = webhooks_attempt_asked(d);
    if (mono_ms < d->look_ms && error == 0)
        return d->look_ms;
    if (error == 0)
        error = webhooks_attempt_due(d, &more);
    d->look_ms = mono_ms + (more && error == 0 ? MORE_MS : LOOK_MS);
    if (error != 0)
        log_limited(LOG_LEVEL_WARN, "cannot look for webhooks: %s", err_text(error));
    return d->look_ms;
}
