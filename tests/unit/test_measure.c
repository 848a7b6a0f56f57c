/* SPDX-License-Identifier: BSD-2-Clause */
/* What the whole service counts survives every process that counts it, and stays bounded. */
#include "process/measure.h"

#include "tests/unit/cm.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES 4
#define ROUNDS 20000

static int table_is_open(void **state)
{
    (void)state;
    return measure_open();
}

static int table_is_closed(void **state)
{
    (void)state;
    measure_close();
    return 0;
}

/* The value of a row; -1 = there is none. It must be there once. */
static struct measure_value value_of(enum measure_family family, const char *one, const char *two)
{
    struct measure_value found = {.value = -1}, *values;
    size_t count, times = 0;
    assert_int_equal(measure_snapshot(&values, &count), 0);
    for (size_t i = 0; i < count; i++)
        if (values[i].family == family && strcmp(values[i].label[0], one) == 0 &&
            strcmp(values[i].label[1], two) == 0) {
            found = values[i];
            times++;
        }
    free(values);
    assert_true(times <= 1);
    return found;
}

static void without_a_table_nothing_happens(void **state)
{
    struct measure_value *values;
    size_t count;
    (void)state;
    measure_count(MEASURE_TURNS, "finished");
    measure_time_us(MEASURE_TURN_TIME, "finished", 5);
    measure_set(MEASURE_TURNS, NULL, 5);
    assert_null(measure_row(MEASURE_TURNS, NULL));
    measure_row_add(NULL, 1);
    measure_row_observe_us(NULL, 1);
    assert_int_equal(measure_snapshot(&values, &count), 0);
    assert_int_equal(count, 0);
    free(values);
}

static void counts_are_kept_by_labels(void **state)
{
    struct measure_labels labels = {{"openai", "m"}};
    (void)state;
    measure_add(MEASURE_MODEL_INPUT, &labels, 40);
    measure_add(MEASURE_MODEL_INPUT, &labels, 2);
    measure_add(MEASURE_MODEL_INPUT, &(struct measure_labels){{"openai", "n"}}, 1);
    assert_int_equal(value_of(MEASURE_MODEL_INPUT, "openai", "m").value, 42);
    assert_int_equal(value_of(MEASURE_MODEL_INPUT, "openai", "n").value, 1);
    assert_int_equal(value_of(MEASURE_MODEL_OUTPUT, "openai", "m").value, -1);
    assert_int_equal(value_of(MEASURE_SNAPSHOTS, "", "").value, 0);
}

static void observations_fall_into_their_buckets(void **state)
{
    const int64_t *bounds;
    size_t count;
    (void)state;
    bounds = measure_bounds(MEASURE_TURN_TIME, &count);
    assert_true(count > 0 && count < MEASURE_BUCKETS);
    for (size_t i = 1; i < count; i++)
        assert_true(bounds[i] > bounds[i - 1]);
    measure_time_us(MEASURE_TURN_TIME, "finished", -5);
    measure_time_us(MEASURE_TURN_TIME, "finished", bounds[0]);
    measure_time_us(MEASURE_TURN_TIME, "finished", bounds[0] + 1);
    measure_time_us(MEASURE_TURN_TIME, "finished", bounds[count - 1] + 1);
    struct measure_value value = value_of(MEASURE_TURN_TIME, "finished", "");
    assert_int_equal(value.bucket[0], 2);
    assert_int_equal(value.bucket[1], 1);
    assert_int_equal(value.bucket[count], 1);
    assert_int_equal(value.count, 4);
    assert_int_equal(value.value, 2 * bounds[0] + 1 + bounds[count - 1] + 1);
}

/* Names of tools and models come from others: they must fill neither the table nor a line. */
static void beyond_its_rows_a_family_counts_others(void **state)
{
    unsigned most = measure_info(MEASURE_TOOL_CALLS)->rows;
    char name[32];
    (void)state;
    for (unsigned i = 0; i < most + 50; i++) {
        snprintf(name, sizeof name, "tool_%u", i);
        measure_count(MEASURE_TOOL_CALLS, name);
    }
    measure_count(MEASURE_TOOL_CALLS, "tool_0");
    assert_int_equal(value_of(MEASURE_TOOL_CALLS, "tool_0", "").value, 2);
    assert_int_equal(value_of(MEASURE_TOOL_CALLS, "other", "").value, 50);
    snprintf(name, sizeof name, "tool_%u", most + 1);
    assert_int_equal(value_of(MEASURE_TOOL_CALLS, name, "").value, -1);
    measure_count(MEASURE_LIMITS, "turns_per_user");
    assert_int_equal(value_of(MEASURE_LIMITS, "turns_per_user", "").value, 1);
}

static void label_values_are_printable_and_short(void **state)
{
    char name[200], cut[MEASURE_VALUE_SIZE];
    (void)state;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    name[0] = '\n';
    name[1] = (char)0xc3;
    memset(cut, 'x', sizeof cut - 1);
    cut[sizeof cut - 1] = '\0';
    cut[0] = cut[1] = '_';
    measure_count(MEASURE_LIMITS, name);
    measure_count(MEASURE_LIMITS, NULL);
    measure_count(MEASURE_LIMITS, "");
    assert_int_equal(value_of(MEASURE_LIMITS, cut, "").value, 1);
    assert_int_equal(value_of(MEASURE_LIMITS, "unknown", "").value, 2);
}

static void values_come_sorted(void **state)
{
    struct measure_value *values;
    size_t count;
    (void)state;
    measure_count(MEASURE_WEBHOOKS, "b");
    measure_count(MEASURE_TURNS, "b");
    measure_count(MEASURE_WEBHOOKS, "a");
    measure_count(MEASURE_TURNS, "a");
    assert_int_equal(measure_snapshot(&values, &count), 0);
    for (size_t i = 1; i < count; i++)
        assert_true(values[i - 1].family < values[i].family ||
            (values[i - 1].family == values[i].family &&
                strcmp(values[i - 1].label[0], values[i].label[0]) < 0));
    free(values);
}

static void count_all(void)
{
    char name[32];
    for (int i = 0; i < ROUNDS; i++) {
        snprintf(name, sizeof name, "tool_%d", i % 40);
        measure_count(MEASURE_TOOL_CALLS, name);
        measure_time_us(MEASURE_REDIS_TIME, "turn", 150);
    }
}

/* They claim the same rows at the same moment; no row is doubled and no count lost. */
static void processes_count_together(void **state)
{
    pid_t children[PROCESSES];
    int status;
    (void)state;
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            count_all();
            _exit(0);
        }
    }
    for (int i = 0; i < PROCESSES; i++)
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
    assert_int_equal(value_of(MEASURE_TOOL_CALLS, "tool_7", "").value, PROCESSES * ROUNDS / 40);
    assert_int_equal(value_of(MEASURE_REDIS_TIME, "turn", "").count, PROCESSES * ROUNDS);
}

/* Killed in the middle of it, again and again: the others go on with the rows as they are. */
static void a_death_leaves_rows_that_others_use(void **state)
{
    char name[32];
    (void)state;
    for (int round = 0; round < 20; round++) {
        int ends[2];
        char byte = 0;
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            for (int i = 0;; i++) {
                snprintf(name, sizeof name, "round%d_%d", round, i % 8);
                measure_count(MEASURE_TOOL_CALLS, name);
                if (i == round && write(ends[1], &byte, 1) != 1)
                    _exit(1);
            }
        }
        assert_int_equal(read(ends[0], &byte, 1), 1);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        close(ends[0]);
        close(ends[1]);
        for (int i = 0; i < 8; i++) {
            snprintf(name, sizeof name, "round%d_%d", round, i);
            measure_count(MEASURE_TOOL_CALLS, name);
            assert_true(value_of(MEASURE_TOOL_CALLS, name, "").value >= 1);
        }
    }
}

/* Who has taken a worker over may write there: the supervisor reads it. */
static void what_is_no_row_of_ours_harms_no_reader(void **state)
{
    char *row = (char *)measure_row(MEASURE_TOOL_CALLS, &(struct measure_labels){{"x", NULL}});
    struct measure_value *values;
    size_t count, before;
    (void)state;
    assert_int_equal(measure_snapshot(&values, &before), 0);
    free(values);
    memset(row + 16, 'A', 2 * MEASURE_VALUE_SIZE); /* behind key, family and named */
    assert_int_equal(measure_snapshot(&values, &count), 0);
    assert_int_equal(count, before);
    for (size_t i = 0; i < count; i++)
        assert_true(strnlen(values[i].label[0], MEASURE_VALUE_SIZE) < MEASURE_VALUE_SIZE);
    free(values);
    memset(row + 8, 0x7f, sizeof(int));
    assert_int_equal(measure_snapshot(&values, &count), 0);
    assert_int_equal(count, before - 1);
    free(values);
}

int main(void)
{
#define OPEN(test) cmocka_unit_test_setup_teardown(test, table_is_open, table_is_closed)
    const struct CMUnitTest tests[] = {cmocka_unit_test(without_a_table_nothing_happens),
        OPEN(counts_are_kept_by_labels), OPEN(observations_fall_into_their_buckets),
        OPEN(beyond_its_rows_a_family_counts_others), OPEN(label_values_are_printable_and_short),
        OPEN(values_come_sorted), OPEN(processes_count_together),
        OPEN(a_death_leaves_rows_that_others_use), OPEN(what_is_no_row_of_ours_harms_no_reader)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
