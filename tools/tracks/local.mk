# SPDX-License-Identifier: BSD-2-Clause
# Files of GPS devices.
TOOLS_SPEC += tools/tracks/tracks.json
libtools_a_SOURCES += \
	tools/tracks/gpx.c tools/tracks/gpx.h \
	tools/tracks/tracks.c \
	tools/tracks/xml_scan.c tools/tracks/xml_scan.h
