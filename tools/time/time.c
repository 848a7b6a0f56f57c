/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools of the family time. */
#include "tools/engine/registry.h"
#include "tools/kit/place.h"
#include "tools/kit/timestamp.h"

#include "base/clock.h"
#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int time_fill_time(jdoc *time, int64_t now, const struct zone *z)
{
    char local[TIMESTAMP_SIZE], utc[CLOCK_RFC3339_SIZE], date[TIMESTAMP_SIZE], offset[32];
    struct zone_offset at;
    zone_at(z, now / 1000, &at);
    timestamp_format(now, z, local);
    clock_rfc3339(now, utc);
    timestamp_date(now, z, date);
    snprintf(offset, sizeof offset, "%c%02d:%02d", at.seconds < 0 ? '-' : '+',
        abs(at.seconds) / 3600, abs(at.seconds) / 60 % 60);
    bool failed = jdoc_set_string(time, "local", local) != 0 ||
        jdoc_set_string(time, "utc", utc) != 0 || jdoc_set_string(time, "date", date) != 0 ||
        jdoc_set_string(time, "weekday", timestamp_weekday(now, z)) != 0 ||
        jdoc_set_string(time, "timezone", zone_name(z)) != 0 ||
        jdoc_set_string(time, "abbreviation", at.abbreviation) != 0 ||
        jdoc_set_string(time, "utc_offset", offset) != 0 ||
        jdoc_set_bool(time, "daylight_saving", at.daylight) != 0;
    return failed ? ERR_NOMEM : 0;
}

/* where: the place whose time it is; "" = none was named. */
static int time_answer(struct tools_run *run, const struct zone *z, const char *where)
{
    char text[TIMESTAMP_TEXT_SIZE];
    timestamp_text(run->context->now_ms, z, true, text);
    jdoc *answer = run_succeed(run, "It is %s%s%s (%s).", text, where[0] != '\0' ? " in " : "",
        where, zone_name(z));
    jdoc *time = jdoc_new_object();
    if (!answer || !time) {
        jdoc_free(time);
        return ERR_NOMEM;
    }
    int error = time_fill_time(time, run->context->now_ms, z);
    int set = jdoc_set(answer, "time", time);
    return error != 0 ? error : set;
}

static int time_of_place(struct tools_run *run, const struct place *spots, size_t count, void *arg)
{
    const struct zone *z;
    (void)count;
    (void)arg;
    int error = spots[0].zone[0] != '\0' ? zone_get(spots[0].zone, &z) : ERR_NOT_FOUND;
    if (error == ERR_NOT_FOUND)
        return run_fail_at(run, "/timezone", "an IANA time zone such as Australia/Brisbane",
            "the time zone of %s is not known", spots[0].name);
    return error != 0 ? error : time_answer(run, z, spots[0].name);
}

int time_tool_get_current_time(struct tools_run *run)
{
    const struct zone *z;
    const char *name = jdoc_string(jdoc_get(run->args, "timezone"), NULL);
    int error = name ? zone_get(name, &z) : timestamp_zone(run, &z);
    if (error == ERR_NOT_FOUND && name) { /* "London": a place */
        struct place_wish wish = {.text = name, .path = "/timezone"};
        return place_start_all(run, &wish, 1, time_of_place, NULL);
    }
    return error != 0 ? error : time_answer(run, z, "");
}
