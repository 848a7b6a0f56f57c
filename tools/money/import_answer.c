/* SPDX-License-Identifier: BSD-2-Clause */
/* import: what the preview tells. */
#include "base/utf8.h"
#include "tools/money/import.h"
#include "tools/money/money.h"

#include <stdio.h>
#include <string.h>

#define ROWS_SHOWN 5
#define PROBLEMS_SHOWN 10
#define MONTHS_SHOWN 36
#define COLUMNS_SHOWN 20
#define SAMPLES 2
#define SAMPLE_MAX 40 /* bytes of a cell */

static const char *const import_fates[STATEMENT_FATES] = {"new", "unreadable", "income",
    "transfers", "unusual", "known", "known", "duplicates"};

static const char *import_cut(struct tools_run *run, const char *text)
{
    size_t len = strlen(text);

    return arena_memdup(run->arena, text, len > SAMPLE_MAX ? utf8_cut(text, SAMPLE_MAX) : len);
}

jdoc *import_tell_totals(const struct import_totals *t)
{
    jdoc *totals = jdoc_new_object();
    int failed = !totals || jdoc_set_int(totals, "count", (int64_t)t->count) ||
        cost_set_sums(totals, "sums", &t->sums) ||
        jdoc_set_string(totals, "from", t->count > 0 ? t->from : NULL) ||
        jdoc_set_string(totals, "to", t->count > 0 ? t->to : NULL);

    if (!failed)
        return totals;
    jdoc_free(totals);
    return NULL;
}

const char *import_left_out(struct tools_run *run, const struct import_totals *t)
{
    static const struct {
        enum statement_fate fate;
        const char *words;
    } fates[] = {{STATEMENT_INCOME, "of money that came in or back"},
        {STATEMENT_TRANSFER, "that look like transfers"},
        {STATEMENT_UNUSUAL, "with an unusual amount"}, {STATEMENT_KNOWN, "that are stored already"},
        {STATEMENT_DUPLICATE, "that equal an expense of another origin"},
        {STATEMENT_BAD, "that cannot be read"}};
    const char *text = "";

    for (size_t i = 0; text && i < sizeof fates / sizeof *fates; i++)
        if (t->fates[fates[i].fate] > 0)
            text = arena_printf(run->arena, "%s%s%zu %s", text, text[0] ? ", " : "",
                t->fates[fates[i].fate], fates[i].words);
    return text && text[0] ? arena_printf(run->arena, "%s.", text) : text;
}

/* --- the file --- */

static jdoc *import_column(struct import *in, int column)
{
    const struct statement *s = &in->s;
    jdoc *one = jdoc_new_object(), *samples = jdoc_new_array();
    int failed = !one || !samples || jdoc_set_int(one, "column", column);

    if (!failed && s->head)
        failed = jdoc_set_string(one, "name", import_cut(in->run, sheet_cell(s->head, column)));
    for (size_t i = s->first; !failed && i < s->sheet.count && jdoc_length(samples) < SAMPLES;
         i++) {
        const char *cell = import_cut(in->run, sheet_cell(&s->sheet.rows[i], column));
        if (!cell)
            failed = ERR_NOMEM;
        else if (*cell)
            failed = jdoc_push(samples, jdoc_new_string(cell, strlen(cell)));
    }
    if (!failed && !jdoc_set(one, "samples", samples))
        return one;
    if (failed)
        jdoc_free(samples);
    jdoc_free(one);
    return NULL;
}

static int import_set_file(struct import *in, jdoc *answer)
{
    jdoc *file = jdoc_new_object(), *columns = jdoc_new_array();
    int failed = !file || !columns;

    failed = failed || jdoc_set_string(file, "name", in->name[0] ? in->name : NULL);
    failed = failed || jdoc_set_int(file, "rows", (int64_t)in->s.count);
    failed = failed || jdoc_set_int(file, "column_count", (int64_t)in->s.sheet.columns);
    for (int c = 1; !failed && c <= (int)in->s.sheet.columns && c <= COLUMNS_SHOWN; c++)
        failed = jdoc_push_made(columns, import_column(in, c), 0);
    if (failed) {
        jdoc_free(file);
        jdoc_free(columns);
        return ERR_NOMEM;
    }
    failed = jdoc_set(file, "columns", columns);
    return jdoc_set(answer, "file", file) || failed ? ERR_NOMEM : 0;
}

/* --- rows --- */

static jdoc *import_row(const struct statement_entry *e)
{
    jdoc *row = jdoc_new_object();
    int failed = !row || jdoc_set_int(row, "line", (int64_t)e->line) ||
        jdoc_set_string(row, "date", e->date) || money_set(row, e->minor, e->currency) ||
        jdoc_set_string(row, "category", e->category) ||
        (e->guessed && jdoc_set_bool(row, "category_guessed", true)) ||
        (e->similar && jdoc_set_bool(row, "similar", true)) ||
        jdoc_set_string(row, "description", e->text[0] ? e->text : NULL);

    if (!failed)
        return row;
    jdoc_free(row);
    return NULL;
}

static int import_set_rows(const struct import *in, jdoc *answer)
{
    jdoc *rows = jdoc_new_array();
    int failed = !rows;

    for (size_t i = 0; !failed && i < in->s.count && jdoc_length(rows) < ROWS_SHOWN; i++)
        if (in->s.entries[i].fate == STATEMENT_READY)
            failed = jdoc_push_made(rows, import_row(&in->s.entries[i]), 0);
    if (!failed)
        return jdoc_set(answer, "rows", rows);
    jdoc_free(rows);
    return ERR_NOMEM;
}

static jdoc *import_problem(const struct import *in, const struct statement_entry *e)
{
    jdoc *one = jdoc_new_object();
    const char *text = import_cut(in->run, e->text);
    int failed = !one || !text || jdoc_set_int(one, "line", (int64_t)e->line) ||
        jdoc_set_string(one, "kind", import_fates[e->fate]) ||
        jdoc_set_string(one, "field", e->field) || jdoc_set_string(one, "reason", e->reason) ||
        (e->minor && money_set(one, e->minor, e->currency)) ||
        jdoc_set_string(one, "description", *text ? text : NULL);

    if (!failed)
        return one;
    jdoc_free(one);
    return NULL;
}

/* What needs a look: first what cannot be read, then what was left out by judgement. */
static int import_set_problems(const struct import *in, jdoc *answer)
{
    static const enum statement_fate shown[] = {STATEMENT_BAD, STATEMENT_DUPLICATE,
        STATEMENT_TRANSFER, STATEMENT_UNUSUAL};
    jdoc *list = jdoc_new_array();
    int failed = !list;

    for (size_t k = 0; k < sizeof shown / sizeof *shown; k++)
        for (size_t i = 0; !failed && i < in->s.count && jdoc_length(list) < PROBLEMS_SHOWN; i++)
            if (in->s.entries[i].fate == shown[k])
                failed = jdoc_push_made(list, import_problem(in, &in->s.entries[i]), 0);
    if (!failed)
        return jdoc_set(answer, "left_out", list);
    jdoc_free(list);
    return ERR_NOMEM;
}

static int import_set_counts(const struct import_totals *t, jdoc *answer)
{
    jdoc *counts = jdoc_new_object();
    int failed = !counts;

    for (int f = 0; !failed && f < STATEMENT_FATES; f++)
        if (f != STATEMENT_OWN)
            failed = jdoc_set_int(counts, import_fates[f], (int64_t)t->fates[f]);
    failed = failed || jdoc_set_int(counts, "similar", (int64_t)t->similar);
    failed = failed || jdoc_set_int(counts, "category_guessed", (int64_t)t->guessed);
    if (!failed)
        return jdoc_set(answer, "counts", counts);
    jdoc_free(counts);
    return ERR_NOMEM;
}

static int import_set_months(const struct import *in, jdoc *answer)
{
    struct {
        char name[8];
        int64_t count;
    } months[MONTHS_SHOWN] = {{"", 0}};
    size_t n = 0;
    jdoc *list = jdoc_new_object();
    int failed = !list;

    for (size_t i = 0; i < in->s.count; i++) {
        const struct statement_entry *e = &in->s.entries[i];
        size_t m = 0;
        if (e->fate != STATEMENT_READY)
            continue;
        while (m < n && strncmp(months[m].name, e->date, 7) != 0)
            m++;
        if (m == n && n < MONTHS_SHOWN)
            snprintf(months[n++].name, sizeof months->name, "%.7s", e->date);
        if (m < n)
            months[m].count++;
    }
    for (size_t m = 0; !failed && m < n; m++)
        failed = jdoc_set_int(list, months[m].name, months[m].count);
    if (!failed)
        return jdoc_set(answer, "months", list);
    jdoc_free(list);
    return ERR_NOMEM;
}

/* --- what comes next --- */

static jdoc *import_expected(const struct import_totals *t)
{
    jdoc *expected = jdoc_new_object(), *sums = jdoc_new_array();
    int failed = !expected || !sums || jdoc_set_int(expected, "count", (int64_t)t->count) ||
        jdoc_set_string(expected, "from", t->from) || jdoc_set_string(expected, "to", t->to);

    for (size_t i = 0; !failed && i < t->sums.count; i++) {
        jdoc *one = jdoc_new_object();
        failed = !one || jdoc_set_string(one, "currency", t->sums.all[i].currency) ||
            jdoc_set_int(one, "total_minor", t->sums.all[i].minor);
        failed = jdoc_push_made(sums, one, failed);
    }
    if (!failed && !jdoc_set(expected, "sums", sums))
        return expected;
    if (failed)
        jdoc_free(sums);
    jdoc_free(expected);
    return NULL;
}

/* The arguments of import_expenses: nothing when there is a question, or nothing to take in. */
static int import_set_next(const struct import *in, const struct import_totals *t, jdoc *answer)
{
    jdoc *next = jdoc_new_object();

    if (!next || t->count == 0 || jdoc_length(in->s.questions) > 0) {
        jdoc_free(next);
        return next ? 0 : ERR_NOMEM;
    }
    jdoc *map = statement_tell_map(&in->s), *expected = import_expected(t);
    int failed = !map || jdoc_set(next, "mapping", map);
    failed |= !expected || jdoc_set(next, "expected", expected);
    const char *id = jdoc_string(jdoc_get(in->run->args, "attachment_id"), NULL);
    failed = failed || jdoc_set_string(next, "attachment_id", id);
    if (!failed)
        return jdoc_set(answer, "import", next);
    jdoc_free(next);
    return ERR_NOMEM;
}

static const char *import_message(struct import *in, const struct import_totals *t)
{
    struct tools_run *run = in->run;
    const char *left_out = import_left_out(run, t), *questions = "";
    char sums[COST_TEXT_SIZE];

    cost_sums_text(&t->sums, sums);
    for (size_t i = 0; questions && i < jdoc_length(in->s.questions); i++)
        questions = arena_printf(run->arena, "%s Ask the user: %s", questions,
            jdoc_text_or(jdoc_at(in->s.questions, i), "question", ""));
    if (!left_out || !questions)
        return NULL;
    if (t->count == 0)
        return arena_printf(run->arena, "The file has no new expense. %zu rows: %s%s", in->s.count,
            left_out[0] ? left_out : "none has data.", questions);
    return arena_printf(run->arena,
        "The file has %zu new expense%s: %s, from %s to %s.%s%s%s Nothing is stored yet.", t->count,
        t->count == 1 ? "" : "s", sums, t->from, t->to, left_out[0] ? " Left out: " : "", left_out,
        questions);
}

int import_answer(struct import *in)
{
    struct import_totals t;
    import_count(in, false, &t);
    const char *message = import_message(in, &t);
    jdoc *answer = message ? run_succeed(in->run, "%s", message) : NULL;
    jdoc *map = answer ? statement_tell_map(&in->s) : NULL, *totals = import_tell_totals(&t);

    if (!answer || !map || !totals) {
        jdoc_free(map);
        jdoc_free(totals);
        return ERR_NOMEM;
    }
    int failed = jdoc_set(answer, "mapping", map);
    failed |= jdoc_set(answer, "totals", totals);
    int error = import_set_next(in, &t, answer);
    failed |= jdoc_set(answer, "questions", in->s.questions);
    in->s.questions = NULL;
    if (!error)
        error = import_set_counts(&t, answer);
    if (!error)
        error = import_set_months(in, answer);
    if (!error)
        error = import_set_rows(in, answer);
    if (!error)
        error = import_set_problems(in, answer);
    if (!error)
        error = import_set_file(in, answer);
    return failed ? ERR_NOMEM : error;
}
