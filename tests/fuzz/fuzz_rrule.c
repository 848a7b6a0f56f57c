/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules of repetition: the text of a rule, and its starts from a moment that the first bytes give.
 * Starts come in order, none before the moment, and the rule in our own form has the same ones.
 */
#include "tools/calendar/rrule.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define HEAD 4
#define STARTS 40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t starts(const struct rrule *rule, int64_t start, int64_t from, int64_t out[STARTS])
{
    static struct rrule_walk walk;
    size_t n = 0;

    if (rrule_walk_init(&walk, rule, start, from) != 0)
        return 0;
    while (n < STARTS && rrule_walk_next(&walk, &out[n])) {
        if (out[n] < from || (n > 0 && out[n] <= out[n - 1]))
            abort();
        n++;
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t first[STARTS], again[STARTS], start, from;
    char text[512], form[512], why[RRULE_WHY_SIZE];
    struct rrule rule, same;
    size_t n = size > HEAD ? size - HEAD : 0;

    if (n == 0 || n >= sizeof text)
        return 0;
    start = (int64_t)(data[0] << 8 | data[1]) * 86400 / 2 + data[2] * 337;
    from = start + (int64_t)data[3] * 86400 * 31;
    memcpy(text, data + HEAD, n);
    text[n] = '\0';
    if (rrule_parse(text, &rule, why) != 0)
        return 0;
    n = starts(&rule, start, from, first);
    if (rrule_print(&rule, form, sizeof form) != 0)
        return 0;
    if (rrule_parse(form, &same, why) != 0 || starts(&same, start, from, again) != n ||
        memcmp(first, again, n * sizeof *first) != 0)
        abort();
    return 0;
}
