noinst_LIBRARIES += libstream.a libtoolcall.a libworkers.a
libstream_a_SOURCES =
# Both sides of a call in a tool process, as far as turn workers need them.
libtoolcall_a_SOURCES = \
	workers/tool_call.c workers/tool_call.h \
	workers/tool_words.c workers/tool_words.h
TOOLCALL_LIBS = libtoolcall.a libstream.a libworkers.a
libworkers_a_SOURCES = \
	workers/api_worker.c \
	workers/check_settings.c workers/check_settings.h \
	workers/blame.c workers/blame.h \
	workers/blame_desk.c workers/blame_desk.h \
	workers/control.c workers/control.h \
	workers/crew.c workers/crew.h workers/crew_parts.h \
	workers/crew_deaths.c workers/crew_lines.c workers/crew_quarantine.c workers/crew_watch.c \
	workers/trace.c workers/trace.h \
	workers/crew_seats.c workers/crew_seats.h \
	workers/handover.c workers/handover.h \
	workers/housekeeper.c \
	workers/mcp_command.c workers/mcp_command.h \
	workers/failover_command.c workers/failover_command.h \
	workers/mcp_desk.c workers/mcp_desk.h \
	workers/reminders.c workers/reminders.h \
	workers/scoreboard.c workers/scoreboard_seat.c workers/scoreboard.h \
	workers/service.c workers/service.h \
	workers/slots.c workers/slots.h \
	workers/sockets.c workers/sockets.h \
	workers/starved.c workers/starved.h \
	workers/status.c workers/status.h \
	workers/supervisor.c workers/supervisor.h \
	workers/tool_process.c \
	workers/turn_worker.c \
	workers/watchdog.c workers/watchdog.h \
	workers/webhooks.c workers/webhooks.h \
	workers/worker.c workers/worker.h
include workers/stream.mk

sbin_PROGRAMS += turnpiked
turnpiked_SOURCES = workers/main.c
# libworkers.a stands twice: its worker mains need the stream worker's files, which need it.
turnpiked_LDADD = libworkers.a libstream.a libworkers.a libfcgiapp.a $(TOOLCALL_LIBS) libagent.a $(TOOLS_LIBS) \
	$(STORE_LIBS) $(WIRE_LIBS) $(BASE_LIBS) $(FCGI_LIBS) $(JWT_LIBS) $(WSLAY_LIBS) \
	$(HTTP_PARSER_LIBS) $(SYSTEMD_LIBS)

bin_PROGRAMS += turnpike
turnpike_SOURCES = workers/turnpike.c
turnpike_LDADD = libworkers.a $(TOOLS_LIBS) $(STORE_LIBS) $(BASE_LIBS)

systemdunitdir = $(prefix)/lib/systemd/system
dist_systemdunit_DATA = systemd/turnpike.service systemd/turnpike.socket
sysusersdir = $(prefix)/lib/sysusers.d
dist_sysusers_DATA = systemd/sysusers.d/turnpike.conf
tmpfilesdir = $(prefix)/lib/tmpfiles.d
dist_tmpfiles_DATA = systemd/tmpfiles.d/turnpike.conf
