#!/bin/bash
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
good="api_keys.file = $dir/keys"

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
CONF
refused "conf:1: turn.wrokers: there is no such setting; did you mean turn.workers?" "conf:2: api.workers: \"many\" is not a whole number" \
    "run_dir: \"run\" does not begin with '/'" "api_keys.file: /nope/keys: No such file or directory" "conf:11: anthropic.key_file: /nope/key: No such file" \
    "anthropic.key: empty, but model.chain names anthropic" "system_prompt.file: $dir is not a file" \
    "http_tools.dir: $dir/keys is not a folder" "shop.catalogue: \"catalogue.json\" does not begin with '/'" "log.file: /nope: No such file" "10 problems"

# What only a second look finds: the form of a file's content.
echo "api_keys.file = $dir/conf" >"$dir/conf"
refused "1 problem"
# A key is needed at the vendor's own address only.
printf '%s\n' "$good" "model.chain = openai" >"$dir/conf"
refused "openai.key: empty, but model.chain names openai"
echo "openai.url = http://127.0.0.1:11434/v1" >>"$dir/conf"
check || say_failed "a local server without a key: $(cat "$dir/err")"
# As the package installs it nobody can come in, and that is said before the service starts.
cp "$top/debian/turnpike.conf" "$dir/conf"
refused "nobody can come in: set jwt.algorithm" "1 problem"
# A file that is something else: the first problems, no control character, and nothing that follows from it.
(for n in $(seq 300); do printf '\033[31m%s\377 = 1\n' "$n"; done) >"$dir/conf"
refused "conf:1: ?[31m1?: there is no such setting" "of which the first are told"
[ "$(wc -l <"$dir/err")" -eq 101 ] || say_failed "$(wc -l <"$dir/err") lines"
grep -q '[[:cntrl:]]' "$dir/err" && say_failed "control characters are told"
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
