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

/* setup and chat tell their options by --help, which is enough. */
static const struct {
    const char *command, *words;
} words[] = {
    {"status", "--json"},
    {"metrics", "text"},
    {"config", "@setting --changed --running --json"},
    {"report", "--day --week --month --since= --until= --json --check"},
    {"feedback", "--rating= --since= --until= --user= --text --limit= --json --csv"},
    {"selftest", "--json --timeout="},
    {"api-key", "add list revoke rotate user admin --name= --expires= --scopes= --class="},
    {"api-key list", "--json"},
    {"api-key revoke", "@key"},
    {"api-key rotate", "@key --grace="},
    {"revoke", "user token key forget list"},
    {"revoke key", "@key"},
    {"audit", "verify"},
    {"audit verify", "@file"},
    {"mcp", "list show accept forget refresh login logout"},
    {"mcp show", "@mcp"},
    {"mcp accept", "@mcp"},
    {"mcp forget", "@mcp"},
    {"mcp login", "@mcpserver --no-browser"},
    {"mcp logout", "@mcpserver"},
    {"observe", "@folder"},
    {"limits", "site class set unset --json"},
    {"limits set", "turns= messages= tokens_day= tokens_month= money_day= money_month= bytes="},
    {"limits unset", "turns messages tokens_day tokens_month money_day money_month bytes"},
};

void tables_words(void)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        printf("%s\t%s\n", words[i].command, words[i].words);
}
