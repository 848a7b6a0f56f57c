/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/report.h"

#include "base/clock.h"
#include "base/err.h"
#include "store/feedback.h"
#include "store/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- times ---- */

static void report_add_times(struct report_times *to, const struct stats_row *row)
{
    to->count += row->count;
    to->sum_us += row->value;
    for (size_t i = 0; i < MEASURE_BUCKETS; i++)
        to->bucket[i] += row->bucket[i];
}

int64_t report_percentile(enum measure_family family, const struct report_times *t, double p,
    int64_t *low_us, int64_t *high_us)
{
    size_t count, i = 0;
    const int64_t *bounds = measure_bounds(family, &count);
    double rank = p * (double)t->count, below = 0;

    *low_us = *high_us = 0;
    if (t->count == 0)
        return 0;
    while (i < count && below + (double)t->bucket[i] < rank)
        below += (double)t->bucket[i++];
    *low_us = i == 0 ? 0 : bounds[i - 1];
    *high_us = i == count ? -1 : bounds[i];
    if (i == count || t->bucket[i] == 0)
        return *low_us;
    return *low_us +
        (int64_t)((rank - below) / (double)t->bucket[i] * (double)(*high_us - *low_us));
}

double report_share_within(enum measure_family family, const struct report_times *t,
    int64_t bound_us)
{
    size_t count;
    const int64_t *bounds = measure_bounds(family, &count);
    uint64_t within = 0;

    for (size_t i = 0; i < count && bounds[i] <= bound_us; i++)
        within += t->bucket[i];
    return t->count ? (double)within / (double)t->count : 0;
}

/* ---- rows ---- */

struct report_reading {
    struct report *report;
    struct report_point *point;
};

/* The name's row; the last one when there is no room. */
static struct report_named *report_named_of(struct report_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->rows[i].name, name) == 0)
            return &names->rows[i];
    if (names->count == REPORT_NAMES_MAX)
        return &names->rows[REPORT_NAMES_MAX - 1];
    struct report_named *row = &names->rows[names->count++];
    snprintf(row->name, sizeof row->name, "%s", names->count == REPORT_NAMES_MAX ? "other" : name);
    return row;
}

static struct report_named *report_model_of(struct report *r, const struct stats_row *row)
{
    char name[2 * MEASURE_VALUE_SIZE];

    snprintf(name, sizeof name, "%s/%s", row->label[0], row->label[1]);
    return report_named_of(&r->models, name);
}

/* NULL when there is no room. */
static struct report_tool *report_tool_of(struct report *r, const char *name)
{
    for (size_t i = 0; i < r->tool_count; i++)
        if (strcmp(r->tools[i].name, name) == 0)
            return &r->tools[i];
    if (r->tool_count == REPORT_TOOLS_MAX)
        return NULL;
    struct report_tool *tool = &r->tools[r->tool_count++];
    snprintf(tool->name, sizeof tool->name, "%s", name);
    return tool;
}

/* What the user or the model got wrong is no fault of the tool. */
static bool report_is_fault(const char *code)
{
    static const char *const faults[] = {"provider_failed", "provider_unavailable", "timeout",
        "internal_error", "unknown_outcome"};

    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        if (strcmp(faults[i], code) == 0)
            return true;
    return false;
}

static void report_add_tool(struct report *r, const struct stats_row *row)
{
    struct report_tool *tool = report_tool_of(r, row->label[0]);
    uint64_t n = (uint64_t)row->value;

    if (!tool)
        return;
    if (row->family == MEASURE_TOOL_TIME) {
        report_add_times(&tool->times, row);
        return;
    }
    tool->errors += n;
    if (!report_is_fault(row->label[1]))
        return;
    tool->faults += n;
    if (n > tool->worst_count) {
        tool->worst_count = n;
        snprintf(tool->worst, sizeof tool->worst, "%s", row->label[1]);
    }
}

static void report_add_turns(struct report *r, struct report_point *at, const struct stats_row *row)
{
    uint64_t n = (uint64_t)row->value;

    if (strcmp(row->label[0], "cancelled") == 0) {
        r->cancelled += n;
        return;
    }
    at->ended += n;
    if (strcmp(row->label[0], "failed") == 0)
        at->failed += n;
}

static bool report_ended_well(const struct stats_row *row)
{
    return strcmp(row->label[0], "failed") != 0 && strcmp(row->label[0], "cancelled") != 0;
}

static void report_add_model(struct report *r, struct report_point *at, const struct stats_row *row)
{
    struct report_named *model = report_model_of(r, row);

    switch (row->family) {
    case MEASURE_MODEL_REQUESTS:
        model->count += (uint64_t)row->value;
        break;
    case MEASURE_MODEL_ERRORS:
        model->errors += (uint64_t)row->value;
        break;
    case MEASURE_MODEL_INPUT:
        model->input += row->value;
        break;
    case MEASURE_MODEL_OUTPUT:
        model->output += row->value;
        break;
    case MEASURE_MODEL_MONEY:
        model->cost_micros += row->value;
        at->cost_micros += row->value;
        break;
    default:
        break;
    }
}

static int report_on_row(void *arg, const struct stats_row *row)
{
    struct report_reading *reading = arg;
    struct report *r = reading->report;
    struct report_point *at = reading->point;

    switch (row->family) {
    case MEASURE_TURN_TIME:
        if (report_ended_well(row))
            report_add_times(&at->turns, row);
        break;
    case MEASURE_FIRST_TOKEN:
        report_add_times(&at->first, row);
        break;
    case MEASURE_TURNS:
        report_add_turns(r, at, row);
        break;
    case MEASURE_TOOL_TIME:
    case MEASURE_TOOL_ERRORS:
        report_add_tool(r, row);
        break;
    case MEASURE_TURN_ERRORS:
        report_named_of(&r->errors, row->label[0])->count += (uint64_t)row->value;
        break;
    case MEASURE_CLASS_MONEY:
        report_named_of(&r->classes, row->label[0])->cost_micros += row->value;
        break;
    case MEASURE_LIMITS:
        report_named_of(&r->limits, row->label[0])->count += (uint64_t)row->value;
        break;
    case MEASURE_CACHE_LOOKS:
        r->kept.looks += (uint64_t)row->value;
        if (strcmp(row->label[0], "hit") == 0)
            r->kept.hits += (uint64_t)row->value;
        break;
    case MEASURE_CACHE_TOKENS:
        r->kept.tokens += row->value;
        break;
    case MEASURE_CACHE_MONEY:
        r->kept.micros += row->value;
        break;
    default:
        report_add_model(r, at, row);
        break;
    }
    return 0;
}

/* ---- the whole ---- */

static void report_add_point(struct report_point *to, const struct report_point *from)
{
    for (size_t i = 0; i < MEASURE_BUCKETS; i++) {
        to->turns.bucket[i] += from->turns.bucket[i];
        to->first.bucket[i] += from->first.bucket[i];
    }
    to->turns.count += from->turns.count;
    to->turns.sum_us += from->turns.sum_us;
    to->first.count += from->first.count;
    to->first.sum_us += from->first.sum_us;
    to->ended += from->ended;
    to->failed += from->failed;
    to->cost_micros += from->cost_micros;
}

static int report_read_point(struct store *s, struct report *r, struct report_point *at)
{
    struct report_reading reading = {r, at};
    int error = stats_read(s, r->unit_ms, at->at_ms, report_on_row, &reading);

    at->users = -1;
    if (!error && r->unit_ms == STATS_DAY_MS)
        error = stats_users(s, at->at_ms, at->at_ms, &at->users);
    if (!error)
        report_add_point(&r->total, at);
    return error;
}

static int report_read_ratings(struct store *s, struct report *r)
{
    const struct feedback_query query = {.from_ms = r->from_ms,
        .to_ms = r->to_ms - 1,
        .rating_min = 1,
        .rating_max = 5};
    struct feedback_sums sums;
    int error = feedback_count(s, &query, &sums);

    r->ratings = sums.count;
    r->good = sums.good;
    return error;
}

static int report_read_selftest(struct store *s, struct report *r)
{
    struct link_reply *reply = NULL;
    int error = link_command(s->link, &reply, "GET " KEYS_SELFTEST);

    if (!error && link_reply_type(reply) == LINK_STRING &&
        !(r->selftest = strdup(link_reply_text(reply, NULL))))
        error = ERR_NOMEM;
    link_reply_free(reply);
    return error;
}

/* The slowest first. */
static int report_order_tools(const void *a, const void *b)
{
    const struct report_tool *one = a, *other = b;
    int64_t low, high,
        one_us = report_percentile(MEASURE_TOOL_TIME, &one->times, 0.95, &low, &high);
    int64_t other_us = report_percentile(MEASURE_TOOL_TIME, &other->times, 0.95, &low, &high);

    return one_us != other_us ? (one_us < other_us) - (one_us > other_us) :
                                strcmp(one->name, other->name);
}

static int report_begin(struct report *r, const struct conf *conf, int64_t from_ms, int64_t to_ms)
{
    bool hours = to_ms - from_ms <= REPORT_HOURS_MAX * STATS_HOUR_MS &&
        from_ms >= clock_real_ms() - conf->stats_hours_keep_ms;

    memset(r, 0, sizeof *r);
    if (from_ms < 0 || to_ms <= from_ms || to_ms - from_ms > (REPORT_DAYS_MAX - 1) * STATS_DAY_MS)
        return ERR_INVALID;
    r->unit_ms = hours ? STATS_HOUR_MS : STATS_DAY_MS;
    r->from_ms = from_ms / r->unit_ms * r->unit_ms;
    r->to_ms = (to_ms + r->unit_ms - 1) / r->unit_ms * r->unit_ms;
    r->point_count = (size_t)((r->to_ms - r->from_ms) / r->unit_ms);
    r->points = calloc(r->point_count, sizeof *r->points);
    r->tools = calloc(REPORT_TOOLS_MAX, sizeof *r->tools);
    return r->points && r->tools ? 0 : ERR_NOMEM;
}

int report_make(struct store *s, int64_t from_ms, int64_t to_ms, struct report *r)
{
    int error = report_begin(r, s->conf, from_ms, to_ms);

    for (size_t i = 0; !error && i < r->point_count; i++) {
        r->points[i].at_ms = r->from_ms + (int64_t)i * r->unit_ms;
        error = report_read_point(s, r, &r->points[i]);
    }
    if (!error)
        error = stats_users(s, r->from_ms, r->to_ms - 1, &r->total.users);
    if (!error)
        error = report_read_ratings(s, r);
    if (!error)
        error = report_read_selftest(s, r);
    if (!error)
        qsort(r->tools, r->tool_count, sizeof *r->tools, report_order_tools);
    return error;
}

void report_free(struct report *r)
{
    free(r->points);
    free(r->tools);
    free(r->selftest);
    r->points = NULL;
    r->tools = NULL;
    r->selftest = NULL;
}
