# SPDX-License-Identifier: BSD-2-Clause
"""What is measured. A case is NxR (N streams of R tokens a second), or one of NAMED."""
import json
import re
import subprocess
import time

import procs

STREAMS = re.compile(r"([1-9][0-9]*)x([1-9][0-9]*)$")
QUICK_STREAMS = 50


def kept(mode):
    return ["-k"] if mode != "ws" else []


def shape(name, quick):
    """(streams, tokens a second, tokens of one answer)"""
    n, rate = map(int, STREAMS.match(name).groups())
    if n == 1:
        return n, rate, max(rate, 20)                   # a second each
    tokens = 200 if rate >= 20 else rate * 10
    return (min(n, QUICK_STREAMS), rate, max(rate, 20)) if quick else (n, rate, tokens)


def streams(s, mode, name):
    """NxR. One stream: ten answers, one after the other. Up to 200: two rounds, begun within a second. More: begun
    within the time that an answer takes, and asked again for as long, so that all run at once in between."""
    quick = s.args.quick
    n, rate, tokens = shape(name, quick)
    one = tokens / rate
    ttft = 50 if n == 1 else 200
    s.config(ttft_ms=ttft, tokens=tokens, delay_us=1000000 // rate, jitter=0 if n == 1 else 30)
    common = ["-c", str(n), "-T", str(ttft), "-E", str(tokens), *kept(mode)]
    if n == 1:
        return [s.load(mode, [*common, "-n", "3" if quick else "10"], trace_at=1)]
    if n <= 200:
        return [s.load(mode, [*common, "-n", str(2 * n), "-R", "1000"], trace_at=1.5)]
    ramp = one + ttft / 1000
    return [s.load(mode, [*common, "-n", "0", "-d", str(2 * one), "-R", str(int(1000 * one)), "-t", str(30 + 4 * ramp)],
                   limit=40 + 6 * ramp, trace_at=one + 0.5)]


def flat_out(s, mode, _):
    """32 clients, 1,000 tokens without a delay: what a token costs when nothing waits"""
    s.config(tokens=1000)
    return [s.load(mode, ["-c", "32", "-n", "0", "-d", "1" if s.args.quick else "4", "-E", "1000", *kept(mode)], False, 30)]


class Idle:
    """idle WebSockets, open while the block runs"""

    def __init__(self, s, n, hold):
        self.s, self.n = s, n
        self.p = subprocess.Popen([*s.command("idle-ws", hold + 60), "-c", str(n), "-C", str(max(n, 500)), "-t", "20", "-h", str(hold)],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        self.p.stderr.readline()
        time.sleep(1 if self.s.args.quick else 3)
        return self

    def close(self):
        """agentload's account; a socket that did not open or did not stay open is a failure"""
        if self.p.poll() is None:
            self.p.terminate()
        out, _ = self.p.communicate(timeout=30)
        ld = json.loads(out)
        ld["failed"] = max(ld["failed"], self.n - ld["ready"])
        return ld

    def __exit__(self, *_):
        if self.p.poll() is None:
            self.p.kill()
            self.p.communicate()


def rest(s):
    """until the application gives no more memory back, or takes more; bounded"""
    end, was = time.time() + 20, 0
    while time.time() < end:
        now = procs.pss_of(s.groups().get("app", []))
        if abs(now - was) <= max(now * 0.002, 8):
            return
        was = now
        time.sleep(2)


def idle(s, _mode, _):
    """Idle WebSockets: what each costs. It comes first on a new stack: memory that a load has left free would hide it."""
    n = min(s.args.idle, 500) if s.args.quick else s.args.idle
    rest(s)
    before = {k: procs.pss_of(p) for k, p in s.groups().items()}
    with Idle(s, n, 60) as sockets:
        g = s.groups()
        after = {k: procs.pss_of(p) for k, p in g.items()}
        c0 = {k: procs.cpu_of(p) for k, p in g.items()}
        time.sleep(2)
        c1 = {k: procs.cpu_of(p) for k, p in g.items()}
        ld = sockets.close()
    return [{"load": ld, "n": n, "pss_before_kib": before, "pss_after_kib": after,
             "bytes_per_conn": {k: round((after[k] - before[k]) * 1024 / max(1, ld["ready"])) for k in before},
             "idle_cpu_per_s": {k: round((c1[k] - c0[k]) / 2, 3) for k in c0}}]


def silent(s, mode, _):
    """Turns that wait for a model that says nothing for a while, beside idle WebSockets: all of them answer in the end,
    and no socket is lost."""
    quick = s.args.quick
    n, sockets, wait = (50, 500, 3) if quick else (1000, s.args.idle, 20)
    s.config(ttft_ms=wait * 1000, tokens=10, delay_us=20000)
    with Idle(s, sockets, 240) as open_ones:
        r = s.load(mode, ["-c", str(n), "-n", str(n), "-R", "500" if quick else "5000", "-t", "90", "-T", str(wait * 1000), "-E", "10"],
                   limit=120)
        r["idle"] = open_ones.close()
    r["load"]["failed"] += r["idle"]["failed"]
    r["n"] = n
    return [r]


NAMED = {"idle": idle, "silent": silent, "flat-out": flat_out}
WS_ONLY = ("idle", "silent")


def known(name):
    return name in NAMED or bool(STREAMS.match(name))


def run(s, mode, name):
    return NAMED.get(name, streams)(s, mode, name)


def turns(name, quick):
    """how many turns the product has to run at once"""
    n = 64 if quick or name not in ("silent", *filter(STREAMS.match, [name])) else 1000 if name == "silent" else shape(name, quick)[0]
    return n + max(16, n * 8 // 100)


def stacks(names, quick):
    """Cases that share a stack, with its turns: loads of the usual size in the order of their size; what is large has its own."""
    usual = [n for n in names if n not in WS_ONLY and turns(n, quick) <= 540]
    large = sorted((n for n in names if n not in usual), key=lambda n: (n != "idle", n != "silent"))
    usual.sort(key=lambda n: turns(n, quick))
    out = [(c, max(turns(n, quick) for n in c)) for c in (usual, large) if c]
    return [(c, max(t, 540) if not quick and c == usual else t) for c, t in out]


def applies(target, mode, name):
    if name in target.get("skip", []) or name in target["modes"][mode].get("skip", []):
        return False
    if name in WS_ONLY:
        return mode == "ws"
    if mode == "http":                                  # one reply: nothing to time but CPU
        return name not in NAMED and STREAMS.match(name).group(1) != "1"
    return True
