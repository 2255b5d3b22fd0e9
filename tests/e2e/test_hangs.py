#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
Hosts whose files do not answer: everybody gets a page without them, while they hang.

Usage: test_hangs.py PROGRAM
"""

import concurrent.futures
import os
import re

from hangs import hanging, need_mounts
from suite import SCENES, PROGRAM, run, test
from exporter import Exporter, scene_flags, wait_until
from scenery import copy_scene, temporary_folder

SUCCESS = re.compile(
    rb'^kernel_taint_scrape_collector_success\{collector="(\w+)"\} ([01])$', re.MULTILINE
)
GOOD = {b"kernel", b"modules", b"posture", b"signature"}


def good_collectors(exporter):
    status, _, body = exporter.get("/metrics")
    assert status == 200, status
    found = SUCCESS.findall(body)
    assert {name for name, _ in found} == GOOD, found
    return {name for name, value in found if value == b"1"}


def threads(exporter):
    return len(os.listdir(f"/proc/{exporter.process.pid}/task"))


def is_hanging(exporter):
    """Whether a thread waits for a file, uninterruptibly (proc_pid_stat(5))."""
    tasks = f"/proc/{exporter.process.pid}/task"
    for task in os.listdir(tasks):
        with open(f"{tasks}/{task}/stat", encoding="utf-8", errors="replace") as stat:
            if stat.read().rpartition(")")[2].split()[0] == "D":
                return True
    return False


def start(scene):
    return Exporter(PROGRAM, *scene_flags(scene))


def with_scene(function):
    """A test with a scene of its own."""

    def wrapped():
        with temporary_folder() as folder:
            function(copy_scene(SCENES / "proprietary", folder / "scene"))

    wrapped.__name__ = function.__name__
    return test(wrapped)


@with_scene
def a_list_of_modules_that_hangs_costs_its_collectors_and_nothing_else(scene):
    with hanging(scene / "proc/modules") as (hang,), start(scene) as exporter:
        assert good_collectors(exporter) == {b"kernel", b"posture"}
        assert b"kernel_taint_mask 1" in exporter.get("/metrics")[2]
        assert exporter.get("/-/healthy")[0] == 200
        before = threads(exporter)
        for _ in range(20):
            assert good_collectors(exporter) == {b"kernel", b"posture"}
        # Who comes later does not follow the thread that hangs.
        assert threads(exporter) == before, (before, threads(exporter))
        assert exporter.log.count("Reading a file hangs") == 1, exporter.log
        assert "file=modules" in exporter.log, exporter.log
        hang.end()
        wait_until(lambda: good_collectors(exporter) == GOOD, what="answer again")
        wait_until(lambda: threads(exporter) == before - 2, what="end of the thread")


@with_scene
def everybody_gets_a_page_while_a_file_hangs(scene):
    with hanging(scene / "proc/sys/kernel/tainted"), start(scene) as exporter:
        with concurrent.futures.ThreadPoolExecutor(30) as pool:
            for good in pool.map(lambda _: good_collectors(exporter), range(90)):
                assert b"kernel" not in good and b"posture" in good, good


@with_scene
def a_folder_that_hangs_costs_what_is_in_it(scene):
    with hanging(scene / "sys/module"), start(scene) as exporter:
        for _ in range(3):
            assert b"kernel" in good_collectors(exporter)


@with_scene
def a_host_that_hangs_whole_has_a_page_that_says_so(scene):
    with hanging(scene / "proc", scene / "sys"):
        with Exporter(PROGRAM, *scene_flags(scene), "--no-sandbox") as exporter:
            for _ in range(5):
                assert good_collectors(exporter) == set()
            assert threads(exporter) < 12, threads(exporter)


@with_scene
def files_that_hang_one_after_another_come_back_one_after_another(scene):
    with start(scene) as exporter:
        assert good_collectors(exporter) == GOOD
    names = ("proc/modules", "proc/sys/kernel/osrelease", "sys/kernel/oops_count")
    (scene / names[2]).write_text("0\n")
    with hanging(*(scene / name for name in names)) as hangs, start(scene) as exporter:
        assert good_collectors(exporter) == set()
        for hang in hangs:
            hang.end()
        wait_until(lambda: good_collectors(exporter) == GOOD, what="answer again")


EVENTS = re.compile(
    rb'^kernel_taint_log_events_total\{event="oot_module",module="zfs"\} (\d+)$',
    re.MULTILINE,
)


@with_scene
def the_log_is_counted_on_by_whoever_takes_over(scene):
    (scene / "dev").mkdir()
    log = scene / "dev/kmsg"
    log.write_text("")
    fed = 0

    def feed(count):
        nonlocal fed
        fed += count
        with log.open("a") as file:
            file.write("4,1,9,-;zfs: loading out-of-tree module taints kernel.\n" * count)

    def counted(exporter):
        return int(EVENTS.search(exporter.get("/metrics")[2])[1])

    names = ("proc/modules", "proc/sys/kernel/osrelease", "sys/kernel/oops_count")
    (scene / names[2]).write_text("0\n")
    feed(3)
    with hanging(*(scene / name for name in names)) as hangs:
        with Exporter(PROGRAM, *scene_flags(scene), "--collector.log") as exporter:
            # Threads hang before they come to the log; the one that does not reads it.
            for _ in range(5):
                assert counted(exporter) == fed
                feed(7)
            assert exporter.log.count("Reading a file hangs") == 3, exporter.log
            # Those that come back were given up, and leave it alone, each once.
            for hang in hangs:
                hang.end()
                for _ in range(5):
                    feed(1)
                    assert counted(exporter) == fed
            wait_until(lambda: threads(exporter) == 3, what="end of the threads")
            assert counted(exporter) == fed
        assert exporter.log.count("collector=log") == 3, exporter.log


@with_scene
def what_hangs_does_not_keep_the_program_from_ending(scene):
    with hanging(scene / "proc/modules"):
        with start(scene) as exporter:
            good_collectors(exporter)
            exporter.stop()


@with_scene
def a_page_that_is_asked_for_at_the_end_still_comes(scene):
    with hanging(scene / "proc/modules"), start(scene) as exporter:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            page = pool.submit(good_collectors, exporter)
            wait_until(lambda: is_hanging(exporter), what="scrape")
            exporter.stop()
            assert page.result() == {b"kernel", b"posture"}


need_mounts()
run()
