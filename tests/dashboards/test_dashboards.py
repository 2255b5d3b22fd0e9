#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The dashboards in dashboards/output obey every rule of lint.py; and each rule can fail."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import lint
import queries
from exporter import tap
from mutations import MUTATIONS, mutated

BOARDS = queries.read()


def obeyed(rule):
    def test():
        complaints = list(rule(BOARDS))
        assert not complaints, "\n".join(complaints)

    test.__name__ = rule.__name__
    return test


def caught(rule, mutations):
    def test():
        for mutation in mutations:
            assert list(rule(mutated(BOARDS, mutation))), f"{mutation} passes"

    test.__name__ = f"it_is_seen_when_this_is_broken:_{rule.__name__}"
    return test


def every_rule_is_seen_to_fail():
    assert set(MUTATIONS) == {rule.__name__ for rule in lint.RULES}


def there_are_three_dashboards():
    assert set(BOARDS) == {lint.FLEET, lint.HOST, lint.MODULES}, BOARDS.keys()


def queries_come_with_their_variables_filled_in():
    found = list(queries.queries({"instance": "one:1"}))
    assert not [query for query in found if queries.VARIABLE.search(query.expr)]
    assert [query for query in found if 'instance=~"one:1"' in query.expr]
    assert {query.is_range for query in found} == {True, False}


tap(
    [there_are_three_dashboards, queries_come_with_their_variables_filled_in]
    + [obeyed(rule) for rule in lint.RULES]
    + [every_rule_is_seen_to_fail]
    + [caught(rule, MUTATIONS.get(rule.__name__, [])) for rule in lint.RULES]
)
