# SPDX-License-Identifier: Apache-2.0
"""
Memory and descriptors of the running program: under valgrind no error, no leak, nothing
left open; and without it no growth over thousands of scrapes, also while module files are
replaced. What clients do here is what they do in test_http.py, mixed.
"""

import contextlib
import itertools
import os
import re
import socket
import subprocess

from suite import PROGRAM, SCENES, run, test
from exporter import Exporter, TIMEOUT, scene_flags, wait_until
from process import SEEN, anonymous_memory, descriptors, is_at_rest
from scenery import (
    ALL_SUCCESSFUL,
    copy_scene,
    families,
    make_wide_scene,
    module_line,
    replace,
    successes,
    temporary_folder,
)
from situations import is_refused
from wire import Wire

ERRORS = 99

FORMATS = (
    (),
    ("Accept: application/openmetrics-text;version=1.0.0",),
    ("Accept-Encoding: gzip",),
    ("Accept: application/openmetrics-text", "Accept-Encoding: gzip"),
)

# (method, path, further headers, status)
REFUSED = (
    ("GET", "/nowhere", (), 404),
    ("POST", "/metrics", (), 405),
    ("GET", "/metrics?collect[]=nosuch", (), 400),
    ("GET", "/metrics?collect[]=kernel&exclude[]=kernel", (), 400),
    ("GET", "/metrics", ("Content-Length: 3",), 413),
    ("GET", "/metrics?" + "x" * 20000, (), 414),
)


MODULE_FILES = SCENES / "module-files"

WITH_TRUST = f"--collector.signature.trust={MODULE_FILES / 'signing-key.crt.pem'}"

# All that the collector signature can do, and that no file stays uninspected.
WITH_FILES = (
    "--collector.signature.modules=all",
    WITH_TRUST,
    "--collector.signature.wait=60s",
)


@contextlib.contextmanager
def valgrind(folder):
    """The program under valgrind, whose findings are checked at the end."""
    log = folder / "valgrind.log"
    yield [
        "valgrind",
        f"--error-exitcode={ERRORS}",
        "--leak-check=full",
        "--show-leak-kinds=all",
        "--errors-for-leak-kinds=all",
        "--track-fds=yes",
        f"--log-file={log}",
        PROGRAM,
        # The checker needs files and system calls of its own.
        "--no-sandbox",
    ]
    # Without its remarks on system calls that it does not know, such as openat2().
    lines = [line for line in log.read_text().splitlines() if line.startswith("==")]
    findings = "\n".join(lines)
    assert "ERROR SUMMARY: 0 errors" in findings, findings
    assert "All heap blocks were freed" in findings, findings
    assert "FILE DESCRIPTORS:" in findings, findings
    for line, following in itertools.pairwise(lines):
        if re.match(r"==\d+== Open ", line):
            assert following.endswith("<inherited from parent>"), findings


def one_round(exporter, kept, number):
    """What clients do: scrapes in all formats, errors, silence, aborts."""
    reply = kept.ask("/metrics", *FORMATS[number % len(FORMATS)]).reply()
    assert reply.status == 200
    method, path, headers, status = REFUSED[number % len(REFUSED)]
    with Wire(exporter) as wire:
        assert wire.ask(path, *headers, method=method).reply().status == status
    for path in ("/", "/-/healthy"):
        assert kept.ask(path).reply().status == 200
    assert kept.ask("/metrics", method="HEAD").reply("HEAD").status == 200
    request = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
    aborted = Wire(exporter).send(request[: number % (len(request) + 1)])
    if number % 2:
        aborted.reset()
    else:
        aborted.close()


@test
def the_daemon_under_valgrind_makes_no_error_and_leaks_nothing():
    with temporary_folder() as folder, valgrind(folder) as checker:
        scene = copy_scene(SCENES / "oops", folder / "scene")
        listed = (scene / "proc/modules").read_text()
        with Exporter(checker, *scene_flags(scene)) as exporter:
            with contextlib.ExitStack() as stack:
                kept = stack.enter_context(Wire(exporter))
                for number in range(100):
                    # A module that is not in sysfs, one that hides, a bad list, none.
                    change = (listed, "", "nonsense\n", listed + module_line("x", "P"))
                    replace(scene / "proc/modules", change[number % 4])
                    one_round(exporter, kept, number)
                    assert exporter.get()[0] == 200
                    if number % 10 == 0:
                        stack.enter_context(Wire(exporter)).send(b"GET /metr")
                for _ in range(300):
                    stack.enter_context(Wire(exporter))
                assert exporter.get()[0] == 200
                exporter.stop()


class ChangingFiles:
    """The module files of SCENE, which change at each call."""

    def __init__(self, scene):
        self._folder = scene / "lib/modules/6.1.0-56-amd64"
        self._dep = (self._folder / "modules.dep").read_text()
        crc7 = self._folder / "kernel/lib/crc7.ko.xz"
        self._target = crc7
        self._contents = [crc7.read_bytes(), crc7.read_bytes()[:900], b"", b"no module"]
        self._contents += [
            path.read_bytes() for path in sorted(self._folder.rglob("lab*.ko*"))
        ]
        self._number = 0

    def _put(self, content):
        new = self._target.with_name("new")
        new.write_bytes(content)
        os.replace(new, self._target)

    def restore(self):
        self._put(self._contents[0])
        replace(self._folder / "modules.dep", self._dep)

    def change(self):
        """One file becomes another, or vanishes, or the list of all does."""
        self._number += 1
        self._put(self._contents[self._number % len(self._contents)])
        if self._number % 7 == 0:
            self._target.unlink()
        if self._number % 11 == 0:
            (self._folder / "modules.dep").unlink()
        elif self._number % 5 == 0:
            replace(self._folder / "modules.dep", self._dep + "# again\n" * self._number)


@test
def module_files_under_valgrind_make_no_error_and_leak_nothing():
    with temporary_folder() as folder, valgrind(folder) as checker:
        scene = copy_scene(MODULE_FILES, folder / "scene")
        listed = (scene / "proc/modules").read_text()
        files = ChangingFiles(scene)
        with Exporter(checker, *WITH_FILES, *scene_flags(scene)) as exporter:
            with Wire(exporter) as kept:
                for number in range(60):
                    page = kept.ask().reply().body
                    assert successes(families(page)) == ALL_SUCCESSFUL
                    if number % 3 == 0:
                        files.change()
                    # Some modules go, and come back.
                    lines = listed.splitlines(keepends=True)[number % 8 :]
                    replace(scene / "proc/modules", "".join(lines))
            # Nobody waits for the answer.
            files.change()
            Wire(exporter).ask().reset()
            exporter.stop()


@test
def a_page_cut_off_by_the_end_leaks_nothing():
    with temporary_folder() as folder, valgrind(folder) as checker:
        scene = make_wide_scene(folder / "scene")
        with Exporter(checker, *scene_flags(scene)) as exporter:
            with Wire(exporter, receive_buffer=65536) as wire:
                wire.ask().take(1000)
                exporter.process.terminate()
                wait_until(lambda: is_refused(exporter), what="end of listening")
                exporter.stop()


@test
def commands_under_valgrind_make_no_error_and_leak_nothing():
    with temporary_folder() as folder, socket.create_server(("127.0.0.1", 0)) as taken:
        flags = scene_flags(SCENES / "oops")
        for arguments, code in (
            (["--help"], 0),
            (["--version"], 0),
            (["--nosuch"], 2),
            (["--web.listen-address=x"], 2),
            (["--web.listen-address=127.0.0.1:%d" % taken.getsockname()[1]], 1),
            (["once", *flags], 0),
            (["once", f"--output={folder / 'taint.prom'}", *flags], 0),
            (["once", f"--output={folder / 'nosuch/taint.prom'}", *flags], 1),
            (["once", *scene_flags(folder / "nosuch")], 0),
            (["once", *WITH_FILES, *scene_flags(MODULE_FILES)], 0),
            (["once", "--collector.signature.trust=/dev/null", *flags], 1),
            (["status", *flags], 3),
            (["status", "--json", *flags], 3),
            (["status", *scene_flags(folder / "nosuch")], 1),
            (["status", "--json", WITH_TRUST, *scene_flags(MODULE_FILES)], 3),
            (["status", "--collector.signature.trust=/dev/null", *flags], 1),
        ):
            with valgrind(folder) as checker:
                result = subprocess.run(
                    [*checker, *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    timeout=TIMEOUT,
                )
            assert result.returncode == code, (arguments, result.returncode)


def check_no_growth(use, scrapes, first):
    """
    FIRST is what was used before; USE() makes so many scrapes and says what is used then:
    descriptors and memory. Two threads share one heap, so that it may find its size late:
    what is lost at each scrape grows in every span, and one that does not clears it.
    """
    # Less than half of what the smallest allocation, lost at each scrape, would take.
    tolerance = scrapes * 32 * 2 // 5
    seen = [first]
    for _ in range(3):
        seen.append(use())
        # Only as long as it is new, modules.dep is read at each scrape.
        assert seen[-1][0] <= first[0], seen
        if seen[-1][1] <= seen[-2][1] + tolerance:
            return
    raise AssertionError(seen)


@test
def neither_descriptors_nor_memory_grow_over_thousands_of_scrapes():
    with Exporter(PROGRAM, *scene_flags(SCENES / "oops"), *SEEN) as exporter:
        pid = exporter.process.pid
        with Wire(exporter) as kept:

            def use_after(numbers):
                for number in numbers:
                    one_round(exporter, kept, number)
                wait_until(lambda: is_at_rest(pid), what="rest")
                return descriptors(pid), anonymous_memory(pid)

            # Each round has two scrapes, one of them without a body.
            first = use_after(range(250))
            check_no_growth(lambda: use_after(range(250, 2500)), 4500, first)
            assert successes(families(kept.ask().reply().body)) == ALL_SUCCESSFUL


@test
def neither_grows_with_module_files_that_stay_or_are_replaced():
    with temporary_folder() as folder:
        scene = copy_scene(MODULE_FILES, folder / "scene")
        files = ChangingFiles(scene)
        with Exporter(PROGRAM, *WITH_FILES, *scene_flags(scene), *SEEN) as exporter:
            pid = exporter.process.pid
            with Wire(exporter) as kept:

                def use_after(scrapes, changes):
                    for _ in range(changes):
                        files.change()
                        assert kept.ask().reply().status == 200
                    files.restore()
                    for _ in range(scrapes):
                        assert kept.ask().reply().status == 200
                    wait_until(lambda: is_at_rest(pid), what="rest")
                    return descriptors(pid), anonymous_memory(pid)

                for scrapes, changes in ((3000, 0), (50, 2000)):
                    check_no_growth(
                        lambda s=scrapes, c=changes: use_after(s, c),
                        max(scrapes, changes),
                        use_after(50, 500),
                    )


run()
