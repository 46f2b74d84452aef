"""The log on Apache Kafka: `log.py` keeps the port's promises with what the other files do one thing each for.

log.py         KafkaLog: the synchronous face                address.py        kafka://… and the security settings
appending.py   batches, and producers that are given up      topics.py         which topics, with which settings
reading.py     fetching from an offset, asking for the end   admin.py          make topics, grow them, look at them
tailing.py     following places as they grow                 administering.py  what is asked of a cluster's administration
polling.py     long polls at one broker                      activities.py     topics that are made when they are needed
client.py      a client that comes back                      blobs.py          big values, mirrored into a folder
loop.py        the event loop in a thread of its own         snapshots.py      an owner's snapshots, for its successor
shared.py      the log as a process of a cluster uses it
"""
