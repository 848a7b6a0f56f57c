/* SPDX-License-Identifier: BSD-2-Clause */
/* calendar_module -- what the calendar offers to the housekeeper and to the routes of files. */
#include "tools/calendar/calendar_collection.h"
#include "tools/calendar/calendar_event.h"
#include "tools/calendar/calendar_feed.h"
#include "tools/calendar/calendar_file.h"
#include "tools/calendar/calendar_reminders.h"
#include "tools/calendar/calendar_timer.h"
#include "tools/engine/registry.h"

#include <string.h>

static const struct module_rings calendar_module_rings = {
    .hour = CALENDAR_REMINDERS_HOUR,
    .missed_ms = CALENDAR_REMINDERS_MISSED_MS,
    .due = calendar_reminders_due,
    .has = calendar_reminders_has,
    .next = calendar_reminders_next,
    .fired = calendar_timer_fired,
};

/* A hint that is not needed proves nothing; one that lacks would be a reminder that never rings. */
static int calendar_module_before(const struct tools_context *context, const char *family,
    const jdoc *record)
{
    if (strcmp(family, CALENDAR_EVENTS) == 0 || strcmp(family, CALENDAR_SERIES) == 0)
        return calendar_reminders_plan(context, record);
    return strcmp(family, CALENDAR_TIMERS) == 0 ? calendar_timer_plan(context, record) : 0;
}

static const struct module_records calendar_module_records = {.before = calendar_module_before};

static const struct module_file calendar_module_file = {
    .type = "text/calendar",
    .write = calendar_file_write,
    .read = calendar_file_read,
};

static const struct module_collection calendar_module_collection = {
    .state = calendar_collection_state,
    .each = calendar_collection_each,
    .since = calendar_collection_since,
    .find = calendar_collection_find,
    .text = calendar_collection_text,
    .put = calendar_collection_put,
    .remove = calendar_collection_remove,
};

static const struct module_feed calendar_module_feed = {.read = calendar_feed_read};

const struct module calendar_module = {
    .records = &calendar_module_records,
    .rings = &calendar_module_rings,
    .file = &calendar_module_file,
    .collection = &calendar_module_collection,
    .feed = &calendar_module_feed,
};
