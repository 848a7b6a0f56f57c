/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_SCHEMA_SCHEMA_H
#define TURNPIKE_TOOLS_SCHEMA_SCHEMA_H

#include "base/err.h"
#include "base/jdoc.h"

/*
 * schema -- the subset of JSON Schema 2020-12 in which tools are described, and its checks. Used
 * by tools/engine/generate at build time and by turn and api workers for arguments and results.
 *
 * Keywords: type (one or a list), enum, const, minimum, maximum, exclusiveMinimum,
 * exclusiveMaximum, multipleOf, minLength, maxLength (code points), pattern (POSIX extended
 * regular expression without backslash classes, look-around or lazy quantifiers: the part of ERE
 * that ECMA 262 reads in the same way), minItems, maxItems, items, properties, required,
 * additionalProperties (boolean), default, format (date, time, date-time, uuid, uri), anyOf,
 * title, description, examples. Anything else is refused by schema_well_formed.
 */

/* The first fault that a check finds: where (a JSON pointer), what would be right, and a
 * sentence. */
struct tools_problem {
    char path[128], expected[256], message[384];
};

/*
 * schema_well_formed -- is this a schema that we understand, with defaults and examples that obey
 * it? path: where it is wrong. Returns 0 or ERR_INVALID with problem->path and ->message.
 */
MUST_CHECK int schema_well_formed(const jdoc *schema, struct tools_problem *problem);

/* Returns 0, or ERR_INVALID with the first problem found. problem may be NULL. */
MUST_CHECK int schema_validate(const jdoc *schema, const jdoc *value,
    struct tools_problem *problem);

/* The types a schema names as bits `1 << enum jdoc_type`; 0 = it names none, any is right. */
unsigned schema_types(const jdoc *schema);

/*
 * schema_coerce -- brings an object nearer to its schema where the meaning cannot be doubted:
 *   a null or empty optional is left out; a missing one with a default gets it;
 *   a number or boolean sent as text, an integer sent as 3.0, an integer sent for a text;
 *   one value where a list is wanted; a list or object sent as JSON text;
 *   an enum member in other letters ("Gas" for "gas"), text with blanks around it.
 * What remains wrong is for schema_validate. Returns 0 or ERR_NOMEM.
 */
MUST_CHECK int schema_coerce(const jdoc *schema, jdoc *object);

#endif
