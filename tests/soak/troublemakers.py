# SPDX-License-Identifier: Apache-2.0
"""
Clients that nobody wishes for. Some go at once, some stay for a while; all can be sent
away. Knows TLS and HTTP well enough to do them wrong.
"""

import collections
import contextlib
import itertools
import os
import socket
import struct

from changing_door import login

STAYING_MAX = 30
PATIENCE = 10  # seconds

SLOW_PAGES = 20
ASK = "GET {} HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\n{}\r\n"


class Troublemakers:
    """They know GOOD, the right login, and shake hands by CONTEXT."""

    def __init__(self, exporter, context, good):
        self._address = exporter.host, exporter.port
        self._context = context
        self._good = good
        self._staying = collections.deque()
        self._kinds = itertools.cycle(
            [
                self._garbage,
                self._silence,
                self._garbage_in_tls,
                self._half_handshake,
                self._half_request,
                self._slow_reader,
                self._reset,
                self._huge_header,
                self._wrong_password,
                self._wrong_path,
            ]
        )

    def come(self):
        """The next one. Whatever it meets, the server may well do."""
        with contextlib.suppress(OSError):
            next(self._kinds)()
        if len(self._staying) > STAYING_MAX:
            self._staying.popleft().close()
        for client in self._staying:
            with contextlib.suppress(OSError):
                client.recv(1)

    def leave(self):
        while self._staying:
            self._staying.pop().close()

    # ---- connections ----

    def _connect(self, receive_buffer=None):
        client = socket.socket()
        client.settimeout(PATIENCE)
        if receive_buffer is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            client.connect(self._address)
        except OSError:
            client.close()
            raise
        return client

    def _shake(self, receive_buffer=None):
        with contextlib.closing(self._connect(receive_buffer)) as client:
            return self._context.wrap_socket(client)

    def _stay(self, client, words=b""):
        """CLIENT says WORDS, and does not wait for what the server makes of them."""
        self._staying.append(client)
        client.sendall(words)
        client.setblocking(False)

    def _ask(self, request):
        """All that the server says to REQUEST, a whole one that ends the connection."""
        with self._shake() as client:
            client.sendall(request)
            return b"".join(iter(lambda: client.recv(65536), b""))

    # ---- kinds ----

    def _garbage(self):
        self._stay(self._connect(), os.urandom(3000))

    def _garbage_in_tls(self):
        self._stay(self._shake(), os.urandom(3000) + b"\r\n\r\n")

    def _silence(self):
        self._stay(self._connect())

    def _half_handshake(self):
        self._stay(self._connect(), b"\x16\x03\x01\x02\x00")

    def _half_request(self):
        with self._shake() as client:
            client.sendall(b"GET /metrics HT")

    def _slow_reader(self):
        """It asks for many pages and takes them byte by byte."""
        request = ASK.format("/metrics", self._good, "").encode()
        self._stay(self._shake(receive_buffer=2048), request * SLOW_PAGES)

    def _reset(self):
        with self._shake() as client:
            client.sendall(ASK.format("/metrics", self._good, "").encode())
            client.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )

    def _huge_header(self):
        request = ASK.format("/metrics", self._good, f"X: {'y' * 60000}\r\n")
        self._stay(self._shake(), request.encode())

    def _wrong_password(self):
        wrong = login(os.urandom(8).hex())
        reply = self._ask(ASK.format("/", wrong, "Connection: close\r\n").encode())
        assert reply.startswith(b"HTTP/1.1 401 "), reply[:200]

    def _wrong_path(self):
        request = ASK.format("/nowhere", self._good, "Connection: close\r\n")
        reply = self._ask(request.encode())
        assert reply.startswith(b"HTTP/1.1 404 "), reply[:200]
