#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What our rules and dashboards cost a Prometheus that scrapes ten thousand hosts.

Usage: fleet.py PROGRAM [HOSTS]

First the fleet is scraped and all rules are evaluated for some minutes, as in real life.
Then Prometheus rests: each rule's expression and each query of the dashboards is asked
alone, on what it holds and on a day that is written as blocks, and the processor time is
counted that Prometheus spends. Elapsed times depend on what else the machine does,
processor time hardly does; the load is printed beside them.

Nothing here fails: it prints figures.
"""

import os
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

from fleet_history import write_history
from fleet_pages import HOSTS, TESTS, Fleet, Server
from fleet_prometheus import EVALUATION, SCRAPE, FleetPrometheus

sys.path.append(str(TESTS / "dashboards"))
from exporter import wait_until  # noqa: E402
from queries import queries  # noqa: E402

PATIENCE = 600  # seconds for the first scrapes and for the blocks

ALONE, TOGETHER = 60, 180  # seconds of scrapes, without and with rules
HOST_DASHBOARD = "kernel-taint-host.json"
SHOWN_HOST = 5  # on the dashboard of one host: a crowded one
SHOWN = 25  # rows of a table
SPANS = {"1 h": (3600, 60), "24 h": (86400, 120)}  # seconds, and the step of a panel


def load():
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"


def title(text):
    print(f"\n{text} ({load()})")


def table(rows, *heads):
    """Prints ROWS, first column last."""
    for name, *cells in [heads, *rows]:
        cells = [f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in cells]
        print("".join(f"{cell:>13}" for cell in cells) + f"  {name}")


COST = ("cpu s", "elapsed s", "samples", "results")


def costs(what, rows):
    """Prints the most expensive of ROWS: what was asked, and what ask() told of it."""
    rows.sort(key=lambda row: -row[1])
    table(rows[:SHOWN], what, *COST)
    rest = rows[SHOWN:]
    if rest:
        print(f"and {len(rest)} others, each of at most {rest[0][1]:.2f} s")


# ---- while it scrapes ----

def watch(prometheus, seconds):
    """Share of a processor, and {group: [seconds of each evaluation]}, within that time."""
    evaluations, before = {}, prometheus.evaluations()
    cpu, end = prometheus.cpu(), time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, 5))
        evaluations |= prometheus.evaluations()
    times = {}
    for (group, _), took in (evaluations.items() - before.items()):
        times.setdefault(group, []).append(took)
    return (prometheus.cpu() - cpu) / seconds, times


def measure_life(prometheus, server):
    title(f"life: scrapes each {SCRAPE} s, evaluations each {EVALUATION} s")
    print(f"Prometheus uses {watch(prometheus, ALONE)[0]:.2f} processors for scrapes")
    prometheus.reload(scrape=True, rules=True)
    watch(prometheus, EVALUATION + 5)  # the first evaluation looks for alerts of old
    server.change()
    share, evaluations = watch(prometheus, TOGETHER)
    print(f"and {share:.2f} with all rules")
    table([(group, len(took), statistics.median(took), max(took))
           for group, took in evaluations.items()], "group", "number", "median s", "max s")


def budget(prometheus, hosts):
    """Series and memory, also as a share of each host."""
    scraped = prometheus.number("sum(scrape_samples_scraped)")
    recorded = prometheus.number('count({__name__=~".+:.+"})')
    alerts = prometheus.number('count({__name__=~"ALERTS.*"})')
    head = prometheus.own("prometheus_tsdb_head_series")
    heap = prometheus.own("go_memstats_heap_inuse_bytes")
    resident = prometheus.resident()
    title(f"series and memory of {hosts} hosts")
    table([
        ("series from the pages", scraped, scraped / hosts),
        ("series that Prometheus adds to a scrape", 5.0 * hosts, 5.0),
        ("series recorded", recorded, recorded / hosts),
        ("series of alerts", alerts, alerts / hosts),
        ("series in the head", head, head / hosts),
        ("MiB resident", resident / 2**20, resident / 2**20 / hosts),
        ("MiB of heap in use", heap / 2**20, heap / 2**20 / hosts),
        ("KiB resident for a series", resident / 2**10 / head, ""),
    ], "", "all", "per host")


# ---- while it rests ----

def ask(prometheus, path, **parameters):
    """Processor time and elapsed time, each the least of three, samples, results."""
    spent = []
    for _ in range(3):
        cpu, start = prometheus.cpu(), time.monotonic()
        data = prometheus.data_of(path, stats="all", **parameters)
        spent.append((prometheus.cpu() - cpu, time.monotonic() - start))
    samples = data["stats"]["samples"]["totalQueryableSamples"]
    return *map(min, zip(*spent)), samples, len(data["result"])


def measure_rules(prometheus, groups, now):
    title("each rule's expression alone")
    rows, totals = [], []
    for group in groups:
        asked = [(rule["name"], *ask(prometheus, "query", query=rule["query"], time=now))
                 for rule in group["rules"]]
        rows += asked
        cpu, elapsed = (sum(row[i] for row in asked) for i in (1, 2))
        totals.append((group["name"], cpu, elapsed, f"{elapsed / 60:.1%}"))
    costs("rule", rows)
    title("all rules of a group, and their share of a minute")
    table(totals, "group", "cpu s", "elapsed s", "of 60 s")


def measure_queries(prometheus, fleet, now):
    title("each query of the dashboards")
    one = fleet.instance(SHOWN_HOST)
    asked = [query for query in queries() if query.dashboard != HOST_DASHBOARD]
    asked += [query for query in queries({"instance": one})
              if query.dashboard == HOST_DASHBOARD]
    rows = []
    for query in asked:
        name = f"{query.dashboard}: {query.panel} {query.ref}"
        if not query.is_range:
            rows.append((name, *ask(prometheus, "query", query=query.expr, time=now)))
            continue
        for span, (seconds, step) in SPANS.items():
            cost = ask(prometheus, "query_range", query=query.expr, start=now - seconds,
                       end=now, step=step)
            rows.append((f"{name}, {span}", *cost))
    costs("query", rows)


def main():
    sys.stdout.reconfigure(line_buffering=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was begun is ended
    program = sys.argv[1]
    hosts = int(sys.argv[2]) if len(sys.argv) > 2 else HOSTS
    with tempfile.TemporaryDirectory(prefix="taint-scale-") as name:
        folder = Path(name)
        fleet = Fleet(program, folder, hosts)
        sizes = sorted(fleet.sizes())
        print(f"{hosts} hosts; series on a page: median {sizes[hosts // 2]}, "
              f"mean {sum(sizes) / hosts:.1f}, largest {sizes[-1]}")
        started = int(time.time())
        with Server(fleet) as server, \
                FleetPrometheus(folder, fleet, server.port) as prometheus:
            wait_until(lambda: time.sleep(1) or prometheus.number("sum(up)") == hosts,
                       PATIENCE, "scrape of every host")
            measure_life(prometheus, server)
            budget(prometheus, hosts)
            groups, now = prometheus.groups(), int(time.time())
            prometheus.reload()
            blocks = write_history(prometheus, fleet, SHOWN_HOST, now, started - SCRAPE)
            wait_until(lambda: prometheus.own("prometheus_tsdb_blocks_loaded") == blocks,
                       PATIENCE, "history")
            measure_rules(prometheus, groups, now)
            measure_queries(prometheus, fleet, now)


if __name__ == "__main__":
    main()
