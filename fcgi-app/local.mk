# SPDX-License-Identifier: BSD-2-Clause
# What a request meets: connection, routes, admission, replies.
noinst_LIBRARIES += libfcgiapp.a
libfcgiapp_a_SOURCES = \
	fcgi-app/admit.c fcgi-app/admit.h \
	fcgi-app/answers.c fcgi-app/answers.h \
	fcgi-app/attach.c fcgi-app/attach.h \
	fcgi-app/dav.c fcgi-app/dav.h \
	fcgi-app/dav_ask.c fcgi-app/dav_ask.h \
	fcgi-app/dav_ask_aside.c \
	fcgi-app/direct.c fcgi-app/direct.h \
	fcgi-app/direct_approve.c \
	fcgi-app/direct_parts.h \
	fcgi-app/exchange.c fcgi-app/exchange.h \
	fcgi-app/facade.c fcgi-app/facade.h \
	fcgi-app/facade_answer.c fcgi-app/facade_answer.h \
	fcgi-app/facade_completion.c \
	fcgi-app/facade_content.c \
	fcgi-app/facade_items.c fcgi-app/facade_items.h \
	fcgi-app/facade_members.c \
	fcgi-app/facade_parts.h \
	fcgi-app/facade_response.c \
	fcgi-app/facade_view.c fcgi-app/facade_view.h \
	fcgi-app/feedback_view.c fcgi-app/feedback_view.h \
	fcgi-app/guard.c fcgi-app/guard.h \
	fcgi-app/handlers.h \
	fcgi-app/handlers_admin.c \
	fcgi-app/handlers_aisdk.c \
	fcgi-app/handlers_approvals.c \
	fcgi-app/handlers_attachments.c \
	fcgi-app/handlers_dav.c \
	fcgi-app/handlers_export.c \
	fcgi-app/handlers_facade.c \
	fcgi-app/handlers_health.c \
	fcgi-app/handlers_inbox.c \
	fcgi-app/handlers_mcp.c \
	fcgi-app/handlers_message.c \
	fcgi-app/handlers_page.c \
	fcgi-app/handlers_push.c \
	fcgi-app/handlers_session_export.c \
	fcgi-app/handlers_sessions.c \
	fcgi-app/handlers_sign_in.c \
	fcgi-app/handlers_streams.c \
	fcgi-app/handlers_subscriptions.c \
	fcgi-app/handlers_tool_call.c \
	fcgi-app/handlers_tools.c \
	fcgi-app/handlers_trip_chat.c \
	fcgi-app/handlers_trips.c \
	fcgi-app/handlers_turns.c \
	fcgi-app/handlers_user.c \
	fcgi-app/handlers_voice.c \
	fcgi-app/handlers_webpush.c \
	fcgi-app/identify.c fcgi-app/identify.h \
	fcgi-app/lag.c fcgi-app/lag.h \
	fcgi-app/limited.c fcgi-app/limited.h \
	fcgi-app/loop.c fcgi-app/loop.h \
	fcgi-app/mcpd.c fcgi-app/mcpd.h \
	fcgi-app/mcpd_ask.c \
	fcgi-app/mcpd_era.c fcgi-app/mcpd_era.h \
	fcgi-app/mcpd_place.c fcgi-app/mcpd_place.h \
	fcgi-app/mcpd_reply.c \
	fcgi-app/mcpd_resources.c \
	fcgi-app/mcpd_tools.c \
	fcgi-app/openapi.c fcgi-app/openapi.h \
	fcgi-app/pacing.c fcgi-app/pacing.h \
	fcgi-app/needs.c fcgi-app/needs.h \
	fcgi-app/report.c fcgi-app/report.h \
	fcgi-app/report_view.c \
	fcgi-app/request.c fcgi-app/request.h \
	fcgi-app/routes.c fcgi-app/routes.h \
	fcgi-app/runner.c fcgi-app/runner.h \
	fcgi-app/seats.c fcgi-app/seats.h \
	fcgi-app/seats_accept.c \
	fcgi-app/seats_hold.c \
	fcgi-app/seats_parts.h \
	fcgi-app/seats_pass.c \
	fcgi-app/seats_sit.c \
	fcgi-app/selftest.c fcgi-app/selftest.h \
	fcgi-app/selftest_model.c fcgi-app/selftest_parts.h \
	fcgi-app/selftest_tool.c \
	fcgi-app/selftest_web.c \
	fcgi-app/serve.c fcgi-app/serve.h \
	fcgi-app/shared_chat.c fcgi-app/shared_chat.h \
	fcgi-app/submit.c fcgi-app/submit.h \
	fcgi-app/submit_agui.c \
	fcgi-app/submit_aisdk.c \
	fcgi-app/submit_aisdk_file.c \
	fcgi-app/submit_attachments.c \
	fcgi-app/submit_fields.c \
	fcgi-app/submit_messages.c \
	fcgi-app/submit_parts.h \
	fcgi-app/takeaway.c fcgi-app/takeaway.h \
	fcgi-app/ticket.c fcgi-app/ticket.h \
	fcgi-app/uichat.c fcgi-app/uichat.h \
	fcgi-app/uichat_message.c fcgi-app/uichat_parts.h \
	fcgi-app/upload.c fcgi-app/upload.h \
	fcgi-app/voice.c fcgi-app/voice.h \
	fcgi-app/voice_local.c \
	fcgi-app/voice_remote.c \
	fcgi-app/webhook.c fcgi-app/webhook.h
FCGIAPP_LIBS = libfcgiapp.a $(EXPAT_LIBS) $(AGENT_LIBS)

# What the routes cannot say of themselves; base.json first.
OPENAPI_TEXTS = fcgi-app/openapi/base.json fcgi-app/openapi/admin.json fcgi-app/openapi/chat.json \
	fcgi-app/openapi/protocols.json fcgi-app/openapi/tools.json fcgi-app/openapi/user.json \
	fcgi-app/openapi/voice.json
nodist_libfcgiapp_a_SOURCES = fcgi-app/openapi_texts.c
CLEANFILES += fcgi-app/openapi_texts.c
EXTRA_DIST += $(OPENAPI_TEXTS) build-aux/make-texts.sh
fcgi-app/openapi_texts.c: build-aux/make-texts.sh $(OPENAPI_TEXTS) Makefile
	$(AM_V_GEN)cd $(srcdir) && build-aux/make-texts.sh openapi_texts $(OPENAPI_TEXTS) >$(abs_builddir)/$@.new && \
		mv $(abs_builddir)/$@.new $(abs_builddir)/$@
