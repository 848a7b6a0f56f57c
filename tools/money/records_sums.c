/* SPDX-License-Identifier: BSD-2-Clause */
/* The sums of money of the families expense and saving. */
#include "tools/money/records_sums.h"

#include "base/err.h"

#include <string.h>

#define SPANS_MAX 400

static struct records_sum *records_sums_sum_of(struct records_sums *sums, const char *span,
    const char *name)
{
    for (size_t i = sums->count; i-- > 0;) {
        struct records_sum *sum = &sums->all[i];
        size_t len = strlen(sum->currency);
        if (strcmp(sum->day, span) != 0)
            return NULL; /* buckets come one after the other */
        if (strncmp(name, sum->currency, len) == 0 && name[len] == ' ' &&
            strcmp(name + len + 1, sum->category) == 0)
            return sum;
    }
    return NULL;
}

/* "s CURRENCY CATEGORY" or "c ..." of a span. */
static int records_sums_add(struct records_sums *sums, const struct records_number *n,
    struct arena *arena)
{
    const char *name = strlen(n->field) > 2 ? n->field + 2 : "", *blank = strchr(name, ' ');
    struct records_sum *sum = records_sums_sum_of(sums, n->bucket, name);
    if (!blank)
        return ERR_INTERNAL;
    if (!sum) {
        sum = &sums->all[sums->count++];
        *sum = (struct records_sum){.day = n->bucket,
            .category = blank + 1,
            .currency = arena_memdup(arena, name, (size_t)(blank - name))};
        if (!sum->currency)
            return ERR_NOMEM;
    }
    *(n->field[0] == 's' ? &sum->minor : &sum->count) = n->value;
    return 0;
}

int records_sums(struct store *s, const char *uid, const char *family,
    const struct records_texts *spans, struct arena *arena, struct records_sums *out)
{
    struct records_numbers numbers;
    *out = (struct records_sums){0};
    if (spans->count == 0 || spans->count > SPANS_MAX ||
        (strcmp(family, "expense") != 0 && strcmp(family, "saving") != 0))
        return ERR_INVALID;
    int error = records_numbers(s, uid, family, spans, arena, &numbers);
    if (error != 0)
        return error;
    out->all = arena_array(arena, numbers.count + 1, sizeof *out->all);
    if (!out->all)
        return ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < numbers.count; i++)
        error = records_sums_add(out, &numbers.all[i], arena);
    return error;
}
