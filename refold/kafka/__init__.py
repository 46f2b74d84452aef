"""The one ground for Kafka, of workers and of the engine: addresses, clients, appending, following, taking tasks."""
