/* SPDX-License-Identifier: BSD-2-Clause */
/* Stored sums stay what the records say, and what is told from them; 100,000 expenses stay fast. */
#include "base/clock.h"
#include "base/err.h"
#include "store/inbox.h"
#include "store/records.h"
#include "tests/unit/cm.h"
#include "tests/unit/tool_fixture.h"
#include "tools/kit/export_file.h"
#include "tools/kit/record.h"
#include "tools/money/records_sums.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void spend(const char *args)
{
    jdoc_free(tool_ok(&bench, "create_expense", args));
}

static double month_total(void)
{
    jdoc *r = tool_ok(&bench, "get_spending_summary", "{}");
    double total = number_at(r, "/summary/total");
    jdoc_free(r);
    return total;
}

static void write_raw(const char *id, const char *json, int64_t time_ms)
{
    struct arena *arena = arena_new();
    const char *prior;
    struct records_fence fence = {.uid = "ann"};
    struct records_write w = {.family = "expense", .id = id, .json = json, .time_ms = time_ms};
    assert_int_equal(records_commit(bench.context.store, &fence,
                         &(struct records_batch){.writes = &w, .count = 1, .result = "{}"}, arena,
                         &prior),
        0);
    arena_free(arena);
}

#define RAW(amount, category, day) \
    "{\"amount_minor\":" #amount ",\"currency\":\"AUD\",\"category\":\"" category \
    "\",\"date\":\"2026-11-" day "\"}"

static void follows_changes(void **state)
{
    (void)state;
    struct link_reply *reply = NULL;
    write_raw("a", RAW(1000, "food", "01"), 1000);
    write_raw("b", RAW(500, "gas", "02"), 2000);
    assert_true(month_total() == 15);
    write_raw("a", RAW(700, "tolls", "03"), 3000); /* amount, category, day and time at once */
    assert_true(month_total() == 12);
    write_raw("b", NULL, 0);
    assert_true(month_total() == 7);
    write_raw("b", NULL, 0);                       /* not there any more */
    write_raw("c", "{\"amount_minor\":\"x\"}", 5); /* nothing to count */
    assert_true(month_total() == 7);
    write_raw("c", NULL, 0);
    write_raw("a", NULL, 0);
    assert_true(month_total() == 0);
    assert_int_equal(link_command(bench.context.store->link, &reply,
                         "EXISTS tp:{ann}:r:expense:sum:2026-11 tp:{ann}:r:expense:sum:2026-11-03"),
        0);
    assert_int_equal(link_reply_int(reply), 0);
    link_reply_free(reply);
}

static void are_made_again(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct link *link = bench.context.store->link;
    char id[16];
    for (int i = 0; i < 1000; i++) { /* several pages, hundreds of one time */
        snprintf(id, sizeof id, "e%d", i);
        write_raw(id, RAW(101, "food", "05"), i < 700 ? 7 : i);
    }
    assert_true(month_total() == 1010);
    assert_int_equal(records_index_drop(bench.context.store, "ann", "expense", arena), 0);
    assert_true(month_total() == 1010);
    /* Changed while only a part is counted: before, within and after what is. */
    assert_int_equal(records_index_drop(bench.context.store, "ann", "expense", arena), 0);
    assert_int_equal(link_command(link, NULL, "HSET tp:{ann}:r:expense:index reach -inf count 0"),
        0);
    write_raw("e3", RAW(201, "food", "05"), 7);
    write_raw("e900", NULL, 0);
    assert_true(month_total() == 1010 + 1 - 1.01);
    /* Records from before there were sums. */
    assert_int_equal(link_command(link, NULL, "DEL tp:{ann}:r:expense:index"), 0);
    write_raw("e4", RAW(301, "food", "05"), 7);
    assert_true(month_total() == 1010 + 1 - 1.01 + 2);
    assert_int_equal(records_sums(bench.context.store, "ann", "event",
                         &(struct records_texts){&(const char *){"2026"}, 1}, arena,
                         &(struct records_sums){0}),
        ERR_INVALID);
    arena_free(arena);
}

static void belongs_to_one_user(void **state)
{
    (void)state;
    spend("{\"amount\":5,\"category\":\"food\"}");
    bench.context.uid = "bob";
    assert_true(month_total() == 0);
    bench.context.uid = "ann";
}

static void tells_the_future(void **state)
{
    (void)state;
    spend("{\"amount\":110,\"category\":\"food\"}");
    spend("{\"amount\":110,\"category\":\"gas\",\"date\":\"2026-11-02\"}");
    jdoc_free(tool_ok(&bench, "update_budget", "{\"category\":\"food\",\"amount\":140}"));
    jdoc *r = tool_ok(&bench, "predict_end_of_month", "{}");
    assert_true(number_at(r, "/prediction/projected") == 300); /* 220 in 22 of 30 days */
    assert_int_equal(number_at(r, "/prediction/days_in_month"), 30);
    jdoc_free(r);
    r = tool_ok(&bench, "predict_end_of_month", "{\"category\":\"food\"}");
    assert_string_equal(text_at(r, "/prediction/categories/0/status"), "over");
    jdoc_free(r);
    r = tool_ok(&bench, "compare_vs_budget", "{\"category\":\"food\"}");
    assert_string_equal(text_at(r, "/comparison/categories/0/status"), "under");
    assert_true(number_at(r, "/comparison/categories/0/remaining") == 30);
    jdoc_free(r);
}

static void finds_savings(void **state)
{
    (void)state;
    spend("{\"amount\":300,\"category\":\"restaurant\"}");
    spend("{\"amount\":100,\"category\":\"medical\"}");
    spend("{\"amount\":40,\"category\":\"medical\",\"date\":\"2026-10-10\"}");
    spend("{\"amount\":6,\"category\":\"parking\"}");
    jdoc *r = tool_ok(&bench, "find_savings_opportunities", "{\"target_amount\":\"150\"}");
    assert_int_equal(jdoc_length(at(r, "/opportunities")), 2); /* parking saves less than 10 */
    assert_true(number_at(r, "/opportunities/0/monthly_saving") == 100);
    assert_string_equal(text_at(r, "/opportunities/1/rule"), "increase");
    assert_true(number_at(r, "/total_monthly_saving") == 160);
    jdoc_free(r);
    tool_refused(&bench, "find_savings_opportunities", "{\"min_savings\":10000000000000}",
        "invalid_argument", "/min_savings");
}

static void knows_categories(void **state)
{
    (void)state;
    static const struct {
        const char *text, *category;
    } cases[] = {
        {"BP fill up", "gas"},
        {"DIESEL 60L", "diesel"},
        {"Big4 holiday park, 2 nights", "rv_park"},
        {"vet for the dog", "pet"},
        {"McDonald's", "restaurant"},
        {"new tyres", "maintenance"},
        {"gas bottle swap", "propane"},
        {"qwertz", "other"},
        {"car park at the beach", "parking"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char args[200];
        snprintf(args, sizeof args, "{\"description\":\"%s\"}", cases[i].text);
        jdoc *r = tool_ok(&bench, "categorize_transaction", args);
        assert_string_equal(text_at(r, "/categorization/category"), cases[i].category);
        jdoc_free(r);
    }
    tool_refused(&bench, "categorize_transaction", "{\"description\":\"\"}", "invalid_argument",
        "/description");
}

/* --- alerts --- */

static jdoc *inbox(void)
{
    struct buf b = {0};
    jdoc *list = NULL;
    assert_int_equal(inbox_list(bench.context.store, "ann", NULL, 100, &b), 0);
    assert_int_equal(jdoc_parse(buf_text(&b), b.len, &list, NULL, 0), 0);
    buf_free(&b);
    return list;
}

static size_t told(void)
{
    jdoc *list = inbox();
    size_t count = jdoc_length(jdoc_get(list, "messages"));
    jdoc_free(list);
    return count;
}

static void tells_of_limits_once(void **state)
{
    (void)state;
    jdoc_free(tool_ok(&bench, "update_budget", "{\"category\":\"food\",\"amount\":100}"));
    spend("{\"amount\":500,\"category\":\"gas\"}");                       /* no limit */
    spend("{\"amount\":500,\"category\":\"food\",\"currency\":\"USD\"}"); /* the limit is in AUD */
    spend("{\"amount\":500,\"category\":\"food\",\"date\":\"2026-10-31\"}"); /* another month */
    spend("{\"amount\":79.99,\"category\":\"food\"}");
    assert_int_equal(told(), 0);
    for (int i = 0; i < 2; i++) /* the same call again tells nobody again */
        jdoc_free(
            tool_call(&bench, "create_expense", "c1", "{\"amount\":0.01,\"category\":\"food\"}"));
    assert_int_equal(told(), 1);
    spend("{\"amount\":20,\"category\":\"food\"}"); /* all of it, and not more */
    assert_int_equal(told(), 1);
    spend("{\"amount\":0.01,\"category\":\"food\"}");
    spend("{\"amount\":50,\"category\":\"food\"}");
    jdoc *list = inbox();
    assert_int_equal(jdoc_length(at(list, "/messages")), 2);
    assert_string_equal(text_at(list, "/messages/0/type"), "proactive_alert");
    assert_string_equal(text_at(list, "/messages/0/alert/type"), "budget_alert");
    assert_int_equal(number_at(list, "/messages/0/alert/threshold"), 80);
    assert_int_equal(number_at(list, "/messages/0/alert/spent_minor"), 8000);
    assert_string_equal(text_at(list, "/messages/0/alert/from"), "2026-11-01");
    assert_int_equal(number_at(list, "/messages/1/alert/threshold"), 100);
    assert_int_equal(number_at(list, "/messages/1/alert/spent_minor"), 10001);
    jdoc_free(list);
}

static void tells_the_highest_and_as_wanted(void **state)
{
    (void)state;
    jdoc_free(tool_ok(&bench, "update_budget",
        "{\"category\":\"food\",\"amount\":100,\"period\":\"weekly\"}"));
    spend("{\"amount\":300,\"category\":\"food\"}");
    spend("{\"amount\":300,\"category\":\"food\"}");
    jdoc *list = inbox();
    assert_int_equal(jdoc_length(at(list, "/messages")), 1);
    assert_int_equal(number_at(list, "/messages/0/alert/threshold"), 100);
    assert_string_equal(text_at(list, "/messages/0/alert/period"), "weekly");
    jdoc_free(list);
    bench.context.now_ms += 7 * 86400000LL; /* another week */
    spend("{\"amount\":85,\"category\":\"food\"}");
    assert_int_equal(told(), 2);
    bench.context.now_ms -= 7 * 86400000LL;
    jdoc_free(tool_ok(&bench, "update_settings", "{\"budget_alerts\":false}"));
    jdoc_free(tool_ok(&bench, "update_budget", "{\"category\":\"gas\",\"amount\":1}"));
    spend("{\"amount\":5,\"category\":\"gas\"}");
    assert_int_equal(told(), 2);
}

static void saves_and_manages(void **state)
{
    (void)state;
    jdoc_free(tool_ok(&bench, "track_savings", "{\"amount\":12,\"category\":\"gas\"}"));
    jdoc *r = tool_call(&bench, "manage_finances", "c1",
        "{\"action\":\"log_expense\",\"amount\":60,\"category\":"
        "\"diesel\",\"pam_recommended\":true,\"original_amount\":70,\"recommendation_type\":\"fuel_optimization\"}");
    assert_string_equal(text_at(r, "/saving/event_type"), "gas");
    assert_int_equal(number_at(r, "/saving/amount_minor"), 1000);
    jdoc_free(r);
    jdoc_free(tool_call(&bench, "manage_finances", "c1",
        "{\"action\":\"log_expense\",\"amount\":60,\"category\":"
        "\"diesel\",\"pam_recommended\":true,\"original_amount\":70,\"recommendation_type\":\"fuel_optimization\"}"));
    assert_true(month_total() == 60);
    r = tool_ok(&bench, "track_savings", "{\"amount\":1,\"category\":\"tolls\"}");
    assert_int_equal(number_at(r, "/this_month/amount_minor"), 2300);
    assert_int_equal(number_at(r, "/this_month/count"), 3);
    jdoc_free(r);
    r = tool_ok(&bench, "manage_finances", "{\"action\":\"fetch_summary\"}");
    assert_true(number_at(r, "/summary/total") == 60);
    jdoc_free(r);
    spend("{\"amount\":30,\"category\":\"diesel\",\"date\":\"2026-10-20\"}");
    r = tool_ok(&bench, "manage_finances", "{\"action\":\"suggest_budget\"}");
    assert_string_equal(text_at(r, "/suggestions/0/category"), "diesel");
    jdoc_free(r);
    tool_refused(&bench, "manage_finances", "{\"action\":\"log_expense\",\"amount\":60}",
        "invalid_argument", "/category");
    tool_refused(&bench, "track_savings",
        "{\"amount\":1,\"category\":\"tolls\",\"event_type\":\"luck\"}", "invalid_argument",
        "/event_type");
}

/* A spreadsheet passes over what is not seen, and takes a full-width sign for a sign. */
static void no_cell_is_a_formula(void **state)
{
    static const struct {
        const char *text;
        bool armed;
    } cases[] = {{"=1+1", true}, {" =1", true}, {"\t=1", true}, {"\v=1", true}, {"\r\n@x", true},
        {"\n", true}, {"\u00a0=1", true}, {"\u200b=1", true}, {"\ufeff\u2060+1", true},
        {"\u3000-x", true}, {"\uff1d1+1", true}, {" \uff0b1", true}, {"\uff0dx", true},
        {"\uff20x", true}, {"\ufe661", true}, {"-5 x", true}, {"+61 400", true}, {"-", true},
        {"=", true}, {"- 5", true}, {"--5", true}, {"-5", false}, {"+5.25", false}, {"-5.", false},
        {"", false}, {"   ", false}, {"a=1", false}, {"5-3", false}, {"'=1", false},
        {"\u00e9=", false}, {"\u2212 5", false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        jdoc *e = jdoc_new_object();
        struct buf out = {0};
        assert_int_equal(jdoc_set_string(e, "description", cases[i].text), 0);
        export_file_expense(&out, e);
        const char *cell = strchr(buf_text(&out), '"') + 1;
        if ((cell[0] == '\'' && cases[i].text[0] != '\'') != cases[i].armed)
            fail_msg("%zu: %s", i, buf_text(&out));
        assert_int_equal(strncmp(cell + cases[i].armed, cases[i].text, strlen(cases[i].text)), 0);
        buf_free(&out);
        jdoc_free(e);
    }
}

static void writes_reports(void **state)
{
    (void)state;
    spend("{\"amount\":12.5,\"category\":\"food\",\"description\":\"=1+1 \\\"pie\\\"\"}");
    spend("{\"amount\":1,\"category\":\"food\",\"date\":\"2026-10-31\"}");
    jdoc *r = tool_ok(&bench, "export_budget_report", "{\"format\":\"CSV\"}");
    assert_string_equal(text_at(r, "/report/content"),
        "date,category,amount,currency,description,location\r\n"
        "2026-11-22,food,12.50,AUD,\"'=1+1 \"\"pie\"\"\",\"\"\r\n");
    jdoc_free(r);
    r = tool_ok(&bench, "export_budget_report",
        "{\"start_date\":\"2026-10-01\",\"end_date\":\"2026-11-30\"}");
    assert_int_equal(number_at(r, "/report/count"), 2);
    assert_int_equal(jdoc_length(at(r, "/report/expenses")), 2);
    jdoc_free(r);
    spend("{\"amount\":3,\"category\":\"food\",\"description\":\"Z\u00fcrich \u4e2d (pie\"}");
    r = tool_ok(&bench, "export_budget_report", "{\"format\":\"pdf\"}");
    assert_string_equal(text_at(r, "/report/encoding"), "base64");
    assert_string_equal(text_at(r, "/report/content_type"), "application/pdf");
    assert_int_equal(strncmp(text_at(r, "/report/content"), "JVBERi0x", 8), 0); /* %PDF-1 */
    jdoc_free(r);
    tool_refused(&bench, "export_budget_report",
        "{\"start_date\":\"2026-11-30\",\"end_date\":\"2026-11-01\"}", "invalid_argument",
        "/end_date");
    for (int i = 0; i < 300; i++)
        spend(
            "{\"amount\":1,\"category\":\"food\",\"description\":\"a description of some length for a report\"}");
    bool more = false;
    r = tool_ok(&bench, "export_budget_report", "{\"format\":\"csv\"}");
    jdoc_get_bool(at(r, "/report"), "more", &more);
    assert_true(more);
    jdoc_free(r);
}

/* --- MONEY_RECORDS=100000 measures; the default only shows that it works --- */

static int compare_times(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void fill(int count)
{
    static const char *const categories[] = {"food", "gas", "diesel", "campground", "tolls",
        "other"};
    struct arena *arena = arena_new();
    struct records_write w[50];
    struct records_fence fence = {.uid = "ann"};
    const char *prior;
    int64_t first = 0;
    assert_int_equal(clock_parse_rfc3339("2026-01-01T01:00:00Z", &first), 0);
    for (int i = 0; i < count; i++) {
        char date[CLOCK_RFC3339_SIZE];
        int64_t ms = first + (int64_t)i * 325 * 86400000 / count;
        clock_rfc3339(ms, date);
        w[i % 50] = (struct records_write){.family = "expense",
            .id = arena_printf(arena, "e%d", i),
            .time_ms = ms,
            .json = arena_printf(arena,
                "{\"amount_minor\":100,\"currency\":\"AUD\",\"category\":\"%s\",\"date\":"
                "\"%.10s\"}",
                categories[i % 6], date)};
        if (i % 50 == 49)
            assert_int_equal(records_commit(bench.context.store, &fence,
                                 &(struct records_batch){.writes = w, .count = 50, .result = "{}"},
                                 arena, &prior),
                0);
        if (i % 5000 == 4999)
            arena_reset(arena);
    }
    arena_free(arena);
}

static void stays_fast(void **state)
{
    (void)state;
    enum { CALLS = 500 };
    static const struct {
        const char *tool, *args;
    } calls[] = {{"get_spending_summary", "{\"period\":\"year\"}"}, {"get_spending_summary", "{}"},
        {"analyze_budget", "{\"period\":\"year\"}"}, {"compare_vs_budget", "{}"},
        {"predict_end_of_month", "{}"}, {"find_savings_opportunities", "{}"},
        {"track_savings", "{\"amount\":1,\"category\":\"gas\"}"},
        {"create_expense", "{\"amount\":1,\"category\":\"gas\"}"},
        {"set_timer_or_alarm", "{\"action\":\"list\"}"}};
    static int64_t times[CALLS];
    const char *wanted = getenv("MONEY_RECORDS");
    fill(wanted ? atoi(wanted) : 2000);
    jdoc_free(tool_ok(&bench, "update_budget", "{\"category\":\"gas\",\"amount\":100}"));
    for (size_t c = 0; c < sizeof calls / sizeof *calls; c++) {
        for (int i = 0; i < CALLS; i++) {
            int64_t begin = clock_mono_us();
            jdoc_free(tool_ok(&bench, calls[c].tool, calls[c].args));
            times[i] = clock_mono_us() - begin;
        }
        qsort(times, CALLS, sizeof *times, compare_times);
        if (wanted)
            print_message("%-28s %-20s p50 %lld us, p99 %lld us\n", calls[c].tool, calls[c].args,
                (long long)times[CALLS / 2], (long long)times[CALLS * 99 / 100]);
    }
    if (!wanted)
        return;
    struct arena *arena = arena_new();
    int64_t begin = clock_mono_us();
    assert_int_equal(records_index_drop(bench.context.store, "ann", "expense", arena), 0);
    jdoc_free(tool_ok(&bench, "get_spending_summary", "{}"));
    print_message("making all sums again: %lld ms\n", (long long)(clock_mono_us() - begin) / 1000);
    arena_free(arena);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, tool_fixture_empty)
    const struct CMUnitTest tests[] = {T(follows_changes), T(are_made_again),
        T(belongs_to_one_user), T(tells_the_future), T(finds_savings), T(knows_categories),
        T(saves_and_manages), T(tells_of_limits_once), T(tells_the_highest_and_as_wanted),
        T(no_cell_is_a_formula), T(writes_reports), T(stays_fast)};
    return cmocka_run_group_tests(tests, tool_fixture_start, tool_fixture_stop);
}
