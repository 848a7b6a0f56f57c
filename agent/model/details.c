/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/model/details.h"

#include <string.h>

/* What comes in pieces, by the type of the item; what else may, comes whole. */
static const struct {
    const char *type, *key;
} details_texts[] = {
    {"reasoning.text", "text"},
    {"reasoning.summary", "summary"},
};

static const char *details_key(const jdoc *item)
{
    const char *type = jdoc_text_or(item, "type", "");

    for (size_t i = 0; i < sizeof details_texts / sizeof *details_texts; i++)
        if (!strcmp(details_texts[i].type, type))
            return details_texts[i].key;
    return NULL;
}

/* Ends the open item. */
static int details_close(struct details *d)
{
    const char *text;
    jdoc *value;
    int error = 0;

    if (!d->item)
        return 0;
    pieces_end(&d->pieces, &d->text);
    text = buf_text(&d->text);
    if (d->said) {
        value = jdoc_new_string(text, d->text.len);
        error = value ? jdoc_set(d->item, d->key, value) : ERR_NOMEM;
    }
    if (!error) {
        if (d->done.len)
            buf_putc(&d->done, ',');
        jdoc_write(d->item, &d->done);
    }
    jdoc_free(d->item);
    d->item = NULL;
    d->said = false;
    buf_reset(&d->text);
    return error;
}

static bool details_goes_on(const struct details *d, const jdoc *item)
{
    return d->item && d->key && details_key(item) &&
        !strcmp(jdoc_text_or(d->item, "type", ""), jdoc_text_or(item, "type", "")) &&
        jdoc_int_or(d->item, "index", -1) == jdoc_int_or(item, "index", -1);
}

static void details_put_text(struct details *d, const jdoc *item, bool marked)
{
    const char *text;
    size_t len;

    if (jdoc_get_string(item, d->key, &text, &len))
        return;
    d->said = true;
    if (marked) {
        pieces_join(&d->pieces, text, len, &d->text);
        return;
    }
    if (len)
        pieces_end(&d->pieces, &d->text);
    buf_put(&d->text, text, len);
}

/* The members that say something, but for the text, which follows at the end; later ones count. */
static int details_put_members(struct details *d, const jdoc *item)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;
    int error = 0;

    while (!error && jdoc_next(item, &it, &key, &value)) {
        if (!value && jdoc_get(d->item, key))
            continue;
        if (d->key && !strcmp(key, d->key) && jdoc_string(value, NULL))
            error = jdoc_set_string(d->item, key, ""); /* keeps its place */
        else
            error = value ? jdoc_set(d->item, key, jdoc_dup(value)) : jdoc_set_null(d->item, key);
    }
    return error;
}

static int details_add_item(struct details *d, const jdoc *item, bool marked)
{
    int error = 0;

    if (jdoc_type(item) != JDOC_OBJECT)
        return 0;
    if (!details_goes_on(d, item)) {
        if ((error = details_close(d)))
            return error;
        d->key = details_key(item);
        if (!(d->item = jdoc_new_object()))
            return ERR_NOMEM;
    }
    if (d->key)
        details_put_text(d, item, marked);
    return details_put_members(d, item);
}

int details_add(struct details *d, const jdoc *list, bool marked)
{
    size_t count = jdoc_type(list) == JDOC_ARRAY ? jdoc_length(list) : 0;
    int error = 0;

    for (size_t i = 0; i < count && !error && !d->too_long; i++) {
        error = details_add_item(d, jdoc_at(list, i), marked);
        d->too_long = d->done.len + d->text.len > DETAILS_MAX;
    }
    return error ? error : buf_error(&d->text);
}

bool details_any(const struct details *d)
{
    return d->item || d->done.len;
}

int details_take(struct details *d, struct buf *json)
{
    int error = details_close(d);

    if (!error)
        error = buf_error(&d->done);
    if (!error && !d->too_long && d->done.len <= DETAILS_MAX) {
        buf_put(json, buf_text(&d->done), d->done.len);
        error = buf_error(json);
    }
    buf_reset(&d->done);
    return error;
}

void details_reset(struct details *d)
{
    jdoc_free(d->item);
    d->item = NULL;
    d->key = NULL;
    d->pieces = (struct pieces){.count = 0};
    d->said = d->too_long = false;
    buf_reset(&d->done);
    buf_reset(&d->text);
}

void details_fini(struct details *d)
{
    details_reset(d);
    buf_free(&d->done);
    buf_free(&d->text);
}
