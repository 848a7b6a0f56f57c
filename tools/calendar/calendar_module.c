/* SPDX-License-Identifier: BSD-2-Clause */
/* calendar_module -- what the calendar offers to the housekeeper and to the routes of files. */
#include "tools/calendar/calendar_file.h"
#include "tools/calendar/calendar_reminders.h"
#include "tools/calendar/calendar_timer.h"
#include "tools/engine/registry.h"

static const struct module_rings calendar_module_rings = {
    .hour = CALENDAR_REMINDERS_HOUR,
    .missed_ms = CALENDAR_REMINDERS_MISSED_MS,
    .due = calendar_reminders_due,
    .has = calendar_reminders_has,
    .next = calendar_reminders_next,
    .fired = calendar_timer_fired,
};

static const struct module_file calendar_module_file = {
    .type = "text/calendar",
    .write = calendar_file_write,
    .read = calendar_file_read,
};

const struct module calendar_module = {
    .rings = &calendar_module_rings,
    .file = &calendar_module_file,
};
