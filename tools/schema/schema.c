/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/schema/schema.h"

#include "base/err.h"
#include "base/ident.h"
#include "base/utf8.h"
#include "tools/kit/civil.h"
#include "tools/schema/pattern.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A walk down a value, with the JSON pointer of where it is. */
struct walk {
    char path[128];
    size_t len;
    struct tools_problem *problem; /* may be NULL */
};

static const struct {
    const char *name;
    unsigned types;
} type_names[] = {
    {"null", 1u << JDOC_NULL},
    {"boolean", 1u << JDOC_BOOL},
    {"integer", 1u << JDOC_INT},
    {"number", 1u << JDOC_INT | 1u << JDOC_DOUBLE},
    {"string", 1u << JDOC_STRING},
    {"array", 1u << JDOC_ARRAY},
    {"object", 1u << JDOC_OBJECT},
};
#define TYPE_NAMES (sizeof type_names / sizeof *type_names)

static unsigned schema_type_bit(const char *name)
{
    for (size_t i = 0; name && i < TYPE_NAMES; i++)
        if (strcmp(name, type_names[i].name) == 0)
            return type_names[i].types;
    return 0;
}

unsigned schema_types(const jdoc *schema)
{
    const jdoc *type = jdoc_get(schema, "type");
    if (jdoc_type(type) == JDOC_STRING)
        return schema_type_bit(jdoc_string(type, NULL));
    unsigned types = 0;
    for (size_t i = 0; i < jdoc_length(type); i++)
        types |= schema_type_bit(jdoc_string(jdoc_at(type, i), NULL));
    return types;
}

static unsigned schema_types_of(const jdoc *schema)
{
    unsigned types = schema_types(schema);
    return types != 0 ? types : ~0u;
}

static size_t schema_walk_into(struct walk *w, const char *key)
{
    size_t before = w->len;
    char *at = w->path + w->len, *end = w->path + sizeof w->path - 1;
    if (at < end)
        *at++ = '/';
    for (; *key != '\0' && at < end - 1; key++) {
        if (*key == '~' || *key == '/') {
            *at++ = '~';
            *at++ = *key == '~' ? '0' : '1';
        } else {
            *at++ = *key;
        }
    }
    *at = '\0';
    w->len = (size_t)(at - w->path);
    return before;
}

static size_t schema_walk_into_index(struct walk *w, size_t index)
{
    char text[24];
    snprintf(text, sizeof text, "%zu", index);
    return schema_walk_into(w, text);
}

static void schema_walk_back(struct walk *w, size_t len)
{
    w->len = len;
    w->path[len] = '\0';
}

static int schema_wrong(struct walk *w, const char *expected, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static int schema_wrong(struct walk *w, const char *expected, const char *format, ...)
{
    if (!w->problem)
        return ERR_INVALID;
    struct tools_problem *p = w->problem;
    char what[256];
    va_list ap;
    va_start(ap, format);
    vsnprintf(what, sizeof what, format, ap);
    va_end(ap);
    utf8_mend_end(what);
    snprintf(p->path, sizeof p->path, "%s", w->path);
    utf8_mend_end(p->path);
    snprintf(p->expected, sizeof p->expected, "%s", expected);
    utf8_mend_end(p->expected);
    snprintf(p->message, sizeof p->message, "%s %s", w->len > 0 ? w->path + 1 : "the value", what);
    utf8_mend_end(p->message);
    return ERR_INVALID;
}

static void schema_describe_types(unsigned types, char *out, size_t size)
{
    out[0] = '\0';
    for (size_t i = 0; i < TYPE_NAMES; i++) {
        unsigned bits = type_names[i].types;
        bool covered = strcmp(type_names[i].name, "integer") == 0 && (types & 1u << JDOC_DOUBLE);
        if ((types & bits) != bits || covered)
            continue;
        size_t len = strlen(out);
        snprintf(out + len, size - len, "%s%s", len > 0 ? " or " : "", type_names[i].name);
    }
}

static bool schema_same(const jdoc *a, const jdoc *b)
{
    struct buf x = {0}, y = {0};
    jdoc_write_canonical(a, &x);
    jdoc_write_canonical(b, &y);
    bool equal =
        buf_error(&x) == 0 && buf_error(&y) == 0 && strcmp(buf_text(&x), buf_text(&y)) == 0;
    buf_free(&x);
    buf_free(&y);
    return equal;
}

static int schema_check_enum(struct walk *w, const jdoc *choices, const jdoc *value)
{
    for (size_t i = 0; i < jdoc_length(choices); i++)
        if (schema_same(jdoc_at(choices, i), value))
            return 0;
    struct buf list = {0};
    for (size_t i = 0; i < jdoc_length(choices); i++) {
        buf_puts(&list, i > 0 ? ", " : "one of: ");
        const char *s = jdoc_string(jdoc_at(choices, i), NULL);
        if (s)
            buf_puts(&list, s);
        else
            jdoc_write(jdoc_at(choices, i), &list);
    }
    schema_wrong(w, buf_text(&list), "is not one of the allowed values");
    buf_free(&list);
    return ERR_INVALID;
}

static int schema_check_number(struct walk *w, const jdoc *schema, const jdoc *value)
{
    static const struct {
        const char *key, *text;
        int sign;
        bool strict;
    } bounds[] = {
        {"minimum", "at least", 1, false},
        {"exclusiveMinimum", "more than", 1, true},
        {"maximum", "at most", -1, false},
        {"exclusiveMaximum", "less than", -1, true},
    };
    double number = 0, bound;
    char expected[96];
    jdoc_double(value, &number);
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        if (jdoc_get_double(schema, bounds[i].key, &bound) != 0)
            continue;
        double over = (number - bound) * bounds[i].sign;
        if (over > 0 || (over == 0 && !bounds[i].strict))
            continue;
        snprintf(expected, sizeof expected, "a number %s %.15g", bounds[i].text, bound);
        return schema_wrong(w, expected, "is %.15g, but must be %s %.15g", number, bounds[i].text,
            bound);
    }
    if (jdoc_get_double(schema, "multipleOf", &bound) == 0) {
        double times = number / bound;
        if (fabs(times - nearbyint(times)) > 1e-6) {
            snprintf(expected, sizeof expected, "a multiple of %.15g", bound);
            return schema_wrong(w, expected, "is %.15g, which is not a multiple of %.15g", number,
                bound);
        }
    }
    return 0;
}

static bool schema_is_uri(const char *s)
{
    if (!isalpha((unsigned char)*s))
        return false;
    while (isalnum((unsigned char)*s) || (*s != '\0' && strchr("+-.", *s)))
        s++;
    if (*s++ != ':' || *s == '\0')
        return false;
    for (; *s != '\0'; s++)
        if ((unsigned char)*s <= ' ' || strchr("<>\"\\^`{|}", *s))
            return false;
    return true;
}

static bool schema_is_date(const char *s)
{
    struct civil c;
    return civil_parse(s, &c) == 0 && !c.has_time;
}

static bool schema_is_date_time(const char *s)
{
    struct civil c;
    return civil_parse(s, &c) == 0 && c.has_time && c.has_offset;
}

static bool schema_is_time(const char *s)
{
    char text[64];
    struct civil c;
    if (strlen(s) > 40)
        return false;
    snprintf(text, sizeof text, "2000-01-01T%s", s);
    return civil_parse(text, &c) == 0 && c.has_time;
}

static const struct {
    const char *name;
    bool (*test)(const char *s);
    const char *expected;
} formats[] = {
    {"date", schema_is_date, "a date as YYYY-MM-DD"},
    {"time", schema_is_time, "a time as HH:MM or HH:MM:SS"},
    {"date-time", schema_is_date_time, "a date and time with offset, as 2026-11-22T09:30:00+11:00"},
    {"uuid", ident_is_uuid, "a UUID"},
    {"uri", schema_is_uri, "an absolute URI"},
};
#define FORMATS (sizeof formats / sizeof *formats)

/* What a person would say is right, for a text that does not match a pattern. */
static void schema_describe_pattern(const jdoc *schema, char *out, size_t size)
{
    const char *example = jdoc_string(jdoc_at(jdoc_get(schema, "examples"), 0), NULL);
    if (example)
        snprintf(out, size, "for example \"%s\"", example);
    else
        snprintf(out, size, "text matching %s", jdoc_text_or(schema, "pattern", ""));
}

static int schema_check_string(struct walk *w, const jdoc *schema, const jdoc *value)
{
    size_t len = 0;
    int64_t bound;
    char expected[256];
    const char *s = jdoc_string(value, &len);
    size_t chars = utf8_length(s, len);
    if (memchr(s, '\0', len))
        return schema_wrong(w, "text without NUL characters", "holds a NUL character");
    if (jdoc_get_int(schema, "minLength", &bound) == 0 && (int64_t)chars < bound) {
        snprintf(expected, sizeof expected, "at least %lld characters", (long long)bound);
        return chars == 0 ?
            schema_wrong(w, expected, "is empty") :
            schema_wrong(w, expected, "has %zu characters, which is too few", chars);
    }
    if (jdoc_get_int(schema, "maxLength", &bound) == 0 && (int64_t)chars > bound) {
        snprintf(expected, sizeof expected, "at most %lld characters", (long long)bound);
        return schema_wrong(w, expected, "has %zu characters, which is too long", chars);
    }
    const char *pattern = jdoc_string(jdoc_get(schema, "pattern"), NULL);
    if (pattern && !pattern_matches(pattern, s)) {
        schema_describe_pattern(schema, expected, sizeof expected);
        if (len > PATTERN_TEXT_MAX)
            return schema_wrong(w, expected,
                "has %zu bytes; a text with a form may have %d at most", len, PATTERN_TEXT_MAX);
        return schema_wrong(w, expected, "is \"%.60s\", which has not the right form", s);
    }
    const char *format = jdoc_string(jdoc_get(schema, "format"), NULL);
    for (size_t i = 0; format && i < FORMATS; i++)
        if (strcmp(format, formats[i].name) == 0 && !formats[i].test(s))
            return schema_wrong(w, formats[i].expected, "is \"%.60s\", but must be %s", s,
                formats[i].expected);
    return 0;
}

static int schema_check(struct walk *w, const jdoc *schema, const jdoc *value);

static int schema_check_array(struct walk *w, const jdoc *schema, const jdoc *value)
{
    int64_t bound;
    char expected[64];
    size_t length = jdoc_length(value);
    if (jdoc_get_int(schema, "minItems", &bound) == 0 && (int64_t)length < bound) {
        snprintf(expected, sizeof expected, "a list of at least %lld", (long long)bound);
        return schema_wrong(w, expected, "has %zu elements, which is too few", length);
    }
    if (jdoc_get_int(schema, "maxItems", &bound) == 0 && (int64_t)length > bound) {
        snprintf(expected, sizeof expected, "a list of at most %lld", (long long)bound);
        return schema_wrong(w, expected, "has %zu elements, which is too many", length);
    }
    const jdoc *items = jdoc_get(schema, "items");
    int error = 0;
    for (size_t i = 0; items && error == 0 && i < length; i++) {
        size_t before = schema_walk_into_index(w, i);
        error = schema_check(w, items, jdoc_at(value, i));
        schema_walk_back(w, before);
    }
    return error;
}

/* A field that is not there is reported under its own path, with what belongs into it. */
static int schema_missing(struct walk *w, const jdoc *schema, const char *key)
{
    char types[96], expected[256];
    const jdoc *field = jdoc_get(jdoc_get(schema, "properties"), key);
    schema_describe_types(field ? schema_types_of(field) : 0, types, sizeof types);
    snprintf(expected, sizeof expected, "%s%s%s", types, types[0] != '\0' ? ": " : "",
        jdoc_text_or(field, "description", "a value"));
    size_t before = schema_walk_into(w, key);
    int error = schema_wrong(w, expected, "is required");
    schema_walk_back(w, before);
    return error;
}

static int schema_unknown(struct walk *w, const jdoc *schema, const char *key)
{
    struct buf names = {0};
    struct jdoc_iter it = {0};
    const char *name;
    jdoc *field;
    buf_puts(&names, "no other fields than: ");
    for (bool first = true; jdoc_next(jdoc_get(schema, "properties"), &it, &name, &field);
         first = false)
        buf_printf(&names, "%s%s", first ? "" : ", ", name);
    size_t before = schema_walk_into(w, key);
    int error = schema_wrong(w, buf_text(&names), "is not a field of this tool");
    schema_walk_back(w, before);
    buf_free(&names);
    return error;
}

static int schema_check_object(struct walk *w, const jdoc *schema, const jdoc *value)
{
    const jdoc *properties = jdoc_get(schema, "properties");
    const jdoc *required = jdoc_get(schema, "required");
    bool open = true;
    jdoc_get_bool(schema, "additionalProperties", &open);
    for (size_t i = 0; i < jdoc_length(required); i++) {
        const char *key = jdoc_string(jdoc_at(required, i), NULL);
        const jdoc *field = jdoc_get(properties, key);
        bool nullable = field && (schema_types_of(field) & 1u << JDOC_NULL);
        if (nullable ? !jdoc_has(value, key) : !jdoc_get(value, key))
            return schema_missing(w, schema, key);
    }
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *member;
    int error = 0;
    while (error == 0 && jdoc_next(value, &it, &key, &member)) {
        const jdoc *field = jdoc_get(properties, key);
        if (!field && !open)
            return schema_unknown(w, schema, key);
        if (!field)
            continue;
        size_t before = schema_walk_into(w, key);
        error = schema_check(w, field, member);
        schema_walk_back(w, before);
    }
    return error;
}

static int schema_check_type(struct walk *w, const jdoc *schema, const jdoc *value)
{
    unsigned types = schema_types_of(schema);
    enum jdoc_type type = jdoc_type(value);
    double number;
    if (types & 1u << type)
        return 0;
    bool integral = type == JDOC_DOUBLE && (types & 1u << JDOC_INT) &&
        jdoc_double(value, &number) == 0 && number == nearbyint(number) && fabs(number) < 9e15;
    if (integral)
        return 0;
    char expected[96];
    schema_describe_types(types, expected, sizeof expected);
    return schema_wrong(w, expected, "must be %s, not %s", expected, jdoc_type_name(type));
}

static int schema_check_any(struct walk *w, const jdoc *choices, const jdoc *value)
{
    struct walk quiet = {.problem = NULL};
    for (size_t i = 0; i < jdoc_length(choices); i++)
        if (schema_check(&quiet, jdoc_at(choices, i), value) == 0)
            return 0;
    /* One that takes this type knows best what is wrong. */
    for (size_t i = 0; i < jdoc_length(choices); i++)
        if (schema_types_of(jdoc_at(choices, i)) & 1u << jdoc_type(value))
            return schema_check(w, jdoc_at(choices, i), value);
    unsigned types = 0;
    char expected[96];
    for (size_t i = 0; i < jdoc_length(choices); i++)
        types |= schema_types_of(jdoc_at(choices, i));
    schema_describe_types(types, expected, sizeof expected);
    return schema_wrong(w, expected, "must be %s, not %s", expected,
        jdoc_type_name(jdoc_type(value)));
}

static int schema_check(struct walk *w, const jdoc *schema, const jdoc *value)
{
    const jdoc *choices = jdoc_get(schema, "anyOf"), *constant = jdoc_get(schema, "const");
    int error = schema_check_type(w, schema, value);
    if (error == 0 && choices)
        error = schema_check_any(w, choices, value);
    if (error == 0 && constant && !schema_same(constant, value))
        error = schema_wrong(w, "the one allowed value", "is not the one allowed value");
    if (error == 0 && jdoc_get(schema, "enum"))
        error = schema_check_enum(w, jdoc_get(schema, "enum"), value);
    if (error != 0)
        return error;
    switch (jdoc_type(value)) {
    case JDOC_INT:
    case JDOC_DOUBLE:
        return schema_check_number(w, schema, value);
    case JDOC_STRING:
        return schema_check_string(w, schema, value);
    case JDOC_ARRAY:
        return schema_check_array(w, schema, value);
    case JDOC_OBJECT:
        return schema_check_object(w, schema, value);
    case JDOC_NULL:
    case JDOC_BOOL:
        return 0;
    }
    return 0;
}

int schema_validate(const jdoc *schema, const jdoc *value, struct tools_problem *problem)
{
    struct walk w = {.problem = problem};
    return schema_check(&w, schema, value);
}
