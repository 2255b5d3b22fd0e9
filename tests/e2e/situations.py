# SPDX-License-Identifier: Apache-2.0
"""
Situations that tests of clients share: a page too big for sockets, a program that is
paused, or refuses, or has another clock. Knows the limits that the server states.
"""

import contextlib
import os
import pathlib
import re
import signal
import struct
import subprocess

from suite import PROGRAM, TESTS_FOLDER
from exporter import Exporter, TIMEOUT, scene_flags, wait_until
from process import descriptors, is_at_rest
from scenery import make_wide_scene, temporary_folder
from wire import Wire

_limits = dict(
    re.findall(
        r"^#define WEB_(\w+)\s+(\d+)",
        (TESTS_FOLDER.parent / "include/web/server.h").read_text(),
        re.MULTILINE,
    )
)
CONNECTIONS_MAX = int(_limits["CONNECTIONS_MAX"])
CONNECTIONS_PER_CLIENT_MAX = int(_limits["CONNECTIONS_PER_CLIENT_MAX"])
IDLE_SECONDS = int(_limits["IDLE_SECONDS"])
STOP_SECONDS = int(_limits["STOP_SECONDS"])

# Who rests for longer in the middle of a page gives way when there are too many.
SLOW_READER_SECONDS = 0.5

# For what needs no time and must not come from a timeout of the program.
PATIENCE = 20


def is_refused(exporter):
    """Whether nobody listens on the exporter's address any more."""
    try:
        Wire(exporter).close()
    except (ConnectionRefusedError, ConnectionResetError):  # or just about to be
        return True
    return False


def descriptors_at_rest(exporter):
    """How many are open when there is no client, after a scrape."""
    assert exporter.get()[0] == 200
    wait_until(lambda: is_at_rest(exporter.process.pid), what="rest")
    return descriptors(exporter.process.pid)


@contextlib.contextmanager
def paused(exporter):
    """What comes meanwhile the program finds all at once."""
    exporter.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        exporter.process.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def wide_exporter(*flags, env=None):
    """An exporter with a page that does not fit into sockets."""
    with temporary_folder() as folder:
        scene = make_wide_scene(folder / "scene")
        with Exporter(PROGRAM, *scene_flags(scene), *flags, env=env) as exporter:
            yield exporter


def begin_reading(exporter, *headers):
    """A client that asked for the page, has its first bytes, and rests."""
    wire = Wire(exporter, receive_buffer=65536).ask("/metrics", *headers)
    wire.give_back(wire.take(1000))
    return wire


def preload(folder, source, **variables):
    """The environment in which a program runs with SOURCE, which is built in FOLDER."""
    library = (folder / source).with_suffix(".so")
    subprocess.run(
        ["gcc", "-O1", "-shared", "-fPIC", "-o", library]
        + [pathlib.Path(__file__).with_name(source)],
        check=True,
        timeout=TIMEOUT,
    )
    options = os.environ.get("ASAN_OPTIONS", "")
    return dict(
        os.environ,
        LD_PRELOAD=str(library),
        ASAN_OPTIONS=f"{options}:verify_asan_link_order=0",
        **{name: str(value) for name, value in variables.items()},
    )


class Later:
    """The clock of an exporter that can be turned forward; see later.c."""

    def __init__(self, folder):
        self._file = folder / "seconds"
        self._file.write_bytes(struct.pack("q", 0))
        self.env = preload(folder, "later.c", LATER_FILE=self._file)

    def turn_to(self, seconds):
        """Now it is SECONDS after the start."""
        with open(self._file, "r+b") as file:
            file.write(struct.pack("q", seconds))


class Gate:
    """A disk of modules that answers only while it is open; see gate.c."""

    def __init__(self, folder):
        self._file = folder / "gate"
        self._file.write_bytes(struct.pack("qq", 0, 0))
        self.env = preload(folder, "gate.c", GATE_FILE=self._file)

    def _set(self, is_shut):
        with open(self._file, "r+b") as file:
            file.write(struct.pack("q", is_shut))

    def shut(self):
        self._set(1)

    def open(self):
        self._set(0)

    @property
    def waiters(self):
        """How many reads ever waited."""
        return struct.unpack("qq", self._file.read_bytes())[1]


@contextlib.contextmanager
def later_exporter(*flags):
    with temporary_folder() as folder:
        later = Later(folder)
        with wide_exporter(*flags, env=later.env) as exporter:
            yield exporter, later
