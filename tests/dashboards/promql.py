# SPDX-License-Identifier: Apache-2.0
"""
As much of PromQL as the lint of dashboards needs: who is asked, by which labels, under
which function. Whether it is PromQL at all is promtool's to say. No use for names in
quotes, which we never have.
"""

import re

STRING = r'"(?:[^"\\]|\\.)*"'
SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\s*\{((?:[^{}\"]|" + STRING + r")*)\}")
MATCHER = re.compile(r"(\w+)\s*(=~|!~|!=|=)\s*(" + STRING + ")")
CLAUSE = re.compile(r"\b(by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
OTHER_NAME = re.compile(r"[a-zA-Z_:][\w:]*(?!\s*\(|[\w:])")
KEYWORDS = {"and", "or", "unless", "bool", "offset"}

# A function with a range: its name, and the range.
RATE = re.compile(r"\b(i?rate|increase|i?delta|deriv)\s*\(\s*[^()\[\]]*\[([^\]]*)\]")
COUNTER = re.compile(r"(\b(?:i?rate|increase)\s*\(\s*)?[a-zA-Z_:][\w:]*_total\b")


def selectors(expr):
    """
    (metric, {label: operator and quoted value}) of each vector in EXPR that has braces; the
    first matcher of a label counts, as for Grafana's linter.
    """
    return [
        (metric, {label: operator + value for label, operator, value in MATCHER.findall(inside)[::-1]})
        for metric, inside in SELECTOR.findall(expr)
    ]


def bare_metrics(expr):
    """The vectors without braces: nothing restricts them."""
    rest = SELECTOR.sub(" ", expr)
    rest = re.sub(STRING, " ", rest)
    rest = re.sub(r"\[[^\]]*\]|\b[0-9][0-9.a-z]*\b|\$\w+", " ", rest)
    rest = CLAUSE.sub(" ", rest)
    return [name for name in OTHER_NAME.findall(rest) if name not in KEYWORDS]


def labels_by(expr):
    """The labels by which EXPR aggregates or joins."""
    return {
        label.strip() for _, labels in CLAUSE.findall(expr) for label in labels.split(",") if label
    }


def rate_ranges(expr):
    """The ranges over which EXPR takes rates."""
    return [range_ for _, range_ in RATE.findall(expr)]


def bare_counters(expr):
    """The counters that are not directly under rate() or increase()."""
    return [found[0] for found in COUNTER.finditer(expr) if not found[1]]
