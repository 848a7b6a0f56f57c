#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A wrong tool specification ends the build, with file and place.
set -u
generate=$PWD/tools/engine/generate
spec=${srcdir:-.}/tools/time/time.json
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
refuse() { # sed expression, words of the message
    sed "$1" "$spec" >"$dir/time.json"
    if cmp -s "$spec" "$dir/time.json"; then
        echo "FAIL: '$1' changed nothing"; failed=1
    elif "$generate" --source "$dir/time.json" >"$dir/out" 2>"$dir/err"; then
        echo "FAIL: '$1' was accepted"; failed=1
    elif ! grep -q "time.json: .*$2" "$dir/err"; then
        echo "FAIL: '$1': $(cat "$dir/err")"; failed=1
    fi
}
refuse 's/"maxLength"/"maxLen"/' 'get_current_time: arguments/properties/timezone/maxLen: unknown keyword'
refuse 's/"effect": "read"/"effect": "reads"/' 'effect: "reads"'
refuse 's/"effect": "read"/"effect": "delete"/' 'approval'
refuse '/"idempotent"/d' 'the field `idempotent` is missing'
refuse 's/"idempotent"/"idempotence": 1, "idempotent"/' 'unknown field `idempotence`'
refuse 's/"minLength": 1,/"minLength": 1, "default": "",/' 'timezone/default'
refuse 's/"format": "date" /"format": "day" /' 'unknown format "day"'
refuse 's/{ "timezone": "Australia.Perth" }/{ "timezone": 5 }/' 'examples/1/arguments/timezone'
refuse 's/"family": "time"/"family": "clock"/' 'family must be'
refuse 's/"entity": "time"/"entity": "clock"/' 'entity "clock"'
refuse 's/get_current_time/Get Time/' 'name must be'
refuse 's/"tools": \[/"tools": [ 5,/' 'name must be'
refuse 's/"tools": \[/"tools": [,/' 'byte'
refuse '/"keywords"/d' 'the field `keywords` is missing'
refuse 's/"keywords": "clock/"keywords": "Clock/' 'keywords are words'
refuse 's/"tools": \[/"module": 1, "tools": [/' 'module must be true'
refuse 's/"core": true/"core": 1/' 'core must be true'
refuse 's/"core": true/"untrusted": false/' 'untrusted must be true'
refuse 's/"core": true/"reaches_others": true/' 'reaches nobody'
refuse 's/"core": true/"outside": "host"/' 'outside must name'
refuse 's/"core": true/"process": false/' 'process must be true'
refuse 's/"core": true/"process_unless": "osrm.url"/' 'only of a tool with `process`'
refuse 's/"timezone": {/"page_url": {"type": "string"}, "timezone": {/' 'holds an address'
refuse 's/"timezone": {/"to": {"type": "array", "items": {"type": "object", "properties": {"at": {"type": "string", "format": "uri"}}, "additionalProperties": false}}, "timezone": {/' 'holds an address'
# Kinds of records.
kind='{"kind": "note", "family": "note", "title": "note", "label": ["text"], "words": {"en": "note", "de": "Notiz", "es": "nota", "fr": "note"}, "example": {"id": "n", "text": "x"}'
kinds() { # further members of the kind, words of the message, change of the others
    changed=$(echo "$kind" | sed "${3:-}")
    refuse "s/\"tools\": \[/\"records\": [$changed$1}], \"tools\": [/" "$2"
}
kinds ', "colour": 1' 'note: unknown field `colour`'
kinds '' 'label must be a list' 's/\["text"\]/[]/'
kinds '' 'the example needs' 's/\["text"\]/["title"]/'
kinds '' 'words.fr is missing' 's/, "fr": "note"//'
kinds ', "span": ["a"]' 'span is first day'
kinds ', "change": {"members": {}}' 'change needs'
kinds ', "change": {"properties": {"text": {"type": "word"}}}' 'note: change'
kinds ', "delete": {"tool": "none", "id": "id"}' 'no tool "none"'
kinds ", \"filter\": [\"text\"]}, $kind" 'declared twice'
sed "s/\"tools\": \[/\"records\": [$kind}], \"tools\": [/" "$spec" >"$dir/time.json"
"$generate" --source "$dir/time.json" | grep -q '\.name = "note",' || { echo "FAIL: no row for the kind"; failed=1; }
cp "$spec" "$dir/time.json"
"$generate" --source "$dir/time.json" "$dir/time.json" >/dev/null 2>"$dir/err" && failed=1
grep -q 'the name is taken' "$dir/err" || { echo "FAIL: a name twice"; failed=1; }
sed 's/"tools": \[/"module": true, "tools": [/' "$spec" >"$dir/time.json"
"$generate" --source "$dir/time.json" | grep -q '&time_module,' || { echo "FAIL: no row for the module"; failed=1; }
"$generate" --header "$dir/time.json" | grep -q 'struct module time_module;' || { echo "FAIL: the module is not declared"; failed=1; }
! "$generate" --source "$spec" | grep -q 'time_module' || { echo "FAIL: a module that nobody asked for"; failed=1; }
"$generate" --markdown "$spec" | grep -q '^### get_current_time' || failed=1
exit $failed
