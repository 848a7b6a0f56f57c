/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/calendar/calendar_rings.h"

#include "base/buf.h"
#include "base/err.h"
#include "tools/calendar/calendar_event.h"
#include "tools/calendar/calendar_reminders.h"
#include "tools/calendar/calendar_series.h"
#include "tools/kit/timestamp.h"

#include <stdlib.h>
#include <string.h>

/* The reminders of one event: those to come in order of time, and the last that is past. */
struct rings {
    int64_t coming[CALENDAR_REMINDERS_MAX], past_ms;
    size_t count, past;
};

static int calendar_rings_compare(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void calendar_rings_look(const jdoc *event, int64_t now_ms, struct rings *out)
{
    int64_t minutes[CALENDAR_REMINDERS_MAX], due;
    size_t count = calendar_reminders_minutes(event, minutes);
    bool repeats = calendar_series_is(event);

    *out = (struct rings){.past_ms = INT64_MIN};
    for (size_t i = 0; i < count; i++) {
        int error = repeats ? calendar_reminders_next(event, minutes[i], now_ms - 1, &due) :
                              calendar_reminders_due(event, minutes[i], &due);
        if (!error && due >= now_ms) {
            out->coming[out->count++] = due;
        } else {
            out->past++;
            out->past_ms = !error && due > out->past_ms ? due : out->past_ms;
        }
    }
    qsort(out->coming, out->count, sizeof *out->coming, calendar_rings_compare);
}

static void calendar_rings_put_time(struct buf *b, int64_t ms, const struct zone *z)
{
    char when[TIMESTAMP_TEXT_SIZE];

    timestamp_text(ms, z, true, when);
    buf_puts(b, when);
}

static void calendar_rings_put_sentence(struct buf *b, const struct rings *r, const jdoc *event,
    const struct zone *z)
{
    bool repeats = calendar_series_is(event);
    bool is_cancelled = strcmp(jdoc_text_or(event, "status", ""), "cancelled") == 0;

    if (is_cancelled) {
        buf_puts(b, " It is cancelled: it will not ring.");
        return;
    }
    if (!r->count && !r->past) {
        buf_puts(b, " No reminder is set: it will not ring.");
        return;
    }
    if (r->count)
        buf_puts(b, repeats ? " It rings next on " : " It rings on ");
    for (size_t i = 0; i < r->count; i++) {
        buf_puts(b, !i ? "" : i + 1 < r->count ? "; " : " and on ");
        calendar_rings_put_time(b, r->coming[i], z);
    }
    if (r->count)
        buf_puts(b, ".");
    if (!r->past)
        return;
    buf_puts(b,
        r->count ? " Of its other reminders the time is past" :
                   " It will not ring: the time of its reminder is past");
    if (r->past_ms != INT64_MIN) {
        buf_puts(b, " (");
        calendar_rings_put_time(b, r->past_ms, z);
        buf_putc(b, ')');
    }
    buf_putc(b, '.');
}

static jdoc *calendar_rings_times_of(const struct rings *r, const struct zone *z)
{
    jdoc *list = jdoc_new_array();
    int error = list ? 0 : ERR_NOMEM;

    for (size_t i = 0; !error && i < r->count; i++) {
        char when[TIMESTAMP_SIZE];
        timestamp_format(r->coming[i], z, when);
        error = jdoc_push(list, jdoc_new_string(when, strlen(when)));
    }
    if (!error)
        return list;
    jdoc_free(list);
    return NULL;
}

int calendar_rings_answer(struct tools_run *run, const char *text, jdoc *event, const char *note,
    const struct zone *z)
{
    struct buf message = {0};
    struct rings rings;
    jdoc *times = NULL;
    int error = text && event ? 0 : ERR_NOMEM;

    if (!error) {
        calendar_rings_look(event, run->context->now_ms, &rings);
        buf_puts(&message, text);
        calendar_rings_put_sentence(&message, &rings, event, z);
        times = calendar_rings_times_of(&rings, z);
        if (!times || buf_error(&message) || !run_succeed(run, "%s", buf_text(&message)))
            error = ERR_NOMEM;
    }
    buf_free(&message);
    if (error) {
        jdoc_free(times);
        jdoc_free(event);
        return error;
    }
    error = jdoc_set(run->result, "rings_at", times);
    if (!error)
        return calendar_event_answer(run, event, note);
    jdoc_free(event);
    return error;
}
