/* SPDX-License-Identifier: BSD-2-Clause */
/* The sums of money of the families expense and saving. */
#include "tools/money/records_sums.h"

#include "base/err.h"

#include <string.h>

#define SPANS_MAX 400

/* Fields are "s CURRENCY CATEGORY" and "c ..." (how many), "o" and "p", "v CURRENCY PAID CATEGORY"
 * and "x": tools/money/rules.lua. */
static bool records_sums_read(const struct records_number *n, struct arena *arena,
    struct records_sum *out, bool *count)
{
    static const char letters[] = "scopvx";
    const char *at = strchr(letters, n->field[0]), *name = n->field + 2;
    bool converted = n->field[0] == 'v' || n->field[0] == 'x';
    size_t codes = converted ? 8 : 4;
    if (!at || n->field[0] == '\0' || strlen(n->field) <= 2 + codes || name[3] != ' ' ||
        name[codes - 1] != ' ')
        return false;
    *count = (at - letters) % 2 == 1;
    *out = (struct records_sum){.kind = (enum records_sum_kind)((at - letters) / 2),
        .day = n->bucket,
        .currency = arena_memdup(arena, name, 3),
        .paid = converted ? arena_memdup(arena, name + 4, 3) : "",
        .category = name + codes};
    return true;
}

static struct records_sum *records_sums_sum_of(struct records_sums *sums,
    const struct records_sum *wanted)
{
    for (size_t i = sums->count; i-- > 0;) {
        struct records_sum *sum = &sums->all[i];
        if (strcmp(sum->day, wanted->day) != 0)
            return NULL; /* buckets come one after the other */
        if (sum->kind == wanted->kind && strcmp(sum->currency, wanted->currency) == 0 &&
            strcmp(sum->paid, wanted->paid) == 0 && strcmp(sum->category, wanted->category) == 0)
            return sum;
    }
    return NULL;
}

static int records_sums_add(struct records_sums *sums, const struct records_number *n,
    struct arena *arena)
{
    struct records_sum read;
    bool count;
    if (!records_sums_read(n, arena, &read, &count))
        return ERR_INTERNAL;
    if (!read.currency || !read.paid)
        return ERR_NOMEM;
    struct records_sum *sum = records_sums_sum_of(sums, &read);
    if (!sum) {
        sum = &sums->all[sums->count++];
        *sum = read;
    }
    *(count ? &sum->count : &sum->minor) += n->value;
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
