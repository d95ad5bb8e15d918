"""The real arpwatch (Debian's 2.1a15) as the reference for moves.

What it takes account of, measured by test_arpwatch_reference.py; docs/arpwatch.md is the page
for readers. It looks at the sender fields of ARP requests (operation 1) and replies (2), whether
broadcast or unicast, gratuitous or not, and keeps a list of hardware addresses for each IP:

    new station                    first sight of the IP: our new station, no move
    changed ethernet address       a hardware address that is not in the list: a move
    flip flop                      the one held just before: a move, our flip-flop
    reused old ethernet address    one further back in the list: a move
    suppressed DECnet flip flop    one with an AA:00:04:.. address within 24 hours: see MOVES
    new activity                   the same pair after six months: no move

It is silent about tagged frames, operations other than 1 and 2, hardware types other than
Ethernet and truncated packets, and only logs, without learning anything, `ignored` (sender
0.0.0.0), `ethernet mismatch` (Ethernet source is not the sender) and `ethernet broadcast` (either
is all zeros or all ones). Live, without -a, it logs `bogon` for senders outside the device's
subnet and learns nothing from them; reading a file it never does.

`-d` keeps it in the foreground and prints the mails instead of sending them. It looks up a host
name for each address: a replay runs in a network namespace with nothing in it, so that no query
leaves the machine and none is waited for.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Self

from tests.lab.namespace import Namespace, stop
from tests.lab.wait import wait_until

NEW_STATION = "new station"
CHANGED = "changed ethernet address"
FLIP_FLOP = "flip flop"
REUSED = "reused old ethernet address"
DECNET = "suppressed DECnet flip flop"
NEW_ACTIVITY = "new activity"
IGNORED = "ignored"
MISMATCH = "ethernet mismatch"
BROADCAST = "ethernet broadcast"
BOGON = "bogon"

MOVES = (CHANGED, FLIP_FLOP, REUSED)
"""What both call a move. DECNET is one to us alone: compare without such addresses, or add it."""

Counts = dict[str, Counter[str]]
"""IP address -> kind of event -> how often."""

_MAIL = re.compile(r"^Subject: ([a-z ]+?) \(.*\n(?:.*\n)*?\s+ip address: (\S+)$", re.MULTILINE)
_LOG = re.compile(r"^arpwatch: ([a-zA-Z ]+) (\d+\.\d+\.\d+\.\d+) [0-9a-f]{2}:", re.MULTILINE)


def counts(mails: str, log: str) -> Counts:
    """The events in what arpwatch -d printed on standard output and on standard error."""
    found: Counts = {}
    for text, pattern in ((mails, _MAIL), (log, _LOG)):
        for kind, ip in pattern.findall(text):
            found.setdefault(ip, Counter())[kind] += 1
    return found


def moves(found: Counts) -> dict[str, int]:
    """How often each IP moved, as far as arpwatch's and our definition agree; 0 for known ones."""
    return {
        ip: sum(kinds[kind] for kind in MOVES) for ip, kinds in found.items() if kinds[NEW_STATION]
    }


def replay(capture: Path, *flags: str) -> Counts:
    """What arpwatch makes of a capture file; needs no root where users may make namespaces."""
    apart = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    with tempfile.NamedTemporaryFile(suffix=".dat") as database:
        command = ["arpwatch", "-d", *flags, "-f", database.name, "-r", str(capture)]
        done = subprocess.run([*apart, *command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"arpwatch: status {done.returncode}: {done.stderr}")
    return counts(done.stdout, done.stderr)


class Live:
    """arpwatch on a device: `with Live(namespace, "eth0") as watch: ...; watch.counts()`.

    `-a -N` by default: addresses outside the device's subnet count like others, as with us.
    """

    def __init__(self, namespace: Namespace, device: str, *flags: str) -> None:
        self._namespace = namespace
        self._device = device
        self._flags = flags or ("-a", "-N")
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._mails = stack.enter_context(tempfile.TemporaryFile())
            self._log = stack.enter_context(tempfile.TemporaryFile())
            database = stack.enter_context(tempfile.NamedTemporaryFile(suffix=".dat"))
            self._process = self._namespace.popen(
                *("stdbuf", "-oL", "arpwatch", "-d", *self._flags),
                *("-i", self._device, "-f", database.name),
                stdout=self._mails.fileno(),
                stderr=self._log.fileno(),
            )
            stack.callback(stop, self._process)
            wait_until(self._captures, "arpwatch waits for packets")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def counts(self) -> Counts:
        """The events so far. It reads packets up to a second late: poll for what must come."""
        return counts(_text(self._mails), _text(self._log))

    def _captures(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"arpwatch ended: {_text(self._log)}")
        process = Path(f"/proc/{self._process.pid}")
        sockets = (process / "net/packet").read_text().splitlines()[1:]
        return bool(sockets) and "poll" in (process / "wchan").read_text()


def _text(stream: IO[bytes]) -> str:
    """All that was written to the file, by whomever: the writer's position stays as it is."""
    return os.pread(stream.fileno(), os.fstat(stream.fileno()).st_size, 0).decode()
