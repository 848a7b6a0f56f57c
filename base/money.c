/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/money.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define DIGITS 6 /* behind the point */

int money_parse(const char *text, size_t len, int64_t *micros)
{
    int64_t value = 0;
    size_t i = 0;
    int behind = -1; /* digits behind the point; -1 = none came */

    for (; i < len; i++) {
        if (text[i] == '.' && behind < 0 && i > 0) {
            behind = 0;
            continue;
        }
        if (!isdigit((unsigned char)text[i]) || behind == DIGITS || value > MONEY_MAX)
            return ERR_INVALID;
        value = value * 10 + (text[i] - '0');
        behind += behind >= 0;
    }
    if (!i || behind == 0)
        return ERR_INVALID;
    for (int n = behind > 0 ? behind : 0; n < DIGITS; n++) {
        if (value > MONEY_MAX)
            return ERR_INVALID;
        value *= 10;
    }
    if (value > MONEY_MAX)
        return ERR_INVALID;
    *micros = value;
    return 0;
}

const char *money_text(int64_t micros, char out[MONEY_TEXT_SIZE])
{
    size_t len;

    snprintf(out, MONEY_TEXT_SIZE, "%lld.%06lld", (long long)(micros / MONEY_DOLLAR),
        (long long)(micros % MONEY_DOLLAR));
    for (len = strlen(out); out[len - 1] == '0' && out[len - 3] != '.'; len--)
        out[len - 1] = '\0';
    return out;
}

int64_t money_add(int64_t a, int64_t b)
{
    return b >= MONEY_MAX || a > MONEY_MAX - b ? MONEY_MAX : a + b;
}
