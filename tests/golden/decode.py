#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
Goldens of the command decode: decode.py PROGRAM decodes each log below tests/logs, and
some masks and letters, for people and for programs, and compares with decode/NAME.txt and
decode/NAME.json beside this file; UPDATE=1 rewrites them. Knows the form of the JSON, and
nothing of what it should say: that is in the goldens.
"""

import difflib
import json
import os
import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True

HERE = pathlib.Path(__file__).resolve().parent
LOGS = HERE.parent / "logs"
GOLDENS = HERE / "decode"
sys.path.insert(0, str(HERE.parent / "lib"))

from exporter import TIMEOUT, tap  # noqa: E402

PROGRAM = os.path.abspath(sys.argv[1])

# Masks and letters without a log, by the names of their goldens.
ARGUMENTS = {
    "mask-0": ["0"],
    "mask-of-modules": ["12289"],
    "mask-of-everything": ["0xffffffffffffffff"],
    "mask-of-everything-on-rhel7": ["--dialect=rhel7", "0xffffffffffffffff"],
    "mask-of-everything-on-rhel9": ["--dialect=rhel9", "0xffffffffffffffff"],
    "mask-of-everything-on-suse": ["--dialect=suse", "0xffffffffffffffff"],
    "letters": ["Tainted: P      D W  OE"],
    "letters-that-are-uncertain": ["FXE"],
    "letters-of-one-bit": ["--dialect=rhel8", "PX"],
}

# What each kind of object has, in its order.
COMMON = ["kind", "source", "release", "dialect", "dialect_by"]
MASK = ["mask", "mask_is_whole"]
STAMP = ["date", "seconds"]
KEYS = {
    "mask": [*COMMON, *MASK, "string", "panic_on_taint", "taints"],
    "boot": [*COMMON, "announcements"],
    "report": [
        *COMMON,
        *MASK,
        "not_printed",
        "taints",
        "line",
        *STAMP,
        "title",
        "task",
        "tainted",
        "supported",
        "modules_listed",
        "unexplained",
        "unloaded",
        "last_unloaded",
        "announcements",
    ],
}
OPTIONAL = ("note", "elsewhere")
TAINT = ["bit", "flag", "taint", "meaning"]
MORE = {"mask": ["constant", "module_taint", "set_by"], "report": ["in_mask", "modules"]}
ANNOUNCEMENT = ["event", "taint", "module", "detail", *STAMP, "line", "count"]


def decode(*arguments):
    return subprocess.run(
        [PROGRAM, "decode", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=TIMEOUT,
        check=False,
        cwd=LOGS,
    )


def check_object(item):
    assert list(item) == KEYS[item["kind"]], list(item)
    for taint in item.get("taints", []):
        found = [key for key in taint if key not in OPTIONAL]
        assert found == TAINT + MORE[item["kind"]], list(taint)
    for announcement in item.get("announcements", []):
        assert list(announcement) == ANNOUNCEMENT, list(announcement)


def differences(golden, found):
    expected = golden.read_text(encoding="utf-8") if golden.exists() else ""
    if expected == found:
        return ""
    if os.environ.get("UPDATE"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(found, encoding="utf-8")
        return ""
    return "".join(
        difflib.unified_diff(
            expected.splitlines(True), found.splitlines(True), golden.name, "found"
        )
    )


def check(name, *arguments):
    people, programs = decode(*arguments), decode("--json", *arguments)
    items = json.loads(programs.stdout)
    # Exit codes tell whether there was anything.
    assert people.returncode == programs.returncode == (0 if items else 1), people
    for item in items:
        check_object(item)
    text = people.stdout.decode("utf-8")
    assert all(char == "\n" or char.isprintable() for char in text), text
    # One object a line, for whoever has no JSON reader at hand.
    assert len(programs.stdout.splitlines()) == max(len(items), 1) + 2
    pretty = json.dumps(items, indent=1, ensure_ascii=False) + "\n"
    found = [
        differences(GOLDENS / f"{name}.txt", text),
        differences(GOLDENS / f"{name}.json", pretty),
    ]
    assert not any(found), "\n".join(found)


def test_of(name, *arguments):
    def test():
        check(name, *arguments)

    test.__name__ = f"decode_{name}"
    return test


CASES = {log.stem: [log.name] for log in sorted(LOGS.glob("*.log"))} | ARGUMENTS


def no_golden_is_left_over():
    assert {golden.stem for golden in GOLDENS.iterdir()} == set(CASES)


tap([*(test_of(name, *given) for name, given in CASES.items()), no_golden_is_left_over])
