/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Converts for a judge that somebody else wrote (tests/unit/units_judge.py): without input, one
 * line "VALUE FROM TO RESULT" for each pair of units of one kind and each of some values.
 */
#include "tools/kit/unit_table.h"

#include <stdio.h>

int main(void)
{
    static const double values[] = {1, 37.5, 0.004, 98765.4321};
    double result;

    for (size_t i = 0; i < unit_table_count; i++)
        for (size_t k = 0; k < unit_table_count; k++)
            for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
                const struct unit *from = &unit_table[i], *to = &unit_table[k];
                if (i == k || from->kind != to->kind)
                    continue;
                if (unit_convert(values[v], from, to, &result) != 0)
                    return 1;
                printf("%.9g %s %s %.15g\n", values[v], from->name, to->name, result);
            }
    return 0;
}
