# SPDX-License-Identifier: BSD-2-Clause
"""What /proc says about processes and the machine."""
import contextlib
import os
import re
import resource

TCK = os.sysconf("SC_CLK_TCK")


def tree(pid):
    """pid and all its descendants"""
    kids = {}
    for d in os.listdir("/proc"):
        if d.isdigit():
            with contextlib.suppress(OSError):
                with open(f"/proc/{d}/stat") as f:
                    st = f.read()
                kids.setdefault(int(st.rsplit(")", 1)[1].split()[1]), []).append(int(d))
    out, todo = [], [pid]
    while todo:
        p = todo.pop()
        out.append(p)
        todo += kids.get(p, [])
    return out


def cpu_of(pids, ended=True):
    """Seconds, user and system. `ended`: with those of children that have ended, so that a worker that is
    replaced between two readings of a tree is not lost. A process with one thread counts by the scheduler's
    own nanoseconds, as ticks (10 ms, cut off) would lose up to a tick for each of hundreds of processes."""
    t = 0.0
    for p in pids:
        with contextlib.suppress(OSError):
            with open(f"/proc/{p}/stat") as f:
                a = f.read().rsplit(")", 1)[1].split()
            if int(a[17]) == 1:
                with open(f"/proc/{p}/schedstat") as f:
                    t += int(f.read().split()[0]) / 1e9
            else:
                t += (int(a[11]) + int(a[12])) / TCK
            if ended:
                t += (int(a[13]) + int(a[14])) / TCK
    return t


def pss_of(pids):
    """KiB"""
    t = 0
    for p in pids:
        with contextlib.suppress(OSError):
            with open(f"/proc/{p}/smaps_rollup") as f:
                for ln in f:
                    if ln.startswith("Pss:"):
                        t += int(ln.split()[1])
                        break
    return t


def threads_of(pids):
    """thread ids"""
    out = []
    for p in pids:
        with contextlib.suppress(OSError):
            out += [int(t) for t in os.listdir(f"/proc/{p}/task")]
    return out


def wakeups_of(pids):
    """how often the threads have gone to sleep by themselves, and so been woken"""
    n = 0
    for t in threads_of(pids):
        with contextlib.suppress(OSError):
            with open(f"/proc/{t}/status") as f:
                m = re.search(r"^voluntary_ctxt_switches:\s+(\d+)", f.read(), re.M)
            n += int(m.group(1))
    return n


def kinds_of(groups):
    """{kind: pids}: the application by the names of its processes without their numbers, the others whole"""
    out = {}
    for group, pids in groups.items():
        for p in pids:
            kind = group
            if group == "app":
                with contextlib.suppress(OSError):
                    with open(f"/proc/{p}/comm") as f:
                        kind = "app " + (f.read().strip().rstrip("0123456789").rstrip("-:#/ ") or "?")
            out.setdefault(kind, []).append(p)
    return out


def machine():
    """user+nice+system CPU s of the machine, and stolen s"""
    with open("/proc/stat") as f:
        a = [int(x) for x in f.readline().split()[1:]]
    return (a[0] + a[1] + a[2]) / TCK, a[7] / TCK


def machine_line():
    """the kind of machine, for the record"""
    with open("/proc/cpuinfo") as f:
        m = re.search(r"^(?:model name|Processor)\s*:\s*(.+)$", f.read(), re.M)
    model = m.group(1).strip() if m else "?"
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    u = os.uname()
    return f"{len(os.sched_getaffinity(0))} x {model}, {gib:.0f} GiB, {u.sysname} {u.release} {u.machine}"


def self_cpu():
    r = resource.getrusage(resource.RUSAGE_SELF)
    return r.ru_utime + r.ru_stime
