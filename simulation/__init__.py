"""Deterministic simulation: the whole engine in one thread, under a virtual clock, on a disk and a network that fail, from one seed.

seed ─► plan ─► world ─► turns (faults on) ─► settling (faults off) ─► everything has ended, nothing is lost or repeated
                  └─ after each step: audit of the journal, memory = journal, answers and effects only after their facts
"""
