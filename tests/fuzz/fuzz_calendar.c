/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calendars as files: whatever comes is read or refused; what was read can be counted out, written,
 * and read again with the same events. The first bytes may be a rule alone.
 */
#include "base/arena.h"
#include "base/err.h"
#include "tools/calendar/calendar_event.h"
#include "tools/calendar/calendar_series.h"
#include "tools/calendar/interchange.h"
#include "tools/calendar/recurrence.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_LOOKED_AT 50

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int count(void *arg, const struct calendar_series_start *start)
{
    int *n = arg;
    (void)start;
    return ++*n == 20 ? ERR_LIMIT : 0;
}

/* Returns whether it is one that can be written. */
static bool use(jdoc *event, const struct zone *zone)
{
    char why[RECURRENCE_WHY_SIZE];
    int64_t end_ms;
    int n = 0;
    const struct zone *z = calendar_event_zone(event, zone);
    if (!calendar_series_is(event))
        return true;
    if (calendar_series_settle(event, z, &end_ms, why) != 0)
        return false;
    if (calendar_series_each(event, INT64_C(1700000000000), INT64_C(1) << 52, count, &n) != 0)
        abort();
    return true;
}

static size_t write_all(struct interchange_list *list, const struct zone *zone, struct arena *arena,
    struct buf *out)
{
    struct interchange_writer w = {.arena = arena, .out = out};
    size_t written = 0;
    if (interchange_begin(&w) != 0)
        return 0;
    for (size_t i = 0; i < list->count && i < EVENTS_LOOKED_AT; i++) {
        jdoc *event = list->items[i].event;
        if (!event || !use(event, zone) || jdoc_set_string(event, "id", "x") != 0)
            continue;
        if (interchange_event(&w, event, NULL) != 0)
            abort();
        written++;
    }
    interchange_end(&w);
    return written;
}

static void rule_alone(const uint8_t *data, size_t size, const struct zone *zone)
{
    char text[256], rule[RECURRENCE_SIZE], why[RECURRENCE_WHY_SIZE];
    int64_t first, last;
    size_t n = size < sizeof text - 1 ? size : sizeof text - 1;
    memcpy(text, data, n);
    text[n] = '\0';
    /* Starts of every month and weekday, from 1970 on: the text says which. */
    int64_t start = (int64_t)(size * 7919 % 25000) * 86400 + 32400, moved;
    if (recurrence_check(text, &(struct recurrence_from){start, false, zone}, rule, &first, &last,
            why) != 0)
        return;
    /* The rule in our form, from its own first start, is the same rule. */
    if (recurrence_check(rule, &(struct recurrence_from){first, false, zone}, rule, &moved, &last,
            why) != 0 ||
        moved != first)
        abort();
}

/* What the child that reads says is what it has read. */
static void tell(const struct interchange_list *list, struct arena *arena)
{
    struct interchange_list told = {0};
    struct buf json = {0}, again = {0};

    if (interchange_tell(list, &json) != 0 ||
        interchange_told(buf_text(&json), json.len, arena, &told) != 0 ||
        interchange_tell(&told, &again) != 0 || json.len != again.len ||
        memcmp(buf_text(&json), buf_text(&again), json.len) != 0)
        abort();
    interchange_free(&told);
    buf_free(&json);
    buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct zone *zone;
    struct interchange_list list = {0}, again = {0};
    struct arena *arena = arena_new();
    struct buf out = {0};
    char why[INTERCHANGE_WHY_SIZE] = "";

    if (!arena || zone_get("Australia/Sydney", &zone) != 0)
        abort();
    rule_alone(data, size, zone);
    if (interchange_read((const char *)data, size, zone, arena, &list, why) == 0) {
        tell(&list, arena);
        size_t written = write_all(&list, zone, arena, &out);
        size_t read = 0;
        if (interchange_read(buf_text(&out), out.len, zone, arena, &again, why) != 0)
            abort();
        for (size_t i = 0; i < again.count; i++)
            read += again.items[i].event != NULL;
        if (read != written)
            abort();
    }
    interchange_free(&list);
    interchange_free(&again);
    buf_free(&out);
    arena_free(arena);
    return 0;
}
