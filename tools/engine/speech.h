/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_ENGINE_SPEECH_H
#define TURNPIKE_TOOLS_ENGINE_SPEECH_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * speech -- what is said in English, German, Spanish or French, as the English words that tools
 * are described by. A list of meanings (words.txt) stands behind it, not one of sentences: so a
 * tool whose entry is in English alone, also an operator's own, is found in all four languages.
 * Accents, endings, German compounds and Spanish pronouns behind a verb do not matter.
 */
enum speech_language { SPEECH_ENGLISH, SPEECH_GERMAN, SPEECH_SPANISH, SPEECH_FRENCH, SPEECH_ALL };

#define SPEECH_WORD 32   /* bytes of a word with its end; longer ones are cut */
#define SPEECH_TOKENS 64 /* of one wish; a longer text has said enough by then */
#define SPEECH_TERMS 24  /* English terms for one word */

struct speech_token {
    char word[SPEECH_WORD];  /* small letters, with accents */
    char plain[SPEECH_WORD]; /* without them */
    bool number;
};

/* What stands for one word, or for some that belong together. */
struct speech_meaning {
    const char *terms[SPEECH_TERMS]; /* of finder_stem; live as long as the list */
    size_t count;
};

/* Makes the list: before the fork; again: nothing. Returns 0 or ERR_NOMEM. */
MUST_CHECK int speech_prepare(void);
/* The words of a text, at most SPEECH_TOKENS. */
size_t speech_split(const char *text, struct speech_token *out);
/* In which language is it? is_known: is this an English term that some tool has? When nothing
 * speaks for another language: English. */
enum speech_language speech_guess(const struct speech_token *tokens, size_t count,
    bool (*is_known)(const char *term));
/*
 * What the first words of tokens mean: how many words it took, 0 when the list has none such.
 * Appends to out.
 */
size_t speech_understand(enum speech_language language, const struct speech_token *tokens,
    size_t count, struct speech_meaning *out);
/* A word that carries nothing, such as an article. */
bool speech_is_filler(enum speech_language language, const struct speech_token *token);

#endif
