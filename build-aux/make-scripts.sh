#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# make-scripts.sh [-r ROOT] -i FOLDERS -R RULES OUT FILE.lua... -- turns Lua scripts into C constants: for
# each NAME.lua OUT.c and OUT.h get a `const struct link_script script_NAME` with its SHA-1. A line
# `--include FILE` is replaced by that file of FOLDERS, the first that has it, once in a script; `--include-rules` by all
# RULES. Paths are relative to ROOT, but OUT to the working directory.
set -eu
SHA1SUM=${SHA1SUM:-sha1sum}
AWK=${AWK:-awk}
SED=${SED:-sed}
root=. folders='' rules=''
while getopts r:i:R: option; do
    case $option in
    r) root=$OPTARG ;;
    i) folders=$OPTARG ;;
    R) rules=$OPTARG ;;
    *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))
out=$1
shift
mkdir -p "$(dirname "$out")"
tmp=$out.tmp.$$
trap 'rm -f "$tmp" "$out.c.new" "$out.h.new"' EXIT

# Comments that stand alone and indentation are left out: Redis keeps every script in memory.
expand()
{
    $AWK -v root="$root" -v folders="$folders" -v rules="$rules" '
        function put_file(file,   inner, state, any) {
            while ((state = (getline inner < file)) > 0) {
                any = 1
                put(inner)
            }
            close(file)
            return any || state == 0
        }
        function include(name,   n, i, list) {
            if (name in included)
                return
            included[name] = 1
            n = split(folders, list, " ")
            for (i = 1; i <= n; i++)
                if (put_file(root "/" list[i] "/" name))
                    return
            print "cannot read " name > "/dev/stderr"
            failed = 1
            exit 1
        }
        function put(line,   n, i, list) {
            if (line ~ /^--include /) {
                include(substr(line, 11))
                return
            }
            if (line == "--include-rules") {
                n = split(rules, list, " ")
                for (i = 1; i <= n; i++)
                    if (!put_file(root "/" list[i])) {
                        print "cannot read " list[i] > "/dev/stderr"
                        failed = 1
                        exit 1
                    }
                return
            }
            sub(/^[ \t]+/, "", line)
            if (line != "" && line !~ /^--/)
                print line
        }
        { put($0) }
        END { exit failed }' "$root/$1"
}

guard=TURNPIKE_$(printf %s "$out" | tr 'a-z/-' 'A-Z__')_H
{
    printf '/* Made by build-aux/make-scripts.sh. */\n'
    printf '#include "%s.h"\n' "$out"
} >"$out.c.new"
{
    printf '/* Made by build-aux/make-scripts.sh. */\n'
    printf '#ifndef %s\n#define %s\n\n' "$guard" "$guard"
    printf '#include "wire/redis/link.h"\n\n'
} >"$out.h.new"
for file in "$@"; do
    name=$(basename "$file" .lua)
    expand "$file" >"$tmp"
    sha1=$($SHA1SUM <"$tmp" | cut -c1-40)
    printf 'extern const struct link_script script_%s;\n' "$name" >>"$out.h.new"
    {
        printf '\nconst struct link_script script_%s = {"%s", "%s",\n' "$name" "$name" "$sha1"
        $SED -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/?/\\?/g' -e 's/^/    "/' -e 's/$/\\n"/' "$tmp"
        printf '};\n'
    } >>"$out.c.new"
done
printf '\n#endif\n' >>"$out.h.new"
mv -f "$out.c.new" "$out.c"
mv -f "$out.h.new" "$out.h"
