# SPDX-License-Identifier: BSD-2-Clause
# Lists of the user: packing, things to do, shopping.
TOOLS_SPEC += tools/lists/lists.json
libtools_a_SOURCES += \
	tools/lists/lists.c tools/lists/lists.h \
	tools/lists/lists_alarm.c \
	tools/lists/lists_change.c \
	tools/lists/lists_items.c
RECORD_RULES += tools/lists/rules.lua
