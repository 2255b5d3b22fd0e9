# SPDX-License-Identifier: Apache-2.0
"""
The frame of a test program: where the program under test and the scenes are, and the
list of tests. Importing it makes tests/lib importable.
"""

import pathlib
import sys

sys.dont_write_bytecode = True
TESTS_FOLDER = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS_FOLDER / "lib"))

from exporter import tap  # noqa: E402

SCENES = TESTS_FOLDER / "scenes"
PROGRAM = str(pathlib.Path(sys.argv[1]).resolve())

_tests = []


def test(function):
    """Marks FUNCTION as a test; tests run in the order of the file."""
    _tests.append(function)
    return function


def is_sanitized():
    """Whether the program was built with AddressSanitizer: it is slow and large."""
    return b"__asan_init" in pathlib.Path(PROGRAM).read_bytes()


def is_instrumented():
    """Whether it was built so, or for coverage: it has no sandbox."""
    return is_sanitized() or b"__gcov_init" in pathlib.Path(PROGRAM).read_bytes()


def run(shared=None):
    """Runs all tests while SHARED, an Exporter, serves; ends the process."""
    try:
        if shared is not None:
            shared.start()
        tap(_tests)
    finally:
        if shared is not None:
            shared.kill()
