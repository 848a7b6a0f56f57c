/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/calendar/calendar_collection.h"

#include "base/err.h"
#include "base/ident.h"
#include "process/scoreboard.h"
#include "store/records.h"
#include "tools/calendar/calendar_event.h"
#include "tools/calendar/calendar_file_parts.h"
#include "tools/calendar/calendar_reminders.h"
#include "tools/calendar/calendar_revisions.h"
#include "tools/calendar/calendar_series.h"
#include "tools/kit/record.h"

#include <stdio.h>
#include <string.h>

#define PAGE 100
#define REMOVES (CALENDAR_SERIES_CHANGED_MAX + 2)
_Static_assert(REMOVES <= RECORDS_WRITES_MAX, "removed at once");

int calendar_collection_state(const struct tools_context *context, struct arena *arena,
    int64_t *revision)
{
    struct calendar_revisions_look look = {0};
    int error = calendar_revisions_of(context->store, context->uid, &look, arena);
    *revision = look.last;
    return error;
}

/* The revision of one that is there. */
static int calendar_collection_revision(const struct tools_context *context,
    struct module_resource *resource, struct arena *arena)
{
    struct calendar_revisions_look look = {.ids = &resource->id,
        .count = 1,
        .revisions = &resource->revision};
    return calendar_revisions_of(context->store, context->uid, &look, arena);
}

static const char *calendar_collection_name(const jdoc *event)
{
    return jdoc_text_or(event, "file_name", jdoc_text_or(event, "id", ""));
}

/* ---- one ---- */

/* The event or series with this id. out: the caller's; seen: may be NULL. */
static int calendar_collection_load(const struct tools_context *context, const char *id,
    struct arena *arena, jdoc **out, const char **seen)
{
    *out = NULL;
    if (!ident_is_safe(id, strlen(id), 128))
        return ERR_NOT_FOUND;
    int error = calendar_file_load(context, CALENDAR_EVENTS, id, arena, out, seen);
    if (error == ERR_NOT_FOUND)
        error = calendar_file_load(context, CALENDAR_SERIES, id, arena, out, seen);
    return error;
}

/* A changed occurrence is part of its series' resource, and none itself. */
static bool calendar_collection_is_resource(const jdoc *event)
{
    return !jdoc_has(event, "series_id");
}

int calendar_collection_find(const struct tools_context *context, const char *name,
    struct arena *arena, struct module_resource *out)
{
    const char *id;
    jdoc *event = NULL;
    *out = (struct module_resource){.name = arena_strdup(arena, name)};
    if (!out->name)
        return ERR_NOMEM;
    int error = calendar_revisions_named(context->store, context->uid, name, arena, &id);
    if (error)
        return error;
    out->id = *id ? id : out->name;
    error = calendar_collection_load(context, out->id, arena, &event, NULL);
    if (!error &&
        (!calendar_collection_is_resource(event) ||
            strcmp(calendar_collection_name(event), name) != 0))
        error = ERR_NOT_FOUND;
    jdoc_free(event);
    return error ? error : calendar_collection_revision(context, out, arena);
}

static int calendar_collection_write(const struct tools_context *context, const jdoc *event,
    struct arena *arena, struct buf *out)
{
    struct interchange_writer w = {.arena = arena, .out = out};
    const jdoc *changed = jdoc_get(event, "changed");
    int error = interchange_begin(&w);
    if (!error)
        error = interchange_event(&w, event, NULL);
    for (size_t i = 0; !error && i < jdoc_length(changed); i++) {
        jdoc *one = NULL;
        error = calendar_file_load(context, CALENDAR_EVENTS,
            jdoc_text_or(jdoc_at(changed, i), "id", ""), arena, &one, NULL);
        if (!error)
            error = interchange_event(&w, one, event);
        jdoc_free(one);
        error = error == ERR_NOT_FOUND ? 0 : error;
    }
    return error ? error : interchange_end(&w);
}

int calendar_collection_text(const struct tools_context *context,
    const struct module_resource *resource, struct arena *arena, struct buf *out)
{
    jdoc *event = NULL;
    int error = calendar_collection_load(context, resource->id, arena, &event, NULL);
    if (!error)
        error = calendar_collection_write(context, event, arena, out);
    jdoc_free(event);
    return error;
}

/* ---- many ---- */

struct walk {
    const struct tools_context *context;
    const struct module_period *period;
    bool texts;
    module_resource_fn *fn;
    void *arg;
};

static int calendar_collection_tell(const struct walk *w, const jdoc *event,
    struct module_resource *resource)
{
    struct arena *arena = arena_new(); /* changed occurrences of one series alone are held */
    struct buf text = {0};
    bool is = true;
    int error = arena ? 0 : ERR_NOMEM;
    if (!error && w->period) {
        const struct calendar_file_period p = {w->context, w->period->from_ms, w->period->until_ms};
        error = calendar_file_is_in(&p, event, arena, &is);
    }
    if (!error && is && w->texts)
        error = calendar_collection_write(w->context, event, arena, &text);
    if (!error && is)
        error = w->fn(w->arg, resource, w->texts ? &text : NULL);
    buf_free(&text);
    arena_free(arena);
    return error;
}

/* One page of records; the revisions of all of them are asked for at once. */
static int calendar_collection_page(const struct walk *w, const struct records_list *page,
    struct arena *arena)
{
    struct module_resource all[PAGE];
    const char *ids[PAGE];
    int64_t revisions[PAGE];
    jdoc *events[PAGE];
    size_t count = 0;
    int error = 0;
    for (size_t i = 0; !error && i < page->count && count < PAGE; i++) {
        jdoc *event = NULL;
        error = jdoc_parse(page->json[i], strlen(page->json[i]), &event, NULL, 0);
        if (error || !calendar_collection_is_resource(event)) {
            jdoc_free(event);
            continue;
        }
        ids[count] = jdoc_text_or(event, "id", "");
        all[count] =
            (struct module_resource){.id = ids[count], .name = calendar_collection_name(event)};
        events[count++] = event;
    }
    if (!error)
        error = calendar_revisions_of(w->context->store, w->context->uid,
            &(struct calendar_revisions_look){.ids = ids, .count = count, .revisions = revisions},
            arena);
    for (size_t i = 0; i < count; i++) {
        if (!error) {
            all[i].revision = revisions[i];
            error = calendar_collection_tell(w, events[i], &all[i]);
        }
        jdoc_free(events[i]);
    }
    return error;
}

static int calendar_collection_family(const struct walk *w, const char *family, int64_t from_ms,
    int64_t to_ms)
{
    struct records_list page = {.more = true};
    int error = 0;
    for (size_t offset = 0; !error && page.more; offset += PAGE) {
        struct arena *arena = arena_new();
        if (!arena)
            return ERR_NOMEM;
        error = records_range(w->context->store, w->context->uid,
            &(struct records_page){.family = family,
                .from = from_ms,
                .to = to_ms,
                .offset = offset,
                .max = PAGE},
            arena, &page);
        if (!error)
            error = calendar_collection_page(w, &page, arena);
        arena_free(arena);
    }
    return error;
}

int calendar_collection_each(const struct tools_context *context,
    const struct module_period *period, bool texts, module_resource_fn *fn, void *arg)
{
    const struct walk w = {context, period, texts, fn, arg};
    int64_t from = period ? period->from_ms : -RECORD_FOREVER;
    int error = calendar_collection_family(&w, CALENDAR_SERIES, -RECORD_FOREVER, RECORD_FOREVER);
    if (!error)
        error = calendar_collection_family(&w, CALENDAR_EVENTS,
            from > -RECORD_FOREVER ? from - CALENDAR_LONGEST_MS : from,
            period ? period->until_ms - 1 : RECORD_FOREVER);
    return error;
}

int calendar_collection_since(const struct tools_context *context, int64_t since, size_t max,
    struct arena *arena, struct module_resources *out)
{
    struct calendar_revisions changes;
    *out = (struct module_resources){0};
    int error = calendar_revisions_since(context->store, context->uid, since, max, arena, &changes);
    if (error)
        return error;
    out->revision = changes.reached;
    out->more = changes.more;
    out->all = arena_array(arena, changes.count + 1, sizeof *out->all);
    if (!out->all)
        return ERR_NOMEM;
    struct arena *each = NULL;
    for (size_t i = 0; !error && i < changes.count; i++) {
        struct module_resource *one = &out->all[out->count];
        jdoc *event = NULL;
        *one = (struct module_resource){.name = changes.all[i].text, .gone = changes.all[i].gone};
        if (one->gone) {
            out->count++;
            continue;
        }
        one->id = changes.all[i].text;
        arena_free(each);
        if (!(each = arena_new()))
            return ERR_NOMEM;
        error = calendar_collection_load(context, one->id, each, &event, NULL);
        if (!error && !(one->name = arena_strdup(arena, calendar_collection_name(event))))
            error = ERR_NOMEM;
        jdoc_free(event);
        if (!error)
            error = calendar_collection_revision(context, one, each);
        out->count += !error;
        error = error == ERR_NOT_FOUND ? 0 : error; /* its deletion is a later change */
    }
    arena_free(each);
    return error;
}

/* ---- writing ---- */

static int calendar_collection_refuse(struct module_put *put, enum module_refusal refusal,
    const char *why)
{
    put->refusal = refusal;
    snprintf(put->why, sizeof put->why, "%.190s", why);
    return ERR_INVALID;
}

/* One UID, one event that is no changed occurrence, nothing else. */
static int calendar_collection_check(struct module_put *put, const struct interchange_list *list,
    const char **uid)
{
    size_t masters = 0;
    if (list->count == 0)
        return calendar_collection_refuse(put, MODULE_REFUSED_OBJECT, "There is no event in it.");
    *uid = list->items[0].uid;
    for (size_t i = 0; i < list->count; i++) {
        const struct interchange_item *item = &list->items[i];
        if (strcmp(item->component, "VEVENT") != 0)
            return calendar_collection_refuse(put, MODULE_REFUSED_KIND,
                "This calendar holds events (VEVENT) alone.");
        if (item->wrong)
            return calendar_collection_refuse(put, MODULE_REFUSED_DATA, item->wrong);
        if (strcmp(item->uid, *uid) != 0)
            return calendar_collection_refuse(put, MODULE_REFUSED_OBJECT,
                "A resource has one UID.");
        masters += !item->is_override;
    }
    return masters == 1 ? 0 :
                          calendar_collection_refuse(put, MODULE_REFUSED_OBJECT,
                              "A resource has one event, and changed occurrences of it.");
}

/* Is what was loaded just now what the client's conditions were compared with? */
static int calendar_collection_check_same(const struct tools_context *context,
    const struct module_resource *old, struct arena *arena)
{
    struct module_resource now = {.id = old->id};
    int error = calendar_collection_revision(context, &now, arena);
    return !error && now.revision != old->revision ? ERR_CONFLICT : error;
}

/* Has another resource this UID, or had this one another UID? seen: out, NULL: it is new. */
static int calendar_collection_check_id(const struct tools_context *context, struct module_put *put,
    const char *uid, struct arena *arena, const char **seen)
{
    const char *id = calendar_file_id_of(arena, uid, NULL);
    jdoc *event = NULL;
    *seen = NULL;
    int error = id ? calendar_collection_load(context, id, arena, &event, seen) : ERR_NOMEM;
    if (error == ERR_NOT_FOUND && !put->old)
        return 0;
    if (error && error != ERR_NOT_FOUND)
        return error;
    if (!error && (!put->old || strcmp(put->old->id, id) != 0))
        put->other = arena_strdup(arena, calendar_collection_name(event));
    bool is_same = put->old && strcmp(put->old->id, id) == 0;
    bool is_made = !put->old && strcmp(calendar_collection_name(event), put->name) == 0;
    jdoc_free(event);
    if (is_made) /* since it was looked for under its name */
        return ERR_CONFLICT;
    if (is_same) /* without it somebody has deleted it meanwhile */
        return error ? ERR_CONFLICT : calendar_collection_check_same(context, put->old, arena);
    return calendar_collection_refuse(put, MODULE_REFUSED_ID,
        "The UID is another resource's, or not the one that this resource has.");
}

static bool calendar_collection_is_name(const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7F || name[i] == '/')
            return false;
    return len > 0 && len <= CALENDAR_COLLECTION_NAME_MAX;
}

int calendar_collection_put(const struct tools_context *context, struct module_put *put,
    struct arena *arena)
{
    struct calendar_file_one one = {.name = put->name};
    const struct zone *z;
    const char *uid;
    if (!calendar_collection_is_name(put->name))
        return calendar_collection_refuse(put, MODULE_REFUSED_OBJECT,
            "A resource's name can have 200 bytes, and no control characters.");
    if (zone_get(context->zone, &z))
        return ERR_INTERNAL;
    const struct interchange_ask ask = {.conf = context->conf,
        .text = put->text,
        .len = put->len,
        .zone = z,
        .owner = scoreboard_owner(context->uid)};
    int error = interchange_read_aside(&ask, arena, &one.list, put->why);
    if (error == ERR_INVALID || error == ERR_LIMIT) {
        put->refusal = MODULE_REFUSED_DATA;
        error = ERR_INVALID;
    } else if (!error) {
        error = calendar_collection_check(put, &one.list, &uid);
        if (!error)
            error = calendar_collection_check_id(context, put, uid, arena, &one.seen);
        if (!error && (error = calendar_file_take_one(context, arena, &one, put->why)))
            put->refusal = MODULE_REFUSED_DATA;
    }
    interchange_free(&one.list);
    return error;
}

int calendar_collection_remove(const struct tools_context *context,
    const struct module_resource *resource, struct arena *arena)
{
    struct records_write writes[REMOVES];
    struct records_fence fence = {.uid = context->uid};
    const char *seen, *prior;
    jdoc *event = NULL;
    size_t count = 0;
    int error = calendar_collection_load(context, resource->id, arena, &event, &seen);
    if (!error)
        error = calendar_collection_check_same(context, resource, arena);
    if (error) {
        jdoc_free(event);
        return error;
    }
    writes[count++] = (struct records_write){.family = calendar_series_is(event) ? CALENDAR_SERIES :
                                                                                   CALENDAR_EVENTS,
        .id = resource->id,
        .seen = seen};
    const jdoc *changed = jdoc_get(event, "changed");
    for (size_t i = 0; i < jdoc_length(changed) && count < REMOVES; i++)
        writes[count++] = (struct records_write){.family = CALENDAR_EVENTS,
            .id = jdoc_text_or(jdoc_at(changed, i), "id", "")};
    error = records_commit(context->store, &fence,
        &(struct records_batch){.writes = writes, .count = count, .result = ""}, arena, &prior);
    if (!error)
        calendar_reminders_tidy(context, event, NULL);
    jdoc_free(event);
    return error;
}
