"""Measurements, as ratios and medians; run with `make bench`."""
