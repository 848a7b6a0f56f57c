/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TURNPIKE_FCGI_APP_HANDLERS_H
#define TURNPIKE_FCGI_APP_HANDLERS_H

#include "base/err.h"
#include "fcgi-app/routes.h"
#include "fcgi-app/submit.h"

/* handlers -- what the rows of routes.c call; docs/http-api.md tells what each does. */
routes_handler handlers_chat, handlers_agui, handlers_agui_capabilities;
routes_handler handlers_aisdk_chat, handlers_aisdk_stream, handlers_aisdk_messages;
routes_handler handlers_internal_message, handlers_internal_run;
routes_handler handlers_attachment_put, handlers_attachments_list, handlers_attachment_get;
routes_handler handlers_attachment_delete;
routes_handler handlers_sessions_list, handlers_session_get, handlers_session_patch;
routes_handler handlers_session_restore, handlers_session_export;
routes_handler handlers_session_delete, handlers_session_messages, handlers_session_events;
routes_handler handlers_history_get, handlers_history_delete;
routes_handler handlers_stream_session, handlers_stream_turn;
routes_handler handlers_turn_get, handlers_turn_cancel, handlers_session_cancel, handlers_cancel;
routes_handler handlers_usage;
routes_handler handlers_context_get, handlers_context_put, handlers_ticket, handlers_feedback;
routes_handler handlers_sign_in, handlers_sign_out;
routes_handler handlers_tools, handlers_tool_get, handlers_tool_call;
routes_handler handlers_approvals_list, handlers_approval_answer;
routes_handler handlers_inbox_list, handlers_inbox_ack, handlers_inbox_snooze;
routes_handler handlers_inbox_push;
routes_handler handlers_push_subscribe, handlers_push_list, handlers_push_unsubscribe;
routes_handler handlers_push_act;
routes_handler handlers_subscriptions_list, handlers_subscriptions_add, handlers_subscriptions_drop;
routes_handler handlers_calendar_export, handlers_calendar_import, handlers_expenses_export;
routes_handler handlers_dav_propfind, handlers_dav_report, handlers_dav_get, handlers_dav_put;
routes_handler handlers_trip_position, handlers_trip_live;
routes_handler handlers_trip_chat_open, handlers_trip_chat_get, handlers_trip_chats;
routes_handler handlers_dav_delete, handlers_dav_proppatch;
routes_handler handlers_trip_export, handlers_user_export, handlers_user_erase;
routes_handler handlers_models, handlers_model, handlers_completion, handlers_response;
routes_handler handlers_response_get, handlers_response_cancel, handlers_response_delete;
routes_handler handlers_mcp_post, handlers_mcp_get, handlers_mcp_metadata;
routes_handler handlers_health, handlers_health_live, handlers_health_ready;
routes_handler handlers_openapi, handlers_page;
routes_handler handlers_admin_feedback, handlers_admin_report;
routes_handler handlers_admin_selftest, handlers_admin_selftest_get;
routes_handler handlers_voice_transcribe, handlers_voice_speak;

/* Reads the body into a message of this form. Returns 0; ERR_INVALID with the problem set; another
 * error. Turn workers. */
MUST_CHECK int handlers_parse(struct exchange *x, enum submit_kind kind, struct submit *out);
/* Acknowledges or snoozes an entry of this user's inbox and makes the reply. */
MUST_CHECK int handlers_inbox_settle(struct exchange *x, const char *uid, const char *entry);
MUST_CHECK int handlers_inbox_postpone(struct exchange *x, const char *uid, const char *entry,
    int64_t minutes);
/* The tool that the path names, or NULL with the problem set. */
struct tools_spec;
const struct tools_spec *handlers_tool_named(struct exchange *x);

/* The header WWW-Authenticate of the MCP route where the site names an issuer; arena; or NULL. */
const char *handlers_mcp_challenge(struct exchange *x);

#endif
