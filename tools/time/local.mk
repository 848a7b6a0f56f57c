# The time.
TOOLS_SPEC += tools/time/time.json
libtools_a_SOURCES += \
	tools/time/time.c
