#!/usr/bin/env python3
"""The product beside the peers, with ratios.   ./ratios.py results.jsonl

Peers that the results lack are shown as BASELINE.md has them, marked with *.
"""
import json
import statistics
import sys

COLUMNS = {"bare nginx": ("nginx", "sse"), "FastAPI + Redis": ("fastapi-httpx-resumable", "ws"),
           "Node + Redis": ("node-resumable", "ws"), "Turnpike": ("turnpike", "ws")}
IDLE = {"FastAPI + Redis": "fastapi-httpx", "Node + Redis": "node", "Turnpike": "turnpike"}
BASELINE = {
    "bare nginx": [0.47, 1.9, 0.080, 0.30, None, 0.094, 2.5, None],
    "FastAPI + Redis": [2.83, 633.3, 233.8, 717.2, 20.19, 0.643, 2600.5, 31499],
    "Node + Redis": [2.31, 81.3, 3.752, 50.07, 14.18, 0.510, 583.0, 10727],
}
BAR = [1.0, 15, 0.5, 10, 5.0, 0.4, 50, 3000]
ROWS = [
    ("one stream: added time to first token, p50 ms", "i", None, lambda r: r["load"]["ttft_added_ms"]["p50"]),
    ("200 streams x 50 tokens/s: added first token p99 ms", "ii", None, lambda r: r["load"]["ttft_added_ms"]["p99"]),
    ("the same: added time per token p50 ms", "ii", None, lambda r: r["load"]["token_ms"]["p50"]),
    ("the same: added time per token p99 ms", "ii", None, lambda r: r["load"]["token_ms"]["p99"]),
    ("the same: CPU s per 100,000 tokens, application", "ii", None,
     lambda r: r["cpu_s"]["app"] / r["load"]["tokens"] * 1e5 if "app" in r["cpu_s"] and r["load"]["tokens"] else None),
    ("one stream at 200 tokens/s: added time per token p50 ms", "i", None, lambda r: r["load"]["token_ms"]["p50"]),
    ("500 streams x 50 tokens/s: added first token p99 ms", "v", 500, lambda r: r["load"]["ttft_added_ms"]["p99"]),
    ("idle WebSocket: bytes in the application", "iv", None, lambda r: r["bytes_per_conn"].get("app")),
]


def clean(r):
    return max(r.get("foreign_share") or 0, r.get("steal_share") or 0) <= 0.05


recs = [json.loads(x) for f in sys.argv[1:] for x in open(f)]


def value(column, case, level, get):
    target, mode = COLUMNS[column]
    if case == "iv":
        target, mode = IDLE.get(column), "ws"
    rs = [r for r in recs if r["target"] == target and r["mode"] == mode and r["case"] == case and r.get("level") == level]
    rs = [r for r in rs if clean(r)] or rs
    v = [x for x in map(get, rs) if x is not None]
    return statistics.median(v) if v else None


def show(v, mark=""):
    if v is None:
        return "-"
    return (f"{v:,.0f}" if v >= 100 else f"{v:.1f}" if v >= 10 else f"{v:.2f}") + mark


print("| | " + " | ".join(COLUMNS) + " | bar | against FastAPI | against Node |")
print("|---" * (len(COLUMNS) + 4) + "|")
for i, (name, case, level, get) in enumerate(ROWS):
    cells, values = [], {}
    for column in COLUMNS:
        v, mark = value(column, case, level, get), ""
        if v is None and column in BASELINE:
            v, mark = BASELINE[column][i], "*"
        values[column] = v
        cells.append(show(v, mark if v is not None else ""))
    ours = values["Turnpike"]
    for peer in ("FastAPI + Redis", "Node + Redis"):
        ok = ours and values[peer] is not None
        cells.append(f"{values[peer] / ours:.1f}x less" if ok and values[peer] >= ours else f"{ours / values[peer]:.1f}x more" if ok else "-")
    ours_ok = "" if ours is None else (" ok" if ours <= BAR[i] else " MISSED")
    print(f"| {name} | " + " | ".join(cells[:4]) + f" | {show(BAR[i])}{ours_ok} | {cells[4]} | {cells[5]} |")
failed = sum(r["load"]["failed"] + r["load"]["disorder"] for r in recs if r["target"] == "turnpike")
print(f"\nFailed or disordered in all runs of Turnpike: {failed}. * = from BASELINE.md, not measured in this run.")
