# SPDX-License-Identifier: BSD-2-Clause
# The processes, a folder each, and the two programs.
noinst_LIBRARIES += libworkers.a
libworkers_a_SOURCES = \
	workers/supervisor/api_key_command.c workers/supervisor/api_key_command.h \
	workers/supervisor/audit_command.c workers/supervisor/audit_command.h \
	workers/supervisor/check_command.c workers/supervisor/check_command.h \
	workers/supervisor/check_settings.c workers/supervisor/check_settings.h \
	workers/supervisor/config_command.c workers/supervisor/config_command.h \
	workers/supervisor/control.c workers/supervisor/control.h \
	workers/supervisor/crew.c workers/supervisor/crew.h \
	workers/supervisor/crew_deaths.c \
	workers/supervisor/crew_failed.c \
	workers/supervisor/crew_fork.c \
	workers/supervisor/crew_lines.c \
	workers/supervisor/crew_parts.h \
	workers/supervisor/crew_quarantine.c \
	workers/supervisor/crew_seats.c workers/supervisor/crew_seats.h \
	workers/supervisor/crew_step.c \
	workers/supervisor/crew_watch.c \
	workers/supervisor/ending.c workers/supervisor/ending.h \
	workers/supervisor/cache_command.c workers/supervisor/cache_command.h \
	workers/supervisor/failover_command.c workers/supervisor/failover_command.h \
	workers/supervisor/feedback_command.c workers/supervisor/feedback_command.h \
	workers/supervisor/upgrade.c workers/supervisor/upgrade.h \
	workers/supervisor/keyfile.c workers/supervisor/keyfile.h \
	workers/supervisor/limits_command.c workers/supervisor/limits_command.h \
	workers/supervisor/mcp_command.c workers/supervisor/mcp_command.h \
	workers/supervisor/mcp_login_command.c workers/supervisor/mcp_login_command.h \
	workers/supervisor/metrics.c workers/supervisor/metrics.h \
	workers/supervisor/metrics_desk.c workers/supervisor/metrics_desk.h \
	workers/supervisor/metrics_http.c workers/supervisor/metrics_http.h \
	workers/supervisor/observe_command.c workers/supervisor/observe_command.h \
	workers/supervisor/origins_command.c workers/supervisor/origins_command.h \
	workers/supervisor/push_key_command.c workers/supervisor/push_key_command.h \
	workers/supervisor/reload_command.c workers/supervisor/reload_command.h \
	workers/supervisor/reply_server.c workers/supervisor/reply_server.h \
	workers/supervisor/report_command.c workers/supervisor/report_command.h \
	workers/supervisor/revoke_command.c workers/supervisor/revoke_command.h \
	workers/supervisor/selftest_command.c workers/supervisor/selftest_command.h \
	workers/supervisor/service.c workers/supervisor/service.h \
	workers/supervisor/settings.c workers/supervisor/settings.h \
	workers/supervisor/settings_page.c workers/supervisor/settings_page.h \
	workers/supervisor/setup_command.c workers/supervisor/setup_command.h \
	workers/supervisor/sockets.c workers/supervisor/sockets.h \
	workers/supervisor/starved.c workers/supervisor/starved.h \
	workers/supervisor/status.c workers/supervisor/status.h \
	workers/supervisor/status_parts.h \
	workers/supervisor/supervisor.c workers/supervisor/supervisor.h \
	workers/supervisor/supervisor_upgrade.c \
	workers/supervisor/supervisor_parts.h \
	workers/supervisor/supervisor_phase.c \
	workers/supervisor/supervisor_reload.c \
	workers/supervisor/tables_command.c workers/supervisor/tables_command.h \
	workers/supervisor/top_command.c workers/supervisor/top_command.h \
	workers/supervisor/watchdog.c workers/supervisor/watchdog.h \
	workers/api/api_worker.c \
	workers/turn/turn_worker.c \
	workers/tool/program.c workers/tool/program.h \
	workers/tool/tool_process.c workers/tool/tool_process_parts.h \
	workers/tool/tool_process_speech.c \
	workers/tool/voice_desk.c workers/tool/voice_desk.h \
	workers/stream/hub.c workers/stream/hub.h \
	workers/stream/hub_deliver.c \
	workers/stream/hub_look.c \
	workers/stream/hub_machine.c \
	workers/stream/hub_made.c \
	workers/stream/hub_parts.h \
	workers/stream/hub_place.c workers/stream/hub_place.h \
	workers/stream/hub_runs.c workers/stream/hub_runs.h \
	workers/stream/aisdk.c workers/stream/aisdk.h \
	workers/stream/aisdk_chunk.c workers/stream/aisdk_parts.h \
	workers/stream/aisdk_stored.c \
	workers/stream/stream_agui.c workers/stream/stream_agui.h \
	workers/stream/stream_call.c workers/stream/stream_call.h \
	workers/stream/stream_chat.c workers/stream/stream_chat.h \
	workers/stream/stream_chat_ask.c workers/stream/stream_chat_parts.h \
	workers/stream/stream_chat_say.c \
	workers/stream/stream_conn.c workers/stream/stream_conn.h \
	workers/stream/stream_credential.c workers/stream/stream_credential.h \
	workers/stream/stream_deflate.c workers/stream/stream_deflate.h \
	workers/stream/stream_durable.c workers/stream/stream_durable.h \
	workers/stream/stream_durable_ask.c workers/stream/stream_durable_ask.h \
	workers/stream/stream_durable_page.c workers/stream/stream_durable_page.h \
	workers/stream/stream_durable_reply.c workers/stream/stream_durable_reply.h \
	workers/stream/stream_events.c workers/stream/stream_events.h \
	workers/stream/stream_form.c workers/stream/stream_form.h \
	workers/stream/stream_frames.c workers/stream/stream_frames.h \
	workers/stream/stream_handover.c workers/stream/stream_handover.h \
	workers/stream/stream_handshake.c workers/stream/stream_handshake.h \
	workers/stream/stream_json.c workers/stream/stream_json.h \
	workers/stream/stream_legacy.c workers/stream/stream_legacy.h \
	workers/stream/stream_member.c workers/stream/stream_member.h \
	workers/stream/stream_message.c workers/stream/stream_message.h \
	workers/stream/stream_offer.c workers/stream/stream_offer.h \
	workers/stream/stream_guard.c workers/stream/stream_guard.h \
	workers/stream/stream_share.c workers/stream/stream_share.h \
	workers/stream/stream_refuse.c workers/stream/stream_refuse.h \
	workers/stream/stream_openai.c workers/stream/stream_openai.h \
	workers/stream/stream_openai_calls.c \
	workers/stream/stream_openai_chat.c \
	workers/stream/stream_openai_response.c \
	workers/stream/stream_openai_state.c \
	workers/stream/stream_openai_texts.c \
	workers/stream/stream_render.c workers/stream/stream_render.h \
	workers/stream/stream_socket.c workers/stream/stream_socket.h \
	workers/stream/stream_sse.c workers/stream/stream_sse.h \
	workers/stream/stream_text.c workers/stream/stream_text.h \
	workers/stream/stream_upgrade.c workers/stream/stream_upgrade.h \
	workers/stream/stream_worker.c workers/stream/stream_worker.h \
	workers/stream/stream_ws.c workers/stream/stream_ws.h \
	workers/stream/viewer.c workers/stream/viewer.h \
	workers/housekeeper/blame_desk.c workers/housekeeper/blame_desk.h \
	workers/housekeeper/desk_guard.c workers/housekeeper/desk_guard.h \
	workers/housekeeper/feeds_desk.c workers/housekeeper/feeds_desk.h \
	workers/housekeeper/feeds_desk_judge.c \
	workers/housekeeper/handover.c workers/housekeeper/handover.h \
	workers/housekeeper/housekeeper.c \
	workers/housekeeper/housekeeper_parts.h \
	workers/housekeeper/job_look.c \
	workers/housekeeper/jobs.c \
	workers/housekeeper/jwks_desk.c workers/housekeeper/jwks_desk.h \
	workers/housekeeper/keyuse_desk.c workers/housekeeper/keyuse_desk.h \
	workers/housekeeper/rates_desk.c workers/housekeeper/rates_desk.h \
	workers/housekeeper/mcp_desk.c workers/housekeeper/mcp_desk.h \
	workers/housekeeper/mcp_verdict.c workers/housekeeper/mcp_verdict.h \
	workers/housekeeper/push_desk.c workers/housekeeper/push_desk.h \
	workers/housekeeper/push_letter.c workers/housekeeper/push_letter.h \
	workers/housekeeper/reminders.c workers/housekeeper/reminders.h \
	workers/housekeeper/reminders_words.c workers/housekeeper/reminders_words.h \
	workers/housekeeper/revoked_desk.c workers/housekeeper/revoked_desk.h \
	workers/housekeeper/selftest_desk.c workers/housekeeper/selftest_desk.h \
	workers/housekeeper/trip_desk.c workers/housekeeper/trip_desk.h \
	workers/housekeeper/webhooks.c workers/housekeeper/webhooks.h
nodist_libworkers_a_SOURCES = workers/supervisor/commit.h
BUILT_SOURCES += workers/supervisor/commit.h
CLEANFILES += workers/supervisor/commit.h
# The commit that is built, when the source is a clone; written anew only when it is another one.
workers/supervisor/commit.h: FORCE
	@$(MKDIR_P) workers/supervisor
	@commit=; top=`git -C $(srcdir) rev-parse --show-toplevel 2>/dev/null`; \
	[ "$$top" != "`cd $(srcdir) && pwd -P`" ] || commit=`git -C $(srcdir) rev-parse --short=12 HEAD 2>/dev/null`; \
	line="#define BUILD_COMMIT \"$$commit\""; \
	[ "`cat $@ 2>/dev/null`" = "$$line" ] || echo "$$line" >$@
FORCE:
WORKERS_LIBS = libworkers.a $(WSLAY_LIBS) $(ZLIB_LIBS) $(SYSTEMD_LIBS) $(FCGIAPP_LIBS)

sbin_PROGRAMS += turnpiked
turnpiked_SOURCES = workers/main.c
turnpiked_LDADD = $(WORKERS_LIBS)

bin_PROGRAMS += turnpike
turnpike_SOURCES = workers/turnpike.c \
	workers/terminal/terminal_ask.c workers/terminal/terminal_ask.h \
	workers/terminal/terminal_command.c workers/terminal/terminal_command.h \
	workers/terminal/terminal_edit.c workers/terminal/terminal_edit.h \
	workers/terminal/terminal_events.c \
	workers/terminal/terminal_files.c workers/terminal/terminal_files.h \
	workers/terminal/terminal_input.c workers/terminal/terminal_input.h \
	workers/terminal/terminal_link.c workers/terminal/terminal_link.h \
	workers/terminal/terminal_slash.c workers/terminal/terminal_slash.h \
	workers/terminal/terminal_turn.c workers/terminal/terminal_turn.h \
	workers/terminal/terminal_view.c workers/terminal/terminal_view.h
turnpike_CFLAGS = $(AM_CFLAGS) $(LIBEDIT_CFLAGS)
turnpike_LDADD = $(WORKERS_LIBS) $(LIBEDIT_LIBS)

systemdunitdir = $(prefix)/lib/systemd/system
dist_systemdunit_DATA = systemd/turnpike.service systemd/turnpike.socket
sysusersdir = $(prefix)/lib/sysusers.d
dist_sysusers_DATA = systemd/sysusers.d/turnpike.conf
tmpfilesdir = $(prefix)/lib/tmpfiles.d
dist_tmpfiles_DATA = systemd/tmpfiles.d/turnpike.conf

# turnpike setup
setupdir = $(pkglibexecdir)
setup_SCRIPTS = systemd/setup.sh
dist_setup_DATA = systemd/setup-changes.sh systemd/setup-redis.sh
EXTRA_DIST += systemd/setup.sh systemd/setup-changes.sh systemd/setup-redis.sh

# Manual pages and completion, made from what the programs tell of themselves.
MANUAL = manual/turnpike.1 manual/turnpike-setup.8 manual/turnpiked.8 manual/turnpike.conf.5
nodist_man_MANS = $(MANUAL)
bashcompletiondir = $(datadir)/bash-completion/completions
zshcompletiondir = $(datadir)/zsh/vendor-completions
all-local: manual/turnpike.1
$(MANUAL) manual/turnpike.bash manual/turnpike.zsh: manual/made
manual/made: turnpike$(EXEEXT) turnpiked$(EXEEXT) systemd/setup.sh build-aux/make-manual build-aux/make-completion
	$(AM_V_GEN)$(top_srcdir)/build-aux/make-manual ./turnpike ./turnpiked $(top_srcdir)/systemd/setup.sh $(VERSION) manual && touch $@
install-data-local: manual/made
	$(MKDIR_P) $(DESTDIR)$(bashcompletiondir) $(DESTDIR)$(zshcompletiondir)
	$(INSTALL_DATA) manual/turnpike.bash $(DESTDIR)$(bashcompletiondir)/turnpike
	$(INSTALL_DATA) manual/turnpike.zsh $(DESTDIR)$(zshcompletiondir)/_turnpike
uninstall-local:
	rm -f $(DESTDIR)$(bashcompletiondir)/turnpike $(DESTDIR)$(zshcompletiondir)/_turnpike
CLEANFILES += $(MANUAL) manual/turnpike.bash manual/turnpike.zsh manual/made
EXTRA_DIST += build-aux/make-manual build-aux/make-completion
