/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/daytime.h"

#include "base/err.h"
#include "tools/kit/civil.h"
#include "tools/kit/zone.h"

bool daytime_zone_valid(const char *name)
{
    const struct zone *z;
    return *name && !zone_get(name, &z);
}

int daytime_local(int64_t real_ms, const char *zone, struct daytime *out)
{
    int64_t utc = real_ms / 1000;
    struct zone_offset offset = {0};
    const struct zone *z;
    struct civil c;
    int error = zone_get(zone, &z);

    if (!error)
        zone_at(z, utc, &offset);
    civil_from_seconds(utc + offset.seconds, &c);
    *out = (struct daytime){
        .year = c.year,
        .month = c.month,
        .day = c.day,
        .hour = c.hour,
        .minute = c.minute,
        .second = c.second,
        .weekday = civil_weekday(civil_days(c.year, c.month, c.day)),
        .offset_minutes = offset.seconds / 60,
    };
    return error ? ERR_INVALID : 0;
}

void daytime_add_days(struct daytime *t, int days)
{
    struct civil c;

    civil_from_seconds((civil_days(t->year, t->month, t->day) + days) * 86400, &c);
    t->year = c.year;
    t->month = c.month;
    t->day = c.day;
    t->weekday = civil_weekday(civil_days(c.year, c.month, c.day));
}
