#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
Rules, dashboards, alerts and the fleet page with real servers: Prometheus scrapes an
exporter on every scene, Alertmanager hears of what happens to them, and passes it on.

Usage: test_fleet.py PROGRAM
"""

import dataclasses
import html.parser
import json
import re
import sys
import threading
import time

from suite import PROGRAM, SCENES, TESTS_FOLDER, run, test
from exporter import wait_until
from scenery import temporary_folder

sys.path.insert(0, str(TESTS_FOLDER / "dashboards"))
sys.path.insert(0, str(TESTS_FOLDER.parent / "dashboards/demo"))

from fleet import FLEET_PAGE, RULES, Fleet  # noqa: E402
from hosts import FLEET, Plan  # noqa: E402
from queries import queries  # noqa: E402

# What would be markup if it were not escaped.
ODD_HOST, ODD_MODULE = "<b>\"odd\"&'host'", "<script>\"odd\"&'module'"

# To whom it will happen.
LOADS, CRASHES, STOPS = "db-rhel9-02", "web-deb12-01", "cache-deb12-02"


def plans():
    """The demo's fleet, odd names, and all other scenes."""
    for plan in FLEET:
        if plan.scene == "intree":
            plan = dataclasses.replace(plan, modules=plan.modules | {ODD_MODULE: "OE"})
        yield plan
    yield Plan(ODD_HOST, "orphan")
    others = {file.name for file in SCENES.iterdir() if file.is_dir()}
    for name in sorted(others - {plan.scene for plan in FLEET}):
        yield Plan(f"scene-{name}", name)


def with_shorter_waits(folder):
    """Copies of the rule files in which alerts wait for seconds; expressions are as shipped."""
    for file in RULES:
        rules, changes = re.subn(
            r'^( +(?:keep_firing_)?for:) "\d+[smh]"$',
            r'\1 "2s"',
            file.read_text(),
            flags=re.MULTILINE,
        )
        assert bool(changes) == ("alerts" in file.name), (file, changes)
        copy = folder / file.name
        copy.write_text(rules)
        yield copy


class Told:
    """The alerts that came to the receiver, in their order."""

    def __init__(self):
        self._alerts = []
        self._lock = threading.Lock()

    def tell(self, alert):
        with self._lock:
            self._alerts.append(alert)

    def last(self, name, instance):
        """{taint: the last that came of this alert}"""
        with self._lock:
            return {
                alert["labels"].get("taint"): alert
                for alert in self._alerts
                if alert["labels"]["alertname"] == name
                and alert["labels"].get("instance") == instance
            }

    def hosts_of(self, prefix):
        """Whom alerts whose names begin with PREFIX were about."""
        with self._lock:
            return {
                alert["labels"].get("instance")
                for alert in self._alerts
                if alert["labels"]["alertname"].startswith(prefix)
            }

    def wait_for(self, status, name, instance, taints):
        def is_so():
            last = self.last(name, instance)
            states = {taint: alert["status"] for taint, alert in last.items()}
            return states == dict.fromkeys(taints, status)

        wait_until(is_so, what=f"{name} of {instance} {status}")
        return self.last(name, instance)


TOLD = Told()


# ---- tests ----


@test
def every_host_is_scraped_and_counted():
    count = len(STAGE.hosts)
    assert count >= 50, count
    wait_until(
        lambda: STAGE.prometheus.query("count(up == 1)") == [({}, count)],
        what=f"{count} hosts that are up",
    )
    # Whose mask cannot be read is not counted.
    known = STAGE.prometheus.one("count(kernel_taint_mask)")
    assert count > known >= 50, (count, known)
    ask = STAGE.prometheus.query
    wait_until(
        lambda: [n for _, n in ask("job:kernel_taint_hosts:count")] == [known],
        what=f"{known} hosts in the rules",
    )
    enterprise = {f"rhel{version}" for version in range(5, 11)}
    every = {"mainline", "suse"} | enterprise
    wait_until(
        lambda: {
            labels["dialect"] for labels, _ in ask("job_dialect:kernel_taint_hosts:count")
        }
        == every,
        what=f"the dialects {every} in the rules",
    )


@test
def a_taint_travels_to_the_receiver_and_resolves_after_a_reboot():
    loads, crashes = STAGE.hosts[LOADS], STAGE.hosts[CRASHES]
    for host in (loads, crashes):
        seen = f'instance:kernel_taint_mask:max{{instance="{host.name}"}}'
        assert STAGE.prometheus.one(seen) == 0, host.name
    loads.load("scini", "POE")
    crashes.taint("D")

    told = TOLD.wait_for("firing", "KernelTaintNewCrash", CRASHES, ["die"])["die"]
    assert told["labels"]["severity"] == "critical", told
    assert CRASHES in told["annotations"]["description"], told
    assert told["annotations"]["summary"] and told["annotations"]["runbook_url"], told
    TOLD.wait_for("firing", "KernelTaintCrashed", CRASHES, ["die"])
    taints = ["proprietary_module", "oot_module", "unsigned_module"]
    TOLD.wait_for("firing", "KernelTaintNew", LOADS, taints)
    unsigned = TOLD.wait_for(
        "firing", "KernelTaintUnsignedModule", LOADS, ["unsigned_module"]
    )
    assert unsigned["unsigned_module"]["labels"]["module"] == "scini", unsigned
    held = json.loads(STAGE.alertmanager.fetch("/api/v2/alerts")[1])
    names = {
        alert["labels"]["alertname"]
        for alert in held
        if alert["labels"].get("instance") == CRASHES
    }
    assert names >= {"KernelTaintNewCrash", "KernelTaintCrashed"}, names

    for host in (loads, crashes):
        host.reboot()
    TOLD.wait_for("resolved", "KernelTaintNewCrash", CRASHES, ["die"])
    TOLD.wait_for("resolved", "KernelTaintCrashed", CRASHES, ["die"])
    TOLD.wait_for("resolved", "KernelTaintNew", LOADS, taints)
    TOLD.wait_for("resolved", "KernelTaintUnsignedModule", LOADS, ["unsigned_module"])
    # Nobody else is said to be newly tainted: it was so from the beginning.
    assert TOLD.hosts_of("KernelTaintNew") == {LOADS, CRASHES}


@test
def an_exporter_that_stops_is_told_of():
    STAGE.hosts[STOPS].exporter.stop()
    TOLD.wait_for("firing", "KernelTaintExporterDown", STOPS, [None])


@test
def every_rule_is_healthy_and_has_data():
    # So that there is something new to be told of.
    STAGE.hosts[LOADS].load("scini", "POE")
    ask = STAGE.prometheus

    def rules():
        groups = ask.api("rules")["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    wait_until(lambda: all(rule["health"] == "ok" for rule in rules()), what="ok of rules")
    assert [rule for rule in rules() if rule.get("lastError")] == []
    recorded = {rule["name"] for rule in rules() if rule["type"] == "recording"}
    assert len(recorded) >= 20, recorded
    assert_all_have_data(recorded, lambda name: ask.api("query", query=name))


@test
def every_query_of_every_dashboard_has_data():
    def reply(query):
        if not query.is_range:
            return STAGE.prometheus.api("query", query=query.expr)
        now = time.time()
        return STAGE.prometheus.api(
            "query_range", query=query.expr, start=now - 60, end=now, step=5
        )

    found = list(queries({"__rate_interval": "10s"}))
    assert len({query.dashboard for query in found}) == 3
    assert_all_have_data(found, reply)


def assert_all_have_data(queries, ask):
    """That ASK(query) replies to each without errors and warnings, and soon with data."""
    left = list(queries)

    def have_data():
        for query in list(left):
            reply = ask(query)
            assert reply["status"] == "success", (query, reply)
            assert not reply.get("warnings"), (query, reply)
            if reply["data"]["result"]:
                left.remove(query)
        return not left

    try:
        wait_until(have_data, what="data")
    except AssertionError as error:
        raise AssertionError(f"{error} of {left}") from error


class Page(html.parser.HTMLParser):
    """Checks that what is opened is closed; collects elements, links and text."""

    VOID = ("meta", "link")

    def __init__(self, text):
        super().__init__()
        self.elements, self.links, self.text, self._open = set(), {}, "", []
        self.feed(text)
        self.close()
        assert self._open == [], self._open

    def handle_starttag(self, tag, attributes):
        self.elements.add(tag)
        self._link = dict(attributes).get("href") if tag == "a" else None
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag, tag

    def handle_data(self, data):
        self.text += data
        if self._open and self._open[-1] == "a":
            self.links[data] = self._link


@test
def the_fleet_page_shows_it_all_and_escapes_every_value():
    status, body = STAGE.prometheus.fetch(FLEET_PAGE)
    text = body.decode()
    assert status == 200, text
    page = Page(text)
    assert page.elements.isdisjoint({"script", "b", "img", "iframe"}), page.elements
    assert "ZgotmplZ" not in text and "NaN" not in text
    for word in (
        ODD_HOST,
        ODD_MODULE,
        "nvidia",
        "KernelTaintUnsignedModule",
        "the scrape",
        "unexplained",
        "contradicted",
        "hidden",
        "4.12.14-94.41-default",
        "collector modules",
        "proprietary_module",
    ):
        assert word in page.text, word
    for name in (ODD_HOST, LOADS, STOPS, "scene-hidden-beside-folderless"):
        assert page.links[name] == f"{STAGE.hosts[name].exporter.url}/", name
    count = int(STAGE.prometheus.one("sum(job:kernel_taint_hosts:count)"))
    assert f"<dt>hosts</dt><dd>{count}</dd>" in text
    changes = text.partition("Newest changes")[2].partition("</section>")[0]
    assert f">{LOADS}</a>" in changes, changes
    # Whatever is on the page is in it.
    assert not re.search(r"(?:src|srcset|action)=|@import|url\(", text)


@test
def the_servers_need_no_feature_and_complain_of_nothing():
    flags = STAGE.prometheus.api("status/flags")["data"]
    assert flags["enable-feature"] == "", flags
    for server in (STAGE.prometheus, STAGE.alertmanager):
        complaints = re.findall(r"^.*level=(?:warn|error).*$", server.log, re.MULTILINE)
        assert complaints == [], complaints
    name, code, _ = STAGE.ended()
    assert (name, code) == (STOPS, 0)


with temporary_folder() as RULES_FOLDER:
    with Fleet(
        PROGRAM,
        plans(),
        TOLD.tell,
        rules=tuple(with_shorter_waits(RULES_FOLDER)),
        interval="1s",
    ) as STAGE:
        run()
