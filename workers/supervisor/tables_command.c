/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/tables_command.h"

#include "base/conf.h"

#include <inttypes.h>
#include <stdio.h>

struct setting {
    const char *name, *type, *def;
    int64_t min, max;
    const char *help;
};

static const struct setting settings[] = {
#define TABLES_ROW_(field, type, name, def, min, max, help) {name, #type, def, min, max, help},
    CONF_TABLE(TABLES_ROW_)
#undef TABLES_ROW_
};

void tables_settings(void)
{
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        const struct setting *row = &settings[i];
        printf("%s\t%s\t%s\t%" PRId64 "\t%" PRId64 "\t%s\n", row->name, row->type, row->def,
            row->min, row->max, row->help);
    }
}
