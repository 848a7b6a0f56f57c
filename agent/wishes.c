/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/wishes.h"

#include "agent/daytime.h"
#include "base/jdoc.h"

#include <string.h>

static bool wishes_is_currency(const char *text)
{
    return strlen(text) == 3 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
}

int wishes_read(const char *stored, struct arena *arena, struct wishes *out)
{
    jdoc *doc = NULL;

    *out = (struct wishes){.zone = "", .currency = ""};
    if (!stored || jdoc_parse(stored, strlen(stored), &doc, NULL, 0) < 0)
        return 0;
    const char *zone = jdoc_text_or(doc, "timezone", "");
    const char *currency = jdoc_text_or(doc, "currency", "");
    if (daytime_zone_valid(zone))
        out->zone = arena_strdup(arena, zone);
    if (wishes_is_currency(currency))
        out->currency = arena_strdup(arena, currency);
    jdoc_free(doc);
    return out->zone && out->currency ? 0 : ERR_NOMEM;
}
