/* SPDX-License-Identifier: BSD-2-Clause */
/* declared -- templates filled in with arguments. */
#include "tools/remote/declared.h"

#include "base/err.h"

#include <stdio.h>
#include <string.h>

/* Where a value goes: each has its own way of writing it. */
enum place { PATH, QUERY, HEADER };

struct fill {
    const jdoc *args;
    enum place place;
    struct buf *out;
    bool absent; /* an argument that it needs is not there */
    struct declared_problem *problem;
};

static int declared_wrong(struct fill *f, const char *argument, const char *expected)
{
    f->problem->argument = argument;
    f->problem->expected = expected;
    return ERR_INVALID;
}

static int declared_put_text(struct fill *f, const char *argument, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F ||
            (f->place == HEADER && (unsigned char)text[i] > 0x7E))
            return declared_wrong(f, argument,
                f->place == HEADER ? "plain ASCII text" : "text without control characters");
    if (f->place == PATH && len == 0)
        return declared_wrong(f, argument, "text that is not empty");
    if (f->place == HEADER)
        buf_put(f->out, text, len);
    else /* no '/', '?', '#' or '%' of a value is one of the address */
        buf_put_urlencoded(f->out, text, len);
    return 0;
}

static int declared_put_value(struct fill *f, const char *argument, const jdoc *value)
{
    struct buf text = {0};
    size_t len = 0;
    const char *string = jdoc_string(value, &len);
    int error = 0;
    if (string)
        return declared_put_text(f, argument, string, len);
    if (jdoc_type(value) == JDOC_ARRAY) {
        for (size_t i = 0; error == 0 && i < jdoc_length(value); i++) {
            if (i > 0)
                buf_putc(f->out, ',');
            error = jdoc_type(jdoc_at(value, i)) >= JDOC_ARRAY ?
                declared_wrong(f, argument, "a plain list") :
                declared_put_value(f, argument, jdoc_at(value, i));
        }
        return error;
    }
    if (jdoc_type(value) == JDOC_OBJECT)
        return declared_wrong(f, argument, "no object");
    jdoc_write(value, &text);
    error = buf_error(&text);
    if (error == 0)
        error = declared_put_text(f, argument, buf_text(&text), text.len);
    buf_free(&text);
    return error;
}

static int declared_put_argument(struct fill *f, const char *name, size_t len)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;
    while (jdoc_next(f->args, &it, &key, &value))
        if (strlen(key) == len && memcmp(key, name, len) == 0 && value)
            return declared_put_value(f, key, value);
    f->absent = true;
    return 0;
}

/* The file's check has seen that braces are right. */
static int declared_fill(struct fill *f, const char *template, size_t len)
{
    const char *p = template, *end = template + len;
    int error = 0;
    while (error == 0 && p < end) {
        if (p + 1 < end && (*p == '{' || *p == '}') && p[1] == *p) {
            buf_putc(f->out, *p);
            p += 2;
        } else if (*p == '{') {
            const char *close = memchr(p, '}', (size_t)(end - p));
            if (!close)
                return ERR_INTERNAL;
            error = declared_put_argument(f, p + 1, (size_t)(close - p - 1));
            p = close + 1;
        } else {
            buf_putc(f->out, *p++);
        }
    }
    return error != 0 ? error : buf_error(f->out);
}

/* A segment that became "." or ".." would climb in the path. */
static int declared_check_segments(struct fill *f, const char *path)
{
    for (const char *p = path; *p != '\0';) {
        size_t len = strcspn(p, "/");
        if ((len == 1 && p[0] == '.') || (len == 2 && p[0] == '.' && p[1] == '.'))
            return declared_wrong(f, f->problem->argument, "text other than . and ..");
        p += len + (p[len] != '\0');
    }
    return 0;
}

static const char *declared_path_of(const char *url)
{
    const char *start = strstr(url, "://");
    return start ? start + 3 + strcspn(start + 3, "/") : url;
}

/* Each parameter by itself: one whose argument is absent is left out. */
static int declared_fill_query(const struct declared *d, const jdoc *args, struct buf *out,
    struct declared_problem *problem)
{
    char separator = '?';
    int error = 0;
    for (const char *p = d->query; error == 0 && *p != '\0';) {
        size_t len = strcspn(p, "&");
        struct buf one = {0};
        struct fill f = {.args = args, .place = QUERY, .out = &one, .problem = problem};
        error = declared_fill(&f, p, len);
        if (error == 0 && !f.absent && one.len > 0) {
            buf_putc(out, separator);
            buf_put(out, buf_text(&one), one.len);
            separator = '&';
        }
        buf_free(&one);
        p += len + (p[len] == '&');
    }
    return error;
}

int declared_url(const struct declared *d, const jdoc *args, struct buf *out,
    struct declared_problem *problem)
{
    struct fill f = {.args = args, .place = PATH, .out = out, .problem = problem};
    *problem = (struct declared_problem){.argument = "", .expected = ""};
    int error = declared_fill(&f, d->url, strlen(d->url));
    if (error == 0 && f.absent)
        error = declared_wrong(&f, "", "every argument that the address needs");
    if (error == 0)
        error = declared_check_segments(&f, declared_path_of(buf_text(out)));
    if (error == 0)
        error = declared_fill_query(d, args, out, problem);
    return error != 0 ? error : buf_error(out);
}

int declared_header(const char *template, const jdoc *args, struct buf *out, bool *present,
    struct declared_problem *problem)
{
    struct fill f = {.args = args, .place = HEADER, .out = out, .problem = problem};
    int error = declared_fill(&f, template, strlen(template));
    *present = !f.absent;
    return error;
}

/* ---- the body ---- */

/* "{name}" alone: the argument's own value, of whatever type. */
static bool declared_is_whole(const char *template, size_t len, char name[65])
{
    if (len < 3 || len > 66 || template[0] != '{' || template[len - 1] != '}' ||
        memchr(template + 1, '{', len - 1) || memchr(template, '}', len - 1))
        return false;
    memcpy(name, template + 1, len - 2);
    name[len - 2] = '\0';
    return true;
}

/* Text in text: values as they are, JSON for what is no text. */
static int declared_body_text(const char *template, size_t len, const jdoc *args, jdoc **out)
{
    struct buf text = {0};
    const char *p = template, *end = template + len;
    char name[65];
    bool absent = false;
    while (p < end && !absent) {
        if (p + 1 < end && (*p == '{' || *p == '}') && p[1] == *p) {
            buf_putc(&text, *p);
            p += 2;
            continue;
        }
        const char *close = *p == '{' ? memchr(p, '}', (size_t)(end - p)) : NULL;
        if (!close) {
            buf_putc(&text, *p++);
            continue;
        }
        snprintf(name, sizeof name, "%.*s", (int)(close - p - 1), p + 1);
        const jdoc *value = jdoc_get(args, name);
        size_t n = 0;
        const char *string = jdoc_string(value, &n);
        absent = !value;
        if (string)
            buf_put(&text, string, n);
        else if (value)
            jdoc_write(value, &text);
        p = close + 1;
    }
    int error = buf_error(&text);
    if (error == 0 && !absent)
        error = (*out = jdoc_new_string(buf_text(&text), text.len)) ? 0 : ERR_NOMEM;
    buf_free(&text);
    return error;
}

static int declared_body_list(const jdoc *template, const jdoc *args, jdoc **out)
{
    jdoc *list = jdoc_new_array();
    int error = list ? 0 : ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < jdoc_length(template); i++) {
        jdoc *item = NULL;
        error = declared_body(jdoc_at(template, i), args, &item);
        if (error == 0 && item)
            error = jdoc_push(list, item);
    }
    if (error != 0)
        jdoc_free(list);
    else
        *out = list;
    return error;
}

static int declared_body_object(const jdoc *template, const jdoc *args, jdoc **out)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value, *object = jdoc_new_object();
    int error = object ? 0 : ERR_NOMEM;
    while (error == 0 && jdoc_next(template, &it, &key, &value)) {
        jdoc *member = NULL;
        error = !value ? jdoc_set_null(object, key) : declared_body(value, args, &member);
        if (error == 0 && member)
            error = jdoc_set(object, key, member);
    }
    if (error != 0)
        jdoc_free(object);
    else
        *out = object;
    return error;
}

int declared_body(const jdoc *template, const jdoc *args, jdoc **out)
{
    char name[65];
    size_t len = 0;
    const char *text = jdoc_string(template, &len);
    *out = NULL;
    if (text && declared_is_whole(text, len, name)) {
        const jdoc *value = jdoc_get(args, name);
        if (value)
            *out = jdoc_dup(value);
        return !value || *out ? 0 : ERR_NOMEM;
    }
    if (text)
        return declared_body_text(text, len, args, out);
    if (jdoc_type(template) == JDOC_OBJECT)
        return declared_body_object(template, args, out);
    if (jdoc_type(template) == JDOC_ARRAY)
        return declared_body_list(template, args, out);
    *out = jdoc_dup(template);
    return *out || !template ? 0 : ERR_NOMEM;
}
