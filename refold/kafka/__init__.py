"""The ground that everything stands on that talks to Kafka: workers, and the adapters of the engine in `infra/log/kafka/`.

address.py   kafka://… and the security settings        append.py    records that may be there twice
token.py     a token that somebody keeps fresh          tail.py      following a topic from its end
client.py    clients started, given up, their failures  consumer.py  a member of the group of all workers
producer.py  batches, and producers that are given up   tasks.py     tasks taken by such a member …
admin.py     what is asked of the administration        buffer.py    … those that wait, those that run
topic.py     topics by name and setting                 offsets.py   … which of them are done
task_topics.py  … how they come to be                   assignor.py  … who gets which partitions
                                                        letters.py   … what is no task
"""
