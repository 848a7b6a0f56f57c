/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/money/cell.h"

#include "base/utf8.h"
#include "base/words.h"
#include "tools/kit/amount.h"
#include "tools/kit/currency.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLAIN_SIZE 64 /* a longer text is no sum and no day */
#define DIGITS_MAX 15

/* In ASCII, as far as signs of numbers go; the rest as it is. Returns false when it is too long. */
static bool cell_plain(const char *text, char out[PLAIN_SIZE])
{
    static const struct {
        unsigned code;
        char as;
    } signs[] = {{0xA0, ' '}, {0x2009, ' '}, {0x202F, ' '}, {0x2212, '-'}, {0x2012, '-'},
        {0x2013, '-'}, {0x2019, '\''}, {'\t', ' '}};
    size_t left = strlen(text), at = 0, n;

    for (; left > 0; text += n, left -= n) {
        n = utf8_sequence(text, left, NULL);
        if (!n || at + n >= PLAIN_SIZE)
            return false;
        unsigned code = utf8_code(text, n);
        char as = 0;
        for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
            as = signs[i].code == code ? signs[i].as : as;
        if (as)
            out[at++] = as;
        else
            memcpy(out + at, text, n);
        at += as ? 0 : n;
    }
    while (at > 0 && out[at - 1] == ' ')
        at--;
    out[at] = '\0';
    n = strspn(out, " ");
    memmove(out, out + n, at - n + 1);
    return true;
}

/* --- days --- */

static int cell_month(const char *name, size_t len)
{
    /* The first letters, as many as it takes; four languages. */
    static const char *const names[12][6] = {{"jan", "ene", "jän"}, {"feb", "fév", "fev"},
        {"mar", "mär", "mrz"}, {"apr", "abr", "avr"}, {"may", "mai"}, {"jun", "juin"},
        {"jul", "juil"}, {"aug", "ago", "aoû", "aou"}, {"sep", "set"}, {"oct", "okt"}, {"nov"},
        {"dec", "dez", "dic", "déc"}};

    for (int m = 0; m < 12; m++)
        for (int i = 0; i < 6 && names[m][i]; i++)
            if (len >= strlen(names[m][i]) &&
                strncasecmp(name, names[m][i], strlen(names[m][i])) == 0)
                return m + 1;
    return 0;
}

struct cell_part {
    int number; /* -1: a word */
    size_t digits;
    int month;
};

/* The first three numbers or names of months. Returns how many; what follows is a time. */
static int cell_parts(const char *at, struct cell_part parts[3])
{
    int count = 0;

    while (*at && count < 3) {
        size_t digits = strspn(at, "0123456789");
        size_t letters = 0;
        while (isalpha((unsigned char)at[letters]) || (unsigned char)at[letters] >= 0x80)
            letters++;
        if (digits > 8 || digits + letters == 0)
            return -1;
        parts[count++] = (struct cell_part){.number = digits ? atoi(at) : -1,
            .digits = digits,
            .month = digits ? 0 : cell_month(at, letters)};
        if (!digits && !parts[count - 1].month)
            return -1;
        at += digits ? digits : letters;
        if (count == 1 && digits == 8)
            break;
        if (count < 3 && !strchr("-/., ", *at))
            return -1;
        at += count < 3 ? strspn(at, "-/., ") : 0;
    }
    return *at && !strchr("T ,", *at) ? -1 : count;
}

static int cell_year(const struct cell_part *part)
{
    if (part->digits == 2)
        return part->number + (part->number >= 70 ? 1900 : 2000);
    return part->digits == 4 ? part->number : -1;
}

int cell_day_read(const char *text, struct cell_day *out)
{
    struct cell_part p[3] = {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}};
    char plain[PLAIN_SIZE];
    int count = cell_plain(text, plain) ? cell_parts(plain, p) : -1;

    *out = (struct cell_day){0};
    if (count == 1 && p[0].digits == 8) { /* 20261102 */
        *out = (struct cell_day){.settled = true,
            .year = p[0].number / 10000,
            .a = p[0].number / 100 % 100,
            .b = p[0].number % 100};
    } else if (count == 3 && p[0].digits == 4) {
        *out = (struct cell_day){.settled = true,
            .year = p[0].number,
            .a = p[1].month ? p[1].month : p[1].number,
            .b = p[2].number};
    } else if (count == 3 && (p[0].month || p[1].month)) {
        const struct cell_part *month = p[0].month ? &p[0] : &p[1];
        const struct cell_part *day = p[0].month ? &p[1] : &p[0];
        *out = (struct cell_day){.settled = true,
            .year = cell_year(&p[2]),
            .a = month->month,
            .b = day->digits > 0 && day->digits <= 2 ? day->number : -1};
    } else if (count == 3 && p[0].digits <= 2 && p[1].digits <= 2 && !p[2].month) {
        *out = (struct cell_day){.year = cell_year(&p[2]), .a = p[0].number, .b = p[1].number};
    } else {
        return ERR_INVALID;
    }
    struct civil civil;
    bool ok = cell_day_solve(out, CELL_MONTH_FIRST, &civil) == 0 ||
        cell_day_solve(out, CELL_DAY_FIRST, &civil) == 0;
    return ok ? 0 : ERR_INVALID;
}

int cell_day_solve(const struct cell_day *day, enum cell_order order, struct civil *out)
{
    bool swap = !day->settled && order == CELL_DAY_FIRST;

    *out = (struct civil){.year = day->year,
        .month = swap ? day->b : day->a,
        .day = swap ? day->a : day->b};
    if (!day->settled && order != CELL_DAY_FIRST && order != CELL_MONTH_FIRST)
        return ERR_INVALID;
    return out->year < 1900 || out->year > 2200 || out->month < 1 || out->month > 12 ||
            out->day < 1 || out->day > civil_month_days(out->year, out->month) ?
        ERR_INVALID :
        0;
}

/* --- sums --- */

static const struct cell_word {
    const char *word;
    int way;
} cell_words[] = {{"dr", -1}, {"d", -1}, {"debit", -1}, {"débit", -1}, {"soll", -1}, {"s", -1},
    {"cargo", -1}, {"out", -1}, {"expense", -1}, {"withdrawal", -1}, {"ausgabe", -1}, {"gasto", -1},
    {"dépense", -1}, {"adeudo", -1}, {"belastung", -1}, {"cr", 1}, {"c", 1}, {"credit", 1},
    {"crédit", 1}, {"haben", 1}, {"h", 1}, {"abono", 1}, {"in", 1}, {"income", 1}, {"deposit", 1},
    {"einnahme", 1}, {"ingreso", 1}, {"gutschrift", 1}, {"recette", 1}};

int cell_way(const char *text)
{
    char plain[PLAIN_SIZE];

    if (!cell_plain(text, plain))
        return 0;
    for (size_t i = 0; i < sizeof cell_words / sizeof *cell_words; i++)
        if (strcasecmp(plain, cell_words[i].word) == 0)
            return cell_words[i].way;
    return 0;
}

bool cell_is_currency(const char *text)
{
    char why[CURRENCY_WHY_SIZE], code[4];

    if (strlen(text) != 3)
        return false;
    for (int i = 0; i < 4; i++)
        code[i] = (char)toupper((unsigned char)text[i]);
    return currency_check(code, why) == 0;
}

/* A word beside the number: money or a direction. */
static int cell_affix(const char *word, size_t len, struct cell_sum *out)
{
    char text[PLAIN_SIZE], named[4] = "";

    snprintf(text, sizeof text, "%.*s", (int)len, word);
    size_t n = strlen(text);
    if (n > 1 && text[n - 1] == '.') /* "Fr." */
        text[n - 1] = '\0';
    bool two = n == 2; /* DR and CR; a letter alone is none beside a number */
    if (two && cell_way(text)) {
        if (out->way)
            return ERR_INVALID;
        out->way = cell_way(text);
        return 0;
    }
    if (out->currency[0] || !currency_named(text, named))
        return ERR_INVALID;
    snprintf(out->currency, sizeof out->currency, "%s", named);
    return 0;
}

/* Takes signs, brackets and words off; what is left is digits with their separators. */
static int cell_core(const char *plain, struct cell_sum *out, char core[PLAIN_SIZE])
{
    size_t len = strlen(plain), n = 0;
    bool bracket = len > 2 && plain[0] == '(' && plain[len - 1] == ')', behind = false;
    int signs = 0;

    for (size_t i = bracket; i < len - bracket;) {
        unsigned char c = (unsigned char)plain[i];
        if (isdigit(c) ||
            ((c == '.' || c == ',') && (n > 0 || isdigit((unsigned char)plain[i + 1])))) {
            if (behind)
                return ERR_INVALID; /* a second number */
            core[n++] = plain[i++];
        } else if ((c == ' ' || c == '\'') && n > 0 && isdigit((unsigned char)plain[i + 1])) {
            core[n++] = plain[i++];
        } else if (c == '-' || c == '+') {
            signs++;
            out->negative = c == '-';
            behind = n > 0;
            i++;
        } else if (c == ' ') {
            i++;
        } else if (isalpha(c) || c >= 0x80 || strchr("$", c)) {
            size_t from = i;
            while (i < len - bracket &&
                (isalpha((unsigned char)plain[i]) || (unsigned char)plain[i] >= 0x80 ||
                    strchr("$.", plain[i])) &&
                !(plain[i] == '.' && isdigit((unsigned char)plain[i + 1])))
                i++;
            behind = n > 0;
            if (i == from || cell_affix(plain + from, i - from, out))
                return ERR_INVALID;
        } else {
            return ERR_INVALID;
        }
    }
    core[n] = '\0';
    if (bracket && signs)
        return ERR_INVALID;
    out->negative |= bracket;
    return n == 0 || signs > 1 ? ERR_INVALID : 0;
}

/* The parts between thousands separators: all of one kind; 1 to 3 digits, 2 or 3, the last 3. */
static int cell_groups(const char *core, size_t len, char decimal, char digits[DIGITS_MAX + 1])
{
    size_t run = 0, groups = 0, n = 0;
    char mark = 0;

    for (size_t i = 0; i <= len; i++) {
        if (i < len && isdigit((unsigned char)core[i])) {
            if (n == DIGITS_MAX)
                return ERR_LIMIT;
            digits[n++] = core[i];
            run++;
            continue;
        }
        bool last = i == len;
        if (groups > 0 && (last ? run != 3 : run != 3 && run != 2))
            return ERR_INVALID;
        if (!last && (core[i] == decimal || (mark && mark != core[i]) || run == 0 || run > 3))
            return ERR_INVALID;
        mark = last ? mark : core[i];
        groups++;
        run = 0;
    }
    digits[n] = '\0';
    return n > 0 ? 0 : ERR_INVALID;
}

static enum cell_proof cell_prove(const char *core)
{
    const char *point = strrchr(core, '.'), *comma = strrchr(core, ',');
    const char *only = point ? point : comma;

    if (!only)
        return CELL_NOTHING;
    if (point && comma)
        return point > comma ? CELL_POINT : CELL_COMMA;
    if (strchr(core, *only) != only) /* twice: thousands */
        return *only == '.' ? CELL_COMMA : CELL_POINT;
    size_t before = strspn(core, "0123456789"), after = strlen(only + 1);
    bool groups = core + before == only && before >= 1 && before <= 3 && core[0] != '0';
    if (after == 3 && groups)
        return CELL_EITHER;
    return *only == '.' ? CELL_POINT : CELL_COMMA;
}

int cell_sum_read(const char *text, char decimal, struct cell_sum *out, enum cell_proof *proof)
{
    char plain[PLAIN_SIZE], core[PLAIN_SIZE], digits[DIGITS_MAX + 1];

    *out = (struct cell_sum){0};
    if (!cell_plain(text, plain) || plain[0] == '\0' || cell_core(plain, out, core))
        return ERR_INVALID;
    enum cell_proof proves = cell_prove(core);
    if (proof)
        *proof = proves;
    if (!decimal && proves == CELL_EITHER)
        return ERR_INVALID;
    if (!decimal)
        decimal = proves == CELL_COMMA ? ',' : '.';
    const char *mark = strrchr(core, decimal);
    size_t len = mark ? (size_t)(mark - core) : strlen(core);
    const char *fraction = mark ? mark + 1 : "";
    size_t n = strspn(fraction, "0123456789");
    if (fraction[n] != '\0')
        return ERR_INVALID;
    while (n > 0 && fraction[n - 1] == '0')
        n--;
    if (n >= sizeof out->fraction)
        return ERR_INVALID;
    snprintf(out->fraction, sizeof out->fraction, "%.*s", (int)n, fraction);
    if (len == 0)
        return mark && mark[1] ? 0 : ERR_INVALID; /* ".50" */
    int error = cell_groups(core, len, decimal, digits);
    if (error == 0)
        out->whole = strtoll(digits, NULL, 10);
    return error;
}

int cell_sum_minor(const struct cell_sum *sum, const char *currency, int64_t *minor)
{
    int decimals = amount_decimals(currency);
    size_t n = strlen(sum->fraction);
    int64_t value = sum->whole;

    if (n > (size_t)decimals)
        return ERR_INVALID;
    for (int i = 0; i < decimals; i++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (size_t)i < n ? sum->fraction[i] - '0' : 0, &value))
            return ERR_LIMIT;
    *minor = value;
    return value > (INT64_C(1) << 52) ? ERR_LIMIT : 0;
}
