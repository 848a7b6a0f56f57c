# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += libtools.a
libtools_a_SOURCES =
nodist_libtools_a_SOURCES = tools/scripts.c tools/scripts.h
TOOLS_LIBS = libtools.a $(ICAL_LIBS) $(HPDF_LIBS) $(CSV_LIBS) $(STEMMER_LIBS) $(STORE_LIBS)
TOOLS_SPEC =
TOOLS_LUA =
RECORD_PARTS =
include tools/kit/local.mk
include tools/schema/local.mk
include tools/remote/local.mk
include tools/engine/local.mk
include tools/voice/local.mk

# The families. Their order is that of the model's list: a new one comes last.
include tools/time/local.mk
include tools/calendar/local.mk
include tools/money/local.mk
include tools/travel/local.mk
include tools/vehicle/local.mk
include tools/person/local.mk
include tools/transition/local.mk
include tools/community/local.mk
include tools/shop/local.mk
include tools/meals/local.mk
include tools/assistant/local.mk
include tools/memory/local.mk
include tools/records/local.mk
include tools/convert/local.mk
include tools/person/later.mk
include tools/lists/local.mk
include tools/together/local.mk
include tools/tracks/local.mk

BUILT_SOURCES += tools/scripts.h
CLEANFILES += tools/scripts.c tools/scripts.h
EXTRA_DIST += $(TOOLS_SPEC) $(TOOLS_LUA)
tools/scripts.c: build-aux/make-scripts.sh Makefile $(TOOLS_LUA) $(STORE_LUA_PARTS) $(RECORD_RULES)
	$(AM_V_GEN)$(SCRIPTS_MADE) -i "store/lua $(RECORD_PARTS)" -R "$(RECORD_RULES)" tools/scripts $(TOOLS_LUA)
tools/scripts.h: tools/scripts.c
