/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/engine/kinds.h"

#include "tools/engine/registry.h"

#include <string.h>

size_t kinds_count(void)
{
    return tools_kinds_count;
}

const struct kind *kinds_at(size_t index)
{
    return index < tools_kinds_count ? &tools_kinds[index] : NULL;
}

const struct kind *kinds_find(const char *name)
{
    for (size_t i = 0; i < tools_kinds_count; i++)
        if (strcmp(tools_kinds[i].name, name) == 0)
            return &tools_kinds[i];
    return NULL;
}

const struct kind *kinds_of_family(const char *family)
{
    for (size_t i = 0; i < tools_kinds_count; i++)
        if (strcmp(tools_kinds[i].family, family) == 0)
            return &tools_kinds[i];
    return NULL;
}
