"""How one asks: the engine over HTTP."""
