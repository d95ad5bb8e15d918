"""A wire from one namespace to another, for those that capture on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

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
