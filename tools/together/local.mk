# SPDX-License-Identifier: BSD-2-Clause
# Trips that several plan, and trips under way.
TOOLS_SPEC += tools/together/together.json
libtools_a_SOURCES += \
	tools/together/together.c tools/together/together.h \
	tools/together/together_chat.c \
	tools/together/together_invite.c \
	tools/together/together_live.c \
	tools/together/together_members.c \
	tools/together/together_trip.c
