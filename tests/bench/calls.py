# SPDX-License-Identifier: BSD-2-Clause
"""System calls by kind of process while a load runs: `perf trace` where it may, else `strace`."""
import contextlib
import functools
import os
import re
import shutil
import subprocess
import time

import procs

HEAD = re.compile(r"^ \S.* \((\d+)\), \d+ events")
ROW = re.compile(r"^\s+([a-z_0-9]+)\s+(\d+)\s+\d+\s+[\d.]+")
STRACE = re.compile(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?([a-z_0-9]+)$")


@functools.cache
def perf_allowed():
    """perf takes a while to start: asked before a load, not within it"""
    if not shutil.which("perf"):
        return False
    p = subprocess.run(["perf", "trace", "-a", "-s", "sleep", "0"], capture_output=True, text=True)
    return p.returncode == 0


def add(into, kind, call, n):
    of = into.setdefault(kind, {})
    of[call] = of.get(call, 0) + n


def by_perf(kinds, seconds, scratch):
    """{kind: {call: count}}. Traces the whole machine, so that the number of processes does not matter.
    RuntimeError when the kernel has dropped events."""
    names = {t: kind for kind, pids in kinds.items() for t in procs.threads_of(pids)}
    out = os.path.join(scratch, "calls.txt")
    subprocess.run(["perf", "trace", "-a", "-s", "-m", "8M", "-o", out, "sleep", str(seconds)], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    counts, kind = {}, None
    with open(out, errors="replace") as f:
        for line in f:
            if line.startswith("LOST "):
                raise RuntimeError(f"perf trace: {line.strip()}")
            if m := HEAD.match(line):
                kind = names.get(int(m.group(1)))
            elif kind and (m := ROW.match(line)):
                add(counts, kind, m.group(1), int(m.group(2)))
    return counts


def by_strace(kinds, seconds, scratch):
    """The same, much slower for what is traced: the counts a token stay near, the times do not."""
    running = []
    for i, (kind, pids) in enumerate(kinds.items()):
        out = os.path.join(scratch, f"calls-{i}.txt")
        cmd = ["strace", "-c", "-f", "-qq", "-o", out]
        for p in pids:
            cmd += ["-p", str(p)]
        running.append((kind, out, subprocess.Popen(cmd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)))
    time.sleep(seconds)
    counts = {}
    for _, _, p in running:
        p.terminate()
    for kind, out, p in running:
        p.wait(20)
        with open(out, errors="replace") as f:
            for line in f:
                if (m := STRACE.match(line)) and m.group(2) != "total":
                    add(counts, kind, m.group(2), int(m.group(1)))
    return counts


def count(kinds, seconds, scratch):
    """(tool, {kind: {call: count}})"""
    with contextlib.suppress(RuntimeError, subprocess.CalledProcessError):
        if perf_allowed():
            return "perf trace", by_perf(kinds, seconds, scratch)
    if shutil.which("strace") and (counts := by_strace(kinds, seconds, scratch)):
        return "strace -c", counts
    return "neither perf trace nor strace can be used", {}
