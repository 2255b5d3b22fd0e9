# SPDX-License-Identifier: Apache-2.0
"""
A kernel that runs in an emulated machine: booted, commanded over a serial line, reached
over loopback at one port, ended for certain. Knows nothing of taint.
"""

import contextlib
import http.client
import json
import re
import socket
import subprocess
import sys
import time

from exporter import TIMEOUT

BOOT_TIMEOUT = 180  # seconds, for what takes three while nobody else has work
COMMAND_TIMEOUT = 120
PORT = 10093  # in the guest
CONSOLE_LINES = 40  # that a failure tells

# It ends with the test, even if that is killed. Its processor is an Intel's, since what
# machine checks mean depends on that, without the clock that kernels measure while they
# boot: if others have the processor meanwhile, minutes would be hours.
MACHINE = (
    "setpriv --pdeathsig KILL qemu-system-x86_64 -no-user-config -nodefaults"
    " -display none -no-reboot -accel tcg -cpu Nehalem,-tsc -m 512"
).split()


class Guest:
    """
    A machine whose KERNEL is given ARGUMENTS beside those that it needs. FOLDER, which is
    made, gets its sockets and what its console shows. Whoever makes it stops it.
    """

    def __init__(self, kernel, initramfs, folder, arguments=""):
        self.kernel = kernel
        self._console = folder / "console.log"
        self._folder = folder
        folder.mkdir()
        self._process = None
        self._line = None
        self._sockets = []
        # Without what slows an emulated processor down and protects nobody here.
        append = f"console=ttyS0 loglevel=5 panic=-1 mitigations=off {arguments}"
        self._command = [
            *MACHINE,
            *("-kernel", kernel.image, "-initrd", initramfs, "-append", append),
            *("-serial", f"file:{self._console}"),
            *("-chardev", f"socket,id=line,path={folder}/line"),
            *("-serial", "chardev:line"),
            *("-chardev", f"socket,id=qmp,path={folder}/qmp"),
            *("-mon", "chardev=qmp,mode=control"),
            # Its user has no way to anywhere but the one port.
            *("-netdev", f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:0-:{PORT}"),
            *("-device", "virtio-net-pci,netdev=net"),
        ]

    # ---- life ----

    def start(self):
        """Starts it and waits until it takes commands."""
        line, qmp = self._listen("line"), self._listen("qmp")
        self._process = subprocess.Popen(
            [str(word) for word in self._command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=sys.stderr,
            start_new_session=True,
        )
        self._qmp = self._accept(qmp).makefile("rw")
        self._line = self._accept(line)
        self._read_qmp()  # its greeting
        self._ask_qmp("qmp_capabilities")
        self.port = self._find_port()
        self._read_reply("boot", BOOT_TIMEOUT)

    def stop(self):
        """Ends it whatever it does; may be called at any time, any number of times."""
        if self._process:
            self._process.kill()
            self._process.wait()
        for each in self._sockets:
            each.close()

    # ---- lines ----

    def _listen(self, name):
        listener = socket.socket(socket.AF_UNIX)
        self._sockets.append(listener)
        listener.bind(str(self._folder / name))
        listener.listen()
        listener.settimeout(TIMEOUT)
        return listener

    def _accept(self, listener):
        connection, _ = listener.accept()
        self._sockets.append(connection)
        connection.settimeout(TIMEOUT)
        return connection

    def _read_qmp(self):
        """The next message that is a reply, or the greeting."""
        while True:
            message = json.loads(self._qmp.readline())
            if "event" not in message:
                return message

    def _ask_qmp(self, name, **arguments):
        self._qmp.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
        self._qmp.flush()
        reply = self._read_qmp()
        assert "return" in reply, reply
        return reply["return"]

    def monitor(self, command):
        """Has the emulated machine do COMMAND, in the language of its monitor."""
        return self._ask_qmp("human-monitor-command", **{"command-line": command})

    def _find_port(self):
        listing = self.monitor("info usernet")
        return int(re.search(r"HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)", listing)[1])

    @property
    def console(self):
        """The end of what the kernel said."""
        text = self._console.read_text(errors="replace") if self._console.exists() else ""
        return "\n".join(text.splitlines()[-CONSOLE_LINES:])

    def _read_reply(self, what, timeout):
        """(exit code, output) of what the guest was told."""
        deadline = time.monotonic() + timeout
        reply = b""
        while not (end := re.search(rb"\0(\d+)\r?\n\Z", reply)):
            left = deadline - time.monotonic()
            try:
                self._line.settimeout(max(left, 0.001))
                piece = self._line.recv(1 << 16)
            except TimeoutError:
                piece = b""
            if not piece:
                raise AssertionError(
                    f"the guest did not do within {timeout} s: {what}\n"
                    f"it said: {reply.decode(errors='replace')}\n"
                    f"its console:\n{self.console}"
                )
            reply += piece
        return int(end[1]), reply[: end.start()].decode(errors="surrogateescape")

    def ask(self, command, timeout=COMMAND_TIMEOUT):
        """Runs a line of sh in the guest, as root: (exit code, output)."""
        assert self._line, "the guest did not start"
        self._line.sendall(command.encode() + b"\n")
        return self._read_reply(command, timeout)

    def do(self, command, timeout=COMMAND_TIMEOUT):
        """The same; the output of what must succeed."""
        code, output = self.ask(command, timeout)
        assert code == 0, f"{command}: exit code {code}: {output}\n{self.console}"
        return output

    # ---- network ----

    def get(self, path):
        """The body of what the guest serves at PATH, or None while nobody serves."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        with contextlib.closing(connection):
            try:
                connection.request("GET", path)
                reply = connection.getresponse()
            except (ConnectionError, http.client.RemoteDisconnected):
                return None
            body = reply.read()
            assert reply.status == 200, (reply.status, body)
            return body
