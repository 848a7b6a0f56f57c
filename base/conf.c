/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/conf_parts.h"

#include "base/err.h"
#include "base/file.h"
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_BYTES_MAX (64 << 10)

const struct conf_row conf_rows[] = {
#define CONF_ROW_(field, type, name, def, min, max, help) \
    {name, def, help, CONF_##type, offsetof(struct conf, field), min, max},
    CONF_TABLE(CONF_ROW_)
#undef CONF_ROW_
};
#define ROW_COUNT (sizeof conf_rows / sizeof conf_rows[0])
const size_t conf_row_count = ROW_COUNT;

/* The table with its groups: the title of each, and NULL for each row. */
static const char *const conf_titles[] = {
#define CONF_TITLE_(title) title,
#define CONF_NO_TITLE_(...) NULL,
    CONF_GROUPS(CONF_NO_TITLE_, CONF_TITLE_)
#undef CONF_NO_TITLE_
#undef CONF_TITLE_
};

static int64_t *conf_number(const struct conf *c, const struct conf_row *row)
{
    return (int64_t *)((char *)c + row->offset);
}

static bool *conf_flag(const struct conf *c, const struct conf_row *row)
{
    return (bool *)((char *)c + row->offset);
}

static char **conf_text(const struct conf *c, const struct conf_row *row)
{
    return (char **)((char *)c + row->offset);
}

static bool conf_is_text(const struct conf_row *row)
{
    return row->type == CONF_TEXT || row->type == CONF_SECRET;
}

int conf_out_of_memory(char why[CONF_WHY_SIZE])
{
    snprintf(why, CONF_WHY_SIZE, "%s", err_text(ERR_NOMEM));
    return ERR_NOMEM;
}

const struct conf_row *conf_find(const char *name, size_t len)
{
    for (size_t i = 0; i < conf_row_count; i++)
        if (strlen(conf_rows[i].name) == len && memcmp(conf_rows[i].name, name, len) == 0)
            return &conf_rows[i];
    return NULL;
}

static void conf_wipe(const struct conf_row *row, char *text)
{
    if (row->type == CONF_SECRET)
        secret_free(text);
    else
        free(text);
}

static int conf_store_text(struct conf *c, const struct conf_row *row, const char *value,
    char why[CONF_WHY_SIZE])
{
    char *copy = row->type == CONF_SECRET ? secret_dup(value) : strdup(value);

    if (!copy)
        return conf_out_of_memory(why);
    conf_wipe(row, *conf_text(c, row));
    *conf_text(c, row) = copy;
    return 0;
}

static int conf_store(struct conf *c, const struct conf_row *row, const char *value,
    char why[CONF_WHY_SIZE])
{
    int64_t number = 0;
    bool flag = false;
    int error;

    if (conf_is_text(row))
        return conf_store_text(c, row, value, why);
    if (row->type == CONF_BOOL) {
        error = conf_value_flag(row, value, &flag, why);
        if (!error)
            *conf_flag(c, row) = flag;
        return error;
    }
    error = conf_value_number(row, value, &number, why);
    if (!error)
        *conf_number(c, row) = number;
    return error;
}

static int conf_secret_path(const char *name, const char *value, char *path, size_t size,
    char why[CONF_WHY_SIZE])
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    int n;

    if (strchr(value, '/')) {
        n = snprintf(path, size, "%s", value);
    } else if (dir && *dir) {
        n = snprintf(path, size, "%s/%s", dir, value);
    } else {
        snprintf(why, CONF_WHY_SIZE,
            "%s: \"%.60s\" has no '/' and $CREDENTIALS_DIRECTORY is not set (LoadCredential= in a "
            "drop-in of the unit passes credentials)",
            name, value);
        return ERR_CONFIG;
    }
    if ((size_t)n >= size) {
        snprintf(why, CONF_WHY_SIZE, "%s: the path is too long", name);
        return ERR_CONFIG;
    }
    return 0;
}

static int conf_set_from_file(struct conf *c, const struct conf_row *row, const char *name,
    const char *value, char why[CONF_WHY_SIZE])
{
    char path[1024], *text = NULL;
    size_t len = 0;

    if (*value == 0)
        return conf_store(c, row, "", why);
    int error = conf_secret_path(name, value, path, sizeof path, why);
    if (error)
        return error;
    error = file_read(AT_FDCWD, path, SECRET_BYTES_MAX, &text, &len);
    if (error) {
        snprintf(why, CONF_WHY_SIZE, "%s: %.200s: %s%s", name, path, file_why(error),
            strchr(value, '/') ? "" : " (LoadCredential= in a drop-in of the unit passes it)");
        return error == ERR_NOMEM ? ERR_NOMEM : ERR_CONFIG;
    }
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        text[--len] = 0;
    if (strlen(text) != len) {
        snprintf(why, CONF_WHY_SIZE, "%s: %.120s: holds a NUL byte", name, path);
        error = ERR_CONFIG;
    } else {
        error = conf_store(c, row, text, why);
    }
    explicit_bzero(text, len);
    free(text);
    return error;
}

const struct conf_row *conf_find_line(const char *name, bool *from_file)
{
    static const char suffix[] = "_file";
    size_t len = strlen(name), suffix_len = sizeof suffix - 1;
    const struct conf_row *row = conf_find(name, len);

    *from_file = false;
    if (row || len <= suffix_len || strcmp(name + len - suffix_len, suffix) != 0)
        return row;
    row = conf_find(name, len - suffix_len);
    *from_file = row && row->type == CONF_SECRET;
    return *from_file ? row : NULL;
}

int conf_set(struct conf *c, const char *name, const char *value, char why[CONF_WHY_SIZE])
{
    bool from_file;
    const struct conf_row *row = conf_find_line(name, &from_file);

    why[0] = 0;
    if (!row) {
        const char *near = conf_near_name(name);
        snprintf(why, CONF_WHY_SIZE, "%.60s: there is no such setting%s%s%s", name,
            near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
        return ERR_CONFIG;
    }
    int error =
        from_file ? conf_set_from_file(c, row, name, value, why) : conf_store(c, row, value, why);
    c->where->rows[row - conf_rows] = (struct conf_origin){.source = c->where->now_source,
        .line = c->where->now_line,
        .bad = error != 0};
    return error;
}

const struct conf_origin *conf_origin_of(const struct conf *c, const struct conf_row *row)
{
    const struct conf_origin *origin = &c->where->rows[row - conf_rows];

    return origin->source ? origin : NULL;
}

bool conf_is_set(const struct conf *c, const char *name)
{
    const struct conf_row *row = conf_find(name, strlen(name));

    return row && conf_origin_of(c, row);
}

bool conf_has(const struct conf *c, const char *name)
{
    const struct conf_row *row = conf_find(name, strlen(name));

    return row && (!conf_is_text(row) || **conf_text(c, row));
}

int conf_init(struct conf *c)
{
    char why[CONF_WHY_SIZE];

    memset(c, 0, sizeof *c);
    c->where = calloc(1, sizeof *c->where + ROW_COUNT * sizeof c->where->rows[0]);
    if (!c->where)
        return ERR_NOMEM;
    c->where->now_source = CONF_SOURCE_COMMAND;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (conf_store(c, &conf_rows[i], conf_rows[i].def, why) != 0) {
            conf_fini(c);
            return ERR_NOMEM;
        }
    }
    return 0;
}

void conf_fini(struct conf *c)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (conf_is_text(&conf_rows[i]))
            conf_wipe(&conf_rows[i], *conf_text(c, &conf_rows[i]));
    for (size_t i = 0; c->where && i < CONF_SOURCES_MAX; i++)
        free(c->where->sources[i]);
    free(c->where);
    memset(c, 0, sizeof *c);
}

/* ---- as texts ---- */

static const char *conf_shown(const struct conf *c, const struct conf_row *row, char out[32])
{
    switch (row->type) {
    case CONF_TEXT:
        return *conf_text(c, row);
    case CONF_SECRET:
        return **conf_text(c, row) ? "***" : "";
    case CONF_BOOL:
        return *conf_flag(c, row) ? "on" : "off";
    default:
        return conf_value_text(row, *conf_number(c, row), out);
    }
}

static bool conf_is_changed(const struct conf *c, const struct conf_row *row)
{
    char why[CONF_WHY_SIZE];
    int64_t number = 0;

    if (conf_is_text(row))
        return strcmp(*conf_text(c, row), row->def) != 0;
    if (row->type == CONF_BOOL)
        return *conf_flag(c, row) != (strcmp(row->def, "on") == 0);
    return conf_value_number(row, row->def, &number, why) != 0 || *conf_number(c, row) != number;
}

static void conf_visit_one(const struct conf *c, const struct conf_row *row, const char *group,
    conf_visit_fn *fn, void *arg)
{
    const struct conf_origin *origin = conf_origin_of(c, row);
    char value[32], least[32] = "", most[32] = "";
    struct conf_setting s = {.group = group, .name = row->name, .def = row->def, .help = row->help};

    if (row->min || row->max)
        conf_value_text(row, row->min, least);
    if (row->max)
        conf_value_text(row, row->max, most);
    s.type = conf_type_name(row->type);
    s.value = conf_shown(c, row, value);
    s.least = least;
    s.most = most;
    s.secret = row->type == CONF_SECRET;
    s.changed = conf_is_changed(c, row);
    if (origin) {
        s.source =
            origin->source == CONF_SOURCE_COMMAND ? "-s" : c->where->sources[origin->source - 1];
        s.line = origin->line;
    }
    fn(arg, &s);
}

void conf_visit(const struct conf *c, conf_visit_fn *fn, void *arg)
{
    const char *group = "";
    size_t row = 0;

    for (size_t i = 0; i < sizeof conf_titles / sizeof conf_titles[0]; i++) {
        if (conf_titles[i])
            group = conf_titles[i];
        else
            conf_visit_one(c, &conf_rows[row++], group, fn, arg);
    }
}

bool conf_differs(const struct conf *a, const struct conf *b, const char *name)
{
    const struct conf_row *row = conf_find(name, strlen(name));

    if (!row)
        return false;
    if (conf_is_text(row))
        return strcmp(*conf_text(a, row), *conf_text(b, row)) != 0;
    if (row->type == CONF_BOOL)
        return *conf_flag(a, row) != *conf_flag(b, row);
    return *conf_number(a, row) != *conf_number(b, row);
}
