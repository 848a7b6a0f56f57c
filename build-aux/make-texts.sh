#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# make-texts.sh NAME FILE... -- writes a C source: `const char *const NAME[]`, the texts of the files in
# their order, and NULL behind them. Lines keep their ends; leading blanks are left out.
set -eu
name=$1
shift
echo "extern const char *const $name[];"
echo "const char *const $name[] = {"
for file; do
    sed -e 's/^ *//' -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/    "/' -e 's/$/\\n"/' "$file"
    echo '    ,'
done
echo '    0};'
