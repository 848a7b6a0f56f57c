#include "workers/fastcgi_client.h"

#include "base/err.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { REC_BEGIN = 1, REC_END = 3, REC_PARAMS = 4, REC_STDIN = 5, REC_STDOUT = 6, REC_STDERR = 7 };
#define VERSION 1
#define REQUEST_ID 1
#define ROLE_RESPONDER 1
#define HEAD_SIZE 8
#define CONTENT_MAX 65528u /* a multiple of 8: no padding but in the last record */
#define ERRORS_MAX 1024

static void put_record(struct buf *out, int type, const void *content, size_t len)
{
    static const char zeros[8];
    size_t padding = (8 - len % 8) % 8;
    unsigned char head[HEAD_SIZE] = {VERSION, (unsigned char)type, 0, REQUEST_ID,
        (unsigned char)(len >> 8), (unsigned char)len, (unsigned char)padding, 0};

    buf_put(out, head, sizeof(head));
    if (len > 0)
        buf_put(out, content, len);
    buf_put(out, zeros, padding);
}

/* A stream of records, ended by an empty one. */
static void put_stream(struct buf *out, int type, const char *bytes, size_t len)
{
    while (len > 0) {
        size_t n = len < CONTENT_MAX ? len : CONTENT_MAX;
        put_record(out, type, bytes, n);
        bytes += n;
        len -= n;
    }
    put_record(out, type, NULL, 0);
}

static void put_length(struct buf *out, size_t len)
{
    unsigned char four[4] = {(unsigned char)(0x80 | ((len >> 24) & 0x7f)),
        (unsigned char)(len >> 16), (unsigned char)(len >> 8), (unsigned char)len};

    if (len < 128)
        buf_putc(out, (char)len);
    else
        buf_put(out, four, sizeof(four));
}

static void put_pair(struct buf *params, const char *name, const char *value)
{
    size_t name_len = strlen(name), value_len = strlen(value);

    put_length(params, name_len);
    put_length(params, value_len);
    buf_put(params, name, name_len);
    buf_put(params, value, value_len);
}

int fastcgi_request(
    struct buf *out, const struct fastcgi_pair *pairs, size_t count, const char *body, size_t len)
{
    static const unsigned char begin[8] = {0, ROLE_RESPONDER, 0, 0, 0, 0, 0, 0};
    struct buf params;
    char number[24];
    int rc;

    buf_init(&params, 0);
    for (size_t i = 0; i < count; i++) {
        if (pairs[i].value)
            put_pair(&params, pairs[i].name, pairs[i].value);
    }
    snprintf(number, sizeof(number), "%zu", len);
    put_pair(&params, "CONTENT_LENGTH", number);
    rc = buf_error(&params);
    if (rc == 0) {
        put_record(out, REC_BEGIN, begin, sizeof(begin));
        put_stream(out, REC_PARAMS, params.data, params.len);
        put_stream(out, REC_STDIN, body, len);
        rc = buf_error(out);
    }
    buf_free(&params);
    return rc;
}

void fastcgi_reply_init(struct fastcgi_reply *r, size_t max)
{
    memset(r, 0, sizeof(*r));
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

static int read_status(struct fastcgi_reply *r)
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
static int take_headers(struct fastcgi_reply *r, const char *bytes, size_t len, size_t *used)
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
    return r->headers_done ? read_status(r) : 0;
}

static int take_stdout(struct fastcgi_reply *r, const char *bytes, size_t len)
{
    if (!r->headers_done) {
        size_t used;
        int rc = take_headers(r, bytes, len, &used);
        if (rc < 0)
            return rc;
        bytes += used;
        len -= used;
    }
    if (len > 0)
        buf_put(&r->body, bytes, len);
    return buf_error(&r->body);
}

static void take_stderr(struct fastcgi_reply *r, const char *bytes, size_t len)
{
    size_t room = ERRORS_MAX - 1 - r->errors.len;

    buf_put(&r->errors, bytes, len < room ? len : room);
}

static int take_content(struct fastcgi_reply *r, const char *bytes, size_t len)
{
    switch (r->head[1]) {
    case REC_STDOUT:
        return take_stdout(r, bytes, len);
    case REC_STDERR:
        take_stderr(r, bytes, len);
        return 0;
    case REC_END:
        for (size_t i = 0; i < len && r->end_len < sizeof(r->end_body); i++)
            r->end_body[r->end_len++] = (unsigned char)bytes[i];
        return 0;
    default:
        return ERR_PROTOCOL;
    }
}

static int check_head(struct fastcgi_reply *r)
{
    const unsigned char *h = r->head;

    if (h[0] != VERSION || h[2] != 0 || h[3] != REQUEST_ID)
        return ERR_PROTOCOL;
    if (h[1] != REC_STDOUT && h[1] != REC_STDERR && h[1] != REC_END)
        return ERR_PROTOCOL;
    r->content_left = (size_t)h[4] << 8 | h[5];
    r->padding_left = h[6];
    return 0;
}

/* At the end of each record's content and padding. */
static int end_record(struct fastcgi_reply *r)
{
    const unsigned char *e = r->end_body;

    r->head_len = 0;
    if (r->head[1] != REC_END)
        return 0;
    if (r->end_len != sizeof(r->end_body) || !r->headers_done)
        return ERR_PROTOCOL;
    if (e[4] != 0) /* cannot multiplex, overloaded, unknown role */
        return ERR_PROTOCOL;
    r->app_status = (uint32_t)e[0] << 24 | (uint32_t)e[1] << 16 | (uint32_t)e[2] << 8 | e[3];
    r->done = true;
    return 1;
}

int fastcgi_reply_feed(struct fastcgi_reply *r, const void *bytes, size_t len)
{
    const char *p = bytes, *end = p + len;
    int rc = 0;

    while (p < end && !r->done) {
        size_t left = (size_t)(end - p), n;
        if (r->head_len < HEAD_SIZE) {
            r->head[r->head_len++] = (unsigned char)*p++;
            if (r->head_len == HEAD_SIZE && (rc = check_head(r)) < 0)
                return rc;
        } else if (r->content_left > 0) {
            n = left < r->content_left ? left : r->content_left;
            if ((rc = take_content(r, p, n)) < 0)
                return rc;
            r->content_left -= n;
            p += n;
        } else {
            n = left < r->padding_left ? left : r->padding_left;
            r->padding_left -= n;
            p += n;
        }
        if (r->head_len == HEAD_SIZE && r->content_left == 0 && r->padding_left == 0 &&
            (rc = end_record(r)) < 0)
            return rc;
    }
    return r->done ? 1 : 0;
}
