/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/measure.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/shared.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEASURE_WORDS (MEASURE_VALUE_SIZE / 8)
#define MEASURE_TABLE_SIZE 4096 /* a power of two */
#define MEASURE_STAMPS 4096     /* the same */

/*
 * key is the hash of family and labels; 0 = free. Whoever finds a row that is not yet named writes
 * the labels: all write the same, so it does not matter how many do, or which of them dies.
 */
struct measure_row {
    atomic_ullong key;
    atomic_int family;
    atomic_bool named;
    atomic_ullong label[MEASURE_LABELS][MEASURE_WORDS];
    atomic_llong value; /* a histogram: sum */
    atomic_ullong bucket[MEASURE_BUCKETS];
};
struct measure_stamp {
    atomic_ullong event; /* hash of its id */
    atomic_llong us;     /* monotonic */
};
struct measure_memory {
    struct measure_stamp stamps[MEASURE_STAMPS];
    int64_t begun;
    atomic_uint claimed[MEASURE_FAMILIES];
    struct measure_row rows[MEASURE_TABLE_SIZE];
};

#define MEASURE_ROWS_(id, kind, name, unit, label1, label2, rows, help) +(rows) + 1
_Static_assert(2 * (0 MEASURE_TABLE(MEASURE_ROWS_)) < MEASURE_TABLE_SIZE,
    "the table stays half empty");
#undef MEASURE_ROWS_

static struct measure_memory *measure_memory;

#define MEASURE_INFO_(id, kind, name, unit, label1, label2, rows, help) \
    [id] = {kind, name, unit, {label1, label2}, rows, help},
static const struct measure_info measure_infos[MEASURE_FAMILIES] = {MEASURE_TABLE(MEASURE_INFO_)};
#undef MEASURE_INFO_

#define MS 1000LL
#define S 1000000LL
static const int64_t measure_bounds_work[] = {1 * MS, 5 * MS / 2, 5 * MS, 10 * MS, 25 * MS, 50 * MS,
    100 * MS, 250 * MS, 500 * MS, 1 * S, 2 * S, 3 * S, 5 * S, 10 * S, 20 * S, 30 * S, 60 * S,
    120 * S};
static const int64_t measure_bounds_fast[] = {100, 250, 500, 1 * MS, 5 * MS / 2, 5 * MS, 10 * MS,
    25 * MS, 50 * MS, 100 * MS, 250 * MS, 500 * MS, 1 * S, 5 * S / 2, 5 * S, 10 * S, 30 * S};
static const int64_t measure_bounds_late[] = {100 * MS, 250 * MS, 500 * MS, 1 * S, 2 * S, 5 * S,
    10 * S, 30 * S, 60 * S, 300 * S, 900 * S, 3600 * S, 6 * 3600 * S};

const struct measure_info *measure_info(enum measure_family family)
{
    return &measure_infos[family];
}

const int64_t *measure_bounds(enum measure_family family, size_t *count)
{
    switch (family) {
    case MEASURE_REDIS_TIME:
    case MEASURE_LOOP_LAG:
    case MEASURE_STREAM_LAG:
        *count = sizeof measure_bounds_fast / sizeof measure_bounds_fast[0];
        return measure_bounds_fast;
    case MEASURE_REMINDER_LATE:
        *count = sizeof measure_bounds_late / sizeof measure_bounds_late[0];
        return measure_bounds_late;
    default:
        *count = sizeof measure_bounds_work / sizeof measure_bounds_work[0];
        return measure_bounds_work;
    }
}

static void measure_log_line(enum log_level level, bool written);

int measure_open(void)
{
    if (measure_memory)
        return 0;
    void *memory = shared_new(sizeof *measure_memory);
    if (!memory)
        return ERR_NOMEM;
    measure_memory = memory;
    log_count(measure_log_line);
    measure_memory->begun = clock_real_ms() * 1000 + getpid() % 1000;
    return 0;
}

int64_t measure_begun(void)
{
    return measure_memory ? measure_memory->begun : 0;
}

void measure_close(void)
{
    log_count(NULL);
    shared_free(measure_memory);
    measure_memory = NULL;
}

/* --- rows --- */

union measure_text {
    char text[MEASURE_VALUE_SIZE];
    unsigned long long word[MEASURE_WORDS];
};

/* The rest stays 0, so that equal labels have equal words. */
static void measure_clean(union measure_text *out, const char *value)
{
    *out = (union measure_text){0};
    if (!value || value[0] == '\0')
        value = "unknown";
    for (size_t i = 0; i < MEASURE_VALUE_SIZE - 1 && value[i] != '\0'; i++)
        out->text[i] = value[i] >= ' ' && value[i] <= '~' ? value[i] : '_';
}

/* FNV-1a over words, and a mix, as the table takes the lowest bits. Never 0. */
static unsigned long long measure_hash(enum measure_family family, const union measure_text *labels)
{
    unsigned long long hash = 14695981039346656037ULL ^ (unsigned)family;
    for (size_t i = 0; i < MEASURE_LABELS; i++)
        for (size_t w = 0; w < MEASURE_WORDS; w++) {
            hash = (hash ^ labels[i].word[w]) * 1099511628211ULL;
            hash ^= hash >> 29;
        }
    return hash == 0 ? 1 : hash;
}

static void measure_name(struct measure_row *row, enum measure_family family,
    const union measure_text *labels)
{
    for (size_t i = 0; i < MEASURE_LABELS; i++)
        for (size_t w = 0; w < MEASURE_WORDS; w++)
            atomic_store_explicit(&row->label[i][w], labels[i].word[w], memory_order_relaxed);
    atomic_store_explicit(&row->family, (int)family, memory_order_relaxed);
    atomic_store_explicit(&row->named, true, memory_order_release);
}

/* claim: a row may be made. NULL: it is not there, and none may be made. */
static struct measure_row *measure_find(enum measure_family family,
    const union measure_text *labels, bool claim)
{
    unsigned long long hash = measure_hash(family, labels);
    for (size_t probe = 0; probe < MEASURE_TABLE_SIZE; probe++) {
        struct measure_row *row = &measure_memory->rows[(hash + probe) % MEASURE_TABLE_SIZE];
        unsigned long long key = atomic_load_explicit(&row->key, memory_order_acquire);
        if (key == 0) {
            if (!claim)
                return NULL;
            if (atomic_compare_exchange_strong(&row->key, &key, hash)) {
                atomic_fetch_add(&measure_memory->claimed[family], 1);
                key = hash;
            }
        }
        if (key != hash)
            continue;
        if (!atomic_load_explicit(&row->named, memory_order_acquire))
            measure_name(row, family, labels);
        return row;
    }
    return NULL;
}

struct measure_row *measure_row(enum measure_family family, const struct measure_labels *labels)
{
    const struct measure_info *info = &measure_infos[family];
    union measure_text texts[MEASURE_LABELS] = {0};
    if (!measure_memory)
        return NULL;
    for (size_t i = 0; i < MEASURE_LABELS; i++)
        if (info->label[i])
            measure_clean(&texts[i], labels ? labels->value[i] : NULL);
    bool room = atomic_load(&measure_memory->claimed[family]) < info->rows;
    struct measure_row *row = measure_find(family, texts, room);
    if (row)
        return row;
    for (size_t i = 0; i < MEASURE_LABELS; i++)
        if (info->label[i])
            measure_clean(&texts[i], "other");
    return measure_find(family, texts, true);
}

/* --- counting --- */

void measure_row_add(struct measure_row *row, int64_t n)
{
    if (row)
        atomic_fetch_add_explicit(&row->value, n, memory_order_relaxed);
}

void measure_row_observe_us(struct measure_row *row, int64_t microseconds)
{
    size_t count, i = 0;
    if (!row)
        return;
    const int64_t *bounds = measure_bounds((enum measure_family)atomic_load_explicit(&row->family,
                                               memory_order_relaxed),
        &count);
    if (microseconds < 0)
        microseconds = 0;
    while (i < count && microseconds > bounds[i])
        i++;
    atomic_fetch_add_explicit(&row->value, microseconds, memory_order_relaxed);
    atomic_fetch_add_explicit(&row->bucket[i], 1, memory_order_relaxed);
}

void measure_add(enum measure_family family, const struct measure_labels *labels, int64_t n)
{
    measure_row_add(measure_row(family, labels), n);
}

void measure_observe_us(enum measure_family family, const struct measure_labels *labels,
    int64_t microseconds)
{
    measure_row_observe_us(measure_row(family, labels), microseconds);
}

void measure_set(enum measure_family family, const struct measure_labels *labels, int64_t n)
{
    struct measure_row *row = measure_row(family, labels);
    if (row)
        atomic_store_explicit(&row->value, n, memory_order_relaxed);
}

void measure_count(enum measure_family family, const char *label)
{
    measure_add(family, &(struct measure_labels){{label, NULL}}, 1);
}

void measure_time_us(enum measure_family family, const char *label, int64_t microseconds)
{
    measure_observe_us(family, &(struct measure_labels){{label, NULL}}, microseconds);
}

void measure_http(const char *route, int status)
{
    char text[16];
    snprintf(text, sizeof text, "%d", status);
    measure_add(MEASURE_HTTP, &(struct measure_labels){{route, text}}, 1);
}

static void measure_log_line(enum log_level level, bool written)
{
    if (!written)
        measure_count(MEASURE_LOG_LINES, "lost");
    if (level >= LOG_LEVEL_WARN)
        measure_count(MEASURE_LOG_LINES, level == LOG_LEVEL_WARN ? "warn" : "error");
}

/* --- stamps --- */

static unsigned long long measure_event(uint64_t epoch, uint64_t n)
{
    unsigned long long hash = (epoch ^ n << 40 ^ n) * 0x9e3779b97f4a7c15ULL;
    return hash ^ hash >> 32;
}

/* An event that is sent again keeps its first stamp. */
void measure_stamp(uint64_t epoch, uint64_t n)
{
    if (!measure_memory || !MEASURE_STAMPED(n))
        return;
    unsigned long long event = measure_event(epoch, n);
    struct measure_stamp *stamp = &measure_memory->stamps[event % MEASURE_STAMPS];
    if (atomic_load_explicit(&stamp->event, memory_order_relaxed) == event)
        return;
    atomic_store_explicit(&stamp->us, clock_mono_us(), memory_order_relaxed);
    atomic_store_explicit(&stamp->event, event, memory_order_release);
}

int64_t measure_stamp_age_us(uint64_t epoch, uint64_t n)
{
    if (!measure_memory || !MEASURE_STAMPED(n))
        return -1;
    unsigned long long event = measure_event(epoch, n);
    struct measure_stamp *stamp = &measure_memory->stamps[event % MEASURE_STAMPS];
    if (atomic_load_explicit(&stamp->event, memory_order_acquire) != event)
        return -1;
    return clock_mono_us() - atomic_load_explicit(&stamp->us, memory_order_relaxed);
}

/* --- reading --- */

static int measure_compare(const void *a, const void *b)
{
    const struct measure_value *one = a, *other = b;
    if (one->family != other->family)
        return one->family < other->family ? -1 : 1;
    int order = strcmp(one->label[0], other->label[0]);
    return order != 0 ? order : strcmp(one->label[1], other->label[1]);
}

/* False: no family of ours. Who may write there may have died in the middle, or worse. */
static bool measure_read(struct measure_row *row, struct measure_value *out)
{
    union measure_text text;
    int family = atomic_load(&row->family);
    if (family < 0 || family >= MEASURE_FAMILIES)
        return false;
    *out = (struct measure_value){.family = (enum measure_family)family};
    for (size_t i = 0; i < MEASURE_LABELS; i++) {
        for (size_t w = 0; w < MEASURE_WORDS; w++)
            text.word[w] = atomic_load_explicit(&row->label[i][w], memory_order_relaxed);
        memcpy(out->label[i], text.text, sizeof text.text - 1);
    }
    out->value = atomic_load_explicit(&row->value, memory_order_relaxed);
    for (size_t i = 0; i < MEASURE_BUCKETS; i++) {
        out->bucket[i] = atomic_load_explicit(&row->bucket[i], memory_order_relaxed);
        out->count += out->bucket[i];
    }
    return true;
}

int measure_snapshot(struct measure_value **out, size_t *count)
{
    size_t named = 0, n = 0;
    *out = NULL;
    *count = 0;
    for (int f = 0; measure_memory && f < MEASURE_FAMILIES; f++)
        if (!measure_infos[f].label[0])
            (void)measure_row((enum measure_family)f, NULL);
    for (size_t i = 0; measure_memory && i < MEASURE_TABLE_SIZE; i++)
        named += atomic_load_explicit(&measure_memory->rows[i].named, memory_order_acquire);
    struct measure_value *values = calloc(named + 1, sizeof *values);
    if (!values)
        return ERR_NOMEM;
    for (size_t i = 0; measure_memory && i < MEASURE_TABLE_SIZE && n < named; i++)
        if (atomic_load_explicit(&measure_memory->rows[i].named, memory_order_acquire))
            n += measure_read(&measure_memory->rows[i], &values[n]);
    qsort(values, n, sizeof *values, measure_compare);
    *out = values;
    *count = n;
    return 0;
}
