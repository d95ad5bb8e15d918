"""How long, how often, how many: what tells the causes of a move apart, all in one place."""

from __future__ import annotations

from typing import Final

CROSSING_SECONDS: Final = 2.0
"""After an address has moved, the old one may still be heard: answers that crossed, a bridge's
copy, a retried question. Later claims are a return."""

DEFENCE_SECONDS: Final = 0.5
"""An announcement by the old one so soon after the newcomer's claim answers it (RFC 5227, 2.4:
"immediately"). Backups and bonds that come back take longer."""

UNASKED_REPLIES: Final = 3
UNASKED_CONFLICT_SECONDS: Final = 2
UNASKED_STEADY_SECONDS: Final = 4.0
"""Replies that nobody asked for, in so many distinct seconds, while both claim; and from first to
last claim where the old one is silent. dsniff sends one every 2 s, bettercap every second,
ettercap every second at first and every 10 s later."""

PROXY_TURNS: Final = 6
"""Moves between owner and proxy in one window that no sleep proxy makes: after each claim of the
owner it is silent for 10 s, so a capture and two blips of the owner make five."""

CROWD: Final = 5
"""MACs that take an address from each other in one window, beyond all that share one address on
purpose (GLBP has four forwarders): a spoofer that draws a new one for each packet, or new devices
with one factory default."""

LEASE_BEFORE_SECONDS: Final = 120.0
LEASE_AFTER_SECONDS: Final = 10.0
"""From the DHCP request to the move: the server's probe, the client's probes (RFC 5227: up to 7 s)
and the first packet that claims it; and after it, when a client claims what it asks for."""

HOLD_SLACK_SECONDS: Final = 30.0
"""A hold may be known to begin or end later than its first move: an owner is back when 20 s have
passed without the proxy."""
