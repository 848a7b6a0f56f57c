# SPDX-License-Identifier: BSD-2-Clause
"""The results of bench.py: reading them, and the figures that they hold."""
import json
import statistics

LIMIT = 0.05                    # a run is clean if other programs and steal each took at most this share of the CPUs


def clean(r):
    return max(r.get("foreign_share") or 0, r.get("steal_share") or 0) <= LIMIT


def read(files):
    """(machine lines, records)"""
    rows = []
    for name in files:
        with open(name) as f:
            rows += [json.loads(line) for line in f]
    return sorted({r["machine"] for r in rows if "machine" in r}), [r for r in rows if "machine" not in r]


def latency(hist, q):
    """None where nothing was timed"""
    return lambda r: r["load"][hist][q] if r["load"][hist]["n"] else None


def per_100k(group):
    def get(r):
        n = r["load"]["tokens"]
        return r["cpu_s"][group] / n * 1e5 if n and group in r.get("cpu_s", {}) else None
    return get


def peak(group):
    return lambda r: r["peak_pss_kib"][group] / 1024 if group in (r.get("peak_pss_kib") or {}) else None


def idle_bytes(r):
    """None where the application gave back more for other reasons than the sockets took"""
    n = r.get("bytes_per_conn", {}).get("app")
    return n if n is not None and n >= 0 else None


def failed(r):
    ld = r["load"]
    return ld["failed"] + ld["disorder"] + ld["cut_at_stop"]


# name: (what it is, unit, figure of a record)
METRICS = {
    "first_p50": ("added first token p50", "ms", latency("ttft_added_ms", "p50")),
    "first_p99": ("added first token p99", "ms", latency("ttft_added_ms", "p99")),
    "token_p50": ("added time per token p50", "ms", latency("token_ms", "p50")),
    "token_p99": ("added time per token p99", "ms", latency("token_ms", "p99")),
    "cpu": ("CPU per 100,000 tokens, application", "s", per_100k("app")),
    "memory": ("peak PSS, application", "MiB", peak("app")),
    "memory_all": ("peak PSS with nginx and Redis", "MiB", lambda r: r["peak_total_kib"] / 1024 if r.get("peak_total_kib") else None),
    "idle_bytes": ("bytes of a socket, application", "", idle_bytes),
    "failed": ("failed, disordered or cut", "", failed),
}


class Results:
    def __init__(self, files):
        self.machines, self.records = read(files)
        self.quick = any(r.get("quick") for r in self.records)

    def all_of(self, target, mode, case):
        """runs of a case ("*": of all cases)"""
        return [r for r in self.records if r["target"] == target and r["mode"] == mode and case in ("*", r["case"])]

    def of(self, target, mode, case):
        """the same, the clean ones where there is one"""
        rs = self.all_of(target, mode, case)
        return [r for r in rs if clean(r)] or rs

    def value(self, target, mode, case, metric):
        """the median; of failures the sum over all runs, clean or not. None: not measured"""
        if metric == "failed":
            rs = self.all_of(target, mode, case)
            return sum(map(failed, rs)) if rs else None
        v = [x for x in map(METRICS[metric][2], self.of(target, mode, case)) if x is not None]
        return statistics.median(v) if v else None

    def per_token(self, target, mode, case):
        """{kind of process: (CPU us, wake-ups, calls a token, the most frequent calls)}; calls: None if not counted"""
        out = {}
        plain = self.of(target, mode, case) or self.of(target, mode, case + "+calls")
        traced = next((r["calls"] for r in self.of(target, mode, case + "+calls") if r.get("calls", {}).get("tokens")), None)
        for kind in dict.fromkeys(k for r in plain for k in r.get("wakeups", {})):
            some = [r for r in plain if r["load"]["tokens"]]
            wakeups = [r["wakeups"].get(kind, 0) / r["load"]["tokens"] for r in some]
            cpu = [r["kind_cpu_s"].get(kind, 0) / r["load"]["tokens"] * 1e6 for r in some]
            calls, top = None, ""
            if traced:
                by = {c: n / traced["tokens"] for c, n in traced["by_kind"].get(kind, {}).items()}
                calls = sum(by.values())
                top = ", ".join(f"{c} {n:.2f}" for c, n in sorted(by.items(), key=lambda x: -x[1])[:5] if n >= 0.01)
            if some:
                out[kind] = (statistics.median(cpu), statistics.median(wakeups), calls, top)
        return out

    def tracer(self):
        return next((r["calls"]["tool"] for r in self.records if r.get("calls")), None)


def show(v):
    if v is None:
        return "-"
    return f"{v:,.0f}" if abs(v) >= 100 or isinstance(v, int) else f"{v:.1f}" if abs(v) >= 10 else f"{v:.2f}"
