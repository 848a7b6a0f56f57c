/* SPDX-License-Identifier: BSD-2-Clause */
/* gazetteer_fold: names to keys. build-aux/make-places.mjs folds the same way. */
#include "tools/kit/gazetteer.h"

#include "base/words.h"

#include <ctype.h>
#include <string.h>

static unsigned gazetteer_next_code_point(const unsigned char **s)
{
    unsigned c = *(*s)++;
    int more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : c >= 0xC0 ? 1 : 0;
    if (more > 0)
        c &= 0x3Fu >> more;
    while (more-- > 0 && (**s & 0xC0) == 0x80)
        c = c << 6 | (*(*s)++ & 0x3F);
    return c;
}

bool gazetteer_fold(const char *text, char *out, size_t size)
{
    size_t at = 0;
    const unsigned char *s = (const unsigned char *)text;
    while (*s != '\0') {
        char ascii[2] = {0};
        unsigned c = gazetteer_next_code_point(&s);
        const char *letters = c < 0x80 ? ascii : words_plain(c);
        if (c < 0x80)
            ascii[0] = isalnum((int)c) ? (char)tolower((int)c) : strchr("'.", (int)c) ? '\0' : ' ';
        if (c >= 0x218 && c <= 0x21B) /* Romanian letters with a comma below */
            letters = c < 0x21A ? "s" : "t";
        if (c == 0x2019 || !letters)
            letters = c == 0x2019 ? "" : " ";
        for (; *letters != '\0'; letters++) {
            if (*letters == ' ' && (at == 0 || out[at - 1] == ' '))
                continue;
            if (at + 1 >= size)
                return false;
            out[at++] = *letters;
        }
    }
    if (at > 0 && out[at - 1] == ' ')
        at--;
    out[at] = '\0';
    return at > 0;
}
