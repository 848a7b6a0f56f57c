/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/http/http_parts.h"

#include "base/clock.h"
#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>

void http_transfer_free(struct http_transfer *t)
{
    struct http_client *client = t->client;

    reactor_timer_clear(client->reactor, &t->deadline);
    if (t->added)
        curl_multi_remove_handle(client->multi, t->easy);
    if (t->back) {
        *t->back = t->next;
        if (t->next)
            t->next->back = t->back;
    }
    if (t->easy)
        curl_easy_cleanup(t->easy);
    curl_slist_free_all(t->headers);
    free(t->body);
    free(t);
}

void http_transfer_finish(struct http_transfer *t, int error, const char *why)
{
    struct http_result result = t->result;
    http_done_fn *on_done = t->on_done;
    struct task_ref task = t->task;
    void *arg = t->arg;

    long sent = 0;
    curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent);
    result.sent = sent > 0;
    result.error = error;
    snprintf(result.why, sizeof result.why, "%s", error ? why : "");
    http_transfer_free(t);
    if (!on_done)
        return;
    struct task *acted = task_ref_act(task);
    on_done(arg, &result);
    task_act(acted);
    task_ref_wake(task);
}

static int64_t http_transfer_earlier(int64_t a, int64_t b)
{
    return a && a < b ? a : b;
}

/* When the next deadline passes unless bytes come; INT64_MAX = never. */
static int64_t http_transfer_due(const struct http_transfer *t)
{
    int64_t due = INT64_MAX, idle_from = t->last_ms;

    if (t->total_ms)
        due = t->started_ms + t->total_ms;
    if (!t->last_ms && t->first_byte_ms)
        due = http_transfer_earlier(t->started_ms + t->first_byte_ms, due);
    if (!t->last_ms && !t->first_byte_ms)
        idle_from = t->started_ms;
    if (t->idle_ms && idle_from)
        due = http_transfer_earlier(idle_from + t->idle_ms, due);
    return due;
}

static void http_transfer_on_deadline(struct reactor_timer *timer);

void http_transfer_watch(struct http_transfer *t)
{
    int64_t due = http_transfer_due(t);
    if (due != INT64_MAX)
        reactor_timer_set(t->client->reactor, &t->deadline, due, http_transfer_on_deadline, t);
}

/* Bytes only note their time; the timer finds out here whether it is still early. */
static void http_transfer_on_deadline(struct reactor_timer *timer)
{
    struct http_transfer *t = timer->arg;
    int64_t now = clock_mono_ms();
    const char *why = "no byte came within the idle timeout";

    if (http_transfer_due(t) > now) {
        http_transfer_watch(t);
        return;
    }
    if (t->total_ms && now >= t->started_ms + t->total_ms)
        why = "total timeout";
    else if (!t->last_ms)
        why = "first byte timeout";
    http_transfer_finish(t, ERR_DEADLINE, why);
}

int http_transfer_add(struct http_transfer *t)
{
    if (curl_multi_add_handle(t->client->multi, t->easy) != CURLM_OK)
        return ERR_NOMEM;
    t->added = true;
    return 0;
}

static int http_transfer_error_of(const struct http_transfer *t, CURLcode code)
{
    if (code == CURLE_OK)
        return 0;
    if (t->error)
        return t->error;
    if (t->refused)
        return ERR_FORBIDDEN;
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return ERR_DEADLINE;
    case CURLE_OUT_OF_MEMORY:
        return ERR_NOMEM;
    default:
        return ERR_NET;
    }
}

static void http_transfer_on_end(struct http_transfer *t, CURLcode code)
{
    if (http_again_plain(t, code))
        return;
    const char *why = t->curl_why[0] ? t->curl_why : curl_easy_strerror(code);
    int error = http_transfer_error_of(t, code);

    if (code == CURLE_OK && http_reply_redirects(t)) {
        error = http_again_redirect(t, &why);
        if (!error)
            return;
    } else if (t->layers > 1) {
        why = "the reply is compressed more than once";
    } else if (error == ERR_LIMIT) {
        why = "the reply is larger than allowed";
    } else if (error == ERR_FORBIDDEN && t->refused) {
        why = "the address is not a public one";
    }
    http_transfer_finish(t, error, why);
}

/* What may not be done inside a callback of curl. */
static void http_transfer_settle_all(struct http_client *client)
{
    struct http_transfer *t = client->transfers;

    client->unsettled = false;
    while (t) {
        struct http_transfer *next = t->next;
        if (t->dead) {
            http_transfer_free(t);
        } else if (!t->added && http_transfer_add(t) != 0) {
            http_transfer_finish(t, ERR_NOMEM, "out of memory");
            next = client->transfers; /* on_done may have changed the list */
        }
        t = next;
    }
}

void http_transfer_settle(struct http_client *client)
{
    struct http_transfer *t;
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(client->multi, &left))) {
        CURLcode code = message->data.result;
        if (message->msg != CURLMSG_DONE ||
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t) != CURLE_OK)
            continue;
        if (!t->dead)
            http_transfer_on_end(t, code);
    }
    if (client->unsettled)
        http_transfer_settle_all(client);
}
