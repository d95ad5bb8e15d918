"""Options, markers and fixtures that every test may use."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
GOLDEN = TESTS / "golden"
NEEDS_ROOT = "needs root: network namespaces and AF_PACKET"

LAST = (
    "live/causes/test_beginning.py",
    *("captures", "dissect", "evidence", "fuzz", "properties", "tables"),
    "live/causes",
    "live/monitoring/test_beginning.py",
    "grafana",
    "live/monitoring",
)
"""What comes after all others, in this order: scenes are mostly waiting, so they begin before tests
that only compute, or wait for a process that does, and are asked for after them. What a busy
machine could disturb has it for itself before.
"""

Golden = Callable[[str, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite the files in tests/golden"
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put in order: as collected, then what is to come last."""
    items.sort(key=lambda item: _turn(item.path))


def _turn(path: Path) -> int:
    """The place in LAST of the first that a path is in; -1 for none."""
    places = (place for place, name in enumerate(LAST) if path.is_relative_to(TESTS / name))
    return next(places, -1)


@pytest.fixture(scope="session", autouse=True)
def _nobody_asks_the_real_network() -> Iterator[None]:
    """Fail where scapy would send ARP to learn what a frame's destination should be: name it."""

    def refuse(*_: object, **__: object) -> None:
        pytest.fail("a frame is built without its destination's MAC")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scapy.layers.l2.srp1", refuse)
        patch.setattr("scapy.layers.inet6.srp1", refuse)
        yield


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs root, or fail it where L2EXPORTER_REQUIRE_ROOT=1 says that all must run."""
    if os.geteuid() == 0 or item.get_closest_marker("root") is None:
        return
    if os.environ.get("L2EXPORTER_REQUIRE_ROOT") == "1":
        pytest.fail(NEEDS_ROOT, pytrace=False)
    pytest.skip(NEEDS_ROOT)


@pytest.fixture
def golden(pytestconfig: pytest.Config) -> Golden:
    """`golden(name, text)`: `text` is what tests/golden/NAME holds; --update-golden makes it so."""
    update = bool(pytestconfig.getoption("--update-golden"))

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            return
        if not path.exists():
            pytest.fail(f"tests/golden/{name} is missing: run `make golden`", pytrace=False)
        known = path.read_text()
        if known != text:
            pytest.fail(_difference(name, known, text), pytrace=False)

    return compare


def _difference(name: str, known: str, text: str) -> str:
    lines = difflib.unified_diff(
        known.splitlines(), text.splitlines(), f"tests/golden/{name}", "this run", lineterm=""
    )
    return "\n".join([*lines, "If this is meant, run `make golden` and read the change."])
