# SPDX-License-Identifier: Apache-2.0
"""
A Prometheus that scrapes the fleet and evaluates our rules, and what it spends on that.
Knows the fleet's server, and no rule by name.
"""

import json
import re
import urllib.request
from pathlib import Path

from exporter import TIMEOUT
from fleet_history import BLOCK
from fleet_pages import JOB
from servers import Prometheus

OUTPUT = Path(__file__).parents[2] / "dashboards/output"
RULES = [OUTPUT / "kernel_taint_rules.yaml", OUTPUT / "kernel_taint_alerts.yaml"]

SCRAPE, EVALUATION = 60, 60  # seconds

# Of each group: what is told, the group's name, the value.
LAST = re.compile(
    r'^prometheus_rule_group_last_(.*)_seconds{rule_group=".*;(.*)"} (.*)$', re.MULTILINE
)


def scrape_config(fleet, port):
    """All hosts by their names, at the one address of the fleet's server."""
    relabel = [
        ("(.*)", "instance", "$1"),
        (r"host-(\d+)\..*", "__metrics_path__", "/$1"),
        (".*", "__address__", f"127.0.0.1:{port}"),
    ]
    return {
        "job_name": JOB,
        "scrape_timeout": f"{SCRAPE}s",  # a busy machine is no reason for gaps
        "static_configs": [{"targets": [*map(fleet.instance, range(fleet.hosts))]}],
        "relabel_configs": [
            {"source_labels": ["__address__"], "regex": regex, "target_label": label,
             "replacement": replacement}
            for regex, label, replacement in relabel
        ],
    }


class FleetPrometheus(Prometheus):
    """It begins with scrapes and without rules."""

    def __init__(self, folder, fleet, port):
        self._scrape = scrape_config(fleet, port)
        self._file = folder / "prometheus.yml"
        self.data = folder / "data"
        super().__init__(folder, self._configuration(scrape=True), "--web.enable-lifecycle",
                         f"--storage.tsdb.max-block-duration={BLOCK}s")

    def _configuration(self, scrape=False, rules=False):
        return {
            "global": {"scrape_interval": f"{SCRAPE}s",
                       "evaluation_interval": f"{EVALUATION}s"},
            "scrape_configs": [self._scrape] * scrape,
            "rule_files": [str(rule) for rule in RULES] * rules,
        }

    def reload(self, **sections):
        """From now on it does what SECTIONS say, and nothing else but to answer."""
        self._file.write_text(json.dumps(self._configuration(**sections)))
        request = urllib.request.Request(f"{self.url}/-/reload", method="POST")
        urllib.request.urlopen(request, timeout=TIMEOUT).close()

    def data_of(self, endpoint, **arguments):
        """What /api/v1/ENDPOINT replies, without a warning."""
        reply = self.api(endpoint, **arguments)
        assert reply["status"] == "success" and not reply.get("warnings"), reply
        return reply["data"]

    def number(self, expression):
        """The only sample of an instant query; 0 if there is none."""
        result = self.query(expression)
        return result[0][1] if result else 0

    def own(self, name):
        """One of its own metrics, without labels."""
        page = self.fetch("/metrics")[1].decode()
        return float(re.search(rf"^{name} (\S+)$", page, re.MULTILINE).group(1))

    def groups(self):
        return self.data_of("rules")["groups"]

    def evaluations(self):
        """
        {(group, time of its last evaluation): seconds that took}. Not from the API, which
        tells of every alert each time.
        """
        page = self.fetch("/metrics")[1].decode()
        found = LAST.findall(page)
        times, took = ({group: value for name, group, value in found if name == wanted}
                       for wanted in ("evaluation_timestamp", "duration"))
        return {(group, times[group]): float(took[group]) for group in times}

    def resident(self):
        """Bytes of memory in use now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) * 1024

    def cpu(self):
        """Seconds of processor time since its start, of all threads."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
