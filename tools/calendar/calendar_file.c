/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/calendar/calendar_file_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/utf8.h"
#include "process/scoreboard.h"
#include "store/records.h"
#include "tools/calendar/calendar_event.h"
#include "tools/calendar/calendar_reminders.h"
#include "tools/calendar/calendar_series.h"
#include "tools/calendar/interchange.h"
#include "tools/kit/civil.h"
#include "tools/kit/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIME_MS 10000 /* of one import; hostile rules take their time */
#define DAY_S 86400
#define BATCH 64 /* writes of one script of an import, so that none holds Redis up */
/* A resource is written at once: its changed occurrences of now, and those of before. */
#define WRITES (2 * CALENDAR_SERIES_CHANGED_MAX + 4)
_Static_assert(CALENDAR_SERIES_CHANGED_MAX + 4 < BATCH, "a series is written at once");
_Static_assert(WRITES <= RECORDS_WRITES_MAX, "a resource is written at once");

struct in {
    const struct tools_context *context;
    struct arena *arena;
    struct interchange_list list;
    bool *done; /* items that are dealt with */
    jdoc *errors, *warnings;
    int64_t created, updated, skipped, failed;
    int64_t series_left, events_left, until_ms;
    /* of one resource alone: nothing is written once a part of it is refused (why) */
    bool is_one;
    const char *name, *seen;
    char *why;
    char group[IDENT_UUID_SIZE]; /* of the commits of a file: one change for the history; "" */
};

/* What one step writes: a series with its changed occurrences, or one event. */
struct step {
    struct records_write writes[WRITES];
    size_t count;
};

static int calendar_file_tell(struct in *in, jdoc *list, const struct interchange_item *item,
    const char *text)
{
    if (jdoc_length(list) >= CALENDAR_FILE_TOLD_MAX)
        return 0;
    jdoc *entry = jdoc_new_object();
    if (!entry || jdoc_set_string(entry, "component", item->component) != 0 ||
        jdoc_set_int(entry, "line", (int64_t)item->line) != 0 ||
        jdoc_set_string(entry, "uid", item->uid) != 0 ||
        jdoc_set_string(entry, "message", text) != 0) {
        jdoc_free(entry);
        return ERR_NOMEM;
    }
    (void)in;
    return jdoc_push(list, entry);
}

static int calendar_file_refuse(struct in *in, const struct interchange_item *item,
    const char *text)
{
    in->failed++;
    if (!in->is_one)
        return calendar_file_tell(in, in->errors, item, text);
    snprintf(in->why, MODULE_WHY_SIZE, "%.150s", text);
    utf8_mend_end(in->why);
    return 0;
}

/* What no calendar here holds is said, one by one. */
static int calendar_file_skip(struct in *in, const struct interchange_item *item)
{
    in->skipped++;
    return calendar_file_tell(in, in->warnings, item, item->wrong);
}

const char *calendar_file_id_of(struct arena *arena, const char *uid, const char *occurrence)
{
    char digest[IDENT_SHA256_SIZE];
    if (!occurrence && ident_is_uuid(uid))
        return arena_strdup(arena, uid);
    const char *text = arena_printf(arena, "%s\n%s", uid, occurrence ? occurrence : "");
    if (!text)
        return NULL;
    ident_sha256_hex(text, strlen(text), digest);
    return arena_printf(arena, "ics-%.32s", digest);
}

static const char *calendar_file_text_of(struct in *in, const jdoc *document)
{
    struct buf text = {0};
    jdoc_write(document, &text);
    const char *copy =
        buf_error(&text) == 0 ? arena_memdup(in->arena, buf_text(&text), text.len) : NULL;
    buf_free(&text);
    return copy;
}

static int calendar_file_put(struct in *in, struct step *s, const char *family, const char *id,
    const jdoc *document, int64_t time_ms)
{
    const char *json = document ? calendar_file_text_of(in, document) : NULL;
    if (document && !json)
        return ERR_NOMEM;
    if (s->count == WRITES)
        return ERR_LIMIT;
    s->writes[s->count++] =
        (struct records_write){.family = family, .id = id, .json = json, .time_ms = time_ms};
    return 0;
}

/* id, uid and the stamps of an event that was read. The uid tells that it came by a file. */
static int calendar_file_stamp(struct in *in, jdoc *event, const char *id, const char *uid)
{
    jdoc_remove(event, "file_name");
    char now[CLOCK_RFC3339_SIZE];
    clock_rfc3339(in->context->now_ms, now);
    int failed = jdoc_set_string(event, "id", id) | jdoc_set_string(event, "updated_at", now) |
        jdoc_set_string(event, "uid", uid);
    if (!jdoc_get(event, "created_at"))
        failed |= jdoc_set_string(event, "created_at", now);
    return failed != 0 ? ERR_NOMEM : 0;
}

static bool calendar_file_belongs(const struct in *in, size_t i,
    const struct interchange_item *master)
{
    const struct interchange_item *item = &in->list.items[i];
    return !in->done[i] && !item->wrong && item != master && item->is_override &&
        strcmp(item->uid, master->uid) == 0;
}

/* The id that this occurrence has already, or the one that its UID gives. */
static const char *calendar_file_id_of_changed(struct in *in, const jdoc *old, const char *uid,
    const char *key)
{
    const jdoc *changed = jdoc_get(old, "changed");
    for (size_t i = 0; i < jdoc_length(changed); i++)
        if (strcmp(jdoc_text_or(jdoc_at(changed, i), "occurrence", ""), key) == 0)
            return arena_strdup(in->arena, jdoc_text_or(jdoc_at(changed, i), "id", ""));
    return calendar_file_id_of(in->arena, uid, key);
}

/* RECURRENCE-ID in local time of the series: as written when it has its zone, since the clocks may
 * skip that time, else by its instant. */
static int64_t calendar_file_local_of(const struct interchange_item *item, const jdoc *series)
{
    const struct zone *z = NULL;
    struct zone_offset offset = {0};
    bool all_day = false;
    int64_t ms = item->occurrence_ms, s = ms / 1000 - (ms % 1000 < 0);
    if (zone_get(jdoc_text_or(series, "timezone", ""), &z) == 0)
        zone_at(z, s, &offset);
    s = z && z == item->occurrence_zone ? item->occurrence_s : s + offset.seconds;
    jdoc_get_bool(series, "all_day", &all_day);
    return all_day ? s - (s % DAY_S + DAY_S) % DAY_S : s;
}

int64_t calendar_file_occurrence(const struct interchange_item *item, const jdoc *series)
{
    int64_t start = calendar_event_local(series);

    return item->occurrence_is_date ? item->occurrence_s + (start % DAY_S + DAY_S) % DAY_S :
                                      calendar_file_local_of(item, series);
}

static int calendar_file_refuse_late(struct in *in, const struct interchange_item *item)
{
    return calendar_file_refuse(in, item, "there was no time left for it: send the file again");
}

/* One changed occurrence into its series and into the step. */
static int calendar_file_put_override(struct in *in, struct step *s, jdoc *series, const jdoc *old,
    struct interchange_item *item)
{
    char key[CALENDAR_SERIES_KEY_SIZE];
    struct calendar_span span;
    int64_t local_s = calendar_file_occurrence(item, series);
    calendar_event_span(series, &span);
    calendar_series_key(local_s, span.all_day, key);
    if (!calendar_series_has(series, local_s))
        return calendar_series_is_out(series, key) ?
            0 :
            calendar_file_refuse(in, item, "RECURRENCE-ID is none of the series' occurrences");
    if (item->cancelled)
        return calendar_series_exclude(series, key);
    const char *id = calendar_file_id_of_changed(in, old, item->uid, key);
    if (!id)
        return ERR_NOMEM;
    jdoc_remove(item->event, "repeat");
    int error = calendar_series_set_changed(series, key, id);
    if (error == 0)
        error = calendar_file_stamp(in, item->event, id, id);
    if (error == 0)
        error = jdoc_set_string(item->event, "series_id", jdoc_text_or(series, "id", ""));
    if (error == 0)
        error = jdoc_set_string(item->event, "occurrence", key);
    calendar_event_span(item->event, &span);
    if (error == 0)
        error = calendar_file_put(in, s, CALENDAR_EVENTS, id, item->event, span.start.ms);
    if (error == 0)
        error = calendar_reminders_plan(in->context, item->event);
    return error;
}

static int calendar_file_commit(struct in *in, const struct step *s)
{
    struct records_fence fence = {.uid = in->context->uid, .tool = "calendar import"};
    const char *prior;
    return records_commit(in->context->store, &fence,
        &(struct records_batch){.writes = s->writes,
            .count = s->count,
            .result = "",
            .group = in->group},
        in->arena, &prior);
}

/* Changed occurrences of before that are none any more; of an import those that find
 * no room go at once. */
static int calendar_file_drop_left(struct in *in, struct step *s, const jdoc *old,
    const jdoc *series)
{
    const jdoc *before = jdoc_get(old, "changed"), *now = jdoc_get(series, "changed");
    int error = 0;
    for (size_t i = 0; error == 0 && i < jdoc_length(before); i++) {
        const char *id = jdoc_text_or(jdoc_at(before, i), "id", "");
        bool stays = false;
        for (size_t k = 0; k < jdoc_length(now); k++)
            stays |= strcmp(jdoc_text_or(jdoc_at(now, k), "id", ""), id) == 0;
        const char *copy = arena_strdup(in->arena, id);
        struct step alone = {.count = 0};
        if (stays)
            continue;
        bool full = !in->is_one && s->count >= BATCH - 2;
        error = copy ? calendar_file_put(in, full ? &alone : s, CALENDAR_EVENTS, copy, NULL, 0) :
                       ERR_NOMEM;
        if (error == 0 && full)
            error = calendar_file_commit(in, &alone);
    }
    return error;
}

/* All changed occurrences of `master` into the series. */
static int calendar_file_put_overrides(struct in *in, struct step *s,
    const struct interchange_item *master, jdoc *series, const jdoc *old)
{
    int error = 0;
    for (size_t i = 0; error == 0 && i < in->list.count; i++) {
        struct interchange_item *item = &in->list.items[i];
        if (!calendar_file_belongs(in, i, master))
            continue;
        in->done[i] = true;
        /* Each looks for its start among the rule's: as slow as the rule. */
        error = clock_mono_ms() > in->until_ms ?
            calendar_file_refuse_late(in, item) :
            calendar_file_put_override(in, s, series, old, item);
        if (error == ERR_FULL)
            error = calendar_file_refuse(in, item, "the series has too many changed occurrences");
    }
    return error;
}

/* A series: its rule is checked, its occurrences come with it. Returns 0, ERR_INVALID (told) or a
 * fault. */
static int calendar_file_put_series(struct in *in, struct step *s, struct interchange_item *item,
    const char *id, const jdoc *old, int64_t *left)
{
    char why[RECURRENCE_WHY_SIZE] = "";
    const struct zone *z;
    int64_t end_ms = 0;
    int error = zone_get(jdoc_text_or(item->event, "timezone", ""), &z);
    if (error == 0)
        error = calendar_series_settle(item->event, z, &end_ms, why);
    if (error == ERR_INVALID || error == ERR_NOT_FOUND) {
        error = calendar_file_refuse(in, item, why[0] != '\0' ? why : "its zone is not known");
        return error != 0 ? error : ERR_INVALID;
    }
    if (error == 0 && !old && --*left < 0) {
        error = calendar_file_refuse(in, item, "there are 200 repeating events already");
        return error != 0 ? error : ERR_INVALID;
    }
    if (error == 0)
        error = calendar_file_put_overrides(in, s, item, item->event, old);
    if (error == 0 && in->is_one && in->failed > 0)
        return ERR_INVALID; /* before anything is written */
    if (error == 0)
        error = calendar_file_drop_left(in, s, old, item->event);
    if (error == 0)
        error = calendar_file_put(in, s, CALENDAR_SERIES, id, item->event, end_ms);
    return error == 0 ? calendar_file_put(in, s, CALENDAR_EVENTS, id, NULL, 0) : error;
}

static int calendar_file_put_event(struct in *in, struct step *s,
    const struct interchange_item *item, const char *id, const jdoc *old_series)
{
    struct calendar_span span;
    calendar_event_span(item->event, &span);
    int error = calendar_file_put(in, s, CALENDAR_EVENTS, id, item->event, span.start.ms);
    if (error == 0 && old_series)
        error = calendar_file_drop_left(in, s, old_series, NULL);
    return error == 0 && (old_series || in->is_one) ?
        calendar_file_put(in, s, CALENDAR_SERIES, id, NULL, 0) :
        error;
}

/* Is there one of this id? old: the series, if it is one; name: that a client gave it, or NULL. */
static int calendar_file_look(struct in *in, const char *id, jdoc **old, bool *known,
    const char **name)
{
    jdoc *event = NULL;
    int error = calendar_file_load(in->context, CALENDAR_SERIES, id, in->arena, old, NULL);
    if (error == ERR_NOT_FOUND)
        error = calendar_file_load(in->context, CALENDAR_EVENTS, id, in->arena, &event, NULL);
    *known = error == 0;
    const char *text = jdoc_string(jdoc_get(*old ? *old : event, "file_name"), NULL);
    *name = arena_strdup(in->arena, text);
    if (text && !*name)
        error = ERR_NOMEM;
    jdoc_free(event);
    return error == ERR_NOT_FOUND ? 0 : error;
}

/* A changed occurrence whose series is not in the text: into the one that is here, or alone. */
static int calendar_file_take_override(struct in *in, struct interchange_item *item, struct step *s)
{
    jdoc *series = NULL;
    const char *id = calendar_file_id_of(in->arena, item->uid, NULL);
    int64_t end_ms = 0;
    char why[RECURRENCE_WHY_SIZE] = "";
    const struct zone *z;
    int error = id ?
        calendar_file_load(in->context, CALENDAR_SERIES, id, in->arena, &series, NULL) :
        ERR_NOMEM;
    if (error == ERR_NOT_FOUND)
        return calendar_file_refuse(in, item,
            "the series that RECURRENCE-ID belongs to is not there");
    jdoc *old = error == 0 ? jdoc_dup(series) : NULL;
    if (error == 0 && !old)
        error = ERR_NOMEM;
    if (error == 0) {
        jdoc_remove(series, "changed");
        const jdoc *changed = jdoc_get(old, "changed");
        for (size_t i = 0; error == 0 && i < jdoc_length(changed); i++)
            error = calendar_series_set_changed(series,
                jdoc_text_or(jdoc_at(changed, i), "occurrence", ""),
                jdoc_text_or(jdoc_at(changed, i), "id", ""));
    }
    if (error == 0)
        error = calendar_file_put_override(in, s, series, old, item);
    if (error == 0 && zone_get(jdoc_text_or(series, "timezone", ""), &z) == 0)
        error = calendar_series_settle(series, z, &end_ms, why);
    if (error == 0)
        error = calendar_file_put(in, s, CALENDAR_SERIES, id, series, end_ms);
    jdoc_free(old);
    jdoc_free(series);
    if (error == ERR_FULL)
        return calendar_file_refuse(in, item, "the series has too many changed occurrences");
    in->updated += error == 0;
    return error == 0 ? calendar_file_commit(in, s) : error;
}

/* What was looked at must still be so, in the family that it is in, and in no other. */
static void calendar_file_guard(struct step *s, const char *id, const char *seen, bool repeats)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->writes[i].id, id) == 0)
            s->writes[i].seen =
                seen && (strcmp(s->writes[i].family, CALENDAR_SERIES) == 0) == repeats ?
                seen :
                RECORDS_SEEN_NONE;
}

static int calendar_file_take(struct in *in, struct interchange_item *item)
{
    struct step *s = arena_array(in->arena, 1, sizeof *s);
    const char *id = calendar_file_id_of(in->arena, item->uid, NULL);
    const char *name = NULL;
    jdoc *old = NULL;
    bool known = false;
    if (!s || !id)
        return ERR_NOMEM;
    if (item->warning && calendar_file_tell(in, in->warnings, item, item->warning) != 0)
        return ERR_NOMEM;
    if (item->is_override)
        return calendar_file_take_override(in, item, s);
    if (item->cancelled && !in->is_one) {
        in->skipped++;
        return 0;
    }
    int error = calendar_file_look(in, id, &old, &known, &name);
    if (error == 0 && !known && !calendar_series_is(item->event) && --in->events_left < 0)
        return calendar_file_refuse(in, item, "there are 20000 events already");
    if (error == 0)
        error = calendar_file_stamp(in, item->event, id, item->uid);
    if (error == 0 && (in->name || name) && strcmp(in->name ? in->name : name, id) != 0)
        error = jdoc_set_string(item->event, "file_name", in->name ? in->name : name);
    if (error == 0)
        error = calendar_series_is(item->event) ?
            calendar_file_put_series(in, s, item, id, old, &in->series_left) :
            calendar_file_put_event(in, s, item, id, old);
    if (error == 0 && in->is_one && in->failed > 0)
        error = ERR_INVALID;
    if (error == 0)
        error = calendar_reminders_plan(in->context, item->event);
    if (error == 0 && in->is_one)
        calendar_file_guard(s, id, in->seen, old);
    if (error == 0)
        error = calendar_file_commit(in, s);
    if (error == 0)
        *(known ? &in->updated : &in->created) += 1;
    jdoc_free(old);
    return error == ERR_INVALID ? 0 : error;
}

/* Series first, each with what belongs to it, then what is left. */
static int calendar_file_take_all(struct in *in)
{
    int error = 0;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; error == 0 && i < in->list.count; i++) {
            struct interchange_item *item = &in->list.items[i];
            if (in->done[i] || (pass == 0 && item->is_override))
                continue;
            in->done[i] = true;
            if (!item->wrong && clock_mono_ms() > in->until_ms)
                error = calendar_file_refuse_late(in, item);
            else if (!item->wrong)
                error = calendar_file_take(in, item);
            else if (strcmp(item->component, "VEVENT") == 0)
                error = calendar_file_refuse(in, item, item->wrong);
            else
                error = calendar_file_skip(in, item);
        }
    return error;
}

static int calendar_file_conclude(struct in *in, jdoc **answer)
{
    char text[160];
    jdoc *a = jdoc_new_object();
    *answer = a;
    snprintf(text, sizeof text, "%lld events are new, %lld changed, %lld could not be taken in.",
        (long long)in->created, (long long)in->updated, (long long)in->failed);
    int failed = !a || jdoc_set_bool(a, "success", in->failed == 0) != 0 ||
        jdoc_set_string(a, "message", text) != 0 || jdoc_set_int(a, "created", in->created) != 0 ||
        jdoc_set_int(a, "updated", in->updated) != 0 ||
        jdoc_set_int(a, "skipped", in->skipped) != 0 || jdoc_set_int(a, "failed", in->failed) != 0;
    if (!failed) {
        failed = jdoc_set(a, "errors", in->errors) != 0;
        in->errors = NULL;
        failed |= jdoc_set(a, "warnings", in->warnings) != 0;
        in->warnings = NULL;
    }
    return failed ? ERR_NOMEM : 0;
}

/* How many more there may be. Returns 0 or a fault. */
static int calendar_file_count(struct in *in)
{
    const struct tools_context *context = in->context;
    int64_t there = 0;
    int error = records_count(context->store, context->uid, CALENDAR_SERIES, context->now_ms,
        RECORD_FOREVER, &there);
    in->series_left = CALENDAR_SERIES_MAX - there;
    if (error == 0)
        error = records_count(context->store, context->uid, CALENDAR_EVENTS, -RECORD_FOREVER,
            RECORD_FOREVER, &there);
    in->events_left = CALENDAR_FILE_EVENTS_MAX - there;
    return error == ERR_INVALID ? ERR_INTERNAL : error;
}

int calendar_file_take_one(const struct tools_context *context, struct arena *arena,
    const struct calendar_file_one *one, char why[MODULE_WHY_SIZE])
{
    struct in in = {.context = context,
        .arena = arena,
        .list = one->list,
        .done = arena_array(arena, one->list.count + 1, sizeof *in.done),
        .until_ms = clock_mono_ms() + TIME_MS,
        .is_one = true,
        .name = one->name,
        .seen = one->seen,
        .why = why,
        .errors = jdoc_new_array(),
        .warnings = jdoc_new_array()};
    int error = in.done && in.errors && in.warnings ? calendar_file_count(&in) : ERR_NOMEM;
    if (error == 0)
        error = calendar_file_take_all(&in);
    if (error == 0 && in.failed > 0)
        error = ERR_INVALID;
    jdoc_free(in.errors);
    jdoc_free(in.warnings);
    return error;
}

int calendar_file_read(const struct tools_context *context, struct arena *arena, const char *text,
    size_t len, jdoc **answer, char why[MODULE_WHY_SIZE])
{
    const struct zone *z;
    struct in in = {.context = context, .arena = arena, .until_ms = clock_mono_ms() + TIME_MS};
    *answer = NULL;
    ident_uuid7(in.group);
    int error = zone_get(context->zone, &z) ? ERR_INTERNAL : calendar_file_count(&in);
    if (error != 0)
        return error;
    error = interchange_read_aside(&(struct interchange_ask){.conf = context->conf,
                                       .text = text,
                                       .len = len,
                                       .zone = z,
                                       .owner = scoreboard_owner(context->uid)},
        arena, &in.list, why);
    in.done = arena_array(arena, in.list.count + 1, sizeof *in.done);
    in.errors = jdoc_new_array();
    in.warnings = jdoc_new_array();
    if (error == 0 && (!in.done || !in.errors || !in.warnings))
        error = ERR_NOMEM;
    if (error == 0) {
        error = calendar_file_take_all(&in);
        if (error == ERR_INVALID || error == ERR_LIMIT)
            error = ERR_INTERNAL;
        if (error == 0)
            error = calendar_file_conclude(&in, answer);
    }
    interchange_free(&in.list);
    jdoc_free(in.errors);
    jdoc_free(in.warnings);
    if (error != 0) {
        jdoc_free(*answer);
        *answer = NULL;
    }
    return error;
}
