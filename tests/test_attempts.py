from __future__ import annotations

import logging

import pytest

from l2exporter.attempts import Attempts
from l2exporter.errors import KernelError

log = logging.getLogger("l2exporter.test")


def failing(error: Exception) -> None:
    raise error


def test_a_fault_lasts_until_the_same_work_goes_well() -> None:
    made = Attempts(log)
    assert made.fault is None
    assert not made.make("one", lambda: failing(KeyError()))
    assert made.fault == "KeyError"
    assert made.make("other", lambda: None)
    assert made.fault == "KeyError"
    assert made.make("one", lambda: None)
    assert made.fault is None
    made.make("one", lambda: failing(KernelError("netlink: no")))
    assert made.fault == "netlink: no"
    made.succeeded("one")
    assert made.fault is None


def test_each_kind_of_error_is_logged_once_for_each_piece_of_work(
    caplog: pytest.LogCaptureFixture,
) -> None:
    made = Attempts(log)
    for what in ("one", "other", "one"):
        for error in (KernelError("netlink: no"), ZeroDivisionError("a fault of ours")):
            made.make(what, lambda error=error: failing(error))  # type: ignore[misc]
    told = [(record.levelname, record.message, bool(record.exc_info)) for record in caplog.records]
    assert told == [
        ("WARNING", "one: netlink: no (logged once for this kind)", False),
        ("ERROR", "one: logged once for this kind", True),
        ("WARNING", "other: netlink: no (logged once for this kind)", False),
        ("ERROR", "other: logged once for this kind", True),
    ]


def test_what_is_no_error_is_not_kept() -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Attempts(log).make("one", interrupt)
