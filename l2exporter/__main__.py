"""`python -m l2exporter`."""

import sys

from .cli import main

sys.exit(main())
