# SPDX-License-Identifier: BSD-2-Clause
# Unit tests. Each program is one behaviour, tests/unit/test_NAME.c with cmocka, linked with everything
# below it and with the set-ups that several share. A new one is one line of UNIT_TESTS.
UNIT_TESTS = \
	tests/unit/test_abilities \
	tests/unit/test_about \
	tests/unit/test_again \
	tests/unit/test_aisdk \
	tests/unit/test_allergies \
	tests/unit/test_any_content \
	tests/unit/test_approval \
	tests/unit/test_approval_turns \
	tests/unit/test_approvals \
	tests/unit/test_arena \
	tests/unit/test_aside \
	tests/unit/test_attachments \
	tests/unit/test_auth \
	tests/unit/test_backoff \
	tests/unit/test_blame \
	tests/unit/test_blocking \
	tests/unit/test_branches \
	tests/unit/test_breaker \
	tests/unit/test_buf \
	tests/unit/test_caldav \
	tests/unit/test_calendar \
	tests/unit/test_changes \
	tests/unit/test_cluster \
	tests/unit/test_cluster_desks \
	tests/unit/test_community \
	tests/unit/test_conf \
	tests/unit/test_feeds_desk \
	tests/unit/test_contacts \
	tests/unit/test_context \
	tests/unit/test_control \
	tests/unit/test_credentials \
	tests/unit/test_crew_seats \
	tests/unit/test_crowd \
	tests/unit/test_currency \
	tests/unit/test_deferred \
	tests/unit/test_deflate \
	tests/unit/test_desk_guard \
	tests/unit/test_documents \
	tests/unit/test_durable \
	tests/unit/test_elicit \
	tests/unit/test_eventlog \
	tests/unit/test_facade \
	tests/unit/test_family \
	tests/unit/test_fastcgi_call \
	tests/unit/test_fastcgi_client \
	tests/unit/test_fastcgi_pool \
	tests/unit/test_feedback \
	tests/unit/test_find_tools \
	tests/unit/test_footprint \
	tests/unit/test_fuel \
	tests/unit/test_gateway \
	tests/unit/test_housekeeper \
	tests/unit/test_http \
	tests/unit/test_hub \
	tests/unit/test_ident \
	tests/unit/test_impersonal \
	tests/unit/test_inbound \
	tests/unit/test_inbound_ends \
	tests/unit/test_inbound_peers \
	tests/unit/test_import \
	tests/unit/test_inbound_reply \
	tests/unit/test_inbound_table \
	tests/unit/test_input \
	tests/unit/test_jdoc \
	tests/unit/test_jwks \
	tests/unit/test_keys \
	tests/unit/test_keyuse \
	tests/unit/test_kinds \
	tests/unit/test_link \
	tests/unit/test_link_asks \
	tests/unit/test_link_reads \
	tests/unit/test_link_tasks \
	tests/unit/test_listen \
	tests/unit/test_lists \
	tests/unit/test_log \
	tests/unit/test_logentry \
	tests/unit/test_maintenance \
	tests/unit/test_many_records \
	tests/unit/test_mcp \
	tests/unit/test_mcp_verdict \
	tests/unit/test_mcpd \
	tests/unit/test_meals \
	tests/unit/test_memory \
	tests/unit/test_measure \
	tests/unit/test_media \
	tests/unit/test_medical \
	tests/unit/test_medication \
	tests/unit/test_metrics \
	tests/unit/test_money \
	tests/unit/test_money_more \
	tests/unit/test_notice \
	tests/unit/test_numeral \
	tests/unit/test_oauth \
	tests/unit/test_offer \
	tests/unit/test_offline \
	tests/unit/test_offline_speak \
	tests/unit/test_offline_talk \
	tests/unit/test_openapi \
	tests/unit/test_outq \
	tests/unit/test_pace \
	tests/unit/test_places \
	tests/unit/test_previews \
	tests/unit/test_prices \
	tests/unit/test_problem \
	tests/unit/test_profile \
	tests/unit/test_provider_anthropic \
	tests/unit/test_provider_openai \
	tests/unit/test_provider_responses \
	tests/unit/test_providers \
	tests/unit/test_pushes \
	tests/unit/test_rates \
	tests/unit/test_reactor \
	tests/unit/test_records \
	tests/unit/test_recurring \
	tests/unit/test_refusal \
	tests/unit/test_reminders \
	tests/unit/test_report \
	tests/unit/test_request \
	tests/unit/test_requests \
	tests/unit/test_requests_files \
	tests/unit/test_requests_responses \
	tests/unit/test_resume \
	tests/unit/test_retention \
	tests/unit/test_revokes \
	tests/unit/test_room \
	tests/unit/test_route_services \
	tests/unit/test_routes \
	tests/unit/test_scoreboard \
	tests/unit/test_sentinel \
	tests/unit/test_sessions \
	tests/unit/test_shop \
	tests/unit/test_shorten \
	tests/unit/test_slots \
	tests/unit/test_spans \
	tests/unit/test_sse \
	tests/unit/test_stream_conn \
	tests/unit/test_stream_guard \
	tests/unit/test_stream_http \
	tests/unit/test_stream_openai \
	tests/unit/test_stream_share \
	tests/unit/test_summaries \
	tests/unit/test_summary \
	tests/unit/test_supervisor \
	tests/unit/test_takeover \
	tests/unit/test_takeover_orders \
	tests/unit/test_task \
	tests/unit/test_task_switch \
	tests/unit/test_think \
	tests/unit/test_timers \
	tests/unit/test_timezone \
	tests/unit/test_title \
	tests/unit/test_together \
	tests/unit/test_tool_call \
	tests/unit/test_tool_process \
	tests/unit/test_tool_rows \
	tests/unit/test_tool_words \
	tests/unit/test_tools_all \
	tests/unit/test_tools_check \
	tests/unit/test_tracks \
	tests/unit/test_transition \
	tests/unit/test_travel \
	tests/unit/test_chats \
	tests/unit/test_trips \
	tests/unit/test_turn \
	tests/unit/test_turn_names \
	tests/unit/test_turn_usage \
	tests/unit/test_turns \
	tests/unit/test_uichat \
	tests/unit/test_units \
	tests/unit/test_upstream \
	tests/unit/test_url \
	tests/unit/test_usage \
	tests/unit/test_user_turns \
	tests/unit/test_vehicle_use \
	tests/unit/test_viewer \
	tests/unit/test_voice \
	tests/unit/test_wait \
	tests/unit/test_webhooks \
	tests/unit/test_words \
	tests/unit/test_world \
	tests/unit/test_webpush \
	tests/unit/test_task_own

libunit_a_SOURCES = \
	tests/unit/fastcgi_bench.c tests/unit/fastcgi_bench.h \
	tests/unit/inbound_bench.c tests/unit/inbound_bench.h \
	tests/unit/loop_bench.c tests/unit/loop_bench.h \
	tests/unit/model_double.c tests/unit/model_double.h \
	tests/unit/own_cluster.c tests/unit/own_cluster.h \
	tests/unit/own_redis.c tests/unit/own_redis.h \
	tests/unit/own_supervisor.c tests/unit/own_supervisor.h \
	tests/unit/provider_double.c tests/unit/provider_double.h \
	tests/unit/record_seeds.c tests/unit/record_seeds.h \
	tests/unit/redis_bench.c tests/unit/redis_bench.h \
	tests/unit/sentinel_double.c tests/unit/sentinel_double.h \
	tests/unit/shared_seeds.c tests/unit/shared_seeds.h \
	tests/unit/store_bench.c tests/unit/store_bench.h \
	tests/unit/tool_asker.c tests/unit/tool_asker.h \
	tests/unit/tool_bench.c tests/unit/tool_bench.h \
	tests/unit/tool_fixture.c tests/unit/tool_fixture.h \
	tests/unit/turn_actors.c tests/unit/turn_actors.h \
	tests/unit/turn_bench.c tests/unit/turn_bench.h \
	tests/unit/turn_fixture.c tests/unit/turn_fixture.h \
	tests/unit/turns_asked.c tests/unit/turns_asked.h \
	tests/unit/web_double.c tests/unit/web_double.h \
	tests/unit/cm.h tests/unit/media_files.h tests/unit/request_bench.h tests/unit/request_memory.h tests/unit/request_strict.h \
	tests/unit/request_strict_tools.h tests/unit/sink_mark.h tests/unit/sink_text.h
libunit_a_CFLAGS = $(AM_CFLAGS) -Wno-frame-larger-than -Wno-unused-result
EXTRA_LIBRARIES = libunit.a
if HAVE_CMOCKA
UNIT_LIBS = libunit.a $(WORKERS_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
else
UNIT_LIBS = $(WORKERS_LIBS)
endif
LDADD = $(FUZZ_REPLAY) $(UNIT_LIBS)
# Its tokens are signed by another library than the one that checks them.
tests_unit_test_auth_LDADD = $(LDADD) $(JWT_LIBS)

# With the switch of stacks of our own, whatever the build uses.
tests_unit_test_task_own_SOURCES = tests/unit/test_task.c base/task.c base/task_guard.c \
	base/task_resolve.c base/task_stack.c base/task_switch.c
tests_unit_test_task_own_CPPFLAGS = $(AM_CPPFLAGS) -DTASK_SWITCH_OWN
tests_unit_test_task_switch_SOURCES = tests/unit/test_task_switch.c base/task_switch.c
tests_unit_test_task_switch_CPPFLAGS = $(AM_CPPFLAGS) -DTASK_SWITCH_OWN
tests_unit_test_task_switch_LDADD = $(CMOCKA_LIBS)

# Programs and scripts without cmocka.
check_PROGRAMS += tests/unit/expand_rules tests/unit/read_cards tests/unit/sum_gpx tests/unit/tell_units tests/unit/read_sheet
SHELL_TESTS = tests/unit/alerts.sh tests/unit/check_layers.sh tests/unit/check_settings.sh tests/unit/completion.sh tests/unit/dashboard.sh \
	tests/unit/currencies.sh tests/unit/gazetteer.sh tests/unit/generate.sh tests/unit/gpx_judge.sh tests/unit/place.sh tests/unit/postrm.sh tests/unit/rrule_judge.sh tests/unit/setup.sh \
	tests/unit/setup_redis.sh tests/unit/setup_terminal.sh tests/unit/units_judge.sh tests/unit/vcard_judge.sh tests/unit/sheet_judge.sh
TESTS += $(SHELL_TESTS)
EXTRA_DIST += $(SHELL_TESTS) tests/terminal.py tests/unit/alerts.yml tests/unit/completion.py tests/unit/currencies.mjs tests/unit/rrule_judge.py tests/unit/vcard_judge.py tests/unit/gpx_judge.py tests/unit/units_judge.py tests/unit/offline_held_out.tsv tests/unit/offline_talk.tsv tests/unit/phrasings.de.tsv tests/unit/phrasings.es.tsv tests/unit/phrasings.fr.tsv tests/unit/phrasings.more.tsv tests/unit/phrasings.none.tsv tests/unit/phrasings.tsv tests/unit/aisdk_chunks.txt tests/unit/travel_places.tsv tests/unit/town_names.tsv tests/unit/road_pairs.tsv tests/unit/offline_held_out_2.tsv tests/unit/offline_held_out_3.tsv tests/unit/sheet_judge.py tests/unit/offline_held_out_4.tsv tests/unit/offline_doubts.tsv tests/unit/offline_reach.tsv tests/unit/offline_fractions.tsv
