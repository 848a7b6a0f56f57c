#include "base/jdoc.h"

#include "base/err.h"
#include "base/utf8.h"

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * json-c's tokener accepts more than JSON in a dozen ways and its options close only some of them,
 * so this file reads the text itself, in one pass, and uses json-c for the documents alone.
 */
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
    char s[4];
    buf_put(&r->text, s, utf8_encode(code, s));
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

/* Moves over characters that stand for themselves; stops at '"' or '\\'. */
static int jdoc_skip_plain(struct jdoc_reader *r)
{
    while (r->p < r->end) {
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
        *out = json_object_new_int64(integer);
    } else { /* also an integer beyond int64_t: as a double, which no getter of integers takes */
        double value = strtod(text, NULL);
        if (!isfinite(value))
            return jdoc_fail(r, ERR_INVALID, "a number does not fit");
        *out = json_object_new_double(value);
    }
    return *out ? 0 : ERR_NOMEM;
}

static int jdoc_read_array(struct jdoc_reader *r, jdoc **out)
{
    jdoc *array = json_object_new_array(), *element;
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
        if (json_object_array_add(array, element) != 0) {
            json_object_put(element);
            error = ERR_NOMEM;
            break;
        }
        jdoc_skip_space(r);
        if (jdoc_take_char(r, ']')) {
            *out = array;
            return 0;
        }
        if (!jdoc_take_char(r, ','))
            error = jdoc_fail(r, ERR_INVALID, "',' or ']' was expected");
    }
    json_object_put(array);
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
    } else if (json_object_object_get_ex(object, key, NULL)) {
        r->p = name_at;
        error = jdoc_fail(r, ERR_INVALID, "a member name comes twice");
    } else {
        jdoc_skip_space(r);
        if (!jdoc_take_char(r, ':'))
            error = jdoc_fail(r, ERR_INVALID, "':' was expected");
        else
            error = jdoc_read_value(r, &value);
        if (!error &&
            json_object_object_add_ex(object, key, value, JSON_C_OBJECT_ADD_KEY_IS_NEW) != 0) {
            json_object_put(value);
            error = ERR_NOMEM;
        }
    }
    if (key != small)
        free(key);
    return error;
}

static int jdoc_read_object(struct jdoc_reader *r, jdoc **out)
{
    jdoc *object = json_object_new_object();
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
    json_object_put(object);
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
        *out = json_object_new_boolean(1);
    else if (jdoc_take_word(r, "false"))
        *out = json_object_new_boolean(0);
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
    struct jdoc_reader r = { .start = text, .p = text, .end = text + len };
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
        json_object_put(doc);
        if (why && why_size)
            snprintf(why, why_size, "%s at byte %zu", r.wrong ? r.wrong : err_text(error),
                (size_t)(r.p - r.start));
        return error;
    }
    *out = doc;
    return 0;
}

void jdoc_free(jdoc *doc)
{
    json_object_put(doc);
}

jdoc *jdoc_dup(const jdoc *doc)
{
    jdoc *copy = NULL;

    if (!doc || json_object_deep_copy((jdoc *)doc, &copy, NULL) != 0)
        return NULL;
    return copy;
}

enum jdoc_type jdoc_type(const jdoc *doc)
{
    switch (json_object_get_type(doc)) {
    case json_type_boolean:
        return JDOC_BOOL;
    case json_type_int:
        return JDOC_INT;
    case json_type_double:
        return JDOC_DOUBLE;
    case json_type_string:
        return JDOC_STRING;
    case json_type_array:
        return JDOC_ARRAY;
    case json_type_object:
        return JDOC_OBJECT;
    default:
        return JDOC_NULL;
    }
}

const char *jdoc_type_name(enum jdoc_type type)
{
    static const char *const names[] = { "null", "boolean", "integer", "number", "string", "array",
        "object" };
    return (unsigned)type < sizeof names / sizeof names[0] ? names[type] : "unknown";
}

static bool jdoc_find(const jdoc *doc, const char *key, jdoc **value)
{
    *value = NULL;
    return jdoc_type(doc) == JDOC_OBJECT && json_object_object_get_ex(doc, key, value);
}

jdoc *jdoc_get(const jdoc *doc, const char *key)
{
    jdoc *value;
    jdoc_find(doc, key, &value);
    return value;
}

bool jdoc_has(const jdoc *doc, const char *key)
{
    jdoc *value;
    return jdoc_find(doc, key, &value);
}

int jdoc_get_string(const jdoc *doc, const char *key, const char **s, size_t *len)
{
    const jdoc *value = jdoc_get(doc, key);
    if (!value)
        return ERR_NOT_FOUND;
    if (jdoc_type(value) != JDOC_STRING)
        return ERR_INVALID;
    *s = jdoc_string(value, len);
    return 0;
}

int jdoc_get_int(const jdoc *doc, const char *key, int64_t *number)
{
    const jdoc *value = jdoc_get(doc, key);
    return value ? jdoc_int(value, number) : ERR_NOT_FOUND;
}

int jdoc_get_double(const jdoc *doc, const char *key, double *number)
{
    const jdoc *value = jdoc_get(doc, key);
    return value ? jdoc_double(value, number) : ERR_NOT_FOUND;
}

int jdoc_get_bool(const jdoc *doc, const char *key, bool *flag)
{
    const jdoc *value = jdoc_get(doc, key);
    return value ? jdoc_bool(value, flag) : ERR_NOT_FOUND;
}

const char *jdoc_string(const jdoc *doc, size_t *len)
{
    if (jdoc_type(doc) != JDOC_STRING)
        return NULL;
    if (len)
        *len = (size_t)json_object_get_string_len(doc);
    return json_object_get_string((jdoc *)doc);
}

int jdoc_int(const jdoc *doc, int64_t *value)
{
    if (jdoc_type(doc) != JDOC_INT)
        return ERR_INVALID;
    *value = json_object_get_int64(doc);
    return 0;
}

int jdoc_double(const jdoc *doc, double *value)
{
    enum jdoc_type type = jdoc_type(doc);
    if (type != JDOC_DOUBLE && type != JDOC_INT)
        return ERR_INVALID;
    *value = json_object_get_double(doc);
    return 0;
}

int jdoc_bool(const jdoc *doc, bool *value)
{
    if (jdoc_type(doc) != JDOC_BOOL)
        return ERR_INVALID;
    *value = json_object_get_boolean(doc);
    return 0;
}

const char *jdoc_text_or(const jdoc *doc, const char *key, const char *fallback)
{
    const char *s = jdoc_string(jdoc_get(doc, key), NULL);
    return s ? s : fallback ? fallback : "";
}

size_t jdoc_length(const jdoc *doc)
{
    switch (jdoc_type(doc)) {
    case JDOC_ARRAY:
        return json_object_array_length(doc);
    case JDOC_OBJECT:
        return (size_t)json_object_object_length(doc);
    default:
        return 0;
    }
}

jdoc *jdoc_at(const jdoc *doc, size_t index)
{
    if (jdoc_type(doc) != JDOC_ARRAY || index >= json_object_array_length(doc))
        return NULL;
    return json_object_array_get_idx(doc, index);
}

/* it->entry is the member after the one returned, so the caller may remove what it got. */
bool jdoc_next(const jdoc *object, struct jdoc_iter *it, const char **key, jdoc **value)
{
    if (!it->started) {
        it->started = true;
        it->entry = jdoc_type(object) == JDOC_OBJECT ?
            lh_table_head(json_object_get_object(object)) : NULL;
    }
    struct lh_entry *entry = it->entry;
    if (!entry)
        return false;
    it->entry = lh_entry_next(entry);
    *key = lh_entry_k(entry);
    *value = lh_entry_v(entry);
    return true;
}

jdoc *jdoc_new_object(void)
{
    return json_object_new_object();
}

jdoc *jdoc_new_array(void)
{
    return json_object_new_array();
}

jdoc *jdoc_new_string(const char *s, size_t len)
{
    return len > INT32_MAX ? NULL : json_object_new_string_len(s, (int)len);
}

jdoc *jdoc_new_int(int64_t value)
{
    return json_object_new_int64(value);
}

jdoc *jdoc_new_double(double value)
{
    return json_object_new_double(value);
}

jdoc *jdoc_new_bool(bool value)
{
    return json_object_new_boolean(value);
}

static int jdoc_put(jdoc *object, const char *key, jdoc *value)
{
    int error = jdoc_type(object) != JDOC_OBJECT ? ERR_INVALID :
        json_object_object_add(object, key, value) != 0 ? ERR_NOMEM : 0;
    if (error)
        json_object_put(value);
    return error;
}

int jdoc_set(jdoc *object, const char *key, jdoc *value)
{
    return value ? jdoc_put(object, key, value) : ERR_NOMEM;
}

int jdoc_set_string(jdoc *object, const char *key, const char *s)
{
    return s ? jdoc_set(object, key, jdoc_new_string(s, strlen(s))) : 0;
}

int jdoc_set_int(jdoc *object, const char *key, int64_t value)
{
    return jdoc_set(object, key, jdoc_new_int(value));
}

int jdoc_set_double(jdoc *object, const char *key, double value)
{
    return jdoc_set(object, key, jdoc_new_double(value));
}

int jdoc_set_bool(jdoc *object, const char *key, bool value)
{
    return jdoc_set(object, key, jdoc_new_bool(value));
}

int jdoc_set_null(jdoc *object, const char *key)
{
    return jdoc_put(object, key, NULL);
}

void jdoc_remove(jdoc *object, const char *key)
{
    if (jdoc_type(object) == JDOC_OBJECT)
        json_object_object_del(object, key);
}

int jdoc_push(jdoc *array, jdoc *value)
{
    if (!value)
        return ERR_NOMEM;
    int error = jdoc_type(array) != JDOC_ARRAY ? ERR_INVALID :
        json_object_array_add(array, value) != 0 ? ERR_NOMEM : 0;
    if (error)
        json_object_put(value);
    return error;
}

static void jdoc_write_any(const jdoc *doc, struct buf *out, bool sorted);

static void jdoc_write_member(const char *key, const jdoc *value, bool first, struct buf *out,
    bool sorted)
{
    if (!first)
        buf_putc(out, ',');
    buf_json_string(out, key, strlen(key));
    buf_putc(out, ':');
    jdoc_write_any(value, out, sorted);
}

struct jdoc_member {
    const char *key;
    jdoc *value;
};

static int jdoc_compare(const void *a, const void *b)
{
    return strcmp(((const struct jdoc_member *)a)->key, ((const struct jdoc_member *)b)->key);
}

static void jdoc_write_sorted(const jdoc *doc, struct buf *out)
{
    struct jdoc_iter it = { NULL, false };
    size_t count = jdoc_length(doc), n = 0;
    struct jdoc_member *members = calloc(count ? count : 1, sizeof *members);

    if (!members) {
        out->error = ERR_NOMEM;
        return;
    }
    while (n < count && jdoc_next(doc, &it, &members[n].key, &members[n].value))
        n++;
    qsort(members, n, sizeof *members, jdoc_compare);
    for (size_t i = 0; i < n; i++)
        jdoc_write_member(members[i].key, members[i].value, i == 0, out, true);
    free(members);
}

static void jdoc_write_object(const jdoc *doc, struct buf *out, bool sorted)
{
    struct jdoc_iter it = { NULL, false };
    const char *key;
    jdoc *value;
    bool first = true;

    buf_putc(out, '{');
    if (sorted) {
        jdoc_write_sorted(doc, out);
    } else {
        for (; jdoc_next(doc, &it, &key, &value); first = false)
            jdoc_write_member(key, value, first, out, false);
    }
    buf_putc(out, '}');
}

static void jdoc_write_array(const jdoc *doc, struct buf *out, bool sorted)
{
    size_t count = jdoc_length(doc);

    buf_putc(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_putc(out, ',');
        jdoc_write_any(jdoc_at(doc, i), out, sorted);
    }
    buf_putc(out, ']');
}

static void jdoc_write_any(const jdoc *doc, struct buf *out, bool sorted)
{
    size_t len = 0;

    switch (jdoc_type(doc)) {
    case JDOC_NULL:
        buf_put(out, "null", 4);
        break;
    case JDOC_BOOL:
        buf_puts(out, json_object_get_boolean(doc) ? "true" : "false");
        break;
    case JDOC_INT:
        buf_put_int(out, json_object_get_int64(doc));
        break;
    case JDOC_DOUBLE:
        buf_put_double(out, json_object_get_double(doc));
        break;
    case JDOC_STRING: {
        const char *s = jdoc_string(doc, &len);
        buf_json_string(out, s, len);
        break;
    }
    case JDOC_ARRAY:
        jdoc_write_array(doc, out, sorted);
        break;
    case JDOC_OBJECT:
        jdoc_write_object(doc, out, sorted);
        break;
    }
}

void jdoc_write(const jdoc *doc, struct buf *out)
{
    jdoc_write_any(doc, out, false);
}

void jdoc_write_canonical(const jdoc *doc, struct buf *out)
{
    jdoc_write_any(doc, out, true);
}
