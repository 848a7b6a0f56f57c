/* SPDX-License-Identifier: BSD-2-Clause */
/* calendar_feed: from a file to parts of events. In a child process: nothing is freed. */
#include "tools/calendar/calendar_feed.h"

#include "base/clock.h"
#include "tools/calendar/calendar_event.h"
#include "tools/calendar/calendar_file_parts.h"
#include "tools/calendar/calendar_series.h"
#include "tools/kit/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PART_BYTES 32768
#define DAY_MS INT64_C(86400000)
#define WHY_SIZE INTERCHANGE_WHY_SIZE

/* An event that is taken in. */
struct feed_event {
    int64_t from_ms, until_ms; /* until_ms: the end of the last occurrence */
    bool repeats;
    const char *json;
};

struct feed_reading {
    const struct module_feed_ask *ask;
    struct arena *arena;
    struct interchange_list list;
    bool *done;
    struct feed_event *events;
    size_t count, left;
};

/* ---- how often the file wants to be fetched ---- */

/* A duration such as PT12H or P1D; 0 when it is none. */
static int64_t calendar_feed_duration(const char *text, size_t len)
{
    static const struct {
        char unit;
        int64_t ms;
    } units[] = {{'W', 7 * DAY_MS}, {'D', DAY_MS}, {'H', 3600000}, {'M', 60000}, {'S', 1000}};
    int64_t all = 0, number = 0;

    for (size_t i = 0; i < len; i++) {
        if (text[i] >= '0' && text[i] <= '9') {
            number = number < 1000000 ? number * 10 + (text[i] - '0') : number;
            continue;
        }
        for (size_t k = 0; k < sizeof units / sizeof *units; k++)
            if (text[i] == units[k].unit)
                all += number * units[k].ms;
        number = 0;
    }
    return all;
}

static int64_t calendar_feed_wait(const char *in, size_t len)
{
    static const char *const names[] = {"REFRESH-INTERVAL", "X-PUBLISHED-TTL"};
    const char *end = in + len;

    for (const char *line = in; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        size_t n = (size_t)((stop ? stop : end) - line);

        for (size_t i = 0; i < 2; i++) {
            size_t name = strlen(names[i]);
            const char *value = n > name ? memchr(line, ':', n) : NULL;

            if (value && strncasecmp(line, names[i], name) == 0 &&
                (line[name] == ':' || line[name] == ';'))
                return calendar_feed_duration(value + 1, n - (size_t)(value + 1 - line));
        }
        if (n > 12 && strncasecmp(line, "BEGIN:VEVENT", 12) == 0)
            break; /* it belongs to the calendar, which has come to its events */
        line = stop ? stop + 1 : end;
    }
    return 0;
}

/* ---- events ---- */

static const char *calendar_feed_id(const struct feed_reading *f, const char *uid, const char *key)
{
    char digest[IDENT_SHA256_SIZE];
    const char *text = arena_printf(f->arena, "%s\n%s", uid, key);

    if (!text)
        return NULL;
    ident_sha256_hex(text, strlen(text), digest);
    return arena_printf(f->arena, "sub_%s_%.22s", f->ask->id, digest);
}

/* None of them rings: a file of somebody else must not wake the user. */
static int calendar_feed_stamp(const struct feed_reading *f, jdoc *event, const char *id,
    const char *uid)
{
    char now[CLOCK_RFC3339_SIZE];

    calendar_event_strip(event);
    clock_rfc3339(f->ask->now_ms, now);
    int failed = jdoc_set_string(event, "id", id) | jdoc_set_string(event, "uid", uid) |
        jdoc_set_string(event, "event_type", "personal") |
        calendar_event_set_reminders(event, NULL);
    if (!jdoc_get(event, "updated_at"))
        failed |= jdoc_set_string(event, "updated_at", now);
    if (!jdoc_get(event, "created_at"))
        failed |= jdoc_set_string(event, "created_at", now);
    return failed ? ERR_NOMEM : 0;
}

static int calendar_feed_keep(struct feed_reading *f, const jdoc *event, int64_t from_ms,
    int64_t until_ms)
{
    struct buf text = {0};
    bool repeats = calendar_series_is(event);

    if (until_ms < f->ask->now_ms - CALENDAR_FEED_PAST_DAYS * DAY_MS)
        return 0; /* long over */
    jdoc_write(event, &text);
    if (buf_error(&text))
        return ERR_NOMEM;
    f->events[f->count] = (struct feed_event){.from_ms = from_ms,
        .until_ms = until_ms,
        .repeats = repeats,
        .json = arena_memdup(f->arena, buf_text(&text), text.len)};
    buf_free(&text);
    return f->events[f->count++].json ? 0 : ERR_NOMEM;
}

static int calendar_feed_take_single(struct feed_reading *f, jdoc *event)
{
    struct calendar_span span;

    calendar_event_span(event, &span);
    return calendar_feed_keep(f, event, span.start.ms,
        span.end_ms > span.start.ms ? span.end_ms : span.start.ms + 1);
}

/* A changed occurrence: out of the series, and an event of its own. */
static int calendar_feed_take_override(struct feed_reading *f, jdoc *series,
    struct interchange_item *item)
{
    char key[CALENDAR_SERIES_KEY_SIZE];
    struct calendar_span span;
    int64_t local_s = calendar_file_occurrence(item, series);

    calendar_event_span(series, &span);
    calendar_series_key(local_s, span.all_day, key);
    if (!calendar_series_has(series, local_s)) {
        f->left += !calendar_series_is_out(series, key);
        return 0;
    }
    if (item->cancelled)
        return calendar_series_exclude(series, key);
    const char *id = calendar_feed_id(f, item->uid, key);
    if (!id)
        return ERR_NOMEM;
    int error = calendar_series_set_changed(series, key, id);
    jdoc_remove(item->event, "repeat");
    if (!error)
        error = calendar_feed_stamp(f, item->event, id, item->uid);
    if (!error)
        error = jdoc_set_string(item->event, "series_id", jdoc_text_or(series, "id", ""));
    if (!error)
        error = jdoc_set_string(item->event, "occurrence", key);
    return error ? error : calendar_feed_take_single(f, item->event);
}

static int calendar_feed_take_series(struct feed_reading *f, struct interchange_item *item)
{
    char why[RECURRENCE_WHY_SIZE] = "";
    const struct zone *z;
    int64_t end_ms = 0;
    int error = zone_get(jdoc_text_or(item->event, "timezone", ""), &z);

    if (!error)
        error = calendar_series_settle(item->event, z, &end_ms, why);
    if (error == ERR_INVALID || error == ERR_NOT_FOUND) {
        f->left++;
        return 0;
    }
    for (size_t i = 0; !error && i < f->list.count; i++) {
        struct interchange_item *other = &f->list.items[i];

        if (f->done[i] || other->wrong || !other->is_override || strcmp(other->uid, item->uid) != 0)
            continue;
        f->done[i] = true;
        error = calendar_feed_take_override(f, item->event, other);
        if (error == ERR_FULL) {
            f->left++;
            error = 0;
        }
    }
    return error ? error :
                   calendar_feed_keep(f, item->event, calendar_series_begin(item->event), end_ms);
}

static int calendar_feed_take(struct feed_reading *f, struct interchange_item *item)
{
    /* Some programs leave the UID out; then the event's own words are its name. */
    const char *uid = *item->uid ? item->uid :
                                   arena_printf(f->arena, "%s %s", item->component,
                                       jdoc_text_or(item->event, "start_date", ""));
    const char *id = uid ? calendar_feed_id(f, uid, "") : NULL;
    int error = id ? calendar_feed_stamp(f, item->event, id, uid) : ERR_NOMEM;

    if (error || item->cancelled)
        return error;
    return calendar_series_is(item->event) ? calendar_feed_take_series(f, item) :
                                             calendar_feed_take_single(f, item->event);
}

/* Series first, each with what belongs to it; an occurrence whose series is not there is left. */
static int calendar_feed_take_all(struct feed_reading *f)
{
    int error = 0;

    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; !error && i < f->list.count; i++) {
            struct interchange_item *item = &f->list.items[i];

            if (f->done[i] || (pass == 0 && item->is_override))
                continue;
            f->done[i] = true;
            if (item->wrong || item->is_override)
                f->left += strcmp(item->component, "VEVENT") == 0;
            else
                error = calendar_feed_take(f, item);
        }
    return error;
}

/* ---- parts ---- */

/* Those with one time by their start; those that repeat behind them. */
static int calendar_feed_compare(const void *a, const void *b)
{
    const struct feed_event *x = a, *y = b;

    if (x->repeats != y->repeats)
        return x->repeats ? 1 : -1;
    return x->from_ms < y->from_ms ? -1 : x->from_ms > y->from_ms;
}

static void calendar_feed_put_parts(struct feed_reading *f, struct buf *out)
{
    for (size_t i = 0; i < f->count;) {
        const struct feed_event *first = &f->events[i];
        int64_t from = first->from_ms, until = first->until_ms;
        size_t end = i, bytes = 0;

        while (end < f->count && f->events[end].repeats == first->repeats &&
            (end == i || bytes + strlen(f->events[end].json) < PART_BYTES)) {
            bytes += strlen(f->events[end].json);
            if (f->events[end].from_ms < from)
                from = f->events[end].from_ms;
            if (f->events[end].until_ms > until)
                until = f->events[end].until_ms;
            end++;
        }
        buf_printf(out, "%" PRId64 " %" PRId64 " [", from, until);
        for (; i < end; i++) {
            buf_puts(out, f->events[i].json);
            buf_putc(out, i + 1 < end ? ',' : ']');
        }
        buf_putc(out, '\n');
    }
}

static int calendar_feed_answer(struct feed_reading *f, const char *in, size_t len, struct buf *out)
{
    if (f->count > CALENDAR_FEED_EVENTS_MAX) {
        buf_printf(out, "!It has %zu events that are not long over; %d are taken.", f->count,
            CALENDAR_FEED_EVENTS_MAX);
        return buf_error(out);
    }
    qsort(f->events, f->count, sizeof *f->events, calendar_feed_compare);
    buf_printf(out, "%" PRId64 " %zu %zu\n", calendar_feed_wait(in, len), f->count, f->left);
    calendar_feed_put_parts(f, out);
    return buf_error(out);
}

int calendar_feed_read(void *arg, const char *in, size_t len, struct buf *out)
{
    const struct module_feed_ask *ask = arg;
    struct feed_reading f = {.ask = ask, .arena = arena_new()};
    char why[WHY_SIZE] = "";
    const struct zone *z;
    int error = !f.arena ? ERR_NOMEM : zone_get(ask->zone, &z) ? zone_get("UTC", &z) : 0;

    if (!error)
        error = interchange_read_most(in, len,
            &(struct interchange_how){z, CALENDAR_FEED_COMPONENTS_MAX}, f.arena, &f.list, why);
    if (error == ERR_INVALID || error == ERR_LIMIT) {
        buf_printf(out, "!%s", why);
        error = buf_error(out);
    } else if (!error) {
        f.done = arena_array(f.arena, f.list.count + 1, sizeof *f.done);
        f.events = arena_array(f.arena, f.list.count + 1, sizeof *f.events);
        error = f.done && f.events ? calendar_feed_take_all(&f) : ERR_NOMEM;
        if (!error)
            error = calendar_feed_answer(&f, in, len, out);
    }
    interchange_free(&f.list);
    if (f.arena)
        arena_free(f.arena);
    return error;
}
