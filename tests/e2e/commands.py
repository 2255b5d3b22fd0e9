# SPDX-License-Identifier: Apache-2.0
"""
Runs of the program to their end, as root and as nobody, and what they print.
"""

import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile

from suite import PROGRAM, SCENES
from exporter import TIMEOUT, scene_flags

LOOPBACK = "--web.listen-address=127.0.0.1:0"
PROPRIETARY = scene_flags(SCENES / "proprietary")
NOBODY = 65534
IS_ROOT = os.geteuid() == 0

# Whoever runs the tests, some run as root and some without its privileges.
AS_ROOT = [] if IS_ROOT else ["unshare", "--map-root-user"]
AS_NOBODY = (
    ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    if IS_ROOT
    else []
)


def unprivileged(capabilities=""):
    """
    What runs a program as nobody, if that is possible, with no way back to privileges;
    with CAPABILITIES, such as "+syslog", which only root can give it.
    """
    if not IS_ROOT:
        return ["setpriv", "--no-new-privs"]
    keeps = f"-all,{capabilities}" if capabilities else "-all"
    return [
        *AS_NOBODY,
        "--no-new-privs",
        f"--inh-caps={keeps}",
        f"--ambient-caps={keeps}",
        f"--bounding-set={keeps}",
    ]


def has_log():
    """Whether whoever runs the tests may open the log of this machine's kernel."""
    try:
        os.close(os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK))
    except OSError:
        return False
    return True


def command(*arguments, program=(PROGRAM,), **options):
    """Runs the program to its end."""
    return subprocess.run(
        [*program, *map(str, arguments)],
        stdin=options.pop("stdin", subprocess.DEVNULL),
        stdout=options.pop("stdout", subprocess.PIPE),
        stderr=options.pop("stderr", subprocess.PIPE),
        timeout=TIMEOUT,
        **options,
    )


def injecting(fault, *flags):
    """
    The program in which strace(1) makes FAULT ("read:error=EIO") happen. Nobody looks for
    leaks while somebody else traces.
    """
    call = fault.partition(":")[0]
    silent = ["strace", "-qq", "-o", "/dev/null", "-E", "ASAN_OPTIONS=detect_leaks=0"]
    return [*silent, *flags, "-e", f"trace={call}", "-e", f"inject={fault}", PROGRAM]


def lines_of(output, level):
    return [line for line in output.decode().splitlines() if f"level={level}" in line]


@contextlib.contextmanager
def folder_for_nobody():
    """A folder that belongs to nobody, with a copy of the program to run as that user."""
    with tempfile.TemporaryDirectory(prefix="taint-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        shutil.copy(PROGRAM, folder / "program")
        (folder / "program").chmod(0o755)
        if IS_ROOT:
            os.chown(folder, NOBODY, NOBODY)
        yield folder, [*AS_NOBODY, str(folder / "program")]


# For sh: the first files that the program opens take the place of closed streams.
CLOSED_STREAMS = ("2>&-", "<&- 2>&-", "<&- >&- 2>&-")

PROCESS_FAMILIES = {
    "process_cpu_seconds_total",
    "process_open_fds",
    "process_max_fds",
    "process_virtual_memory_bytes",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
}


def names(samples):
    """Of the families."""
    return {name for name, _ in samples}
