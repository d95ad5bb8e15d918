"""What many live tests run on, one of each a module: hosts, and the exporter on one of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.exporter import Exporter
from tests.lab.hypervisor import Hypervisor
from tests.lab.namespace import Namespace


@pytest.fixture(scope="module")
def here() -> Iterator[Namespace]:
    """Where the exporter runs, with nothing but the loopback device."""
    with Namespace() as made:
        yield made


@pytest.fixture(scope="module")
def there() -> Iterator[Namespace]:
    """The far end of a wire."""
    with Namespace() as made:
        yield made


@pytest.fixture(scope="module")
def host() -> Iterator[Hypervisor]:
    """It has two quiet guests, and its bridge forgets after 300 s."""
    with Hypervisor(2) as made:
        yield made


@pytest.fixture(scope="module")
def exporter(host: Hypervisor) -> Iterator[Exporter]:
    with Exporter(host.namespace) as running:
        yield running
