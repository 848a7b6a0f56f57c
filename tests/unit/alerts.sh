#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The alert rules, by promtool: they are valid, each fires when it should, and a machine that works raises none.
set -eu
top=${srcdir:?}
command -v promtool >/dev/null 2>&1 || { echo "promtool is missing (Debian: prometheus)"; exit 77; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
rules=$(cd "$top/monitoring" && pwd)/alerts.yml
promtool check rules "$rules"
promtool check config --syntax-only "$top/monitoring/prometheus.yml"
sed "s|ALERTS\]|\"$rules\"]|" "$top/tests/unit/alerts.yml" >"$scratch/alerts.yml"
promtool test rules "$scratch/alerts.yml"
