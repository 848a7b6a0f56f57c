#include "tools/fuel_use.h"

#include "base/err.h"
#include "tools/cost.h"
#include "tools/keep.h"
#include "tools/moment.h"
#include "tools/registry.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LOOK_BACK 500 /* entries without a full tank among them */
#define VEHICLES_MAX 16
/* A period's first full tank is measured from one that lies at most so long before it. */
#define LOOK_BACK_DAYS 180

static bool same_vehicle(const jdoc *a, const jdoc *b)
{
    return strcmp(jdoc_text_or(a, "vehicle_id", ""), jdoc_text_or(b, "vehicle_id", "")) == 0;
}

static bool same_entry(const jdoc *a, const jdoc *b)
{
    return strcmp(jdoc_text_or(a, "id", ""), jdoc_text_or(b, "id", "")) == 0;
}

static bool is_full(const jdoc *entry)
{
    bool full = false;
    jdoc_get_bool(entry, "filled_to_top", &full);
    return full;
}

static double number(const jdoc *entry, const char *key)
{
    double value = 0;
    jdoc_get_double(entry, key, &value);
    return value;
}

static int64_t time_of(const jdoc *entry)
{
    int64_t ms = 0;
    jdoc_get_int(entry, "time_ms", &ms);
    return ms;
}

static int set_use(jdoc *entry, double distance, double litres)
{
    if (!(distance > 0))
        return 0;
    int result = jdoc_set_double(entry, "distance_km", round(distance * 10) / 10);
    return result == 0 ? jdoc_set_double(entry, "consumption_l_per_100km",
        round(litres / distance * 10000) / 100) : result;
}

/* --- one entry --- */

struct back {
    const jdoc *entry;
    double litres, full_odometer;
    bool found;
    int seen;
};

static int look_back(void *arg, const jdoc *entry)
{
    struct back *b = arg;
    if (same_entry(entry, b->entry) || !same_vehicle(entry, b->entry))
        return 0;
    if (number(entry, "odometer") > number(b->entry, "odometer"))
        return 0; /* the same day, later */
    if (++b->seen > LOOK_BACK)
        return ERR_LIMIT;
    if (is_full(entry)) {
        b->found = true;
        b->full_odometer = number(entry, "odometer");
        return ERR_LIMIT;
    }
    b->litres += number(entry, "volume");
    return 0;
}

int fuel_use_of(struct tools_run *run, jdoc *entry)
{
    struct back b = { .entry = entry, .litres = number(entry, "volume") };
    if (!is_full(entry))
        return 0;
    int result = keep_newest(run, FUEL_FAMILY, -KEEP_FOREVER, time_of(entry), look_back, &b);
    if (result != 0 || !b.found)
        return result;
    return set_use(entry, number(entry, "odometer") - b.full_odometer, b.litres);
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
    if (same_entry(entry, n->entry) || !same_vehicle(entry, n->entry))
        return 0;
    n->found = true;
    n->odometer = number(entry, "odometer");
    snprintf(n->date, sizeof n->date, "%.10s", jdoc_text_or(entry, "entry_date", ""));
    return ERR_LIMIT;
}

int fuel_use_neighbours(struct tools_run *run, const jdoc *entry, struct fuel_neighbours *out)
{
    struct next before = { .entry = entry }, after = { .entry = entry };
    int64_t ms = time_of(entry);
    int result = keep_newest(run, FUEL_FAMILY, -KEEP_FOREVER, ms - 1, look_next, &before);
    if (result == 0)
        result = keep_each(run, FUEL_FAMILY, ms + 1, KEEP_FOREVER, look_next, &after);
    *out = (struct fuel_neighbours){ .has_before = before.found, .has_after = after.found,
        .before = before.odometer, .after = after.odometer };
    memcpy(out->before_date, before.date, sizeof out->before_date);
    memcpy(out->after_date, after.date, sizeof out->after_date);
    return result;
}

/* --- get_fuel_log --- */

struct pending { /* a shown full tank that waits for the full tank before it */
    jdoc *entry;
    double litres;
};

struct listing {
    jdoc *entries;
    int64_t from_ms;
    size_t limit;
    const char *vehicle;
    struct pending pending[VEHICLES_MAX]; /* one a vehicle */
    size_t pending_count;
    int behind; /* entries read that are not shown */
    bool more;
    struct cost_sums spent;
    double litres;
};

static struct pending *pending_of(struct listing *l, const jdoc *entry)
{
    for (size_t i = 0; i < l->pending_count; i++)
        if (same_vehicle(l->pending[i].entry, entry))
            return &l->pending[i];
    return NULL;
}

static int settle(struct listing *l, const jdoc *entry)
{
    struct pending *p = pending_of(l, entry);
    if (p == NULL)
        return 0;
    if (!is_full(entry)) {
        p->litres += number(entry, "volume");
        return 0;
    }
    int result = set_use(p->entry, number(p->entry, "odometer") - number(entry, "odometer"),
        p->litres);
    *p = l->pending[--l->pending_count];
    return result;
}

static int show(struct listing *l, const jdoc *entry)
{
    jdoc *shown = jdoc_dup(entry);
    if (shown == NULL || jdoc_push(l->entries, shown) != 0)
        return ERR_NOMEM;
    cost_add_record(&l->spent, entry, "total");
    l->litres += number(entry, "volume");
    if (is_full(entry) && l->pending_count < VEHICLES_MAX)
        l->pending[l->pending_count++] = (struct pending){ shown, number(entry, "volume") };
    return 0;
}

static int list_entry(void *arg, const jdoc *entry)
{
    struct listing *l = arg;
    if (l->vehicle != NULL && strcmp(jdoc_text_or(entry, "vehicle_id", ""), l->vehicle) != 0)
        return 0;
    bool in_period = time_of(entry) >= l->from_ms, room = jdoc_length(l->entries) < l->limit;
    int result = settle(l, entry);
    if (result == 0 && in_period && room)
        return show(l, entry);
    l->more |= in_period && !room;
    if (result == 0 && (l->pending_count == 0 || ++l->behind > LOOK_BACK))
        return ERR_LIMIT;
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
    result = tools_fail_at(run, "/end_date", "a time that is not before start_date",
        "end_date is before start_date");
    return result != 0 ? result : ERR_INVALID;
}

int fuel_tool_get_fuel_log(struct tools_run *run)
{
    struct listing l = { .entries = jdoc_new_array(),
        .vehicle = jdoc_string(jdoc_get(run->args, "vehicle_id"), NULL) };
    int64_t to_ms, limit = 10;
    char spent[COST_TEXT_SIZE];
    jdoc_get_int(run->args, "limit", &limit);
    l.limit = (size_t)limit;
    int result = l.entries != NULL ? read_period(run, &l.from_ms, &to_ms) : ERR_NOMEM;
    if (result == 0)
        result = keep_newest(run, FUEL_FAMILY, -KEEP_FOREVER, to_ms, list_entry, &l);
    size_t count = jdoc_length(l.entries);
    cost_sums_text(&l.spent, spent);
    jdoc *out = result != 0 ? NULL
        : count == 0 ? tools_succeed(run, "There are no fill-ups in the log for that.")
        : tools_succeed(run, "%zu fill-up%s%s: %.1f L for %s.", count, count == 1 ? "" : "s",
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

/* --- get_fuel_stats --- */

struct track { /* one vehicle on its way from full tank to full tank */
    char vehicle[64];
    bool has_full;
    double full_odometer, litres;
    bool has_reading;
    double first, last; /* odometers inside the period */
};

struct stats {
    int64_t from_ms;
    const char *currency, *vehicle;
    struct track tracks[VEHICLES_MAX];
    size_t track_count;
    int64_t fills;
    double litres, distance, measured_km, measured_litres, best, worst;
    double own_litres; /* of fills in the currency */
    struct cost_sums spent;
};

static struct track *track_of(struct stats *s, const jdoc *entry)
{
    const char *vehicle = jdoc_text_or(entry, "vehicle_id", "");
    for (size_t i = 0; i < s->track_count; i++)
        if (strcmp(s->tracks[i].vehicle, vehicle) == 0)
            return &s->tracks[i];
    if (s->track_count == VEHICLES_MAX)
        return NULL;
    struct track *t = &s->tracks[s->track_count++];
    snprintf(t->vehicle, sizeof t->vehicle, "%s", vehicle);
    return t;
}

static void measure(struct stats *s, struct track *t, const jdoc *entry, bool in_period)
{
    double odometer = number(entry, "odometer"), km = odometer - t->full_odometer;
    t->litres += number(entry, "volume");
    if (!is_full(entry))
        return;
    if (in_period && t->has_full && km > 0) {
        double use = t->litres / km * 100;
        s->best = s->measured_km > 0 ? fmin(s->best, use) : use;
        s->worst = fmax(s->worst, use);
        s->measured_km += km;
        s->measured_litres += t->litres;
    }
    t->has_full = true;
    t->full_odometer = odometer;
    t->litres = 0;
}

static int count_entry(void *arg, const jdoc *entry)
{
    struct stats *s = arg;
    bool in_period = time_of(entry) >= s->from_ms;
    if (s->vehicle != NULL && strcmp(jdoc_text_or(entry, "vehicle_id", ""), s->vehicle) != 0)
        return 0;
    struct track *t = track_of(s, entry);
    if (t != NULL)
        measure(s, t, entry, in_period);
    if (!in_period)
        return 0;
    double odometer = number(entry, "odometer");
    if (t != NULL) {
        t->first = t->has_reading ? fmin(t->first, odometer) : odometer;
        t->last = t->has_reading ? fmax(t->last, odometer) : odometer;
        t->has_reading = true;
    }
    s->fills++;
    s->litres += number(entry, "volume");
    if (strcmp(jdoc_text_or(entry, "currency", ""), s->currency) == 0)
        s->own_litres += number(entry, "volume");
    cost_add_record(&s->spent, entry, "total");
    return 0;
}

static double rounded(double value, double step)
{
    return round(value * step) / step;
}

static int set_stats(jdoc *stats, const struct stats *s)
{
    double own = 0;
    int failed = jdoc_set_int(stats, "fills", s->fills);
    failed |= jdoc_set_double(stats, "volume", rounded(s->litres, 100));
    failed |= jdoc_set_double(stats, "distance_km", rounded(s->distance, 10));
    failed |= cost_set_sums(stats, "spent", &s->spent);
    for (size_t i = 0; i < s->spent.count; i++)
        if (strcmp(s->spent.all[i].currency, s->currency) == 0)
            own = amount_to_number(s->spent.all[i].minor, s->currency);
    if (s->own_litres > 0)
        failed |= jdoc_set_double(stats, "average_price", rounded(own / s->own_litres, 1000));
    if (s->measured_km > 0) {
        double use = s->measured_litres / s->measured_km * 100;
        failed |= jdoc_set_double(stats, "measured_km", rounded(s->measured_km, 10));
        failed |= jdoc_set_double(stats, "consumption_l_per_100km", rounded(use, 100));
        failed |= jdoc_set_double(stats, "best_l_per_100km", rounded(s->best, 100));
        failed |= jdoc_set_double(stats, "worst_l_per_100km", rounded(s->worst, 100));
        if (s->own_litres > 0)
            failed |= jdoc_set_double(stats, "cost_per_100km",
                rounded(use * own / s->own_litres, 100));
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

int fuel_tool_get_fuel_stats(struct tools_run *run)
{
    const char *period = jdoc_text_or(run->args, "period", "month");
    struct stats s = { .from_ms = -KEEP_FOREVER, .currency = cost_currency(run),
        .vehicle = jdoc_string(jdoc_get(run->args, "vehicle_id"), NULL) };
    const struct zone *z;
    char spent[COST_TEXT_SIZE];
    int64_t now = run->context->now_ms, read_from = -KEEP_FOREVER;
    int result = moment_zone(run, &z);
    if (result != 0)
        return result;
    if (strcmp(period, "all") != 0) {
        s.from_ms = moment_period_start(period, now, z);
        read_from = moment_day(s.from_ms, -LOOK_BACK_DAYS, z);
    }
    result = keep_each(run, FUEL_FAMILY, read_from, moment_day(now, 1, z) - 1, count_entry, &s);
    if (result != 0)
        return result;
    for (size_t i = 0; i < s.track_count; i++)
        s.distance += s.tracks[i].last - s.tracks[i].first;
    cost_sums_text(&s.spent, spent);
    jdoc *out = s.fills == 0 ? tools_succeed(run, "There are no fill-ups in that period.")
        : s.measured_km > 0 ? tools_succeed(run, "%lld fill-up%s, %.1f L for %s; %.1f L/100 km.",
              (long long)s.fills, s.fills == 1 ? "" : "s", s.litres, spent,
              s.measured_litres / s.measured_km * 100)
        : tools_succeed(run, "%lld fill-up%s, %.1f L for %s. Consumption needs two full tanks.",
              (long long)s.fills, s.fills == 1 ? "" : "s", s.litres, spent);
    jdoc *stats = jdoc_new_object();
    if (out == NULL) {
        jdoc_free(stats);
        return ERR_NOMEM;
    }
    if (stats == NULL || jdoc_set(out, "stats", stats) != 0)
        return ERR_NOMEM;
    return set_stats_period(stats, &s, period, now, z) | set_stats(stats, &s) ? ERR_NOMEM : 0;
}
