#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
Breaks the program in the ways that mutants/*.txt list, one at a time, and runs the tests
that should notice: mutants.py [WORD]... takes only mutants in whose text each WORD is.
Works on a copy of the tree in build/mutants. A mutant that no test notices survives, and
is a failure. A list has blocks of lines, with a blank line between them:

    file: exporter/base/number.c
    from: if (digit > 9)
    to: if (digit > 10)
    by: unit TESTS=tests/unit/test_number.c

"from" stands in the file once. "by" is a target of make, with variables.
"""

import functools
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
COPY = ROOT / "build" / "mutants"
KEYS = ["file", "from", "to", "by"]
TIMEOUT = 1800


def read_lists():
    for path in sorted((ROOT / "tests/lint/mutants").glob("*.txt")):
        for block in path.read_text(encoding="utf-8").strip().split("\n\n"):
            lines = [line for line in block.splitlines() if not line.startswith("#")]
            if not lines:
                continue
            mutant = dict(line.split(": ", 1) if ": " in line else (line.rstrip(":"), "")
                          for line in lines)
            if list(mutant) != KEYS:
                sys.exit(f"{path}: expected the lines {', '.join(KEYS)}:\n{block}")
            yield mutant


def differs(source, target):
    if source.is_symlink() or target.is_symlink() or not target.is_file():
        return True
    return source.read_bytes() != target.read_bytes()


def copy_tree():
    """
    The files that git knows or would add, so that work in progress counts. A file that is
    written gets a new time: what was built of a mutant before is built again.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    names = {name for name in listed.decode().split("\0") if name and os.path.lexists(ROOT / name)}
    for path in COPY.rglob("*") if COPY.exists() else ():
        name = str(path.relative_to(COPY))
        is_built = name.startswith(("build/", "tests/node_modules"))
        if not path.is_dir() and not is_built and name not in names:
            path.unlink()
    for name in sorted(names):
        source, target = ROOT / name, COPY / name
        if differs(source, target):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            shutil.copy(source, target, follow_symlinks=False)
    modules = COPY / "tests/node_modules"
    if not modules.exists():
        modules.symlink_to(ROOT / "tests/node_modules")


def make(*arguments):
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=COPY,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=TIMEOUT,
        check=False,
    )


@functools.cache
def passes(by):
    """Whether these tests pass as long as nothing is broken."""
    return make(*by.split(" ")).returncode == 0


def try_mutant(mutant):
    """Why it is not dead, or ""."""
    if not passes(mutant["by"]):
        return f"make {mutant['by']} fails without it"
    path = COPY / mutant["file"]
    text = path.read_text(encoding="utf-8")
    if text.count(mutant["from"]) != 1:
        return f"{text.count(mutant['from'])} places have that text, expected 1"
    path.write_text(text.replace(mutant["from"], mutant["to"]), encoding="utf-8")
    try:
        built = make("all")
        if built.returncode != 0:
            return "it does not build:\n" + built.stdout.decode(errors="replace")[-500:]
        tested = make(*mutant["by"].split(" "))
        return "survived" if tested.returncode == 0 else ""
    finally:
        path.write_text(text, encoding="utf-8")


def main(words):
    mutants = [m for m in read_lists() if all(w in "\n".join(m.values()) for w in words)]
    copy_tree()
    failed = 0
    for number, mutant in enumerate(mutants, 1):
        why = try_mutant(mutant)
        failed += why != ""
        state = "not ok" if why else "ok"
        name = f"{mutant['file']}: {mutant['from'].strip()} -> {mutant['to'].strip()}"
        print(f"{state} {number} - {name}" + f"\n# {why}" * bool(why), flush=True)
    print(f"{len(mutants) - failed} passed, {failed} failed")
    return 1 if failed or not mutants else 0


os.environ.pop("MAKEFLAGS", None)
os.environ.pop("MAKELEVEL", None)
sys.exit(main(sys.argv[1:]))
