"""What surrounds the capture, kept current by netlink events: links, addresses, gateways."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import KernelError
from .addresses import RTM_DELADDR, RTM_NEWADDR, Address, read_addresses
from .links import Link, link_change, read_links
from .messages import Message
from .routes import Gateway, ignore_other_routes, is_default_route, read_default_gateways
from .rtnetlink import (
    RTMGRP_IPV4_IFADDR,
    RTMGRP_IPV4_ROUTE,
    RTMGRP_IPV6_IFADDR,
    RTMGRP_IPV6_ROUTE,
    RTMGRP_LINK,
    Netlink,
)

_GROUPS = (
    RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE
)


class Host:
    """Links, addresses and default gateways of the namespace it is made in; for one thread.

    links      by index
    addresses  of all links, both families
    gateways   of the default routes, both families
    overruns   how often events were lost and everything was read again

    KernelError when netlink cannot be opened or read. Needs no capability.
    """

    def __init__(self) -> None:
        self._netlink = Netlink(_GROUPS)
        ignore_other_routes(self._netlink)
        self.overruns = 0
        self.links: dict[int, Link] = {}
        self.addresses: frozenset[Address] = frozenset()
        self.gateways: frozenset[Gateway] = frozenset()
        self._stale = True
        self.read()

    def fileno(self) -> int:
        """Descriptor to poll: readable when `follow` has something to do."""
        return self._netlink.fileno()

    def close(self) -> None:
        """Close the sockets."""
        self._netlink.close()

    def read(self) -> None:
        """Read everything anew; what cannot be read stays as it was, and is due again."""
        self._stale = True
        self.links = read_links(self._netlink)
        self.addresses = read_addresses(self._netlink)
        self.gateways = read_default_gateways(self._netlink)
        self._stale = False

    def follow(self) -> bool:
        """Take in the events that wait; tell whether anything is different.

        KernelError when what was lost cannot be read again now; the next call tries again.
        """
        before = self.links, self.addresses, self.gateways
        if self._stale:
            self.read()
        try:
            self._apply(self._netlink.events())
        except KernelError:
            # Lost or unreadable events: only a fresh look can tell what they said.
            self.overruns += 1
            self.read()
        return before != (self.links, self.addresses, self.gateways)

    def _apply(self, events: Sequence[Message]) -> None:
        links = self.links.copy()
        for event in events:
            change = link_change(event)
            if change is not None:
                index, link = change
                if link is None:
                    links.pop(index, None)
                else:
                    links[index] = link
        before, self.links = self.links, links
        readdressed = any(event.type in (RTM_NEWADDR, RTM_DELADDR) for event in events)
        if readdressed:
            self.addresses = read_addresses(self._netlink)
        # The kernel drops the routes of a link that goes down without a word. A router may have a
        # million of them to look through, so not every link is reason enough.
        rerouted = any(before.get(g.index) != links.get(g.index) for g in self.gateways)
        if readdressed or rerouted or any(map(is_default_route, events)):
            self.gateways = read_default_gateways(self._netlink)
