/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/jdoc_parts.h"

#include "base/err.h"
#include "base/utf8.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 128 /* characters of one number */

struct jdoc_reader {
    const char *start, *p, *end;
    const char *wrong; /* static text */
    int depth;
    struct buf text; /* of a string that has escapes */
};

static int jdoc_read_value(struct jdoc_reader *r, jdoc **out);

static int jdoc_fail(struct jdoc_reader *r, int error, const char *wrong)
{
    if (!r->wrong)
        r->wrong = wrong;
    return error;
}

static void jdoc_skip_space(struct jdoc_reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\r' || *r->p == '\t'))
        r->p++;
}

static bool jdoc_take_char(struct jdoc_reader *r, char c)
{
    if (r->p == r->end || *r->p != c)
        return false;
    r->p++;
    return true;
}

static int jdoc_read_hex4(struct jdoc_reader *r, unsigned *code)
{
    *code = 0;
    for (int i = 0; i < 4; i++, r->p++) {
        char c = r->p < r->end ? *r->p : 0;
        if (c >= '0' && c <= '9')
            *code = *code * 16 + (unsigned)(c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            *code = *code * 16 + (unsigned)((c | 32) - 'a' + 10);
        else
            return jdoc_fail(r, ERR_INVALID, "\\u needs four hexadecimal digits");
    }
    return 0;
}

/* Behind `\u`. Half of a surrogate pair is valid JSON but no character: it becomes U+FFFD. */
static int jdoc_read_unicode(struct jdoc_reader *r)
{
    unsigned code, low;
    int error = jdoc_read_hex4(r, &code);

    if (error)
        return error;
    if (code >= 0xd800 && code <= 0xdbff && r->end - r->p >= 6 && r->p[0] == '\\' &&
        r->p[1] == 'u') {
        const char *back = r->p;
        r->p += 2;
        if ((error = jdoc_read_hex4(r, &low)) != 0)
            return error;
        if (low >= 0xdc00 && low <= 0xdfff)
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        else
            r->p = back;
    }
    buf_put_utf8(&r->text, code);
    return 0;
}

static int jdoc_read_escape(struct jdoc_reader *r)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char c = r->p < r->end ? *r->p : 0;
    const char *at = c ? strchr(from, c) : NULL;

    if (at) {
        r->p++;
        buf_putc(&r->text, to[at - from]);
        return 0;
    }
    if (c != 'u')
        return jdoc_fail(r, ERR_INVALID, "unknown escape in a string");
    r->p++;
    return jdoc_read_unicode(r);
}

#define EACH_BYTE(c) (UINT64_C(0x0101010101010101) * (c))

/* Are all of eight bytes ASCII that stands for itself? The high bit of a byte of each term tells
 * that it is: beyond ASCII, a control character, '"', '\\'. A false alarm costs a closer look. */
static bool jdoc_are_plain(const char *p)
{
    uint64_t w, quote, slash;

    memcpy(&w, p, sizeof w);
    quote = w ^ EACH_BYTE('"');
    slash = w ^ EACH_BYTE('\\');
    return !((w | (w - EACH_BYTE(0x20)) | (quote - EACH_BYTE(1)) | (slash - EACH_BYTE(1))) &
        EACH_BYTE(0x80));
}

/* Moves over characters that stand for themselves; stops at '"' or '\\'. */
static int jdoc_skip_plain(struct jdoc_reader *r)
{
    while (r->p < r->end) {
        while (r->end - r->p >= 8 && jdoc_are_plain(r->p))
            r->p += 8;
        if (r->p == r->end)
            break;
        unsigned char c = (unsigned char)*r->p;
        if (c == '"' || c == '\\')
            return 0;
        if (c < 0x20)
            return jdoc_fail(r, ERR_INVALID, "control character in a string");
        size_t n = c < 0x80 ? 1 : utf8_sequence(r->p, (size_t)(r->end - r->p), NULL);
        if (n == 0)
            return jdoc_fail(r, ERR_INVALID, "invalid UTF-8");
        r->p += n;
    }
    return jdoc_fail(r, ERR_INVALID, "the text ends inside a string");
}

/* At the opening quote. *s is borrowed from the text or from r->text until the next string. */
static int jdoc_read_string(struct jdoc_reader *r, const char **s, size_t *len)
{
    const char *start = ++r->p;
    int error = jdoc_skip_plain(r);

    if (error)
        return error;
    if (*r->p == '"') {
        *s = start;
        *len = (size_t)(r->p++ - start);
        return 0;
    }
    buf_reset(&r->text);
    while (*r->p == '\\') {
        buf_put(&r->text, start, (size_t)(r->p - start));
        r->p++;
        if ((error = jdoc_read_escape(r)) != 0)
            return error;
        start = r->p;
        if ((error = jdoc_skip_plain(r)) != 0)
            return error;
    }
    buf_put(&r->text, start, (size_t)(r->p - start));
    r->p++;
    *s = buf_text(&r->text);
    *len = r->text.len;
    return buf_error(&r->text);
}

static bool jdoc_skip_digits(struct jdoc_reader *r)
{
    const char *start = r->p;

    while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
        r->p++;
    return r->p > start;
}

/* Moves over a number of the grammar; *whole tells that it has neither fraction nor exponent. */
static int jdoc_skip_number(struct jdoc_reader *r, bool *whole)
{
    *whole = true;
    jdoc_take_char(r, '-');
    bool zero = r->p < r->end && *r->p == '0';
    const char *digits = r->p;
    if (!jdoc_skip_digits(r))
        return jdoc_fail(r, ERR_INVALID, "a value was expected");
    if (zero && r->p - digits > 1)
        return jdoc_fail(r, ERR_INVALID, "a number starts with 0");
    if (jdoc_take_char(r, '.')) {
        *whole = false;
        if (!jdoc_skip_digits(r))
            return jdoc_fail(r, ERR_INVALID, "digits are missing in a number");
    }
    if (r->p < r->end && (*r->p == 'e' || *r->p == 'E')) {
        *whole = false;
        r->p++;
        if (!jdoc_take_char(r, '+'))
            jdoc_take_char(r, '-');
        if (!jdoc_skip_digits(r))
            return jdoc_fail(r, ERR_INVALID, "digits are missing in a number");
    }
    return 0;
}

static int jdoc_read_number(struct jdoc_reader *r, jdoc **out)
{
    char text[NUMBER_MAX + 1];
    const char *start = r->p;
    bool whole;
    int error = jdoc_skip_number(r, &whole);

    if (error)
        return error;
    size_t len = (size_t)(r->p - start);
    if (len > NUMBER_MAX)
        return jdoc_fail(r, ERR_INVALID, "a number is too long");
    memcpy(text, start, len);
    text[len] = 0;
    errno = 0;
    long long integer = whole ? strtoll(text, NULL, 10) : 0;
    if (whole && errno == 0) {
        *out = jdoc_new_int(integer);
    } else { /* also an integer beyond int64_t: as a double, which no getter of integers takes */
        double value = strtod(text, NULL);
        if (!isfinite(value))
            return jdoc_fail(r, ERR_INVALID, "a number does not fit");
        *out = jdoc_new_double(value);
    }
    return *out ? 0 : ERR_NOMEM;
}

static int jdoc_read_array(struct jdoc_reader *r, jdoc **out)
{
    jdoc *array = jdoc_new_array(), *element;
    int error = array ? 0 : ERR_NOMEM;

    r->p++;
    jdoc_skip_space(r);
    if (!error && jdoc_take_char(r, ']')) {
        *out = array;
        return 0;
    }
    while (!error) {
        element = NULL;
        if ((error = jdoc_read_value(r, &element)) != 0)
            break;
        if ((error = jdoc_push_any(array, element)) != 0)
            break;
        jdoc_skip_space(r);
        if (jdoc_take_char(r, ']')) {
            *out = array;
            return 0;
        }
        if (!jdoc_take_char(r, ','))
            error = jdoc_fail(r, ERR_INVALID, "',' or ']' was expected");
    }
    jdoc_free(array);
    return error;
}

static int jdoc_read_member(struct jdoc_reader *r, jdoc *object)
{
    const char *s, *name_at = r->p;
    size_t len;

    if (r->p == r->end || *r->p != '"')
        return jdoc_fail(r, ERR_INVALID, "a member name in quotes was expected");
    int error = jdoc_read_string(r, &s, &len);
    if (error)
        return error;
    /* A copy: reading the value may reuse the bytes of s. */
    char small[64], *key = len < sizeof small ? small : malloc(len + 1);
    if (!key)
        return ERR_NOMEM;
    memcpy(key, s, len);
    key[len] = 0;
    jdoc *value = NULL;
    if (memchr(key, 0, len)) {
        error = jdoc_fail(r, ERR_INVALID, "\\u0000 in a member name");
    } else if (jdoc_has(object, key)) {
        r->p = name_at;
        error = jdoc_fail(r, ERR_INVALID, "a member name comes twice");
    } else {
        jdoc_skip_space(r);
        if (!jdoc_take_char(r, ':'))
            error = jdoc_fail(r, ERR_INVALID, "':' was expected");
        else
            error = jdoc_read_value(r, &value);
        if (!error)
            error = jdoc_put_new(object, key, value);
    }
    if (key != small)
        free(key);
    return error;
}

static int jdoc_read_object(struct jdoc_reader *r, jdoc **out)
{
    jdoc *object = jdoc_new_object();
    int error = object ? 0 : ERR_NOMEM;

    r->p++;
    jdoc_skip_space(r);
    if (!error && jdoc_take_char(r, '}')) {
        *out = object;
        return 0;
    }
    while (!error) {
        jdoc_skip_space(r);
        if ((error = jdoc_read_member(r, object)) != 0)
            break;
        jdoc_skip_space(r);
        if (jdoc_take_char(r, '}')) {
            *out = object;
            return 0;
        }
        if (!jdoc_take_char(r, ','))
            error = jdoc_fail(r, ERR_INVALID, "',' or '}' was expected");
    }
    jdoc_free(object);
    return error;
}

static int jdoc_read_nested(struct jdoc_reader *r, jdoc **out)
{
    if (r->depth == JDOC_MAX_DEPTH)
        return jdoc_fail(r, ERR_LIMIT, "nested too deeply");
    r->depth++;
    int error = *r->p == '{' ? jdoc_read_object(r, out) : jdoc_read_array(r, out);
    r->depth--;
    return error;
}

static bool jdoc_take_word(struct jdoc_reader *r, const char *word)
{
    size_t len = strlen(word);

    if ((size_t)(r->end - r->p) < len || memcmp(r->p, word, len) != 0)
        return false;
    r->p += len;
    return true;
}

static int jdoc_read_word(struct jdoc_reader *r, jdoc **out)
{
    *out = NULL;
    if (jdoc_take_word(r, "null"))
        return 0;
    if (jdoc_take_word(r, "true"))
        *out = jdoc_new_bool(true);
    else if (jdoc_take_word(r, "false"))
        *out = jdoc_new_bool(false);
    else
        return jdoc_fail(r, ERR_INVALID, "a value was expected");
    return *out ? 0 : ERR_NOMEM;
}

static int jdoc_read_value(struct jdoc_reader *r, jdoc **out)
{
    const char *s;
    size_t len;
    int error;

    jdoc_skip_space(r);
    if (r->p == r->end)
        return jdoc_fail(r, ERR_INVALID, "the text ends where a value was expected");
    switch (*r->p) {
    case '{':
    case '[':
        return jdoc_read_nested(r, out);
    case '"':
        if ((error = jdoc_read_string(r, &s, &len)) != 0)
            return error;
        *out = jdoc_new_string(s, len);
        return *out ? 0 : ERR_NOMEM;
    case 't':
    case 'f':
    case 'n':
        return jdoc_read_word(r, out);
    default:
        return jdoc_read_number(r, out);
    }
}

int jdoc_parse(const char *text, size_t len, jdoc **out, char *why, size_t why_size)
{
    struct jdoc_reader r = {.start = text, .p = text, .end = text + len};
    jdoc *doc = NULL;

    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        r.p += 3;
    int error = jdoc_read_value(&r, &doc);

    if (!error) {
        jdoc_skip_space(&r);
        if (r.p < r.end)
            error = jdoc_fail(&r, ERR_INVALID, "text after the value");
    }
    buf_free(&r.text);
    if (error) {
        jdoc_free(doc);
        if (why && why_size)
            snprintf(why, why_size, "%s at byte %zu", r.wrong ? r.wrong : err_text(error),
                (size_t)(r.p - r.start));
        return error;
    }
    *out = doc;
    return 0;
}
