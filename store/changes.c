/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/changes.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/jdoc.h"

#include <stdlib.h>
#include <string.h>

#define OPEN_MAX 50
#define GROUP_PAGE 16  /* changes read at once */
#define GROUP_MAX 1000 /* as many as are kept (lib_changes.lua) */

static const char *changes_text(struct arena *arena, const jdoc *doc, const char *key)
{
    return arena_strdup(arena, jdoc_text_or(doc, key, ""));
}

static enum changes_act changes_act_of(const jdoc *doc)
{
    const char *word = jdoc_text_or(doc, "act", "");
    return strcmp(word, "undo") == 0 ? CHANGES_UNDO :
        strcmp(word, "redo") == 0    ? CHANGES_REDO :
                                       CHANGES_DO;
}

static int changes_read_write(const jdoc *doc, struct arena *arena, struct changes_write *out)
{
    const char *was = jdoc_string(jdoc_get(doc, "was"), NULL);
    out->family = changes_text(arena, doc, "family");
    out->id = changes_text(arena, doc, "id");
    out->now = changes_text(arena, doc, "now");
    out->was = was ? arena_strdup(arena, was) : NULL;
    out->was_ms = (int64_t)strtod(jdoc_text_or(doc, "was_ms", "0"), NULL);
    return !out->family || !out->id || !out->now || (was && !out->was) ? ERR_NOMEM : 0;
}

static int changes_read_doc(const jdoc *doc, struct arena *arena, struct changes_one *out)
{
    const jdoc *writes = jdoc_get(doc, "writes");
    size_t count = jdoc_length(writes);
    *out = (struct changes_one){.id = changes_text(arena, doc, "id"),
        .tool = changes_text(arena, doc, "tool"),
        .session = changes_text(arena, doc, "session"),
        .of = changes_text(arena, doc, "of"),
        .group = changes_text(arena, doc, "group"),
        .part = jdoc_int_or(doc, "part", 0),
        .at_ms = jdoc_int_or(doc, "at_ms", 0),
        .act = changes_act_of(doc),
        .undone = jdoc_has(doc, "undone_by"),
        .undone_by = changes_text(arena, doc, "undone_by"),
        .lost = jdoc_is_true(doc, "lost"),
        .writes = arena_array(arena, count + 1, sizeof *out->writes)};
    if (!out->id || !out->undone_by || !out->group || !out->tool || !out->session || !out->of ||
        !out->writes)
        return ERR_NOMEM;
    for (size_t i = 0; i < count && out->count < RECORDS_WRITES_MAX; i++) {
        int error = changes_read_write(jdoc_at(writes, i), arena, &out->writes[out->count++]);
        if (error)
            return error;
    }
    return 0;
}

static int changes_read(const char *json, struct arena *arena, struct changes_one *out)
{
    jdoc *doc = NULL;
    int error = jdoc_parse(json, strlen(json), &doc, NULL, 0);
    if (error == 0)
        error = changes_read_doc(doc, arena, out);
    else if (error != ERR_NOMEM)
        error = ERR_INTERNAL;
    jdoc_free(doc);
    return error;
}

int changes_get(struct store *s, const char *uid, const char *id, struct arena *arena,
    struct changes_one *out)
{
    const char *json;
    if (!ident_is_safe(id, strlen(id), 64))
        return ERR_NOT_FOUND;
    int error = records_get(s, uid, CHANGES_FAMILY, id, arena, &json);
    if (error == 0)
        error = changes_read(json, arena, out);
    if (error == 0 && out->at_ms < clock_real_ms() - CHANGES_KEEP_MS)
        error = ERR_NOT_FOUND;
    return error;
}

struct changes_page {
    const char *tag;
    size_t from, max;
};
static int changes_tagged(struct store *s, const char *uid, const struct changes_page *page,
    struct arena *arena, struct changes_list *out)
{
    struct records_list list;
    *out = (struct changes_list){0};
    if (!page->tag)
        return ERR_NOMEM;
    if (page->max > OPEN_MAX)
        return ERR_INVALID;
    int error = records_tagged(s, uid,
        &(struct records_page){.family = CHANGES_FAMILY,
            .tag = page->tag,
            .from = clock_real_ms() - CHANGES_KEEP_MS,
            .to = INT64_C(1) << 52,
            .highest_first = true,
            .offset = page->from,
            .max = page->max},
        arena, &list);
    if (error)
        return error;
    out->more = list.more;
    out->all = arena_array(arena, list.count + 1, sizeof *out->all);
    if (!out->all)
        return ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < list.count; i++)
        error = changes_read(list.json[i], arena, &out->all[out->count++]);
    return error;
}

int changes_open(struct store *s, const char *uid, const struct changes_look *look,
    struct arena *arena, struct changes_list *out)
{
    const char *word = look->act == CHANGES_DO ? "live" : "undo";
    return changes_tagged(s, uid,
        &(struct changes_page){.tag = look->session ?
                arena_printf(arena, "%s:%s", word, look->session) :
                arena_strdup(arena, word),
            .max = look->max},
        arena, out);
}

/* Reads a page into memory of its own: only what is of the group is kept. */
static int changes_group_page(struct store *s, const char *uid, const struct records_page *page,
    const char *group, struct arena *arena, struct changes_list *out)
{
    struct arena *own = arena_new();
    struct records_list list = {0};
    int error = !own ? ERR_NOMEM : records_tagged(s, uid, page, own, &list);

    out->more = list.more;
    for (size_t i = 0; !error && i < list.count; i++) {
        struct changes_one one;
        /* The name alone tells most of them apart, without their being parsed. */
        if (!strstr(list.json[i], group))
            continue;
        error = changes_read(list.json[i], arena, &one);
        if (!error && strcmp(one.group, group) == 0 && out->count < GROUP_MAX)
            out->all[out->count++] = one;
    }
    arena_free(own);
    return error;
}

int changes_group(struct store *s, const char *uid, enum changes_act act, const char *group,
    struct arena *arena, struct changes_list *out)
{
    struct records_page page = {.family = CHANGES_FAMILY,
        .tag = act == CHANGES_DO ? "live" : "undo",
        .from = clock_real_ms() - CHANGES_KEEP_MS,
        .to = INT64_C(1) << 52,
        .highest_first = true,
        .max = GROUP_PAGE};
    int error = 0;

    *out = (struct changes_list){.all = arena_array(arena, GROUP_MAX, sizeof *out->all)};
    if (!out->all)
        return ERR_NOMEM;
    do {
        error = changes_group_page(s, uid, &page, group, arena, out);
        page.offset += GROUP_PAGE;
    } while (!error && out->more);
    return error;
}

int changes_of(struct store *s, const char *uid, const struct changes_look *look,
    struct arena *arena, struct changes_list *out)
{
    return changes_tagged(s, uid,
        &(struct changes_page){.tag = arena_printf(arena, "r:%s/%s", look->family, look->id),
            .max = look->max},
        arena, out);
}

int changes_deleted(struct store *s, const char *uid, const char *family, size_t max,
    struct arena *arena, struct changes_list *out)
{
    return changes_deleted_from(s, uid, &(struct changes_look){.family = family, .max = max}, arena,
        out);
}

int changes_deleted_from(struct store *s, const char *uid, const struct changes_look *look,
    struct arena *arena, struct changes_list *out)
{
    return changes_tagged(s, uid,
        &(struct changes_page){.tag = arena_printf(arena, "d:%s", look->family),
            .from = look->from,
            .max = look->max},
        arena, out);
}

int changes_reverse(const struct changes_one *change, struct arena *arena,
    struct records_write *out)
{
    if (change->lost)
        return ERR_FULL;
    for (size_t i = 0; i < change->count; i++) {
        const struct changes_write *w = &change->writes[i];
        out[i] = (struct records_write){.family = w->family,
            .id = w->id,
            .json = w->was,
            .time_ms = w->was_ms,
            .seen = arena_printf(arena, RECORDS_SEEN_SHA1 "%s", w->now)};
        if (!out[i].seen)
            return ERR_NOMEM;
    }
    return 0;
}
