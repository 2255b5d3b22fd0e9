# SPDX-License-Identifier: Apache-2.0
"""
A day of the fleet's past, as blocks in a Prometheus' folder. What few series there are has a
sample a minute; of every host there is what the rules record, each five minutes; all other
series are there once a block, so that the index is as large as it would be.
"""

import itertools
import json
import subprocess

BLOCK = 18 * 3600  # seconds; Prometheus joins its blocks of two hours to these
DAY = 86400


def text_of(labels):
    """(name, labels as text) of LABELS as the API gives them."""
    labels = dict(labels)
    name = labels.pop("__name__")
    return name, ",".join(f"{label}={json.dumps(text)}" for label, text in labels.items())


def known(prometheus, now, selector):
    """Every series of SELECTOR: name, labels, value."""
    for series in prometheus.data_of("query", query=selector, time=now)["result"]:
        yield *text_of(series["metric"]), series["value"][1]


def sampled(series, times):
    for name, labels, value in series:
        yield from (f"{name}{{{labels}}} {value} {time}\n" for time in times)


def write_history(prometheus, fleet, shown, now, until):
    """
    Writes the day that ends at UNTIL. At NOW, Prometheus knows what the rules record; SHOWN
    is the host whose pages are there in full. Returns the number of blocks.
    """
    instance = fleet.instance(shown)
    often = [*known(prometheus, now, '{__name__=~".+:.+",instance=""}'),
             *known(prometheus, now, f'{{instance="{instance}"}}')]
    seldom = [*known(prometheus, now, f'{{__name__=~".+:.+|up",instance!~"|{instance}"}}')]
    hosts = [host for host in range(fleet.hosts) if host != shown]
    first = (until - DAY) // BLOCK * BLOCK
    file = prometheus.data.parent / "history.om"
    for start in range(first, until, BLOCK):
        end = min(start + BLOCK, until)
        with open(file, "w") as history:
            history.writelines(sampled(often, range(start, end, 60)))
            history.writelines(sampled(seldom, range(start, end, 300)))
            once = itertools.chain.from_iterable(map(fleet.series, hosts))
            history.writelines(sampled(once, [start]))
            history.write("# EOF\n")
        subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", "--quiet",
                        f"--max-block-duration={BLOCK}s", file, prometheus.data],
                       check=True, stdout=subprocess.DEVNULL)
        file.unlink()
    return len(range(first, until, BLOCK))
