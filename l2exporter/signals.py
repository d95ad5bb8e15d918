"""The signals that end the exporter or make it read its configuration again."""

from __future__ import annotations

import signal
from typing import Final

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def hold() -> None:
    """Let them wait until `signal.sigwait` asks for them; threads started later hold them too.

    As early as can be: by default SIGHUP ends the process, and starting takes a moment.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
