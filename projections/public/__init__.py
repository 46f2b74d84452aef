"""Public events, made of the journal's (`contracts/public_events.py`)."""
