/* SPDX-License-Identifier: BSD-2-Clause */
/* read_result -- the parts of a large result that the model was not shown. */
#include "tools/engine/registry.h"

#include "base/err.h"
#include "base/utf8.h"

#include <string.h>
#include <strings.h>

#define ANSWER_SHARE \
    2 /* of what a model is shown of a result; quotes and the frame need the rest */

static size_t read_result_room(const struct tools_run *run)
{
    return (size_t)run->context->conf->tool_result_shown / ANSWER_SHARE;
}

/* The list that was asked for, or the longest one. */
static const jdoc *read_result_list(const jdoc *doc, const char *wanted, const char **name)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;
    const jdoc *best = NULL;
    while (jdoc_next(doc, &it, &key, &value))
        if (jdoc_type(value) == JDOC_ARRAY &&
            (*wanted != '\0' ? strcmp(wanted, key) == 0 :
                               !best || jdoc_length(value) > jdoc_length(best))) {
            best = value;
            *name = key;
        }
    return best;
}

static bool read_result_fits(const struct buf *entry, const char *where)
{
    size_t n = strlen(where);
    for (const char *p = buf_text(entry); n > 0; p++)
        if (strncasecmp(p, where, n) == 0)
            return true;
        else if (*p == '\0')
            return false;
    return true;
}

struct read_result {
    jdoc *items;
    size_t next, matches; /* the entry behind the last one given; how many match in all */
    bool full;
};

/* Entries from `from` on that fit, as many as there is room for; counts all that fit. */
static int read_result_collect(const struct tools_run *run, const jdoc *list, size_t from,
    struct read_result *r)
{
    const char *where = jdoc_text_or(run->args, "where", "");
    size_t used = 0, room = read_result_room(run),
           limit = (size_t)jdoc_int_or(run->args, "limit", 50);
    int error = 0;
    r->next = jdoc_length(list);
    for (size_t i = 0; i < jdoc_length(list) && error == 0; i++) {
        struct buf text = {0};
        jdoc_write(jdoc_at(list, i), &text);
        bool fits = jdoc_at(list, i) && buf_error(&text) == 0 && read_result_fits(&text, where);
        r->matches += fits;
        if (fits && i >= from && !r->full) {
            used += text.len + 1;
            r->full = jdoc_length(r->items) >= limit || (used > room && jdoc_length(r->items) > 0);
            if (r->full)
                r->next = i;
            else
                error = used > room ?
                    jdoc_push(r->items,
                        jdoc_new_string(buf_text(&text), utf8_cut(buf_text(&text), room))) :
                    jdoc_push(r->items, jdoc_dup(jdoc_at(list, i)));
        }
        buf_free(&text);
    }
    return error;
}

static int read_result_answer_list(struct tools_run *run, const jdoc *list, const char *name,
    size_t from)
{
    struct read_result r = {.items = jdoc_new_array()};
    int error = r.items ? read_result_collect(run, list, from, &r) : ERR_NOMEM;
    size_t count = jdoc_length(r.items);
    jdoc *answer = error != 0 ?
        NULL :
        run_succeed(run, "%zu entries of %s from number %zu on. %zu of its %zu match in all.%s",
            count, name, from, r.matches, jdoc_length(list), r.full ? " Read on at `next`." : "");
    if (!answer) {
        jdoc_free(r.items);
        return error != 0 ? error : ERR_NOMEM;
    }
    error = jdoc_set(answer, "items", r.items);
    if (error == 0)
        error = jdoc_set_string(answer, "list", name);
    if (error == 0)
        error = jdoc_set_int(answer, "of", (int64_t)jdoc_length(list));
    if (error == 0 && r.full)
        error = jdoc_set_int(answer, "next", (int64_t)r.next);
    return error;
}

/* Whole characters from byte `from` on. */
static int read_result_answer_text(struct tools_run *run, const char *text, size_t len, size_t from)
{
    while (from < len && ((unsigned char)text[from] & 0xC0) == 0x80)
        from++;
    size_t rest = from < len ? len - from : 0, room = read_result_room(run);
    size_t n = rest > room ? utf8_cut(text + from, room) : rest;
    jdoc *answer = run_succeed(run, "Bytes %zu to %zu of %zu.%s", from, from + n, len,
        n < rest ? " Read on at `next`." : "");
    jdoc *part = answer ? jdoc_new_string(text + from, n) : NULL;
    if (!part)
        return ERR_NOMEM;
    int error = jdoc_set(answer, "text", part);
    if (error == 0)
        error = jdoc_set_int(answer, "of", (int64_t)len);
    if (error == 0 && n < rest)
        error = jdoc_set_int(answer, "next", (int64_t)(from + n));
    return error;
}

static int read_result_answer(struct tools_run *run, const jdoc *doc, const char *text, size_t len)
{
    const char *wanted = jdoc_text_or(run->args, "list", ""), *name = "";
    size_t from = (size_t)jdoc_int_or(run->args, "from", 0), part_len;
    const jdoc *list = read_result_list(doc, wanted, &name);
    const char *part = jdoc_string(jdoc_get(doc, wanted), &part_len);
    if (list)
        return read_result_answer_list(run, list, name, from);
    if (part)
        return read_result_answer_text(run, part, part_len, from);
    if (*wanted != '\0')
        return run_fail_at(run, "/list", "a list or text of this result",
            "The result has no list of this name.");
    return read_result_answer_text(run, text, len, from);
}

int assistant_tool_read_result(struct tools_run *run)
{
    const struct tools_context *c = run->context;
    const char *text;
    jdoc *doc = NULL;
    bool others = false;
    size_t len;
    int error = c->earlier ?
        c->earlier(c->earlier_arg, jdoc_text_or(run->args, "handle", ""), &text, &len, &others) :
        ERR_NOT_FOUND;
    if (error != 0)
        return run_fail(run, "not_found",
            "This conversation has no result of this handle. Call the tool again that gave it.");
    error = jdoc_parse(text, len, &doc, NULL, 0);
    if (error != ERR_NOMEM)
        error = read_result_answer(run, doc, text, len);
    jdoc_free(doc);
    bool success = false;
    (void)jdoc_get_bool(run->result, "success", &success);
    return error == 0 && success && others ? jdoc_set_bool(run->result, "by_others", true) : error;
}
