"""Whether bridged frames are shown to iptables, ip6tables and arptables (br_netfilter)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import KernelError

_SETTINGS = Path("/proc/sys/net/bridge")


@dataclass(frozen=True, slots=True)
class BridgeNetfilter:
    """net.bridge.bridge-nf-call-* of the namespace; a bridge can ask for the same by itself.

    None where br_netfilter is not loaded: whatever a bridge asks for, no frame is shown then.
    Before Linux 5.3 only the first namespace has these, so they are None in all others.
    """

    iptables: bool | None
    ip6tables: bool | None
    arptables: bool | None


def read_bridge_netfilter(settings: Path = _SETTINGS) -> BridgeNetfilter:
    """The settings in the namespace of the calling thread; KernelError if one cannot be read."""
    return BridgeNetfilter(
        iptables=_setting(settings / "bridge-nf-call-iptables"),
        ip6tables=_setting(settings / "bridge-nf-call-ip6tables"),
        arptables=_setting(settings / "bridge-nf-call-arptables"),
    )


def _setting(path: Path) -> bool | None:
    try:
        return bool(int(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise KernelError(f"{path}: {error}") from error
