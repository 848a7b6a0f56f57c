/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools of the family transition: the checklist, and what all of the family share. */
#include "tools/transition/transition.h"

#include "tools/engine/registry.h"
#include "tools/kit/record.h"
#include "tools/kit/record_match.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"

#include <stdio.h>
#include <string.h>

static const char *const task_fields[] = {"title", "category", "priority", "description",
    "days_before_departure", NULL};
static const char *const priorities[] = {"critical", "high", "medium", "low"};
#define PRIORITIES 4

/* --- shared --- */

int transition_departure(struct tools_run *run, struct transition_departure *out)
{
    jdoc *record = NULL;
    struct timestamp when;
    memset(out, 0, sizeof *out);
    out->now_ms = run->context->now_ms;
    int error = timestamp_zone(run, &out->zone);
    if (error == 0)
        error = record_get(run, TRANSITION_FAMILY, "me", &record, NULL);
    if (error == 0 &&
        timestamp_parse(jdoc_text_or(record, "departure_date", ""), out->zone, &when) == 0) {
        out->known = true;
        out->ms = timestamp_day(when.ms, 0, out->zone);
        out->days = timestamp_days(out->now_ms, out->ms, out->zone) - 1;
        timestamp_date(out->ms, out->zone, out->date);
    }
    jdoc_free(record);
    return error == ERR_NOT_FOUND ? 0 : error;
}

int transition_set_departure(jdoc *object, const struct transition_departure *d)
{
    if (!d->known)
        return 0;
    int error = jdoc_set_string(object, "departure_date", d->date);
    return error == 0 ? jdoc_set_int(object, "days_to_departure", d->days) : error;
}

int transition_push(struct transition_list *list, jdoc *item)
{
    struct buf text = {0};
    list->total++;
    if (!item)
        return ERR_NOMEM;
    jdoc_write(item, &text);
    size_t len = text.len;
    buf_free(&text);
    if (jdoc_length(list->items) == TRANSITION_SHOWN_MAX ||
        list->bytes + len > TRANSITION_SHOWN_BYTES) {
        jdoc_free(item);
        return 0;
    }
    list->bytes += len;
    return jdoc_push(list->items, item);
}

int transition_answer(struct tools_run *run, const char *key, struct transition_list *list)
{
    int64_t count = (int64_t)jdoc_length(list->items);
    if (!run->result) {
        jdoc_free(list->items);
        return ERR_NOMEM;
    }
    int failed = jdoc_set(run->result, key, list->items);
    failed |= jdoc_set_int(run->result, "count", count);
    failed |= jdoc_set_int(run->result, "total", (int64_t)list->total);
    return failed != 0 ? ERR_NOMEM : 0;
}

jdoc *transition_new(struct tools_run *run, const char *const *fields)
{
    char id[IDENT_UUID_SIZE];
    jdoc *document = jdoc_new_object();
    ident_uuid7(id);
    if (document && jdoc_set_string(document, "id", id) == 0 &&
        record_copy(document, run->args, fields) == 0 && record_stamp(run, document) == 0)
        return document;
    jdoc_free(document);
    return NULL;
}

int transition_commit(struct tools_run *run, const char *family, const char *key,
    const jdoc *document, int64_t time_ms, const char *seen)
{
    jdoc *copy = jdoc_dup(document);
    if (!run->result || !copy) {
        jdoc_free(copy);
        return ERR_NOMEM;
    }
    if (jdoc_set(run->result, key, copy) != 0)
        return ERR_NOMEM;
    struct record_item item = {.family = family,
        .id = jdoc_text_or(document, "id", ""),
        .document = document,
        .time_ms = time_ms,
        .seen = seen};
    return record_commit(run, &item, 1, seen != NULL);
}

/* --- tasks --- */

static bool transition_is_open(const jdoc *task)
{
    return strcmp(jdoc_text_or(task, "status", ""), "completed") != 0;
}

jdoc *transition_task_view(const jdoc *task, const struct transition_departure *d)
{
    char date[TIMESTAMP_SIZE];
    int64_t before;
    jdoc *view = jdoc_dup(task);
    if (!view || !d->known || jdoc_get_int(task, "days_before_departure", &before) != 0)
        return view;
    int64_t due = timestamp_day(d->ms, -(int)before, d->zone);
    int left = timestamp_days(d->now_ms, due, d->zone) - 1;
    timestamp_date(due, d->zone, date);
    int failed = jdoc_set_string(view, "due_date", date);
    if (transition_is_open(task)) {
        failed |= jdoc_set_int(view, "days_left", left);
        if (left < 0)
            failed |= jdoc_set_string(view, "status", "overdue");
    }
    if (failed == 0)
        return view;
    jdoc_free(view);
    return NULL;
}

static int transition_set_subtasks(jdoc *task, const jdoc *titles)
{
    jdoc *list = jdoc_new_array();
    int failed = !list;
    for (size_t i = 0; failed == 0 && i < jdoc_length(titles); i++) {
        jdoc *subtask = jdoc_new_object();
        const char *title = jdoc_string(jdoc_at(titles, i), NULL);
        failed |= !subtask || jdoc_set_string(subtask, "title", title) != 0 ||
            jdoc_set_bool(subtask, "done", false) != 0;
        failed |= jdoc_push(list, subtask);
    }
    if (failed == 0)
        return jdoc_set(task, "subtasks", list);
    jdoc_free(list);
    return ERR_NOMEM;
}

/* The departure of the arguments as a record (*plan), NULL when none is named. */
static int transition_read_departure(struct tools_run *run, struct transition_departure *d,
    jdoc **plan)
{
    struct timestamp when;
    *plan = NULL;
    int error = timestamp_argument(run, "departure_date", d->zone, &when);
    if (error != 0)
        return error == ERR_NOT_FOUND ? 0 : error;
    d->known = true;
    d->ms = timestamp_day(when.ms, 0, d->zone);
    d->days = timestamp_days(d->now_ms, d->ms, d->zone) - 1;
    timestamp_date(d->ms, d->zone, d->date);
    *plan = jdoc_new_object();
    int failed = !*plan || jdoc_set_string(*plan, "id", "me") != 0 ||
        jdoc_set_string(*plan, "departure_date", d->date) != 0 ||
        jdoc_set_string(*plan, "timezone", zone_name(d->zone)) != 0 ||
        record_stamp(run, *plan) != 0;
    return failed ? ERR_NOMEM : 0;
}

static int transition_commit_task(struct tools_run *run, const jdoc *task, const jdoc *plan,
    const struct transition_departure *d)
{
    jdoc *view = transition_task_view(task, d);
    int error = view ? 0 : ERR_NOMEM;
    if (error == 0 &&
        !run_succeed(run, "\"%s\" is on the checklist%s%s.", jdoc_text_or(task, "title", ""),
            jdoc_get(view, "due_date") ? ", due " : "", jdoc_text_or(view, "due_date", "")))
        error = ERR_NOMEM;
    if (error != 0) {
        jdoc_free(view);
        return error;
    }
    if (jdoc_set(run->result, "task", view) != 0)
        return ERR_NOMEM;
    struct record_item items[] = {
        {.family = TRANSITION_TASK,
            .id = jdoc_text_or(task, "id", ""),
            .document = task,
            .time_ms = run->context->now_ms},
        {.family = TRANSITION_FAMILY,
            .id = "me",
            .document = plan,
            .time_ms = run->context->now_ms},
    };
    return record_commit(run, items, plan ? 2 : 1, false);
}

int transition_tool_create_transition_task(struct tools_run *run)
{
    struct transition_departure d;
    jdoc *plan = NULL, *task = transition_new(run, task_fields);
    int error = task ? transition_departure(run, &d) : ERR_NOMEM;
    if (error == 0)
        error = transition_read_departure(run, &d, &plan);
    if (error == 0)
        error = jdoc_set_string(task, "status", "pending");
    if (error == 0 && jdoc_get(run->args, "subtasks"))
        error = transition_set_subtasks(task, jdoc_get(run->args, "subtasks"));
    if (error == 0)
        error = transition_commit_task(run, task, plan, &d);
    jdoc_free(task);
    jdoc_free(plan);
    return error == ERR_INVALID ? 0 : error;
}

/* --- get_transition_tasks: the most pressing first --- */

struct listing {
    const char *category, *status;
    struct transition_departure departure;
    struct transition_list list;
};

static int transition_list_task(void *arg, const jdoc *task)
{
    struct listing *l = arg;
    jdoc *view = transition_task_view(task, &l->departure);
    return view ? transition_push(&l->list, view) : ERR_NOMEM;
}

/*
 * The tag and the part of it that has the tasks of a status; scores of open ones are the days
 * before the departure at which they are due, so that overdue are those above the days that are
 * left.
 */
static void transition_choose_tag(const struct listing *l, struct records_page *page,
    const char **state)
{
    const struct transition_departure *d = &l->departure;
    page->from = -RECORD_FOREVER;
    page->to = RECORD_FOREVER;
    page->highest_first = false;
    *state = "all";
    if (!l->status)
        return;
    *state = strcmp(l->status, "completed") == 0 ? "done" : "open";
    page->highest_first = strcmp(*state, "open") == 0; /* the first due */
    if (strcmp(l->status, "overdue") == 0)
        page->from = d->known ? d->days + 1 : RECORD_FOREVER;
    else if (strcmp(l->status, "pending") == 0 && d->known)
        page->to = d->days;
    else if (strcmp(l->status, "pending") != 0 && strcmp(*state, "open") == 0)
        page->from = RECORD_FOREVER; /* no task is ever in_progress */
}

/* Those of one priority: a page of them, and how many there are. */
static int transition_list_priority(struct tools_run *run, struct listing *l, const char *priority,
    int64_t *open)
{
    const struct tools_context *context = run->context;
    struct records_page page = {.family = TRANSITION_TASK, .max = TRANSITION_SHOWN_MAX};
    const char *state, *space = l->category ? " " : "", *category = l->category ? l->category : "";
    transition_choose_tag(l, &page, &state);
    page.tag = arena_printf(run->arena, "%s %s%s%s", state, priority, space, category);
    const char *still = arena_printf(run->arena, "open %s%s%s", priority, space, category);
    if (!page.tag || !still)
        return ERR_NOMEM;
    bool all = strcmp(state, "open") != 0; /* the open ones among them are another range */
    struct records_tag tags[] = {{page.tag, page.from, page.to, 0},
        {still, all ? -RECORD_FOREVER : page.from, all ? RECORD_FOREVER : page.to, 0}};
    int error = records_tags(context->store, context->uid, TRANSITION_TASK, tags, 2, run->arena);
    size_t before = l->list.total;
    if (error == 0 && tags[0].count > 0 && jdoc_length(l->list.items) < TRANSITION_SHOWN_MAX)
        error = record_tagged(run, &page, transition_list_task, l, NULL);
    l->list.total = before + (size_t)tags[0].count;
    *open += strcmp(state, "done") == 0 ? 0 : tags[1].count;
    return error;
}

int transition_tool_get_transition_tasks(struct tools_run *run)
{
    struct listing l = {.category = jdoc_string(jdoc_get(run->args, "category"), NULL),
        .status = jdoc_string(jdoc_get(run->args, "status"), NULL),
        .list.items = jdoc_new_array()};
    const char *priority = jdoc_string(jdoc_get(run->args, "priority"), NULL);
    int64_t open = 0;
    int error = l.list.items ? transition_departure(run, &l.departure) : ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < PRIORITIES; i++)
        if (!priority || strcmp(priority, priorities[i]) == 0)
            error = transition_list_priority(run, &l, priorities[i], &open);
    if (error != 0) {
        jdoc_free(l.list.items);
        return error;
    }
    if (l.list.total == 0)
        run_succeed(run, "There are no such tasks on the checklist.");
    else
        run_succeed(run, "%zu task%s, %lld still to do.", l.list.total,
            l.list.total == 1 ? "" : "s", (long long)open);
    return transition_answer(run, "tasks", &l.list);
}

/* --- complete_transition_task --- */

static const struct record_match_query open_by_title = {.family = TRANSITION_TASK,
    .name_key = "title",
    .is_wanted = transition_is_open,
    .argument = "task_title",
    .id_argument = "task_id",
    .noun = "open task",
    .list_tool = "get_transition_tasks"};

static int transition_no_such_task(struct tools_run *run)
{
    int error = run_fail(run, "not_found",
        "There is no such task. get_transition_tasks lists those there are.");
    return error != 0 ? error : ERR_INVALID;
}

static int transition_choose_task(struct tools_run *run, jdoc **task, const char **seen)
{
    const char *id = jdoc_string(jdoc_get(run->args, "task_id"), NULL);
    const char *title = jdoc_string(jdoc_get(run->args, "task_title"), NULL);
    int error = 0;
    if (!id && !title) {
        error = run_fail_at(run, "", "task_id or task_title",
            "Say which task: task_id or task_title is needed.");
        return error != 0 ? error : ERR_INVALID;
    }
    if (!id)
        error = record_match_pick(run, &open_by_title, title, &id);
    if (error == 0)
        error = record_get(run, TRANSITION_TASK, id, task, seen);
    return error == ERR_NOT_FOUND ? transition_no_such_task(run) : error;
}

static int transition_complete_once(struct tools_run *run, void *arg)
{
    jdoc *task = NULL;
    const char *seen = NULL;
    char now[CLOCK_RFC3339_SIZE];
    (void)arg;
    int error = transition_choose_task(run, &task, &seen);
    if (error != 0)
        return error;
    bool was_open = transition_is_open(task);
    clock_rfc3339(run->context->now_ms, now);
    int failed = 0;
    if (was_open)
        failed |= jdoc_set_string(task, "status", "completed") |
            jdoc_set_string(task, "completed_at", now);
    failed |=
        jdoc_set_string(task, "completion_notes", jdoc_string(jdoc_get(run->args, "notes"), NULL));
    failed |= record_stamp(run, task);
    error = failed != 0 ? ERR_NOMEM : 0;
    if (error == 0)
        run_succeed(run, was_open ? "\"%s\" is done." : "\"%s\" was done already.",
            jdoc_text_or(task, "title", ""));
    if (error == 0) {
        int64_t created = run->context->now_ms;
        err_ignore(clock_parse_rfc3339(jdoc_text_or(task, "created_at", ""), &created)); /* now */
        error = transition_commit(run, TRANSITION_TASK, "task", task, created, seen);
    }
    jdoc_free(task);
    return error == ERR_NOT_FOUND ? transition_no_such_task(run) : error;
}

int transition_tool_complete_transition_task(struct tools_run *run)
{
    return record_retry(run, transition_complete_once, NULL);
}
