# SPDX-License-Identifier: BSD-2-Clause
# Finding tools.
TOOLS_SPEC += tools/assistant/assistant.json
libtools_a_SOURCES += \
	tools/assistant/assistant.c
