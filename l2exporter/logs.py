"""Log lines on standard error, as logfmt or JSON."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Final

LEVELS: Final = {"debug": 10, "info": 20, "warn": 30, "error": 40}
FORMATS: Final = ("logfmt", "json")


def setup(level: str, style: str) -> None:
    """Send all logging to standard error; `level` is one of LEVELS, `style` one of FORMATS."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter(style))
    logging.basicConfig(level=LEVELS[level], handlers=[handler], force=True)


class _Formatter(logging.Formatter):
    def __init__(self, style: str) -> None:
        super().__init__()
        self._as_json = style == "json"

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": "warn" if record.levelno == logging.WARNING else record.levelname.lower(),
            "caller": record.name,
            "msg": record.getMessage(),
        }
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        if self._as_json:
            return json.dumps(fields)
        return " ".join(f"{key}={_quoted(value)}" for key, value in fields.items())


def _quoted(value: str) -> str:
    plain = value.isascii() and value.isprintable() and not set(value) & set(' ="')
    return value if plain and value else json.dumps(value)
