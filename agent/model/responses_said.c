/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of an item say: texts, thoughts, arguments; each of them once. */
#include "agent/model/responses_parts.h"

#include "agent/model/request_extra.h"
#include "agent/offer.h"

#include <string.h>

#define PARAGRAPH "\n\n"
#define CONTENT_PARTS 1000000 /* parts of a thought itself; below: of its summary */

/* ---- which item ---- */

const char *responses_item_id(const jdoc *event)
{
    const char *id = jdoc_text_or(jdoc_get(event, "item"), "id", "");

    return *id ? id : jdoc_text_or(event, "item_id", "");
}

struct provider_block *responses_by_id(struct provider_stream *s, const char *id)
{
    char kept[sizeof s->blocks[0]->item];

    provider_block_id(kept, id);
    for (size_t i = s->block_count; *id && i-- > 0;)
        if (!strcmp(s->blocks[i]->item, kept))
            return s->blocks[i];
    return NULL;
}

/* The item that an event is about; NULL = it is new. */
static struct provider_block *responses_find(struct provider_stream *s, const jdoc *event,
    enum provider_block_kind kind)
{
    struct provider_block *b = responses_by_id(s, responses_item_id(event));
    int64_t index;

    if (!b && !jdoc_get_int(event, "output_index", &index))
        b = provider_block_at(s, index);
    else if (!b && !*responses_item_id(event) && s->block_count)
        b = s->blocks[s->block_count - 1];
    return b && b->kind == kind ? b : NULL;
}

int responses_new(struct provider_stream *s, const jdoc *event, enum provider_block_kind kind,
    struct provider_block **out)
{
    int64_t index = (int64_t)s->block_count + 1000000;

    (void)jdoc_get_int(event, "output_index", &index);
    if (!(*out = provider_block_add(s, index)))
        return ERR_LIMIT;
    (*out)->kind = kind;
    (*out)->open = true;
    (*out)->part = -1;
    provider_block_id((*out)->item, responses_item_id(event));
    return 0;
}

int responses_take(struct provider_stream *s, const jdoc *event, enum provider_block_kind kind,
    struct provider_block **out)
{
    *out = responses_find(s, event, kind);
    return *out ? 0 : responses_new(s, event, kind, out);
}

/* The rest of a text of which `said` bytes were said; *text is moved. Nothing when they do not fit
 * together. */
static size_t responses_rest(const struct provider_block *b, const char **text, size_t len)
{
    if (b->said >= len || ((unsigned char)(*text)[b->said] & 0xC0) == 0x80)
        return 0;
    *text += b->said;
    return len - b->said;
}

/* ---- text ---- */

/* Another message of the same answer begins with a paragraph of its own. */
static int responses_say(struct provider_stream *s, struct provider_block *b, const char *text,
    size_t len)
{
    bool first = !b->announced;
    int error = 0;

    if (!len)
        return 0;
    if (!s->think_tags && (error = provider_end_thought(s, NULL)))
        return error;
    b->announced = true;
    if (first && s->has_text)
        error = provider_text(s, PARAGRAPH, sizeof PARAGRAPH - 1);
    s->has_text = true;
    b->said += len;
    return error ? error : provider_text(s, text, len);
}

static void responses_part(struct provider_block *b, int64_t part)
{
    if (part <= b->part)
        return;
    b->part = part;
    b->said = 0;
}

int responses_text_delta(struct provider_stream *s, const jdoc *event, bool refusal)
{
    struct provider_block *b;
    const char *text;
    size_t len;
    int error;

    if (refusal)
        s->declined = true;
    if (jdoc_get_string(event, "delta", &text, &len) || !len)
        return 0;
    if ((error = responses_take(s, event, PROVIDER_BLOCK_TEXT, &b)))
        return error;
    responses_part(b, jdoc_int_or(event, "content_index", 0));
    return b->open ? responses_say(s, b, text, len) : 0;
}

static int responses_text_rest(struct provider_stream *s, struct provider_block *b, int64_t part,
    const jdoc *whole)
{
    size_t len;
    const char *text = jdoc_string(whole, &len);

    if (!text || part < b->part || !b->open)
        return 0;
    responses_part(b, part);
    len = responses_rest(b, &text, len);
    return responses_say(s, b, text, len);
}

int responses_text_done(struct provider_stream *s, const jdoc *event, const char *key)
{
    const jdoc *whole = jdoc_get(event, key);
    struct provider_block *b;
    int error;

    if (!jdoc_string(whole, NULL))
        return 0;
    if (!strcmp(key, "refusal"))
        s->declined = true;
    if ((error = responses_take(s, event, PROVIDER_BLOCK_TEXT, &b)))
        return error;
    return responses_text_rest(s, b, jdoc_int_or(event, "content_index", 0), whole);
}

/* content: parts {type:"output_text",text} and {type:"refusal",refusal}, or a text. */
int responses_message(struct provider_stream *s, struct provider_block *b, const jdoc *item)
{
    const jdoc *content = jdoc_get(item, "content");
    int error = 0;

    if (jdoc_string(content, NULL))
        return responses_text_rest(s, b, 0, content);
    for (size_t i = 0; jdoc_type(content) == JDOC_ARRAY && i < jdoc_length(content) && !error;
         i++) {
        const jdoc *part = jdoc_at(content, i), *refusal = jdoc_get(part, "refusal");
        if (jdoc_string(refusal, NULL))
            s->declined = true;
        error = responses_text_rest(s, b, (int64_t)i, refusal ? refusal : jdoc_get(part, "text"));
    }
    return error;
}

/* ---- thoughts ---- */

/* Whatever began counts: a summary, or the thought itself. */
static bool responses_other_kind(const struct provider_block *b, int64_t part)
{
    return b->part >= 0 && (b->part >= CONTENT_PARTS) != (part >= CONTENT_PARTS);
}

static int responses_think(struct provider_stream *s, struct provider_block *b, int64_t part,
    const char *text, size_t len)
{
    bool next = b->announced && part > b->part;
    int error = 0;

    if (!len || !b->open || part < b->part || responses_other_kind(b, part))
        return 0;
    if (s->has_text && (error = provider_end_text(s)))
        return error;
    responses_part(b, part);
    b->announced = true;
    b->said += len;
    if (next)
        error = provider_thought(s, PARAGRAPH, sizeof PARAGRAPH - 1);
    return error ? error : provider_thought(s, text, len);
}

static int64_t responses_thought_part(const jdoc *event, bool summary)
{
    return summary ? jdoc_int_or(event, "summary_index", 0) :
                     CONTENT_PARTS + jdoc_int_or(event, "content_index", 0);
}

int responses_thought_delta(struct provider_stream *s, const jdoc *event, bool summary)
{
    struct provider_block *b;
    const char *text;
    size_t len;
    int error;

    if (jdoc_get_string(event, "delta", &text, &len) || !len)
        return 0;
    if ((error = responses_take(s, event, PROVIDER_BLOCK_REASONING, &b)))
        return error;
    return responses_think(s, b, responses_thought_part(event, summary), text, len);
}

static int responses_thought_rest(struct provider_stream *s, struct provider_block *b, int64_t part,
    const jdoc *whole)
{
    size_t len;
    const char *text = jdoc_string(whole, &len);

    if (!text)
        return 0;
    if (part == b->part)
        len = responses_rest(b, &text, len);
    return responses_think(s, b, part, text, len);
}

int responses_thought_done(struct provider_stream *s, const jdoc *event, bool summary)
{
    struct provider_block *b;
    int error;

    if (!jdoc_string(jdoc_get(event, "text"), NULL))
        return 0;
    if ((error = responses_take(s, event, PROVIDER_BLOCK_REASONING, &b)))
        return error;
    return responses_thought_rest(s, b, responses_thought_part(event, summary),
        jdoc_get(event, "text"));
}

static int responses_thought_parts(struct provider_stream *s, struct provider_block *b,
    const jdoc *list, int64_t first)
{
    int error = 0;

    for (size_t i = 0; jdoc_type(list) == JDOC_ARRAY && i < jdoc_length(list) && !error; i++)
        error =
            responses_thought_rest(s, b, first + (int64_t)i, jdoc_get(jdoc_at(list, i), "text"));
    return error;
}

/* What has neither words nor a seal is no thought. */
int responses_thought(struct provider_stream *s, struct provider_block *b, const jdoc *item)
{
    struct buf sealed = {0};
    int error = responses_thought_parts(s, b, jdoc_get(item, "summary"), 0);

    if (!error)
        error = responses_thought_parts(s, b, jdoc_get(item, "content"), CONTENT_PARTS);
    if (!error)
        error = request_extra_seal_item(s->maker, item, &sealed);
    if (sealed.len)
        s->thinking = true;
    if (!error)
        error = provider_end_thought(s, sealed.len ? buf_text(&sealed) : NULL);
    buf_free(&sealed);
    return error;
}

/* ---- calls ---- */

/* The vendor's search tool, which we answer, as find_tools (agent/model/deferred.h). */
bool responses_is_search(const jdoc *item)
{
    return !strcmp(jdoc_text_or(item, "type", ""), "tool_search_call") &&
        !strcmp(jdoc_text_or(item, "execution", ""), "client");
}

int responses_announce(struct provider_stream *s, struct provider_block *b, const jdoc *item)
{
    const char *name =
        responses_is_search(item) ? OFFER_FIND_TOOLS : jdoc_text_or(item, "name", "");
    const char *id = jdoc_text_or(item, "call_id", "");
    int error;

    if (b->announced || !*name)
        return 0;
    if ((error = provider_end_text(s)) || (error = provider_end_thought(s, NULL)))
        return error;
    provider_block_id(b->id, *id ? id : jdoc_text_or(item, "id", ""));
    provider_copy(b->name, sizeof b->name, name);
    b->announced = true;
    b->call = s->calls++;
    return s->sink->call_start(s->sink->arg, b->call, b->id, b->name);
}

/* Arguments of a call whose name has not come wait for the whole of them. */
int responses_args_delta(struct provider_stream *s, const jdoc *event)
{
    struct provider_block *b;
    const char *text;
    size_t len;
    int error;

    if (jdoc_get_string(event, "delta", &text, &len) || !len)
        return 0;
    if ((error = responses_take(s, event, PROVIDER_BLOCK_CALL, &b)))
        return error;
    if (!b->announced || !b->open)
        return 0;
    b->said += len;
    return provider_args(s, b, text, len);
}

static int responses_args_rest(struct provider_stream *s, struct provider_block *b,
    const jdoc *whole)
{
    size_t len;
    const char *text = jdoc_string(whole, &len);

    if (!b->announced || !b->open)
        return 0;
    if (!text)
        return b->said ? 0 : provider_args_value(s, b, whole);
    len = responses_rest(b, &text, len);
    b->said += len;
    return len ? provider_args(s, b, text, len) : 0;
}

int responses_args_done(struct provider_stream *s, const jdoc *event)
{
    struct provider_block *b;
    int error = responses_take(s, event, PROVIDER_BLOCK_CALL, &b);

    if (error || (error = responses_announce(s, b, event)))
        return error;
    return responses_args_rest(s, b, jdoc_get(event, "arguments"));
}

int responses_call(struct provider_stream *s, struct provider_block *b, const jdoc *item)
{
    int error = responses_announce(s, b, item);

    if (error || !b->announced)
        return error;
    if ((error = responses_args_rest(s, b, jdoc_get(item, "arguments"))))
        return error;
    if (!responses_is_search(item) && (error = request_extra_note_item(s, b->call, item)))
        return error;
    return provider_end_call(s, b);
}
