#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
Machines of other kinds: s390x, whose bytes come the big end first, and i386, which has 32
bits. For each the program and its unit tests are built by Debian's cross compiler in a root
of their own, and run there: by this machine, if it can, or else by the emulator of Debian.
"""

import concurrent.futures
import os
import re
import subprocess

from suite import BASE, FOLDER, TESTS_FOLDER, run, test
from exporter import without_volatile
from roots import SOURCE, SUITE

ARCHIVE = f"deb http://deb.debian.org/debian {SUITE} main\n"
PINNED = f"Package: *\nPin: release n={SUITE}\nPin-Priority: 1001\n"
TOOLS = {"gcc", "make", "pkg-config"}
PLACE = "/srv/source"

# The emulator has neither seccomp(2) nor Landlock.
NOT_EMULATED = {"test_sandbox"}
# Nor openat2(2), without which links are not followed; and it has no time to lose.
FAILS_EMULATED = {
    "a folder in the place of another has its own list",
    "a link out of the root shows nothing of what is outside",
    "a link to nowhere is a missing file",
    "a place out of the root shows nothing of what is outside",
    "an absolute link leads to a file below the root",
    "hostfs follows links where nothing is outside",
    "hostfs follows no magic link",
    "hostfs opens only what it was asked for",
    "hostfs reads nothing outside of a root",
    "hostfs resolves absolute links inside the root",
    "hostfs sees a file that became something else",
    "hostfs walks where a container forbids openat2",
    "hostfs walks where the kernel has no openat2",
    "image read gives up a bomb of gzip",
    "links-out looks as its goldens say",
    "modules dep read says why there is none",
    "what a link leads to is looked at",
}
# Half a minute each, emulated; what they tell of bytes and numbers others tell, too.
SLOW_EMULATED = {
    f"test_{name}"
    for name in ("image", "json", "klog_reader", "modules", "procfs")
}


class Machine:
    """One kind of machine: as Debian and as gcc call it, and the first bytes of a program."""

    def __init__(self, name, debian, gcc, elf):
        self.name, self.debian, self.gcc, self.elf = name, debian, gcc, elf
        self.build = f"build-{name}"
        self.program = f"{PLACE}/{self.build}/kernel_taint_exporter"
        self.runner = []  # what runs its programs
        self.wrapped = f"/usr/local/bin/{name}-exporter"

    def make(self, *words):
        return ROOT.run(
            "make", "--no-print-directory", "--directory", PLACE, f"--jobs={os.cpu_count()}",
            "CFLAGS=-O2", "WERROR=1", f"BUILD={self.build}",
            f"CC={self.gcc}-gcc", f"AR={self.gcc}-ar", f"NM={self.gcc}-nm",
            f"PKG_CONFIG={self.debian}-pkg-config", *words,
        )

    def is_native(self):
        return not self.runner

    def find_runner(self):
        """Leaves a program, too, that runs that of the machine, for who wants but one."""
        self.write_wrapper()
        if ROOT.try_run(self.wrapped, "--version")[0] == 126:  # of no format that is known
            self.runner = [f"qemu-{self.name}-static", "-L", "/"]
            self.write_wrapper()

    def write_wrapper(self):
        wrapper = ROOT / self.wrapped
        command = " ".join([*self.runner, self.program])
        wrapper.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        wrapper.chmod(0o755)

    def failures(self, *command):
        """The names of the tests that fail of a program that speaks TAP, and how it ended."""
        code, output = ROOT.try_run("env", f"--chdir={PLACE}", "CMOCKA_MESSAGE_OUTPUT=TAP",
                                    *command)
        failed = {name.replace("_", " ")
                  for name in re.findall(r"^not ok \d+ - (.*)$", output, re.MULTILINE)}
        passed = re.findall(r"^ok \d+ - ", output, re.MULTILINE)
        plan = f"1..{len(passed) + len(failed)}"
        assert passed and plan in output.splitlines(), f"{command}: {output}"
        assert bool(code) == bool(failed), output
        if not self.is_native():
            failed -= FAILS_EMULATED
        return (failed, output) if failed else None

    def try_units(self):
        folder = ROOT / f"{PLACE}/{self.build}/tests/unit"
        names = {file.stem for file in folder.glob("test_*.o")}
        if not self.is_native():
            names -= NOT_EMULATED | SLOW_EMULATED
        assert names
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            found = pool.map(
                lambda name: self.failures(*self.runner, f"{self.build}/tests/unit/{name}"),
                sorted(names),
            )
            failures = [failure for failure in found if failure]
        assert not failures, "\n".join(output for _, output in failures)

    def try_goldens(self, name):
        failure = self.failures("python3", f"tests/golden/{name}.py", self.wrapped)
        assert not failure, failure[1]


MACHINES = [
    # Class, byte order and, behind what says that this is a program, the machine.
    Machine("s390x", "s390x-linux-gnu", "s390x-linux-gnu", (2, 2, b"\x00\x16")),
    Machine("i386", "i386-linux-gnu", "i686-linux-gnu", (1, 1, b"\x03\x00")),
]
S390X, I386 = MACHINES


def prepare():
    """
    A root with the compilers and libraries of all machines. Security updates come for
    fewer machines than Debian has, and a library has to be of one version for all: here
    each is the release's own.
    """
    root = BASE.copy(FOLDER / "architectures")
    (root / "etc/apt/sources.list").write_text(ARCHIVE)
    (root / "etc/apt/preferences").write_text(PINNED)
    (root / "etc/dpkg/dpkg.cfg.d/fast").write_text("force-unsafe-io\n")
    for machine in MACHINES:
        root.run("dpkg", "--add-architecture", machine.name)
    root.run("apt-get", "update", "--quiet")
    root.run("apt-get", "dist-upgrade", "--quiet", "--yes", "--allow-downgrades")
    listed = (SOURCE / "packaging/dependencies/build.txt").read_text().split()
    libraries = [*(name for name in listed if name not in TOOLS), "libcmocka-dev", "pkgconf"]
    root.install(
        "git", "kmod", "make", "prometheus", "python3", "python3-prometheus-client",
        "qemu-user-static",
        *(f"gcc-{machine.gcc.replace('_', '-')}" for machine in MACHINES),
        *(f"{name}:{machine.name}" for machine in MACHINES for name in libraries),
    )
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", SOURCE, root / PLACE],
                   check=True)
    root.run("chown", "--recursive", "root:root", PLACE)
    return root


ROOT = prepare()


def swap_notes():
    """Notes in sysfs are in the byte order of its kernel, and those there are of x86's."""
    notes = list((ROOT / f"{PLACE}/tests/scenes").glob("*/sys/module/*/notes/.note.gnu.*"))
    assert notes
    for note in notes:
        data = note.read_bytes()
        words = [data[at:at + 4] for at in (0, 4, 8)]
        note.write_bytes(b"".join(word[::-1] for word in words) + data[12:])


def test_of(name, machine, function):
    def run_it():
        function()

    run_it.__name__ = f"{name}_for_{machine.name}"
    test(run_it)


def built(machine):
    def check():
        machine.make("built")
        header = (ROOT / machine.program).read_bytes()[:20]
        assert (header[4], header[5], header[18:20]) == machine.elf, header
        machine.find_runner()

    return check


for each in MACHINES:
    test_of("it_builds_without_a_warning", each, built(each))
    test_of("its_unit_tests_pass", each, each.try_units)
    test_of("it_decodes_as_goldens_say", each, lambda each=each: each.try_goldens("decode"))


@test
def with_32_bits_pages_and_words_are_as_goldens_say():
    for scene in ("clean", "module-files", "oops", "unknown-bits", "warn-6.12"):
        host = f"{PLACE}/tests/scenes/{scene}"
        flags = [f"--path.procfs={host}/proc", f"--path.sysfs={host}/sys",
                 f"--path.rootfs={host}"]
        code, page = ROOT.try_run("sh", "-c", 'exec "$@" 2>/dev/null', "sh", I386.wrapped,
                                  "once", "--collector.signature.wait=60s", *flags)
        assert code == 0, page
        golden = (TESTS_FOLDER / f"golden/{scene}.prom").read_bytes()
        golden = re.sub(rb"(?m)^# (HELP|TYPE) process_.*\n", b"", golden)
        assert without_volatile(page.encode()) == golden, scene


@test
def where_the_big_end_is_first_all_pages_are_as_goldens_say():
    swap_notes()
    S390X.try_goldens("golden")


run()
