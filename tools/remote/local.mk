# SPDX-License-Identifier: BSD-2-Clause
# Tools that no build makes: declared ones, those of MCP servers, and calls in a tool process.
libtools_a_SOURCES += \
	tools/remote/declared.c tools/remote/declared.h \
	tools/remote/declared_fill.c \
	tools/remote/declared_run.c \
	tools/remote/dynamic.c tools/remote/dynamic.h \
	tools/remote/dynamic_file.c tools/remote/dynamic_file.h \
	tools/remote/elicit.c tools/remote/elicit.h \
	tools/remote/elicit_form.c \
	tools/remote/entry_file.c tools/remote/entry_file.h \
	tools/remote/foreign_model.c \
	tools/remote/foreign_plain.c \
	tools/remote/foreign_schema.c tools/remote/foreign_schema.h \
	tools/remote/mcp.c tools/remote/mcp.h \
	tools/remote/mcp_ask.c tools/remote/mcp_ask.h \
	tools/remote/mcp_define.c tools/remote/mcp_define.h \
	tools/remote/mcp_exchange.c tools/remote/mcp_exchange.h \
	tools/remote/mcp_cell.c \
	tools/remote/mcp_listen.c \
	tools/remote/mcp_say.c \
	tools/remote/mcp_op.c \
	tools/remote/mcp_peer.c tools/remote/mcp_peer.h \
	tools/remote/mcp_peer_parts.h \
	tools/remote/mcp_peer_send.c \
	tools/remote/mcp_reader.c tools/remote/mcp_reader.h \
	tools/remote/mcp_servers.c tools/remote/mcp_servers.h \
	tools/remote/mcp_stream.c tools/remote/mcp_stream.h \
	tools/remote/mcp_trial.c tools/remote/mcp_trial.h \
	tools/remote/mcp_wire.c tools/remote/mcp_wire.h \
	tools/remote/mcp_badge.c tools/remote/mcp_badge.h \
	tools/remote/oauth.c tools/remote/oauth.h \
	tools/remote/oauth_ask.c tools/remote/oauth_ask.h \
	tools/remote/oauth_entry.c tools/remote/oauth_entry.h \
	tools/remote/oauth_find.c tools/remote/oauth_find.h \
	tools/remote/oauth_login.c tools/remote/oauth_login.h \
	tools/remote/oauth_purse.c tools/remote/oauth_purse.h \
	tools/remote/oauth_purse_parts.h \
	tools/remote/oauth_redirect.c tools/remote/oauth_redirect.h \
	tools/remote/oauth_renew.c \
	tools/remote/oauth_seal.c tools/remote/oauth_seal.h \
	tools/remote/oauth_sign.c tools/remote/oauth_sign.h \
	tools/remote/oauth_token.c tools/remote/oauth_token.h \
	tools/remote/oauth_wire.c tools/remote/oauth_wire.h \
	tools/remote/outside.c tools/remote/outside.h \
	tools/remote/tool_call.c tools/remote/tool_call.h \
	tools/remote/tool_words.c tools/remote/tool_words.h
