# SPDX-License-Identifier: BSD-2-Clause
# Events, series, reminders, timers; calendars as files.
TOOLS_SPEC += tools/calendar/calendar.json
libtools_a_SOURCES += \
	tools/calendar/calendar.c \
	tools/calendar/calendar_change.c \
	tools/calendar/calendar_collection.c tools/calendar/calendar_collection.h \
	tools/calendar/calendar_event.c tools/calendar/calendar_event.h \
	tools/calendar/calendar_feed.c tools/calendar/calendar_feed.h \
	tools/calendar/calendar_feed_read.c \
	tools/calendar/calendar_file.c tools/calendar/calendar_file.h \
	tools/calendar/calendar_file_parts.h \
	tools/calendar/calendar_file_write.c \
	tools/calendar/calendar_message.c \
	tools/calendar/calendar_module.c \
	tools/calendar/calendar_reminders.c tools/calendar/calendar_reminders.h \
	tools/calendar/calendar_revisions.c tools/calendar/calendar_revisions.h \
	tools/calendar/calendar_rings.c tools/calendar/calendar_rings.h \
	tools/calendar/calendar_series.c tools/calendar/calendar_series.h \
	tools/calendar/calendar_subscribe.c \
	tools/calendar/calendar_timer.c tools/calendar/calendar_timer.h \
	tools/calendar/interchange.c tools/calendar/interchange.h \
	tools/calendar/interchange_about.c \
	tools/calendar/interchange_alarms.c \
	tools/calendar/interchange_aside.c \
	tools/calendar/interchange_event.c \
	tools/calendar/interchange_kept.c \
	tools/calendar/interchange_outline.c \
	tools/calendar/interchange_parts.h \
	tools/calendar/interchange_rule.c \
	tools/calendar/interchange_text.c \
	tools/calendar/interchange_todo.c \
	tools/calendar/interchange_write.c \
	tools/calendar/interchange_zones.c \
	tools/calendar/recurrence.c tools/calendar/recurrence.h \
	tools/calendar/rrule.c tools/calendar/rrule.h \
	tools/calendar/rrule_walk.c \
	tools/calendar/windows_zones.h
nodist_libtools_a_SOURCES += tools/calendar/windows_zones.c
# Windows' names of time zones: a program of the build prints the table, which ICU has. The service itself does not use ICU.
noinst_PROGRAMS += tools/calendar/windows_zones_make
tools_calendar_windows_zones_make_SOURCES = tools/calendar/windows_zones_make.c
tools_calendar_windows_zones_make_CPPFLAGS = $(AM_CPPFLAGS) $(ICU_CFLAGS)
tools_calendar_windows_zones_make_LDADD = $(ICU_LIBS)
CLEANFILES += tools/calendar/windows_zones.c
tools/calendar/windows_zones.c: tools/calendar/windows_zones_make$(EXEEXT) Makefile
	$(AM_V_GEN)tools/calendar/windows_zones_make$(EXEEXT) > $@.new && mv $@.new $@
TOOLS_LUA += tools/calendar/lua/calendar_revisions_named.lua \
	tools/calendar/lua/calendar_revisions_of.lua tools/calendar/lua/calendar_revisions_since.lua
RECORD_PARTS += tools/calendar/lua
EXTRA_DIST += tools/calendar/lua/lib_revisions.lua
RECORD_RULES += tools/calendar/rules.lua
