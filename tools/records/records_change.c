/* SPDX-License-Identifier: BSD-2-Clause */
/* change_record. */
#include "store/trips.h"
#include "tools/engine/modules.h"
#include "tools/engine/registry.h"
#include "tools/kit/amount.h"
#include "tools/kit/converted.h"
#include "tools/kit/cost.h"
#include "tools/kit/record.h"
#include "tools/kit/timestamp.h"
#include "tools/records/entry.h"
#include "tools/schema/schema.h"

#include "base/err.h"

#include <stdio.h>
#include <string.h>

#define AMOUNT_MOST 1e12

/* One try. */
struct records_change {
    struct entry entry;
    jdoc *changes; /* checked */
    int64_t time_ms;
    const char *named; /* the members that change, for the message */
    const char *note;  /* of the conversion, or NULL */
};

static int records_change_refuse(struct tools_run *run, const char *member, const char *expected,
    const char *message)
{
    const char *path = arena_printf(run->arena, "/changes%s%s", *member ? "/" : "", member);
    int error = path ? run_fail_at(run, path, expected, "%s", message) : ERR_NOMEM;
    return error != 0 ? error : ERR_INVALID;
}

/* --- by the tool that the kind names --- */

static const char *records_change_argument(const struct kind_tool *by, const char *member)
{
    for (const char *const *pair = by->renames; pair && *pair; pair += 2)
        if (strcmp(pair[0], member) == 0)
            return pair[1];
    return member;
}

static int records_change_elsewhere(struct tools_run *run, const struct entry *entry,
    const struct kind_tool *by, const jdoc *changes)
{
    const jdoc *id = jdoc_get(entry->record, "id");
    jdoc *args = jdoc_new_object(), *value;
    struct jdoc_iter it = {0};
    const char *key;
    int error = !args || !id ? ERR_NOMEM : jdoc_set(args, by->id, jdoc_dup(id));
    while (error == 0 && jdoc_next(changes, &it, &key, &value)) {
        const char *argument = records_change_argument(by, key);
        if (strcmp(argument, by->id) == 0 || strcmp(key, "id") == 0)
            error = records_change_refuse(run, key, "no id", "An id does not change.");
        else
            error = jdoc_set(args, argument, jdoc_dup(value));
    }
    if (error == 0)
        return entry_delegate(run, entry->kind, by->name, args, false);
    jdoc_free(args);
    return error;
}

/* --- in place --- */

static bool records_change_is_money(const struct kind *kind, const char *member)
{
    for (const char *const *money = kind->money; money && *money; money++)
        if (strcmp(*money, member) == 0)
            return true;
    return false;
}

/* May the member go away? Not what a record is known by, counted by or ordered by. */
static bool records_change_may_go(const struct kind *kind, const jdoc *properties,
    const char *member)
{
    return jdoc_has(properties, member) && strcmp(kind->label[0], member) != 0 &&
        !records_change_is_money(kind, member) && strcmp(member, "currency") != 0 &&
        (!kind->time || strcmp(kind->time, member) != 0);
}

/* Takes the nulls out of the changes, and their members out of the record. */
static int records_change_drop(struct tools_run *run, struct records_change *c,
    const jdoc *properties, bool *any)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value, *kept = jdoc_new_object();
    int error = kept ? 0 : ERR_NOMEM;
    while (error == 0 && jdoc_next(c->changes, &it, &key, &value)) {
        if (jdoc_type(value) != JDOC_NULL) {
            error = jdoc_set(kept, key, jdoc_dup(value));
        } else if (records_change_may_go(c->entry.kind, properties, key)) {
            jdoc_remove(c->entry.record, key);
            *any = true;
        } else {
            error = records_change_refuse(run, key, "a value", "It cannot be without this.");
        }
    }
    if (error != 0) {
        jdoc_free(kept);
        return error;
    }
    jdoc_free(c->changes);
    c->changes = kept;
    return 0;
}

static int records_change_check(struct tools_run *run, struct records_change *c)
{
    struct tools_problem problem;
    jdoc *schema = NULL;
    const char *text = c->entry.kind->change;
    bool any = false;
    int error = jdoc_parse(text, strlen(text), &schema, NULL, 0);
    if (error == 0)
        error = records_change_drop(run, c, jdoc_get(schema, "properties"), &any);
    if (error == 0)
        error = schema_coerce(schema, c->changes);
    if (error == 0 && schema_validate(schema, c->changes, &problem) != 0)
        error = records_change_refuse(run, problem.path[0] ? problem.path + 1 : "",
            problem.expected, problem.message);
    if (error == 0 && !any && jdoc_length(c->changes) == 0)
        error = records_change_refuse(run, "", "at least one member with its new value",
            "There is nothing to change.");
    jdoc_free(schema);
    return error;
}

static int records_change_money(struct tools_run *run, struct records_change *c,
    const char *currency)
{
    jdoc *record = c->entry.record;
    int error = 0;
    for (const char *const *money = c->entry.kind->money; error == 0 && money && *money; money++) {
        double value;
        int64_t minor;
        if (jdoc_get_double(c->changes, *money, &value) != 0 &&
            jdoc_get_double(record, *money, &value) != 0)
            continue;
        if (value >= AMOUNT_MOST || amount_from_number(value, currency, &minor) != 0)
            return records_change_refuse(run, *money,
                "an amount with no more decimals than its currency has", "It is no such amount.");
        error = cost_set(record, *money, minor, currency);
    }
    return error == 0 ? jdoc_set_string(record, "currency", currency) : error;
}

/* The day by which the store orders it. */
static int records_change_when(struct tools_run *run, struct records_change *c, const char *text)
{
    const struct kind *kind = c->entry.kind;
    jdoc *record = c->entry.record;
    const struct zone *z;
    struct timestamp when;
    char day[TIMESTAMP_SIZE];
    int error = timestamp_zone(run, &z);
    if (error != 0)
        return error;
    if (timestamp_parse(text, z, &when) != 0)
        return records_change_refuse(run, kind->time, "a day that there is, as 2026-12-01",
            "There is no such day.");
    if (kind->past && when.ms > run->context->now_ms)
        return records_change_refuse(run, kind->time, "a day that is not in the future",
            "It cannot be in the future.");
    timestamp_date(when.ms, z, day);
    c->time_ms = when.ms;
    int failed = jdoc_set_string(record, kind->time, day) |
        jdoc_set_string(record, "timezone", zone_name(z));
    if (jdoc_has(record, "time_ms"))
        failed |= jdoc_set_int(record, "time_ms", when.ms);
    return failed != 0 ? ERR_NOMEM : 0;
}

/* The last day is not before the first; the nights between them. */
static int records_change_span(struct tools_run *run, const struct records_change *c)
{
    const char *const *span = c->entry.kind->span;
    const struct zone *z;
    struct timestamp from, to;
    int error = timestamp_zone(run, &z);
    if (error != 0 || !span)
        return error;
    for (size_t i = 0; i < 2; i++)
        if (jdoc_has(c->changes, span[i]) &&
            timestamp_parse(jdoc_text_or(c->entry.record, span[i], ""), z, &to) != 0)
            return records_change_refuse(run, span[i], "a day that there is, as 2026-12-01",
                "There is no such day.");
    if (timestamp_parse(jdoc_text_or(c->entry.record, span[0], ""), z, &from) != 0 ||
        timestamp_parse(jdoc_text_or(c->entry.record, span[1], ""), z, &to) != 0)
        return 0;
    if (to.ms < from.ms)
        return records_change_refuse(run, jdoc_has(c->changes, span[1]) ? span[1] : span[0],
            "a last day that is not before the first", "It would end before it begins.");
    return span[2] ? jdoc_set_int(c->entry.record, span[2], timestamp_days(from.ms, to.ms, z) - 1) :
                     0;
}

static int records_change_apply(struct tools_run *run, struct records_change *c)
{
    const struct kind *kind = c->entry.kind;
    struct jdoc_iter it = {0};
    const char *key, *currency = jdoc_string(jdoc_get(c->changes, "currency"), NULL);
    jdoc *value;
    bool money = currency != NULL, day = false;
    int error = 0;
    if (!currency)
        currency = jdoc_text_or(c->entry.record, "currency", cost_currency(run));
    currency = arena_strdup(run->arena, currency);
    while (error == 0 && jdoc_next(c->changes, &it, &key, &value)) {
        if (records_change_is_money(kind, key)) {
            money = true;
        } else if (kind->time && strcmp(kind->time, key) == 0) {
            day = true;
            error = records_change_when(run, c, jdoc_string(value, NULL));
        } else if (strcmp(key, "currency") != 0)
            error = jdoc_set(c->entry.record, key, jdoc_dup(value));
    }
    if (error == 0 && money)
        error = currency ? records_change_money(run, c, currency) : ERR_NOMEM;
    if (error == 0 && kind->converted && (money || day))
        error = converted_put(run, c->entry.record, &c->note);
    return error != 0 ? error : records_change_span(run, c);
}

static int records_change_answer(struct tools_run *run, const struct records_change *c)
{
    const struct entry *e = &c->entry;
    const char *line = entry_line(run, e->kind, e->record);
    jdoc *copy = jdoc_dup(e->record);
    jdoc *answer = line ? run_succeed(run, "Changed (%s): the %s %s.%s", c->named, e->kind->title,
                              line, c->note ? c->note : "") :
                          NULL;
    entry_hide(e->kind, copy);
    if (answer && copy && jdoc_set_string(answer, "kind", e->kind->name) == 0)
        return jdoc_set(answer, "record", copy);
    jdoc_free(copy);
    return ERR_NOMEM;
}

static int records_change_in_place(struct tools_run *run, struct records_change *c)
{
    const struct entry *e = &c->entry;
    int error =
        records_time(run->context->store, run->context->uid, e->kind->family, e->id, &c->time_ms);
    if (error == 0)
        error = records_change_check(run, c);
    if (error == 0)
        error = records_change_apply(run, c);
    if (error == 0)
        error = record_stamp(run, e->record);
    if (error == 0)
        error = modules_before(run->context, e->kind->family, e->record);
    if (error == 0)
        error = records_change_answer(run, c);
    if (error != 0)
        return error;
    struct record_item item = {.family = e->kind->family,
        .id = e->id,
        .document = e->record,
        .time_ms = c->time_ms,
        .seen = e->seen};
    return record_commit(run, &item, 1, true);
}

/* Does it change what others see? What the record costs is its owner's. */
static bool records_change_is_seen(const struct kind *kind, const jdoc *changes)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;
    while (jdoc_next(changes, &it, &key, &value))
        if (!records_change_is_money(kind, key) && strcmp(key, "currency") != 0)
            return true;
    return false;
}

/* by: the tool that makes the change; NULL: it is made here. */
static int records_change_by(struct tools_run *run, const struct entry *entry, const jdoc *changes,
    const struct kind_tool **by)
{
    const struct kind *kind = entry->kind;
    struct trips_view view;
    *by = kind->changer.name ? &kind->changer : NULL;
    if (*by || !kind->sharer.name || !records_change_is_seen(kind, changes))
        return 0;
    int error = trips_look(run->context->store, run->context->uid, entry->id, run->arena, &view);
    if (error == 0 && view.member_count > 0)
        *by = &kind->sharer;
    return error == ERR_NOT_FOUND ? 0 : error;
}

static const char *records_change_names(struct tools_run *run, const jdoc *changes)
{
    struct jdoc_iter it = {0};
    const char *key, *names = "";
    jdoc *value;
    while (names && jdoc_next(changes, &it, &key, &value))
        names = arena_printf(run->arena, "%s%s%.60s", names, *names ? ", " : "", key);
    return names;
}

static int records_change_once(struct tools_run *run, void *arg)
{
    struct records_change c = {.changes = jdoc_dup(jdoc_get(run->args, "changes"))};
    const struct kind *kind = entry_kind(run);
    const struct kind_tool *by = NULL;
    (void)arg;
    c.named = records_change_names(run, c.changes);
    int error = c.changes && c.named ? entry_pick(run, &c.entry) : ERR_NOMEM;
    if (error == 0 && !kind->change && !kind->changer.name) {
        error = run_fail_at(run, "/kind", "a kind that can be changed",
            "A %s cannot be changed here. It can be deleted and made anew.", kind->title);
        error = error != 0 ? error : ERR_INVALID;
    }
    if (error == 0)
        error = records_change_by(run, &c.entry, c.changes, &by);
    if (error == 0)
        error = by ? records_change_elsewhere(run, &c.entry, by, c.changes) :
                     records_change_in_place(run, &c);
    jdoc_free(c.entry.record);
    jdoc_free(c.changes);
    return error;
}

int records_tool_change_record(struct tools_run *run)
{
    int error = record_retry(run, records_change_once, NULL);
    return error != ERR_NOT_FOUND ?
        error :
        run_fail(run, "not_found", "It has just been deleted. restore_record brings it back.");
}
