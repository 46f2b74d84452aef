"""`python -m refold` is `refold`."""

from refold.cli import main

main()
