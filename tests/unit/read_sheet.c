/* SPDX-License-Identifier: BSD-2-Clause */
/* The rows of a CSV file on standard input as JSON, one a line: [line, [cells]]. The argument is
 * the delimiter. For tests/unit/sheet_judge.py. */
#include "base/buf.h"
#include "tools/money/sheet.h"

#include <stdio.h>

#define INPUT_MAX ((size_t)1 << 20)

int main(int argc, char **argv)
{
    static char text[INPUT_MAX];
    char why[SHEET_WHY_SIZE];
    struct arena *arena = arena_new();
    struct sheet sheet;
    size_t len = fread(text, 1, sizeof text, stdin);

    if (argc < 2 || !arena ||
        sheet_read(&(struct sheet_text){text, len, argv[1][0], 0}, arena, &sheet, why) != 0)
        return 1;
    for (size_t i = 0; i < sheet.count; i++) {
        struct buf out = {0};
        buf_printf(&out, "[%zu,[", sheet.rows[i].line);
        for (size_t c = 0; c < sheet.rows[i].count; c++) {
            buf_puts(&out, c ? "," : "");
            buf_json_text(&out, sheet.rows[i].cells[c]);
        }
        printf("%s]]\n", buf_text(&out));
        buf_free(&out);
    }
    arena_free(arena);
    return 0;
}
