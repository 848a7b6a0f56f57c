/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/offline/offline_when.h"

#include "tools/kit/civil.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- names ---- */

/* Whole names, and short ones of `least` letters or more ("sept", "thurs"). */
static int offline_when_name(const char *low, const char *(*name)(int), int first, int last)
{
    size_t len = strlen(low);

    for (int k = first; k <= last; k++)
        if (len >= 3 && !strncasecmp(low, name(k), len) &&
            (!name(k)[len] || len <= (first ? 4 : 5)))
            return k;
    return -1;
}

static int offline_when_month(const struct offline_tokens *t, size_t i)
{
    return i < t->count && t->list[i].kind == OFFLINE_WORD ?
        offline_when_name(t->list[i].low, civil_month_name, 1, 12) :
        -1;
}

/* Letters to change, add, drop or swap until a is b; more than 2 count as 3. */
static int offline_when_distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    int rows[3][16] = {{0}};

    if (n >= 15 || m >= 15 || n + 2 < m || m + 2 < n)
        return 3;
    for (size_t k = 0; k <= m; k++)
        rows[0][k] = (int)k;
    for (size_t i = 1; i <= n; i++) {
        int *row = rows[i % 3], *up = rows[(i + 2) % 3], *upper = rows[(i + 1) % 3];
        row[0] = (int)i;
        for (size_t k = 1; k <= m; k++) {
            int best = up[k - 1] + (a[i - 1] != b[k - 1]);
            best = up[k] + 1 < best ? up[k] + 1 : best;
            best = row[k - 1] + 1 < best ? row[k - 1] + 1 : best;
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1] &&
                upper[k - 2] + 1 < best)
                best = upper[k - 2] + 1;
            row[k] = best;
        }
    }
    return rows[n % 3][m] < 3 ? rows[n % 3][m] : 3;
}

/* A weekday (also in the plural) or a month, perhaps with a slip. */
static bool offline_when_calendar_word(const char *low, bool months)
{
    size_t len = strlen(low);

    for (int k = 0; k < 19; k++) {
        char name[16];
        size_t full = (size_t)snprintf(name, sizeof name, "%s",
            k < 7 ? civil_weekday_name(k) : civil_month_name(k - 6));
        name[0] = (char)tolower((unsigned char)name[0]);
        int allowed = k >= 7 && !months ? 0 : full > 6 && len > 6 ? 2 : full > 5 ? 1 : 0;
        if (offline_when_distance(low, name) <= allowed)
            return true;
        if (k < 7 && len == full + 1 && low[len - 1] == 's' && !strncmp(low, name, full))
            return true;
    }
    return false;
}

bool offline_when_word(const char *low, bool months)
{
    static const char *const days[] = {"today", "tomorrow", "yesterday"};
    static const char *const words[] = {"tonight", "noon", "midday", "midnight", "morning",
        "afternoon", "evening", "night", "nights", "weekend", "weekends", "weekday", "weekdays",
        "day", "days", "week", "weeks", "month", "months", "year", "years", "hour", "hours",
        "minute", "minutes", "fortnight", "quarter", "am", "pm", "o'clock", "ago", "tmrw", "tmr",
        "tmw", "tomoz", "2moro", "today's", "tomorrow's", "yesterday's", "mon", "tue", "tues",
        "wed", "weds", "thu", "thur", "thurs", "fri", "sat", "sun", "jan", "feb", "apr", "jun",
        "jul", "aug", "sep", "sept", "oct", "nov", "dec", "christmas", "easter", "xmas", "dawn",
        "dusk", "sunrise", "sunset", "now", "later", "soon", "earlier", "lunchtime", "o'clock",
        "century", "decade"};

    for (size_t i = 0; i < sizeof days / sizeof *days; i++)
        if (offline_when_distance(low, days[i]) <= (strlen(low) > 6 ? 2 : 1))
            return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcmp(low, words[i]))
            return true;
    return offline_when_calendar_word(low, months);
}

/* ---- patterns: each tells how many tokens it takes at i ---- */

struct offline_finder {
    struct offline_tokens *t;
    struct offline_when *out;
    struct offline_when *times; /* NULL = not wanted */
    size_t most, time_count;
};

static size_t offline_when_set_days(struct offline_finder *f, size_t n, int days)
{
    f->out->date = OFFLINE_DATE_DAYS;
    f->out->value = days;
    return n;
}

static size_t offline_when_relative(struct offline_finder *f, size_t i)
{
    const struct offline_tokens *t = f->t;
    size_t the = offline_tokens_is(t, i, "the");

    if (offline_tokens_is(t, i + the, "day") && offline_tokens_is(t, i + the + 1, "after") &&
        offline_tokens_is(t, i + the + 2, "tomorrow"))
        return offline_when_set_days(f, the + 3, 2);
    if (offline_tokens_is(t, i + the, "day") && offline_tokens_is(t, i + the + 1, "before") &&
        offline_tokens_is(t, i + the + 2, "yesterday"))
        return offline_when_set_days(f, the + 3, -2);
    if (offline_tokens_is(t, i, "overmorrow"))
        return offline_when_set_days(f, 1, 2);
    if (offline_tokens_is(t, i, "ereyesterday"))
        return offline_when_set_days(f, 1, -2);
    if (offline_tokens_is(t, i, "today"))
        return offline_when_set_days(f, 1, 0);
    if (offline_tokens_is(t, i, "tomorrow"))
        return offline_when_set_days(f, 1, 1);
    if (offline_tokens_is(t, i, "yesterday"))
        return offline_when_set_days(f, 1, -1);
    if (!offline_tokens_is(t, i, "tonight") &&
        !(offline_tokens_is(t, i, "this") &&
            offline_tokens_is(t, i + 1, "morning|afternoon|evening")))
        return 0;
    f->out->part = *t->list[i].low == 't' && t->list[i].low[1] == 'o' ? 'e' : *t->list[i + 1].low;
    return offline_when_set_days(f, offline_tokens_is(t, i, "tonight") ? 1 : 2, 0);
}

static enum offline_which offline_when_which(const struct offline_tokens *t, size_t i)
{
    if (offline_tokens_is(t, i, "this|coming"))
        return OFFLINE_THIS;
    if (offline_tokens_is(t, i, "next"))
        return OFFLINE_NEXT;
    return offline_tokens_is(t, i, "last|past|previous") ? OFFLINE_LAST : OFFLINE_BARE;
}

/* "Friday", "next Fri": a short name needs a word before it that says so. */
static size_t offline_when_weekday(struct offline_finder *f, size_t i)
{
    const struct offline_tokens *t = f->t;
    size_t the = offline_tokens_is(t, i, "the") && offline_when_which(t, i + 1);
    enum offline_which which = offline_when_which(t, i + the);
    size_t at = i + the + (which != OFFLINE_BARE);
    int day;

    if (at >= t->count || t->list[at].kind != OFFLINE_WORD)
        return 0;
    day = offline_when_name(t->list[at].low, civil_weekday_name, 0, 6);
    if (day < 0 ||
        (strcmp(t->list[at].low + strlen(t->list[at].low) - 1, "y") != 0 && which == OFFLINE_BARE &&
            !(i > 0 && offline_tokens_is(t, i - 1, "on"))))
        return 0;
    f->out->date = OFFLINE_DATE_WEEKDAY;
    f->out->value = day;
    f->out->which = which;
    return at + 1 - i;
}

static size_t offline_when_span(struct offline_finder *f, size_t i)
{
    const struct offline_tokens *t = f->t;
    size_t the = offline_tokens_is(t, i, "the");
    enum offline_which which = offline_when_which(t, i + the);

    if (which == OFFLINE_BARE ||
        !offline_tokens_is(t, i + the + 1, "week|month|quarter|year|weekend"))
        return 0;
    f->out->date = OFFLINE_DATE_SPAN;
    f->out->which = which;
    f->out->unit = offline_tokens_is(t, i + the + 1, "weekend") ? 'e' : *t->list[i + the + 1].low;
    return the + 2;
}

static size_t offline_when_digits(struct offline_finder *f, size_t i)
{
    const struct offline_token *k = &f->t->list[i];

    if (k->kind != OFFLINE_DATE && k->kind != OFFLINE_SLASH_DATE)
        return 0;
    f->out->date = k->kind != OFFLINE_DATE ? OFFLINE_DATE_SLASHED :
        k->a                               ? OFFLINE_DATE_FULL :
                                             OFFLINE_DATE_MONTH_DAY; /* "24.12." */
    f->out->year = k->kind == OFFLINE_DATE ? k->a : k->c;
    f->out->month = k->kind == OFFLINE_DATE ? k->b : k->a;
    f->out->day = k->kind == OFFLINE_DATE ? k->c : k->b;
    return 1;
}

/* A day of the month in figures, with or without its ending. */
static bool offline_when_day(const struct offline_tokens *t, size_t i, int *day)
{
    if (i >= t->count ||
        (t->list[i].kind != OFFLINE_ORDINAL && t->list[i].kind != OFFLINE_NUMBER) ||
        *t->list[i].currency || t->list[i].value < 1 || t->list[i].value > 99 ||
        t->list[i].value > (int)t->list[i].value)
        return false;
    *day = (int)t->list[i].value;
    return true;
}

static size_t offline_when_year(const struct offline_tokens *t, size_t i, int *year)
{
    size_t comma = offline_tokens_is(t, i, ",");
    const struct offline_token *k = &t->list[i + comma];

    *year = 0;
    if (i + comma >= t->count || k->kind != OFFLINE_NUMBER || *k->currency ||
        k->to - k->from != 4 || k->value < 1900 || k->value > 2199)
        return 0;
    *year = (int)k->value;
    return comma + 1;
}

/* "12 December", "the 12th of December 2027", "December 12, 2027", "the 15th". */
static size_t offline_when_month_day(struct offline_finder *f, size_t i)
{
    const struct offline_tokens *t = f->t;
    size_t at = i + offline_tokens_is(t, i, "the"), of;
    int day = 0, month = offline_when_month(t, at), year = 0;

    if (month > 0 && at == i) {
        at += 1 + (offline_tokens_is(t, i + 1, "the") ? 1 : 0);
        if (!offline_when_day(t, at, &day))
            return 0;
        at++;
    } else if (offline_when_day(t, at, &day)) {
        of = offline_tokens_is(t, at + 1, "of");
        month = offline_when_month(t, at + 1 + of);
        if (month < 0 &&
            (t->list[at].kind != OFFLINE_ORDINAL ||
                (at == i && !(i > 0 && offline_tokens_is(t, i - 1, "on")))))
            return 0;
        at += month < 0 ? 1 : 2 + of;
        month = month < 0 ? 0 : month;
    } else {
        return 0;
    }
    if (month)
        at += offline_when_year(t, at, &year);
    f->out->date = year ? OFFLINE_DATE_FULL : OFFLINE_DATE_MONTH_DAY;
    f->out->year = year;
    f->out->month = month;
    f->out->day = day;
    return at - i;
}

/* "in 3 days", "in half an hour", "2 days ago", "an hour from now". */
static size_t offline_when_after(struct offline_finder *f, size_t i)
{
    const struct offline_tokens *t = f->t;
    size_t in = offline_tokens_is(t, i, "in"), at = i + in, n = at + 1 - i;
    bool ago = offline_tokens_is(t, at + 1, "ago");

    if (at >= t->count || t->list[at].kind != OFFLINE_DURATION || t->list[at].value > 366 * 86400.0)
        return 0;
    if (ago && !in)
        n++;
    else if (!in && offline_tokens_is(t, at + 1, "from") &&
        offline_tokens_is(t, at + 2, "now|today"))
        n += 2;
    else if (!in)
        return 0;
    if (ago && (in || !t->list[at].days))
        return 0;
    if (t->list[at].days)
        return offline_when_set_days(f, n, (int)(t->list[at].value / 86400) * (ago ? -1 : 1));
    if (t->list[at].value < 60)
        return 0;
    f->out->date = OFFLINE_DATE_MINUTES;
    f->out->value = (int)((t->list[at].value + 59) / 60);
    return n;
}

static size_t offline_when_date_at(struct offline_finder *f, size_t i)
{
    size_t (*const kinds[])(struct offline_finder *, size_t) = {offline_when_relative,
        offline_when_digits, offline_when_month_day, offline_when_after, offline_when_span,
        offline_when_weekday};

    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        size_t n = kinds[k](f, i);
        if (n)
            return n;
    }
    return 0;
}

static size_t offline_when_clock(struct offline_when *w, const struct offline_token *k, size_t n)
{
    w->hour = k->a;
    w->minute = k->b;
    w->half = k->c;
    w->bare_time = k->c < 0 && !k->of_24 && k->a >= 1 && k->a <= 12;
    return n;
}

static size_t offline_when_time_at(struct offline_finder *f, size_t i)
{
    const struct offline_tokens *t = f->t;
    struct offline_token clock = t->list[i];
    bool whole = clock.kind == OFFLINE_NUMBER && !*clock.currency && clock.value >= 0 &&
        clock.value < 1000 && clock.value <= (int)clock.value;
    size_t half;

    if (offline_tokens_is(t, i, "noon|midday|midnight")) {
        f->out->midnight = !strcmp(clock.low, "midnight");
        f->out->hour = 12;
        f->out->half = -1;
        return 1;
    }
    half = offline_tokens_is(t, i + 1, "am|pm");
    if (clock.kind == OFFLINE_CLOCK && (clock.c < 0 || !half)) {
        if (half)
            clock.c = *t->list[i + 1].low == 'p';
        return offline_when_clock(f->out, &clock, 1 + half);
    }
    if (clock.kind == OFFLINE_NUMBER && half && !whole && !*clock.currency) {
        clock.a = (int)clock.value; /* "3.15 pm" */
        clock.b = (int)(clock.value * 100 + 0.5) % 100;
        clock.c = *t->list[i + 1].low == 'p';
        return clock.to - clock.from >= 4 ? offline_when_clock(f->out, &clock, 2) : 0;
    }
    size_t o_clock = offline_tokens_is(t, i + 1, "o'clock");
    if (!whole || (!half && !o_clock && !(i > 0 && offline_tokens_is(t, i - 1, "at|@"))))
        return 0;
    if (o_clock && offline_tokens_is(t, i + 2, "am|pm"))
        half = 1;
    clock.a = (int)clock.value;
    clock.b = 0;
    clock.c = half ? *t->list[i + 1 + o_clock].low == 'p' : -1;
    clock.of_24 = false;
    return offline_when_clock(f->out, &clock, 1 + half + o_clock);
}

/* "in the morning", "at night", "morning" behind a date or a time. */
static size_t offline_when_part_at(struct offline_finder *f, size_t i)
{
    const struct offline_tokens *t = f->t;
    size_t n = offline_tokens_is(t, i, "in") && offline_tokens_is(t, i + 1, "the") ? 2 :
        offline_tokens_is(t, i, "at")                                              ? 1 :
                                                                                     0;

    if (!offline_tokens_is(t, i + n, "morning|afternoon|evening|night"))
        return 0;
    if (!n && !(i < t->count && t->list[i].gap))
        return 0;
    f->out->part = *t->list[i + n].low;
    return n + 1;
}

/* ---- taking ---- */

/* The prepositions before it go too; "for" is told, as it may belong to what stands before. */
static size_t offline_when_lead(struct offline_finder *f, size_t i)
{
    size_t n = 0;

    while (i > n && offline_tokens_is(f->t, i - n - 1, "on|at|@") &&
        !(i > n + 1 && offline_tokens_is(f->t, i - n - 2, "what's|whats|is|have")))
        n++; /* "what's on tomorrow" keeps its "on" */
    if (i > n && offline_tokens_is(f->t, i - n - 1, "for")) {
        f->out->with_for = true;
        n++;
    }
    return n;
}

static bool offline_when_take_at(struct offline_finder *f, size_t i)
{
    size_t lead, n = offline_when_date_at(f, i);

    if (n) {
        f->out->dates++;
    } else if ((n = offline_when_time_at(f, i))) {
        f->out->times++;
        if (f->time_count < f->most)
            f->times[f->time_count++] = *f->out;
    } else if (!(n = offline_when_part_at(f, i))) {
        return false;
    }
    lead = offline_when_lead(f, i);
    /* what is found twice stays, so that it can be shown; the count is enough to ask */
    offline_tokens_cut(f->t, i - lead, n + lead, true);
    return true;
}

void offline_when_take(struct offline_tokens *t, struct offline_when *out)
{
    size_t count;

    offline_when_take_all(t, out, NULL, 0, &count);
}

void offline_when_take_all(struct offline_tokens *t, struct offline_when *out,
    struct offline_when *times, size_t most, size_t *time_count)
{
    struct offline_finder f = {t, out, times, most, 0};
    bool again = true;

    *out = (struct offline_when){.half = -1};
    while (again) {
        again = false;
        for (size_t i = 0; i < t->count && !again; i++)
            again = offline_when_take_at(&f, i);
    }
    *time_count = f.time_count;
}
