/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/http/stream_http.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/url.h"

#include <http_parser.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct stream_request {
    http_parser parser;
    struct buf url, name;
    struct buf headers[STREAM_HTTP_HEADER_COUNT];
    int current; /* header whose value is read; -1 = an unwanted one */
    size_t received;
    char *query;
    unsigned hosts;
    char last; /* byte before the next one */
    bool in_value, complete;
};

static const char *const header_names[STREAM_HTTP_HEADER_COUNT] = {
#define STREAM_HTTP_NAME_(name, text) text,
    STREAM_HTTP_HEADERS(STREAM_HTTP_NAME_)
#undef STREAM_HTTP_NAME_
};

static int stream_http_on_url(http_parser *p, const char *at, size_t len)
{
    struct stream_request *r = p->data;

    buf_put(&r->url, at, len);
    return buf_error(&r->url) || memchr(at, '\0', len) ? 1 : 0;
}

static int stream_http_on_name(http_parser *p, const char *at, size_t len)
{
    struct stream_request *r = p->data;

    if (r->in_value)
        buf_reset(&r->name);
    r->in_value = false;
    buf_put(&r->name, at, len);
    return buf_error(&r->name) || memchr(at, ' ', len) ? 1 : 0;
}

static int stream_http_find_header(const struct buf *name)
{
    for (int i = 0; i < STREAM_HTTP_HEADER_COUNT; i++) {
        if (strcasecmp(buf_text(name), header_names[i]) == 0)
            return i;
    }
    return -1;
}

static int stream_http_on_value(http_parser *p, const char *at, size_t len)
{
    struct stream_request *r = p->data;

    if (!r->in_value) {
        r->in_value = true;
        r->current = stream_http_find_header(&r->name);
        if (r->current >= 0 && r->headers[r->current].data)
            buf_puts(&r->headers[r->current], ", ");
        r->hosts += r->current == STREAM_HTTP_HOST;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)at[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return 1;
    }
    if (r->current >= 0)
        buf_put(&r->headers[r->current], at, len);
    return 0;
}

/* Before a body is read, if there should be one. */
static int stream_http_on_headers(http_parser *p)
{
    const struct stream_request *r = p->data;
    const char *length = buf_text(&r->headers[STREAM_HTTP_CONTENT_LENGTH]);
    const char *host = buf_text(&r->headers[STREAM_HTTP_HOST]);
    bool body =
        r->headers[STREAM_HTTP_TRANSFER_ENCODING].data || (length[0] && strcmp(length, "0") != 0);
    bool named = r->hosts == 1 && host[0] && !strpbrk(host, " \t,/@");

    return p->http_major != 1 || body || !(named || (r->hosts == 0 && p->http_minor == 0)) ? -1 : 0;
}

/* No line ends with a bare LF, none goes on in the next one. */
static bool stream_http_lines_are_good(struct stream_request *r, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char before = i ? bytes[i - 1] : r->last;
        if ((bytes[i] == '\n' && before != '\r') ||
            (before == '\n' && (bytes[i] == ' ' || bytes[i] == '\t')))
            return false;
    }
    if (len)
        r->last = bytes[len - 1];
    return true;
}

static int stream_http_on_complete(http_parser *p)
{
    struct stream_request *r = p->data;

    r->complete = true;
    http_parser_pause(p, 1); /* what follows is not HTTP, or not wanted */
    return 0;
}

struct stream_request *stream_request_new(void)
{
    struct stream_request *r = calloc(1, sizeof *r);

    if (!r)
        return NULL;
    http_parser_init(&r->parser, HTTP_REQUEST);
    r->parser.data = r;
    buf_init(&r->url, STREAM_HTTP_MAX);
    buf_init(&r->name, 256);
    for (int i = 0; i < STREAM_HTTP_HEADER_COUNT; i++)
        buf_init(&r->headers[i], STREAM_HTTP_MAX);
    return r;
}

void stream_request_free(struct stream_request *r)
{
    if (!r)
        return;
    buf_free(&r->url);
    buf_free(&r->name);
    for (int i = 0; i < STREAM_HTTP_HEADER_COUNT; i++)
        buf_free(&r->headers[i]);
    free(r);
}

int stream_request_feed(struct stream_request *r, const char *bytes, size_t len, size_t *used)
{
    static const http_parser_settings settings = {.on_url = stream_http_on_url,
        .on_header_field = stream_http_on_name,
        .on_header_value = stream_http_on_value,
        .on_headers_complete = stream_http_on_headers,
        .on_message_complete = stream_http_on_complete};
    size_t n = http_parser_execute(&r->parser, &settings, bytes, len);
    enum http_errno error = HTTP_PARSER_ERRNO(&r->parser);
    char *mark;

    r->received += n;
    if (r->received > STREAM_HTTP_MAX || error == HPE_HEADER_OVERFLOW)
        return ERR_LIMIT;
    if (!stream_http_lines_are_good(r, bytes, n) || (!r->complete && error != HPE_OK))
        return ERR_INVALID;
    if (!r->complete)
        return 0;
    /* Paused at the last byte of the headers: it is counted as not consumed. */
    if (error == HPE_PAUSED && n < len && bytes[n] == '\n')
        n++;
    for (int i = 0; i < STREAM_HTTP_HEADER_COUNT; i++) {
        if (buf_error(&r->headers[i]))
            return ERR_LIMIT;
    }
    mark = strchr(buf_text(&r->url), '?');
    if (mark)
        *mark = '\0';
    r->query = mark ? mark + 1 : NULL;
    *used = n;
    return r->url.data && r->url.data[0] == '/' ? 1 : ERR_INVALID;
}

bool stream_request_is_get(const struct stream_request *r)
{
    return r->parser.method == HTTP_GET;
}

bool stream_request_is_head(const struct stream_request *r)
{
    return r->parser.method == HTTP_HEAD;
}

bool stream_request_is_options(const struct stream_request *r)
{
    return r->parser.method == HTTP_OPTIONS;
}

bool stream_request_is_http11(const struct stream_request *r)
{
    return r->parser.http_major == 1 && r->parser.http_minor >= 1;
}

const char *stream_request_path(const struct stream_request *r)
{
    return buf_text(&r->url);
}

const char *stream_request_query(const struct stream_request *r)
{
    return r->query ? r->query : "";
}

const char *stream_request_header(const struct stream_request *r, enum stream_http_header header)
{
    return r->headers[header].data;
}

long stream_query_get(const char *query, const char *name, char *out, size_t size)
{
    size_t name_len = strlen(name);

    while (*query) {
        size_t len = strcspn(query, "&");
        if (len > name_len && query[name_len] == '=' && memcmp(query, name, name_len) == 0)
            return url_decode(query + name_len + 1, len - name_len - 1, true, out, size);
        query += len + (query[len] == '&');
    }
    return -1;
}

bool stream_query_has(const char *query, const char *name)
{
    size_t len = strlen(name);

    for (; *query; query += strcspn(query, "&"), query += *query == '&') {
        if (strncmp(query, name, len) == 0 && query[len] == '=' && query[len + 1] != '\0' &&
            query[len + 1] != '&')
            return true;
    }
    return false;
}

bool stream_list_has(const char *list, const char *token)
{
    size_t token_len = strlen(token);

    while (list && *list) {
        size_t len;
        list += strspn(list, " \t,");
        len = strcspn(list, " \t,");
        if (len == token_len && strncasecmp(list, token, len) == 0)
            return true;
        list += len;
    }
    return false;
}
