"""Wires and bridges in namespaces, for those that capture or count on them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.capture.floods import Scene, bridge_of_guests, guest_mac, watching
from tests.lab.namespace import Namespace, veth


@pytest.fixture
def there() -> Iterator[Namespace]:
    with Namespace() as made:
        yield made


@pytest.fixture
def here(there: Namespace) -> Iterator[Namespace]:
    with Namespace() as made:
        veth(there, "eth0", made, "eth0")
        yield made


@pytest.fixture
def wire() -> Iterator[Namespace]:
    """A host's eth0, and the far end of its wire."""
    with Namespace() as made:
        veth(made, "eth0", made, "far0", (guest_mac(1), guest_mac(2)))
        yield made


@pytest.fixture
def scene() -> Iterator[Scene]:
    """br0 with three guests; each one's MAC is known behind its port."""
    with Namespace() as namespace:
        bridge_of_guests(namespace, 3)
        with watching(namespace, guest_ports=True) as made:
            for guest in (1, 2, 3):
                made.learn(f"p{guest}", guest_mac(guest))
            yield made
