"""What the operator asked for: frozen, checked settings from flags and one YAML file."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final

from .capture.devices import Selection
from .errors import ConfigError
from .limits import PROTECTED_ADDRESSES, Limits

MAX_FILE_BYTES: Final = 1 << 17
"""As many protected addresses as may be, in the long form. PyYAML takes 2 s for so much."""

LIMIT_RANGES: Final = {
    "addresses": (16, 1_000_000),
    "address_burst": (1, 1_000_000),
    "address_rate": (0, 1_000),
    "vlans": (1, 16_384),
    "devices": (1, 1_024),
    "fdb_entries": (1_024, 1 << 22),
}
"""What each key of `limits` may be: tables are arrays, and a typing error must not be gigabytes."""

_MAC = re.compile(r"[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}")
_ROLE = re.compile(r"[a-z][a-z0-9_]{0,31}")


@dataclass(frozen=True, slots=True)
class Protected:
    """An address that is never evicted, the MAC that it should have if that is known, its role."""

    ip: IPv4Address | IPv6Address
    mac: str | None = None
    role: str = "protected"


@dataclass(frozen=True, slots=True)
class FileConfig:
    """The configuration file; all defaults without one."""

    protected: tuple[Protected, ...] = ()
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Config:
    """How to serve: the flags, checked.

    `unknown_unicast` and `guest_unknown_unicast`: count floods on captured devices, on the ports
    that bridges give to guests.
    """

    listen: tuple[tuple[str, int], ...]
    telemetry_path: str
    collectors: tuple[str, ...]
    selection: Selection
    promiscuous: bool
    unknown_unicast: bool
    guest_unknown_unicast: bool
    file: str | None


@dataclass(frozen=True, slots=True)
class Replay:
    """How to replay: the flags, checked."""

    paths: tuple[str, ...]
    collectors: tuple[str, ...]
    device: str | None
    file: str | None


def load(path: str | None) -> FileConfig:
    """Read the configuration file; ConfigError names file, line and key of whatever is wrong."""
    if path is None:
        return FileConfig()
    import yaml  # noqa: PLC0415 - costs 3 MB, which an exporter without a file need not spend

    text = _text(path)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        problem = f"character U+{error.character:04X} is not allowed in YAML"
        raise ConfigError(f"{path}: line {line}: {problem}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(f"{path}: line {line}: {error.problem}") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: nested too deeply") from error
    except (ValueError, OverflowError) as error:
        # Numbers in escapes and directives, which PyYAML converts unchecked.
        raise ConfigError(f"{path}: not YAML: {error}") from error
    return _Reader(path).file(root)


def _text(path: str) -> str:
    try:
        with open(path, "rb", opener=_open) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ConfigError(f"{path}: not a regular file")
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    if len(data) > MAX_FILE_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_FILE_BYTES} bytes")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}: line {line}: not UTF-8") from error


def _open(path: str, flags: int) -> int:
    # A pipe must not hold up the signals that wait for this.
    return os.open(path, flags | os.O_NONBLOCK)


class _Reader:
    """Turns YAML nodes into settings; every complaint names the line."""

    def __init__(self, path: str) -> None:
        self._path = path

    def file(self, root: Any) -> FileConfig:
        config = FileConfig()
        if root is None or root.value == "":  # nothing, or nothing behind `---`
            return config
        for key, node in self._mapping(root, "", ("protected_addresses", "limits")):
            if key == "protected_addresses":
                config = replace(config, protected=self._protected(node))
            else:
                config = replace(config, limits=self._limits(node))
        return config

    def _protected(self, node: Any) -> tuple[Protected, ...]:
        if node.id != "sequence":
            raise self._error(node, "protected_addresses: a list is wanted")
        if len(node.value) > PROTECTED_ADDRESSES:
            raise self._error(node, f"protected_addresses: more than {PROTECTED_ADDRESSES}")
        return tuple(self._protected_entry(entry) for entry in node.value)

    def _protected_entry(self, node: Any) -> Protected:
        if node.id == "scalar":
            return Protected(self._ip(node))
        values = dict(self._mapping(node, "protected_addresses: ", ("ip", "mac", "role")))
        if "ip" not in values:
            raise self._error(node, "protected_addresses: an entry without ip")
        entry = Protected(self._ip(values["ip"]))
        if "mac" in values:
            text = self._scalar(values["mac"], "mac", _MAC)
            entry = replace(entry, mac=text.lower().replace("-", ":"))
        if "role" in values:
            entry = replace(entry, role=self._scalar(values["role"], "role", _ROLE))
        return entry

    def _ip(self, node: Any) -> IPv4Address | IPv6Address:
        text = self._scalar(node, "ip", re.compile(r"\S+"))
        try:
            return ip_address(text)
        except ValueError as error:
            raise self._error(node, f"ip: {text!r} is not an IP address") from error

    def _limits(self, node: Any) -> Limits:
        kinds = {item.name: item.type for item in fields(Limits)}
        values: dict[str, Any] = {}
        for key, value in self._mapping(node, "limits: ", tuple(LIMIT_RANGES)):
            text = self._scalar(value, key, re.compile(r"[0-9]+(\.[0-9]+)?"))
            low, high = LIMIT_RANGES[key]
            number = float(text)
            if not low <= number <= high:
                raise self._error(value, f"{key}: {text} is not within {low} to {high}")
            if kinds[key] == "int" and not number.is_integer():
                raise self._error(value, f"{key}: {text} is not a whole number")
            values[key] = number if kinds[key] == "float" else int(number)
        return Limits(**values)

    def _mapping(self, node: Any, where: str, known: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        if node.id != "mapping":
            raise self._error(node, f"{where}keys are wanted here: {', '.join(known)}")
        seen = set()
        for key, value in node.value:
            name = key.value if key.id == "scalar" else key.id
            if name not in known:
                raise self._error(key, f"unknown key {name!r} (known: {', '.join(known)})")
            if name in seen:
                raise self._error(key, f"key {name!r} is there twice")
            seen.add(name)
            yield name, value

    def _scalar(self, node: Any, name: str, pattern: re.Pattern[str]) -> str:
        if node.id != "scalar" or not pattern.fullmatch(node.value):
            value = repr(node.value) if node.id == "scalar" else f"a {node.id}"
            raise self._error(node, f"{name}: {value} will not do")
        return str(node.value)

    def _error(self, node: Any, problem: str) -> ConfigError:
        return ConfigError(f"{self._path}: line {node.start_mark.line + 1}: {problem}")
