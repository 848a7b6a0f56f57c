/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif
#include "store/logentry.h"

#include "base/err.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int logentry_id_parse(const char *text, size_t len, struct logentry_id *out)
{
    uint64_t part[2] = {0, 0};
    size_t which = 0, digits = 0;

    for (size_t i = 0; i < len; i++) {
        if (text[i] == '-') {
            if (which == 1 || digits == 0)
                return ERR_INVALID;
            which = 1;
            digits = 0;
            continue;
        }
        if (text[i] < '0' || text[i] > '9' || ++digits > 18)
            return ERR_INVALID;
        part[which] = part[which] * 10 + (uint64_t)(text[i] - '0');
    }
    if (which != 1 || digits == 0)
        return ERR_INVALID;
    out->epoch = part[0];
    out->n = part[1];
    return 0;
}

static size_t logentry_put_number(char *out, uint64_t value)
{
    char digits[20];
    size_t n = 0;

    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    for (size_t i = 0; i < n; i++)
        out[i] = digits[n - 1 - i];
    return n;
}

size_t logentry_id_format(struct logentry_id id, char out[LOGENTRY_ID_SIZE])
{
    size_t n = logentry_put_number(out, id.epoch);

    out[n++] = '-';
    n += logentry_put_number(out + n, id.n);
    out[n] = '\0';
    return n;
}

size_t logentry_id_format_sorted(struct logentry_id id, char out[LOGENTRY_ID_SIZE])
{
    int n = snprintf(out, LOGENTRY_ID_SIZE, "%016" PRIu64 "-%010" PRIu64, id.epoch, id.n);

    return (size_t)n;
}

int logentry_id_compare(struct logentry_id a, struct logentry_id b)
{
    if (a.epoch != b.epoch)
        return a.epoch < b.epoch ? -1 : 1;
    if (a.n != b.n)
        return a.n < b.n ? -1 : 1;
    return 0;
}

/* ---- writing ---- */

size_t logentry_head_len(const char *run)
{
    return strlen(run) + 3;
}

void logentry_put_head(struct buf *out, const char *run, char flag)
{
    const char middle[3] = {' ', flag, ' '};

    buf_put(out, run, strlen(run));
    buf_put(out, middle, sizeof middle);
}

void logentry_put(struct buf *out, const char *run, char flag, const char *json, size_t len)
{
    logentry_put_head(out, run, flag);
    buf_put(out, json, len);
}

/* ---- parsing ---- */

/* The next word of a header; the blank behind it is consumed. */
static const char *logentry_word(const char **p, const char *end, size_t *len)
{
    const char *start = *p, *blank = memchr(start, ' ', (size_t)(end - start));

    if (!blank || blank == start)
        return NULL;
    *len = (size_t)(blank - start);
    *p = blank + 1;
    return start;
}

static int logentry_parse_rest(const char *p, const char *end, struct logentry *out)
{
    const char *flag;
    size_t len;

    out->run = logentry_word(&p, end, &out->run_len);
    if (!out->run)
        return ERR_INVALID;
    flag = logentry_word(&p, end, &len);
    if (!flag || len != 1)
        return ERR_INVALID;
    out->flag = *flag;
    out->json = p;
    out->json_len = (size_t)(end - p);
    if (out->json_len < 2 || p[0] != '{' || end[-1] != '}')
        return ERR_INVALID;
    return 0;
}

int logentry_parse_message(const char *bytes, size_t len, struct logentry *out)
{
    const char *p = bytes, *end = bytes + len, *prev;
    size_t prev_len;

    out->id_text = logentry_word(&p, end, &out->id_len);
    if (!out->id_text || logentry_id_parse(out->id_text, out->id_len, &out->id) < 0)
        return ERR_INVALID;
    prev = logentry_word(&p, end, &prev_len);
    if (!prev || logentry_id_parse(prev, prev_len, &out->prev) < 0)
        return ERR_INVALID;
    return logentry_parse_rest(p, end, out);
}

int logentry_parse_value(const char *id, size_t id_len, const char *value, size_t value_len,
    struct logentry *out)
{
    out->id_text = id;
    out->id_len = id_len;
    out->prev = (struct logentry_id){0, 0};
    if (logentry_id_parse(id, id_len, &out->id) < 0)
        return ERR_INVALID;
    return logentry_parse_rest(value, value + value_len, out);
}

int logentry_read(const struct link_reply *entry, struct logentry *out)
{
    const struct link_reply *fields = link_reply_at(entry, 1);
    size_t id_len, len;
    const char *id = link_reply_text(link_reply_at(entry, 0), &id_len), *value;

    for (size_t i = 0; i + 1 < link_reply_count(fields); i += 2) {
        if (strcmp(link_reply_text(link_reply_at(fields, i), NULL), LOGENTRY_FIELD) != 0)
            continue;
        value = link_reply_text(link_reply_at(fields, i + 1), &len);
        return logentry_parse_value(id, id_len, value, len, out);
    }
    return ERR_INVALID;
}

void logentry_open_run_error(struct buf *json, const char *message, const char *code)
{
    buf_puts(json, "{\"type\":\"RUN_ERROR\"");
    buf_json_member(json, "message", message);
    buf_json_member(json, "code", code);
}

void logentry_put_run_error(struct buf *json, const char *message, const char *code)
{
    logentry_open_run_error(json, message, code);
    buf_putc(json, '}');
}

bool logentry_is_run(const struct logentry *e, const char *run)
{
    return strlen(run) == e->run_len && memcmp(run, e->run, e->run_len) == 0;
}

/* A quote inside a JSON string is escaped, so this text can only be the member's name. */
static const char delta_name[] = "\"delta\":\"";

static bool logentry_find_delta(const char *json, size_t json_len, const char **text, size_t *len)
{
    const char *start = memmem(json, json_len, delta_name, sizeof delta_name - 1);
    const char *end = json + json_len, *p;

    if (!start)
        return false;
    start += sizeof delta_name - 1;
    for (p = start; p < end && *p != '"'; p++) {
        if (*p == '\\' && ++p >= end)
            return false;
    }
    if (p >= end)
        return false;
    *text = start;
    *len = (size_t)(p - start);
    return true;
}

bool logentry_delta(const struct logentry *e, const char **text, size_t *len)
{
    return logentry_find_delta(e->json, e->json_len, text, len);
}

bool logentry_type(const struct logentry *e, const char **type, size_t *len)
{
    static const char name[] = "{\"type\":\"";
    const char *start = e->json + sizeof name - 1, *end;

    if (e->json_len < sizeof name || memcmp(e->json, name, sizeof name - 1) != 0)
        return false;
    end = memchr(start, '"', e->json_len - (sizeof name - 1));
    if (!end)
        return false;
    *type = start;
    *len = (size_t)(end - start);
    return true;
}

/* Whether "delta" is the last member, so that text can be put before the closing `"}`. */
static bool logentry_ends_with_delta(const char *json, size_t json_len, const char *text,
    size_t len)
{
    return (size_t)(text - json) + len + 2 == json_len;
}

bool logentry_join(struct buf *joined, const struct logentry *b)
{
    const char *a_text, *b_text;
    size_t a_len, b_len, prefix;

    if (!logentry_find_delta(joined->data, joined->len, &a_text, &a_len) ||
        !logentry_delta(b, &b_text, &b_len))
        return false;
    prefix = (size_t)(a_text - joined->data);
    if (prefix != (size_t)(b_text - b->json) || memcmp(joined->data, b->json, prefix) != 0 ||
        !logentry_ends_with_delta(joined->data, joined->len, a_text, a_len) ||
        !logentry_ends_with_delta(b->json, b->json_len, b_text, b_len))
        return false;
    if (buf_reserve(joined, b_len) < 0)
        return false;
    joined->len -= 2;
    buf_put(joined, b_text, b_len);
    buf_put(joined, "\"}", 2);
    return true;
}

/* p stands behind `\u`. Returns where to go on. */
static const char *logentry_unescape_unicode(struct buf *out, const char *p, const char *end)
{
    int c = utf8_hex4(p, (size_t)(end - p)), low;

    if (c < 0)
        return end;
    p += 4;
    if (c >= 0xd800 && c < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u' &&
        (low = utf8_hex4(p + 2, (size_t)(end - p - 2))) >= 0xdc00 && low < 0xe000) {
        buf_put_utf8(out, 0x10000u + ((unsigned)(c - 0xd800) << 10) + (unsigned)(low - 0xdc00));
        return p + 6;
    }
    buf_put_utf8(out, (unsigned)c);
    return p;
}

void logentry_unescape(struct buf *out, const char *text, size_t len)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    const char *p = text, *end = len > 0 ? text + len : text;

    while (p < end) {
        const char *slash = memchr(p, '\\', (size_t)(end - p)), *known;
        buf_put(out, p, (size_t)((slash ? slash : end) - p));
        if (!slash || slash + 1 >= end)
            return;
        p = slash + 2;
        if (slash[1] == 'u') {
            p = logentry_unescape_unicode(out, p, end);
            continue;
        }
        known = memchr(from, slash[1], sizeof from - 1);
        buf_putc(out, known ? to[known - from] : slash[1]);
    }
}
