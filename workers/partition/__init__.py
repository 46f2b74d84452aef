"""One partition: its owner, the rounds in which it decides, what it keeps folded, and what it sends."""
