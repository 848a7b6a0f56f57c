/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_WORDS_H
#define TURNPIKE_BASE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * words -- a text as the words by which it is found: without capitals, marks and apostrophes, so
 * that "Zürich" and "zurich" are one. Scripts that leave no blanks between words (Han, Kana, Thai,
 * Lao, Khmer, Burmese) are taken by pairs of characters. Pure computation.
 */
#define WORDS_SIZE 33 /* of a word with its end; what is longer is cut at a character */

struct words { /* begin with words_of */
    const char *text;
    size_t len, at;
    bool asked;  /* the text is a question */
    bool in_run; /* the character at `at` ended the pair before */
};
struct words_word {
    char text[WORDS_SIZE];
    size_t from, to; /* bytes of the text that it stands for */
};

/*
 * words_of -- asked: of a run of characters without blanks only the pairs count, all of them, or
 * its one character; else its last character is a word, too, so that every character begins one.
 */
struct words words_of(const char *text, size_t len, bool asked);
/* The next word; false at the end. What is not UTF-8 stands between words. */
bool words_next(struct words *w, struct words_word *out);

/* A Latin letter of U+00C0 to U+017F without its marks ("ss" for one letter is possible), " " for a
 * sign among them, "" for a combining mark; NULL for all others. */
const char *words_plain(unsigned code);

#endif
