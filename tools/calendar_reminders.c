/* The hints of calendar events: written before the record, compared with it when they are due. */
#include "tools/calendar_reminders.h"

#include "base/err.h"
#include "store/reminders.h"
#include "tools/calendar_series.h"
#include "tools/keep.h"
#include "tools/moment.h"

#define DAY_MINUTES 1440
#define MINUTE_MS INT64_C(60000)
#define MINUTES_MAX 40320
#define CLOCK_CHANGE_MS (3 * INT64_C(3600000)) /* more than any change of the clocks */

static int64_t due_of(const jdoc *event, int64_t start_ms, int64_t minutes)
{
    const struct zone *z;
    if (minutes % DAY_MINUTES == 0 && zone_get(jdoc_text_or(event, "timezone", ""), &z) == 0)
        return moment_add_days(start_ms, -(int)(minutes / DAY_MINUTES), z);
    return start_ms - minutes * MINUTE_MS;
}

int calendar_reminders_due(const jdoc *event, int64_t minutes, int64_t *due_ms)
{
    int64_t start;
    if (jdoc_get_int(event, "start_ms", &start) != 0 || minutes < 0 || minutes > MINUTES_MAX)
        return ERR_INVALID;
    *due_ms = due_of(event, start, minutes);
    return 0;
}

/* --- of a series --- */

struct seek {
    const jdoc *series;
    int64_t minutes, from_ms; /* the first reminder that is not due before from_ms */
    int64_t due_ms;
    struct calendar_series_start start;
    bool found;
};

static int seek_at(void *arg, const struct calendar_series_start *start)
{
    struct seek *s = arg;
    s->due_ms = due_of(s->series, start->ms, s->minutes);
    if (s->due_ms < s->from_ms)
        return 0;
    s->start = *start;
    s->found = true;
    return ERR_LIMIT;
}

static bool seek(struct seek *s)
{
    if (s->minutes < 0 || s->minutes > MINUTES_MAX)
        return false;
    int64_t from = s->from_ms + s->minutes * MINUTE_MS - CLOCK_CHANGE_MS;
    return calendar_series_each(s->series, from, KEEP_FOREVER, seek_at, s) == 0 && s->found;
}

int calendar_reminders_next(const jdoc *series, int64_t minutes, int64_t after_ms, int64_t *due_ms)
{
    struct seek s = { .series = series, .minutes = minutes, .from_ms = after_ms + 1 };
    if (!seek(&s))
        return ERR_NOT_FOUND;
    *due_ms = s.due_ms;
    return 0;
}

/* --- of both --- */

static bool is_listed(const jdoc *event, int64_t minutes)
{
    const jdoc *all = jdoc_get(event, "reminder_minutes");
    for (size_t i = 0; i < jdoc_length(all); i++) {
        int64_t of;
        if (jdoc_int(jdoc_at(all, i), &of) == 0 && of == minutes)
            return true;
    }
    return false;
}

bool calendar_reminders_has(const jdoc *event, int64_t minutes, int64_t due_ms, jdoc **occurrence)
{
    int64_t due;
    if (occurrence != NULL)
        *occurrence = NULL;
    if (!is_listed(event, minutes))
        return false;
    if (!calendar_series_is(event))
        return calendar_reminders_due(event, minutes, &due) == 0 && due == due_ms;
    struct seek s = { .series = event, .minutes = minutes, .from_ms = due_ms };
    if (!seek(&s) || s.due_ms != due_ms)
        return false;
    if (occurrence != NULL)
        *occurrence = calendar_series_occurrence(event, &s.start);
    return occurrence == NULL || *occurrence != NULL;
}

static bool hint_of(const struct tools_context *context, const jdoc *event, int64_t minutes,
    struct reminders_hint *out)
{
    const char *id = jdoc_text_or(event, "id", "");
    int64_t due;
    if (calendar_series_is(event)) {
        if (calendar_reminders_next(event, minutes, context->now_ms - 1, &due) != 0)
            return false;
        reminders_series_hint(out, context->uid, id, minutes, due);
        return true;
    }
    if (calendar_reminders_due(event, minutes, &due) != 0 || due < 0)
        return false;
    reminders_event_hint(out, context->uid, id, minutes, due);
    return true;
}

/* Every reminder of the event, of those at most CALENDAR_REMINDERS_MAX; returns how many. */
static size_t hints_of(const struct tools_context *context, const jdoc *event,
    struct reminders_hint hints[CALENDAR_REMINDERS_MAX], int64_t minutes[CALENDAR_REMINDERS_MAX])
{
    const jdoc *all = jdoc_get(event, "reminder_minutes");
    size_t n = 0;
    for (size_t i = 0; i < jdoc_length(all) && n < CALENDAR_REMINDERS_MAX; i++)
        if (jdoc_int(jdoc_at(all, i), &minutes[n]) == 0
            && hint_of(context, event, minutes[n], &hints[n]))
            n++;
    return n;
}

int calendar_reminders_plan(const struct tools_context *context, const jdoc *event)
{
    struct reminders_hint hints[CALENDAR_REMINDERS_MAX];
    int64_t minutes[CALENDAR_REMINDERS_MAX];
    size_t count = hints_of(context, event, hints, minutes), coming = 0;
    for (size_t i = 0; i < count; i++)
        if (hints[i].due_ms >= context->now_ms)
            hints[coming++] = hints[i];
    return reminders_plan(context->store, hints, coming);
}

void calendar_reminders_tidy(const struct tools_context *context, const jdoc *old,
    const jdoc *event)
{
    struct reminders_hint hints[CALENDAR_REMINDERS_MAX];
    int64_t minutes[CALENDAR_REMINDERS_MAX];
    size_t count = hints_of(context, old, hints, minutes);
    for (size_t i = 0; i < count; i++)
        if (event == NULL || calendar_series_is(event) != calendar_series_is(old)
            || !calendar_reminders_has(event, minutes[i], hints[i].due_ms, NULL))
            reminders_drop(context->store, hints[i].member);
}

_Static_assert(CALENDAR_REMINDERS_MAX <= REMINDERS_BATCH, "planned in one call");
