/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/calendar/calendar_event.h"

#include "base/err.h"
#include "tools/kit/civil.h"

#include <string.h>

#define DAY_MS INT64_C(86400000)

const char *const calendar_event_fields[] = {"title", "description", "event_type", "location_name",
    "color", NULL};

/* The last day of a whole-day event is shown as a date and ends at the next midnight. */
int calendar_event_set_times(jdoc *event, const struct calendar_span *s, const struct zone *z)
{
    char start[TIMESTAMP_SIZE], end[TIMESTAMP_SIZE];
    int failed = 0;
    if (s->all_day) {
        timestamp_date(s->start.ms, z, start);
        timestamp_date(s->end_ms - 1, z, end);
    } else {
        timestamp_format(s->start.ms, z, start);
        timestamp_format(s->end_ms, z, end);
    }
    failed |= jdoc_set_string(event, "start_date", start);
    failed |= jdoc_set_bool(event, "all_day", s->all_day);
    failed |= jdoc_set_string(event, "timezone", zone_name(z));
    failed |= jdoc_set_int(event, "start_ms", s->start.ms);
    jdoc_remove(event, "end_date");
    jdoc_remove(event, "end_ms");
    if (s->end_ms >= 0) {
        failed |= jdoc_set_string(event, "end_date", end);
        failed |= jdoc_set_int(event, "end_ms", s->end_ms);
    }
    return failed != 0 ? ERR_NOMEM : 0;
}

void calendar_event_span(const jdoc *event, struct calendar_span *out)
{
    *out = (struct calendar_span){.end_ms = -1};
    jdoc_get_int(event, "start_ms", &out->start.ms);
    jdoc_get_int(event, "end_ms", &out->end_ms);
    jdoc_get_bool(event, "all_day", &out->all_day);
    out->start.has_time = !out->all_day;
    if (out->all_day && (out->end_ms < 0 || out->end_ms <= out->start.ms)) {
        const struct zone *z = calendar_event_zone(event, NULL);
        out->end_ms = z ? timestamp_day(out->start.ms, 1, z) : out->start.ms + DAY_MS;
    }
}

bool calendar_event_overlaps(const struct calendar_span *s, int64_t from_ms, int64_t until_ms)
{
    bool is_instant = s->end_ms < 0 || s->end_ms <= s->start.ms;
    return s->start.ms < until_ms && (is_instant ? s->start.ms >= from_ms : s->end_ms > from_ms);
}

const struct zone *calendar_event_zone(const jdoc *event, const struct zone *fallback)
{
    const struct zone *z;
    return zone_get(jdoc_text_or(event, "timezone", ""), &z) == 0 ? z : fallback;
}

int64_t calendar_event_local(const jdoc *event)
{
    struct civil c = {0};
    return civil_parse(jdoc_text_or(event, "start_date", ""), &c) == 0 ? civil_seconds(&c) : 0;
}

int calendar_event_refuse_order(struct tools_run *run)
{
    int error = run_fail_at(run, "/end_date", "a time that is not before start_date",
        "end_date is before start_date");
    return error != 0 ? error : ERR_INVALID;
}

int calendar_event_read_end(struct tools_run *run, const struct zone *z, struct calendar_span *s)
{
    struct timestamp end;
    int error = timestamp_argument(run, "end_date", z, &end);
    if (error != 0 && error != ERR_NOT_FOUND)
        return error;
    if (error == 0) {
        /* A date alone as the end of a timed event: to the end of that day. */
        bool whole = s->all_day || !end.has_time;
        s->end_ms = whole ? timestamp_day(end.ms, 1, z) : end.ms;
        if (s->end_ms < s->start.ms + whole) /* the day before ends where the first begins */
            return calendar_event_refuse_order(run);
    } else if (s->all_day && s->end_ms < 0) {
        s->end_ms = timestamp_day(s->start.ms, 1, z);
    }
    return 0;
}

static bool calendar_event_holds(const jdoc *list, const jdoc *number)
{
    int64_t a = 0, b = -1;
    for (size_t i = 0; i < jdoc_length(list); i++)
        if (jdoc_int(jdoc_at(list, i), &a) == 0 && jdoc_int(number, &b) == 0 && a == b)
            return true;
    return false;
}

int calendar_event_set_reminders(jdoc *event, const jdoc *wanted)
{
    jdoc *list = NULL;
    if (jdoc_type(wanted) == JDOC_ARRAY) {
        list = jdoc_new_array();
        for (size_t i = 0; list && i < jdoc_length(wanted); i++)
            if (!calendar_event_holds(list, jdoc_at(wanted, i)) &&
                jdoc_push(list, jdoc_dup(jdoc_at(wanted, i))) != 0) {
                jdoc_free(list);
                list = NULL;
            }
    } else {
        int64_t minutes;
        list = jdoc_new_array();
        if (list && jdoc_int(wanted, &minutes) == 0 &&
            jdoc_push(list, jdoc_new_int(minutes)) != 0) {
            jdoc_free(list);
            list = NULL;
        }
    }
    return list ? jdoc_set(event, "reminder_minutes", list) : ERR_NOMEM;
}

void calendar_event_strip(jdoc *event)
{
    jdoc_remove(event, "kept");
    jdoc_remove(event, "file_name");
}

int calendar_event_answer(struct tools_run *run, jdoc *event, const char *note)
{
    calendar_event_strip(event);
    int error = run->result ? jdoc_set(run->result, "event", event) : ERR_NOMEM;
    if (!run->result)
        jdoc_free(event);
    return error == 0 ? jdoc_set_string(run->result, "note", note) : error;
}
