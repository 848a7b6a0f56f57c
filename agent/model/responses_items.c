/* SPDX-License-Identifier: BSD-2-Clause */
/* The items of an answer: their beginnings, their ends, and all of them at its end. */
#include "agent/model/request_extra.h"
#include "agent/model/responses_parts.h"

#include <string.h>

static enum provider_block_kind responses_kind(const jdoc *item)
{
    const char *type = jdoc_text_or(item, "type", "");

    if (!strcmp(type, "function_call") || responses_is_search(item))
        return PROVIDER_BLOCK_CALL;
    if (!strcmp(type, "reasoning"))
        return PROVIDER_BLOCK_REASONING;
    return !strcmp(type, "message") ? PROVIDER_BLOCK_TEXT : PROVIDER_BLOCK_OTHER;
}

int responses_item_added(struct provider_stream *s, const jdoc *event)
{
    const jdoc *item = jdoc_get(event, "item");
    enum provider_block_kind kind = responses_kind(item);
    struct provider_block *b = responses_by_id(s, responses_item_id(event));
    int error;

    if (b && b->kind == kind)
        return 0;
    if ((error = responses_new(s, event, kind, &b)))
        return error;
    return kind == PROVIDER_BLOCK_CALL ? responses_announce(s, b, item) : 0;
}

static int responses_finish(struct provider_stream *s, struct provider_block *b, const jdoc *item)
{
    int error = 0;

    if (!b->open)
        return b->kind == PROVIDER_BLOCK_CALL && !responses_is_search(item) ?
            request_extra_note_item(s, b->call, item) :
            0;
    switch (b->kind) {
    case PROVIDER_BLOCK_TEXT:
        error = responses_message(s, b, item);
        break;
    case PROVIDER_BLOCK_REASONING:
        error = responses_thought(s, b, item);
        break;
    case PROVIDER_BLOCK_CALL:
        return responses_call(s, b, item);
    case PROVIDER_BLOCK_OTHER:
        break;
    }
    b->open = false;
    return error;
}

int responses_item_done(struct provider_stream *s, const jdoc *event)
{
    const jdoc *item = jdoc_get(event, "item");
    struct provider_block *b;
    int error = responses_take(s, event, responses_kind(item), &b);

    return error ? error : responses_finish(s, b, item);
}

/* The n-th item of its kind, from 0; NULL = there are not so many. */
static struct provider_block *responses_nth(struct provider_stream *s,
    enum provider_block_kind kind, size_t n)
{
    for (size_t i = 0; i < s->block_count; i++)
        if (s->blocks[i]->kind == kind && !n--)
            return s->blocks[i];
    return NULL;
}

/* An item of the list, at its place. By its id; where servers change that, by its place among those
 * of its kind. */
static int responses_listed(struct provider_stream *s, const jdoc *item, size_t at, size_t nth)
{
    enum provider_block_kind kind = responses_kind(item);
    struct provider_block *b = responses_by_id(s, jdoc_text_or(item, "id", ""));

    if (!b || b->kind != kind)
        b = responses_nth(s, kind, nth);
    if (!b) {
        if (!(b = provider_block_add(s, (int64_t)at)))
            return ERR_LIMIT;
        b->kind = kind;
        b->open = true;
        b->part = -1;
    }
    return responses_finish(s, b, item);
}

int responses_output(struct provider_stream *s, const jdoc *response)
{
    const jdoc *output = jdoc_get(response, "output");
    size_t counts[PROVIDER_BLOCK_CALL + 1] = {0};
    int error = 0;

    for (size_t i = 0; jdoc_type(output) == JDOC_ARRAY && i < jdoc_length(output) && !error; i++) {
        const jdoc *item = jdoc_at(output, i);
        error = responses_listed(s, item, i, counts[responses_kind(item)]++);
    }
    return error;
}

int responses_end_all(struct provider_stream *s)
{
    int error = provider_end_text(s);

    if (!error)
        error = provider_end_thought(s, NULL);
    for (size_t i = 0; i < s->block_count && !error; i++) {
        struct provider_block *b = s->blocks[i];
        if (b->kind == PROVIDER_BLOCK_CALL && b->announced)
            error = provider_end_call(s, b);
        b->open = false;
    }
    return error;
}

struct provider_block *responses_open_text(struct provider_stream *s, const struct scan_delta *d)
{
    struct provider_block *b = NULL;

    for (size_t i = s->block_count; i-- > 0 && !b;)
        if (d->item_len && !strncmp(s->blocks[i]->item, d->item, d->item_len) &&
            !s->blocks[i]->item[d->item_len])
            b = s->blocks[i];
    return b && b->kind == PROVIDER_BLOCK_TEXT && b->open && b->announced && b->part == d->part ?
        b :
        NULL;
}
