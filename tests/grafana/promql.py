"""PromQL as dashboards write it, parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from promql_parser import Expr, VectorSelector, parse, walk

RATE_INTERVAL = timedelta(seconds=251)
RANGE = timedelta(seconds=3607)

GRAFANA = {
    "__rate_interval": f"{RATE_INTERVAL.seconds}s",
    "__range": f"{RANGE.seconds}s",
    "__range_s": f"{RANGE.seconds}",
    "__interval": "61s",
}
"""Grafana's own variables, as figures that are told apart again in the tree. Those of the dashboard
stand in strings, which the parser takes as they are; outside of one they are an error."""

_VARIABLE = re.compile(r"\$(\w+)|\$\{(\w+)(?::\w+)?\}")


def substituted(text: str) -> str:
    """The query with Grafana's variables replaced."""
    return _VARIABLE.sub(lambda found: GRAFANA.get(found[1] or found[2], found[0]), text)


def variables(text: str) -> set[str]:
    """Names of the dashboard's variables in a query or a link."""
    return {found[1] or found[2] for found in _VARIABLE.finditer(text)} - set(GRAFANA)


def parsed(text: str) -> Expr:
    """The tree of a query; ValueError says what is wrong with it."""
    tree: Expr = parse(substituted(text))
    return tree


def nodes(tree: Expr) -> list[tuple[Expr, tuple[Expr, ...]]]:
    """Every node with its ancestors, the nearest last."""
    found: list[tuple[Expr, tuple[Expr, ...]]] = []
    path: list[Expr] = []

    def enter(node: Expr) -> None:
        found.append((node, tuple(path)))
        path.append(node)

    def leave(_: Expr) -> None:
        path.pop()

    walk(tree, enter, leave)
    return found


def selectors(tree: Expr) -> Iterator[tuple[VectorSelector, tuple[Expr, ...]]]:
    """Every selector of series with its ancestors."""
    for node, ancestors in nodes(tree):
        if isinstance(node, VectorSelector):
            yield node, ancestors
