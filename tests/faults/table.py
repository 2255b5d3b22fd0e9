# SPDX-License-Identifier: Apache-2.0
"""
The table that a program with faults.c in it shares with a test: which calls it made, and
which one is to fail. Knows its form, nothing of what the program does.
"""

import contextlib
import dataclasses
import mmap
import os
import pathlib
import struct
import subprocess
import tempfile

SITES_MAX = 4096
HEADER = struct.Struct("=QIIII")  # armed, left, fired, count, lost
SITE = struct.Struct("=QI16I44s")  # id, count, way, name


@dataclasses.dataclass(frozen=True)
class Site:
    """A call and the way to it, innermost first."""

    id: int
    name: str
    way: tuple
    count: int = dataclasses.field(compare=False)

    def describe(self, program):
        """The call with the places in the source that it came from."""
        places = subprocess.run(
            ["addr2line", "-sfpe", program, *(hex(at - 1) for at in self.way if at)],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return f"{self.name}() of\n{places.stdout}"


class Table:
    """One table; environment is what the program finds it by, lane its number."""

    def __init__(self, path, lane):
        self.lane = lane
        size = HEADER.size + SITES_MAX * SITE.size
        path.write_bytes(bytes(size))
        with open(path, "r+b") as file:
            self._bytes = mmap.mmap(file.fileno(), size)
        self.environment = {**os.environ, "FAULT_TABLE": str(path)}

    def _header(self):
        return HEADER.unpack_from(self._bytes)

    def clear(self):
        """Forgets all calls."""
        self._bytes[:] = bytes(len(self._bytes))

    def arm(self, site, later=0):
        """Lets the next call at SITE fail, or one so many LATER."""
        struct.pack_into("=II", self._bytes, 8, later, 0)
        struct.pack_into("=Q", self._bytes, 0, site.id)

    def disarm(self):
        struct.pack_into("=Q", self._bytes, 0, 0)

    @property
    def has_fired(self):
        return self._header()[2] > 0

    def sites(self):
        """Those seen so far, in the order of their first calls."""
        _, _, _, count, lost = self._header()
        assert not lost, f"{lost} calls found no place in the table"
        sites = []
        for index in range(count):
            fields = SITE.unpack_from(self._bytes, HEADER.size + index * SITE.size)
            name = fields[-1].rstrip(b"\0").decode()
            sites.append(Site(fields[0], name, fields[2:-1], fields[1]))
        return sites


@contextlib.contextmanager
def tables(count):
    """So many of them, in memory."""
    with tempfile.TemporaryDirectory(prefix="taint-", dir="/dev/shm") as folder:
        yield [Table(pathlib.Path(folder, str(lane)), lane) for lane in range(count)]
