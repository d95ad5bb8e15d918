"""Options, markers and fixtures that every test may use."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
NEEDS_ROOT = "needs root: network namespaces and AF_PACKET"

Golden = Callable[[str, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite the files in tests/golden"
    )


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
