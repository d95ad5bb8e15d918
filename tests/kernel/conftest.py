from __future__ import annotations

from collections.abc import Iterator

import pytest

from l2exporter.kernel import rtnetlink
from tests.lab.namespace import Namespace, veth
from tests.lab.wait import wait_until


@pytest.fixture
def namespace() -> Iterator[Namespace]:
    with Namespace() as made:
        yield made


@pytest.fixture
def wired(namespace: Namespace) -> Namespace:
    """A namespace with a wire v0 - v1 in it, whose carrier the kernel has already told of."""
    veth(namespace, "v0", namespace, "v1")
    wait_until(lambda: _up(namespace) >= {"v0", "v1"}, "carrier of both ends")
    return namespace


def _up(namespace: Namespace) -> set[str]:
    lines = namespace.ip("-brief", "link", "show").splitlines()
    return {line.partition("@")[0] for line in lines if line.split()[1] == "UP"}


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Datagrams of a dump are taken singly, so that a short one has a middle."""
    monkeypatch.setattr(rtnetlink, "DATAGRAMS_TOGETHER", 1)
