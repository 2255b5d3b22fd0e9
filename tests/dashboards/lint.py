# SPDX-License-Identifier: Apache-2.0
"""
The rules that our dashboards obey: those of Grafana's dashboard-linter, and those that keep
them fast and their links alive. Each rule is a generator of complaints whose name is a
sentence; it gets the dashboards by file name. RULES lists them all.
"""

import json
import pathlib
import re
import subprocess
import tempfile

import yaml

import promql
import queries
from queries import FLEET, HOST, MODULES

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}

# Of a host's series there are many; see the rules that use this.
HEAVY = {
    "kernel_taint_flag",
    "kernel_taint_flag_contradicted",
    "kernel_taint_flag_unexplained",
    "kernel_taint_module",
    "kernel_taint_module_file_differs",
    "kernel_taint_module_info",
}
# The variables of which nobody may ask for all values at once.
NEVER_ALL = {(HOST, "instance"), (MODULES, "module")}

# Those of Grafana's units that we use.
UNITS = {"bytes", "dateTimeAsIso", "hex0x", "locale", "percentunit", "s", "string"}

RULES = []


def rule(function):
    RULES.append(function)
    return function


def each_panel(boards):
    for name, board in boards.items():
        for panel in queries.panels(board):
            yield f"{name}: {panel['title']!r}", panel


def each_query(boards):
    for name, board in boards.items():
        for panel, ref, expr, _ in queries.templates(board):
            yield name, f"{name}: {panel!r} {ref}", expr


# ---- the dashboard ----


@rule
def a_dashboard_has_what_its_place_among_the_others_needs(boards):
    for name, board in boards.items():
        expected = {
            "uid": name.removesuffix(".json"),
            "tags": ["kernel-taint"],
            "timezone": "browser",
            "refresh": "1m",
            "schemaVersion": 39,
            "editable": False,
        }
        for key, value in expected.items():
            if board.get(key) != value:
                yield f"{name}: {key} is {board.get(key)!r}, not {value!r}"


@rule
def the_data_source_is_a_variable_labelled_Data_Source(boards):
    for name, board in boards.items():
        found = [v for v in board["templating"]["list"] if v["type"] == "datasource"]
        if [(v["name"], v["label"], v["query"]) for v in found] != [
            ("datasource", "Data Source", "prometheus")
        ]:
            yield f"{name}: {found}"


@rule
def job_and_instance_are_variables_of_many_values(boards):
    expected = {"type": "query", "multi": True, "allValue": ".+", "refresh": 2}
    for name, board in boards.items():
        for key in ("job", "instance"):
            variable = queries.variables(board).get(key, {})
            wanted = {**expected, "label": key.title(), "includeAll": (name, key) not in NEVER_ALL}
            for field, value in wanted.items():
                if variable.get(field) != value:
                    yield f"{name}: {field} of {key} is {variable.get(field)!r}, not {value!r}"


@rule
def a_variable_whose_values_fill_the_fleet_has_no_All(boards):
    for name, key in NEVER_ALL:
        variable = queries.variables(boards[name])[key]
        if variable["includeAll"] or variable["current"]["value"]:
            yield f"{name}: {key} can be all"


@rule
def every_query_goes_to_the_variable_data_source(boards):
    for name, board in boards.items():
        asking = [v for v in board["templating"]["list"] if v["type"] == "query"]
        for panel in queries.panels(board):
            asking += [panel, *panel["targets"]]
        for one in asking:
            if one.get("datasource") != DATASOURCE:
                yield f"{name}: {one.get('title', one)}"


# ---- panels ----


@rule
def panel_ids_are_unique(boards):
    for name, board in boards.items():
        ids = [panel["id"] for panel in board["panels"]]
        if len(set(ids)) != len(ids):
            yield f"{name}: {ids}"


@rule
def panels_do_not_overlap_and_stay_on_the_grid(boards):
    for name, board in boards.items():
        taken = {}
        for panel in board["panels"]:
            pos = panel["gridPos"]
            if pos["x"] < 0 or pos["x"] + pos["w"] > 24:
                yield f"{name}: {panel['title']!r} leaves the grid"
            for x in range(pos["x"], pos["x"] + pos["w"]):
                for y in range(pos["y"], pos["y"] + pos["h"]):
                    if taken.setdefault((x, y), panel["id"]) != panel["id"]:
                        yield f"{name}: {panel['title']!r} covers another at {x}, {y}"


@rule
def every_panel_has_a_title_of_its_own_and_a_description(boards):
    for name, board in boards.items():
        titles = [panel.get("title") for panel in board["panels"]]
        if len(set(titles)) != len(titles) or not all(titles):
            yield f"{name}: {titles}"
        for panel in queries.panels(board):
            if not panel.get("description", "").endswith("."):
                yield f"{name}: {panel['title']!r} is not described in a sentence"


@rule
def every_panel_has_a_unit_or_words_for_its_values(boards):
    for where, panel in each_panel(boards):
        defaults = panel["fieldConfig"]["defaults"]
        units = [defaults.get("unit")] + [
            setting["value"]
            for override in panel["fieldConfig"]["overrides"]
            for setting in override["properties"]
            if setting["id"] == "unit"
        ]
        if not defaults.get("mappings") and not set(units) <= UNITS:
            yield f"{where}: {units}"


@rule
def tables_ask_for_rows_of_now_and_hide_their_time(boards):
    for where, panel in each_panel(boards):
        table = panel["type"] == "table"
        for target in panel["targets"]:
            if (target["format"] == "table") != table or (table and not target["instant"]):
                yield f"{where}: {target['refId']} is not in the panel's format"
            if target["instant"] == target["range"]:
                yield f"{where}: {target['refId']} is of now, or of a range"
        if table and not panel["transformations"][-1]["options"]["excludeByName"].get("Time"):
            yield f"{where}: shows the time"


@rule
def overrides_name_columns_that_the_table_has(boards):
    for where, panel in each_panel(boards):
        for override in panel["fieldConfig"]["overrides"]:
            columns = panel["transformations"][-1]["options"]["renameByName"].values()
            if override["matcher"]["options"] not in columns:
                yield f"{where}: {override['matcher']}"


@rule
def links_lead_to_dashboards_and_variables_that_exist(boards):
    uids = {board["uid"]: board for board in boards.values()}
    for name, board in boards.items():
        if not any(link["type"] == "dashboards" and link["tags"] == board["tags"] and
                   link["includeVars"] and link["keepTime"] for link in board["links"]):
            yield f"{name}: no link to the others"
        for panel in queries.panels(board):
            for url in re.findall(r'"url": "([^"]*)"', json.dumps(panel)):
                yield from broken_link(f"{name}: {panel['title']!r}: {url}", url, board, uids)


def broken_link(where, url, board, uids):
    found = re.fullmatch(r"/d/([\w-]+)\?(.*)", url)
    if not found or found[1] not in uids:
        yield f"{where}: leads nowhere"
        return
    target = queries.variables(uids[found[1]])
    for part in found[2].split("&"):
        passed = re.fullmatch(r"\$\{(\w+):queryparam\}", part)
        if passed:
            known = passed[1] in target and passed[1] in queries.variables(board)
        else:
            given = re.fullmatch(r"var-(\w+)=\$\{__(?:value\.raw|field\.labels\.\w+)\}", part)
            known = given[1] in target if given else part == "${__url_time_range}"
        if not known:
            yield f"{where}: {part}"


# ---- queries ----


def exceptions():
    """The exceptions of output/.lint: (rule, dashboard's title, panel's title) -> reason."""
    config = yaml.safe_load((queries.OUTPUT / ".lint").read_text(encoding="utf-8"))
    return {
        (name, entry["dashboard"], entry["panel"]): entry.get("reason", settings.get("reason"))
        for name, settings in config["exclusions"].items()
        for entry in settings["entries"]
    }


def without_matcher(boards, label):
    """(dashboard's title, panel's title) of those with a vector of any LABEL."""
    return {
        (board["title"], panel["title"])
        for board in boards.values()
        for panel in queries.panels(board)
        for target in panel["targets"]
        for _, matchers in promql.selectors(target["expr"])
        if matchers.get(label) != f'=~"${label}"'
    }


@rule
def every_query_matches_job_and_instance_but_for_exceptions(boards):
    for label in ("job", "instance"):
        excused = {key[1:] for key in exceptions() if key[0] == f"target-{label}-rule"}
        for where in without_matcher(boards, label) - excused:
            yield f"{where}: no {label} matcher"
    for _, where, expr in each_query(boards):
        if promql.bare_metrics(expr):
            yield f"{where}: {promql.bare_metrics(expr)} have no matchers"


@rule
def every_exception_is_needed_and_has_a_reason(boards):
    for (name, *where), reason in exceptions().items():
        label = name.removeprefix("target-").removesuffix("-rule")
        if tuple(where) not in without_matcher(boards, label):
            yield f"{name}: {where} needs none"
        if not reason:
            yield f"{name}: {where} has no reason"


@rule
def every_variable_in_a_query_is_defined(boards):
    for name, where, expr in each_query(boards):
        known = set(queries.variables(boards[name])) | set(queries.DEFAULTS) - {"module"}
        for found in queries.VARIABLE.finditer(expr):
            if (found[1] or found[2]) not in known:
                yield f"{where}: {found[0]}"


@rule
def rates_are_over_the_rate_interval(boards):
    for _, where, expr in each_query(boards):
        if set(promql.rate_ranges(expr)) - {"$__rate_interval"}:
            yield f"{where}: {expr}"


@rule
def counters_are_read_through_rate_or_increase_only(boards):
    for _, where, expr in each_query(boards):
        if promql.bare_counters(expr):
            yield f"{where}: {expr}"


@rule
def every_metric_exists(boards):
    families = (ROOT / "exporter/exposition/families.c").read_text(encoding="utf-8")
    rules = yaml.safe_load((ROOT / "dashboards/output/kernel_taint_rules.yaml").read_text())
    known = {"up", "ALERTS"} | set(re.findall(r'\{ "(\w+)", EXPOSE_', families))
    known |= {one["record"] for group in rules["groups"] for one in group["rules"]}
    for _, where, expr in each_query(boards):
        for metric, _ in promql.selectors(expr):
            if metric not in known:
                yield f"{where}: {metric}"


@rule
def the_fleet_never_counts_by_bit_or_flag(boards):
    for name, where, expr in each_query(boards):
        if name != HOST and promql.labels_by(expr) & {"bit", "flag"}:
            yield f"{where}: {expr}"


@rule
def the_fleet_reads_what_hosts_have_many_of_through_recording_rules(boards):
    for name, where, expr in each_query(boards):
        for metric, matchers in promql.selectors(expr):
            if metric in HEAVY and (
                name == FLEET or name == MODULES and matchers.get("module") != '=~"$module"'
            ):
                yield f"{where}: {metric}"


@rule
def every_query_is_PromQL(boards):
    rules, wheres = [], []
    for _, where, expr in each_query(boards):
        rules.append({"record": f"query:{len(rules)}", "expr": filled(expr)})
        wheres.append(where)
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        json.dump({"groups": [{"name": "queries", "rules": rules}]}, file)
        file.flush()
        check = subprocess.run(
            ["promtool", "check", "rules", file.name], capture_output=True, text=True
        )
    if check.returncode != 0:
        yield check.stdout + check.stderr + "\n".join(f"{n}: {w}" for n, w in enumerate(wheres))


def filled(expr):
    return queries.fill(expr, queries.DEFAULTS)


# ---- words ----


@rule
def meanings_are_those_of_the_exporter(boards):
    source = (ROOT / "exporter/model/taint.c").read_text(encoding="utf-8")
    known = dict(re.findall(r'\{ "(\w+)", (?:\w+, )+"([^"]*)",', source))
    known["unknown"] = "a bit that the exporter does not know"
    tables = [panel for _, panel in each_panel(boards) if panel["title"] == "Set now"]
    for override in tables[0]["fieldConfig"]["overrides"]:
        if override["matcher"]["options"] == "Meaning":
            options = override["properties"][0]["value"][0]["options"]
            if {slug: option["text"] for slug, option in options.items()} != known:
                yield f"{sorted(options.items())}"
