/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/engine/speech_list.h"

#include "tools/engine/finder_stem.h"

#include <libstemmer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROW_TERMS 12 /* English terms of one meaning */
#define KEY_SIZE 64  /* a word, or some with blanks between */

extern const char *const speech_words[]; /* words.txt */

struct meaning {
    char terms[ROW_TERMS][FINDER_TERM];
    size_t count;
};
struct key {
    char text[KEY_SIZE];
    uint8_t language;
    bool stem;
    uint16_t meaning;
};
static struct meaning *meanings;
static size_t meaning_count, meaning_room;
static struct key *keys; /* sorted by language, kind and text */
static size_t key_count, key_room;

/* ---- making ---- */

static void *speech_list_grow(void *list, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return list;
    size_t more = *room > 0 ? *room * 2 : 512;
    void *grown = realloc(list, more * size);
    if (grown)
        *room = more;
    return grown;
}

static int speech_list_add_key(enum speech_language language, bool stem, const char *text)
{
    struct key *grown = speech_list_grow(keys, key_count, &key_room, sizeof *keys);
    if (!grown)
        return ERR_NOMEM;
    keys = grown;
    struct key *k = &keys[key_count++];
    *k = (struct key){.language = (uint8_t)language,
        .stem = stem,
        .meaning = (uint16_t)(meaning_count - 1)};
    snprintf(k->text, sizeof k->text, "%.*s", KEY_SIZE - 1, text);
    return 0;
}

/* The stem without accents; without memory for a stemmer the word itself. */
static void speech_list_stem(enum speech_language language, const char *word, char out[SPEECH_WORD])
{
    static const char *const names[] = {"english", "german", "spanish", "french"};
    static struct sb_stemmer *stemmers[SPEECH_ALL];
    struct speech_token tokens[SPEECH_TOKENS];
    char stem[SPEECH_WORD];
    snprintf(stem, sizeof stem, "%.*s", SPEECH_WORD - 1, word);
    if (!stemmers[language])
        stemmers[language] = sb_stemmer_new(names[language], NULL);
    const sb_symbol *found = stemmers[language] ?
        sb_stemmer_stem(stemmers[language], (const sb_symbol *)word, (int)strlen(word)) :
        NULL;
    if (found)
        snprintf(stem, sizeof stem, "%.*s", SPEECH_WORD - 1, (const char *)found);
    snprintf(out, SPEECH_WORD, "%s", speech_split(stem, tokens) == 1 ? tokens[0].plain : stem);
}

/* One entry: a word, or some with "_" between. */
static int speech_list_add_word(enum speech_language language, const char *entry)
{
    struct speech_token tokens[SPEECH_TOKENS];
    size_t count = speech_split(entry, tokens), len = 0;
    char text[KEY_SIZE] = "", stem[SPEECH_WORD];
    for (size_t i = 0; i < count; i++) {
        int n = snprintf(text + len, sizeof text - len, "%s%s", i > 0 ? " " : "", tokens[i].plain);
        len += (size_t)n < sizeof text - len ? (size_t)n : 0;
    }
    int error = speech_list_add_key(language, false, text);
    if (error != 0 || count != 1 || language == SPEECH_ENGLISH)
        return error;
    speech_list_stem(language, tokens[0].word, stem);
    error = speech_list_add_key(language, true, stem);
    speech_list_stem(language, tokens[0].plain, stem);
    return error != 0 ? error : speech_list_add_key(language, true, stem);
}

static int speech_list_add_meaning(const char *words)
{
    struct meaning *grown =
        speech_list_grow(meanings, meaning_count, &meaning_room, sizeof *meanings);
    if (!grown)
        return ERR_NOMEM;
    meanings = grown;
    struct meaning *m = &meanings[meaning_count++];
    m->count = 0;
    while (m->count < ROW_TERMS && finder_stem_next(&words, m->terms[m->count]))
        m->count++;
    return 0;
}

/* The words of one column. */
static int speech_list_add_words(enum speech_language language, char *words)
{
    char *rest = NULL;
    int error = 0;
    for (char *w = strtok_r(words, " ", &rest); w && error == 0; w = strtok_r(NULL, " ", &rest))
        error = speech_list_add_word(language, w);
    return error;
}

static int speech_list_add_line(char *line)
{
    static const enum speech_language columns[] = {SPEECH_GERMAN, SPEECH_SPANISH, SPEECH_FRENCH,
        SPEECH_ENGLISH};
    char *next = line, *words = strsep(&next, "|");
    int error = speech_list_add_meaning(words);
    for (size_t i = 0; next && i < sizeof columns / sizeof *columns && error == 0; i++)
        error = speech_list_add_words(columns[i], strsep(&next, "|"));
    return error;
}

static int speech_list_compare(const void *x, const void *y)
{
    const struct key *a = x, *b = y;
    if (a->language != b->language)
        return (int)a->language - (int)b->language;
    if (a->stem != b->stem)
        return (int)a->stem - (int)b->stem;
    int order = strcmp(a->text, b->text);
    return order != 0 ? order : (int)a->meaning - (int)b->meaning;
}

int speech_list_prepare(void)
{
    char *copy, *rest;
    int error = 0;
    if (meanings)
        return 0;
    if (!(copy = strdup(speech_words[0])))
        return ERR_NOMEM;
    rest = copy;
    for (char *line; error == 0 && (line = strsep(&rest, "\n"));)
        if (*line != '\0' && *line != '#')
            error = speech_list_add_line(line);
    free(copy);
    if (error == 0)
        qsort(keys, key_count, sizeof *keys, speech_list_compare);
    return error;
}

/* ---- looking ---- */

/* The first key that is not before it. */
static size_t speech_list_lower(enum speech_language language, bool stem, const char *text)
{
    struct key wanted = {.language = (uint8_t)language, .stem = stem};
    size_t low = 0, high = key_count;
    snprintf(wanted.text, sizeof wanted.text, "%.*s", KEY_SIZE - 1, text);
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (speech_list_compare(&keys[mid], &wanted) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static bool speech_list_is(size_t at, enum speech_language language, bool stem, const char *text)
{
    return at < key_count && keys[at].language == language && keys[at].stem == stem &&
        strcmp(keys[at].text, text) == 0;
}

static void speech_list_append(const struct key *k, struct speech_meaning *out)
{
    const struct meaning *m = &meanings[k->meaning];
    for (size_t i = 0; i < m->count && out->count < SPEECH_TERMS; i++) {
        size_t seen = 0;
        while (seen < out->count && strcmp(out->terms[seen], m->terms[i]) != 0)
            seen++;
        if (seen == out->count)
            out->terms[out->count++] = m->terms[i];
    }
}

static bool speech_list_look(enum speech_language language, bool stem, const char *text,
    struct speech_meaning *out)
{
    size_t at = speech_list_lower(language, stem, text);
    bool found = speech_list_is(at, language, stem, text);
    for (; out && speech_list_is(at, language, stem, text); at++)
        speech_list_append(&keys[at], out);
    return found;
}

bool speech_list_has(enum speech_language language, const char *plain)
{
    return speech_list_look(language, false, plain, NULL);
}

bool speech_list_find(enum speech_language language, const char *plain, struct speech_meaning *out)
{
    return speech_list_look(language, false, plain, out);
}

bool speech_list_has_stem(enum speech_language language, const char *word)
{
    return speech_list_find_stem(language, word, NULL);
}

bool speech_list_find_stem(enum speech_language language, const char *word,
    struct speech_meaning *out)
{
    char stem[SPEECH_WORD];
    speech_list_stem(language, word, stem);
    return speech_list_look(language, true, stem, out);
}

bool speech_list_find_near(enum speech_language language, const char *plain,
    struct speech_meaning *out)
{
    bool found = false;
    for (size_t i = speech_list_lower(language, false, "");
         i < key_count && keys[i].language == language && !keys[i].stem; i++)
        if (finder_stem_near(plain, keys[i].text)) {
            speech_list_append(&keys[i], out);
            found = true;
        }
    return found;
}
