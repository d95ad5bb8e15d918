"""The rule file of Prometheus, for people to read: no line is escaped, each wait has its reason."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator

import yaml

from .rules import Alert, Group, Recording

_WIDTH = 100
_GLUE = "\0"
_HEADER = """\
# Written by `make grafana` from grafana/mixin; changes here are lost.
# What decides is in grafana/mixin/thresholds.py, the rules in grafana/mixin/recording.py and
# grafana/mixin/alerts/.
"""


def render(groups: Iterable[Group]) -> str:
    """Return the text of a rule file; each alert's reason to wait is the comment above `for`."""
    return "\n".join((_HEADER + "groups:", *(line for group in groups for line in _group(group))))


def _group(group: Group) -> Iterator[str]:
    yield f"  - name: {_scalar(group.name)}"
    yield "    rules:"
    for rule in group.rules:
        lines = _alert(rule) if isinstance(rule, Alert) else _recording(rule)
        yield from _indented(lines, "        ", first="      - ")
        yield ""


def _recording(rule: Recording) -> Iterator[str]:
    yield f"record: {_scalar(rule.record)}"
    yield from _block("expr", rule.expr)


def _alert(rule: Alert) -> Iterator[str]:
    yield f"alert: {_scalar(rule.name)}"
    yield from _block("expr", rule.expr)
    yield from _indented(_wrapped(rule.because, _WIDTH - 10), "# ")
    yield f"for: {rule.pending}"
    yield "labels:"
    for name, value in {"severity": rule.severity, **rule.labels}.items():
        yield f"  {name}: {_scalar(value)}"
    yield "annotations:"
    yield from _indented(_text("summary", rule.summary), "  ")
    yield from _indented(_text("description", rule.description), "  ")
    yield f"  runbook_url: {_scalar(rule.runbook_url)}"


def _block(key: str, text: str) -> Iterator[str]:
    yield f"{key}: |-"
    yield from _indented(inspect.cleandoc(text).splitlines(), "  ")


def _text(key: str, text: str) -> Iterator[str]:
    """Text that YAML would take for something else, or that is long, is folded where that loses
    nothing; what has lines of its own keeps them.
    """
    text = inspect.cleandoc(text)
    lines = _wrapped(text, _WIDTH - 12)
    if lines == [_scalar(text)]:
        yield f"{key}: {text}"
    elif " ".join(lines) == text:
        yield f"{key}: >-"
        yield from _indented(lines, "  ")
    else:
        yield from _block(key, text)


def _wrapped(text: str, width: int) -> list[str]:
    """No line ends inside of a template's action."""
    glued = re.sub(r"{{.*?}}", lambda action: action[0].replace(" ", _GLUE), text)
    lines = textwrap.wrap(glued, width, break_long_words=False, break_on_hyphens=False)
    return [line.replace(_GLUE, " ") for line in lines]


def _scalar(text: str) -> str:
    """Quoted only where YAML would take it for something else than this text."""
    return yaml.safe_dump(text, width=float("inf"), allow_unicode=True).split("\n")[0]


def _indented(lines: Iterable[str], indent: str, first: str | None = None) -> Iterator[str]:
    for number, line in enumerate(lines):
        lead = indent if number or first is None else first
        yield (lead + line).rstrip()
