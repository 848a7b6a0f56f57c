/* SPDX-License-Identifier: BSD-2-Clause */
/* What German, Spanish and French say in another way than the English parsers expect. */
#include "agent/offline/offline_speech.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool offline_speech_is(const struct offline_speech *s, size_t i, const char *words)
{
    return offline_tokens_is(&s->tokens, i, words);
}

static void offline_speech_merge(struct offline_speech *s, size_t i, size_t n)
{
    s->tokens.list[i].to = s->tokens.list[i + n - 1].to;
    if (n > 1)
        offline_tokens_cut(&s->tokens, i + 1, n - 1, false);
}

/* ---- numbers in words ---- */

static int offline_speech_german_small(const char *s, size_t len)
{
    static const char *const names[] = {"null", "ein", "zwei", "drei", "vier", "funf", "sechs",
        "sieben", "acht", "neun", "zehn", "elf", "zwolf", "dreizehn", "vierzehn", "funfzehn",
        "sechzehn", "siebzehn", "achtzehn", "neunzehn"};
    static const char *const tens[] = {"zwanzig", "dreissig", "vierzig", "funfzig", "sechzig",
        "siebzig", "achtzig", "neunzig"};

    for (int k = 0; k < 20; k++)
        if (strlen(names[k]) == len && !strncmp(names[k], s, len))
            return k;
    if (len == 4 && !strncmp(s, "eins", 4))
        return 1;
    for (int k = 0; k < 8; k++) {
        size_t n = strlen(tens[k]);
        if (len < n || strncmp(s + len - n, tens[k], n) != 0)
            continue;
        if (len == n)
            return 20 + 10 * k;
        if (len < n + 4 || strncmp(s + len - n - 3, "und", 3) != 0)
            return -1;
        int one = offline_speech_german_small(s, len - n - 3);
        return one > 0 && one < 10 ? 20 + 10 * k + one : -1;
    }
    return -1;
}

/* "hundertzwanzig", "dreitausend", "zweieinhalb"; -1 = no number. */
static double offline_speech_german(const char *s, size_t len)
{
    static const struct {
        const char *word;
        double value;
    } scales[] = {{"tausend", 1000}, {"hundert", 100}};

    if (len > 8 && !strncmp(s + len - 8, "einhalb", 7))
        return -1;
    if (len > 7 && !strncmp(s + len - 7, "einhalb", 7)) {
        int whole = offline_speech_german_small(s, len - 7);
        return whole > 0 ? whole + 0.5 : -1;
    }
    for (size_t k = 0; k < 2; k++) {
        const char *at = strstr(s, scales[k].word);
        size_t n = strlen(scales[k].word);
        if (!at || at + n > s + len)
            continue;
        double head = at == s ? 1 : offline_speech_german(s, (size_t)(at - s));
        size_t rest = len - (size_t)(at - s) - n;
        double tail = rest ? offline_speech_german(at + n, rest) : 0;
        return head < 0 || tail < 0 ? -1 : head * scales[k].value + tail;
    }
    return offline_speech_german_small(s, len);
}

static bool offline_speech_worded(const struct offline_speech *s, size_t i)
{
    return i < s->tokens.count && s->tokens.list[i].kind == OFFLINE_NUMBER &&
        s->tokens.list[i].mark == OFFLINE_MARK_KNOWN;
}

/* Whether v can follow cur within one number. */
static bool offline_speech_follows(double cur, double v)
{
    double tail = fmod(cur, 100);

    if (v >= 100)
        return cur > 0 && cur < v;
    if (tail == 60 || tail == 80) /* "soixante-dix", "quatre-vingt-dix" */
        return v < 20;
    return tail == 0 || (tail >= 20 && fmod(tail, 10) == 0 && v < 10);
}

static void offline_speech_number(struct offline_speech *s, size_t i)
{
    double total = 0, cur = s->tokens.list[i].value;
    size_t n = 1;

    for (;;) {
        size_t and = offline_speech_is(s, i + n, "and") && fmod(cur, 100) >= 20;
        if (!offline_speech_worded(s, i + n + and))
            break;
        double v = s->tokens.list[i + n + and].value;
        if (v == 20 && fmod(cur, 100) == 4 && !and)
            cur += 76;
        else if (!offline_speech_follows(cur, v))
            break;
        else if (v == 1000)
            total += cur * 1000, cur = 0;
        else if (v >= 100)
            cur *= v;
        else
            cur += v;
        n += 1 + and;
    }
    s->tokens.list[i].value = total + cur;
    offline_speech_merge(s, i, n);
}

static void offline_speech_numbers(struct offline_speech *s)
{
    struct offline_tokens *t = &s->tokens;

    for (size_t i = 0; i < t->count; i++) {
        struct offline_token *k = &t->list[i];
        if (s->language == OFFLINE_GERMAN && k->kind == OFFLINE_WORD && *k->low == '~' &&
            k->low[1]) {
            double value = offline_speech_german(k->low + 1, strlen(k->low + 1));
            if (value >= 0) {
                k->kind = OFFLINE_NUMBER;
                k->value = value;
            }
        } else if (offline_speech_worded(s, i)) {
            offline_speech_number(s, i);
        }
        if (k->kind == OFFLINE_NUMBER && offline_speech_is(s, i + 1, "andhalf") &&
            offline_speech_is(s, i + 2, "hour|hours|day|days|week|weeks|minute|minutes")) {
            k->value += 0.5;
            offline_speech_merge(s, i, 2);
        }
    }
}

/* ---- dates ---- */

/* "24.12." and "24.12.2026" of German; everywhere a slashed date begins with the day. */
static void offline_speech_date(struct offline_speech *s, size_t i)
{
    struct offline_token *k = &s->tokens.list[i];
    char text[12] = "";
    int a = 0, b = 0, c = 0, used = 0;

    if (k->kind == OFFLINE_SLASH_DATE) {
        if (k->a > 31 || k->b > 12)
            return;
        *k = (struct offline_token){.kind = OFFLINE_DATE,
            .from = k->from,
            .to = k->to,
            .a = k->c,
            .b = k->b,
            .c = k->a};
        return;
    }
    if (s->language != OFFLINE_GERMAN || (k->kind != OFFLINE_NUMBER && k->kind != OFFLINE_ODD) ||
        k->to - k->from >= sizeof text)
        return;
    memcpy(text, s->tokens.text + k->from, k->to - k->from);
    bool dot = s->tokens.text[k->to] == '.';
    if ((sscanf(text, "%2d.%2d.%4d%n", &a, &b, &c, &used) == 3 && !text[used]) ||
        (c = 0, dot && sscanf(text, "%2d.%2d%n", &a, &b, &used) == 2 && !text[used])) {
        if (a < 1 || a > 31 || b < 1 || b > 12)
            return;
        *k = (struct offline_token){.kind = OFFLINE_DATE,
            .from = k->from,
            .to = k->to,
            .a = c && c < 100 ? c + 2000 : c,
            .b = b,
            .c = a};
        if (offline_speech_is(s, i + 1, ".") && !c)
            offline_speech_merge(s, i, 2);
    } else if (dot && sscanf(text, "%2d%n", &a, &used) == 1 && !text[used] &&
        offline_speech_is(s, i + 1, ".") && i + 2 < s->tokens.count &&
        s->tokens.list[i + 2].kind == OFFLINE_WORD &&
        offline_when_word(s->tokens.list[i + 2].low, true)) {
        offline_speech_merge(s, i, 2); /* "3. März" */
        k->kind = OFFLINE_ORDINAL;
        k->value = a;
    }
}

static void offline_speech_swap(struct offline_speech *s, size_t i)
{
    struct offline_token *k = &s->tokens.list[i], moved;

    if (offline_speech_is(s, i, "nextpost|lastpost")) { /* "vendredi prochain" */
        snprintf(k->low, sizeof k->low, "%s", *k->low == 'n' ? "next" : "last");
        if (i > 0 && k[-1].kind == OFFLINE_WORD && k[-1].mark != OFFLINE_MARK_LIGHT) {
            moved = k[-1];
            k[-1] = k[0];
            k[0] = moved;
        }
    } else if (offline_speech_is(s, i, "agopre") && i + 2 < s->tokens.count) { /* "vor 3 Tagen" */
        moved = k[0];
        k[0] = k[1];
        k[1] = k[2];
        k[2] = moved;
        snprintf(k[2].low, sizeof k->low, "ago");
    }
}

/* ---- times of day ---- */

static bool offline_speech_hour(const struct offline_speech *s, size_t i, int most)
{
    const struct offline_token *k = &s->tokens.list[i];

    return i < s->tokens.count && k->kind == OFFLINE_NUMBER && !*k->currency && k->value >= 0 &&
        k->value <= most && fmod(k->value, 1) == 0;
}

static void offline_speech_clock(struct offline_speech *s, size_t i, size_t n, int hour, int minute,
    bool of_24)
{
    struct offline_token *k = &s->tokens.list[i];

    offline_speech_merge(s, i, n);
    k->kind = OFFLINE_CLOCK;
    k->a = hour;
    k->b = minute;
    k->c = -1;
    k->of_24 = of_24;
}

/* "halb acht", "Viertel nach 7", "a las 7 y media". */
static bool offline_speech_fraction(struct offline_speech *s, size_t i)
{
    static const struct {
        const char *word;
        int back, minute;
    } lead[] = {{"halfto", 1, 30}, {"halfpast", 0, 30}, {"quarterpast", 0, 15},
        {"quarterto", 1, 45}},
      behind[] = {{"andhalf", 0, 30}, {"andquarter", 0, 15}, {"lessquarter", 1, 45}};

    if (i >= s->tokens.count)
        return false;
    const struct offline_token *t = &s->tokens.list[i];
    bool noon = offline_speech_is(s, i, "noon|midday"),
         midnight = offline_speech_is(s, i, "midnight");
    for (size_t k = 0; k < 3; k++) /* "midi et demi", "8h moins le quart" */
        if (offline_speech_is(s, i + 1, behind[k].word) &&
            (noon || midnight || (t->kind == OFFLINE_CLOCK && t->c < 0 && !t->b))) {
            int hour = (noon ? 12 : midnight ? 0 : t->a) + 24 - behind[k].back;
            offline_speech_clock(s, i, 2, hour % 24, behind[k].minute,
                noon || midnight || t->of_24);
            return true;
        }
    for (size_t k = 0; k < 4; k++)
        if (offline_speech_is(s, i, lead[k].word) && offline_speech_hour(s, i + 1, 24)) {
            int hour = (int)s->tokens.list[i + 1].value - lead[k].back;
            offline_speech_clock(s, i, 2, hour ? hour : 12, lead[k].minute, false);
            return true;
        }
    bool at = i > 0 && i < OFFLINE_TOKENS_MAX && offline_speech_is(s, i - 1, "at");
    for (size_t k = 0; at && k < 3; k++)
        if (offline_speech_hour(s, i, 24) &&
            (offline_speech_is(s, i + 1, behind[k].word) ||
                (offline_speech_is(s, i + 1, "hour|hours") &&
                    offline_speech_is(s, i + 2, behind[k].word)))) {
            int hour = (int)s->tokens.list[i].value - behind[k].back;
            size_t n = offline_speech_is(s, i + 1, behind[k].word) ? 2 : 3;
            offline_speech_clock(s, i, n, hour ? hour : 12, behind[k].minute, n == 3);
            return true;
        }
    return false;
}

/* "19 Uhr 30", "à 19 heures", "à 19h30". */
static void offline_speech_oclock(struct offline_speech *s, size_t i)
{
    struct offline_token *k = &s->tokens.list[i];
    bool at = i > 0 && offline_speech_is(s, i - 1, "at");

    if (k->kind == OFFLINE_CLOCK && offline_speech_is(s, i + 1, "uhr")) {
        offline_speech_merge(s, i, 2);
        k->of_24 = true;
    } else if (offline_speech_hour(s, i, 24) &&
        (offline_speech_is(s, i + 1, "uhr") ||
            (at && s->language != OFFLINE_GERMAN && offline_speech_is(s, i + 1, "hour|hours|h")))) {
        bool minutes =
            offline_speech_hour(s, i + 2, 59) && !offline_speech_is(s, i + 3, "minute|minutes");
        offline_speech_clock(s, i, minutes ? 3 : 2, (int)k->value,
            minutes ? (int)s->tokens.list[i + 2].value : 0, true);
    } else if (k->kind == OFFLINE_DURATION && (at || s->language == OFFLINE_FRENCH) &&
        k->value < 86400 && k->value >= 3600 &&
        memchr(s->tokens.text + k->from, 'h', k->to - k->from) &&
        !(i > 0 && offline_speech_is(s, i - 1, "for|of|in|timer"))) {
        offline_speech_clock(s, i, 1, (int)(k->value / 3600), (int)(k->value / 60) % 60, true);
    }
}

/* Behind an hour, the part of the day is its half. */
static void offline_speech_half(struct offline_speech *s, size_t i)
{
    struct offline_token *k = &s->tokens.list[i];

    if (i == 0 || (k[-1].kind != OFFLINE_CLOCK && !offline_speech_hour(s, i - 1, 24)))
        return;
    if (offline_speech_is(s, i, "morning"))
        snprintf(k->low, sizeof k->low, "am");
    else if (offline_speech_is(s, i, "afternoon|evening|night"))
        snprintf(k->low, sizeof k->low, "pm");
}

/* "litres per 100 km" is one word; "to 300" is no time of day. */
static void offline_speech_hundred(struct offline_speech *s, size_t i)
{
    struct offline_token *k = &s->tokens.list[i];

    if (offline_speech_is(s, i, "at") && i + 1 < s->tokens.count && k[1].kind == OFFLINE_NUMBER &&
        k[1].value > 24 && s->language != OFFLINE_ENGLISH)
        snprintf(k->low, sizeof k->low, "to");
    if (offline_speech_is(s, i, "about|around|over|under|like|some") && i + 1 < s->tokens.count &&
        k[1].kind == OFFLINE_NUMBER) { /* "about 12" is no sum */
        snprintf(k->low, sizeof k->low, "!if");
        k->mark = OFFLINE_MARK_KNOWN;
    }
    if (!offline_speech_is(s, i, "litre") || i + 2 >= s->tokens.count ||
        k[1].kind != OFFLINE_WORD || k[2].kind != OFFLINE_NUMBER || k[2].value < 100 ||
        k[2].value > 100)
        return;
    offline_speech_merge(s, i, offline_speech_is(s, i + 3, "km") ? 4 : 3);
    snprintf(k->low, sizeof k->low, "per100");
    k->mark = OFFLINE_MARK_KNOWN;
}

void offline_speech_join(struct offline_speech *s)
{
    struct offline_tokens *t = &s->tokens;

    if (s->language != OFFLINE_ENGLISH) {
        for (size_t i = 0; i < t->count; i++)
            offline_speech_date(s, i);
        offline_speech_numbers(s);
    }
    for (size_t i = 0; i < t->count; i++) {
        offline_speech_hundred(s, i);
        if (!offline_speech_fraction(s, i) && s->language != OFFLINE_ENGLISH) {
            offline_speech_oclock(s, i);
            offline_speech_fraction(s, i); /* of what is a clock time now */
        }
        if (s->language != OFFLINE_ENGLISH) {
            offline_speech_half(s, i);
            offline_speech_swap(s, i);
        }
    }
}
