"""``python -m converge`` is the `thinkube` command."""

import sys

from converge.cli import main

sys.exit(main())
