# SPDX-License-Identifier: BSD-2-Clause
# The registry, calls from their start to their end, the search for tools.
libtools_a_SOURCES += \
	tools/engine/finder.c tools/engine/finder.h \
	tools/engine/finder_index.c tools/engine/finder_index.h \
	tools/engine/finder_other.c tools/engine/finder_other.h \
	tools/engine/finder_stem.c tools/engine/finder_stem.h \
	tools/engine/kinds.c tools/engine/kinds.h \
	tools/engine/modules.c tools/engine/modules.h \
	tools/engine/speech.c tools/engine/speech.h \
	tools/engine/speech_list.c tools/engine/speech_list.h \
	tools/engine/tools.c tools/engine/tools.h \
	tools/engine/tools_about.c tools/engine/tools_about.h \
	tools/engine/tools_approval.c \
	tools/engine/tools_args.c tools/engine/tools_args.h \
	tools/engine/tools_call.c \
	tools/engine/tools_provider.c \
	tools/engine/tools_usual.c tools/engine/tools_usual.h
nodist_libtools_a_SOURCES += tools/engine/registry.c tools/engine/registry.h tools/engine/speech_words.c

# Words of other languages for find_tools.
EXTRA_DIST += tools/engine/words.txt
CLEANFILES += tools/engine/speech_words.c
tools/engine/speech_words.c: build-aux/make-texts.sh tools/engine/words.txt Makefile
	$(AM_V_GEN)cd $(srcdir) && build-aux/make-texts.sh speech_words tools/engine/words.txt >$(abs_builddir)/$@.new && \
		mv $(abs_builddir)/$@.new $(abs_builddir)/$@

# The generator is a program of the build; it needs no more than base and the check of schemas.
noinst_PROGRAMS += tools/engine/generate
tools_engine_generate_SOURCES = tools/engine/generate.c tools/engine/generate.h \
	tools/engine/generate_kinds.c tools/schema/pattern.c tools/schema/schema.c \
	tools/schema/schema_form.c tools/kit/civil.c
tools_engine_generate_LDADD = $(BASE_LIBS)
# Objects of its own: the registry is made before those of libtools.
tools_engine_generate_CPPFLAGS = $(AM_CPPFLAGS)
BUILT_SOURCES += tools/engine/registry.c tools/engine/registry.h
CLEANFILES += tools/engine/registry.c tools/engine/registry.h tools/engine/catalogue.md
TOOLS_SPEC_FILES = for f in $(TOOLS_SPEC); do \
	if test -f $$f; then set -- "$$@" $$f; else set -- "$$@" $(srcdir)/$$f; fi; done
GENERATE = set --; $(TOOLS_SPEC_FILES); tools/engine/generate$(EXEEXT)
tools/engine/registry.c: tools/engine/generate$(EXEEXT) $(TOOLS_SPEC) Makefile
	$(AM_V_GEN)$(GENERATE) --source "$$@" > $@.new && mv $@.new $@
tools/engine/registry.h: tools/engine/generate$(EXEEXT) $(TOOLS_SPEC) Makefile
	$(AM_V_GEN)$(GENERATE) --header "$$@" > $@.new && mv $@.new $@
tools/engine/catalogue.md: tools/engine/generate$(EXEEXT) $(TOOLS_SPEC) Makefile
	$(AM_V_GEN)$(GENERATE) --markdown "$$@" > $@.new && mv $@.new $@
$(libtools_a_OBJECTS): tools/engine/registry.h tools/scripts.h
