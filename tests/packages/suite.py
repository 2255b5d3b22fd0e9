# SPDX-License-Identifier: Apache-2.0
"""
The frame of a test program here, which is called with the FOLDER that build.py filled: the
roots BASE and BUILDER, the folder DIST with what was made of VERSION, what the README says of
installing it, and the list of tests. Importing it makes tests/lib importable.
"""

import pathlib
import re
import sys

sys.dont_write_bytecode = True
TESTS_FOLDER = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS_FOLDER / "lib"))

from exporter import Exporter, scene_flags, tap  # noqa: E402
from roots import SOURCE, Root  # noqa: E402

SCENES = TESTS_FOLDER / "scenes"
FOLDER = pathlib.Path(sys.argv[1]).resolve()
BASE = Root(FOLDER / "base")
BUILDER = Root(FOLDER / "builder")
HOME = "/home/builder"  # in there
DIST = BUILDER / HOME / "source/build/dist"
VERSION = re.search(r"(?m)^VERSION := (.*)$", (SOURCE / "Makefile").read_text())[1]

_tests = []


def installations():
    """{what is installed: the lines to type} of the README, as an administrator sees it."""
    text = (SOURCE / "README.md").read_text()
    section = text.partition("\n## Install\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"\*\*([^*]+)\*\*:.*?\n((?:    [^\n]+\n)+)", section, re.DOTALL)
    return {title: lines.replace("VERSION", VERSION).splitlines() for title, lines in blocks}


def installation(title):
    """Those lines as one script, for a root in which everybody is root."""
    return "set -ex\n" + "\n".join(installations()[title]).replace("sudo ", "")


def serve_tainted_host(root, name):
    """The program NAME that is installed in ROOT serves a captured host as its user."""
    scene = [(SCENES / "proprietary", "/src/scene")]
    command = root.command(f"/usr/bin/{name}", user=name, binds=scene)
    with Exporter(command, *scene_flags("/src/scene")) as exporter:
        page = exporter.get()[2].decode()
        assert "\nkernel_taint_mask 12289\n" in page, page


def test(function):
    """Marks FUNCTION as a test; tests run in the order of the file."""
    _tests.append(function)
    return function


def run():
    """Runs all tests and ends the process."""
    tap(_tests)
