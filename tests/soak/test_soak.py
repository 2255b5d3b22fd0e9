#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
A soak: for SECONDS a hundred pages a second are asked for, in all forms, at a door with
TLS and a user, while the host changes, the web configuration changes, and clients
misbehave. Whatever is asked for comes, and the process stays as it was. Prints a table of
what it took; how fast it all went is told and not judged.

Usage: test_soak.py PROGRAM [SECONDS]
"""

import contextlib
import dataclasses
import os
import pathlib
import re
import signal
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(1, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

from suite import PROGRAM, SCENES, run, test  # noqa: E402
from changing_door import PASSWORD, ChangingDoor, login, not_verified  # noqa: E402
from changing_host import CYCLE, MASKS, ChangingHost  # noqa: E402
from process import SEEN, anonymous_memory, cpu_ticks, descriptors  # noqa: E402
from scenery import copy_scene, temporary_folder  # noqa: E402
from scraper import Scraper  # noqa: E402
from troublemakers import Troublemakers  # noqa: E402
from exporter import TIMEOUT, Exporter, scene_flags, wait_until  # noqa: E402

SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else 60
RATE = 100  # pages a second, by all scrapers
KEEP = (True, True, True, False) * 2  # of each scraper, whether it keeps its connection
DESCRIPTORS_OF_SCRAPE = 8
ROWS = 12  # of the table; the first quarter is for what comes once and stays
CHANGES = 10  # a second, of the host; and so many clients misbehave
DOOR = 5  # changes of the host for one of the door
QUIET = 20  # pages until all is quiet for a row, and again so many for looking
SETTLE = 30  # seconds until those who left are forgotten

# The heap is whole pages with holes: 50 KiB from row to row were seen. In the half minute
# between the quarters that are compared, which is 3,000 pages, 300 changes and as many
# misbehaving clients, this is 87 bytes of each page or 870 of each of the others; in an
# hour it is 1.5 and 15.
MEMORY_SLACK = 256 << 10

PROVOKED = "Cannot use the new web configuration, keeping the old one"


@dataclasses.dataclass
class Row:
    seconds: float
    pages: int
    errors: int
    sockets: int
    descriptors: int
    threads: int
    anonymous: int  # KiB, as all memory here
    rss_anon: int
    rss: int
    cpu: float  # percent of a processor, since the row before

    HEAD = (
        "    time   pages errors sockets descriptors threads anonymous RssAnon   VmRSS"
        "     cpu"
    )

    def __str__(self):
        return (
            f"{self.seconds:6.0f} s {self.pages:7} {self.errors:6} {self.sockets:7}"
            f" {self.descriptors:11} {self.threads:7} {self.anonymous:9}"
            f" {self.rss_anon:7} {self.rss:7} {self.cpu:5.1f} %"
        )


def say(line):
    print(f"# {line}", flush=True)


def status_of(pid):
    """The numbers in /proc/PID/status."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return {name: int(n) for name, n in re.findall(r"^(\w+):\s+(\d+)", text, re.M)}


def sockets(pid):
    """How many of its descriptors are sockets."""
    count = 0
    for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            count += os.readlink(link).startswith("socket:")
    return count


class Soak:
    """All that goes on at once around the running EXPORTER."""

    def __init__(self, exporter, host, door):
        self.exporter, self.host, self.door = exporter, host, door
        self.rows = []
        self._pid = exporter.process.pid
        self._over = threading.Event()
        good, context = login(PASSWORD), not_verified()
        self.scrapers = [
            Scraper(
                exporter,
                context,
                good,
                masks=MASKS,
                keeps=keeps,
                interval=len(KEEP) / RATE,
                over=self._over,
            )
            for keeps in KEEP
        ]
        self._troublemakers = Troublemakers(exporter, context, good)
        # Who keeps no connection may have one at any time, too.
        self.sockets = sockets(self._pid) + len(KEEP)

    def run(self):
        self._start, self._ticks = time.monotonic(), cpu_ticks(self._pid)
        for scraper in self.scrapers:
            scraper.start()
        try:
            at, number = self._start, 0
            while len(self.rows) < ROWS:
                self._turn(number)
                number += 1
                at = max(at + 1 / CHANGES, time.monotonic())
                self._over.wait(at - time.monotonic())
        finally:
            self._over.set()
            for scraper in self.scrapers:
                scraper.join(TIMEOUT)
            self._troublemakers.leave()

    def _turn(self, number):
        self.host.change()
        self._troublemakers.come()
        if number % DOOR == 0:
            self.door.change()
            # Every other change it finds out itself.
            if number % (2 * DOOR) == 0:
                self.exporter.process.send_signal(signal.SIGHUP)
        due = self._start + SECONDS / ROWS * (len(self.rows) + 1)
        if number % CYCLE == 0 and time.monotonic() >= due:
            self._troublemakers.leave()
            self.rows.append(self._row())
            say(self.rows[-1])

    @property
    def pages(self):
        return sum(scraper.done for scraper in self.scrapers)

    def _wait_pages(self):
        end = self.pages + QUIET
        wait_until(lambda: self.pages >= end, what="pages")

    def _look(self):
        """The least that there is of sockets, of descriptors, of memory while nothing
        changes and nobody misbehaves: what a page needs for a moment is no matter."""
        looks = []
        self._wait_pages()
        # What has read a module's file gives back the heap's holes; they are no matter.
        self.host.renew()
        end = self.pages + QUIET

        def is_over():
            memory = anonymous_memory(self._pid)
            looks.append((sockets(self._pid), descriptors(self._pid), memory))
            return self.pages >= end and looks[-1][0] <= self.sockets

        with contextlib.suppress(AssertionError):  # the row tells what is left
            wait_until(is_over, timeout=SETTLE)
        return [min(values) for values in zip(*looks, strict=True)]

    def _row(self):
        least_sockets, least_descriptors, least_memory = self._look()
        status = status_of(self._pid)
        now, ticks = time.monotonic() - self._start, cpu_ticks(self._pid)
        before = self.rows[-1].seconds if self.rows else 0
        used = (ticks - self._ticks) / os.sysconf("SC_CLK_TCK")
        self._ticks = ticks
        return Row(
            seconds=now,
            pages=self.pages,
            errors=sum(scraper.errors for scraper in self.scrapers),
            sockets=least_sockets,
            descriptors=least_descriptors,
            threads=status["Threads"],
            anonymous=least_memory // 1024,
            rss_anon=status["RssAnon"],
            rss=status["VmRSS"],
            cpu=100 * used / (now - before),
        )


def soak():
    """Runs it all to its end: what went on, the exporter, and how that ended."""
    with temporary_folder() as folder:
        (folder / "door").mkdir()
        scene = copy_scene(SCENES / "module-files", folder / "scene")
        host, door = ChangingHost(scene), ChangingDoor(folder / "door")
        exporter = Exporter(
            PROGRAM,
            *scene_flags(scene),
            *SEEN,
            f"--web.config.file={door.file}",
            f"--collector.signature.trust={scene}/signing-key.crt.pem",
            "--collector.signature.modules=all",
        ).start()
        try:
            all_ = Soak(exporter, host, door)
            say(Row.HEAD)
            all_.run()
            with contextlib.suppress(AssertionError):  # the log and the code are judged
                exporter.stop()
            return all_, exporter
        finally:
            exporter.kill()


def least(what, quarter):
    """In the rows of a quarter, the first being 0: a column of the table."""
    rows = SOAK.rows[quarter * ROWS // 4 : (quarter + 1) * ROWS // 4]
    return min(getattr(row, what) for row in rows)


@test
def every_scrape_got_a_whole_page():
    last = SOAK.rows[-1]
    say(f"{last.pages / last.seconds:.1f} pages a second, {RATE} were meant")
    assert all(scraper.done for scraper in SOAK.scrapers)
    complaints = [line for scraper in SOAK.scrapers for line in scraper.complaints]
    assert not complaints, complaints


@test
def no_connection_is_left_of_clients_that_are_gone():
    assert max(row.sockets for row in SOAK.rows) <= SOAK.sockets, SOAK.sockets


@test
def descriptors_and_threads_do_not_become_more():
    # On a busy machine no row may have been taken at rest: a scrape has some files open.
    # One descriptor lost in a hundred pages would be more by the end.
    for what, slack in (("descriptors", DESCRIPTORS_OF_SCRAPE), ("threads", 0)):
        before, after = least(what, 1), least(what, 3)
        assert after <= before + slack, (what, before, after)


@test
def memory_of_its_own_does_not_grow():
    before, after = least("anonymous", 1), least("anonymous", 3)
    assert after <= before + MEMORY_SLACK // 1024, (before, after)


@test
def it_ends_well_and_complains_of_bad_configurations_alone():
    errors = [line for line in EXPORTER.log.splitlines() if "level=error" in line]
    assert [line for line in errors if PROVOKED not in line] == []
    assert errors and "Using the new web configuration" in EXPORTER.log
    assert EXPORTER.process.returncode == 0, EXPORTER.process.returncode


SOAK, EXPORTER = soak()
run()
