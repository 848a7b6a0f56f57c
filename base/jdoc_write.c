/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/jdoc.h"

#include "base/err.h"

#include <stdlib.h>
#include <string.h>

static void jdoc_write_any(const jdoc *doc, struct buf *out, bool sorted);

static void jdoc_write_member(const char *key, const jdoc *value, bool first, struct buf *out,
    bool sorted)
{
    if (!first)
        buf_putc(out, ',');
    buf_json_string(out, key, strlen(key));
    buf_putc(out, ':');
    jdoc_write_any(value, out, sorted);
}

struct jdoc_member {
    const char *key;
    jdoc *value;
};

static int jdoc_compare(const void *a, const void *b)
{
    return strcmp(((const struct jdoc_member *)a)->key, ((const struct jdoc_member *)b)->key);
}

static void jdoc_write_sorted(const jdoc *doc, struct buf *out)
{
    struct jdoc_iter it = {NULL, false};
    size_t count = jdoc_length(doc), n = 0;
    struct jdoc_member *members = calloc(count ? count : 1, sizeof *members);

    if (!members) {
        out->error = ERR_NOMEM;
        return;
    }
    while (n < count && jdoc_next(doc, &it, &members[n].key, &members[n].value))
        n++;
    qsort(members, n, sizeof *members, jdoc_compare);
    for (size_t i = 0; i < n; i++)
        jdoc_write_member(members[i].key, members[i].value, i == 0, out, true);
    free(members);
}

static void jdoc_write_object(const jdoc *doc, struct buf *out, bool sorted)
{
    struct jdoc_iter it = {NULL, false};
    const char *key;
    jdoc *value;
    bool first = true;

    buf_putc(out, '{');
    if (sorted) {
        jdoc_write_sorted(doc, out);
    } else {
        for (; jdoc_next(doc, &it, &key, &value); first = false)
            jdoc_write_member(key, value, first, out, false);
    }
    buf_putc(out, '}');
}

static void jdoc_write_array(const jdoc *doc, struct buf *out, bool sorted)
{
    size_t count = jdoc_length(doc);

    buf_putc(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_putc(out, ',');
        jdoc_write_any(jdoc_at(doc, i), out, sorted);
    }
    buf_putc(out, ']');
}

static void jdoc_write_any(const jdoc *doc, struct buf *out, bool sorted)
{
    size_t len = 0;
    int64_t whole = 0;
    double number = 0;
    bool flag = false;

    switch (jdoc_type(doc)) {
    case JDOC_NULL:
        buf_put(out, "null", 4);
        break;
    case JDOC_BOOL:
        (void)jdoc_bool(doc, &flag);
        buf_puts(out, flag ? "true" : "false");
        break;
    case JDOC_INT:
        (void)jdoc_int(doc, &whole);
        buf_put_int(out, whole);
        break;
    case JDOC_DOUBLE:
        (void)jdoc_double(doc, &number);
        buf_put_double(out, number);
        break;
    case JDOC_STRING: {
        const char *s = jdoc_string(doc, &len);
        buf_json_string(out, s, len);
        break;
    }
    case JDOC_ARRAY:
        jdoc_write_array(doc, out, sorted);
        break;
    case JDOC_OBJECT:
        jdoc_write_object(doc, out, sorted);
        break;
    }
}

void jdoc_write(const jdoc *doc, struct buf *out)
{
    jdoc_write_any(doc, out, false);
}

void jdoc_write_canonical(const jdoc *doc, struct buf *out)
{
    jdoc_write_any(doc, out, true);
}
