# SPDX-License-Identifier: Apache-2.0
"""
A real kernel, booted in an emulated machine and tainted for real. The program runs inside
it as nobody, in its sandbox, from the first stage to the last, and is scraped from
outside. After each stage the kernel's own words, as they come over a serial line, are
what the page, status and decode are compared with.

usage: test_kernel.py PROGRAM FLAVOUR (of packages.FLAVOURS)
"""

import pathlib
import re
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))

import initramfs  # noqa: E402
import packages  # noqa: E402
import voices  # noqa: E402
import witness  # noqa: E402
from exporter import tap, wait_until  # noqa: E402
from guest import PORT, Guest  # noqa: E402
from stages import STRICT, stages, strict_stages  # noqa: E402

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
FLAVOUR = sys.argv[2]
CACHE = PROGRAM.parent / "kernel"

TRUST = "--collector.signature.trust=/etc/lab.pem"
FLAGS = (
    f"--web.listen-address=0.0.0.0:{PORT} --collector.log {TRUST}"
    " --collector.modules.sysfs=all --collector.signature.modules=all"
    " --collector.signature.wait=60s"
)


def as_nobody(command):
    return f"su nobody -c 'exec {command}'"


class Run:
    """One boot: what was done, and what is to be true by now."""

    def __init__(self, guest):
        self.guest = guest
        self.log = ""
        self.taints = set()
        self.modules = {}

    def start_program(self):
        # As systems allow it that do not hide their log from anybody.
        self.guest.do("echo 0 > /proc/sys/kernel/dmesg_restrict")
        serve = as_nobody(f"kernel_taint_exporter {FLAGS}")
        self.guest.do(f"({serve} >/run/exporter.log 2>&1; echo $? >/run/exporter.exit) &")
        wait_until(lambda: self.guest.get("/metrics"), what="page")

    def check_walls(self):
        """By the kernel's own words."""
        pid = self.guest.do("pidof kernel_taint_exporter").strip()
        threads = self.guest.do(f"cat /proc/{pid}/task/*/status").split("Name:")[1:]
        assert len(threads) > 1, threads
        for thread in threads:
            fields = dict(re.findall(r"^(\w+):\s+(\S+)", thread, re.MULTILINE))
            assert fields["Uid"] == "65534", fields
            assert (fields["NoNewPrivs"], fields["Seccomp"]) == ("1", "2"), fields
            assert int(fields["CapEff"], 16) == int(fields["CapPrm"], 16) == 0, fields

    def stop_program(self):
        """Which has to be the one that was started, and had nothing to complain about."""
        self.guest.do("kill $(pidof kernel_taint_exporter)")
        self.guest.do("wait-for '[ -s /run/exporter.exit ]'")
        log = self.guest.do("cat /run/exporter.log")
        assert self.guest.do("cat /run/exporter.exit") == "0\n", log
        assert "level=error" not in log and "level=warn" not in log, log

    def _scrape(self):
        page = self.guest.get("/metrics")
        assert page is not None, self.guest.do("cat /run/exporter.log")
        return page

    def check(self, stage):
        """Does what STAGE says and compares."""
        if stage.monitor:
            self.guest.monitor(stage.monitor)
        for command in stage.commands:
            self.guest.do(command)
        part = self.guest.do("dmesg -c")
        self.log += part
        for words in stage.says:
            assert words in part, f"the kernel did not say {words!r}:\n{part}"
        found = witness.Witness(self.guest.do(witness.DUMP))
        self._check_kernel(stage, found)
        self._check_voices(found)
        self._check_files(stage, found)

    def _check_kernel(self, stage, found):
        """That STAGE did what it was made for."""
        self.taints |= set(stage.taints)
        self.modules |= {name: set(letters) for name, letters in stage.modules.items()}
        assert found.mask == witness.mask_of(self.taints), (found.mask, self.taints)
        tainting = {n: m.letters for n, m in found.modules.items() if m.letters}
        assert tainting == {n: m for n, m in self.modules.items() if m}, tainting
        for name, state in stage.states.items():
            assert found.modules[name].state == state, found.modules[name]
        for path, content in stage.files.items():
            assert found.file(path) == content, (path, found.file(path))

    def _check_voices(self, found):
        # The log has a follower, which may come a moment later.
        deadline = time.monotonic() + 30
        while True:
            try:
                voices.check_page(self._scrape(), found, self.log)
                break
            except AssertionError:
                if time.monotonic() >= deadline:
                    raise
        status = as_nobody("kernel_taint_exporter status --json")
        voices.check_status(*self.guest.ask(status), found)
        voices.check_decode(PROGRAM, self.log, self.guest.kernel.release)

    def _check_files(self, stage, found):
        infos, counts = voices.files(self._scrape())
        assert sum(counts.values()) == len(found.modules), counts
        for module, wanted in stage.on_disk.items():
            said = {label: infos[module].get(label) for label in wanted}
            assert said == wanted, (module, infos[module])


def sentence(name, function):
    function.__name__ = name.replace(" ", "_")
    return function


def tests_of_boot(guest, title, some_stages):
    """A boot and its stages, for tap()."""
    run = Run(guest)

    def begin():
        guest.start()
        run.start_program()
        run.check_walls()

    def end():
        run.stop_program()
        guest.stop()

    return [
        sentence(f"{title} runs the program as nobody", begin),
        *(sentence(s.name, lambda s=s: run.check(s)) for s in some_stages),
        sentence(f"{title} lets the program run to its end", end),
    ]


def main():
    kernel = packages.kernel(FLAVOUR, CACHE)
    with tempfile.TemporaryDirectory(prefix="taint-") as name:
        folder = pathlib.Path(name)
        archive = initramfs.make(PROGRAM, kernel, CACHE, folder)
        plain = Guest(kernel, archive, folder / "plain")
        strict = Guest(kernel, archive, folder / "strict", STRICT)
        try:
            tap(
                tests_of_boot(plain, "a kernel", stages(kernel))
                + tests_of_boot(strict, "a strict kernel", strict_stages())
            )
        finally:
            plain.stop()
            strict.stop()


main()
