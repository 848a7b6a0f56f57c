/* SPDX-License-Identifier: BSD-2-Clause */
/* CSV files of banks: whatever comes is read or refused, in bounds. The first byte chooses the
 * delimiter, and cells are looked at as days and sums. */
#include "base/arena.h"
#include "base/charset.h"
#include "base/utf8.h"
#include "tools/money/cell.h"
#include "tools/money/sheet.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const char *cell)
{
    static const char decimals[] = {'.', ',', 0};
    struct cell_day day;
    struct cell_sum sum;
    struct civil c;
    int64_t minor;

    for (int i = 0; i < 3; i++)
        if (cell_sum_read(cell, decimals[i], &sum, NULL) == 0 &&
            cell_sum_minor(&sum, "EUR", &minor) == 0 && minor < 0)
            abort();
    if (cell_day_read(cell, &day) == 0 && cell_day_solve(&day, CELL_DAY_FIRST, &c) == 0 &&
        (c.month < 1 || c.month > 12 || c.day < 1 || c.day > 31))
        abort();
    if (cell_way(cell) && cell_is_currency(cell) && strlen(cell) > 3)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct buf text = {0};
    struct sheet sheet;
    char why[SHEET_WHY_SIZE];
    const char *at = (const char *)data + 1;

    if (size < 1 || !arena) {
        arena_free(arena);
        return 0;
    }
    charset_put(&text, charset_guess(at, size - 1), at, size - 1);
    if (!utf8_valid(buf_text(&text), text.len))
        abort();
    if (sheet_read(&(struct sheet_text){buf_text(&text), text.len, ",;\t|"[data[0] % 4], 0}, arena,
            &sheet, why) == 0)
        for (size_t i = 0; i < sheet.count; i++) {
            if (sheet.rows[i].count > SHEET_COLUMNS_MAX || sheet.rows[i].line == 0)
                abort();
            for (size_t c = 0; c < sheet.rows[i].count; c++)
                look(sheet.rows[i].cells[c]);
        }
    else if (why[0] == '\0')
        abort();
    buf_free(&text);
    arena_free(arena);
    return 0;
}
