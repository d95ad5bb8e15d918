"""A feed that is a script, and the table that it fills."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from l2exporter import switching
from l2exporter.tables.forwarding import ForwardingTable
from tests.switching.feeds import A, Script
from tests.tables.fdb import Entry


@pytest.fixture
def feed() -> Iterator[Script]:
    """Its bridge has learned A behind port 4."""
    made = Script(Entry(A, 4))
    yield made
    made.close()


@pytest.fixture
def table() -> ForwardingTable:
    return ForwardingTable(100)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table is read again soon, so that a test need not wait for it."""
    monkeypatch.setattr(switching, "RESYNC_SECONDS", 0.05)
    monkeypatch.setattr(switching, "RETRY_SECONDS", 0.05)
