/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/conf_parts.h"

#include "base/err.h"
#include "base/file.h"
#include "base/utf8.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX (1 << 20)

/* ---- lines ---- */

static bool conf_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static char *conf_trim(char *start, char *end)
{
    while (start < end && conf_is_space(*start))
        start++;
    while (end > start && conf_is_space(end[-1]))
        end--;
    *end = 0;
    return start;
}

/* The lines of a file or a text, whose problems are counted and told. */
struct conf_reading {
    struct conf *conf;
    const char *source;
    conf_problem_fn *fn;
    void *arg;
    unsigned line;
    int errors;
};

/* A file may hold anything: what a terminal would obey, and what is no UTF-8, becomes "?". */
static void conf_make_plain(char *text)
{
    size_t left = strlen(text);

    while (left) {
        size_t n = utf8_sequence(text, left, NULL);
        if (!n || (unsigned char)*text < ' ' || *text == 0x7f ||
            (n == 2 && utf8_code(text, n) < 0xa0))
            memset(text, '?', n ? n : 1);
        n = n ? n : 1;
        text += n;
        left -= n;
    }
}

static void conf_say(struct conf_reading *r, bool warning, char why[CONF_WHY_SIZE])
{
    conf_make_plain(why);
    r->errors += !warning;
    r->fn(r->arg,
        &(struct conf_problem){.warning = warning,
            .source = r->source,
            .line = r->line,
            .text = why});
}

/* What is taken and was hardly meant. row: of a line that has been set. */
static void conf_say_doubts(struct conf_reading *r, const struct conf_row *row, const char *name,
    const char *value, const struct conf_origin *before)
{
    const struct conf_origins *origins = r->conf->where;
    char why[CONF_WHY_SIZE];
    size_t len = strlen(value);

    if (before->source == origins->now_source) {
        snprintf(why, sizeof why, "%.60s: is set in line %u too; this line, %u, counts", row->name,
            before->line, r->line);
        conf_say(r, true, why);
    }
    if (len >= 2 && (*value == '"' || *value == '\'') && value[len - 1] == *value) {
        snprintf(why, sizeof why, "%.60s: the quotation marks are part of the value", name);
        conf_say(r, true, why);
    } else if (row->type == CONF_TEXT && strstr(value, " #")) {
        snprintf(why, sizeof why,
            "%.60s: what follows # is part of the value: a comment needs a line of its own", name);
        conf_say(r, true, why);
    }
}

/* "name: value" and "name value" and "[section]". What stands there may be a secret: none of it is
 * told but the name of a setting. */
static void conf_say_form(struct conf_reading *r, const char *line)
{
    char why[CONF_WHY_SIZE], name[64];
    size_t len = strcspn(line, ": \t");

    snprintf(name, sizeof name, "%.*s", len < sizeof name ? (int)len : 0, line);
    if (conf_find_line(name, &(bool){false}))
        snprintf(why, sizeof why, "%s: = is missing between the name and the value", name);
    else
        snprintf(why, sizeof why, "this line is not of the form name = value");
    conf_say(r, false, why);
}

/* Is it none of the names that somebody writes, but a text with a = in it or, as in Base64, at its
 * end? */
static bool conf_is_no_name(const char *name, const char *value)
{
    static const char part[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

    return name[strspn(name, part)] || (!value[strspn(value, "=")] && !conf_near_name(name));
}

/* One line, which is cut up. Returns 0 or ERR_NOMEM. */
static int conf_load_line(struct conf_reading *r, char *line, char *end)
{
    char why[CONF_WHY_SIZE] = "NUL byte";

    if (memchr(line, 0, (size_t)(end - line))) {
        conf_say(r, false, why);
        return 0;
    }
    line = conf_trim(line, end);
    if (*line == 0 || *line == '#')
        return 0;
    char *equals = strchr(line, '=');
    if (!equals) {
        conf_say_form(r, line);
        return 0;
    }
    char *value = conf_trim(equals + 1, equals + 1 + strlen(equals + 1));
    const char *name = conf_trim(line, equals);
    const struct conf_row *row = conf_find_line(name, &(bool){false});
    struct conf_origin before = {0};
    if (!row && conf_is_no_name(name, value)) {
        conf_say_form(r, name);
        return 0;
    }
    if (row && conf_origin_of(r->conf, row))
        before = *conf_origin_of(r->conf, row);
    int error = conf_set(r->conf, name, value, why);
    if (error == ERR_NOMEM)
        return error;
    if (*why)
        conf_say(r, !error, why);
    if (row)
        conf_say_doubts(r, row, name, value, &before);
    return 0;
}

/* The number of a source; further ones than there is room for count as the last. 0: no memory. */
static unsigned conf_source(struct conf_origins *origins, const char *name)
{
    size_t i = CONF_SOURCE_COMMAND;

    while (
        i < CONF_SOURCES_MAX - 1 && origins->sources[i] && strcmp(origins->sources[i], name) != 0)
        i++;
    if (!origins->sources[i])
        origins->sources[i] = strdup(name);
    return origins->sources[i] ? (unsigned)i + 1 : 0;
}

/* Returns 0 or ERR_NOMEM. */
static int conf_read_lines(struct conf_reading *r, const char *text, size_t len)
{
    struct conf_origins *origins = r->conf->where;
    int error = 0;
    char *copy = malloc(len + 1);

    origins->now_source = conf_source(origins, r->source);
    if (!copy || !origins->now_source) {
        free(copy);
        return ERR_NOMEM;
    }
    if (len)
        memcpy(copy, text, len);
    copy[len] = 0;
    char *line = len >= 3 && !memcmp(copy, "\xef\xbb\xbf", 3) ? copy + 3 : copy; /* a BOM */
    for (char *next; !error && line < copy + len; line = next) {
        char *end = memchr(line, '\n', (size_t)(copy + len - line));
        if (!end)
            end = copy + len;
        next = end + 1;
        origins->now_line = ++r->line;
        error = conf_load_line(r, line, end);
    }
    origins->now_source = CONF_SOURCE_COMMAND;
    origins->now_line = 0;
    explicit_bzero(copy, len);
    free(copy);
    return error;
}

const char *conf_problem_line(const struct conf_problem *p, char out[CONF_WHY_SIZE])
{
    char line[16] = "";

    if (p->line)
        snprintf(line, sizeof line, ":%u", p->line);
    snprintf(out, CONF_WHY_SIZE, "%s%.180s%s%s%.300s", p->warning ? "warning: " : "",
        p->source ? p->source : "", line, p->source ? ": " : "", p->text);
    return out;
}

/* Keeps the first error. */
static void conf_keep_first(void *arg, const struct conf_problem *problem)
{
    char *first = arg;

    if (!*first && !problem->warning)
        conf_problem_line(problem, first);
}

int conf_load_text(struct conf *c, const char *source, const char *text, size_t len,
    char why[CONF_WHY_SIZE])
{
    struct conf_reading r = {.conf = c, .source = source, .fn = conf_keep_first, .arg = why};

    why[0] = 0;
    if (conf_read_lines(&r, text, len))
        return conf_out_of_memory(why);
    return r.errors ? ERR_CONFIG : 0;
}

int conf_load_each(struct conf *c, const char *path, conf_problem_fn *fn, void *arg)
{
    struct conf_reading r = {.conf = c, .source = path, .fn = fn, .arg = arg};
    char *text = NULL, why[CONF_WHY_SIZE];
    size_t len = 0;
    int error = file_read(AT_FDCWD, path, FILE_BYTES_MAX, &text, &len);

    if (error == ERR_NOMEM)
        return error;
    if (error) {
        snprintf(why, sizeof why, "%s", file_why(error));
        conf_say(&r, false, why);
        return ERR_CONFIG;
    }
    error = conf_read_lines(&r, text, len);
    explicit_bzero(text, len);
    free(text);
    return error ? error : r.errors;
}

int conf_load(struct conf *c, const char *path, char why[CONF_WHY_SIZE])
{
    int found;

    why[0] = 0;
    found = conf_load_each(c, path, conf_keep_first, why);
    if (found == ERR_NOMEM)
        return conf_out_of_memory(why);
    return found ? ERR_CONFIG : 0;
}

int conf_override_each(struct conf *c, const char *text, conf_problem_fn *fn, void *arg)
{
    struct conf_reading r = {.conf = c, .source = "-s", .fn = fn, .arg = arg};
    char why[CONF_WHY_SIZE], name[128];
    const char *equals = strchr(text, '=');
    int error = ERR_CONFIG;

    if (!equals || (size_t)(equals - text) >= sizeof name) {
        snprintf(why, sizeof why, "\"%.100s\": NAME=VALUE is needed", text);
    } else {
        snprintf(name, sizeof name, "%.*s", (int)(equals - text), text);
        error = conf_set(c, name, equals + 1, why);
    }
    if (error != ERR_NOMEM && *why)
        conf_say(&r, !error, why);
    return error;
}

/* ---- the place of what is wrong ---- */

/* The next setting that is named in the text, at or behind *at, which moves on. */
static const struct conf_row *conf_named(const char **at)
{
    static const char part[] = "abcdefghijklmnopqrstuvwxyz0123456789_.";

    while (**at) {
        size_t len = strspn(*at, part), bare;
        const char *word = *at;
        *at += len ? len : 1;
        bare = len && word[len - 1] == '.' ? len - 1 : len; /* the end of a sentence */
        const struct conf_row *row = bare ? conf_find(word, bare) : NULL;
        if (row)
            return row;
    }
    return NULL;
}

void conf_tell(const struct conf *c, conf_problem_fn *fn, void *arg, bool warning, const char *text)
{
    struct conf_problem problem = {.warning = warning};
    char plain[CONF_WHY_SIZE];
    const char *at = text;
    const struct conf_row *row;

    while (!problem.source && (row = conf_named(&at))) {
        const struct conf_origin *origin = conf_origin_of(c, row);
        if (origin && origin->bad)
            return;
        if (!origin)
            continue;
        problem.source =
            origin->source == CONF_SOURCE_COMMAND ? "-s" : c->where->sources[origin->source - 1];
        problem.line = origin->line;
    }
    snprintf(plain, sizeof plain, "%s", text);
    conf_make_plain(plain);
    problem.text = plain;
    fn(arg, &problem);
}
