/* SPDX-License-Identifier: BSD-2-Clause */
/* calendar_file, the part that writes. */
#include "tools/calendar/calendar_file_parts.h"

#include "base/err.h"
#include "store/records.h"
#include "tools/calendar/calendar_event.h"
#include "tools/calendar/calendar_series.h"
#include "tools/kit/record.h"

#include <string.h>

#define PAGE 100

struct out {
    const struct tools_context *context;
    struct interchange_writer writer;
    module_flush *flush;
    void *arg;
    struct calendar_file_period period;
};

int calendar_file_load(const struct tools_context *context, const char *family, const char *id,
    struct arena *arena, jdoc **out, const char **seen)
{
    const char *json;
    *out = NULL;
    int error = records_get(context->store, context->uid, family, id, arena, &json);
    if (error == 0)
        error = jdoc_parse(json, strlen(json), out, NULL, 0);
    if (error == 0 && seen)
        *seen = json;
    return error;
}

struct look {
    const struct calendar_file_period *period;
    const jdoc *series;
    bool found;
};

static int calendar_file_look_at(void *arg, const struct calendar_series_start *start)
{
    struct look *l = arg;
    const struct calendar_span s = {.start.ms = start->ms,
        .end_ms = calendar_series_end(l->series, start->ms)};
    l->found = calendar_event_overlaps(&s, l->period->from_ms, l->period->until_ms);
    return l->found ? ERR_LIMIT : 0;
}

/* A changed occurrence may be at any time, and needs its series. */
static int calendar_file_changed_is_in(const struct calendar_file_period *o, const jdoc *series,
    struct arena *arena, bool *is)
{
    const jdoc *changed = jdoc_get(series, "changed");
    int error = 0;
    for (size_t i = 0; !error && !*is && i < jdoc_length(changed); i++) {
        jdoc *event = NULL;
        struct calendar_span s;
        const char *id = jdoc_text_or(jdoc_at(changed, i), "id", "");
        error = calendar_file_load(o->context, CALENDAR_EVENTS, id, arena, &event, NULL);
        if (!error) {
            calendar_event_span(event, &s);
            *is = calendar_event_overlaps(&s, o->from_ms, o->until_ms);
        }
        jdoc_free(event);
        error = error == ERR_NOT_FOUND ? 0 : error;
    }
    return error;
}

int calendar_file_is_in(const struct calendar_file_period *o, const jdoc *event,
    struct arena *arena, bool *is)
{
    struct calendar_span s;
    struct look look = {.period = o, .series = event};
    calendar_event_span(event, &s);
    *is = o->from_ms == -RECORD_FOREVER && o->until_ms == RECORD_FOREVER;
    if (!calendar_series_is(event))
        *is = calendar_event_overlaps(&s, o->from_ms, o->until_ms);
    if (*is || !calendar_series_is(event))
        return 0;
    int64_t length = s.end_ms > s.start.ms ? s.end_ms - s.start.ms : 0;
    int64_t from = o->from_ms - length - CALENDAR_SERIES_SLACK_MS;
    int64_t begin = calendar_series_begin(event);
    int error = calendar_series_each(event, from > begin ? from : begin, o->until_ms - 1,
        calendar_file_look_at, &look);
    *is = !error && look.found;
    return *is || (error && error != ERR_INVALID) ?
        error :
        calendar_file_changed_is_in(o, event, arena, is);
}

static int calendar_file_write_one(struct out *o, const jdoc *event)
{
    struct arena *arena = arena_new(); /* changed occurrences of one series alone are held */
    const char *id = jdoc_text_or(event, "series_id", "");
    jdoc *series = NULL;
    bool is = false;
    int error = arena ? calendar_file_is_in(&o->period, event, arena, &is) : ERR_NOMEM;
    if (error != 0 || !is) {
        arena_free(arena);
        return error;
    }
    if (id[0] != '\0')
        error = calendar_file_load(o->context, CALENDAR_SERIES, id, arena, &series, NULL);
    if (error == 0 || error == ERR_NOT_FOUND)
        error = interchange_event(&o->writer, event, series);
    jdoc_free(series);
    arena_free(arena);
    return error == 0 ? o->flush(o->arg, o->writer.out) : error;
}

static int calendar_file_write_family(struct out *o, const char *family, int64_t from_ms,
    int64_t to_ms)
{
    struct records_list page = {.more = true};
    int error = 0;
    for (size_t offset = 0; error == 0 && page.more; offset += PAGE) {
        struct arena *arena = arena_new();
        if (!arena)
            return ERR_NOMEM;
        error = records_range(o->context->store, o->context->uid,
            &(struct records_page){.family = family,
                .from = from_ms,
                .to = to_ms,
                .offset = offset,
                .max = PAGE},
            arena, &page);
        for (size_t i = 0; error == 0 && i < page.count; i++) {
            jdoc *event = NULL;
            error = jdoc_parse(page.json[i], strlen(page.json[i]), &event, NULL, 0);
            if (error == 0)
                error = calendar_file_write_one(o, event);
            jdoc_free(event);
        }
        arena_free(arena);
    }
    return error;
}

int calendar_file_write(const struct tools_context *context, int64_t from_ms, int64_t until_ms,
    struct buf *out, module_flush *flush, void *arg)
{
    struct arena *arena = arena_new();
    struct out o = {.context = context,
        .writer = {.arena = arena, .out = out},
        .flush = flush,
        .arg = arg,
        .period = {context, from_ms, until_ms}};
    if (!arena)
        return ERR_NOMEM;
    int error = interchange_begin(&o.writer);
    if (error == 0)
        error = calendar_file_write_family(&o, CALENDAR_SERIES, from_ms, RECORD_FOREVER);
    if (error == 0)
        error = calendar_file_write_family(&o, CALENDAR_EVENTS,
            from_ms > -RECORD_FOREVER ? from_ms - CALENDAR_LONGEST_MS : from_ms, until_ms - 1);
    if (error == 0)
        error = interchange_end(&o.writer);
    arena_free(arena);
    return error;
}
