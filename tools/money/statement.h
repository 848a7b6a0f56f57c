/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_MONEY_STATEMENT_H
#define TURNPIKE_TOOLS_MONEY_STATEMENT_H

#include "base/charset.h"
#include "base/err.h"
#include "tools/kit/cost.h"
#include "tools/kit/run.h"
#include "tools/money/cell.h"
#include "tools/money/sheet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * statement -- the expenses that a CSV file of a bank or an app tells of. A map says what its
 * columns mean: what the caller has given of it counts, the rest is read off the data. What the
 * data leaves open is a question, and has a guess for the preview alone. Pure computation.
 */
#define STATEMENT_ROWS_MAX 5000
#define STATEMENT_TEXTS 3  /* columns that make the description */
#define STATEMENT_UNSET -1 /* a column that nobody has named; 0: there is none */

enum statement_column {
    STATEMENT_DATE,
    STATEMENT_AMOUNT,
    STATEMENT_DEBIT,
    STATEMENT_CREDIT,
    STATEMENT_WAY,
    STATEMENT_CURRENCY,
    STATEMENT_CATEGORY,
    STATEMENT_COLUMNS
};
struct statement_map {
    enum charset charset;
    char delimiter;   /* 0: unset */
    int skip, header; /* rows above; 1, 0; STATEMENT_UNSET */
    int columns[STATEMENT_COLUMNS];
    int texts[STATEMENT_TEXTS], text_count; /* STATEMENT_UNSET */
    enum cell_order order;
    char decimal;           /* '.', ',', 0: unset */
    int spent;              /* the sign of what is spent: 1, -1; 0: unset */
    char currency[4];       /* of sums that name none; "" : unset */
    const jdoc *categories; /* [{text, category}] or NULL; borrowed */
    bool take_transfers, take_unusual, take_duplicates;
};

/* What becomes of a row. */
enum statement_fate {
    STATEMENT_READY,
    STATEMENT_BAD,       /* field and reason say why */
    STATEMENT_INCOME,    /* money that came in, or came back */
    STATEMENT_TRANSFER,  /* between the user's own accounts, or of a card's bill */
    STATEMENT_UNUSUAL,   /* more than people spend on such a thing */
    STATEMENT_KNOWN,     /* it is stored already */
    STATEMENT_OWN,       /* this import has stored it already */
    STATEMENT_DUPLICATE, /* an expense of other origin is the same */
    STATEMENT_FATES
};
struct statement_entry {
    size_t line;
    enum statement_fate fate;
    const char *field, *reason;
    char date[16], currency[4];
    int64_t ms, minor;
    const char *category, *text;
    const char *folded; /* text, by statement_fold; of one that is compared with what is stored */
    bool guessed, similar; /* its category; another expense of that day has the sum */
    const char *id;
};
struct statement {
    struct statement_map map;
    struct sheet sheet;
    size_t first;                 /* row with data */
    const struct sheet_row *head; /* or NULL */
    struct statement_entry *entries;
    size_t count;
    jdoc *questions; /* [{field, question}] */
};

/*
 * statement_read -- the file by the map of the argument `mapping`.
 * Returns 0; ERR_INVALID: the failure is set; a fault. s is for statement_free in any case.
 */
MUST_CHECK int statement_read(struct tools_run *run, const char *text, size_t len,
    struct statement *s);
void statement_free(struct statement *s);

/* The map as the argument `mapping` has it; what is open is left out. NULL on no memory. */
jdoc *statement_tell_map(const struct statement *s);

/* The words of a text with one blank around each, so that a phrase is found by strstr. */
#define STATEMENT_FOLDED 640
void statement_fold(const char *text, char out[STATEMENT_FOLDED]);

/* --- its parts --- */
/* The member of the argument `mapping`, or NULL. */
const jdoc *statement_said(const struct tools_run *run, const char *key);
MUST_CHECK int statement_map_read(struct tools_run *run, struct statement_map *map);
/* Opens the file: charset, delimiter, rows, header. As statement_read. */
MUST_CHECK int statement_open(struct tools_run *run, const char *text, size_t len,
    struct statement *s);
/* What the columns are, and how days and sums are written. As statement_read. */
MUST_CHECK int statement_guess(struct tools_run *run, struct statement *s);
MUST_CHECK int statement_ask(struct statement *s, const char *field, const char *question);
/* The entries. As statement_read. */
MUST_CHECK int statement_rows(struct tools_run *run, struct statement *s);

#endif
