# SPDX-License-Identifier: BSD-2-Clause
# The time.
TOOLS_SPEC += tools/time/time.json
libtools_a_SOURCES += \
	tools/time/time.c
