# SPDX-License-Identifier: BSD-2-Clause
"""The servers of one target, and a measured load against them."""
import contextlib
import getpass
import json
import os
import resource
import signal
import socket
import subprocess
import threading
import time
import urllib.request

import calls
import procs

ROOT = os.path.dirname(os.path.abspath(__file__))
MARKS = ("local n = 0 for _, k in ipairs(redis.call('KEYS', ARGV[1])) do "
         "for _, e in ipairs(redis.call('XRANGE', k, '-', '+')) do for _, v in ipairs(e[2]) do "
         "local _, m = string.gsub(v, '~t%x', '') n = n + m end end end return n")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Stack:
    """fakellm + redis + the target's processes + nginx. turns: how many turns the product may run at once"""

    def __init__(self, target, run, args, turns):
        self.t, self.run, self.args = target, run, args
        self.procs = {}
        self.port, self.llm_port = free_port(), free_port()
        self.v = {
            "root": ROOT, "run": run, "llm": f"127.0.0.1:{self.llm_port}", "redis": f"{run}/redis.sock",
            "port": str(self.port), "python": args.python, "node": args.node, "turns": str(turns),
            "build": os.environ.get("TURNPIKE_BUILD", f"{ROOT}/../../build"), "before": os.environ.get("TURNPIKE_BEFORE", ""),
        }

    def fill(self, s):
        for k, v in self.v.items():
            s = s.replace("{" + k + "}", v)
        return s

    def spawn(self, name, cmd, env=None, cwd=None):
        log = open(f"{self.run}/{name}.log", "wb")
        e = dict(os.environ)
        e.update(env or {})
        self.procs[name] = subprocess.Popen(cmd, env=e, cwd=cwd, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def wait_for(self, addr, name):
        """until the process of that name listens at addr"""
        end = time.time() + 20
        while time.time() < end and self.procs[name].poll() is None:
            with contextlib.suppress(OSError):
                if addr.startswith("/"):
                    s = socket.socket(socket.AF_UNIX)
                    s.connect(addr)
                else:
                    h, p = addr.split(":")
                    s = socket.create_connection((h, int(p)))
                s.close()
                return
            time.sleep(0.05)
        with open(f"{self.run}/{name}.log", errors="replace") as f:
            last = f.read().strip().splitlines()[-1:] or ["it says nothing"]
        raise RuntimeError(f"{name} did not come up: {last[0]}")

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self):
        self.spawn("fakellm", [f"{ROOT}/bin/fakellm", "-l", self.v["llm"]])
        self.wait_for(self.v["llm"], "fakellm")
        if self.t.get("redis"):
            self.spawn("redis", ["redis-server", "--port", "0", "--unixsocket", self.v["redis"], "--save", "",
                                 "--appendonly", "no", "--maxclients", "15000", "--dir", self.run])
            self.wait_for(self.v["redis"], "redis")
        self.start_application()
        self.addr = f"127.0.0.1:{self.llm_port}"
        if self.t.get("nginx"):
            self.start_nginx()
        elif "addr" in self.t:
            self.addr = self.fill(self.t["addr"])
        self.wait_settled()

    def start_application(self):
        for p in self.t.get("procs", []):
            for k in range(p.get("count", 1)):      # count copies, {k} numbers them
                def sub(x, k=k):
                    return self.fill(x).replace("{k}", str(k))
                self.spawn(f"{p['name']}#{k}", [sub(c) for c in p["cmd"]], {a: sub(v) for a, v in p.get("env", {}).items()},
                           sub(p.get("cwd", "{root}")))
                if "ready" in p:
                    self.wait_for(sub(p["ready"]), f"{p['name']}#{k}")

    def start_nginx(self):
        with open(os.path.join(ROOT, self.t["nginx"])) as f:
            conf = f.read()
        for k, v in (("RUN", self.run), ("PORT", str(self.port)), ("UPSTREAM", " ".join(f"server {u};" for u in self.fill(self.t["upstream"]).split())),
                     ("USER", getpass.getuser()), ("ROOT", ROOT), ("LLM", self.v["llm"]), ("REDIS", self.v["redis"])):
            conf = conf.replace(f"@{k}@", v)
        with open(f"{self.run}/nginx.conf", "w") as f:
            f.write(conf)
        self.spawn("nginx", ["nginx", "-p", self.run, "-c", f"{self.run}/nginx.conf"])
        self.addr = f"127.0.0.1:{self.port}"
        self.wait_for(self.addr, "nginx")

    def wait_settled(self):
        """until the application has started all its processes; a target names the least time"""
        time.sleep(self.t.get("settle_s", 1.0))
        n, end = -1, time.time() + 60
        while time.time() < end:
            now = len(self.groups().get("app", []))
            if now == n:
                return
            n = now
            time.sleep(0.5)

    def __exit__(self, *_):
        for name in ["nginx", *[n for n in self.procs if "#" in n], "redis", "fakellm"]:
            p = self.procs.get(name)
            if not p or p.poll() is not None:
                continue
            pids = procs.tree(p.pid)
            p.send_signal(signal.SIGTERM)
            try:
                p.wait(10)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait(4)
            for q in pids[1:]:
                with contextlib.suppress(OSError):      # only what is still ours
                    with open(f"/proc/{q}/stat") as f:
                        f.read()
                    time.sleep(0.2)
                    os.kill(q, signal.SIGKILL)

    def config(self, **kw):
        kw = {"ttft_ms": 0, "tokens": 200, "delay_us": 0, "jitter": 0, "tool": 0, "fault": "none", "pad": 0, **kw}
        q = "&".join(f"{k}={v}" for k, v in kw.items())
        urllib.request.urlopen(f"http://{self.v['llm']}/_config?{q}", timeout=5).read()
        urllib.request.urlopen(f"http://{self.v['llm']}/_stats?reset=1", timeout=5).read()

    def sent(self):
        """tokens that fakellm has sent"""
        with urllib.request.urlopen(f"http://{self.v['llm']}/_stats", timeout=5) as r:
            return json.load(r)["tokens"]

    def replayable(self):
        """tokens that Redis holds for replay"""
        p = subprocess.run(["redis-cli", "-s", self.v["redis"], "EVAL", MARKS, "0", self.t["replay"]],
                           capture_output=True, text=True, check=True)
        return int(p.stdout)

    def groups(self):
        g = {}
        for n, p in self.procs.items():
            g.setdefault(n.split("#")[0], []).extend(procs.tree(p.pid))
        return g

    def prove(self, mode):
        """Warms the path, and refuses a target that loses, doubles or reorders a token, or keeps one back from replay."""
        self.config(tokens=50)
        r = self.load(mode, ["-c", "8", "-n", "64", "-E", "50"] if mode != "http" else ["-c", "8", "-n", "64"], False, 15, True)
        before = self.replayable() if mode == "ws" and "replay" in self.t else None
        r2 = self.load(mode, ["-c", "8", "-n", "8", *(["-E", "50"] if mode != "http" else [])], False, 15, True)
        for ld in (r["load"], r2["load"]):
            if ld["failed"] or ld["disorder"] or ld["done"] != ld["started"]:
                raise RuntimeError(f"{mode}: not every token arrived: {json.dumps(ld['failures'])}, disorder {ld['disorder']}")
        if before is not None and (got := self.replayable() - before) != 400:
            raise RuntimeError(f"{mode}: 400 tokens were sent, Redis has {got} of them for replay")

    def wait_quiet(self):
        """wait until other programs leave the CPUs alone; bounded"""
        end = time.time() + self.args.quiet_wait
        pids = [q for p in self.groups().values() for q in p]
        while time.time() < end:
            t0, m0, o0 = time.time(), procs.machine()[0], procs.cpu_of(pids) + procs.self_cpu()
            time.sleep(0.6)
            foreign = (procs.machine()[0] - m0) - (procs.cpu_of(pids) + procs.self_cpu() - o0)
            if foreign / (time.time() - t0) / os.cpu_count() <= self.args.max_foreign:
                return
            time.sleep(1.0)

    def load(self, mode, extra, sample_pss=True, limit=90, warm=False, trace_at=None):
        """One measured agentload run; repeated when other programs took too much CPU meanwhile.
        trace_at: seconds after the start at which --calls counts system calls."""
        best = None
        for attempt in range(1 if warm else 1 + self.args.retries):
            if not warm:
                self.wait_quiet()
            r = self.load_once(self.command(mode, limit) + extra, sample_pss, None if warm else trace_at)
            r["attempt"] = attempt + 1
            r["clean"] = max(r["foreign_share"], r["steal_share"]) <= self.args.max_foreign
            if best is None or r["foreign_share"] + r["steal_share"] < best["foreign_share"] + best["steal_share"]:
                best = r
            if r["clean"]:
                break
        return best

    def command(self, mode, limit):
        """agentload for that mode of the target"""
        m = self.t["modes"]["ws" if mode == "idle-ws" else mode]
        cmd = [f"{ROOT}/bin/agentload", "-m", mode, "-a", self.addr, "-p", self.fill(m["path"]), "-W", str(limit)]
        for h in m.get("headers", []):
            cmd += ["-H", h]
        if mode == "idle-ws":
            return cmd
        cmd += ["-b", m["body"]]
        if m.get("end"):
            cmd += ["-e", m["end"]]
        if m.get("error"):
            cmd += ["-x", m["error"]]
        return cmd

    def load_once(self, cmd, sample_pss, trace_at):
        """agentload with CPU, wake-ups and PSS of every group around it"""
        before = self.groups()
        kinds0 = procs.kinds_of(before)
        tracer = Tracer(self, kinds0, trace_at) if trace_at is not None and self.args.calls else None
        t0, (mb0, st0), own0 = time.time(), procs.machine(), procs.self_cpu()
        cpu0 = {n: procs.cpu_of(p) for n, p in before.items()}
        kind0 = {k: (procs.wakeups_of(p), procs.cpu_of(p, False)) for k, p in kinds0.items()}
        sampler = Sampler(self) if sample_pss else None
        ru0 = resource.getrusage(resource.RUSAGE_CHILDREN)
        p = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        ru1 = resource.getrusage(resource.RUSAGE_CHILDREN)
        g = self.groups()
        cpu = {n: round(procs.cpu_of(g[n]) - cpu0[n], 3) for n in g}
        by_kind = {k: (max(0, procs.wakeups_of(q) - kind0.get(k, (0, 0))[0]), max(0, round(procs.cpu_of(q, False) - kind0.get(k, (0, 0))[1], 6)))
                   for k, q in procs.kinds_of(g).items()}
        wall, (mb1, st1), own1 = time.time() - t0, procs.machine(), procs.self_cpu()
        seen = {**(sampler.end() if sampler else {}), **(tracer.end() if tracer else {})}
        if not p.stdout:
            raise RuntimeError(f"agentload: {p.stderr.strip()[:500]}")
        cpu["agentload"] = round(ru1.ru_utime + ru1.ru_stime - ru0.ru_utime - ru0.ru_stime, 3)
        foreign = max(0.0, mb1 - mb0 - sum(cpu.values()) - (own1 - own0))
        return {"load": json.loads(p.stdout), "cpu_s": cpu, "foreign_share": round(foreign / wall / os.cpu_count(), 4),
                "steal_share": round((st1 - st0) / wall / os.cpu_count(), 4), "wakeups": {k: w for k, (w, _) in by_kind.items()},
                "kind_cpu_s": {k: c for k, (_, c) in by_kind.items()}, **seen, "stderr": p.stderr[:300] or None}


class Sampler:
    """the highest PSS of each group, and of the groups of the server together, once a second"""

    def __init__(self, stack):
        self.stack, self.peak, self.total, self.stop = stack, {}, 0, threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def once(self):
        now = {n: procs.pss_of(p) for n, p in self.stack.groups().items()}
        for n, kib in now.items():
            self.peak[n] = max(self.peak.get(n, 0), kib)
        self.total = max(self.total, sum(kib for n, kib in now.items() if n != "fakellm"))

    def run(self):
        while not self.stop.wait(1.0):
            self.once()

    def end(self):
        self.stop.set()
        self.thread.join()
        self.once()
        return {"peak_pss_kib": self.peak, "peak_total_kib": self.total}


class Tracer:
    """system calls of two seconds in the middle of a load, with the tokens that were sent meanwhile"""

    def __init__(self, stack, kinds, at):
        self.stack, self.kinds, self.found = stack, kinds, {}
        self.at, self.seconds = (0.6, 1) if stack.args.quick else (at, 2)
        calls.perf_allowed()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        time.sleep(self.at)
        n, t = self.stack.sent(), time.monotonic()
        tool, counts = calls.count(self.kinds, self.seconds, self.stack.run)
        rate = (self.stack.sent() - n) / (time.monotonic() - t)     # the tool takes time to begin and to end
        self.found = {"tool": tool, "tokens": round(rate * self.seconds), "by_kind": counts}

    def end(self):
        self.thread.join()
        return {"calls": self.found}
