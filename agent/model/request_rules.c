/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/model/request_rules.h"

#include "agent/model/attached.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/jdoc.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

#define NO_TEXT "(no text)"
#define NO_OUTPUT "(no output)"
#define NO_RESULT \
    "{\"success\":false,\"message\":\"No result of this call was recorded. It may or may not have " \
    "run.\",\"error\":{\"code\":\"unknown_outcome\"}}"
#define APPLICATION_ADDS "[The application adds:]"
#define GO_ON APPLICATION_ADDS " Go on from where the answer above ends."
#define STARTED_BY_ASSISTANT "[The conversation starts with the assistant.]"
static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

/* ---- texts, names and arguments ---- */

/* Gemini wants a letter or '_' there. */
static bool request_rules_starts(char c)
{
    return strchr(letters, c) && c != '-' && !(c >= '0' && c <= '9');
}

bool request_rules_name_valid(const char *name)
{
    size_t len = strlen(name);

    return len && len <= REQUEST_RULES_NAME_MAX && strspn(name, letters) == len &&
        request_rules_starts(*name);
}

const char *request_rules_name(const char *name, struct arena *arena)
{
    size_t n = 0;
    char *out;

    if (request_rules_name_valid(name))
        return name;
    if (!*name)
        return "unnamed";
    if (!(out = arena_alloc(arena, REQUEST_RULES_NAME_MAX + 1)))
        return NULL;
    if (strchr(letters, *name) && !request_rules_starts(*name))
        out[n++] = '_';
    for (; *name && n < REQUEST_RULES_NAME_MAX; name++)
        if (((unsigned char)*name & 0xC0) != 0x80) /* one for each character */
            out[n++] = strchr(letters, *name) ? *name : '_';
    return out;
}

/* Is half of a surrogate pair escaped in it, perhaps? JSON allows that, but no receiver takes it:
 * "The request body is not valid JSON: no low surrogate in string" (Anthropic, public bug reports of
 * 2025 and 2026); Python servers fail to encode it. */
static bool request_rules_has_halves(const char *s, size_t len)
{
    for (size_t i = 0; i + 2 < len; i++)
        if (s[i] == '\\' && s[i + 1] == 'u' && (s[i + 2] == 'd' || s[i + 2] == 'D'))
            return true;
    return false;
}

/* The text as it is, or written anew from the document, in which halves are U+FFFD. */
static int request_rules_args_text(const jdoc *doc, const char *text, size_t len,
    struct arena *arena, struct request_rules_part *out)
{
    struct buf anew = {0};

    if (request_rules_has_halves(text, len)) {
        jdoc_write(doc, &anew);
        text = buf_error(&anew) ? NULL : arena_memdup(arena, buf_text(&anew), anew.len);
        len = anew.len;
        buf_free(&anew);
    }
    out->text = text;
    out->len = len;
    return text ? 0 : ERR_NOMEM;
}

/* The object that the text is, or that the JSON string holds which it is. Out of the arena. */
static int request_rules_args(const struct chat_call *call, struct arena *arena,
    struct request_rules_part *out)
{
    jdoc *doc = NULL, *inner = NULL;
    size_t len = 0;
    int error = jdoc_parse(call->args, call->args_len, &doc, NULL, 0);

    out->text = "{}";
    out->len = 2;
    if (error)
        return error == ERR_NOMEM ? error : 0;
    if (jdoc_type(doc) == JDOC_OBJECT) {
        error = request_rules_args_text(doc, call->args, call->args_len, arena, out);
    } else if (jdoc_type(doc) == JDOC_STRING) { /* tools take that too */
        const char *text = jdoc_string(doc, &len);
        error = jdoc_parse(text, len, &inner, NULL, 0);
        if (error == ERR_NOMEM || jdoc_type(inner) != JDOC_OBJECT)
            error = error == ERR_NOMEM ? error : 0;
        else if (!(error = request_rules_args_text(inner, text, len, arena, out)) &&
            !(out->text = arena_memdup(arena, out->text, out->len)))
            error = ERR_NOMEM;
    }
    jdoc_free(inner);
    jdoc_free(doc);
    return error;
}

/* ---- building ---- */

struct rules_builder {
    const struct context *context;
    struct arena *arena;
    struct request_rules *out;
    size_t message_cap, part_cap; /* of the open message */
    bool short_ids;
    size_t calls;              /* so far */
    const char **given, **ids; /* of the calls so far, as stored and as sent */
    bool *used;                /* results that found their call */
};

/* Room for one more of `count` things of `size` bytes; a full list moves to twice its room. */
static void *request_rules_grow(struct rules_builder *b, void *list, size_t count, size_t *cap,
    size_t size)
{
    size_t more = *cap ? 2 * *cap : 8;
    void *all;

    if (list && count < *cap)
        return list;
    if (!(all = arena_array(b->arena, more, size)))
        return NULL;
    if (list)
        memcpy(all, list, count * size);
    *cap = more;
    return all;
}

/* The last message when it is of this role, else a new one. */
static struct request_rules_message *request_rules_rules_message(struct rules_builder *b,
    bool assistant)
{
    struct request_rules *out = b->out;
    struct request_rules_message *all = out->messages, *last;

    if (all && out->count && all[out->count - 1].assistant == assistant)
        return &all[out->count - 1];
    if (!(all = request_rules_grow(b, all, out->count, &b->message_cap, sizeof *all)))
        return NULL;
    out->messages = all;
    last = &all[out->count++];
    *last = (struct request_rules_message){.assistant = assistant};
    b->part_cap = 0;
    return last;
}

static struct request_rules_part *request_rules_add(struct rules_builder *b, bool assistant)
{
    struct request_rules_message *m = request_rules_rules_message(b, assistant);
    struct request_rules_part *parts;

    if (!m || !(parts = request_rules_grow(b, m->parts, m->count, &b->part_cap, sizeof *parts)))
        return NULL;
    m->parts = parts;
    return &parts[m->count++];
}

static int request_rules_text(struct rules_builder *b, bool assistant, const char *s, size_t len,
    bool joined)
{
    struct request_rules_part *p;

    if (utf8_blank(s, len))
        return 0;
    if (!(p = request_rules_add(b, assistant)))
        return ERR_NOMEM;
    *p = (struct request_rules_part){.kind = REQUEST_RULES_TEXT,
        .text = s,
        .len = len,
        .joined = joined};
    return 0;
}

/* ---- files ---- */

static int request_rules_file(struct rules_builder *b, const struct chat_file *f)
{
    struct request_rules_part *p;
    const char *words;
    size_t len;

    if (!attached_is_part(f)) {
        words = attached_words(f, b->arena, &len);
        return words ? request_rules_text(b, false, words, len, false) : ERR_NOMEM;
    }
    if (!(p = request_rules_add(b, false)))
        return ERR_NOMEM;
    *p = (struct request_rules_part){.kind = REQUEST_RULES_FILE, .file = f};
    return 0;
}

/* The words of a message, each file behind the line that names it. */
static int request_rules_words(struct rules_builder *b, const struct chat_message *m)
{
    size_t from = 0;
    int error = 0;

    for (size_t i = 0; i < m->file_count && !error; i++) {
        error = request_rules_text(b, false, m->text + from, m->files[i].at - from, false);
        if (!error)
            error = request_rules_file(b, &m->files[i]);
        from = m->files[i].at;
    }
    return error ? error : request_rules_text(b, false, m->text + from, m->len - from, from > 0);
}

static int request_rules_user(struct rules_builder *b, size_t at)
{
    const struct chat_message *m = &b->context->items[at];
    const char *late = at == b->context->late_at ? b->context->frame->late : NULL;
    bool blank = utf8_blank(m->text, m->len);
    struct request_rules_part *p;
    int error = 0;

    if (m->role == CHAT_SYSTEM)
        error = request_rules_text(b, false, APPLICATION_ADDS, sizeof APPLICATION_ADDS - 1, false);
    if (!error)
        error = blank ? request_rules_text(b, false, NO_TEXT, sizeof NO_TEXT - 1, false) :
                        request_rules_words(b, m);
    if (error || !late || utf8_blank(late, strlen(late)))
        return error;
    if (!(p = request_rules_add(b, false)))
        return ERR_NOMEM;
    *p = (struct request_rules_part){.kind = REQUEST_RULES_TEXT,
        .text = late,
        .len = strlen(late),
        .late = true};
    return 0;
}

/* ---- ids ---- */

/*
 * The stored id when every receiver takes it and no call before has it; else one made of it and of
 * how often it came before, the same in every request.
 */
static const char *request_rules_id(struct rules_builder *b, const char *given)
{
    size_t len = strlen(given), before = 0;
    char digest[IDENT_SHA256_SIZE];
    const char *text;

    for (size_t i = 0; i < b->calls; i++)
        before += !strcmp(b->given[i], given);
    if (b->short_ids)
        return arena_printf(b->arena, "c%08zu", b->calls + 1);
    if (!before && len && len <= REQUEST_RULES_ID_MAX && strspn(given, letters) == len)
        return given;
    if (!(text = arena_printf(b->arena, "%s %zu", given, before)))
        return NULL;
    ident_sha256_hex(text, strlen(text), digest);
    return arena_printf(b->arena, "tc_%.32s", digest);
}

/* ---- what the assistant said ---- */

static const char *request_rules_call_name(struct rules_builder *b, const struct chat_call *call)
{
    const struct context_frame *f = b->context->frame;

    if (call->alias && request_rules_name_valid(call->alias))
        return call->alias;
    if (request_rules_name_valid(call->name))
        return call->name;
    for (size_t i = 0; f && i < f->client_tool_count; i++) /* stored without an alias */
        if (f->client_tools[i].own && !strcmp(f->client_tools[i].own, call->name))
            return f->client_tools[i].name;
    return request_rules_name(call->name, b->arena);
}

static int request_rules_call(struct rules_builder *b, const struct chat_call *call)
{
    struct request_rules_part *p = request_rules_add(b, true);

    if (!p)
        return ERR_NOMEM;
    *p = (struct request_rules_part){.kind = REQUEST_RULES_CALL, .sealed = call->sealed};
    p->id = request_rules_id(b, call->id);
    p->name = request_rules_call_name(b, call);
    if (!p->id || !p->name)
        return ERR_NOMEM;
    b->given[b->calls] = call->id;
    b->ids[b->calls++] = p->id;
    return request_rules_args(call, b->arena, p);
}

static int request_rules_thought(struct rules_builder *b, const struct chat_message *m)
{
    struct request_rules_part *p;

    if (b->context->no_thoughts || !m->sealed)
        return 0;
    if (!(p = request_rules_add(b, true)))
        return ERR_NOMEM;
    *p = (struct request_rules_part){.kind = REQUEST_RULES_THOUGHT,
        .text = m->text,
        .len = m->len,
        .sealed = m->sealed};
    return 0;
}

/* An assistant message and the thoughts in front of it, [first, at). */
struct rules_answer {
    const struct chat_message *m;
    size_t thought, thoughts_end, text, call;
};

static int request_rules_piece(struct rules_builder *b, struct rules_answer *a, char what,
    size_t len)
{
    struct request_rules_part *p;
    size_t from = a->text;

    if (what == 'r')
        return a->thought < a->thoughts_end ?
            request_rules_thought(b, &b->context->items[a->thought++]) :
            0;
    if (what == 'c')
        return a->call < a->m->call_count ? request_rules_call(b, &a->m->calls[a->call++]) : 0;
    if (len > a->m->len - from)
        len = a->m->len - from;
    a->text += len;
    if (utf8_blank(a->m->text + from, len))
        return 0;
    if (!(p = request_rules_add(b, true)))
        return ERR_NOMEM;
    *p = (struct request_rules_part){.kind = REQUEST_RULES_TEXT,
        .text = a->m->text + from,
        .len = len,
        .sealed = a->m->sealed,
        .from = from,
        .whole = a->m->len,
        .joined = from > 0};
    return 0;
}

/* As they came: chat_message.order; what it does not name follows in the usual order. */
static int request_rules_pieces(struct rules_builder *b, struct rules_answer *a)
{
    const char *o = a->m->order ? a->m->order : "";
    int error = 0;

    while (!error && *o) {
        char *end = (char *)o + 1, what = *o;
        size_t len = what == 't' ? (size_t)strtoull(o + 1, &end, 10) : 0;
        error = request_rules_piece(b, a, what == 'r' || what == 'c' ? what : 't', len);
        o = end + strspn(end, " ");
    }
    while (!error && a->thought < a->thoughts_end)
        error = request_rules_piece(b, a, 'r', 0);
    if (!error)
        error = request_rules_piece(b, a, 't', a->m->len);
    while (!error && a->call < a->m->call_count)
        error = request_rules_piece(b, a, 'c', 0);
    return error;
}

/* Its result: the first one behind it that is not another call's. NULL when there is none. */
static const struct chat_message *request_rules_result(struct rules_builder *b, size_t at,
    const char *id)
{
    const struct context *c = b->context;

    for (size_t i = at + 1; i < c->count && c->items[i].role == CHAT_TOOL; i++)
        if (!b->used[i] && !strcmp(c->items[i].call_id, id)) {
            b->used[i] = true;
            return &c->items[i];
        }
    return NULL;
}

/* Those of the results, which name them: not every dialect takes files within a result. */
static int request_rules_result_files(struct rules_builder *b, size_t at)
{
    const struct context *c = b->context;
    int error = 0;

    for (size_t i = at + 1; i < c->count && c->items[i].role == CHAT_TOOL; i++)
        for (size_t k = 0; k < c->items[i].file_count && b->used[i] && !error; k++)
            error = request_rules_file(b, &c->items[i].files[k]);
    return error;
}

static int request_rules_results(struct rules_builder *b, size_t at, size_t first_call)
{
    const struct chat_message *m = &b->context->items[at];

    for (size_t k = 0; k < m->call_count; k++) {
        const struct chat_message *r = request_rules_result(b, at, m->calls[k].id);
        struct request_rules_part *p = request_rules_add(b, false);
        if (!p)
            return ERR_NOMEM;
        *p = (struct request_rules_part){.kind = REQUEST_RULES_RESULT,
            .id = b->ids[first_call + k],
            .name = m->calls[k].alias ? NULL : m->calls[k].name,
            .text = NO_RESULT,
            .len = sizeof NO_RESULT - 1,
            .failed = true};
        if (!r)
            continue;
        bool blank = utf8_blank(r->text, r->len);
        p->text = blank ? NO_OUTPUT : r->text;
        p->len = blank ? sizeof NO_OUTPUT - 1 : r->len;
        p->failed = r->failed;
    }
    return request_rules_result_files(b, at);
}

static int request_rules_assistant(struct rules_builder *b, size_t at)
{
    const struct chat_message *m = &b->context->items[at];
    struct rules_answer a = {.m = m, .thought = at, .thoughts_end = at};
    size_t first_call = b->calls;
    int error;

    if (!m->call_count && utf8_blank(m->text, m->len))
        return 0;
    while (a.thought > 0 && b->context->items[a.thought - 1].role == CHAT_REASONING)
        a.thought--;
    if (!b->out->count &&
        (error = request_rules_text(b, false, STARTED_BY_ASSISTANT, sizeof STARTED_BY_ASSISTANT - 1,
             false)))
        return error;
    error = request_rules_pieces(b, &a);
    return error ? error : request_rules_results(b, at, first_call);
}

int request_rules_make(const struct context *context, bool short_ids, struct arena *arena,
    struct request_rules *out)
{
    struct rules_builder b = {.context = context,
        .arena = arena,
        .out = out,
        .short_ids = short_ids || context->reduced};
    size_t calls = 0;
    int error = 0;

    *out = (struct request_rules){0};
    for (size_t i = 0; i < context->count; i++)
        calls += context->items[i].call_count;
    b.given = arena_array(arena, calls + 1, sizeof *b.given);
    b.ids = arena_array(arena, calls + 1, sizeof *b.ids);
    b.used = arena_array(arena, context->count + 1, sizeof *b.used);
    if (!b.given || !b.ids || !b.used)
        return ERR_NOMEM;
    for (size_t i = 0; i < context->count && !error; i++)
        switch (context->items[i].role) {
        case CHAT_USER:
        case CHAT_SYSTEM:
            error = request_rules_user(&b, i);
            break;
        case CHAT_ASSISTANT:
            error = request_rules_assistant(&b, i);
            break;
        case CHAT_TOOL:      /* with its call */
        case CHAT_REASONING: /* with the message behind it */
            break;
        }
    if (error)
        return error;
    if (!out->count)
        return request_rules_text(&b, false, NO_TEXT, sizeof NO_TEXT - 1, false);
    if (out->messages[out->count - 1].assistant)
        return request_rules_text(&b, false, GO_ON, sizeof GO_ON - 1, false);
    return 0;
}
