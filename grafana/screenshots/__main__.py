"""`python -m grafana.screenshots [--prometheus URL] [--out DIR] [DASHBOARD...]`: take pictures.

Of a made-up history, or of what a running Prometheus says now, as that of `make demo`.
"""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from .app import Shot, build, take
from .history.samples import SCRAPE_SECONDS
from .history.story import GATEWAY
from .history.targets import END
from .replay import replay

ROOT: Final = Path(__file__).parents[2]
DASHBOARDS: Final = ROOT / "grafana" / "dashboards"
IMAGES: Final = ROOT / "docs" / "images"
DESK: Final = 1280
PHONE: Final = 390
LOOKS: Final = (("", "light", DESK), ("-dark", "dark", DESK), ("-phone", "light", PHONE))
CHOSEN: Final[Mapping[str, Mapping[str, str]]] = {"l2-address": {"ip": GATEWAY[0]}}
"""Of the made-up history; of a running Prometheus it is the first that there is."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the pictures and tell what is wrong with them; 1 if anything is."""
    options = _options(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    build()
    with _source(options.prometheus) as (url, end, scrape_seconds):
        told = list(take(_shots(options), url, end, scrape_seconds))
    return max([_tell(each) for each in told], default=0)


def _options(arguments: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(prog="python -m grafana.screenshots", description=__doc__)
    parser.add_argument("--prometheus", metavar="URL", help="one that is running")
    parser.add_argument("--out", metavar="DIR", type=Path, default=IMAGES)
    parser.add_argument("dashboards", metavar="DASHBOARD", nargs="*", help="uid; all by default")
    return parser.parse_args(arguments)


@contextmanager
def _source(url: str | None) -> Iterator[tuple[str, int, int]]:
    """Where to ask, at what time, and how often it scrapes."""
    if url:
        yield url.rstrip("/"), int(time.time()), 15
        return
    with replay() as prometheus:
        yield prometheus.url, END, SCRAPE_SECONDS


def _shots(options: Namespace) -> list[Shot]:
    files = sorted(DASHBOARDS.glob("*.json"))
    wanted = [file for file in files if not options.dashboards or file.stem in options.dashboards]
    chosen = {} if options.prometheus else CHOSEN
    return [
        Shot(
            dashboard=str(file),
            out=str((options.out / f"{file.stem}{suffix}.png").resolve()),
            theme=theme,
            width=width,
            variables=chosen.get(file.stem, {}),
        )
        for file in wanted
        for suffix, theme, width in LOOKS
    ]


def _tell(picture: dict[str, Any]) -> int:
    print(picture["out"])
    for panel in picture["empty"]:
        print(f"  empty: {panel}")
    faults = [*picture["faults"], *(["wider than the screen"] if picture["wide"] else [])]
    for fault in faults:
        print(f"  FAULT: {fault}", file=sys.stderr)
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
