/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_AGENT_OFFLINE_OFFLINE_LEXICON_H
#define TURNPIKE_AGENT_OFFLINE_OFFLINE_LEXICON_H

#include <stdbool.h>
#include <stddef.h>

/*
 * offline_lexicon -- the words of four languages and the concepts that they stand for. A concept is
 * an English word, so that the parsers of dates, times and money read every language.
 *
 * A row is a concept and its words, with '|' between: "word", "two words", "stem*" (three letters
 * or more). Words are folded: small letters without accents or apostrophes. What a concept begins
 * with says how it is read:
 *
 *   _x  a light word, that may stand anywhere: "the", "please"; x (if any) is its English
 *   !x  a word that denies, doubts or corrects: nothing is done where it stands
 *   #n  a number
 *   @n  a duration, in seconds
 */
enum offline_language {
    OFFLINE_ENGLISH,
    OFFLINE_GERMAN,
    OFFLINE_SPANISH,
    OFFLINE_FRENCH,
    OFFLINE_LANGUAGE_COUNT
};
struct offline_entry {
    const char *concept, *words;
};
extern const struct offline_entry offline_words_en[], offline_words_de[], offline_words_es[],
    offline_words_fr[];
extern const size_t offline_words_en_count, offline_words_de_count, offline_words_es_count,
    offline_words_fr_count;

/*
 * offline_lexicon_find -- the longest entry that the folded words begin with.
 *   words  count of them, each folded
 *   used   out: how many words it takes
 *   slip   out: a letter had to be changed; NULL = such words are not looked for
 * Returns the concept, or NULL.
 */
const char *offline_lexicon_find(enum offline_language language, const char *const *words,
    size_t count, size_t *used, bool *slip);
/* The language of "de", "de-AT"; English for all others. */
enum offline_language offline_language_of(const char *locale);
/* Folds one word; out is "" when nothing is left. */
void offline_fold(const char *word, char *out, size_t size);

#endif
