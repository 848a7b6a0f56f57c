/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/base64.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define NO_DIGIT 64

/* The value of each character; NO_DIGIT: it is none. */
static void base64_values(enum base64_form form, uint8_t values[256])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    memset(values, NO_DIGIT, 256);
    for (uint8_t i = 0; i < 62; i++)
        values[(unsigned char)digits[i]] = i;
    values[form == BASE64_URL ? '-' : '+'] = 62;
    values[form == BASE64_URL ? '_' : '/'] = 63;
}

static bool base64_is_break(enum base64_form form, unsigned char c)
{
    return form == BASE64_LINES && (c == '\r' || c == '\n');
}

/* Is the rest padding that fits behind so many digits? */
static bool base64_ends(enum base64_form form, const unsigned char *in, size_t len, size_t digits)
{
    size_t marks = 0;

    for (size_t i = 0; i < len; i++) {
        if (in[i] == '=')
            marks++;
        else if (!base64_is_break(form, in[i]))
            return false;
    }
    return marks == 0 || (form == BASE64_LINES && digits % 4 > 1 && digits % 4 + marks == 4);
}

long base64_decode(const char *text, size_t len, enum base64_form form, void *out)
{
    const unsigned char *in = (const unsigned char *)text;
    unsigned char *to = out;
    uint8_t values[256];
    uint32_t bits = 0;
    size_t i = 0, digits = 0;

    base64_values(form, values);
    while (i < len) {
        if (digits % 4 == 0 && len - i >= 4) { /* the usual case: four at once */
            uint32_t a = values[in[i]], b = values[in[i + 1]], c = values[in[i + 2]],
                     d = values[in[i + 3]];
            if (!((a | b | c | d) & NO_DIGIT)) {
                bits = a << 18 | b << 12 | c << 6 | d;
                *to++ = (unsigned char)(bits >> 16);
                *to++ = (unsigned char)(bits >> 8);
                *to++ = (unsigned char)bits;
                digits += 4;
                i += 4;
                continue;
            }
        }
        if (base64_is_break(form, in[i])) {
            i++;
            continue;
        }
        if (values[in[i]] == NO_DIGIT)
            break;
        bits = bits << 6 | values[in[i++]];
        if (digits++ % 4 != 0)
            *to++ = (unsigned char)(bits >> (6 - 2 * ((digits - 1) % 4)));
    }
    if (digits % 4 == 1 || !base64_ends(form, in + i, len - i, digits))
        return ERR_INVALID;
    return (long)(to - (unsigned char *)out);
}
