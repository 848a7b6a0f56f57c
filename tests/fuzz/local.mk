# Fuzz harnesses. Without --enable-fuzz each is linked with replay.c and `make check` gives it
# 10,000 inputs made from tests/fuzz/corpus/NAME. A new one is two lines below, fuzz_NAME.c with
# LLVMFuzzerTestOneInput, and a corpus.
if ENABLE_FUZZ
FUZZ_MAIN = @FUZZ_ENGINE@
else
FUZZ_MAIN = libfuzzreplay.a
noinst_LIBRARIES += libfuzzreplay.a
libfuzzreplay_a_SOURCES = tests/fuzz/replay.c
TESTS += $(FUZZERS)
endif
check_PROGRAMS += $(FUZZERS)
EXTRA_DIST += tests/fuzz/corpus tests/fuzz/replay.c
CLEANFILES += *.crash
FUZZERS =

FUZZERS += tests/fuzz/fuzz_sse
tests_fuzz_fuzz_sse_LDADD = $(FUZZ_MAIN) $(BASE_LIBS)

FUZZERS += tests/fuzz/fuzz_jdoc
tests_fuzz_fuzz_jdoc_LDADD = $(FUZZ_MAIN) $(BASE_LIBS)

FUZZERS += tests/fuzz/fuzz_conf
tests_fuzz_fuzz_conf_LDADD = $(FUZZ_MAIN) $(BASE_LIBS)

FUZZERS += tests/fuzz/fuzz_http_body
tests_fuzz_fuzz_http_body_LDADD = $(FUZZ_MAIN) libfcgiapp.a $(BASE_LIBS)

FUZZERS += tests/fuzz/fuzz_anthropic
tests_fuzz_fuzz_anthropic_LDADD = $(FUZZ_MAIN) $(AGENT_TEST_LIBS)

FUZZERS += tests/fuzz/fuzz_openai
tests_fuzz_fuzz_openai_LDADD = $(FUZZ_MAIN) $(AGENT_TEST_LIBS)

FUZZERS += tests/fuzz/fuzz_fastcgi
tests_fuzz_fuzz_fastcgi_LDADD = $(FUZZ_MAIN) libstream.a $(WIRE_LIBS) $(BASE_LIBS)

FUZZERS += tests/fuzz/fuzz_inbound
tests_fuzz_fuzz_inbound_LDADD = $(FUZZ_MAIN) libfcgiapp.a $(WIRE_LIBS) $(BASE_LIBS)

FUZZERS += tests/fuzz/fuzz_ws
tests_fuzz_fuzz_ws_LDADD = $(FUZZ_MAIN) libstream.a libworkers.a libfcgiapp.a $(WIRE_LIBS) $(STORE_LIBS) \
	$(BASE_LIBS) $(JWT_LIBS) $(WSLAY_LIBS) $(HTTP_PARSER_LIBS)


FUZZERS += tests/fuzz/fuzz_logentry
tests_fuzz_fuzz_logentry_LDADD = $(FUZZ_MAIN) libstream.a $(BASE_LIBS)

FUZZERS += tests/fuzz/fuzz_auth
tests_fuzz_fuzz_auth_LDADD = $(FUZZ_MAIN) libfcgiapp.a $(BASE_LIBS) $(JWT_LIBS)

FUZZERS += tests/fuzz/fuzz_request
tests_fuzz_fuzz_request_LDADD = $(FUZZ_MAIN) libfcgiapp.a $(BASE_LIBS)

FUZZERS += tests/fuzz/fuzz_messages
tests_fuzz_fuzz_messages_LDADD = $(FUZZ_MAIN) $(AGENT_TEST_LIBS)

FUZZERS += tests/fuzz/fuzz_recipe_page
tests_fuzz_fuzz_recipe_page_LDADD = $(FUZZ_MAIN) $(TOOLS_LIBS) $(STORE_LIBS) $(BASE_LIBS)

FUZZERS += tests/fuzz/fuzz_calendar
tests_fuzz_fuzz_calendar_LDADD = $(FUZZ_MAIN) $(TOOLS_LIBS) $(STORE_LIBS) $(BASE_LIBS)

FUZZERS += tests/fuzz/fuzz_mcp
tests_fuzz_fuzz_mcp_LDADD = $(FUZZ_MAIN) $(TOOLS_LIBS) $(STORE_LIBS) $(BASE_LIBS)

FUZZERS += tests/fuzz/fuzz_places
tests_fuzz_fuzz_places_LDADD = $(FUZZ_MAIN) $(TOOLS_LIBS) $(STORE_LIBS) $(BASE_LIBS)

FUZZERS += tests/fuzz/fuzz_refusal
tests_fuzz_fuzz_refusal_LDADD = $(FUZZ_MAIN) $(AGENT_TEST_LIBS)
