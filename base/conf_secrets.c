/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/conf_parts.h"

#include <stdlib.h>
#include <string.h>

/* conf_secrets -- which settings are secrets, and what they hold. */

bool conf_is_secret(const char *name)
{
    const struct conf_row *row = conf_find(name, strlen(name));

    return row && row->type == CONF_SECRET;
}

/* The values of `name=value,name=value`, and the last word of each: "Bearer TOKEN" is said by
 * others without "Bearer". The names are no secret. */
static void conf_each_header(const char *headers, void (*fn)(const char *secret))
{
    char *copy = strdup(headers), *rest = copy;

    for (char *one; copy && (one = strsep(&rest, ","));) {
        char *value = strchr(one, '='), *word = value ? strrchr(value, ' ') : NULL;

        if (value && value[1])
            fn(value + 1);
        if (word && word[1])
            fn(word + 1);
    }
    free(copy);
}

void conf_each_secret(const struct conf *c, void (*fn)(const char *secret))
{
    for (size_t i = 0; i < conf_row_count; i++) {
        if (conf_rows[i].type != CONF_SECRET)
            continue;
        const char *secret = *(char *const *)((const char *)c + conf_rows[i].offset);
        if (secret == c->otlp_headers)
            conf_each_header(secret, fn);
        else if (*secret)
            fn(secret);
    }
}
