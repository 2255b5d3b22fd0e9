# SPDX-License-Identifier: Apache-2.0
"""
A fleet on loopback: simulated hosts, a Prometheus that scrapes them and has the rules,
an Alertmanager that it tells of alerts, and a receiver to which that passes them on.
The demo shows it to people, the tests look at it.
"""

import contextlib
import http.server
import json
import pathlib
import tempfile
import threading

from hosts import Host
from servers import Alertmanager, Prometheus

HERE = pathlib.Path(__file__).resolve().parent
RULES = tuple(
    HERE.parent / "output" / f"kernel_taint_{name}.yaml" for name in ("rules", "alerts")
)
FLEET_PAGE = "/consoles/fleet.html"
JOB = "kernel_taint"


class Receiver(http.server.ThreadingHTTPServer):
    """
    A webhook; calls TELL(alert) for each alert that Alertmanager posts, with what the API
    has of it: `status` is firing or resolved.
    """

    daemon_threads = True
    request_queue_size = 1024  # a fleet may have a lot to tell at once

    def __init__(self, tell):
        super().__init__(("127.0.0.1", 0), _ReceiverHandler)
        self.tell = tell

    @property
    def url(self):
        return "http://%s:%d/" % self.server_address

    def __enter__(self):
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *error):
        self.shutdown()
        self._thread.join()
        self.server_close()


class _ReceiverHandler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        for alert in json.loads(body)["alerts"]:
            self.server.tell(alert)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments):
        pass


class Fleet:
    """
    All of it, for a with statement. PLANS say which hosts there are; RULES are the rule
    files; INTERVAL is how often Prometheus scrapes and evaluates; TELL is called with each
    alert that the receiver gets. The servers listen on free ports, unless told otherwise.
    """

    def __init__(
        self,
        program,
        plans,
        tell,
        rules=RULES,
        interval="5s",
        prometheus="127.0.0.1:0",
        alertmanager="127.0.0.1:0",
    ):
        self._program = program
        self._plans = plans
        self._tell = tell
        self._rules = rules
        self._interval = interval
        self._listen = {"prometheus": prometheus, "alertmanager": alertmanager}

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            # In memory: thousands of small files.
            folder = tempfile.TemporaryDirectory(prefix="taint-fleet-", dir="/dev/shm")
            self.folder = pathlib.Path(stack.enter_context(folder))
            self.hosts = {}
            for plan in self._plans:
                host = Host(self._program, plan, self.folder / "hosts")
                self.hosts[plan.name] = stack.enter_context(host)
            receiver = stack.enter_context(Receiver(self._tell))
            self.alertmanager = stack.enter_context(
                Alertmanager(
                    self.folder,
                    alertmanager_configuration(receiver.url),
                    listen=self._listen["alertmanager"],
                )
            )
            self.prometheus = stack.enter_context(
                Prometheus(
                    self.folder,
                    self._prometheus_configuration(),
                    f"--web.console.templates={HERE / 'consoles'}",
                    listen=self._listen["prometheus"],
                )
            )
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        return self._stack.__exit__(*error)

    def ended(self):
        """(name, exit code, log) of what runs no more, or None."""
        running = [(host.name, host.exporter) for host in self.hosts.values()]
        running += [(s.name, s) for s in (self.prometheus, self.alertmanager)]
        for name, server in running:
            code = server.process.poll()
            if code is not None:
                return name, code, server.log
        return None

    def _prometheus_configuration(self):
        pages = self.folder / "pages.yml"
        pages.write_text(json.dumps(self._pages()))
        return {
            "global": {
                "scrape_interval": self._interval,
                "scrape_timeout": self._interval,
                "evaluation_interval": self._interval,
            },
            "rule_files": [str(file) for file in (*self._rules, pages)],
            "alerting": {
                "alertmanagers": [
                    {"static_configs": [{"targets": [self.alertmanager.address]}]}
                ]
            },
            "scrape_configs": [
                {
                    "job_name": JOB,
                    "static_configs": [
                        {
                            "targets": [host.exporter.address],
                            "labels": {"instance": host.name},
                        }
                        for host in self.hosts.values()
                    ],
                }
            ],
        }

    def _pages(self):
        """Rules that tell the fleet page where each host's page is: no scrape says so."""
        return {
            "groups": [
                {
                    "name": "demo",
                    "rules": [
                        {
                            "record": "demo:host_page:info",
                            "expr": "vector(1)",
                            "labels": {"instance": host.name, "url": host.exporter.url},
                        }
                        for host in self.hosts.values()
                    ],
                }
            ]
        }


def alertmanager_configuration(url):
    """Tells URL of each alert by itself, and soon."""
    return {
        "route": {
            "receiver": "webhook",
            "group_by": ["..."],
            "group_wait": "0s",
            "group_interval": "1s",
        },
        "receivers": [
            {
                "name": "webhook",
                "webhook_configs": [{"url": url, "send_resolved": True}],
            }
        ],
    }
