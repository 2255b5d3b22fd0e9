# SPDX-License-Identifier: Apache-2.0
"""
The units of systemd: that it understands them, how far they shut the service in, that
the program can live in there, and that they are installed where they belong.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

from suite import PROGRAM, SCENES, TESTS_FOLDER, is_instrumented, run, test
from exporter import Exporter, TIMEOUT, scene_flags
from commands import (
    AS_ROOT,
    IS_ROOT,
    command,
    folder_for_nobody,
    has_log,
    unprivileged,
)
from confined import settings
from scenery import (
    ALL_SUCCESSFUL,
    copy_scene,
    families,
    successes,
    temporary_folder,
)

NAME = "kernel_taint_exporter"
ROOT = TESTS_FOLDER.parent
PACKAGING = ROOT / "packaging" / "systemd"
SERVICE = PACKAGING / f"{NAME}.service"
DASHBOARDS = list((ROOT / "dashboards/output").glob("[!.]*"))
LOG = PACKAGING / "log.conf"

# What is left open, and why.
LEFT_OPEN = {
    "RootDirectoryOrRootImage": "the modules of the host are read",
    "ProtectKernelModules": "hides /usr/lib/modules",
    "ProcSubset": "hides /proc/modules and /proc/sys",
    "RestrictAddressFamilies_AF_UNIX": "systemd is notified",
    "DeviceAllow": "char-rtc, to be read, comes with ProtectClock=yes",
}
# And not with the drop-in, which leaves no network.
NETWORK_LEFT_OPEN = {
    "RestrictAddressFamilies_AF_INET_INET6": "it listens",
    "PrivateNetwork": "it listens",
    "IPAddressDeny": "whoever scrapes is the administrator's to say",
}
EXPOSURE_MAX = 13  # tenths
# And with the drop-in for the collector log.
LOG_LEFT_OPEN = {
    "CapabilityBoundingSet_CAP_SYSLOG": "opens the log",
    "AmbientCapabilities": "so does who is not root",
    "SystemCallFilter_privileged": "capset(2), to drop the capability",
    "PrivateUsers": "the capability has to be the host's",
    "ProtectKernelLogs": "hides the log",
    "PrivateDevices": "hides its device; DevicePolicy=closed stays",
}
LOG_EXPOSURE_MAX = 21

DROP_INS = [(), ("socket.conf",), ("log.conf",), ("socket.conf", "log.conf")]


@contextlib.contextmanager
def copied_units(change=lambda text: text, drop_ins=()):
    """Copies of the units that start PROGRAM, the service changed: a folder."""
    with temporary_folder() as folder:
        for unit in PACKAGING.glob(f"{NAME}.s*e*"):
            text = unit.read_text()
            if unit == SERVICE:
                text = change(text).replace(f"=/usr/bin/{NAME}", f"={PROGRAM}")
            (folder / unit.name).write_text(text)
        (folder / f"{NAME}.service.d").mkdir()
        for drop_in in drop_ins:
            shutil.copy(PACKAGING / drop_in, folder / f"{NAME}.service.d")
        yield folder


def analyze(folder, *arguments):
    """systemd-analyze with the units of FOLDER in front of all others."""
    return subprocess.run(
        ["systemd-analyze", "--no-pager", *arguments],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=TIMEOUT,
    )


def verify(folder):
    """What systemd has to say of the service and the socket."""
    result = analyze(
        folder,
        "verify",
        "--recursive-errors=no",
        "--man=no",  # it is not installed
        str(folder / f"{NAME}.service"),
        str(folder / f"{NAME}.socket"),
    )
    return result.returncode, result.stdout.decode()


def security(folder, exposure_max=EXPOSURE_MAX):
    """What is left open, and whether that is little enough."""
    offline = ("security", "--offline=true", f"--threshold={exposure_max}")
    result = analyze(folder, *offline, f"{NAME}.service")
    report = analyze(folder, *offline, "--json=short", f"{NAME}.service").stdout
    rows = json.loads(report[: report.rindex(b"]") + 1])
    return {row["json_field"] for row in rows if row["exposure"]}, result.returncode == 0


# ---- the units ----


@test
def systemd_understands_the_units_with_and_without_the_drop_ins():
    for drop_ins in DROP_INS:
        with copied_units(drop_ins=drop_ins) as folder:
            assert verify(folder) == (0, ""), verify(folder)


@test
def systemd_would_complain_of_what_it_does_not_understand():
    for line, wrong in (
        ("WatchdogSec=30", "WatchdogSec=thirty"),
        ("PrivateTmp=yes", "PrivateTemp=yes"),
        ("SystemCallFilter=seccomp", "SystemCallFilter=seckomp"),
        ("ExecReload=/bin/kill", "ExecReload=/bin/nosuch"),
        (f"ExecStart=/usr/bin/{NAME}", "ExecStart=/nosuch"),
        ("Type=notify", "Type=notified"),
    ):
        with copied_units(lambda text: text.replace(line, wrong)) as folder:
            assert wrong in (folder / SERVICE.name).read_text(), wrong
            assert verify(folder)[1] != "", wrong


@test
def the_service_is_shut_in_but_for_what_it_needs():
    with copied_units() as folder:
        left_open, is_enough = security(folder)
        assert left_open <= {*LEFT_OPEN, *NETWORK_LEFT_OPEN}, left_open
        assert is_enough
    with copied_units(drop_ins=["socket.conf"]) as folder:
        left_open, is_enough = security(folder)
        assert left_open <= set(LEFT_OPEN), left_open
        assert is_enough


@test
def the_log_takes_one_capability_and_one_device_and_no_more():
    for others, network in (([], NETWORK_LEFT_OPEN), (["socket.conf"], {})):
        with copied_units(drop_ins=["log.conf", *others]) as folder:
            left_open, is_enough = security(folder, LOG_EXPOSURE_MAX)
            assert left_open <= {*LEFT_OPEN, *LOG_LEFT_OPEN, *network}, left_open
            assert is_enough
    found = settings(LOG)
    assert found["CapabilityBoundingSet"] == ["CAP_SYSLOG"]
    assert found["AmbientCapabilities"] == ["CAP_SYSLOG"]
    assert found["DeviceAllow"] == ["/dev/kmsg r"]
    assert settings(SERVICE)["DevicePolicy"] == ["closed"]


# Lines that no other line makes up for.
HARDENING = """
CapabilityBoundingSet NoNewPrivileges PrivateUsers ProtectProc ProtectSystem ProtectHome
PrivateTmp PrivateMounts PrivateDevices RemoveIPC ProtectClock UMask User
ProtectControlGroups ProtectHostname ProtectKernelLogs ProtectKernelTunables
LockPersonality MemoryDenyWriteExecute RestrictNamespaces RestrictRealtime
RestrictSUIDSGID RestrictAddressFamilies SystemCallArchitectures SystemCallFilter
""".split()


@test
def without_any_of_its_lines_more_would_be_open():
    with copied_units() as folder:
        usual, _ = security(folder)
    for name in HARDENING:
        line = re.compile(rf"^{name}=.*\n", re.MULTILINE)
        assert line.search(SERVICE.read_text()), name
        with copied_units(lambda text: line.sub("", text)) as folder:
            left_open, _ = security(folder)
            assert left_open - usual, name


@test
def nothing_that_would_blind_the_exporter_is_set():
    found = settings(SERVICE)
    assert "ProcSubset" not in found and "ProtectKernelModules" not in found
    assert "InaccessiblePaths" not in found
    # What stands in for the latter.
    assert found["CapabilityBoundingSet"] == [""]
    assert "~@privileged @resources" in found["SystemCallFilter"]


@test
def the_user_of_the_service_is_made():
    with temporary_folder() as folder:
        (folder / "etc").mkdir()
        for arguments in (["--dry-run"], []):
            result = subprocess.run(
                [
                    *AS_ROOT,
                    "systemd-sysusers",
                    f"--root={folder}",
                    *arguments,
                    str(PACKAGING / f"{NAME}.sysusers"),
                ],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=TIMEOUT,
            )
            assert result.returncode == 0, result.stdout
            assert NAME.encode() in result.stdout, result.stdout
        passwd = (folder / "etc/passwd").read_text()
        (fields,) = [line.split(":") for line in passwd.splitlines()]
        assert fields[0] == NAME
        assert 0 < int(fields[2]) < 1000
        assert fields[6].endswith("/nologin")
    found = settings(SERVICE)
    assert found["User"] == found["Group"] == [NAME]


# ---- the program in the service ----

@contextlib.contextmanager
def confined(change=lambda text: text, capabilities=""):
    """A folder, and how to start the program in there as the service does."""
    with folder_for_nobody() as (folder, _):
        shutil.copy(TESTS_FOLDER / "e2e" / "confined.py", folder)
        (folder / "unit").write_text(change(SERVICE.read_text()))
        (folder / "confined.py").chmod(0o644)
        (folder / "unit").chmod(0o644)
        yield folder, [
            *unprivileged(capabilities),
            sys.executable,
            "-B",
            str(folder / "confined.py"),
            str(folder / "unit"),
            str(folder / "program"),
        ]


@test
def the_program_lives_on_what_the_service_leaves_it():
    # The sanitizers need system calls of their own.
    if is_instrumented():
        return
    with confined() as (folder, program):
        scene = copy_scene(SCENES / "proprietary", folder / "scene")
        for listen in ("127.0.0.1:0", "localhost:0"):
            with Exporter(program, *scene_flags(scene), listen=listen) as exporter:
                for _ in range(3):
                    status, _, page = exporter.get()
                    assert status == 200
                found = families(page)
                assert successes(found) == ALL_SUCCESSFUL
                tasks = len(os.listdir(f"/proc/{exporter.process.pid}/task"))
                # Those for what hangs come on top.
                assert tasks <= int(settings(SERVICE)["TasksMax"][0]) // 2
                status = pathlib.Path(f"/proc/{exporter.process.pid}/status")
                assert "NoNewPrivs:\t1" in status.read_text()
                # Ours, and that of the sandbox that the program makes for itself.
                assert "Seccomp_filters:\t2" in status.read_text()
            assert "level=error" not in exporter.log


@test
def the_program_could_not_live_on_less():
    if is_instrumented():
        return
    for line, less in (
        ("SystemCallFilter=@system-service", "SystemCallFilter=@basic-io"),
        ("AF_INET AF_INET6 AF_UNIX", "AF_UNIX"),
        (" landlock_restrict_self", ""),
    ):
        with confined(lambda text: text.replace(line, less)) as (folder, program):
            assert line not in (folder / "unit").read_text()
            scene = copy_scene(SCENES / "proprietary", folder / "scene")
            result = command(
                "--web.listen-address=127.0.0.1:0",
                *scene_flags(scene),
                program=program,
            )
            assert result.returncode != 0, less


def with_log(text):
    return text + LOG.read_text()


@test
def with_the_drop_in_it_opens_the_log_and_drops_what_that_took():
    if is_instrumented() or not IS_ROOT or not has_log():
        return
    with confined(with_log, "+syslog") as (_, program):
        with Exporter(program, settings(LOG)["Environment"][0].split("=", 1)[1]) as exporter:
            found = families(exporter.get()[2])
            assert successes(found)["log"] == 1, exporter.log
            status = pathlib.Path(f"/proc/{exporter.process.pid}/status").read_text()
            for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
                assert f"{name}:\t{0:016x}" in status, status
    # Its line for a system call is what that takes.
    for line, less in (("SystemCallFilter=capset\n", ""), ("", "")):
        with confined(
            lambda text: with_log(text).replace(line, less), "+syslog"
        ) as (folder, program):
            scene = copy_scene(SCENES / "proprietary", folder / "scene")
            result = command(
                "once", "--collector.log", *scene_flags(scene), program=program
            )
            assert (result.returncode == 0) == (not line), result


# ---- installed ----


def make(*arguments):
    """make, of the flavour of these tests, as whatever runs them has set it."""
    result = subprocess.run(
        ["make", "-s", "-C", str(ROOT), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=10 * TIMEOUT,
    )
    assert result.returncode == 0, result.stdout.decode()


def files_below(folder):
    return {
        str(path.relative_to(folder)): path.stat().st_mode & 0o777
        for path in folder.rglob("*")
        if not path.is_dir()
    }


@test
def all_is_installed_where_the_prefix_says_and_nothing_stays():
    for prefix in ("usr", "usr/local", "opt/taint"):
        with temporary_folder() as folder:
            flags = [f"DESTDIR={folder}", f"PREFIX=/{prefix}"]
            make("install", *flags)
            assert files_below(folder) == {
                f"{prefix}/bin/{NAME}": 0o755,
                f"{prefix}/lib/systemd/system/{NAME}.service": 0o644,
                f"{prefix}/lib/systemd/system/{NAME}.socket": 0o644,
                f"{prefix}/lib/sysusers.d/{NAME}.conf": 0o644,
                f"{prefix}/share/doc/{NAME}/log.conf": 0o644,
                f"{prefix}/share/doc/{NAME}/socket.conf": 0o644,
                f"{prefix}/share/man/man8/{NAME}.8": 0o644,
                f"{prefix}/share/bash-completion/completions/{NAME}": 0o644,
                f"{prefix}/share/zsh/site-functions/_{NAME}": 0o644,
                f"{prefix}/share/fish/vendor_completions.d/{NAME}.fish": 0o644,
                f"{prefix}/share/{NAME}/RUNBOOKS.md": 0o644,
                **{f"{prefix}/share/{NAME}/{file.name}": 0o644 for file in DASHBOARDS},
                f"etc/default/{NAME}": 0o644,
            }
            units = folder / prefix / "lib/systemd/system"
            (start,) = settings(units / f"{NAME}.service")["ExecStart"]
            assert start == f"/{prefix}/bin/{NAME} $SOCKET $LOG $ARGS"
            # Whoever changed the flags keeps them.
            environment = folder / "etc/default" / NAME
            environment.write_text('ARGS="--log.level=debug"\n')
            make("install", *flags)
            assert environment.read_text() == 'ARGS="--log.level=debug"\n'
            make("uninstall", *flags)
            assert set(files_below(folder)) == {f"etc/default/{NAME}"}
            environment.unlink()
            make("install", *flags)
            make("uninstall", *flags)
            assert files_below(folder) == {}


run()
