/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_UTF8_H
#define TURNPIKE_BASE_UTF8_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* utf8 -- well-formed UTF-8 (Unicode table 3-7: no surrogates, no overlong forms). */

/*
 * Length of the well-formed sequence at s (n > 0 bytes are there), or 0. bad may be NULL; on 0 it
 * is how many bytes stand for one U+FFFD: the longest start of a well-formed sequence, else 1.
 */
size_t utf8_sequence(const char *s, size_t n, size_t *bad);
bool utf8_valid(const char *s, size_t n);
/* Bytes written, 1 to 4. Surrogates and what is above U+10FFFF become U+FFFD. */
size_t utf8_encode(unsigned code, char out[4]);
/* The value of the four hexadecimal digits at the start of s, as behind "\u" in JSON; -1 when the n
 * bytes begin with fewer. */
MUST_CHECK int utf8_hex4(const char *s, size_t n);
/* The code point of a well-formed sequence of n bytes. */
unsigned utf8_code(const char *s, size_t n);
/*
 * utf8_cut -- where the first n bytes of a text may be cut without a character in two: n, or up to
 * three fewer when its last character is not whole there. A text shorter than n is not looked for.
 */
size_t utf8_cut(const char *s, size_t n);
/* Takes the rest of a character off the end of a text that snprintf may have cut. */
void utf8_mend_end(char *text);
/* Characters (code points) of valid text. */
size_t utf8_length(const char *s, size_t n);
/* Is there nothing to be seen: white space of Unicode, characters without width, control
 * characters? */
bool utf8_blank(const char *s, size_t n);

#endif
