/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools of the family transition: practice ("shakedown") trips and what went wrong on them. */
#include "tools/engine/registry.h"
#include "tools/kit/cost.h"
#include "tools/kit/record.h"
#include "tools/transition/transition.h"

#include "base/err.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const trip_fields[] = {"trip_type", "destination", "confidence_rating", "notes",
    NULL};
static const char *const issue_fields[] = {"category", "severity", "description", "solution", NULL};

static int transition_read_dates(struct tools_run *run, jdoc *trip, int64_t *start_ms)
{
    const struct zone *z;
    struct timestamp start, end;
    char text[TIMESTAMP_SIZE];
    int error = timestamp_zone(run, &z);
    if (error == 0)
        error = timestamp_argument(run, "start_date", z, &start);
    if (error == 0)
        error = timestamp_argument(run, "end_date", z, &end);
    if (error != 0)
        return error;
    int nights = timestamp_days(start.ms, end.ms, z) - 1;
    if (nights < 0) {
        error = run_fail_at(run, "/end_date", "a day that is not before start_date",
            "end_date is before start_date");
        return error != 0 ? error : ERR_INVALID;
    }
    *start_ms = timestamp_day(start.ms, 0, z);
    timestamp_date(start.ms, z, text);
    int failed = jdoc_set_string(trip, "start_date", text);
    timestamp_date(end.ms, z, text);
    failed |= jdoc_set_string(trip, "end_date", text);
    failed |= jdoc_set_string(trip, "timezone", zone_name(z));
    failed |= jdoc_set_int(trip, "nights", nights);
    return failed != 0 ? ERR_NOMEM : 0;
}

int transition_tool_log_shakedown_trip(struct tools_run *run)
{
    int64_t start_ms = 0, nights = 0;
    jdoc *trip = transition_new(run, trip_fields);
    int error = trip ? transition_read_dates(run, trip, &start_ms) : ERR_NOMEM;
    if (error == 0) {
        jdoc_get_int(trip, "nights", &nights);
        run_succeed(run, "The practice trip of %s is recorded: %lld night%s.",
            jdoc_text_or(trip, "start_date", ""), (long long)nights, nights == 1 ? "" : "s");
        error = transition_commit(run, TRANSITION_TRIP, "trip", trip, start_ms, NULL);
    }
    jdoc_free(trip);
    return error == ERR_INVALID ? 0 : error;
}

/* The trip that the issue belongs to: the one named, else the latest, else none. */
static int transition_set_trip(struct tools_run *run, jdoc *issue)
{
    jdoc *trip = NULL;
    const char *id = jdoc_string(jdoc_get(run->args, "trip_id"), NULL);
    int error = id ? record_get(run, TRANSITION_TRIP, id, &trip, NULL) :
                     record_latest(run, TRANSITION_TRIP, &trip, NULL);
    if (error == 0)
        error = jdoc_set_string(issue, "trip_id", jdoc_text_or(trip, "id", ""));
    jdoc_free(trip);
    if (error != ERR_NOT_FOUND)
        return error;
    if (!id)
        return 0;
    error = run_fail(run, "not_found",
        "There is no practice trip with this id. Leave trip_id "
        "out for the latest one; get_shakedown_summary lists them.");
    return error != 0 ? error : ERR_INVALID;
}

int transition_tool_add_shakedown_issue(struct tools_run *run)
{
    int64_t minor;
    const char *currency = cost_currency(run);
    jdoc *issue = transition_new(run, issue_fields);
    int error = issue ? transition_set_trip(run, issue) : ERR_NOMEM;
    if (error == 0) {
        error = cost_argument(run, "cost", currency, &minor);
        if (error == 0)
            error = cost_set(issue, "cost", minor, currency) |
                    jdoc_set_string(issue, "currency", currency) ?
                ERR_NOMEM :
                0;
        else if (error == ERR_NOT_FOUND)
            error = 0;
    }
    if (error == 0)
        error = jdoc_set_bool(issue, "resolved", jdoc_get(issue, "solution") != NULL);
    if (error == 0) {
        run_succeed(run, "A %s %s problem is recorded.", jdoc_text_or(issue, "severity", ""),
            jdoc_text_or(issue, "category", ""));
        error =
            transition_commit(run, TRANSITION_ISSUE, "issue", issue, run->context->now_ms, NULL);
    }
    jdoc_free(issue);
    return error == ERR_INVALID ? 0 : error;
}

/* --- get_shakedown_summary --- */

static const char *const severities[] = {"minor", "major", "critical"};
static const char *const areas[] = {"power", "water", "comfort", "storage", "driving", "other"};
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

static int transition_take_copy(void *list, const jdoc *document)
{
    return jdoc_push(list, jdoc_dup(document));
}

static int transition_take_rating(void *arg, const jdoc *trip)
{
    jdoc_get_int(trip, "confidence_rating", arg);
    return 0;
}

/* From the sums beside the records; of these the newest are read. */
static int transition_read_trips(struct tools_run *run, struct summary *s)
{
    const struct tools_context *context = run->context;
    struct records_list newest;
    struct records_numbers sums;
    struct records_page rated = {.family = TRANSITION_TRIP,
        .tag = "rated",
        .from = -RECORD_FOREVER,
        .to = RECORD_FOREVER,
        .highest_first = true,
        .max = 1};
    int error = records_numbers(context->store, context->uid, TRANSITION_TRIP,
        &(struct records_texts){&(const char *){"all"}, 1}, run->arena, &sums);
    if (error == 0)
        error = records_count(context->store, context->uid, TRANSITION_TRIP, -RECORD_FOREVER,
            RECORD_FOREVER, &s->trip_count);
    if (error == 0)
        error = records_range(context->store, context->uid,
            &(struct records_page){.family = TRANSITION_TRIP,
                .from = -RECORD_FOREVER,
                .to = RECORD_FOREVER,
                .highest_first = true,
                .max = TRIPS_SHOWN},
            run->arena, &newest);
    if (error == 0)
        error = record_list(&newest, transition_take_copy, s->trips);
    if (error == 0)
        error = record_tagged(run, &rated, transition_take_rating, &s->latest_rating, NULL);
    if (error != 0)
        return error;
    s->nights = cost_number(&sums, "nights");
    s->rated = cost_number(&sums, "rated");
    s->rating_sum = cost_number(&sums, "rating");
    return 0;
}

static int transition_count_words(struct tools_run *run, const struct records_numbers *sums,
    const char *what, const char *const *words, int64_t *counts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *field = arena_printf(run->arena, "%s %s", what, words[i]);
        if (!field)
            return ERR_NOMEM;
        counts[i] = cost_number(sums, field);
    }
    return 0;
}

static int transition_read_issues(struct tools_run *run, struct summary *s)
{
    const struct tools_context *context = run->context;
    struct records_numbers sums;
    struct records_page open = {.family = TRANSITION_ISSUE,
        .tag = "open",
        .from = -RECORD_FOREVER,
        .to = RECORD_FOREVER,
        .highest_first = true,
        .max = OPEN_SHOWN};
    int error = records_numbers(context->store, context->uid, TRANSITION_ISSUE,
        &(struct records_texts){&(const char *){"all"}, 1}, run->arena, &sums);
    if (error == 0)
        error = records_count(context->store, context->uid, TRANSITION_ISSUE, -RECORD_FOREVER,
            RECORD_FOREVER, &s->issue_count);
    if (error == 0)
        error = record_tagged(run, &open, transition_take_copy, s->open_issues, NULL);
    if (error == 0)
        error =
            transition_count_words(run, &sums, "severity", severities, s->by_severity, SEVERITIES);
    if (error == 0)
        error = transition_count_words(run, &sums, "area", areas, s->by_area, AREAS);
    if (error != 0)
        return error;
    s->resolved = cost_number(&sums, "resolved");
    s->open_critical = cost_number(&sums, "critical");
    cost_add_numbers(&s->cost, &sums, "");
    return 0;
}

static int transition_set_counts(jdoc *object, const char *key, const char *const *words,
    const int64_t *counts, size_t n)
{
    jdoc *map = jdoc_new_object();
    int error = map ? jdoc_set(object, key, map) : ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < n; i++)
        error = jdoc_set_int(map, words[i], counts[i]);
    return error;
}

static int transition_set_summary(jdoc *object, struct summary *s)
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
    failed |=
        transition_set_counts(object, "issues_by_severity", severities, s->by_severity, SEVERITIES);
    failed |= transition_set_counts(object, "issues_by_category", areas, s->by_area, AREAS);
    failed |= cost_set_sums(object, "issue_cost", &s->cost);
    failed |= jdoc_set(object, "latest_trips", s->trips);
    failed |= jdoc_set(object, "open_issues", s->open_issues);
    s->trips = s->open_issues = NULL;
    return failed != 0 ? ERR_NOMEM : 0;
}

int transition_tool_get_shakedown_summary(struct tools_run *run)
{
    struct summary s = {.trips = jdoc_new_array(), .open_issues = jdoc_new_array()};
    jdoc *object = jdoc_new_object();
    int error = !s.trips || !s.open_issues || !object ? ERR_NOMEM : 0;
    if (error == 0)
        error = transition_read_trips(run, &s);
    if (error == 0)
        error = transition_read_issues(run, &s);
    if (error == 0)
        error = transition_set_summary(object, &s);
    if (error == 0 &&
        !(s.trip_count + s.issue_count == 0 ?
                run_succeed(run, "No practice trip is recorded yet.") :
                run_succeed(run, "%lld practice trip%s, %lld problem%s, %lld of them solved.",
                    (long long)s.trip_count, s.trip_count == 1 ? "" : "s", (long long)s.issue_count,
                    s.issue_count == 1 ? "" : "s", (long long)s.resolved)))
        error = ERR_NOMEM;
    if (error == 0)
        return jdoc_set(run->result, "summary", object);
    jdoc_free(object);
    jdoc_free(s.trips);
    jdoc_free(s.open_issues);
    return error;
}
