# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh disable=SC2034
# The changes of turnpike setup, and how they are undone. Sourced by setup.sh, which sets dry, root and start.
# Every change goes through put, link, remember or run.

work=$(mktemp -d) lent=''
changes=0 asked=''
finish() {
    status=$?
    trap - EXIT
    # An undo goes to its end, whoever loses patience.
    trap '' INT TERM HUP
    stty echo 2>/dev/null </dev/tty || true
    [ $status -eq 0 ] || [ $changes -eq 0 ] || undo
    rm -rf "$work" ${lent:+"$lent"}
    exit $status
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

undo() {
    [ -z "$asked" ] || journalctl -u turnpike -n 15 -o cat --no-pager >&2 || true
    warn "undoing what was done"
    while [ $changes -gt 0 ]; do
        sh "$work/undo.$changes" >/dev/null || warn "could not undo: $(cat "$work/undo.$changes")"
        changes=$((changes - 1))
    done
    apply_services_after_undo || true
}
# remember COMMAND...: what takes the next change back.
remember() {
    changes=$((changes + 1))
    for word in "$@"; do printf "'%s' " "$(printf %s "$word" | sed "s/'/'\\\\''/g")"; done >"$work/undo.$changes"
}
remember_file() {
    if [ -e "$1" ] || [ -L "$1" ]; then
        cp -a "$1" "$work/was.$((changes + 1))"
        remember cp -a --remove-destination "$work/was.$((changes + 1))" "$1"
    else
        remember rm -f "$1"
    fi
}
make_folder() {
    [ ! -d "$1" ] || return 0
    remember rmdir --ignore-fail-on-non-empty "$1"
    mkdir -p "$1"
}
touched=''
# What is right in a file may still be open to others. Nobody has to read it again: changed does not see it.
put_rights() {
    was=$(stat -c '%a %U:%G' "$target")
    [ "${was% *}" != "${2#0}" ] || { [ -z "$root" ] && [ "${was#* }" != "$3" ]; } || return 0
    say "$1: mode $2, owner $3 (was $was)"
    touched="$touched rights:$1"
    [ -z "$dry" ] || return 0
    remember chmod "${was% *}" "$target"
    [ -n "$root" ] || remember chown "${was#* }" "$target"
    chown "$3" "$target" 2>/dev/null || [ -n "$root" ] || die "$3 cannot own $1"
    chmod "$2" "$target"
}
# put FILE MODE OWNER WHAT-IT-IS: standard input becomes the file, when that changes it. No secret is shown.
put() {
    cat >"$work/new"
    target=$root$1
    if [ -f "$target" ] && [ ! -L "$target" ] && cmp -s "$work/new" "$target"; then
        put_rights "$1" "$2" "$3"
        return 0
    fi
    say "write $1${4:+ ($4)}"
    touched="$touched $1"
    if [ -n "$dry" ]; then
        [ "$2" != 0644 ] || diff -u /dev/null "$work/new" | sed -n '4,$s/^+/    /p'
        return 0
    fi
    make_folder "${target%/*}"
    remember_file "$target"
    (umask 077 && cp "$work/new" "$target.new")
    chown "$3" "$target.new" 2>/dev/null || [ -n "$root" ] || die "$3 cannot own $1"
    chmod "$2" "$target.new"
    mv "$target.new" "$target"
}
# link TARGET FILE
link() {
    [ "$(readlink "$root$2" 2>/dev/null)" != "$1" ] || return 0
    [ ! -e "$root$2" ] || [ -L "$root$2" ] || die "$2 is there already, and not by setup: move it away"
    say "link $2 -> $1"
    touched="$touched $2"
    [ -z "$dry" ] || return 0
    make_folder "$root${2%/*}"
    remember_file "$root$2"
    ln -sfn "$1" "$root$2"
}
# run WHAT COMMAND...
run() {
    say "$1"
    shift
    [ -z "$dry$root" ] || return 0
    "$@"
}
changed() {
    case " $touched " in
    *" $1"*) return 0 ;;
    *) return 1 ;;
    esac
}
