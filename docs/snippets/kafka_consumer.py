"""Hears public events on Kafka: python kafka_consumer.py SERVERS TOPIC"""

import asyncio
import json
import sys

from aiokafka import AIOKafkaConsumer


async def main(servers: str, topic: str) -> None:
    """Print each event once."""
    seen: set[str] = set()
    async with AIOKafkaConsumer(topic, bootstrap_servers=servers, group_id="my-service", auto_offset_reset="earliest") as consumer:
        async for record in consumer:
            event = json.loads(record.value)
            if event["id"] not in seen:  # each comes at least once
                seen.add(event["id"])
                print(event["id"], event["type"], event["workflow"], flush=True)


asyncio.run(main(*sys.argv[1:]))
