#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
Load and faults: whatever clients do, others get their pages, memory stays bounded, and
when the load ends everything is as before. Prints what was measured to standard error:
requests, errors, the 99th percentile of a good client's time, memory and descriptors,
before, during and after each load.

Usage: test_load.py PROGRAM
"""

import base64
import contextlib
import crypt
import http.client
import os
import resource
import socket
import ssl
import subprocess
import sys
import threading
import time

from hangs import hanging, need_mounts
from process import anonymous_memory, descriptors, is_at_rest
from suite import PROGRAM, SCENES, run, test
from exporter import TIMEOUT, Exporter, scene_flags, wait_until
from scenery import copy_scene, temporary_folder

GOOD_REQUESTS = 150  # of the client that wants its page while others make trouble
CROWD = 1500         # connections that are kept without a word
FLOOD = 4            # threads that ask as fast as they can
MEMORY_SLACK = 8 << 20
PASSWORD = "a good one"
LOGIN = "Basic " + base64.b64encode(f"prometheus:{PASSWORD}".encode()).decode()


class Good:
    """A client like Prometheus: one page after another over a kept connection."""

    def __init__(self, exporter, context=None, login=None):
        self.exporter = exporter
        self.context = context
        self.headers = {"Authorization": login} if login else {}
        self.connection = None
        self.complaints = []

    def connect(self):
        host, port = self.exporter.host, self.exporter.port
        if self.context:
            return http.client.HTTPSConnection(
                host, port, timeout=TIMEOUT, context=self.context
            )
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT)

    def page(self):
        """True if it came whole. A kept connection may have been closed: tried twice."""
        for _ in range(2):
            try:
                self.connection = self.connection or self.connect()
                self.connection.request("GET", "/metrics", headers=self.headers)
                reply = self.connection.getresponse()
                body = reply.read()
                if reply.status == 200 and b"kernel_taint_exporter_build_info" in body:
                    return True
                self.complaints.append(reply.status)
            except (OSError, http.client.HTTPException) as error:
                self.complaints.append(repr(error))
            if self.connection:
                self.connection.close()
                self.connection = None
        return False


def measure(what, exporter, good, requests=GOOD_REQUESTS):
    """Asks REQUESTS times; prints the figures and returns how many pages did not come."""
    pid = exporter.process.pid
    times, errors = [], 0
    for _ in range(requests):
        start = time.monotonic()
        errors += not good.page()
        times.append(time.monotonic() - start)
    times.sort()
    print(
        f"  {what:<34} requests {requests:4}  errors {errors:3}"
        f"  p99 {times[int(len(times) * 0.99) - 1] * 1000:8.2f} ms"
        f"  memory {anonymous_memory(pid) // 1024:6} KiB"
        f"  descriptors {descriptors(pid):4}",
        file=sys.stderr,
    )
    return errors


@contextlib.contextmanager
def threads_of(count, work):
    """COUNT threads call WORK again and again; what it raises ends only that call."""
    over = threading.Event()

    def again():
        while not over.is_set():
            with contextlib.suppress(OSError, http.client.HTTPException):
                work()

    threads = [threading.Thread(target=again, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(TIMEOUT)


def connect(exporter):
    return socket.create_connection((exporter.host, exporter.port), TIMEOUT)


@contextlib.contextmanager
def crowd(exporter, greeting=b""):
    """Many connections at once that say GREETING and then nothing."""
    sockets = []
    try:
        for _ in range(CROWD):
            with contextlib.suppress(OSError):
                client = connect(exporter)
                sockets.append(client)
                client.send(greeting)
        yield
    finally:
        for client in sockets:
            client.close()


@contextlib.contextmanager
def flood(exporter, request):
    """Threads that send REQUEST on new connections and do not care for the reply."""

    def once():
        with connect(exporter) as client:
            client.sendall(request)
            client.recv(65536)

    with threads_of(FLOOD, once):
        yield


@contextlib.contextmanager
def slow_readers(exporter):
    """Ask for many pages at once and take a byte of them."""
    sockets = []
    try:
        for _ in range(60):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            client.settimeout(TIMEOUT)
            client.connect((exporter.host, exporter.port))
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
            sockets.append(client)
        # Now they have all the places there are.
        wait_until(lambda: exporter.get()[0] == 503, what="refusal")
        yield
    finally:
        for client in sockets:
            client.close()


LOADS = {
    "silent connections": crowd,
    "half a request each": lambda exporter: crowd(exporter, b"GET /metrics HT"),
    "slow readers, 50 pages each": slow_readers,
    "request flood": lambda exporter: flood(
        exporter, b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    ),
    "oversized headers": lambda exporter: flood(
        exporter, b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: " + b"y" * 60000 + b"\r\n\r\n"
    ),
    "pipelines of 100": lambda exporter: flood(
        exporter, b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n" * 100
    ),
    "HTTP/0.9": lambda exporter: flood(exporter, b"GET /metrics\r\n"),
    "garbage": lambda exporter: flood(exporter, os.urandom(3000) + b"\r\n\r\n"),
}

# What only a door with TLS and users meets.
DOOR_LOADS = {
    "half-open TLS handshakes": lambda exporter: crowd(exporter, b"\x16\x03\x01\x02\x00"),
    "wrong passwords": lambda exporter: logins(exporter),
    "TLS handshakes": lambda exporter: handshakes(exporter),
}


def not_verified():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@contextlib.contextmanager
def logins(exporter):
    context = not_verified()

    def guess():
        password = base64.b64encode(b"prometheus:" + os.urandom(8).hex().encode())
        connection = http.client.HTTPSConnection(
            exporter.host, exporter.port, timeout=TIMEOUT, context=context
        )
        with contextlib.closing(connection):
            connection.request(
                "GET", "/metrics", headers={"Authorization": f"Basic {password.decode()}"}
            )
            assert connection.getresponse().status == 401

    with threads_of(FLOOD, guess):
        yield


@contextlib.contextmanager
def handshakes(exporter):
    context = not_verified()

    def shake():
        with connect(exporter) as client, context.wrap_socket(client):
            pass

    with threads_of(FLOOD, shake):
        yield


def bear(exporter, good, loads):
    """Each load after the other: no page is lost, and all is as before in the end."""
    pid = exporter.process.pid
    assert measure("before", exporter, good) == 0
    before = anonymous_memory(pid), descriptors(pid)
    for what, load in loads.items():
        with load(exporter):
            # Whoever holds up others has half a second until it is found out.
            start = time.monotonic()
            wait_until(good.page, what="page")
            print(f"  first page after {time.monotonic() - start:.2f} s", file=sys.stderr)
            wait_until(lambda: all(good.page() for _ in range(50)), what="pages in a row")
            assert measure(what, exporter, good) == 0, what
    assert measure("after", exporter, good) == 0
    wait_until(lambda: descriptors(pid) <= before[1], what="descriptors as before")
    wait_until(lambda: is_at_rest(pid), what="rest")
    assert anonymous_memory(pid) <= before[0] + MEMORY_SLACK, before


def many_descriptors():
    """A crowd needs more than the usual 1,024 in this process."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))


@test
def no_load_costs_a_good_client_a_page():
    with Exporter(PROGRAM, *scene_flags(SCENES / "proprietary")) as exporter:
        bear(exporter, Good(exporter), LOADS)


def write_door(folder):
    subprocess.run(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9"
        " -keyout key.pem -out cert.pem -subj /CN=localhost".split(),
        cwd=folder,
        check=True,
        capture_output=True,
    )
    secret = crypt.crypt(PASSWORD, crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=1024))
    (folder / "web.yml").write_text(
        "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n"
        f"basic_auth_users:\n  prometheus: {secret}\n"
    )
    return f"--web.config.file={folder}/web.yml"


@test
def no_load_at_the_door_costs_a_good_client_a_page():
    with temporary_folder() as folder:
        door = write_door(folder)
        with Exporter(PROGRAM, *scene_flags(SCENES / "proprietary"), door) as exporter:
            bear(exporter, Good(exporter, not_verified(), LOGIN), DOOR_LOADS)


@test
def a_full_table_of_descriptors_costs_a_good_client_no_page():
    limited = ["prlimit", "--nofile=64", PROGRAM]
    with Exporter(limited, *scene_flags(SCENES / "proprietary")) as exporter:
        bear(exporter, Good(exporter), {"full descriptor table": crowd})


@test
def a_read_that_blocks_costs_a_good_client_no_page():
    with temporary_folder() as folder:
        scene = copy_scene(SCENES / "proprietary", folder / "scene")
        with hanging(scene / "proc/modules"):
            with Exporter(PROGRAM, *scene_flags(scene)) as exporter:
                good = Good(exporter)
                assert measure("first page, a file hangs", exporter, good, 2) == 0
                assert measure("a file hangs", exporter, good) == 0
                with flood(exporter, b"GET /metrics HTTP/1.0\r\n\r\n"):
                    assert measure("a file hangs, and a flood", exporter, good) == 0


@test
def certificates_change_under_fifty_clients_without_a_lost_page():
    with temporary_folder() as folder:
        door = write_door(folder)
        other = folder / "other"
        other.mkdir()
        # Fifty at once are more than the forty that are allowed by default.
        flags = [*scene_flags(SCENES / "proprietary"), door, "--web.max-requests=0"]
        with Exporter(PROGRAM, *flags) as exporter:
            counts = {"good": 0, "bad": 0}
            complaints = []
            lock = threading.Lock()
            local = threading.local()

            def scrape():
                # Half of them keep their connection, half come anew each time.
                keeps = threading.get_ident() % 32 >= 16
                good = getattr(local, "good", None)
                if good is None or not keeps:
                    good = local.good = Good(exporter, not_verified(), LOGIN)
                is_good = good.page()
                with lock:
                    counts["good" if is_good else "bad"] += 1
                    if not is_good:
                        complaints.append(good.complaints)

            serials = set()
            with threads_of(50, scrape):
                for _ in range(8):
                    write_door(other)
                    for name in ("cert.pem", "key.pem", "web.yml"):
                        os.replace(other / name, folder / name)
                    after = counts["good"] + 100
                    wait_until(lambda: counts["good"] >= after, what="pages")
                    serials.add(
                        ssl.get_server_certificate((exporter.host, exporter.port))
                    )
            print(f"  {counts}, certificates seen: {len(serials)}", file=sys.stderr)
            assert counts["bad"] == 0, complaints
            assert len(serials) == 8, len(serials)


need_mounts()
many_descriptors()
run()
