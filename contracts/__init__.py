"""What is said: events, commands, decisions, definitions, errors and the ports the engine needs."""
