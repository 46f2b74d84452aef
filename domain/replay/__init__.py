"""Replay: what folding and deciding again can tell, one file a verb."""
