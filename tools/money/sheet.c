/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/money/sheet.h"

#include <csv.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BLOCK 4096 /* by which libcsv's memory of a field grows */
/* libcsv's state between a quote and the next one. Its own refusal of such an end goes with
 * refusals of every quote within a field, which banks write. */
#define WITHIN_FIELD 2

struct sheet_reader {
    struct arena *arena;
    struct sheet *out;
    size_t room, most;
    const char *cells[SHEET_COLUMNS_MAX]; /* of the row that is open */
    size_t count, line, begun;
    bool open, full;
    int error;
    char *why;
};

static void sheet_refuse(struct sheet_reader *r, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void sheet_refuse(struct sheet_reader *r, int error, const char *format, ...)
{
    va_list args;

    if (r->error)
        return;
    r->error = error;
    va_start(args, format);
    vsnprintf(r->why, SHEET_WHY_SIZE, format, args);
    va_end(args);
}

static void sheet_on_cell(void *cell, size_t len, void *arg)
{
    struct sheet_reader *r = arg;

    if (r->error || r->full)
        return;
    if (len > SHEET_CELL_MAX) {
        sheet_refuse(r, ERR_LIMIT,
            "a field of the row in line %zu has more than %d bytes; a quote may not be closed",
            r->begun, SHEET_CELL_MAX);
        return;
    }
    if (r->count == SHEET_COLUMNS_MAX) {
        sheet_refuse(r, ERR_LIMIT, "the row in line %zu has more than %d columns", r->begun,
            SHEET_COLUMNS_MAX);
        return;
    }
    const char *copy = arena_memdup(r->arena, cell ? cell : "", len);
    if (!copy)
        r->error = ERR_NOMEM;
    r->cells[r->count++] = copy;
}

static int sheet_grow(struct sheet_reader *r)
{
    size_t room = r->room ? r->room * 2 : 64;
    struct sheet_row *rows = arena_array(r->arena, room, sizeof *rows);

    if (!rows)
        return ERR_NOMEM;
    if (r->out->count > 0)
        memcpy(rows, r->out->rows, r->out->count * sizeof *rows);
    r->out->rows = rows;
    r->room = room;
    return 0;
}

static void sheet_on_row(int end, void *arg)
{
    struct sheet_reader *r = arg;
    size_t count = r->count;

    (void)end;
    r->open = false;
    r->count = 0;
    if (r->error || r->full)
        return;
    if (r->most && r->out->count == r->most) {
        r->full = true;
        return;
    }
    if (r->out->count == SHEET_ROWS_MAX) {
        sheet_refuse(r, ERR_LIMIT, "the row in line %zu is one more than the %d of a file",
            r->begun, SHEET_ROWS_MAX);
        return;
    }
    if (r->out->count == r->room && (r->error = sheet_grow(r)))
        return;
    struct sheet_row *row = &r->out->rows[r->out->count];
    *row = (struct sheet_row){.line = r->begun,
        .count = count,
        .cells = arena_array(r->arena, count + 1, sizeof *row->cells)};
    if (!row->cells) {
        r->error = ERR_NOMEM;
        return;
    }
    memcpy(row->cells, r->cells, count * sizeof *row->cells);
    r->out->columns = count > r->out->columns ? count : r->out->columns;
    r->out->count++;
}

/* Not the tab, which may be the delimiter. */
static int sheet_is_blank(unsigned char c)
{
    return c == ' ';
}

/* The line with its end. */
static size_t sheet_line(const char *at, size_t left)
{
    size_t n = 0;

    while (n < left && at[n] != '\n' && at[n] != '\r')
        n++;
    if (n < left && at[n] == '\r' && n + 1 < left && at[n + 1] == '\n')
        n++;
    return n < left ? n + 1 : n;
}

/* One line at a time, so that it is known where a row begins. */
static void sheet_feed(struct sheet_reader *r, struct csv_parser *parser, const char *text,
    size_t len)
{
    while (len > 0 && !r->error && !r->full) {
        size_t n = sheet_line(text, len);
        bool empty = *text == '\n' || *text == '\r';

        r->line++;
        if (!r->open && !empty) {
            r->open = true;
            r->begun = r->line;
        }
        if (r->open && csv_parse(parser, text, n, sheet_on_cell, sheet_on_row, r) != n)
            r->error = r->error ? r->error : ERR_NOMEM;
        text += n;
        len -= n;
    }
}

int sheet_read(const struct sheet_text *text, struct arena *arena, struct sheet *out,
    char why[SHEET_WHY_SIZE])
{
    struct sheet_reader r = {.arena = arena, .out = out, .most = text->most, .why = why};
    struct csv_parser parser;

    *out = (struct sheet){0};
    why[0] = '\0';
    if (text->len > SHEET_BYTES_MAX)
        sheet_refuse(&r, ERR_LIMIT, "the file is longer than %zu bytes", SHEET_BYTES_MAX);
    else if (memchr(text->text, '\0', text->len))
        sheet_refuse(&r, ERR_INVALID, "the file has zero bytes, so it is no text");
    if (r.error)
        return r.error;
    if (csv_init(&parser, 0))
        return ERR_NOMEM;
    csv_set_delim(&parser, (unsigned char)text->delimiter);
    csv_set_space_func(&parser, sheet_is_blank);
    csv_set_blk_size(&parser, BLOCK);
    sheet_feed(&r, &parser, text->text, text->len);
    if (parser.quoted && parser.pstate == WITHIN_FIELD && !r.full)
        sheet_refuse(&r, ERR_INVALID, "a quote in the row of line %zu is never closed", r.begun);
    if (!r.error && !r.full && csv_fini(&parser, sheet_on_cell, sheet_on_row, &r) != 0)
        r.error = r.error ? r.error : ERR_NOMEM;
    csv_free(&parser);
    return r.error;
}

const char *sheet_cell(const struct sheet_row *row, int column)
{
    return column >= 1 && (size_t)column <= row->count ? row->cells[column - 1] : "";
}
