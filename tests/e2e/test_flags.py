# SPDX-License-Identifier: Apache-2.0
"""
The command line of the program: every flag, what is refused, where it listens, who it
runs as, and what it cannot read.
"""

import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import time

from suite import PROGRAM, SCENES, run, test
from exporter import Exporter, TIMEOUT, scene_flags, wait_until
from commands import (
    AS_ROOT,
    CLOSED_STREAMS,
    IS_ROOT,
    LOOPBACK,
    NOBODY,
    PROCESS_FAMILIES,
    PROPRIETARY,
    command,
    folder_for_nobody,
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
    value,
)

# ---- what is printed ----


@test
def help_fits_a_screen_and_names_every_flag():
    for flag in ("--help", "-h"):
        result = command(flag)
        assert (result.returncode, result.stderr) == (0, b"")
        lines = result.stdout.decode("ascii").splitlines()
        assert len(lines) <= 40
        assert max(map(len, lines)) <= 80
        named = re.findall(r"--(?:\[no-\])?([a-z.-]+)", result.stdout.decode())
        assert set(named) == {
            "collector.kernel",
            "collector.log",
            "collector.modules",
            "collector.posture",
            "collector.signature",
            "collector.unloaded",
            "collector.disable-defaults",
            "collector.modules.sysfs",
            "collector.signature.modules",
            "collector.signature.trust",
            "collector.signature.wait",
            "kernel.dialect",
            "dialect",
            "path.procfs",
            "path.sysfs",
            "path.rootfs",
            "web.listen-address",
            "web.systemd-socket",
            "web.config.file",
            "web.telemetry-path",
            "web.max-requests",
            "web.disable-exporter-metrics",
            "output",
            "json",
            "no-sandbox",
            "log.level",
            "log.format",
            "version",
            "help",
        }
    assert command("once", "--help").returncode == 0


@test
def the_version_has_the_form_of_prometheus():
    result = command("--version")
    assert (result.returncode, result.stderr) == (0, b"")
    first = result.stdout.decode().splitlines()[0]
    assert re.fullmatch(
        r"kernel_taint_exporter, version \d+\.\d+\.\d+\S* "
        r"\(branch: \S+, revision: \S+\)",
        first,
    ), first


@test
def bad_flags_are_refused_with_a_hint():
    for arguments, word in (
        (["--nosuch"], "nosuch"),
        (["--collector.nosuch"], "collector.nosuch"),
        (["--no-collector.nosuch"], "no-collector.nosuch"),
        (["--no-web.max-requests"], "no-web.max-requests"),
        (["-x"], "x"),
        (["--web.listen-address"], "web.listen-address"),
        (["--web.listen-address="], "web.listen-address"),
        (["--web.listen-address=127.0.0.1"], "127.0.0.1"),
        (["--web.listen-address=127.0.0.1:"], "127.0.0.1:"),
        (["--web.listen-address=127.0.0.1:65536"], "65536"),
        (["--web.listen-address=127.0.0.1:http"], "http"),
        (["--web.listen-address=127.0.0.1:-1"], "-1"),
        (["--web.listen-address=127.0.0.1:+1"], "+1"),
        (["--web.listen-address=::1:9"], "::1:9"),
        (["--web.listen-address=[]:9"], "[]:9"),
        ([LOOPBACK, "--web.listen-address=x"], "x"),
        (["--web.telemetry-path="], "web.telemetry-path"),
        (["--web.telemetry-path=metrics"], "metrics"),
        (["--web.telemetry-path=/-/healthy"], "/-/healthy"),
        (["--web.max-requests=-1"], "-1"),
        (["--web.max-requests=1.5"], "1.5"),
        (["--web.max-requests=many"], "many"),
        (["--web.max-requests="], "web.max-requests"),
        (["--web.max-requests=99999999999999999999"], "9999"),
        (["--web.disable-exporter-metrics=yes"], "web.disable-exporter-metrics"),
        (["--collector.modules.sysfs=none"], "none"),
        (["--collector.signature.modules=none"], "none"),
        (["--collector.signature.modules="], "collector.signature.modules"),
        (["--collector.signature.trust="], "collector.signature.trust"),
        (["--collector.signature.wait=soon"], "soon"),
        (["--collector.signature.wait="], "collector.signature.wait"),
        (["--collector.signature.wait=-1s"], "-1s"),
        (["--collector.signature.wait=1"], "wait=1"),
        (["--collector.signature.wait=1441m"], "1441m"),
        (["--collector.signature.wait=99999999999999999999s"], "9999"),
        (["--json"], "json"),
        (["once", "--json"], "json"),
        (["--kernel.dialect=rhel11"], "rhel11"),
        (["--kernel.dialect="], "kernel.dialect"),
        (["--path.procfs="], "path.procfs"),
        (["--path.sysfs="], "path.sysfs"),
        (["--path.rootfs="], "path.rootfs"),
        (["--log.level=loud"], "loud"),
        (["--log.format=xml"], "xml"),
        (["--output=x"], "output"),
        (["once", "--output="], "output"),
        (["once", "--web.max-requests=1"], "web.max-requests"),
        (["once", LOOPBACK], "web.listen-address"),
        (["twice"], "twice"),
        (["once", "more"], "more"),
        ([""], "command"),
    ):
        result = command(*arguments)
        assert result.returncode == 2, (arguments, result.returncode)
        assert result.stdout == b"", arguments
        *error, hint = result.stderr.decode().splitlines()
        assert len(error) == 1 and word in error[0], (arguments, error)
        assert "--help" in hint, (arguments, hint)


@test
def the_log_as_json_is_one_object_a_line():
    hostile = '/no"such\n\\\udcff\x01folder'
    with Exporter(
        PROGRAM,
        "--log.format=json",
        "--log.level=debug",
        f"--path.procfs={hostile}",
        *PROPRIETARY[1:],
    ) as exporter:
        assert exporter.get()[0] == 200
        connection = socket.create_connection((exporter.host, exporter.port), TIMEOUT)
        with connection:
            connection.sendall(b"NOISE\r\n\r\n")
            connection.recv(1000)
    lines = [json.loads(line) for line in exporter.log.splitlines()]
    for line in lines:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["ts"])
        assert line["level"] in ("debug", "info", "warn", "error")
        assert line["msg"]
    messages = {line["msg"]: line for line in lines}
    assert messages["Listening on"]["address"] == exporter.address
    assert "Stopped" in messages
    root = messages["Cannot open a root, trying again at each scrape"]
    assert root["path"] == hostile.replace("\udcff", "\ufffd")
    assert messages["Collector failed"]["level"] == "error"


@test
def the_log_level_leaves_out_what_is_below_it():
    for level, expected in (
        ("debug", {"warn", "error"}),
        ("info", {"warn", "error"}),
        ("warn", {"warn", "error"}),
        ("error", {"error"}),
    ):
        result = command(
            "once",
            f"--log.level={level}",
            "--path.procfs=/nosuch",
            *PROPRIETARY[1:],
            "--no-sandbox",
        )
        assert result.returncode == 0
        found = set(re.findall(r"level=(\w+)", result.stderr.decode()))
        assert found == expected, (level, found)


@test
def a_warning_is_given_as_root_and_only_then():
    with Exporter([*AS_ROOT, PROGRAM], *PROPRIETARY) as exporter:
        pass
    assert len(lines_of(exporter.log.encode(), "warn")) == 1
    assert "Running as root" in exporter.log
    with folder_for_nobody() as (folder, program):
        scene = copy_scene(SCENES / "proprietary", folder / "scene")
        with Exporter(program, *scene_flags(scene)) as exporter:
            page = exporter.get()[2]
            assert successes(families(page)) == ALL_SUCCESSFUL
        assert lines_of(exporter.log.encode(), "warn") == []


# ---- addresses and paths ----


def has_ipv6_loopback():
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
    return True


@test
def every_listen_address_is_served_and_its_port_printed():
    flags = [f"--web.listen-address={host}:0" for host in ("127.0.0.1", "localhost")]
    flags += ["--web.listen-address", "[::1]:0"]
    if not has_ipv6_loopback():
        result = command(*flags)
        assert result.returncode == 1
        assert "[::1]:0" in lines_of(result.stderr, "error")[0]
        flags = flags[:2]
    with Exporter(PROGRAM, *flags, *PROPRIETARY, listen=None) as exporter:
        count = len(flags) if len(flags) == 2 else 3
        wait_until(lambda: len(exporter.addresses) == count, what="addresses")
        assert len(set(exporter.addresses)) == count
        if count == 3:
            assert re.fullmatch(r"\[::1\]:\d+", exporter.addresses[2])
        for address in exporter.addresses:
            connection = http.client.HTTPConnection(address, timeout=TIMEOUT)
            with contextlib.closing(connection):
                connection.request("GET", "/metrics")
                page = connection.getresponse().read()
            assert successes(families(page)) == ALL_SUCCESSFUL


@test
def a_taken_port_is_one_error_line_that_names_the_address():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        for flags in (
            [f"--web.listen-address={address}"],
            [LOOPBACK, f"--web.listen-address={address}"],
        ):
            result = command(*flags, *PROPRIETARY)
            assert result.returncode == 1
            assert result.stdout == b""
            (error,) = lines_of(result.stderr, "error")
            assert address in error and "in use" in error, error
            result = command("--log.level=error", *flags, *PROPRIETARY)
            assert result.returncode == 1
            assert result.stderr.count(b"\n") == 1
    for address in ("192.0.2.1:9", "nosuch.invalid:9"):
        result = command(f"--web.listen-address={address}", *PROPRIETARY)
        assert result.returncode == 1
        (error,) = lines_of(result.stderr, "error")
        assert address in error, error


@test
def a_port_that_was_just_served_can_be_served_again():
    with Exporter(PROGRAM, *PROPRIETARY) as exporter:
        address = exporter.address
        assert exporter.get()[0] == 200
    with Exporter(PROGRAM, *PROPRIETARY, listen=address) as exporter:
        assert exporter.address == address
        assert exporter.get()[0] == 200


@test
def the_metrics_move_to_the_telemetry_path():
    for path in ("/x/y", "/metrics-of&<host>", "/Metrics"):
        with Exporter(
            PROGRAM, "--web.telemetry-path", path, *PROPRIETARY
        ) as exporter:
            assert exporter.get("/metrics")[0] == 404
            landing = exporter.get("/")[2].decode()
            link = re.search(r'href="([^"]*)">Metrics', landing).group(1)
            assert not set("<>") & set(link), link
            link = link.replace("&lt;", "<").replace("&gt;", ">")
            link = link.replace("&amp;", "&")
            status, _, page = exporter.get(link)
            assert status == 200, link
            assert successes(families(page)) == ALL_SUCCESSFUL


@test
def the_telemetry_path_can_be_the_root():
    with Exporter(PROGRAM, "--web.telemetry-path=/", *PROPRIETARY) as exporter:
        status, headers, page = exporter.get("/")
        assert status == 200
        assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert successes(families(page)) == ALL_SUCCESSFUL
        assert exporter.get("/metrics")[0] == 404
        assert exporter.get("/-/healthy")[0] == 200


# ---- what is on the page ----

@test
def the_process_families_tell_of_the_process():
    before = time.time()
    with Exporter(PROGRAM, *PROPRIETARY) as exporter:
        samples = families(exporter.get()[2])
        pid = exporter.process.pid
        limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
        pages = list(map(int, pathlib.Path(f"/proc/{pid}/statm").read_text().split()))
        after = time.time()
    assert PROCESS_FAMILIES <= names(samples)
    most = re.search(r"Max open files +(\d+)", limits).group(1)
    assert value(samples, "process_max_fds") == int(most)
    assert 8 <= value(samples, "process_open_fds") <= 100
    page_bytes = os.sysconf("SC_PAGE_SIZE")
    assert value(samples, "process_virtual_memory_bytes") > 1 << 20
    resident = value(samples, "process_resident_memory_bytes")
    assert 0.5 < resident / (pages[1] * page_bytes) < 2
    assert before - 1 < value(samples, "process_start_time_seconds") < after + 1
    assert 0 <= value(samples, "process_cpu_seconds_total") < after - before + 1


@test
def the_process_families_can_be_switched_off():
    with Exporter(PROGRAM, "--web.disable-exporter-metrics", *PROPRIETARY) as exporter:
        samples = families(exporter.get()[2])
    assert not PROCESS_FAMILIES & names(samples)
    assert "kernel_taint_exporter_build_info" in names(samples)
    assert successes(samples) == ALL_SUCCESSFUL


@test
def collectors_are_switched_on_and_off_and_explicit_flags_win():
    for flags, expected in (
        ([], {"kernel", "modules", "posture", "signature"}),
        (["--no-collector.modules"], {"kernel", "posture", "signature"}),
        (["--no-collector.signature"], {"kernel", "modules", "posture"}),
        (
            ["--no-collector.kernel", "--no-collector.posture"],
            {"modules", "signature"},
        ),
        (["--collector.disable-defaults"], set()),
        (["--collector.disable-defaults", "--collector.modules"], {"modules"}),
        (["--collector.posture", "--collector.disable-defaults"], {"posture"}),
        (["--collector.disable-defaults", "--collector.signature"], {"signature"}),
        (["--no-collector.kernel", "--collector.kernel"], set(ALL_SUCCESSFUL)),
        (
            ["--collector.kernel", "--no-collector.kernel"],
            {"modules", "posture", "signature"},
        ),
    ):
        result = command("once", *flags, *PROPRIETARY)
        assert result.returncode == 0, flags
        samples = families(result.stdout)
        assert successes(samples) == dict.fromkeys(expected, 1), flags
        found = names(samples)
        assert ("kernel_taint_mask" in found) == ("kernel" in expected), flags
        assert ("kernel_taint_module" in found) == ("modules" in expected), flags
        assert ("kernel_taint_module_files" in found) == ("signature" in expected), flags
        assert ("kernel_taint_module_info" in found) == ("signature" in expected), flags
        assert ("kernel_taint_lockdown" in found) == ("posture" in expected), flags
        assert "kernel_taint_exporter_build_info" in found, flags


@test
def modules_whose_files_are_told_of_can_be_chosen():
    for flags, expected in (
        ([], 8),
        (["--collector.signature.modules=tainting"], 8),
        (["--collector.signature.modules", "all"], 21),
        (["--collector.signature.modules=all", "--collector.signature.wait=0"], 21),
    ):
        samples = families(
            command("once", *flags, *scene_flags(SCENES / "module-files")).stdout
        )
        told = [name for name, _ in samples if name == "kernel_taint_module_info"]
        assert len(told) == expected, flags
        counted = sum(
            number
            for (name, _), number in samples.items()
            if name == "kernel_taint_module_files"
        )
        assert counted == 21, flags


@test
def certificates_that_cannot_be_read_are_an_error_that_names_them():
    with temporary_folder() as folder:
        (folder / "empty-folder").mkdir()
        (folder / "no-certificate").write_text("no certificate\n")
        for name in ("empty-folder", "no-certificate", "not-there"):
            flag = f"--collector.signature.trust={folder / name}"
            for arguments in (
                [LOOPBACK, flag, *PROPRIETARY],
                ["once", flag, *PROPRIETARY],
                ["module", flag, *PROPRIETARY, "lab_gpl"],
            ):
                result = command(*arguments)
                assert (result.returncode, result.stdout) == (1, b""), arguments
                (error,) = lines_of(result.stderr, "error")
                assert f"{folder / name}" in error, error


@test
def the_dialect_can_be_given():
    with temporary_folder() as folder:
        scene = make_scene(folder / "scene", mask=1 << 31, release="6.4.0-1-x")
        for dialect, flag, taint in (
            (None, "?", "unknown"),
            ("auto", "?", "unknown"),
            ("mainline", "?", "unknown"),
            ("rhel8", "?", "unknown"),
            ("rhel9", "u", "unprivileged_bpf"),
            ("suse", "n", "no_support"),
        ):
            flags = [f"--kernel.dialect={dialect}"] if dialect else []
            samples = families(command("once", *flags, *scene_flags(scene)).stdout)
            labels = {"bit": "31", "flag": flag, "taint": taint}
            assert value(samples, "kernel_taint_flag", **labels) == 1, dialect
            shown = "mainline" if dialect in (None, "auto") else dialect
            labels = {"dialect": shown, "release": "6.4.0-1-x"}
            assert value(samples, "kernel_taint_kernel_info", **labels) == 1
        # Where nothing else tells whose kernel it is, the release does.
        (scene / "proc/version").unlink()
        samples = families(command("once", *scene_flags(scene)).stdout)
        labels = {"dialect": "mainline", "release": "6.4.0-1-x"}
        assert value(samples, "kernel_taint_kernel_info", **labels) == 1


@test
def every_module_can_be_compared_with_sysfs():
    with temporary_folder() as folder:
        scene = make_scene(folder / "scene", modules=[("clean", ""), ("other", "OE")])
        (scene / "sys/module/clean/taint").write_text("P\n")
        for flags, count in (
            ([], 0),
            (["--collector.modules.sysfs=tainting"], 0),
            (["--collector.modules.sysfs", "all"], 1),
        ):
            samples = families(command("once", *flags, *scene_flags(scene)).stdout)
            assert value(samples, "kernel_taint_modules_disagreeing") == count, flags


# ---- what cannot be read ----


@test
def an_unreadable_file_fails_its_collector_and_no_other():
    cases = (
        ("proc/sys/kernel/tainted", {"kernel"}, {"kernel_taint_mask"}),
        (
            "proc/sys/kernel/osrelease",
            {"kernel", "signature"},
            {"kernel_taint_kernel_info", "kernel_taint_module_files"},
        ),
        (
            "proc/modules",
            {"modules", "signature"},
            {"kernel_taint_modules_loaded", "kernel_taint_module_files"},
        ),
        ("sys/module/lab_prop/taint", {"modules"}, {"kernel_taint_modules_disagreeing"}),
        (
            "proc/sys/kernel/modules_disabled",
            {"posture"},
            {"kernel_taint_module_loading_disabled"},
        ),
        ("proc/cmdline", {"posture"}, {"kernel_taint_panic_mask"}),
        # Hidden is no failure.
        ("sys/kernel/security/lockdown", set(), {"kernel_taint_lockdown"}),
        ("sys/module", {"modules", "posture"}, {"kernel_taint_modules_hidden"}),
        ("proc/sys", {"kernel", "posture", "signature"}, {"kernel_taint_mask"}),
        ("proc/version", {"kernel"}, {"kernel_taint_kernel_info"}),
    )
    with folder_for_nobody() as (folder, program):
        for number, (path, failed, missing) in enumerate(cases):
            scene = copy_scene(SCENES / "proprietary", folder / f"scene{number}")
            mode = (scene / path).stat().st_mode
            if IS_ROOT:
                os.chown(scene / path, NOBODY, NOBODY)
            (scene / path).chmod(0)
            try:
                with Exporter(program, *scene_flags(scene)) as exporter:
                    status, _, page = exporter.get()
            finally:
                (scene / path).chmod(mode)
            samples = families(page)
            assert status == 200, path
            expected = {name: name not in failed for name in ALL_SUCCESSFUL}
            assert successes(samples) == expected, (path, successes(samples))
            assert not missing & names(samples), path
            errors = lines_of(exporter.log.encode(), "error")
            assert {re.search(r"collector=(\w+)", line)[1] for line in errors} == failed


@test
def missing_roots_are_named_and_tried_again():
    with temporary_folder() as folder:
        scene = folder / "scene"
        # The sandbox has no room for what is not there yet.
        with Exporter(PROGRAM, *scene_flags(scene), "--no-sandbox") as exporter:
            for flag in ("procfs", "sysfs", "rootfs"):
                exporter.wait_log(f"level=warn .*flag=--path.{flag} ")
            status, _, page = exporter.get()
            assert status == 200
            assert successes(families(page)) == dict.fromkeys(ALL_SUCCESSFUL, 0)
            make_scene(scene, mask=1)
            samples = families(exporter.get()[2])
            assert successes(samples) == ALL_SUCCESSFUL
            assert value(samples, "kernel_taint_mask") == 1


@test
def no_link_leads_out_of_the_roots():
    with temporary_folder() as folder:
        outside = folder / "outside"
        outside.write_text("4242\n")
        secret = make_scene(folder / "other", modules=[("secret", "P")])
        for target in (str(outside), "../../../../../outside"):
            scene = make_scene(folder / "scene", modules=[("known", "OE")])
            mask = scene / "proc/sys/kernel/tainted"
            mask.unlink()
            mask.symlink_to(target)
            (scene / "proc/modules").unlink()
            (scene / "proc/modules").symlink_to(secret / "proc/modules")
            (scene / "proc/cmdline").unlink()
            (scene / "proc/cmdline").symlink_to("../../outside")
            page = command("once", *scene_flags(scene)).stdout
            assert successes(families(page))["kernel"] == 0
            assert b"4242" not in page and b"secret" not in page, page
            shutil.rmtree(scene)


@test
def log_lines_get_into_no_reply_when_streams_are_closed():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    for closed in CLOSED_STREAMS:
        process = subprocess.Popen(
            [
                "sh",
                "-c",
                f'exec "$0" "$@" {closed}',
                PROGRAM,
                "--log.level=debug",
                f"--web.listen-address=127.0.0.1:{port}",
                "--path.procfs=/nosuch",
            ]
            + PROPRIETARY[1:],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

        def page():
            connection = http.client.HTTPConnection("127.0.0.1", port, TIMEOUT)
            with contextlib.closing(connection):
                try:
                    connection.request("GET", "/metrics")
                    return connection.getresponse().read()
                except ConnectionRefusedError:
                    assert process.poll() is None, process.returncode
                    return None

        try:
            for _ in range(5):
                assert successes(families(wait_until(page)))["kernel"] == 0
            process.terminate()
            assert process.wait(TIMEOUT) == 0
        finally:
            process.kill()
            process.wait()


run()
