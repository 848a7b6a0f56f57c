/* SPDX-License-Identifier: BSD-2-Clause */
/* The operator's prices, a line a model: `[PROVIDER:]MODEL INPUT CACHED CACHE_WRITE OUTPUT
 * [DATE]`. */
#include "agent/model/prices_parts.h"

#include "base/err.h"
#include "base/file.h"
#include "base/money.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX ((size_t)1 << 20)
#define WORDS 6
#define NAMES "anthropic, openai, responses or offline"

struct prices_list {
    struct price *rows;
    size_t count;
    char *text; /* the file, into which the rows point */
};

static struct prices_list own;

static void prices_free(struct prices_list *list)
{
    free(list->rows);
    free(list->text);
    memset(list, 0, sizeof *list);
}

const struct price *prices_own(const char *provider, const char *model)
{
    return prices_best(own.rows, own.count, provider, model);
}

static bool prices_is_date(const char *text)
{
    static const char form[] = "0000-00-00";

    for (size_t i = 0; i < sizeof form; i++)
        if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return false;
    return true;
}

/* "-" = the price of input. */
static bool prices_read_sum(const char *word, int64_t input, int64_t *out)
{
    if (strcmp(word, "-") != 0)
        return !money_parse(word, strlen(word), out);
    *out = input;
    return input >= 0;
}

/* Returns what is wrong, or NULL. */
static const char *prices_read_row(char *words[WORDS], size_t count, struct price *p)
{
    char *colon = strchr(words[0], ':');

    memset(p, 0, sizeof *p);
    p->provider = "";
    p->stem = words[0];
    if (colon && provider_find(words[0], (size_t)(colon - words[0]))) {
        *colon = '\0';
        p->provider = words[0];
        p->stem = colon + 1;
    }
    if (count < 5)
        return "needs MODEL INPUT CACHED CACHE_WRITE OUTPUT, in dollars per million tokens";
    if (!*p->stem)
        return "has no model behind the provider";
    if (!strcmp(p->stem, "*") && !*p->provider)
        return "is for every model: put a provider in front, " NAMES;
    if (!prices_read_sum(words[1], -1, &p->input) ||
        !prices_read_sum(words[2], p->input, &p->cached) ||
        !prices_read_sum(words[3], p->input, &p->cache_write) ||
        !prices_read_sum(words[4], -1, &p->output))
        return "has a price that is not a sum of dollars such as 2 or 0.125";
    p->known = count > 5 ? words[5] : "";
    return *p->known && !prices_is_date(p->known) ? "has a date that is not YYYY-MM-DD" : NULL;
}

/* Returns how many words there are, WORDS + 1 for more. */
static size_t prices_split(char *line, char *words[WORDS])
{
    char *rest = NULL, *word = strtok_r(line, " \t\r", &rest);
    size_t count = 0;

    for (; word && *word != '#'; word = strtok_r(NULL, " \t\r", &rest)) {
        if (count == WORDS)
            return WORDS + 1;
        words[count++] = word;
    }
    return count;
}

static int prices_read_lines(const char *path, struct prices_list *list, prices_problem_fn *fn,
    void *arg)
{
    char *rest = list->text, *words[WORDS], why[512];
    unsigned number = 0;
    int problems = 0;

    for (char *line; (line = strsep(&rest, "\n"));) {
        size_t count = prices_split(line, words);
        const char *wrong;
        number++;
        if (!count)
            continue;
        wrong = count > WORDS ? "has words behind the date" :
                                prices_read_row(words, count, &list->rows[list->count]);
        if (!wrong) {
            list->count++;
            continue;
        }
        snprintf(why, sizeof why, "model.prices_file: %.200s:%u: \"%.60s\" %s", path, number,
            words[0], wrong);
        fn(arg, why);
        problems++;
    }
    return problems ? ERR_CONFIG : 0;
}

static int prices_read(const char *path, struct prices_list *list, prices_problem_fn *fn, void *arg)
{
    size_t len = 0, lines = 1;
    char why[512];
    int error = file_read(AT_FDCWD, path, FILE_MAX, &list->text, &len);

    if (error) {
        snprintf(why, sizeof why, "model.prices_file: %.200s: %s", path, file_why(error));
        fn(arg, why);
        return error == ERR_NOMEM ? error : ERR_CONFIG;
    }
    for (size_t i = 0; i < len; i++)
        lines += list->text[i] == '\n';
    list->rows = calloc(lines, sizeof *list->rows);
    return list->rows ? prices_read_lines(path, list, fn, arg) : ERR_NOMEM;
}

struct prices_first {
    char *why;
    size_t size;
};

static void prices_keep_first(void *arg, const char *why)
{
    struct prices_first *first = arg;

    if (!*first->why)
        snprintf(first->why, first->size, "%s", why);
}

int prices_load(const char *path, char *why, size_t why_size)
{
    struct prices_first first = {why, why_size};
    struct prices_list list = {0};
    int error = 0;

    *why = '\0';
    if (*path)
        error = prices_read(path, &list, prices_keep_first, &first);
    prices_free(error ? &list : &own);
    if (!error)
        own = list;
    return error;
}

void prices_check(const char *path, prices_problem_fn *fn, void *arg)
{
    struct prices_list list = {0};

    if (*path)
        err_ignore(prices_read(path, &list, fn, arg));
    prices_free(&list);
}
