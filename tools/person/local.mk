# SPDX-License-Identifier: BSD-2-Clause
# The profile, the vehicles, what is exported, medical records.
TOOLS_SPEC += tools/person/profile.json tools/person/medical.json
libtools_a_SOURCES += \
	tools/person/contacts.c tools/person/contacts.h \
	tools/person/contacts_file.c \
	tools/person/documents.c tools/person/documents.h \
	tools/person/documents_change.c \
	tools/person/emergency.c \
	tools/person/emergency_contacts.c \
	tools/person/emergency_numbers.c tools/person/emergency_numbers.h \
	tools/person/emergency_parts.h \
	tools/person/export.c tools/person/export.h \
	tools/person/medical.c tools/person/medical.h \
	tools/person/medical_change.c \
	tools/person/medication.c tools/person/medication.h \
	tools/person/medication_arguments.c \
	tools/person/medication_change.c \
	tools/person/medication_log.c \
	tools/person/medication_period.c \
	tools/person/medication_schedule.c tools/person/medication_schedule.h \
	tools/person/profile.c \
	tools/person/profile_vehicle.c \
	tools/person/profile_wishes.c tools/person/profile_wishes.h \
	tools/person/vcard.c tools/person/vcard.h \
	tools/person/vcard_lines.c tools/person/vcard_parts.h
RECORD_RULES += tools/person/rules.lua
