/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_MONEY_SHEET_H
#define TURNPIKE_TOOLS_MONEY_SHEET_H

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * sheet -- a CSV file (RFC 4180) as rows of texts, with any delimiter. libcsv takes it apart;
 * here are its limits, the lines of the rows, and refusals that name both. Every cell is a text,
 * also one that a spreadsheet would compute. Empty lines are no rows; blanks around a field
 * that is not quoted do not count. Pure computation.
 */
#define SHEET_BYTES_MAX ((size_t)2 << 20)
#define SHEET_ROWS_MAX 5051 /* with a header, and what is above it */
#define SHEET_COLUMNS_MAX 64
#define SHEET_CELL_MAX 2000 /* bytes */
#define SHEET_WHY_SIZE 200

struct sheet_row {
    size_t line; /* of the file, from 1 on: where it begins */
    const char **cells;
    size_t count;
};
struct sheet {
    struct sheet_row *rows;
    size_t count, columns; /* columns: of the widest row */
};
struct sheet_text { /* in UTF-8, borrowed */
    const char *text;
    size_t len;
    char delimiter;
    size_t
        most; /* rows; 0: SHEET_ROWS_MAX, one more is ERR_LIMIT; else the rest is not looked at */
};
/*
 * sheet_read -- the rows of a text; all is in the arena.
 *   why  out, on ERR_INVALID and ERR_LIMIT: a sentence
 * Returns 0; ERR_INVALID (a quote that is not closed, a zero byte); ERR_LIMIT; ERR_NOMEM.
 */
MUST_CHECK int sheet_read(const struct sheet_text *text, struct arena *arena, struct sheet *out,
    char why[SHEET_WHY_SIZE]);

/* The cell, "" where the row has none. column from 1 on. */
const char *sheet_cell(const struct sheet_row *row, int column);

#endif
