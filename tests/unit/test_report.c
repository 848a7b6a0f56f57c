/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/clock.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "fcgi-app/report.h"
#include "redis_bench.h"
#include "store/stats.h"
#include "workers/supervisor/feedback_command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define MS INT64_C(1000)

static struct store *store;
static struct stats_flush flush;
static struct report report;

static int set_up_all(void **state)
{
    redis_bench_start(state);
    assert_int_equal(store_open(&store, &conf, NULL, "m/housekeeper/1/1"), 0);
    return 0;
}

static int tear_down_all(void **state)
{
    store_close(store);
    return redis_bench_stop(state);
}

static int fresh(void **state)
{
    (void)state;
    assert_int_equal(measure_open(), 0);
    flush = (struct stats_flush){.store = store};
    return link_command(store->link, NULL, "FLUSHALL");
}

static int end(void **state)
{
    (void)state;
    stats_flush_fini(&flush);
    report_free(&report);
    measure_close();
    return 0;
}

static void make(void)
{
    int64_t now = clock_real_ms();

    report_free(&report);
    assert_int_equal(report_make(store, now - STATS_DAY_MS, now, &report), 0);
}

static enum report_state state_of(const char *name, double *value)
{
    struct report_promise p;

    for (size_t i = 0; report_promise(&report, i, &p); i++) {
        if (strcmp(p.name, name) == 0) {
            *value = p.value;
            return p.state;
        }
    }
    fail_msg("no promise %s", name);
    return REPORT_TOO_FEW;
}

static void turns(int count, int64_t us)
{
    for (int i = 0; i < count; i++) {
        measure_count(MEASURE_TURNS, "done");
        measure_time_us(MEASURE_TURN_TIME, "done", us);
    }
}

/* ---- percentiles ---- */

static void a_percentile_is_in_the_bucket_of_the_true_one(void **state)
{
    struct report_times t = {0};
    size_t count;
    const int64_t *bounds = measure_bounds(MEASURE_TURN_TIME, &count);
    int64_t low, high, at;

    (void)state;
    assert_int_equal(report_percentile(MEASURE_TURN_TIME, &t, 0.5, &low, &high), 0);
    assert_true(report_share_within(MEASURE_TURN_TIME, &t, bounds[0]) == 0);
    /* 90 in the third bucket, 10 in the last one. */
    t.count = 100;
    t.bucket[2] = 90;
    t.bucket[count] = 10;
    at = report_percentile(MEASURE_TURN_TIME, &t, 0.5, &low, &high);
    assert_int_equal(low, bounds[1]);
    assert_int_equal(high, bounds[2]);
    assert_int_equal(at, bounds[1] + (bounds[2] - bounds[1]) * 50 / 90);
    assert_int_equal(report_percentile(MEASURE_TURN_TIME, &t, 0.9, &low, &high), bounds[2]);
    at = report_percentile(MEASURE_TURN_TIME, &t, 0.95, &low, &high);
    assert_int_equal(at, bounds[count - 1]);
    assert_int_equal(low, at);
    assert_int_equal(high, -1);
    assert_true(report_share_within(MEASURE_TURN_TIME, &t, bounds[2]) == 0.9);
    assert_true(report_share_within(MEASURE_TURN_TIME, &t, bounds[1]) == 0);
}

static void two_seconds_are_a_bound(void **state)
{
    size_t count, i = 0;
    const int64_t *bounds = measure_bounds(MEASURE_TURN_TIME, &count);

    (void)state;
    while (i < count && bounds[i] != REPORT_RESPONSE_US)
        i++;
    assert_in_range(i, 1, count - 1); /* so "met" is exact, not interpolated */
}

/* ---- sums ---- */

static void sums_are_exact_whoever_sends_them_and_how_often(void **state)
{
    struct stats_flush other = {.store = store};
    int64_t now = clock_real_ms();

    (void)state;
    turns(3, 500 * MS);
    assert_int_equal(stats_flush_step(&flush, now), 0);
    assert_int_equal(stats_flush_step(&flush, now), 0);
    /* Another housekeeper of the same service: nothing is known to it. */
    assert_int_equal(stats_flush_step(&other, now), 0);
    turns(2, 500 * MS);
    assert_int_equal(stats_flush_step(&other, now), 0);
    /* The first one is behind; what it sends has been told. */
    assert_int_equal(stats_flush_step(&flush, now), 0);
    stats_flush_fini(&other);
    make();
    assert_int_equal(report.total.ended, 5);
    assert_int_equal(report.total.turns.count, 5);
    assert_int_equal(report.total.turns.sum_us, 5 * 500 * MS);
}

static void a_new_run_of_the_service_counts_from_zero(void **state)
{
    int64_t now = clock_real_ms();

    (void)state;
    turns(3, 500 * MS);
    assert_int_equal(stats_flush_step(&flush, now), 0);
    stats_flush_fini(&flush);
    measure_close();
    usleep(2000);
    assert_int_equal(measure_open(), 0);
    turns(4, 500 * MS);
    assert_int_equal(stats_flush_step(&flush, now), 0);
    make();
    assert_int_equal(report.total.ended, 7);
}

static void machines_add_up(void **state)
{
    char machine[] = "second", *first = conf.machine;
    struct stats_flush other = {.store = store};
    int64_t now = clock_real_ms();

    (void)state;
    turns(3, 500 * MS);
    assert_int_equal(stats_flush_step(&flush, now), 0);
    conf.machine = machine; /* it has counted the same */
    assert_int_equal(stats_flush_step(&other, now), 0);
    conf.machine = first;
    stats_flush_fini(&other);
    make();
    assert_int_equal(report.total.ended, 6);
}

static void hours_and_days_say_the_same_and_have_an_end(void **state)
{
    struct link_reply *r = NULL;
    int64_t now = clock_real_ms(), hours;

    (void)state;
    turns(3, 500 * MS);
    assert_int_equal(stats_flush_step(&flush, now), 0);
    make();
    hours = report.unit_ms;
    assert_int_equal(hours, STATS_HOUR_MS);
    assert_in_range(report.point_count, 24, 25);
    report_free(&report);
    assert_int_equal(report_make(store, now - 7 * STATS_DAY_MS, now, &report), 0);
    assert_int_equal(report.unit_ms, STATS_DAY_MS);
    assert_int_equal(report.total.ended, 3);
    assert_int_equal(link_command(store->link, &r, "KEYS tp:{+stats}:*"), 0);
    assert_int_equal(link_reply_count(r), 3);
    for (size_t i = 0; i < link_reply_count(r); i++) {
        struct link_reply *life = NULL;
        const char *key = link_reply_text(link_reply_at(r, i), NULL);
        assert_int_equal(link_command(store->link, &life, "PTTL %s", key), 0);
        assert_in_range(link_reply_int(life), 1, conf.stats_keep_ms + STATS_DAY_MS);
        link_reply_free(life);
    }
    link_reply_free(r);
    report_free(&report);
    assert_int_equal(report_make(store, now, now, &report), ERR_INVALID);
    report_free(&report);
    assert_int_equal(report_make(store, now - 500 * STATS_DAY_MS, now, &report), ERR_INVALID);
}

static void rows_of_other_versions_are_read(void **state)
{
    struct stats_row row;
    size_t count;

    (void)state;
    (void)measure_bounds(MEASURE_TOOL_TIME, &count);
    assert_true(stats_row_parse("tool_seconds|a|", "s:9 inf:2 7:1", &row));
    assert_int_equal(row.bucket[0], 1); /* a bound that is no more */
    assert_int_equal(row.bucket[count], 2);
    assert_int_equal(row.count, 3);
    assert_string_equal(row.label[0], "a");
    assert_false(stats_row_parse("never_heard|a|", "n:1", &row));
    assert_false(stats_row_parse("turns|done|", "n:x", &row));
    assert_false(stats_row_parse("turns|done|", "n", &row));
}

static void users_are_counted_once(void **state)
{
    int64_t now = clock_real_ms(), count;

    (void)state;
    for (int i = 0; i < 3; i++) {
        stats_note_user(store, "test-report-ann", now);
        stats_note_user(store, "test-report-bob", now);
        stats_note_user(store, "test-report-ann", now - STATS_DAY_MS);
    }
    assert_int_equal(stats_users(store, now, now, &count), 0);
    assert_int_equal(count, 2);
    assert_int_equal(stats_users(store, now - STATS_DAY_MS, now, &count), 0);
    assert_int_equal(count, 2);
    assert_int_equal(stats_users(store, now - STATS_DAY_MS, now - STATS_DAY_MS, &count), 0);
    assert_int_equal(count, 1);
}

static void a_user_whose_note_was_lost_is_noted_again(void **state)
{
    int64_t day = clock_real_ms() + 40 * STATS_DAY_MS, count = 0;

    (void)state;
    stats_note_user(store, "test-report-first", day);
    assert_int_equal(stats_users(store, day, day, &count), 0);
    assert_int_equal(count, 1);
    own_redis_kill(&redis);
    stats_note_user(store, "test-report-lost", day);
    own_redis_again(&redis);
    do
        link_hurry(store->link);
    while (stats_users(store, day, day, &count));
    assert_int_equal(count, 1);
    stats_note_user(store, "test-report-lost", day);
    assert_int_equal(stats_users(store, day, day, &count), 0);
    assert_int_equal(count, 2);
}

/* ---- promises ---- */

static void few_turns_say_nothing(void **state)
{
    double value;

    (void)state;
    turns(REPORT_TURNS_MIN - 1, 500 * MS);
    assert_int_equal(stats_flush_step(&flush, clock_real_ms()), 0);
    make();
    assert_int_equal(state_of("response_p95", &value), REPORT_TOO_FEW);
    assert_int_equal(state_of("failures", &value), REPORT_TOO_FEW);
    assert_int_equal(state_of("satisfaction", &value), REPORT_TOO_FEW);
    assert_int_equal(state_of("tools", &value), REPORT_TOO_FEW);
}

static void promises_are_met_or_not(void **state)
{
    double value;

    (void)state;
    turns(190, 500 * MS);
    turns(10, 9000 * MS); /* 95 % within 2 s: just met */
    measure_add(MEASURE_TURNS, &(struct measure_labels){{"failed"}}, 2); /* of 202: just met */
    measure_add(MEASURE_TURNS, &(struct measure_labels){{"cancelled"}}, 50);
    measure_time_us(MEASURE_TURN_TIME, "failed",
        60000 * MS); /* how long a failure took says nothing */
    measure_time_us(MEASURE_TURN_TIME, "cancelled", 60000 * MS);
    assert_int_equal(stats_flush_step(&flush, clock_real_ms()), 0);
    make();
    assert_int_equal(state_of("response_p50", &value), REPORT_MET);
    assert_true(value > 0.25 && value <= 0.5);
    assert_int_equal(state_of("response_p95", &value), REPORT_MET);
    assert_int_equal(state_of("failures", &value), REPORT_MET);
    assert_int_equal(report.cancelled, 50);
    turns(1, 9000 * MS);
    measure_count(MEASURE_TURNS, "failed");
    assert_int_equal(stats_flush_step(&flush, clock_real_ms()), 0);
    make();
    assert_int_equal(state_of("response_p50", &value), REPORT_MET);
    assert_int_equal(state_of("response_p95", &value), REPORT_NOT_MET);
    assert_true(value > 2);
    assert_int_equal(state_of("failures", &value), REPORT_NOT_MET);
}

static void rate(int i, int rating)
{
    int64_t now = clock_real_ms();
    time_t seconds = (time_t)(now / 1000);
    struct tm tm;
    char key[64];

    gmtime_r(&seconds, &tm);
    strftime(key, sizeof key, "tp:feedback:%Y%m", &tm);
    char member[64];
    snprintf(member, sizeof member, "ann a%d {\"rating\":%d}", i, rating);
    assert_int_equal(link_command(store->link, NULL, "ZADD %s %lld %s", key, (long long)now - 1,
                         member),
        0);
}

static void satisfaction_is_of_ratings(void **state)
{
    double value;

    (void)state;
    for (int i = 0; i < 20; i++)
        rate(i, i < 18 ? 5 : 1);
    make();
    assert_int_equal(state_of("satisfaction", &value), REPORT_MET);
    assert_true(value == 0.9);
    rate(20, 2);
    rate(21, 3);
    make();
    assert_int_equal(state_of("satisfaction", &value), REPORT_NOT_MET);
}

static void a_tool_whose_service_fails_does_not_work(void **state)
{
    double value;

    (void)state;
    for (int i = 0; i < 10; i++) {
        measure_time_us(MEASURE_TOOL_TIME, "get_weather_forecast", 4000 * MS);
        measure_time_us(MEASURE_TOOL_TIME, "create_expense", 3 * MS);
    }
    measure_add(MEASURE_TOOL_ERRORS,
        &(struct measure_labels){{"create_expense", "invalid_argument"}}, 9);
    measure_add(MEASURE_TOOL_ERRORS,
        &(struct measure_labels){{"get_weather_forecast", "provider_failed"}}, 4);
    assert_int_equal(stats_flush_step(&flush, clock_real_ms()), 0);
    make();
    assert_int_equal(state_of("tools", &value), REPORT_MET);
    assert_string_equal(report.tools[0].name, "get_weather_forecast"); /* the slowest */
    measure_add(MEASURE_TOOL_ERRORS, &(struct measure_labels){{"get_weather_forecast", "timeout"}},
        1);
    assert_int_equal(stats_flush_step(&flush, clock_real_ms()), 0);
    make();
    assert_int_equal(state_of("tools", &value), REPORT_NOT_MET);
    assert_true(value == 1);
    assert_string_equal(report.tools[0].worst, "provider_failed");
}

static void a_check_that_failed_counts_as_a_tool(void **state)
{
    double value;

    (void)state;
    assert_int_equal(link_command(store->link, NULL, "SET tp:selftest %s",
                         "{\"checks\":[{\"state\":\"ok\"},{\"state\":\"failed\"},"
                         "{\"state\":\"not_configured\"}]}"),
        0);
    make();
    assert_int_equal(state_of("tools", &value), REPORT_NOT_MET);
    assert_true(value == 1);
}

static void the_report_is_json_and_text(void **state)
{
    struct buf out = {0};
    jdoc *doc = NULL;
    char why[160] = "";

    (void)state;
    turns(120, 1500 * MS);
    measure_time_us(MEASURE_TURN_TIME, "done", 500000 * MS); /* beyond the last bound */
    measure_add(MEASURE_MODEL_MONEY, &(struct measure_labels){{"openai", "gpt \"x\""}}, 1234);
    measure_count(MEASURE_TURN_ERRORS, "model_overloaded");
    measure_time_us(MEASURE_TOOL_TIME, "plan_trip", 40 * MS);
    assert_int_equal(stats_flush_step(&flush, clock_real_ms()), 0);
    make();
    report_json(&report, &out);
    assert_int_equal(jdoc_parse(buf_text(&out), out.len, &doc, why, sizeof why), 0);
    assert_int_equal(jdoc_length(jdoc_get(doc, "promises")), 5);
    assert_string_equal(jdoc_text_or(jdoc_at(jdoc_get(doc, "models"), 0), "name", ""),
        "openai/gpt \"x\"");
    assert_int_equal(jdoc_int_or(jdoc_get(doc, "total"), "cost_micros", 0), 1234);
    jdoc_free(doc);
    buf_reset(&out);
    report_text(&report, &out);
    assert_non_null(strstr(buf_text(&out), "met      response time p95 below 2 s"));
    assert_non_null(strstr(buf_text(&out), "plan_trip"));
    assert_non_null(strstr(buf_text(&out), "0.0012 USD"));
    assert_non_null(strstr(buf_text(&out), "model_overloaded"));
    buf_free(&out);
}

static void times_of_the_command_are_read(void **state)
{
    int64_t now = INT64_C(1796051741000), at;

    (void)state;
    assert_int_equal(feedback_command_when("7d", now, &at), 0);
    assert_true(at == now - 7 * STATS_DAY_MS);
    assert_int_equal(feedback_command_when("30m", now, &at), 0);
    assert_true(at == now - 1800000);
    assert_int_equal(feedback_command_when("2026-11-30", now, &at), 0);
    assert_true(at == INT64_C(1795996800000));
    assert_int_equal(feedback_command_when("2026-11-30T01:00:00+01:00", now, &at), 0);
    assert_true(at == INT64_C(1795996800000));
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(feedback_command_when((const char *[]){"", "7", "7x", "-1d", "tomorrow",
                                                   "999999d"}[i],
                             now, &at),
            ERR_INVALID);
}

int main(void)
{
#define TEST_(f) cmocka_unit_test_setup_teardown(f, fresh, end)
    const struct CMUnitTest tests[] = {
        TEST_(a_percentile_is_in_the_bucket_of_the_true_one),
        TEST_(two_seconds_are_a_bound),
        TEST_(sums_are_exact_whoever_sends_them_and_how_often),
        TEST_(a_new_run_of_the_service_counts_from_zero),
        TEST_(machines_add_up),
        TEST_(hours_and_days_say_the_same_and_have_an_end),
        TEST_(rows_of_other_versions_are_read),
        TEST_(users_are_counted_once),
        TEST_(a_user_whose_note_was_lost_is_noted_again),
        TEST_(few_turns_say_nothing),
        TEST_(promises_are_met_or_not),
        TEST_(satisfaction_is_of_ratings),
        TEST_(a_tool_whose_service_fails_does_not_work),
        TEST_(a_check_that_failed_counts_as_a_tool),
        TEST_(the_report_is_json_and_text),
        TEST_(times_of_the_command_are_read),
    };
#undef TEST_
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
