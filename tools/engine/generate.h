/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_ENGINE_GENERATE_H
#define TURNPIKE_TOOLS_ENGINE_GENERATE_H

#include "base/jdoc.h"

#include <stdbool.h>

/* generate -- what the files of the build's generator share. Whatever is wrong ends the build. */

/* name: the tool or kind that it is about, or NULL. */
void generate_fail(const char *name, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));
void generate_need(int error);
jdoc *generate_resolve(const char *name, const jdoc *value, const jdoc *defs, int depth);
void generate_put_literal(const char *text);
void generate_put_json(const jdoc *doc);
/* Is there such a tool in the files? */
bool generate_has_tool(const char *name);

/* --- kinds of records (generate_kinds.c) --- */

/* The member `records` of a family's file, checked. */
void generate_kinds_add(const char *family, const jdoc *file);
/* What `{"$ref": "#/$kinds"}` stands for: a text, one of all kinds. The caller's. */
jdoc *generate_kinds_enum(void);
/* After all files: the tools that kinds name are there. */
void generate_kinds_check(void);
void generate_kinds_put(void);
void generate_kinds_clear(void);

#endif
