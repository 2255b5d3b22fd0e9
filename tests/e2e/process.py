# SPDX-License-Identifier: Apache-2.0
"""
What /proc tells of a running process: its time, its descriptors, its memory.
"""

import os
import pathlib
import time

# Flags for who shall be looked at here: into the sandbox only root can look.
SEEN = [] if os.geteuid() == 0 else ["--no-sandbox"]


def _stat(pid):
    """The fields of /proc/PID/stat from the third, the state, on (proc_pid_stat(5))."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def cpu_ticks(pid):
    """User and system time in clock ticks."""
    fields = _stat(pid)
    return int(fields[11]) + int(fields[12])


def is_at_rest(pid):
    """Whether the process sleeps and uses no time while it is looked at for a while."""
    before = cpu_ticks(pid)
    for _ in range(50):
        if _stat(pid)[0] != "S":
            return False
        time.sleep(0.004)
    return cpu_ticks(pid) == before


def descriptors(pid):
    """How many descriptors are open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def anonymous_memory(pid):
    """Memory of its own, without files and libraries, in bytes."""
    # Counted page by page; RssAnon in /proc/PID/status is only about right.
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Anonymous:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no Anonymous in /proc/PID/smaps_rollup")
