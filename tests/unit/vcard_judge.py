#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""vCards against python3-vobject, which others wrote: what it writes we read as it meant it, and what we write it reads.

vcard_judge.py PROGRAM [COUNT [SEED]]: COUNT random cards. Exit status 77: no vobject.
"""
import json
import random
import subprocess
import sys

try:
    import vobject
except ImportError:
    sys.exit(77)

PROGRAM = sys.argv[1]
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 300
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 30)
print(f"seed {SEED}")
rng = random.Random(SEED)
WORDS = ["Jörg", "Müller", "O'Neil", "Smith, Jr", "a;b", "back\\slash", "東京", "Zoë", "x" * 90, "émigré", "Ltd.", "& Sons", "😀"]


def words(most):
    return " ".join(rng.choice(WORDS) for _ in range(rng.randint(1, most)))


def card():
    made = {"name": words(3)}
    v = vobject.vCard()
    v.add("fn").value = made["name"]
    v.add("n").value = vobject.vcard.Name(family=rng.choice(WORDS), given=rng.choice(WORDS))
    for key, name, value in (("phones", "tel", lambda: f"+{rng.randrange(10**10)}"), ("emails", "email", lambda: f"u{rng.randrange(999)}@example.org")):
        for _ in range(rng.randint(0, 3)):
            one = value()
            v.add(name).value = one
            if one not in made.setdefault(key, []):
                made[key].append(one)
    if rng.random() < .5:
        made["birthday"] = f"{rng.randint(1900, 2020)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
        v.add("bday").value = made["birthday"]
    if rng.random() < .5:
        made["notes"] = words(12)
        v.add("note").value = made["notes"]
    return made, v.serialize()


def run(text, *args):
    return subprocess.run([PROGRAM, *args], input=text.encode(), stdout=subprocess.PIPE, check=True).stdout.decode()


cards = [card() for _ in range(COUNT)]
text = "".join(serialized for _, serialized in cards)
read = [json.loads(line) for line in run(text).splitlines()]
bad = 0
if len(read) != COUNT:
    sys.exit(f"{len(read)} of {COUNT} cards are read")
for (made, serialized), ours in zip(cards, read):
    for key, value in made.items():
        limit = value.encode()[:500].decode(errors="ignore") if isinstance(value, str) else value
        if ours.get(key) != limit:
            print(f"{key}: {ours.get(key)!r} is not {value!r} in\n{serialized}")
            bad += 1
# What we write: versions above 3.0 are generic to it, so it reads them as 3.0.
ours4 = run(text, "4").replace("VERSION:4.0", "VERSION:3.0").replace("\r\n\n", "\r\n")
for (made, _), v in zip(cards, vobject.readComponents(ours4), strict=True):
    told = {"name": v.fn.value, "phones": [t.value for t in v.contents.get("tel", [])], "emails": [e.value for e in v.contents.get("email", [])]}
    for key, value in told.items():
        if made.get(key, []) != value:
            print(f"written {key}: {value!r} is not {made.get(key)!r}")
            bad += 1
print(f"{COUNT} cards, {bad} differences")
sys.exit(bad > 0)
