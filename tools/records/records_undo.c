/* SPDX-License-Identifier: BSD-2-Clause */
/* undo_change: the last change of the conversation, a named one, or an undo itself. */
#include "store/changes.h"
#include "store/trips.h"
#include "tools/engine/kinds.h"
#include "tools/engine/modules.h"
#include "tools/engine/registry.h"
#include "tools/engine/tools.h"
#include "tools/kit/record.h"
#include "tools/records/entry.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECENT 3  /* changes of other conversations that are named */
#define TOLD 3    /* records of a change that are named */
#define LISTED 40 /* records of an import in the result; the others are counted */

static int records_undo_refuse(int error)
{
    return error != 0 ? error : ERR_INVALID;
}

/* --- which one --- */

/* Nothing here: changes made elsewhere, for a question. */
static int records_undo_nothing(struct tools_run *run, enum changes_act act)
{
    struct changes_list list;
    const char *word = act == CHANGES_DO ? "undone" : "done again", *told = "";
    int error = changes_open(run->context->store, run->context->uid,
        &(struct changes_look){.act = act, .max = RECENT}, run->arena, &list);
    if (error != 0)
        return error;
    for (size_t i = 0; told && i < list.count; i++) {
        char at[CLOCK_RFC3339_SIZE];
        clock_rfc3339(list.all[i].at_ms, at);
        told = arena_printf(run->arena, "%s%s%s at %s (change_id %s)", told, i > 0 ? ", " : "",
            list.all[i].tool, at, list.all[i].id);
    }
    if (!told)
        return ERR_NOMEM;
    return records_undo_refuse(list.count == 0 ?
            run_fail(run, "not_found", "There is nothing that can be %s.", word) :
            run_fail(run, "not_found",
                "Nothing of this conversation can be %s. Made elsewhere: %s. Ask whether one of "
                "these is meant.",
                word, told));
}

/* Of a group that an earlier call has taken back in part: what is left. */
static int records_undo_rest(struct tools_run *run, struct changes_one *out)
{
    struct changes_list rest;
    int error = changes_group(run->context->store, run->context->uid, out->act, out->group,
        run->arena, &rest);
    if (error == 0 && rest.count > 0)
        *out = rest.all[0];
    return error;
}

static int records_undo_named(struct tools_run *run, const char *id, struct changes_one *out)
{
    int error = changes_get(run->context->store, run->context->uid, id, run->arena, out);
    if (error == 0 && out->act == CHANGES_DO && out->undone && jdoc_is_true(run->args, "redo"))
        error =
            changes_get(run->context->store, run->context->uid, out->undone_by, run->arena, out);
    if (error == 0 && out->act == CHANGES_REDO) /* to take that back is to undo the first again */
        error = changes_get(run->context->store, run->context->uid, out->of, run->arena, out);
    if (error == 0 && out->act == CHANGES_UNDO && out->undone)
        error = changes_get(run->context->store, run->context->uid, out->of, run->arena, out);
    if (error == 0 && out->undone && out->group[0] != '\0')
        error = records_undo_rest(run, out);
    if (error == ERR_NOT_FOUND)
        return records_undo_refuse(
            run_fail(run, "not_found", "There is no such change, or it is older than 30 days."));
    if (error == 0 && out->undone)
        return records_undo_refuse(run_fail(run, "conflict",
            "This change is undone already. With redo it is done again."));
    return error;
}

static int records_undo_choose(struct tools_run *run, struct changes_one *out)
{
    const char *id = jdoc_string(jdoc_get(run->args, "change_id"), NULL);
    enum changes_act act = jdoc_is_true(run->args, "redo") ? CHANGES_UNDO : CHANGES_DO;
    struct changes_list list;
    if (id)
        return records_undo_named(run, id, out);
    int error = changes_open(run->context->store, run->context->uid,
        &(struct changes_look){.act = act, .session = run->context->session, .max = 1}, run->arena,
        &list);
    if (error != 0)
        return error;
    if (list.count == 0)
        return records_undo_nothing(run, act);
    *out = list.all[0];
    return 0;
}

/* --- may it be? --- */

/* What others have seen, or got, does not come back by a record that goes. */
static bool records_undo_has_left(const struct changes_one *change)
{
    const struct tools_spec *spec = tools_find(change->tool);
    if (spec && (spec->reaches_others || spec->effect == TOOLS_OUTSIDE))
        return true;
    for (size_t i = 0; i < change->count; i++)
        if (strcmp(change->writes[i].family, "community") == 0 ||
            strcmp(change->writes[i].family, "notice") == 0 ||
            strcmp(change->writes[i].family, "together") == 0)
            return true;
    return false;
}

/* The record without what it costs, which is its owner's and tells nobody anything. */
static int records_undo_seen(const struct kind *kind, const char *json, struct buf *out)
{
    jdoc *record = NULL;
    int error = jdoc_parse(json, strlen(json), &record, NULL, 0);
    for (const char *const *money = kind->money; error == 0 && money && *money; money++) {
        char minor[80];
        snprintf(minor, sizeof minor, "%s_minor", *money);
        jdoc_remove(record, *money);
        jdoc_remove(record, minor);
    }
    if (error == 0) {
        jdoc_remove(record, "currency");
        jdoc_remove(record, "updated_at");
        jdoc_write(record, out);
        error = buf_error(out);
    }
    jdoc_free(record);
    return error;
}

/* Would the others see another trip? Returns 0, ERR_CONFLICT: they would, a fault. */
static int records_undo_compare_seen(struct tools_run *run, const struct changes_write *w)
{
    const struct kind *kind = kinds_of_family(w->family);
    struct buf was = {0}, now = {0};
    const char *json;
    int error =
        records_get(run->context->store, run->context->uid, w->family, w->id, run->arena, &json);
    if (error == 0 && kind && w->was && !(error = records_undo_seen(kind, w->was, &was)) &&
        !(error = records_undo_seen(kind, json, &now)) &&
        strcmp(buf_text(&was), buf_text(&now)) == 0)
        error = 0;
    else if (error == 0)
        error = ERR_CONFLICT;
    buf_free(&was);
    buf_free(&now);
    return error == ERR_NOT_FOUND ? ERR_CONFLICT : error;
}

/* A trip in which others take part by now: change_trip tells them, this would not. */
static int records_undo_check_shared(struct tools_run *run, const struct changes_one *change)
{
    for (size_t i = 0; i < change->count; i++) {
        struct trips_view view;
        if (strcmp(change->writes[i].family, "trip") != 0)
            continue;
        int error = trips_look(run->context->store, run->context->uid, change->writes[i].id,
            run->arena, &view);
        if (error == ERR_NOT_FOUND || (error == 0 && view.member_count == 0))
            continue;
        if (error == 0)
            error = records_undo_compare_seen(run, &change->writes[i]);
        if (error == ERR_CONFLICT)
            return records_undo_refuse(run_fail(run, "forbidden",
                "Others take part in the trip by now, and would not be told: it cannot be undone. "
                "Change it with change_trip, which tells them."));
        if (error != 0)
            return error;
    }
    return 0;
}

static int records_undo_check(struct tools_run *run, const struct changes_one *change)
{
    if (records_undo_has_left(change))
        return records_undo_refuse(run_fail(run, "forbidden",
            "The last change was %s, which others may have seen or got already: it cannot be "
            "undone. An earlier one can, by its change_id.",
            change->tool));
    if (change->lost)
        return records_undo_refuse(run_fail(run, "limit_reached",
            "That change (%s) was too large to keep what was before it.", change->tool));
    return records_undo_check_shared(run, change);
}

/* --- what it does --- */

/* The record as people know it; of one that goes away as it is now. */
static const char *records_undo_line(struct tools_run *run, const struct changes_write *w)
{
    const struct kind *kind = kinds_of_family(w->family);
    jdoc *record = NULL;
    const char *line = NULL;
    int error = w->was ? jdoc_parse(w->was, strlen(w->was), &record, NULL, 0) :
                         record_get(run, w->family, w->id, &record, NULL);
    if (error == 0 && kind)
        line = entry_line(run, kind, record);
    jdoc_free(record);
    return line && kind ? arena_printf(run->arena, "the %s %s", kind->title, line) :
                          arena_printf(run->arena, "%s", kind ? kind->title : w->family);
}

/* The first records by name, the others by number. changes: the newest first. */
static const char *records_undo_told(struct tools_run *run, const struct changes_list *changes)
{
    const char *told = "";
    size_t count = 0;
    for (size_t k = 0; told && k < changes->count; k++)
        for (size_t i = 0; told && i < changes->all[k].count; i++) {
            const struct changes_write *w = &changes->all[k].writes[i];
            if (count++ >= TOLD)
                continue;
            const char *line = records_undo_line(run, w);
            told = !line ? NULL :
                           arena_printf(run->arena, "%s%s%s %s", told, count > 1 ? "; " : "", line,
                               !w->was               ? "is gone" :
                                   w->now[0] == '\0' ? "is back" :
                                                       "is as it was before");
        }
    if (told && count > TOLD)
        told = arena_printf(run->arena, "%s; and %zu more", told, count - TOLD);
    return told;
}

/* listed: it is in the result, too. */
static int records_undo_add(struct tools_run *run, jdoc *list, const struct changes_write *w,
    bool listed)
{
    const struct kind *kind = kinds_of_family(w->family);
    jdoc *record = NULL, *item = NULL;
    int error = w->was ? jdoc_parse(w->was, strlen(w->was), &record, NULL, 0) : 0;
    if (error == 0 && record)
        error = modules_before(run->context, w->family, record);
    if (!listed) {
        jdoc_free(record);
        return error;
    }
    if (error == 0 && kind && record)
        item = entry_brief(run, kind, w->id, record);
    else if (error == 0)
        item = jdoc_new_object();
    jdoc_free(record);
    if (error != 0) {
        jdoc_free(item);
        return error;
    }
    int failed = !item || jdoc_set_string(item, "kind", kind ? kind->name : w->family) != 0 ||
        jdoc_set_string(item, "id", w->id) != 0 ||
        jdoc_set_string(item, "now",
            !w->was               ? "gone" :
                w->now[0] == '\0' ? "back" :
                                    "as before") != 0;
    return jdoc_push_made(list, item, failed);
}

static int records_undo_answer(struct tools_run *run, const struct changes_list *changes)
{
    const struct changes_one *first = &changes->all[0];
    const char *told = records_undo_told(run, changes);
    jdoc *list = jdoc_new_array();
    int error = told && list ? 0 : ERR_NOMEM;
    for (size_t k = 0; error == 0 && k < changes->count; k++)
        for (size_t i = 0; error == 0 && i < changes->all[k].count; i++)
            error = records_undo_add(run, list, &changes->all[k].writes[i],
                changes->count == 1 || jdoc_length(list) < LISTED);
    jdoc *answer = error == 0 ?
        run_succeed(run, "%s (%s): %s.", first->act == CHANGES_UNDO ? "Done again" : "Undone",
            first->tool, told) :
        NULL;
    if (!answer || jdoc_set_string(answer, "change_id", first->id) != 0) {
        jdoc_free(list);
        return error != 0 ? error : ERR_NOMEM;
    }
    return jdoc_set(answer, "records", list);
}

/* --- a change of several commits --- */

struct records_undo_key {
    const char *family, *id, *now;
    size_t order;
};

static int records_undo_compare(const void *a, const void *b)
{
    const struct records_undo_key *x = a, *y = b;
    int order = strcmp(x->family, y->family);
    if (order == 0)
        order = strcmp(x->id, y->id);
    return order != 0 ? order : (x->order > y->order) - (x->order < y->order);
}

/* Is the record as the last commit of the group has left it? Returns 0, ERR_CONFLICT, a fault. */
static int records_undo_unchanged(struct tools_run *run, const struct records_undo_key *key)
{
    char digest[IDENT_SHA1_SIZE] = "";
    const char *json = NULL;
    struct arena *own = arena_new();
    int error = !own ?
        ERR_NOMEM :
        records_get(run->context->store, run->context->uid, key->family, key->id, own, &json);
    if (error == 0)
        ident_sha1_hex(json, strlen(json), digest);
    arena_free(own);
    if (error == ERR_NOT_FOUND)
        error = 0;
    return error == 0 && strcmp(digest, key->now) != 0 ? ERR_CONFLICT : error;
}

/* All are looked at before the first is written: a group is taken back whole, or not at all. */
static int records_undo_check_all(struct tools_run *run, const struct changes_list *changes)
{
    size_t count = 0, n = 0;
    int error = 0;
    for (size_t k = 0; k < changes->count; k++)
        count += changes->all[k].count;
    struct records_undo_key *keys = arena_array(run->arena, count + 1, sizeof *keys);
    for (size_t k = 0; keys && k < changes->count; k++)
        for (size_t i = 0; i < changes->all[k].count; i++, n++)
            keys[n] = (struct records_undo_key){.family = changes->all[k].writes[i].family,
                .id = changes->all[k].writes[i].id,
                .now = changes->all[k].writes[i].now,
                .order = n};
    if (!keys)
        return ERR_NOMEM;
    qsort(keys, count, sizeof *keys, records_undo_compare);
    for (size_t i = 0; error == 0 && i < count; i++)
        if (i == 0 || strcmp(keys[i].family, keys[i - 1].family) != 0 ||
            strcmp(keys[i].id, keys[i - 1].id) != 0)
            error = records_undo_unchanged(run, &keys[i]);
    return error;
}

/* The oldest changes are dropped first: is the first part of the group still there? */
static int records_undo_check_whole(struct tools_run *run, const struct changes_list *changes)
{
    size_t count = 0;
    const struct changes_one *oldest = &changes->all[changes->count - 1];

    if (oldest->part <= 1)
        return 0;
    for (size_t k = 0; k < changes->count; k++)
        count += changes->all[k].count;
    return records_undo_refuse(run_fail(run, "limit_reached",
        "What %s has changed is too much, or too long ago: only its last %zu records are still "
        "known. Nothing was changed. Offer to find and delete those records by list instead.",
        oldest->tool, count));
}

/* The change alone, or all of its group. */
static int records_undo_gather(struct tools_run *run, struct changes_one *change,
    struct changes_list *out)
{
    *out = (struct changes_list){.all = change, .count = 1};
    if (!change->group || change->group[0] == '\0')
        return 0;
    int error = changes_group(run->context->store, run->context->uid, change->act, change->group,
        run->arena, out);
    for (size_t k = 0; error == 0 && k < out->count; k++)
        error = records_undo_check(run, &out->all[k]);
    if (error == 0 && out->count == 0) /* others have taken it back meanwhile */
        return ERR_CONFLICT;
    if (error == 0)
        error = records_undo_check_whole(run, out);
    return error == 0 && out->count > 1 ? records_undo_check_all(run, out) : error;
}

/* Something has changed between the look at all records and the commit of some. */
static int records_undo_broke_off(struct tools_run *run, const struct changes_list *all,
    size_t done)
{
    const char *word = all->all[0].act == CHANGES_UNDO ? "done again" : "undone";
    size_t records = 0, rest = 0;
    for (size_t k = 0; k < all->count; k++)
        *(k < done ? &records : &rest) += all->all[k].count;
    return run_fail(run, "conflict",
        "A record has just been changed by something else, so only a part of it (%s) was %s: %zu "
        "of its %zu records. The same call with change_id %s tries the rest again; get_record with "
        "`history` tells what happened.",
        all->all[0].tool, word, records, records + rest, all->all[done].id);
}

int records_tool_undo_change(struct tools_run *run)
{
    struct changes_one change = {.tool = ""};
    struct changes_list all = {0};
    size_t done = 0;
    int error = records_undo_choose(run, &change);
    if (error == 0)
        error = records_undo_check(run, &change);
    if (error == 0)
        error = records_undo_gather(run, &change, &all);
    if (error == 0)
        error = records_undo_answer(run, &all);
    while (error == 0 && done < all.count) {
        error = record_take_back(run, &all.all[done], done + 1 == all.count);
        done += error == 0;
    }
    if (error == ERR_CONFLICT && done > 0)
        return records_undo_broke_off(run, &all, done);
    if (error == ERR_CONFLICT)
        return run_fail(run, "conflict",
            "It has changed again since (%s), so it was not undone. get_record with `history` tells "
            "what happened.",
            change.tool);
    return error == ERR_INVALID ? 0 : error;
}
