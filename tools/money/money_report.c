/* SPDX-License-Identifier: BSD-2-Clause */
/* export_budget_report: sums, limits and the expenses themselves, as JSON, CSV or PDF. */
#include "tools/engine/registry.h"
#include "tools/kit/cost.h"
#include "tools/money/money.h"

#include "base/err.h"
#include "tools/kit/amount.h"
#include "tools/kit/export_file.h"
#include "tools/kit/record.h"
#include "tools/kit/report_page.h"

#include <stdio.h>
#include <string.h>

#define ROWS_MAX 200 /* expenses in one report; a longer period says `more` */
#define DAYS_MAX 3653
#define CSV_MAX 40000 /* the whole result stays below tool.result's default */

struct report {
    struct money_period p;
    struct money_tally tally;
    jdoc *expenses, *categories;
    int64_t from_ms, to_ms;
    size_t bytes;
    bool more, by_others; /* by_others: a row came by a file (statement_rows.c) */
};

static int money_collect(void *arg, const jdoc *expense)
{
    static const char *const fields[] = {"date", "category", "amount", "currency", "description",
        "location", NULL};
    struct report *r = arg;
    struct buf text = {0};
    jdoc *row = jdoc_new_object();
    int error = row ? record_copy(row, expense, fields) : ERR_NOMEM;
    jdoc_write(row, &text);
    r->bytes += text.len;
    buf_free(&text);
    if (error == 0 && (jdoc_length(r->expenses) == ROWS_MAX || r->bytes > CSV_MAX / 2)) {
        r->more = true;
        error = ERR_LIMIT;
    }
    if (error == 0) {
        r->by_others |= strncmp(jdoc_text_or(expense, "id", ""), "imp-", 4) == 0;
        return jdoc_push(r->expenses, row);
    }
    jdoc_free(row);
    return error;
}

/* --- the period: named, or from start_date to end_date --- */

static const char *money_period_word(const char *name)
{
    static const char *const words[][2] = {{"daily", "day"}, {"weekly", "week"},
        {"monthly", "month"}, {"quarterly", "quarter"}, {"yearly", "year"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i][0], name) == 0)
            return words[i][1];
    return "month";
}

/* Returns 0, ERR_INVALID (run->result says why) or a fault. */
static int money_read_period(struct tools_run *run, struct money_period *p)
{
    struct timestamp from, to;
    const char *name = money_period_word(jdoc_text_or(run->args, "period", "monthly"));
    int64_t now = run->context->now_ms;
    int error = money_period(run, strcmp(name, "day") == 0 ? "week" : name, p);
    if (error != 0)
        return error;
    p->name = name;
    if (strcmp(name, "day") == 0)
        p->from_ms = timestamp_day(now, 0, p->zone);
    error = timestamp_argument(run, "start_date", p->zone, &from);
    if (error == 0)
        p->from_ms = timestamp_day(from.ms, 0, p->zone);
    else if (error != ERR_NOT_FOUND)
        return error;
    bool named = error == ERR_NOT_FOUND;
    error = timestamp_argument(run, "end_date", p->zone, &to);
    if (error == 0)
        p->to_ms = timestamp_day(to.ms, 1, p->zone) - 1;
    else if (error != ERR_NOT_FOUND)
        return error;
    if (!named || error == 0)
        p->name = "range";
    p->days = timestamp_days(p->from_ms, p->to_ms, p->zone);
    if (p->to_ms > p->from_ms && p->days <= DAYS_MAX)
        return 0;
    error = run_fail_at(run, "/end_date", "a day from start_date on, at most ten years after it",
        p->to_ms <= p->from_ms ? "the period ends before it begins" : "the period is too long");
    return error != 0 ? error : ERR_INVALID;
}

static void money_put_csv(const struct report *r, struct buf *out)
{
    export_file_expense_names(out);
    for (size_t i = 0; i < jdoc_length(r->expenses); i++)
        export_file_expense(out, jdoc_at(r->expenses, i));
}

/* --- --- */

static int money_put_file(const struct report *r, jdoc *report, bool csv)
{
    struct buf text = {0};
    int error = 0;
    if (csv)
        money_put_csv(r, &text);
    else
        error = report_page_write(report, r->categories, r->expenses, &text);
    if (error == 0)
        error = buf_error(&text);
    if (error == 0 && !csv)
        error = jdoc_set_string(report, "encoding", "base64");
    if (error == 0)
        error = jdoc_set_string(report, "content", buf_text(&text));
    buf_free(&text);
    return error;
}

static const char *money_type_of(const char *format)
{
    return strcmp(format, "csv") == 0 ? "text/csv" :
        strcmp(format, "pdf") == 0    ? "application/pdf" :
                                        "application/json";
}

static int money_fill_report(struct tools_run *run, struct report *r, jdoc *report)
{
    const char *format = jdoc_text_or(run->args, "format", "json");
    bool json = strcmp(format, "json") == 0;
    char from[TIMESTAMP_SIZE], to[TIMESTAMP_SIZE], name[120];
    timestamp_date(r->p.from_ms, r->p.zone, from);
    timestamp_date(r->p.to_ms, r->p.zone, to);
    snprintf(name, sizeof name, "budget-%.10s-to-%.10s.%s", from, to, format);
    int failed = jdoc_set_string(report, "format", format);
    failed |= jdoc_set_string(report, "filename", name);
    failed |= jdoc_set_string(report, "content_type", money_type_of(format));
    failed |= money_set_period(report, &r->p, r->tally.currency);
    failed |= jdoc_set_double(report, "total", amount_to_number(r->tally.minor, r->tally.currency));
    failed |= jdoc_set_int(report, "count", r->tally.count);
    failed |= money_set_others(report, &r->tally);
    failed |= jdoc_set_bool(report, "more", r->more);
    int error = failed != 0 ? ERR_NOMEM : 0;
    if (error == 0 && !json)
        error = money_put_file(r, report, strcmp(format, "csv") == 0);
    if (error == 0 && json) {
        error = jdoc_set(report, "expenses", r->expenses);
        r->expenses = NULL;
    }
    if (error == 0) {
        error = jdoc_set(report, "categories", r->categories);
        r->categories = NULL;
    }
    return error;
}

static int money_gather(struct tools_run *run, struct report *r)
{
    struct money_limits l = {.tally = &r->tally};
    int error = money_tally(run, MONEY_EXPENSE, &r->p, &r->tally);
    if (error == 0)
        error = money_limits(run, &l);
    /* Limits are set against the periods that they fit; a range has only sums. */
    if (error == 0 && (strcmp(r->p.name, "range") == 0 || strcmp(r->p.name, "day") == 0))
        l.count = 0;
    if (error == 0)
        error = money_compare(&r->tally, &l, r->p.name, r->categories);
    if (error == 0)
        error = record_each(run, MONEY_EXPENSE, r->p.from_ms, r->p.to_ms, money_collect, r);
    return error;
}

int money_tool_export_budget_report(struct tools_run *run)
{
    struct report r = {.tally = {.currency = cost_currency(run)}};
    char total[AMOUNT_TEXT_SIZE];
    int error = money_read_period(run, &r.p);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    r.expenses = jdoc_new_array();
    r.categories = jdoc_new_array();
    jdoc *report = jdoc_new_object();
    error = !r.expenses || !r.categories || !report ? ERR_NOMEM : money_gather(run, &r);
    if (error == 0)
        error = money_fill_report(run, &r, report);
    amount_text(r.tally.minor, r.tally.currency, total);
    jdoc *answer = error != 0 ?
        NULL :
        run_succeed(run, "The report is made: %s in %lld expense%s%s.", total,
            (long long)r.tally.count, r.tally.count == 1 ? "" : "s",
            r.more ? "; only the first of them are listed, ask for shorter periods to have all" :
                     "");
    if (answer)
        error = jdoc_set(answer, "report", report);
    else
        jdoc_free(report);
    if (answer && error == 0 && r.by_others)
        error = jdoc_set_bool(answer, "by_others", true);
    jdoc_free(r.expenses);
    jdoc_free(r.categories);
    return error != 0 ? error : answer ? 0 : ERR_NOMEM;
}
