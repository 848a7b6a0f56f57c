/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/calendar/rrule.h"

#include "base/err.h"
#include "tools/kit/civil.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const rrule_freqs[] = {
    [RRULE_HOURLY] = "HOURLY",
    [RRULE_DAILY] = "DAILY",
    [RRULE_WEEKLY] = "WEEKLY",
    [RRULE_MONTHLY] = "MONTHLY",
    [RRULE_YEARLY] = "YEARLY",
};
#define RRULE_FREQS (sizeof rrule_freqs / sizeof rrule_freqs[0])

static const char *const rrule_weekdays[] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};

__attribute__((format(printf, 2, 3))) static int rrule_refuse(char *why, const char *format, ...)
{
    va_list args;

    if (!why)
        return ERR_INVALID;
    va_start(args, format);
    vsnprintf(why, RRULE_WHY_SIZE, format, args);
    va_end(args);
    return ERR_INVALID;
}

/* ---- values ---- */

/* A whole number of at most `digits` digits at *p, with a sign where it may have one. */
static bool rrule_number(const char **p, bool sign, int digits, int *value)
{
    bool minus = sign && **p == '-';
    int n = 0;

    if (sign && (**p == '-' || **p == '+'))
        (*p)++;
    for (*value = 0; isdigit((unsigned char)**p); n++, (*p)++) {
        if (n == digits)
            return false;
        *value = *value * 10 + (**p - '0');
    }
    if (minus)
        *value = -*value;
    return n > 0;
}

static int rrule_weekday(const char *p)
{
    for (int i = 0; i < 7; i++)
        if (!strncasecmp(p, rrule_weekdays[i], 2))
            return i;
    return -1;
}

bool rrule_has(const struct rrule_numbers *set, int n)
{
    const uint64_t *words = n > 0 ? set->plus : set->minus;

    n = abs(n);
    return n < 6 * 64 && words[n / 64] & UINT64_C(1) << n % 64;
}

static void rrule_add(struct rrule_numbers *set, int n)
{
    uint64_t *words = n > 0 ? set->plus : set->minus;

    n = abs(n);
    words[n / 64] |= UINT64_C(1) << n % 64;
    set->any = true;
}

/* A list of numbers from -max to max without 0, or from `min` up. Returns false when it is none. */
static bool rrule_list(const char *value, int min, int max, bool (*add)(void *arg, int n),
    void *arg)
{
    int n;

    for (;;) {
        if (!rrule_number(&value, min < 0, 3, &n) || n < min || n > max || !add(arg, n))
            return false;
        if (*value != ',')
            return !*value;
        value++;
    }
}

static bool rrule_add_number(void *arg, int n)
{
    if (n)
        rrule_add(arg, n);
    return n != 0;
}

static bool rrule_add_bit(void *arg, int n)
{
    uint64_t *bits = arg;

    *bits |= UINT64_C(1) << n;
    return true;
}

/* ---- parts ---- */

static bool rrule_read_freq(struct rrule *r, const char *value)
{
    for (size_t i = 0; i < RRULE_FREQS; i++) {
        if (strcasecmp(value, rrule_freqs[i]))
            continue;
        r->freq = (enum rrule_freq)i;
        return true;
    }
    return false;
}

static bool rrule_read_interval(struct rrule *r, const char *value)
{
    return rrule_number(&value, false, 6, &r->interval) && !*value && r->interval > 0;
}

static bool rrule_read_count(struct rrule *r, const char *value)
{
    return rrule_number(&value, false, 6, &r->count) && !*value && r->count > 0;
}

static bool rrule_read_until(struct rrule *r, const char *value)
{
    struct civil c = {.year = 0};
    int n = 0, end = 0;

    if (sscanf(value, "%4d%2d%2d%n", &c.year, &c.month, &c.day, &n) != 3 || n != 8 ||
        strspn(value, "0123456789") != 8 || c.month < 1 || c.month > 12 || c.day < 1 ||
        c.year < 1 || c.day > civil_month_days(c.year, c.month))
        return false;
    value += 8;
    r->until_is_date = !*value;
    if (!r->until_is_date) {
        if ((*value != 'T' && *value != 't') || strspn(value + 1, "0123456789") != 6 ||
            sscanf(value + 1, "%2d%2d%2d%n", &c.hour, &c.minute, &c.second, &end) != 3 ||
            c.hour > 23 || c.minute > 59 || c.second > 60)
            return false;
        value += 7;
        r->until_is_utc = !strcasecmp(value, "Z");
        if (*value && !r->until_is_utc)
            return false;
    }
    r->has_until = true;
    r->until_s = civil_seconds(&c);
    return true;
}

static bool rrule_read_week_start(struct rrule *r, const char *value)
{
    r->week_start = rrule_weekday(value);
    return r->week_start >= 0 && !value[2];
}

static bool rrule_read_days(struct rrule *r, const char *value)
{
    for (;;) {
        bool has_number = !isalpha((unsigned char)*value);
        int n = 0, day;
        if (has_number && (!rrule_number(&value, true, 2, &n) || !n || abs(n) > 53))
            return false;
        if ((day = rrule_weekday(value)) < 0)
            return false;
        if (n)
            rrule_add(&r->nth[day], n);
        else
            r->weekdays |= (uint8_t)(1u << day);
        r->any_nth |= n != 0;
        value += 2;
        if (*value != ',')
            return !*value;
        value++;
    }
}

static bool rrule_read_bits(const char *value, int min, int max, uint64_t *bits)
{
    return rrule_list(value, min, max, rrule_add_bit, bits);
}

static bool rrule_read_months(struct rrule *r, const char *value)
{
    uint64_t bits = 0;
    bool good = rrule_read_bits(value, 1, 12, &bits);

    r->months = (uint16_t)bits;
    return good;
}

static bool rrule_read_hours(struct rrule *r, const char *value)
{
    uint64_t bits = 0;
    bool good = rrule_read_bits(value, 0, 23, &bits);

    r->hours = (uint32_t)bits;
    return good;
}

static bool rrule_read_minutes(struct rrule *r, const char *value)
{
    return rrule_read_bits(value, 0, 59, &r->minutes);
}

static bool rrule_read_seconds(struct rrule *r, const char *value)
{
    return rrule_read_bits(value, 0, 59, &r->seconds); /* no leap second: no clock here has one */
}

static bool rrule_read_month_days(struct rrule *r, const char *value)
{
    return rrule_list(value, -31, 31, rrule_add_number, &r->month_days);
}

static bool rrule_read_year_days(struct rrule *r, const char *value)
{
    return rrule_list(value, -366, 366, rrule_add_number, &r->year_days);
}

static bool rrule_read_weeks(struct rrule *r, const char *value)
{
    return rrule_list(value, -53, 53, rrule_add_number, &r->weeks);
}

static bool rrule_read_positions(struct rrule *r, const char *value)
{
    return rrule_list(value, -366, 366, rrule_add_number, &r->positions);
}

static const struct rrule_part {
    const char *name, *form;
    bool (*read)(struct rrule *r, const char *value);
} rrule_parts[] = {
    {"FREQ", "HOURLY, DAILY, WEEKLY, MONTHLY or YEARLY", rrule_read_freq},
    {"INTERVAL", "a number from 1", rrule_read_interval},
    {"COUNT", "a number from 1", rrule_read_count},
    {"UNTIL", "a date or a time, as 20271231 or 20271231T090000Z", rrule_read_until},
    {"WKST", "a weekday, as MO", rrule_read_week_start},
    {"BYMONTH", "months from 1 to 12", rrule_read_months},
    {"BYWEEKNO", "weeks from 1 to 53, or -1 to -53", rrule_read_weeks},
    {"BYYEARDAY", "days from 1 to 366, or -1 to -366", rrule_read_year_days},
    {"BYMONTHDAY", "days from 1 to 31, or -1 to -31", rrule_read_month_days},
    {"BYDAY", "weekdays, as MO or 2TU or -1FR", rrule_read_days},
    {"BYHOUR", "hours from 0 to 23", rrule_read_hours},
    {"BYMINUTE", "minutes from 0 to 59", rrule_read_minutes},
    {"BYSECOND", "seconds from 0 to 59", rrule_read_seconds},
    {"BYSETPOS", "positions from 1 to 366, or -1 to -366", rrule_read_positions},
};
#define RRULE_PARTS (sizeof rrule_parts / sizeof rrule_parts[0])

static int rrule_read_part(struct rrule *r, char *part, unsigned *seen, char *why)
{
    char *value = strchr(part, '=');

    if (!value)
        return rrule_refuse(why, "that is no rule of RFC 5545, such as FREQ=WEEKLY;BYDAY=MO,WE");
    *value++ = 0;
    for (size_t i = 0; i < RRULE_PARTS; i++) {
        if (strcasecmp(part, rrule_parts[i].name))
            continue;
        if (*seen & 1u << i)
            return rrule_refuse(why, "%s stands twice", rrule_parts[i].name);
        *seen |= 1u << i;
        if (rrule_parts[i].read(r, value))
            return 0;
        return rrule_refuse(why, "%s can be %s", rrule_parts[i].name, rrule_parts[i].form);
    }
    return rrule_refuse(why, "%.20s is no part of a rule here", part);
}

/* What RFC 5545 3.3.10 forbids. */
static int rrule_check(const struct rrule *r, char *why)
{
    bool days = r->weekdays || r->any_nth;

    if (r->count && r->has_until)
        return rrule_refuse(why, "COUNT and UNTIL exclude each other");
    if (r->any_nth && r->freq < RRULE_MONTHLY)
        return rrule_refuse(why, "a number in BYDAY belongs to FREQ=MONTHLY or YEARLY");
    if (r->any_nth && r->weeks.any)
        return rrule_refuse(why, "a number in BYDAY and BYWEEKNO exclude each other");
    if (r->weeks.any && r->freq != RRULE_YEARLY)
        return rrule_refuse(why, "BYWEEKNO belongs to FREQ=YEARLY");
    if (r->year_days.any && r->freq != RRULE_YEARLY)
        return rrule_refuse(why, "BYYEARDAY belongs to FREQ=YEARLY");
    if (r->month_days.any && r->freq == RRULE_WEEKLY)
        return rrule_refuse(why, "BYMONTHDAY does not go with FREQ=WEEKLY");
    if (r->positions.any && r->freq == RRULE_HOURLY)
        return rrule_refuse(why, "BYSETPOS does not go with FREQ=HOURLY here");
    if (r->positions.any && r->freq == RRULE_WEEKLY) /* programs differ on what the first week is */
        return rrule_refuse(why, "BYSETPOS does not go with FREQ=WEEKLY here");
    if (r->positions.any && !days && !r->months && !r->month_days.any && !r->year_days.any &&
        !r->weeks.any && !r->hours && !r->minutes && !r->seconds)
        return rrule_refuse(why, "BYSETPOS needs another BY part");
    return 0;
}

int rrule_parse(const char *text, struct rrule *out, char *why)
{
    char copy[512], *save = NULL;
    unsigned seen = 0;
    int error = 0;

    *out = (struct rrule){.interval = 1, .week_start = 1};
    if (strlen(text) >= sizeof copy)
        return rrule_refuse(why, "a rule can have 511 characters");
    if (strstr(text, ";;") || *text == ';')
        return rrule_refuse(why, "that is no rule of RFC 5545, such as FREQ=WEEKLY;BYDAY=MO,WE");
    strcpy(copy, text);
    for (char *part = strtok_r(copy, ";", &save); part && !error; part = strtok_r(NULL, ";", &save))
        error = rrule_read_part(out, part, &seen, why);
    if (!error && !(seen & 1))
        error = rrule_refuse(why, "that is no rule of RFC 5545, such as FREQ=WEEKLY;BYDAY=MO,WE");
    return error ? error : rrule_check(out, why);
}

/* ---- text ---- */

struct rrule_text {
    char *out;
    size_t size, len;
    bool full;
};

__attribute__((format(printf, 2, 3))) static void rrule_put(struct rrule_text *t,
    const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int n = vsnprintf(t->out + t->len, t->size - t->len, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= t->size - t->len)
        t->full = true;
    else
        t->len += (size_t)n;
}

/* In front of an item of the list `*name`; its name stands before the first. */
static void rrule_put_comma(struct rrule_text *t, const char **name)
{
    if (*name)
        rrule_put(t, ";%s=", *name);
    else
        rrule_put(t, ",");
    *name = NULL;
}

static void rrule_put_number(struct rrule_text *t, const char **name, int n, const char *unit)
{
    rrule_put_comma(t, name);
    rrule_put(t, "%d%s", n, unit);
}

static void rrule_put_bits(struct rrule_text *t, const char *name, uint64_t bits)
{
    for (int i = 0; i < 64; i++)
        if (bits & UINT64_C(1) << i)
            rrule_put_number(t, &name, i, "");
}

static void rrule_put_numbers(struct rrule_text *t, const char **name,
    const struct rrule_numbers *set, const char *unit)
{
    for (int n = 1; n <= 366 && set->any; n++)
        if (rrule_has(set, n))
            rrule_put_number(t, name, n, unit);
    for (int n = 1; n <= 366 && set->any; n++)
        if (rrule_has(set, -n))
            rrule_put_number(t, name, -n, unit);
}

static void rrule_put_days(struct rrule_text *t, const struct rrule *r)
{
    const char *name = "BYDAY";

    for (int i = 1; i <= 7; i++) {
        if (!(r->weekdays & 1u << i % 7))
            continue;
        rrule_put_comma(t, &name);
        rrule_put(t, "%s", rrule_weekdays[i % 7]);
    }
    for (int i = 1; i <= 7; i++)
        rrule_put_numbers(t, &name, &r->nth[i % 7], rrule_weekdays[i % 7]);
}

static void rrule_put_until(struct rrule_text *t, const struct rrule *r)
{
    struct civil c;

    civil_from_seconds(r->until_s, &c);
    rrule_put(t, ";UNTIL=%04d%02d%02d", c.year, c.month, c.day);
    if (!r->until_is_date)
        rrule_put(t, "T%02d%02d%02d%s", c.hour, c.minute, c.second, r->until_is_utc ? "Z" : "");
}

int rrule_print(const struct rrule *r, char *out, size_t size)
{
    struct rrule_text t = {.out = out, .size = size};

    rrule_put(&t, "FREQ=%s", rrule_freqs[r->freq]);
    if (r->has_until)
        rrule_put_until(&t, r);
    if (r->count)
        rrule_put(&t, ";COUNT=%d", r->count);
    if (r->interval > 1)
        rrule_put(&t, ";INTERVAL=%d", r->interval);
    rrule_put_bits(&t, "BYSECOND", r->seconds);
    rrule_put_bits(&t, "BYMINUTE", r->minutes);
    rrule_put_bits(&t, "BYHOUR", r->hours);
    rrule_put_days(&t, r);
    rrule_put_numbers(&t, &(const char *){"BYMONTHDAY"}, &r->month_days, "");
    rrule_put_numbers(&t, &(const char *){"BYYEARDAY"}, &r->year_days, "");
    rrule_put_numbers(&t, &(const char *){"BYWEEKNO"}, &r->weeks, "");
    rrule_put_bits(&t, "BYMONTH", r->months);
    rrule_put_numbers(&t, &(const char *){"BYSETPOS"}, &r->positions, "");
    if (r->week_start != 1)
        rrule_put(&t, ";WKST=%s", rrule_weekdays[r->week_start]);
    return t.full ? ERR_LIMIT : 0;
}
