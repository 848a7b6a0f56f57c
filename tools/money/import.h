/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_MONEY_IMPORT_H
#define TURNPIKE_TOOLS_MONEY_IMPORT_H

#include "base/ident.h"
#include "tools/money/statement.h"

/*
 * import -- expenses out of a CSV file: what two tools share. preview_expense_import reads and
 * writes nothing; import_expenses gets its map and what it counted, and takes in exactly that.
 */
struct import_totals {
    size_t fates[STATEMENT_FATES];
    size_t guessed, similar, count; /* count: of sums */
    struct cost_sums sums;          /* of what is ready, and with own of what this import stored */
    const char *from, *to;          /* days, "" without any */
};
struct import {
    struct tools_run *run;
    struct statement s;
    const char *name; /* of the file, "" */
    char id[IDENT_SHA256_SIZE + 8];
};

/*
 * import_open -- reads the file of the arguments and compares it with what is stored.
 * Returns 0; ERR_INVALID: the failure is set; a fault. in is for import_close in any case.
 */
MUST_CHECK int import_open(struct tools_run *run, struct import *in);
void import_close(struct import *in);
/* own: with the rows that this import has stored before. */
void import_count(const struct import *in, bool own, struct import_totals *t);
/* {count, sums, from, to}. NULL on no memory. */
jdoc *import_tell_totals(const struct import_totals *t);
/* "12 are money that came in, 2 ...": why rows are left out; "" when none is. NULL: no memory. */
const char *import_left_out(struct tools_run *run, const struct import_totals *t);
/* The result of the preview. Returns 0 or a fault. */
MUST_CHECK int import_answer(struct import *in);

#endif
