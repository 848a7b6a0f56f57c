/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/chat.h"

#include "base/err.h"
#include "base/jdoc.h"

#include <string.h>

static const char *const role_names[] = {
    [CHAT_SYSTEM] = "system",
    [CHAT_USER] = "user",
    [CHAT_ASSISTANT] = "assistant",
    [CHAT_TOOL] = "tool",
    [CHAT_REASONING] = "reasoning",
};

void chat_init(struct chat *c, struct arena *arena)
{
    *c = (struct chat){.arena = arena};
}

int chat_add(struct chat *c, const struct chat_message *message)
{
    if (c->count == c->cap) {
        size_t cap = c->cap ? c->cap * 2 : 32;
        struct chat_message *items = arena_array(c->arena, cap, sizeof *items);
        if (!items)
            return ERR_NOMEM;
        if (c->count)
            memcpy(items, c->items, c->count * sizeof *items);
        c->items = items;
        c->cap = cap;
    }
    c->items[c->count] = *message;
    if (!c->items[c->count].text)
        c->items[c->count].text = "";
    c->count++;
    return 0;
}

static int chat_role_of(const char *name, enum chat_role *role)
{
    if (!strcmp(name, "developer"))
        name = "system";
    for (size_t i = 0; i < sizeof role_names / sizeof *role_names; i++)
        if (!strcmp(name, role_names[i])) {
            *role = (enum chat_role)i;
            return 0;
        }
    return ERR_NOT_FOUND;
}

/* ---- content in parts ---- */

/* What the model reads in front of the file, and calls tools with. */
static void chat_write_label(const struct chat_file *f, struct buf *text)
{
    buf_printf(text, "[Attachment %s: ", f->id);
    if (*f->name)
        buf_printf(text, "\"%s\", ", f->name);
    buf_puts(text, f->type);
    if (f->kind == MEDIA_IMAGE)
        buf_printf(text, ", %u x %u pixels", f->width, f->height);
    buf_printf(text, ", %lld bytes]", (long long)f->bytes);
}

static unsigned chat_number(const jdoc *doc, const char *key)
{
    int64_t n = jdoc_int_or(doc, key, 0);
    return n > 0 && n <= INT32_MAX ? (unsigned)n : 0;
}

/* Types that go into requests as they stand are ours. */
static const char *chat_type(struct chat *c, const char *type, enum media_kind *kind)
{
    static const char *const known[] = {"image/png", "image/jpeg", "image/webp", "image/gif",
        "application/pdf"};
    const size_t count = sizeof known / sizeof *known;

    for (size_t i = 0; i < count; i++)
        if (!strcmp(type, known[i])) {
            *kind = i == count - 1 ? MEDIA_PDF : MEDIA_IMAGE;
            return known[i];
        }
    *kind = MEDIA_TEXT;
    return arena_strdup(c->arena, type);
}

/* Is it one that this service keeps? Then *f is set. */
static int chat_read_file(struct chat *c, const jdoc *part, struct chat_file *f, bool *is_file)
{
    const jdoc *source = jdoc_get(part, "source"), *about = jdoc_get(part, "metadata");
    const char *id = jdoc_text_or(source, "value", "");

    *is_file = !strcmp(jdoc_text_or(source, "type", ""), "file") && *id;
    if (!*is_file)
        return 0;
    f->id = arena_strdup(c->arena, id);
    f->type = chat_type(c, jdoc_text_or(source, "mimeType", "text/plain"), &f->kind);
    f->name = arena_strdup(c->arena, jdoc_text_or(about, "name", ""));
    if (!f->id || !f->type || !f->name)
        return ERR_NOMEM;
    f->bytes = chat_number(about, "bytes");
    f->width = chat_number(about, "width");
    f->height = chat_number(about, "height");
    f->pages = chat_number(about, "pages");
    f->animated = jdoc_is_true(about, "animated");
    return 0;
}

static int chat_add_part(struct chat *c, const jdoc *part, struct chat_message *m, struct buf *text)
{
    struct chat_file *f = &m->files[m->file_count];
    const char *type = jdoc_text_or(part, "type", ""), *s;
    bool is_file;
    size_t len;
    int error;

    if (text->len)
        buf_putc(text, '\n');
    if (!strcmp(type, "text") && !jdoc_get_string(part, "text", &s, &len)) {
        buf_put(text, s, len);
        return 0;
    }
    if ((error = chat_read_file(c, part, f, &is_file)))
        return error;
    if (is_file) {
        f->label = text->len;
        chat_write_label(f, text);
        f->at = text->len;
        m->file_count++;
    } else {
        buf_printf(text,
            "[The user attached something of type \"%.32s\" here. It cannot be shown to you.]",
            *type ? type : "unknown");
    }
    return 0;
}

static int chat_parse_parts(struct chat *c, const jdoc *content, struct chat_message *m)
{
    struct buf text = {0}, json = {0};
    int error = 0;

    m->files = arena_array(c->arena, jdoc_length(content) + 1, sizeof *m->files);
    if (!m->files)
        return ERR_NOMEM;
    for (size_t i = 0; i < jdoc_length(content) && !error; i++)
        error = chat_add_part(c, jdoc_at(content, i), m, &text);
    m->text = arena_memdup(c->arena, buf_text(&text), text.len);
    m->len = text.len;
    if (m->file_count) {
        jdoc_write(content, &json);
        m->content = arena_memdup(c->arena, buf_text(&json), json.len);
    }
    if (!error &&
        (buf_error(&text) || buf_error(&json) || !m->text || (m->file_count && !m->content)))
        error = ERR_NOMEM;
    buf_free(&json);
    buf_free(&text);
    return error;
}

static int chat_parse_content(struct chat *c, const jdoc *doc, struct chat_message *m)
{
    const jdoc *content = jdoc_get(doc, "content");
    const char *s;
    size_t len;

    m->text = "";
    if (!content)
        return 0;
    if ((s = jdoc_string(content, &len))) {
        m->text = arena_memdup(c->arena, s, len);
        m->len = len;
        return m->text ? 0 : ERR_NOMEM;
    }
    return jdoc_type(content) == JDOC_ARRAY ? chat_parse_parts(c, content, m) : ERR_INVALID;
}

int chat_words(const struct chat_message *m, struct buf *out)
{
    size_t from = 0;

    for (size_t i = 0; i < m->file_count; i++) {
        buf_put(out, m->text + from, m->files[i].label - from);
        from = m->files[i].at;
    }
    buf_put(out, m->text + from, m->len - from);
    return buf_error(out);
}

/* An optional text. Returns 0 or ERR_NOMEM. */
static int chat_keep_text(struct chat *c, const jdoc *doc, const char *key, const char **out)
{
    const char *s;
    size_t len;

    if (jdoc_get_string(doc, key, &s, &len))
        return 0;
    return (*out = arena_strdup(c->arena, s)) ? 0 : ERR_NOMEM;
}

static int chat_parse_calls(struct chat *c, const jdoc *doc, struct chat_message *m)
{
    const jdoc *calls = jdoc_get(doc, "toolCalls");
    size_t count = jdoc_length(calls);

    if (!calls)
        return 0;
    if (jdoc_type(calls) != JDOC_ARRAY)
        return ERR_INVALID;
    m->calls = arena_array(c->arena, count ? count : 1, sizeof *m->calls);
    if (!m->calls)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        const jdoc *call = jdoc_at(calls, i), *fn = jdoc_get(call, "function");
        const char *id, *name, *args = "";
        size_t len, args_len = 0;
        if (jdoc_get_string(call, "id", &id, &len) || jdoc_get_string(fn, "name", &name, &len))
            return ERR_INVALID;
        (void)jdoc_get_string(fn, "arguments", &args, &args_len);
        struct chat_call *out = &m->calls[m->call_count++];
        out->id = arena_strdup(c->arena, id);
        out->name = arena_strdup(c->arena, name);
        out->args = arena_memdup(c->arena, args, args_len);
        out->args_len = args_len;
        if (!out->id || !out->name || !out->args)
            return ERR_NOMEM;
        if (chat_keep_text(c, call, "encryptedValue", &out->sealed) ||
            chat_keep_text(c, jdoc_get(call, "metadata"), "alias", &out->alias))
            return ERR_NOMEM;
    }
    return 0;
}

/* Bytes of what ends a line here, in whatever way readers may take it; 0 = nothing does. */
static size_t chat_line_end(const char *s, size_t len)
{
    static const char *const ends[] = {"\n", "\r", "\v", "\f", "\xc2\x85", "\xe2\x80\xa8",
        "\xe2\x80\xa9"};

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t n = strlen(ends[i]);
        if (len >= n && !memcmp(s, ends[i], n))
            return n;
    }
    return 0;
}

static size_t chat_line(const char *s, size_t len)
{
    for (size_t i = 0, n; i < len; i++)
        if ((n = chat_line_end(s + i, len - i)))
            return i + n;
    return len;
}

/* "Maria (maria): ", in front of each line. Names are chosen by users, ids are not. */
static void chat_write_lines(const char *name, const char *id, const struct chat_message *m,
    struct buf *out)
{
    for (size_t at = 0; at == 0 || at < m->len;) {
        size_t len = chat_line(m->text + at, m->len - at);
        if (strcmp(name, id) != 0)
            buf_printf(out, "%s (%s): ", name, id);
        else
            buf_printf(out, "%s: ", id);
        buf_put(out, m->text + at, len);
        at += len;
        if (!len)
            return;
    }
}

static int chat_parse_author(struct chat *c, const jdoc *doc, struct chat_message *m)
{
    const jdoc *author = jdoc_get(doc, "author");
    const char *id = jdoc_text_or(author, "id", "");
    struct buf text = {0}, content = {0}, json = {0};

    if (m->role != CHAT_USER || !*id || m->content)
        return 0;
    chat_write_lines(jdoc_text_or(author, "name", id), id, m, &text);
    buf_json_string(&content, m->text, m->len);
    jdoc_write(author, &json);
    m->content = arena_memdup(c->arena, buf_text(&content), content.len);
    m->author = arena_memdup(c->arena, buf_text(&json), json.len);
    m->text = arena_memdup(c->arena, buf_text(&text), text.len);
    m->len = text.len;
    int error = buf_error(&text) || buf_error(&content) || buf_error(&json) || !m->content ||
            !m->author || !m->text ?
        ERR_NOMEM :
        0;
    buf_free(&text);
    buf_free(&content);
    buf_free(&json);
    return error;
}

static int chat_parse_document(struct chat *c, const jdoc *doc)
{
    struct chat_message m = {0};
    const char *role, *s;
    size_t len;
    int error;

    if (jdoc_get_string(doc, "role", &role, &len))
        return ERR_INVALID;
    if (chat_role_of(role, &m.role))
        return 0;
    m.id = arena_strdup(c->arena, jdoc_text_or(doc, "id", ""));
    if (!m.id)
        return ERR_NOMEM;
    if ((error = chat_parse_content(c, doc, &m)) || (error = chat_parse_author(c, doc, &m)))
        return error;
    if (m.role == CHAT_ASSISTANT &&
        ((error = chat_parse_calls(c, doc, &m)) ||
            (error = chat_keep_text(c, jdoc_get(doc, "metadata"), "order", &m.order))))
        return error;
    if (m.role == CHAT_TOOL) {
        if (jdoc_get_string(doc, "toolCallId", &s, &len))
            return ERR_INVALID;
        m.failed = jdoc_get(doc, "error") != NULL;
        if (!(m.call_id = arena_strdup(c->arena, s)))
            return ERR_NOMEM;
    }
    if ((m.role == CHAT_REASONING || m.role == CHAT_ASSISTANT) &&
        (error = chat_keep_text(c, doc, "encryptedValue", &m.sealed)))
        return error;
    return chat_add(c, &m);
}

int chat_parse(struct chat *c, const char *json, size_t len)
{
    jdoc *doc = NULL;
    int error = jdoc_parse(json, len, &doc, NULL, 0);

    if (error)
        return error == ERR_NOMEM ? error : ERR_INVALID;
    error = jdoc_type(doc) == JDOC_OBJECT ? chat_parse_document(c, doc) : ERR_INVALID;
    jdoc_free(doc);
    return error;
}

static void chat_write_calls(const struct chat_message *m, struct buf *json)
{
    buf_puts(json, ",\"toolCalls\":[");
    for (size_t i = 0; i < m->call_count; i++) {
        const struct chat_call *call = &m->calls[i];
        if (i)
            buf_putc(json, ',');
        buf_puts(json, "{\"id\":");
        buf_json_string(json, call->id, strlen(call->id));
        buf_puts(json, ",\"type\":\"function\",\"function\":{\"name\":");
        buf_json_string(json, call->name, strlen(call->name));
        buf_puts(json, ",\"arguments\":");
        buf_json_string(json, call->args, call->args_len);
        buf_putc(json, '}');
        buf_json_member(json, "encryptedValue", call->sealed);
        if (call->alias) {
            buf_puts(json, ",\"metadata\":{\"alias\":");
            buf_json_string(json, call->alias, strlen(call->alias));
            buf_putc(json, '}');
        }
        buf_putc(json, '}');
    }
    buf_putc(json, ']');
}

void chat_write(const struct chat_message *m, struct buf *json)
{
    buf_puts(json, "{\"id\":");
    buf_json_string(json, m->id, strlen(m->id));
    buf_printf(json, ",\"role\":\"%s\"", role_names[m->role]);
    if (m->content) {
        buf_printf(json, ",\"content\":%s", m->content);
    } else if (m->len || m->role != CHAT_ASSISTANT || !m->call_count) {
        buf_puts(json, ",\"content\":");
        buf_json_string(json, m->text, m->len);
    }
    if (m->author)
        buf_printf(json, ",\"author\":%s", m->author);
    if (m->call_count)
        chat_write_calls(m, json);
    if (m->role == CHAT_TOOL) {
        buf_puts(json, ",\"toolCallId\":");
        buf_json_string(json, m->call_id, strlen(m->call_id));
        if (m->failed)
            buf_puts(json, ",\"error\":\"the tool reported an error\"");
    }
    buf_json_member(json, "encryptedValue", m->sealed);
    if (m->order) {
        buf_puts(json, ",\"metadata\":{\"order\":");
        buf_json_string(json, m->order, strlen(m->order));
        buf_putc(json, '}');
    }
    buf_putc(json, '}');
}

bool chat_has_call(const struct chat *c, const char *id)
{
    for (size_t i = c->count; i-- > 0;)
        for (size_t k = 0; k < c->items[i].call_count; k++)
            if (!strcmp(c->items[i].calls[k].id, id))
                return true;
    return false;
}

const struct chat_message *chat_result(const struct chat *c, const char *call_id)
{
    for (size_t i = c->count; i-- > 0;)
        if (c->items[i].role == CHAT_TOOL && !strcmp(c->items[i].call_id, call_id))
            return &c->items[i];
    return NULL;
}
