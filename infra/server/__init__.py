"""The server: the wiring that picks adapters, the engine in an event loop, its services, and the processes around it."""
