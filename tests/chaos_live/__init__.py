"""Servers that are killed again and again while readers read along: each of them is told each event once."""
