/* SPDX-License-Identifier: BSD-2-Clause */
/* statement: what the columns are, and how days and sums are written, told by the data. */
#include "tools/money/statement.h"

#include "base/clock.h"
#include "base/words.h"
#include "tools/kit/currency.h"

#include <stdio.h>
#include <string.h>

#define LOOKED_AT 300 /* rows, for the meaning of columns */
#define PROVED 5      /* days, whose order in the file counts */

/* --- what a column is called --- */

enum statement_role {
    ROLE_DATE = 1 << STATEMENT_DATE,
    ROLE_AMOUNT = 1 << STATEMENT_AMOUNT,
    ROLE_DEBIT = 1 << STATEMENT_DEBIT,
    ROLE_CREDIT = 1 << STATEMENT_CREDIT,
    ROLE_WAY = 1 << STATEMENT_WAY,
    ROLE_CURRENCY = 1 << STATEMENT_CURRENCY,
    ROLE_CATEGORY = 1 << STATEMENT_CATEGORY,
    ROLE_PAYEE = 1 << 8,
    ROLE_TEXT = 1 << 9,
    ROLE_OTHER = 1 << 10, /* a number that is no sum: a balance, an account */
    ROLE_VALUE = 1 << 11  /* the second date of a row */
};
static const struct statement_role_words {
    unsigned role;
    const char *words[32]; /* as base/words.h writes them */
} statement_roles[] = {{ROLE_DATE,
                           {"date", "datum", "buchungstag", "buchungsdatum", "valutadatum",
                               "wertstellung", "fecha", "day", "when", "posted"}},
    {ROLE_VALUE, {"valuta", "valutadatum", "wertstellung", "value", "valor", "valeur", "settled"}},
    {ROLE_AMOUNT,
        {"amount", "betrag", "umsatz", "importe", "montant", "monto", "sum", "total", "price",
            "cost", "preis", "precio", "prix", "cantidad"}},
    {ROLE_DEBIT,
        {"debit", "debits", "withdrawal", "withdrawals", "soll", "ausgabe", "ausgaben", "cargo",
            "cargos", "gasto", "gastos", "depense", "depenses", "debito", "out", "spent",
            "lastschrift", "belastung", "dr", "expense"}},
    {ROLE_CREDIT,
        {"credit", "credits", "deposit", "deposits", "haben", "einnahme", "einnahmen", "abono",
            "abonos", "ingreso", "ingresos", "recette", "recettes", "gutschrift", "in", "received",
            "cr", "income", "credito"}},
    {ROLE_WAY, {"indicator", "direction", "richtung"}},
    {ROLE_CURRENCY,
        {"currency", "wahrung", "waehrung", "divisa", "moneda", "devise", "monnaie", "ccy"}},
    {ROLE_CATEGORY, {"category", "kategorie", "categoria", "categorie", "categories"}},
    {ROLE_PAYEE,
        {"payee", "merchant", "empfanger", "empfaenger", "beguenstigter", "begunstigter",
            "zahlungsempfanger", "zahlungsempfaenger", "beneficiario", "comercio", "tiers", "name",
            "shop", "vendor", "store", "beneficiaire"}},
    {ROLE_TEXT,
        {"description", "details", "narrative", "memo", "text", "verwendungszweck", "beschreibung",
            "concepto", "descripcion", "libelle", "buchungstext", "note", "notes", "notiz",
            "detail", "particulars", "transaction", "what"}},
    {ROLE_OTHER,
        {"balance", "saldo", "kontostand", "solde", "id", "reference", "referenz", "referencia",
            "number", "nummer", "numero", "iban", "bic", "account", "konto", "kontonummer",
            "cuenta", "compte", "blz", "card", "code", "mandat", "ref", "no", "rate", "kurs",
            "quantity", "liters", "litres"}}};

static unsigned statement_word_roles(const char *word)
{
    unsigned roles = 0;

    for (size_t i = 0; i < sizeof statement_roles / sizeof *statement_roles; i++)
        for (const char *const *w = statement_roles[i].words; *w; w++)
            if (strcmp(*w, word) == 0)
                roles |= statement_roles[i].role;
    return roles;
}

static unsigned statement_roles_of(const char *header)
{
    struct words words = words_of(header, strlen(header), true);
    struct words_word word;
    unsigned roles = 0;

    while (words_next(&words, &word))
        roles |= statement_word_roles(word.text);
    if ((roles & ROLE_DEBIT) && (roles & ROLE_CREDIT)) /* "Debit/Credit" */
        roles = (roles & ~(unsigned)(ROLE_DEBIT | ROLE_CREDIT)) | ROLE_WAY;
    return roles;
}

/* --- what is in a column --- */

struct statement_look {
    unsigned roles;
    size_t rows, filled, days, sums, currencies, ways, decimals, letters;
};

static void statement_look_cell(struct statement_look *l, const char *cell)
{
    struct cell_day day;
    struct cell_sum sum;
    enum cell_proof proof = CELL_NOTHING;

    l->rows++;
    if (cell[strspn(cell, " \t")] == '\0')
        return;
    bool is_day = cell_day_read(cell, &day) == 0;
    bool is_sum = !is_day &&
        (cell_sum_read(cell, '.', &sum, &proof) == 0 ||
            cell_sum_read(cell, ',', &sum, &proof) == 0);
    l->filled++;
    l->days += is_day;
    l->sums += is_sum;
    l->decimals += is_sum && proof != CELL_NOTHING;
    l->currencies += cell_is_currency(cell);
    l->ways += cell_way(cell) != 0;
    l->letters += is_day || is_sum ? 0 : strlen(cell);
}

/* At least `percent` of those that are filled. */
static bool statement_mostly(size_t count, const struct statement_look *l, size_t percent)
{
    return l->filled > 0 && count * 100 >= l->filled * percent;
}

struct statement_looks {
    struct statement_look all[SHEET_COLUMNS_MAX + 1]; /* from 1 on */
    int columns;
    bool used[SHEET_COLUMNS_MAX + 1];
};

static void statement_look(const struct statement *s, struct statement_looks *out)
{
    *out = (struct statement_looks){.columns = (int)s->sheet.columns};
    for (int c = 1; c <= out->columns; c++) {
        if (s->head)
            out->all[c].roles = statement_roles_of(sheet_cell(s->head, c));
        for (size_t i = s->first; i < s->sheet.count && i < s->first + LOOKED_AT; i++)
            statement_look_cell(&out->all[c], sheet_cell(&s->sheet.rows[i], c));
    }
}

typedef int statement_score_fn(const struct statement_look *l);

static int statement_score_date(const struct statement_look *l)
{
    if (!statement_mostly(l->days, l, 60) || l->filled * 2 < l->rows)
        return 0;
    return 10 + (l->roles & ROLE_DATE ? 10 : 0) - (l->roles & ROLE_VALUE ? 5 : 0);
}

static bool statement_may_be_sum(const struct statement_look *l)
{
    return statement_mostly(l->sums, l, 60) && !statement_mostly(l->days, l, 50) &&
        !(l->roles & (ROLE_OTHER | ROLE_DATE));
}

static int statement_score_amount(const struct statement_look *l)
{
    if (!statement_may_be_sum(l))
        return 0;
    return 10 + (l->roles & (ROLE_AMOUNT | ROLE_DEBIT) ? 10 : 0) +
        (statement_mostly(l->decimals, l, 50) ? 5 : 0);
}

static int statement_score_debit(const struct statement_look *l)
{
    return statement_may_be_sum(l) && (l->roles & ROLE_DEBIT) ? 10 : 0;
}

static int statement_score_credit(const struct statement_look *l)
{
    /* It may be empty in all rows. */
    return (statement_may_be_sum(l) || !l->filled) && (l->roles & ROLE_CREDIT) ? 10 : 0;
}

static int statement_score_way(const struct statement_look *l)
{
    return statement_mostly(l->ways, l, 95) && l->filled * 100 >= l->rows * 95 ?
        10 + (l->roles & ROLE_WAY ? 10 : 0) :
        0;
}

static int statement_score_currency(const struct statement_look *l)
{
    if (!statement_mostly(l->currencies, l, 90) || l->filled * 2 < l->rows)
        return 0;
    return 10 + (l->roles & ROLE_CURRENCY ? 10 : 0);
}

static int statement_score_category(const struct statement_look *l)
{
    return l->roles & ROLE_CATEGORY && l->filled > 0 && !statement_mostly(l->sums, l, 50) ? 10 : 0;
}

static int statement_score_text(const struct statement_look *l)
{
    if (statement_mostly(l->days + l->sums, l, 60) || !l->filled || (l->roles & ROLE_OTHER))
        return 0;
    return l->roles & ROLE_PAYEE ? 30 : l->roles & ROLE_TEXT ? 20 : 0;
}

/* The best one that is free; two: out, another is as good. */
static int statement_best(struct statement_looks *looks, statement_score_fn *score, bool *two)
{
    int best = 0, column = 0;

    for (int c = 1; c <= looks->columns; c++) {
        int points = looks->used[c] ? 0 : score(&looks->all[c]);
        if (two && points > 0)
            *two = points == best || (*two && points < best);
        if (points > best) {
            best = points;
            column = c;
        }
    }
    return column;
}

static void statement_choose(struct statement *s, struct statement_looks *looks,
    enum statement_column which, statement_score_fn *score)
{
    int *column = &s->map.columns[which];

    if (*column == STATEMENT_UNSET)
        *column = statement_best(looks, score, NULL);
    if (*column > 0 && *column <= SHEET_COLUMNS_MAX)
        looks->used[*column] = true;
}

/* Debit and credit, or one column. */
static int statement_choose_sums(struct statement *s, struct statement_looks *looks)
{
    int *columns = s->map.columns;
    bool two = false;

    if (columns[STATEMENT_AMOUNT] == STATEMENT_UNSET)
        statement_choose(s, looks, STATEMENT_DEBIT, statement_score_debit);
    if (columns[STATEMENT_DEBIT] > 0) {
        if (columns[STATEMENT_AMOUNT] == STATEMENT_UNSET)
            columns[STATEMENT_AMOUNT] = 0;
        statement_choose(s, looks, STATEMENT_CREDIT, statement_score_credit);
    }
    for (int c = STATEMENT_DEBIT; c <= STATEMENT_CREDIT; c++)
        columns[c] = columns[c] == STATEMENT_UNSET ? 0 : columns[c];
    if (columns[STATEMENT_AMOUNT] != STATEMENT_UNSET) {
        if (columns[STATEMENT_AMOUNT] > 0)
            looks->used[columns[STATEMENT_AMOUNT]] = true;
        return 0;
    }
    columns[STATEMENT_AMOUNT] = statement_best(looks, statement_score_amount, &two);
    looks->used[columns[STATEMENT_AMOUNT]] = true;
    return two ? statement_ask(s, "/mapping/amount_column",
                     "Several columns could be the amount. Which one is it?") :
                 0;
}

static int statement_longest(const struct statement_looks *looks)
{
    size_t most = 0;
    int column = 0;

    for (int c = 1; c <= looks->columns; c++)
        if (!looks->used[c] && !(looks->all[c].roles & ROLE_OTHER) &&
            looks->all[c].letters > most) {
            most = looks->all[c].letters;
            column = c;
        }
    return column;
}

static void statement_choose_texts(struct statement *s, struct statement_looks *looks)
{
    struct statement_map *m = &s->map;

    if (m->text_count != STATEMENT_UNSET)
        return;
    m->text_count = 0;
    for (int i = 0; i < STATEMENT_TEXTS; i++) {
        int column = statement_best(looks, statement_score_text, NULL);
        if (!column && i == 0)
            column = statement_longest(looks);
        if (!column)
            return;
        looks->used[column] = true;
        m->texts[m->text_count++] = column;
    }
}

static int statement_no_column(struct tools_run *run, const char *path, const char *what)
{
    int error = run_ask_back(run, path, "the number of a column, from 1 on",
        "No column of the file looks like %s. Which one is it? Nothing was taken in.", what);

    return error ? error : ERR_INVALID;
}

static int statement_check_columns(struct tools_run *run, const struct statement *s)
{
    const int *c = s->map.columns;
    int most = 0, error;

    for (int i = 0; i < STATEMENT_COLUMNS; i++)
        most = c[i] > most ? c[i] : most;
    for (int i = 0; i < s->map.text_count; i++)
        most = s->map.texts[i] > most ? s->map.texts[i] : most;
    if (most > (int)s->sheet.columns) {
        error = run_fail_at(run, "/mapping", "columns that the file has",
            "The mapping names column %d, but the file has %zu. Nothing was taken in.", most,
            s->sheet.columns);
        return error ? error : ERR_INVALID;
    }
    if (c[STATEMENT_DATE] <= 0)
        return statement_no_column(run, "/mapping/date_column", "a date");
    if (c[STATEMENT_AMOUNT] <= 0 && c[STATEMENT_DEBIT] <= 0)
        return statement_no_column(run, "/mapping/amount_column", "an amount");
    return 0;
}

/* --- how days are written --- */

struct statement_days {
    size_t wrong[2], read; /* wrong: no day, or one to come: day first, month first */
    bool up[2], down[2];   /* in order all along */
    int64_t last[2];
    bool ambiguous;
};

static void statement_count_day(struct statement_days *d, const struct cell_day *day, int64_t today)
{
    static const enum cell_order orders[2] = {CELL_DAY_FIRST, CELL_MONTH_FIRST};

    d->ambiguous |= day->a != day->b;
    for (int k = 0; k < 2; k++) {
        struct civil c;
        bool wrong = cell_day_solve(day, orders[k], &c) != 0;
        int64_t number = wrong ? 0 : civil_days(c.year, c.month, c.day);
        wrong |= number > today + 1;
        d->wrong[k] += wrong;
        if (wrong)
            continue;
        d->up[k] &= d->read == 0 || number >= d->last[k];
        d->down[k] &= d->read == 0 || number <= d->last[k];
        d->last[k] = number;
    }
    d->read++;
}

static int statement_guess_order(struct tools_run *run, struct statement *s)
{
    struct statement_days d = {.up = {true, true}, .down = {true, true}};
    int64_t today = run->context->now_ms / 86400000;
    struct cell_day day;

    if (s->map.order != CELL_ORDER_UNKNOWN)
        return 0;
    for (size_t i = s->first; i < s->sheet.count; i++)
        if (cell_day_read(sheet_cell(&s->sheet.rows[i], s->map.columns[STATEMENT_DATE]), &day) ==
                0 &&
            !day.settled)
            statement_count_day(&d, &day, today);
    bool sorted[2] = {d.up[0] || d.down[0], d.up[1] || d.down[1]};
    if (d.read == 0)
        s->map.order = CELL_YEAR_FIRST;
    else if (d.wrong[0] != d.wrong[1])
        s->map.order = d.wrong[0] < d.wrong[1] ? CELL_DAY_FIRST : CELL_MONTH_FIRST;
    else if (d.read >= PROVED && sorted[0] != sorted[1])
        s->map.order = sorted[0] ? CELL_DAY_FIRST : CELL_MONTH_FIRST;
    else if (!d.ambiguous)
        s->map.order = CELL_DAY_FIRST;
    else
        return statement_ask(s, "/mapping/date_order",
            "No date of the file tells whether the day or the month is first. Which one is it: "
            "day_first or month_first?");
    return 0;
}

/* --- how sums are written --- */

struct statement_sums {
    size_t point, comma, either, plus, minus, shared;
    char sign[4]; /* a sign of money that several currencies share */
};

static void statement_count_sum(struct statement_sums *sums, const char *cell)
{
    struct cell_sum sum;
    enum cell_proof proof = CELL_NOTHING;

    if (cell_sum_read(cell, '.', &sum, &proof) != 0 && cell_sum_read(cell, ',', &sum, &proof) != 0)
        return;
    sums->point += proof == CELL_POINT;
    sums->comma += proof == CELL_COMMA;
    sums->either += proof == CELL_EITHER;
    bool negative = sum.way ? sum.way < 0 : sum.negative;
    if (sum.whole || sum.fraction[0])
        *(negative ? &sums->minus : &sums->plus) += 1;
    if (sum.currency[0] && !cell_is_currency(sum.currency)) {
        sums->shared++;
        snprintf(sums->sign, sizeof sums->sign, "%s", sum.currency);
    }
}

static int statement_guess_decimal(struct statement *s, const struct statement_sums *sums)
{
    if (s->map.decimal)
        return 0;
    if (sums->point == 0 && sums->comma == 0 && sums->either > 0)
        return statement_ask(s, "/mapping/decimal",
            "No amount of the file tells whether \"1.234\" is a thousand or a little more than "
            "one. Are decimals behind a point or a comma?");
    if (sums->point > 0 && sums->point == sums->comma)
        return statement_ask(s, "/mapping/decimal",
            "Amounts of the file are written in two ways. Are decimals behind a point or a comma?");
    s->map.decimal = sums->comma > sums->point ? ',' : '.';
    return 0;
}

/* One sign alone is what is spent; of two the bank's minus, when it is clearly the most. */
static int statement_guess_sign(struct statement *s, const struct statement_sums *sums)
{
    bool two = sums->plus > 0 && sums->minus > 0;

    if (s->map.spent || s->map.columns[STATEMENT_WAY] > 0) {
        s->map.spent = s->map.spent ? s->map.spent : 1;
        return 0;
    }
    if (s->map.columns[STATEMENT_DEBIT] > 0)
        s->map.spent = sums->minus > sums->plus ? -1 : 1;
    else if (!two)
        s->map.spent = sums->minus > 0 ? -1 : 1;
    else if (sums->minus * 10 >= (sums->minus + sums->plus) * 6)
        s->map.spent = -1;
    else
        return statement_ask(s, "/mapping/spent",
            "The amounts are positive and negative. Which ones are money that was spent: positive "
            "or negative?");
    return 0;
}

static int statement_guess_currency(struct tools_run *run, struct statement *s,
    const struct statement_sums *sums)
{
    const char *own = run->context->currency;

    if (s->map.currency[0])
        return 0;
    if (sums->shared > 0 && !currency_is(sums->sign, own))
        return statement_ask(s, "/mapping/currency",
            "The amounts have a sign that several currencies share. Which currency is it (a code "
            "such as USD)?");
    snprintf(s->map.currency, sizeof s->map.currency, "%s", own);
    return 0;
}

static int statement_guess_sums(struct tools_run *run, struct statement *s)
{
    struct statement_sums sums = {0};
    int column = s->map.columns[STATEMENT_DEBIT] > 0 ? s->map.columns[STATEMENT_DEBIT] :
                                                       s->map.columns[STATEMENT_AMOUNT];

    for (size_t i = s->first; i < s->sheet.count; i++)
        statement_count_sum(&sums, sheet_cell(&s->sheet.rows[i], column));
    int error = statement_guess_decimal(s, &sums);
    if (!error)
        error = statement_guess_sign(s, &sums);
    return error ? error : statement_guess_currency(run, s, &sums);
}

int statement_guess(struct tools_run *run, struct statement *s)
{
    struct statement_looks *looks = arena_alloc(run->arena, sizeof *looks);
    int error = 0;

    if (!looks)
        return ERR_NOMEM;
    statement_look(s, looks);
    for (int c = 0; c < STATEMENT_COLUMNS; c++)
        if (s->map.columns[c] > 0 && s->map.columns[c] <= SHEET_COLUMNS_MAX)
            looks->used[s->map.columns[c]] = true;
    for (int i = 0; i < s->map.text_count; i++)
        if (s->map.texts[i] > 0 && s->map.texts[i] <= SHEET_COLUMNS_MAX)
            looks->used[s->map.texts[i]] = true;
    statement_choose(s, looks, STATEMENT_DATE, statement_score_date);
    error = statement_choose_sums(s, looks);
    statement_choose(s, looks, STATEMENT_CURRENCY, statement_score_currency);
    statement_choose(s, looks, STATEMENT_CATEGORY, statement_score_category);
    if (s->map.columns[STATEMENT_DEBIT] > 0 && s->map.columns[STATEMENT_WAY] == STATEMENT_UNSET)
        s->map.columns[STATEMENT_WAY] = 0;
    statement_choose(s, looks, STATEMENT_WAY, statement_score_way);
    statement_choose_texts(s, looks);
    if (!error)
        error = statement_check_columns(run, s);
    if (!error)
        error = statement_guess_order(run, s);
    return error ? error : statement_guess_sums(run, s);
}
