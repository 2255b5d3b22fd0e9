#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The floor of the lines that tests reach: coverage.py GCOVR.json

GCOVR.json is what gcovr --json wrote. uncovered.txt beside this file says, for each source
of which lines are not reached, how many and why; a source that has more or less of them, by
more than a few lines, is told, so that the list stays true.
"""
import json
import pathlib
import sys

FLOOR = 95.0  # percent

# What depends on the moment, such as a signal between two calls.
SLACK = 4

LIST = pathlib.Path(__file__).with_name("uncovered.txt")


def read_list():
    """{file: (lines, reason)}"""
    listed = {}
    for line in LIST.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            file, lines, reason = line.split(maxsplit=2)
            listed[file] = (int(lines), reason)
    return listed


def read_lines(path):
    """{file: (all its lines, those that are not reached)}"""
    report = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    return {
        file["file"]: (
            sum(not line["gcovr/noncode"] for line in file["lines"]),
            [
                line["line_number"]
                for line in file["lines"]
                if not line["count"] and not line["gcovr/noncode"]
            ],
        )
        for file in report["files"]
    }


def main():
    listed, seen = read_list(), read_lines(sys.argv[1])
    complaints = []
    for file, (_, missed) in sorted(seen.items()):
        allowed = listed.get(file, (0, ""))[0]
        numbers = " ".join(map(str, missed))
        if abs(len(missed) - allowed) > SLACK:
            complaints.append(f"{file}: {len(missed)} lines are not reached, "
                              f"{allowed} are listed: {numbers}")
    complaints += [f"{file}: listed, but not there" for file in listed.keys() - seen.keys()]
    lines = sum(count for count, _ in seen.values())
    missed = sum(len(missed) for _, missed in seen.values())
    percent = 100 * (lines - missed) / lines if lines else 0
    if percent < FLOOR:
        complaints.append(f"{percent:.2f} % of the lines are reached, not {FLOOR} %")
    print("\n".join(complaints), end="\n" if complaints else "")
    print(f"coverage: {percent:.2f} % of {lines} lines")
    return 1 if complaints else 0


sys.exit(main())
