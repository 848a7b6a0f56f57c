/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/offline/offline_token.h"

#include "base/err.h"
#include "base/utf8.h"
#include "tools/kit/currency.h"
#include "tools/kit/numeral.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool offline_token_letter(char c)
{
    return isalpha((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* ---- the list ---- */

static struct offline_token *offline_token_add(struct offline_tokens *t,
    enum offline_token_kind kind, size_t from, size_t to)
{
    struct offline_token *k = &t->list[t->count];
    size_t n = 0;

    t->overflow |= t->count == OFFLINE_TOKENS_MAX;
    t->count += t->count < OFFLINE_TOKENS_MAX;
    *k = (struct offline_token){.kind = kind, .from = from, .to = to};
    for (size_t i = from; i < to && n + 1 < sizeof k->low; i++) {
        if (!strncmp(t->text + i, "\xe2\x80\x99", 3)) {
            k->low[n++] = '\'';
            i += 2;
        } else {
            k->low[n++] = (char)tolower((unsigned char)t->text[i]);
        }
    }
    return k;
}

void offline_tokens_cut(struct offline_tokens *t, size_t at, size_t n, bool gap)
{
    memmove(&t->list[at], &t->list[at + n], (t->count - at - n) * sizeof *t->list);
    t->count -= n;
    if (gap && at < t->count)
        t->list[at].gap = true;
    else if (gap)
        t->gap_end = true;
}

bool offline_tokens_is(const struct offline_tokens *t, size_t i, const char *words)
{
    size_t len;

    if (i >= t->count || (t->list[i].kind != OFFLINE_WORD && t->list[i].kind != OFFLINE_PUNCT))
        return false;
    len = strlen(t->list[i].low);
    for (const char *p = words; *p; p += strcspn(p, "|") + (p[strcspn(p, "|")] == '|'))
        if (strcspn(p, "|") == len && !strncmp(p, t->list[i].low, len))
            return true;
    return false;
}

size_t offline_copy(char *out, size_t size, const char *s, size_t len)
{
    if (len >= size)
        len = utf8_cut(s, size - 1);
    memcpy(out, s, len);
    out[len] = 0;
    return len;
}

void offline_tokens_text(const struct offline_tokens *t, size_t at, size_t n, char *out,
    size_t size)
{
    size_t len = 0;

    *out = 0;
    for (size_t i = at; i < at + n && len + 2 < size; i++) {
        const struct offline_token *k = &t->list[i];
        if (i > at && (k->gap || k->from > k[-1].to))
            out[len++] = !k->gap && t->text[k[-1].to] == '-' ? '-' : ' ';
        len += offline_copy(out + len, size - len, t->text + k->from, k->to - k->from);
    }
}

/* ---- numbers and what looks like them ---- */

struct offline_piece { /* digits with marks between them, then letters */
    const char *digits, *letters;
    size_t digit_count, letter_count;
};

static bool offline_token_offline_piece_ends(const struct offline_piece *p, const char *words)
{
    for (const char *w = words; *w; w += strcspn(w, "|") + (w[strcspn(w, "|")] == '|')) {
        size_t len = strcspn(w, "|"), i = 0;
        while (i < len && i < p->letter_count && tolower((unsigned char)p->letters[i]) == w[i])
            i++;
        if (i == len && len == p->letter_count)
            return true;
    }
    return false;
}

/* "3pm", "3:15pm", "15:30", "3.15 pm": whether it is a clock time, right or wrong (25:00). */
static bool offline_token_offline_piece_clock(const struct offline_piece *p,
    struct offline_token *k)
{
    bool half = offline_token_offline_piece_ends(p, "am|pm");
    int used = 0, hour, minute = 0;
    char mark = 0;

    if ((!half && (p->letter_count || !memchr(p->digits, ':', p->digit_count))) ||
        p->digit_count > 5)
        return false;
    if (sscanf(p->digits, "%2d%n", &hour, &used) != 1)
        return false;
    if ((size_t)used < p->digit_count) {
        mark = p->digits[used];
        if ((mark != ':' && mark != '.') || p->digit_count - (size_t)used != 3 ||
            !isdigit((unsigned char)p->digits[used + 1]) ||
            !isdigit((unsigned char)p->digits[used + 2]))
            return false;
        minute = atoi(p->digits + used + 1);
    }
    k->kind = OFFLINE_CLOCK;
    k->a = hour;
    k->b = minute;
    k->c = half ? tolower((unsigned char)*p->letters) == 'p' : -1;
    k->of_24 = !half && mark == ':' && (*p->digits == '0' || hour >= 10);
    return true;
}

static bool offline_token_offline_piece_date(const struct offline_piece *p, struct offline_token *k)
{
    int used = 0, a, b, c = 0;
    char text[16] = "";

    if (p->digit_count >= sizeof text || p->letter_count)
        return false;
    memcpy(text, p->digits, p->digit_count);
    text[p->digit_count] = 0;
    if (sscanf(text, "%4d-%2d-%2d%n", &a, &b, &c, &used) == 3 && !text[used] && text[4] == '-')
        k->kind = OFFLINE_DATE;
    else if (sscanf(text, "%2d/%2d/%4d%n", &a, &b, &c, &used) == 3 && !text[used])
        k->kind = OFFLINE_SLASH_DATE;
    else if (c = 0, sscanf(text, "%2d/%2d%n", &a, &b, &used) == 2 && !text[used])
        k->kind = OFFLINE_SLASH_DATE;
    else
        return false;
    if (k->kind == OFFLINE_SLASH_DATE && c && c < 100)
        c += 2000;
    k->a = a;
    k->b = b;
    k->c = c;
    return true;
}

static double offline_token_offline_piece_unit(const char *s, size_t len)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"h", 3600}, {"hr", 3600}, {"hrs", 3600}, {"m", 60}, {"min", 60}, {"mins", 60},
        {"s", 1}, {"sec", 1}, {"secs", 1}};

    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strlen(units[i].unit) == len && !strncmp(units[i].unit, s, len))
            return units[i].seconds;
    return 0;
}

/* "1h30", "1h30m", "90s", "10min". */
static bool offline_token_offline_piece_duration(const struct offline_piece *p,
    struct offline_token *k)
{
    char text[24];
    size_t len = p->digit_count + p->letter_count;
    double last = 0;

    if (len >= sizeof text)
        return false;
    for (size_t i = 0; i < len; i++)
        text[i] = (char)tolower((unsigned char)p->digits[i]);
    text[len] = 0;
    k->value = 0;
    for (char *s = text; *s;) {
        char *unit;
        double number = strtod(s, &unit), seconds;
        if (unit == s || !isdigit((unsigned char)*s))
            return false;
        for (s = unit; isalpha((unsigned char)*s); s++)
            ;
        seconds = s > unit ? offline_token_offline_piece_unit(unit, (size_t)(s - unit)) :
            last == 3600   ? 60 :
                             0;
        if (!seconds || (last && seconds >= last))
            return false;
        k->value += number * seconds;
        last = seconds;
    }
    k->kind = OFFLINE_DURATION;
    return last > 0;
}

static bool offline_token_offline_piece_number(const struct offline_piece *p, bool decimal_comma,
    struct offline_token *k)
{
    char letters[8] = "";

    if (numeral_read(p->digits, p->digit_count, decimal_comma, &k->value))
        return false;
    k->kind = OFFLINE_NUMBER;
    if (!p->letter_count)
        return true;
    if (offline_token_offline_piece_ends(p, "k")) {
        k->value *= 1000;
        return true;
    }
    if (offline_token_offline_piece_ends(p, "st|nd|rd|th") && p->digit_count <= 2) {
        k->kind = OFFLINE_ORDINAL;
        return true;
    }
    if (p->letter_count < sizeof letters)
        memcpy(letters, p->letters, p->letter_count);
    return currency_named(letters, k->currency);
}

static size_t offline_token_numeric(struct offline_tokens *t, size_t i, bool decimal_comma)
{
    const char *s = t->text + i;
    struct offline_piece p = {.digits = s};
    bool negative = i > 0 && strchr("-+#", t->text[i - 1]);
    struct offline_token *k;
    size_t n = 0;

    while (isdigit((unsigned char)s[n]) ||
        (s[n] && strchr(".,:/-", s[n]) && isdigit((unsigned char)s[n + 1])))
        n++;
    p.digit_count = n;
    p.letters = s + n;
    if (tolower((unsigned char)s[n]) == 't' && isdigit((unsigned char)s[n + 1])) {
        k = offline_token_add(t, OFFLINE_ODD, i, i + n);
        if (offline_token_offline_piece_date(&p, k))
            return n + 1;
        t->count--;
    }
    while (isalnum((unsigned char)s[n]) || (s[n] == '%' && isdigit((unsigned char)s[n - 1])))
        n++;
    p.letter_count = n - p.digit_count;
    k = offline_token_add(t, OFFLINE_ODD, i, i + n);
    if (negative ||
        (!offline_token_offline_piece_clock(&p, k) && !offline_token_offline_piece_date(&p, k) &&
            !offline_token_offline_piece_number(&p, decimal_comma, k) &&
            !offline_token_offline_piece_duration(&p, k)))
        k->kind = OFFLINE_ODD;
    return n;
}

/* ---- words and signs ---- */

static size_t offline_token_word(struct offline_tokens *t, size_t i)
{
    const char *s = t->text + i;
    size_t n = 0;
    enum offline_token_kind kind = OFFLINE_WORD;

    if (!strncmp(s, "a.m.", 4) || !strncmp(s, "p.m.", 4)) {
        struct offline_token *k = offline_token_add(t, OFFLINE_WORD, i, i + 4);
        snprintf(k->low, sizeof k->low, "%cm", *s);
        return 4;
    }
    while (offline_token_letter(s[n]) ||
        (s[n] && strchr("'_", s[n]) && offline_token_letter(s[n + 1])))
        n++;
    if (s[n] == '$') {
        kind = OFFLINE_SIGN; /* "A$45": its number follows */
        n++;
    } else if (isdigit((unsigned char)s[n])) {
        kind = OFFLINE_ODD;
        while (isalnum((unsigned char)s[n]))
            n++;
    }
    offline_token_add(t, kind, i, i + n);
    return n;
}

/* Quotation marks that come in pairs. Returns the length with both; 0 = none begins here. */
static size_t offline_token_quote(struct offline_tokens *t, size_t i)
{
    static const char *const pairs[][2] = {{"\"", "\""}, {"\xe2\x80\x9c", "\xe2\x80\x9d"},
        {"\xe2\x80\x9e", "\xe2\x80\x9c"}, {"\xc2\xab", "\xc2\xbb"}};

    for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++) {
        size_t open = strlen(pairs[k][0]);
        const char *end;
        if (strncmp(t->text + i, pairs[k][0], open) ||
            !(end = strstr(t->text + i + open, pairs[k][1])) || end == t->text + i + open)
            continue;
        offline_token_add(t, OFFLINE_QUOTE, i + open, (size_t)(end - t->text));
        return (size_t)(end - t->text) - i + strlen(pairs[k][1]);
    }
    return 0;
}

/* A blank, also one of Unicode's that people paste. */
static size_t offline_token_blank(const char *s)
{
    if (*s == ' ' || *s == '\t')
        return 1;
    if (!strncmp(s, "\xc2\xa0", 2))
        return 2;
    return !strncmp(s, "\xe2\x80\xaf", 3) || !strncmp(s, "\xe2\x80\x89", 3) ? 3 : 0;
}

static size_t offline_token_sign(struct offline_tokens *t, size_t i)
{
    static const char *const signs[] = {"$", "\xe2\x82\xac", "\xc2\xa3", "\xc2\xa5", "\xe2\x82\xb9",
        "\xe2\x82\xa9"};
    static const char *const marks[] = {"\xe2\x80\x93", "\xe2\x80\x94", "\xe2\x88\x92",
        "\xe2\x80\xa6", "\xf0\x9f", "\xe2\x9c", "\xe2\x9d", "\xc2\xa1",
        "\xc2\xbf"}; /* dashes, pictures, Spanish */

    for (size_t k = 0; k < sizeof signs / sizeof *signs; k++)
        if (!strncmp(t->text + i, signs[k], strlen(signs[k]))) {
            offline_token_add(t, OFFLINE_SIGN, i, i + strlen(signs[k]));
            return strlen(signs[k]);
        }
    for (size_t k = 0; k < sizeof marks / sizeof *marks; k++)
        if (!strncmp(t->text + i, marks[k], strlen(marks[k]))) {
            size_t len = strlen(marks[k]);
            while (((unsigned char)t->text[i + len] & 0xC0) == 0x80)
                len++;
            offline_token_add(t, OFFLINE_PUNCT, i, i + len);
            return len;
        }
    return 0;
}

/* "forty-five", "5-minute": the hyphen says no more than a blank. */
static bool offline_token_hyphen(const char *text, size_t i)
{
    return text[i] == '-' && i > 0 && isalnum((unsigned char)text[i - 1]) &&
        isalpha((unsigned char)text[i + 1]);
}

static size_t offline_token_next(struct offline_tokens *t, size_t i, bool decimal_comma)
{
    const char *s = t->text + i;
    size_t n;

    if ((n = offline_token_blank(s)) || (n = offline_token_hyphen(t->text, i)))
        return n;
    if (isdigit((unsigned char)*s) || (*s == '.' && isdigit((unsigned char)s[1])))
        return offline_token_numeric(t, i, decimal_comma);
    if ((n = offline_token_quote(t, i)) || (n = offline_token_sign(t, i)))
        return n;
    if (offline_token_letter(*s))
        return offline_token_word(t, i);
    offline_token_add(t, OFFLINE_PUNCT, i, i + 1);
    return 1;
}

/* Says nothing at the end of a message: a full stop, a smiley. */
static bool offline_token_trails(const struct offline_token *k)
{
    return k->kind == OFFLINE_PUNCT &&
        (strchr(".!?,\r\n", *k->low) || !strncmp(k->low, "\xf0\x9f\x98", 3) ||
            !strcmp(k->low, "\xf0\x9f\x99\x82"));
}

void offline_tokens_scan(struct offline_tokens *t, const char *text, bool decimal_comma)
{
    memset(t, 0, sizeof *t);
    t->text = text;
    for (size_t i = 0; text[i] && !t->overflow;)
        i += offline_token_next(t, i, decimal_comma);
    while (t->count && offline_token_trails(&t->list[t->count - 1])) {
        t->question |= *t->list[t->count - 1].low == '?';
        t->count--;
    }
}

void offline_tokens_read(struct offline_tokens *t, const char *text, bool decimal_comma)
{
    offline_tokens_scan(t, text, decimal_comma);
    offline_tokens_join(t);
}
