#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# `turnpiked --check` tells everything that is wrong, each with its place, and nothing of what is right.
set -u
daemon=$PWD/turnpiked
top=$(cd "${srcdir:-.}" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
say_failed() { echo "FAIL: $*"; failed=1; }
check() { "$daemon" --check --config "$dir/conf" "$@" >"$dir/out" 2>"$dir/err"; }
# refused WORDS...: it ends with 1 and says each of them.
refused() {
    check && say_failed "taken: $(cat "$dir/conf")"
    for words in "$@"; do
        grep -qF -- "$words" "$dir/err" || say_failed "not said: $words; but: $(cat "$dir/err")"
    done
}
echo "$(printf '%064d' 1) ann user" >"$dir/keys"
good="api_keys.file = $dir/keys"$'\nredis.socket =' # nothing but the default of Redis' socket would be a warning here

echo "$good" >"$dir/conf"
check && [ "$(cat "$dir/out")" = "the settings are valid" ] || say_failed "a good file: $(cat "$dir/err")"

# One run tells all of it.
cat >"$dir/conf" <<CONF
turn.wrokers = 8
api.workers = many
# a comment
run_dir = run
api_keys.file = /nope/keys
model.chain = anthropic openai offline
system_prompt.file = $dir
http_tools.dir = $dir/keys
shop.catalogue = catalogue.json
log.file = /nope/turnpiked.log
anthropic.key_file = /nope/key
metrics.file = /nope/turnpike.prom
CONF
refused "conf:1: turn.wrokers: there is no such setting; did you mean turn.workers?" "conf:2: api.workers: \"many\" is not a whole number" \
    "conf:4: run_dir: \"run\" does not begin with '/'" "conf:5: api_keys.file: /nope/keys: No such file or directory" "conf:11: anthropic.key_file: /nope/key: No such file" \
    "system_prompt.file: $dir is not a file" \
    "http_tools.dir: $dir/keys is not a folder" "shop.catalogue: \"catalogue.json\" does not begin with '/'" "log.file: /nope: No such file" \
    "metrics.file: /nope: No such file" "10 problems"

grep -q "anthropic.key: empty" "$dir/err" && say_failed "told what only follows from line 11"

# What the named files have in them, each problem with its line.
mkdir "$dir/tools" && printf '{\n"name": "a",\n"name" "b"}\n' >"$dir/tools/a.json" && echo '{"nam": "b"}' >"$dir/tools/b.json" && echo '{"name": "c"}' >"$dir/tools/c.json"
printf '%064d ann user\nann user\n%064d ann root\n' 1 2 >"$dir/wrong"
echo '[{"name": "a", "url": "ftp://x"}, {"name": "b", "urk": "http://127.0.0.1"}]' >"$dir/mcp.json"
printf '%s\n' "api_keys.file = $dir/wrong" "http_tools.dir = $dir/tools" "mcp.file = $dir/mcp.json" >"$dir/conf"
refused "wrong:2: not \`SHA256HEX USER ROLE" "wrong:3: not" "tools/a.json:3: not valid JSON" "tools/b.json: nam: there is no such member" \
    "tools/c.json: description: must be text" "mcp.json: server 1: " "mcp.json: server 2: urk: there is no such member" "7 problems"
# Warnings stop nothing; for programs the same as JSON.
printf '%s\n' "$good" "turn.seats = 8" "turn.seats = 9" "socket_mode = 432" >"$dir/conf"
check || say_failed "warnings stop it: $(cat "$dir/err")"
[ "$(cat "$dir/out")" = "the settings are valid, with 2 warnings" ] || say_failed "$(cat "$dir/out")"
grep -q "^turnpiked: warning: .*conf:4: turn.seats: is set in line 3 too" "$dir/err" || say_failed "$(cat "$dir/err")"
printf '%s\n' "$good" "turn.seats = 0" >"$dir/conf"
check --json && say_failed "taken, with --json"
[ "$(cat "$dir/out")" = "{\"valid\":false,\"errors\":1,\"warnings\":0,\"problems\":[{\"level\":\"error\",\"source\":\"$dir/conf\",\"line\":3,\"setting\":\"turn.seats\",\"text\":\"turn.seats: 0 is below 1 (1 to 4096)\"}]}" ] || say_failed "$(cat "$dir/out")"
[ ! -s "$dir/err" ] || say_failed "--json: $(cat "$dir/err")"
# As whom the files are looked at: root looks as the service's user would.
if [ "$(id -u)" -eq 0 ]; then
    printf '%s\n' "$good" "system_prompt.file = $dir/prompt" "run_dir = $dir" >"$dir/conf"
    echo hello >"$dir/prompt" && chmod 600 "$dir/prompt" && chmod 755 "$dir" && chmod 644 "$dir/conf" "$dir/keys"
    check || say_failed "root may read it: $(cat "$dir/err")"
    check --user nobody && say_failed "nobody may read what is root's"
    grep -qF "system_prompt.file: $dir/prompt: Permission denied (as user nobody)" "$dir/err" || say_failed "$(cat "$dir/err")"
    check --user nobody && say_failed "nobody may write there"
    grep -qF "run_dir: nothing can be written in $dir: Permission denied (as user nobody)" "$dir/err" || say_failed "$(cat "$dir/err")"
    check --user no-such-user && say_failed "a user that there is not"
fi
# A key is needed at the vendor's own address only.
printf '%s\n' "$good" "model.chain = openai" >"$dir/conf"
refused "openai.key: empty, but model.chain names openai"
echo "openai.url = http://127.0.0.1:11434/v1" >>"$dir/conf"
check || say_failed "a local server without a key: $(cat "$dir/err")"
# As the package installs it nobody can come in, and that is said before the service starts.
grep -v "^audit.file" "$top/debian/turnpike.conf" >"$dir/conf" # its folder is the package's
refused "nobody can come in: set jwt.algorithm" "1 problem"
# A file that is something else: the first problems, no control character, and nothing that follows from it.
(for n in $(seq 300); do printf '\033[31m%s\377 = 1\n' "$n"; done) >"$dir/conf"
refused "conf:1: this line is not of the form name = value" "of which the first are told"
[ "$(wc -l <"$dir/err")" -eq 101 ] || say_failed "$(wc -l <"$dir/err") lines"
grep -q '[[:cntrl:]]' "$dir/err" && say_failed "control characters are told"
printf 'api.workers = \033[31m1\377\n' >"$dir/conf"
refused 'conf:1: api.workers: "?[31m1?" is not a whole number'
grep -q '[[:cntrl:]]' "$dir/err" && say_failed "control characters of a value are told"
# A line of no form may be a secret.
printf 'openai.key sk-hidden\nsk-hidden\n' >"$dir/conf"
refused "conf:1: openai.key: = is missing" "conf:2: this line is not of the form"
grep -q hidden "$dir/err" && say_failed "a secret is told"
rm "$dir/conf"
refused "conf: No such file or directory" "1 problem in"
printf '\357\273\277%s\r\n' "$good" >"$dir/conf"
check || say_failed "a file of another editor: $(cat "$dir/err")"
check --config /nope/turnpike.conf && say_failed "a file that is not there was taken"
check -s turn.seats=0 && say_failed "-s turn.seats=0 was taken"
# A file from the time when each turn had a process of its own.
printf '%s\n' "$good" "turn.workers = 200" >"$dir/conf"
refused "turn.workers: 200 is above 64: turn.workers now counts processes; write turn.seats = 200 for 200 turns at once" "1 problem"
exit $failed
