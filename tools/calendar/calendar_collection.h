/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_TOOLS_CALENDAR_CALENDAR_COLLECTION_H
#define TURNPIKE_TOOLS_CALENDAR_CALENDAR_COLLECTION_H

#include "base/err.h"
#include "tools/kit/module.h"

/*
 * calendar_collection -- a user's events as resources for clients that keep a copy; the hooks of
 * struct module_collection (tools/kit/module.h), whose contracts these have. A resource's name is
 * its id, or the member `file_name` that the client chose which made it.
 */
#define CALENDAR_COLLECTION_NAME_MAX 200 /* bytes of a name */

MUST_CHECK int calendar_collection_state(const struct tools_context *context, struct arena *arena,
    int64_t *revision);
MUST_CHECK int calendar_collection_each(const struct tools_context *context,
    const struct module_period *period, bool texts, module_resource_fn *fn, void *arg);
MUST_CHECK int calendar_collection_since(const struct tools_context *context, int64_t since,
    size_t max, struct arena *arena, struct module_resources *out);
MUST_CHECK int calendar_collection_find(const struct tools_context *context, const char *name,
    struct arena *arena, struct module_resource *out);
MUST_CHECK int calendar_collection_text(const struct tools_context *context,
    const struct module_resource *resource, struct arena *arena, struct buf *out);
MUST_CHECK int calendar_collection_put(const struct tools_context *context, struct module_put *put,
    struct arena *arena);
MUST_CHECK int calendar_collection_remove(const struct tools_context *context,
    const struct module_resource *resource, struct arena *arena);

#endif
