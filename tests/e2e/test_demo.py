#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
The demo, as a user runs it: it says where to look, something happens, an alert is seen,
and it leaves nothing behind.

Usage: test_demo.py PROGRAM
"""

import contextlib
import itertools
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.parse
import urllib.request

from suite import PROGRAM, TESTS_FOLDER, run, test
from exporter import TIMEOUT, wait_until

DEMO = TESTS_FOLDER.parent / "dashboards/demo/demo.py"
FOLDER = re.compile(rb"/dev/shm/taint-fleet-[^/\0]+")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def descendants(pid):
    """The processes that PID has started, and those that they have."""
    found = []
    for file in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in file.read_text().split():
            found += [int(child), *descendants(child)]
    return found


def commands(pid):
    """{process: its command line}, of those."""
    return {
        child: pathlib.Path(f"/proc/{child}/cmdline").read_bytes()
        for child in descendants(pid)
    }


def fetch(url):
    with urllib.request.urlopen(url, timeout=TIMEOUT) as reply:
        return reply.read().decode()


class Demo:
    """The running demo, for a with statement."""

    def __init__(self, *flags):
        ports = (f"--prometheus-port={free_port()}", f"--alertmanager-port={free_port()}")
        self.process = subprocess.Popen(
            [sys.executable, DEMO, PROGRAM, *ports, *flags],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.output = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.output += line

    def wait_for(self, pattern):
        def find():
            assert self.process.poll() is None, self.output
            return re.search(pattern, self.output, re.MULTILINE)

        try:
            return wait_until(find, what=pattern)
        except AssertionError as error:
            raise AssertionError(f"{error}; it said:\n{self.output}") from None

    def url(self, name):
        return self.wait_for(rf"^  {name} +(http\S+)$").group(1)

    def ends(self):
        """Its exit code, and all that it said."""
        code = self.process.wait(TIMEOUT)
        self._reader.join(TIMEOUT)
        return code, self.output

    def __enter__(self):
        return self

    def __exit__(self, *error):
        with contextlib.suppress(ProcessLookupError):
            for pid in (self.process.pid, *descendants(self.process.pid)):
                if self.process.poll() is None:
                    os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join(TIMEOUT)


def assert_nothing_is_left(children):
    """CHILDREN are what commands() gave, which name the demo's temporary folder."""
    assert [pid for pid in children if os.path.exists(f"/proc/{pid}")] == []
    named = {name for line in children.values() for name in FOLDER.findall(line)}
    assert len(named) == 1, named
    assert not os.path.exists(named.pop())


@test
def it_shows_a_fleet_in_which_a_taint_appears_and_leaves_nothing_behind():
    with Demo("--every=5") as demo:
        page, prometheus = demo.url("fleet"), demo.url("Prometheus")
        html = fetch(page)
        assert "Kernel taint: the fleet" in html
        for name in ("db-rhel7-01", "san-sles15-01"):
            url = demo.url(name)
            assert f'<a href="{url}">{name}</a>' in html, html
            assert "kernel_taint_mask" in fetch(f"{url}metrics")
        host = demo.wait_for(r"^\d\d:\d\d:\d\d (\S+) loads scini").group(1)
        demo.wait_for(rf"Alertmanager: firing: KernelTaintNew .*{host}")

        firing = f'ALERTS{{alertname="KernelTaintNew",instance="{host}"}}'
        query = urllib.parse.urlencode({"query": firing})
        reply = json.loads(fetch(f"{prometheus}api/v1/query?{query}"))
        taints = {found["metric"]["taint"] for found in reply["data"]["result"]}
        assert taints == {"proprietary_module", "oot_module", "unsigned_module"}, reply
        assert "KernelTaintNew" in fetch(demo.url("alerts"))
        alerts = json.loads(fetch(demo.url("Alertmanager")))
        assert host in {alert["labels"]["instance"] for alert in alerts}, alerts

        def changes():
            return fetch(page).partition("Newest changes")[2].partition("</section>")[0]

        wait_until(lambda: f">{host}</a>" in changes(), what=f"{host} on the page")

        children = commands(demo.process.pid)
        assert len(children) > 30, children
        demo.process.send_signal(signal.SIGINT)
        code, output = demo.ends()
        assert (code, output.count("Traceback")) == (0, 0), output
        assert_nothing_is_left(children)


def ask(prometheus, query):
    """The labels of each series that QUERY finds."""
    reply = fetch(f"{prometheus}api/v1/query?{urllib.parse.urlencode({'query': query})}")
    return [found["metric"] for found in json.loads(reply)["data"]["result"]]


@test
def it_accuses_no_host_of_what_its_kernel_does():
    # A module that taints nothing; a fact that is no event; a taint that no module carries.
    alerts = {
        "azure-sles15-02": set(),
        "bare-ubuntu24-01": {("KernelTaintMicrocodeOutdated", "info")},
        "app-rhel9-03": set(),
    }
    taints = {
        "azure-sles15-02": set(),
        "bare-ubuntu24-01": {"cpu_out_of_spec"},
        "app-rhel9-03": {"fwctl"},
    }
    with Demo() as demo:
        prometheus = demo.url("Prometheus")

        def of(name, query, *labels):
            series = ask(prometheus, query % f'instance="{name}"')
            found = {tuple(one[label] for label in labels) for one in series}
            return {one[0] for one in found} if len(labels) == 1 else found

        # What is to fire is pending, after one more evaluation.
        wait_until(
            lambda: of("bare-ubuntu24-01", "ALERTS{%s}", "alertname"), what="a pending alert"
        )
        for name, expected in alerts.items():
            assert of(name, "ALERTS{%s}", "alertname", "severity") == expected, name
            set_now = of(name, "instance_taint:kernel_taint_flag:max{%s}", "taint")
            assert set_now == taints[name], (name, set_now)
            contradicted = "instance_taint:kernel_taint_flag_contradicted:max{%s}"
            assert of(name, contradicted, "taint") == set(), name
            (url,) = of(name, "demo:host_page:info{%s}", "url")
            assert "tampered" not in fetch(f"{url}/"), name
        carried = of("azure-sles15-02", "kernel_taint_module{%s}", "module")
        assert carried == {"hv_vmbus", "hv_storvsc", "hv_netvsc"}, carried


@test
def it_says_which_program_has_died_and_ends():
    with Demo() as demo:
        wait_until(
            lambda: b"prometheus.yml" in b"".join(commands(demo.process.pid).values()),
            what="Prometheus, which is started last",
        )
        children = commands(demo.process.pid)
        (dead,) = (pid for pid, line in children.items() if b"/db-rhel7-01/" in line)
        os.kill(dead, signal.SIGKILL)
        code, output = demo.ends()
        assert code == 1, output
        assert "demo: db-rhel7-01 has ended with -9" in output, output
        assert "Traceback" not in output, output
        assert_nothing_is_left(children)


@test
def it_ends_by_sigterm_while_it_still_starts():
    with Demo() as demo:
        demo.wait_for("starting")
        wait_until(lambda: len(descendants(demo.process.pid)) > 2, what="exporters")
        children = commands(demo.process.pid)
        demo.process.terminate()
        code, output = demo.ends()
        assert (code, "Look at" in output) == (0, False), output
        assert_nothing_is_left(children)


@test
def it_refuses_what_it_cannot_run_with():
    def refused(*arguments, **environment):
        result = subprocess.run(
            [sys.executable, DEMO, *arguments],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
        assert (result.returncode, result.stdout) == (2, ""), result
        return result.stderr

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for name, other in itertools.permutations(("prometheus", "alertmanager")):
            ports = (f"--{name}-port={port}", f"--{other}-port={free_port()}")
            error = refused(PROGRAM, *ports)
            assert f"port {port} is taken; choose another with --{name}-port" in error
    assert "cannot run /nowhere" in refused("/nowhere")
    assert "prometheus is missing; please install" in refused(PROGRAM, PATH="/nowhere")


run()
