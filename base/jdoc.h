/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_BASE_JDOC_H
#define TURNPIKE_BASE_JDOC_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * jdoc -- JSON documents. json-c has the tree of values; jdoc.c alone includes it. Text is read by
 * a reader of our own (jdoc_read.c) and written by a writer of our own (jdoc_write.c): json-c's
 * tokener accepts more than JSON in a dozen ways, and its options close only some of them. Used by
 * every process.
 *
 * Parsing is RFC 8259 and nothing more: no comments, trailing commas, NaN, control characters,
 * invalid UTF-8, text after the value, duplicate keys, numbers of more than 128 characters or that
 * no double holds; depth <= 32.
 * A byte order mark in front is passed over (RFC 8259, section 8.1, allows that). An integer beyond
 * int64_t, such as 2^63, is a JDOC_DOUBLE: other readers of JSON keep no more of it. A getter of
 * integers answers ERR_INVALID for it, never a clipped value.
 * Typed getters never convert: a value of another type is ERR_INVALID.
 *
 * Ownership: jdoc_parse, jdoc_new_* and jdoc_dup return a document that the caller frees with
 * jdoc_free, once, at the root. Everything reached by getters is borrowed from it. jdoc_set and
 * jdoc_push TAKE the value, also when they fail.
 */
struct json_object;
typedef struct json_object jdoc;

enum jdoc_type {
    JDOC_NULL,
    JDOC_BOOL,
    JDOC_INT,
    JDOC_DOUBLE,
    JDOC_STRING,
    JDOC_ARRAY,
    JDOC_OBJECT
};

#define JDOC_MAX_DEPTH 32

/*
 * jdoc_parse -- one whole JSON text.
 *   why  out on error, may be NULL: what is wrong and the byte offset, for the client (<= 160)
 * Returns 0; ERR_INVALID; ERR_LIMIT (depth); ERR_NOMEM.
 */
MUST_CHECK int jdoc_parse(const char *text, size_t len, jdoc **out, char *why, size_t why_size);
void jdoc_free(jdoc *doc); /* NULL allowed */
jdoc *jdoc_dup(const jdoc *doc);

enum jdoc_type jdoc_type(const jdoc *doc); /* NULL pointer = JDOC_NULL */
const char *jdoc_type_name(enum jdoc_type type);
/* Member of an object, NULL when absent, null, or doc is no object. Borrowed. */
jdoc *jdoc_get(const jdoc *doc, const char *key);
bool jdoc_has(const jdoc *doc, const char *key); /* also true for an explicit null */

/* Members by type: 0; ERR_NOT_FOUND (absent or null); ERR_INVALID (another type). */
int jdoc_get_string(const jdoc *doc, const char *key, const char **s, size_t *len);
int jdoc_get_int(const jdoc *doc, const char *key, int64_t *value);
int jdoc_get_double(const jdoc *doc, const char *key, double *value); /* takes integers too */
int jdoc_get_bool(const jdoc *doc, const char *key, bool *value);

/* Values themselves. Strings: NULL when doc is no string. */
const char *jdoc_string(const jdoc *doc, size_t *len);
int jdoc_int(const jdoc *doc, int64_t *value);
int jdoc_double(const jdoc *doc, double *value);
int jdoc_bool(const jdoc *doc, bool *value);
/* "" or the fallback when absent or no string. Borrowed. */
const char *jdoc_text_or(const jdoc *doc, const char *key, const char *fallback);
/* The fallback when the member is absent or of another type; doubles take integers too. */
int64_t jdoc_int_or(const jdoc *doc, const char *key, int64_t fallback);
double jdoc_double_or(const jdoc *doc, const char *key, double fallback);
bool jdoc_is_true(const jdoc *doc, const char *key);

size_t jdoc_length(const jdoc *doc); /* elements of an array, members of an object, else 0 */
jdoc *jdoc_at(const jdoc *doc, size_t index);
/* Members of an object in order: state starts NULL. Returns false at the end. */
struct jdoc_iter {
    void *entry;
    bool started;
};
bool jdoc_next(const jdoc *object, struct jdoc_iter *it, const char **key, jdoc **value);

/* Building. NULL without memory; the value null is NULL, too: jdoc_set_null adds it. */
jdoc *jdoc_new_object(void);
jdoc *jdoc_new_array(void);
jdoc *jdoc_new_string(const char *s, size_t len);
jdoc *jdoc_new_int(int64_t value);
jdoc *jdoc_new_double(double value); /* printed in the shortest form that reads back the same */
jdoc *jdoc_new_bool(bool value);
MUST_CHECK int jdoc_set(jdoc *object, const char *key, jdoc *value);
MUST_CHECK int jdoc_set_string(jdoc *object, const char *key,
    const char *s); /* NULL s: not added */
MUST_CHECK int jdoc_set_int(jdoc *object, const char *key, int64_t value);
MUST_CHECK int jdoc_set_double(jdoc *object, const char *key, double value);
MUST_CHECK int jdoc_set_bool(jdoc *object, const char *key, bool value);
MUST_CHECK int jdoc_set_null(jdoc *object, const char *key);
void jdoc_remove(jdoc *object, const char *key);
MUST_CHECK int jdoc_push(jdoc *array, jdoc *value);
/*
 * jdoc_push_made -- jdoc_push of a value just made; it is freed when making it failed.
 *   failed  not 0: one of its setters did not return 0
 * Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int jdoc_push_made(jdoc *array, jdoc *value, int failed);

/* Appends doc as compact JSON, '/' not escaped. */
void jdoc_write(const jdoc *doc, struct buf *out);
/* Canonical form (members sorted by key, bytewise; RFC 8785 for what we use), for hashes. */
void jdoc_write_canonical(const jdoc *doc, struct buf *out);

#endif
