/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The index beside the records: after any changes it is what a new one would be, and what a walk
 * over all records says; and the tools stay as fast with 100,000 records as with few
 * (RECORDS=100000 measures and prints a table; the default only shows that they answer).
 */
#include "base/clock.h"
#include "base/err.h"
#include "store/records.h"
#include "tests/unit/cm.h"
#include "tests/unit/record_seeds.h"
#include "tests/unit/tool_fixture.h"
#include "tools/kit/records_fuel.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t dice = 1;

static unsigned roll(unsigned sides)
{
    dice = dice * 1664525u + 1013904223u;
    return (dice >> 8) % sides;
}

/* --- changes --- */

static const char *const families[] = {"expense", "saving", "fuel", "maintenance", "medical_record",
    "medication", "transition_task", "equipment", "shakedown_trip", "shakedown_issue", "pantry",
    "recipe"};
#define FAMILIES (sizeof families / sizeof *families)

/* Everything that the index holds, as one text. */
static const char *dump(struct arena *arena, const char *family)
{
    static const char script[] =
        "local r, out = KEYS[1], {} "
        "local names = redis.call('SMEMBERS', r .. ':index:names') table.sort(names) "
        "for _, n in ipairs(names) do "
        "  local key, kind = r .. ':' .. n, redis.call('TYPE', r .. ':' .. n).ok "
        "  if kind == 'zset' then "
        "    out[#out + 1] = n .. ' ' .. table.concat(redis.call('ZRANGE', key, 0, -1, 'WITHSCORES'), ' ') "
        "  elseif kind == 'hash' then "
        "    local f, lines = redis.call('HGETALL', key), {} "
        "    for i = 1, #f, 2 do lines[#lines + 1] = f[i] .. '=' .. f[i + 1] end "
        "    table.sort(lines) out[#out + 1] = n .. ' ' .. table.concat(lines, ' ') "
        "  end "
        "end "
        "out[#out + 1] = redis.call('HGET', r .. ':index', 'count') "
        "return table.concat(out, '\\n')";
    struct link_reply *reply = NULL;
    size_t len;
    assert_int_equal(link_command(bench.context.store->link, &reply, "EVAL %s 1 tp:{ann}:r:%s",
                         script, family),
        0);
    const char *text = link_reply_text(reply, &len);
    const char *copy = arena_memdup(arena, text, len);
    link_reply_free(reply);
    assert_non_null(copy);
    return copy;
}

static void look(struct arena *arena, const char *family)
{
    struct records_numbers numbers;
    assert_int_equal(records_numbers(bench.context.store, "ann", family,
                         &(struct records_texts){&(const char *){"all"}, 1}, arena, &numbers),
        0);
}

/* Adds, changes, moves or deletes one of 40 records. */
static void change(struct arena *arena, const char *family)
{
    struct records_write w = {.family = family};
    struct records_fence fence = {.uid = "ann"};
    const char *prior, *id;
    char own[16];
    w.json = record_seeds_make(arena, family, (int)roll(3000), 3000, &id, &w.time_ms);
    snprintf(own, sizeof own, "r%u", roll(40));
    w.id = own;
    if (roll(4) == 0)
        w.json = NULL;
    if (roll(5) == 0) /* out of order, several at one time */
        w.time_ms = RECORD_SEEDS_FIRST + roll(3) * 86400000LL;
    if (roll(40) == 0)
        w.json =
            "{\"odometer\":\"x\",\"status\":7,\"amount_minor\":null,\"tags\":{},\"ingredients\":[[]]}";
    if (roll(60) == 0)
        w.json = "not JSON";
    assert_int_equal(records_commit(bench.context.store, &fence,
                         &(struct records_batch){.writes = &w, .count = 1, .result = "{}"}, arena,
                         &prior),
        0);
}

static void is_what_a_new_one_would_be(void **state)
{
    (void)state;
    for (size_t f = 0; f < FAMILIES; f++) {
        struct arena *arena = arena_new();
        for (int i = 0; i < 600; i++) {
            change(arena, families[f]);
            if (i % 100 == 50) /* half of it is made while others write */
                assert_int_equal(link_command(bench.context.store->link, NULL,
                                     "HSET tp:{ann}:r:%s:index version 0", families[f]),
                    0);
            if (i % 100 == 70)
                look(arena, families[f]);
            if (i % 150 == 149)
                arena_reset(arena);
        }
        look(arena, families[f]);
        const char *kept = dump(arena, families[f]);
        assert_int_equal(records_index_drop(bench.context.store, "ann", families[f], arena), 0);
        look(arena, families[f]);
        const char *made = dump(arena, families[f]);
        if (strcmp(kept, made) != 0)
            fail_msg("%s:\n%s\n--- anew:\n%s", families[f], kept, made);
        arena_free(arena);
    }
}

/* Records that came without an index, and an index of which only a part is made. */
static void is_found_again(void **state)
{
    (void)state;
    struct link *link = bench.context.store->link;
    record_seeds_fill(&bench, "maintenance", 700);
    assert_int_equal(link_command(link, NULL, "DEL tp:{ann}:r:maintenance:index"), 0);
    jdoc *r = tool_ok(&bench, "get_maintenance_history", "{}");
    assert_int_equal(number_at(r, "/total"), 466);
    jdoc_free(r);
    tool_seed(&bench, "maintenance", "9000", 5,
        "{\"id\":9000,\"task\":\"Odd one\",\"status\":\"completed\","
        "\"service_date\":\"2017-01-01\",\"timezone\":\"UTC\",\"time_ms\":5,\"created_at\":\"2026-11-01T02:00:00Z\","
        "\"updated_at\":\"2026-11-01T02:00:00Z\"}"); /* past all scripts */
    r = tool_ok(&bench, "get_maintenance_history", "{}");
    assert_int_equal(number_at(r, "/total"), 467);
    jdoc_free(r);
    assert_int_equal(link_command(link, NULL,
                         "HSET tp:{ann}:r:maintenance:index reach -inf count 0"),
        0);
    assert_int_equal(link_command(link, NULL, "DEL tp:{ann}:r:maintenance:by:done"), 0);
    r = tool_ok(&bench, "delete_maintenance_record",
        "{\"record_id\":2,\"confirm\":true}"); /* not in yet */
    jdoc_free(r);
    assert_int_equal(link_command(link, NULL, "HSET tp:{ann}:r:maintenance:index version old"), 0);
    r = tool_ok(&bench, "get_maintenance_history", "{\"task_type\":\"odd one\"}");
    assert_int_equal(number_at(r, "/total"), 1);
    jdoc_free(r);
    r = tool_ok(&bench, "get_maintenance_history", "{}");
    assert_int_equal(number_at(r, "/total"), 466);
    jdoc_free(r);
}

/* --- fuel against a walk over all entries --- */

struct entry {
    char id[16], vehicle[16], day[12];
    double odometer, volume;
    bool full;
};

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int by = strcmp(x->vehicle, y->vehicle);
    by = by != 0 ? by : (x->odometer > y->odometer) - (x->odometer < y->odometer);
    return by != 0 ? by : strcmp(x->id, y->id);
}

/* Kilometres and litres from full tank to full tank that ended on days that begin so. */
static void walk(struct entry *all, size_t count, const char *days, double *km, double *litres)
{
    double since = 0, from = 0;
    bool has_full = false;
    *km = *litres = 0;
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strcmp(all[i].vehicle, all[i - 1].vehicle) != 0)
            has_full = false;
        since += all[i].volume;
        if (!all[i].full)
            continue;
        if (has_full && all[i].odometer > from && strncmp(all[i].day, days, strlen(days)) == 0) {
            *km += all[i].odometer - from;
            *litres += since;
        }
        has_full = true;
        from = all[i].odometer;
        since = 0;
    }
}

static size_t read_entries(struct entry *all, size_t max, struct arena *arena)
{
    struct records_list list;
    assert_int_equal(records_range(bench.context.store, "ann",
                         &(struct records_page){.family = "fuel",
                             .from = INT64_MIN / 4,
                             .to = INT64_MAX / 4,
                             .max = max},
                         arena, &list),
        0);
    for (size_t i = 0; i < list.count; i++) {
        jdoc *doc = NULL;
        struct entry *e = &all[i];
        assert_int_equal(jdoc_parse(list.json[i], strlen(list.json[i]), &doc, NULL, 0), 0);
        memset(e, 0, sizeof *e);
        snprintf(e->id, sizeof e->id, "%s", jdoc_text_or(doc, "id", ""));
        snprintf(e->vehicle, sizeof e->vehicle, "%s", jdoc_text_or(doc, "vehicle_id", ""));
        snprintf(e->day, sizeof e->day, "%.10s", jdoc_text_or(doc, "entry_date", ""));
        jdoc_get_double(doc, "odometer", &e->odometer);
        jdoc_get_double(doc, "volume", &e->volume);
        jdoc_get_bool(doc, "filled_to_top", &e->full);
        jdoc_free(doc);
    }
    qsort(all, list.count, sizeof *all, compare_entries);
    return list.count;
}

static void fuel_is_what_a_walk_says(void **state)
{
    (void)state;
    static const char *const days[] = {"", "2019", "2020-05", "2026-11"};
    static struct entry all[400];
    struct arena *arena = arena_new();
    for (int i = 0; i < 900; i++) {
        struct records_fence fence = {.uid = "ann"};
        struct records_write w = {.family = "fuel"};
        const char *prior;
        w.json = record_seeds_make(arena, "fuel", (int)roll(300), 300, &w.id, &w.time_ms);
        if (roll(3) == 0)
            w.json = NULL;
        assert_int_equal(records_commit(bench.context.store, &fence,
                             &(struct records_batch){.writes = &w, .count = 1, .result = "{}"},
                             arena, &prior),
            0);
    }
    size_t count = read_entries(all, 400, arena);
    assert_true(count > 50);
    for (size_t d = 0; d < sizeof days / sizeof *days; d++) {
        char months[12][8];
        const char *spans[12] = {days[d][0] != '\0' ? days[d] : "all"};
        size_t n = 1;
        double km, litres;
        struct records_fuel fuel;
        for (; strlen(days[d]) == 4 && n <= 12; n++) {
            snprintf(months[n - 1], sizeof months[0], "%s-%02u", days[d], (unsigned)n % 100);
            spans[n - 1] = months[n - 1];
        }
        n = n > 1 ? 12 : 1;
        walk(all, count, days[d], &km, &litres);
        assert_int_equal(records_fuel_stats(bench.context.store, "ann",
                             &(struct records_fuel_query){.from_ms = INT64_MIN / 4,
                                 .to_ms = INT64_MAX / 4,
                                 .spans = spans,
                                 .count = n},
                             arena, &fuel),
            0);
        int64_t metres = 0, used = 0;
        for (size_t i = 0; i < fuel.sums.count; i++) {
            metres =
                strcmp(fuel.sums.all[i].field, "metres") == 0 ? fuel.sums.all[i].value : metres;
            used = strcmp(fuel.sums.all[i].field, "used") == 0 ? fuel.sums.all[i].value : used;
        }
        assert_int_equal(metres, llround(km * 1000));
        assert_int_equal(used, llround(litres * 1000));
    }
    arena_free(arena);
}

/* --- speed --- */

static const struct {
    const char *family, *tool, *args;
} calls[] = {
    {"expense", "get_spending_summary", "{\"period\":\"year\"}"},
    {"expense", "analyze_budget", "{\"period\":\"year\"}"},
    {"expense", "compare_vs_budget", "{}"},
    {"expense", "predict_end_of_month", "{}"},
    {"expense", "find_savings_opportunities", "{}"},
    {"expense", "categorize_transaction", "{\"description\":\"BP fill up\"}"},
    {"expense", "export_budget_report", "{\"format\":\"csv\"}"},
    {"expense", "manage_finances", "{\"action\":\"fetch_summary\"}"},
    {"expense", "update_budget", "{\"category\":\"gas\",\"amount\":100}"},
    {"expense", "create_expense", "{\"amount\":1,\"category\":\"gas\"}"},
    {"expense", "get_user_stats", "{\"period\":\"all\"}"},
    {"expense", "export_data", "{}"},
    {"saving", "track_savings", "{\"amount\":1,\"category\":\"gas\"}"},
    {"fuel", "get_fuel_log", "{\"limit\":10}"},
    {"fuel", "get_fuel_log", "{\"limit\":10,\"vehicle_id\":\"truck\",\"end_date\":\"2020-01-01\"}"},
    {"fuel", "get_fuel_stats", "{\"period\":\"month\"}"},
    {"fuel", "get_fuel_stats", "{\"period\":\"year\"}"},
    {"fuel", "get_fuel_stats", "{\"period\":\"all\"}"},
    {"fuel", "add_fuel_entry",
        "{\"odometer\":1000000,\"volume\":60,\"price\":1.9,\"filled_to_top\":true}"},
    {"fuel", "update_fuel_entry", "{\"notes\":\"x\"}"},
    {"maintenance", "get_maintenance_schedule", "{}"},
    {"maintenance", "get_maintenance_schedule", "{\"status\":\"overdue\"}"},
    {"maintenance", "get_maintenance_history", "{}"},
    {"maintenance", "get_maintenance_history", "{\"task_type\":\"oil change\"}"},
    {"maintenance", "get_maintenance_history", "{\"task_type\":\"brakes\"}"},
    {"maintenance", "create_maintenance_record",
        "{\"task\":\"Oil change\",\"service_date\":\"2026-11-01\"}"},
    {"maintenance", "update_maintenance_record", "{\"record_id\":1,\"new_mileage\":5}"},
    {"medical_record", "get_medical_records", "{}"},
    {"medical_record", "get_medical_records", "{\"record_type\":\"imaging\"}"},
    {"medical_record", "search_medical_records", "{\"query\":\"cholesterol\"}"},
    {"medical_record", "search_medical_records", "{\"query\":\"dr lee routine visit\"}"},
    {"medical_record", "get_emergency_info", "{}"},
    {"medication", "get_medications", "{}"},
    {"medication", "get_medications", "{\"active_only\":false}"},
    {"transition_task", "get_transition_tasks", "{}"},
    {"transition_task", "get_transition_tasks", "{\"category\":\"legal\",\"status\":\"pending\"}"},
    {"transition_task", "get_transition_progress", "{}"},
    {"transition_task", "get_launch_week_status", "{}"},
    {"transition_task", "create_transition_task",
        "{\"title\":\"Sell the car\",\"category\":\"vehicle\"}"},
    {"transition_task", "complete_transition_task", "{\"task_title\":\"Sort out thing 77777\"}"},
    {"transition_task", "complete_launch_task", "{\"task_id\":\"day3_tanks\"}"},
    {"equipment", "get_equipment_list", "{}"},
    {"equipment", "get_equipment_list", "{\"category\":\"power\",\"show_purchased\":false}"},
    {"equipment", "add_equipment_item", "{\"name\":\"Jack\",\"category\":\"recovery\"}"},
    {"equipment", "mark_equipment_purchased", "{\"item_name\":\"piece 77777 of gear\"}"},
    {"shakedown_trip", "get_shakedown_summary", "{}"},
    {"shakedown_trip", "log_shakedown_trip",
        "{\"trip_type\":\"weekend\",\"start_date\":\"2026-11-14\","
        "\"end_date\":\"2026-11-15\"}"},
    {"shakedown_issue", "get_shakedown_summary", "{}"},
    {"shakedown_issue", "add_shakedown_issue",
        "{\"category\":\"water\",\"severity\":\"minor\",\"description\":"
        "\"It leaks\"}"},
    {"pantry", "manage_pantry", "{\"action\":\"list\"}"},
    {"pantry", "manage_pantry", "{\"action\":\"check_expiry\"}"},
    {"pantry", "manage_pantry", "{\"action\":\"update\",\"item_id\":\"r1\",\"quantity\":5}"},
    {"recipe", "search_recipes", "{}"},
    {"recipe", "search_recipes", "{\"query\":\"pasta\",\"ingredients\":[\"tomatoes\"]}"},
    {"recipe", "plan_meals", "{}"},
    {"recipe", "manage_dietary_prefs", "{\"action\":\"get\"}"},
    {"meal_plan", "generate_shopping_list", "{\"start_date\":\"2026-11-20\"}"},
    {"event", "get_calendar_events", "{}"},
    {"event", "create_calendar_event",
        "{\"title\":\"Dentist\",\"start_date\":\"2026-12-01T09:30\"}"},
    {"event", "update_calendar_event", "{\"event_id\":\"r1\",\"title\":\"Doctor\"}"},
    {"event", "set_timer_or_alarm", "{\"action\":\"list\"}"},
    {"trip", "plan_trip", "{\"origin\":\"Sydney\",\"destination\":\"Brisbane\"}"},
    {"trip", "calculate_distance", "{\"origin\":\"Sydney\",\"destination\":\"Brisbane\"}"},
    {"favorite", "save_favorite_spot",
        "{\"location_name\":\"Beach\",\"location_address\":\"Sydney\"}"},
    {"notice", "send_proactive_message", "{\"type\":\"warning\",\"message\":\"Hello\"}"},
    {"vehicle", "create_vehicle", "{\"name\":\"Van\"}"},
    {"vehicle", "update_settings", "{\"theme\":\"dark\"}"},
};
#define CALLS (sizeof calls / sizeof *calls)

static int compare_times(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* 0: the tool said no. */
static bool once(const char *tool, const char *args, int64_t *us)
{
    bool success = false;
    int64_t begin = clock_mono_us();
    jdoc *r = tool_call(&bench, tool, NULL, args);
    *us = clock_mono_us() - begin;
    jdoc_get_bool(r, "success", &success);
    jdoc_free(r);
    return success;
}

static void stay_fast(void **state)
{
    (void)state;
    enum { TIMES = 300 };
    static int64_t us[TIMES];
    const char *wanted = getenv("RECORDS"), *only = getenv("FAMILY"), *family = "";
    int all = wanted ? atoi(wanted) : 250, times = wanted ? TIMES : 2;
    for (size_t c = 0; c < CALLS; c++) {
        bool new = strcmp(calls[c].family, family) != 0, success = true;
        family = calls[c].family;
        if (only && strcmp(only, family) != 0)
            continue;
        if (new) {
            int64_t begin = clock_mono_ms();
            assert_int_equal(link_command(bench.context.store->link, NULL, "FLUSHALL"), 0);
            record_seeds_fill(&bench, family, all);
            if (wanted)
                print_message("-- %s: %d records written in %lld ms\n", family, all,
                    (long long)(clock_mono_ms() - begin));
        }
        for (int i = 0; i < times; i++)
            success &= once(calls[c].tool, calls[c].args, &us[i]);
        qsort(us, (size_t)times, sizeof *us, compare_times);
        if (wanted)
            print_message("%-28s %-72.72s p50 %6lld us  p99 %6lld us%s%s\n", calls[c].tool,
                calls[c].args, (long long)us[times / 2], (long long)us[times * 99 / 100],
                us[times * 99 / 100] > 2000 ? "  SLOW" : "", success ? "" : "  (refused)");
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, tool_fixture_empty)
    const struct CMUnitTest tests[] = {T(is_what_a_new_one_would_be), T(is_found_again),
        T(fuel_is_what_a_walk_says), T(stay_fast)};
    return cmocka_run_group_tests(tests, tool_fixture_start, tool_fixture_stop);
}
