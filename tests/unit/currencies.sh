#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The table of currencies against Debian's iso-codes and the digits of Node's own tables.
list=/usr/share/iso-codes/json/iso_4217.json
[ -r "$list" ] || { echo "iso-codes is not installed"; exit 77; }
command -v node >/dev/null 2>&1 || { echo "node is not installed"; exit 77; }
exec node "${srcdir:-.}/tests/unit/currencies.mjs" "${srcdir:-.}/tools/kit/currency_table.c" "$list"
