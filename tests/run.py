#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
Runs test programs that speak TAP (https://testanything.org/):

    run.py SUITE: COMMAND... [SUITE: COMMAND...] [BESIDE SUITE: COMMAND...]
    run.py TOTAL FILE

A suite is a word with a colon, and each argument behind it a command for the shell. They
run one after the other; the suites behind the word BESIDE run at the same time as those
before it. Prints a line for each suite with its seconds, what failed, and last "N passed,
N failed"; exits 1 if anything failed. If TALLY names a file, the counts are added to it
instead of printed, and TOTAL prints their sum.
"""

import concurrent.futures
import dataclasses
import os
import re
import subprocess
import sys
import time

# No program takes that long, whatever else the machine does.
TIMEOUT = 3600


@dataclasses.dataclass
class Result:
    command: str
    output: str
    code: int
    seconds: float

    @property
    def passed(self):
        return len(re.findall(r"^ok ", self.output, re.M))

    @property
    def failed(self):
        failed = len(re.findall(r"^not ok ", self.output, re.M))
        # A crash, or a program that ran no test, is a failure of its own.
        return failed or int(self.code != 0 or self.passed == 0)

    @property
    def complaint(self):
        """The output without the tests that passed."""
        lines = [line for line in self.output.splitlines() if not line.startswith("ok ")]
        return "\n".join([f"exit code {self.code}: {self.command}", *lines])


def run(command):
    start = time.monotonic()
    try:
        done = subprocess.run(
            ["sh", "-c", f"exec {command}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT,
            env={**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP"},
        )
        output, code = done.stdout, done.returncode
    except subprocess.TimeoutExpired as error:
        output, code = error.stdout or b"", f"none within {TIMEOUT} seconds"
    seconds = time.monotonic() - start
    return Result(command, output.decode(errors="replace"), code, seconds)


def parse(words):
    """Lists of suites, each a name and its commands."""
    lanes = [[]]
    for word in words:
        if word == "BESIDE":
            lanes.append([])
        elif re.fullmatch(r"[\w-]+:", word):
            lanes[-1].append((word[:-1], []))
        elif lanes[-1]:
            lanes[-1][-1][1].append(word)
        else:
            sys.exit(f"run.py: {word}: expected a suite and a colon first")
    return lanes


def run_lane(suites):
    results = []
    for suite, commands in suites:
        of_suite = [run(command) for command in commands]
        tell(suite, of_suite)
        results += of_suite
    return results


def tell(suite, results):
    passed = sum(result.passed for result in results)
    failed = sum(result.failed for result in results)
    seconds = sum(result.seconds for result in results)
    print(f"  TEST  {suite}: {passed} passed, {failed} failed, {seconds:.1f} s", flush=True)


def total(passed, failed):
    tally = os.environ.get("TALLY")
    if tally:
        with open(tally, "a", encoding="ascii") as file:
            file.write(f"{passed} {failed}\n")
    else:
        print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def main(words):
    if words[:1] == ["TOTAL"]:
        with open(words[1], encoding="ascii") as file:
            counts = [tuple(map(int, line.split())) for line in file]
        os.environ.pop("TALLY", None)
        return total(sum(p for p, _ in counts), sum(f for _, f in counts))
    lanes = parse(words)
    with concurrent.futures.ThreadPoolExecutor(len(lanes)) as pool:
        results = sum(pool.map(run_lane, lanes), [])
    for result in results:
        if result.failed:
            print(result.complaint)
    return total(sum(r.passed for r in results), sum(r.failed for r in results))


sys.exit(main(sys.argv[1:]))
