"""The archive: what has ended is written into bundles, which prove themselves, and is then removed from the log."""
