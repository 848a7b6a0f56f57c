/* SPDX-License-Identifier: BSD-2-Clause */
/* A stranger's exchange rates: each day told has a date, and rates above 0 of real money. */
#include "base/err.h"
#include "tools/kit/currency.h"
#include "tools/kit/rates.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int on_day(void *arg, const struct rates_day *day)
{
    (void)arg;
    if (strlen(day->date) != 10 || day->count == 0 || day->count > RATES_CODES_MAX)
        abort();
    for (size_t i = 0; i < day->count; i++)
        if (!(day->all[i].per_euro > 0) || !currency_row_of(day->all[i].code))
            abort();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size > 0 ? size : 1); /* the parser may look at no byte behind it */
    if (!copy)
        return 0;
    memcpy(copy, data, size);
    int error = rates_parse(copy, size, on_day, NULL);
    if (error && error != ERR_PROTOCOL)
        abort();
    free(copy);
    return 0;
}
