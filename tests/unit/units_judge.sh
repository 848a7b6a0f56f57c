#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Conversions of units against GNU units.
exec python3 "${srcdir:-.}/tests/unit/units_judge.py" "$PWD/tests/unit/tell_units"
