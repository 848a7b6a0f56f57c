/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/metrics.h"

#include "base/clock.h"
#include "base/err.h"
#include "process/measure.h"
#include "workers/supervisor/commit.h"
#include "workers/supervisor/status_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct metrics_writer {
    const struct status_view *view;
    enum metrics_form form;
    struct buf *out;
};

static const char *metrics_kind_name(enum measure_kind kind)
{
    return kind == MEASURE_COUNTER ? "counter" : kind == MEASURE_GAUGE ? "gauge" : "histogram";
}

static const char *metrics_unit_name(enum measure_unit unit)
{
    static const char *const names[] = {"", "seconds", "bytes", "usd"};
    return names[unit];
}

/* The older format knows a counter by the name of its sample, and no units. */
static void metrics_head(const struct metrics_writer *w, const struct measure_info *info)
{
    const bool older = w->form == METRICS_TEXT;
    const char *end = older && info->kind == MEASURE_COUNTER ? "_total" : "";
    buf_printf(w->out, "# TYPE %s%s %s\n", info->name, end, metrics_kind_name(info->kind));
    if (!older && info->unit != MEASURE_PLAIN)
        buf_printf(w->out, "# UNIT %s %s\n", info->name, metrics_unit_name(info->unit));
    buf_printf(w->out, "# HELP %s%s %s\n", info->name, end, info->help);
}

/* Millionths as a decimal number, exactly; a whole one ends with ".0", as OpenMetrics has bounds. */
static void metrics_put_micros(struct buf *out, int64_t micros)
{
    char fraction[8];
    snprintf(fraction, sizeof fraction, "%06" PRId64, micros % 1000000);
    size_t len = 6;
    while (len > 1 && fraction[len - 1] == '0')
        len--;
    buf_printf(out, "%" PRId64 ".%.*s", micros / 1000000, (int)len, fraction);
}

static void metrics_put_value(const struct metrics_writer *w, const struct measure_info *info,
    int64_t value)
{
    if (info->unit == MEASURE_SECONDS || info->unit == MEASURE_USD)
        metrics_put_micros(w->out, value);
    else
        buf_printf(w->out, "%" PRId64, value);
    buf_putc(w->out, '\n');
}

static void metrics_put_label(struct buf *out, const char *name, const char *value, bool first)
{
    buf_printf(out, "%s%s=\"", first ? "" : ",", name);
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            buf_putc(out, '\\');
        buf_putc(out, *value);
    }
    buf_putc(out, '"');
}

/* le: an upper bound in microseconds; -1 = infinite; -2 = no such label. */
static void metrics_put_labels(const struct metrics_writer *w, const struct measure_info *info,
    const struct measure_value *value, int64_t le)
{
    struct buf *out = w->out;
    bool first = true;
    if (!info->label[0] && le == -2)
        return;
    buf_putc(out, '{');
    for (size_t i = 0; i < MEASURE_LABELS && info->label[i]; i++, first = false)
        metrics_put_label(out, info->label[i], value->label[i], first);
    if (le != -2)
        buf_printf(out, "%sle=\"", first ? "" : ",");
    if (le == -1)
        buf_puts(out, "+Inf");
    else if (le >= 0)
        metrics_put_micros(out, le);
    buf_puts(out, le != -2 ? "\"}" : "}");
}

static void metrics_sample(const struct metrics_writer *w, const struct measure_info *info,
    const char *end, const struct measure_value *value)
{
    buf_puts(w->out, info->name);
    buf_puts(w->out, end);
    metrics_put_labels(w, info, value, -2);
    buf_putc(w->out, ' ');
}

static void metrics_histogram(const struct metrics_writer *w, const struct measure_info *info,
    const struct measure_value *value)
{
    size_t count;
    const int64_t *bounds = measure_bounds(value->family, &count);
    uint64_t below = 0;
    for (size_t i = 0; i <= count; i++) {
        below += value->bucket[i];
        buf_printf(w->out, "%s_bucket", info->name);
        metrics_put_labels(w, info, value, i < count ? bounds[i] : -1);
        buf_printf(w->out, " %" PRIu64 "\n", below);
    }
    metrics_sample(w, info, "_sum", value);
    metrics_put_value(w, info, value->value);
    metrics_sample(w, info, "_count", value);
    buf_printf(w->out, "%" PRIu64 "\n", below);
}

static void metrics_value(const struct metrics_writer *w, const struct measure_info *info,
    const struct measure_value *value)
{
    if (info->kind == MEASURE_HISTOGRAM) {
        metrics_histogram(w, info, value);
        return;
    }
    metrics_sample(w, info, info->kind == MEASURE_COUNTER ? "_total" : "", value);
    metrics_put_value(w, info, value->value);
}

/* Families of which nothing was counted yet are told without samples: their names are known. */
static void metrics_measured(const struct metrics_writer *w)
{
    struct measure_value *values = NULL;
    size_t count = 0, i = 0;
    if (measure_snapshot(&values, &count) != 0)
        return;
    for (int family = 0; family < MEASURE_FAMILIES; family++) {
        const struct measure_info *info = measure_info((enum measure_family)family);
        metrics_head(w, info);
        for (; i < count && (int)values[i].family == family; i++)
            metrics_value(w, info, &values[i]);
    }
    free(values);
}

/* --- the state of the service --- */

static void metrics_one(const struct metrics_writer *w, const struct measure_info *info,
    int64_t value)
{
    const struct measure_value plain = {.value = value};
    metrics_head(w, info);
    metrics_value(w, info, &plain);
}

static void metrics_service(const struct metrics_writer *w)
{
    const struct crew *c = w->view->crew;
    const struct scoreboard *b = c->board;
    const int64_t up_ms = clock_mono_ms() - w->view->started_ms;
#define ONE(kind, name, unit, help) \
    (&(const struct measure_info){kind, name, unit, {NULL}, 1, help})
    metrics_one(w,
        ONE(MEASURE_GAUGE, "turnpike_turns_running", MEASURE_PLAIN, "turns that run now"),
        atomic_load(&b->running_turns));
    metrics_one(w,
        ONE(MEASURE_GAUGE, "turnpike_turns_limit", MEASURE_PLAIN, "turns that can run at once"),
        atomic_load(&b->turn_limit));
    metrics_one(w,
        ONE(MEASURE_GAUGE, "turnpike_turns_waiting", MEASURE_PLAIN,
            "turns that wait for a worker of this machine"),
        atomic_load(&b->turns_waiting));
    metrics_one(w, ONE(MEASURE_COUNTER, "turnpike_turns_accepted", MEASURE_PLAIN, "turns accepted"),
        (int64_t)atomic_load(&b->accepted));
    metrics_one(w,
        ONE(MEASURE_COUNTER, "turnpike_refused_full", MEASURE_PLAIN,
            "requests refused because every worker was busy"),
        (int64_t)atomic_load(&b->refused_full));
    metrics_one(w,
        ONE(MEASURE_COUNTER, "turnpike_refused_stale", MEASURE_PLAIN,
            "requests refused because they waited too long"),
        (int64_t)atomic_load(&b->refused_stale));
    metrics_one(w,
        ONE(MEASURE_COUNTER, "turnpike_killed", MEASURE_PLAIN, "workers killed by the supervisor"),
        (int64_t)c->killed);
    metrics_one(w, ONE(MEASURE_COUNTER, "turnpike_recycled", MEASURE_PLAIN, "workers recycled"),
        (int64_t)c->recycled);
    metrics_one(w,
        ONE(MEASURE_GAUGE, "turnpike_generation", MEASURE_PLAIN, "configuration generation"),
        status_current_number(w->view));
    metrics_one(w,
        ONE(MEASURE_GAUGE, "turnpike_start_time_seconds", MEASURE_SECONDS,
            "when the supervisor started, since 1970"),
        (clock_real_ms() - up_ms) * 1000);
    metrics_one(w,
        ONE(MEASURE_GAUGE, "turnpike_uptime_seconds", MEASURE_SECONDS, "age of the supervisor"),
        up_ms * 1000);
#undef ONE
}

/* --- pools --- */

struct metrics_pool {
    struct measure_info info;
    /* -1: not known */
    int64_t (*value)(const struct pool_sum *sum, const struct status_view *view, int pool);
};

#define METRIC_OF(field) \
    static int64_t metrics_##field(const struct pool_sum *sum, const struct status_view *v, int p) \
    { \
        (void)v; \
        (void)p; \
        return (int64_t)sum->field; \
    }
METRIC_OF(workers)
METRIC_OF(ready)
METRIC_OF(busy)
METRIC_OF(leaving)
METRIC_OF(seats)
METRIC_OF(seats_busy)
METRIC_OF(waiting)
METRIC_OF(backlog)
METRIC_OF(connections)
METRIC_OF(memory)
#undef METRIC_OF

static int64_t metrics_slowest(const struct pool_sum *sum, const struct status_view *v, int p)
{
    (void)v;
    (void)p;
    return sum->slowest_ms * 1000;
}

static int64_t metrics_wanted(const struct pool_sum *sum, const struct status_view *view, int pool)
{
    (void)sum;
    return (int64_t)status_pool_wanted(view, pool);
}

static int64_t metrics_deaths(const struct pool_sum *sum, const struct status_view *view, int pool)
{
    (void)sum;
    return (int64_t)view->crew->deaths[pool];
}

#define GAUGE(name, unit, help) \
    { \
        MEASURE_GAUGE, name, unit, {"pool"}, SCOREBOARD_POOLS, help \
    }
static const struct metrics_pool metrics_pools[] = {
    {GAUGE("turnpike_workers", MEASURE_PLAIN, "processes"), metrics_workers},
    {GAUGE("turnpike_workers_wanted", MEASURE_PLAIN, "processes asked for by the configuration"),
        metrics_wanted},
    {GAUGE("turnpike_workers_ready", MEASURE_PLAIN, "processes that serve"), metrics_ready},
    {GAUGE("turnpike_workers_busy", MEASURE_PLAIN,
         "processes with a request, a turn or connections"),
        metrics_busy},
    {GAUGE("turnpike_workers_leaving", MEASURE_PLAIN, "processes that finish what they have"),
        metrics_leaving},
    {GAUGE("turnpike_seats", MEASURE_PLAIN,
         "requests and turns that the processes can hold at once"),
        metrics_seats},
    {GAUGE("turnpike_seats_busy", MEASURE_PLAIN, "requests and turns that they hold"),
        metrics_seats_busy},
    {GAUGE("turnpike_queue", MEASURE_PLAIN, "connections waiting to be accepted"), metrics_waiting},
    {GAUGE("turnpike_queue_limit", MEASURE_PLAIN, "listen backlog"), metrics_backlog},
    {GAUGE("turnpike_connections", MEASURE_PLAIN, "open client connections"), metrics_connections},
    {GAUGE("turnpike_memory_bytes", MEASURE_BYTES, "private memory as measured by the workers"),
        metrics_memory},
    {GAUGE("turnpike_slowest_pass_seconds", MEASURE_SECONDS,
         "the longest pass over 20 ms of a loop of the processes that live"),
        metrics_slowest},
    {{MEASURE_COUNTER, "turnpike_deaths", MEASURE_PLAIN, {"pool"}, SCOREBOARD_POOLS,
         "processes that died or were killed"},
        metrics_deaths},
};
#undef GAUGE

static void metrics_of_pools(const struct metrics_writer *w)
{
    struct pool_sum sums[SCOREBOARD_POOLS];
    status_sum_pools(w->view, sums);
    for (size_t i = 0; i < sizeof metrics_pools / sizeof metrics_pools[0]; i++) {
        const struct metrics_pool *m = &metrics_pools[i];
        metrics_head(w, &m->info);
        for (int pool = 0; pool < SCOREBOARD_POOLS; pool++) {
            struct measure_value value = {.value = m->value(&sums[pool], w->view, pool)};
            if (value.value < 0)
                continue;
            snprintf(value.label[0], sizeof value.label[0], "%s",
                scoreboard_pool_name((enum scoreboard_pool)pool));
            metrics_value(w, &m->info, &value);
        }
    }
}

/* A gauge also in OpenMetrics: readers of the older format, promtool too, know no "info". */
static void metrics_build(const struct metrics_writer *w)
{
    buf_puts(w->out,
        "# TYPE turnpike_build_info gauge\n# HELP turnpike_build_info which build of turnpike this is\n"
        "turnpike_build_info{version=\"" PACKAGE_VERSION "\"");
    if (BUILD_COMMIT[0] != '\0')
        buf_puts(w->out, ",commit=\"" BUILD_COMMIT "\"");
    buf_puts(w->out, "} 1\n");
}

void metrics_write(const struct status_view *view, enum metrics_form form, struct buf *out)
{
    const struct metrics_writer w = {view, form, out};
    metrics_build(&w);
    metrics_service(&w);
    metrics_of_pools(&w);
    metrics_measured(&w);
    if (form == METRICS_OPEN)
        buf_puts(out, "# EOF\n");
}
