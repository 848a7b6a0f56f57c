/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/offline/offline_speech.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OFFLINE_PHRASE_MAX 6

/* ---- the language ---- */

/* "l'essence", "j'ai": two words. */
static void offline_speech_elide(struct offline_tokens *t)
{
    for (size_t i = 0; i < t->count && t->count < OFFLINE_TOKENS_MAX; i++) {
        struct offline_token *k = &t->list[i];
        size_t n = !strncmp(k->low, "qu'", 3)                                            ? 3 :
            k->low[0] && strchr("ldjmtsnc", k->low[0]) && k->low[1] == '\'' && k->low[2] ? 2 :
                                                                                           0;
        if (k->kind != OFFLINE_WORD || !n)
            continue;
        size_t bytes = n;
        while (k->from + bytes < k->to && t->text[k->from + bytes - 1] != '\'' &&
            strncmp(t->text + k->from + bytes - 3, "\xe2\x80\x99", 3) != 0)
            bytes++;
        memmove(k + 1, k, (t->count - i) * sizeof *k);
        t->count++;
        k[0].to = k[0].from + bytes;
        k[0].low[n] = 0;
        k[1].from = k[0].to;
        memmove(k[1].low, k[1].low + n, strlen(k[1].low + n) + 1);
    }
}

/* "Benzinbudget": two words in one. */
static void offline_speech_uncompound(struct offline_tokens *t)
{
    static const char *const ends[] = {"budget", "termin", "timer", "rezept", "rezepte", "kosten"};

    for (size_t i = 0; i < t->count && t->count < OFFLINE_TOKENS_MAX; i++)
        for (size_t e = 0; e < sizeof ends / sizeof *ends; e++) {
            struct offline_token *k = &t->list[i];
            size_t len = strlen(k->low), n = strlen(ends[e]);
            if (k->kind != OFFLINE_WORD || len < n + 4 || k->to - k->from != len ||
                strcmp(k->low + len - n, ends[e]) != 0)
                continue;
            memmove(k + 1, k, (t->count - i) * sizeof *k);
            t->count++;
            k[0].to -= n;
            k[0].low[len - n] = 0;
            k[1].from = k[0].to;
            memmove(k[1].low, k[1].low + len - n, n + 1);
            break;
        }
}

/* The tokens of a text with their words folded; they may be looked up in any language. */
struct offline_folds {
    char word[OFFLINE_TOKENS_MAX + 1][OFFLINE_WORD_SIZE];
    const char *list[OFFLINE_TOKENS_MAX + 1];
};

static void offline_speech_fold(const struct offline_tokens *t, struct offline_folds *folds)
{
    for (size_t i = 0; i < t->count; i++) {
        folds->word[i][0] = 0;
        if (t->list[i].kind == OFFLINE_WORD)
            offline_fold(t->list[i].low, folds->word[i], sizeof folds->word[i]);
        folds->list[i] = folds->word[i];
    }
}

/* Words from i on that belong together: no mark or number between them. */
static size_t offline_speech_phrase(const struct offline_tokens *t, size_t i)
{
    size_t n = 0;

    while (n < OFFLINE_PHRASE_MAX && i + n < t->count && t->list[i + n].kind == OFFLINE_WORD)
        n++;
    return n;
}

enum offline_language offline_speech_language(const char *text, enum offline_language usual)
{
    static struct offline_tokens t;
    static struct offline_folds folds;
    unsigned found[OFFLINE_LANGUAGE_COUNT] = {0};
    enum offline_language best = usual;

    offline_tokens_scan(&t, text, false);
    offline_speech_elide(&t);
    offline_speech_fold(&t, &folds);
    for (int k = 0; k < OFFLINE_LANGUAGE_COUNT; k++)
        for (size_t i = 0; i < t.count;) {
            size_t used = 0;
            const char *concept = offline_lexicon_find((enum offline_language)k, folds.list + i,
                offline_speech_phrase(&t, i), &used, NULL);
            if (concept)
                found[k] += (unsigned)used * (*concept == '_' ? 3 : 2);
            i += used ? used : 1;
        }
    for (int k = 0; k < OFFLINE_LANGUAGE_COUNT; k++)
        if (found[k] > found[best])
            best = (enum offline_language)k;
    return best;
}

/* ---- concepts ---- */

/* Puts a concept into the first of n tokens and takes the others out. */
static void offline_speech_put(struct offline_speech *s, size_t i, size_t n, const char *concept,
    bool slip)
{
    struct offline_token *k = &s->tokens.list[i];
    bool light = *concept == '_';

    k->to = s->tokens.list[i + n - 1].to;
    if (n > 1)
        offline_tokens_cut(&s->tokens, i + 1, n - 1, false);
    k->slip = slip;
    k->mark = light ? OFFLINE_MARK_LIGHT : OFFLINE_MARK_KNOWN;
    if (*concept == '#' || *concept == '@') {
        k->kind = *concept == '#' ? OFFLINE_NUMBER : OFFLINE_DURATION;
        k->value = atof(concept + 1);
        return;
    }
    if (*concept == '!')
        s->refused = true;
    if (!light)
        snprintf(k->low, sizeof k->low, "%s", concept);
    else if (concept[1])
        snprintf(k->low, sizeof k->low, "%s", concept + 1);
    else if (s->language != OFFLINE_ENGLISH)
        snprintf(k->low, sizeof k->low, "~");
}

static void offline_speech_translate(struct offline_speech *s)
{
    static struct offline_folds folds;
    struct offline_tokens *t = &s->tokens;
    size_t from = 0; /* of the folds, which are not cut */

    offline_speech_fold(t, &folds);
    for (size_t i = 0; i < t->count; i++) {
        struct offline_token *k = &t->list[i];
        size_t used = 0;
        bool slip = false;
        const char *concept = NULL;
        if (k->kind == OFFLINE_WORD)
        concept = offline_lexicon_find(s->language, folds.list + from, offline_speech_phrase(t, i),
            &used, &slip);
        if (concept)
            offline_speech_put(s, i, used, concept, slip);
        else if (k->kind == OFFLINE_WORD && s->language != OFFLINE_ENGLISH) {
            k->low[0] = '~'; /* no English word, though it may look like one */
            snprintf(k->low + 1, sizeof k->low - 1, "%.*s", (int)sizeof k->low - 2,
                folds.word[from]);
        }
        from += used ? used : 1;
    }
}

/* ---- reading ---- */

/* Every time of day that is said, so that "at 8 am and 8 pm" is two. */
static void offline_speech_when(struct offline_speech *s)
{
    struct offline_tokens *t = &s->tokens;

    offline_when_take_all(t, &s->when, s->times, OFFLINE_TIMES_MAX, &s->time_count);
    for (size_t i = 0; i < t->count; i++)
        s->connectives |= offline_tokens_is(t, i, "and|then|plus|,|;|.|&|\n|also");
}

void offline_speech_read(struct offline_speech *s, const char *text, enum offline_language language,
    bool decimal_comma)
{
    memset(s, 0, sizeof *s);
    s->language = language;
    offline_tokens_scan(&s->tokens, text, decimal_comma);
    offline_speech_elide(&s->tokens);
    if (language == OFFLINE_GERMAN)
        offline_speech_uncompound(&s->tokens);
    offline_speech_translate(s);
    offline_speech_join(s);
    offline_tokens_join(&s->tokens);
    offline_speech_when(s);
}
