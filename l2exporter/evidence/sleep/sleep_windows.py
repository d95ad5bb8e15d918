"""How long sleep proxies and their clients take for each step; seconds, all in one place.

Where nothing else is said, as Apple's published mDNSResponder behaves, measured from the frame
that is named.
"""

from __future__ import annotations

from typing import Final

ANNOUNCED: Final = 15.0
"""From the proxy's mDNS announcement of a host's address to its first claim: the client's probes
end 3 s after the registration, the second announcement comes 2 s and the claim 4 s after it; a
client that is still heard restarts them once, with 10 s of silence."""

REGISTERED: Final = 25.0
"""From the DNS UPDATE to the first claim: three tries a second apart, and then as above."""

LADDER: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""Between announcements of a held address: T0+4, +5, +7, +11; older releases go on doubling up to
T0+131; a client kind that skips the probes has T0+1, +3, +7, +15."""

LADDER_TOLERANCE: Final = 0.5
"""Timers of mDNSResponder are put off by up to as much to share a wake-up."""

LADDER_STEPS: Final = 2
"""Steps in a row, each twice the one before. RFC 5227 (2.3) has one, of 2 s."""

STEP_UNSEEN: Final = 30.0
"""A claim by an unknown MAC without a second step by then is none of a ladder that began at
8 s."""

DUPLICATE: Final = 0.2
"""The same packet seen again, on another port of a mirror or sent twice."""

WAKING: Final = 45.0
"""From a magic packet to the owner's return: fifteen of them, 2 s apart, and 15 s to wake up."""

MAGIC_ORDER: Final = 1.0
"""A reply of the proxy as old as the magic packet may be of the same conversation."""

SETTLED: Final = 20.0
"""An owner that was heard is back when the proxy has not claimed again by then: after 10 s of
silence, and probes, it would have at 13 s."""

STRAGGLING: Final = 30.0
"""Owner and proxy may both answer for so long around a wake."""

CONTEST: Final = 60.0
CONTEST_TURNS: Final = 2
"""The owner claims again after the proxy took the address back, so often in that time: an owner
that sleeps does so once at most, as it falls asleep."""

CONTEST_OVERLAP: Final = 30.0
"""Both claim for longer than the benign overlap."""

SILENCE: Final = 10.0
"""A proxy leaves an owner that was heard alone for so long; an impostor does not. And no proxy
claims an address that it has heard its owner claim within so long: who is heard so soon after was
not asleep, unless it says by mDNS or is told by a magic packet that it wakes."""

LEASE_GRACE: Final = 60.0
"""After a lease has ended, before it is taken to be so."""

LEASE_USUAL: Final = 7_260.0
"""Lease that clients ask for, 7,200 s, with the grace: what is older is uncertain."""

LEASE_LONGEST: Final = 86_460.0
"""The longest lease that proxies grant, 24 h, with the grace."""

OFFER_SHORTEST: Final = 120.0
"""The shortest time a proxy's service record is believed: RFC 6762 (10) for records of a host."""

OFFER_LONGEST: Final = 4_500.0
"""The usual and longest: 75 minutes (RFC 6762, 10); what a stranger says beyond it is not
believed."""

KNOWN_AT_WORK: Final = 86_400.0
"""A proxy that has held an address is known for so long after; offers may go unheard."""

REMEMBERED: Final = 120.0
"""A hold that has ended is told of for so long, to whoever asks why its address moved."""
