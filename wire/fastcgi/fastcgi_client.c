/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/fastcgi/fastcgi_client.h"

#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define REQUEST_ID 1
#define ERRORS_MAX 1024

static int fastcgi_client_request(struct buf *out, const struct fastcgi_pair *pairs, size_t count,
    const char *body, size_t len, unsigned flags)
{
    unsigned char begin[FASTCGI_BODY_SIZE] = {0, FASTCGI_RESPONDER, (unsigned char)flags};
    struct buf params;
    char number[24];
    int error;

    buf_init(&params, 0);
    for (size_t i = 0; i < count; i++) {
        if (pairs[i].value)
            fastcgi_record_put_pair(&params, pairs[i].name, pairs[i].value);
    }
    snprintf(number, sizeof number, "%zu", len);
    fastcgi_record_put_pair(&params, "CONTENT_LENGTH", number);
    error = buf_error(&params);
    if (error == 0) {
        fastcgi_record_put(out, FASTCGI_BEGIN_REQUEST, REQUEST_ID, begin, sizeof begin);
        fastcgi_record_put_part(out, FASTCGI_PARAMS, REQUEST_ID, params.data, params.len);
        fastcgi_record_put(out, FASTCGI_PARAMS, REQUEST_ID, NULL, 0);
        fastcgi_record_put_part(out, FASTCGI_STDIN, REQUEST_ID, body, len);
        fastcgi_record_put(out, FASTCGI_STDIN, REQUEST_ID, NULL, 0);
        error = buf_error(out);
    }
    buf_free(&params);
    return error;
}

int fastcgi_request(struct buf *out, const struct fastcgi_pair *pairs, size_t count,
    const char *body, size_t len)
{
    return fastcgi_client_request(out, pairs, count, body, len, 0);
}

int fastcgi_request_keep(struct buf *out, const struct fastcgi_pair *pairs, size_t count,
    const char *body, size_t len)
{
    return fastcgi_client_request(out, pairs, count, body, len, FASTCGI_KEEP_CONN);
}

void fastcgi_reply_init(struct fastcgi_reply *r, size_t max)
{
    memset(r, 0, sizeof *r);
    buf_init(&r->headers, max);
    buf_init(&r->body, max);
    buf_init(&r->errors, ERRORS_MAX);
    r->status = 200;
}

void fastcgi_reply_fini(struct fastcgi_reply *r)
{
    buf_free(&r->headers);
    buf_free(&r->body);
    buf_free(&r->errors);
}

void fastcgi_reply_again(struct fastcgi_reply *r)
{
    struct buf headers = r->headers, body = r->body, errors = r->errors;

    memset(r, 0, sizeof *r);
    r->headers = headers;
    r->body = body;
    r->errors = errors;
    buf_reset(&r->headers);
    buf_reset(&r->body);
    buf_reset(&r->errors);
    r->status = 200;
}

bool fastcgi_reply_reusable(const struct fastcgi_reply *r)
{
    return r->done && !r->excess;
}

const char *fastcgi_reply_header(const struct fastcgi_reply *r, const char *name, size_t *len)
{
    size_t name_len = strlen(name);
    const char *line = r->headers.data, *end = line ? line + r->headers.len : NULL;

    while (line && line < end) {
        const char *stop = memchr(line, '\n', (size_t)(end - line)), *value;
        if (!stop)
            stop = end;
        value = line + name_len + 1;
        if ((size_t)(stop - line) > name_len && line[name_len] == ':' &&
            strncasecmp(line, name, name_len) == 0) {
            while (value < stop && (*value == ' ' || *value == '\t'))
                value++;
            *len = (size_t)(stop - value);
            return value;
        }
        line = stop + 1;
    }
    return NULL;
}

static int fastcgi_client_read_status(struct fastcgi_reply *r)
{
    size_t len;
    const char *s = fastcgi_reply_header(r, "Status", &len);
    int status = 0;

    if (!s)
        return 0;
    if (len < 3)
        return ERR_PROTOCOL;
    for (int i = 0; i < 3; i++) {
        if (s[i] < '0' || s[i] > '9')
            return ERR_PROTOCOL;
        status = status * 10 + (s[i] - '0');
    }
    if (status < 100 || (len > 3 && s[3] != ' '))
        return ERR_PROTOCOL;
    r->status = status;
    return 0;
}

/* Header bytes: carriage returns are dropped, an empty line ends them. Returns bytes used. */
static int fastcgi_client_take_headers(struct fastcgi_reply *r, const char *bytes, size_t len,
    size_t *used)
{
    size_t i = 0;

    for (; i < len && !r->headers_done; i++) {
        const struct buf *h = &r->headers;
        if (bytes[i] == '\r')
            continue;
        if (bytes[i] == '\n' && (h->len == 0 || h->data[h->len - 1] == '\n'))
            r->headers_done = true;
        else
            buf_putc(&r->headers, bytes[i]);
    }
    *used = i;
    if (buf_error(&r->headers))
        return buf_error(&r->headers);
    return r->headers_done ? fastcgi_client_read_status(r) : 0;
}

static int fastcgi_client_take_stdout(struct fastcgi_reply *r, const char *bytes, size_t len)
{
    if (!r->headers_done) {
        size_t used;
        int error = fastcgi_client_take_headers(r, bytes, len, &used);
        if (error < 0)
            return error;
        bytes += used;
        len -= used;
    }
    if (len > 0)
        buf_put(&r->body, bytes, len);
    return buf_error(&r->body);
}

static void fastcgi_client_take_stderr(struct fastcgi_reply *r, const char *bytes, size_t len)
{
    size_t room = ERRORS_MAX - 1 - r->errors.len;

    buf_put(&r->errors, bytes, len < room ? len : room);
}

static int fastcgi_client_take_content(struct fastcgi_reply *r, const char *bytes, size_t len)
{
    switch (r->record.type) {
    case FASTCGI_STDOUT:
        return fastcgi_client_take_stdout(r, bytes, len);
    case FASTCGI_STDERR:
        fastcgi_client_take_stderr(r, bytes, len);
        return 0;
    default: /* fastcgi_client_check_head lets nothing else in than the end, of this length */
        memcpy(r->end_body + r->end_len, bytes, len);
        r->end_len += len;
        return 0;
    }
}

static int fastcgi_client_check_head(const struct fastcgi_record *record)
{
    if (record->id != REQUEST_ID)
        return ERR_PROTOCOL;
    switch (record->type) {
    case FASTCGI_STDOUT:
    case FASTCGI_STDERR:
        return 0;
    case FASTCGI_END_REQUEST:
        return record->len == FASTCGI_BODY_SIZE ? 0 : ERR_PROTOCOL;
    default:
        return ERR_PROTOCOL;
    }
}

/* At the end of each record's content and padding. */
static int fastcgi_client_end_record(struct fastcgi_reply *r)
{
    const unsigned char *e = r->end_body;

    if (r->record.type != FASTCGI_END_REQUEST)
        return 0;
    r->app_status = (uint32_t)e[0] << 24 | (uint32_t)e[1] << 16 | (uint32_t)e[2] << 8 | e[3];
    if (e[4] == FASTCGI_OVERLOADED && r->headers.len == 0 && !r->headers_done) {
        r->done = true;
        return r->result = ERR_FULL;
    }
    if (!r->headers_done || e[4] != FASTCGI_REQUEST_COMPLETE)
        return ERR_PROTOCOL;
    r->done = true;
    r->result = 1;
    return 0;
}

int fastcgi_reply_feed(struct fastcgi_reply *r, const void *bytes, size_t len)
{
    const char *at = bytes, *end = at + len, *part;
    size_t part_len;
    int error = 0;

    while (!r->done && error == 0) {
        int step = fastcgi_record_step(&r->record, &at, end, &part, &part_len);
        switch (step) {
        case FASTCGI_RECORD_MORE:
            return 0;
        case FASTCGI_RECORD_HEAD:
            error = fastcgi_client_check_head(&r->record);
            break;
        case FASTCGI_RECORD_CONTENT:
            error = fastcgi_client_take_content(r, part, part_len);
            break;
        case FASTCGI_RECORD_END:
            error = fastcgi_client_end_record(r);
            break;
        default:
            error = step;
        }
    }
    r->excess |= at < end;
    return r->done ? r->result : error;
}

int fastcgi_reply_read(struct fastcgi_reply *r, int fd)
{
    char bytes[4096];
    ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return ERR_NOT_YET;
    if (n <= 0)
        return n < 0 && errno == ECONNRESET ? ERR_NET : ERR_PEER_GONE;
    return fastcgi_reply_feed(r, bytes, (size_t)n);
}
