/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/vehicle/fuel_use.h"

#include "base/err.h"
#include "tools/engine/registry.h"
#include "tools/kit/cost.h"
#include "tools/kit/period.h"
#include "tools/kit/record.h"
#include "tools/kit/records_fuel.h"
#include "tools/kit/timestamp.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static double fuel_use_number(const jdoc *entry, const char *key)
{
    return jdoc_double_or(entry, key, 0);
}

static int64_t fuel_use_thousandths(const jdoc *entry, const char *key)
{
    return (int64_t)llround(fuel_use_number(entry, key) * 1000);
}

static bool fuel_use_is_full(const jdoc *entry)
{
    return jdoc_is_true(entry, "filled_to_top");
}

static int64_t fuel_use_time_of(const jdoc *entry)
{
    return jdoc_int_or(entry, "time_ms", 0);
}

static double fuel_use_rounded(double value, double step)
{
    return round(value * step) / step;
}

static int fuel_use_set_use(jdoc *entry, const struct records_use *use)
{
    if (use->metres <= 0)
        return 0;
    int error =
        jdoc_set_double(entry, "distance_km", fuel_use_rounded((double)use->metres / 1000, 10));
    return error == 0 ?
        jdoc_set_double(entry, "consumption_l_per_100km",
            fuel_use_rounded((double)use->millilitres * 100 / (double)use->metres, 100)) :
        error;
}

/* --- one entry --- */

int fuel_use_of(struct tools_run *run, jdoc *entry)
{
    struct records_use use;
    if (!fuel_use_is_full(entry))
        return 0;
    int error = records_fuel_before(run->context->store, run->context->uid,
        &(struct records_fill){.vehicle = jdoc_text_or(entry, "vehicle_id", ""),
            .id = jdoc_text_or(entry, "id", ""),
            .metres = fuel_use_thousandths(entry, "odometer"),
            .millilitres = fuel_use_thousandths(entry, "volume")},
        run->arena, &use);
    return error == 0 ? fuel_use_set_use(entry, &use) : error;
}

struct next {
    const jdoc *entry;
    bool found;
    double odometer;
    char date[16];
};

static int fuel_use_look_next(void *arg, const jdoc *entry)
{
    struct next *n = arg;
    if (strcmp(jdoc_text_or(entry, "id", ""), jdoc_text_or(n->entry, "id", "")) == 0)
        return 0;
    n->found = true;
    n->odometer = fuel_use_number(entry, "odometer");
    snprintf(n->date, sizeof n->date, "%.10s", jdoc_text_or(entry, "entry_date", ""));
    return ERR_LIMIT;
}

static const char *fuel_use_tag_of(struct tools_run *run, const char *vehicle)
{
    return arena_printf(run->arena, "v:%s", vehicle);
}

int fuel_use_neighbours(struct tools_run *run, const jdoc *entry, struct fuel_neighbours *out)
{
    struct next before = {.entry = entry}, after = {.entry = entry};
    int64_t ms = fuel_use_time_of(entry);
    struct records_page page = {.family = FUEL_FAMILY,
        .from = -RECORD_FOREVER,
        .to = ms - 1,
        .highest_first = true,
        .max = 2,
        .tag = fuel_use_tag_of(run, jdoc_text_or(entry, "vehicle_id", ""))};
    if (!page.tag)
        return ERR_NOMEM;
    int error = record_tagged(run, &page, fuel_use_look_next, &before, NULL);
    page.from = ms + 1;
    page.to = RECORD_FOREVER;
    page.highest_first = false;
    if (error == 0)
        error = record_tagged(run, &page, fuel_use_look_next, &after, NULL);
    *out = (struct fuel_neighbours){.has_before = before.found,
        .has_after = after.found,
        .before = before.odometer,
        .after = after.odometer};
    memcpy(out->before_date, before.date, sizeof out->before_date);
    memcpy(out->after_date, after.date, sizeof out->after_date);
    return error;
}

/* --- get_fuel_log --- */

struct listing {
    jdoc *entries;
    size_t limit;
    bool more;
    struct cost_sums spent;
    double litres;
};

static int fuel_use_list_entry(void *arg, const jdoc *entry)
{
    struct listing *l = arg;
    if (jdoc_length(l->entries) == l->limit) {
        l->more = true;
        return ERR_LIMIT;
    }
    cost_add_record(&l->spent, entry, "total");
    l->litres += fuel_use_number(entry, "volume");
    return jdoc_push(l->entries, jdoc_dup(entry));
}

static int fuel_use_read_entries(struct tools_run *run, struct listing *l, int64_t from_ms,
    int64_t to_ms)
{
    struct records_list list;
    const char *vehicle = jdoc_string(jdoc_get(run->args, "vehicle_id"), NULL);
    struct records_page page = {.family = FUEL_FAMILY,
        .from = from_ms,
        .to = to_ms,
        .highest_first = true,
        .max = l->limit};
    if (vehicle) {
        page.tag = fuel_use_tag_of(run, vehicle);
        return page.tag ? record_tagged(run, &page, fuel_use_list_entry, l, &l->more) : ERR_NOMEM;
    }
    int error = records_range(run->context->store, run->context->uid,
        &(struct records_page){.family = FUEL_FAMILY,
            .from = from_ms,
            .to = to_ms,
            .highest_first = true,
            .max = l->limit},
        run->arena, &list);
    l->more = error == 0 && list.more;
    return error == 0 ? record_list(&list, fuel_use_list_entry, l) : error;
}

/* What the full tanks say of the way to them. */
static int fuel_use_set_uses(struct tools_run *run, jdoc *entries)
{
    size_t count = jdoc_length(entries);
    const char **ids = arena_array(run->arena, count + 1, sizeof *ids);
    struct records_use *uses = arena_array(run->arena, count + 1, sizeof *uses);
    if (!ids || !uses)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++)
        ids[i] = jdoc_text_or(jdoc_at(entries, i), "id", "");
    int error =
        records_fuel_uses(run->context->store, run->context->uid, ids, count, run->arena, uses);
    for (size_t i = 0; error == 0 && i < count; i++)
        error = fuel_use_set_use(jdoc_at(entries, i), &uses[i]);
    return error;
}

/* Returns 0; ERR_INVALID (the failure is set); a fault. */
static int fuel_use_read_period(struct tools_run *run, int64_t *from_ms, int64_t *to_ms)
{
    const struct zone *z;
    struct timestamp m;
    *from_ms = -RECORD_FOREVER;
    *to_ms = RECORD_FOREVER;
    int error = timestamp_zone(run, &z);
    if (error == 0)
        error = timestamp_argument(run, "start_date", z, &m);
    if (error == 0)
        *from_ms = m.ms;
    else if (error != ERR_NOT_FOUND)
        return error;
    error = timestamp_argument(run, "end_date", z, &m);
    if (error == 0)
        *to_ms = m.has_time ? m.ms : timestamp_day(m.ms, 1, z) - 1;
    else if (error != ERR_NOT_FOUND)
        return error;
    if (*to_ms >= *from_ms)
        return 0;
    error = run_fail_at(run, "/end_date", "a time that is not before start_date",
        "end_date is before start_date");
    return error != 0 ? error : ERR_INVALID;
}

int fuel_tool_get_fuel_log(struct tools_run *run)
{
    struct listing l = {.entries = jdoc_new_array()};
    int64_t from_ms, to_ms, limit = 10;
    char spent[COST_TEXT_SIZE], filled[UNITS_TEXT_SIZE];
    jdoc_get_int(run->args, "limit", &limit);
    l.limit = (size_t)limit;
    int error = l.entries ? fuel_use_read_period(run, &from_ms, &to_ms) : ERR_NOMEM;
    if (error == 0)
        error = fuel_use_read_entries(run, &l, from_ms, to_ms);
    if (error == 0)
        error = fuel_use_set_uses(run, l.entries);
    size_t count = jdoc_length(l.entries);
    cost_sums_text(&l.spent, spent);
    units_volume_text(&run->context->units, l.litres, filled);
    jdoc *out = error != 0 ? NULL :
        count == 0         ? run_succeed(run, "There are no fill-ups in the log for that.") :
                     run_succeed(run, "%zu fill-up%s%s: %s for %s.", count, count == 1 ? "" : "s",
                         l.more ? ", and older ones" : "", filled, spent);
    if (!out) {
        jdoc_free(l.entries);
        return error == ERR_INVALID ? 0 : error != 0 ? error : ERR_NOMEM;
    }
    int failed = jdoc_set(out, "entries", l.entries);
    failed |= jdoc_set_int(out, "count", (int64_t)count);
    failed |= jdoc_set_bool(out, "more", l.more);
    return failed != 0 ? ERR_NOMEM : 0;
}

/* --- get_fuel_stats: from the sums beside the records --- */

struct stats {
    int64_t from_ms;
    const char *currency;
    struct records_fuel fuel;
    struct cost_sums spent;
};

static double fuel_use_sum_of(const struct stats *s, const char *field)
{
    return (double)cost_number(&s->fuel.sums, field);
}

static int fuel_use_set_stats(struct tools_run *run, jdoc *stats, const struct stats *s)
{
    double own = 0, used = fuel_use_sum_of(s, "used"), metres = fuel_use_sum_of(s, "metres");
    const char *field = arena_printf(run->arena, "filled %s", s->currency);
    double own_litres = field ? fuel_use_sum_of(s, field) / 1000 : 0;
    int failed = !field;
    failed |= jdoc_set_int(stats, "fills", (int64_t)fuel_use_sum_of(s, "fills"));
    failed |= jdoc_set_double(stats, "volume",
        fuel_use_rounded(fuel_use_sum_of(s, "filled") / 1000, 100));
    failed |= jdoc_set_double(stats, "distance_km",
        fuel_use_rounded((double)s->fuel.distance / 1000, 10));
    failed |= cost_set_sums(stats, "spent", &s->spent);
    for (size_t i = 0; i < s->spent.count; i++)
        if (strcmp(s->spent.all[i].currency, s->currency) == 0)
            own = amount_to_number(s->spent.all[i].minor, s->currency);
    if (own_litres > 0)
        failed |= jdoc_set_double(stats, "average_price", fuel_use_rounded(own / own_litres, 1000));
    if (metres > 0) {
        double use = used * 100 / metres;
        failed |= jdoc_set_double(stats, "measured_km", fuel_use_rounded(metres / 1000, 10));
        failed |= jdoc_set_double(stats, "consumption_l_per_100km", fuel_use_rounded(use, 100));
        failed |= jdoc_set_double(stats, "best_l_per_100km", fuel_use_rounded(s->fuel.best, 100));
        failed |= jdoc_set_double(stats, "worst_l_per_100km", fuel_use_rounded(s->fuel.worst, 100));
        if (own_litres > 0)
            failed |= jdoc_set_double(stats, "cost_per_100km",
                fuel_use_rounded(use * own / own_litres, 100));
    }
    return failed != 0 ? ERR_NOMEM : 0;
}

static int fuel_use_set_stats_period(jdoc *stats, const struct stats *s, const char *period,
    int64_t now_ms, const struct zone *z)
{
    char from[TIMESTAMP_SIZE], to[TIMESTAMP_SIZE];
    timestamp_date(s->from_ms, z, from);
    timestamp_date(now_ms, z, to);
    int failed = jdoc_set_string(stats, "period", period);
    if (s->from_ms > -RECORD_FOREVER)
        failed |= jdoc_set_string(stats, "from", from);
    failed |= jdoc_set_string(stats, "to", to);
    return failed | jdoc_set_string(stats, "currency", s->currency);
}

/* An entry counts on its own local day. */
static int fuel_use_read_stats(struct tools_run *run, struct stats *s, const char *period,
    const struct zone *z)
{
    static const char *const ever[] = {"all"};
    struct records_fuel_query query = {.spans = ever, .count = 1};
    const char **days;
    int64_t now = run->context->now_ms;
    int error = 0;
    query.to_ms = timestamp_day(now, 1, z) - 1;
    if (strcmp(period, "all") != 0) {
        s->from_ms = timestamp_period_now(run, period, z);
        error = period_list(run, s->from_ms, query.to_ms, z, &days, &query.count);
        query.spans = days;
    }
    query.from_ms = s->from_ms;
    query.vehicle = jdoc_string(jdoc_get(run->args, "vehicle_id"), NULL);
    if (error == 0)
        error = records_fuel_stats(run->context->store, run->context->uid, &query, run->arena,
            &s->fuel);
    cost_add_numbers(&s->spent, &s->fuel.sums, "");
    return error;
}

int fuel_tool_get_fuel_stats(struct tools_run *run)
{
    const char *period = jdoc_text_or(run->args, "period", "month");
    struct stats s = {.from_ms = -RECORD_FOREVER, .currency = cost_currency(run)};
    const struct zone *z;
    char spent[COST_TEXT_SIZE], filled[UNITS_TEXT_SIZE], use[UNITS_TEXT_SIZE] = "";
    int error = timestamp_zone(run, &z);
    if (error == 0)
        error = fuel_use_read_stats(run, &s, period, z);
    if (error != 0)
        return error;
    long long fills = (long long)fuel_use_sum_of(&s, "fills");
    double litres = fuel_use_sum_of(&s, "filled") / 1000, metres = fuel_use_sum_of(&s, "metres");
    cost_sums_text(&s.spent, spent);
    units_volume_text(&run->context->units, litres, filled);
    if (metres > 0)
        units_fuel_text(&run->context->units, fuel_use_sum_of(&s, "used") * 100 / metres, use);
    jdoc *out = fills == 0 ? run_succeed(run, "There are no fill-ups in that period.") :
        metres > 0         ? run_succeed(run, "%lld fill-up%s, %s for %s; %s.", fills,
                         fills == 1 ? "" : "s", filled, spent, use) :
                             run_succeed(run,
                                 "%lld fill-up%s, %s for %s. Consumption needs two full tanks.", fills,
                         fills == 1 ? "" : "s", filled, spent);
    jdoc *stats = jdoc_new_object();
    if (!out) {
        jdoc_free(stats);
        return ERR_NOMEM;
    }
    if (!stats || jdoc_set(out, "stats", stats) != 0)
        return ERR_NOMEM;
    return fuel_use_set_stats_period(stats, &s, period, run->context->now_ms, z) |
            fuel_use_set_stats(run, stats, &s) ?
        ERR_NOMEM :
        0;
}
