# SPDX-License-Identifier: BSD-2-Clause
# Families that came later: at the end of the model's list.
TOOLS_SPEC += tools/person/medication.json tools/person/documents.json \
	tools/person/contacts.json
