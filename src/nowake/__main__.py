"""`python -m nowake`: the program, where its script is not on the path."""

import sys

from nowake.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
