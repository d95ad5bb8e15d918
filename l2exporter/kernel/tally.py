"""What reading the kernel's tables has met, for the metrics about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Tally:
    """Counters of one table since the start.

    dumps        complete readings of the whole table
    interrupted  readings begun anew because the table changed meanwhile (NLM_F_DUMP_INTR)
    failures     readings that could not be had
    malformed    messages that could not be believed, and so were left out
    events       changes that the kernel told of
    overruns     times that it dropped such events for want of buffer (ENOBUFS)
    """

    dumps: int = 0
    interrupted: int = 0
    failures: int = 0
    malformed: int = 0
    events: int = 0
    overruns: int = 0
