/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/clock.h"

#include "base/err.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#define MS_PER_DAY 86400000

static int64_t clock_ns(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t clock_mono_ms(void)
{
    return clock_ns(CLOCK_MONOTONIC) / 1000000;
}

int64_t clock_mono_us(void)
{
    return clock_ns(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_real_ms(void)
{
    return clock_ns(CLOCK_REALTIME) / 1000000;
}

/*
 * The calendar is computed here because gmtime_r and timegm read the zone files, which costs each
 * process system calls and private memory. Years start in March, eras have 400 years.
 */
static void clock_civil(int64_t days, int *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;

    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = (int)(yoe + era * 400 + (*month <= 2));
}

static int64_t clock_days(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

    return era * 146097 + doe - 719468;
}

void clock_rfc3339(int64_t real_ms, char out[CLOCK_RFC3339_SIZE])
{
    const int64_t first = -62167219200000, last = 253402300799999; /* years 0000 to 9999 */
    int64_t ms = real_ms < first ? first : real_ms > last ? last : real_ms;
    int64_t days = ms / MS_PER_DAY, rest = ms % MS_PER_DAY;
    int year, month, day;

    if (rest < 0) {
        rest += MS_PER_DAY;
        days--;
    }
    clock_civil(days, &year, &month, &day);
    unsigned second = (unsigned)(rest / 1000);
    snprintf(out, CLOCK_RFC3339_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", (unsigned)year % 10000,
        (unsigned)month % 100, (unsigned)day % 100, second / 3600 % 24, second / 60 % 60,
        second % 60, (unsigned)rest % 1000);
}

static bool clock_digits(const char **p, int count, int *value)
{
    *value = 0;
    for (int i = 0; i < count; i++, (*p)++) {
        if (**p < '0' || **p > '9')
            return false;
        *value = *value * 10 + (**p - '0');
    }
    return true;
}

static bool clock_literal(const char **p, char c)
{
    if (**p != c && !(c >= 'A' && c <= 'Z' && **p == c - 'A' + 'a'))
        return false;
    (*p)++;
    return true;
}

static int clock_month_days(int year, int month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static bool clock_parse_date(const char **p, int64_t *days)
{
    int year, month, day;

    if (!clock_digits(p, 4, &year) || !clock_literal(p, '-') || !clock_digits(p, 2, &month) ||
        !clock_literal(p, '-') || !clock_digits(p, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > clock_month_days(year, month))
        return false;
    *days = clock_days(year, month, day);
    return true;
}

static bool clock_parse_time(const char **p, int64_t *ms)
{
    int hour, minute, second, fraction = 0, scale = 100;

    if (!clock_digits(p, 2, &hour) || !clock_literal(p, ':') || !clock_digits(p, 2, &minute) ||
        !clock_literal(p, ':') || !clock_digits(p, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 60) /* 60: a leap second */
        return false;
    if (**p == '.') {
        (*p)++;
        if (**p < '0' || **p > '9')
            return false;
        for (; **p >= '0' && **p <= '9'; (*p)++, scale /= 10)
            fraction += (**p - '0') * scale;
    }
    *ms = ((int64_t)hour * 3600 + minute * 60 + second) * 1000 + fraction;
    return true;
}

static bool clock_parse_offset(const char **p, int64_t *ms)
{
    int sign, hour, minute;

    *ms = 0;
    if (clock_literal(p, 'Z'))
        return true;
    if (**p != '+' && **p != '-')
        return false;
    sign = *(*p)++ == '-' ? -1 : 1;
    if (!clock_digits(p, 2, &hour) || !clock_literal(p, ':') || !clock_digits(p, 2, &minute) ||
        hour > 23 || minute > 59)
        return false;
    *ms = sign * ((int64_t)hour * 60 + minute) * 60000;
    return true;
}

int clock_parse_rfc3339(const char *text, int64_t *real_ms)
{
    int64_t days, ms, offset;

    if (!text || !clock_parse_date(&text, &days) || !clock_literal(&text, 'T') ||
        !clock_parse_time(&text, &ms) || !clock_parse_offset(&text, &offset) || *text)
        return ERR_INVALID;
    *real_ms = days * MS_PER_DAY + ms - offset;
    return 0;
}
