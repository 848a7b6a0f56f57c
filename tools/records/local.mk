# SPDX-License-Identifier: BSD-2-Clause
# All kinds of records that the families declare: listed, found, changed, deleted, restored, undone.
TOOLS_SPEC += tools/records/records.json
libtools_a_SOURCES += \
	tools/records/entry.c tools/records/entry.h \
	tools/records/entry_pick.c \
	tools/records/records_change.c \
	tools/records/records_delete.c \
	tools/records/records_find.c \
	tools/records/records_get.c \
	tools/records/records_list.c \
	tools/records/records_restore.c \
	tools/records/records_undo.c
