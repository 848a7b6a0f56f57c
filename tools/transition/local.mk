# SPDX-License-Identifier: BSD-2-Clause
# Leaving home for the road: tasks, gear, trips on trial.
TOOLS_SPEC += tools/transition/transition.json
libtools_a_SOURCES += \
	tools/transition/transition.c tools/transition/transition.h \
	tools/transition/transition_gear.c \
	tools/transition/transition_launch.c \
	tools/transition/transition_trips.c
RECORD_RULES += tools/transition/rules.lua
