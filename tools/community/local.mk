# SPDX-License-Identifier: BSD-2-Clause
# Posts, friends, tips.
TOOLS_SPEC += tools/community/community.json
libtools_a_SOURCES += \
	tools/community/community.c tools/community/community.h \
	tools/community/community_own.c \
	tools/community/community_people.c \
	tools/community/community_read.c
