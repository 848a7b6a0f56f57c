/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/model/request_extra.h"

#include "base/err.h"

#include <string.h>

#define CALL ":call:"
#define ITEM ":item:"
#define TEXTS ":texts:"
#define EXTRA_MAX (256 * 1024)

static bool request_extra_known(const char *key, bool function)
{
    static const char *const of_call[] = {"index", "id", "type", "function"},
                             *const of_function[] = {"name", "arguments"};
    const char *const *known = function ? of_function : of_call;
    size_t count = function ? 2 : 4;

    for (size_t i = 0; i < count; i++)
        if (!strcmp(known[i], key))
            return true;
    return false;
}

/* The unknown members of `from`, as a member of `to`. */
static int request_extra_collect(jdoc *to, const char *name, const jdoc *from, bool function)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value, *kept = NULL;
    int error = 0;

    while (!error && jdoc_type(from) == JDOC_OBJECT && jdoc_next(from, &it, &key, &value)) {
        if (!value || request_extra_known(key, function))
            continue;
        if (!kept && !(kept = jdoc_new_object()))
            return ERR_NOMEM;
        error = jdoc_set(kept, key, jdoc_dup(value));
    }
    if (!error && kept)
        return jdoc_set(to, name, kept);
    jdoc_free(kept);
    return error;
}

int request_extra_note(struct provider_stream *s, unsigned call, const jdoc *tool_call)
{
    jdoc *extra = jdoc_new_object();
    struct buf text = {.max = EXTRA_MAX};
    int error = extra ? 0 : ERR_NOMEM;

    if (!error)
        error = request_extra_collect(extra, "call", tool_call, false);
    if (!error)
        error = request_extra_collect(extra, "function", jdoc_get(tool_call, "function"), true);
    if (!error && jdoc_length(extra) && *s->maker && s->sink->call_sealed) {
        buf_printf(&text, "%s" CALL, s->maker);
        jdoc_write(extra, &text);
        error = buf_error(&text);
        if (!error)
            error = s->sink->call_sealed(s->sink->arg, call, buf_text(&text));
        else if (error == ERR_LIMIT)
            error = 0; /* too much to be kept */
    }
    buf_free(&text);
    jdoc_free(extra);
    return error;
}

static const char *request_extra_behind(const char *sealed, const char *maker)
{
    size_t len = strlen(maker);

    return sealed && len && !strncmp(sealed, maker, len) && sealed[len] == ':' ? sealed + len :
                                                                                 NULL;
}

jdoc *request_extra_of(const char *sealed, const char *maker)
{
    const char *rest = request_extra_behind(sealed, maker);
    jdoc *extra = NULL;

    if (!rest || strncmp(rest, CALL, sizeof CALL - 1))
        return NULL;
    rest += sizeof CALL - 1;
    return jdoc_parse(rest, strlen(rest), &extra, NULL, 0) ? NULL : extra;
}

const char *request_extra_field(const char *sealed, const char *maker, const char **itemsp)
{
    static const char *const fields[] = {PROVIDER_REASONING_CONTENT, PROVIDER_REASONING,
        PROVIDER_DETAILS};
    const char *rest = request_extra_behind(sealed, maker);

    for (size_t i = 0; rest && i < sizeof fields / sizeof *fields; i++) {
        size_t len = strlen(fields[i]);
        if (strncmp(rest + 1, fields[i], len) || rest[1 + len] != ':')
            continue;
        *itemsp = rest + 1 + len + 1;
        return fields[i];
    }
    return NULL;
}

bool request_extra_items(const char *items, bool comma, struct buf *json)
{
    struct buf list = {0};
    jdoc *doc = NULL;
    size_t count = 0;

    buf_printf(&list, "[%s]", items);
    if (!buf_error(&list) && !jdoc_parse(buf_text(&list), list.len, &doc, NULL, 0))
        count = jdoc_length(doc);
    for (size_t i = 0; i < count; i++) {
        if (i || comma)
            buf_putc(json, ',');
        jdoc_write(jdoc_at(doc, i), json);
    }
    jdoc_free(doc);
    buf_free(&list);
    return count;
}

bool request_extra_is_kept(const char *sealed)
{
    return sealed && strstr(sealed, ":" PROVIDER_REASONING_CONTENT ":") &&
        !strncmp(sealed, "openai-", 7);
}

/* ---- items of OpenAI's Responses ---- */

/* status is told, not taken; null says nothing. */
static bool request_extra_is_said(const char *key, const jdoc *value, const char *const *skip)
{
    if (!value || !strcmp(key, "status"))
        return false;
    for (; *skip; skip++)
        if (!strcmp(*skip, key))
            return false;
    return true;
}

/* sealed: "MAKER" KIND and the members of the item but for those named; nothing of an empty one. */
static int request_extra_put_item(const char *maker, const char *kind, const jdoc *item,
    const char *const *skip, struct buf *sealed)
{
    jdoc *kept = jdoc_new_object();
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;
    int error = kept ? 0 : ERR_NOMEM;

    while (!error && jdoc_type(item) == JDOC_OBJECT && jdoc_next(item, &it, &key, &value))
        if (request_extra_is_said(key, value, skip))
            error = jdoc_set(kept, key, jdoc_dup(value));
    if (!error && jdoc_length(kept)) {
        sealed->max = EXTRA_MAX;
        buf_printf(sealed, "%s%s", maker, kind);
        jdoc_write(kept, sealed);
        error = buf_error(sealed);
        if (error == ERR_LIMIT) { /* too much to be kept */
            buf_free(sealed);
            error = 0;
        }
    }
    jdoc_free(kept);
    return error;
}

int request_extra_seal_item(const char *maker, const jdoc *item, struct buf *sealed)
{
    static const char *const none[] = {NULL};
    bool incomplete = !strcmp(jdoc_text_or(item, "status", ""), "incomplete");

    if (!*maker || incomplete ||
        (!*jdoc_text_or(item, "encrypted_content", "") && !*jdoc_text_or(item, "id", "") &&
            !jdoc_length(jdoc_get(item, "content"))))
        return 0;
    return request_extra_put_item(maker, ITEM, item, none, sealed);
}

int request_extra_note_item(struct provider_stream *s, unsigned call, const jdoc *item)
{
    static const char *const of_call[] = {"type", "call_id", "name", "arguments", NULL};
    struct buf sealed = {0};
    int error = 0;

    if (!*s->maker || !s->sink->call_sealed)
        return 0;
    error = request_extra_put_item(s->maker, CALL, item, of_call, &sealed);
    if (!error && sealed.len)
        error = s->sink->call_sealed(s->sink->arg, call, buf_text(&sealed));
    buf_free(&sealed);
    return error;
}

const char *request_extra_item(const char *sealed, const char *maker)
{
    const char *rest = request_extra_behind(sealed, maker);

    return rest && !strncmp(rest, ITEM, sizeof ITEM - 1) ? rest + sizeof ITEM - 1 : NULL;
}

static size_t request_extra_text_len(const jdoc *content)
{
    size_t all = 0, len = 0;

    for (size_t i = 0; jdoc_type(content) == JDOC_ARRAY && i < jdoc_length(content); i++) {
        const jdoc *part = jdoc_at(content, i), *refusal = jdoc_get(part, "refusal");
        if (jdoc_string(refusal ? refusal : jdoc_get(part, "text"), &len))
            all += len;
    }
    return all;
}

int request_extra_note_phases(struct provider_stream *s, const jdoc *response)
{
    const jdoc *output = jdoc_get(response, "output");
    struct buf text = {.max = EXTRA_MAX};
    size_t count = 0;
    bool any = false;
    int error;

    if (!*s->maker || !s->sink->text_sealed)
        return 0;
    buf_printf(&text, "%s" TEXTS "[", s->maker);
    for (size_t i = 0; jdoc_type(output) == JDOC_ARRAY && i < jdoc_length(output); i++) {
        const jdoc *item = jdoc_at(output, i);
        const char *phase = jdoc_text_or(item, "phase", "");
        size_t len = request_extra_text_len(jdoc_get(item, "content"));
        if (strcmp(jdoc_text_or(item, "type", ""), "message") || !len)
            continue;
        any = any || *phase;
        buf_printf(&text, "%s[%zu,", count++ ? "," : "", len);
        buf_json_text(&text, phase);
        buf_putc(&text, ']');
    }
    buf_putc(&text, ']');
    error = buf_error(&text);
    if (!error && any)
        error = s->sink->text_sealed(s->sink->arg, buf_text(&text));
    buf_free(&text);
    return error == ERR_LIMIT ? 0 : error;
}

jdoc *request_extra_phases(const char *sealed, const char *maker)
{
    const char *rest = request_extra_behind(sealed, maker);
    jdoc *list = NULL;

    if (!rest || strncmp(rest, TEXTS, sizeof TEXTS - 1))
        return NULL;
    rest += sizeof TEXTS - 1;
    return jdoc_parse(rest, strlen(rest), &list, NULL, 0) ? NULL : list;
}
