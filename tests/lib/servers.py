# SPDX-License-Identifier: Apache-2.0
"""
Debian's Prometheus and Alertmanager on loopback: started in a folder of their own, asked
over HTTP, stopped for certain. Knows their flags and the query API, and no metric.
"""

import contextlib
import http.client
import json
import re
import subprocess
import urllib.parse

from exporter import LISTENING, TIMEOUT, wait_until


class Server:
    """A server of the Prometheus project that logs to a file, for a with statement."""

    def __init__(self, folder, name, command):
        self.name = name
        self.process = None
        self._log_file = folder / f"{name}.log"
        self._command = command

    def start(self):
        """Starts it and waits until it is ready."""
        # In a session of its own: Ctrl-C is for whoever started it.
        with open(self._log_file, "wb") as log:
            self.process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self.address = wait_until(self._find_address, what=f"address of {self.name}")
            wait_until(lambda: self.fetch("/-/ready")[0] == 200, what=self.name)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(TIMEOUT)
        finally:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self.start()

    def __exit__(self, *error):
        self.stop()

    @property
    def log(self):
        return self._log_file.read_text()

    def _find_address(self):
        assert self.process.poll() is None, self.log
        found = LISTENING.search(self.log)
        return found and found.group(1)

    @property
    def url(self):
        return f"http://{self.address}"

    def fetch(self, path):
        """(status, body) of a GET request."""
        connection = http.client.HTTPConnection(self.address, timeout=TIMEOUT)
        with contextlib.closing(connection):
            connection.request("GET", path)
            reply = connection.getresponse()
            return reply.status, reply.read()


class Prometheus(Server):
    """CONFIGURATION is what prometheus.yml holds; FLAGS are added to the command."""

    def __init__(self, folder, configuration, *flags, listen="127.0.0.1:0"):
        file = folder / "prometheus.yml"
        file.write_text(json.dumps(configuration))  # JSON is YAML
        command = [
            "prometheus",
            f"--config.file={file}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={listen}",
            *flags,
        ]
        super().__init__(folder, "prometheus", command)

    def api(self, endpoint, **arguments):
        """What /api/v1/ENDPOINT replies, with its status and warnings."""
        path = f"/api/v1/{endpoint}?{urllib.parse.urlencode(arguments)}"
        return json.loads(self.fetch(path)[1])

    def query(self, expression):
        """[(labels, value), …] of an instant vector."""
        reply = self.api("query", query=expression)
        assert reply["status"] == "success", reply
        result = reply["data"]["result"]
        return [(entry["metric"], float(entry["value"][1])) for entry in result]

    def one(self, expression):
        ((_, number),) = self.query(expression)
        return number


class Alertmanager(Server):
    """CONFIGURATION is what alertmanager.yml holds."""

    def __init__(self, folder, configuration, listen="127.0.0.1:0"):
        file = folder / "alertmanager.yml"
        file.write_text(json.dumps(configuration))
        command = [
            "prometheus-alertmanager",
            f"--config.file={file}",
            f"--storage.path={folder / 'alertmanager'}",
            f"--web.listen-address={listen}",
            "--cluster.listen-address=",
        ]
        super().__init__(folder, "alertmanager", command)
