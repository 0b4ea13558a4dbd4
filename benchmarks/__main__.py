"""``python -m benchmarks [NAME]``: the same as ``nowake bench``."""

import sys

from nowake.cli.main import main

sys.exit(main(["bench", *sys.argv[1:]]))
