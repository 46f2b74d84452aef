"""The trace of one execution in columns: what each event was and where, and from which version on each node was in which state.

fold.py      the decisions, in their order           ─► columns that grow
places.py    where something happened                ─► a number for each path
exits.py     by which edges a node left              ─► a number for each way
answer.py    the columns behind a version            ─► JSON
search.py    the events that somebody asks for       ─► versions
"""
