/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/housekeeper/reminders_words.h"

#include "base/clock.h"
#include "base/err.h"

#include <inttypes.h>
#include <string.h>

#define LATE_MS 5000 /* due longer ago than this: said to be late */

static void reminders_words_put_text(struct buf *b, const char *name, const char *text)
{
    if (text[0] == '\0')
        return;
    buf_printf(b, ",\"%s\":", name);
    buf_json_string(b, text, strlen(text));
}

static void reminders_words_put_members(struct buf *b, const jdoc *record, const char *const *names)
{
    for (; *names; names++)
        reminders_words_put_text(b, *names, jdoc_text_or(record, *names, ""));
}

void reminders_words_when(struct buf *b, int64_t due_ms, int64_t now_ms)
{
    char fired[CLOCK_RFC3339_SIZE];
    int64_t late = now_ms > due_ms ? now_ms - due_ms : 0;

    clock_rfc3339(now_ms, fired);
    buf_printf(b, "\"fired_at\":\"%s\",\"late\":%s,\"late_ms\":%" PRId64 ",", fired,
        late >= LATE_MS ? "true" : "false", late);
}

void reminders_words_timer(struct buf *b, const jdoc *timer)
{
    static const char *const names[] = {"label", "due_at", "timezone", NULL};
    const char *label = jdoc_text_or(timer, "label", "");
    bool alarm = strcmp(jdoc_text_or(timer, "type", ""), "alarm") == 0;

    buf_puts(b, "{\"type\":\"timer_expired\"");
    reminders_words_put_text(b, "timer_id", jdoc_text_or(timer, "id", ""));
    reminders_words_put_text(b, "timer_type", alarm ? "alarm" : "timer");
    reminders_words_put_members(b, timer, names);
    buf_printf(b, ",\"message\":\"%s: ", alarm ? "Alarm" : "Time is up");
    buf_json_escaped(b, label, strlen(label));
    buf_puts(b, "\"}");
}

/* Those of a whole day are counted from `hour` of it, and speak of days. */
static void reminders_words_put_ahead(struct buf *b, int64_t minutes, bool all_day, int hour)
{
    const int64_t before = minutes - hour * 60, day = 1440;

    if (all_day)
        minutes = before > 0 ? (before + day - 1) / day * day : 0;
    if (minutes == 0 && all_day)
        buf_puts(b, "today");
    else if (minutes == 0)
        buf_puts(b, "now");
    else if (minutes % 1440 == 0)
        buf_printf(b, "in %" PRId64 " day%s", minutes / 1440, minutes == 1440 ? "" : "s");
    else if (minutes % 60 == 0)
        buf_printf(b, "in %" PRId64 " hour%s", minutes / 60, minutes == 60 ? "" : "s");
    else
        buf_printf(b, "in %" PRId64 " minute%s", minutes, minutes == 1 ? "" : "s");
}

void reminders_words_event(struct buf *b, const jdoc *event, int64_t minutes, int hour)
{
    static const char *const names[] = {"title", "start_date", "end_date", "occurrence", "timezone",
        "event_type", "location_name", NULL};
    const char *title = jdoc_text_or(event, "title", "");
    bool all_day = false;

    jdoc_get_bool(event, "all_day", &all_day);
    buf_puts(b, "{\"type\":\"reminder\"");
    reminders_words_put_text(b, "event_id", jdoc_text_or(event, "id", ""));
    reminders_words_put_members(b, event, names);
    buf_printf(b, ",\"all_day\":%s,\"minutes_before\":%" PRId64 ",\"message\":\"",
        all_day ? "true" : "false", minutes);
    buf_json_escaped(b, title, strlen(title));
    buf_puts(b, ": ");
    reminders_words_put_ahead(b, minutes, all_day, hour);
    buf_puts(b, "\"}");
}

int reminders_words_alarm(struct buf *b, const struct reminders_due *due, jdoc *said)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;

    if (!said)
        return ERR_NOMEM;
    buf_puts(b, "{\"type\":\"reminder\"");
    reminders_words_put_text(b, "family", due->family);
    reminders_words_put_text(b, "record_id", due->id);
    while (jdoc_next(said, &it, &key, &value)) {
        buf_printf(b, ",\"%s\":", key);
        jdoc_write(value, b);
    }
    buf_puts(b, ",\"all_day\":false,\"minutes_before\":0}");
    jdoc_free(said);
    return buf_error(b);
}
