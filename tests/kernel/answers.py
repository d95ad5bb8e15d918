"""Kernels of two kinds: one whose answers are made by hand, and one that is disturbed at work."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from l2exporter.kernel.messages import NLMSG_DONE, Message
from l2exporter.kernel.rtnetlink import Netlink
from l2exporter.kernel.tally import Tally
from tests.lab.namespace import Namespace

Row = TypeVar("Row")

DONE = Message(NLMSG_DONE, 0, 0, bytes(4))


class Answering(Netlink):
    """Answers dump after dump with these messages; the requests are in `asked`."""

    def __init__(self, *answers: Iterable[Message]) -> None:
        self._answers_left = deque(answers)
        self.asked: list[tuple[int, bytes]] = []

    def close(self) -> None:
        """There is no socket."""

    def _answers(self, message_type: int, body: bytes) -> Iterator[Message]:
        self.asked.append((message_type, body))
        yield from self._answers_left.popleft()
        yield DONE


class Disturbed(Netlink):
    """Runs `ip ARGUMENTS` when it has seen the first message of its first dump."""

    def __init__(self, namespace: Namespace, *arguments: str) -> None:
        with namespace.entered():
            super().__init__()
        self._namespace = namespace
        self._arguments = arguments

    def dump(
        self,
        message_type: int,
        body: bytes,
        parse: Callable[[Message], Row | None],
        tally: Tally | None = None,
    ) -> list[Row]:
        def disturbed(message: Message) -> Row | None:
            if self._arguments:
                self._namespace.ip(*self._arguments)
                self._arguments = ()
            return parse(message)

        return super().dump(message_type, body, disturbed, tally)


def opened(namespace: Namespace) -> Netlink:
    with namespace.entered():
        return Netlink()
