# SPDX-License-Identifier: Apache-2.0
"""
The command once: its page, and how it replaces a file whatever happens meanwhile.
"""

import fcntl
import itertools
import os
import pathlib
import signal
import stat
import string
import struct
import subprocess
import termios
import threading

from suite import PROGRAM, SCENES, run, test
from exporter import Exporter, TIMEOUT, scene_flags, wait_until, without_volatile
from commands import (
    CLOSED_STREAMS,
    PROCESS_FAMILIES,
    PROPRIETARY,
    command,
    folder_for_nobody,
    injecting,
    lines_of,
    names,
)
from scenery import (
    ALL_SUCCESSFUL,
    copy_scene,
    families,
    make_scene,
    successes,
    temporary_folder,
)


def page_of(scene):
    """What `once` writes, less what changes; checked to be a page."""
    result = command("once", *scene_flags(scene))
    assert result.returncode == 0
    page = without_volatile(result.stdout)
    assert page.endswith(b"\n")
    families(result.stdout)
    return page


@test
def once_writes_the_page_that_is_served_without_process_families():
    result = command("once", *PROPRIETARY)
    assert result.returncode == 0
    assert lines_of(result.stderr, "error") == []
    samples = families(result.stdout)
    assert successes(samples) == ALL_SUCCESSFUL
    assert not PROCESS_FAMILIES & names(samples)
    with Exporter(PROGRAM, "--web.disable-exporter-metrics", *PROPRIETARY) as exporter:
        served = exporter.get()[2]
    assert without_volatile(result.stdout) == without_volatile(served)


@test
def once_replaces_a_file_with_mode_0644():
    with temporary_folder() as folder:
        wanted = page_of(SCENES / "proprietary")
        for umask, name in itertools.product((0o000, 0o077, 0o777), ("x.prom", "y")):
            file = folder / name
            for _ in range(2):
                result = command(
                    "once", "--output", file, *PROPRIETARY, umask=umask
                )
                assert (result.returncode, result.stdout) == (0, b"")
                assert stat.S_IMODE(file.stat().st_mode) == 0o644
                assert without_volatile(file.read_bytes()) == wanted
            assert os.listdir(folder) == [name]
            file.unlink()
        result = command("once", "--output=z.prom", *PROPRIETARY, cwd=folder)
        assert result.returncode == 0
        assert os.listdir(folder) == ["z.prom"]


@test
def once_never_shows_half_a_file():
    with temporary_folder() as folder:
        file = folder / "taint.prom"
        pages = {page_of(SCENES / name) for name in ("proprietary", "oops")}
        file.write_bytes(page_of(SCENES / "oops"))
        is_over = threading.Event()
        seen, listed = set(), set()

        def watch():
            while not is_over.is_set():
                seen.add(without_volatile(file.read_bytes()))
                listed.update(os.listdir(folder))

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            for _ in range(20):
                for name in ("proprietary", "oops"):
                    flags = scene_flags(SCENES / name)
                    assert command("once", "--output", file, *flags).returncode == 0
        finally:
            is_over.set()
            watcher.join()
        assert seen == pages, [len(page) for page in seen]
        # node_exporter reads whatever ends in .prom.
        others = listed - {file.name}
        assert not [name for name in others if name.endswith(".prom")], others
        assert os.listdir(folder) == [file.name]


def killed_at(call, number):
    """The program, killed when it calls CALL for the so manieth time."""
    return injecting(f"{call}:signal=KILL:when={number}", "-f")


@test
def once_killed_at_any_moment_leaves_the_old_file_or_the_new_one():
    with temporary_folder() as folder:
        file = folder / "taint.prom"
        old, new = b"old\n", page_of(SCENES / "proprietary")
        # In the middle of writing: the signal comes when the file is too large.
        for size in (0, 1, 1000, len(new) - 1):
            file.write_bytes(old)
            result = command(
                "once",
                "--output",
                file,
                *PROPRIETARY,
                program=["prlimit", f"--fsize={size}", "--core=0", PROGRAM],
            )
            assert result.returncode == -signal.SIGXFSZ, result
            assert file.read_bytes() == old
        # At each call that may change a file, up to the one behind the last.
        found = []
        for call in ("write", "rename", "exit_group"):
            for number in itertools.count(1):
                file.write_bytes(old)
                result = command(
                    "once",
                    "--output",
                    file,
                    *PROPRIETARY,
                    program=killed_at(call, number),
                )
                page = without_volatile(file.read_bytes())
                assert page in (old, new), page
                if result.returncode == 0:
                    break
                assert result.returncode == -signal.SIGKILL, result
                found.append(page)
        assert {*found} == {old, new}, found
        left = [name for name in os.listdir(folder) if name.endswith(".prom")]
        assert left == [file.name]


@test
def once_that_cannot_write_says_so_and_leaves_everything_as_it_was():
    with folder_for_nobody() as (folder, program):
        scene = copy_scene(SCENES / "proprietary", folder / "scene")
        shut, full, busy = folder / "shut", folder / "full", folder / "busy"
        for place in (shut, full, busy):
            place.mkdir()
            place.chmod(0o777)
            (place / "taint.prom").write_bytes(b"old\n")
        shut.chmod(0o555)
        (busy / "taint.prom").unlink()
        (busy / "taint.prom").mkdir()
        for place, wrapper in (
            (shut, []),
            (busy, []),
            (full, ["prlimit", "--fsize=1000"]),
            (folder / "nosuch", []),
        ):
            result = command(
                "once",
                "--output",
                place / "taint.prom",
                *scene_flags(scene),
                program=[*wrapper, *program],
                restore_signals=False,  # SIGXFSZ stays ignored: an error instead
            )
            assert result.returncode == 1, place
            (error,) = lines_of(result.stderr, "error")
            assert str(place) in error, error
            if place.is_dir():
                assert os.listdir(place) == ["taint.prom"], os.listdir(place)
        for place in (shut, full):
            assert (place / "taint.prom").read_bytes() == b"old\n"
        assert (busy / "taint.prom").is_dir()


@test
def once_replaces_no_device_and_no_link():
    with folder_for_nobody() as (folder, program):
        scene = copy_scene(SCENES / "proprietary", folder / "scene")
        place = folder / "place"
        place.mkdir()
        place.chmod(0o777)
        os.mkfifo(place / "fifo", 0o666)
        links = {"link": "/dev/stdout", "file-link": "file", "nowhere": "not-there"}
        for name, target in links.items():
            (place / name).symlink_to(target)
        (place / "file").write_text("old\n")
        kinds = {"fifo": stat.S_ISFIFO, **dict.fromkeys(links, stat.S_ISLNK)}
        for name, kind in kinds.items():
            result = command(
                "once", "--output", place / name, *scene_flags(scene), program=program
            )
            assert kind((place / name).lstat().st_mode), name
            assert result.returncode == 1, name
            assert len(lines_of(result.stderr, "error")) == 1
        assert sorted(os.listdir(place)) == sorted([*kinds, "file"])
        assert (place / "file").read_text() == "old\n"


@test
def a_page_that_a_pipe_takes_in_pieces_is_whole():
    modules = [(f"wide_{number}", string.ascii_letters) for number in range(100)]
    with temporary_folder() as folder:
        scene = make_scene(folder / "scene", modules=modules)
        wanted = page_of(scene)
        process = subprocess.Popen(
            [PROGRAM, "once", *scene_flags(scene)], stdout=subprocess.PIPE, bufsize=0
        )
        pipe = process.stdout.fileno()
        state = pathlib.Path(f"/proc/{process.pid}/stat")

        def is_full():
            (held,) = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"0000"))
            return held == fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ)

        try:
            wait_until(is_full, what="full pipe")
            # A write that waits for room returns with what it has written.
            process.send_signal(signal.SIGSTOP)
            wait_until(lambda: ") T " in state.read_text(), what="stop")
            process.send_signal(signal.SIGCONT)
            page, _ = process.communicate(timeout=TIMEOUT)
        finally:
            process.kill()
            process.wait()
        assert process.returncode == 0
        assert without_volatile(page) == wanted


@test
def once_without_a_place_for_its_page_fails():
    with open("/dev/full", "wb") as full:
        result = command("once", *PROPRIETARY, stdout=full)
    assert result.returncode == 1
    assert "standard output" in lines_of(result.stderr, "error")[0]

    result = command(
        "-c",
        'exec "$0" once "$@" >&-',
        PROGRAM,
        *PROPRIETARY,
        program=["sh"],
    )
    assert result.returncode == 1
    assert "standard output" in lines_of(result.stderr, "error")[0]

    reader, writer = os.pipe()
    os.close(reader)
    try:
        result = command("once", *PROPRIETARY, stdout=writer)
    finally:
        os.close(writer)
    assert result.returncode != 0


@test
def log_lines_get_into_no_page_when_streams_are_closed():
    with temporary_folder() as folder:
        file = folder / "taint.prom"
        missing = ["--path.procfs=/nosuch", "--path.sysfs=/nosuch"]
        for closed in CLOSED_STREAMS:
            for flags in (PROPRIETARY, missing, missing + ["--path.rootfs=/nosuch"]):
                wanted = command("once", *flags).stdout
                result = command(
                    "-c",
                    f'exec "$0" once --output "$@" {closed}',
                    PROGRAM,
                    file,
                    *flags,
                    program=["sh"],
                )
                assert result.returncode == 0, (closed, flags)
                assert without_volatile(file.read_bytes()) == without_volatile(wanted)
        result = command(
            "-c",
            'exec "$0" once "$@" <&- 2>&-',
            PROGRAM,
            *missing,
            program=["sh"],
        )
        assert result.returncode == 0
        wanted = command("once", *missing).stdout
        assert without_volatile(result.stdout) == without_volatile(wanted)


run()
