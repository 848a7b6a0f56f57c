/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log_parts.h"

#include "base/utf8.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LOG_END 8 /* kept free for what closes a line */

/* What is written; `room` is what may still come in front of the end. */
struct log_out {
    char *at;
    size_t room;
    bool full;
};

static void log_form_put(struct log_out *out, const char *bytes, size_t len)
{
    if (out->full || len > out->room) {
        out->full = true;
        return;
    }
    memcpy(out->at, bytes, len);
    out->at += len;
    out->room -= len;
}

static void log_form_puts(struct log_out *out, const char *text)
{
    log_form_put(out, text, strlen(text));
}

/* For what closes what was opened: LOG_END bytes are kept for it. */
static void log_form_close(struct log_out *out, const char *text)
{
    memcpy(out->at, text, strlen(text));
    out->at += strlen(text);
}

/* Control characters would let hostile text forge lines or move a terminal's cursor. */
static void log_form_plain(struct log_out *out, const char *text)
{
    char escape[8];

    for (; *text && !out->full; text++) {
        unsigned char c = (unsigned char)*text;
        if (c >= 0x20 && c != 0x7f) {
            log_form_put(out, text, 1);
        } else if (c == '\n' || c == '\r' || c == '\t') {
            log_form_puts(out, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
        } else {
            snprintf(escape, sizeof escape, "\\x%02x", c);
            log_form_puts(out, escape);
        }
    }
}

/* Inside of quotes, for JSON and logfmt: bytes that are no UTF-8 become U+FFFD. */
static void log_form_quoted(struct log_out *out, const char *text, size_t len)
{
    char escape[8];

    for (size_t i = 0; i < len && !out->full;) {
        unsigned char c = (unsigned char)text[i];
        size_t n = c < 0x80 ? 1 : utf8_sequence(text + i, len - i, NULL);
        if (c == '"' || c == '\\') {
            log_form_put(out, (char[]){'\\', (char)c}, 2);
        } else if (c == '\n' || c == '\r' || c == '\t') {
            log_form_puts(out, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
        } else if (c < 0x20 || c == 0x7f) {
            snprintf(escape, sizeof escape, "\\u%04x", c);
            log_form_puts(out, escape);
        } else if (n == 0) {
            log_form_puts(out, "\xef\xbf\xbd");
        } else {
            log_form_put(out, text + i, n);
        }
        i += n == 0 ? 1 : n;
    }
}

/* ---- plain ---- */

static void log_form_line_plain(const struct log_facts *f, struct log_out *out)
{
    char head[160];

    snprintf(head, sizeof head, "%s %s %s[%ld] ", f->when, f->level, f->process, f->pid);
    log_form_puts(out, head);
    if (*f->context) {
        log_form_plain(out, f->context);
        log_form_puts(out, " ");
    }
    log_form_plain(out, f->message);
}

enum log_form log_form_named(const char *name)
{
    return !strcmp(name, "json") ? LOG_FORM_JSON :
        !strcmp(name, "logfmt")  ? LOG_FORM_LOGFMT :
                                   LOG_FORM_PLAIN;
}

void log_form_escape(const char *message, char *text, size_t size)
{
    struct log_out out = {.at = text, .room = size - 1};

    memset(text, 0, size);
    log_form_plain(&out, message);
}

/* ---- fields ---- */

struct log_field {
    const char *name, *value;
    size_t name_len, len;
};

static bool log_form_is_name(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!((text[i] >= 'a' && text[i] <= 'z') || text[i] == '_'))
            return false;
    return len > 0;
}

/* The next "name=value" of a context; words that are none are passed over. */
static bool log_form_next(const char **context, struct log_field *field)
{
    while (**context) {
        size_t len = strcspn(*context, " ");
        const char *word = *context, *equals = memchr(word, '=', len);
        *context += len + (word[len] == ' ');
        if (!equals || !log_form_is_name(word, (size_t)(equals - word)))
            continue;
        *field = (struct log_field){word, equals + 1, (size_t)(equals - word),
            len - (size_t)(equals - word) - 1};
        return true;
    }
    return false;
}

/* A name of ours would stand twice. */
static bool log_form_is_ours(const struct log_field *field)
{
    static const char *const ours[] = {"time", "level", "process", "pid", "message"};

    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strlen(ours[i]) == field->name_len && !memcmp(ours[i], field->name, field->name_len))
            return true;
    return false;
}

/* A field that has no room is left out as a whole. */
static void log_form_field(struct log_out *out, enum log_form form, const struct log_field *field)
{
    const struct log_out before = *out;

    log_form_puts(out, form == LOG_FORM_JSON ? ",\"" : " ");
    log_form_put(out, field->name, field->name_len);
    log_form_puts(out, form == LOG_FORM_JSON ? "\":\"" : "=\"");
    log_form_quoted(out, field->value, field->len);
    log_form_puts(out, "\"");
    if (out->full)
        *out = before;
}

static void log_form_line_fields(enum log_form form, const struct log_facts *f, struct log_out *out)
{
    const bool json = form == LOG_FORM_JSON;
    const char *context = f->context;
    struct log_field field;
    char head[256], level[8];

    snprintf(level, sizeof level, "%s", f->level);
    for (char *c = level; *c; c++)
        *c |= 0x20;
    snprintf(head, sizeof head,
        json ? "{\"time\":\"%s\",\"level\":\"%s\",\"process\":\"%s\",\"pid\":%ld" :
               "time=%s level=%s process=%s pid=%ld",
        f->when, level, f->process, f->pid);
    log_form_puts(out, head);
    while (log_form_next(&context, &field))
        if (!log_form_is_ours(&field))
            log_form_field(out, form, &field);
    log_form_puts(out, json ? ",\"message\":\"" : " message=\"");
    log_form_quoted(out, f->message, strlen(f->message));
    log_form_close(out, json ? "\"}" : "\"");
}

size_t log_form_line(enum log_form form, const struct log_facts *facts, char line[LOG_LINE_SIZE])
{
    struct log_out out = {.at = line, .room = LOG_LINE_SIZE - LOG_END};

    if (form == LOG_FORM_PLAIN)
        log_form_line_plain(facts, &out);
    else
        log_form_line_fields(form, facts, &out);
    log_form_close(&out, "\n");
    return (size_t)(out.at - line);
}
