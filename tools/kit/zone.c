/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/zone.h"

#include "base/err.h"
#include "tools/kit/civil.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (256 * 1024)
#define TIMES_MAX 4096
#define NAME_MAX_LEN 64

struct kind { /* one kind of local time */
    int32_t offset;
    bool daylight;
    char abbreviation[16];
};

struct edge {  /* when the footer's rule changes the clocks, each year */
    char form; /* 'M' month.week.day, 'J' day 1-365 without leap day, 'N' day 0-365 */
    int month, week, day;
    int time; /* seconds after local midnight; may be negative or above a day */
};

struct zone {
    char name[NAME_MAX_LEN + 1];
    size_t time_count, kind_count;
    int64_t *times;
    unsigned char *time_kinds;
    struct kind *kinds;
    bool has_rule, has_daylight;
    struct kind standard, daylight;
    struct edge start, end; /* of daylight time */
    struct zone *next;
};

static struct zone *zones;

const char *zone_name(const struct zone *z)
{
    return z->name;
}

/* --- reading --- */

struct reader {
    const unsigned char *at, *end;
};

static bool zone_have(const struct reader *r, size_t n)
{
    return (size_t)(r->end - r->at) >= n;
}

static uint32_t zone_be32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t zone_be64(const unsigned char *p)
{
    return (int64_t)((uint64_t)zone_be32(p) << 32 | zone_be32(p + 4));
}

struct counts {
    size_t ut, standard, leap, time, kind, chars;
};

static int zone_read_header(struct reader *r, char *version, struct counts *c)
{
    if (!zone_have(r, 44) || memcmp(r->at, "TZif", 4) != 0)
        return ERR_INVALID;
    *version = (char)r->at[4];
    const unsigned char *p = r->at + 20;
    *c = (struct counts){zone_be32(p), zone_be32(p + 4), zone_be32(p + 8), zone_be32(p + 12),
        zone_be32(p + 16), zone_be32(p + 20)};
    r->at += 44;
    bool sane = c->time <= TIMES_MAX && c->kind >= 1 && c->kind <= 256 && c->chars >= 1 &&
        c->chars <= 4096 && c->leap <= 1024 && c->ut <= c->kind && c->standard <= c->kind;
    return sane ? 0 : ERR_INVALID;
}

static size_t zone_block_size(const struct counts *c, size_t time_size)
{
    return c->time * (time_size + 1) + c->kind * 6 + c->chars + c->leap * (time_size + 4) +
        c->standard + c->ut;
}

static int zone_read_kinds(struct zone *z, const unsigned char *p, const unsigned char *chars,
    size_t char_count)
{
    for (size_t i = 0; i < z->kind_count; i++, p += 6) {
        struct kind *k = &z->kinds[i];
        k->offset = (int32_t)zone_be32(p);
        k->daylight = p[4] != 0;
        if (k->offset < -93600 || k->offset > 93600 || p[5] >= char_count)
            return ERR_INVALID;
        size_t n = strnlen((const char *)chars + p[5], char_count - p[5]);
        snprintf(k->abbreviation, sizeof k->abbreviation, "%.*s", (int)(n < 15 ? n : 15),
            (const char *)chars + p[5]);
    }
    return 0;
}

static int zone_read_block(struct reader *r, const struct counts *c, struct zone *z)
{
    const unsigned char *times = r->at, *indexes = times + c->time * 8;
    const unsigned char *kinds = indexes + c->time;
    z->time_count = c->time;
    z->kind_count = c->kind;
    z->times = calloc(c->time + 1, sizeof *z->times);
    z->time_kinds = calloc(c->time + 1, 1);
    z->kinds = calloc(c->kind, sizeof *z->kinds);
    if (!z->times || !z->time_kinds || !z->kinds)
        return ERR_NOMEM;
    for (size_t i = 0; i < c->time; i++) {
        z->times[i] = zone_be64(times + i * 8);
        z->time_kinds[i] = indexes[i];
        if (indexes[i] >= c->kind || (i > 0 && z->times[i] <= z->times[i - 1]))
            return ERR_INVALID;
    }
    return zone_read_kinds(z, kinds, kinds + c->kind * 6, c->chars);
}

/* --- the footer: STD OFFSET [DST [OFFSET] , START[/TIME] , END[/TIME]] --- */

static bool zone_rule_name(const char **s, char out[16])
{
    const char *from = *s, *to;
    if (*from == '<') {
        to = strchr(++from, '>');
        if (!to)
            return false;
        *s = to + 1;
    } else {
        for (to = from; isalpha((unsigned char)*to); to++)
            ;
        *s = to;
    }
    if (to - from < 1 || to - from > 15)
        return false;
    snprintf(out, 16, "%.*s", (int)(to - from), from);
    return true;
}

static bool zone_rule_number(const char **s, int low, int high, int *out)
{
    if (!isdigit((unsigned char)**s))
        return false;
    for (*out = 0; isdigit((unsigned char)**s); (*s)++)
        if ((*out = *out * 10 + (**s - '0')) > 10000)
            return false;
    return *out >= low && *out <= high;
}

/* [+-]HH[:MM[:SS]] in seconds. */
static bool zone_rule_time(const char **s, int *out)
{
    int hours, minutes = 0, seconds = 0, sign = 1;
    if (**s == '+' || **s == '-')
        sign = *(*s)++ == '-' ? -1 : 1;
    if (!zone_rule_number(s, 0, 167, &hours))
        return false;
    if (**s == ':' && ((*s)++, !zone_rule_number(s, 0, 59, &minutes)))
        return false;
    if (**s == ':' && ((*s)++, !zone_rule_number(s, 0, 59, &seconds)))
        return false;
    *out = sign * (hours * 3600 + minutes * 60 + seconds);
    return true;
}

static bool zone_rule_edge(const char **s, struct edge *e)
{
    e->time = 7200;
    if (*(*s)++ != ',')
        return false;
    if (**s == 'M') {
        e->form = *(*s)++;
        if (!zone_rule_number(s, 1, 12, &e->month) || *(*s)++ != '.' ||
            !zone_rule_number(s, 1, 5, &e->week) || *(*s)++ != '.' ||
            !zone_rule_number(s, 0, 6, &e->day))
            return false;
    } else if (**s == 'J') {
        e->form = *(*s)++;
        if (!zone_rule_number(s, 1, 365, &e->day))
            return false;
    } else {
        e->form = 'N';
        if (!zone_rule_number(s, 0, 365, &e->day))
            return false;
    }
    if (**s == '/') {
        (*s)++;
        return zone_rule_time(s, &e->time);
    }
    return true;
}

static int zone_read_rule(struct zone *z, const char *s)
{
    int offset;
    if (*s == '\0')
        return 0;
    if (!zone_rule_name(&s, z->standard.abbreviation) || !zone_rule_time(&s, &offset))
        return ERR_INVALID;
    z->standard.offset = -offset;
    z->has_rule = true;
    if (*s == '\0')
        return 0;
    z->has_daylight = z->daylight.daylight = true;
    z->daylight.offset = z->standard.offset + 3600;
    if (!zone_rule_name(&s, z->daylight.abbreviation))
        return ERR_INVALID;
    if (*s != ',') {
        if (!zone_rule_time(&s, &offset))
            return ERR_INVALID;
        z->daylight.offset = -offset;
    }
    return zone_rule_edge(&s, &z->start) && zone_rule_edge(&s, &z->end) && *s == '\0' ? 0 :
                                                                                        ERR_INVALID;
}

/* --- opening --- */

static void zone_free(struct zone *z)
{
    if (!z)
        return;
    free(z->times);
    free(z->time_kinds);
    free(z->kinds);
    free(z);
}

static int zone_parse_file(const unsigned char *data, size_t len, struct zone *z)
{
    struct reader r = {data, data + len};
    struct counts c;
    char version;
    int error = zone_read_header(&r, &version, &c);
    if (error != 0 || version < '2' || !zone_have(&r, zone_block_size(&c, 4)))
        return ERR_INVALID;
    r.at += zone_block_size(&c, 4);
    error = zone_read_header(&r, &version, &c);
    if (error != 0 || !zone_have(&r, zone_block_size(&c, 8)))
        return ERR_INVALID;
    error = zone_read_block(&r, &c, z);
    if (error != 0)
        return error;
    r.at += zone_block_size(&c, 8);
    char footer[128];
    size_t left = (size_t)(r.end - r.at);
    if (left < 2 || r.at[0] != '\n')
        return ERR_INVALID;
    const unsigned char *end = memchr(r.at + 1, '\n', left - 1);
    if (!end || end - r.at > (ptrdiff_t)sizeof footer)
        return ERR_INVALID;
    snprintf(footer, sizeof footer, "%.*s", (int)(end - r.at - 1), (const char *)r.at + 1);
    return zone_read_rule(z, footer);
}

/* A name can never leave the folder: no dots, no leading slash. */
static bool zone_name_is_safe(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len > NAME_MAX_LEN || name[0] == '/' || name[len - 1] == '/')
        return false;
    for (const char *c = name; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && !strchr("_+-/", *c))
            return false;
    return true;
}

static FILE *zone_open_file(const char *name)
{
    char path[512];
    const char *folder = getenv("TZDIR");
    if (!folder || folder[0] != '/')
        folder = "/usr/share/zoneinfo";
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    return fopen(path, "re");
}

static int zone_load(const char *name, struct zone *z)
{
    FILE *in = zone_open_file(name);
    if (!in)
        return errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_IO;
    unsigned char *data = malloc(FILE_MAX);
    int error = ERR_NOMEM;
    if (data) {
        size_t len = fread(data, 1, FILE_MAX, in);
        error = ferror(in) ? ERR_NOT_FOUND /* a folder */ : zone_parse_file(data, len, z);
    }
    free(data);
    fclose(in);
    return error;
}

int zone_get(const char *name, const struct zone **out)
{
    *out = NULL;
    if (!name || !zone_name_is_safe(name))
        return ERR_NOT_FOUND;
    for (struct zone *z = zones; z; z = z->next)
        if (strcmp(z->name, name) == 0) {
            *out = z;
            return 0;
        }
    struct zone *z = calloc(1, sizeof *z);
    if (!z)
        return ERR_NOMEM;
    snprintf(z->name, sizeof z->name, "%s", name);
    int error = zone_load(name, z);
    if (error != 0) {
        zone_free(z);
        return error;
    }
    z->next = zones;
    zones = z;
    *out = z;
    return 0;
}

/* --- asking --- */

static int64_t zone_edge_day(const struct edge *e, int year)
{
    int64_t first = civil_days(year, 1, 1);
    bool leap = civil_month_days(year, 2) == 29;
    if (e->form == 'J')
        return first + e->day - 1 + (leap && e->day >= 60);
    if (e->form == 'N')
        return first + e->day;
    int64_t month = civil_days(year, e->month, 1);
    int day = 1 + (e->day - civil_weekday(month) + 7) % 7 + (e->week - 1) * 7;
    while (day > civil_month_days(year, e->month))
        day -= 7;
    return month + day - 1;
}

static const struct kind *zone_by_rule(const struct zone *z, int64_t utc_s)
{
    struct civil c;
    if (!z->has_daylight)
        return &z->standard;
    civil_from_seconds(utc_s + z->standard.offset, &c);
    int64_t start = zone_edge_day(&z->start, c.year) * 86400 + z->start.time - z->standard.offset;
    int64_t end = zone_edge_day(&z->end, c.year) * 86400 + z->end.time - z->daylight.offset;
    bool daylight = start < end ? utc_s >= start && utc_s < end : utc_s >= start || utc_s < end;
    return daylight ? &z->daylight : &z->standard;
}

static const struct kind *zone_kind_at(const struct zone *z, int64_t utc_s)
{
    size_t low = 0, high = z->time_count;
    while (low < high) { /* the first transition after utc_s */
        size_t middle = (low + high) / 2;
        if (z->times[middle] <= utc_s)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == z->time_count && z->has_rule)
        return zone_by_rule(z, utc_s);
    return low > 0 ? &z->kinds[z->time_kinds[low - 1]] : &z->kinds[0];
}

void zone_at(const struct zone *z, int64_t utc_s, struct zone_offset *out)
{
    const struct kind *k = zone_kind_at(z, utc_s);
    *out = (struct zone_offset){k->offset, k->daylight, k->abbreviation};
}

enum zone_kind zone_to_utc(const struct zone *z, int64_t local_s, int64_t *utc_s)
{
    int32_t before = zone_kind_at(z, local_s - 86400)->offset;
    int32_t after = zone_kind_at(z, local_s + 86400)->offset;
    int64_t by_before = local_s - before, by_after = local_s - after;
    *utc_s = by_before;
    if (before == after)
        return ZONE_EXACT;
    bool first = zone_kind_at(z, by_before)->offset == before;
    bool second = zone_kind_at(z, by_after)->offset == after;
    if (first && second)
        return by_before == by_after ? ZONE_EXACT : ZONE_OVERLAP;
    if (second)
        *utc_s = by_after;
    return first || second ? ZONE_EXACT : ZONE_GAP;
}

bool zone_country(const char *name, char country[3])
{
    char line[512];
    bool found = false;
    FILE *in = zone_open_file("zone.tab");
    if (!in)
        return false;
    while (!found && fgets(line, sizeof line, in)) {
        char *save = NULL, *code = strtok_r(line, "\t\n", &save);
        char *place = strtok_r(NULL, "\t\n", &save), *zone = strtok_r(NULL, "\t\n", &save);
        if (line[0] == '#' || !place || !zone || strlen(code) != 2)
            continue;
        if (strcmp(zone, name) == 0) {
            memcpy(country, code, 3);
            found = true;
        }
    }
    fclose(in);
    return found;
}
