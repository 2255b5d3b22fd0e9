# SPDX-License-Identifier: Apache-2.0
"""
What the compiler and the linker did against those who find a way into the program, read
from the program itself by readelf. For gcc's builds, as they are shipped: sanitizers come
without some of it, and clang does not record its flags.

Usage: test_hardening.py PROGRAM
"""

import collections
import pathlib
import platform
import re
import subprocess

from suite import PROGRAM, TESTS_FOLDER, run, test
from exporter import TIMEOUT

# Of each compilation, as gcc records them (DW_AT_producer): of those that match, the last
# one counts. Without optimisation nothing is fortified.
FLAGS = {
    "-f(no-)?(pie|PIE)": "-fPIE",
    "-f(no-)?stack-protector.*": "-fstack-protector-strong",
    "-f(no-)?stack-clash-protection": "-fstack-clash-protection",
    "-O.*": "-O2",
}
if platform.machine() == "x86_64":
    FLAGS["-fcf-protection.*"] = "-fcf-protection=full"

# Calls that gcc never leaves as they are where _FORTIFY_SOURCE is 2 or more.
FORTIFIED = {"printf", "fprintf", "vfprintf", "dprintf", "asprintf", "vasprintf"}

# Those whose size is known at run time alone, which takes _FORTIFY_SOURCE=3.
DYNAMIC = {"__read_chk"}

ENDBR64 = bytes.fromhex("f30f1efa")
# Of the C library's files, which Debian builds without.
FOREIGN = {"_start", "_init", "_fini"}

Segment = collections.namedtuple("Segment", "type offset address flags")


def readelf(*options):
    return subprocess.run(
        ["readelf", "--wide", *options, PROGRAM],
        check=True,
        stdout=subprocess.PIPE,
        timeout=TIMEOUT,
        text=True,
        env={"LC_ALL": "C"},
    ).stdout


def segments():
    row = re.compile(
        r"^  ([A-Z_]+) +(0x\w+) (0x\w+) 0x\w+ 0x\w+ 0x\w+ ([R ][W ][E ]) ", re.M
    )
    found = [Segment(*match) for match in row.findall(readelf("--segments"))]
    assert sum(segment.type == "LOAD" for segment in found) >= 2, found
    return found


def dynamic():
    """{tag: its value} of the dynamic section."""
    row = re.compile(r"^ 0x\w+ \((\w+)\) +(.*)$", re.M)
    found = dict(row.findall(readelf("--dynamic")))
    assert "NEEDED" in found, found
    return found


def imports():
    found = re.findall(r" UND (\w+)(?:@\S+)?(?: \(\d+\))?$", readelf("--dyn-syms"), re.M)
    assert "malloc" in found, found
    return set(found)


def compilations():
    """{source: its compiler and flags}"""
    entry = re.compile(
        r"DW_TAG_compile_unit\).*?DW_AT_producer +: (?:\(.*?\): )?([^\n]*)"
        r".*?DW_AT_name +: (?:\(.*?\): )?([^\n]*)",
        re.S,
    )
    found = entry.findall(readelf("--debug-dump=info", "--dwarf-depth=1"))
    return {name.strip(): producer.split() for producer, name in found}


@test
def it_is_loaded_wherever_the_kernel_likes():
    assert re.search(r"^  Type: +DYN ", readelf("--file-header"), re.M)
    assert "PIE" in dynamic().get("FLAGS_1", "").split()


@test
def what_the_loader_writes_is_read_only_from_then_on():
    assert "GNU_RELRO" in {segment.type for segment in segments()}
    assert "BIND_NOW" in dynamic().get("FLAGS", "").split()
    assert "NOW" in dynamic().get("FLAGS_1", "").split()


@test
def no_memory_is_both_written_and_run():
    found = segments()
    assert [s.flags for s in found if s.type == "GNU_STACK"] == ["RW "], found
    assert not [s for s in found if "W" in s.flags and "E" in s.flags], found


@test
def no_code_is_relocated_and_no_library_is_looked_for_elsewhere():
    found = dynamic()
    assert not {"TEXTREL", "RPATH", "RUNPATH"} & set(found), found
    assert "TEXTREL" not in found.get("FLAGS", "").split(), found


@test
def every_source_was_compiled_with_all_the_flags():
    found = compilations()
    root = TESTS_FOLDER.parent
    sources = {str(path.relative_to(root)) for path in root.glob("exporter/**/*.c")}
    assert set(found) == sources, set(found) ^ sources
    for source, producer in found.items():
        assert producer[0] == "GNU", (source, producer)
        for pattern, expected in FLAGS.items():
            flags = [flag for flag in producer if re.fullmatch(pattern, flag)]
            assert flags[-1:] == [expected], (source, pattern, flags)


@test
def the_stack_is_watched():
    assert "__stack_chk_fail" in imports()


@test
def calls_of_the_c_library_are_fortified():
    found = imports()
    assert not FORTIFIED & found, FORTIFIED & found
    assert DYNAMIC <= found, DYNAMIC - found


@test
def every_function_that_others_may_call_is_a_place_to_land():
    # What would be said by .note.gnu.property, but the linker leaves out of it what the C
    # library's files do not say, too.
    if platform.machine() != "x86_64":
        return
    row = re.compile(r"^ +\d+: (\w+) +\d+ FUNC +GLOBAL +\w+ +\d+ (\w+)$", re.M)
    found = {name: address for address, name in row.findall(readelf("--syms"))}
    assert "main" in found
    (code,) = [s for s in segments() if s.type == "LOAD" and "E" in s.flags]
    to_file = int(code.offset, 16) - int(code.address, 16)
    data = pathlib.Path(PROGRAM).read_bytes()
    for name in set(found) - FOREIGN:
        at = int(found[name], 16) + to_file
        assert data[at : at + len(ENDBR64)] == ENDBR64, name


run()
