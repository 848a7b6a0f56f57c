#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The product beside the peers: every figure, its ratio to each peer, and of each bar whether it holds.

  ./bars.py [--bars] [--peer NAME] results.jsonl...

--bars: the exit status is 1 when a bar is missed, or not measured with --peer, which leaves the bars against one peer. Bars stand in bars.json: the product's figure is at most `ratio` times
the peer's, or at most `floor`, whichever is larger; or at most `most`. `aim` is shown only. A case "*" means all cases.
"""
import argparse
import json
import os
import sys

from results import METRICS, Results, clean, show

SHOWN = ["first_p50", "first_p99", "token_p50", "token_p99", "cpu", "memory"]
SHOWN_OF = {"idle": ["idle_bytes"], "silent": ["failed", "memory", "memory_all"], "2000x10": [*SHOWN, "failed", "memory_all"],
            "flat-out": ["cpu"]}


class Figures:
    def __init__(self, table, results):
        self.table, self.results = table, results
        self.ours = next(n for n, (target, _) in table["targets"].items() if target == table["product"])

    def of(self, name, case, metric):
        return self.results.value(*self.table["targets"][name], case, metric)

    def measured(self):
        """(names of the columns, cases) that the results have"""
        have = {(r["target"], r["mode"]) for r in self.results.records}
        cases = dict.fromkeys(r["case"] for r in self.results.records if not r["case"].endswith("+calls"))
        return [n for n, key in self.table["targets"].items() if tuple(key) in have], sorted(cases, key=order)


def order(case):
    n = case.partition("x")[0]
    return (not n.isdigit(), int(n) if n.isdigit() else 0, case)


def label(metric):
    what, unit, _ = METRICS[metric]
    return f"{what}, {unit}" if unit else what


def ratio(ours, theirs):
    return None if ours is None or not theirs else ours / theirs


def print_table(f):
    names, cases = f.measured()
    peers = [n for n in names if n != f.ours]
    print("| | " + " | ".join([*peers, f.ours, *(f"{f.ours} / {p}" for p in peers)]) + " |")
    print("|---" * (len(names) + len(peers) + 1) + "|")
    for case in cases:
        for metric in SHOWN_OF.get(case, SHOWN):
            ours, theirs = f.of(f.ours, case, metric), [f.of(p, case, metric) for p in peers]
            ratios = [ratio(ours, v) if metric != "failed" else None for v in theirs]
            print(f"| {case}: {label(metric)} | " + " | ".join(map(show, [*theirs, ours])) + " | "
                  + " | ".join("-" if r is None else f"{r:.2f}" for r in ratios) + " |")


def print_costs(f):
    """what a token costs each kind of process"""
    names, _ = f.measured()
    cases = {r["case"].removesuffix("+calls") for r in f.results.records}
    loads = sorted((c for c in cases if order(c) < order("501x1")), key=order)
    tool = f.results.tracer()
    print(f"CPU, wake-ups and system calls a token ({tool or 'counted with --calls only'}):\n")
    print("| case | | process | CPU us | wake-ups | calls | the most frequent |\n|---|---|---|---|---|---|---|")
    for case in loads:
        for name in names:
            if name in (f.ours, "Go", "before"):
                for kind, (cpu, wakeups, calls, top) in f.results.per_token(*f.table["targets"][name], case).items():
                    if kind != "fakellm" and max(wakeups, calls or 0) >= 0.005:
                        print(f"| {case} | {name} | {kind} | {show(cpu)} | {show(wakeups)} | {show(calls)} | {top} |")
    print()


def judge(f, bar):
    """("HOLDS", "MISSED" or "-", the sentence)"""
    ours, unit = f.of(f.ours, bar["case"], bar["metric"]), METRICS[bar["metric"]][1]
    what = f"{'all cases' if bar['case'] == '*' else bar['case']}: {METRICS[bar['metric']][0]}"
    unit = f" {unit}" if unit else ""
    if "most" in bar:
        if ours is None:
            return "-", f"{what}: not measured"
        return "HOLDS" if ours <= bar["most"] else "MISSED", f"{what} {show(ours)}{unit}, at most {show(bar['most'])}{unit}"
    theirs = f.of(bar["peer"], bar["case"], bar["metric"])
    r = ratio(ours, theirs)
    if r is None:
        return "-", f"{what} against {bar['peer']}: not measured"
    floor = bar.get("floor")
    aim = f" (aim {bar['aim']:.2f})" if "aim" in bar else ""
    said = f"{what} {show(ours)}{unit} against {bar['peer']} {show(theirs)}{unit} = {r:.2f}, at most {bar['ratio']:.2f}{aim}"
    if floor is not None:
        said += f" or {show(floor)}{unit}"
    if r <= bar["ratio"]:
        return "HOLDS", said
    if floor is not None and ours <= floor:
        return "HOLDS", f"{said}: by the floor"
    return "MISSED", f"{said}: {(ours / max(bar['ratio'] * theirs, floor or 0) - 1) * 100:.0f} % above"


def arguments():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--bars", action="store_true")
    ap.add_argument("--peer")
    ap.add_argument("results", nargs="+")
    return ap.parse_args()


def status(verdicts, a, quick):
    """1 when a bar is missed. A quick run's figures mean nothing: there only failures count"""
    counted = [v for v, _, bar in verdicts if not quick or bar["metric"] == "failed"]
    return 1 if "MISSED" in counted or (a.peer and "-" in counted) else 0


def main():
    a = arguments()
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "bars.json")) as fp:
        table = json.load(fp)
    f = Figures(table, Results(a.results))
    reps = max((r["rep"] for r in f.results.records), default=0)
    dirty = sum(not clean(r) for r in f.results.records)
    print(f"Machine: {'; '.join(f.results.machines)}. Medians of up to {reps}, of clean runs where there are any; "
          f"{dirty} of {len(f.results.records)} runs were not clean.\n")
    print_table(f)
    print()
    print_costs(f)
    bars = [b for b in table["bars"] if not a.peer or b.get("peer") == a.peer or b["case"] == "*"]
    verdicts = [(*judge(f, bar), bar) for bar in bars]
    for verdict, said, _ in verdicts:
        print(f"{verdict:7}{said}")
    counts = {v: sum(x == v for x, _, _ in verdicts) for v in ("HOLDS", "MISSED", "-")}
    print(f"\n{counts['HOLDS']} bars hold, {counts['MISSED']} are missed, {counts['-']} were not measured.")
    if f.results.quick:
        print("A quick run: a smoke check. Its figures mean nothing, so no bar counts but failures.")
    sys.exit(status(verdicts, a, f.results.quick) if a.bars else 0)


if __name__ == "__main__":
    main()
