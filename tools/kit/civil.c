/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/civil.h"

#include "base/err.h"

#include <ctype.h>
#include <string.h>

int civil_month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* Eras of 400 years that start on the 1st of March: the leap day is the last of its year. */
int64_t civil_days(int year, int month, int day)
{
    int64_t y = year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int64_t civil_seconds(const struct civil *c)
{
    return civil_days(c->year, c->month, c->day) * 86400 + c->hour * 3600 + c->minute * 60 +
        c->second;
}

void civil_from_seconds(int64_t seconds, struct civil *out)
{
    int64_t days = seconds / 86400, rest = seconds % 86400;
    if (rest < 0) {
        rest += 86400;
        days--;
    }
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t of_era = z - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t shifted = (5 * of_year + 2) / 153;
    memset(out, 0, sizeof *out);
    out->day = (int)(of_year - (153 * shifted + 2) / 5 + 1);
    out->month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    out->year = (int)(year + era * 400 + (out->month <= 2));
    out->hour = (int)(rest / 3600);
    out->minute = (int)(rest / 60 % 60);
    out->second = (int)(rest % 60);
    out->has_time = true;
}

int civil_weekday(int64_t days)
{
    return (int)(((days % 7) + 11) % 7);
}

/* Exactly `count` digits. */
static bool civil_digits(const char **s, int count, int *out)
{
    *out = 0;
    for (int i = 0; i < count; i++, (*s)++) {
        if (!isdigit((unsigned char)**s))
            return false;
        *out = *out * 10 + (**s - '0');
    }
    return true;
}

static bool civil_parse_offset(const char **s, struct civil *c)
{
    int hours, minutes = 0, sign = **s == '-' ? -1 : 1;
    if (**s == '\0')
        return true;
    c->has_offset = true;
    if (**s == 'Z' || **s == 'z') {
        (*s)++;
        return true;
    }
    if (**s != '+' && **s != '-')
        return false;
    (*s)++;
    if (!civil_digits(s, 2, &hours))
        return false;
    if (**s == ':')
        (*s)++;
    if (**s != '\0' && !civil_digits(s, 2, &minutes))
        return false;
    c->offset = sign * (hours * 3600 + minutes * 60);
    return hours <= 18 && minutes < 60;
}

static bool civil_parse_time(const char **s, struct civil *c)
{
    c->has_time = true;
    if (!civil_digits(s, 2, &c->hour) || *(*s)++ != ':' || !civil_digits(s, 2, &c->minute))
        return false;
    if (**s == ':') {
        (*s)++;
        if (!civil_digits(s, 2, &c->second))
            return false;
        if (**s == '.' || **s == ',') {
            (*s)++;
            if (!isdigit((unsigned char)**s))
                return false;
            while (isdigit((unsigned char)**s))
                (*s)++;
        }
    }
    return c->hour < 24 && c->minute < 60 && c->second < 60;
}

int civil_parse(const char *text, struct civil *out)
{
    const char *s = text;
    memset(out, 0, sizeof *out);
    if (!civil_digits(&s, 4, &out->year) || *s++ != '-' || !civil_digits(&s, 2, &out->month) ||
        *s++ != '-' || !civil_digits(&s, 2, &out->day))
        return ERR_INVALID;
    if (out->year < 1900 || out->year > 2200 || out->month < 1 || out->month > 12 || out->day < 1 ||
        out->day > civil_month_days(out->year, out->month))
        return ERR_INVALID;
    if (*s == '\0')
        return 0;
    if (*s != 'T' && *s != 't' && *s != ' ')
        return ERR_INVALID;
    s++;
    return civil_parse_time(&s, out) && civil_parse_offset(&s, out) && *s == '\0' ? 0 : ERR_INVALID;
}

const char *civil_weekday_name(int weekday)
{
    static const char *const names[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday",
        "Friday", "Saturday"};
    return weekday >= 0 && weekday < 7 ? names[weekday] : "";
}

const char *civil_month_name(int month)
{
    static const char *const names[] = {"January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December"};
    return month >= 1 && month <= 12 ? names[month - 1] : "";
}
