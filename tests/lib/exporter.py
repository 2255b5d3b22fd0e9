# SPDX-License-Identifier: Apache-2.0
"""
What every test of the running program needs: to start it on a free loopback port, to
ask it over HTTP, to stop it for certain; to drop from a page what changes from scrape
to scrape; and to speak TAP (https://testanything.org/). Knows no family by meaning.
"""

import http.client
import re
import signal
import subprocess
import sys
import threading
import time
import traceback

TIMEOUT = 60  # seconds for whatever should take far less, also under valgrind

# In both log formats.
LISTENING = re.compile(r'"Listening on"(?: |,")address(?:=|":)"?([^\s"]+)')

# Lines of samples that no two scrapes share; their HELP and TYPE lines stay.
VOLATILE = re.compile(
    rb"^(kernel_taint_scrape_collector_duration_seconds|kernel_taint_exporter_build_info"
    rb"|process_[a-z_]+)[ {].*\n",
    re.MULTILINE,
)

# Samples whose values are the host kernel's matter: its walls, and when it booted.
OF_HOST = re.compile(
    rb"^(kernel_taint_exporter_sandbox\{.*\}) [01]$"
    rb"|^(kernel_taint_log_first_event_timestamp_seconds\{.*\}) [0-9.]+$",
    re.MULTILINE,
)


def wait_until(condition, timeout=TIMEOUT, what="condition"):
    """Polls CONDITION until it is true and returns what it gave; raises when late."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise AssertionError(f"no {what} within {timeout} s")
        time.sleep(0.005)


def without_volatile(page):
    """PAGE (bytes) without what depends on the scrape, or on the host that runs this."""
    return OF_HOST.sub(rb"\1\2 ?", VOLATILE.sub(b"", page))


def scene_flags(scene):
    """The flags that make the program look at the folder SCENE for a host."""
    return [
        f"--path.procfs={scene}/proc",
        f"--path.sysfs={scene}/sys",
        f"--path.rootfs={scene}",
    ]


class Exporter:
    """
    The running program, for a with statement.

    PROGRAM is its path, or a list with what it is to run under in front of it, such as
    valgrind. LISTEN=None leaves the address to FLAGS; otherwise it is the flag's value.
    At the end of the block it is stopped with SIGTERM and must exit 0; when the block
    raised, it is killed if it does not stop, without a further complaint.
    """

    def __init__(self, program, *flags, listen="127.0.0.1:0", env=None, popen=None):
        command = [program] if isinstance(program, str) else list(program)
        if listen is not None:
            command.append(f"--web.listen-address={listen}")
        self.command = command + list(flags)
        self.env = env
        self.popen = popen or {}
        self.process = None
        self.addresses = []
        self._lines = []
        self._changed = threading.Condition()
        self._reader = None
        self._ended = False

    # ---- life ----

    def start(self):
        """Starts it and waits until it listens."""
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=self.env,
            **self.popen,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.wait_log(LISTENING)
        except BaseException:
            self.kill()
            raise
        return self

    def stop(self, signum=signal.SIGTERM, timeout=TIMEOUT):
        """Asks it to stop and checks that it ends with exit code 0."""
        if self.process.poll() is None:
            self.process.send_signal(signum)
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running {timeout} s after the signal") from None
        finally:
            self.kill()
        assert code == 0, f"exit code {code}, log:\n{self.log}"

    def kill(self):
        """Ends it whatever it does; may be called at any time, any number of times."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(TIMEOUT)

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, value, trace):
        if kind is None and self.process.poll() is None:
            self.stop()
        elif kind is None:
            self.kill()
            code = self.process.returncode
            assert code == 0, f"exit code {code}, log:\n{self.log}"
        else:
            self.kill()
        return False

    # ---- log ----

    def _read(self):
        with self.process.stderr as stderr:
            for raw in stderr:
                line = raw.decode("utf-8", "replace")
                with self._changed:
                    found = LISTENING.search(line)
                    if found:
                        self.addresses.append(found.group(1))
                    self._lines.append(line)
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    @property
    def log(self):
        """What it logged so far."""
        with self._changed:
            return "".join(self._lines)

    def wait_log(self, pattern, timeout=TIMEOUT):
        """Waits until a line matches PATTERN (str or compiled) and returns the match."""
        pattern = re.compile(pattern)
        deadline = time.monotonic() + timeout
        seen = 0
        with self._changed:
            while True:
                for line in self._lines[seen:]:
                    found = pattern.search(line)
                    if found:
                        return found
                seen = len(self._lines)
                left = deadline - time.monotonic()
                if self._ended or left <= 0:
                    raise AssertionError(
                        f"no line {pattern.pattern!r} in the log:\n{''.join(self._lines)}"
                    )
                self._changed.wait(left)

    # ---- HTTP ----

    @property
    def address(self):
        """The first address it listens on, as HOST:PORT."""
        return self.addresses[0]

    @property
    def host(self):
        return self.address.rpartition(":")[0].strip("[]")

    @property
    def port(self):
        return int(self.address.rpartition(":")[2])

    @property
    def url(self):
        return f"http://{self.address}"

    def request(self, method, path, headers=None, timeout=TIMEOUT):
        """One request on a connection of its own: (status, headers, body)."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            connection.request(method, path, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def get(self, path="/metrics", headers=None, timeout=TIMEOUT):
        return self.request("GET", path, headers, timeout)


def tap(tests):
    """
    Runs TESTS, functions without arguments whose names are sentences, in their order,
    and exits: 0 if all passed, else 1. What they print goes to standard error, so that
    standard output is TAP alone.
    """
    output, sys.stdout = sys.stdout, sys.stderr
    failed = 0
    print(f"1..{len(tests)}", file=output)
    for number, test in enumerate(tests, 1):
        name = test.__name__.replace("_", " ")
        try:
            test()
        except Exception:
            failed += 1
            print(f"not ok {number} - {name}", file=output)
            for line in traceback.format_exc().splitlines():
                print(f"# {line}", file=output)
        else:
            print(f"ok {number} - {name}", file=output)
        output.flush()
    sys.exit(1 if failed else 0)
