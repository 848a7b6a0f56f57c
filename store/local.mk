# SPDX-License-Identifier: BSD-2-Clause
# The domain in Redis: one module a kind of thing, and the scripts that change it.
noinst_LIBRARIES += libstore.a
libstore_a_SOURCES = \
	store/again.c store/again.h \
	store/approvals.c store/approvals.h \
	store/args.c store/args.h \
	store/attachments.c store/attachments.h \
	store/branches.c store/branches.h \
	store/changes.c store/changes.h \
	store/changes_purge.c \
	store/eventlog.c store/eventlog.h \
	store/feedback.c store/feedback.h \
	store/feeds.c store/feeds.h \
	store/feedback_turn.c store/feedback_turn.h \
	store/find.c store/find.h \
	store/find_index.c store/find_parts.h \
	store/geocodes.c store/geocodes.h \
	store/hints.c store/hints_due.c store/hints.h \
	store/inbox.c store/inbox.h \
	store/kept_answers.c store/kept_answers.h \
	store/keys.c store/keys.h \
	store/keyuses.c store/keyuses.h \
	store/rates_kept.c store/rates_kept.h \
	store/logentry.c store/logentry.h \
	store/mcp_logins.c store/mcp_logins.h \
	store/notice.c store/notice.h \
	store/pushes.c store/pushes.h \
	store/records.c store/records.h \
	store/records_index.c store/records_index.h \
	store/records_walk.c store/records_walk.h \
	store/reminders.c store/reminders.h \
	store/revokes.c store/revokes.h \
	store/sessions.c store/sessions.h \
	store/sessions_delete.c \
	store/sessions_list.c store/sessions_parts.h \
	store/shared.c store/shared.h \
	store/stats.c store/stats.h \
	store/store.c store/store.h \
	store/tickets.c store/tickets.h \
	store/chats.c store/chats.h \
	store/trips.c store/trips.h \
	store/trips_act.c \
	store/trips_erase.c \
	store/trips_rights.c \
	store/trips_tell.c \
	store/turns.c store/turns.h \
	store/turns_ask.c store/turns_ask.h \
	store/turns_look.c \
	store/turns_lost.c \
	store/usage.c store/usage.h \
	store/usage_show.c \
	store/usage_site.c \
	store/userdata.c store/userdata.h \
	store/userdata_branches.c \
	store/userdata_parts.h \
	store/userdata_written.c \
	store/webhooks.c store/webhooks.h
nodist_libstore_a_SOURCES = store/scripts.c store/scripts.h
STORE_LIBS = libstore.a $(PROCESS_LIBS)

# Parts that scripts include, and the scripts, each with its SHA-1 so that workers call it by hash.
STORE_LUA_PARTS = \
	store/lua/lib_approval.lua \
	store/lua/lib_branches.lua \
	store/lua/lib_changes.lua \
	store/lua/lib_chat.lua \
	store/lua/lib_due.lua \
	store/lua/lib_fail.lua \
	store/lua/lib_find.lua \
	store/lua/lib_gone.lua \
	store/lua/lib_ids.lua \
	store/lua/lib_inbox.lua \
	store/lua/lib_index.lua \
	store/lua/lib_keys.lua \
	store/lua/lib_log.lua \
	store/lua/lib_notice.lua \
	store/lua/lib_places.lua \
	store/lua/lib_push.lua \
	store/lua/lib_rules.lua \
	store/lua/lib_shared.lua \
	store/lua/lib_stored.lua \
	store/lua/lib_summary.lua \
	store/lua/lib_trips.lua \
	store/lua/lib_turn.lua \
	store/lua/lib_usage.lua
STORE_LUA = \
	store/lua/append.lua \
	store/lua/approval_answer.lua \
	store/lua/approval_list.lua \
	store/lua/approval_live.lua \
	store/lua/approval_open.lua \
	store/lua/approval_take.lua \
	store/lua/approval_use.lua \
	store/lua/attachment_drop.lua \
	store/lua/attachment_list.lua \
	store/lua/attachment_put.lua \
	store/lua/attachment_use.lua \
	store/lua/context_merge.lua \
	store/lua/drop_own.lua \
	store/lua/feed_add.lua \
	store/lua/feed_claim.lua \
	store/lua/feed_drop.lua \
	store/lua/feed_list.lua \
	store/lua/feed_part.lua \
	store/lua/feed_settle.lua \
	store/lua/feedback.lua \
	store/lua/feedback_note.lua \
	store/lua/find_due.lua \
	store/lua/find_put.lua \
	store/lua/find_search.lua \
	store/lua/hint.lua \
	store/lua/hint_moved.lua \
	store/lua/hints_due.lua \
	store/lua/kept_answer_drop.lua \
	store/lua/kept_answer_put.lua \
	store/lua/inbox_ack.lua \
	store/lua/inbox_again.lua \
	store/lua/inbox_list.lua \
	store/lua/inbox_snooze.lua \
	store/lua/log_top.lua \
	store/lua/mcp_login.lua \
	store/lua/message_ids.lua \
	store/lua/push_claim.lua \
	store/lua/push_due.lua \
	store/lua/push_forget.lua \
	store/lua/hint_later.lua \
	store/lua/push_settle.lua \
	store/lua/push_subscribe.lua \
	store/lua/rate.lua \
	store/lua/records_commit.lua \
	store/lua/records_index_drop.lua \
	store/lua/records_index_make.lua \
	store/lua/records_range.lua \
	store/lua/records_search.lua \
	store/lua/records_sums.lua \
	store/lua/records_tagged.lua \
	store/lua/records_tags.lua \
	store/lua/records_walk.lua \
	store/lua/records_words.lua \
	store/lua/reminder_due.lua \
	store/lua/reminder_fire.lua \
	store/lua/reminder_hint.lua \
	store/lua/revoke_drop.lua \
	store/lua/revoke_put.lua \
	store/lua/session_branch.lua \
	store/lua/session_change.lua \
	store/lua/session_delete.lua \
	store/lua/changes_purge.lua \
	store/lua/chat_forget.lua \
	store/lua/chat_open.lua \
	store/lua/chat_spend.lua \
	store/lua/session_info.lua \
	store/lua/session_list.lua \
	store/lua/session_messages.lua \
	store/lua/session_purge.lua \
	store/lua/session_restore.lua \
	store/lua/shared_author.lua \
	store/lua/shared_drop.lua \
	store/lua/shared_follow.lua \
	store/lua/shared_forget.lua \
	store/lua/shared_friends.lua \
	store/lua/shared_inbox.lua \
	store/lua/shared_like.lua \
	store/lua/shared_message.lua \
	store/lua/shared_near.lua \
	store/lua/shared_place.lua \
	store/lua/shared_put.lua \
	store/lua/shared_search.lua \
	store/lua/stats_add.lua \
	store/lua/stream_page.lua \
	store/lua/tool_rate.lua \
	store/lua/trip_change.lua \
	store/lua/trip_given.lua \
	store/lua/trip_look.lua \
	store/lua/trip_taken.lua \
	store/lua/trip_told.lua \
	store/lua/turn_abandon.lua \
	store/lua/turn_begin.lua \
	store/lua/turn_checkpoint.lua \
	store/lua/turn_claim.lua \
	store/lua/turn_fail.lua \
	store/lua/turn_finish.lua \
	store/lua/turn_renew.lua \
	store/lua/turn_state.lua \
	store/lua/turn_stop.lua \
	store/lua/turn_usage.lua \
	store/lua/usage_copy.lua \
	store/lua/usage_look.lua \
	store/lua/usage_rate.lua \
	store/lua/usage_set.lua \
	store/lua/usage_show.lua \
	store/lua/usage_site.lua \
	store/lua/view_locate.lua \
	store/lua/webhook_claim.lua \
	store/lua/webhook_due.lua \
	store/lua/webhook_expect.lua \
	store/lua/webhook_later.lua \
	store/lua/webhook_settle.lua
# What the families of tools keep beside their records: each adds its rules.lua (tools/FAMILY/local.mk).
RECORD_RULES =
BUILT_SOURCES += store/scripts.h
CLEANFILES += store/scripts.c store/scripts.h
EXTRA_DIST += build-aux/make-scripts.sh $(STORE_LUA) $(STORE_LUA_PARTS) $(RECORD_RULES)
SCRIPTS_MADE = SHA1SUM='$(SHA1SUM)' AWK='$(AWK)' SED='$(SED)' $(srcdir)/build-aux/make-scripts.sh -r $(srcdir)
store/scripts.c: build-aux/make-scripts.sh Makefile $(STORE_LUA) $(STORE_LUA_PARTS) $(RECORD_RULES)
	$(AM_V_GEN)$(SCRIPTS_MADE) -i "store/lua $(RECORD_PARTS)" -R "$(RECORD_RULES)" store/scripts $(STORE_LUA)
store/scripts.h: store/scripts.c
$(libstore_a_OBJECTS): store/scripts.h
