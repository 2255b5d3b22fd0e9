# SPDX-License-Identifier: Apache-2.0
"""
Files and folders that never answer: a FUSE file system whose server is there and does
nothing is mounted over them (mount.fuse(8)).
"""

import contextlib
import ctypes
import os
import stat
import sys

_libc = ctypes.CDLL(None, use_errno=True)
MNT_DETACH = 2


def need_mounts():
    """Begins the test program anew where it may mount, if it may not as yet."""
    if os.geteuid() != 0:
        os.execvp("unshare", ["unshare", "-rm", sys.executable, *sys.argv])


def _check(result, path):
    if result != 0:
        raise OSError(ctypes.get_errno(), "cannot mount or unmount", str(path))


class Hang:
    """PATH hangs in a with block, or until end()."""

    def __init__(self, path):
        self.path = os.fsencode(path)
        self.device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        mode = stat.S_IFMT(os.stat(path).st_mode)
        options = f"fd={self.device},rootmode={mode:o},user_id=0,group_id=0"
        try:
            _check(_libc.mount(b"dead", self.path, b"fuse", 0, options.encode()), path)
        except BaseException:
            os.close(self.device)
            raise
        self.is_over = False

    def end(self):
        """What waits gets an error, and PATH is what it was."""
        if not self.is_over:
            self.is_over = True
            os.close(self.device)
            _check(_libc.umount2(self.path, MNT_DETACH), self.path)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.end()


@contextlib.contextmanager
def hanging(*paths):
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Hang(path)) for path in paths]
