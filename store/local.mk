noinst_LIBRARIES += libstore.a
STORE_LUA = \
	store/lua/lib_fail.lua \
	store/lua/lib_keys.lua \
	store/lua/lib_places.lua \
	store/lua/lib_turn.lua \
	store/lua/append.lua \
	store/lua/context_merge.lua \
	store/lua/feedback.lua \
	store/lua/hint.lua \
	store/lua/hints_due.lua \
	store/lua/log_top.lua \
	store/lua/rate.lua \
	store/lua/session_delete.lua \
	store/lua/session_info.lua \
	store/lua/session_list.lua \
	store/lua/session_messages.lua \
	store/lua/turn_abandon.lua \
	store/lua/turn_begin.lua \
	store/lua/turn_checkpoint.lua \
	store/lua/turn_claim.lua \
	store/lua/turn_fail.lua \
	store/lua/turn_finish.lua \
	store/lua/turn_renew.lua \
	store/lua/turn_state.lua \
	store/lua/turn_stop.lua \
	store/lua/view_locate.lua
libstore_a_SOURCES = \
	store/args.c store/args.h \
	store/backoff.c store/backoff.h \
	store/dial.c store/dial.h \
	store/eventlog.c store/eventlog.h \
	store/hints.c store/hints.h \
	store/link.c store/link.h store/link_parts.h \
	store/link_asks.c store/link_calls.c store/link_connect.c store/link_loop.c store/link_queue.c \
	store/link_read.c store/link_roles.c store/link_send.c \
	store/link_reply.c store/link_reply.h \
	store/listen.c store/listen.h \
	store/listen_ears.c store/listen_ears.h \
	store/resp.c store/resp.h \
	store/sentinel.c store/sentinel.h \
	store/sessions.c store/sessions.h \
	store/store.c store/store.h \
	store/tickets.c store/tickets.h \
	store/turns.c store/turns.h \
	store/turns_look.c \
	store/turns_lost.c
# The inbox and what is due
STORE_LUA += store/lua/inbox_ack.lua store/lua/inbox_again.lua store/lua/inbox_list.lua \
	store/lua/inbox_snooze.lua store/lua/lib_inbox.lua store/lua/reminder_due.lua \
	store/lua/reminder_fire.lua store/lua/reminder_hint.lua
libstore_a_SOURCES += store/inbox.c store/inbox.h store/reminders.c store/reminders.h
# Who is told of a turn's end
STORE_LUA += store/lua/webhook_claim.lua store/lua/webhook_due.lua store/lua/webhook_expect.lua \
	store/lua/webhook_later.lua store/lua/webhook_settle.lua
libstore_a_SOURCES += store/webhooks.c store/webhooks.h
# What the user is asked before a tool runs, and how many tools a user may call
STORE_LUA += store/lua/approval_answer.lua store/lua/approval_list.lua store/lua/approval_open.lua \
	store/lua/approval_take.lua store/lua/approval_use.lua store/lua/lib_approval.lua \
	store/lua/tool_rate.lua
libstore_a_SOURCES += store/approvals.c store/approvals.h
# All of one user
STORE_LUA += store/lua/shared_author.lua store/lua/shared_forget.lua
libstore_a_SOURCES += store/userdata.c store/userdata.h
nodist_libstore_a_SOURCES = store/scripts.c store/scripts.h
# store/scripts.c: every script of store/lua with its SHA-1, so that workers can call by hash.
BUILT_SOURCES += store/scripts.h
CLEANFILES += store/scripts.c store/scripts.h
EXTRA_DIST += build-aux/make-scripts.sh $(STORE_LUA)
store/scripts.c: build-aux/make-scripts.sh store/local.mk $(STORE_LUA)
	$(AM_V_GEN)set -e; files=; for f in $(STORE_LUA); do files="$$files $(srcdir)/$$f"; done; \
	SHA1SUM='$(SHA1SUM)' AWK='$(AWK)' SED='$(SED)' $(srcdir)/build-aux/make-scripts.sh \
	    store/scripts.c store/scripts.h $$files
store/scripts.h: store/scripts.c
$(libstore_a_OBJECTS): store/scripts.h
STORE_LIBS = libstore.a $(HIREDIS_LIBS)
