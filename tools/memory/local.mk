# SPDX-License-Identifier: BSD-2-Clause
# What the assistant remembers about a user.
TOOLS_SPEC += tools/memory/memory.json
libtools_a_SOURCES += \
	tools/memory/memory.c \
	tools/memory/memory_forget.c tools/memory/memory_parts.h
