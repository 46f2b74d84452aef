"""`make kafka`: a broker for development in the foreground. Its data stays in `.kafka/data`; Ctrl-C ends it."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from typing import Final

from brokers.cluster import BrokerFailed, Cluster
from brokers.jars import FOLDER, NoBroker

LOOK_EVERY_S: Final = 1.0


def main() -> int:
    """Start the broker, say where it is, and stay until somebody ends this."""
    parser = argparse.ArgumentParser(prog="make kafka", description="A broker for development on this machine.")
    parser.add_argument("--port", type=int, default=9092, help="where it listens (9092)")
    parser.add_argument("--brokers", type=int, default=1, help="how many brokers make the cluster (1); they take the ports from PORT on")
    wanted = parser.parse_args()
    cluster = Cluster(FOLDER / f"data-{wanted.brokers}", wanted.brokers, [wanted.port + number for number in range(wanted.brokers)])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        cluster.start()
        print(f"Apache Kafka listens at {cluster.bootstrap}; its data is in {cluster.folder}", flush=True)
        print(f"next: refold kafka init --log kafka://{cluster.bootstrap}", flush=True)
        while True:
            time.sleep(LOOK_EVERY_S)
            for node in cluster.nodes:
                node.check()
    except (NoBroker, BrokerFailed) as error:
        print(f"there is no broker: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    finally:
        for node in cluster.nodes:
            node.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
