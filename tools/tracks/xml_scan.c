/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/tracks/xml_scan.h"

#include "base/err.h"
#include "base/utf8.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void xml_scan_begin(struct xml_scan *x, const char *text, size_t len)
{
    *x = (struct xml_scan){.at = text, .end = text + len};
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        x->at += 3;
}

static int xml_scan_fail(struct xml_scan *x, const char *why)
{
    x->why = why;
    return ERR_INVALID;
}

static bool xml_scan_starts(const struct xml_scan *x, const char *word)
{
    size_t len = strlen(word);
    return (size_t)(x->end - x->at) >= len && memcmp(x->at, word, len) == 0;
}

/* Past the next `mark`; false: there is none. */
static bool xml_scan_pass(struct xml_scan *x, const char *mark)
{
    size_t len = strlen(mark);
    for (const char *at = x->at; (size_t)(x->end - at) >= len; at++) {
        at = memchr(at, mark[0], (size_t)(x->end - at) - len + 1);
        if (!at)
            return false;
        if (memcmp(at, mark, len) != 0)
            continue;
        x->at = at + len;
        return true;
    }
    return false;
}

/* "gpx:trkpt" or "trkpt", up to the first character of another kind. */
static const char *xml_scan_name(const char *at, const char *end, char out[XML_NAME_SIZE])
{
    const char *from = at;
    while (at < end && (isalnum((unsigned char)*at) || strchr("_-.:", *at) || *at & 0x80)) {
        if (*at == '\0')
            break;
        if (*at == ':')
            from = at + 1;
        at++;
    }
    size_t len = (size_t)(at - from) < XML_NAME_SIZE ? (size_t)(at - from) : XML_NAME_SIZE - 1;
    memcpy(out, from, len);
    out[len] = '\0';
    return at;
}

static int xml_scan_close(struct xml_scan *x)
{
    if (x->depth == 0 || strcmp(x->open[x->depth - 1], x->name) != 0)
        return xml_scan_fail(x, "its elements do not close in order");
    x->depth--;
    x->piece = XML_END;
    return 0;
}

/* The end of a tag, past quoted values. NULL: there is none. */
static const char *xml_scan_tag_end(const struct xml_scan *x)
{
    char quote = '\0';
    for (const char *at = x->at; at < x->end; at++) {
        if (quote != '\0')
            quote = *at == quote ? '\0' : quote;
        else if (*at == '"' || *at == '\'')
            quote = *at;
        else if (*at == '>')
            return at;
        else if (*at == '<')
            return NULL;
    }
    return NULL;
}

static int xml_scan_open(struct xml_scan *x)
{
    const char *end = xml_scan_tag_end(x);
    if (!end)
        return xml_scan_fail(x, "a tag does not end");
    x->text = xml_scan_name(x->at, end, x->name);
    if (x->name[0] == '\0')
        return xml_scan_fail(x, "a tag has no name");
    if (x->depth == XML_DEPTH_MAX)
        return xml_scan_fail(x, "its elements are nested too deeply");
    x->closes = end > x->text && end[-1] == '/';
    x->len = (size_t)(end - x->text) - x->closes;
    memcpy(x->open[x->depth++], x->name, XML_NAME_SIZE);
    x->at = end + 1;
    x->piece = XML_BEGIN;
    return 0;
}

static int xml_scan_section(struct xml_scan *x)
{
    const char *from = x->at += 9; /* <![CDATA[ */
    if (!xml_scan_pass(x, "]]>"))
        return xml_scan_fail(x, "a CDATA section does not end");
    x->text = from;
    x->len = (size_t)(x->at - 3 - from);
    x->raw = true;
    x->piece = XML_TEXT;
    return 0;
}

static int xml_scan_tag(struct xml_scan *x)
{
    x->at++;
    if (x->at == x->end || *x->at != '/')
        return xml_scan_open(x);
    x->at = xml_scan_name(x->at + 1, x->end, x->name);
    while (x->at < x->end && isspace((unsigned char)*x->at))
        x->at++;
    if (x->at == x->end || *x->at != '>')
        return xml_scan_fail(x, "a tag does not end");
    x->at++;
    return xml_scan_close(x);
}

int xml_scan_next(struct xml_scan *x)
{
    x->raw = false;
    if (x->closes) {
        x->closes = false;
        return xml_scan_close(x);
    }
    for (;;) {
        if (x->at == x->end) {
            x->piece = XML_DONE;
            return x->depth == 0 ? 0 : xml_scan_fail(x, "it ends before its elements do");
        }
        if (*x->at != '<') {
            const char *next = memchr(x->at, '<', (size_t)(x->end - x->at));
            x->text = x->at;
            x->at = next ? next : x->end;
            x->len = (size_t)(x->at - x->text);
            x->piece = XML_TEXT;
            return 0;
        }
        if (xml_scan_starts(x, "<!--")) {
            if (!xml_scan_pass(x, "-->"))
                return xml_scan_fail(x, "a comment does not end");
        } else if (xml_scan_starts(x, "<?")) {
            if (!xml_scan_pass(x, "?>"))
                return xml_scan_fail(x, "an instruction does not end");
        } else if (xml_scan_starts(x, "<![CDATA[")) {
            return xml_scan_section(x);
        } else if (xml_scan_starts(x, "<!")) {
            return xml_scan_fail(x, "it has a document type, which is not read");
        } else {
            return xml_scan_tag(x);
        }
    }
}

/* --- characters --- */

/* One character of text that is not raw; how many bytes it took. An unknown entity is itself. */
static size_t xml_scan_character(const char *at, const char *end, char out[4], size_t *out_len)
{
    static const struct {
        const char *name;
        char is;
    } names[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}};
    out[0] = *at;
    *out_len = 1;
    if (*at != '&')
        return 1;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t len = strlen(names[i].name);
        if ((size_t)(end - at) >= len && memcmp(at, names[i].name, len) == 0) {
            out[0] = names[i].is;
            return len;
        }
    }
    bool hex = end - at > 3 && at[1] == '#' && at[2] == 'x';
    unsigned code = 0;
    const char *digit = at + (hex ? 3 : 2);
    if (end - at < 4 || at[1] != '#')
        return 1;
    for (; digit < end && digit - at < 10 && isxdigit((unsigned char)*digit); digit++) {
        if (!hex && !isdigit((unsigned char)*digit))
            return 1;
        int value = isdigit((unsigned char)*digit) ? *digit - '0' :
                                                     tolower((unsigned char)*digit) - 'a' + 10;
        code = code * (hex ? 16 : 10) + (unsigned)value;
    }
    if (digit == end || *digit != ';' || code == 0 || code > 0x10FFFF ||
        (code >= 0xD800 && code <= 0xDFFF))
        return 1;
    *out_len = utf8_encode(code, out);
    return (size_t)(digit + 1 - at);
}

static void xml_scan_decode(const char *at, const char *end, bool raw, char *out, size_t size)
{
    size_t used = strlen(out);
    while (at < end) {
        char bytes[4] = {*at};
        size_t len = 1;
        at += raw ? 1 : xml_scan_character(at, end, bytes, &len);
        if (used + len >= size)
            break;
        for (size_t i = 0; i < len; i++)
            out[used++] =
                (char)((unsigned char)bytes[i] < ' ' || bytes[i] == 0x7F ? ' ' : bytes[i]);
    }
    out[used] = '\0';
    utf8_mend_end(out);
}

bool xml_scan_attribute(const struct xml_scan *x, const char *name, char *out, size_t size)
{
    const char *at = x->text, *end = x->text + x->len;
    char found[XML_NAME_SIZE];
    while (at < end) {
        while (at < end && isspace((unsigned char)*at))
            at++;
        const char *behind = xml_scan_name(at, end, found);
        if (behind == at)
            return false;
        at = behind;
        while (at < end && (isspace((unsigned char)*at) || *at == '='))
            at++;
        if (at == end || (*at != '"' && *at != '\''))
            return false;
        const char *close = memchr(at + 1, *at, (size_t)(end - at - 1));
        if (!close)
            return false;
        if (strcmp(found, name) == 0) {
            out[0] = '\0';
            xml_scan_decode(at + 1, close, false, out, size);
            return true;
        }
        at = close + 1;
    }
    return false;
}

void xml_scan_append(const struct xml_scan *x, char *out, size_t size)
{
    xml_scan_decode(x->text, x->text + x->len, x->raw, out, size);
}
