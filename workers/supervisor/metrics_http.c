/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif
#include "workers/supervisor/metrics_http.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define METRICS_Q_ONE 1000 /* weights in thousandths */

size_t metrics_http_whole(const char *bytes, size_t len)
{
    const char *end = memmem(bytes, len, "\r\n\r\n", 4);
    return end ? (size_t)(end - bytes) + 4 : 0;
}

/* One word of the line, which ends at a blank or at the line's end. Moves *at behind it. */
static size_t metrics_http_word(const char **at, const char *end)
{
    const char *start = *at;
    while (*at < end && **at != ' ')
        ++*at;
    size_t len = (size_t)(*at - start);
    if (*at < end)
        ++*at;
    return len;
}

static bool metrics_http_is(const char *text, size_t len, const char *word)
{
    return len == strlen(word) && memcmp(text, word, len) == 0;
}

/* The weight of an element of Accept, whose parameters are "; a=b; q=0.5". */
static int metrics_http_weight(const char *params, size_t len)
{
    for (size_t i = 0; i + 2 < len; i++) {
        if (params[i] != ';')
            continue;
        size_t at = i + 1;
        while (at < len && params[at] == ' ')
            at++;
        if (at + 2 >= len || (params[at] | 0x20) != 'q' || params[at + 1] != '=')
            continue;
        char number[8] = "";
        memcpy(number, params + at + 2, len - at - 2 < 5 ? len - at - 2 : 5);
        double q = strtod(number, NULL);
        return q > 0 && q <= 1 ? (int)(q * METRICS_Q_ONE) : 0;
    }
    return METRICS_Q_ONE;
}

struct metrics_weights {
    bool asked;
    int open, text;
};

static void metrics_http_element(struct metrics_weights *w, const char *text, size_t len)
{
    while (len > 0 && *text == ' ') {
        text++;
        len--;
    }
    size_t type = 0;
    while (type < len && text[type] != ';' && text[type] != ' ')
        type++;
    int weight = metrics_http_weight(text + type, len - type);
    bool any = metrics_http_is(text, type, "*/*");
    w->asked = true;
    if (metrics_http_is(text, type, "application/openmetrics-text") && weight > w->open)
        w->open = weight;
    if ((any || metrics_http_is(text, type, "text/plain") ||
            metrics_http_is(text, type, "text/*")) &&
        weight > w->text)
        w->text = weight;
}

static void metrics_http_accept(struct metrics_weights *w, const char *value, size_t len)
{
    while (len > 0) {
        const char *comma = memchr(value, ',', len);
        size_t part = comma ? (size_t)(comma - value) : len;
        metrics_http_element(w, value, part);
        len -= part + (comma != NULL);
        value += part + (comma != NULL);
    }
}

/* Without a preference, and with the same for both, it is the form that every scraper knows. */
static void metrics_http_choose(const struct metrics_weights *w, struct metrics_ask *out)
{
    if (w->asked && w->open == 0 && w->text == 0)
        out->status = 406;
    out->form = w->open > 0 && w->open >= w->text ? METRICS_OPEN : METRICS_TEXT;
}

static void metrics_http_headers(const char *at, const char *end, struct metrics_weights *w)
{
    static const char name[] = "accept:";
    while (at < end) {
        const char *stop = memmem(at, (size_t)(end - at), "\r\n", 2);
        size_t len = stop ? (size_t)(stop - at) : (size_t)(end - at);
        if (len >= sizeof name - 1 && strncasecmp(at, name, sizeof name - 1) == 0)
            metrics_http_accept(w, at + sizeof name - 1, len - (sizeof name - 1));
        at += len + 2;
    }
}

void metrics_http_read(const char *head, size_t len, struct metrics_ask *out)
{
    const char *end = memmem(head, len, "\r\n", 2), *at = head;
    struct metrics_weights weights = {0};
    *out = (struct metrics_ask){.status = 400, .form = METRICS_TEXT};
    if (!end)
        return;
    const char *method = at;
    size_t method_len = metrics_http_word(&at, end);
    const char *path = at;
    size_t path_len = metrics_http_word(&at, end);
    if (end - at != 8 || memcmp(at, "HTTP/1.", 7) != 0 || path_len == 0 || *path != '/')
        return;
    const char *query = memchr(path, '?', path_len);
    if (query)
        path_len = (size_t)(query - path);
    out->head = metrics_http_is(method, method_len, "HEAD");
    out->status = 200;
    metrics_http_headers(end + 2, head + len, &weights);
    metrics_http_choose(&weights, out);
    if (!metrics_http_is(path, path_len, "/metrics"))
        out->status = 404;
    else if (!out->head && !metrics_http_is(method, method_len, "GET"))
        out->status = 405;
}

static const char *metrics_http_reason(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 406:
        return "Not Acceptable";
    default:
        return "Bad Request";
    }
}

void metrics_http_reply(const struct metrics_ask *ask, size_t body_len, struct buf *out)
{
    buf_printf(out, "HTTP/1.1 %d %s\r\nContent-Length: %zu\r\nConnection: close\r\n", ask->status,
        metrics_http_reason(ask->status), body_len);
    if (ask->status == 200)
        buf_printf(out, "Content-Type: %s\r\nVary: Accept\r\nCache-Control: no-store\r\n",
            ask->form == METRICS_OPEN ? METRICS_OPEN_TYPE : METRICS_TEXT_TYPE);
    if (ask->status == 405)
        buf_puts(out, "Allow: GET, HEAD\r\n");
    buf_puts(out, "\r\n");
}
