#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# GPX files against python3-gpxpy. The seed is printed; `tests/unit/gpx_judge.py PROGRAM COUNT SEED` repeats it.
exec /usr/bin/python3 "${srcdir:-.}/tests/unit/gpx_judge.py" "$PWD/tests/unit/sum_gpx" 40
