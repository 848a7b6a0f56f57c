#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* strcasestr */
#endif
#include "tools/recurrence.h"

#include "base/err.h"
#include "tools/civil.h"

#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DAY_S 86400
#define TEXT_MAX 400 /* bytes of a rule as it comes */
#define EMPTY ICAL_RECURRENCE_ARRAY_MAX

struct recurrence {
    icalrecur_iterator *iterator;
    int64_t from_s;
};

const char *recurrence_word(const char *word)
{
    static const struct { const char *word, *rule; } words[] = { { "daily", "FREQ=DAILY" },
        { "every day", "FREQ=DAILY" }, { "weekdays", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR" },
        { "weekends", "FREQ=WEEKLY;BYDAY=SA,SU" }, { "weekly", "FREQ=WEEKLY" },
        { "fortnightly", "FREQ=WEEKLY;INTERVAL=2" }, { "monthly", "FREQ=MONTHLY" },
        { "yearly", "FREQ=YEARLY" }, { "annually", "FREQ=YEARLY" } };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(words[i].word, word) == 0)
            return words[i].rule;
    return NULL;
}

/* --- libical's times: always floating, our seconds of local time --- */

static struct icaltimetype to_time(int64_t local_s)
{
    struct icaltimetype t = icaltime_null_time();
    struct civil c;
    civil_from_seconds(local_s, &c);
    t.year = c.year;
    t.month = c.month;
    t.day = c.day;
    t.hour = c.hour;
    t.minute = c.minute;
    t.second = c.second;
    return t;
}

static int64_t from_time(struct icaltimetype t)
{
    struct civil c = { .year = t.year, .month = t.month, .day = t.day, .hour = t.hour,
        .minute = t.minute, .second = t.second };
    return civil_seconds(&c);
}

static int64_t to_utc(int64_t local_s, const struct zone *z)
{
    int64_t utc_s;
    zone_to_utc(z, local_s, &utc_s);
    return utc_s;
}

static int64_t to_local(int64_t utc_s, const struct zone *z)
{
    struct zone_offset offset;
    zone_at(z, utc_s, &offset);
    return utc_s + offset.seconds;
}

/* UNTIL as the rule has it, in seconds of local time. */
static int64_t until_of(const struct icalrecurrencetype *rule, const struct zone *z)
{
    int64_t s = from_time(rule->until);
    if (rule->until.is_date)
        return s + DAY_S - 1;
    return icaltime_is_utc(rule->until) ? to_local(s, z) : s;
}

static void set_until(struct icalrecurrencetype *rule, int64_t local_s, bool whole_day,
    const struct zone *z)
{
    rule->count = 0;
    if (whole_day) {
        rule->until = to_time(local_s);
        rule->until.hour = rule->until.minute = rule->until.second = 0;
        rule->until.is_date = 1;
    } else {
        rule->until = to_time(to_utc(local_s, z));
        rule->until.zone = icaltimezone_get_utc_timezone();
    }
}

/* --- rules --- */

/* Checked before libical sees it. Returns the text without its label, or NULL. */
static const char *tidy(const char *text)
{
    if (strncasecmp(text, "RRULE:", 6) == 0)
        text += 6;
    size_t len = strlen(text);
    bool plain = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789=;,+-")
        == len;
    return plain && len > 0 && len <= TEXT_MAX && strcasestr(text, "RSCALE") == NULL
            && strcasestr(text, "SKIP") == NULL ? text : NULL;
}

/* Is the day taken by BYDAY? weekday: 1 = Sunday, as libical counts. */
static bool takes_weekday(const struct icalrecurrencetype *r, int day, int length, int weekday)
{
    bool taken = r->by_day[0] == EMPTY;
    for (int i = 0; i < ICAL_BY_DAY_SIZE && r->by_day[i] != EMPTY; i++) {
        int n = icalrecurrencetype_day_position(r->by_day[i]);
        taken |= (int)icalrecurrencetype_day_day_of_week(r->by_day[i]) == weekday
            && (n == 0 || n == (day - 1) / 7 + 1 || -n == (length - day) / 7 + 1);
    }
    return taken;
}

static bool takes_day(const struct icalrecurrencetype *r, int day, int length)
{
    bool taken = r->by_month_day[0] == EMPTY;
    for (int i = 0; i < ICAL_BY_MONTHDAY_SIZE && r->by_month_day[i] != EMPTY; i++)
        taken |= r->by_month_day[i] == day || r->by_month_day[i] == day - length - 1;
    return taken;
}

/* Does a month of this length that begins with this weekday have a start? */
static bool month_has(const struct icalrecurrencetype *r, int length, int first)
{
    int count = 0;
    for (int day = 1; day <= length; day++)
        count += takes_day(r, day, length)
            && takes_weekday(r, day, length, (first + day - 1) % 7 + 1);
    if (r->by_month_day[0] == EMPTY && r->by_day[0] == EMPTY)
        count = 1; /* the first start's day */
    bool any = r->by_set_pos[0] == EMPTY && count > 0;
    for (int i = 0; i < ICAL_BY_SETPOS_SIZE && r->by_set_pos[i] != EMPTY; i++)
        any |= abs(r->by_set_pos[i]) <= count;
    return any;
}

/* Is there any month at all? libical looks for one through five centuries, which takes a second. */
static bool some_month_has(const struct icalrecurrencetype *r)
{
    bool all = r->by_month[0] == EMPTY, lengths[32] = { [30] = all, [31] = all };
    for (int i = 0; i < ICAL_BY_MONTH_SIZE && r->by_month[i] != EMPTY; i++)
        if (r->by_month[i] >= 1 && r->by_month[i] <= 12)
            lengths[civil_month_days(2028, r->by_month[i])] = true;
    lengths[28] = lengths[29] = all || lengths[29]; /* a February is both */
    for (int length = 28; length <= 31; length++)
        for (int first = 0; lengths[length] && first < 7; first++)
            if (month_has(r, length, first))
                return true;
    return false;
}

/* Yearly, on days of given months. */
static bool is_of_months(const struct icalrecurrencetype *r)
{
    return r->freq == ICAL_YEARLY_RECURRENCE && r->by_month[0] != EMPTY
        && r->by_set_pos[0] == EMPTY && r->by_week_no[0] == EMPTY && r->by_year_day[0] == EMPTY;
}

static bool counts_weekdays(const struct icalrecurrencetype *r)
{
    bool any = false;
    for (int i = 0; i < ICAL_BY_DAY_SIZE && r->by_day[i] != EMPTY; i++)
        any |= icalrecurrencetype_day_position(r->by_day[i]) != 0;
    return any;
}

static const char *refusal(const struct icalrecurrencetype *r)
{
    bool months = r->by_month[0] != EMPTY, days = r->by_day[0] != EMPTY;
    if (r->freq == ICAL_SECONDLY_RECURRENCE || r->freq == ICAL_MINUTELY_RECURRENCE
        || r->freq == ICAL_HOURLY_RECURRENCE)
        return "FREQ can be DAILY, WEEKLY, MONTHLY or YEARLY";
    if (r->by_hour[0] != EMPTY || r->by_minute[0] != EMPTY || r->by_second[0] != EMPTY)
        return "BYHOUR, BYMINUTE and BYSECOND are not taken: the start's time of day counts";
    if (r->interval < 1 || r->interval > RECURRENCE_INTERVAL_MAX)
        return "INTERVAL can be 1 to 1000";
    if (r->count < 0 || r->count > RECURRENCE_COUNT_MAX)
        return "COUNT can be 1 to 1000; use UNTIL for a longer series";
    if (r->count > 0 && !icaltime_is_null_time(r->until))
        return "COUNT and UNTIL exclude each other";
    if ((r->freq == ICAL_DAILY_RECURRENCE || r->freq == ICAL_WEEKLY_RECURRENCE)
        && (r->by_month_day[0] != EMPTY || r->by_set_pos[0] != EMPTY))
        return "BYMONTHDAY and BYSETPOS belong to FREQ=MONTHLY or YEARLY";
    if (r->freq == ICAL_DAILY_RECURRENCE && (months || days) && r->interval > 1)
        return "BYDAY and BYMONTH with FREQ=DAILY need INTERVAL=1";
    if (r->freq == ICAL_DAILY_RECURRENCE && counts_weekdays(r))
        return "a number in BYDAY belongs to FREQ=MONTHLY or YEARLY";
    if (r->by_set_pos[0] != EMPTY && r->by_week_no[0] != EMPTY)
        return "BYSETPOS and BYWEEKNO cannot stand together"; /* libical 3.0.16 dies of -53 */
    if ((r->freq == ICAL_MONTHLY_RECURRENCE || is_of_months(r)) && !some_month_has(r))
        return "by this rule it never happens";
    return NULL;
}

static int say(char why[RECURRENCE_WHY_SIZE], const char *text)
{
    if (why != NULL)
        snprintf(why, RECURRENCE_WHY_SIZE, "%s", text);
    return ERR_INVALID;
}

static int parse(const char *text, struct icalrecurrencetype *rule, char *why)
{
    const char *word = recurrence_word(text);
    const char *plain = tidy(word != NULL ? word : text);
    icalrecurrencetype_clear(rule);
    if (plain == NULL)
        return say(why, "that is no rule of RFC 5545, such as FREQ=WEEKLY;BYDAY=MO,WE");
    *rule = icalrecurrencetype_from_string(plain);
    if (rule->freq == ICAL_NO_RECURRENCE)
        return say(why, "that is no rule of RFC 5545, such as FREQ=WEEKLY;BYDAY=MO,WE");
    const char *wrong = refusal(rule);
    return wrong == NULL ? 0 : say(why, wrong);
}

bool recurrence_is_of_months(const char *text)
{
    struct icalrecurrencetype rule;
    return parse(text, &rule, NULL) == 0 && is_of_months(&rule) && rule.interval == 1;
}

static int print(struct icalrecurrencetype *rule, char out[RECURRENCE_SIZE])
{
    char *text = icalrecurrencetype_as_string_r(rule);
    if (text == NULL)
        return ERR_NOMEM;
    int n = snprintf(out, RECURRENCE_SIZE, "%s", text);
    icalmemory_free_buffer(text);
    return n < RECURRENCE_SIZE ? 0 : ERR_INVALID;
}

/* UNTIL becomes local: libical compares it with floating starts. */
static struct icalrecurrencetype floating(struct icalrecurrencetype rule, const struct zone *z)
{
    if (!icaltime_is_null_time(rule.until))
        rule.until = to_time(until_of(&rule, z));
    return rule;
}

static int start(const struct icalrecurrencetype *rule, int64_t start_s, const struct zone *z,
    int64_t from_s, struct recurrence **out)
{
    struct recurrence *r = calloc(1, sizeof *r);
    *out = NULL;
    if (r == NULL)
        return ERR_NOMEM;
    r->from_s = from_s;
    r->iterator = icalrecur_iterator_new(floating(*rule, z), to_time(start_s));
    if (r->iterator == NULL) {
        free(r);
        return ERR_INVALID; /* one that libical knows never to happen */
    }
    /* With COUNT it has to count from the start. */
    if (rule->count == 0 && from_s > start_s)
        icalrecur_iterator_set_start(r->iterator, to_time(from_s));
    *out = r;
    return 0;
}

int recurrence_open(struct recurrence **out, const char *rule, int64_t start_s,
    const struct zone *z, int64_t from_s, int64_t last_s)
{
    struct icalrecurrencetype parsed;
    *out = NULL;
    int result = parse(rule, &parsed, NULL);
    if (result == 0 && parsed.count > 0 && last_s != INT64_MAX) {
        parsed.count = 0;
        parsed.until = to_time(last_s);
    }
    return result == 0 ? start(&parsed, start_s, z, from_s, out) : result;
}

bool recurrence_next(struct recurrence *r, int64_t *local_s)
{
    for (;;) {
        struct icaltimetype t = icalrecur_iterator_next(r->iterator);
        if (icaltime_is_null_time(t))
            return false;
        *local_s = from_time(t);
        if (*local_s >= r->from_s)
            return true;
    }
}

void recurrence_close(struct recurrence *r)
{
    if (r == NULL)
        return;
    icalrecur_iterator_free(r->iterator);
    free(r);
}

/* The last start: of a rule with COUNT by counting, of one with UNTIL no later than that. */
static int64_t last_of(const struct icalrecurrencetype *rule, int64_t start_s,
    const struct zone *z)
{
    struct recurrence *r;
    int64_t s, last = start_s;
    if (rule->count == 0)
        return icaltime_is_null_time(rule->until) ? INT64_MAX : until_of(rule, z);
    if (start(rule, start_s, z, start_s, &r) != 0)
        return INT64_MAX;
    while (recurrence_next(r, &s))
        last = s;
    recurrence_close(r);
    return last;
}

int recurrence_check(const char *text, int64_t start_s, bool whole_day, const struct zone *z,
    char out[RECURRENCE_SIZE], int64_t *first_s, int64_t *last_s, char why[RECURRENCE_WHY_SIZE])
{
    struct icalrecurrencetype rule;
    struct recurrence *r = NULL;
    int result = parse(text, &rule, why);
    if (result != 0)
        return result;
    if (!icaltime_is_null_time(rule.until))
        set_until(&rule, until_of(&rule, z), whole_day, z);
    result = start(&rule, start_s, z, start_s, &r);
    bool any = result == 0 && recurrence_next(r, first_s);
    recurrence_close(r);
    if (result == ERR_NOMEM)
        return result;
    if (!any)
        return say(why, "by this rule it never happens");
    *last_s = last_of(&rule, start_s, z);
    return print(&rule, out);
}

/* How many starts of the rule are before before_s. */
static int count_before(const struct icalrecurrencetype *rule, int64_t start_s,
    const struct zone *z, int64_t before_s)
{
    struct recurrence *r;
    int64_t s;
    int n = 0;
    if (start(rule, start_s, z, start_s, &r) != 0)
        return 0;
    while (n < RECURRENCE_COUNT_MAX && recurrence_next(r, &s) && s < before_s)
        n++;
    recurrence_close(r);
    return n;
}

int recurrence_split(const char *rule, int64_t start_s, bool whole_day, const struct zone *z,
    int64_t before_s, char out[RECURRENCE_SIZE], char rest[RECURRENCE_SIZE])
{
    struct icalrecurrencetype parsed;
    int result = parse(rule, &parsed, NULL);
    if (result != 0)
        return result;
    struct icalrecurrencetype later = parsed;
    if (later.count > 0)
        later.count -= count_before(&parsed, start_s, z, before_s);
    if (parsed.count > 0 && later.count < 1)
        return ERR_INVALID;
    set_until(&parsed, before_s - 1, whole_day, z);
    result = print(&parsed, out);
    return result == 0 && rest != NULL ? print(&later, rest) : result;
}
