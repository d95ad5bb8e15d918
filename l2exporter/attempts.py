"""Work that may fail without ending the thread that does it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from .errors import L2ExporterError


class Attempts:
    """Remembers what went wrong, and logs it once for each piece of work and kind of error."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._faults: dict[str, str] = {}
        self._logged: set[tuple[str, type[Exception]]] = set()

    @property
    def fault(self) -> str | None:
        """What went wrong and has not gone well since; from any thread."""
        return next(iter(self._faults.copy().values()), None)

    def make(self, what: str, work: Callable[[], None]) -> bool:
        """Do it and tell whether it went well; whatever was wrong, the caller goes on."""
        try:
            work()
        except Exception as error:
            self._faults[what] = str(error) or type(error).__name__
            if (what, type(error)) not in self._logged:
                self._logged.add((what, type(error)))
                self._tell(what, error)
            return False
        self.succeeded(what)
        return True

    def succeeded(self, what: str) -> None:
        """What was wrong with it has been made good."""
        self._faults.pop(what, None)

    def _tell(self, what: str, error: Exception) -> None:
        if isinstance(error, L2ExporterError):  # a sentence for the operator
            self._log.warning("%s: %s (logged once for this kind)", what, error)
        else:
            self._log.error("%s: logged once for this kind", what, exc_info=error)
