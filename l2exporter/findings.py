"""What `l2exporter check` found, and how it is laid out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """A row: what was looked at, whether it is well, what was found, the remedy if it is not.

    `needed` findings decide the exit status; others are advice. What was found, and the remedies,
    may be several lines.
    """

    subject: str
    well: bool
    found: str
    remedy: str = ""
    needed: bool = True


def table(title: str, rows: Iterable[Finding]) -> str:
    """A section of the report: a row each, or a paragraph each where one of them is long."""
    rows = list(rows)
    width = max(len(row.subject) for row in rows)
    lay_out = _paragraphs if any("\n" in row.found for row in rows) else _lines
    heads = [f"  {row.subject:<{width}}  {_mark(row):<7}  " for row in rows]
    return "\n".join([title, *lay_out(heads, rows)]) + "\n"


def _mark(row: Finding) -> str:
    return "ok" if row.well else "MISSING" if row.needed else "advice"


def _lines(heads: list[str], rows: list[Finding]) -> Iterator[str]:
    found = max(len(row.found) for row in rows)
    for head, row in zip(heads, rows, strict=True):
        line = f"{head}{row.found:<{found}}"
        yield f"{line}  -> {row.remedy}" if row.remedy else line.rstrip()


def _paragraphs(heads: list[str], rows: list[Finding]) -> Iterator[str]:
    for head, row in zip(heads, rows, strict=True):
        first, *more = [*row.found.splitlines(), *_remedies(row.remedy)]
        yield head + first
        yield from (" " * len(head) + line for line in more)


def _remedies(remedy: str) -> Iterator[str]:
    for number, line in enumerate(remedy.splitlines()):
        yield f"or {line}" if number else f"Remedy: {line}"
