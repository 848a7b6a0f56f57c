noinst_LIBRARIES += libtools.a
# The order of families is the order of the model's list: add at the end.
TOOLS_SPEC = \
	tools/spec/time.json \
	tools/spec/calendar.json \
	tools/spec/money.json \
	tools/spec/travel.json
libtools_a_CPPFLAGS = $(AM_CPPFLAGS) -DGAZETTEER_PATH='"$(pkgdatadir)/gazetteer.tsv"'
libtools_a_SOURCES = \
	tools/amount.c tools/amount.h \
	tools/calendar.c \
	tools/civil.c tools/civil.h \
	tools/gazetteer.c tools/gazetteer.h \
	tools/keep.c tools/keep.h \
	tools/money.c \
	tools/moment.c tools/moment.h \
	tools/pattern.c tools/pattern.h \
	tools/route.c tools/route.h \
	tools/schema.c tools/schema.h \
	tools/schema_coerce.c \
	tools/schema_form.c \
	tools/time.c \
	tools/tools.c tools/tools.h \
	tools/travel.c \
	tools/zone.c tools/zone.h
nodist_libtools_a_SOURCES = tools/registry.c tools/registry.h

# The generator is one program of the build; it needs no more than base and the schema check.
noinst_PROGRAMS += tools/generate
tools_generate_SOURCES = \
	tools/generate.c \
	tools/civil.c \
	tools/pattern.c \
	tools/schema.c \
	tools/schema_form.c
tools_generate_LDADD = $(BASE_LIBS)

BUILT_SOURCES += tools/registry.c tools/registry.h
CLEANFILES += tools/registry.c tools/registry.h tools/catalogue.md
EXTRA_DIST += $(TOOLS_SPEC) build-aux/make-gazetteer
TOOLS_SPEC_FILES = for f in $(TOOLS_SPEC); do \
	if test -f $$f; then set -- "$$@" $$f; else set -- "$$@" $(srcdir)/$$f; fi; done
tools/registry.c: tools/generate$(EXEEXT) $(TOOLS_SPEC)
	$(AM_V_GEN)set --; $(TOOLS_SPEC_FILES); tools/generate$(EXEEXT) --source "$$@" > $@.new && mv $@.new $@
tools/registry.h: tools/generate$(EXEEXT) $(TOOLS_SPEC)
	$(AM_V_GEN)set --; $(TOOLS_SPEC_FILES); tools/generate$(EXEEXT) --header "$$@" > $@.new && mv $@.new $@
tools/catalogue.md: tools/generate$(EXEEXT) $(TOOLS_SPEC)
	$(AM_V_GEN)set --; $(TOOLS_SPEC_FILES); tools/generate$(EXEEXT) --markdown "$$@" > $@.new && mv $@.new $@
$(libtools_a_OBJECTS): tools/registry.h
TOOLS_LIBS = libtools.a

# Records belong to the store, but only tools know them.
STORE_LUA += store/lua/records_commit.lua store/lua/records_range.lua
libstore_a_SOURCES += store/records.c store/records.h
