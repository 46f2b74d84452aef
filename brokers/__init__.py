"""Apache Kafka on this machine, for development and tests: found, made ready, started, killed, frozen and started again."""
