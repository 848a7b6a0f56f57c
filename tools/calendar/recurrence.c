/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/calendar/recurrence.h"

#include "base/err.h"
#include "tools/calendar/rrule.h"
#include "tools/kit/civil.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DAY_S 86400

struct recurrence {
    struct rrule_walk walk;
    const struct zone *zone;
    int64_t until_s; /* the instant that UNTIL names; INT64_MAX = it names none */
    int64_t sure_s;  /* local: a start that is not later is before UNTIL, whatever the clocks do */
};

const char *recurrence_word(const char *word)
{
    static const struct {
        const char *word, *rule;
    } words[] = {{"daily", "FREQ=DAILY"}, {"every day", "FREQ=DAILY"},
        {"weekdays", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"}, {"weekends", "FREQ=WEEKLY;BYDAY=SA,SU"},
        {"weekly", "FREQ=WEEKLY"}, {"fortnightly", "FREQ=WEEKLY;INTERVAL=2"},
        {"monthly", "FREQ=MONTHLY"}, {"yearly", "FREQ=YEARLY"}, {"annually", "FREQ=YEARLY"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(words[i].word, word) == 0)
            return words[i].rule;
    return NULL;
}

static int64_t recurrence_to_utc(int64_t local_s, const struct zone *z)
{
    int64_t utc_s;

    zone_to_utc(z, local_s, &utc_s);
    return utc_s;
}

static int64_t recurrence_to_local(int64_t utc_s, const struct zone *z)
{
    struct zone_offset offset;

    zone_at(z, utc_s, &offset);
    return utc_s + offset.seconds;
}

/* UNTIL as the rule has it, in seconds of local time. */
static int64_t recurrence_until(const struct rrule *rule, const struct zone *z)
{
    if (rule->until_is_date)
        return rule->until_s + DAY_S - 1;
    return rule->until_is_utc ? recurrence_to_local(rule->until_s, z) : rule->until_s;
}

/* The nearest instant whose year has four digits in UTC: a rule's text has no place for more. */
static int64_t recurrence_writable(int64_t utc_s)
{
    int64_t first = civil_days(1, 1, 1) * DAY_S, end = civil_days(RRULE_YEAR_MAX + 1, 1, 1) * DAY_S;

    return utc_s < first ? first : utc_s >= end ? end - 1 : utc_s;
}

static void recurrence_set_until(struct rrule *rule, int64_t local_s, bool whole_day,
    const struct zone *z)
{
    rule->count = 0;
    rule->has_until = true;
    rule->until_is_date = whole_day;
    rule->until_is_utc = !whole_day;
    if (whole_day)
        rule->until_s = local_s - ((local_s % DAY_S) + DAY_S) % DAY_S;
    else
        rule->until_s = recurrence_writable(recurrence_to_utc(local_s, z));
}

static int recurrence_say(char *why, const char *text)
{
    if (why)
        snprintf(why, RECURRENCE_WHY_SIZE, "%s", text);
    return ERR_INVALID;
}

static int recurrence_parse(const char *text, struct rrule *rule, char *why)
{
    const char *word = recurrence_word(text);
    int error;

    _Static_assert(RECURRENCE_WHY_SIZE == RRULE_WHY_SIZE, "one buffer for both");
    if (!word && !strncasecmp(text, "RRULE:", 6))
        text += 6;
    if ((error = rrule_parse(word ? word : text, rule, why)))
        return error;
    if (rule->interval > RECURRENCE_INTERVAL_MAX)
        return recurrence_say(why, "INTERVAL can be 1 to 1000");
    if (rule->count > RECURRENCE_COUNT_MAX)
        return recurrence_say(why, "COUNT can be 1 to 1000; use UNTIL for a longer series");
    return 0;
}

/* Has the rule any start at all? */
static bool recurrence_happens(const struct rrule *rule)
{
    struct rrule_walk *walk = malloc(sizeof *walk);
    int64_t s;
    bool any = walk && !rrule_walk_init(walk, rule, 0, 0) && rrule_walk_next(walk, &s);

    free(walk);
    return any;
}

bool recurrence_is_of_months(const char *text)
{
    struct rrule rule;

    if (recurrence_parse(text, &rule, NULL))
        return false;
    rule.has_until = false;
    return rule.freq == RRULE_YEARLY && rule.months && rule.interval == 1 && !rule.positions.any &&
        !rule.weeks.any && !rule.year_days.any && !rule.hours && !rule.minutes && !rule.seconds &&
        recurrence_happens(&rule);
}

/* From start_s on, r not yet filled. The walk counts local time: to a day behind an instant. */
static int recurrence_begin(struct recurrence *r, const struct rrule *rule, int64_t start_s,
    const struct zone *z, int64_t from_s)
{
    struct rrule local = *rule;

    r->zone = z;
    r->until_s = r->sure_s = INT64_MAX;
    if (local.has_until)
        local.until_s = recurrence_until(rule, z);
    if (local.has_until && rule->until_is_utc) {
        r->until_s = rule->until_s;
        r->sure_s = local.until_s - DAY_S;
        local.until_s += DAY_S;
    }
    return rrule_walk_init(&r->walk, &local, start_s, from_s);
}

int recurrence_open(struct recurrence **out, const char *text, int64_t start_s,
    const struct zone *z, int64_t from_s, int64_t last_s)
{
    struct recurrence *r = NULL;
    struct rrule rule;
    int error;

    *out = NULL;
    if ((error = recurrence_parse(text, &rule, NULL)))
        return error;
    if (rule.count && last_s != INT64_MAX) {
        rule.count = 0;
        rule.has_until = true;
        rule.until_is_date = rule.until_is_utc = false;
        rule.until_s = last_s;
    }
    if (!(r = malloc(sizeof *r)))
        return ERR_NOMEM;
    error = recurrence_begin(r, &rule, start_s, z, from_s);
    if (error)
        free(r);
    else
        *out = r;
    return error;
}

bool recurrence_next(struct recurrence *r, int64_t *local_s)
{
    while (rrule_walk_next(&r->walk, local_s))
        if (*local_s <= r->sure_s || recurrence_to_utc(*local_s, r->zone) <= r->until_s)
            return true;
    return false;
}

void recurrence_stop(struct recurrence *r, int64_t to_s)
{
    struct rrule *rule = &r->walk.rule;

    if (!rule->has_until || rule->until_s > to_s)
        rule->until_s = to_s;
    rule->has_until = true;
}

void recurrence_close(struct recurrence *r)
{
    free(r);
}

/* The last start: of a rule with COUNT by counting, of one with UNTIL no later than that. */
static int64_t recurrence_last(struct recurrence *r, const struct rrule *rule, int64_t first_s,
    const struct zone *z)
{
    int64_t last = first_s, s;

    if (!rule->count)
        return rule->has_until ? recurrence_until(rule, z) : INT64_MAX;
    while (recurrence_next(r, &s))
        last = s;
    return last;
}

int recurrence_check(const char *text, const struct recurrence_from *from,
    char out[RECURRENCE_SIZE], int64_t *first_s, int64_t *last_s, char why[RECURRENCE_WHY_SIZE])
{
    const struct zone *z = from->zone;
    struct recurrence *r = NULL;
    struct rrule rule;
    int error = recurrence_parse(text, &rule, why);

    if (error)
        return error;
    if (from->whole_day && rule.freq == RRULE_HOURLY)
        return recurrence_say(why, "FREQ=HOURLY does not go with whole days");
    if (from->whole_day && (rule.hours || rule.minutes || rule.seconds))
        return recurrence_say(why, "BYHOUR, BYMINUTE and BYSECOND do not go with whole days");
    if (rule.has_until && (from->whole_day || !rule.until_is_utc))
        recurrence_set_until(&rule, recurrence_until(&rule, z), from->whole_day, z);
    if (!(r = malloc(sizeof *r)))
        return ERR_NOMEM;
    if (recurrence_begin(r, &rule, from->start_s, z, from->start_s))
        error = recurrence_say(why, "a rule can have at most 24 starts on one day");
    else if (!recurrence_next(r, first_s))
        error = recurrence_say(why, "by this rule it never happens");
    else
        *last_s = recurrence_last(r, &rule, *first_s, z);
    free(r);
    if (!error && rrule_print(&rule, out, RECURRENCE_SIZE))
        error = recurrence_say(why, "the rule is too long");
    return error;
}

/* How many starts of the rule are before before_s. */
static int recurrence_count_before(const struct rrule *rule, int64_t start_s, const struct zone *z,
    int64_t before_s, int *count)
{
    struct recurrence *r = malloc(sizeof *r);
    int64_t s;
    int error;

    *count = 0;
    if (!r)
        return ERR_NOMEM;
    error = recurrence_begin(r, rule, start_s, z, start_s);
    while (!error && recurrence_next(r, &s) && s < before_s)
        (*count)++;
    free(r);
    return error;
}

/* The rule's first start that is not before from_s. Returns 0, ERR_NOT_FOUND or a fault. */
static int recurrence_first(const struct rrule *rule, const struct recurrence_from *from,
    int64_t from_s, int64_t *first_s)
{
    struct recurrence *r = malloc(sizeof *r);
    int error = r ? recurrence_begin(r, rule, from->start_s, from->zone, from_s) : ERR_NOMEM;

    if (!error && !recurrence_next(r, first_s))
        error = ERR_NOT_FOUND;
    free(r);
    return error;
}

/* What is left of the rule from before_s on: its COUNT; 0 of one without, -1 when it is over. */
static int recurrence_left(const struct rrule *rule, const struct recurrence_from *from,
    int64_t before_s, int *left)
{
    int64_t first;
    int before, error;

    if (rule->count) {
        error = recurrence_count_before(rule, from->start_s, from->zone, before_s, &before);
        *left = !error && rule->count > before ? rule->count - before : -1;
        return error;
    }
    error = recurrence_first(rule, from, before_s, &first);
    *left = error ? -1 : 0;
    return error == ERR_NOT_FOUND ? 0 : error;
}

int recurrence_split(const char *text, const struct recurrence_from *from, int64_t before_s,
    char out[RECURRENCE_SIZE], char rest[RECURRENCE_SIZE])
{
    struct rrule rule, later;
    int left, error = recurrence_parse(text, &rule, NULL);

    if (!error)
        error = recurrence_left(&rule, from, before_s, &left);
    if (error)
        return error;
    if (left < 0) { /* nothing of it is later: an end there would be a later one */
        if (rest)
            *rest = '\0';
        return rrule_print(&rule, out, RECURRENCE_SIZE) ? ERR_INVALID : 0;
    }
    later = rule;
    later.count = left;
    recurrence_set_until(&rule, from->whole_day ? before_s - 1 : before_s, from->whole_day,
        from->zone);
    /* As an instant: the clocks may skip the second before, too. */
    rule.until_s -= !from->whole_day;
    if (rrule_print(&rule, out, RECURRENCE_SIZE))
        return ERR_INVALID;
    return rest && rrule_print(&later, rest, RECURRENCE_SIZE) ? ERR_INVALID : 0;
}
