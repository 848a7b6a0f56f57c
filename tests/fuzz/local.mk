# SPDX-License-Identifier: BSD-2-Clause
# Fuzz harnesses. Without --enable-fuzz each is linked with replay.c and `make check` gives it
# 10,000 inputs made from tests/fuzz/corpus/NAME. A new one is one line below, fuzz_NAME.c with
# LLVMFuzzerTestOneInput, and a corpus.
if ENABLE_FUZZ
$(FUZZERS): LDADD = @FUZZ_ENGINE@ $(WORKERS_LIBS)
else
FUZZ_REPLAY = libfuzzreplay.a
noinst_LIBRARIES += libfuzzreplay.a
libfuzzreplay_a_SOURCES = tests/fuzz/replay.c
TESTS += $(FUZZERS)
endif
check_PROGRAMS += $(FUZZERS)
EXTRA_DIST += tests/fuzz/campaign tests/fuzz/corpus tests/fuzz/dictionary tests/fuzz/replay.c
CLEANFILES += *.crash
FUZZERS = \
	tests/fuzz/fuzz_attachment \
	tests/fuzz/fuzz_sse \
	tests/fuzz/fuzz_jdoc \
	tests/fuzz/fuzz_conf \
	tests/fuzz/fuzz_http_body \
	tests/fuzz/fuzz_anthropic \
	tests/fuzz/fuzz_openai \
	tests/fuzz/fuzz_responses \
	tests/fuzz/fuzz_facade \
	tests/fuzz/fuzz_fastcgi \
	tests/fuzz/fuzz_inbound \
	tests/fuzz/fuzz_deflate \
	tests/fuzz/fuzz_etag \
	tests/fuzz/fuzz_ws \
	tests/fuzz/fuzz_logentry \
	tests/fuzz/fuzz_auth \
	tests/fuzz/fuzz_jwks \
	tests/fuzz/fuzz_request \
	tests/fuzz/fuzz_messages \
	tests/fuzz/fuzz_summary \
	tests/fuzz/fuzz_recipe_page \
	tests/fuzz/fuzz_calendar \
	tests/fuzz/fuzz_dav \
	tests/fuzz/fuzz_rrule \
	tests/fuzz/fuzz_schema \
	tests/fuzz/fuzz_header \
	tests/fuzz/fuzz_mcp \
	tests/fuzz/fuzz_mcp_server \
	tests/fuzz/fuzz_places \
	tests/fuzz/fuzz_aisdk \
	tests/fuzz/fuzz_uichat \
	tests/fuzz/fuzz_rates \
	tests/fuzz/fuzz_refusal \
	tests/fuzz/fuzz_gpx \
	tests/fuzz/fuzz_wav \
	tests/fuzz/fuzz_vcard \
	tests/fuzz/fuzz_statement

# Each harness under libFuzzer for FUZZ_SECONDS, in a build by clang of its own (./fuzz).
FUZZ_SECONDS = 600
fuzz:
	FUZZ_SECONDS=$(FUZZ_SECONDS) $(top_srcdir)/tests/fuzz/campaign $(FUZZ_NAMES)
.PHONY: fuzz
