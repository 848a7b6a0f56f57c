# SPDX-License-Identifier: BSD-2-Clause
# Our MCP client as a program, for the end-to-end tests: servers and suites of others run it.
check_PROGRAMS += tests/mcp/mcp_client
tests_mcp_mcp_client_LDADD = $(TOOLS_LIBS)
