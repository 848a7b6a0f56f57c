# SPDX-License-Identifier: BSD-2-Clause
# Units.
TOOLS_SPEC += tools/convert/convert.json
libtools_a_SOURCES += \
	tools/convert/convert.c
