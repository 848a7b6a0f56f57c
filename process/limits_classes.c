/* SPDX-License-Identifier: BSD-2-Clause */
/* The limits that hold: the settings, and the classes of users over them. */
#include "process/limits.h"

#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/money.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX ((size_t)1 << 20)
#define UNKNOWN_TOLD 32 /* of unknown classes; more are not told */

struct limits_class {
    char name[LIMITS_CLASS_MAX + 1];
    bool given[LIMITS_COUNT];
    struct limits limits;
};
struct limits_classes {
    struct limits_class *rows;
    size_t count;
};
static struct limits_classes classes;

/* ---- sums of money among the settings ---- */

/* X(field, name of the setting) */
#define MONEY_TABLE(X) \
    X(limit_user_money_day, "limit.user_money_day") \
    X(limit_user_money_month, "limit.user_money_month") \
    X(limit_key_money_day, "limit.key_money_day") \
    X(limit_key_money_month, "limit.key_money_month") \
    X(limit_site_money_day, "limit.site_money_day") \
    X(limit_site_money_month, "limit.site_money_month") \
    X(unknown_price, "model.unknown_price")

/* An empty one is 0. What is no sum was told of by limits_check, and ends the start. */
static int64_t limits_sum(const char *text)
{
    int64_t micros = 0;

    return money_parse(text, strlen(text), &micros) ? 0 : micros;
}

static int limits_check_sum(const char *name, const char *text, conf_reason_fn *fn, void *arg)
{
    char why[CONF_WHY_SIZE];
    int64_t micros;

    if (!*text || !money_parse(text, strlen(text), &micros))
        return 0;
    snprintf(why, sizeof why, "%s: \"%.60s\" is not a sum of dollars such as 5 or 0.25", name,
        text);
    fn(arg, why);
    return ERR_CONFIG;
}

static int limits_check_sums(const struct conf *conf, conf_reason_fn *fn, void *arg)
{
    int error = 0, one;

#define MONEY_CHECK_(field, name) \
    if ((one = limits_check_sum(name, conf->field, fn, arg))) \
        error = one;
    MONEY_TABLE(MONEY_CHECK_)
#undef MONEY_CHECK_
    return error;
}

/* ---- the file ---- */

bool limits_is_class(const char *name, size_t len)
{
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

    return len > 0 && len <= LIMITS_CLASS_MAX && strspn(name, good) >= len;
}

static const struct limits_class *limits_class_find(const struct limits_classes *of,
    const char *name)
{
    for (size_t i = 0; i < of->count; i++)
        if (!strcmp(of->rows[i].name, name))
            return &of->rows[i];
    return NULL;
}

/* One line without its comment. Returns 0, or ERR_CONFIG with the reason in why. */
static int limits_read_line(char *line, struct limits_classes *out, char why[LIMITS_WHY_SIZE])
{
    struct limits_class *row = &out->rows[out->count];
    char *rest = NULL, *word = strtok_r(line, " \t\r", &rest);

    if (!word)
        return 0;
    memset(row, 0, sizeof *row);
    if (!limits_is_class(word, strlen(word))) {
        snprintf(why, LIMITS_WHY_SIZE, "\"%.60s\" is no name of a class", word);
        return ERR_CONFIG;
    }
    if (limits_class_find(out, word)) {
        snprintf(why, LIMITS_WHY_SIZE, "class %.60s is there twice", word);
        return ERR_CONFIG;
    }
    snprintf(row->name, sizeof row->name, "%s", word);
    while ((word = strtok_r(NULL, " \t\r", &rest))) {
        enum limits_name name;
        int64_t value;
        if (limits_parse(word, &name, &value, why))
            return ERR_CONFIG;
        row->limits.of[name] = value;
        row->given[name] = true;
    }
    out->count++;
    return 0;
}

static int limits_read_lines(const char *path, char *text, struct limits_classes *out,
    conf_reason_fn *fn, void *arg)
{
    char reason[LIMITS_WHY_SIZE], why[CONF_WHY_SIZE];
    unsigned number = 0;
    int error = 0;

    for (char *line; (line = strsep(&text, "\n"));) {
        number++;
        line[strcspn(line, "#")] = '\0';
        if (!limits_read_line(line, out, reason))
            continue;
        snprintf(why, sizeof why, "limits.classes_file: %.60s:%u: %s", path, number, reason);
        fn(arg, why);
        error = ERR_CONFIG;
    }
    return error;
}

static int limits_read(const char *path, struct limits_classes *out, conf_reason_fn *fn, void *arg)
{
    char *text = NULL, why[CONF_WHY_SIZE];
    size_t len = 0, lines = 1;
    int error = file_read(AT_FDCWD, path, FILE_MAX, &text, &len);

    if (error) {
        snprintf(why, sizeof why, "limits.classes_file: %.120s: %s", path, file_why(error));
        fn(arg, why);
        return error == ERR_NOMEM ? error : ERR_CONFIG;
    }
    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    out->rows = calloc(lines + 1, sizeof *out->rows);
    error = out->rows ? limits_read_lines(path, text, out, fn, arg) : ERR_NOMEM;
    free(text);
    return error;
}

static int limits_read_all(const struct conf *conf, struct limits_classes *out, conf_reason_fn *fn,
    void *arg)
{
    int error = limits_check_sums(conf, fn, arg), classes_error = 0;

    if (*conf->limits_classes_file)
        classes_error = limits_read(conf->limits_classes_file, out, fn, arg);
    return error ? error : classes_error;
}

/* ---- for the others ---- */

struct limits_first {
    char *why;
    size_t size;
};

static void limits_keep_first(void *arg, const char *why)
{
    struct limits_first *first = arg;

    if (!*first->why)
        snprintf(first->why, first->size, "%s", why);
}

int limits_load(const struct conf *conf, char *why, size_t why_size)
{
    struct limits_first first = {why, why_size};
    struct limits_classes read = {0};
    int error;

    *why = '\0';
    error = limits_read_all(conf, &read, limits_keep_first, &first);
    free(error ? read.rows : classes.rows);
    if (!error)
        classes = read;
    return error;
}

void limits_check(const struct conf *conf, conf_reason_fn *fn, void *arg)
{
    struct limits_classes read = {0};

    err_ignore(limits_read_all(conf, &read, fn, arg));
    free(read.rows);
}

const char *limits_class_at(size_t index)
{
    return index < classes.count ? classes.rows[index].name : NULL;
}

/* Once a class, by each process that meets it. */
static void limits_tell_unknown(const char *cls)
{
    static char told[UNKNOWN_TOLD][LIMITS_CLASS_MAX + 1];
    static size_t count;

    for (size_t i = 0; i < count; i++)
        if (!strcmp(told[i], cls))
            return;
    if (count == UNKNOWN_TOLD)
        return;
    snprintf(told[count++], sizeof *told, "%s", cls);
    log_warn("class \"%s\" of a user is not in limits.classes_file: the settings limit.* hold",
        cls);
}

void limits_of_user(const struct conf *conf, const char *cls, struct limits *out)
{
    const struct limits_class *row = *cls ? limits_class_find(&classes, cls) : NULL;

    *out = (struct limits){{[LIMITS_TURNS] = conf->turn_user,
        [LIMITS_MESSAGES] = conf->rate_chat_user,
        [LIMITS_TOKENS_DAY] = conf->limit_user_tokens_day,
        [LIMITS_TOKENS_MONTH] = conf->limit_user_tokens_month,
        [LIMITS_MONEY_DAY] = limits_sum(conf->limit_user_money_day),
        [LIMITS_MONEY_MONTH] = limits_sum(conf->limit_user_money_month),
        [LIMITS_BYTES] = conf->limit_user_bytes,
        [LIMITS_CONNECTIONS] = conf->limit_user_connections}};
    if (*cls && !row)
        limits_tell_unknown(cls);
    for (size_t i = 0; row && i < LIMITS_COUNT; i++)
        if (row->given[i])
            out->of[i] = row->limits.of[i];
}

void limits_of_key(const struct conf *conf, struct limits *out)
{
    *out = (struct limits){{[LIMITS_TURNS] = conf->limit_key_turns,
        [LIMITS_MESSAGES] = conf->limit_key_messages,
        [LIMITS_TOKENS_DAY] = conf->limit_key_tokens_day,
        [LIMITS_TOKENS_MONTH] = conf->limit_key_tokens_month,
        [LIMITS_MONEY_DAY] = limits_sum(conf->limit_key_money_day),
        [LIMITS_MONEY_MONTH] = limits_sum(conf->limit_key_money_month)}};
}

void limits_of_site(const struct conf *conf, struct limits *out)
{
    *out = (struct limits){{[LIMITS_MESSAGES] = conf->limit_site_messages,
        [LIMITS_TOKENS_DAY] = conf->limit_site_tokens_day,
        [LIMITS_TOKENS_MONTH] = conf->limit_site_tokens_month,
        [LIMITS_MONEY_DAY] = limits_sum(conf->limit_site_money_day),
        [LIMITS_MONEY_MONTH] = limits_sum(conf->limit_site_money_month)}};
}

int64_t limits_unknown_price(const struct conf *conf)
{
    return limits_sum(conf->unknown_price);
}
