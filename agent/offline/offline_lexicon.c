/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/offline/offline_lexicon.h"

#include "tools/kit/gazetteer.h"

#include <stdlib.h>
#include <string.h>

/* ---- the index: made once a process, at the first message ---- */

struct offline_lexicon_word {
    const char *text, *concept; /* text ends with '|' or 0 */
    unsigned short length, words;
    bool stem;
    int next; /* of the same bucket; -1 = the last */
};
#define OFFLINE_LEXICON_BUCKETS 2048
#define OFFLINE_LEXICON_MAX 6000
struct offline_lexicon {
    struct offline_lexicon_word list[OFFLINE_LEXICON_MAX];
    int count;
    int buckets[OFFLINE_LANGUAGE_COUNT][OFFLINE_LEXICON_BUCKETS];
    bool made;
};
static struct offline_lexicon offline_lexicon; /* 250 KB, the same in all processes */

/* Of the first two letters: a stem and the words that it stands for share them. */
static unsigned offline_lexicon_bucket(const char *word)
{
    unsigned a = (unsigned char)word[0], b = a ? (unsigned char)word[1] : 0;

    return (a * 61 + (b == '|' || b == '*' || b == ' ' ? 0 : b)) % OFFLINE_LEXICON_BUCKETS;
}

static void offline_lexicon_add(enum offline_language language, const char *text, size_t length,
    const char *concept)
{
    struct offline_lexicon *l = &offline_lexicon;
    unsigned bucket = offline_lexicon_bucket(text);
    unsigned short words = 1;

    if (l->count == OFFLINE_LEXICON_MAX)
        return;
    for (size_t i = 0; i < length; i++)
        words += text[i] == ' ';
    bool stem = text[length - 1] == '*';
    l->list[l->count] = (struct offline_lexicon_word){.text = text,
        .concept = concept,
        .length = (unsigned short)(length - stem),
        .words = words,
        .stem = stem,
        .next = l->buckets[language][bucket]};
    l->buckets[language][bucket] = l->count++;
}

static void offline_lexicon_make(void)
{
    const struct {
        const struct offline_entry *rows;
        size_t count;
    } all[OFFLINE_LANGUAGE_COUNT] = {{offline_words_en, offline_words_en_count},
        {offline_words_de, offline_words_de_count}, {offline_words_es, offline_words_es_count},
        {offline_words_fr, offline_words_fr_count}};

    memset(offline_lexicon.buckets, -1, sizeof offline_lexicon.buckets);
    for (int k = 0; k < OFFLINE_LANGUAGE_COUNT; k++)
        for (size_t i = 0; i < all[k].count; i++)
            for (const char *p = all[k].rows[i].words; *p; p += *p == '|') {
                size_t length = strcspn(p, "|");
                if (length)
                    offline_lexicon_add((enum offline_language)k, p, length,
                        all[k].rows[i].concept);
                p += length;
            }
    offline_lexicon.made = true;
}

/* ---- looking up ---- */

/* One letter more, fewer or other, or two swapped, in a word of six letters or more. The first
 * letter has to be right. */
static bool offline_lexicon_slip(const char *word, const char *right, size_t n)
{
    size_t len = strlen(word), head = 0, tail = 0;

    if (len < 5 || n < 6 || len > n + 1 || n > len + 1 || *word != *right)
        return false;
    while (head < len && head < n && word[head] == right[head])
        head++;
    while (tail < len - head && tail < n - head && word[len - 1 - tail] == right[n - 1 - tail])
        tail++;
    size_t a = len - head - tail, b = n - head - tail;
    return (a <= 1 && b <= 1) ||
        (a == 2 && b == 2 && word[head] == right[head + 1] && word[head + 1] == right[head]);
}

/* How many words match from the first on; 0 = it does not. */
static size_t offline_lexicon_matches(const struct offline_lexicon_word *w,
    const char *const *words, size_t count)
{
    const char *p = w->text;
    size_t left = w->length;

    if (w->words > count)
        return 0;
    for (size_t i = 0; i < w->words; i++) {
        size_t len = strlen(words[i]);
        bool last = i + 1u == w->words;
        size_t n = last ? left : (size_t)(strchr(p, ' ') - p);
        if (len < n || strncmp(words[i], p, n) || (len > n && !(last && w->stem)))
            return 0;
        p += n + 1;
        left -= last ? left : n + 1;
    }
    return w->words;
}

static const char *offline_lexicon_slipped(enum offline_language language, const char *word)
{
    const char *found = NULL;
    unsigned first = (unsigned char)*word;

    for (int k = 0; k < offline_lexicon.count; k++) {
        const struct offline_lexicon_word *w = &offline_lexicon.list[k];
        if ((unsigned char)*w->text != first || w->words > 1 || w->stem ||
            strchr("_!#@", *w->concept) || !offline_lexicon_slip(word, w->text, w->length))
            continue;
        bool own = false; /* is it a word of this language? */
        for (int b = offline_lexicon.buckets[language][offline_lexicon_bucket(w->text)];
             b >= 0 && !own; b = offline_lexicon.list[b].next)
            own = b == k;
        if (own && found && strcmp(found, w->concept) != 0)
            return NULL;
        if (own)
        found = w->concept;
    }
    return found;
}

const char *offline_lexicon_find(enum offline_language language, const char *const *words,
    size_t count, size_t *used, bool *slip)
{
    const struct offline_lexicon_word *best = NULL;

    if (!offline_lexicon.made)
        offline_lexicon_make();
    *used = 0;
    if (slip)
        *slip = false;
    if (!count || !*words[0])
        return NULL;
    for (int i = offline_lexicon.buckets[language][offline_lexicon_bucket(words[0])]; i >= 0;
         i = offline_lexicon.list[i].next) {
        const struct offline_lexicon_word *w = &offline_lexicon.list[i];
        size_t n = offline_lexicon_matches(w, words, count);
        if (n &&
            (!best || n > best->words || (n == best->words && best->stem && !w->stem) ||
                (n == best->words && best->stem && w->length > best->length)))
            best = w;
    }
    if (best) {
        *used = best->words;
        return best->concept;
    }
    const char *found = slip ? offline_lexicon_slipped(language, words[0]) : NULL;
    if (slip)
        *slip = found != NULL;
    *used = found != NULL;
    return found;
}

enum offline_language offline_language_of(const char *locale)
{
    static const char codes[][3] = {"en", "de", "es", "fr"};

    for (int k = 0; locale && k < OFFLINE_LANGUAGE_COUNT; k++)
        if (!strncmp(locale, codes[k], 2) && (!locale[2] || strchr("-_", locale[2])))
            return (enum offline_language)k;
    return OFFLINE_ENGLISH;
}

void offline_fold(const char *word, char *out, size_t size)
{
    if (!gazetteer_fold(word, out, size))
        *out = 0;
    for (char *p = out; *p; p++) /* one word stays one */
        if (*p == ' ')
            memmove(p, p + 1, strlen(p));
}
