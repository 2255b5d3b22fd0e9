# SPDX-License-Identifier: Apache-2.0
"""
A client that does what well-behaved ones never do: it sends any bytes, stops in the
middle, reads slowly, resets. Knows the frame of an HTTP reply, no metrics.
"""

import dataclasses
import select
import socket
import struct

from exporter import TIMEOUT


@dataclasses.dataclass
class Reply:
    status: int
    headers: dict  # by lower-case name; of a repeated one the last
    body: bytes


class Wire:
    """One connection to EXPORTER, an Exporter, for a with statement; SOURCE is its own
    address."""

    def __init__(self, exporter, receive_buffer=None, source=None):
        family = socket.AF_INET6 if ":" in exporter.host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(TIMEOUT)
        # Before the connection is made: the window never shrinks.
        if receive_buffer is not None:
            self.socket.setsockopt(
                socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer
            )
        try:
            if source is not None:
                self.socket.bind((source, 0))
            self.socket.connect((exporter.host, exporter.port))
        except BaseException:
            self.socket.close()
            raise
        self._unread = b""

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Ends the connection with a TCP reset."""
        self.socket.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)
        return self

    def ask(self, path="/metrics", *headers, method="GET"):
        """Sends one whole request."""
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers, "", ""]
        return self.send("\r\n".join(lines).encode("latin-1"))

    def take(self, size=65536):
        """Some bytes, at most SIZE; none at the end of the stream or after a reset."""
        if self._unread:
            data, self._unread = self._unread[:size], self._unread[size:]
            return data
        try:
            return self.socket.recv(size)
        except ConnectionResetError:
            return b""

    def everything(self):
        """All bytes up to the end of the stream."""
        chunks = []
        while chunk := self.take():
            chunks.append(chunk)
        return b"".join(chunks)

    def give_back(self, data):
        """DATA will be read again."""
        self._unread = data + self._unread

    def reply(self, method="GET"):
        """The next reply, whole; None if the stream ends before it begins."""
        head = b""
        while b"\r\n\r\n" not in head:
            chunk = self.take()
            if not chunk:
                assert not head, f"the stream ends in a reply's head: {head!r}"
                return None
            head += chunk
        head, _, rest = head.partition(b"\r\n\r\n")
        self.give_back(rest)
        lines = head.decode("latin-1").split("\r\n")
        version, status = lines[0].split(" ", 2)[:2]
        assert version in ("HTTP/1.0", "HTTP/1.1"), lines[0]
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        length = 0 if method == "HEAD" else int(headers["content-length"])
        return Reply(int(status), headers, self._exactly(length))

    def _exactly(self, size):
        chunks, missing = [], size
        while missing:
            chunk = self.take(min(missing, 1 << 20))
            assert chunk, f"the stream ends {missing} bytes before the reply does"
            chunks.append(chunk)
            missing -= len(chunk)
        return b"".join(chunks)

    def is_readable(self):
        """Whether bytes, or the end of the stream, have arrived; does not wait."""
        poll = select.poll()  # select() cannot watch descriptors above 1023
        poll.register(self.socket, select.POLLIN)
        return bool(self._unread or poll.poll(0))

    def is_closed(self):
        """Whether the server ended the connection; does not wait."""
        if not self.is_readable():
            return False
        try:
            return self.socket.recv(1, socket.MSG_PEEK) == b""
        except ConnectionResetError:
            return True
