/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/http/http_parts.h"

#include "base/clock.h"
#include "base/err.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_MAX_BYTES ((size_t)64 << 20)
#define KEPT_CONNECTIONS 8

static bool global_ready;

int http_global_init(void)
{
    if (global_ready)
        return 0;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return ERR_INTERNAL;
    /* What OpenSSL would load at the first use in each worker. */
    OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS |
            OPENSSL_INIT_ADD_ALL_CIPHERS | OPENSSL_INIT_ADD_ALL_DIGESTS,
        NULL);
    global_ready = true;
    return 0;
}

int http_new(struct http_client **out, struct reactor *reactor)
{
    struct http_client *client;
    int error = http_global_init();

    if (error)
        return error;
    client = calloc(1, sizeof *client);
    if (!client)
        return ERR_NOMEM;
    client->reactor = reactor;
    client->multi = curl_multi_init();
    if (!client->multi) {
        free(client);
        return ERR_NOMEM;
    }
    http_loop_open(client);
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)KEPT_CONNECTIONS);
    *out = client;
    return 0;
}

void http_keep(struct http_client *client, size_t connections)
{
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)connections);
}

void http_free(struct http_client *client)
{
    if (!client)
        return;
    while (client->transfers)
        http_transfer_free(client->transfers);
    if (client->spare)
        curl_easy_cleanup(client->spare);
    curl_multi_cleanup(client->multi);
    http_loop_close(client);
    free(client);
}

bool http_is_idle(const struct http_client *client)
{
    return !client->transfers;
}

void http_prepare(struct http_client *client)
{
    if (!client->spare)
        client->spare = http_request_handle();
}

static struct http_transfer *http_transfer_new(struct http_client *client,
    const struct http_request *request)
{
    struct http_transfer *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->client = client;
    t->first_byte_ms = request->first_byte_timeout_ms;
    t->idle_ms = request->idle_timeout_ms;
    t->total_ms = request->total_timeout_ms;
    t->max_bytes = request->max_bytes ? request->max_bytes : DEFAULT_MAX_BYTES;
    t->redirects_left = request->max_redirects;
    t->public_only = request->public_only;
    t->same_origin = request->same_origin;
    t->same_host = request->same_host;
    t->may_repeat = !request->body && !request->own_body &&
        (!request->method || !strcmp(request->method, "GET"));
    t->wanted = request->wanted;
    t->on_body = request->on_body;
    t->on_done = request->on_done;
    t->body = request->own_body;
    t->body_len = request->body_len;
    t->arg = request->arg;
    t->task = task_ref_self();
    t->started_ms = clock_mono_ms();
    http_reply_clear(t);
    t->easy = client->spare ? client->spare : http_request_handle();
    client->spare = NULL;
    if (!t->easy) {
        free(t);
        return NULL;
    }
    return t;
}

int http_start(struct http_client *client, const struct http_request *request,
    struct http_transfer **out)
{
    if (!http_url_usable(request->url)) {
        free(request->own_body);
        return ERR_INVALID;
    }
    struct http_transfer *t = http_transfer_new(client, request);
    if (!t) {
        free(request->own_body);
        return ERR_NOMEM;
    }
    int error = http_request_set(t, request);
    if (!error && !client->in_curl)
        error = http_transfer_add(t);
    if (error) {
        http_transfer_free(t);
        return error;
    }
    if (client->in_curl)
        client->unsettled = true;
    t->next = client->transfers;
    t->back = &client->transfers;
    if (t->next)
        t->next->back = &t->next;
    client->transfers = t;
    http_transfer_watch(t);
    if (out)
        *out = t;
    return 0;
}

const struct http_result *http_head(const struct http_transfer *t)
{
    return &t->result;
}

void http_cancel(struct http_transfer *t)
{
    if (!t->client->in_curl) {
        http_transfer_free(t);
        return;
    }
    t->dead = true;
    t->client->unsettled = true;
}
