"""How activities reach the network: only public addresses, checked after name resolution, cut off at once on cancel."""
