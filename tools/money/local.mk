# SPDX-License-Identifier: BSD-2-Clause
# Expenses, budgets, savings, reports.
TOOLS_SPEC += tools/money/money.json
libtools_a_SOURCES += \
	tools/money/money.c tools/money/money.h \
	tools/money/money_alert.c \
	tools/money/cell.c tools/money/cell.h \
	tools/money/import.c tools/money/import.h \
	tools/money/import_answer.c \
	tools/money/money_category.c \
	tools/money/money_insight.c \
	tools/money/money_manage.c \
	tools/money/money_rates.c \
	tools/money/money_report.c \
	tools/money/money_savings.c \
	tools/money/money_sums.c \
	tools/money/records_sums.c \
	tools/money/sheet.c tools/money/sheet.h \
	tools/money/statement.c tools/money/statement.h \
	tools/money/statement_guess.c \
	tools/money/statement_rows.c
RECORD_RULES += tools/money/rules.lua
