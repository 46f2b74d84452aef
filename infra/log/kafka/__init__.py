"""The log on Apache Kafka: `log.py` keeps the port's promises with what the other files do one thing each for.

log.py         KafkaLog: the synchronous face                address.py    kafka://… and the security settings
appending.py   batches, and producers that are given up      topics.py     which topics, with which settings
reading.py     fetching from an offset, asking for the end   admin.py      make topics, look at them
tailing.py     following places as they grow                 polling.py    long polls at one broker
client.py      a client that comes back                      loop.py       the event loop in a thread of its own
"""
