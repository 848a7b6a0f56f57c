#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Repetition rules against python-dateutil, which others wrote: every rule that we take has the same starts.

rrule_judge.py PROGRAM [COUNT [SEED]]: COUNT random rules of every part, and those below. Exit status 77: no dateutil.
"""
import datetime
import random
import subprocess
import sys
import warnings

try:
    from dateutil.rrule import rrulestr
except ImportError:
    sys.exit(77)

warnings.simplefilter("ignore")  # dateutil's, of COUNT beside UNTIL
EPOCH = datetime.datetime(1970, 1, 1)
STARTS = 12
NEVER = 3
DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]

# Examples of RFC 5545 3.8.5.3 from a day up, and rules on which expanders are known to differ.
KNOWN = """FREQ=DAILY;COUNT=10
FREQ=DAILY;UNTIL=19971224T000000
FREQ=DAILY;INTERVAL=10;COUNT=5
FREQ=YEARLY;UNTIL=20000131T140000;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA
FREQ=DAILY;UNTIL=20000131T140000;BYMONTH=1
FREQ=WEEKLY;INTERVAL=2;WKST=SU
FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH
FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000;WKST=SU;BYDAY=MO,WE,FR
FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH
FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO
FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU
FREQ=WEEKLY;INTERVAL=2;BYDAY=SU
FREQ=MONTHLY;COUNT=10;BYDAY=1FR
FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU
FREQ=MONTHLY;COUNT=6;BYDAY=-2MO
FREQ=MONTHLY;BYMONTHDAY=-3
FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15
FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1
FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15
FREQ=MONTHLY;INTERVAL=2;BYDAY=TU
FREQ=YEARLY;COUNT=10;BYMONTH=6,7
FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3
FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200
FREQ=YEARLY;BYDAY=20MO
FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO
FREQ=YEARLY;BYWEEKNO=20
FREQ=YEARLY;BYWEEKNO=1
FREQ=YEARLY;BYWEEKNO=53;BYDAY=FR
FREQ=YEARLY;BYWEEKNO=39,53
FREQ=YEARLY;BYMONTH=3;BYDAY=TH
FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8
FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13
FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13
FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8
FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3
FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2
FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5
FREQ=YEARLY;BYMONTHDAY=29
FREQ=YEARLY;BYMONTH=1;BYYEARDAY=1,40
FREQ=DAILY;BYHOUR=8,20
FREQ=HOURLY;INTERVAL=3;UNTIL=19970903T170000
FREQ=HOURLY;INTERVAL=5;COUNT=12
FREQ=HOURLY;INTERVAL=36
FREQ=HOURLY;BYHOUR=8,20
FREQ=HOURLY;BYDAY=MO,TU;BYHOUR=9,10,11,12
FREQ=HOURLY;INTERVAL=2;BYHOUR=8,10
FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO
FREQ=YEARLY;BYWEEKNO=53;BYDAY=FR;INTERVAL=2
FREQ=DAILY;BYHOUR=9,10;BYMINUTE=0,20,40
FREQ=DAILY;BYHOUR=8,12,20;BYSETPOS=-1
FREQ=DAILY;INTERVAL=7;BYDAY=TU
FREQ=DAILY;BYMONTHDAY=31
FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30""".split("\n")


def some(rng, low, high, most, negative=False):
    values = set()
    for _ in range(rng.randint(1, most)):
        n = rng.randint(low, high)
        values.add(-n if negative and n and rng.random() < 0.3 else n)
    return ",".join(str(n) for n in sorted(values))


def random_rule(rng):
    freq = rng.choice(["HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"])
    parts = [f"FREQ={freq}"]
    if rng.random() < 0.5:
        parts.append(f"INTERVAL={rng.choice([2, 2, 3, 4, 5, 7, 13, 100])}")
    if rng.random() < 0.3:
        parts.append(f"WKST={rng.choice(DAYS)}")
    if rng.random() < 0.3:
        parts.append(f"COUNT={rng.randint(1, 15)}")
    if rng.random() < 0.3:
        parts.append(f"BYMONTH={some(rng, 1, 12, 4)}")
    if freq == "YEARLY" and rng.random() < 0.25:
        parts.append(f"BYWEEKNO={some(rng, 1, 53, 4, True)}")
    if freq == "YEARLY" and rng.random() < 0.2:
        parts.append(f"BYYEARDAY={some(rng, 1, 366, 6, True)}")
    if freq != "WEEKLY" and rng.random() < 0.3:
        parts.append(f"BYMONTHDAY={some(rng, 1, 31, 5, True)}")
    if rng.random() < 0.45:
        numbered = freq in ("MONTHLY", "YEARLY") and "BYWEEKNO" not in ";".join(parts) and rng.random() < 0.5
        most = 5 if freq == "MONTHLY" or "BYMONTH=" in ";".join(parts) else 53
        days = [(str(rng.choice([1, -1]) * rng.randint(1, most)) if numbered else "") + d for d in rng.sample(DAYS, rng.randint(1, 4))]
        parts.append("BYDAY=" + ",".join(days))
    if rng.random() < 0.15:
        parts.append(f"BYHOUR={some(rng, 0, 23, 3)}")
    if rng.random() < 0.1:
        parts.append(f"BYMINUTE={some(rng, 0, 59, 2)}")
    if freq not in ("WEEKLY", "HOURLY") and rng.random() < 0.2 and any(p.startswith("BY") for p in parts):
        parts.append(f"BYSETPOS={some(rng, 1, 6, 3, True)}")
    return ";".join(parts)


def next_years_first_week(rule):
    """dateutil leaves out a week that counts from the end of the next year's weeks ("TODO" in its source), and counts the
    weeks of the year before by this year's length: the RFC's text decides there."""
    weeks = [p for p in rule.split(";") if p.startswith("BYWEEKNO=")]
    return any(abs(int(n)) >= 52 or int(n) < 0 for p in weeks for n in p[9:].split(","))


def expected(rule, start, limit):
    out = []
    try:
        starts = rrulestr(rule, dtstart=start).replace(until=limit)
    except ValueError:  # dateutil's word for hours that INTERVAL never meets
        return out
    for at in starts:
        out.append(int((at - EPOCH).total_seconds()))
        if len(out) == STARTS:
            break
    return out


def main():
    program, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 30)
    print(f"seed {seed}")
    rng = random.Random(seed)
    cases = [(rule, datetime.datetime(1997, 9, 2, 9)) for rule in KNOWN]
    while len(cases) < count + len(KNOWN):
        start = EPOCH + datetime.timedelta(seconds=rng.randrange(90 * 365 * 86400) - 20 * 365 * 86400)
        rule = random_rule(rng)
        if not next_years_first_week(rule):
            cases.append((rule, start))
    lines = "".join(f"{int((start - EPOCH).total_seconds())} {rule}\n" for rule, start in cases)
    said = subprocess.run([program], input=lines, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(said) == len(cases), f"{len(said)} answers to {len(cases)} rules"
    refused = wrong = never = 0
    for (rule, start), line in zip(cases, said):
        if line.startswith("refused"):
            refused += 1
            print(f"refused: {rule}: {line[8:]}")
            continue
        limit = datetime.datetime(start.year + 60, 1, 1)
        if "UNTIL=" in rule:
            limit = datetime.datetime.strptime(rule.split("UNTIL=")[1][:15], "%Y%m%dT%H%M%S")
        ours = [int(n) for n in line.split() if n != "end" and int(n) <= int((limit - EPOCH).total_seconds())]
        if not ours:
            never += 1
            if never > NEVER:  # dateutil looks for its first start through 8,000 years
                continue
        theirs = expected(rule, start, limit)
        if ours != theirs:
            wrong += 1
            show = lambda seconds: [str(EPOCH + datetime.timedelta(seconds=s)) for s in seconds[:5]]
            print(f"WRONG {rule} from {start}:\n  ours   {show(ours)}\n  theirs {show(theirs)}")
    print(f"{len(cases)} rules: {refused} refused, {never} without a start in 60 years ({min(never, NEVER)} of them looked at), {wrong} wrong")
    sys.exit(1 if wrong or refused > len(cases) // 20 else 0)


main()
