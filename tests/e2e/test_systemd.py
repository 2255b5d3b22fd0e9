# SPDX-License-Identifier: Apache-2.0
"""
What systemd and the program say to one another: sockets that are handed over, and the
messages of a service's life.
"""

import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

from suite import PROGRAM, is_instrumented, run, test
from exporter import Exporter, TIMEOUT, wait_until
from commands import PROPRIETARY, command, lines_of
from process import is_at_rest
from scenery import ALL_SUCCESSFUL, families, replace, successes, temporary_folder

SOCKET_FLAG = "--web.systemd-socket"

# Puts the descriptors that the first argument lists where systemd puts them, sets
# LISTEN_PID to OWN, or to another process, and becomes the program.
LAUNCHER = """
import os, sys
fds = [int(fd) for fd in sys.argv[1].split()]
high = [os.dup2(fd, 200 + i) for i, fd in enumerate(fds)]
os.closerange(3, 200)
for i, fd in enumerate(high):
    os.dup2(fd, 3 + i, inheritable=True)
os.closerange(200, 200 + len(fds))
if os.environ.get("LISTEN_PID") == "own":
    os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.argv[2], sys.argv[2:])
"""


def environment(**variables):
    """Of this process, with these in addition and no others of systemd's."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LISTEN_", "NOTIFY_", "WATCHDOG_"))
    }
    return {**kept, **variables}


def launched(sockets, **variables):
    """What starts the program with SOCKETS: arguments of Exporter, or of command()."""
    variables = {"LISTEN_PID": "own", "LISTEN_FDS": str(len(sockets)), **variables}
    fds = [listener.fileno() for listener in sockets]
    return (
        [sys.executable, "-c", LAUNCHER, " ".join(map(str, fds)), PROGRAM],
        environment(**{name: v for name, v in variables.items() if v is not None}),
        fds,
    )


def socket_exporter(sockets, *flags, **variables):
    program, env, fds = launched(sockets, **variables)
    return Exporter(
        program,
        SOCKET_FLAG,
        *flags,
        *PROPRIETARY,
        listen=None,
        env=env,
        popen={"pass_fds": fds},
    )


def socket_command(sockets, *flags, **variables):
    program, env, fds = launched(sockets, **variables)
    return command(
        SOCKET_FLAG, *flags, *PROPRIETARY, program=program, env=env, pass_fds=fds
    )


def listener():
    return socket.create_server(("127.0.0.1", 0))


def unix_listener(path):
    return socket.create_server(str(path), family=socket.AF_UNIX)


def page_of(address, family=socket.AF_INET):
    """The metrics, asked for at ADDRESS."""
    with socket.socket(family) as client:
        client.settimeout(TIMEOUT)
        client.connect(address)
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        reply = b"".join(iter(lambda: client.recv(65536), b""))
    head, _, page = reply.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), head
    return page


def is_whole(page):
    return successes(families(page)) == ALL_SUCCESSFUL


# ---- sockets ----


@test
def all_sockets_of_systemd_are_served_and_no_others():
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(temporary_folder())
        sockets = [stack.enter_context(listener()) for _ in range(3)]
        path = folder / "socket"
        sockets.append(stack.enter_context(unix_listener(path)))
        exporter = stack.enter_context(socket_exporter(sockets, LISTEN_FDNAMES="a:b:c:d"))
        for tcp in sockets[:3]:
            assert is_whole(page_of(tcp.getsockname()))
        assert is_whole(page_of(str(path), socket.AF_UNIX))
        wait_until(lambda: exporter.log.count('"Listening on"') == 4, what="log lines")
        for tcp in sockets[:3]:
            assert "127.0.0.1:%d" % tcp.getsockname()[1] in exporter.log
        inodes = {os.fstat(tcp.fileno()).st_ino for tcp in sockets}
        # It has no listening sockets but these.
        links = []
        for fd in os.listdir(f"/proc/{exporter.process.pid}/fd"):
            # The connection of the last page may be closed in between.
            with contextlib.suppress(FileNotFoundError):
                links.append(os.readlink(f"/proc/{exporter.process.pid}/fd/{fd}"))
        listening = pathlib.Path("/proc/net/tcp").read_text()
        listening += pathlib.Path("/proc/net/tcp6").read_text()
        listening = {
            int(line.split()[9])
            for line in listening.splitlines()
            if line.split()[3] == "0A"
        }
        own = {int(link[8:-1]) for link in links if link.startswith("socket:[")}
        assert own & listening <= inodes
        assert inodes <= own


@test
def a_unix_domain_socket_alone_is_served():
    with contextlib.ExitStack() as stack:
        path = stack.enter_context(temporary_folder()) / "socket"
        sockets = [stack.enter_context(unix_listener(path))]
        stack.enter_context(socket_exporter(sockets))
        for _ in range(3):
            assert is_whole(page_of(str(path), socket.AF_UNIX))


@test
def a_socket_that_blocks_and_is_inherited_is_neither_afterwards():
    with listener() as tcp:
        tcp.setblocking(True)
        with socket_exporter([tcp]) as exporter:
            info = pathlib.Path(f"/proc/{exporter.process.pid}/fdinfo/3").read_text()
            flags = int(re.search(r"flags:\s+(\d+)", info).group(1), 8)
            assert flags & os.O_NONBLOCK and flags & os.O_CLOEXEC
            # A client that went before it was accepted holds up nobody.
            for _ in range(20):
                socket.create_connection(tcp.getsockname()).close()
            assert is_whole(page_of(tcp.getsockname()))


@test
def clients_that_came_before_the_program_are_served():
    with listener() as tcp, socket.create_connection(tcp.getsockname()) as early:
        early.settimeout(TIMEOUT)
        early.sendall(b"GET /-/ready HTTP/1.0\r\n\r\n")
        with socket_exporter([tcp]):
            assert early.recv(4096).startswith(b"HTTP/1.")


@test
def a_listen_address_of_the_command_line_is_not_listened_on():
    with listener() as taken, listener() as tcp:
        address = "--web.listen-address=127.0.0.1:%d" % taken.getsockname()[1]
        with socket_exporter([tcp], address) as exporter:
            assert is_whole(page_of(tcp.getsockname()))
            assert exporter.log.count('"Listening on"') == 1


@test
def without_a_socket_for_it_the_program_says_what_it_expected():
    with listener() as tcp, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        with socket.socket() as idle, open("/dev/null", "rb") as file:
            for sockets, variables, word in (
                ([], {"LISTEN_PID": None, "LISTEN_FDS": None}, "LISTEN_"),
                ([], {}, "LISTEN_"),
                ([tcp], {"LISTEN_PID": "1"}, "LISTEN_"),
                ([tcp], {"LISTEN_PID": None}, "LISTEN_"),
                ([tcp], {"LISTEN_FDS": None}, "LISTEN_"),
                ([tcp], {"LISTEN_FDS": "0"}, "LISTEN_"),
                ([tcp], {"LISTEN_FDS": "2"}, "stream"),
                ([tcp], {"LISTEN_FDS": "-1"}, ""),
                ([tcp], {"LISTEN_FDS": "1000000000"}, ""),
                ([tcp], {"LISTEN_FDS": "x"}, ""),
                ([tcp], {"LISTEN_PID": "x"}, ""),
                ([datagrams], {}, "stream"),
                ([idle], {}, "listen"),
                ([tcp, idle], {}, "listen"),
                ([file], {}, "stream"),
            ):
                result = socket_command(sockets, **variables)
                assert result.returncode == 1, (variables, result.stderr)
                (error,) = lines_of(result.stderr, "error")
                assert SOCKET_FLAG in error and "expected" in error, error
                assert word in error, (word, error)


@test
def sockets_of_systemd_are_left_alone_without_the_flag():
    with listener() as tcp:
        program, env, fds = launched([tcp])
        with Exporter(program, *PROPRIETARY, env=env, popen={"pass_fds": fds}) as exporter:
            assert is_whole(exporter.get()[2])
            tcp_port = tcp.getsockname()[1]
            assert exporter.port != tcp_port


@test
def systemd_socket_activate_starts_the_program_with_its_first_client():
    with listener() as free:
        port = free.getsockname()[1]
    with temporary_folder() as folder:
        path = folder / "socket"
        activate = subprocess.Popen(
            [
                "systemd-socket-activate",
                f"--listen=127.0.0.1:{port}",
                f"--listen={path}",
                PROGRAM,
                SOCKET_FLAG,
                *PROPRIETARY,
            ],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            wait_until(path.exists, what="socket")
            assert is_whole(page_of(("127.0.0.1", port)))
            assert is_whole(page_of(str(path), socket.AF_UNIX))
            # It became the program.
            activate.terminate()
            _, log = activate.communicate(timeout=TIMEOUT)
            assert activate.returncode == 0, log
            assert b"msg=Stopped" in log, log
        finally:
            activate.kill()
            activate.communicate()


# ---- messages ----


class Manager:
    """systemd's side of $NOTIFY_SOCKET, in FOLDER or with an abstract name."""

    def __init__(self, folder, is_abstract=False):
        # The longest name that there is (unix(7)).
        abstract = f"@taint-{os.getpid()}".ljust(107, "x")
        self.path = abstract if is_abstract else f"{folder}/notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.settimeout(TIMEOUT)
        self.socket.bind("\0" + self.path[1:] if is_abstract else self.path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def hear(self):
        """The next message, as a dictionary."""
        message = self.socket.recv(4096).decode("ascii")
        return dict(line.split("=", 1) for line in message.split("\n"))

    def hear_but(self, name):
        """The next message that is not about NAME."""
        for _ in range(1000):
            message = self.hear()
            if name not in message:
                return message
        raise AssertionError(f"nothing but {name}")

    def has_silence(self, seconds):
        self.socket.settimeout(seconds)
        try:
            return not self.socket.recv(4096)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(TIMEOUT)


def service(manager, *flags, **variables):
    return Exporter(
        PROGRAM,
        *flags,
        *PROPRIETARY,
        env=environment(NOTIFY_SOCKET=manager.path, **variables),
    )


@contextlib.contextmanager
def folder_and_manager(is_abstract=False):
    with temporary_folder() as folder:
        with Manager(folder, is_abstract) as manager:
            yield folder, manager


@test
def systemd_hears_of_the_whole_life_of_the_service():
    for is_abstract in (False, True):
        with folder_and_manager(is_abstract) as (_, manager):
            with service(manager) as exporter:
                assert manager.hear() == {"READY": "1"}
                # Whoever is told so finds it serving.
                assert is_whole(exporter.get()[2])
                for _ in range(3):
                    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
                    exporter.process.send_signal(signal.SIGHUP)
                    message = manager.hear()
                    after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
                    assert message.keys() == {"RELOADING", "MONOTONIC_USEC"}
                    assert message["RELOADING"] == "1"
                    assert before <= int(message["MONOTONIC_USEC"]) <= after
                    assert manager.hear() == {"READY": "1"}
                assert is_whole(exporter.get()[2])
                assert lines_of(exporter.log.encode(), "error") == []
                exporter.process.send_signal(signal.SIGTERM)
                assert manager.hear() == {"STOPPING": "1"}
                assert exporter.process.wait(TIMEOUT) == 0
            assert manager.has_silence(0.1)


@test
def it_is_ready_when_it_answers_and_not_before():
    with folder_and_manager() as (_, manager), listener() as tcp:
        program, env, fds = launched([tcp], NOTIFY_SOCKET=manager.path)
        process = subprocess.Popen(
            [*program, SOCKET_FLAG, *PROPRIETARY],
            env=env,
            pass_fds=fds,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            assert manager.hear() == {"READY": "1"}
            assert is_whole(page_of(tcp.getsockname()))
        finally:
            process.kill()
            process.wait()
        # Nobody is told of a service that cannot start.
        address = "--web.listen-address=127.0.0.1:%d" % tcp.getsockname()[1]
        result = command(
            address, *PROPRIETARY, env=environment(NOTIFY_SOCKET=manager.path)
        )
        assert result.returncode == 1
        assert manager.has_silence(0.1)


def header_of(exporter):
    status, headers, _ = exporter.get("/-/ready")
    assert status == 200
    return headers["X-Frame-Options"]


CONFIGURATION = "http_server_config:\n  headers:\n    X-Frame-Options: %s\n"


@test
def a_reload_reads_the_web_configuration_again():
    with folder_and_manager() as (folder, manager):
        file = folder / "web.yml"
        replace(file, CONFIGURATION % "deny")
        with service(manager, f"--web.config.file={file}") as exporter:
            assert manager.hear() == {"READY": "1"}
            assert header_of(exporter) == "deny"
            for content, header, is_wrong in (
                (CONFIGURATION % "sameorigin", "sameorigin", False),
                ("nonsense: [", "sameorigin", True),
                (CONFIGURATION % "deny", "deny", False),
            ):
                errors = len(lines_of(exporter.log.encode(), "error"))
                replace(file, content)
                exporter.process.send_signal(signal.SIGHUP)
                assert manager.hear()["RELOADING"] == "1"
                assert manager.hear() == {"READY": "1"}
                assert header_of(exporter) == header
                if is_wrong:
                    exporter.wait_log(f"level=error.*{file}:")
                else:
                    now = len(lines_of(exporter.log.encode(), "error"))
                    assert now == errors, exporter.log


@test
def the_watchdog_is_fed_in_time_and_not_without_need():
    with folder_and_manager() as (_, manager):
        with service(manager, WATCHDOG_USEC="1000000") as exporter:
            assert manager.hear() == {"READY": "1"}
            # Nobody asks anything meanwhile. Valgrind and a busy machine are slow.
            beats = []
            for _ in range(6):
                assert manager.hear() == {"WATCHDOG": "1"}
                beats.append(time.monotonic())
            middle = sorted(b - a for a, b in zip(beats, beats[1:]))[2]
            assert 1 / 8 < middle < (10 if is_instrumented() else 1), beats
            exporter.process.send_signal(signal.SIGHUP)
            assert manager.hear_but("WATCHDOG")["RELOADING"] == "1"
            assert manager.hear_but("WATCHDOG") == {"READY": "1"}
            exporter.process.send_signal(signal.SIGTERM)
            assert manager.hear_but("WATCHDOG") == {"STOPPING": "1"}


@test
def the_watchdog_of_another_process_and_a_wrong_one_are_not_fed():
    for variables in (
        {"WATCHDOG_USEC": "200000", "WATCHDOG_PID": "1"},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "often"},
        {"WATCHDOG_USEC": "18446744073709551615"},
        {"WATCHDOG_PID": "own"},
    ):
        with folder_and_manager() as (_, manager):
            with service(manager, **variables) as exporter:
                assert manager.hear() == {"READY": "1"}
                assert manager.has_silence(0.5), variables
                assert is_at_rest(exporter.process.pid)


@test
def the_shortest_watchdog_is_no_busy_loop():
    with folder_and_manager() as (_, manager):
        with service(manager, WATCHDOG_USEC="1") as exporter:
            assert manager.hear() == {"READY": "1"}
            begin = time.monotonic()
            for _ in range(100):
                assert manager.hear() == {"WATCHDOG": "1"}
            # One each half of a millisecond at the very most.
            assert time.monotonic() - begin >= 0.03
            assert is_whole(exporter.get()[2])


@test
def the_service_serves_on_when_nobody_hears_of_it():
    with temporary_folder() as folder:
        for path in (f"{folder}/nosuch", "@nosuch-of-nobody", "relative", "", "/"):
            with Exporter(
                PROGRAM, *PROPRIETARY, env=environment(NOTIFY_SOCKET=path)
            ) as exporter:
                assert is_whole(exporter.get()[2])
                exporter.process.send_signal(signal.SIGHUP)
                assert is_whole(exporter.get()[2])
            assert lines_of(exporter.log.encode(), "error") == []
            told = [
                line
                for line in lines_of(exporter.log.encode(), "warn")
                if "NOTIFY_SOCKET" in line
            ]
            assert len(told) == 1, exporter.log


@test
def the_service_serves_on_when_systemd_goes_away_or_does_not_listen():
    for goes_away in (True, False):
        with folder_and_manager() as (_, manager):
            with service(manager, WATCHDOG_USEC="2000") as exporter:
                assert manager.hear() == {"READY": "1"}
                if goes_away:
                    manager.socket.close()
                for _ in range(3):
                    exporter.process.send_signal(signal.SIGHUP)
                    assert is_whole(exporter.get()[2])
                # Nothing was logged of it, once or for each message.
                assert lines_of(exporter.log.encode(), "error") == []
                assert "NOTIFY" not in exporter.log


@test
def sighup_ends_nothing_without_systemd():
    with Exporter(PROGRAM, *PROPRIETARY, env=environment()) as exporter:
        for _ in range(10):
            exporter.process.send_signal(signal.SIGHUP)
        assert is_whole(exporter.get()[2])


run()
