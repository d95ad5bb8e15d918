"""Which labels the result of a PromQL expression can have, and which of those named it cannot.

No label is said to be missing that may be there: a query that passes may still find nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import product

from promql_parser import (
    AggModifierType,
    AggregateExpr,
    BinaryExpr,
    Call,
    Expr,
    LabelModifierType,
    MatchOp,
    MatrixSelector,
    NumberLiteral,
    ParenExpr,
    StringLiteral,
    SubqueryExpr,
    UnaryExpr,
    VectorMatchCardinality,
    VectorSelector,
)

Labels = frozenset[str]
NONE: Labels = frozenset()
KEEP = {"topk", "bottomk"}
"""Aggregations whose result are series of their argument, with all their labels."""


class Labelling:
    """`complaints` collects what is wrong, in the words of the one who mends it."""

    def __init__(self, series: Mapping[str, Labels]) -> None:
        self._series = series
        self.complaints: list[str] = []

    def of(self, node: Expr) -> Labels:
        """Labels of a node's result."""
        match node:
            case VectorSelector():
                labels = self._selector(node)
            case MatrixSelector():
                labels = self._selector(node.vector_selector)
            case ParenExpr() | UnaryExpr() | SubqueryExpr():
                labels = self.of(node.expr)
            case AggregateExpr():
                labels = self._aggregate(node)
            case BinaryExpr():
                labels = self._binary(node)
            case Call():
                labels = self._call(node)
            case NumberLiteral() | StringLiteral():
                labels = NONE
            case _:
                raise TypeError(f"{type(node).__name__} is not known here")
        return labels

    def _selector(self, node: VectorSelector) -> Labels:
        labels = NONE.union(*(self._named(pattern) for pattern in _names(node)))
        matched = (one.name for one in node.matchers.matchers if one.name != "__name__")
        self._expect(matched, labels, f"{node}")
        return labels

    def _named(self, pattern: str) -> Labels:
        found = [labels for name, labels in self._series.items() if re.fullmatch(pattern, name)]
        if not found:
            self.complaints.append(f"there is no series {pattern}")
        return NONE.union(*found)

    def _aggregate(self, node: AggregateExpr) -> Labels:
        labels = self.of(node.expr)
        if isinstance(node.param, Expr):
            self.of(node.param)
        if node.modifier is None:
            return labels if str(node.op) in KEEP else _counted(node)
        named = frozenset(node.modifier.labels)
        self._expect(named, labels, node.prettify())
        if str(node.op) in KEEP:
            return labels
        grouped = named if node.modifier.type == AggModifierType.By else labels - named
        return grouped | _counted(node)

    def _call(self, node: Call) -> Labels:
        name, arguments = node.func.name, node.args
        texts = [one.val for one in arguments if isinstance(one, StringLiteral)]
        labels = NONE.union(*(self.of(one) for one in arguments))
        if name in ("label_replace", "label_join"):
            sources = texts[2:3] if name == "label_replace" else texts[2:]
            # Without a source the label gets a text of its own.
            self._expect(filter(None, sources), labels, node.prettify())
            return labels | {texts[0]}
        if name == "histogram_quantile":
            self._expect(["le"], labels, node.prettify())
            return labels - {"le"}
        return NONE if name == "scalar" else labels

    def _binary(self, node: BinaryExpr) -> Labels:
        left, right = self.of(node.lhs), self.of(node.rhs)
        if _scalar(node.lhs) or _scalar(node.rhs) or str(node.op) == "or":
            return left | right
        matched = self._matched(node, left, right)
        card = node.modifier.card if node.modifier else VectorMatchCardinality.OneToOne
        if card == VectorMatchCardinality.ManyToMany:
            return left
        if card == VectorMatchCardinality.OneToOne:
            return left & matched
        many, one = (left, right) if card == VectorMatchCardinality.ManyToOne else (right, left)
        return many | self._brought(node, one)

    def _matched(self, node: BinaryExpr, left: Labels, right: Labels) -> Labels:
        """Labels by which the two sides are matched."""
        matching = node.modifier.matching if node.modifier else None
        if matching is None:
            return left
        named = frozenset(matching.labels)
        if matching.type == LabelModifierType.Exclude:
            self._expect(named, left | right, node.prettify())
            return left - named
        self._expect(named, left, node.prettify())
        self._expect(named, right, node.prettify())
        return named

    def _brought(self, node: BinaryExpr, one: Labels) -> Labels:
        """Labels that group_left or group_right takes over."""
        labels = frozenset((node.modifier.group_labels if node.modifier else None) or ())
        self._expect(labels, one, node.prettify())
        return labels

    def _expect(self, named: Iterable[str], labels: Labels, where: str) -> None:
        for label in sorted(set(named) - labels):
            self.complaints.append(f"no label {label} in {where}")


def _names(node: VectorSelector) -> set[str]:
    """What its series are called: a name, or each alternative of a regular expression."""
    if node.name:
        return {node.name}
    for one in node.matchers.matchers:
        if one.name == "__name__" and one.op in (MatchOp.Equal, MatchOp.Re):
            parts = re.split(r"\(([^()]*)\)", one.value)
            choices = [part.split("|") if index % 2 else [part] for index, part in enumerate(parts)]
            return {name for chosen in product(*choices) for name in "".join(chosen).split("|")}
    return {re.escape(f"{node}")}


def _counted(node: AggregateExpr) -> Labels:
    made = str(node.op) == "count_values" and isinstance(node.param, StringLiteral)
    return frozenset({node.param.val}) if made and node.param else NONE


def _scalar(node: Expr) -> bool:
    if isinstance(node, ParenExpr | UnaryExpr):
        return _scalar(node.expr)
    if isinstance(node, BinaryExpr):
        return _scalar(node.lhs) and _scalar(node.rhs)
    calls = isinstance(node, Call) and node.func.name in ("scalar", "time", "pi")
    return calls or isinstance(node, NumberLiteral)
