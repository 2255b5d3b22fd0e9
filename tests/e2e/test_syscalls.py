#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
What a scrape asks of the kernel, counted by strace(1): how often each call, and that no
file is opened that was open before.

Usage: test_syscalls.py PROGRAM
"""

import collections
import contextlib
import re
import signal
import subprocess

from suite import PROGRAM, run, test
from exporter import Exporter, TIMEOUT, scene_flags, wait_until
from scenery import ALL_SUCCESSFUL, families, make_scene, successes, temporary_folder
from wire import Wire

SCRAPES = 20
TAINTING = 5

CALL = re.compile(r"^\d+ +(\w+)\((.*)")
OPENED = re.compile(r'^[^"]*"([^"]*)"')

# A scrape that takes long is answered later, by way of a pipe and of another look.
WAITING = ("futex", "epoll_wait", "epoll_ctl", "read", "write", "recvfrom")

# Those of a scene that a kernel need not have, and the modules' files.
MISSING = {
    "module/module/parameters/sig_enforce",
    "kernel/warn_count",
    "kernel/oops_count",
    "kernel/softlockup_count",
    "kernel/hardlockup_count",
    "kernel/rcu_stall_count",
    "devices/system/cpu/vulnerabilities/old_microcode",
    "kernel/security/lockdown",
    "kernel/security",
    "kernel",
    "lib/modules/6.1.0-56-amd64/modules.dep",
}


@contextlib.contextmanager
def traced(process, log):
    """Collects the system calls of PROCESS and its threads in the file LOG."""
    command = ["strace", "-f", "-s", "200", "-o", log, "-p", str(process.pid)]
    tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        # Said when it follows all of them.
        assert "attached" in tracer.stderr.readline()
        yield
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.communicate(timeout=TIMEOUT)


def calls_of_scrapes(exporter, log):
    """[(name, arguments)] of so many scrapes over one connection, after some others."""
    with Wire(exporter) as wire:
        for _ in range(5):
            assert wire.ask().reply().status == 200
        with traced(exporter.process, log):
            for _ in range(SCRAPES):
                page = wire.ask().reply().body
    assert successes(families(page)) == ALL_SUCCESSFUL
    calls = [CALL.match(line) for line in log.read_text(errors="replace").splitlines()]
    return [call.groups() for call in calls if call]


def counts(calls):
    """{name: how often in one scrape}, without what depends on who waits for whom"""
    found = collections.Counter(name for name, _ in calls)
    return {name: n / SCRAPES for name, n in found.items() if name not in WAITING}


def opened(calls):
    """{path: how often it was opened in one scrape}"""
    paths = [
        OPENED.match(arguments).group(1)
        for name, arguments in calls
        if name in ("open", "openat", "openat2")
    ]
    return {path: n / SCRAPES for path, n in collections.Counter(paths).items()}


@test
def a_scrape_of_a_tree_of_files_opens_only_what_is_not_there():
    modules = [(f"tainting_{i}", "OE") for i in range(TAINTING)]
    modules += [(f"other_{i}", "") for i in range(20)]
    with temporary_folder() as folder:
        scene = make_scene(folder / "scene", 12288, modules, ["built_in"])
        with Exporter(PROGRAM, *scene_flags(scene)) as exporter:
            calls = calls_of_scrapes(exporter, folder / "log")
    assert opened(calls) == dict.fromkeys(MISSING, 1)
    values = ("osrelease", "version", "modules_disabled", "the process' own statm")
    # The mask before and after the modules; of records all, and then their end.
    reads = TAINTING + 2 + len(values) + 2 * len(("modules", "cmdline"))
    # That a file is still the one of its name; not asked of the process' own. Then the
    # folder before and after the list, the number of descriptors, and three roots, of
    # which one is the inspector's, too.
    looks = TAINTING + 2 + len(values) - 1 + len(("modules", "cmdline")) + 2 + 1 + 4
    assert counts(calls) == {
        "pread64": reads,
        "newfstatat": looks,
        "openat2": len(MISSING),
        "sendmsg": 1,
        "getrusage": 1,
        "prlimit64": 1,
    }


@test
def a_scrape_of_a_kernel_looks_at_no_file_twice_and_for_none_again():
    with temporary_folder() as folder, Exporter(PROGRAM) as exporter:
        calls = calls_of_scrapes(exporter, folder / "log")
    # What can come while a kernel runs: what is mounted, files of modules. A kernel
    # without modules has no list of them.
    later = ("kernel/security/lockdown", "kernel/security", "modules", "lib/modules/")
    assert all(path.startswith(later) for path in opened(calls)), opened(calls)
    names = counts(calls)
    assert names["openat2"] <= len(later), names
    # Where securityfs is not mounted, its mount point is read.
    without_securityfs = {"fstat", "fcntl", "getdents64", "close"}
    # The folder before and after the list, and the number of descriptors.
    assert names["newfstatat"] <= 2 + 1 + 1, names
    assert set(names) <= {
        "pread64", "newfstatat", "openat2", "sendmsg", "getrusage", "prlimit64"
    } | without_securityfs, names


run()
