#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# CSV files against Python's csv module. The seed is printed; `tests/unit/sheet_judge.py PROGRAM COUNT SEED` repeats it.
exec python3 "${srcdir:-.}/tests/unit/sheet_judge.py" "$PWD/tests/unit/read_sheet" 150
