"""`is_candidate` against the filter itself, which the kernel runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l2exporter.capture import filters
from l2exporter.capture.candidates import is_candidate
from l2exporter.dissect.ethernet import TPIDS
from tests.capture.sieve import Sieve
from tests.capture.slow_frames import DISCOVERY, LEFT, TAKEN

PLAIN = [bytes(packet) for packet in (*TAKEN.values(), *LEFT.values(), *DISCOVERY.values())]
HEAD = 80
"""Bytes in which all that is looked at lies, but for the longest IPv4 headers."""

tag = st.builds(
    lambda tpid, tci: tpid.to_bytes(2) + tci,
    st.sampled_from(TPIDS),
    st.binary(min_size=2, max_size=2),
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A frame of any protocol behind up to three tags, some bytes changed, cut off anywhere."""
    frame = bytearray(draw(st.sampled_from(PLAIN)))
    frame[12:12] = b"".join(draw(st.lists(tag, max_size=3)))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(12, min(HEAD, len(frame)) - 1))
        old = frame[place]
        near = st.sampled_from([old ^ 1 << bit for bit in range(8)])
        frame[place] = draw(near | st.integers(0, 255))
    return bytes(frame[: draw(st.just(len(frame)) | st.integers(1, HEAD))])


@pytest.fixture(scope="module")
def sieve() -> Iterator[Sieve]:
    made = Sieve(filters.slow(1 << 16))
    yield made
    made.close()


@given(frame=mutated() | st.binary(min_size=1, max_size=120))
def test_it_decides_as_the_filter_does(sieve: Sieve, frame: bytes) -> None:
    assert is_candidate(frame) == (sieve(frame) is not None)


@pytest.mark.parametrize("frame", PLAIN, ids=[*TAKEN, *LEFT, *DISCOVERY])
def test_wherever_a_frame_is_cut(sieve: Sieve, frame: bytes) -> None:
    decided = [is_candidate(frame[:size]) for size in range(1, HEAD)]
    assert decided == [sieve(frame[:size]) is not None for size in range(1, HEAD)]


def test_of_nothing_it_is_none() -> None:
    assert not is_candidate(b"")


@pytest.mark.parametrize("kind", TAKEN)
def test_what_is_dissected_is_one(kind: str) -> None:
    assert is_candidate(bytes(TAKEN[kind]))


@pytest.mark.parametrize("kind", LEFT)
def test_what_is_not_is_none(kind: str) -> None:
    assert not is_candidate(bytes(LEFT[kind]))
