# SPDX-License-Identifier: BSD-2-Clause
# Events, series, reminders, timers; calendars as files.
TOOLS_SPEC += tools/calendar/calendar.json
libtools_a_SOURCES += \
	tools/calendar/calendar.c \
	tools/calendar/calendar_change.c \
	tools/calendar/calendar_event.c tools/calendar/calendar_event.h \
	tools/calendar/calendar_file.c tools/calendar/calendar_file.h \
	tools/calendar/calendar_message.c \
	tools/calendar/calendar_module.c \
	tools/calendar/calendar_reminders.c tools/calendar/calendar_reminders.h \
	tools/calendar/calendar_rings.c tools/calendar/calendar_rings.h \
	tools/calendar/calendar_series.c tools/calendar/calendar_series.h \
	tools/calendar/calendar_timer.c tools/calendar/calendar_timer.h \
	tools/calendar/interchange.c tools/calendar/interchange.h \
	tools/calendar/interchange_aside.c \
	tools/calendar/interchange_write.c \
	tools/calendar/recurrence.c tools/calendar/recurrence.h \
	tools/calendar/rrule.c tools/calendar/rrule.h \
	tools/calendar/rrule_walk.c
RECORD_RULES += tools/calendar/rules.lua
