#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""CSV files against Python's csv module, which others wrote: what it writes we read as it does, cells and lines.

sheet_judge.py PROGRAM [COUNT [SEED]]: COUNT random files.
"""
import csv
import io
import json
import random
import subprocess
import sys

PROGRAM = sys.argv[1]
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 150
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 30)
print(f"seed {SEED}")
rng = random.Random(SEED)
PIECES = ["a", "12.50", "ü", "€", '"', '""', ",", ";", "\t", "|", "\n", "\r\n", " ", "=1+1", "-", "'", "😀", "x" * 60, ""]
bad = 0
for _ in range(COUNT):
    delimiter = rng.choice(",;\t|")
    ending = rng.choice(["\n", "\r\n"])
    quoting = rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
    columns = rng.randint(2, 8)
    rows = [["".join(rng.choice(PIECES) for _ in range(rng.randint(0, 5))) for _ in range(columns)] for _ in range(rng.randint(1, 30))]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=ending, quoting=quoting).writerows(rows)
    text = out.getvalue()
    told = subprocess.run([PROGRAM, delimiter], input=text.encode(), stdout=subprocess.PIPE, check=True).stdout.decode()
    ours = [json.loads(line) for line in told.split("\n") if line]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    judged, begins = [], 1
    for row in reader:
        judged.append([begins, row])
        begins = reader.line_num + 1
    plain = lambda rows: [[cell.strip(" ") for cell in cells] for _, cells in rows]  # blanks around a field do not count
    if plain(ours) != plain(judged):
        bad += 1
        print(f"{text!r}: {ours} is not {judged}")
    elif "\r" not in text.replace("\r\n", "") and [line for line, _ in ours] != [line for line, _ in judged]:
        bad += 1
        print(f"{text!r}: the lines of {ours} are not those of {judged}")
print(f"{COUNT} files, {bad} differences")
sys.exit(bad > 0)
