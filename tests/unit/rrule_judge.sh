#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Repetition rules against python3-dateutil. The seed is printed; `tests/unit/rrule_judge.py PROGRAM COUNT SEED` repeats it.
exec /usr/bin/python3 "${srcdir:-.}/tests/unit/rrule_judge.py" "$PWD/tests/unit/expand_rules" 1500
