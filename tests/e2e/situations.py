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

# For what needs no time and must not come from a timeout of the program.
PATIENCE = 20


def is_refused(exporter):
    """Whether nobody listens on the exporter's address any more."""
    try:
        Wire(exporter).close()
    except ConnectionRefusedError:
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


class Later:
    """The clock of an exporter that can be turned forward; see later.c."""

    def __init__(self, folder):
        library = folder / "later.so"
        source = pathlib.Path(__file__).with_name("later.c")
        subprocess.run(
            ["gcc", "-O1", "-shared", "-fPIC", "-o", library, source],
            check=True,
            timeout=TIMEOUT,
        )
        self._file = folder / "seconds"
        self._file.write_bytes(struct.pack("q", 0))
        options = os.environ.get("ASAN_OPTIONS", "")
        self.env = dict(
            os.environ,
            LD_PRELOAD=str(library),
            LATER_FILE=str(self._file),
            ASAN_OPTIONS=f"{options}:verify_asan_link_order=0",
        )

    def turn_to(self, seconds):
        """Now it is SECONDS after the start."""
        with open(self._file, "r+b") as file:
            file.write(struct.pack("q", seconds))


@contextlib.contextmanager
def later_exporter(*flags):
    with temporary_folder() as folder:
        later = Later(folder)
        with wide_exporter(*flags, env=later.env) as exporter:
            yield exporter, later
