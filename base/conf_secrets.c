/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/conf_parts.h"

#include <string.h>

/* conf_secrets -- which settings are secrets, and what they hold. */

bool conf_is_secret(const char *name)
{
    const struct conf_row *row = conf_find(name, strlen(name));

    return row && row->type == CONF_SECRET;
}

void conf_each_secret(const struct conf *c, void (*fn)(const char *secret))
{
    for (size_t i = 0; i < conf_row_count; i++) {
        if (conf_rows[i].type != CONF_SECRET)
            continue;
        const char *secret = *(char *const *)((const char *)c + conf_rows[i].offset);
        if (*secret)
            fn(secret);
    }
}
