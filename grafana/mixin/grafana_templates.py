"""Annotations for Grafana, from those for Prometheus.

Grafana runs Prometheus' templates with other variables: the value is `$values.A.Value`, and `query`
is there, but always finds nothing. What a second query of the rule finds is in `$values.B`: of its
series one whose labels include all of the alert's. So a description that asks Prometheus

    {{ range query (printf `topk(5, moves{ip=%q})` $labels.ip) }}{{ .Labels.mac }}{{ end }}

has here

    {{ with $values.B.Labels }}{{ .mac }}{{ end }}

and tells of one series where Prometheus may tell of several. The second query gives the alert's own
labels back, and beside them those that are told.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass

_ASKED = re.compile(
    r"\{\{ range query \(printf `(?P<query>[^`]*)`(?P<labels>(?: \$labels\.\w+)*)\)"
    r"(?: \| \w+ `\w+`)? \}\}"
    r"(?P<told>.*?)"
    r"\{\{ end \}\}",
    re.DOTALL,
)
_QUERY = re.compile(r"(?:topk\(\d+, )?(?P<series>[\w:]+)\{(?P<matchers>[^{}]*)\}\)?")
_MATCHER = re.compile(r"(\w+)=%q")
_LABEL = re.compile(r"\{\{ \.Labels\.(\w+) \}\}")
_ALERTS = re.compile(r"\$labels\.(\w+)")
_VALUE = re.compile(r"\$value\b")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an alert's annotations want to know beside its value and labels.

    series  of which series
    by      which labels of theirs are which of the alert's
    told    labels of theirs, and what they are called in the answer: the alert itself may have one
            of the same name with another meaning
    """

    series: str
    by: Mapping[str, str]
    told: Mapping[str, str]

    def query(self, alert: str) -> str:
        """The second query, for an alert's expression in parentheses.

        Where any query has no data, Grafana takes the whole rule for one without: there is always
        some.
        """
        found = f"topk by ({', '.join(self.by)}) (1, {self.series})"
        for theirs, name in (*self.told.items(), *self.by.items()):
            if name != theirs:
                found = f'label_replace({found}, "{name}", "$1", "{theirs}", "(.*)")'
        by, told = ", ".join(self.by.values()), ", ".join(self.told.values())
        return f"{alert} * on ({by}) group_left ({told})\n  {found}\nor on () vector(0)"


@dataclass(frozen=True, slots=True)
class Translated:
    """annotations, and what they ask, if anything."""

    annotations: Mapping[str, str]
    asked: Asked | None


def translate(annotations: Mapping[str, str]) -> Translated:
    """Return annotations in Grafana's words; ValueError where there are none for them."""
    texts = {name: inspect.cleandoc(text) for name, text in annotations.items()}
    asked = [_asked(found, texts) for text in texts.values() for found in _ASKED.finditer(text)]
    if len(asked) > 1:
        raise ValueError(f"its annotations ask {len(asked)} queries: one is possible")
    only = asked[0] if asked else None
    return Translated({name: _text(text, only) for name, text in texts.items()}, only)


def _asked(found: re.Match[str], texts: Mapping[str, str]) -> Asked:
    query = _QUERY.fullmatch(found["query"])
    matchers = query["matchers"].split(", ") if query else []
    theirs = [label[1] for each in matchers if (label := _MATCHER.fullmatch(each))]
    labels = _ALERTS.findall(found["labels"])
    if not query or not len(theirs) == len(matchers) == len(labels):
        raise ValueError(f"cannot ask this for all alerts at once: {found['query']}")
    own = set(_ALERTS.findall(" ".join(texts.values())))
    told = (label for label in _LABEL.findall(found["told"]) if label not in theirs)
    names = {label: f"other_{label}" if label in own else label for label in told}
    return Asked(query["series"], dict(zip(theirs, labels, strict=True)), names)


def _text(template: str, asked: Asked | None) -> str:
    text = _ASKED.sub(lambda found: _told(found["told"], asked), template)
    if "query" in text:
        raise ValueError(f"unknown form of a query in {template!r}")
    return _VALUE.sub("$values.A.Value", text)


def _told(text: str, asked: Asked | None) -> str:
    if "{{" in _LABEL.sub("", text):
        raise ValueError(f"more than labels is told of a query: {text}")
    names = asked.told if asked else {}
    told = _LABEL.sub(lambda label: f"{{{{ .{names.get(label[1], label[1])} }}}}", text)
    return f"{{{{ with $values.B.Labels }}}}{told}{{{{ end }}}}"
