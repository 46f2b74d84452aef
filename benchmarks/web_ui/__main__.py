"""`python -m benchmarks.web_ui`."""

import sys

from benchmarks.web_ui.main import main

main(sys.argv[1:])
