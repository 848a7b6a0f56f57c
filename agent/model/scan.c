/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/model/scan.h"

#include "base/utf8.h"

#include <string.h>

struct cursor {
    const unsigned char *p, *end;
};

struct text { /* of a JSON string */
    const char *s;
    size_t len;
};

static void scan_skip_blank(struct cursor *c)
{
    while (c->p < c->end && (*c->p == ' ' || *c->p == '\t'))
        c->p++;
}

static bool scan_take(struct cursor *c, char want)
{
    scan_skip_blank(c);
    if (c->p == c->end || *c->p != (unsigned char)want)
        return false;
    c->p++;
    return true;
}

static bool scan_take_word(struct cursor *c, const char *word)
{
    size_t n = strlen(word);

    scan_skip_blank(c);
    if ((size_t)(c->end - c->p) < n || memcmp(c->p, word, n))
        return false;
    c->p += n;
    return true;
}

/* After "\u". NUL and surrogates are left to the slow path. */
static bool scan_unescape_unicode(struct cursor *c, struct buf *scratch)
{
    int value = utf8_hex4((const char *)c->p, (size_t)(c->end - c->p));

    if (value <= 0 || (value >= 0xD800 && value <= 0xDFFF))
        return false;
    c->p += 4;
    buf_put_utf8(scratch, (unsigned)value);
    return true;
}

static bool scan_unescape(struct cursor *c, struct buf *scratch)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *found;

    if (c->p == c->end)
        return false;
    unsigned char ch = *c->p++;
    if (ch == 'u')
        return scan_unescape_unicode(c, scratch);
    found = ch ? strchr(from, ch) : NULL;
    if (!found)
        return false;
    buf_putc(scratch, to[found - from]);
    return true;
}

static void scan_skip_plain(struct cursor *c)
{
    while (c->p < c->end && *c->p >= 0x20 && *c->p < 0x80 && *c->p != '"' && *c->p != '\\')
        c->p++;
}

/*
 * A string. Without an escape, out points into the event; with one, into scratch (when scratch is
 * NULL such a string is refused, which only sends the event to the slow path).
 */
static bool scan_take_string(struct cursor *c, struct buf *scratch, struct text *out)
{
    const unsigned char *run;
    bool escaped = false;

    if (!scan_take(c, '"'))
        return false;
    for (run = c->p;;) {
        scan_skip_plain(c);
        if (c->p == c->end || *c->p < 0x20)
            return false;
        if (*c->p == '"')
            break;
        if (*c->p != '\\') {
            size_t n = utf8_sequence((const char *)c->p, (size_t)(c->end - c->p), NULL);
            if (!n)
                return false;
            c->p += n;
            continue;
        }
        if (!scratch)
            return false;
        if (!escaped)
            buf_reset(scratch);
        escaped = true;
        buf_put(scratch, run, (size_t)(c->p - run));
        c->p++;
        if (!scan_unescape(c, scratch))
            return false;
        run = c->p;
    }
    if (escaped) {
        buf_put(scratch, run, (size_t)(c->p - run));
        *out = (struct text){buf_text(scratch), scratch->len};
    } else {
        *out = (struct text){(const char *)run, (size_t)(c->p - run)};
    }
    c->p++;
    return !escaped || !buf_error(scratch);
}

static bool scan_take_index(struct cursor *c, int64_t *value)
{
    const unsigned char *start;

    scan_skip_blank(c);
    start = c->p;
    *value = 0;
    while (c->p < c->end && *c->p >= '0' && *c->p <= '9' && c->p - start < 15)
        *value = *value * 10 + (*c->p++ - '0');
    if (c->p == start || (*start == '0' && c->p - start > 1))
        return false;
    return c->p < c->end && (*c->p == ',' || *c->p == '}' || *c->p == ' ' || *c->p == '\t');
}

/* Next member of an object: its number in names, or -1. seen refuses a name that comes twice. */
static int scan_take_name(struct cursor *c, const char *const *names, unsigned *seen)
{
    struct text name;

    if (!scan_take_string(c, NULL, &name) || !scan_take(c, ':'))
        return -1;
    for (int i = 0; names[i]; i++)
        if (strlen(names[i]) == name.len && !memcmp(names[i], name.s, name.len)) {
            if (*seen & 1u << i)
                return -1;
            *seen |= 1u << i;
            return i;
        }
    return -1;
}

static bool scan_is(const struct text *t, const char *want)
{
    return t->len == strlen(want) && !memcmp(t->s, want, t->len);
}

/* After a member: 1 = another follows, 0 = the object ended, -1 = neither. */
static int scan_after_member(struct cursor *c)
{
    if (scan_take(c, ','))
        return 1;
    return scan_take(c, '}') ? 0 : -1;
}

typedef bool scan_member_fn(struct cursor *c, int name, struct buf *scratch,
    struct scan_delta *out);

/* An object; member() reads the values of names. seen, out: bit i is names[i]. Inline, so that the
 * compiler knows which member() it calls. */
static inline __attribute__((always_inline)) bool scan_object(struct cursor *c,
    const char *const *names, scan_member_fn *member, unsigned *seen, struct buf *scratch,
    struct scan_delta *out)
{
    int more;

    *seen = 0;
    if (!scan_take(c, '{'))
        return false;
    do {
        int name = scan_take_name(c, names, seen);
        if (name < 0 || !member(c, name, scratch, out))
            return false;
        more = scan_after_member(c);
    } while (more > 0);
    return !more;
}

static bool scan_at_end(struct cursor *c)
{
    scan_skip_blank(c);
    return c->p == c->end;
}

static bool scan_take_text(struct cursor *c, struct buf *scratch, struct scan_delta *out)
{
    struct text value;

    if (!scan_take_string(c, scratch, &value))
        return false;
    out->text = value.s;
    out->len = value.len;
    return true;
}

static bool scan_anthropic_delta_member(struct cursor *c, int name, struct buf *scratch,
    struct scan_delta *out)
{
    struct text type;

    if (name)
        return scan_take_text(c, scratch, out);
    if (!scan_take_string(c, NULL, &type))
        return false;
    out->kind = scan_is(&type, "text_delta") ? SCAN_TEXT : SCAN_ARGS;
    return out->kind == SCAN_TEXT || scan_is(&type, "input_json_delta");
}

/* {"type":"text_delta","text":"..."} or {"type":"input_json_delta","partial_json":"..."} */
static bool scan_anthropic_delta(struct cursor *c, struct buf *scratch, struct scan_delta *out)
{
    static const char *const names[] = {"type", "text", "partial_json", NULL};
    unsigned seen;

    return scan_object(c, names, scan_anthropic_delta_member, &seen, scratch, out) && (seen & 1) &&
        seen == (out->kind == SCAN_TEXT ? 3 : 5);
}

static bool scan_anthropic_member(struct cursor *c, int name, struct buf *scratch,
    struct scan_delta *out)
{
    struct text type;

    switch (name) {
    case 0:
        return scan_take_string(c, NULL, &type) && scan_is(&type, "content_block_delta");
    case 1:
        return scan_take_index(c, &out->index);
    default:
        return scan_anthropic_delta(c, scratch, out);
    }
}

bool scan_anthropic(const char *data, size_t len, struct buf *scratch, struct scan_delta *out)
{
    static const char *const names[] = {"type", "index", "delta", NULL};
    struct cursor c = {(const unsigned char *)data, (const unsigned char *)data + len};
    unsigned seen;

    return scan_object(&c, names, scan_anthropic_member, &seen, scratch, out) && seen == 7 &&
        scan_at_end(&c);
}

static bool scan_openai_delta_member(struct cursor *c, int name, struct buf *scratch,
    struct scan_delta *out)
{
    struct text role;

    switch (name) {
    case 0:
        return scan_take_text(c, scratch, out);
    case 1:
        return scan_take_string(c, NULL, &role);
    default:
        return scan_take_word(c, "null");
    }
}

/* {"content":"..."}, perhaps with "role":"assistant" and nulls. */
static bool scan_openai_delta(struct cursor *c, struct buf *scratch, struct scan_delta *out)
{
    static const char *const names[] = {"content", "role", "refusal", "function_call", NULL};
    unsigned seen;

    return scan_object(c, names, scan_openai_delta_member, &seen, scratch, out) && (seen & 1);
}

static bool scan_openai_choice_member(struct cursor *c, int name, struct buf *scratch,
    struct scan_delta *out)
{
    switch (name) {
    case 0:
        return scan_take_index(c, &out->index) && !out->index;
    case 1:
        return scan_openai_delta(c, scratch, out);
    default:
        return scan_take_word(c, "null");
    }
}

static bool scan_openai_choice(struct cursor *c, struct buf *scratch, struct scan_delta *out)
{
    static const char *const names[] = {"index", "delta", "finish_reason", "logprobs", NULL};
    unsigned seen;

    return scan_take(c, '[') &&
        scan_object(c, names, scan_openai_choice_member, &seen, scratch, out) && (seen & 2) &&
        scan_take(c, ']');
}

static bool scan_openai_member(struct cursor *c, int name, struct buf *scratch,
    struct scan_delta *out)
{
    struct text ignored;
    int64_t number;

    switch (name) {
    case 0:
        return scan_openai_choice(c, scratch, out);
    case 1:
        return scan_take_index(c, &number);
    case 2:
        return scan_take_word(c, "null");
    case 3:
    case 4:
        return scan_take_word(c, "null") || scan_take_string(c, NULL, &ignored);
    default:
        return scan_take_string(c, NULL, &ignored);
    }
}

bool scan_openai(const char *data, size_t len, struct buf *scratch, struct scan_delta *out)
{
    static const char *const names[] = {"choices", "created", "usage", "system_fingerprint",
        "service_tier", "id", "object", "model", "obfuscation", NULL};
    struct cursor c = {(const unsigned char *)data, (const unsigned char *)data + len};
    unsigned seen;

    out->kind = SCAN_TEXT;
    out->index = 0;
    return scan_object(&c, names, scan_openai_member, &seen, scratch, out) && (seen & 1) &&
        scan_at_end(&c);
}

static bool scan_responses_member(struct cursor *c, int name, struct buf *scratch,
    struct scan_delta *out)
{
    struct text ignored;

    switch (name) {
    case 0:
        return scan_take_string(c, NULL, &ignored) &&
            scan_is(&ignored, "response.output_text.delta");
    case 1:
        return scan_take_index(c, &out->sequence);
    case 2:
        return scan_take_index(c, &out->index);
    case 3:
        return scan_take_index(c, &out->part);
    case 4:
        return scan_take_text(c, scratch, out);
    case 5:
        return scan_take(c, '[') && scan_take(c, ']');
    case 6:
        if (!scan_take_string(c, NULL, &ignored))
            return false;
        out->item = ignored.s;
        out->item_len = ignored.len;
        return true;
    default:
        return scan_take_string(c, NULL, &ignored);
    }
}

bool scan_responses(const char *data, size_t len, struct buf *scratch, struct scan_delta *out)
{
    static const char *const names[] = {"type", "sequence_number", "output_index", "content_index",
        "delta", "logprobs", "item_id", "obfuscation", NULL};
    struct cursor c = {(const unsigned char *)data, (const unsigned char *)data + len};
    unsigned seen;

    out->kind = SCAN_TEXT;
    return scan_object(&c, names, scan_responses_member, &seen, scratch, out) &&
        (seen & 0x5F) == 0x5F && scan_at_end(&c);
}
