"""Giving up capabilities, in processes of its own: what is dropped does not come back."""

from __future__ import annotations

import errno
import logging
import os
import subprocess
import sys

import pytest

from l2exporter import privileges

NET_RAW = 1 << privileges.CAP_NET_RAW

REPORT = """
import threading
from l2exporter import privileges
{before}
privileges.drop()
def sets():
    with open("/proc/thread-self/status") as status:
        rows = dict(line.split(":", 1) for line in status)
    names = ("CapEff", "CapPrm", "CapInh", "CapAmb", "NoNewPrivs")
    print(*(int(rows[name], 16) for name in names))
sets()
thread = threading.Thread(target=sets)
thread.start()
thread.join()
print(privileges.has_net_raw())
{after}
"""


def run(before: str = "", after: str = "", prefix: tuple[str, ...] = ()) -> list[list[str]]:
    """The words of each line that a process prints which drops its privileges."""
    code = REPORT.format(before=before, after=after)
    command = [*prefix, sys.executable, "-c", code]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [line.split() for line in done.stdout.splitlines()]


def test_what_the_kernel_refuses_costs_a_line_where_it_is_only_attempted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def drop() -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    privileges.attempt(drop)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.message == "privileges stay as they are (drop): Operation not permitted"


def test_what_succeeds_is_done_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    done = []

    def claim() -> None:
        done.append(True)

    privileges.attempt(claim)
    assert done
    assert not caplog.records


KEPT = [str(NET_RAW), str(NET_RAW), "0", "0", "1"]
NOTHING = ["0", "0", "0", "0", "1"]


@pytest.mark.root
def test_cap_net_raw_is_kept_and_nothing_else() -> None:
    assert run() == [KEPT, KEPT, ["True"]]


@pytest.mark.root
def test_where_it_is_not_held_nothing_is() -> None:
    without = ("setpriv", "--bounding-set=-net_raw")
    assert run(prefix=without) == [NOTHING, NOTHING, ["False"]]


@pytest.mark.root
def test_a_user_who_has_nothing_has_nothing_to_lose() -> None:
    prefix = ("setpriv", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all")
    assert run(prefix=prefix) == [NOTHING, NOTHING, ["False"]]


@pytest.mark.root
def test_after_it_packets_can_be_captured_and_root_can_do_no_more() -> None:
    after = """
import os, socket
socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
for forbidden in (lambda: os.setuid(1), lambda: os.mknod("/tmp/l2t-never", 0o20600, 259)):
    try:
        forbidden()
    except PermissionError:
        print("refused")
"""
    assert run(after=after)[3:] == [["refused"], ["refused"]]


@pytest.mark.root
def test_dropping_twice_is_dropping_once() -> None:
    assert run(before="privileges.drop()") == [KEPT, KEPT, ["True"]]


@pytest.mark.root
def test_a_permitted_capability_is_claimed() -> None:
    """As from a file capability without the effective bit."""
    before = """
privileges._set(0, 1 << privileges.CAP_NET_RAW)
print(privileges.has_net_raw())
privileges.claim()
"""
    assert run(before=before) == [["False"], KEPT, KEPT, ["True"]]


@pytest.mark.root
def test_what_is_not_permitted_cannot_be_claimed() -> None:
    before = "privileges._set(0, 0)\nprivileges.claim()"
    assert run(before=before) == [NOTHING, NOTHING, ["False"]]


def test_what_the_kernel_refuses_is_an_error() -> None:
    before = """
privileges.drop()
try:
    privileges._set(1 << 21, 1 << 21)
except PermissionError as error:
    print(error.errno)
"""
    assert run(before=before)[0] == ["1"]
