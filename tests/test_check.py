"""The report of `l2exporter check`: what it looks at, and what it makes of it."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from l2exporter import check
from l2exporter.capture.devices import Selection
from l2exporter.check import report
from l2exporter.errors import KernelError
from l2exporter.findings import Finding
from l2exporter.limits import Limits
from tests.lab.namespace import Namespace, veth


@pytest.fixture(autouse=True)
def bridgeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a host without bridges, whatever this one has; test_check_bridges.py has them."""
    monkeypatch.setattr("l2exporter.check_bridges.findings", list)


ROW = re.compile(r"  (?P<subject>\S.*?) {2,}(?P<mark>ok|MISSING|advice) +(?P<rest>\S.*)")


def rows(text: str) -> dict[str, tuple[str, str]]:
    """(mark, the rest) of each row by its subject; every line is a title, a row or empty."""
    found = {}
    for line in text.splitlines():
        row = ROW.fullmatch(line)
        assert row or line in ("devices", "capabilities", "kernel", "")
        if row:
            found[row["subject"]] = (row["mark"], row["rest"])
    return found


def test_the_table_stands_in_columns_and_has_three_parts() -> None:
    text, _ = report(Selection())
    titles = [line for line in text.splitlines() if line and not line.startswith(" ")]
    assert titles == ["devices", "capabilities", "kernel"]
    assert {"CAP_NET_RAW", "packet ring", "net.core.rmem_max"} <= set(rows(text))
    for part in text.split("\n\n"):
        marks = {match.start("mark") for line in part.splitlines() if (match := ROW.match(line))}
        assert len(marks) == 1


@pytest.mark.parametrize("rows", [0, 1])
def test_bridges_are_a_section_of_their_own_and_advice(
    monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    _, without = report(Selection())
    found = [Finding("br0 ipv4", False, "one;\ntwo.", "this", needed=False)] * rows
    monkeypatch.setattr("l2exporter.check_bridges.findings", lambda: found)
    text, complete = report(Selection())
    assert complete is without
    section = (
        "\n\nbridges\n"
        "  br0 ipv4  advice   one;\n"
        "                     two.\n"
        "                     Remedy: this\n"
        "\ncapabilities\n"
    )
    assert (section in text) is bool(rows)
    assert ("bridges\n" in text) is bool(rows)


@pytest.fixture
def here() -> Iterator[Namespace]:
    with Namespace() as made:
        veth(made, "eth0", made, "eth1")
        yield made


@pytest.mark.root
@pytest.mark.parametrize(
    ("selection", "complete", "marks"),
    [
        (Selection(), True, {"eth0": "ok", "eth1": "ok", "lo": "ok"}),
        (Selection(names=("eth0",)), True, {"eth0": "ok", "eth1": "ok"}),
        (Selection(names=("eth0", "lo")), False, {"eth0": "ok", "lo": "MISSING"}),
        (Selection(names=("x0",)), False, {"x0": "MISSING", "eth0": "ok"}),
        (Selection(include=re.compile("x.*")), False, {"(all)": "MISSING", "eth0": "ok"}),
    ],
    ids=["by itself", "one named", "no Ethernet named", "none such named", "none matches"],
)
def test_it_is_complete_when_what_was_asked_for_is_captured(
    here: Namespace, selection: Selection, complete: bool, marks: dict[str, str]
) -> None:
    with here.entered():
        text, found = report(selection)
    assert found is complete
    assert marks.items() <= {name: mark for name, (mark, _) in rows(text).items()}.items()


def failing(error: Exception) -> Callable[..., object]:
    def fail(*_: object, **__: object) -> object:
        raise error

    return fail


def test_without_netlink_it_says_how_to_allow_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "Host", failing(KernelError("netlink: not permitted")))
    text, complete = report(Selection())
    assert not complete
    mark, rest = rows(text)["netlink"]
    assert mark == "MISSING"
    assert rest.startswith("netlink: not permitted")
    assert "AF_NETLINK" in rest


def test_without_the_privilege_the_ring_is_not_even_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "Ring", failing(PermissionError(errno.EPERM, "no")))
    monkeypatch.setattr("l2exporter.privileges.has_net_raw", lambda: False)
    text, complete = report(Selection())
    assert not complete
    found = rows(text)
    assert found["CAP_NET_RAW"][0] == found["packet ring"][0] == "MISSING"
    assert "setcap" in found["CAP_NET_RAW"][1]


def test_privileges_that_cannot_be_claimed_cost_a_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def claim() -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr("l2exporter.privileges.claim", claim)
    assert "CAP_NET_RAW" in rows(report(Selection())[0])
    assert [record.message for record in caplog.records] == [
        "privileges stay as they are (claim): Operation not permitted"
    ]


@pytest.mark.root
@pytest.mark.parametrize(("most", "mark"), [(1, "advice"), (2, None)])
def test_more_devices_than_the_default_limit_is_advice(
    here: Namespace, monkeypatch: pytest.MonkeyPatch, most: int, mark: str | None
) -> None:
    monkeypatch.setattr(check, "Limits", lambda: Limits(devices=most))
    with here.entered():
        text, complete = report(Selection())
    assert complete
    found = rows(text).get("(all)")
    assert (found[0] if found else None) == mark
    if found:
        assert "raise limits.devices above 1" in found[1]


def test_a_kernel_without_packet_sockets_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    number = errno.EAFNOSUPPORT
    monkeypatch.setattr(check, "Ring", failing(OSError(number, os.strerror(number))))
    text, complete = report(Selection())
    assert not complete
    assert "CONFIG_PACKET" in rows(text)["packet ring"][1]


@pytest.mark.parametrize(
    ("value", "mark"),
    [("1\n", "ok"), ("2\n", "ok"), ("0\n", "advice"), (None, "ok"), ("what\n", "ok")],
    ids=["on", "hardened", "off", "not visible", "not a number"],
)
def test_a_sysctl_is_advice_and_no_more(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str | None, mark: str
) -> None:
    if value is not None:
        (tmp_path / "jit").write_text(value)
    monkeypatch.setattr(check, "_SYSCTLS", ((str(tmp_path / "jit"), 1, "sysctl -w jit=1"),))
    (name,) = (name for name in rows(report(Selection())[0]) if name.endswith("jit"))
    found, rest = rows(report(Selection())[0])[name]
    assert found == mark
    assert rest.endswith("-> sysctl -w jit=1") == (mark == "advice")
