#include "agent/offline.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A reader over the text in lower case. A match ends at a word's end; its bytes are blanked in the
 * original when it counts.
 */
struct reader {
    char *text;        /* original, blanked */
    char low[2 * OFFLINE_TEXT_MAX];
    size_t len;
    const struct daytime *now;
    struct offline_when *when;
};

static bool at_word(const struct reader *r, size_t i)
{
    return i == 0 || !isalnum((unsigned char)r->low[i - 1]);
}

/* Length of word at i as a whole word, else 0. */
static size_t word(const struct reader *r, size_t i, const char *w)
{
    size_t n = strlen(w);
    if (strncmp(r->low + i, w, n) || isalnum((unsigned char)r->low[i + n]))
        return 0;
    return n;
}

static size_t blanks(const struct reader *r, size_t i)
{
    size_t n = 0;
    while (r->low[i + n] == ' ')
        n++;
    return n;
}

static size_t number(const struct reader *r, size_t i, int *value)
{
    size_t n = 0;
    *value = 0;
    while (isdigit((unsigned char)r->low[i + n]) && n < 4)
        *value = *value * 10 + (r->low[i + n++] - '0');
    return isdigit((unsigned char)r->low[i + n]) ? 0 : n;
}

/* Takes the match out, with a preposition before it. */
static void blank(struct reader *r, size_t from, size_t to)
{
    static const char *const before[] = {"at", "on", "for", "by", "from", "due", "the", "next", "this",
        "coming", "until"};

    for (bool again = true; again;) {
        size_t end = from;
        again = false;
        while (end > 0 && r->low[end - 1] == ' ')
            end--;
        for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
            size_t n = strlen(before[i]);
            if (end >= n && !strncmp(r->low + end - n, before[i], n) && at_word(r, end - n)) {
                from = end - n;
                again = true;
                break;
            }
        }
    }
    for (size_t i = from; i < to; i++)
        r->text[i] = r->low[i] = ' ';
}

static int find_name(const struct reader *r, size_t i, const char *(*name)(int), int first, int last,
    size_t short_len, size_t *len)
{
    for (int k = first; k <= last; k++) {
        char full[16];
        size_t n;
        snprintf(full, sizeof full, "%s", name(k));
        full[0] = (char)tolower((unsigned char)full[0]);
        n = word(r, i, full);
        if (!n) {
            full[short_len] = 0;
            n = word(r, i, full);
        }
        if (n) {
            *len = n;
            return k;
        }
    }
    return -1;
}

static bool word_before(const struct reader *r, size_t i, const char *w)
{
    size_t n = strlen(w);
    while (i > 0 && r->low[i - 1] == ' ')
        i--;
    return i >= n && !strncmp(r->low + i - n, w, n) && at_word(r, i - n);
}

static size_t relative_day(struct reader *r, size_t i)
{
    static const struct {
        const char *text;
        int days;
    } table[] = {{"day after tomorrow", 2}, {"tomorrow", 1}, {"today", 0}, {"tonight", 0},
        {"yesterday", -1}};

    for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
        size_t n = word(r, i, table[k].text);
        if (!n)
            continue;
        daytime_add_days(&r->when->date, table[k].days);
        if (!strcmp(table[k].text, "tonight") && !r->when->has_time) {
            r->when->date.hour = 19;
            r->when->date.minute = 0;
            r->when->has_time = true;
        }
        return n;
    }
    return 0;
}

static size_t weekday(struct reader *r, size_t i)
{
    size_t n = 0;
    int day = find_name(r, i, daytime_weekday, 0, 6, 3, &n), ahead;

    if (day < 0 || (n == 3 && !word_before(r, i, "on") && !word_before(r, i, "next")))
        return 0;
    ahead = (day - r->now->weekday + 7) % 7;
    if (!ahead)
        ahead = 7;
    /* "next Monday" said on a Wednesday is the coming one; said of a day still in this week
     * (Friday), it is the one of the week after. Weeks begin on Monday. */
    if (word_before(r, i, "next") && (day + 6) % 7 > (r->now->weekday + 6) % 7)
        ahead += 7;
    daytime_add_days(&r->when->date, ahead);
    return n;
}

static size_t iso_date(struct reader *r, size_t i)
{
    int y, m, d;
    size_t n = number(r, i, &y), k;

    if (n != 4 || r->low[i + 4] != '-' || number(r, i + 5, &m) != 2 || r->low[i + 7] != '-'
        || number(r, i + 8, &d) != 2 || m < 1 || m > 12 || d < 1 || d > 31)
        return 0;
    r->when->date.year = y;
    r->when->date.month = m;
    r->when->date.day = d;
    daytime_add_days(&r->when->date, 0);
    k = 10;
    if (r->low[i + k] == 't')
        k++; /* the time follows as hh:mm */
    return k;
}

static size_t ordinal(const struct reader *r, size_t i, int *day)
{
    static const char *const ends[] = {"st", "nd", "rd", "th"};
    size_t n = number(r, i, day);

    if (!n || n > 2 || *day < 1 || *day > 31)
        return 0;
    for (int k = 0; k < 4; k++)
        if (!strncmp(r->low + i + n, ends[k], 2) && !isalnum((unsigned char)r->low[i + n + 2]))
            return n + 2;
    return isalnum((unsigned char)r->low[i + n]) ? 0 : n;
}

static size_t year_behind(const struct reader *r, size_t i, int *year)
{
    size_t n = blanks(r, i);
    if (r->low[i + n] == ',')
        n += 1 + blanks(r, i + n + 1);
    return number(r, i + n, year) == 4 && *year >= 2000 && *year < 2200 ? n + 4 : 0;
}

/* Without a year it is the next such day. */
static void set_date(struct reader *r, int year, int month, int day)
{
    struct daytime *d = &r->when->date;

    if (!year) {
        year = r->now->year;
        if (month < r->now->month || (month == r->now->month && day < r->now->day))
            year++;
    }
    d->year = year;
    d->month = month;
    d->day = day;
    daytime_add_days(d, 0);
}

/* "12 December", "December 12th, 2027", "the 15th". */
static size_t month_date(struct reader *r, size_t i)
{
    int day = 0, year = 0, month;
    size_t n = ordinal(r, i, &day), m = 0, k;

    if (n) {
        k = n + blanks(r, i + n);
        if (word(r, i + k, "of"))
            k += 3;
        month = find_name(r, i + k, daytime_month, 1, 12, 3, &m);
        if (month > 0) {
            k += m;
            k += year_behind(r, i + k, &year);
            set_date(r, year, month, day);
            return k;
        }
        if (!word_before(r, i, "the") || isdigit((unsigned char)r->low[i + n - 1]))
            return 0;
        month = r->now->month + (day <= r->now->day);
        set_date(r, r->now->year + (month > 12), month > 12 ? 1 : month, day);
        return n;
    }
    month = find_name(r, i, daytime_month, 1, 12, 3, &m);
    if (month < 0)
        return 0;
    k = m + blanks(r, i + m);
    n = ordinal(r, i + k, &day);
    if (!n)
        return 0;
    k += n;
    k += year_behind(r, i + k, &year);
    set_date(r, year, month, day);
    return k;
}

/* "in 3 days", "in two weeks". */
static size_t in_days(struct reader *r, size_t i)
{
    size_t n = word(r, i, "in"), k, m;
    int count;

    if (!n)
        return 0;
    k = n + blanks(r, i + n);
    m = number(r, i + k, &count);
    if (!m && (m = word(r, i + k, "a")))
        count = 1;
    if (!m)
        return 0;
    k += m;
    k += blanks(r, i + k);
    if ((m = word(r, i + k, "days")) || (m = word(r, i + k, "day")))
        daytime_add_days(&r->when->date, count);
    else if ((m = word(r, i + k, "weeks")) || (m = word(r, i + k, "week")))
        daytime_add_days(&r->when->date, 7 * count);
    else
        return 0;
    return k + m;
}

static size_t whole_week(struct reader *r, size_t i)
{
    size_t n = word(r, i, "this week"), m = n ? 0 : word(r, i, "next week");

    if (!n && !m)
        return 0;
    daytime_add_days(&r->when->date, -((r->now->weekday + 6) % 7) + (m ? 7 : 0));
    r->when->span_week = true;
    return n + m;
}

static void find_date(struct reader *r)
{
    size_t (*const kinds[])(struct reader *, size_t) = {
        relative_day, iso_date, month_date, in_days, whole_week, weekday};

    for (size_t i = 0; i < r->len; i++) {
        if (!at_word(r, i) || r->low[i] == ' ')
            continue;
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            struct daytime before = r->when->date;
            size_t n = kinds[k](r, i);
            if (n) {
                r->when->has_date = true;
                blank(r, i, i + n);
                return;
            }
            r->when->date = before;
        }
    }
}

static size_t half_of_day(const struct reader *r, size_t i, int *add)
{
    size_t b = blanks(r, i), n;

    if ((n = word(r, i + b, "pm")) || (n = word(r, i + b, "p.m")))
        *add = 12;
    else if ((n = word(r, i + b, "am")) || (n = word(r, i + b, "a.m")))
        *add = 0;
    else
        return 0;
    if (r->low[i + b + n] == '.' && n == 3)
        n++;
    return b + n;
}

static size_t clock_time(struct reader *r, size_t i)
{
    int hour, minute = 0, add = -1;
    size_t n = number(r, i, &hour), m;
    bool colon = false;

    if (!n || n > 2 || hour > 23)
        return 0;
    if ((r->low[i + n] == ':' || r->low[i + n] == '.') && number(r, i + n + 1, &minute) == 2
        && minute < 60) {
        colon = r->low[i + n] == ':';
        n += 3;
    }
    m = half_of_day(r, i + n, &add);
    if (!m && !colon && !word_before(r, i, "at"))
        return 0;
    if (isalnum((unsigned char)r->low[i + n + m]))
        return 0;
    if (add >= 0 && hour <= 12)
        hour = hour % 12 + add;
    else if (!colon && hour >= 1 && hour <= 7) {
        hour += 12;
        r->when->guessed_half = true;
    }
    r->when->date.hour = hour;
    r->when->date.minute = minute;
    return n + m;
}

static size_t named_time(struct reader *r, size_t i)
{
    static const struct {
        const char *name;
        int hour;
    } table[] = {{"noon", 12}, {"midday", 12}, {"midnight", 0}, {"in the morning", 9},
        {"in the afternoon", 15}, {"in the evening", 19}};

    for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
        size_t n = word(r, i, table[k].name);
        if (n) {
            r->when->date.hour = table[k].hour;
            r->when->date.minute = 0;
            return n;
        }
    }
    return 0;
}

static void find_time(struct reader *r)
{
    for (size_t i = 0; i < r->len; i++) {
        size_t n;
        if (!at_word(r, i) || r->low[i] == ' ')
            continue;
        if (i > 0 && (r->low[i - 1] == '$' || (r->low[i - 1] == '.' && i > 1
            && isdigit((unsigned char)r->low[i - 2]))))
            continue; /* part of an amount */
        n = clock_time(r, i);
        if (!n)
            n = named_time(r, i);
        if (!n)
            continue;
        r->when->has_time = true;
        blank(r, i, i + n);
        return;
    }
}

void offline_when_find(char *text, const struct daytime *now, struct offline_when *out)
{
    struct reader r = {.text = text, .now = now, .when = out};

    *out = (struct offline_when){.date = *now};
    out->date.second = 0;
    r.len = strlen(text);
    if (r.len > sizeof r.low - 32)
        r.len = sizeof r.low - 32;
    for (size_t i = 0; i < r.len; i++)
        r.low[i] = (char)tolower((unsigned char)text[i]);
    find_date(&r);
    find_time(&r);
    if (out->has_time && !out->has_date) { /* a time that is over means tomorrow */
        out->has_date = true;
        if (out->date.hour * 60 + out->date.minute <= now->hour * 60 + now->minute)
            daytime_add_days(&out->date, 1);
    }
}

void offline_when_write(const struct offline_when *when, char out[20])
{
    const struct daytime *d = &when->date;
    unsigned year = (unsigned)d->year % 10000, month = (unsigned)d->month % 100;
    unsigned day = (unsigned)d->day % 100, hour = (unsigned)d->hour % 100;

    if (when->has_time)
        snprintf(out, 20, "%04u-%02u-%02uT%02u:%02u", year, month, day, hour,
            (unsigned)d->minute % 100);
    else
        snprintf(out, 20, "%04u-%02u-%02u", year, month, day);
}
