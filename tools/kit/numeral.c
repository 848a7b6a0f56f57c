/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/numeral.h"

#include "base/err.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NUMERAL_DIGITS_MAX 15

/* Groups of three digits behind each mark, 1 to 3 before the first: "1,234,567". */
static bool numeral_grouped(const char *text, size_t len, char mark)
{
    size_t run = 0, groups = 0;

    if (*text == '0')
        return false;
    for (size_t i = 0; i <= len; i++) {
        if (i < len && isdigit((unsigned char)text[i])) {
            run++;
            continue;
        }
        if (groups ? run != 3 : run < 1 || run > 3)
            return false;
        if (i < len && text[i] != mark)
            return false;
        groups++;
        run = 0;
    }
    return groups > 1;
}

static double numeral_value(const char *text, size_t len, char decimal)
{
    char plain[NUMERAL_DIGITS_MAX + 2];
    size_t n = 0;

    for (size_t i = 0; i < len && n + 1 < sizeof plain; i++)
        if (isdigit((unsigned char)text[i]))
            plain[n++] = text[i];
        else if (text[i] == decimal)
            plain[n++] = '.';
    plain[n] = 0;
    return strtod(plain, NULL);
}

static size_t numeral_count(const char *text, size_t len, char c)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        n += text[i] == c;
    return n;
}

/* One kind of mark alone: groups, decimals, or either. */
static int numeral_one_mark(const char *text, size_t len, bool decimal_comma, double *value)
{
    const char *last = memchr(text, '.', len) ? memchr(text, '.', len) : memchr(text, ',', len);
    char mark = *last;
    bool decimal = (mark == ',') == decimal_comma;
    size_t behind = len - (size_t)(last - text) - 1;

    if (numeral_grouped(text, len, mark)) {
        *value = numeral_value(text, len, 0);
        return numeral_count(text, len, mark) == 1 && (decimal || mark == '.') ? ERR_CONFLICT : 0;
    }
    if (numeral_count(text, len, mark) > 1 || !behind)
        return ERR_INVALID;
    *value = numeral_value(text, len, mark);
    return decimal ? 0 : ERR_CONFLICT;
}

int numeral_read(const char *text, size_t len, bool decimal_comma, double *value)
{
    size_t commas = numeral_count(text, len, ','), points = numeral_count(text, len, '.');
    const char *end;
    char decimal;

    *value = 0;
    if (!len || len > NUMERAL_DIGITS_MAX || !isdigit((unsigned char)text[len - 1]))
        return ERR_INVALID;
    for (size_t i = 0; i < len; i++)
        if (!isdigit((unsigned char)text[i]) && text[i] != '.' && text[i] != ',')
            return ERR_INVALID;
    if (!commas && !points) {
        *value = numeral_value(text, len, 0);
        return 0;
    }
    if (!commas || !points)
        return numeral_one_mark(text, len, decimal_comma, value);
    for (end = text + len - 1; isdigit((unsigned char)*end); end--)
        ;
    decimal = *end;
    if (numeral_count(text, len, decimal) > 1 ||
        !numeral_grouped(text, (size_t)(end - text), decimal == ',' ? '.' : ','))
        return ERR_INVALID;
    *value = numeral_value(text, len, decimal);
    return 0;
}

static int numeral_small(const char *word)
{
    static const char *const words[] = {"zero", "one", "two", "three", "four", "five", "six",
        "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen",
        "sixteen", "seventeen", "eighteen", "nineteen"};
    static const char *const tens[] = {"twenty", "thirty", "forty", "fifty", "sixty", "seventy",
        "eighty", "ninety"};

    for (int i = 0; i < 20; i++)
        if (!strcmp(word, words[i]))
            return i;
    for (int i = 0; i < 8; i++)
        if (!strcmp(word, tens[i]) || (i == 2 && !strcmp(word, "fourty")))
            return 20 + 10 * i;
    return -1;
}

/* "forty five" below a hundred. */
static size_t numeral_tens(const char *const *words, size_t count, double *value)
{
    int first = count ? numeral_small(words[0]) : -1, second;

    if (first < 0)
        return 0;
    *value = first;
    second = first >= 20 && count > 1 ? numeral_small(words[1]) : -1;
    if (second < 1 || second > 9)
        return 1;
    *value += second;
    return 2;
}

/* Up to 999: "a hundred", "two hundred and five". */
static size_t numeral_hundreds(const char *const *words, size_t count, double *value)
{
    double rest = 0;
    size_t n, more, at;

    n = count > 1 && !strcmp(words[0], "a") ? 1 : numeral_tens(words, count, value);
    if (n == 1 && !strcmp(words[0], "a"))
        *value = 1;
    if (!n || n >= count || strcmp(words[n], "hundred"))
        return strcmp(words[0], "a") ? n : 0;
    *value *= 100;
    at = ++n < count && !strcmp(words[n], "and") ? n + 1 : n;
    more = at < count ? numeral_tens(words + at, count - at, &rest) : 0;
    *value += rest;
    return more ? at + more : n;
}

size_t numeral_words(const char *const *words, size_t count, double *value)
{
    double rest = 0;
    size_t n, more, at;

    if (count > 1 && !strcmp(words[0], "a") && !strcmp(words[1], "thousand")) {
        *value = 1;
        n = 1;
    } else {
        n = count ? numeral_hundreds(words, count, value) : 0;
    }
    if (!n || n >= count || strcmp(words[n], "thousand"))
        return n;
    *value *= 1000;
    at = ++n < count && !strcmp(words[n], "and") ? n + 1 : n;
    more =
        at < count && strcmp(words[at], "a") ? numeral_hundreds(words + at, count - at, &rest) : 0;
    *value += rest;
    return more ? at + more : n;
}

bool numeral_decimal_comma(const char *locale)
{
    static const char languages[] =
        "bg cs da de el es et fi fr hr hu id it lt lv nb nl no pl pt ro ru "
        "sk sl sr sv tr uk vi";
    char language[4] = "";

    for (size_t i = 0; i < 2 && isalpha((unsigned char)locale[i]); i++)
        language[i] = (char)tolower((unsigned char)locale[i]);
    if (strlen(language) < 2 || isalpha((unsigned char)locale[2]))
        return false;
    if (!strcasecmp(locale, "de-CH") || !strcasecmp(locale, "es-MX"))
        return false;
    return strstr(languages, language) != NULL;
}
