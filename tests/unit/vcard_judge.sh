#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# vCards against python3-vobject. The seed is printed; `tests/unit/vcard_judge.py PROGRAM COUNT SEED` repeats it.
exec /usr/bin/python3 "${srcdir:-.}/tests/unit/vcard_judge.py" "$PWD/tests/unit/read_cards" 300
