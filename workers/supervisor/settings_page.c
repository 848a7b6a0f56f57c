/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/supervisor/settings_page.h"

#include <stdio.h>
#include <string.h>

/* A cell of a table in Markdown: "|" would end it, "<" begin a tag. */
static void settings_page_cell(const char *text, const char *around)
{
    fputs(around, stdout);
    for (; *text; text++) {
        if (*text == '|' || (*text == '<' && !*around))
            putchar('\\');
        putchar(*text);
    }
    fputs(around, stdout);
}

static void settings_page_range(const struct conf_setting *s)
{
    if (*s->least && *s->most)
        printf("%s to %s", s->least, s->most);
    else if (*s->least)
        printf("%s or more", s->least);
}

static void settings_page_row(void *arg, const struct conf_setting *s)
{
    const char **group = arg;

    if (strcmp(*group, s->group) != 0) {
        *group = s->group;
        printf("\n## %s\n\n| setting | type | default | range | meaning |\n|---|---|---|---|---|\n",
            s->group);
    }
    fputs("| ", stdout);
    settings_page_cell(s->name, "`");
    printf(" | %s | ", s->type);
    if (*s->def)
        settings_page_cell(s->def, "`");
    fputs(" | ", stdout);
    settings_page_range(s);
    fputs(" | ", stdout);
    settings_page_cell(s->help, "");
    puts(" |");
}

void settings_page_print(const struct conf *conf)
{
    const char *group = "";

    puts(
        "# Settings\n\n"
        "Every setting of `/etc/turnpike/turnpike.conf`. `build-aux/make-settings` makes this page of the\n"
        "table in `base/conf.h`. [operate.md](operate.md#settings) says which to decide about, and how.\n\n"
        "- A line is `name = value`. A comment is a line that begins with `#`. Of two lines with the same\n"
        "  name the later one counts.\n"
        "- A duration is `250ms`, `5s`, `10m`, `24h` or `30d`. A size is `65536`, `64k`, `8m` or `1g`.\n"
        "- A mode is octal: `0660`.\n"
        "- A secret can be in a file: `NAME_file = /path`. Without a `/` it is the name of a credential\n"
        "  that systemd passes (`LoadCredential=`).\n"
        "- An empty default is the empty text.\n\n"
        "`turnpike config NAME` says the same of one setting, with its value and the line that set it.");
    conf_visit(conf, settings_page_row, &group);
}
