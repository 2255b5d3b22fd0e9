# SPDX-License-Identifier: Apache-2.0
"""
The same of a server (test_faults.py): whatever fails while it starts, serves or stops, no
client gets half a reply or a false one. A call that fails while it serves costs that one
reply at most, the next one is whole again; a server that cannot go on ends and says why.
"""

import base64
import contextlib
import crypt
import gzip
import json
import signal
import socket
import ssl
import subprocess
import threading
import time

from sweep import LANES, PROGRAM, SCENES, check_log, each, has_error
from sweep import make_scene_of_everything
from suite import run, test
from certificates import make_certificates
from degraded import check_page, check_report
from exporter import scene_flags, wait_until
from scenery import temporary_folder
from table import tables
from wire import Wire

# A reply that takes longer never comes.
PATIENCE = 20

TOKEN = base64.b64encode(b"prometheus:secret").decode()
LOGIN = f"Authorization: Basic {TOKEN}"


class TlsWire(Wire):
    """A connection in which what breaks TLS is an end, as a reset is."""

    def __init__(self, server, context):
        super().__init__(server)
        self.socket.settimeout(PATIENCE)
        self.socket = context.wrap_socket(self.socket)

    def take(self, size=65536):
        try:
            return super().take(size)
        except ssl.SSLError:
            return b""


class Server:
    """The program with what TABLE has armed; PORT is free. It need not start."""

    def __init__(self, table, folder, flags, context=None):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.host, self.port = free.getsockname()
        self.context = context
        self.log_file = folder / f"log.{table.lane}"
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen(
                [PROGRAM, f"--web.listen-address=127.0.0.1:{self.port}", *flags],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=table.environment,
            )
        try:
            wait_until(self.is_settled, PATIENCE, "start")
        except BaseException:
            self.end()
            raise

    def is_settled(self):
        """Whether it listens, or has ended."""
        if self.process.poll() is not None:
            return True
        with contextlib.suppress(OSError):
            socket.create_connection((self.host, self.port), PATIENCE).close()
            return True
        return False

    @property
    def log(self):
        return self.log_file.read_bytes()

    def connect(self):
        if self.context:
            return TlsWire(self, self.context)
        wire = Wire(self)
        wire.socket.settimeout(PATIENCE)
        return wire

    def ask(self, path, *headers):
        """The reply on a connection of its own, whole; None: there is none."""
        try:
            with self.connect() as wire:
                return wire.ask(path, *headers, "Connection: close").reply()
        except TimeoutError:
            raise AssertionError("no reply, and no end of the connection") from None
        except OSError:
            return None

    def end(self):
        """Kills it, if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def stop(self):
        """Asks it to stop; its exit code."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError("it does not stop") from None
        finally:
            self.end()
            check_log(self.log)


def body_of(reply):
    is_gzip = reply.headers.get("content-encoding") == "gzip"
    return gzip.decompress(reply.body) if is_gzip else reply.body


def check_metrics(reply, healthy):
    check_page(body_of(reply), body_of(healthy))


def check_html(reply, _healthy):
    assert reply.body.startswith(b"<!DOCTYPE html>"), reply
    assert reply.body.endswith(b"</html>\n"), reply


def check_json(reply, healthy):
    check_report(json.loads(reply.body), json.loads(healthy.body))


def check_reply(reply, healthy, check, *further):
    """A whole one, an error or one of FURTHER statuses, or none at all."""
    if reply is None:
        return
    assert reply.status in (200, 500, 503, *further), reply
    if reply.status == 200:
        check(reply, healthy)


ASKS = (
    ("/metrics", (), check_metrics),
    ("/metrics", ("Accept-Encoding: gzip",), check_metrics),
    ("/", (), check_html),
    ("/api/v1/status", (), check_json),
)


class Sweep:
    """One server, which is started anew when it ended, and one call after another."""

    def __init__(self, table, folder, flags, context=None, headers=()):
        self._start = lambda: Server(table, folder, flags, context)
        self._table = table
        self._headers = headers
        # Who cannot be recognized is nobody.
        self._further = (401,) if headers else ()
        self.server = self._start()
        self.failed = 0

    def whole(self, path, headers):
        reply = self.server.ask(path, *self._headers, *headers)
        assert reply and reply.status == 200, (reply, self.server.log.decode())
        return reply

    def calls(self, path, headers):
        """Those made for each reply, when nothing is new any more."""
        for _ in range(3):
            self.whole(path, headers)
        before = {site.id: site.count for site in self._table.sites()}
        for _ in range(3):
            self.whole(path, headers)
        return [
            site
            for site in self._table.sites()
            if site.count >= before.get(site.id, 0) + 3
        ]

    def fail(self, site, path, headers, check, healthy):
        """Lets SITE fail in a reply, or between it and the next one."""
        self._table.arm(site)
        for _ in range(3):
            reply = self.server.ask(path, *self._headers, *headers)
            check_reply(reply, healthy, check, *self._further)
            if self._table.has_fired:
                break
        assert self._table.has_fired, "it was not called"
        self.failed += 1
        if not self.recovers(path, headers, check, healthy):
            code = self.server.stop()
            assert (code, has_error(self.server.log)) == (1, True), self.server.log
            self.server = self._start()

    def recovers(self, path, headers, check, healthy):
        """Whether the server is what it was; if not, it has ended."""
        deadline = time.monotonic() + PATIENCE
        while True:
            reply = self.server.ask(path, *self._headers, *headers)
            if reply and reply.status == 200:
                check(reply, healthy)
                return True
            if self.server.process.poll() is not None:
                return False
            # Accepting rests for a moment when there are no descriptors.
            assert time.monotonic() < deadline, "no reply any more"
            time.sleep(0.01)


def sweep_replies(flags, folder, asks, context=None, headers=()):
    """Every call of every reply, with the ASKS shared among the lanes."""
    wrong, lock = [], threading.Lock()

    def lane(table, mine):
        sweep = Sweep(table, folder, flags, context, headers)
        try:
            for path, further, check in mine:
                healthy = sweep.whole(path, further)
                for site in sweep.calls(path, further):
                    try:
                        sweep.fail(site, path, further, check, healthy)
                    except Exception as error:
                        with lock:
                            wrong.append(f"{path} {site.describe(PROGRAM)}{error}")
                        sweep.server.end()
                        sweep.server = sweep._start()
            code = sweep.server.stop()
            assert code == 0, sweep.server.log.decode()
        except Exception as error:
            with lock:
                wrong.append(f"{error}")
        finally:
            sweep.server.end()
        print(f"# {sweep.failed} calls")

    with tables(LANES) as lanes:
        threads = [
            threading.Thread(target=lane, args=(table, asks[table.lane :: LANES]))
            for table in lanes
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong, f"{len(wrong)} calls:\n" + "\n".join(wrong)


def wait_settled(scene):
    """Modules' files that have just changed are read at every scrape: then no more."""
    changed = max(file.stat().st_ctime for file in scene.rglob("*") if file.is_file())
    wait_until(lambda: time.time() > changed + 1.1, what="files that are a second old")


@test
def a_call_that_fails_costs_one_reply_at_most():
    with temporary_folder() as folder:
        scene = make_scene_of_everything(folder)
        wait_settled(scene)
        flags = ["--collector.signature.wait=60s", "--collector.log"]
        flags += ["--collector.unloaded", *scene_flags(scene)]
        sweep_replies(flags, folder, ASKS)


def make_door(folder):
    """The flags of a server with TLS and a password, and the clients' side of it."""
    make_certificates(folder)
    password = crypt.crypt("secret", crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16))
    settings = {
        "tls_server_config": {
            "cert_file": "server.crt",
            "key_file": "server.key",
            "client_ca_file": "ca.crt",
            "client_auth_type": "VerifyClientCertIfGiven",
        },
        "basic_auth_users": {"prometheus": password},
        "http_server_config": {"headers": {"X-Frame-Options": "deny"}},
    }
    (folder / "web.yml").write_text(json.dumps(settings))
    context = ssl.create_default_context(cafile=folder / "ca.crt")
    context.check_hostname = False
    context.load_cert_chain(folder / "good.crt", folder / "good.key")
    only = ["--collector.disable-defaults", "--collector.kernel"]
    flags = [f"--web.config.file={folder / 'web.yml'}", *only]
    return [*flags, *scene_flags(SCENES / "clean")], context


@test
def a_call_that_fails_lets_nobody_in_and_shuts_nobody_out_for_good():
    with temporary_folder() as folder:
        flags, context = make_door(folder)
        sweep_replies(flags, folder, ASKS[:2], context, (LOGIN,))


@test
def a_server_that_cannot_start_says_why_and_one_that_started_serves():
    with temporary_folder() as folder, tables(LANES) as lanes:
        flags, context = make_door(folder)

        def life(table):
            server = Server(table, folder, flags, context)
            replies = [server.ask("/metrics", LOGIN) for _ in range(2)]
            return server, replies, server.stop()

        server, (healthy, _), code = life(lanes[0])
        assert code == 0 and healthy.status == 200, server.log.decode()

        def attempt(table, site):
            table.arm(site)
            server, replies, code = life(table)
            assert table.has_fired, "it was not called"
            for reply in replies:
                check_reply(reply, healthy, check_metrics, 401)
            if code == 0:
                # What fails at the first reply does not at the second.
                assert replies[1] and replies[1].status == 200, server.log.decode()
            else:
                log = server.log
                assert (code, has_error(log)) == (1, True), (code, log)

        each(lanes[0].sites(), lanes, attempt)


run()
