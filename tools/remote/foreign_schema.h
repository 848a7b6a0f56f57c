/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_REMOTE_FOREIGN_SCHEMA_H
#define TURNPIKE_TOOLS_REMOTE_FOREIGN_SCHEMA_H

#include "base/jdoc.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * foreign_schema -- JSON Schemas that others wrote, in any keyword of 2020-12 or older. Nothing is
 * ever fetched for a $ref. Two forms are made of one:
 *
 * foreign_schema_check -- what schema.h can check of it: whatever it does not know is left out, so
 * that a right value is never refused; what is left out is for the service itself to refuse.
 * Defaults are left out, too: they are the service's to fill in. NULL on no memory.
 */
jdoc *foreign_schema_check(const jdoc *schema);
/*
 * foreign_schema_model -- what the model is shown, an object that every vendor takes (each refuses
 * the whole request for one bad schema): always with `type` object and `properties`. Combinations
 * and a $ref at the top become one object with the arguments of all forms; arrays have `items`,
 * tuples and exclusive bounds the form of 2020-12; $schema, $id, x-mcp-header, references that lead
 * nowhere and malformed keywords are left out. Anything that is no object counts as {}. NULL on no
 * memory.
 */
jdoc *foreign_schema_model(const jdoc *schema);
/*
 * foreign_schema_plain -- of one made by foreign_schema_model, for a server that refuses that:
 * nothing but type (one name), description, properties, required, items, and enum of texts; of
 * several forms of an argument the first. Public bug reports show Gemini and its proxies refuse the
 * rest (November 2026). NULL on no memory.
 */
jdoc *foreign_schema_plain(const jdoc *schema);
/* Does every vendor take the name of an argument? 1 to 64 of A-Z a-z 0-9 _ . - */
bool foreign_schema_name_valid(const char *name);
/* Does every vendor take the names of its arguments? NULL, or the first that one does not. */
const char *foreign_schema_bad_name(const jdoc *schema);

#endif
