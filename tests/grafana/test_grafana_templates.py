"""What Grafana has no words for: records' names, and a template's questions."""

from __future__ import annotations

import pytest

from grafana.mixin import inlining
from grafana.mixin.grafana_templates import translate
from grafana.mixin.rules import Group, Recording


@pytest.mark.parametrize(
    "modified", ['a:b:c{x="y"}', "a:b:c[5m]", "a:b:c offset 5m", "a:b:c @ 0", "sum(a:b:c [5m])"]
)
def test_a_record_with_a_modifier_cannot_be_inlined(modified: str) -> None:
    with pytest.raises(ValueError, match="a:b:c with a modifier"):
        inlining.inlined(modified, {"a:b:c": "up"})


def test_records_are_inlined_word_by_word() -> None:
    records = inlining.records(
        (
            Group("g", (Recording("a:b:c", "rate(x[5m])"), Recording("a:b:cc", "1 + a:b:c"))),
            Group("h", (Recording("d:e:f", "\n    a:b:c\n    or a:b:cc\n"),)),
        )
    )
    assert (
        inlining.inlined("aa:b:c + a:b:c + a:b:c:d", records) == "aa:b:c + (rate(x[5m])) + a:b:c:d"
    )
    assert inlining.inlined("max_over_time(a:b:cc[1h:1m] offset 1d)", records) == (
        "max_over_time((1 + (rate(x[5m])))[1h:1m] offset 1d)"
    )
    assert inlining.inlined("d:e:f > 0", records) == (
        "(\n(rate(x[5m]))\nor (1 + (rate(x[5m])))\n) > 0"
    )


ASKED = "{{{{ range query (printf `{}` $labels.ip) }}}}{}{{{{ end }}}}"


def test_what_a_description_asks_becomes_a_second_query() -> None:
    asked = ASKED.format("topk(5, moves{ip=%q})", "{{ .Labels.mac }}, ")
    translated = translate({"description": "{{ $value }}: " + asked})
    assert translated.annotations == {
        "description": "{{ $values.A.Value }}: {{ with $values.B.Labels }}{{ .mac }}, {{ end }}"
    }
    assert translated.asked
    assert translated.asked.query("(up)") == (
        "(up) * on (ip) group_left (mac)\n  topk by (ip) (1, moves)\nor on () vector(0)"
    )


def test_a_label_that_the_alert_has_too_is_told_under_another_name() -> None:
    asked = ASKED.format("moves{alert_ip=%q}", "{{ .Labels.ip }}")
    translated = translate({"description": asked})
    assert "{{ .other_ip }}" in translated.annotations["description"]
    assert translated.asked
    assert translated.asked.query("(up)") == (
        "(up) * on (ip) group_left (other_ip)\n"
        "  label_replace("
        'label_replace(topk by (alert_ip) (1, moves), "other_ip", "$1", "ip", "(.*)"),'
        ' "ip", "$1", "alert_ip", "(.*)")\n'
        "or on () vector(0)"
    )


@pytest.mark.parametrize(
    ("description", "error"),
    [
        (ASKED.format('moves{ip=%q, cause="x"}', ""), "cannot ask this for all alerts at once"),
        (ASKED.format("rate(moves{ip=%q}[5m])", ""), "cannot ask this for all alerts at once"),
        (ASKED.format("moves{ip=%q, vlan=%q}", ""), "cannot ask this for all alerts at once"),
        (ASKED.format("moves", ""), "cannot ask this for all alerts at once"),
        (ASKED.format("moves{ip=%q}", "{{ .Value }}"), "more than labels is told"),
        ("{{ range query `moves` }}{{ end }}", "unknown form of a query"),
        (2 * ASKED.format("moves{ip=%q}", ""), "ask 2 queries"),
    ],
)
def test_what_cannot_be_said_to_grafana_is_an_error(description: str, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        translate({"description": description})
