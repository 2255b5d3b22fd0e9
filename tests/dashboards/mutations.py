# SPDX-License-Identifier: Apache-2.0
"""
Ways to break a dashboard, by the rule of lint.py that must see them. Each is a path through
the JSON and what to put there; in a path "Title" of a panel stands for the panel, and REMOVED
for a value takes the last step away.
"""

import copy

from queries import FLEET, HOST, MODULES

REMOVED = object()


def query(path, expr):
    """Replaces the query of a panel's first target."""
    return (*path, "targets", 0, "expr"), expr


def variable(board, name, key, value):
    return (board, "templating", "list", name, key), value


MUTATIONS = {
    "a_dashboard_has_what_its_place_among_the_others_needs": [
        ((FLEET, "editable"), True),
        ((FLEET, "uid"), "other"),
        ((HOST, "refresh"), REMOVED),
    ],
    "the_data_source_is_a_variable_labelled_Data_Source": [
        variable(FLEET, "datasource", "label", "Prometheus"),
        variable(FLEET, "datasource", "name", "prometheus"),
    ],
    "job_and_instance_are_variables_of_many_values": [
        variable(FLEET, "job", "allValue", ".*"),
        variable(HOST, "instance", "multi", False),
        variable(MODULES, "instance", "refresh", 1),
        variable(MODULES, "instance", "name", "host"),
    ],
    "a_variable_whose_values_fill_the_fleet_has_no_All": [
        variable(HOST, "instance", "includeAll", True),
        variable(MODULES, "module", "current", {"text": ["All"], "value": ["$__all"]}),
    ],
    "every_query_goes_to_the_variable_data_source": [
        ((FLEET, "Hosts", "datasource"), REMOVED),
        ((FLEET, "Hosts", "targets", 0, "datasource"), {"type": "prometheus", "uid": "abc"}),
        variable(HOST, "job", "datasource", REMOVED),
    ],
    "panel_ids_are_unique": [((FLEET, "Hosts", "id"), 1)],
    "panels_do_not_overlap_and_stay_on_the_grid": [
        ((FLEET, "Hosts", "gridPos", "w"), 5),
        ((FLEET, "Out-of-tree modules", "gridPos", "w"), 5),
    ],
    "every_panel_has_a_title_of_its_own_and_a_description": [
        ((FLEET, "Hosts", "title"), ""),
        ((FLEET, "Hosts", "title"), "Tainted hosts"),
        ((FLEET, "Hosts", "description"), REMOVED),
    ],
    "every_panel_has_a_unit_or_words_for_its_values": [
        ((FLEET, "Hosts", "fieldConfig", "defaults", "unit"), REMOVED),
        ((FLEET, "Hosts", "fieldConfig", "defaults", "unit"), "hosts per fleet"),
    ],
    "tables_ask_for_rows_of_now_and_hide_their_time": [
        ((FLEET, "Unexplained taints", "targets", 0, "format"), "time_series"),
        ((FLEET, "Unexplained taints", "targets", 0, "instant"), False),
        ((FLEET, "Unexplained taints", "transformations", 0, "options", "excludeByName"), {}),
        ((FLEET, "Hosts", "targets", 0, "range"), True),
    ],
    "overrides_name_columns_that_the_table_has": [
        ((HOST, "Set now", "transformations", 1, "options", "renameByName", "meaning"), REMOVED),
    ],
    "links_lead_to_dashboards_and_variables_that_exist": [
        ((FLEET, "links"), []),
        ((FLEET, "Top modules", "fieldConfig", "defaults", "links", 0, "url"), "/d/none?x"),
        (
            (FLEET, "Top modules", "fieldConfig", "defaults", "links", 0, "url"),
            "/d/kernel-taint-host?var-module=${__value.raw}",
        ),
        variable(HOST, "instance", "name", "host"),
    ],
    "every_query_matches_job_and_instance_but_for_exceptions": [
        query((HOST, "Mask"), 'max(kernel_taint_mask{job=~"$job"})'),
        query((HOST, "Mask"), 'max(kernel_taint_mask{job="a", instance=~"$instance"})'),
        query((FLEET, "Hosts"), "sum(job:kernel_taint_hosts:count)"),
    ],
    "every_exception_is_needed_and_has_a_reason": [
        query((FLEET, "Hosts"), 'sum(up{job=~"$job", instance=~"$instance"})'),
        ((FLEET, "Hosts", "title"), "All hosts"),
    ],
    "every_variable_in_a_query_is_defined": [
        query((HOST, "Mask"), 'max(kernel_taint_mask{instance=~"$host"})'),
        query((HOST, "Mask"), 'max(kernel_taint_module{module=~"$module"})'),
    ],
    "rates_are_over_the_rate_interval": [
        query((HOST, "Exporter CPU"), "rate(process_cpu_seconds_total{}[5m])"),
    ],
    "counters_are_read_through_rate_or_increase_only": [
        query((HOST, "Exporter CPU"), "max(process_cpu_seconds_total{})"),
        query((HOST, "Exporter CPU"), "max_over_time(process_cpu_seconds_total{}[5m])"),
    ],
    "every_metric_exists": [
        query((HOST, "Mask"), "max(kernel_taint_masks{})"),
        query((FLEET, "Hosts"), "sum(job:kernel_taint_hosts:sum{})"),
    ],
    "the_fleet_never_counts_by_bit_or_flag": [
        query((FLEET, "Hosts"), "sum by (job, bit) (up{})"),
        query((MODULES, "Modules"), "up{} and on (flag) up{}"),
    ],
    "the_fleet_reads_what_hosts_have_many_of_through_recording_rules": [
        query((FLEET, "Hosts"), "count(kernel_taint_flag{} == 1)"),
        query((MODULES, "Modules"), "count(kernel_taint_module{})"),
    ],
    "every_query_is_PromQL": [
        query((FLEET, "Hosts"), "sum by (job (up)"),
        variable(FLEET, "job", "query", "label_values(up{job=}, job)"),
    ],
    "meanings_are_those_of_the_exporter": [
        (
            (HOST, "Set now", "fieldConfig", "overrides", 0, "properties", 0, "value", 0,
             "options", "die", "text"),
            "it died",
        ),
    ],
}


def step(place, key):
    """The key or index of PLACE that KEY means."""
    if isinstance(place, list) and isinstance(key, str):
        return next(n for n, one in enumerate(place) if key in (one.get("title"), one.get("name")))
    return key


def mutated(boards, mutation):
    """A copy of BOARDS with the MUTATION."""
    (board, *path), value = mutation
    boards = copy.deepcopy(boards)
    place = boards[board]
    if len(path) > 1 and path[0] not in place:
        path = ["panels", *path]
    for key in path[:-1]:
        place = place[step(place, key)]
    last = step(place, path[-1])
    if value is REMOVED:
        del place[last]
    else:
        place[last] = value
    return boards
