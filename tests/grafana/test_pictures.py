"""The pictures of the dashboards: all are there, shown on their page, and small enough to keep."""

from __future__ import annotations

import struct

import pytest

from grafana.screenshots.__main__ import LOOKS
from tests.grafana.reading import ROOT

IMAGES = ROOT / "docs" / "images"
STEMS = sorted(path.stem for path in (ROOT / "grafana" / "dashboards").glob("*.json"))
MOST_BYTES = 250_000


@pytest.mark.parametrize(("suffix", "width"), [(suffix, width) for suffix, _, width in LOOKS])
@pytest.mark.parametrize("stem", STEMS)
def test_a_picture_is_there_and_as_wide_as_its_screen(stem: str, suffix: str, width: int) -> None:
    picture = (IMAGES / f"{stem}{suffix}.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert struct.unpack_from(">I", picture, 16) == (width,)
    assert len(picture) <= MOST_BYTES


def test_the_page_shows_every_picture() -> None:
    page = (IMAGES / "README.md").read_text()
    pictures = {path.name for path in IMAGES.glob("*.png")}
    assert {name for name in pictures if f"({name})" in page} == pictures
    assert pictures == {f"{stem}{suffix}.png" for stem in STEMS for suffix, _, _ in LOOKS}
