"""Several engine processes that share a log: who owns what, the rounds of all owned partitions, and commands to the others.

members.py      who is there                               owners.py         claims, letting go
membership.py   what follows from what all say, pure       permission.py     when a partition may be claimed
member_table.py who holds which name, pure                 owned.py          the table of partitions that are owned here
assignment.py   who is to own what, pure                   rounds.py         rounds of all of them, one append
router.py       where a command goes                       partitions.py     a partition here, and one elsewhere
sender.py       commands for partitions of others          follower.py       what became of them, from the journal
record_outbox.py records that go out until they are durable intake.py        `commands`, read into the inboxes of owners
offload.py      big values, stored before                  held_blobs.py     what rounds make big
locality.py     tasks of partitions that are owned here    source_check.py   whether `commands` fits the journal

Everything here lives in one event loop: appends are awaited, nothing waits for a broker. What a process consists of is put
together in `infra/server/cluster/shared.py`.
"""
