/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/conf_parts.h"

#include "base/err.h"

#include <stdio.h>
#include <string.h>

/* conf_near -- what somebody may have meant by a name or a value that there is not. */

#define NEAR_MAX 63 /* longer texts are like nothing */

/* Capitals and the sign between the parts of a name are easily mixed up. */
static char conf_near_fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c == '-' ? '_' : c;
}

static size_t conf_near_least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many characters have to be put in, left out, replaced or swapped with the next one. */
static size_t conf_near_distance(const char *a, size_t len, const char *b)
{
    size_t rows[3][NEAR_MAX + 1], width = strlen(b);
    size_t *before = rows[0], *above = rows[1], *row = rows[2];

    if (len > NEAR_MAX || width > NEAR_MAX)
        return NEAR_MAX;
    for (size_t k = 0; k <= width; k++)
        above[k] = before[k] = k;
    for (size_t i = 1; i <= len; i++) {
        char c = conf_near_fold(a[i - 1]);
        row[0] = i;
        for (size_t k = 1; k <= width; k++) {
            row[k] = conf_near_least(above[k - 1] + (c != conf_near_fold(b[k - 1])),
                1 + conf_near_least(row[k - 1], above[k]));
            if (i > 1 && k > 1 && c == conf_near_fold(b[k - 2]) &&
                conf_near_fold(a[i - 2]) == conf_near_fold(b[k - 1]))
                row[k] = conf_near_least(row[k], before[k - 2] + 1);
        }
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[width];
}

/* Are the parts in front of the first point the same? */
static bool conf_near_family(const char *a, const char *b)
{
    size_t len = strcspn(a, ".");

    return strcspn(b, ".") == len && memcmp(a, b, len) == 0;
}

/* The only setting whose last part it is: "seats" is turn.seats. */
static const char *conf_near_last_part(const char *name)
{
    const char *found = NULL;

    for (size_t i = 0; i < conf_row_count; i++) {
        const char *point = strrchr(conf_rows[i].name, '.');
        if (!point || strcmp(point + 1, name) != 0)
            continue;
        if (found)
            return NULL;
        found = conf_rows[i].name;
    }
    return found;
}

const char *conf_near_name(const char *name)
{
    size_t len = strlen(name), best = len / 3 < 3 ? len / 3 : 3;
    const char *near = NULL;
    bool family = false;

    for (size_t i = 0; i < conf_row_count; i++) {
        const char *candidate = conf_rows[i].name;
        size_t distance = conf_near_distance(name, len, candidate);
        bool same = conf_near_family(name, candidate);
        /* Of another family only what is nearly the same. */
        if (distance > best || (!same && distance > 2) ||
            (near && distance == best && (family || !same)))
            continue;
        best = distance;
        near = candidate;
        family = same;
    }
    return near ? near : conf_near_last_part(name);
}

const char *conf_near_word(const char *text, size_t len, const char *const *words)
{
    size_t best = len < 3 ? 1 : len / 3 < 3 ? len / 3 : 3;
    const char *near = NULL;

    for (; *words; words++) {
        size_t distance = conf_near_distance(text, len, *words);
        if (distance > best || (near && distance == best) || distance >= strlen(*words))
            continue;
        best = distance;
        near = *words;
    }
    return near;
}

int conf_not_one_of(const char *name, const char *text, size_t len, const char *const *words,
    char why[CONF_WHY_SIZE])
{
    const char *near = conf_near_word(text, len, words);
    int n =
        snprintf(why, CONF_WHY_SIZE, "%s: \"%.*s\" is not", name, len > 60 ? 60 : (int)len, text);

    for (size_t i = 0; words[i] && n < CONF_WHY_SIZE; i++)
        n += snprintf(why + n, (size_t)(CONF_WHY_SIZE - n), "%s%s",
            i == 0           ? " " :
                words[i + 1] ? ", " :
                               " or ",
            words[i]);
    if (near && n < CONF_WHY_SIZE)
        snprintf(why + n, (size_t)(CONF_WHY_SIZE - n), "; did you mean %s?", near);
    return ERR_CONFIG;
}
