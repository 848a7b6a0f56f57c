/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/model/provider.h"

#include "base/err.h"
#include "wire/http/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void provider_stream_init(struct provider_stream *s, const struct provider_sink *sink)
{
    struct buf scratch = s->scratch, sealed = s->sealed, marked = s->marked, whole = s->whole;
    struct provider_block *blocks[PROVIDER_BLOCKS_MAX];
    struct details details = s->details;
    bool slow = s->slow_only;

    memcpy(blocks, s->blocks, sizeof blocks);
    memset(s, 0, sizeof *s);
    memcpy(s->blocks, blocks, sizeof blocks);
    s->scratch = scratch;
    s->sealed = sealed;
    s->marked = marked;
    s->whole = whole;
    s->details = details;
    s->slow_only = slow;
    s->sink = sink;
    s->sequence = -1;
    buf_reset(&s->scratch);
    buf_reset(&s->sealed);
    buf_reset(&s->marked);
    buf_reset(&s->whole);
    details_reset(&s->details);
}

void provider_stream_fini(struct provider_stream *s)
{
    buf_free(&s->scratch);
    buf_free(&s->sealed);
    buf_free(&s->marked);
    buf_free(&s->whole);
    details_fini(&s->details);
    for (size_t i = 0; i < PROVIDER_BLOCKS_MAX; i++) {
        free(s->blocks[i]);
        s->blocks[i] = NULL;
    }
}

void provider_usage_add(struct provider_usage *to, const struct provider_usage *more)
{
    to->input += more->input;
    to->output += more->output;
    to->reasoning += more->reasoning;
    to->cached += more->cached;
    to->cache_write += more->cache_write;
}

/* ---- blocks ---- */

struct provider_block *provider_block_at(struct provider_stream *s, int64_t index)
{
    for (size_t i = s->block_count; i-- > 0;)
        if (s->blocks[i]->index == index)
            return s->blocks[i];
    return NULL;
}

struct provider_block *provider_block_add(struct provider_stream *s, int64_t index)
{
    struct provider_block *b;

    if (s->block_count == PROVIDER_BLOCKS_MAX)
        return NULL;
    b = s->blocks[s->block_count];
    if (!b && !(b = malloc(sizeof *b)))
        return NULL;
    s->blocks[s->block_count++] = b;
    memset(b, 0, sizeof *b);
    b->index = index;
    return b;
}

void provider_block_id(char out[96], const char *id)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    size_t len = strlen(id);

    provider_copy(out, 96, id);
    if (len < 96)
        return;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)id[i]) * 0x100000001b3u;
    snprintf(out + 96 - 17, 17, "%016llx", (unsigned long long)hash);
}

/* ---- an event ---- */

int provider_read(struct provider_stream *s, const char *json, size_t len,
    int (*read)(struct provider_stream *s, const jdoc *doc))
{
    jdoc *doc = NULL;
    int error;

    s->has_pieces = pieces_mark(json, len, &s->marked);
    if ((error = buf_error(&s->marked)))
        return error;
    if (s->has_pieces)
        error = jdoc_parse(buf_text(&s->marked), s->marked.len, &doc, NULL, 0);
    else
        error = jdoc_parse(json, len, &doc, NULL, 0);
    if (error)
        return error == ERR_NOMEM ? error : ERR_PROTOCOL;
    error = jdoc_type(doc) == JDOC_OBJECT ? read(s, doc) : ERR_PROTOCOL;
    jdoc_free(doc);
    s->has_pieces = false;
    return error;
}

/* Makes text whole: *text and *len may point into s->whole afterwards. */
static int provider_join(struct provider_stream *s, struct pieces *p, const char **text,
    size_t *len)
{
    if (!s->has_pieces && !pieces_held(p))
        return 0;
    buf_reset(&s->whole);
    if (s->has_pieces) {
        pieces_join(p, *text, *len, &s->whole);
    } else {
        pieces_end(p, &s->whole);
        buf_put(&s->whole, *text, *len);
    }
    *text = buf_text(&s->whole);
    *len = s->whole.len;
    return buf_error(&s->whole);
}

/* What a text that ended leaves behind: U+FFFD, or nothing. */
static int provider_rest(struct provider_stream *s, struct pieces *p, const char **text,
    size_t *len)
{
    buf_reset(&s->whole);
    pieces_end(p, &s->whole);
    *text = buf_text(&s->whole);
    *len = s->whole.len;
    return buf_error(&s->whole);
}

/* ---- text and thoughts ---- */

static int provider_say(void *arg, bool thought, const char *text, size_t len)
{
    struct provider_stream *s = arg;
    int error;

    if (thought) {
        s->thinking = true;
        return s->sink->reasoning(s->sink->arg, text, len);
    }
    if ((error = provider_end_thought(s, NULL)))
        return error;
    return s->sink->text(s->sink->arg, text, len);
}

static int provider_tell(struct provider_stream *s, const char *text, size_t len)
{
    if (!len)
        return 0;
    if (s->think_tags && s->think.state != THINK_TEXT)
        return think_feed(&s->think, text, len, provider_say, s);
    return provider_say(s, false, text, len);
}

int provider_text(struct provider_stream *s, const char *text, size_t len)
{
    int error = provider_join(s, &s->text_pieces, &text, &len);

    return error ? error : provider_tell(s, text, len);
}

bool provider_think_tags(const char *setting, const char *url, const char *vendor)
{
    char host[256];

    if (strcmp(setting, "auto"))
        return !strcmp(setting, "on");
    return http_url_host(url, host, sizeof host) || strcasecmp(host, vendor);
}

int provider_end_text(struct provider_stream *s)
{
    const char *text;
    size_t len;
    int error = provider_rest(s, &s->text_pieces, &text, &len);

    if (!error)
        error = provider_tell(s, text, len);
    if (error || !s->think_tags)
        return error;
    return think_end(&s->think, provider_say, s);
}

int provider_thought(struct provider_stream *s, const char *text, size_t len)
{
    int error;

    s->thinking = true;
    if ((error = provider_join(s, &s->thought_pieces, &text, &len)) || !len)
        return error;
    return s->sink->reasoning(s->sink->arg, text, len);
}

/* With what its server wants back: the details, else the field by which the text goes back. */
static int provider_end_kept_thought(struct provider_stream *s)
{
    struct buf kept = {0};
    int error = 0;

    if (details_any(&s->details)) {
        buf_printf(&kept, "%s:" PROVIDER_DETAILS ":", s->maker);
        error = details_take(&s->details, &kept);
    } else {
        buf_printf(&kept, "%s:%s:", s->maker, s->thought_field);
    }
    if (!error && !(error = buf_error(&kept)))
        error = s->sink->reasoning_end(s->sink->arg, buf_text(&kept));
    buf_free(&kept);
    return error;
}

int provider_end_thought(struct provider_stream *s, const char *sealed)
{
    const char *text;
    size_t len;
    int error;

    if (!s->thinking)
        return 0;
    s->thinking = false;
    if (pieces_held(&s->thought_pieces)) {
        if ((error = provider_rest(s, &s->thought_pieces, &text, &len)) ||
            (error = s->sink->reasoning(s->sink->arg, text, len)))
            return error;
    }
    if (sealed || !*s->maker || (!s->thought_field && !details_any(&s->details)))
        return s->sink->reasoning_end(s->sink->arg, sealed);
    return provider_end_kept_thought(s);
}

/* ---- calls ---- */

int provider_args(struct provider_stream *s, struct provider_block *b, const char *text, size_t len)
{
    int error = provider_join(s, &b->pieces, &text, &len);

    return error || !len ? error : s->sink->call_args(s->sink->arg, b->call, text, len);
}

int provider_args_value(struct provider_stream *s, struct provider_block *b, const jdoc *value)
{
    struct buf json = {0};
    int error;

    if (jdoc_type(value) == JDOC_NULL || (jdoc_type(value) == JDOC_OBJECT && !jdoc_length(value)))
        return 0;
    jdoc_write(value, &json);
    error = buf_error(&json);
    if (!error)
        error = provider_args(s, b, buf_text(&json), json.len);
    buf_free(&json);
    return error;
}

int provider_end_call(struct provider_stream *s, struct provider_block *b)
{
    const char *text;
    size_t len;
    int error;

    if (!b->open)
        return 0;
    b->open = false;
    if (!b->announced)
        return ERR_PROTOCOL;
    if (pieces_held(&b->pieces)) {
        if ((error = provider_rest(s, &b->pieces, &text, &len)) ||
            (error = s->sink->call_args(s->sink->arg, b->call, text, len)))
            return error;
    }
    return s->sink->call_end(s->sink->arg, b->call);
}

void provider_counts(const struct provider_count *counts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t n;
        if (!jdoc_get_int(counts[i].object, counts[i].key, &n) && n >= 0)
            *counts[i].value = n < PROVIDER_COUNT_MAX ? n : PROVIDER_COUNT_MAX;
    }
}
