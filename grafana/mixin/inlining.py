"""Expressions without records: each record's name is replaced by its expression."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping

from .rules import Group, Recording

_NAME = re.compile(r"[\w:]+")
_MODIFIER = re.compile(r"\s*([{@]|\[[^\]:]*\]|offset\b)")
"""What follows a name and no expression. A subquery, `[1d:5m] offset 1h`, may follow both."""


def records(groups: Iterable[Group]) -> dict[str, str]:
    """Return the expression of each record by its name, itself without records."""
    known: dict[str, str] = {}
    for group in groups:
        for rule in group.rules:
            if isinstance(rule, Recording):
                known[rule.record] = inlined(rule.expr, known)
    return known


def inlined(expr: str, known: Mapping[str, str]) -> str:
    """Return the expression with those of `known` in place of their names.

    ValueError where a record has matchers, a range, an offset or @ of its own.
    """

    def meaning(name: re.Match[str]) -> str:
        if name[0] not in known:
            return name[0]
        if _MODIFIER.match(name.string, name.end()):
            raise ValueError(f"no expression can stand for {name[0]} with a modifier")
        return enclosed(known[name[0]])

    return _NAME.sub(meaning, inspect.cleandoc(expr))


def enclosed(expr: str) -> str:
    """Return it in parentheses, on lines of its own where it has several."""
    return f"(\n{expr}\n)" if "\n" in expr else f"({expr})"
