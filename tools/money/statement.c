/* SPDX-License-Identifier: BSD-2-Clause */
/* statement: the map, and how the file is opened by it. */
#include "tools/money/statement.h"

#include <stdio.h>
#include <string.h>

#define LOOKED_AT 60 /* rows, for the delimiter and the header */
#define SKIP_MAX 50

static const struct statement_name {
    const char *name;
    int value;
} statement_delimiters[] = {{"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}, {"pipe", '|'}},
  statement_orders[] = {{"year_first", CELL_YEAR_FIRST}, {"day_first", CELL_DAY_FIRST},
      {"month_first", CELL_MONTH_FIRST}},
  statement_decimals[] = {{"point", '.'}, {"comma", ','}},
  statement_signs[] = {{"negative", -1}, {"positive", 1}};
#define STATEMENT_NAMES(table) table, sizeof table / sizeof *table

static const char *const statement_columns[STATEMENT_COLUMNS] = {"date_column", "amount_column",
    "debit_column", "credit_column", "direction_column", "currency_column", "category_column"};

/* --- the map --- */

const jdoc *statement_said(const struct tools_run *run, const char *key)
{
    return jdoc_get(jdoc_get(run->args, "mapping"), key);
}

static int statement_value(const struct tools_run *run, const char *key,
    const struct statement_name *names, size_t count)
{
    const char *text = jdoc_string(statement_said(run, key), NULL);

    for (size_t i = 0; text && i < count; i++)
        if (strcmp(text, names[i].name) == 0)
            return names[i].value;
    return 0;
}

static const char *statement_named(int value, const struct statement_name *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (names[i].value == value)
            return names[i].name;
    return NULL;
}

static int statement_take(const struct tools_run *run, const char *key)
{
    return strcmp(jdoc_text_or(jdoc_get(run->args, "mapping"), key, "skip"), "take") == 0;
}

int statement_map_read(struct tools_run *run, struct statement_map *map)
{
    const jdoc *mapping = jdoc_get(run->args, "mapping"),
               *texts = jdoc_get(mapping, "description_columns");
    bool header = false;

    *map = (struct statement_map){.charset = charset_named(jdoc_text_or(mapping, "encoding", "")),
        .delimiter = (char)statement_value(run, "delimiter", STATEMENT_NAMES(statement_delimiters)),
        .skip = (int)jdoc_int_or(mapping, "skip_rows", STATEMENT_UNSET),
        .header = jdoc_get_bool(mapping, "header", &header) ? STATEMENT_UNSET : header,
        .text_count = texts ? 0 : STATEMENT_UNSET,
        .order =
            (enum cell_order)statement_value(run, "date_order", STATEMENT_NAMES(statement_orders)),
        .decimal = (char)statement_value(run, "decimal", STATEMENT_NAMES(statement_decimals)),
        .spent = statement_value(run, "spent", STATEMENT_NAMES(statement_signs)),
        .categories = jdoc_get(mapping, "categories"),
        .take_transfers = statement_take(run, "transfers"),
        .take_unusual = statement_take(run, "unusual"),
        .take_duplicates = statement_take(run, "duplicates")};
    snprintf(map->currency, sizeof map->currency, "%s", jdoc_text_or(mapping, "currency", ""));
    for (int c = 0; c < STATEMENT_COLUMNS; c++)
        map->columns[c] = (int)jdoc_int_or(mapping, statement_columns[c], STATEMENT_UNSET);
    for (size_t i = 0; i < jdoc_length(texts) && i < STATEMENT_TEXTS; i++) {
        int64_t column = 0;
        if (jdoc_int(jdoc_at(texts, i), &column))
            return ERR_INTERNAL;
        map->texts[map->text_count++] = (int)column;
    }
    return 0;
}

static int statement_tell_name(jdoc *map, const char *key, int value,
    const struct statement_name *names, size_t count)
{
    const char *name = statement_named(value, names, count);

    return name ? jdoc_set_string(map, key, name) : 0;
}

static int statement_tell_texts(jdoc *map, const struct statement_map *m)
{
    jdoc *texts = jdoc_new_array();
    int failed = !texts;

    for (int i = 0; !failed && i < m->text_count; i++)
        failed = jdoc_push(texts, jdoc_new_int(m->texts[i]));
    if (failed) {
        jdoc_free(texts);
        return failed;
    }
    return jdoc_set(map, "description_columns", texts);
}

static int statement_tell_categories(jdoc *map, const struct statement_map *m)
{
    jdoc *copy = m->categories ? jdoc_dup(m->categories) : NULL;

    if (!m->categories)
        return 0;
    return copy ? jdoc_set(map, "categories", copy) : ERR_NOMEM;
}

jdoc *statement_tell_map(const struct statement *s)
{
    const struct statement_map *m = &s->map;
    jdoc *map = jdoc_new_object();
    int failed = !map;

    failed = failed || jdoc_set_string(map, "encoding", charset_name(m->charset));
    failed = failed ||
        statement_tell_name(map, "delimiter", m->delimiter, STATEMENT_NAMES(statement_delimiters));
    failed = failed || jdoc_set_int(map, "skip_rows", m->skip);
    failed = failed || jdoc_set_bool(map, "header", m->header == 1);
    for (int c = 0; !failed && c < STATEMENT_COLUMNS; c++)
        if (m->columns[c] > 0)
            failed = jdoc_set_int(map, statement_columns[c], m->columns[c]);
    failed = failed || statement_tell_texts(map, m);
    failed = failed ||
        statement_tell_name(map, "date_order", (int)m->order, STATEMENT_NAMES(statement_orders));
    failed = failed ||
        statement_tell_name(map, "decimal", m->decimal, STATEMENT_NAMES(statement_decimals));
    failed =
        failed || statement_tell_name(map, "spent", m->spent, STATEMENT_NAMES(statement_signs));
    failed = failed || (m->currency[0] && jdoc_set_string(map, "currency", m->currency));
    failed = failed || statement_tell_categories(map, m);
    failed = failed || (m->take_transfers && jdoc_set_string(map, "transfers", "take"));
    failed = failed || (m->take_unusual && jdoc_set_string(map, "unusual", "take"));
    failed = failed || (m->take_duplicates && jdoc_set_string(map, "duplicates", "take"));
    if (!failed)
        return map;
    jdoc_free(map);
    return NULL;
}

/* --- the file --- */

/* The number of columns that most rows have; of two the larger. */
static size_t statement_width(const struct sheet *sheet)
{
    size_t counts[SHEET_COLUMNS_MAX + 1] = {0}, best = 0;

    for (size_t i = 0; i < sheet->count; i++)
        counts[sheet->rows[i].count]++;
    for (size_t w = 1; w <= SHEET_COLUMNS_MAX; w++)
        if (counts[w] > 0 && counts[w] >= counts[best])
            best = w;
    return best;
}

static bool statement_is_day(const char *cell)
{
    struct cell_day day;

    return cell_day_read(cell, &day) == 0;
}

static bool statement_is_sum(const char *cell)
{
    struct cell_sum sum;
    enum cell_proof proof;

    return cell_sum_read(cell, 0, &sum, &proof) == 0 || cell_sum_read(cell, '.', &sum, &proof) == 0;
}

/* How well a delimiter fits: rows of one width, with a day and with a sum; 0: not at all. */
static size_t statement_fit(const struct sheet *sheet)
{
    size_t width = statement_width(sheet), even = 0, days = 0, sums = 0;

    if (width < 2 || sheet->count == 0)
        return 0;
    for (size_t i = 0; i < sheet->count; i++) {
        const struct sheet_row *row = &sheet->rows[i];
        bool day = false, sum = false;
        for (size_t c = 0; c < row->count; c++) {
            bool is_day = statement_is_day(row->cells[c]);
            day |= is_day;
            sum |= !is_day && statement_is_sum(row->cells[c]);
        }
        even += row->count == width;
        days += day;
        sums += sum;
    }
    return (even + days + sums) * 1000 / sheet->count + 1;
}

static int statement_find_delimiter(struct tools_run *run, const struct buf *text,
    struct statement *s, char why[SHEET_WHY_SIZE])
{
    size_t best = 0;
    int refused = 0;

    for (size_t i = 0; i < sizeof statement_delimiters / sizeof *statement_delimiters; i++) {
        struct sheet sheet;
        char delimiter = (char)statement_delimiters[i].value;
        int error =
            sheet_read(&(struct sheet_text){buf_text(text), text->len, delimiter, LOOKED_AT},
                run->arena, &sheet, why);
        if (error == ERR_NOMEM)
            return error;
        refused = error ? error : refused;
        size_t fit = error ? 0 : statement_fit(&sheet);
        if (fit > best) {
            best = fit;
            s->map.delimiter = delimiter;
        }
    }
    if (best > 0)
        return 0;
    if (!refused)
        snprintf(why, SHEET_WHY_SIZE,
            "it has no columns: neither comma, semicolon, tab nor | divides its lines");
    return refused ? refused : ERR_INVALID;
}

static size_t statement_filled(const struct sheet_row *row)
{
    size_t filled = 0;

    for (size_t c = 0; c < row->count; c++)
        filled += row->cells[c][strspn(row->cells[c], " \t")] != '\0';
    return filled;
}

static bool statement_is_header(const struct sheet_row *row)
{
    for (size_t c = 0; c < row->count; c++)
        if (statement_is_day(row->cells[c]) || statement_is_sum(row->cells[c]))
            return false;
    return true;
}

/* What banks write above the table has fewer columns, or fewer that are filled. */
static void statement_find_head(struct statement *s)
{
    size_t width = statement_width(&s->sheet), i = 0;

    if (s->map.skip == STATEMENT_UNSET) {
        while (i + 1 < s->sheet.count && i < SKIP_MAX &&
            (s->sheet.rows[i].count < 2 || s->sheet.rows[i].count * 2 < width ||
                statement_filled(&s->sheet.rows[i]) * 2 < width))
            i++;
        s->map.skip = (int)i;
    }
    i = (size_t)s->map.skip;
    if (s->map.header == STATEMENT_UNSET)
        s->map.header = i < s->sheet.count && statement_is_header(&s->sheet.rows[i]);
    s->head = s->map.header && i < s->sheet.count ? &s->sheet.rows[i] : NULL;
    s->first = i + (s->map.header == 1);
}

static int statement_refuse_file(struct tools_run *run, int error, const char *why)
{
    if (error != ERR_INVALID && error != ERR_LIMIT)
        return error;
    error = run_fail_at(run, "/attachment_id",
        "a CSV file of at most 2 MiB, 5,000 rows, 64 columns and 2,000 bytes a field",
        "The file cannot be read: %s. Nothing was taken in.", why);
    return error ? error : ERR_INVALID;
}

/* "sep=;", as spreadsheets write it in front. */
static void statement_take_hint(struct buf *text, struct statement_map *map)
{
    const char *at = buf_text(text);

    if (strncasecmp(at, "sep=", 4) != 0 || !at[4] || (at[5] != '\r' && at[5] != '\n'))
        return;
    if (!map->delimiter && statement_named(at[4], STATEMENT_NAMES(statement_delimiters)))
        map->delimiter = at[4];
    size_t ends = at[5] == '\r' && at[6] == '\n' ? 7 : 6;
    buf_consume(text, ends - 1); /* one line's end stays, so that the lines count on */
}

int statement_open(struct tools_run *run, const char *text, size_t len, struct statement *s)
{
    char why[SHEET_WHY_SIZE] = "";
    struct buf plain = {0};
    int error = 0;

    if (s->map.charset == CHARSET_KINDS)
        s->map.charset = charset_guess(text, len);
    if (len > SHEET_BYTES_MAX) {
        snprintf(why, sizeof why, "it has more than %zu bytes", SHEET_BYTES_MAX);
        return statement_refuse_file(run, ERR_LIMIT, why);
    }
    buf_init(&plain, 2 * SHEET_BYTES_MAX);
    charset_put(&plain, s->map.charset, text, len);
    error = buf_error(&plain);
    if (error == ERR_LIMIT)
        snprintf(why, sizeof why, "it has more than %zu bytes as UTF-8", SHEET_BYTES_MAX);
    if (!error)
        statement_take_hint(&plain, &s->map);
    if (!error && !s->map.delimiter)
        error = statement_find_delimiter(run, &plain, s, why);
    if (!error)
        error = sheet_read(&(struct sheet_text){buf_text(&plain), plain.len, s->map.delimiter, 0},
            run->arena, &s->sheet, why);
    if (!error && s->sheet.count == 0) {
        snprintf(why, sizeof why, "it is empty");
        error = ERR_INVALID;
    }
    buf_free(&plain);
    if (!error)
        statement_find_head(s);
    if (!error && s->sheet.count > s->first + STATEMENT_ROWS_MAX) {
        snprintf(why, sizeof why, "it has %zu rows, and %d are taken in at once",
            s->sheet.count - s->first, STATEMENT_ROWS_MAX);
        error = ERR_LIMIT;
    }
    return error ? statement_refuse_file(run, error, why) : 0;
}

int statement_ask(struct statement *s, const char *field, const char *question)
{
    jdoc *one = jdoc_new_object();
    int failed =
        !one || jdoc_set_string(one, "field", field) || jdoc_set_string(one, "question", question);

    return jdoc_push_made(s->questions, one, failed);
}

int statement_read(struct tools_run *run, const char *text, size_t len, struct statement *s)
{
    *s = (struct statement){.questions = jdoc_new_array()};
    int error = s->questions ? statement_map_read(run, &s->map) : ERR_NOMEM;

    if (!error)
        error = statement_open(run, text, len, s);
    if (!error)
        error = statement_guess(run, s);
    return error ? error : statement_rows(run, s);
}

void statement_free(struct statement *s)
{
    jdoc_free(s->questions);
    s->questions = NULL;
}
