#include "tools/vehicle/fuel_use.h"

#include "base/err.h"
#include "tools/engine/registry.h"
#include "tools/kit/cost.h"
#include "tools/kit/keep.h"
#include "tools/kit/moment.h"
#include "tools/kit/records_fuel.h"
#include "tools/kit/span.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static double number(const jdoc *entry, const char *key)
{
    return jdoc_double_or(entry, key, 0);
}

static int64_t thousandths(const jdoc *entry, const char *key)
{
    return (int64_t)llround(number(entry, key) * 1000);
}

static bool is_full(const jdoc *entry)
{
    return jdoc_is_true(entry, "filled_to_top");
}

static int64_t time_of(const jdoc *entry)
{
    return jdoc_int_or(entry, "time_ms", 0);
}

static double rounded(double value, double step)
{
    return round(value * step) / step;
}

static int set_use(jdoc *entry, const struct records_use *use)
{
    if (use->metres <= 0)
        return 0;
    int result = jdoc_set_double(entry, "distance_km", rounded((double)use->metres / 1000, 10));
    return result == 0 ? jdoc_set_double(entry, "consumption_l_per_100km",
        rounded((double)use->millilitres * 100 / (double)use->metres, 100)) : result;
}

/* --- one entry --- */

int fuel_use_of(struct tools_run *run, jdoc *entry)
{
    struct records_use use;
    if (!is_full(entry))
        return 0;
    int result = records_fuel_before(run->context->store, run->context->uid,
        jdoc_text_or(entry, "vehicle_id", ""), jdoc_text_or(entry, "id", ""),
        thousandths(entry, "odometer"), thousandths(entry, "volume"), run->arena, &use);
    return result == 0 ? set_use(entry, &use) : result;
}

struct next {
    const jdoc *entry;
    bool found;
    double odometer;
    char date[16];
};

static int look_next(void *arg, const jdoc *entry)
{
    struct next *n = arg;
    if (strcmp(jdoc_text_or(entry, "id", ""), jdoc_text_or(n->entry, "id", "")) == 0)
        return 0;
    n->found = true;
    n->odometer = number(entry, "odometer");
    snprintf(n->date, sizeof n->date, "%.10s", jdoc_text_or(entry, "entry_date", ""));
    return ERR_LIMIT;
}

static const char *tag_of(struct tools_run *run, const char *vehicle)
{
    return arena_printf(run->arena, "v:%s", vehicle);
}

int fuel_use_neighbours(struct tools_run *run, const jdoc *entry, struct fuel_neighbours *out)
{
    struct next before = { .entry = entry }, after = { .entry = entry };
    int64_t ms = time_of(entry);
    struct records_page page = { .family = FUEL_FAMILY, .from = -KEEP_FOREVER, .to = ms - 1,
        .highest_first = true, .max = 2, .tag = tag_of(run, jdoc_text_or(entry, "vehicle_id", "")) };
    if (page.tag == NULL)
        return ERR_NOMEM;
    int result = keep_tagged(run, &page, look_next, &before, NULL);
    page.from = ms + 1;
    page.to = KEEP_FOREVER;
    page.highest_first = false;
    if (result == 0)
        result = keep_tagged(run, &page, look_next, &after, NULL);
    *out = (struct fuel_neighbours){ .has_before = before.found, .has_after = after.found,
        .before = before.odometer, .after = after.odometer };
    memcpy(out->before_date, before.date, sizeof out->before_date);
    memcpy(out->after_date, after.date, sizeof out->after_date);
    return result;
}

/* --- get_fuel_log --- */

struct listing {
    jdoc *entries;
    size_t limit;
    bool more;
    struct cost_sums spent;
    double litres;
};

static int list_entry(void *arg, const jdoc *entry)
{
    struct listing *l = arg;
    if (jdoc_length(l->entries) == l->limit) {
        l->more = true;
        return ERR_LIMIT;
    }
    cost_add_record(&l->spent, entry, "total");
    l->litres += number(entry, "volume");
    return jdoc_push(l->entries, jdoc_dup(entry));
}

static int read_entries(struct tools_run *run, struct listing *l, int64_t from_ms, int64_t to_ms)
{
    struct records_list list;
    const char *vehicle = jdoc_string(jdoc_get(run->args, "vehicle_id"), NULL);
    struct records_page page = { .family = FUEL_FAMILY, .from = from_ms, .to = to_ms,
        .highest_first = true, .max = l->limit };
    if (vehicle != NULL) {
        page.tag = tag_of(run, vehicle);
        return page.tag != NULL ? keep_tagged(run, &page, list_entry, l, &l->more) : ERR_NOMEM;
    }
    int result = records_range(run->context->store, run->context->uid, FUEL_FAMILY, from_ms, to_ms,
        true, 0, l->limit, run->arena, &list);
    l->more = result == 0 && list.more;
    return result == 0 ? keep_list(&list, list_entry, l) : result;
}

/* What the full tanks say of the way to them. */
static int set_uses(struct tools_run *run, jdoc *entries)
{
    size_t count = jdoc_length(entries);
    const char **ids = arena_array(run->arena, count + 1, sizeof *ids);
    struct records_use *uses = arena_array(run->arena, count + 1, sizeof *uses);
    if (ids == NULL || uses == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++)
        ids[i] = jdoc_text_or(jdoc_at(entries, i), "id", "");
    int result = records_fuel_uses(run->context->store, run->context->uid, ids, count, run->arena,
        uses);
    for (size_t i = 0; result == 0 && i < count; i++)
        result = set_use(jdoc_at(entries, i), &uses[i]);
    return result;
}

/* Returns 0; ERR_INVALID (the failure is set); a fault. */
static int read_period(struct tools_run *run, int64_t *from_ms, int64_t *to_ms)
{
    const struct zone *z;
    struct moment m;
    *from_ms = -KEEP_FOREVER;
    *to_ms = KEEP_FOREVER;
    int result = moment_zone(run, &z);
    if (result == 0)
        result = moment_argument(run, "start_date", z, &m);
    if (result == 0)
        *from_ms = m.ms;
    else if (result != ERR_NOT_FOUND)
        return result;
    result = moment_argument(run, "end_date", z, &m);
    if (result == 0)
        *to_ms = m.has_time ? m.ms : moment_day(m.ms, 1, z) - 1;
    else if (result != ERR_NOT_FOUND)
        return result;
    if (*to_ms >= *from_ms)
        return 0;
    result = run_fail_at(run, "/end_date", "a time that is not before start_date",
        "end_date is before start_date");
    return result != 0 ? result : ERR_INVALID;
}

int fuel_tool_get_fuel_log(struct tools_run *run)
{
    struct listing l = { .entries = jdoc_new_array() };
    int64_t from_ms, to_ms, limit = 10;
    char spent[COST_TEXT_SIZE];
    jdoc_get_int(run->args, "limit", &limit);
    l.limit = (size_t)limit;
    int result = l.entries != NULL ? read_period(run, &from_ms, &to_ms) : ERR_NOMEM;
    if (result == 0)
        result = read_entries(run, &l, from_ms, to_ms);
    if (result == 0)
        result = set_uses(run, l.entries);
    size_t count = jdoc_length(l.entries);
    cost_sums_text(&l.spent, spent);
    jdoc *out = result != 0 ? NULL
        : count == 0 ? run_succeed(run, "There are no fill-ups in the log for that.")
        : run_succeed(run, "%zu fill-up%s%s: %.1f L for %s.", count, count == 1 ? "" : "s",
            l.more ? ", and older ones" : "", l.litres, spent);
    if (out == NULL) {
        jdoc_free(l.entries);
        return result == ERR_INVALID ? 0 : result != 0 ? result : ERR_NOMEM;
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

static double sum_of(const struct stats *s, const char *field)
{
    return (double)cost_number(&s->fuel.sums, field);
}

static int set_stats(struct tools_run *run, jdoc *stats, const struct stats *s)
{
    double own = 0, used = sum_of(s, "used"), metres = sum_of(s, "metres");
    const char *field = arena_printf(run->arena, "filled %s", s->currency);
    double own_litres = field != NULL ? sum_of(s, field) / 1000 : 0;
    int failed = field == NULL;
    failed |= jdoc_set_int(stats, "fills", (int64_t)sum_of(s, "fills"));
    failed |= jdoc_set_double(stats, "volume", rounded(sum_of(s, "filled") / 1000, 100));
    failed |= jdoc_set_double(stats, "distance_km", rounded((double)s->fuel.distance / 1000, 10));
    failed |= cost_set_sums(stats, "spent", &s->spent);
    for (size_t i = 0; i < s->spent.count; i++)
        if (strcmp(s->spent.all[i].currency, s->currency) == 0)
            own = amount_to_number(s->spent.all[i].minor, s->currency);
    if (own_litres > 0)
        failed |= jdoc_set_double(stats, "average_price", rounded(own / own_litres, 1000));
    if (metres > 0) {
        double use = used * 100 / metres;
        failed |= jdoc_set_double(stats, "measured_km", rounded(metres / 1000, 10));
        failed |= jdoc_set_double(stats, "consumption_l_per_100km", rounded(use, 100));
        failed |= jdoc_set_double(stats, "best_l_per_100km", rounded(s->fuel.best, 100));
        failed |= jdoc_set_double(stats, "worst_l_per_100km", rounded(s->fuel.worst, 100));
        if (own_litres > 0)
            failed |= jdoc_set_double(stats, "cost_per_100km", rounded(use * own / own_litres, 100));
    }
    return failed != 0 ? ERR_NOMEM : 0;
}

static int set_stats_period(jdoc *stats, const struct stats *s, const char *period,
    int64_t now_ms, const struct zone *z)
{
    char from[MOMENT_SIZE], to[MOMENT_SIZE];
    moment_date(s->from_ms, z, from);
    moment_date(now_ms, z, to);
    int failed = jdoc_set_string(stats, "period", period);
    if (s->from_ms > -KEEP_FOREVER)
        failed |= jdoc_set_string(stats, "from", from);
    failed |= jdoc_set_string(stats, "to", to);
    return failed | jdoc_set_string(stats, "currency", s->currency);
}

/* An entry counts on its own local day. */
static int read_stats(struct tools_run *run, struct stats *s, const char *period,
    const struct zone *z)
{
    static const char *const ever[] = { "all" };
    const char *const *spans = ever;
    const char **days;
    size_t count = 1;
    int64_t now = run->context->now_ms, to_ms = moment_day(now, 1, z) - 1;
    int result = 0;
    if (strcmp(period, "all") != 0) {
        s->from_ms = moment_period_start(period, now, z);
        result = span_list(run, s->from_ms, to_ms, z, &days, &count);
        spans = days;
    }
    if (result == 0)
        result = records_fuel_stats(run->context->store, run->context->uid,
            jdoc_string(jdoc_get(run->args, "vehicle_id"), NULL), s->from_ms, to_ms, spans, count,
            run->arena, &s->fuel);
    cost_add_numbers(&s->spent, &s->fuel.sums, "");
    return result;
}

int fuel_tool_get_fuel_stats(struct tools_run *run)
{
    const char *period = jdoc_text_or(run->args, "period", "month");
    struct stats s = { .from_ms = -KEEP_FOREVER, .currency = cost_currency(run) };
    const struct zone *z;
    char spent[COST_TEXT_SIZE];
    int result = moment_zone(run, &z);
    if (result == 0)
        result = read_stats(run, &s, period, z);
    if (result != 0)
        return result;
    long long fills = (long long)sum_of(&s, "fills");
    double litres = sum_of(&s, "filled") / 1000, metres = sum_of(&s, "metres");
    cost_sums_text(&s.spent, spent);
    jdoc *out = fills == 0 ? run_succeed(run, "There are no fill-ups in that period.")
        : metres > 0 ? run_succeed(run, "%lld fill-up%s, %.1f L for %s; %.1f L/100 km.", fills,
              fills == 1 ? "" : "s", litres, spent, sum_of(&s, "used") * 100 / metres)
        : run_succeed(run, "%lld fill-up%s, %.1f L for %s. Consumption needs two full tanks.",
              fills, fills == 1 ? "" : "s", litres, spent);
    jdoc *stats = jdoc_new_object();
    if (out == NULL) {
        jdoc_free(stats);
        return ERR_NOMEM;
    }
    if (stats == NULL || jdoc_set(out, "stats", stats) != 0)
        return ERR_NOMEM;
    return set_stats_period(stats, &s, period, run->context->now_ms, z)
        | set_stats(run, stats, &s) ? ERR_NOMEM : 0;
}
