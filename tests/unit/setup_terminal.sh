#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# turnpike setup on a terminal: its questions, wrong answers, Ctrl-C, end of input. In a tree of its own; no service is started.
set -u
top=$(cd "${srcdir:-.}" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
say_failed() { echo "FAIL: $*"; failed=1; }
root=$dir/root
# on_terminal STATUS [EXPECTED TYPED]... -- [OPTION]...
on_terminal() {
    local wanted=$1 talk=() status
    shift
    while [ "$1" != -- ]; do talk+=("$1") && shift; done
    shift
    timeout 120 "$top/tests/terminal.py" "${talk[@]}" -- sh "$top/systemd/setup.sh" --root "$root" "$@" >"$dir/out" 2>&1 </dev/null
    status=$?
    [ $status -eq "$wanted" ] || say_failed "it ended with $status, not $wanted: $(cat "$dir/out")"
}
said() { grep -qF -- "$1" "$dir/out" || say_failed "it does not say \"$1\": $(cat "$dir/out")"; }
state() { (cd "$root" && find . | sort && find . -type f -exec sha256sum {} + | sort); }
unchanged() { state | diff "$dir/before" - || say_failed "$1 changed something"; }

mkdir -p "$root/etc/turnpike" "$root/etc/nginx/sites-available" "$root/etc/ssl"
cp "$top/debian/turnpike.conf" "$root/etc/turnpike/"
touch "$root/etc/ssl/a.pem" "$root/etc/ssl/a.key"
state >"$dir/before"
name='Name of the site: ' certificate='one by certbot [acme]: ' key='private key: ' model='offline [offline]: ' secret='Key for openai (not shown): '

# End of input and Ctrl-C at each question.
for at in 1 2 3 4 5; do
    talk=("$name" 'a.example.org\n' "$certificate" '/etc/ssl/a.pem\n' "$key" '/etc/ssl/a.key\n' "$model" 'openai\n' "$secret" '')
    talk[at * 2 - 1]='\x04'
    on_terminal 1 "${talk[@]:0:at * 2}" --
    said 'no answer: nothing was changed'
    unchanged "the end of input at question $at"
    talk[at * 2 - 1]='\x03'
    on_terminal 130 "${talk[@]:0:at * 2}" --
    unchanged "Ctrl-C at question $at"
done

# Ctrl-C while it works, and again while it undoes: the model's key is written already, Redis' password does not come.
mkfifo "$dir/password"
sleep 60 <>"$dir/password" &
holder=$!
on_terminal 130 "$name" 'a.example.org\n' "$certificate" '/etc/ssl/a.pem\n' "$key" '/etc/ssl/a.key\n' "$model" 'openai\n' \
    "$secret" 'secret-of-the-model\n' 'credentials/openai_key (a secret)' '\x03\x03' 'undoing what was done' '\x03\x03' \
    -- --redis redis.example.org:6379 --redis-password "$dir/password"
kill $holder
unchanged "Ctrl-C in the middle"

# Wrong answers: each is told, and the question comes again. The key is not shown.
on_terminal 0 "$name" '\n' '--name is needed' '' "$name" 'two words\n' 'is not the name of a host' '' "$name" 'a.example.org\n' \
    "$certificate" '/etc/ssl/none.pem\n' 'cannot be read' '' "$certificate" 'a.pem\n' 'need whole paths' '' "$certificate" '/etc/ssl/a.pem\n' \
    "$key" '/etc/ssl\n' 'cannot be read' '' "$key" '/etc/ssl/a.key\n' \
    "$model" 'gpt\n' 'there is no model gpt' '' "$model" 'openai,offline\n' \
    "$secret" '\n' 'without its key openai cannot answer' '' "$secret" 'secret-of-the-model\n' --
! grep -q secret-of-the-model "$dir/out" || say_failed "it shows the key that was typed"
[ "$(cat "$root/etc/turnpike/credentials/openai_key")" = secret-of-the-model ] || say_failed "the key is not the one that was typed"
grep -qx 'model.chain = openai offline' "$root/etc/turnpike/turnpike.conf" || say_failed "the model is not the one that was typed"
grep -qx 'certificate=/etc/ssl/a.pem' "$root/etc/turnpike/setup" || say_failed "the certificate is not the one that was typed"

# Nothing is missing any more: it asks nothing.
state >"$dir/before"
on_terminal 0 --
unchanged "a second run"

# With its output in a pipe nobody sees a question: it does not take the default for an answer.
rm -rf "$root/etc/turnpike/setup"
timeout 60 "$top/tests/terminal.py" -- sh -c "sh '$top/systemd/setup.sh' --root '$root' --name b.example.org --dry-run | cat; echo over" >"$dir/out" 2>&1 </dev/null
said 'say --certificate and --key, --acme, or --insecure-http'
exit $failed
