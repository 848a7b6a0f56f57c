# SPDX-License-Identifier: BSD-2-Clause
# The JSON Schema of arguments and results: its form, its check, what is put right.
libtools_a_SOURCES += \
	tools/schema/pattern.c tools/schema/pattern.h \
	tools/schema/schema.c tools/schema/schema.h \
	tools/schema/schema_coerce.c \
	tools/schema/schema_form.c
