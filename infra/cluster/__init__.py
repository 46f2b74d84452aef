"""Several engine processes that share a log: who owns what, the rounds of all owned partitions, and commands to the others.

serving.py    what a process consists of                  owners.py      claims, rounds, letting go
service.py    what the API asks for                       intake.py      `commands`, read into the inboxes of owners
sending.py    commands for partitions of others           follower.py    what became of them, from the journal
outgoing.py   records that go out until they are durable  gateway.py     tasks for HTTP workers and the kinds at hand
members.py    who is there                                ahead.py      tasks that begin before their records are out
naming.py     ids of starts, and who is counted         held_blobs.py what rounds make big
dead_letters.py  what nobody can read                 telling.py    what is said once in a while

Everything here lives in one event loop: appends are awaited, nothing waits for a broker.
"""
