"""What the engine needs from the outside, each as a protocol with its contract in prose."""
