/* SPDX-License-Identifier: BSD-2-Clause */
/* lists, fourth part: the tools that change lists and items. */
#include "base/buf.h"
#include "base/utf8.h"
#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/alarm.h"
#include "tools/kit/preview.h"
#include "tools/kit/record.h"
#include "tools/kit/record_match.h"
#include "tools/kit/timestamp.h"
#include "tools/lists/lists.h"

#include <stdio.h>
#include <string.h>

#define ASKED_MAX 8

/* --- items of the arguments --- */

static const char *lists_said(const struct tools_run *run, size_t i)
{
    const char *text = jdoc_string(jdoc_at(jdoc_get(run->args, "items"), i), NULL);

    return text ? text : "";
}

static size_t lists_said_count(const struct tools_run *run)
{
    return jdoc_length(jdoc_get(run->args, "items"));
}

/* "socks, toothbrush", in the arena. */
static const char *lists_joined(struct tools_run *run, size_t skip_mask_count)
{
    struct buf b = {0};
    size_t count = lists_said_count(run);

    for (size_t i = 0; i < count && i < skip_mask_count; i++)
        buf_printf(&b, "%s%.80s", i > 0 ? ", " : "", lists_said(run, i));
    if (count > skip_mask_count)
        buf_printf(&b, " and %zu more", count - skip_mask_count);
    const char *text = buf_error(&b) ? NULL : arena_strdup(run->arena, buf_text(&b));
    buf_free(&b);
    return text;
}

/* --- create_list --- */

/* A list of that name is not made twice. */
struct lists_known {
    const char *name;
    size_t count;
    bool same;
};

static int lists_known_look(void *arg, const jdoc *list)
{
    struct lists_known *k = arg;

    k->count++;
    k->same |= record_match_score(jdoc_text_or(list, "name", ""), k->name) == 100;
    return 0;
}

static int lists_check_new(struct tools_run *run, const char *name)
{
    struct lists_known k = {.name = name};
    int error =
        record_newest(run, LISTS_FAMILY, -RECORD_FOREVER, RECORD_FOREVER, lists_known_look, &k);

    if (error || (!k.same && k.count < LISTS_MAX))
        return error;
    error = k.same ?
        run_ask_back(run, "/name", "another name, or add_to_list for the list that is there",
            "There is a list \"%.100s\" already. Add to that one, or give the new one another name?",
            name) :
        run_fail(run, "limit_reached", "There are %d lists already; delete some.", LISTS_MAX);
    return error ? error : ERR_INVALID;
}

/* The items of another list, all open. */
static int lists_copy_items(struct tools_run *run, jdoc *list)
{
    static const char *const kept[] = {"quantity", "note", NULL};
    struct lists_edit from;
    int error = lists_choose_existing(run, NULL, &from);

    if (error)
        return error;
    const jdoc *items = jdoc_get(from.list, "items");
    for (size_t i = 0; !error && i < jdoc_length(items); i++) {
        error = lists_append(run, list, jdoc_text_or(jdoc_at(items, i), "text", ""));
        if (!error)
            error = record_copy(jdoc_at(jdoc_get(list, "items"), i), jdoc_at(items, i), kept);
    }
    if (!error && !jdoc_has(run->args, "kind"))
        error = jdoc_set_string(list, "kind", jdoc_text_or(from.list, "kind", "other"));
    lists_edit_free(&from);
    return error;
}

static int lists_append_said(struct tools_run *run, jdoc *list)
{
    int error = 0;

    for (size_t i = 0; !error && i < lists_said_count(run); i++)
        error = lists_append(run, list, lists_said(run, i));
    return error;
}

int lists_tool_create_list(struct tools_run *run)
{
    struct lists_edit edit = {0};
    const char *name = jdoc_text_or(run->args, "name", "");
    int error = lists_check_new(run, name);

    if (!error && !(edit.list = lists_new(run, name, jdoc_text_or(run->args, "kind", "other"))))
        error = ERR_NOMEM;
    if (!error && jdoc_has(run->args, "copy_from"))
        error = lists_copy_items(run, edit.list);
    if (!error)
        error = lists_append_said(run, edit.list);
    if (!error) {
        size_t count = jdoc_length(jdoc_get(edit.list, "items"));
        edit.message = arena_printf(run->arena, "The list \"%s\" is made, with %zu item%s.", name,
            count, count == 1 ? "" : "s");
        error = lists_write(run, &edit);
    }
    lists_edit_free(&edit);
    return error == ERR_INVALID ? 0 : error;
}

/* --- add_to_list --- */

/* "my packing list" makes a list when there is none of that name. */
static int lists_open_or_make(struct tools_run *run, struct lists_edit *edit, bool *made)
{
    const char *name = jdoc_string(jdoc_get(run->args, "list"), NULL);
    int error = lists_choose(run, NULL, edit);

    *made = error == ERR_NOT_FOUND && !jdoc_has(run->args, "list_id");
    if (!*made)
        return error == ERR_NOT_FOUND ? lists_choose_existing(run, NULL, edit) : error;
    error = name ? lists_check_new(run, name) : 0;
    if (!error &&
        !(edit->list = lists_new(run, name ? name : "To do",
              jdoc_text_or(run->args, "kind", name ? "other" : "todo"))))
        error = ERR_NOMEM;
    return error;
}

static int lists_add_once(struct tools_run *run, void *arg)
{
    struct lists_edit edit;
    bool made;
    int error = lists_open_or_make(run, &edit, &made);

    (void)arg;
    if (!error)
        error = lists_append_said(run, edit.list);
    if (!error) {
        const char *names = lists_joined(run, ASKED_MAX);
        edit.message = names ? arena_printf(run->arena, "On the %slist \"%s\": %s.",
                                   made ? "new " : "", jdoc_text_or(edit.list, "name", ""), names) :
                               NULL;
        error = lists_write(run, &edit);
    }
    lists_edit_free(&edit);
    return error;
}

int lists_tool_add_to_list(struct tools_run *run)
{
    return record_retry(run, lists_add_once, NULL);
}

/* --- check_list_items, remove_list_items --- */

/* The item meant by `said`, or the question which. */
static int lists_pick(struct tools_run *run, const jdoc *list, const char *said, size_t *index)
{
    int error = lists_find(jdoc_get(list, "items"), said, index);

    if (error == ERR_NOT_FOUND)
        error = run_fail_at(run, "/items", "words of an item of the list; get_list shows them",
            "\"%.80s\" is not on the list \"%.100s\".", said, jdoc_text_or(list, "name", ""));
    else if (error == ERR_CONFLICT)
        error = run_ask_back(run, "/items", "more of the item's words, or its id",
            "Several items of \"%.100s\" fit \"%.80s\". Which one?", jdoc_text_or(list, "name", ""),
            said);
    else
        return error;
    return error ? error : ERR_INVALID;
}

/* Marks the items meant in `wanted`, one byte for each of the list. Nothing is changed before all
 * are known. */
static int lists_mark(struct tools_run *run, const jdoc *list, bool done_too, char *wanted)
{
    const jdoc *items = jdoc_get(list, "items");
    size_t count = lists_said_count(run), at = 0;
    int error = 0;

    for (size_t i = 0; i < jdoc_length(items) && i < LISTS_ITEMS_MAX; i++)
        wanted[i] = done_too && jdoc_is_true(jdoc_at(items, i), "done");
    if (jdoc_is_true(run->args, "all"))
        memset(wanted, 1, LISTS_ITEMS_MAX);
    for (size_t i = 0; !error && i < count; i++) {
        error = lists_pick(run, list, lists_said(run, i), &at);
        if (!error && at < LISTS_ITEMS_MAX)
            wanted[at] = 1;
    }
    return error;
}

static int lists_needs_items(struct tools_run *run, const char *other)
{
    if (lists_said_count(run) > 0 || jdoc_is_true(run->args, other) ||
        jdoc_is_true(run->args, "all"))
        return 0;
    int error =
        run_fail_at(run, "/items", "the items that are meant", "Say which items are meant.");
    return error ? error : ERR_INVALID;
}

static int lists_check_once(struct tools_run *run, void *arg)
{
    struct lists_edit edit;
    char wanted[LISTS_ITEMS_MAX] = "";
    bool done = true;
    size_t changed = 0;
    int error =
        lists_choose_existing(run, lists_said_count(run) ? lists_said(run, 0) : NULL, &edit);

    (void)arg;
    jdoc_get_bool(run->args, "done", &done);
    if (!error)
        error = lists_mark(run, edit.list, false, wanted);
    jdoc *items = jdoc_get(edit.list, "items");
    for (size_t i = 0; !error && i < jdoc_length(items) && i < LISTS_ITEMS_MAX; i++)
        if (wanted[i]) {
            error = jdoc_set_bool(jdoc_at(items, i), "done", done);
            changed++;
        }
    if (!error) {
        size_t open = lists_open_count(edit.list);
        edit.message = arena_printf(run->arena, "%zu item%s of \"%s\" %s; %zu left.", changed,
            changed == 1 ? "" : "s", jdoc_text_or(edit.list, "name", ""),
            done ? "checked off" : "open again", open);
        error = lists_write(run, &edit);
    }
    lists_edit_free(&edit);
    return error;
}

int lists_tool_check_list_items(struct tools_run *run)
{
    int error = lists_needs_items(run, "all");

    if (error)
        return error == ERR_INVALID ? 0 : error;
    return record_retry(run, lists_check_once, NULL);
}

/* The list without the marked items; the names of these into `gone`. */
static int lists_take_out(jdoc *list, const char *wanted, struct buf *gone, size_t *count)
{
    const jdoc *items = jdoc_get(list, "items");
    jdoc *kept = jdoc_new_array();
    int error = kept ? 0 : ERR_NOMEM;

    for (size_t i = 0; !error && i < jdoc_length(items); i++) {
        if (i >= LISTS_ITEMS_MAX || !wanted[i])
            error = jdoc_push(kept, jdoc_dup(jdoc_at(items, i)));
        else if ((*count)++ < ASKED_MAX)
            buf_printf(gone, "%s%.80s", *count > 1 ? ", " : "",
                jdoc_text_or(jdoc_at(items, i), "text", ""));
    }
    if (!error)
        return jdoc_set(list, "items", kept);
    jdoc_free(kept);
    return error;
}

static int lists_remove_once(struct tools_run *run, void *arg)
{
    struct lists_edit edit;
    struct buf gone = {0};
    char wanted[LISTS_ITEMS_MAX] = "";
    size_t count = 0;
    int error =
        lists_choose_existing(run, lists_said_count(run) ? lists_said(run, 0) : NULL, &edit);

    (void)arg;
    if (!error)
        error = lists_mark(run, edit.list, jdoc_is_true(run->args, "checked"), wanted);
    if (!error)
        error = lists_take_out(edit.list, wanted, &gone, &count);
    if (!error) {
        edit.message = buf_error(&gone) ?
            NULL :
            arena_printf(run->arena, "%zu item%s taken off \"%s\"%s%s.", count,
                count == 1 ? "" : "s", jdoc_text_or(edit.list, "name", ""), count ? ": " : "",
                buf_text(&gone));
        error = lists_write(run, &edit);
    }
    buf_free(&gone);
    lists_edit_free(&edit);
    return error;
}

int lists_tool_remove_list_items(struct tools_run *run)
{
    int error = lists_needs_items(run, "checked");

    if (error)
        return error == ERR_INVALID ? 0 : error;
    return record_retry(run, lists_remove_once, NULL);
}

/* --- change_list_item --- */

/* The item to another place: 1 is the first. */
static int lists_move(jdoc *list, size_t from, int64_t position)
{
    const jdoc *items = jdoc_get(list, "items");
    size_t count = jdoc_length(items), to = position < 1 ? 0 : (size_t)position - 1;
    jdoc *moved = jdoc_new_array();
    int error = moved ? 0 : ERR_NOMEM;

    to = to < count ? to : count - 1;
    for (size_t i = 0, next = 0; !error && i < count; i++) {
        if (i != to)
            next += next == from;
        error = jdoc_push(moved, jdoc_dup(jdoc_at(items, i == to ? from : next++)));
    }
    if (!error)
        return jdoc_set(list, "items", moved);
    jdoc_free(moved);
    return error;
}

static int lists_change_item(struct tools_run *run, jdoc *list, size_t at)
{
    jdoc *item = jdoc_at(jdoc_get(list, "items"), at);
    int64_t position;
    int error = jdoc_set_string(item, "text", jdoc_string(jdoc_get(run->args, "new_text"), NULL));

    if (!error)
        error = lists_set_item(run, list, item);
    if (!error && jdoc_get_int(run->args, "position", &position) == 0)
        error = lists_move(list, at, position);
    return error;
}

static int lists_change_once(struct tools_run *run, void *arg)
{
    struct lists_edit edit;
    const char *said = jdoc_text_or(run->args, "item", "");
    size_t at = 0;
    int error = lists_choose_existing(run, said, &edit);

    (void)arg;
    if (!error)
        error = lists_pick(run, edit.list, said, &at);
    if (!error)
        error = lists_change_item(run, edit.list, at);
    if (!error) {
        edit.message =
            arena_printf(run->arena, "\"%s\" is changed.", jdoc_text_or(edit.list, "name", ""));
        error = lists_write(run, &edit);
    }
    lists_edit_free(&edit);
    return error;
}

int lists_tool_change_list_item(struct tools_run *run)
{
    static const char *const changes[] = {"new_text", "quantity", "note", "due", "remind_minutes",
        "no_due", "position"};
    bool any = false;

    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        any |= jdoc_has(run->args, changes[i]);
    if (!any)
        return run_fail_at(run, "", "at least one field to change",
            "There is nothing to change: name at least one new value.");
    return record_retry(run, lists_change_once, NULL);
}

/* --- rename_list, delete_list --- */

static int lists_rename_once(struct tools_run *run, void *arg)
{
    static const char *const kinds[] = {"kind", NULL};
    struct lists_edit edit;
    int error = lists_choose_existing(run, NULL, &edit);

    (void)arg;
    if (!error)
        error = record_copy(edit.list, run->args, kinds);
    if (!error)
        error = jdoc_set_string(edit.list, "name", jdoc_text_or(run->args, "new_name", ""));
    if (!error) {
        edit.message = arena_printf(run->arena, "\"%s\" is now called \"%s\".",
            jdoc_text_or(edit.old, "name", ""), jdoc_text_or(edit.list, "name", ""));
        error = lists_write(run, &edit);
    }
    lists_edit_free(&edit);
    return error;
}

int lists_tool_rename_list(struct tools_run *run)
{
    int error = lists_check_new(run, jdoc_text_or(run->args, "new_name", ""));

    if (error)
        return error == ERR_INVALID ? 0 : error;
    return record_retry(run, lists_rename_once, NULL);
}

static int lists_delete_once(struct tools_run *run, void *arg)
{
    struct lists_edit edit;
    int error = lists_choose_existing(run, NULL, &edit);

    (void)arg;
    if (error)
        return error;
    run_succeed(run, "The list \"%s\" is deleted.", jdoc_text_or(edit.list, "name", ""));
    error = record_remove(run, LISTS_FAMILY, edit.seen, "list", edit.list);
    edit.list = NULL;
    if (!error)
        alarm_tidy(run->context, &lists_alarm, edit.old, NULL);
    lists_edit_free(&edit);
    return error;
}

int lists_tool_delete_list(struct tools_run *run)
{
    int error = record_confirmed(run);

    if (error)
        return error == ERR_INVALID ? 0 : error;
    return record_retry(run, lists_delete_once, NULL);
}

int lists_preview_delete_list(struct tools_run *run)
{
    struct lists_edit edit = {0};
    char after[64];
    int error = record_confirmed(run);

    if (!error)
        error = lists_choose_existing(run, NULL, &edit);
    size_t count = jdoc_length(jdoc_get(edit.list, "items"));
    snprintf(after, sizeof after, " with %zu item%s", count, count == 1 ? "" : "s");
    if (!error)
        error = preview_title(run, edit.list, "name", "delete the list ", after);
    if (!error)
        error = about_title(run, "list", edit.list, "name");
    lists_edit_free(&edit);
    return error == ERR_INVALID ? 0 : error;
}
