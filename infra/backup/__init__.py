"""Backups of a data folder: made beside whoever writes there, a piece at a time, and put back up to any position."""
