/* SPDX-License-Identifier: BSD-2-Clause */
/* How far a stream has come, for another worker. */
#include "agent/model/responses_parts.h"

#include <string.h>

enum responses_flag {
    RESPONSES_OPEN = 1,
    RESPONSES_ANNOUNCED = 2,
    RESPONSES_THINKING = 4,
    RESPONSES_TEXT = 8,
    RESPONSES_WAITS = 16,
    RESPONSES_DECLINED = 32
};
#define BLOCK_MEMBERS 7 /* of a block, an array: numbers, and the item's id */

static bool responses_holds(const struct provider_stream *s)
{
    bool held = pieces_held(&s->text_pieces) || pieces_held(&s->thought_pieces) || s->think.count ||
        s->think.state == THINK_INSIDE;

    for (size_t i = 0; i < s->block_count && !held; i++)
        held = pieces_held(&s->blocks[i]->pieces);
    return held;
}

static void responses_mark_block(const struct provider_block *b, struct buf *json)
{
    buf_printf(json, "[%lld,%d,%u,%d,%lld,%zu,", (long long)b->index, (int)b->kind, b->call,
        (b->open ? RESPONSES_OPEN : 0) | (b->announced ? RESPONSES_ANNOUNCED : 0),
        (long long)b->part, b->said);
    buf_json_text(json, b->item);
    buf_putc(json, ']');
}

bool responses_mark(const struct provider_stream *s, struct buf *json)
{
    if (responses_holds(s))
        return false;
    buf_json_member(json, "id", s->response);
    buf_json_member(json, "model", s->model);
    buf_printf(json, ",\"seq\":%lld,\"calls\":%u,\"flags\":%d,\"think\":[%d,%d]",
        (long long)s->sequence, s->calls,
        (s->thinking ? RESPONSES_THINKING : 0) | (s->has_text ? RESPONSES_TEXT : 0) |
            (s->waits ? RESPONSES_WAITS : 0) | (s->declined ? RESPONSES_DECLINED : 0),
        (int)s->think.state, s->think.thought);
    buf_puts(json, ",\"items\":[");
    for (size_t i = 0; i < s->block_count; i++) {
        if (i)
            buf_putc(json, ',');
        responses_mark_block(s->blocks[i], json);
    }
    buf_putc(json, ']');
    return true;
}

/* ---- back ---- */

static int64_t responses_number(const jdoc *list, size_t at)
{
    int64_t n = -1;

    (void)jdoc_int(jdoc_at(list, at), &n);
    return n;
}

static int responses_restore_block(struct provider_stream *s, const jdoc *list)
{
    int64_t kind = responses_number(list, 1), flags = responses_number(list, 3);
    int64_t call = responses_number(list, 2), said = responses_number(list, 5);
    const char *item = jdoc_string(jdoc_at(list, 6), NULL);
    struct provider_block *b;

    if (jdoc_length(list) != BLOCK_MEMBERS || kind < PROVIDER_BLOCK_OTHER ||
        kind > PROVIDER_BLOCK_CALL || call < 0 || said < 0 || flags < 0 || !item)
        return ERR_INVALID;
    if (!(b = provider_block_add(s, responses_number(list, 0))))
        return ERR_NOMEM;
    b->kind = (enum provider_block_kind)kind;
    b->call = (unsigned)call;
    b->open = flags & RESPONSES_OPEN;
    b->announced = flags & RESPONSES_ANNOUNCED;
    b->part = responses_number(list, 4);
    b->said = (size_t)said;
    provider_copy(b->item, sizeof b->item, item);
    return 0;
}

int responses_restore(struct provider_stream *s, const jdoc *mark)
{
    const jdoc *items = jdoc_get(mark, "items"), *think = jdoc_get(mark, "think");
    int64_t flags = jdoc_int_or(mark, "flags", 0), calls = jdoc_int_or(mark, "calls", -1);
    int64_t state = responses_number(think, 0);
    int error = 0;

    if (calls < 0 || calls > PROVIDER_BLOCKS_MAX || jdoc_length(items) > PROVIDER_BLOCKS_MAX ||
        state < THINK_BEFORE || state == THINK_INSIDE || state > THINK_TEXT)
        return ERR_INVALID;
    provider_copy(s->response, sizeof s->response, jdoc_text_or(mark, "id", ""));
    provider_copy(s->model, sizeof s->model, jdoc_text_or(mark, "model", ""));
    s->sequence = jdoc_int_or(mark, "seq", -1);
    s->calls = (unsigned)calls;
    s->thinking = flags & RESPONSES_THINKING;
    s->has_text = flags & RESPONSES_TEXT;
    s->waits = flags & RESPONSES_WAITS;
    s->declined = flags & RESPONSES_DECLINED;
    s->think.state = (enum think_state)state;
    s->think.thought = responses_number(think, 1) > 0;
    for (size_t i = 0; i < jdoc_length(items) && !error; i++)
        error = responses_restore_block(s, jdoc_at(items, i));
    return error;
}
