/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/conf_parts.h"

#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* conf_value -- values as texts: their forms, their limits, and what was meant by a wrong one. */

struct conf_unit {
    const char *suffix;
    int64_t factor;
    const char *others[8]; /* what people write for it */
};

static const struct conf_unit durations[] = {
    {"ms", 1, {"msec", "millis", "milliseconds", "msecs"}},
    {"s", 1000, {"sec", "secs", "second", "seconds"}},
    {"m", 60000, {"min", "mins", "minute", "minutes"}},
    {"h", 3600000, {"hr", "hrs", "hour", "hours"}},
    {"d", 86400000, {"day", "days"}},
    {NULL, 0, {NULL}},
};

static const struct conf_unit sizes[] = {
    {"", 1, {"b", "byte", "bytes"}},
    {"k", 1 << 10, {"kb", "kib"}},
    {"m", 1 << 20, {"mb", "mib"}},
    {"g", 1 << 30, {"gb", "gib"}},
    {NULL, 0, {NULL}},
};

static const struct conf_unit plain[] = {
    {"", 1, {NULL}},
    {NULL, 0, {NULL}},
};

static const struct {
    const struct conf_unit *units; /* NULL = not a number with a unit */
    const char *name, *form;
} types[] = {
    [CONF_INT] = {plain, "number", "a whole number"},
    [CONF_BOOL] = {NULL, "on or off", "on or off"},
    [CONF_MODE] = {NULL, "mode", "a mode in octal such as 0660"},
    [CONF_MS] = {durations, "duration", "a duration such as 250ms, 5s, 10m, 24h or 30d"},
    [CONF_SIZE] = {sizes, "size", "a size such as 65536, 64k, 8m or 1g"},
    [CONF_TEXT] = {NULL, "text", "text"},
    [CONF_SECRET] = {NULL, "secret", "text"},
};

const char *conf_type_name(enum conf_type type)
{
    return types[type].name;
}

const char *conf_value_text(const struct conf_row *row, int64_t number, char out[32])
{
    const struct conf_unit *units = types[row->type].units, *best = units;

    if (row->type == CONF_MODE) {
        snprintf(out, 32, "%04llo", (unsigned long long)number);
        return out;
    }
    for (const struct conf_unit *u = units; u->suffix; u++)
        if (number != 0 && number % u->factor == 0)
            best = u;
    snprintf(out, 32, "%lld%s", (long long)(number / best->factor), best->suffix);
    return out;
}

/* ---- limits ---- */

/* turn.workers was the number of turns, up to 4096, when each had a process of its own. */
static bool conf_value_meant_seats(const struct conf_row *row, int64_t number,
    char why[CONF_WHY_SIZE])
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

static int conf_value_check_limits(const struct conf_row *row, const char *value, int64_t number,
    char why[CONF_WHY_SIZE])
{
    char least[32], most[32], range[80];
    bool below = number < row->min && (row->min || row->max), above = row->max && number > row->max;

    if (!below && !above)
        return 0;
    if (above && conf_value_meant_seats(row, number, why))
        return ERR_CONFIG;
    conf_value_text(row, row->min, least);
    if (row->max)
        snprintf(range, sizeof range, "%s to %s", least, conf_value_text(row, row->max, most));
    else
        snprintf(range, sizeof range, "%s or more", least);
    snprintf(why, CONF_WHY_SIZE, "%s: %.60s is %s %s (%s)", row->name, value,
        below ? "below" : "above", below ? least : most, range);
    return ERR_CONFIG;
}

/* ---- what was meant ---- */

/* Another spelling of the unit, blanks in front of it, none at all: "5 s", "5sec", "30". Returns
 * the right one in out, or NULL. */
static const char *conf_value_respell(enum conf_type type, const char *value, char out[32])
{
    const struct conf_unit *units = types[type].units;
    size_t digits = strspn(value, "0123456789");
    const char *unit = value + digits + strspn(value + digits, " \t");

    if (!digits || digits > 18 || !units)
        return NULL;
    if (!*unit && units == durations) {
        snprintf(out, 32, "%.*ss", (int)digits, value);
        return out;
    }
    for (const struct conf_unit *u = units; u->suffix; u++) {
        bool means = strcasecmp(unit, u->suffix) == 0;
        for (size_t i = 0; u->others[i] && !means; i++)
            means = strcasecmp(unit, u->others[i]) == 0;
        if (!means)
            continue;
        snprintf(out, 32, "%.*s%s", (int)digits, value, u->suffix);
        return strcmp(out, value) == 0 ? NULL : out; /* the same: it is too large */
    }
    return NULL;
}

static int conf_value_wrong(const struct conf_row *row, const char *value, const char *meant,
    char why[CONF_WHY_SIZE])
{
    const char *form = types[row->type].form;

    if (!*value)
        snprintf(why, CONF_WHY_SIZE, "%s: has no value: %s is needed", row->name, form);
    else if (meant)
        snprintf(why, CONF_WHY_SIZE, "%s: \"%.60s\" is not %s; did you mean %s?", row->name, value,
            form, meant);
    else
        snprintf(why, CONF_WHY_SIZE, "%s: \"%.60s\" is not %s%s", row->name, value, form,
            strchr(value, '#') ? ": a comment needs a line of its own" : "");
    return ERR_CONFIG;
}

/* ---- numbers ---- */

/* Returns 0, or ERR_INVALID for another form or a number beyond int64_t. */
static int conf_value_parse(const char *value, const struct conf_unit *units, int64_t *number)
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
    int error = conf_value_parse(value, durations, &number);

    if (!error)
        *ms = number;
    return error;
}

/*
 * In octal, with a 0 in front. Modes were decimal once: what can be nothing else (432, which
 * everybody had, or a number with an 8 or 9) is still taken, with a warning.
 */
static int conf_value_mode(const struct conf_row *row, const char *value, int64_t *number,
    char why[CONF_WHY_SIZE])
{
    size_t len = strlen(value), octal = strspn(value, "01234567");
    char meant[32];

    if (len > 8 || len == 0 || strspn(value, "0123456789") != len || (*value == '0' && octal < len))
        return conf_value_wrong(row, value, NULL, why);
    if (*value == '0') {
        *number = strtoll(value, NULL, 8);
        return 0;
    }
    if (octal == len && strcmp(value, "432") != 0) {
        snprintf(meant, sizeof meant, "0%s", value);
        return conf_value_wrong(row, value, meant, why);
    }
    *number = strtoll(value, NULL, 10);
    if (*number <= row->max)
        snprintf(why, CONF_WHY_SIZE, "%s: %s is decimal: write it in octal, %s", row->name, value,
            conf_value_text(row, *number, meant));
    return 0;
}

int conf_value_number(const struct conf_row *row, const char *value, int64_t *number,
    char why[CONF_WHY_SIZE])
{
    char meant[32];
    int error = 0;

    if (row->type == CONF_MODE)
        error = conf_value_mode(row, value, number, why);
    else if (conf_value_parse(value, types[row->type].units, number))
        error = conf_value_wrong(row, value, conf_value_respell(row->type, value, meant), why);
    return error ? error : conf_value_check_limits(row, value, *number, why);
}

int conf_value_flag(const struct conf_row *row, const char *value, bool *flag,
    char why[CONF_WHY_SIZE])
{
    static const char *const on[] = {"on", "yes", "true", "1", NULL};
    static const char *const off[] = {"off", "no", "false", "0", NULL};
    static const char *const also_on[] = {"enable", "enabled", "y", NULL};
    static const char *const also_off[] = {"disable", "disabled", "none", "n", NULL};
    size_t len = strlen(value);

    for (size_t i = 0; on[i]; i++) {
        if (strcasecmp(value, on[i]) == 0 || strcasecmp(value, off[i]) == 0) {
            *flag = strcasecmp(value, on[i]) == 0;
            return 0;
        }
    }
    const char *meant = conf_near_word(value, len, on) ? "on" :
        conf_near_word(value, len, off)                ? "off" :
        conf_word_is(value, len, also_on)              ? "on" :
        conf_word_is(value, len, also_off)             ? "off" :
                                                         NULL;
    return conf_value_wrong(row, value, meant, why);
}
