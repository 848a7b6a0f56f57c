#include "base/conf_parts.h"

#include "base/err.h"
#include "base/file.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* One line, which is cut up. */
static int conf_load_line(struct conf *c, char *line, char *end, char why[CONF_WHY_SIZE])
{
    line = conf_trim(line, end);
    if (*line == 0 || *line == '#')
        return 0;
    char *equals = strchr(line, '=');
    if (!equals) {
        snprintf(why, CONF_WHY_SIZE, "\"%.60s\" is not of the form name = value", line);
        return ERR_CONFIG;
    }
    char *value = conf_trim(equals + 1, equals + 1 + strlen(equals + 1));
    return conf_set(c, conf_trim(line, equals), value, why);
}

/* The lines of a file or a text, whose problems are counted and told. */
struct conf_reading {
    const char *source;
    conf_problem_fn *fn;
    void *arg;
    int problems;
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

static void conf_tell(struct conf_reading *r, size_t number, const char *detail)
{
    char why[CONF_WHY_SIZE];

    snprintf(why, sizeof why, "%.100s:%zu: %.140s", r->source, number, detail);
    conf_make_plain(why);
    r->problems++;
    r->fn(r->arg, why);
}

/* Returns 0 or ERR_NOMEM. */
static int conf_read_lines(struct conf *c, struct conf_reading *r, const char *text, size_t len)
{
    char detail[CONF_WHY_SIZE];
    int error = 0;
    size_t number = 0;
    char *copy = malloc(len + 1);

    if (!copy)
        return ERR_NOMEM;
    if (len)
        memcpy(copy, text, len);
    copy[len] = 0;
    char *line = len >= 3 && !memcmp(copy, "\xef\xbb\xbf", 3) ? copy + 3 : copy; /* a BOM */
    for (char *next; error != ERR_NOMEM && line < copy + len; line = next) {
        char *end = memchr(line, '\n', (size_t)(copy + len - line));
        if (!end)
            end = copy + len;
        next = end + 1;
        number++;
        if (memchr(line, 0, (size_t)(end - line)))
            conf_tell(r, number, "NUL byte");
        else if ((error = conf_load_line(c, line, end, detail)) == ERR_CONFIG)
            conf_tell(r, number, detail);
    }
    explicit_bzero(copy, len);
    free(copy);
    return error == ERR_NOMEM ? error : 0;
}

/* Keeps the first problem. */
static void conf_keep_first(void *arg, const char *why)
{
    char *first = arg;

    if (!*first)
        snprintf(first, CONF_WHY_SIZE, "%s", why);
}

int conf_load_text(struct conf *c, const char *source, const char *text, size_t len,
    char why[CONF_WHY_SIZE])
{
    struct conf_reading r = {source, conf_keep_first, why, 0};

    why[0] = 0;
    if (conf_read_lines(c, &r, text, len))
        return conf_out_of_memory(why);
    return r.problems ? ERR_CONFIG : 0;
}

int conf_load_each(struct conf *c, const char *path, conf_problem_fn *fn, void *arg)
{
    struct conf_reading r = {path, fn, arg, 0};
    char *text = NULL, why[CONF_WHY_SIZE];
    size_t len = 0;
    int error = file_read(AT_FDCWD, path, FILE_BYTES_MAX, &text, &len);

    if (error == ERR_NOMEM)
        return error;
    if (error) {
        snprintf(why, sizeof why, "%.160s: %s", path, file_why(error));
        fn(arg, why);
        return ERR_CONFIG;
    }
    error = conf_read_lines(c, &r, text, len);
    explicit_bzero(text, len);
    free(text);
    return error ? error : r.problems;
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
