"""What fuzzing starts from, and what it has found: no target fails on it (any more)."""

from __future__ import annotations

import pytest

from l2exporter.dissect.slow import PROTOCOLS
from tests.fuzz.targets import CORPUS, TARGETS

SEEDS = [(name, seed) for name, target in TARGETS.items() for seed in target.seeds]
FOUND = sorted(path for path in CORPUS.glob("*/*"))


def test_every_dissector_is_fuzzed() -> None:
    assert {*TARGETS} >= {*PROTOCOLS, "arp", "ndp", "capture_file"}
    assert all(target.seeds for target in TARGETS.values())
    assert {path.parent.name for path in FOUND} <= {*TARGETS}


@pytest.mark.parametrize(("name", "seed"), SEEDS)
def test_a_seed_and_what_is_left_of_it(name: str, seed: bytes) -> None:
    for end in range(0, len(seed) + 1, 1 + len(seed) // 64):
        TARGETS[name].run(seed[:end])


@pytest.mark.parametrize("name", TARGETS)
def test_what_was_found(name: str) -> None:
    for path in FOUND:
        if path.parent.name == name:
            TARGETS[name].run(path.read_bytes())
