/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/limits.h"

#include "base/err.h"
#include "base/money.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *word;
    bool money;
} limits_rows[LIMITS_COUNT] = {
#define LIMITS_ROW_(place, word, money) [place] = {word, money},
    LIMITS_TABLE(LIMITS_ROW_)
#undef LIMITS_ROW_
};

const char *limits_word(enum limits_name name)
{
    return limits_rows[name].word;
}

enum limits_name limits_find(const char *word, size_t len)
{
    enum limits_name name = 0;

    while (name < LIMITS_COUNT &&
        (strlen(limits_rows[name].word) != len || memcmp(limits_rows[name].word, word, len) != 0))
        name++;
    return name;
}

const char *limits_value_text(enum limits_name name, int64_t value, char out[LIMITS_VALUE_SIZE])
{
    if (limits_rows[name].money)
        return money_text(value, out);
    snprintf(out, LIMITS_VALUE_SIZE, "%lld", (long long)value);
    return out;
}

/* A whole number, of bytes also with k, m or g behind it. */
static int limits_parse_number(enum limits_name name, const char *text, int64_t *value)
{
    int64_t factor = 1;
    char *end;
    long long n;

    if (!isdigit((unsigned char)*text))
        return ERR_INVALID;
    n = strtoll(text, &end, 10);
    if (name == LIMITS_BYTES && *end && !end[1]) {
        const char *unit = strchr("kmg", tolower((unsigned char)*end));
        if (!unit || !*unit)
            return ERR_INVALID;
        factor = INT64_C(1) << (10 * (unit - "kmg" + 1));
        end++;
    }
    if (*end || n > MONEY_MAX / factor)
        return ERR_INVALID;
    *value = n * factor;
    return 0;
}

int limits_parse(const char *text, enum limits_name *name, int64_t *value,
    char why[LIMITS_WHY_SIZE])
{
    size_t len = strcspn(text, "="), at = 0;

    *name = limits_find(text, len);
    if (*name == LIMITS_COUNT) {
        at = (size_t)snprintf(why, LIMITS_WHY_SIZE, "\"%.30s\" names no limit; there are", text);
        for (size_t i = 0; i < LIMITS_COUNT && at < LIMITS_WHY_SIZE; i++)
            at += (size_t)snprintf(why + at, LIMITS_WHY_SIZE - at, " %s", limits_rows[i].word);
        return ERR_INVALID;
    }
    if (text[len] == '=' &&
        (limits_rows[*name].money ? money_parse(text + len + 1, strlen(text + len + 1), value) :
                                    limits_parse_number(*name, text + len + 1, value)) == 0)
        return 0;
    snprintf(why, LIMITS_WHY_SIZE, "\"%.60s\" is not %s=%s", text, limits_rows[*name].word,
        limits_rows[*name].money ? "DOLLARS, such as 2.50" : "NUMBER");
    return ERR_INVALID;
}
