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
