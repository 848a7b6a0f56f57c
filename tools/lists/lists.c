/* SPDX-License-Identifier: BSD-2-Clause */
/* lists, first part: finding, reading and writing a list. */
#include "tools/lists/lists.h"

#include "base/buf.h"
#include "base/ident.h"
#include "tools/engine/registry.h"
#include "tools/kit/alarm.h"
#include "tools/kit/record.h"
#include "tools/kit/record_match.h"
#include "tools/kit/timestamp.h"

#include <stdio.h>
#include <string.h>

#define NAMED 8 /* lists that a question names */

void lists_edit_free(struct lists_edit *edit)
{
    jdoc_free(edit->list);
    jdoc_free(edit->old);
    *edit = (struct lists_edit){0};
}

size_t lists_open_count(const jdoc *list)
{
    const jdoc *items = jdoc_get(list, "items");
    size_t open = 0;

    for (size_t i = 0; i < jdoc_length(items); i++)
        open += !jdoc_is_true(jdoc_at(items, i), "done");
    return open;
}

/* --- finding a list --- */

struct lists_search {
    const char *name, *item;
    const char *wanted; /* id of the one that is meant */
    size_t count, fits, near;
    struct buf names;
    struct arena *arena;
    int best;
};

static void lists_search_take(struct lists_search *s, const jdoc *list)
{
    s->wanted = arena_strdup(s->arena, jdoc_text_or(list, "id", ""));
    s->fits++;
}

static int lists_search_look(void *arg, const jdoc *list)
{
    struct lists_search *s = arg;
    const char *name = jdoc_text_or(list, "name", "");
    size_t at;

    if (s->count++ == 0)
        s->wanted = arena_strdup(s->arena, jdoc_text_or(list, "id", ""));
    if (s->count <= NAMED)
        buf_printf(&s->names, "%s\"%.80s\"", s->count > 1 ? ", " : "", name);
    if (!s->name) {
        int found = s->item ? lists_find(jdoc_get(list, "items"), s->item, &at) : 0;
        if (found == 0 || found == ERR_CONFLICT)
            lists_search_take(s, list);
        return 0;
    }
    int score = record_match_score(name, s->name), other = record_match_score(s->name, name);
    score = other >= RECORD_MATCH_SURE && score < other ? other - 1 : score;
    s->near += score > 0;
    if (score < RECORD_MATCH_SURE || score < s->best)
        return 0;
    if (score > s->best)
        s->fits = 0;
    s->best = score;
    lists_search_take(s, list);
    return 0;
}

/* create_list names the list that is copied by another argument. */
static const char *lists_argument(const struct tools_run *run, const char *copied,
    const char *plain)
{
    return jdoc_has(run->args, "copy_from") ? copied : plain;
}

/* Which one? */
static int lists_ask(struct tools_run *run, const struct lists_search *s)
{
    int error = run_ask_back(run, lists_argument(run, "/copy_from", "/list"),
        "the name of a list, or list_id", "Which list is meant? There are: %s%s.",
        buf_text(&s->names), s->count > NAMED ? " and more" : "");

    return error ? error : ERR_INVALID;
}

static int lists_search_all(struct tools_run *run, struct lists_search *s)
{
    struct records_page page = {.family = LISTS_FAMILY,
        .from = -RECORD_FOREVER,
        .to = RECORD_FOREVER,
        .highest_first = true,
        .max = LISTS_MAX};
    struct records_list found;
    int error = records_range(run->context->store, run->context->uid, &page, run->arena, &found);

    if (!error)
        error = record_list(&found, lists_search_look, s);
    return !error && buf_error(&s->names) ? ERR_NOMEM : error;
}

static int lists_choose_id(struct tools_run *run, const char *item, const char **id)
{
    const char *name =
        jdoc_string(jdoc_get(run->args, lists_argument(run, "copy_from", "list")), NULL);
    struct lists_search s = {.name = name ? lists_bare(name) : NULL,
        .item = item,
        .arena = run->arena};
    int error = lists_search_all(run, &s);

    if (!error && (s.fits == 1 || (s.fits == 0 && s.count == 1 && !s.name)))
        *id = s.wanted;
    else if (!error && (s.count == 0 || (s.name && s.near == 0)))
        error = ERR_NOT_FOUND;
    else if (!error)
        error = lists_ask(run, &s);
    buf_free(&s.names);
    return !error && !*id ? ERR_NOMEM : error;
}

int lists_choose(struct tools_run *run, const char *item, struct lists_edit *edit)
{
    const char *id = jdoc_string(jdoc_get(run->args, "list_id"), NULL);
    int error = id ? 0 : lists_choose_id(run, item, &id);

    *edit = (struct lists_edit){0};
    if (!error)
        error = record_get(run, LISTS_FAMILY, id, &edit->list, &edit->seen);
    if (!error && jdoc_type(jdoc_get(edit->list, "items")) != JDOC_ARRAY)
        error = jdoc_set(edit->list, "items", jdoc_new_array());
    if (!error && !(edit->old = jdoc_dup(edit->list)))
        error = ERR_NOMEM;
    if (error)
        lists_edit_free(edit);
    return error;
}

int lists_choose_existing(struct tools_run *run, const char *item, struct lists_edit *edit)
{
    int error = lists_choose(run, item, edit);

    if (error != ERR_NOT_FOUND)
        return error;
    error = run_fail(run, "not_found", "There is no such list. get_lists names those there are.");
    return error ? error : ERR_INVALID;
}

/* --- writing --- */

jdoc *lists_new(struct tools_run *run, const char *name, const char *kind)
{
    char id[IDENT_UUID_SIZE];
    const struct zone *z;
    jdoc *list = jdoc_new_object(), *items = jdoc_new_array();

    ident_uuid7(id);
    int failed = !list || !items || timestamp_zone(run, &z) != 0 ||
        jdoc_set_string(list, "id", id) || jdoc_set_string(list, "name", name) ||
        jdoc_set_string(list, "kind", kind) || jdoc_set_string(list, "timezone", zone_name(z)) ||
        jdoc_set_int(list, "next_item", 1);
    if (!failed) {
        failed = jdoc_set(list, "items", items);
        items = NULL;
    }
    if (!failed)
        return list;
    jdoc_free(items);
    jdoc_free(list);
    return NULL;
}

static int64_t lists_time(const struct tools_run *run, const jdoc *list)
{
    const char *id = jdoc_text_or(list, "id", "");

    return ident_is_uuid(id) ? ident_uuid7_ms(id) : run->context->now_ms;
}

int lists_write(struct tools_run *run, struct lists_edit *edit)
{
    struct record_item item = {.family = LISTS_FAMILY,
        .id = jdoc_text_or(edit->list, "id", ""),
        .document = edit->list,
        .time_ms = lists_time(run, edit->list),
        .seen = edit->seen};
    size_t open = lists_open_count(edit->list), all = jdoc_length(jdoc_get(edit->list, "items"));
    int error = edit->message ? record_stamp(run, edit->list) : ERR_NOMEM;

    if (!error && !run_succeed(run, "%s", edit->message))
        error = ERR_NOMEM;
    if (!error)
        error = jdoc_set(run->result, "list", jdoc_dup(edit->list));
    if (!error)
        error = jdoc_set_int(run->result, "open", (int64_t)open);
    if (!error)
        error = jdoc_set_int(run->result, "done", (int64_t)(all - open));
    if (!error)
        error = alarm_plan(run->context, &lists_alarm, edit->list);
    if (!error)
        error = record_commit(run, &item, 1, edit->seen != NULL);
    if (!error && edit->old)
        alarm_tidy(run->context, &lists_alarm, edit->old, edit->list);
    return error;
}

/* --- get_lists, get_list --- */

struct lists_view {
    jdoc *lists;
    const char *kind;
};

static int lists_view_look(void *arg, const jdoc *list)
{
    static const char *const fields[] = {"id", "name", "kind", "updated_at", NULL};
    struct lists_view *v = arg;
    size_t open = lists_open_count(list), all = jdoc_length(jdoc_get(list, "items"));

    if (v->kind && strcmp(v->kind, jdoc_text_or(list, "kind", "other")) != 0)
        return 0;
    jdoc *shown = jdoc_new_object();
    int failed = !shown || record_copy(shown, list, fields) ||
        jdoc_set_int(shown, "open", (int64_t)open) ||
        jdoc_set_int(shown, "done", (int64_t)(all - open));
    return jdoc_push_made(v->lists, shown, failed);
}

int lists_tool_get_lists(struct tools_run *run)
{
    struct lists_view v = {.lists = jdoc_new_array(),
        .kind = jdoc_string(jdoc_get(run->args, "kind"), NULL)};
    int error = v.lists ?
        record_newest(run, LISTS_FAMILY, -RECORD_FOREVER, RECORD_FOREVER, lists_view_look, &v) :
        ERR_NOMEM;
    size_t count = jdoc_length(v.lists);

    if (!error &&
        !(count == 0 ? run_succeed(run, "There are no such lists yet.") :
                       run_succeed(run, "%zu list%s.", count, count == 1 ? "" : "s")))
        error = ERR_NOMEM;
    if (error) {
        jdoc_free(v.lists);
        return error;
    }
    error = jdoc_set(run->result, "lists", v.lists);
    return error ? error : jdoc_set_int(run->result, "count", (int64_t)count);
}

/* "socks, toothbrush" of what is open. */
static void lists_put_open(struct buf *b, const jdoc *list)
{
    const jdoc *items = jdoc_get(list, "items");
    size_t shown = 0;

    for (size_t i = 0; i < jdoc_length(items); i++)
        if (!jdoc_is_true(jdoc_at(items, i), "done") && shown < 20)
            buf_printf(b, "%s%.80s", shown++ > 0 ? ", " : "",
                jdoc_text_or(jdoc_at(items, i), "text", ""));
}

static int lists_drop_done(jdoc *list)
{
    const jdoc *items = jdoc_get(list, "items");
    jdoc *open = jdoc_new_array();
    int error = open ? 0 : ERR_NOMEM;

    for (size_t i = 0; !error && i < jdoc_length(items); i++)
        if (!jdoc_is_true(jdoc_at(items, i), "done"))
            error = jdoc_push(open, jdoc_dup(jdoc_at(items, i)));
    if (!error)
        return jdoc_set(list, "items", open);
    jdoc_free(open);
    return error;
}

int lists_tool_get_list(struct tools_run *run)
{
    struct lists_edit edit;
    struct buf names = {0};
    int error = lists_choose_existing(run, NULL, &edit);

    if (error)
        return error == ERR_INVALID ? 0 : error;
    size_t open = lists_open_count(edit.list), all = jdoc_length(jdoc_get(edit.list, "items"));
    lists_put_open(&names, edit.list);
    if (buf_error(&names) ||
        !run_succeed(run, "\"%s\": %zu of %zu open%s%s.", jdoc_text_or(edit.list, "name", ""), open,
            all, open > 0 ? ": " : "", buf_text(&names)))
        error = ERR_NOMEM;
    buf_free(&names);
    if (!error && jdoc_is_true(run->args, "open_only"))
        error = lists_drop_done(edit.list);
    if (!error) {
        error = jdoc_set(run->result, "list", edit.list);
        edit.list = NULL;
    }
    if (!error)
        error = jdoc_set_int(run->result, "open", (int64_t)open);
    if (!error)
        error = jdoc_set_int(run->result, "done", (int64_t)(all - open));
    lists_edit_free(&edit);
    return error;
}
