"""Live streams: what happens, told to those who read along, from a position on. See `api/streams/streams.py`."""
