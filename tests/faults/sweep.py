# SPDX-License-Identifier: Apache-2.0
"""
One failing call after the other. Knows how a program is run with one, and what holds for
each of its ends; what it should say is for the tests.
"""

import concurrent.futures
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

from suite import PROGRAM, SCENES  # noqa: E402
from exporter import TIMEOUT  # noqa: E402
from scenery import copy_scene  # noqa: E402
from table import tables  # noqa: E402

SANITIZER = (b"Sanitizer", b"runtime error:")

# So many programs run at once.
LANES = 2

# A buffer grows in another place if a duration has one digit more: such a call is made in
# one run, and not in the next.
ATTEMPTS = 20


def make_scene_of_everything(folder):
    """All that the collectors read, below FOLDER: what several scenes have."""
    scene = copy_scene(SCENES / "module-files", folder / "scene")
    for other, path in (
        ("log", "dev"),
        ("unloaded", "sys/kernel/debug"),
        ("shim-validation-off", "sys/firmware"),
        ("microcode-old", "sys/devices"),
        ("posture-full", "sys/module/module"),
    ):
        shutil.copytree(SCENES / other / path, scene / path, dirs_exist_ok=True)
    for counter in (SCENES / "posture-full/sys/kernel").glob("*_count"):
        (scene / "sys/kernel" / counter.name).write_bytes(counter.read_bytes())
    return scene


def check_log(log):
    """What no failure excuses."""
    assert not any(word in log for word in SANITIZER), log.decode()


def has_error(log):
    return b"level=error" in log


def run_with(table, arguments):
    """Runs the program to its end, with what TABLE has armed."""
    result = subprocess.run(
        [PROGRAM, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=table.environment,
        timeout=TIMEOUT,
    )
    check_log(result.stderr)
    return result


def each(sites, lanes, attempt):
    """ATTEMPT(lane, site) for all SITES, on all LANES at once; raises what went wrong."""
    free = list(lanes)

    def one(site):
        lane = free.pop()
        try:
            attempt(lane, site)
        except Exception as error:
            raise AssertionError(f"{site.describe(PROGRAM)}{error}") from error
        finally:
            free.append(lane)

    wrong = []
    with concurrent.futures.ThreadPoolExecutor(len(lanes)) as pool:
        for future in [pool.submit(one, site) for site in sites]:
            try:
                future.result()
            except AssertionError as error:
                wrong.append(error)
    assert not wrong, f"{len(wrong)} of {len(sites)} calls:\n" + "\n".join(map(str, wrong))


def sweep(arguments, check):
    """
    Runs the program with ARGUMENTS as it is, once for each lane, and then once for each of
    the calls that it made in all of these, which fails: CHECK(result, healthy) is told how
    that ended. ARGUMENTS may be a function of the lane that gives them and what else CHECK
    is told.
    """

    def run_lane(table):
        given = arguments(table.lane) if callable(arguments) else (arguments,)
        return run_with(table, given[0]), given[1:]

    with tables(LANES) as lanes:
        for table in lanes:
            healthy, further = run_lane(table)
            check(healthy, healthy, *further)
        others = lanes[1].sites()
        sites = [site for site in lanes[0].sites() if site in others]
        assert sites, "nothing was called"

        def attempt(table, site):
            for _ in range(ATTEMPTS):
                table.arm(site)
                result, further = run_lane(table)
                if table.has_fired:
                    break
            assert table.has_fired, "it was not called"
            check(result, healthy, *further)

        each(sites, lanes, attempt)
        print(f"# {len(sites)} calls")
