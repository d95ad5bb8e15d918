from __future__ import annotations

import pytest

from tests.lab.wait import wait_until


def test_it_looks_until_it_is_so() -> None:
    looks = iter([False, False, True])
    wait_until(lambda: next(looks), "the third look")
    assert next(looks, None) is None


def test_it_names_what_it_waited_for_in_vain() -> None:
    with pytest.raises(TimeoutError, match=r"not within 0\.1 s: the sky falls"):
        wait_until(lambda: False, "the sky falls", 0.1)
