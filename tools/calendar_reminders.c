/* The hints of calendar events: written before the record, compared with it when they are due. */
#include "tools/calendar_reminders.h"

#include "base/err.h"
#include "store/reminders.h"
#include "tools/moment.h"

#define DAY_MINUTES 1440
#define MINUTE_MS INT64_C(60000)
#define MINUTES_MAX 40320

int calendar_reminders_due(const jdoc *event, int64_t minutes, int64_t *due_ms)
{
    const struct zone *z;
    int64_t start;
    if (jdoc_get_int(event, "start_ms", &start) != 0 || minutes < 0 || minutes > MINUTES_MAX)
        return ERR_INVALID;
    if (minutes % DAY_MINUTES == 0 && zone_get(jdoc_text_or(event, "timezone", ""), &z) == 0)
        *due_ms = moment_add_days(start, -(int)(minutes / DAY_MINUTES), z);
    else
        *due_ms = start - minutes * MINUTE_MS;
    return 0;
}

bool calendar_reminders_has(const jdoc *event, int64_t minutes, int64_t due_ms)
{
    const jdoc *all = jdoc_get(event, "reminder_minutes");
    for (size_t i = 0; i < jdoc_length(all); i++) {
        int64_t of, due;
        if (jdoc_int(jdoc_at(all, i), &of) == 0 && of == minutes
            && calendar_reminders_due(event, minutes, &due) == 0 && due == due_ms)
            return true;
    }
    return false;
}

/* Every reminder of the event, of those at most CALENDAR_REMINDERS_MAX; returns how many. */
static size_t hints_of(const struct tools_run *run, const jdoc *event,
    struct reminders_hint hints[CALENDAR_REMINDERS_MAX], int64_t minutes[CALENDAR_REMINDERS_MAX])
{
    const jdoc *all = jdoc_get(event, "reminder_minutes");
    size_t n = 0;
    for (size_t i = 0; i < jdoc_length(all) && n < CALENDAR_REMINDERS_MAX; i++) {
        int64_t due;
        if (jdoc_int(jdoc_at(all, i), &minutes[n]) != 0
            || calendar_reminders_due(event, minutes[n], &due) != 0 || due < 0)
            continue;
        reminders_event_hint(&hints[n], run->context->uid, jdoc_text_or(event, "id", ""),
            minutes[n], due);
        n++;
    }
    return n;
}

int calendar_reminders_plan(struct tools_run *run, const jdoc *event)
{
    struct reminders_hint hints[CALENDAR_REMINDERS_MAX];
    int64_t minutes[CALENDAR_REMINDERS_MAX];
    size_t count = hints_of(run, event, hints, minutes), coming = 0;
    for (size_t i = 0; i < count; i++)
        if (hints[i].due_ms >= run->context->now_ms)
            hints[coming++] = hints[i];
    return reminders_plan(run->context->store, hints, coming);
}

void calendar_reminders_tidy(struct tools_run *run, const jdoc *old, const jdoc *event)
{
    struct reminders_hint hints[CALENDAR_REMINDERS_MAX];
    int64_t minutes[CALENDAR_REMINDERS_MAX];
    size_t count = hints_of(run, old, hints, minutes);
    for (size_t i = 0; i < count; i++)
        if (event == NULL || !calendar_reminders_has(event, minutes[i], hints[i].due_ms))
            reminders_drop(run->context->store, hints[i].member);
}

_Static_assert(CALENDAR_REMINDERS_MAX <= REMINDERS_BATCH, "planned in one call");
