/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools of the family time. */
#include "tools/engine/registry.h"
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

int time_tool_get_current_time(struct tools_run *run)
{
    const struct zone *z;
    char text[TIMESTAMP_TEXT_SIZE];
    const char *name = jdoc_string(jdoc_get(run->args, "timezone"), NULL);
    int error = name ? zone_get(name, &z) : timestamp_zone(run, &z);
    if (error == ERR_NOT_FOUND && name)
        return run_fail_at(run, "/timezone", "an IANA time zone such as Australia/Brisbane",
            "\"%s\" is no known time zone", name);
    if (error != 0)
        return error;
    timestamp_text(run->context->now_ms, z, true, text);
    jdoc *answer = run_succeed(run, "It is %s (%s).", text, zone_name(z));
    jdoc *time = jdoc_new_object();
    if (!answer || !time) {
        jdoc_free(time);
        return ERR_NOMEM;
    }
    error = time_fill_time(time, run->context->now_ms, z);
    int set = jdoc_set(answer, "time", time);
    return error != 0 ? error : set;
}
