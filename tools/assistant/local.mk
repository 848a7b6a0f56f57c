# SPDX-License-Identifier: BSD-2-Clause
# Finding tools, reading large results on.
TOOLS_SPEC += tools/assistant/assistant.json
libtools_a_SOURCES += \
	tools/assistant/assistant.c \
	tools/assistant/read_result.c
