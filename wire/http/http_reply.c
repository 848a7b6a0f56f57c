/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/http/http_parts.h"

#include "base/clock.h"
#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define RETRY_AFTER_MAX_MS ((int64_t)86400000)

bool http_reply_redirects(const struct http_transfer *t)
{
    long s = t->result.status;
    return t->redirects_left && t->has_location &&
        (s == 301 || s == 302 || s == 303 || s == 307 || s == 308);
}

/* The answer has begun: what was sent to the end is needed no more. */
static void http_reply_drop_body(struct http_transfer *t)
{
    curl_off_t sent = 0;

    if (!t->body || t->result.status < 200 || t->result.status > 299 ||
        curl_easy_getinfo(t->easy, CURLINFO_SIZE_UPLOAD_T, &sent) || sent < (curl_off_t)t->body_len)
        return;
    curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, NULL);
    free(t->body);
    t->body = NULL;
}

size_t http_reply_on_body(char *bytes, size_t size, size_t count, void *arg)
{
    struct http_transfer *t = arg;
    size_t len = size * count;

    if (t->dead)
        return CURL_WRITEFUNC_ERROR;
    if (len == 0 || http_reply_redirects(t))
        return len;
    bool first = t->last_ms == 0;
    t->last_ms = clock_mono_ms();
    if (first) {
        http_transfer_watch(t);
        http_reply_drop_body(t);
    }
    if (len > t->max_bytes - t->received) {
        t->error = ERR_LIMIT;
        return CURL_WRITEFUNC_ERROR;
    }
    t->received += len;
    if (t->on_body) {
        struct task *acted = task_ref_act(t->task);
        t->error = t->on_body(t->arg, t->result.status, bytes, len);
        task_act(acted);
    }
    return t->error || t->dead ? CURL_WRITEFUNC_ERROR : len;
}

void http_reply_clear(struct http_transfer *t)
{
    t->result = (struct http_result){.retry_after_ms = -1, .should_retry = -1};
    t->has_location = false;
    t->layers = 0;
}

/* Whole milliseconds of a decimal number of `scale` milliseconds; -1 = no number. */
static int64_t http_reply_parse_wait(const char *value, double scale)
{
    char *end;

    if (!(*value >= '0' && *value <= '9'))
        return -1;
    double ms = strtod(value, &end) * scale;
    if (*end || !(ms >= 0))
        return -1;
    return ms > (double)RETRY_AFTER_MAX_MS ? RETRY_AFTER_MAX_MS : (int64_t)ms;
}

static void http_reply_on_retry_after(struct http_result *result, const char *value)
{
    int64_t ms = http_reply_parse_wait(value, 1000);

    if (ms < 0) {
        time_t when = curl_getdate(value, NULL);
        if (when == -1)
            return;
        ms = (int64_t)when * 1000 - clock_real_ms();
        ms = ms < 0 ? 0 : ms > RETRY_AFTER_MAX_MS ? RETRY_AFTER_MAX_MS : ms;
    }
    if (result->retry_after_ms < 0) /* retry-after-ms is more exact and wins */
        result->retry_after_ms = ms;
}

/* Counts the codings of a list: "gzip, br" are two. */
static unsigned http_reply_layers(const char *value)
{
    unsigned count = 0;

    for (size_t n; *(value += strspn(value, " \t,")); value += n) {
        n = strcspn(value, " \t,");
        bool plain = (n == 7 && !strncasecmp(value, "chunked", n)) ||
            (n == 8 && !strncasecmp(value, "identity", n));
        count += !plain;
    }
    return count;
}

static void http_reply_on_challenge(struct http_result *r, const char *value)
{
    size_t len = strlen(r->challenge);

    if ((r->status == 401 || r->status == 403) && len + strlen(value) + 3 < sizeof r->challenge)
        snprintf(r->challenge + len, sizeof r->challenge - len, "%s%s", len ? ", " : "", value);
}

static void http_reply_on_field(struct http_transfer *t, const char *name, const char *value)
{
    struct http_result *r = &t->result;

    if (strcasecmp(name, "location") == 0) {
        t->has_location = true;
    } else if (strcasecmp(name, "content-encoding") == 0 ||
        strcasecmp(name, "transfer-encoding") == 0) {
        t->layers += http_reply_layers(value);
    } else if (strcasecmp(name, "content-type") == 0) {
        snprintf(r->content_type, sizeof r->content_type, "%s", value);
    } else if (strcasecmp(name, "request-id") == 0 ||
        (strcasecmp(name, "x-request-id") == 0 && !r->request_id[0])) {
        snprintf(r->request_id, sizeof r->request_id, "%s", value);
    } else if (strcasecmp(name, "x-should-retry") == 0) {
        r->should_retry = strcasecmp(value, "true") == 0 ? 1 :
            strcasecmp(value, "false") == 0              ? 0 :
                                                           -1;
    } else if (strcasecmp(name, "last-modified") == 0) {
        if (strlen(value) < sizeof r->modified)
            memcpy(r->modified, value, strlen(value) + 1);
    } else if (strcasecmp(name, "retry-after-ms") == 0) {
        int64_t ms = http_reply_parse_wait(value, 1);
        if (ms >= 0)
            r->retry_after_ms = ms;
    } else if (strcasecmp(name, "retry-after") == 0) {
        http_reply_on_retry_after(r, value);
    } else if (strcasecmp(name, "www-authenticate") == 0) {
        http_reply_on_challenge(r, value);
    }
    if (t->wanted && strcasecmp(name, t->wanted) == 0 && strlen(value) < sizeof r->wanted)
        snprintf(r->wanted, sizeof r->wanted, "%s", value);
}

/* One header line; a line too long to be of interest is cut. */
size_t http_reply_on_header(char *bytes, size_t size, size_t count, void *arg)
{
    struct http_transfer *t = arg;
    size_t len = size * count, n = len;
    char line[1024];

    if (n >= sizeof line)
        n = sizeof line - 1;
    memcpy(line, bytes, n);
    while (n > 0 && (line[n - 1] == '\r' || line[n - 1] == '\n' || line[n - 1] == ' '))
        n--;
    line[n] = 0;
    if (strncmp(line, "HTTP/", 5) == 0) { /* also after 1xx and of each redirect */
        http_reply_clear(t);
        const char *space = strchr(line, ' ');
        t->result.status = space ? strtol(space, NULL, 10) : 0;
        return len;
    }
    char *colon = strchr(line, ':');
    if (colon) {
        *colon++ = 0;
        colon += strspn(colon, " \t");
        http_reply_on_field(t, line, colon);
    }
    /* Each layer grows a thousandfold, and an inner one may give nothing: max_bytes would not see
     * it, and curl decodes a whole read in one go. Nobody compresses twice in good faith. */
    if (t->layers > 1) {
        t->error = ERR_NET;
        return 0;
    }
    return len;
}
