/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/calendar/calendar_series.h"

#include "base/err.h"
#include "base/log.h"
#include "tools/calendar/calendar_event.h"
#include "tools/kit/civil.h"
#include "tools/kit/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S 86400

void calendar_series_key(int64_t local_s, bool all_day, char out[CALENDAR_SERIES_KEY_SIZE])
{
    struct civil c;
    civil_from_seconds(local_s, &c);
    unsigned year = (unsigned)c.year % 10000, month = (unsigned)c.month % 100;
    int n = snprintf(out, CALENDAR_SERIES_KEY_SIZE, "%04u-%02u-%02u", year, month,
        (unsigned)c.day % 100);
    if (!all_day)
        snprintf(out + n, CALENDAR_SERIES_KEY_SIZE - (size_t)n, "T%02u:%02u:%02u",
            (unsigned)c.hour % 100, (unsigned)c.minute % 100, (unsigned)c.second % 100);
}

static bool calendar_series_is_all_day(const jdoc *series)
{
    return jdoc_is_true(series, "all_day");
}

bool calendar_series_is_out(const jdoc *series, const char *key)
{
    const jdoc *excluded = jdoc_get(series, "excluded"), *changed = jdoc_get(series, "changed");
    for (size_t i = 0; i < jdoc_length(excluded); i++) {
        const char *text = jdoc_string(jdoc_at(excluded, i), NULL);
        if (text && strcmp(text, key) == 0)
            return true;
    }
    for (size_t i = 0; i < jdoc_length(changed); i++)
        if (strcmp(jdoc_text_or(jdoc_at(changed, i), "occurrence", ""), key) == 0)
            return true;
    return false;
}

/* The text of an entry of either list. */
static const char *calendar_series_key_of(const jdoc *entry)
{
    const char *text = jdoc_string(entry, NULL);
    return text ? text : jdoc_text_or(entry, "occurrence", "");
}

/* The keys of both lists in order, for a walk over many starts. */
struct outs {
    const char *keys[CALENDAR_SERIES_EXCLUDED_MAX + CALENDAR_SERIES_CHANGED_MAX];
    size_t count;
    bool some; /* there are more than may be: the lists themselves are asked */
};

static int calendar_series_outs_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void calendar_series_outs_take(struct outs *o, const jdoc *list)
{
    for (size_t i = 0; i < jdoc_length(list) && !o->some; i++) {
        o->some = o->count == sizeof o->keys / sizeof o->keys[0];
        if (!o->some)
            o->keys[o->count++] = calendar_series_key_of(jdoc_at(list, i));
    }
}

static void calendar_series_outs_read(struct outs *o, const jdoc *series)
{
    o->count = 0;
    o->some = false;
    calendar_series_outs_take(o, jdoc_get(series, "excluded"));
    calendar_series_outs_take(o, jdoc_get(series, "changed"));
    qsort(o->keys, o->count, sizeof o->keys[0], calendar_series_outs_compare);
}

static bool calendar_series_outs_has(const struct outs *o, const jdoc *series, const char *key)
{
    if (o->some)
        return calendar_series_is_out(series, key);
    return bsearch(&key, o->keys, o->count, sizeof o->keys[0], calendar_series_outs_compare) !=
        NULL;
}

/* The list of this name, made when it is not there. */
static jdoc *calendar_series_list_of(jdoc *series, const char *name)
{
    jdoc *list = jdoc_get(series, name);
    if (list)
        return list;
    list = jdoc_new_array();
    return list && jdoc_set(series, name, list) == 0 ? list : NULL;
}

int calendar_series_exclude(jdoc *series, const char *key)
{
    jdoc *list = calendar_series_list_of(series, "excluded");
    if (jdoc_length(list) >= CALENDAR_SERIES_EXCLUDED_MAX)
        return ERR_FULL;
    return list ? jdoc_push(list, jdoc_new_string(key, strlen(key))) : ERR_NOMEM;
}

/* One that the list has is no second one. */
int calendar_series_add(jdoc *series, const char *key)
{
    jdoc *list = calendar_series_list_of(series, "added");
    for (size_t i = 0; i < jdoc_length(list); i++)
        if (strcmp(calendar_series_key_of(jdoc_at(list, i)), key) == 0)
            return 0;
    if (jdoc_length(list) >= CALENDAR_SERIES_ADDED_MAX)
        return ERR_FULL;
    return list ? jdoc_push(list, jdoc_new_string(key, strlen(key))) : ERR_NOMEM;
}

int calendar_series_set_changed(jdoc *series, const char *key, const char *id)
{
    jdoc *list = calendar_series_list_of(series, "changed"), *entry = jdoc_new_object();
    int error = !list || !entry                          ? ERR_NOMEM :
        jdoc_length(list) >= CALENDAR_SERIES_CHANGED_MAX ? ERR_FULL :
                                                           0;
    if (error == 0 &&
        (jdoc_set_string(entry, "occurrence", key) != 0 || jdoc_set_string(entry, "id", id) != 0))
        error = ERR_NOMEM;
    if (error == 0)
        return jdoc_push(list, entry);
    jdoc_free(entry);
    return error;
}

/* --- occurrences --- */

static int64_t calendar_series_local_of(int64_t ms, const struct zone *z)
{
    struct zone_offset offset;
    int64_t s = ms / 1000 - (ms % 1000 < 0);
    zone_at(z, s, &offset);
    return s + offset.seconds;
}

static int calendar_series_open_series(const jdoc *series, int64_t from_ms, int64_t to_ms,
    const struct zone **z, struct recurrence **out)
{
    const char *rule = jdoc_string(jdoc_get(series, "repeat"), NULL);
    if (!rule || zone_get(jdoc_text_or(series, "timezone", ""), z) != 0)
        return ERR_INVALID;
    struct civil last = {0};
    int64_t last_s = civil_parse(jdoc_text_or(series, "last_occurrence", ""), &last) == 0 ?
        civil_seconds(&last) :
        INT64_MAX;
    /* A day early: where the clocks change, local order and instants differ by an hour or so. */
    int64_t start = calendar_event_local(series),
            from = calendar_series_local_of(from_ms, *z) - DAY_S;
    int error = recurrence_open(out, rule, start, *z, from, last_s);
    if (error == 0 &&
        to_ms < RECORD_FOREVER) /* of a rare rule the next start may be centuries away */
        recurrence_stop(*out, calendar_series_local_of(to_ms, *z) + DAY_S);
    return error;
}

/* One start: given to fn when it lies in the period and is not left out. */
static int calendar_series_tell(const jdoc *series, const struct outs *outs,
    const struct calendar_series_start *start, int64_t from_ms, calendar_series_fn *fn, void *arg)
{
    char key[CALENDAR_SERIES_KEY_SIZE];

    calendar_series_key(start->local_s, calendar_series_is_all_day(series), key);
    if (start->ms < from_ms || calendar_series_outs_has(outs, series, key))
        return 0;
    return fn(arg, start);
}

/* The starts that stand beside the rule, in order. */
struct added {
    int64_t local_s[CALENDAR_SERIES_ADDED_MAX];
    size_t count, at;
};

static int calendar_series_compare(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void calendar_series_added_read(struct added *out, const jdoc *series)
{
    const jdoc *list = jdoc_get(series, "added");
    struct civil c;
    out->count = out->at = 0;
    for (size_t i = 0; i < jdoc_length(list) && out->count < CALENDAR_SERIES_ADDED_MAX; i++)
        if (civil_parse(calendar_series_key_of(jdoc_at(list, i)), &c) == 0)
            out->local_s[out->count++] = civil_seconds(&c);
    qsort(out->local_s, out->count, sizeof out->local_s[0], calendar_series_compare);
}

/* The next start of either, once each. Returns false at the end. */
static bool calendar_series_step(struct recurrence *r, struct added *added, int64_t *rule_s,
    bool *has_rule, int64_t *local_s)
{
    bool more = added->at < added->count;
    if (!*has_rule && !more)
        return false;
    *local_s = *has_rule && (!more || *rule_s <= added->local_s[added->at]) ?
        *rule_s :
        added->local_s[added->at];
    added->at += more && added->local_s[added->at] == *local_s;
    if (*has_rule && *rule_s == *local_s)
        *has_rule = recurrence_next(r, rule_s);
    return true;
}

/* A stored rule that is none by today's reading: the event is still there, on its own day. */
static int calendar_series_only(const jdoc *series, const struct outs *outs, int64_t from_ms,
    int64_t to_ms, calendar_series_fn *fn, void *arg)
{
    struct calendar_series_start start = {.local_s = calendar_event_local(series)};
    struct calendar_span s;

    log_limited(LOG_LEVEL_WARN, "event %s: its rule cannot be read",
        jdoc_text_or(series, "id", ""));
    calendar_event_span(series, &s);
    start.ms = s.start.ms;
    return start.ms > to_ms ? 0 : calendar_series_tell(series, outs, &start, from_ms, fn, arg);
}

int calendar_series_each(const jdoc *series, int64_t from_ms, int64_t to_ms, calendar_series_fn *fn,
    void *arg)
{
    const struct zone *z;
    struct recurrence *r;
    struct calendar_series_start start;
    struct outs outs;
    struct added added;
    int64_t rule_s = 0;
    int error = calendar_series_open_series(series, from_ms, to_ms, &z, &r);

    calendar_series_outs_read(&outs, series);
    if (error == ERR_INVALID && calendar_series_is(series)) {
        error = calendar_series_only(series, &outs, from_ms, to_ms, fn, arg);
        return error == ERR_LIMIT ? 0 : error;
    }
    if (error != 0)
        return error;
    calendar_series_added_read(&added, series);
    bool has_rule = recurrence_next(r, &rule_s);
    while (error == 0 && calendar_series_step(r, &added, &rule_s, &has_rule, &start.local_s)) {
        zone_to_utc(z, start.local_s, &start.ms);
        start.ms *= 1000;
        if (start.ms > to_ms)
            break;
        error = calendar_series_tell(series, &outs, &start, from_ms, fn, arg);
    }
    recurrence_close(r);
    return error == ERR_LIMIT ? 0 : error;
}

struct look {
    int64_t local_s;
    bool found;
};

static int calendar_series_look_at(void *arg, const struct calendar_series_start *start)
{
    struct look *l = arg;
    l->found |= start->local_s == l->local_s;
    return l->found ? ERR_LIMIT : 0;
}

bool calendar_series_has(const jdoc *series, int64_t local_s)
{
    const struct zone *z;
    int64_t utc_s;
    struct look l = {.local_s = local_s};
    if (zone_get(jdoc_text_or(series, "timezone", ""), &z) != 0)
        return false;
    zone_to_utc(z, local_s, &utc_s);
    return calendar_series_each(series, utc_s * 1000, utc_s * 1000, calendar_series_look_at, &l) ==
        0 &&
        l.found;
}

int64_t calendar_series_begin(const jdoc *series)
{
    const struct zone *z;
    struct calendar_span s;
    struct added added;
    int64_t utc_s;
    calendar_event_span(series, &s);
    calendar_series_added_read(&added, series);
    if (added.count == 0 || zone_get(jdoc_text_or(series, "timezone", ""), &z) != 0)
        return s.start.ms;
    zone_to_utc(z, added.local_s[0], &utc_s);
    return utc_s * 1000 < s.start.ms ? utc_s * 1000 : s.start.ms;
}

int64_t calendar_series_end(const jdoc *series, int64_t start_ms)
{
    const struct zone *z;
    struct calendar_span s;
    calendar_event_span(series, &s);
    if (s.end_ms < 0)
        return -1;
    if (s.all_day && zone_get(jdoc_text_or(series, "timezone", ""), &z) == 0)
        return timestamp_day(start_ms, timestamp_days(s.start.ms, s.end_ms - 1, z), z);
    return start_ms + (s.end_ms - s.start.ms);
}

/* A copy without what belongs to the series alone: its lists may be long. NULL on no memory. */
static jdoc *calendar_series_copy_of_one(const jdoc *series)
{
    static const char *const left_out[] = {"excluded", "changed", "added", "file_name",
        "last_occurrence"};
    struct jdoc_iter it = {0};
    jdoc *event = jdoc_new_object(), *value;
    const char *key;
    int error = event ? 0 : ERR_NOMEM;
    while (error == 0 && jdoc_next(series, &it, &key, &value)) {
        bool skip = false;
        for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
            skip |= strcmp(key, left_out[i]) == 0;
        if (!skip)
            error = value ? jdoc_set(event, key, jdoc_dup(value)) : jdoc_set_null(event, key);
    }
    if (error == 0)
        return event;
    jdoc_free(event);
    return NULL;
}

jdoc *calendar_series_occurrence(const jdoc *series, const struct calendar_series_start *start)
{
    const struct zone *z;
    char key[CALENDAR_SERIES_KEY_SIZE];
    struct calendar_span s;
    jdoc *event = calendar_series_copy_of_one(series);
    calendar_event_span(series, &s);
    s.start.ms = start->ms;
    s.end_ms = calendar_series_end(series, start->ms);
    calendar_series_key(start->local_s, s.all_day, key);
    if (!event)
        return NULL;
    if (zone_get(jdoc_text_or(series, "timezone", ""), &z) == 0 &&
        calendar_event_set_times(event, &s, z) == 0 &&
        jdoc_set_string(event, "occurrence", key) == 0)
        return event;
    jdoc_free(event);
    return NULL;
}

/* --- writing --- */

int calendar_series_settle(jdoc *series, const struct zone *z, int64_t *end_ms,
    char why[RECURRENCE_WHY_SIZE])
{
    char rule[RECURRENCE_SIZE];
    int64_t first, last, utc_s, start = calendar_event_local(series);
    struct calendar_span s;
    calendar_event_span(series, &s);
    const struct recurrence_from from = {start, s.all_day, z};
    int error =
        recurrence_check(jdoc_text_or(series, "repeat", ""), &from, rule, &first, &last, why);
    if (error != 0)
        return error;
    zone_to_utc(z, first, &utc_s);
    s.end_ms = first != start ? calendar_series_end(series, utc_s * 1000) : s.end_ms;
    s.start.ms = utc_s * 1000;
    if (first != start && (error = calendar_event_set_times(series, &s, z)) != 0)
        return error;
    *end_ms = RECORD_FOREVER;
    jdoc_remove(series, "last_occurrence");
    if (strstr(rule, "COUNT=")) {
        char key[CALENDAR_SERIES_KEY_SIZE];
        calendar_series_key(last, s.all_day, key);
        if (jdoc_set_string(series, "last_occurrence", key) != 0)
            return ERR_NOMEM;
    }
    if (last != INT64_MAX) {
        zone_to_utc(z, last, &utc_s);
        int64_t end = calendar_series_end(series, utc_s * 1000);
        *end_ms = end >= 0 ? end : utc_s * 1000;
    }
    struct added added;
    calendar_series_added_read(&added, series);
    if (added.count > 0 && *end_ms < RECORD_FOREVER) {
        zone_to_utc(z, added.local_s[added.count - 1], &utc_s);
        int64_t end = calendar_series_end(series, utc_s * 1000);
        end = end >= 0 ? end : utc_s * 1000;
        *end_ms = end > *end_ms ? end : *end_ms;
    }
    return jdoc_set_string(series, "repeat", rule);
}

static int64_t calendar_series_key_seconds(const char *key)
{
    struct civil c = {0};
    return civil_parse(key, &c) == 0 ? civil_seconds(&c) : INT64_MIN;
}

/* Makes the list anew of the entries that stay, moved. */
static int calendar_series_rewrite(jdoc *series, const char *name, int64_t from_s, int64_t to_s,
    int64_t by_s)
{
    const jdoc *old = jdoc_get(series, name);
    bool all_day = calendar_series_is_all_day(series);
    jdoc *list = jdoc_new_array();
    int error = list ? 0 : ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < jdoc_length(old); i++) {
        int64_t s = calendar_series_key_seconds(calendar_series_key_of(jdoc_at(old, i)));
        char key[CALENDAR_SERIES_KEY_SIZE];
        if (s == INT64_MIN || s < from_s || s >= to_s)
            continue;
        calendar_series_key(s + by_s, all_day, key);
        jdoc *entry = jdoc_string(jdoc_at(old, i), NULL) ? jdoc_new_string(key, strlen(key)) :
                                                           jdoc_dup(jdoc_at(old, i));
        if (jdoc_type(entry) == JDOC_OBJECT)
            error = jdoc_set_string(entry, "occurrence", key);
        if (!entry)
            error = ERR_NOMEM;
        else if (error == 0)
            error = jdoc_push(list, entry);
        else
            jdoc_free(entry);
    }
    bool empty = jdoc_length(list) == 0;
    if (error != 0 || empty)
        jdoc_free(list);
    if (error == 0 && empty)
        jdoc_remove(series, name);
    return error == 0 && !empty ? jdoc_set(series, name, list) : error;
}

int calendar_series_shift(jdoc *series, int64_t by_s)
{
    int error = calendar_series_rewrite(series, "excluded", INT64_MIN, INT64_MAX, by_s);
    if (error == 0)
        error = calendar_series_rewrite(series, "added", INT64_MIN, INT64_MAX, by_s);
    return error == 0 ? calendar_series_rewrite(series, "changed", INT64_MIN, INT64_MAX, by_s) :
                        error;
}

int calendar_series_keep(jdoc *series, int64_t local_s, bool later)
{
    int64_t from = later ? local_s : INT64_MIN, to = later ? INT64_MAX : local_s;
    int error = calendar_series_rewrite(series, "excluded", from, to, 0);
    if (error == 0)
        error = calendar_series_rewrite(series, "added", from, to, 0);
    return error == 0 ? calendar_series_rewrite(series, "changed", from, to, 0) : error;
}
