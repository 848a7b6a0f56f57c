/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/jdoc_parts.h"

#include "base/err.h"

#include <json-c/json.h>
#include <string.h>

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
    static const char *const names[] = {"null", "boolean", "integer", "number", "string", "array",
        "object"};
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

int64_t jdoc_int_or(const jdoc *doc, const char *key, int64_t fallback)
{
    int64_t value;
    return jdoc_get_int(doc, key, &value) ? fallback : value;
}

double jdoc_double_or(const jdoc *doc, const char *key, double fallback)
{
    double value;
    return jdoc_get_double(doc, key, &value) ? fallback : value;
}

bool jdoc_is_true(const jdoc *doc, const char *key)
{
    bool value;
    return !jdoc_get_bool(doc, key, &value) && value;
}

int jdoc_push_made(jdoc *array, jdoc *value, int failed)
{
    if (!failed)
        return jdoc_push(array, value);
    jdoc_free(value);
    return ERR_NOMEM;
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
        it->entry =
            jdoc_type(object) == JDOC_OBJECT ? lh_table_head(json_object_get_object(object)) : NULL;
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
    int error = jdoc_type(object) != JDOC_OBJECT        ? ERR_INVALID :
        json_object_object_add(object, key, value) != 0 ? ERR_NOMEM :
                                                          0;
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

int jdoc_put_new(jdoc *object, const char *key, jdoc *value)
{
    if (!json_object_object_add_ex(object, key, value, JSON_C_OBJECT_ADD_KEY_IS_NEW))
        return 0;
    json_object_put(value);
    return ERR_NOMEM;
}

int jdoc_push_any(jdoc *array, jdoc *value)
{
    if (!json_object_array_add(array, value))
        return 0;
    json_object_put(value);
    return ERR_NOMEM;
}

int jdoc_push(jdoc *array, jdoc *value)
{
    if (!value)
        return ERR_NOMEM;
    if (jdoc_type(array) == JDOC_ARRAY)
        return jdoc_push_any(array, value);
    json_object_put(value);
    return ERR_INVALID;
}
