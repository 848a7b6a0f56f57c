/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/remote/dynamic_file.h"

#include "base/err.h"
#include "tools/remote/entry_file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void dynamic_file_put_text(struct buf *out, const jdoc *server, const char *key)
{
    const char *text = jdoc_text_or(server, key, "");
    buf_printf(out, "\"%s\":", key);
    buf_json_string(out, text, strlen(text));
    buf_putc(out, ',');
}

static void dynamic_file_put_server(struct buf *out, const jdoc *server)
{
    const jdoc *tools = jdoc_get(server, "tools");
    buf_putc(out, '{');
    dynamic_file_put_text(out, server, "name");
    dynamic_file_put_text(out, server, "url");
    dynamic_file_put_text(out, server, "era");
    buf_printf(out, "\"tools\":%zu}\n", jdoc_length(tools));
    for (size_t i = 0; i < jdoc_length(tools); i++) {
        jdoc_write(jdoc_at(tools, i), out);
        buf_putc(out, '\n');
    }
}

int dynamic_file_put(struct buf *out, const jdoc *list)
{
    size_t tools = 0;
    for (size_t i = 0; i < jdoc_length(list); i++)
        tools += jdoc_length(jdoc_get(jdoc_at(list, i), "tools"));
    buf_printf(out, "{\"servers\":%zu,\"tools\":%zu}\n", jdoc_length(list), tools);
    for (size_t i = 0; i < jdoc_length(list); i++)
        dynamic_file_put_server(out, jdoc_at(list, i));
    return buf_error(out);
}

int dynamic_file_open(struct dynamic_file *f, const char *path, char *why, size_t why_size)
{
    const struct entry_file file = {.path = path, .why = why, .why_size = why_size};
    f->at = 0;
    return entry_file_text(&file, path, DYNAMIC_FILE_MAX, &f->text, &f->len);
}

void dynamic_file_close(struct dynamic_file *f)
{
    free(f->text);
    *f = (struct dynamic_file){0};
}

int dynamic_file_next(struct dynamic_file *f, jdoc **out)
{
    const char *line = f->text + f->at, *end = memchr(line, '\n', f->len - f->at);
    *out = NULL;
    if (!end)
        return ERR_INVALID;
    f->at = (size_t)(end + 1 - f->text);
    return jdoc_parse(line, (size_t)(end - line), out, NULL, 0);
}
