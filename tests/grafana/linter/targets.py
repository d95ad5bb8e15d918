"""Rules about the queries of panels."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promql_parser import Call, Expr, MatchOp, MatrixSelector, VectorSelector

from tests.grafana.linter.model import Complaint, is_prometheus, targets
from tests.grafana.promql import RATE_INTERVAL, nodes, parsed, selectors
from tests.grafana.reading import Json

_STREAM = re.compile(r"\{[^{}]+\}")
_RANGE = re.compile(r"\[([^\]]*)\]")


def target_logql(dashboard: Json) -> Iterator[Complaint]:
    """Beyond its stream selector LogQL is not parsed here: there is none in these dashboards."""
    for panel, index, target in _loki(dashboard):
        if not _STREAM.search(target["expr"]):
            yield Complaint(f"no stream selector: {target['expr']!r}", panel["title"], index)


def target_logql_auto(dashboard: Json) -> Iterator[Complaint]:
    for panel, index, target in _loki(dashboard):
        for found in _RANGE.findall(target["expr"]):
            if found != "$__auto":
                yield Complaint(f"[{found}] instead of [$__auto]", panel["title"], index)


def _loki(dashboard: Json) -> Iterator[tuple[Json, int, Json]]:
    for panel, index, target in targets(dashboard):
        if (target.get("datasource") or {}).get("type") == "loki":
            yield panel, index, target


def target_promql(dashboard: Json) -> Iterator[Complaint]:
    if not is_prometheus(dashboard):
        return
    for panel, index, target in _of_prometheus(dashboard):
        try:
            parsed(target.get("expr", ""))
        except ValueError as error:
            yield Complaint(f"{target.get('expr')!r}: {error}", panel["title"], index)


def target_rate_interval(dashboard: Json) -> Iterator[Complaint]:
    """A rate over another time than $__rate_interval has too few samples when zoomed in."""
    for panel, index, tree in _trees(dashboard):
        for node, ancestors in nodes(tree):
            if isinstance(node, MatrixSelector) and node.range != RATE_INTERVAL:
                call = ancestors[-1] if ancestors else None
                if isinstance(call, Call) and call.func.name in ("rate", "irate"):
                    yield Complaint(f"{tree.prettify()}: not $__rate_interval", panel, index)


def target_job(dashboard: Json) -> Iterator[Complaint]:
    return _matched(dashboard, "job")


def target_instance(dashboard: Json) -> Iterator[Complaint]:
    return _matched(dashboard, "instance")


def _matched(dashboard: Json, label: str) -> Iterator[Complaint]:
    for panel, index, tree in _trees(dashboard):
        for selector, _ in selectors(tree):
            if not follows(selector, label):
                yield Complaint(f'{selector}: no {label}=~"${label}"', panel, index)


def follows(selector: VectorSelector, label: str) -> bool:
    """Whether a selector matches the label with the variable of its name."""
    wanted = (label, MatchOp.Re, f"${label}")
    return any((one.name, one.op, one.value) == wanted for one in selector.matchers.matchers)


def target_counter_agg(dashboard: Json) -> Iterator[Complaint]:
    """Counters are told by how much they rise: resets make their values meaningless."""
    for panel, index, tree in _trees(dashboard):
        for selector, ancestors in selectors(tree):
            call = ancestors[-2] if len(ancestors) > 1 else None
            rises = isinstance(call, Call) and call.func.name in ("rate", "irate", "increase")
            if (selector.name or "").endswith("_total") and not rises:
                yield Complaint(f"{selector}: neither rate nor increase", panel, index)


def _of_prometheus(dashboard: Json) -> Iterator[tuple[Json, int, Json]]:
    loki = [id(target) for _, _, target in _loki(dashboard)]
    return (found for found in targets(dashboard) if id(found[2]) not in loki)


def _trees(dashboard: Json) -> Iterator[tuple[str, int, Expr]]:
    """Titles, indices and trees of what is PromQL; what is not is another rule's matter."""
    for panel, index, target in _of_prometheus(dashboard) if is_prometheus(dashboard) else ():
        try:
            yield panel["title"], index, parsed(target.get("expr", ""))
        except ValueError:
            continue
