"""One target under atheris: `python -m tests.fuzz.fuzzer TARGET FLAG... FOLDER...`."""

from __future__ import annotations

import sys
from importlib import import_module

atheris = import_module("atheris")

with atheris.instrument_imports(include=["l2exporter"]):
    from tests.fuzz.targets import TARGETS

if __name__ == "__main__":
    atheris.Setup([sys.argv[0], *sys.argv[2:]], TARGETS[sys.argv[1]].run)
    atheris.Fuzz()
