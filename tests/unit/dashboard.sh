#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The dashboard of Grafana by build-aux/check-dashboard: ours is good, and each fault that the check is for is found.
set -eu
top=${srcdir:?}
check=$top/build-aux/check-dashboard
good=$top/monitoring/dashboards/turnpike.json
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$check" "$good"
# broken NAME PATTERN CODE: with the dashboard $d changed so, the check fails and says so.
broken() {
    perl -MJSON::PP -e 'local $/; open my $in, "<", shift or die; my $d = decode_json(<$in>);
        my @p = grep { $_->{type} ne "row" } @{ $d->{panels} }; eval shift; die $@ if $@; print encode_json($d)' "$good" "$3" >"$scratch/$1.json"
    if "$check" "$scratch/$1.json" >"$scratch/$1.log" 2>&1; then
        echo "$1 passes"
        exit 1
    fi
    grep -q "$2" "$scratch/$1.log" || { echo "$1 is not told:"; cat "$scratch/$1.log"; exit 1; }
}
broken metric "no series turnpike_nothing_total" '$p[0]{targets}[0]{expr} = "rate(turnpike_nothing_total[\$__range])"'
broken label "has no label colour" '$p[0]{targets}[0]{expr} = "rate(turnpike_turns_total{colour=\"red\"}[\$__range])"'
broken grouped "has a label colour" '$p[0]{targets}[0]{expr} = "sum by (colour) (rate(turnpike_turns_total[\$__range]))"'
broken variable "no variable .town" '$p[0]{targets}[0]{expr} = "turnpike_turns_running{instance=~\"\$town\"}"'
broken id "its id stands twice" '$p[1]{id} = $p[0]{id}'
broken place "lies over" '$p[1]{gridPos} = $p[0]{gridPos}'
broken grid "beyond the grid" '$p[0]{gridPos}{x} = 23'
broken source "asks another data source" '$p[0]{datasource}{uid} = "Prometheus"'
broken chosen "no variable of the type datasource" '@{ $d->{templating}{list} } = grep { $_->{type} ne "datasource" } @{ $d->{templating}{list} }'
broken asks "asks for what is not there" '$_->{query} = "label_values(turnpike_build_info, town)" for grep { $_->{name} eq "instance" } @{ $d->{templating}{list} }'
echo '{' >"$scratch/cut.json"
! "$check" "$scratch/cut.json" >/dev/null 2>&1 || { echo "half a document passes"; exit 1; }
command -v promtool >/dev/null 2>&1 || exit 0
broken expression "parse error" '$p[0]{targets}[0]{expr} = "sum(rate(turnpike_turns_total[\$__range])"'
