# SPDX-License-Identifier: BSD-2-Clause
# Fuel and maintenance.
TOOLS_SPEC += tools/vehicle/fuel.json tools/vehicle/maintenance.json
libtools_a_SOURCES += \
	tools/vehicle/fuel.c \
	tools/vehicle/fuel_receipt.c \
	tools/vehicle/fuel_said.c tools/vehicle/fuel_said.h \
	tools/vehicle/fuel_use.c tools/vehicle/fuel_use.h \
	tools/vehicle/maintenance.c \
	tools/vehicle/receipt.c tools/vehicle/receipt.h
RECORD_RULES += tools/vehicle/rules.lua
