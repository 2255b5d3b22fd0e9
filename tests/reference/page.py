# SPDX-License-Identifier: Apache-2.0
"""
The manual page as it is read: what two programs make of it, as text, and its entries.
Knows nothing of how it is made.
"""

import functools
import os
import pathlib
import re
import subprocess

from exporter import TIMEOUT

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PAGE = SOURCE / "packaging/reference/output/kernel_taint_exporter.8"

# man(1) and mandoc(1), at a width; neither a pager nor the locale of who runs this.
READERS = {
    "man": lambda width: ["man", "--warnings", "--local-file", PAGE],
    "mandoc": lambda width: ["mandoc", "-T", "utf8", "-O", f"width={width}", PAGE],
}
WIDE = 1000  # so that nothing is broken


def run(*command, **environment):
    """What COMMAND prints; it ends well and has nothing to complain about."""
    result = subprocess.run(
        command,
        env={**os.environ, "LC_ALL": "C.UTF-8", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT,
    )
    assert (result.returncode, result.stderr) == (0, ""), f"{command}: {result}"
    return result.stdout


@functools.cache
def rendered(reader, width=80):
    """The page as READER shows it, without bold and underlined letters."""
    text = run(*READERS[reader](width), MANWIDTH=str(width))
    return re.sub(r".\x08", "", text)


def sections(text):
    """{name: its lines}, in their order; what is within another one, too."""
    found = {}
    for line in text.splitlines()[1:-1]:
        if re.match(r" {0,3}\w", line):
            found[line.strip()] = lines = []
        elif found:
            lines.append(line)
    return found


def entries(lines):
    """{term: its text} of the entries in the LINES of a section; the first of a term."""
    found, term = {}, None
    indent = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    for line in filter(str.strip, lines):
        head, rest = line[indent:indent + 7], line[indent + 7:]
        if head.strip():
            # A short term has its text behind it.
            short = head.endswith(" ") and rest
            term, text = (head, rest) if short else (head + rest, "")
            term = None if term.strip() in found else term.strip()
        else:
            text = rest
        if term:
            found[term] = f"{found.get(term, '')} {text.strip()}".strip()
    return found
