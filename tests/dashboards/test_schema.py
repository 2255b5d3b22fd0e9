#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
The dashboards have the types that Grafana publishes (@grafana/schema, see schema/board.ts).
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import queries
from exporter import tap
from mutations import REMOVED, mutated
from queries import FLEET, HOST, MODULES
from typescript import complaints

HERE = pathlib.Path(__file__).resolve().parent

# What must not pass.
WRONG = {
    "unknown_field_of_a_dashboard": ((FLEET, "refreshh"), "1m"),
    "wrong_type_of_a_dashboards_field": ((FLEET, "refresh"), 60),
    "missing_schema_version": ((FLEET, "schemaVersion"), REMOVED),
    "unknown_refresh_of_a_variable": ((FLEET, "templating", "list", "job", "refresh"), 3),
    "unknown_panel_type": ((FLEET, "Hosts", "type"), "singlestat"),
    "unknown_option_of_a_stat": ((FLEET, "Hosts", "options", "graphmode"), "none"),
    "wrong_option_of_a_stat": ((FLEET, "Hosts", "options", "graphMode"), "lines"),
    "missing_option_of_a_stat": ((FLEET, "Hosts", "options", "reduceOptions"), REMOVED),
    "option_of_another_panel": ((FLEET, "Hosts", "options", "showHeader"), True),
    "unknown_field_setting": ((FLEET, "Hosts", "fieldConfig", "defaults", "units"), "s"),
    "wrong_colour_mode": ((FLEET, "Hosts", "fieldConfig", "defaults", "color"), {"mode": "red"}),
    "unknown_line_setting": (
        (FLEET, "Exporters", "fieldConfig", "defaults", "custom", "linewidth"), 1,
    ),
    "wrong_mapping": (
        (HOST, "Verdict", "fieldConfig", "defaults", "mappings", 0, "type"), "values",
    ),
    "unknown_field_of_a_target": ((HOST, "Mask", "targets", 0, "legend"), "mask"),
    "wrong_cell_of_a_table": (
        (FLEET, "Unexplained taints", "fieldConfig", "defaults", "custom", "cellOptions"),
        {"type": "colour"},
    ),
    "wrong_option_of_a_table": ((FLEET, "Unexplained taints", "options", "cellHeight"), "xs"),
    "wrong_option_of_a_timeline": ((HOST, "Taints over time", "options", "rowHeight"), "0.9"),
    "wrong_option_of_bars": ((MODULES, "Signers", "options", "displayMode"), "gradients"),
    "unknown_option_of_a_transformation": (
        (FLEET, "Unexplained taints", "transformations", 0, "options", "includeByName"), {},
    ),
    "place_without_a_width": ((FLEET, "Hosts", "gridPos", "w"), REMOVED),
}


BOARDS = {name.removesuffix(".json"): board for name, board in queries.read().items()}
BROKEN = {
    name: mutated(queries.read(), mutation)[mutation[0][0]] for name, mutation in WRONG.items()
}
FOUND = complaints({**BOARDS, **BROKEN}, lambda board: ("Board", HERE / "schema/board"))


def the_dashboards_have_the_types_that_Grafana_publishes():
    assert BOARDS
    assert not FOUND.keys() - BROKEN.keys(), {k: FOUND[k] for k in FOUND.keys() - BROKEN.keys()}


def each_wrong_type_is_refused():
    assert not BROKEN.keys() - FOUND.keys(), BROKEN.keys() - FOUND.keys()


tap([the_dashboards_have_the_types_that_Grafana_publishes, each_wrong_type_is_refused])
