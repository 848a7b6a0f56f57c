/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/rates.h"

#include "store/rates_kept.h"
#include "tools/kit/civil.h"
#include "tools/kit/currency.h"
#include "tools/kit/timestamp.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RATES_VALUE_SIZE 32
#define RATES_MOST 1e9

/* ---- the document ---- */

/* The value of the attribute in the tag's text; false: it is not there, or too long. */
static bool rates_attribute(const char *tag, size_t len, const char *name,
    char out[RATES_VALUE_SIZE])
{
    size_t size = strlen(name);
    for (size_t i = 1; i + size + 2 < len; i++) {
        if (!isspace((unsigned char)tag[i - 1]) || strncmp(tag + i, name, size) != 0)
            continue;
        size_t at = i + size;
        while (at < len && isspace((unsigned char)tag[at]))
            at++;
        if (at >= len || tag[at] != '=')
            continue;
        for (at++; at < len && isspace((unsigned char)tag[at]);)
            at++;
        if (at >= len || (tag[at] != '\'' && tag[at] != '"'))
            return false;
        const char *end = memchr(tag + at + 1, tag[at], len - at - 1);
        size_t value = end ? (size_t)(end - tag) - at - 1 : RATES_VALUE_SIZE;
        if (value >= RATES_VALUE_SIZE)
            return false;
        memcpy(out, tag + at + 1, value);
        out[value] = '\0';
        return true;
    }
    return false;
}

static int rates_add(struct rates_day *day, const char *code, const char *text)
{
    char *end, why[CURRENCY_WHY_SIZE];
    double rate = strtod(text, &end);
    if (end == text || *end != '\0' || strspn(text, "0123456789.") != strlen(text) || !(rate > 0) ||
        rate > RATES_MOST)
        return ERR_PROTOCOL;
    if (currency_check(code, why) != 0)
        return 0;
    for (size_t i = 0; i < day->count; i++)
        if (strcmp(day->all[i].code, code) == 0)
            return ERR_PROTOCOL;
    if (day->count == RATES_CODES_MAX)
        return ERR_PROTOCOL;
    memcpy(day->all[day->count].code, code, 4);
    day->all[day->count++].per_euro = rate;
    return 0;
}

static int rates_end_day(struct rates_day *day, rates_day_fn *fn, void *arg)
{
    int error = day->count > 0 ? fn(arg, day) : 0;
    day->count = 0;
    return error;
}

static int rates_tag(const char *tag, size_t len, struct rates_day *day, rates_day_fn *fn,
    void *arg)
{
    char date[RATES_VALUE_SIZE], code[RATES_VALUE_SIZE], rate[RATES_VALUE_SIZE];
    struct civil c;
    if (rates_attribute(tag, len, "time", date)) {
        if (strlen(date) != 10 || civil_parse(date, &c) != 0)
            return ERR_PROTOCOL;
        int error = rates_end_day(day, fn, arg);
        snprintf(day->date, sizeof day->date, "%.10s", date);
        return error;
    }
    if (!rates_attribute(tag, len, "currency", code))
        return 0;
    if (!rates_attribute(tag, len, "rate", rate) || day->date[0] == '\0' || strlen(code) != 3)
        return ERR_PROTOCOL;
    return rates_add(day, code, rate);
}

int rates_parse(const char *xml, size_t len, rates_day_fn *fn, void *arg)
{
    struct rates_day day = {.date = ""};
    const char *end = xml + len, *at = xml;
    int error = 0;
    bool any = false;
    while (error == 0 && at < end && (at = memchr(at, '<', (size_t)(end - at)))) {
        const char *close = memchr(at, '>', (size_t)(end - at));
        if (!close)
            return ERR_PROTOCOL;
        size_t size = (size_t)(close - at);
        if (size > 5 && strncmp(at + 1, "Cube", 4) == 0)
            error = rates_tag(at, size, &day, fn, arg);
        any = any || day.count > 0;
        at = close + 1;
    }
    if (error == 0)
        error = rates_end_day(&day, fn, arg);
    return error != 0 ? error : any ? 0 : ERR_PROTOCOL;
}

void rates_write(const struct rates_day *day, struct buf *out)
{
    for (size_t i = 0; i < day->count; i++)
        buf_printf(out, "%s%s %.10g", i > 0 ? " " : "", day->all[i].code, day->all[i].per_euro);
}

/* ---- what is kept ---- */

/* 0: the day has none of it. */
static double rates_of(const char *line, const char *code)
{
    char named[6];
    if (strcmp(code, "EUR") == 0)
        return 1;
    snprintf(named, sizeof named, "%.3s ", code);
    const char *at = strstr(line, named);
    return at ? strtod(at + 4, NULL) : 0;
}

static void rates_day_before(const struct civil *day, int back, char out[11])
{
    struct civil c;
    civil_from_seconds((civil_days(day->year, day->month, day->day) - back) * 86400, &c);
    snprintf(out, 11, "%04u-%02u-%02u", (unsigned)c.year % 10000, (unsigned)c.month % 100,
        (unsigned)c.day % 100);
}

/* Days asked for, newest first; 0 of them: the newest that there is. */
static int rates_days(struct tools_run *run, const char *date, const char *latest, char days[][11],
    size_t *count)
{
    struct civil c;
    *count = 0;
    if (!date) {
        snprintf(days[(*count)++], 11, "%.10s", latest);
        return 0;
    }
    if (civil_parse(date, &c) != 0)
        return ERR_INVALID;
    (void)run;
    for (int back = 0; back <= RATES_BACK_DAYS; back++)
        rates_day_before(&c, back, days[(*count)++]);
    return 0;
}

static int rates_age(struct tools_run *run, const char *asked, const char *day)
{
    const struct zone *z;
    char today[TIMESTAMP_SIZE];
    struct civil a, b;
    if (!asked && timestamp_zone(run, &z) == 0) {
        timestamp_date(run->context->now_ms, z, today);
        asked = today;
    }
    if (!asked || civil_parse(asked, &a) != 0 || civil_parse(day, &b) != 0)
        return 0;
    int64_t days = civil_days(a.year, a.month, a.day) - civil_days(b.year, b.month, b.day);
    return days > 0 ? (int)days : 0;
}

int rates_find(struct tools_run *run, const char *from, const char *to, const char *date,
    struct rate *out)
{
    static const char *const heads[] = {"latest", "source"};
    const char *head[2], *lines[RATES_BACK_DAYS + 1], *names[RATES_BACK_DAYS + 1];
    char days[RATES_BACK_DAYS + 1][11];
    size_t count;
    struct store *s = run->context->store;
    *out = (struct rate){.rate = 0};
    int error = rates_kept_get(s, heads, 2, run->arena, head);
    if (error == 0 && !head[0])
        return ERR_NOT_CONFIGURED;
    if (error == 0)
        error = rates_days(run, date, head[0], days, &count);
    if (error != 0)
        return error;
    for (size_t i = 0; i < count; i++)
        names[i] = days[i];
    error = rates_kept_get(s, names, count, run->arena, lines);
    for (size_t i = 0; error == 0 && i < count; i++) {
        double a = lines[i] ? rates_of(lines[i], from) : 0,
               b = lines[i] ? rates_of(lines[i], to) : 0;
        if (!(a > 0) || !(b > 0))
            continue;
        out->rate = b / a;
        memcpy(out->date, days[i], sizeof out->date);
        snprintf(out->source, sizeof out->source, "%s", head[1] ? head[1] : "");
        out->days = rates_age(run, date, out->date);
        return 0;
    }
    return error != 0 ? error : ERR_NOT_FOUND;
}
