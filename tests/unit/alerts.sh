#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The alert rules, by promtool: they are valid, each fires when it should, and a machine that works raises none. The guide tells
# of each, and of no other.
set -eu
top=${srcdir:?}
alerts=$(sed -n 's/^ *- alert: *//p' "$top/monitoring/alerts.yml" | sort)
[ "$alerts" = "$(sed -n 's/^| `\(Turnpike[A-Za-z]*\)` |.*/\1/p' "$top/docs/measurements.md" | sort)" ] ||
    { echo "FAIL: the alerts of docs/measurements.md are not those of monitoring/alerts.yml"; exit 1; }
# Where everything is wrong, all of them fire.
grep -q "exp_samples: \[{labels: '{}', value: $(echo "$alerts" | wc -l)}\]" "$top/tests/unit/alerts.yml" || { echo "FAIL: not every alert is made to fire"; exit 1; }
command -v promtool >/dev/null 2>&1 || { echo "promtool is missing (Debian: prometheus)"; exit 77; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
rules=$(cd "$top/monitoring" && pwd)/alerts.yml
promtool check rules "$rules"
promtool check config --syntax-only "$top/monitoring/prometheus.yml"
sed "s|ALERTS\]|\"$rules\"]|" "$top/tests/unit/alerts.yml" >"$scratch/alerts.yml"
promtool test rules "$scratch/alerts.yml"
