#!/bin/sh
# make-scripts.sh OUT.c OUT.h FILE.lua... -- turns Lua scripts into C constants: for each file
# NAME.lua a `const struct link_script script_NAME` with its SHA-1. A line `--include FILE` is
# replaced by that file of the same folder; files named lib_*.lua are only included.
set -eu
SHA1SUM=${SHA1SUM:-sha1sum}
AWK=${AWK:-awk}
SED=${SED:-sed}
out_c=$1
out_h=$2
shift 2
mkdir -p "$(dirname "$out_c")" "$(dirname "$out_h")"
tmp=$out_c.tmp.$$
trap 'rm -f "$tmp" "$out_c.new.$$" "$out_h.new.$$"' EXIT

# Comments that stand alone and indentation are left out: Redis keeps every script in memory.
expand()
{
    $AWK -v dir="$(dirname "$1")" '
        function put(line,   file, state, inner) {
            if (line ~ /^--include /) {
                file = dir "/" substr(line, 11)
                while ((state = (getline inner < file)) > 0)
                    put(inner)
                if (state < 0) {
                    print "cannot read " file > "/dev/stderr"
                    exit 1
                }
                close(file)
                return
            }
            sub(/^[ \t]+/, "", line)
            if (line != "" && line !~ /^--/)
                print line
        }
        { put($0) }' "$1"
}

{
    printf '/* Made by build-aux/make-scripts.sh from store/lua. */\n'
    printf '#include "store/scripts.h"\n'
} >"$out_c.new.$$"
{
    printf '/* Made by build-aux/make-scripts.sh from store/lua. */\n'
    printf '#ifndef TURNPIKE_STORE_SCRIPTS_H\n#define TURNPIKE_STORE_SCRIPTS_H\n\n'
    printf '#include "store/link.h"\n\n'
} >"$out_h.new.$$"
for file in "$@"; do
    name=$(basename "$file" .lua)
    case $name in
    lib_*) continue ;;
    esac
    expand "$file" >"$tmp"
    sha1=$($SHA1SUM <"$tmp" | cut -c1-40)
    printf 'extern const struct link_script script_%s;\n' "$name" >>"$out_h.new.$$"
    {
        printf '\nconst struct link_script script_%s = {"%s", "%s",\n' "$name" "$name" "$sha1"
        $SED -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/?/\\?/g' -e 's/^/    "/' -e 's/$/\\n"/' "$tmp"
        printf '};\n'
    } >>"$out_c.new.$$"
done
printf '\n#endif\n' >>"$out_h.new.$$"
mv -f "$out_c.new.$$" "$out_c"
mv -f "$out_h.new.$$" "$out_h"
