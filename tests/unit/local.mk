# one cmocka program a behaviour

# store
if HAVE_CMOCKA
STORE_TESTS = tests/unit/test_backoff tests/unit/test_link tests/unit/test_link_tasks tests/unit/test_link_asks tests/unit/test_turns tests/unit/test_eventlog \
	tests/unit/test_sessions
check_PROGRAMS += $(STORE_TESTS)
TESTS += $(STORE_TESTS)
STORE_TEST_LIBS = $(STORE_LIBS) $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_backoff_LDADD = $(STORE_TEST_LIBS)
tests_unit_test_link_SOURCES = tests/unit/test_link.c tests/unit/own_redis.c tests/unit/own_redis.h
tests_unit_test_link_LDADD = $(STORE_TEST_LIBS)
tests_unit_test_link_tasks_SOURCES = tests/unit/test_link_tasks.c tests/unit/own_redis.c tests/unit/own_redis.h
tests_unit_test_link_tasks_LDADD = $(STORE_TEST_LIBS)
tests_unit_test_link_asks_SOURCES = tests/unit/test_link_asks.c tests/unit/own_redis.c tests/unit/own_redis.h
tests_unit_test_link_asks_LDADD = $(STORE_TEST_LIBS)
tests_unit_test_turns_SOURCES = tests/unit/test_turns.c tests/unit/own_redis.c tests/unit/own_redis.h
tests_unit_test_turns_LDADD = $(STORE_TEST_LIBS)
tests_unit_test_eventlog_SOURCES = tests/unit/test_eventlog.c tests/unit/own_redis.c tests/unit/own_redis.h
tests_unit_test_eventlog_LDADD = $(STORE_TEST_LIBS)
tests_unit_test_sessions_SOURCES = tests/unit/test_sessions.c tests/unit/own_redis.c tests/unit/own_redis.h
tests_unit_test_sessions_LDADD = $(STORE_TEST_LIBS)
endif

# base
BASE_TESTS = tests/unit/test_arena tests/unit/test_breaker tests/unit/test_buf \
	tests/unit/test_conf tests/unit/test_http tests/unit/test_ident tests/unit/test_jdoc \
	tests/unit/test_log tests/unit/test_reactor tests/unit/test_sse tests/unit/test_task \
	tests/unit/test_task_own tests/unit/test_task_switch \
	tests/unit/test_url
if HAVE_CMOCKA
check_PROGRAMS += $(BASE_TESTS)
TESTS += $(BASE_TESTS)
endif
EXTRA_DIST += tests/unit/cm.h
tests_unit_test_arena_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_breaker_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_buf_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_conf_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_http_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_ident_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_jdoc_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_log_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_reactor_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_sse_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_task_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
# The same with the switch of our own, whatever the build uses.
tests_unit_test_task_own_SOURCES = tests/unit/test_task.c base/task.c base/task_guard.c \
	base/task_resolve.c base/task_stack.c base/task_switch.c
tests_unit_test_task_own_CPPFLAGS = $(AM_CPPFLAGS) -DTASK_SWITCH_OWN
tests_unit_test_task_own_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_task_switch_SOURCES = tests/unit/test_task_switch.c base/task_switch.c
tests_unit_test_task_switch_CPPFLAGS = $(AM_CPPFLAGS) -DTASK_SWITCH_OWN
tests_unit_test_task_switch_LDADD = $(CMOCKA_LIBS)
tests_unit_test_url_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)

# supervisor
if HAVE_CMOCKA
SUPERVISOR_TESTS = tests/unit/test_slots tests/unit/test_scoreboard tests/unit/test_blame tests/unit/test_control \
	tests/unit/test_supervisor tests/unit/test_crew_seats
check_PROGRAMS += $(SUPERVISOR_TESTS)
TESTS += $(SUPERVISOR_TESTS)
SUPERVISOR_TEST_LIBS = libworkers.a $(BASE_LIBS) $(SYSTEMD_LIBS) $(CMOCKA_LIBS)
tests_unit_test_crew_seats_SOURCES = tests/unit/test_crew_seats.c
tests_unit_test_crew_seats_LDADD = $(SUPERVISOR_TEST_LIBS)
tests_unit_test_slots_SOURCES = tests/unit/test_slots.c
tests_unit_test_slots_LDADD = $(SUPERVISOR_TEST_LIBS)
tests_unit_test_blame_SOURCES = tests/unit/test_blame.c
tests_unit_test_blame_LDADD = libworkers.a $(TOOLS_LIBS) $(STORE_LIBS) $(BASE_LIBS) $(SYSTEMD_LIBS) $(CMOCKA_LIBS)
tests_unit_test_scoreboard_SOURCES = tests/unit/test_scoreboard.c
tests_unit_test_scoreboard_LDADD = $(SUPERVISOR_TEST_LIBS)
tests_unit_test_control_SOURCES = tests/unit/test_control.c
tests_unit_test_control_LDADD = $(SUPERVISOR_TEST_LIBS)
tests_unit_test_supervisor_SOURCES = tests/unit/test_supervisor.c \
	tests/unit/own_supervisor.c tests/unit/own_supervisor.h
tests_unit_test_supervisor_LDADD = $(SUPERVISOR_TEST_LIBS)
endif

# tools
if HAVE_CMOCKA
TOOLS_TESTS = tests/unit/test_records tests/unit/test_timezone tests/unit/test_tools_check \
	tests/unit/test_tools_all tests/unit/test_calendar tests/unit/test_money tests/unit/test_travel \
	tests/unit/test_numeral tests/unit/test_tool_rows tests/unit/test_blocking
check_PROGRAMS += $(TOOLS_TESTS)
TESTS += $(TOOLS_TESTS) tests/unit/generate.sh tests/unit/gazetteer.sh
EXTRA_DIST += tests/unit/generate.sh tests/unit/gazetteer.sh
TOOLS_TEST_LIBS = $(TOOLS_LIBS) $(STORE_LIBS) $(BASE_LIBS) $(CMOCKA_LIBS)
TOOLS_TEST_PARTS = tests/unit/own_redis.c tests/unit/own_redis.h tests/unit/tool_bench.c \
	tests/unit/tool_bench.h tests/unit/tool_fixture.c tests/unit/tool_fixture.h \
	tests/unit/web_double.c tests/unit/web_double.h \
	tests/unit/shared_seeds.c tests/unit/shared_seeds.h
tests_unit_test_records_SOURCES = tests/unit/test_records.c tests/unit/own_redis.c tests/unit/own_redis.h
tests_unit_test_records_LDADD = $(TOOLS_TEST_LIBS)
tests_unit_test_numeral_LDADD = $(TOOLS_TEST_LIBS)
tests_unit_test_blocking_SOURCES = tests/unit/test_blocking.c tests/unit/own_redis.c tests/unit/own_redis.h
tests_unit_test_blocking_LDADD = $(TOOLS_TEST_LIBS)
tests_unit_test_tool_rows_LDADD = $(TOOLS_TEST_LIBS)
tests_unit_test_timezone_SOURCES = tests/unit/test_timezone.c
tests_unit_test_timezone_LDADD = $(TOOLS_TEST_LIBS)
tests_unit_test_tools_check_SOURCES = tests/unit/test_tools_check.c $(TOOLS_TEST_PARTS)
tests_unit_test_tools_check_LDADD = $(TOOLS_TEST_LIBS)
tests_unit_test_tools_all_SOURCES = tests/unit/test_tools_all.c $(TOOLS_TEST_PARTS)
tests_unit_test_tools_all_LDADD = $(TOOLS_TEST_LIBS)
tests_unit_test_calendar_SOURCES = tests/unit/test_calendar.c $(TOOLS_TEST_PARTS)
tests_unit_test_calendar_LDADD = $(TOOLS_TEST_LIBS)
tests_unit_test_money_SOURCES = tests/unit/test_money.c $(TOOLS_TEST_PARTS)
tests_unit_test_money_LDADD = $(TOOLS_TEST_LIBS)
tests_unit_test_travel_SOURCES = tests/unit/test_travel.c $(TOOLS_TEST_PARTS)
tests_unit_test_travel_LDADD = $(TOOLS_TEST_LIBS)
endif

# fcgi-app
if HAVE_CMOCKA
APP_TESTS = tests/unit/test_auth tests/unit/test_gateway $(INBOUND_TESTS) tests/unit/test_problem \
	tests/unit/test_request tests/unit/test_routes
INBOUND_TESTS = tests/unit/test_inbound tests/unit/test_inbound_ends tests/unit/test_inbound_peers \
	tests/unit/test_inbound_reply tests/unit/test_inbound_table
check_PROGRAMS += $(APP_TESTS)
TESTS += $(APP_TESTS)
APP_TEST_LIBS = $(FCGIAPP_LIBS) $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_auth_LDADD = $(APP_TEST_LIBS)
tests_unit_test_gateway_LDADD = $(APP_TEST_LIBS)
INBOUND_BENCH = tests/unit/inbound_bench.c tests/unit/inbound_bench.h
tests_unit_test_inbound_SOURCES = tests/unit/test_inbound.c $(INBOUND_BENCH)
tests_unit_test_inbound_LDADD = $(APP_TEST_LIBS)
tests_unit_test_inbound_ends_SOURCES = tests/unit/test_inbound_ends.c $(INBOUND_BENCH)
tests_unit_test_inbound_ends_LDADD = $(APP_TEST_LIBS)
tests_unit_test_inbound_peers_SOURCES = tests/unit/test_inbound_peers.c $(INBOUND_BENCH)
tests_unit_test_inbound_peers_LDADD = $(APP_TEST_LIBS)
tests_unit_test_inbound_reply_SOURCES = tests/unit/test_inbound_reply.c $(INBOUND_BENCH)
tests_unit_test_inbound_reply_LDADD = libstream.a $(APP_TEST_LIBS)
tests_unit_test_inbound_table_SOURCES = tests/unit/test_inbound_table.c $(INBOUND_BENCH)
tests_unit_test_inbound_table_LDADD = $(APP_TEST_LIBS)
tests_unit_test_problem_LDADD = $(APP_TEST_LIBS)
tests_unit_test_request_SOURCES = tests/unit/test_request.c tests/unit/request_memory.h
tests_unit_test_request_LDADD = $(APP_TEST_LIBS)
tests_unit_test_routes_SOURCES = tests/unit/test_routes.c tests/unit/request_memory.h
tests_unit_test_routes_LDADD = libfcgiapp.a libagent.a libworkers.a $(TOOLS_LIBS) $(STORE_LIBS) \
	$(APP_TEST_LIBS)
endif

# agent
AGENT_TEST_LIBS = libagent.a $(TOOLS_LIBS) $(STORE_LIBS) $(BASE_LIBS)
if HAVE_CMOCKA
AGENT_TESTS = tests/unit/test_provider_anthropic tests/unit/test_provider_openai \
	tests/unit/test_context tests/unit/test_offline tests/unit/test_offline_talk tests/unit/test_turn tests/unit/test_input \
	tests/unit/test_think tests/unit/test_wait
check_PROGRAMS += $(AGENT_TESTS)
TESTS += $(AGENT_TESTS)
endif
EXTRA_DIST += tests/unit/sink_text.h
tests_unit_test_provider_anthropic_LDADD = $(AGENT_TEST_LIBS) $(CMOCKA_LIBS)
tests_unit_test_provider_openai_LDADD = $(AGENT_TEST_LIBS) $(CMOCKA_LIBS)
tests_unit_test_context_LDADD = $(AGENT_TEST_LIBS) $(CMOCKA_LIBS)
TURN_BENCH = tests/unit/turn_bench.c tests/unit/turn_bench.h tests/unit/model_double.c \
	tests/unit/model_double.h tests/unit/own_redis.c tests/unit/own_redis.h
tests_unit_test_offline_SOURCES = tests/unit/test_offline.c $(TURN_BENCH)
tests_unit_test_offline_LDADD = $(AGENT_TEST_LIBS) $(CMOCKA_LIBS)
EXTRA_DIST += tests/unit/offline_talk.tsv
tests_unit_test_offline_talk_LDADD = $(AGENT_TEST_LIBS) $(CMOCKA_LIBS)
tests_unit_test_turn_SOURCES = tests/unit/test_turn.c $(TURN_BENCH)
tests_unit_test_turn_LDADD = $(AGENT_TEST_LIBS) $(CMOCKA_LIBS)
tests_unit_test_input_LDADD = $(AGENT_TEST_LIBS) $(CMOCKA_LIBS)
tests_unit_test_think_LDADD = $(AGENT_TEST_LIBS) $(CMOCKA_LIBS)
tests_unit_test_wait_SOURCES = tests/unit/test_wait.c $(TURN_BENCH)
tests_unit_test_wait_LDADD = $(AGENT_TEST_LIBS) $(CMOCKA_LIBS)

# stream
if HAVE_CMOCKA
STREAM_TESTS = tests/unit/test_outq tests/unit/test_fastcgi_client tests/unit/test_fastcgi_call \
	tests/unit/test_fastcgi_pool tests/unit/test_viewer \
	tests/unit/test_hub tests/unit/test_stream_http tests/unit/test_stream_conn
check_PROGRAMS += $(STREAM_TESTS)
TESTS += $(STREAM_TESTS)
STREAM_TEST_LIBS = libstream.a $(WIRE_LIBS) $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_outq_LDADD = $(STREAM_TEST_LIBS)
tests_unit_test_stream_http_LDADD = $(STREAM_TEST_LIBS) $(HTTP_PARSER_LIBS)
tests_unit_test_stream_conn_LDADD = libstream.a libworkers.a libfcgiapp.a $(WIRE_LIBS) $(STORE_LIBS) \
	$(BASE_LIBS) $(JWT_LIBS) $(WSLAY_LIBS) $(HTTP_PARSER_LIBS) $(CMOCKA_LIBS)
tests_unit_test_fastcgi_client_LDADD = $(STREAM_TEST_LIBS)
FASTCGI_BENCH = tests/unit/fastcgi_bench.c tests/unit/fastcgi_bench.h
FASTCGI_BENCH_LIBS = libstream.a libworkers.a $(WIRE_LIBS) $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_fastcgi_call_SOURCES = tests/unit/test_fastcgi_call.c $(FASTCGI_BENCH)
tests_unit_test_fastcgi_call_LDADD = $(FASTCGI_BENCH_LIBS)
tests_unit_test_fastcgi_pool_SOURCES = tests/unit/test_fastcgi_pool.c $(FASTCGI_BENCH)
tests_unit_test_fastcgi_pool_LDADD = $(FASTCGI_BENCH_LIBS)
tests_unit_test_viewer_LDADD = $(STREAM_TEST_LIBS)
tests_unit_test_hub_SOURCES = tests/unit/test_hub.c tests/unit/own_redis.c tests/unit/own_redis.h
tests_unit_test_hub_LDADD = libstream.a $(STORE_LIBS) $(BASE_LIBS) $(CMOCKA_LIBS)
endif

# takeover
if HAVE_CMOCKA
TAKEOVER_TESTS = tests/unit/test_takeover tests/unit/test_takeover_orders tests/unit/test_resume \
	tests/unit/test_user_turns tests/unit/test_retention
check_PROGRAMS += $(TAKEOVER_TESTS)
TESTS += $(TAKEOVER_TESTS)
TAKEOVER_TEST_PARTS = tests/unit/own_redis.c tests/unit/own_redis.h tests/unit/turn_actors.c \
	tests/unit/turn_actors.h
tests_unit_test_takeover_SOURCES = tests/unit/test_takeover.c $(TAKEOVER_TEST_PARTS)
tests_unit_test_takeover_LDADD = $(STORE_LIBS) $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_user_turns_SOURCES = tests/unit/test_user_turns.c $(TAKEOVER_TEST_PARTS)
tests_unit_test_user_turns_LDADD = $(STORE_LIBS) $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_takeover_orders_SOURCES = tests/unit/test_takeover_orders.c $(TAKEOVER_TEST_PARTS)
tests_unit_test_takeover_orders_LDADD = libstream.a $(STORE_LIBS) $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_retention_SOURCES = tests/unit/test_retention.c $(TAKEOVER_TEST_PARTS)
tests_unit_test_retention_LDADD = $(STORE_LIBS) $(BASE_LIBS) $(CMOCKA_LIBS)
tests_unit_test_resume_SOURCES = tests/unit/test_resume.c $(TURN_BENCH)
tests_unit_test_resume_LDADD = $(AGENT_TEST_LIBS) $(CMOCKA_LIBS)
endif

# tools: families fuel, maintenance, profile, transition and medical
if HAVE_CMOCKA
TOOLS_A_TESTS = tests/unit/test_fuel tests/unit/test_maintenance tests/unit/test_profile \
	tests/unit/test_transition tests/unit/test_medical tests/unit/test_previews \
	tests/unit/test_allergies
check_PROGRAMS += $(TOOLS_A_TESTS)
TESTS += $(TOOLS_A_TESTS)
tests_unit_test_fuel_SOURCES = tests/unit/test_fuel.c $(TOOLS_TEST_PARTS)
tests_unit_test_fuel_LDADD = $(TOOLS_TEST_LIBS)
tests_unit_test_maintenance_SOURCES = tests/unit/test_maintenance.c $(TOOLS_TEST_PARTS)
tests_unit_test_maintenance_LDADD = $(TOOLS_TEST_LIBS)
tests_unit_test_profile_SOURCES = tests/unit/test_profile.c $(TOOLS_TEST_PARTS)
tests_unit_test_profile_LDADD = $(TOOLS_TEST_LIBS)
tests_unit_test_transition_SOURCES = tests/unit/test_transition.c $(TOOLS_TEST_PARTS)
tests_unit_test_transition_LDADD = $(TOOLS_TEST_LIBS)
tests_unit_test_medical_SOURCES = tests/unit/test_medical.c $(TOOLS_TEST_PARTS)
tests_unit_test_medical_LDADD = $(TOOLS_TEST_LIBS)
tests_unit_test_previews_SOURCES = tests/unit/test_previews.c $(TOOLS_TEST_PARTS)
tests_unit_test_previews_LDADD = $(TOOLS_TEST_LIBS)
tests_unit_test_allergies_SOURCES = tests/unit/test_allergies.c $(TOOLS_TEST_PARTS)
tests_unit_test_allergies_LDADD = $(TOOLS_TEST_LIBS)
endif

# tools: families community, shop and meals
if HAVE_CMOCKA
TOOLS_B_TESTS = tests/unit/test_community tests/unit/test_shop tests/unit/test_meals
check_PROGRAMS += $(TOOLS_B_TESTS)
TESTS += $(TOOLS_B_TESTS)
tests_unit_test_community_SOURCES = tests/unit/test_community.c $(TOOLS_TEST_PARTS)
tests_unit_test_community_LDADD = $(TOOLS_TEST_LIBS)
tests_unit_test_shop_SOURCES = tests/unit/test_shop.c $(TOOLS_TEST_PARTS)
tests_unit_test_shop_LDADD = $(TOOLS_TEST_LIBS)
tests_unit_test_meals_SOURCES = tests/unit/test_meals.c $(TOOLS_TEST_PARTS)
tests_unit_test_meals_LDADD = $(TOOLS_TEST_LIBS)
endif

# choosing tools
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_find_tools tests/unit/test_offer
TESTS += tests/unit/test_find_tools tests/unit/test_offer
tests_unit_test_find_tools_SOURCES = tests/unit/test_find_tools.c $(TOOLS_TEST_PARTS)
tests_unit_test_find_tools_LDADD = $(TOOLS_TEST_LIBS)
tests_unit_test_offer_SOURCES = tests/unit/test_offer.c $(TURN_BENCH)
tests_unit_test_offer_LDADD = $(AGENT_TEST_LIBS) $(CMOCKA_LIBS)
endif
EXTRA_DIST += tests/unit/phrasings.tsv

# tools: the rest of money, travel and calendar
if HAVE_CMOCKA
TRAVELLER_TESTS = tests/unit/test_money_more tests/unit/test_providers tests/unit/test_timers \
	tests/unit/test_places tests/unit/test_vehicle_use
check_PROGRAMS += $(TRAVELLER_TESTS)
TESTS += $(TRAVELLER_TESTS)
tests_unit_test_money_more_SOURCES = tests/unit/test_money_more.c $(TOOLS_TEST_PARTS)
tests_unit_test_money_more_LDADD = $(TOOLS_TEST_LIBS)
tests_unit_test_providers_SOURCES = tests/unit/test_providers.c tests/unit/provider_double.c \
	tests/unit/provider_double.h $(TOOLS_TEST_PARTS)
tests_unit_test_providers_LDADD = $(TOOLS_TEST_LIBS)
tests_unit_test_places_SOURCES = tests/unit/test_places.c tests/unit/provider_double.c \
	tests/unit/provider_double.h $(TOOLS_TEST_PARTS)
tests_unit_test_places_LDADD = $(TOOLS_TEST_LIBS)
tests_unit_test_vehicle_use_SOURCES = tests/unit/test_vehicle_use.c $(TOOLS_TEST_PARTS)
tests_unit_test_vehicle_use_LDADD = $(TOOLS_TEST_LIBS)
tests_unit_test_timers_SOURCES = tests/unit/test_timers.c $(TOOLS_TEST_PARTS)
tests_unit_test_timers_LDADD = $(TOOLS_TEST_LIBS)
endif

# what an operator meets
TESTS += tests/unit/check_settings.sh tests/unit/postrm.sh tests/unit/place.sh
EXTRA_DIST += tests/unit/check_settings.sh tests/unit/postrm.sh tests/unit/place.sh

# repetition rules: a judge that others wrote
check_PROGRAMS += tests/unit/expand_rules
TESTS += tests/unit/rrule_judge.sh
EXTRA_DIST += tests/unit/rrule_judge.sh tests/unit/rrule_judge.py
tests_unit_expand_rules_LDADD = $(TOOLS_LIBS) $(BASE_LIBS)

# reminders
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_reminders
TESTS += tests/unit/test_reminders
tests_unit_test_reminders_SOURCES = tests/unit/test_reminders.c $(TOOLS_TEST_PARTS)
tests_unit_test_reminders_LDADD = libworkers.a $(TOOLS_TEST_LIBS)
check_PROGRAMS += tests/unit/test_recurring
TESTS += tests/unit/test_recurring
tests_unit_test_recurring_SOURCES = tests/unit/test_recurring.c $(TOOLS_TEST_PARTS)
tests_unit_test_recurring_LDADD = libworkers.a $(TOOLS_TEST_LIBS)
endif

# housekeeper
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_housekeeper
TESTS += tests/unit/test_housekeeper
tests_unit_test_housekeeper_SOURCES = tests/unit/test_housekeeper.c tests/unit/turn_actors.c \
	tests/unit/turn_actors.h tests/unit/own_redis.c tests/unit/own_redis.h
tests_unit_test_housekeeper_LDADD = libworkers.a libstream.a $(WIRE_LIBS) $(TOOLS_LIBS) $(STORE_LIBS) $(BASE_LIBS) $(SYSTEMD_LIBS) \
	$(CMOCKA_LIBS)
endif

# webhooks
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_webhooks
TESTS += tests/unit/test_webhooks
tests_unit_test_webhooks_SOURCES = tests/unit/test_webhooks.c tests/unit/turn_actors.c \
	tests/unit/turn_actors.h tests/unit/web_double.c tests/unit/web_double.h \
	tests/unit/own_redis.c tests/unit/own_redis.h
tests_unit_test_webhooks_LDADD = libworkers.a $(STORE_LIBS) $(BASE_LIBS) $(SYSTEMD_LIBS) $(CMOCKA_LIBS)
endif

# sentinel
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_sentinel
TESTS += tests/unit/test_sentinel
tests_unit_test_sentinel_SOURCES = tests/unit/test_sentinel.c tests/unit/own_redis.c tests/unit/own_redis.h
tests_unit_test_sentinel_LDADD = $(STORE_TEST_LIBS)
check_PROGRAMS += tests/unit/test_listen
TESTS += tests/unit/test_listen
tests_unit_test_listen_SOURCES = tests/unit/test_listen.c tests/unit/own_redis.c tests/unit/own_redis.h
tests_unit_test_listen_LDADD = $(STORE_TEST_LIBS)
endif

# approvals
if HAVE_CMOCKA
APPROVAL_TESTS = tests/unit/test_approval tests/unit/test_approval_turns tests/unit/test_approvals
check_PROGRAMS += $(APPROVAL_TESTS)
TESTS += $(APPROVAL_TESTS)
endif
tests_unit_test_approval_LDADD = $(AGENT_TEST_LIBS) $(CMOCKA_LIBS)
tests_unit_test_approval_turns_SOURCES = tests/unit/test_approval_turns.c $(TURN_BENCH)
tests_unit_test_approval_turns_LDADD = $(AGENT_TEST_LIBS) $(CMOCKA_LIBS)
tests_unit_test_approvals_SOURCES = tests/unit/test_approvals.c $(TAKEOVER_TEST_PARTS)
tests_unit_test_approvals_LDADD = $(STORE_LIBS) $(BASE_LIBS) $(CMOCKA_LIBS)

# the index beside records
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_many_records
TESTS += tests/unit/test_many_records
tests_unit_test_many_records_SOURCES = tests/unit/test_many_records.c tests/unit/record_seeds.c \
	tests/unit/record_seeds.h $(TOOLS_TEST_PARTS)
tests_unit_test_many_records_LDADD = $(TOOLS_TEST_LIBS)
endif

# tool processes
TOOL_ASKER = tests/unit/tool_asker.c tests/unit/tool_asker.h
if HAVE_CMOCKA
TOOL_PROCESS_TESTS = tests/unit/test_tool_call tests/unit/test_tool_words tests/unit/test_tool_process
check_PROGRAMS += $(TOOL_PROCESS_TESTS)
TESTS += $(TOOL_PROCESS_TESTS)
endif
tests_unit_test_tool_call_SOURCES = tests/unit/test_tool_call.c $(TOOL_ASKER)
tests_unit_test_tool_call_LDADD = $(TOOLCALL_LIBS) $(TOOLS_LIBS) $(STORE_LIBS) $(WIRE_LIBS) $(BASE_LIBS) \
	$(SYSTEMD_LIBS) $(CMOCKA_LIBS)
tests_unit_test_tool_words_LDADD = $(tests_unit_test_tool_call_LDADD)
tests_unit_test_tool_process_SOURCES = tests/unit/test_tool_process.c $(TOOL_ASKER) \
	tests/unit/own_redis.c tests/unit/own_redis.h
tests_unit_test_tool_process_LDADD = libworkers.a libfcgiapp.a $(TOOLCALL_LIBS) libagent.a $(TOOLS_LIBS) \
	$(STORE_LIBS) $(WIRE_LIBS) $(BASE_LIBS) $(FCGI_LIBS) $(JWT_LIBS) $(SYSTEMD_LIBS) $(CMOCKA_LIBS)

# MCP and declared tools
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/test_mcp
TESTS += tests/unit/test_mcp
endif
tests_unit_test_mcp_LDADD = $(TOOLS_TEST_LIBS)

# requests to models
if HAVE_CMOCKA
REQUEST_TESTS = tests/unit/test_requests tests/unit/test_refusal
check_PROGRAMS += $(REQUEST_TESTS)
TESTS += $(REQUEST_TESTS)
endif
tests_unit_test_requests_SOURCES = tests/unit/test_requests.c tests/unit/request_strict.h
tests_unit_test_requests_LDADD = $(AGENT_TEST_LIBS) $(CMOCKA_LIBS)
tests_unit_test_refusal_LDADD = $(AGENT_TEST_LIBS) $(CMOCKA_LIBS)
EXTRA_DIST += tests/unit/request_strict.h
