/* SPDX-License-Identifier: BSD-2-Clause */
/* Results in the language of the message: their facts with labels, their lists line by line. */
#include "agent/offline/offline_phrase.h"
#include "agent/offline/offline_talk.h"

#include "base/jdoc.h"

#include <stdio.h>
#include <string.h>

#define OFFLINE_TELL_LINES 12

static void offline_tell_value(const jdoc *value, struct buf *out)
{
    const char *text = jdoc_string(value, NULL);

    if (!text) {
        jdoc_write(value, out);
        return;
    }
    if (strlen(text) > 16 && text[4] == '-' && text[10] == 'T') /* a point in time */
        buf_printf(out, "%.10s %.5s", text, text + 11);
    else
        buf_printf(out, "%.200s", text);
}

static bool offline_tell_scalar(const jdoc *value)
{
    enum jdoc_type type = jdoc_type(value);

    return type == JDOC_INT || type == JDOC_DOUBLE ||
        (type == JDOC_STRING && *jdoc_string(value, NULL));
}

/* The members that have a label, on one line each, or with commas between. */
static void offline_tell_facts(const jdoc *object, enum offline_language language, bool lines,
    struct buf *out)
{
    struct jdoc_iter it = {0};
    const char *key, *label, *between = "";
    jdoc *value;

    while (jdoc_next(object, &it, &key, &value)) {
        if (!offline_tell_scalar(value) || !(label = offline_phrase_label(key, language)))
            continue;
        buf_printf(out, "%s%s: ", lines ? "\n- " : between, label);
        offline_tell_value(value, out);
        between = ", ";
    }
}

static void offline_tell_list(const jdoc *list, enum offline_language language, struct buf *out)
{
    size_t count = jdoc_length(list);

    for (size_t i = 0; i < count && i < OFFLINE_TELL_LINES; i++) {
        const jdoc *row = jdoc_at(list, i);
        buf_puts(out, "\n- ");
        if (jdoc_type(row) == JDOC_OBJECT)
            offline_tell_facts(row, language, false, out);
        else
            offline_tell_value(row, out);
    }
    if (count > OFFLINE_TELL_LINES)
        buf_printf(out, "\n- + %zu", count - OFFLINE_TELL_LINES);
}

void offline_tell_lists(const jdoc *doc, enum offline_language language, struct buf *out)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;

    while (jdoc_next(doc, &it, &key, &value))
        if (jdoc_type(value) == JDOC_ARRAY && jdoc_type(jdoc_at(value, 0)) == JDOC_OBJECT)
            offline_tell_list(value, language, out);
}

static void offline_tell_result(const jdoc *doc, enum offline_language language, struct buf *out)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;

    offline_tell_facts(doc, language, true, out);
    while (jdoc_next(doc, &it, &key, &value))
        if (jdoc_type(value) == JDOC_OBJECT && strcmp(key, "error") != 0) {
            offline_tell_facts(value, language, true, out);
            offline_tell_lists(value, language, out);
        }
    offline_tell_lists(doc, language, out);
}

void offline_tell(const struct offline_result *results, size_t count,
    enum offline_language language, struct buf *text)
{
    for (size_t i = 0; i < count; i++) {
        const struct chat_message *m = results[i].message;
        jdoc *doc = NULL;
        if (i)
            buf_puts(text, "\n\n");
        if (jdoc_parse(m->text, m->len, &doc, NULL, 0)) {
            buf_puts(text, offline_phrase_failed(language));
        } else if (!jdoc_is_true(doc, "success")) {
            buf_puts(text, offline_phrase_failed(language));
            buf_puts(text, jdoc_text_or(doc, "message", ""));
        } else {
            buf_puts(text, offline_phrase_done(language));
            offline_tell_result(doc, language, text);
        }
        jdoc_free(doc);
    }
    buf_puts(text, offline_phrase_signature(language));
}
