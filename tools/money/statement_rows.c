/* SPDX-License-Identifier: BSD-2-Clause */
/* statement: its rows as expenses, and why others are none. */
#include "tools/money/statement.h"

#include "base/ident.h"
#include "base/utf8.h"
#include "base/words.h"
#include "tools/kit/plausible.h"
#include "tools/kit/timestamp.h"
#include "tools/money/money.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 300 /* bytes of a description */
#define ID_DIGITS 32

struct statement_reader {
    struct tools_run *run;
    struct statement *s;
    const struct zone *zone;
    enum cell_order order; /* with guesses for what is open */
    char decimal;
    int spent;
    char currency[4];
    int64_t tomorrow_ms;
};

static void statement_bad(struct statement_entry *e, const char *field, const char *reason)
{
    e->fate = STATEMENT_BAD;
    e->field = field;
    e->reason = reason;
}

/* --- texts --- */

void statement_fold(const char *text, char out[STATEMENT_FOLDED])
{
    struct words words = words_of(text, strlen(text), true);
    struct words_word word;
    size_t at = 1;

    snprintf(out, STATEMENT_FOLDED, " ");
    while (words_next(&words, &word) && at + strlen(word.text) + 2 < STATEMENT_FOLDED)
        at += (size_t)snprintf(out + at, STATEMENT_FOLDED - at, "%s ", word.text);
}

static bool statement_is_transfer(const char *folded)
{
    static const char *const phrases[] = {" transfer to ", " transfer from ", " internal transfer ",
        " account transfer ", " transfers ", " own account ", " to savings ", " umbuchung ",
        " ubertrag ", " eigenubertrag ", " credit card payment ", " card payment thank you ",
        " payment thank you ", " payment received ", " kreditkartenabrechnung ",
        " kreditkartenausgleich ", " traspaso ", " virement interne ",
        " virement compte a compte "};

    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
        if (strstr(folded, phrases[i]))
            return true;
    return strcmp(folded, " transfer ") == 0;
}

/* One line, one blank between words. */
static void statement_put_text(struct buf *out, const char *cell)
{
    size_t from = out->len;
    bool blank = true;

    if (out->len > 0)
        buf_puts(out, " - ");
    size_t begin = out->len;
    for (; *cell; cell++) {
        bool space = (unsigned char)*cell <= ' ' || *cell == 0x7F;
        if (!space)
            buf_putc(out, *cell);
        else if (!blank)
            buf_putc(out, ' ');
        blank = space;
    }
    while (out->len > begin && out->data[out->len - 1] == ' ')
        buf_cut(out, out->len - 1);
    if (out->len == begin)
        buf_cut(out, from);
}

static int statement_read_text(struct statement_reader *r, const struct sheet_row *row,
    struct statement_entry *e)
{
    const struct statement_map *m = &r->s->map;
    struct buf text = {0};

    for (int i = 0; i < m->text_count; i++) {
        const char *cell = sheet_cell(row, m->texts[i]);
        if (i == 0 || strcmp(cell, sheet_cell(row, m->texts[0])) != 0)
            statement_put_text(&text, cell);
    }
    if (text.len > TEXT_MAX)
        buf_cut(&text, utf8_cut(buf_text(&text), TEXT_MAX));
    e->text = buf_error(&text) ? NULL : arena_strdup(r->run->arena, buf_text(&text));
    buf_free(&text);
    return e->text ? 0 : ERR_NOMEM;
}

/* --- the day, the sum --- */

static void statement_read_day(struct statement_reader *r, const struct sheet_row *row,
    struct statement_entry *e)
{
    const char *cell = sheet_cell(row, r->s->map.columns[STATEMENT_DATE]);
    struct timestamp when;
    struct cell_day day;
    struct civil c;

    if (cell[strspn(cell, " ")] == '\0') {
        statement_bad(e, "date", "there is no date");
    } else if (cell_day_read(cell, &day) || cell_day_solve(&day, r->order, &c)) {
        statement_bad(e, "date", "this is no date, or none in that order of day and month");
    } else {
        snprintf(e->date, sizeof e->date, "%04d-%02d-%02d", c.year % 10000, c.month % 100,
            c.day % 100);
        if (timestamp_parse(e->date, r->zone, &when))
            statement_bad(e, "date", "there is no such day");
        else if (when.ms >= r->tomorrow_ms)
            statement_bad(e, "date", "the date lies in the future");
        e->ms = when.ms;
    }
}

/* What a column says of money: 1 spent, -1 it came in, 0 nothing. */
static int statement_read_sum(struct statement_reader *r, const struct sheet_row *row,
    enum statement_column column, struct statement_entry *e, struct cell_sum *sum)
{
    const char *cell = sheet_cell(row, r->s->map.columns[column]);
    const char *field = column == STATEMENT_CREDIT ? "credit" :
        column == STATEMENT_DEBIT                  ? "debit" :
                                                     "amount";

    *sum = (struct cell_sum){0};
    if (r->s->map.columns[column] <= 0 || cell[strspn(cell, " \t")] == '\0')
        return 0;
    int error = cell_sum_read(cell, r->decimal, sum, NULL);
    if (error)
        statement_bad(e, field,
            error == ERR_LIMIT ? "the amount has more than 15 digits" :
                                 "this is no amount, or none with these decimals");
    if (error || (sum->whole == 0 && sum->fraction[0] == '\0'))
        return 0;
    if (column == STATEMENT_CREDIT)
        return -1;
    if (sum->way)
        return -sum->way;
    return (sum->negative ? -1 : 1) == r->spent ? 1 : -1;
}

static int statement_read_way(struct statement_reader *r, const struct sheet_row *row,
    struct statement_entry *e, int way)
{
    int column = r->s->map.columns[STATEMENT_WAY];

    if (column <= 0 || way == 0)
        return way;
    int said = cell_way(sheet_cell(row, column));
    if (!said)
        statement_bad(e, "direction", "nothing tells whether this was spent or came in");
    return -said;
}

/* A code in its own column, beside the sum, or that of the whole file. */
static void statement_read_currency(struct statement_reader *r, const struct sheet_row *row,
    const struct cell_sum *sum, struct statement_entry *e)
{
    const char *cell = sheet_cell(row, r->s->map.columns[STATEMENT_CURRENCY]);
    const char *code = cell_is_currency(sum->currency) ? sum->currency : r->currency;

    if (r->s->map.columns[STATEMENT_CURRENCY] > 0 && *cell) {
        code = cell;
        if (!cell_is_currency(cell)) {
            statement_bad(e, "currency", "this is no currency that people pay with");
            return;
        }
    }
    snprintf(e->currency, sizeof e->currency, "%.3s", code);
    for (char *c = e->currency; *c; c++)
        *c = (char)toupper((unsigned char)*c);
}

static void statement_read_money(struct statement_reader *r, const struct sheet_row *row,
    struct statement_entry *e)
{
    struct cell_sum sum, other;
    bool two = r->s->map.columns[STATEMENT_DEBIT] > 0;
    int way = statement_read_sum(r, row, two ? STATEMENT_DEBIT : STATEMENT_AMOUNT, e, &sum);
    int came = two ? statement_read_sum(r, row, STATEMENT_CREDIT, e, &other) : 0;

    if (e->fate == STATEMENT_BAD)
        return;
    if (way && came) {
        statement_bad(e, "debit", "there is a sum under debit and one under credit");
        return;
    }
    if (came)
        sum = other;
    way = statement_read_way(r, row, e, way ? way : came);
    if (e->fate != STATEMENT_BAD && !way)
        statement_bad(e, "amount", "there is no amount, or it is zero");
    if (e->fate != STATEMENT_BAD)
        statement_read_currency(r, row, &sum, e);
    if (e->fate == STATEMENT_BAD)
        return;
    int error = cell_sum_minor(&sum, e->currency, &e->minor);
    if (error)
        statement_bad(e, "amount",
            error == ERR_LIMIT ? "the amount is too large" :
                                 "the amount has more decimals than its currency");
    else if (way < 0)
        e->fate = STATEMENT_INCOME;
}

/* --- its category, and whether it counts --- */

static const char *statement_category_said(const struct statement *s, const char *cell)
{
    for (size_t i = 0; i < jdoc_length(s->map.categories); i++) {
        const jdoc *one = jdoc_at(s->map.categories, i);
        if (strcmp(jdoc_text_or(one, "text", ""), cell) == 0)
            return jdoc_text_or(one, "category", "other");
    }
    return NULL;
}

static void statement_read_category(struct statement_reader *r, const struct sheet_row *row,
    struct statement_entry *e)
{
    const char *cell = sheet_cell(row, r->s->map.columns[STATEMENT_CATEGORY]);
    char words[MONEY_WORDS_SIZE];
    double confidence;

    e->category = statement_category_said(r->s, cell);
    if (e->category)
        return;
    e->category = money_category_of(cell, &confidence, words);
    if (strcmp(e->category, "other") != 0)
        return;
    e->category = money_category_of(e->text, &confidence, words);
    e->guessed = true;
}

static void statement_judge(struct statement_reader *r, const struct sheet_row *row,
    struct statement_entry *e)
{
    char folded[STATEMENT_FOLDED], category[STATEMENT_FOLDED];
    enum plausible is = plausible_expense(e->minor, e->currency, e->category);

    statement_fold(e->text, folded);
    statement_fold(sheet_cell(row, r->s->map.columns[STATEMENT_CATEGORY]), category);
    if (is == PLAUSIBLE_NOT)
        statement_bad(e, "amount", "nobody spends that much at once");
    else if (!r->s->map.take_transfers &&
        (statement_is_transfer(folded) || statement_is_transfer(category)))
        e->fate = STATEMENT_TRANSFER;
    else if (!r->s->map.take_unusual && is == PLAUSIBLE_ASK)
        e->fate = STATEMENT_UNUSUAL;
}

static int statement_read_row(struct statement_reader *r, const struct sheet_row *row,
    struct statement_entry *e)
{
    *e = (struct statement_entry){.line = row->line, .category = "other"};
    int error = statement_read_text(r, row, e);

    if (error)
        return error;
    statement_read_day(r, row, e);
    if (e->fate == STATEMENT_READY)
        statement_read_money(r, row, e);
    if (e->fate != STATEMENT_READY)
        return 0;
    statement_read_category(r, row, e);
    statement_judge(r, row, e);
    return 0;
}

/* --- what a row is recognised by --- */

struct statement_key {
    const char *text;
    size_t index;
};

static int statement_compare(const void *a, const void *b)
{
    const struct statement_key *x = a, *y = b;
    int order = strcmp(x->text, y->text);

    return order ? order : x->index < y->index ? -1 : x->index > y->index;
}

/* Day, sum, currency and words; of equal rows of a file also which one. So the same row has the
 * same id in every file that has the whole day. */
static int statement_identify(struct statement_reader *r)
{
    struct statement *s = r->s;
    struct statement_key *keys = arena_array(r->run->arena, s->count + 1, sizeof *keys);
    size_t count = 0, nth = 0;

    for (size_t i = 0; keys && i < s->count; i++) {
        const struct statement_entry *e = &s->entries[i];
        char folded[STATEMENT_FOLDED];
        if (e->fate == STATEMENT_BAD || e->fate == STATEMENT_INCOME)
            continue;
        statement_fold(e->text, folded);
        keys[count].index = i;
        keys[count].text = arena_printf(r->run->arena, "%s\n%lld\n%s\n%s", e->date,
            (long long)e->minor, e->currency, folded);
        if (!keys[count++].text)
            return ERR_NOMEM;
    }
    if (!keys)
        return ERR_NOMEM;
    qsort(keys, count, sizeof *keys, statement_compare);
    for (size_t i = 0; i < count; i++) {
        char digest[IDENT_SHA256_SIZE];
        nth = i > 0 && strcmp(keys[i].text, keys[i - 1].text) == 0 ? nth + 1 : 0;
        const char *text = arena_printf(r->run->arena, "%s\n%zu", keys[i].text, nth);
        if (!text)
            return ERR_NOMEM;
        ident_sha256_hex(text, strlen(text), digest);
        s->entries[keys[i].index].id = arena_printf(r->run->arena, "imp-%.*s", ID_DIGITS, digest);
        if (!s->entries[keys[i].index].id)
            return ERR_NOMEM;
    }
    return 0;
}

static bool statement_is_blank(const struct sheet_row *row)
{
    for (size_t c = 0; c < row->count; c++)
        if (row->cells[c][strspn(row->cells[c], " \t")] != '\0')
            return false;
    return true;
}

int statement_rows(struct tools_run *run, struct statement *s)
{
    const struct statement_map *m = &s->map;
    bool american = strcmp(run->context->locale, "en-US") == 0;
    struct statement_reader r = {.run = run,
        .s = s,
        .order = m->order ? m->order :
            american      ? CELL_MONTH_FIRST :
                            CELL_DAY_FIRST,
        .decimal = m->decimal   ? m->decimal :
            m->delimiter == ';' ? ',' :
                                  '.',
        .spent = m->spent ? m->spent : -1};
    int error = timestamp_zone(run, &r.zone);

    snprintf(r.currency, sizeof r.currency, "%s",
        m->currency[0] ? m->currency : run->context->currency);
    s->entries = arena_array(run->arena, s->sheet.count + 1, sizeof *s->entries);
    if (!error && !s->entries)
        error = ERR_NOMEM;
    if (!error)
        r.tomorrow_ms = timestamp_day(run->context->now_ms, 1, r.zone);
    for (size_t i = s->first; !error && i < s->sheet.count; i++)
        if (!statement_is_blank(&s->sheet.rows[i]))
            error = statement_read_row(&r, &s->sheet.rows[i], &s->entries[s->count++]);
    return error ? error : statement_identify(&r);
}
