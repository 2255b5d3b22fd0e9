# SPDX-License-Identifier: Apache-2.0
"""
The collectors log and unloaded: a log that goes on while it is followed, on a FIFO, in a
file, and the one of this machine; and that nothing of what opening it took is left.
"""

import contextlib
import os
import pathlib
import re
import shutil
import time

from suite import PROGRAM, SCENES, is_instrumented, run, test
from commands import (
    IS_ROOT,
    command,
    folder_for_nobody,
    has_log,
    injecting,
    lines_of,
    unprivileged,
)
from exporter import Exporter, scene_flags, wait_until
from scenery import (
    ALL_SUCCESSFUL,
    copy_scene,
    families,
    make_scene,
    successes,
    temporary_folder,
    value,
)

EVENTS = "kernel_taint_log_events_total"
FIRST = "kernel_taint_log_first_event_timestamp_seconds"
LOST = "kernel_taint_log_lost_records_total"
UNLOADED = "kernel_taint_unloaded_module"
LOG = "--collector.log"
ONLY_LOG = ["--collector.disable-defaults", LOG]
RESTRICTED = pathlib.Path("/proc/sys/kernel/dmesg_restrict").read_text() == "1\n"


def record(number, message, microseconds=5000000, facility=0):
    return f"{facility << 3 | 4},{number},{microseconds},-;{message}\n"


def load(number, module, **options):
    """What is logged when an out-of-tree module is loaded."""
    return record(number, f"{module}: loading out-of-tree module taints kernel.", **options)


class Fifo:
    """The log of SCENE: what is fed is there for whoever reads."""

    def __init__(self, scene):
        path = scene / "dev/kmsg"
        path.parent.mkdir(exist_ok=True)
        os.mkfifo(path, 0o644)
        self.fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def feed(self, text):
        assert os.write(self.fd, text.encode()) == len(text.encode())

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        os.close(self.fd)


@contextlib.contextmanager
def scene_with_fifo():
    with temporary_folder() as folder:
        scene = make_scene(folder / "scene")
        with Fifo(scene) as fifo:
            yield scene, fifo


def scrape(exporter, query=""):
    status, _, page = exporter.get(f"/metrics{query}")
    assert status == 200, page
    return families(page)


def events(samples):
    """{(event, module): count}"""
    return {
        (dict(labels)["event"], dict(labels)["module"]): count
        for (name, labels), count in samples.items()
        if name == EVENTS
    }


def loads(samples):
    """{module: count} of what load() says."""
    found = events(samples)
    assert {event for event, _ in found} <= {"oot_module"}, found
    return {module: count for (_, module), count in found.items()}


# ---- a log that goes on ----


@test
def what_is_announced_between_two_scrapes_is_counted_once():
    with scene_with_fifo() as (scene, fifo):
        with Exporter(PROGRAM, *scene_flags(scene), LOG) as exporter:
            samples = scrape(exporter)
            assert successes(samples) == {**ALL_SUCCESSFUL, "log": 1}
            assert events(samples) == {} and value(samples, LOST) == 0
            fifo.feed(load(1, "zfs") + record(2, "zfs: loaded"))
            for _ in range(3):
                assert loads(scrape(exporter)) == {"zfs": 1}
            # Half a line now, the rest later.
            line = load(3, "nvidia")
            fifo.feed(load(4, "zfs") + line[:20])
            assert loads(scrape(exporter)) == {"zfs": 2}
            fifo.feed(line[20:])
            assert loads(scrape(exporter)) == {"zfs": 2, "nvidia": 1}
            for number in range(20):
                fifo.feed("".join(load(number, "zfs") for _ in range(50)))
                assert loads(scrape(exporter))["zfs"] == 2 + 50 * (number + 1)


@test
def one_load_with_two_licence_lines_is_one_event():
    with scene_with_fifo() as (scene, fifo):
        with Exporter(PROGRAM, *scene_flags(scene), LOG) as exporter:
            fifo.feed(record(1, "zfs: module license 'CDDL' taints kernel."))
            fifo.feed(record(2, "zfs: module license taints kernel."))
            assert events(scrape(exporter)) == {("proprietary_module", "zfs"): 1}


@test
def what_user_space_writes_is_not_counted():
    with scene_with_fifo() as (scene, fifo):
        with Exporter(PROGRAM, *scene_flags(scene), LOG) as exporter:
            for facility in (1, 3, 31, 127):
                fifo.feed(load(1, "zfs", facility=facility))
            assert events(scrape(exporter)) == {}


@test
def a_restart_counts_what_is_there_once():
    with temporary_folder() as folder:
        scene = make_scene(folder / "scene")
        (scene / "dev").mkdir()
        log = scene / "dev/kmsg"
        log.write_text(load(1, "zfs") + load(2, "nvidia") + load(3, "zfs"))
        for number in range(3):
            with Exporter(PROGRAM, *scene_flags(scene), LOG) as exporter:
                for _ in range(2):
                    assert loads(scrape(exporter)) == {"zfs": 2 + number, "nvidia": 1}
                with log.open("a") as file:
                    file.write(load(4, "zfs"))
                assert loads(scrape(exporter)) == {"zfs": 3 + number, "nvidia": 1}


@test
def who_does_not_ask_for_the_log_takes_nothing_from_it():
    with scene_with_fifo() as (scene, fifo):
        with Exporter(PROGRAM, *scene_flags(scene), LOG) as exporter:
            for number in range(5):
                fifo.feed(load(number, "zfs"))
                for query in ("?exclude[]=log", "?collect[]=kernel"):
                    samples = scrape(exporter, query)
                    assert "log" not in successes(samples)
                    assert not {EVENTS, FIRST, LOST} & {name for name, _ in samples}
            samples = scrape(exporter, "?collect[]=log")
            assert successes(samples) == {"log": 1}
            assert loads(samples) == {"zfs": 5} and value(samples, LOST) == 0
            assert loads(scrape(exporter)) == {"zfs": 5}


@test
def times_are_those_of_the_boot_clock():
    with scene_with_fifo() as (scene, fifo):
        fifo.feed(load(1, "zfs", microseconds=1250000))
        with Exporter(PROGRAM, *scene_flags(scene), LOG) as exporter:
            first = value(scrape(exporter), FIRST, event="oot_module", module="zfs")
            booted = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
            assert abs(first - booted - 1.25) < 1, (first, booted)
            assert round(first, 3) == first
            fifo.feed(load(2, "zfs", microseconds=9000000))
            fifo.feed(load(3, "nvidia", microseconds=2250400))
            samples = scrape(exporter)
            assert value(samples, FIRST, event="oot_module", module="zfs") == first
            other = value(samples, FIRST, event="oot_module", module="nvidia")
            assert abs(other - first - 1) < 0.002, (first, other)


@test
def hostile_names_cost_neither_the_page_nor_the_counts():
    with scene_with_fifo() as (scene, fifo):
        with Exporter(PROGRAM, *scene_flags(scene), LOG) as exporter:
            fifo.feed(load(1, r"q\"x\x0a\xff") + load(2, "n" * 100))
            samples = scrape(exporter)
            assert loads(samples) == {'q\\"x\n\ufffd': 1, "": 1}
            for number in range(0, 1000, 100):
                fifo.feed("".join(load(i, f"m{i}") for i in range(number, number + 100)))
                samples = scrape(exporter)
            found = loads(samples)
            assert len(found) <= 129, len(found)
            assert sum(found.values()) == 1002 and found[""] == 1002 - 128


@test
def once_tells_what_is_there():
    flags = scene_flags(SCENES / "log")
    result = command("once", *flags, LOG)
    assert (result.returncode, result.stderr) == (0, b"")
    found = events(families(result.stdout))
    assert found[("proprietary_module", "lab_prop")] == 1, found
    assert found[("crap", "lab_staging")] == 2
    assert command("once", *flags).stdout.count(b"kernel_taint_log") == 0


@test
def a_line_that_is_too_long_is_left_out_and_no_other():
    with temporary_folder() as folder:
        scene = make_scene(folder / "scene")
        (scene / "dev").mkdir()
        for size in (8191, 8192, 8193, 16384, 16385, 100000):
            # What it ends with is no record of its own.
            for end in ("\n", load(3, "c")):
                (scene / "dev/kmsg").write_text(
                    load(1, "a") + "x" * size + end + "\0\n;\n,,,;\n" + load(2, "b")
                )
                result = command("once", *scene_flags(scene), LOG)
                assert loads(families(result.stdout)) == {"a": 1, "b": 1}, (size, end)


# ---- what only a device does: strace(1) says it in its place ----


@contextlib.contextmanager
def exporter_with(fault):
    """The program, with FAULT happening to whoever reads the log."""
    with scene_with_fifo() as (scene, fifo):
        traced = injecting(f"read:{fault}", "-D", "-f", "-P", str(scene / "dev/kmsg"))
        with Exporter([*traced, "--no-sandbox"], *scene_flags(scene), LOG) as exporter:
            yield exporter, fifo


@test
def records_that_were_overwritten_are_counted():
    # Three reads a scrape, of which the first says that some are lost.
    with exporter_with("error=EPIPE:when=1+3") as (exporter, fifo):
        for feed, count, lost in (
            # Nobody knows how many before the first: one.
            (load(100, "zfs"), 1, 1),
            # User space has numbers, too.
            (record(111, "x", facility=1) + load(112, "zfs"), 2, 1 + 10),
            (load(120, "zfs"), 3, 1 + 10 + 7),
            # Numbers that jump are a loss only if the kernel says so.
            (load(3, "zfs") + load(50, "zfs"), 5, 1 + 10 + 7 + 1),
        ):
            fifo.feed(feed)
            samples = scrape(exporter)
            assert successes(samples)["log"] == 1
            assert loads(samples) == {"zfs": count} and value(samples, LOST) == lost


@test
def a_read_that_fails_does_not_fail_the_next_scrape():
    for error, success in (("EIO", 0), ("EINTR", 1)):
        with exporter_with(f"error={error}:when=3") as (exporter, fifo):
            fifo.feed(load(1, "zfs"))
            assert loads(scrape(exporter)) == {"zfs": 1}
            fifo.feed(load(2, "zfs"))
            assert successes(scrape(exporter))["log"] == success
            samples = scrape(exporter)
            assert successes(samples)["log"] == 1 and loads(samples) == {"zfs": 2}


@test
def a_log_that_never_ends_does_not_keep_it_for_ever():
    with exporter_with("error=EPIPE") as (exporter, _):
        timeout = {"X-Prometheus-Scrape-Timeout-Seconds": "2"}
        _, _, page = exporter.get("/metrics", timeout)
        assert successes(families(page)) == {**ALL_SUCCESSFUL, "log": 0}
        assert "the time for it is over" in exporter.log, exporter.log


@test
def who_comes_while_another_reads_is_told_so():
    # A thread whose read takes so long is given up; the log stays its own until then.
    with exporter_with("delay_enter=2000000") as (exporter, fifo):
        fifo.feed(load(1, "zfs"))

        def is_told():
            assert successes(scrape(exporter))["log"] == 0
            return "Device or resource busy" in exporter.log

        wait_until(is_told, what="word that the log is being read")


# ---- the log of this machine ----


def walls(pid):
    """The fields of /proc/PID/status that tell of them."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return dict(re.findall(r"^(Cap\w+|NoNewPrivs|Seccomp):\s+(\S+)", text, re.MULTILINE))


def check_followed(program):
    """The log can be opened, is followed, and nothing of what that took is left."""
    with Exporter(program, LOG) as exporter:
        lost = 0
        for _ in range(5):
            samples = scrape(exporter)
            assert successes(samples)["log"] == 1, exporter.log
            assert value(samples, LOST) >= lost
            lost = value(samples, LOST)
        if not is_instrumented():
            for layer in ("capabilities", "landlock", "seccomp"):
                assert value(
                    samples, "kernel_taint_exporter_sandbox", layer=layer
                ) == 1, exporter.log
            found = walls(exporter.process.pid)
            for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
                assert int(found[name], 16) == 0, found
            assert found["NoNewPrivs"] == "1" and found["Seccomp"] == "2", found
    assert "level=error" not in exporter.log and "kernel log" not in exporter.log


@test
def the_log_of_this_machine_is_followed_behind_all_walls():
    if not has_log():
        return
    check_followed([PROGRAM])
    if IS_ROOT:
        with folder_for_nobody() as (folder, _):
            check_followed([*unprivileged("+syslog"), str(folder / "program")])
    result = command("once", *ONLY_LOG)
    assert (result.returncode, result.stderr) == (0, b"")
    assert successes(families(result.stdout)) == {"log": 1}


@test
def who_may_not_open_the_log_gets_a_page_and_a_hint():
    if not os.path.exists("/dev/kmsg") or not RESTRICTED:
        return
    with folder_for_nobody() as (folder, _):
        nobody = [*unprivileged(), str(folder / "program")]
        with Exporter(nobody, LOG) as exporter:
            for _ in range(3):
                samples = scrape(exporter)
                found = successes(samples)
                assert found["log"] == 0 and found["kernel"] == 1, found
                assert not {EVENTS, FIRST, LOST} & {name for name, _ in samples}
        warnings = [line for line in exporter.log.splitlines() if "level=warn" in line]
        (warning,) = [line for line in warnings if "kernel log" in line]
        assert "CAP_SYSLOG" in warning and "dmesg_restrict" in warning, warning
        assert exporter.log.count("collector=log file=dev/kmsg") == 3, exporter.log
        result = command("once", *ONLY_LOG, program=nobody)
        assert result.returncode == 0
        assert successes(families(result.stdout)) == {"log": 0}
        assert len(lines_of(result.stderr, "warn")) == 1


@test
def a_log_that_is_not_there_fails_its_collector_and_no_other():
    for kind in ("missing", "folder"):
        with temporary_folder() as folder:
            scene = make_scene(folder / "scene")
            if kind == "folder":
                (scene / "dev/kmsg").mkdir(parents=True)
            with Exporter(PROGRAM, *scene_flags(scene), LOG) as exporter:
                samples = scrape(exporter)
                assert successes(samples) == {**ALL_SUCCESSFUL, "log": 0}
                assert EVENTS not in {name for name, _ in samples}
            assert exporter.log.count("Cannot open the kernel log") == 1, exporter.log
            assert "hint=" not in exporter.log


def open_paths(exporter):
    """What the program has open; it may close some of it meanwhile."""
    for link in pathlib.Path(f"/proc/{exporter.process.pid}/fd").glob("*"):
        with contextlib.suppress(FileNotFoundError):
            yield os.readlink(link)


@test
def without_the_collector_nothing_of_it_is_opened_or_said():
    with scene_with_fifo() as (scene, fifo):
        fifo.feed(load(1, "zfs"))
        with Exporter(PROGRAM, *scene_flags(scene)) as exporter:
            samples = scrape(exporter)
            assert successes(samples) == ALL_SUCCESSFUL
            if IS_ROOT:
                assert not [path for path in open_paths(exporter) if "kmsg" in path]
        with Exporter(PROGRAM, *scene_flags(scene), LOG) as exporter:
            assert loads(scrape(exporter)) == {"zfs": 1}


# ---- modules that are gone ----


@test
def modules_that_are_gone_are_told_of():
    with temporary_folder() as folder:
        scene = copy_scene(SCENES / "unloaded", folder / "scene")
        debugfs = scene / "sys/kernel/debug"
        with Exporter(PROGRAM, *scene_flags(scene), "--collector.unloaded") as exporter:
            samples = scrape(exporter)
            assert successes(samples) == {**ALL_SUCCESSFUL, "unloaded": 1}
            assert value(samples, UNLOADED, module="zfs", flags="POE") == 2
            (debugfs / "modules/unloaded_tainted").write_text("zfs (POE) 3\n")
            samples = scrape(exporter)
            assert value(samples, UNLOADED, module="zfs", flags="POE") == 3
            assert len([name for name, _ in samples if name == UNLOADED]) == 1
            shutil.rmtree(debugfs)
            samples = scrape(exporter)
            assert successes(samples) == {**ALL_SUCCESSFUL, "unloaded": 0}
            assert UNLOADED not in {name for name, _ in samples}
        assert "collector=unloaded file=kernel/debug/modules/unloaded_tainted" in (
            exporter.log
        )


run()
