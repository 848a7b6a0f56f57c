/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/shorten.h"

#include "agent/approval.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

#define SMALL_MEMBER 600 /* bytes of a member, beside the lists, that stays whole */
#define TEXT_SHOWN 400   /* of a longer text */
#define VALUES_MAX 6     /* different values of a member that are counted apart */
#define COUNTED_MIN 8    /* entries of a list whose values are counted */

struct shorten {
    jdoc *out, *lists;
    struct buf left; /* names of members that are not shown, with ", " between */
    size_t room;     /* bytes of each list */
};

static size_t shorten_size(const jdoc *value)
{
    struct buf text = {0};
    jdoc_write(value, &text);
    size_t len = text.len;
    buf_free(&text);
    return len;
}

/* How often each value of a member stands in the list, when there are few of them. */
static int shorten_count_values(const jdoc *list, const char *key, jdoc *counts)
{
    jdoc *values = jdoc_new_object();
    int error = values ? 0 : ERR_NOMEM;
    for (size_t i = 0; i < jdoc_length(list) && error == 0; i++) {
        const char *value = jdoc_text_or(jdoc_at(list, i), key, NULL);
        if (value && strlen(value) < 40)
            error = jdoc_set_int(values, value, jdoc_int_or(values, value, 0) + 1);
        if (!value || jdoc_length(values) > VALUES_MAX) {
            jdoc_free(values);
            return error;
        }
    }
    if (error == 0)
        return jdoc_set(counts, key, values);
    jdoc_free(values);
    return error;
}

/* Sums of money, each currency apart: KEY_minor beside `currency`. */
static int shorten_sum(const jdoc *list, const char *key, jdoc *sums)
{
    jdoc *values = jdoc_new_object();
    int error = values ? 0 : ERR_NOMEM;
    for (size_t i = 0; i < jdoc_length(list) && error == 0; i++) {
        const char *currency = jdoc_text_or(jdoc_at(list, i), "currency", NULL);
        int64_t sum = currency ? jdoc_int_or(values, currency, 0) : 0;
        if (!currency || __builtin_add_overflow(sum, jdoc_int_or(jdoc_at(list, i), key, 0), &sum)) {
            jdoc_free(values);
            return 0;
        }
        error = jdoc_set_int(values, currency, sum);
    }
    if (error == 0)
        return jdoc_set(sums, key, values);
    jdoc_free(values);
    return error;
}

static int shorten_set_filled(jdoc *object, const char *key, jdoc *value)
{
    if (jdoc_length(value) > 0)
        return jdoc_set(object, key, value);
    jdoc_free(value);
    return 0;
}

/* What the whole list holds, by the members of its first entry. */
static int shorten_tell_list(const jdoc *list, jdoc *about)
{
    jdoc *counts = jdoc_new_object(), *sums = jdoc_new_object(), *value;
    struct jdoc_iter it = {0};
    const char *key;
    int error = counts && sums ? 0 : ERR_NOMEM;
    while (error == 0 && jdoc_length(list) >= COUNTED_MIN &&
        jdoc_next(jdoc_at(list, 0), &it, &key, &value)) {
        size_t n = strlen(key);
        if (jdoc_type(value) == JDOC_STRING)
            error = shorten_count_values(list, key, counts);
        else if (jdoc_type(value) == JDOC_INT && n > 6 && strcmp(key + n - 6, "_minor") == 0)
            error = shorten_sum(list, key, sums);
    }
    if (error != 0) {
        jdoc_free(counts);
        jdoc_free(sums);
        return error;
    }
    error = shorten_set_filled(about, "counts", counts);
    int set = shorten_set_filled(about, "sums", sums);
    return error != 0 ? error : set;
}

/* The first entries, as many as there is room for. */
static int shorten_take_list(struct shorten *s, const char *key, const jdoc *list)
{
    jdoc *shown = jdoc_new_array(), *about = jdoc_new_object();
    size_t used = 0, count = 0;
    int error = shown && about ? 0 : ERR_NOMEM;
    for (; error == 0 && count < jdoc_length(list); count++) {
        jdoc *entry = jdoc_at(list, count);
        used += shorten_size(entry) + 1;
        if (used > s->room)
            break;
        if (entry) /* a null tells nothing */
            error = jdoc_push(shown, jdoc_dup(entry));
    }
    if (error == 0)
        error = jdoc_set_int(about, "shown", (int64_t)count);
    if (error == 0)
        error = jdoc_set_int(about, "of", (int64_t)jdoc_length(list));
    if (error == 0)
        error = shorten_tell_list(list, about);
    if (error != 0) {
        jdoc_free(shown);
        jdoc_free(about);
        return error;
    }
    error = jdoc_set(s->out, key, shown);
    int set = jdoc_set(s->lists, key, about);
    return error != 0 ? error : set;
}

static int shorten_take_text(struct shorten *s, const char *key, const char *text, size_t len)
{
    struct buf cut = {0};
    buf_put(&cut, text, utf8_cut(text, len < TEXT_SHOWN ? len : TEXT_SHOWN));
    buf_puts(&cut, " ...");
    int error = buf_error(&cut);
    if (error == 0)
        error = jdoc_set_string(s->out, key, buf_text(&cut));
    buf_free(&cut);
    return error;
}

static int shorten_take_member(struct shorten *s, const char *key, const jdoc *value)
{
    size_t len;
    const char *text = jdoc_string(value, &len);
    if (!value)
        return jdoc_set_null(s->out, key);
    if (jdoc_type(value) != JDOC_ARRAY && shorten_size(value) <= SMALL_MEMBER)
        return jdoc_set(s->out, key, jdoc_dup(value));
    if (jdoc_type(value) == JDOC_ARRAY)
        return shorten_take_list(s, key, value);
    buf_printf(&s->left, "%s%.60s", s->left.len > 0 ? ", " : "", key);
    return text ? shorten_take_text(s, key, text, len) : 0;
}

static int shorten_finish(struct shorten *s, const struct chat_message *m, jdoc *told)
{
    int error = jdoc_set_string(told, "handle", m->call_id);
    if (error == 0)
        error = jdoc_set_int(told, "bytes", (int64_t)m->len);
    if (error == 0 && s->left.len > 0)
        error = buf_error(&s->left) != 0 ? ERR_NOMEM :
                                           jdoc_set_string(told, "not_whole", buf_text(&s->left));
    if (error == 0)
        error = jdoc_set_string(told, "note",
            "The user sees the whole result. For the rest call read_result with this handle.");
    if (error == 0) {
        error = jdoc_set(told, "lists", s->lists);
        s->lists = NULL;
    }
    if (error != 0) {
        jdoc_free(told);
        return error;
    }
    return jdoc_set(s->out, "shortened", told);
}

static int shorten_object(const struct chat_message *m, const jdoc *doc, struct shorten *s)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value, *told;
    int error = 0;
    while (error == 0 && jdoc_next(doc, &it, &key, &value))
        error = shorten_take_member(s, key, value);
    if (error != 0)
        return error;
    return (told = jdoc_new_object()) ? shorten_finish(s, m, told) : ERR_NOMEM;
}

static int shorten_keep(struct chat_message *m, struct buf *text, struct arena *arena)
{
    const char *copy = buf_error(text) ? NULL : arena_memdup(arena, buf_text(text), text->len);
    if (copy) {
        m->text = copy;
        m->len = text->len;
    }
    return copy ? 0 : ERR_NOMEM;
}

/* The beginning of what is no object, or one of very many members. */
static int shorten_plain(struct chat_message *m, size_t max, struct arena *arena)
{
    static const char mark[] = APPROVAL_OUTSIDE_MARK;
    size_t n = utf8_cut(m->text, max / 3); /* escaping may double it */
    bool others = m->len >= sizeof mark - 1 && !memcmp(m->text, mark, sizeof mark - 1);
    struct buf out = {0};
    buf_puts(&out, others ? mark : "{");
    buf_puts(&out, "\"shortened\":{\"handle\":");
    buf_json_string(&out, m->call_id, strlen(m->call_id));
    buf_printf(&out,
        ",\"bytes\":%zu,\"note\":\"Its first %zu bytes follow as text. The user sees the whole "
        "result. For the rest call read_result with this handle.\"},\"text\":",
        m->len, n);
    buf_json_string(&out, m->text, n);
    buf_putc(&out, '}');
    int error = shorten_keep(m, &out, arena);
    buf_free(&out);
    return error;
}

static int shorten_lists(struct chat_message *m, const jdoc *doc, size_t max, struct arena *arena,
    bool *done)
{
    struct shorten s = {.out = jdoc_new_object(), .lists = jdoc_new_object()};
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;
    size_t lists = 0;
    struct buf text = {0};
    while (jdoc_next(doc, &it, &key, &value))
        lists += jdoc_type(value) == JDOC_ARRAY;
    s.room = max / 2 / (lists > 0 ? lists : 1);
    int error = s.out && s.lists ? shorten_object(m, doc, &s) : ERR_NOMEM;
    if (error == 0) {
        jdoc_write(s.out, &text);
        *done = text.len <= max;
        error = buf_error(&text) != 0 ? ERR_NOMEM : *done ? shorten_keep(m, &text, arena) : 0;
    }
    jdoc_free(s.out);
    jdoc_free(s.lists);
    buf_free(&s.left);
    buf_free(&text);
    return error;
}

int shorten_result(struct chat_message *m, size_t max, struct arena *arena)
{
    jdoc *doc = NULL;
    bool done = false;
    if (m->role != CHAT_TOOL || m->len <= max || m->file_count > 0)
        return 0;
    int error = jdoc_parse(m->text, m->len, &doc, NULL, 0);
    if (error == ERR_NOMEM)
        return error;
    if (error == 0 && jdoc_type(doc) == JDOC_OBJECT)
        error = shorten_lists(m, doc, max, arena, &done);
    else
        error = 0;
    jdoc_free(doc);
    return error != 0 || done ? error : shorten_plain(m, max, arena);
}

int shorten_earlier(void *arg, const char *handle, const char **text, size_t *len, bool *others)
{
    static const char mark[] = APPROVAL_OUTSIDE_MARK;
    const struct chat *chat = arg;
    const struct chat_message *m = chat_result(chat, handle);
    if (!m)
        return ERR_NOT_FOUND;
    *text = m->text;
    *len = m->len;
    *others = m->len >= sizeof mark - 1 && !memcmp(m->text, mark, sizeof mark - 1);
    return 0;
}
