/* SPDX-License-Identifier: BSD-2-Clause */
/* Joins tokens: numbers in words, with their currency or unit. */
#include "agent/offline/offline_token.h"

#include "tools/kit/currency.h"
#include "tools/kit/numeral.h"

#include <stdio.h>
#include <string.h>

/* What stands apart in the text and is one thing: offline_tokens_join. */

static void offline_join(struct offline_tokens *t, size_t i, size_t n, enum offline_token_kind kind)
{
    t->list[i].to = t->list[i + n - 1].to;
    t->list[i].kind = kind;
    if (n > 1)
        offline_tokens_cut(t, i + 1, n - 1, false);
}

/* ---- numbers in words ---- */

static void offline_join_words(struct offline_tokens *t, size_t i)
{
    const char *words[8];
    double value = 0;
    size_t n = 0;

    while (n < 8 && i + n < t->count && t->list[i + n].kind == OFFLINE_WORD) {
        words[n] = t->list[i + n].low;
        n++;
    }
    n = numeral_words(words, n, &value);
    if (!n)
        return;
    offline_join(t, i, n, OFFLINE_NUMBER);
    t->list[i].value = value;
}

/* ---- money ---- */

/* The token's text as a currency; a code counts as such in capitals or small letters. */
static bool offline_join_currency(const struct offline_tokens *t, size_t i, char code[4])
{
    char text[16];
    size_t len;

    if (i >= t->count || (t->list[i].kind != OFFLINE_SIGN && t->list[i].kind != OFFLINE_WORD))
        return false;
    len = t->list[i].to - t->list[i].from;
    if (len >= sizeof text)
        return false;
    memcpy(text, t->text + t->list[i].from, len);
    text[len] = 0;
    return currency_named(text, code) ||
        (t->list[i].mark == OFFLINE_MARK_KNOWN && currency_named(t->list[i].low, code));
}

/* "$ 45", "AUD 45", "45 dollars", "45 US dollars", "45 EUR". */
static void offline_join_money(struct offline_tokens *t, size_t i)
{
    char code[4], country[4] = "";
    struct offline_token *k = &t->list[i];

    if (offline_join_currency(t, i, code) && i + 1 < t->count &&
        t->list[i + 1].kind == OFFLINE_NUMBER && !*t->list[i + 1].currency) {
        double value = t->list[i + 1].value;
        offline_join(t, i, 2, OFFLINE_NUMBER);
        k->value = value;
        snprintf(k->currency, sizeof k->currency, "%s", code);
    }
    if (k->kind != OFFLINE_NUMBER)
        return;
    if (offline_tokens_is(t, i + 1, "us|american"))
        strcpy(country, "USD");
    else if (offline_tokens_is(t, i + 1, "australian|aussie"))
        strcpy(country, "AUD");
    else if (offline_tokens_is(t, i + 1, "canadian"))
        strcpy(country, "CAD");
    if (!offline_join_currency(t, i + 1 + (*country != 0), code))
        return;
    if (*country && strcmp(code, "$"))
        return;
    if (*country)
        memcpy(code, country, sizeof code);
    bool same = !*k->currency || !strcmp(k->currency, code) || currency_is(k->currency, code);
    offline_join(t, i, *country ? 3 : 2, same ? OFFLINE_NUMBER : OFFLINE_ODD);
    snprintf(k->currency, sizeof k->currency, "%s", code);
}

/* ---- durations ---- */

static double offline_join_unit(const struct offline_tokens *t, size_t i, bool *days)
{
    *days = false;
    if (offline_tokens_is(t, i, "second|seconds|sec|secs"))
        return 1;
    if (offline_tokens_is(t, i, "minute|minutes|min|mins"))
        return 60;
    if (offline_tokens_is(t, i, "hour|hours|hr|hrs"))
        return 3600;
    *days = true;
    if (offline_tokens_is(t, i, "day|days"))
        return 86400;
    if (offline_tokens_is(t, i, "week|weeks"))
        return 7 * 86400;
    return offline_tokens_is(t, i, "fortnight|fortnights") ? 14 * 86400 : 0;
}

/* "a week" is one only where it cannot be "every week": "in a week", "a week ago". "A second timer"
 * is another one. */
static bool offline_join_article(const struct offline_tokens *t, size_t i)
{
    return offline_tokens_is(t, i, "a|an") && !offline_tokens_is(t, i + 1, "second") &&
        ((i > 0 && offline_tokens_is(t, i - 1, "in|for")) ||
            offline_tokens_is(t, i + 2, "ago|timer|countdown|and|andhalf|andquarter|lessquarter"));
}

/* Tokens of one number with its unit; 0 = none. */
static size_t offline_join_part(const struct offline_tokens *t, size_t i, double *seconds,
    bool *days)
{
    double unit;

    if (i < t->count && t->list[i].kind == OFFLINE_NUMBER && !*t->list[i].currency &&
        (unit = offline_join_unit(t, i + 1, days)) > 0) {
        *seconds = t->list[i].value * unit;
        return 2;
    }
    if (offline_tokens_is(t, i, "half") && offline_tokens_is(t, i + 1, "a|an") &&
        (unit = offline_join_unit(t, i + 2, days)) > 0 && !*days) {
        *seconds = unit / 2;
        return 3;
    }
    if (!offline_join_article(t, i) || !(unit = offline_join_unit(t, i + 1, days)))
        return 0;
    *seconds = unit;
    return 2;
}

/* "1 hour 30 min", "an hour and a half", "half an hour". */
static void offline_join_duration(struct offline_tokens *t, size_t i)
{
    double total = 0, seconds, unit;
    bool days, more_days;
    size_t n = offline_join_part(t, i, &total, &days), last;

    if (!n)
        return;
    last = i + n - 1;
    unit = offline_join_unit(t, last, &more_days);
    if (!days && offline_tokens_is(t, i + n, "andhalf|andquarter|lessquarter")) {
        bool half = offline_tokens_is(t, i + n, "andhalf");
        total += offline_tokens_is(t, i + n, "lessquarter") ? -unit / 4 : unit / (half ? 2 : 4);
        n++;
    }
    if (offline_tokens_is(t, i + n, "and") && offline_tokens_is(t, i + n + 1, "a") &&
        offline_tokens_is(t, i + n + 2, "half") && !days) {
        total += unit / 2;
        n += 3;
    }
    while (!days) {
        size_t joint = offline_tokens_is(t, i + n, "and|,");
        size_t more = offline_join_part(t, i + n + joint, &seconds, &more_days);
        double smaller = more ? offline_join_unit(t, i + n + joint + more - 1, &more_days) : 0;
        if (!more || more_days || smaller >= unit)
            break;
        unit = smaller;
        total += seconds;
        n += joint + more;
    }
    offline_join(t, i, n, OFFLINE_DURATION);
    t->list[i].value = total;
    t->list[i].days = days;
}

void offline_tokens_join(struct offline_tokens *t)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->list[i].kind == OFFLINE_WORD)
            offline_join_words(t, i);
    for (size_t i = 0; i < t->count; i++)
        offline_join_money(t, i);
    for (size_t i = 0; i < t->count; i++)
        offline_join_duration(t, i);
}
