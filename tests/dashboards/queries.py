# SPDX-License-Identifier: Apache-2.0
"""
The queries of the dashboards in dashboards/output, with their variables filled in, so that
they can be given to Prometheus; and the ways through a dashboard's JSON that tests need.
"""

import collections
import json
import pathlib
import re

OUTPUT = pathlib.Path(__file__).resolve().parents[2] / "dashboards" / "output"
FLEET, HOST, MODULES = (f"kernel-taint-{key}.json" for key in ("fleet", "host", "modules"))

# What Grafana would put in: everything, an hour, a scrape each minute.
DEFAULTS = {
    "job": ".+",
    "instance": ".+",
    "module": ".+",
    "__rate_interval": "5m",
    "__range": "1h",
    "__interval": "1m",
}

VARIABLE = re.compile(r"\$(?:\{(\w+)\}|([a-zA-Z_]\w*))")  # "$1" is label_replace's
LABEL_VALUES = re.compile(r"label_values\((.+),\s*(\w+)\)")

# REF is the target's letter, or the name of a template variable, whose PANEL is "variable".
Query = collections.namedtuple("Query", "dashboard panel ref expr is_range")


def read(folder=OUTPUT):
    """The dashboards of FOLDER, parsed, by the names of their files."""
    return {
        path.name: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(pathlib.Path(folder).glob("kernel-taint-*.json"))
    }


def panels(dashboard):
    """The panels of a parsed DASHBOARD without its rows."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def variables(dashboard):
    """The template variables of a parsed DASHBOARD by their names."""
    return {variable["name"]: variable for variable in dashboard["templating"]["list"]}


def fill(text, values):
    """TEXT with its variables replaced; one without a value is a KeyError."""
    return VARIABLE.sub(lambda found: values[found[1] or found[2]], text)


def templates(dashboard):
    """(panel, ref, expr, is_range) of each query in a parsed DASHBOARD, not filled in."""
    for variable in variables(dashboard).values():
        if variable["type"] == "query":
            series, label = LABEL_VALUES.fullmatch(variable["query"]).groups()
            yield "variable", variable["name"], f"group by ({label}) ({series})", False
    for panel in panels(dashboard):
        for target in panel["targets"]:
            yield panel["title"], target["refId"], target["expr"], target["range"]


def queries(values=None, folder=OUTPUT):
    """A Query for each of all dashboards; VALUES of variables go before DEFAULTS."""
    values = {**DEFAULTS, **(values or {})}
    for name, dashboard in read(folder).items():
        for panel, ref, expr, is_range in templates(dashboard):
            yield Query(name, panel, ref, fill(expr, values), is_range)
