/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_ENGINE_MODULES_H
#define TURNPIKE_TOOLS_ENGINE_MODULES_H

#include "base/err.h"
#include "tools/kit/module.h"

/* modules -- which family of this build offers what (tools/kit/module.h). All processes. */

/* Who knows when records ring; NULL = no family of this build does. */
const struct module_rings *modules_rings(void);
/* How records of that family tell at times of their own; NULL = they do not. */
const struct module_alarm *modules_alarm(const char *family);
/* Whose records are resources of a calendar collection; NULL = no family's. */
const struct module_collection *modules_collection(void);
/* Who reads files that users have subscribed to; NULL = no family does. */
const struct module_feed *modules_feed(void);
/* Who reads and writes files of that media type ("text/calendar"); NULL = no family does. */
const struct module_file *modules_file(const char *type);
/* Each family's hook before a generic tool writes a record (struct module_records). Returns 0 or a
 * fault. */
MUST_CHECK int modules_before(const struct tools_context *context, const char *family,
    const jdoc *record);

#endif
