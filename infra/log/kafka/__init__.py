"""The log on Apache Kafka: `log.py` keeps the port's promises with what the other files do one thing each for.

log.py       KafkaLog: the synchronous face                topics.py          which topics, with which settings
append.py    what an append came to, as the port says it   admin.py           make topics, grow them, look at them
fetch.py     fetching from an offset, asking for the end   administration.py  its failures, as the port says them
tail.py      following partitions as they grow             task_topics.py     topics that are made when they are needed
poll.py      long polls at one broker                      blobs.py           big values, mirrored into a folder
client.py    a client that comes back                      snapshots.py       an owner's snapshots, for its successor
loop.py      the event loop in a thread of its own         shared.py          the log as a process of a cluster uses it

Addresses, clients, producers and administration are in `refold/kafka/`, where workers have them, too.
"""
