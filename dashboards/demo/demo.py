#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
Shows the rules and alerts at work: a fleet of simulated hosts, Prometheus and
Alertmanager on loopback, and now and then something happens to a host. Ctrl-C ends it.
"""

import argparse
import itertools
import os
import shutil
import signal
import socket
import sys
import threading
import time

from hosts import FLEET
from fleet import FLEET_PAGE, RULES, Fleet

PROGRAMS = ("prometheus", "prometheus-alertmanager")

# What happens, again and again, and to whom: hosts that are clean in the beginning.
EVENTS = (
    ("db-rhel9-02", "loads scini, a proprietary module", lambda h: h.load("scini", "POE")),
    ("web-deb12-02", "has an oops", lambda h: h.taint("D")),
    ("app-rhel9-02", "gives a warning", lambda h: h.taint("W")),
    ("mail-deb12-01", "unloads a module by force", lambda h: h.taint("R")),
    ("web-deb12-02", "is rebooted", lambda h: h.reboot()),
    ("sap-sles15-01", "loads vboxdrv", lambda h: h.load("vboxdrv", "OE")),
    ("db-rhel9-02", "is rebooted", lambda h: h.reboot()),
    ("app-rhel9-02", "is rebooted", lambda h: h.reboot()),
    ("mail-deb12-01", "is rebooted", lambda h: h.reboot()),
    ("sap-sles15-01", "is rebooted", lambda h: h.reboot()),
)
SHOWN = ("build-deb12-01", "db-rhel7-01", "lab-deb12-01", "san-sles15-01", "web-deb12-01")


def say(line):
    # Whole, and at once: the receiver's threads say something, too.
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stdout.flush()


def tell(alert):
    """Says an alert of a host to which something happened."""
    labels = alert["labels"]
    if labels.get("instance") in {name for name, _, _ in EVENTS}:
        say(
            f"  Alertmanager: {alert['status']}: {labels['alertname']} "
            f"({labels['severity']}): {alert['annotations']['description']}"
        )


def is_free(port):
    with socket.socket() as probe:
        # As the servers do: connections that are over do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", metavar="PROGRAM", help="kernel_taint_exporter")
    parser.add_argument("--prometheus-port", type=int, default=19090)
    parser.add_argument("--alertmanager-port", type=int, default=19093)
    parser.add_argument(
        "--every", type=int, default=60, metavar="SECONDS", help="between two events"
    )
    chosen = parser.parse_args()
    if not os.access(chosen.program, os.X_OK):
        parser.error(f"cannot run {chosen.program}; `make` builds it")
    for name in PROGRAMS:
        if not shutil.which(name):
            parser.error(f"{name} is missing; please install Debian's package {name}")
    for file in RULES:
        if not file.exists():
            parser.error(f"{file} is missing")
    for name in ("prometheus", "alertmanager"):
        port = getattr(chosen, f"{name}_port")
        if not is_free(port):
            parser.error(f"port {port} is taken; choose another with --{name}-port")
    return chosen


def unless(stop, plans):
    """PLANS one after another, as long as there is no reason to STOP."""
    for plan in plans:
        if stop.is_set():
            raise KeyboardInterrupt
        yield plan


def show(fleet):
    """Prints where to look."""
    prometheus = fleet.prometheus.url
    places = {
        "fleet": prometheus + FLEET_PAGE,
        "alerts": prometheus + "/classic/alerts",
        "Prometheus": prometheus + "/",
        "Alertmanager": fleet.alertmanager.url + "/api/v2/alerts",
    }
    places |= {name: fleet.hosts[name].exporter.url + "/" for name in SHOWN}
    print(f"\n{len(fleet.hosts)} hosts are scraped. Look at:\n")
    for name, url in places.items():
        print(f"  {name:15} {url}")
    print("\nNow and then something happens to one of them. Ctrl-C ends it all.\n")
    sys.stdout.flush()


def wait(fleet, stop, seconds, until=lambda: False):
    """
    Waits for SECONDS, or UNTIL; returns whether to go on. Raises when something that
    should run has ended.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not until():
        if stop.wait(0.2):
            return False
        ended = fleet.ended()
        if ended:
            name, code, log = ended
            last = "".join(log.splitlines(keepends=True)[-5:])
            raise ChildProcessError(f"{name} has ended with {code}:\n{last}")
    return not stop.is_set()


def main():
    chosen = arguments()
    # No exception out of the blue: whatever was started is known, and is stopped.
    stop = threading.Event()
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, lambda *_: stop.set())
    say(f"starting {len(FLEET)} exporters, Prometheus and Alertmanager")
    try:
        with Fleet(
            chosen.program,
            unless(stop, FLEET),
            tell,
            prometheus=f"127.0.0.1:{chosen.prometheus_port}",
            alertmanager=f"127.0.0.1:{chosen.alertmanager_port}",
        ) as fleet:

            def is_seen():
                counts = fleet.prometheus.query("job:kernel_taint_hosts:count")
                return [number for _, number in counts] == [len(FLEET)]

            go_on = wait(fleet, stop, 60, until=is_seen)
            if go_on:
                show(fleet)
            events = itertools.cycle(EVENTS)
            while go_on and wait(fleet, stop, chosen.every):
                name, what, happen = next(events)
                say(f"{name} {what}")
                happen(fleet.hosts[name])
            say("stopping")
    except KeyboardInterrupt:
        say("stopped before all had started")
    except (AssertionError, ChildProcessError) as error:
        sys.exit(f"demo: {error}")


if __name__ == "__main__":
    main()
