#include "base/conf_parts.h"

#include "base/err.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SECRET_BYTES_MAX (64 << 10)
#define NAME_MAX_COMPARED 63

enum conf_type { CONF_INT, CONF_BOOL, CONF_MS, CONF_SIZE, CONF_TEXT, CONF_SECRET };

struct conf_row {
    const char *name, *def, *help;
    enum conf_type type;
    size_t offset;
    int64_t min, max;
};

static const struct conf_row rows[] = {
#define CONF_ROW_(field, type, name, def, min, max, help) \
    {name, def, help, CONF_##type, offsetof(struct conf, field), min, max},
    CONF_TABLE(CONF_ROW_)
#undef CONF_ROW_
};
#define ROW_COUNT (sizeof rows / sizeof rows[0])

struct conf_unit {
    const char *suffix;
    int64_t factor;
};

static const struct conf_unit durations[] = {
    {"ms", 1},
    {"s", 1000},
    {"m", 60000},
    {"h", 3600000},
    {"d", 86400000},
    {NULL, 0},
};

static const struct conf_unit sizes[] = {
    {"", 1},
    {"k", 1 << 10},
    {"m", 1 << 20},
    {"g", 1 << 30},
    {NULL, 0},
};

static const struct conf_unit plain[] = {
    {"", 1},
    {NULL, 0},
};

static const struct {
    const struct conf_unit *units; /* NULL = not a number */
    const char *form;
} types[] = {
    [CONF_INT] = {plain, "a whole number"},
    [CONF_BOOL] = {NULL, "on or off"},
    [CONF_MS] = {durations, "a duration such as 250ms, 5s, 10m, 24h or 30d"},
    [CONF_SIZE] = {sizes, "a size such as 65536, 64k, 8m or 1g"},
    [CONF_TEXT] = {NULL, "text"},
    [CONF_SECRET] = {NULL, "text"},
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

static const struct conf_row *conf_find(const char *name, size_t len)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (strlen(rows[i].name) == len && memcmp(rows[i].name, name, len) == 0)
            return &rows[i];
    return NULL;
}

/* A limit in the unit that people write: 64k, not 65536; 10m, not 600000. */
static const char *conf_limit_text(const struct conf_row *row, int64_t value, char out[32])
{
    const struct conf_unit *units = types[row->type].units, *best = units;

    for (const struct conf_unit *u = units; u->suffix; u++)
        if (value != 0 && value % u->factor == 0)
            best = u;
    snprintf(out, 32, "%lld%s", (long long)(value / best->factor), best->suffix);
    return out;
}

/* turn.workers was the number of turns, up to 4096, when each had a process of its own. */
static bool conf_meant_seats(const struct conf_row *row, int64_t number, char why[CONF_WHY_SIZE])
{
    const struct conf_row *seats = conf_find("turn.seats", strlen("turn.seats"));

    if (strcmp(row->name, "turn.workers") != 0 || !seats || number > seats->max)
        return false;
    snprintf(why, CONF_WHY_SIZE,
        "turn.workers: %lld is above %lld: turn.workers now counts "
        "processes; write turn.seats = %lld for %lld turns at once",
        (long long)number, (long long)row->max, (long long)number, (long long)number);
    return true;
}

static int conf_check_limits(const struct conf_row *row, const char *value, int64_t number,
    char why[CONF_WHY_SIZE])
{
    char limit[32];

    if (number < row->min && (row->min || row->max)) {
        snprintf(why, CONF_WHY_SIZE, "%s: %.60s is below %s", row->name, value,
            conf_limit_text(row, row->min, limit));
        return ERR_CONFIG;
    }
    if (number > row->max && conf_meant_seats(row, number, why))
        return ERR_CONFIG;
    if (number > row->max && row->max) {
        snprintf(why, CONF_WHY_SIZE, "%s: %.60s is above %s", row->name, value,
            conf_limit_text(row, row->max, limit));
        return ERR_CONFIG;
    }
    return 0;
}

/* Returns 0, or ERR_INVALID for another form or a number beyond int64_t. */
static int conf_parse_number(const char *value, const struct conf_unit *units, int64_t *number)
{
    char *end;

    if (!(value[0] >= '0' && value[0] <= '9'))
        return ERR_INVALID;
    errno = 0;
    long long n = strtoll(value, &end, 10);
    if (errno)
        return ERR_INVALID;
    for (const struct conf_unit *u = units; u->suffix; u++)
        if (strcasecmp(end, u->suffix) == 0 || (n == 0 && *end == 0))
            return __builtin_mul_overflow(n, u->factor, number) ? ERR_INVALID : 0;
    return ERR_INVALID;
}

int conf_duration(const char *value, int64_t *ms)
{
    int64_t number;
    int error = conf_parse_number(value, durations, &number);

    if (!error)
        *ms = number;
    return error;
}

static int conf_parse_flag(const char *value, bool *flag)
{
    static const char *const on[] = {"on", "yes", "true", "1"};
    static const char *const off[] = {"off", "no", "false", "0"};

    for (size_t i = 0; i < sizeof on / sizeof on[0]; i++) {
        if (strcasecmp(value, on[i]) == 0 || strcasecmp(value, off[i]) == 0) {
            *flag = strcasecmp(value, on[i]) == 0;
            return 0;
        }
    }
    return ERR_INVALID;
}

static void conf_wipe(const struct conf_row *row, char *text)
{
    if (text && row->type == CONF_SECRET)
        explicit_bzero(text, strlen(text));
    free(text);
}

static int conf_store(struct conf *c, const struct conf_row *row, const char *value,
    char why[CONF_WHY_SIZE])
{
    int64_t number = 0;
    bool flag = false;
    int error = 0;

    if (conf_is_text(row)) {
        char *copy = strdup(value);
        if (!copy)
            return conf_out_of_memory(why);
        conf_wipe(row, *conf_text(c, row));
        *conf_text(c, row) = copy;
        return 0;
    }
    if (row->type == CONF_BOOL)
        error = conf_parse_flag(value, &flag);
    else
        error = conf_parse_number(value, types[row->type].units, &number);
    if (error) {
        snprintf(why, CONF_WHY_SIZE, "%s: \"%.60s\" is not %s", row->name, value,
            types[row->type].form);
        return ERR_CONFIG;
    }
    if (row->type == CONF_BOOL) {
        *conf_flag(c, row) = flag;
        return 0;
    }
    error = conf_check_limits(row, value, number, why);
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
            "%s: \"%.60s\" has no '/' and $CREDENTIALS_DIRECTORY is not set", name, value);
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
        snprintf(why, CONF_WHY_SIZE, "%s: %.120s: %s", name, path, file_why(error));
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

/* How many characters have to be put in, left out or replaced, up to `most` + 1 (Levenshtein). */
static size_t conf_distance(const char *a, const char *b, size_t most)
{
    size_t row[NAME_MAX_COMPARED + 1], width = strlen(b);

    if (strlen(a) > NAME_MAX_COMPARED || width > NAME_MAX_COMPARED)
        return most + 1;
    for (size_t k = 0; k <= width; k++)
        row[k] = k;
    for (; *a; a++) {
        size_t corner = row[0]++;
        for (size_t k = 1; k <= width; k++) {
            size_t change = corner + (*a != b[k - 1]);
            size_t put = row[k] < row[k - 1] ? row[k] + 1 : row[k - 1] + 1;
            corner = row[k];
            row[k] = change < put ? change : put;
        }
    }
    return row[width];
}

/* The setting whose name is most like this one, NULL when none is. */
static const char *conf_nearest(const char *name)
{
    size_t best = strlen(name) / 3 < 3 ? strlen(name) / 3 : 3;
    const char *near = NULL;

    for (size_t i = 0; i < ROW_COUNT; i++) {
        size_t distance = conf_distance(name, rows[i].name, best);
        if (distance > best || (near && distance == best))
            continue;
        best = distance;
        near = rows[i].name;
    }
    return near;
}

int conf_set(struct conf *c, const char *name, const char *value, char why[CONF_WHY_SIZE])
{
    static const char suffix[] = "_file";
    size_t len = strlen(name), suffix_len = sizeof suffix - 1;
    const struct conf_row *row = conf_find(name, len);

    if (row)
        return conf_store(c, row, value, why);
    if (len > suffix_len && strcmp(name + len - suffix_len, suffix) == 0) {
        row = conf_find(name, len - suffix_len);
        if (row && row->type == CONF_SECRET)
            return conf_set_from_file(c, row, name, value, why);
    }
    const char *near = conf_nearest(name);
    snprintf(why, CONF_WHY_SIZE, "%.60s: there is no such setting%s%s%s", name,
        near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    return ERR_CONFIG;
}

int conf_init(struct conf *c)
{
    char why[CONF_WHY_SIZE];

    memset(c, 0, sizeof *c);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (conf_store(c, &rows[i], rows[i].def, why) != 0) {
            conf_fini(c);
            return ERR_NOMEM;
        }
    }
    return 0;
}

void conf_fini(struct conf *c)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (conf_is_text(&rows[i]))
            conf_wipe(&rows[i], *conf_text(c, &rows[i]));
    memset(c, 0, sizeof *c);
}

static const char *conf_value_text(const struct conf *c, const struct conf_row *row, char out[32])
{
    switch (row->type) {
    case CONF_TEXT:
        return *conf_text(c, row);
    case CONF_SECRET:
        return **conf_text(c, row) ? "***" : "";
    case CONF_BOOL:
        return *conf_flag(c, row) ? "on" : "off";
    default:
        return conf_limit_text(row, *conf_number(c, row), out);
    }
}

void conf_visit(const struct conf *c, conf_visit_fn *fn, void *arg)
{
    char text[32];

    for (size_t i = 0; i < ROW_COUNT; i++)
        fn(arg, rows[i].name, conf_value_text(c, &rows[i], text), rows[i].def, rows[i].help);
}
