/* Tools of the family transition: practice ("shakedown") trips and what went wrong on them. */
#include "tools/engine/registry.h"
#include "tools/kit/cost.h"
#include "tools/kit/keep.h"
#include "tools/transition/transition.h"

#include "base/err.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const trip_fields[] = { "trip_type", "destination", "confidence_rating", "notes",
    NULL };
static const char *const issue_fields[] = { "category", "severity", "description", "solution",
    NULL };

static int read_dates(struct tools_run *run, jdoc *trip, int64_t *start_ms)
{
    const struct zone *z;
    struct moment start, end;
    char text[MOMENT_SIZE];
    int result = moment_zone(run, &z);
    if (result == 0)
        result = moment_argument(run, "start_date", z, &start);
    if (result == 0)
        result = moment_argument(run, "end_date", z, &end);
    if (result != 0)
        return result;
    int nights = moment_days(start.ms, end.ms, z) - 1;
    if (nights < 0) {
        result = run_fail_at(run, "/end_date", "a day that is not before start_date",
            "end_date is before start_date");
        return result != 0 ? result : ERR_INVALID;
    }
    *start_ms = moment_day(start.ms, 0, z);
    moment_date(start.ms, z, text);
    int failed = jdoc_set_string(trip, "start_date", text);
    moment_date(end.ms, z, text);
    failed |= jdoc_set_string(trip, "end_date", text);
    failed |= jdoc_set_string(trip, "timezone", zone_name(z));
    failed |= jdoc_set_int(trip, "nights", nights);
    return failed != 0 ? ERR_NOMEM : 0;
}

int transition_tool_log_shakedown_trip(struct tools_run *run)
{
    int64_t start_ms = 0, nights = 0;
    jdoc *trip = transition_new(run, trip_fields);
    int result = trip != NULL ? read_dates(run, trip, &start_ms) : ERR_NOMEM;
    if (result == 0) {
        jdoc_get_int(trip, "nights", &nights);
        run_succeed(run, "The practice trip of %s is recorded: %lld night%s.",
            jdoc_text_or(trip, "start_date", ""), (long long)nights, nights == 1 ? "" : "s");
        result = transition_commit(run, TRANSITION_TRIP, "trip", trip, start_ms, NULL);
    }
    jdoc_free(trip);
    return result == ERR_INVALID ? 0 : result;
}

/* The trip that the issue belongs to: the one named, else the latest, else none. */
static int set_trip(struct tools_run *run, jdoc *issue)
{
    jdoc *trip = NULL;
    const char *id = jdoc_string(jdoc_get(run->args, "trip_id"), NULL);
    int result = id != NULL ? keep_get(run, TRANSITION_TRIP, id, &trip, NULL)
                            : keep_latest(run, TRANSITION_TRIP, &trip, NULL);
    if (result == 0)
        result = jdoc_set_string(issue, "trip_id", jdoc_text_or(trip, "id", ""));
    jdoc_free(trip);
    if (result != ERR_NOT_FOUND)
        return result;
    if (id == NULL)
        return 0;
    result = run_fail(run, "not_found", "There is no practice trip with this id. Leave trip_id "
        "out for the latest one; get_shakedown_summary lists them.");
    return result != 0 ? result : ERR_INVALID;
}

int transition_tool_add_shakedown_issue(struct tools_run *run)
{
    int64_t minor;
    const char *currency = cost_currency(run);
    jdoc *issue = transition_new(run, issue_fields);
    int result = issue != NULL ? set_trip(run, issue) : ERR_NOMEM;
    if (result == 0) {
        result = cost_argument(run, "cost", currency, &minor);
        if (result == 0)
            result = cost_set(issue, "cost", minor, currency)
                | jdoc_set_string(issue, "currency", currency) ? ERR_NOMEM : 0;
        else if (result == ERR_NOT_FOUND)
            result = 0;
    }
    if (result == 0)
        result = jdoc_set_bool(issue, "resolved", jdoc_get(issue, "solution") != NULL);
    if (result == 0) {
        run_succeed(run, "A %s %s problem is recorded.", jdoc_text_or(issue, "severity", ""),
            jdoc_text_or(issue, "category", ""));
        result = transition_commit(run, TRANSITION_ISSUE, "issue", issue, run->context->now_ms,
            NULL);
    }
    jdoc_free(issue);
    return result == ERR_INVALID ? 0 : result;
}

/* --- get_shakedown_summary --- */

static const char *const severities[] = { "minor", "major", "critical" };
static const char *const areas[] = { "power", "water", "comfort", "storage", "driving", "other" };
#define SEVERITIES (sizeof severities / sizeof *severities)
#define AREAS (sizeof areas / sizeof *areas)
#define OPEN_SHOWN 20
#define TRIPS_SHOWN 20

struct summary {
    jdoc *trips, *open_issues; /* newest first */
    int64_t trip_count, nights, rated, rating_sum, latest_rating;
    int64_t issue_count, resolved, by_severity[SEVERITIES], by_area[AREAS], open_critical;
    struct cost_sums cost;
};

static int take_copy(void *list, const jdoc *document)
{
    return jdoc_push(list, jdoc_dup(document));
}

static int take_rating(void *arg, const jdoc *trip)
{
    jdoc_get_int(trip, "confidence_rating", arg);
    return 0;
}

/* From the sums beside the records; of these the newest are read. */
static int read_trips(struct tools_run *run, struct summary *s)
{
    const struct tools_context *context = run->context;
    struct records_list newest;
    struct records_numbers sums;
    struct records_page rated = { .family = TRANSITION_TRIP, .tag = "rated", .from = -KEEP_FOREVER,
        .to = KEEP_FOREVER, .highest_first = true, .max = 1 };
    int result = records_numbers(context->store, context->uid, TRANSITION_TRIP,
        &(const char *){ "all" }, 1, run->arena, &sums);
    if (result == 0)
        result = records_count(context->store, context->uid, TRANSITION_TRIP, -KEEP_FOREVER,
            KEEP_FOREVER, run->arena, &s->trip_count);
    if (result == 0)
        result = records_range(context->store, context->uid, TRANSITION_TRIP, -KEEP_FOREVER,
            KEEP_FOREVER, true, 0, TRIPS_SHOWN, run->arena, &newest);
    if (result == 0)
        result = keep_list(&newest, take_copy, s->trips);
    if (result == 0)
        result = keep_tagged(run, &rated, take_rating, &s->latest_rating, NULL);
    if (result != 0)
        return result;
    s->nights = cost_number(&sums, "nights");
    s->rated = cost_number(&sums, "rated");
    s->rating_sum = cost_number(&sums, "rating");
    return 0;
}

static int count_words(struct tools_run *run, const struct records_numbers *sums, const char *what,
    const char *const *words, int64_t *counts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *field = arena_printf(run->arena, "%s %s", what, words[i]);
        if (field == NULL)
            return ERR_NOMEM;
        counts[i] = cost_number(sums, field);
    }
    return 0;
}

static int read_issues(struct tools_run *run, struct summary *s)
{
    const struct tools_context *context = run->context;
    struct records_numbers sums;
    struct records_page open = { .family = TRANSITION_ISSUE, .tag = "open", .from = -KEEP_FOREVER,
        .to = KEEP_FOREVER, .highest_first = true, .max = OPEN_SHOWN };
    int result = records_numbers(context->store, context->uid, TRANSITION_ISSUE,
        &(const char *){ "all" }, 1, run->arena, &sums);
    if (result == 0)
        result = records_count(context->store, context->uid, TRANSITION_ISSUE, -KEEP_FOREVER,
            KEEP_FOREVER, run->arena, &s->issue_count);
    if (result == 0)
        result = keep_tagged(run, &open, take_copy, s->open_issues, NULL);
    if (result == 0)
        result = count_words(run, &sums, "severity", severities, s->by_severity, SEVERITIES);
    if (result == 0)
        result = count_words(run, &sums, "area", areas, s->by_area, AREAS);
    if (result != 0)
        return result;
    s->resolved = cost_number(&sums, "resolved");
    s->open_critical = cost_number(&sums, "critical");
    cost_add_numbers(&s->cost, &sums, "");
    return 0;
}

static int set_counts(jdoc *object, const char *key, const char *const *words,
    const int64_t *counts, size_t n)
{
    jdoc *map = jdoc_new_object();
    int result = map != NULL ? jdoc_set(object, key, map) : ERR_NOMEM;
    for (size_t i = 0; result == 0 && i < n; i++)
        result = jdoc_set_int(map, words[i], counts[i]);
    return result;
}

static int set_summary(jdoc *object, struct summary *s)
{
    int failed = jdoc_set_int(object, "trips", s->trip_count);
    failed |= jdoc_set_int(object, "nights", s->nights);
    if (s->rated > 0) {
        double average = (double)s->rating_sum / (double)s->rated;
        failed |= jdoc_set_double(object, "average_confidence", round(average * 10) / 10);
        failed |= jdoc_set_int(object, "latest_confidence", s->latest_rating);
    }
    failed |= jdoc_set_int(object, "issues", s->issue_count);
    failed |= jdoc_set_int(object, "issues_resolved", s->resolved);
    failed |= jdoc_set_int(object, "open_critical_issues", s->open_critical);
    failed |= set_counts(object, "issues_by_severity", severities, s->by_severity, SEVERITIES);
    failed |= set_counts(object, "issues_by_category", areas, s->by_area, AREAS);
    failed |= cost_set_sums(object, "issue_cost", &s->cost);
    failed |= jdoc_set(object, "latest_trips", s->trips);
    failed |= jdoc_set(object, "open_issues", s->open_issues);
    s->trips = s->open_issues = NULL;
    return failed != 0 ? ERR_NOMEM : 0;
}

int transition_tool_get_shakedown_summary(struct tools_run *run)
{
    struct summary s = { .trips = jdoc_new_array(), .open_issues = jdoc_new_array() };
    jdoc *object = jdoc_new_object();
    int result = s.trips == NULL || s.open_issues == NULL || object == NULL ? ERR_NOMEM : 0;
    if (result == 0)
        result = read_trips(run, &s);
    if (result == 0)
        result = read_issues(run, &s);
    if (result == 0)
        result = set_summary(object, &s);
    if (result == 0 && (s.trip_count + s.issue_count == 0
            ? run_succeed(run, "No practice trip is recorded yet.")
            : run_succeed(run, "%lld practice trip%s, %lld problem%s, %lld of them solved.",
                (long long)s.trip_count, s.trip_count == 1 ? "" : "s", (long long)s.issue_count,
                s.issue_count == 1 ? "" : "s", (long long)s.resolved)) == NULL)
        result = ERR_NOMEM;
    if (result == 0)
        return jdoc_set(run->result, "summary", object);
    jdoc_free(object);
    jdoc_free(s.trips);
    jdoc_free(s.open_issues);
    return result;
}
