/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/model/deferred.h"

#include "agent/model/request.h"
#include "agent/offer.h"
#include "base/jdoc.h"
#include "base/log.h"
#include "tools/remote/dynamic.h"

#include <stdlib.h>
#include <string.h>

#define DEFERRED_NAME_MAX 64 /* bytes of a tool's name */

/* ---- the list, in the form of a provider without a search tool of its own ---- */

/* Tools one behind the other, each with a ',' in front of it; ends[i] is behind the row first + i,
 * which has no bytes when it is not in the list. */
struct deferred_list {
    struct buf json;
    size_t *ends;
    size_t first, count;
};
static struct deferred_list deferred_own;    /* before the fork: the build's and declared tools */
static struct deferred_list deferred_remote; /* each process: those of MCP servers */
static unsigned deferred_generation;         /* of deferred_remote */

static bool deferred_is_remote(const struct tools_spec *spec)
{
    return spec->dynamic && spec->dynamic->server;
}

static bool deferred_is_kept(const struct conf *conf, const struct tools_spec *spec)
{
    return !spec->core && tools_is_provided(conf, spec);
}

int deferred_put_tool(const struct provider *p, const struct tools_spec *spec, struct buf *json)
{
    struct buf plain = {0};
    struct context_tool tool = {.name = spec->name,
        .description = spec->description,
        .schema = spec->arguments_schema};

    if (deferred_is_remote(spec)) {
        provider_plain(spec->arguments_schema, &plain);
        tool.schema = buf_text(&plain);
    }
    int error = buf_error(&plain);
    if (!error)
        p->deferred(json, &tool);
    buf_free(&plain);
    return error;
}

static void deferred_list_free(struct deferred_list *list)
{
    buf_free(&list->json);
    free(list->ends);
    *list = (struct deferred_list){0};
}

/* The rows [first, first + count), while their bytes are at most `most`; 0 = no limit. */
static int deferred_write(const struct conf *conf, size_t first, size_t count, size_t most,
    struct deferred_list *list)
{
    deferred_list_free(list);
    list->first = first;
    list->count = count;
    if (!(list->ends = calloc(count + 1, sizeof *list->ends)))
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        const struct tools_spec *spec = tools_at(first + i);
        const size_t before = list->json.len;
        if (deferred_is_kept(conf, spec)) {
            buf_putc(&list->json, ',');
            if (deferred_put_tool(&provider_anthropic, spec, &list->json))
                return ERR_NOMEM;
        }
        if (most && list->json.len > most)
            buf_cut(&list->json, before);
        list->ends[i] = list->json.len;
    }
    return buf_error(&list->json);
}

static size_t deferred_own_rows(void)
{
    size_t n = 0;

    while (n < tools_count() && !deferred_is_remote(tools_at(n)))
        n++;
    return n;
}

int deferred_prepare(const struct conf *conf)
{
    deferred_list_free(&deferred_remote);
    return deferred_write(conf, 0, deferred_own_rows(), 0, &deferred_own);
}

/* Made anew when the servers' tools have changed. */
static int deferred_take_remote(const struct conf *conf)
{
    const size_t first = deferred_own.count;
    size_t count = tools_count() > first ? tools_count() - first : 0;
    int error;

    if (deferred_remote.ends && deferred_generation == dynamic_generation() &&
        deferred_remote.count == count)
        return 0;
    error = deferred_write(conf, first, count, DEFERRED_REMOTE_MAX, &deferred_remote);
    if (error)
        deferred_list_free(&deferred_remote);
    else
        deferred_generation = dynamic_generation();
    return error;
}

static size_t deferred_start(const struct deferred_list *list, size_t at)
{
    return at ? list->ends[at - 1] : 0;
}

static bool deferred_is_listed(const struct deferred_list *list, size_t row)
{
    size_t at = row - list->first;

    return row >= list->first && at < list->count && list->ends[at] > deferred_start(list, at);
}

/* All at once when no row is left out, which is nearly always. */
static void deferred_copy(const struct deferred *d, const struct deferred_list *list,
    struct buf *json)
{
    size_t from = 0;

    for (size_t i = 0; i < list->count; i++) {
        if (d->rows[list->first + i] != DEFERRED_NONE || !deferred_is_listed(list, list->first + i))
            continue;
        buf_put(json, buf_text(&list->json) + from, deferred_start(list, i) - from);
        from = list->ends[i];
    }
    if (list->json.len > from)
        buf_put(json, buf_text(&list->json) + from, list->json.len - from);
}

int deferred_put(const struct deferred *d, const struct provider *p, struct buf *json)
{
    if (!d->on || p->search)
        return 0;
    deferred_copy(d, &deferred_own, json);
    deferred_copy(d, &deferred_remote, json);
    return buf_error(json);
}

/* ---- where each tool stands ---- */

static size_t deferred_row_of(const struct deferred *d, const char *name)
{
    size_t i = 0;

    while (i < d->count && strcmp(tools_at(i)->name, name))
        i++;
    return i;
}

/* Adds the tool when it is kept back; false: the result has to say it in words. */
static bool deferred_name(const struct deferred *d, const char *name, struct deferred_named *out)
{
    size_t row = deferred_row_of(d, name);

    if (row == d->count || d->rows[row] == DEFERRED_NONE)
        return false;
    for (size_t k = 0; k < out->count; k++)
        if (out->tools[k] == tools_at(row))
            return true;
    if (out->count == DEFERRED_NAMED_MAX)
        return false;
    out->tools[out->count++] = tools_at(row);
    return true;
}

/* What is told in words, made anew: nothing else of the result goes into them. */
struct deferred_words {
    jdoc *doc, *others, *missing;
    bool hidden; /* one that is told in no way was there */
};

static bool deferred_is_hidden(const struct deferred *d, const char *name)
{
    const struct tools_spec *spec = tools_find(name);

    return spec && !d->memory && tools_is_memory(spec);
}

/* The name alone: what a tool of a server says of itself has a server written. */
static int deferred_put_other(const struct deferred *d, const char *name, struct deferred_words *w)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    const size_t len = strlen(name);
    jdoc *item;

    if (deferred_is_hidden(d, name)) {
        w->hidden = true;
        return 0;
    }
    if (!len || len > DEFERRED_NAME_MAX || strspn(name, good) != len)
        return 0;
    item = jdoc_new_object();
    return jdoc_push_made(w->others, item, !item || jdoc_set_string(item, "name", name) != 0);
}

/* Only of tools that there are, whose reason is find_tools' own. */
static int deferred_put_missing(const struct deferred *d, const jdoc *list,
    struct deferred_words *w)
{
    int error = 0;

    for (size_t i = 0; i < jdoc_length(list) && !error; i++) {
        const char *name = jdoc_text_or(jdoc_at(list, i), "name", "");
        if (tools_find(name) && !deferred_is_hidden(d, name))
            error = jdoc_push(w->missing, jdoc_dup(jdoc_at(list, i)));
    }
    return error;
}

static int deferred_write_words(const jdoc *result, struct deferred_words *w, char **note)
{
    const bool none = w->hidden && !jdoc_length(w->others) && !jdoc_length(w->missing);
    bool success = false;
    struct buf text = {0};
    jdoc **lists[] = {&w->others, &w->missing};
    int error = 0;

    err_ignore(jdoc_get_bool(result, "success", &success));
    error = jdoc_set_bool(w->doc, "success", success);
    if (!error)
        error = jdoc_set_string(w->doc, "message",
            none ? "Nothing fits: there is no tool for this." :
                   jdoc_text_or(result, "message", ""));
    for (size_t i = 0; i < 2 && !error; i++) {
        jdoc *list = *lists[i];
        if (!jdoc_length(list))
            continue;
        *lists[i] = NULL;
        error = jdoc_set(w->doc, i ? "not_available" : "tools", list);
    }
    jdoc_write(w->doc, &text);
    if (!error && !(error = buf_error(&text)) && !(*note = strdup(buf_text(&text))))
        error = ERR_NOMEM;
    buf_free(&text);
    return error;
}

static int deferred_read_tools(const struct deferred *d, const jdoc *result,
    struct deferred_words *w, struct deferred_named *out)
{
    const jdoc *tools = jdoc_get(result, "tools");
    size_t count = jdoc_type(tools) == JDOC_ARRAY ? jdoc_length(tools) : 0;
    int error = w->doc && w->others && w->missing ? 0 : ERR_NOMEM;

    for (size_t i = 0; i < count && !error; i++) {
        const char *name = jdoc_text_or(jdoc_at(tools, i), "name", "");
        if (!deferred_name(d, name, out))
            error = deferred_put_other(d, name, w);
    }
    if (!error)
        error = deferred_put_missing(d, jdoc_get(result, "not_available"), w);
    if (error || (out->count && !jdoc_length(w->others) && !jdoc_length(w->missing)))
        return error;
    return deferred_write_words(result, w, &out->note);
}

int deferred_read(const struct deferred *d, const char *text, size_t len, bool failed,
    struct deferred_named *out)
{
    jdoc *doc = NULL;
    int error;

    *out = (struct deferred_named){0};
    if (failed)
        return 0;
    if ((error = jdoc_parse(text, len, &doc, NULL, 0)))
        return error == ERR_NOMEM ? error : 0;
    struct deferred_words w = {jdoc_new_object(), jdoc_new_array(), jdoc_new_array(), false};
    error = deferred_read_tools(d, doc, &w, out);
    jdoc_free(w.doc);
    jdoc_free(w.others);
    jdoc_free(w.missing);
    jdoc_free(doc);
    return error;
}

void deferred_named_fini(struct deferred_named *named)
{
    free(named->note);
    named->note = NULL;
}

/* The rows that results in the window name. */
static int deferred_load(struct deferred *d, const struct context *c, size_t at)
{
    const struct chat_message *m = &c->items[at];
    struct deferred_named named;
    int error = 0;

    for (size_t k = 0; k < m->call_count && !error; k++) {
        if (m->calls[k].alias || strcmp(m->calls[k].name, OFFER_FIND_TOOLS))
            continue;
        for (size_t i = at + 1; i < c->count && c->items[i].role == CHAT_TOOL && !error; i++) {
            const struct chat_message *r = &c->items[i];
            if (strcmp(r->call_id, m->calls[k].id))
                continue;
            error = deferred_read(d, r->text, r->len, r->failed, &named);
            for (size_t n = 0; n < named.count && !error; n++)
                d->rows[deferred_row_of(d, named.tools[n]->name)] = DEFERRED_LOADED;
            deferred_named_fini(&named);
        }
    }
    return error;
}

static bool deferred_is_wanted(const struct provider *p, const struct provider_request *q,
    const struct abilities *a)
{
    const uint64_t against =
        QUIRKS_NO_DEFERRED | QUIRKS_NO_TOOLS | QUIRKS_SHORT_DESCRIPTIONS | QUIRKS_PLAIN_SCHEMAS;
    const char *must = request_must_call(q);
    const struct context *c = q->context;

    return p->deferred && a->deferred && !(q->quirks.flags & against) && !c->reduced && c->frame &&
        !c->frame->instructions && (!must || strcmp(must, OFFER_FIND_TOOLS) != 0) &&
        tools_count() > 0;
}

int deferred_begin(const struct provider *p, const struct provider_request *q,
    const struct abilities *a, struct deferred *out)
{
    const struct context *c = q->context;
    int error = 0;

    *out = (struct deferred){0};
    if (!deferred_is_wanted(p, q, a))
        return 0;
    if (!p->search && (error = deferred_take_remote(q->conf)))
        return error;
    out->count = tools_count();
    if (!(out->rows = calloc(out->count, 1)))
        return ERR_NOMEM;
    out->memory = c->frame->memory;
    for (size_t i = 0; i < out->count; i++)
        if ((out->memory || !tools_is_memory(tools_at(i))) &&
            (p->search ? deferred_is_kept(q->conf, tools_at(i)) :
                         deferred_is_listed(&deferred_own, i) ||
                        deferred_is_listed(&deferred_remote, i)))
            out->rows[i] = DEFERRED_LISTED;
    for (size_t i = 0; i < c->count && !error; i++)
        if (c->items[i].role == CHAT_ASSISTANT)
            error = deferred_load(out, c, i);
    for (size_t i = 0; i < c->found_count; i++) {
        size_t row = deferred_row_of(out, c->found[i].name);
        if (row < out->count && out->rows[row] == DEFERRED_LISTED && !c->found[i].guessed)
            out->rows[row] = DEFERRED_NONE;
    }
    out->on = !error;
    return error;
}

void deferred_end(struct deferred *d)
{
    free(d->rows);
    *d = (struct deferred){0};
}

bool deferred_holds(const struct deferred *d, const struct context_tool *found)
{
    size_t row = d->on ? deferred_row_of(d, found->name) : 0;

    return d->on && row < d->count && d->rows[row] != DEFERRED_NONE;
}
