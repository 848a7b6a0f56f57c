# SPDX-License-Identifier: BSD-2-Clause
# The profile, the vehicles, what is exported, medical records.
TOOLS_SPEC += tools/person/profile.json tools/person/medical.json
libtools_a_SOURCES += \
	tools/person/export.c tools/person/export.h \
	tools/person/medical.c \
	tools/person/profile.c \
	tools/person/profile_vehicle.c \
	tools/person/profile_wishes.c tools/person/profile_wishes.h
RECORD_RULES += tools/person/rules.lua
